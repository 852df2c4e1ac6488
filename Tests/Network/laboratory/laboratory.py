"""Everything that one run makes, so that it can be taken away again."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Callable

from .namespace import Namespace
from .program import Edge
from .remains import clear_remains
from .tally import Tally
from .wire import Capture


class Laboratory:
    """Namespaces, programs and files of a run. All names hold the process id, so that runs don't meet."""

    def __init__(self, binaries: Path, tally: Tally):
        clear_remains()
        self.binaries = binaries
        self.forwarder_binary = binaries / "wayleave-forwarder"
        self.control_plane_binary = binaries / "wayleaved"
        self.cli_binary = binaries / "wayleave"
        self.tally = tally
        self.check = tally.check
        self.equal = tally.equal
        self.folder = Path(tempfile.mkdtemp(prefix=f"wlt-{os.getpid()}-"))
        self._namespaces: list[Namespace] = []
        self._processes: list[subprocess.Popen] = []
        self._edges: list[Edge] = []
        self._mounts: list[Path] = []
        self._later: list[Callable[[], None]] = []

    def instance(self, name: str) -> str:
        return f"wlt-{os.getpid()}-{name}"

    def namespace(self, name: str) -> Namespace:
        made = Namespace(f"wlt-{os.getpid()}-{name}")
        self._namespaces.append(made)
        return made

    def veth(
        self, one: Namespace, interface: str, other: Namespace, other_interface: str, mtu: int = 1500
    ) -> None:
        """A cable between two namespaces, both ends up."""
        one.ip(
            f"link add {interface} mtu {mtu} type veth peer name {other_interface} mtu {mtu} "
            f"netns {other.name}"
        )
        for namespace, name in ((one, interface), (other, other_interface)):
            namespace.ip(f"link set {name} up")

    def edge(self, namespace: Namespace, name: str, exchange: str) -> Edge:
        """A forwarder and its control plane, not yet started."""
        made = Edge(self.binaries, namespace, self.folder / name, self.instance(name), exchange)
        self._edges.append(made)
        return made

    def capture(
        self, namespace: Namespace, interface: str, name: str, *filter_words: str, **options
    ) -> Capture:
        made = Capture(namespace, interface, self.folder / f"{name}.pcap", *filter_words, **options)
        self._processes.append(made._process)
        return made

    def later(self, checks: Callable[[], None]) -> None:
        """Has checks made at the end, of what takes its time."""
        self._later.append(checks)

    def finish(self) -> None:
        """What takes its time"""
        for checks in self._later:
            checks()

    def small_disk(self, name: str, size: str) -> Path:
        """A file system of its own with so little room."""
        place = self.folder / name
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "wlt", str(place)], check=True)
        self._mounts.append(place)
        return place

    def clear(self) -> None:
        """Ends what this run has started and removes what it has made; harmless when done twice."""
        for edge in self._edges:
            edge.end()
        for process in self._processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        for namespace in self._namespaces:
            namespace.remove()
        for mount in self._mounts:
            subprocess.run(["umount", str(mount)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._namespaces, self._processes, self._edges, self._mounts = [], [], [], []
