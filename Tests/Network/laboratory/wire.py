"""Listening and speaking on a link: raw frames, and captures that tshark judges."""

import os
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

from .program import eventually

_ETH_P_ALL = 3
_PACKET_OUTGOING = 4


class Station:
    """A raw socket on an interface: what arrives there, and a way to send any frame."""

    def __init__(self, namespace, interface: str):
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((interface, _ETH_P_ALL))
        self.mac = self._socket.getsockname()[4].hex(":")

    def send(self, *frames) -> None:
        for frame in frames:
            self._socket.send(bytes(frame))

    def received(self, count: int = 1, seconds: float = 2, where=lambda frame: True) -> list[bytes]:
        """Frames that arrive, until there are `count` that fit or time is up."""
        frames = []
        deadline = time.monotonic() + seconds
        while len(frames) < count and (rest := deadline - time.monotonic()) > 0:
            if not select.select([self._socket], [], [], rest)[0]:
                break
            frame, (_, _, kind, *_) = self._socket.recvfrom(65600)
            if kind != _PACKET_OUTGOING and where(frame):
                frames.append(frame)
        return frames

    def flush(self) -> None:
        self.received(1 << 30, seconds=0.01)

    def close(self) -> None:
        self._socket.close()


class Capture:
    """tcpdump on an interface, until `stop`; then what tshark reads from it."""

    def __init__(self, namespace, interface: str, path: Path, *filter_words: str, byte_count: int = 2048):
        self.path = path
        self._log = path.with_suffix(".log")
        # In immediate mode each place in the buffer takes the longest frame asked for: a short one makes many places.
        command = f"tcpdump -i {interface} -s {byte_count} -B 65536 --immediate-mode -w {path}".split()
        command += filter_words
        with open(self._log, "w") as log:
            self._process = namespace.popen(command, stderr=log)
        if not eventually(lambda: "listening on" in self._log.read_text()):
            raise RuntimeError(f"tcpdump: {self._log.read_text()}")

    def stop(self) -> int:
        """Ends the capture; the number of frames that tcpdump has missed."""
        time.sleep(0.1)
        self._process.send_signal(signal.SIGINT)
        self._process.wait(5)
        return int(re.search(r"(\d+) packets? dropped by kernel", self._log.read_text())[1])

    def frames(self) -> list["Frame"]:
        """What tshark finds in each frame, checksums judged."""
        command = ["tshark", "-n", "-r", str(self.path), "-T", "fields", "-E", "occurrence=a"]
        for field in _FIELDS:
            command += ["-e", field]
        for protocol in ("ip", "tcp", "udp"):
            command += ["-o", f"{protocol}.check_checksum:TRUE"]
        # tshark would write to the home folder.
        environment = {**os.environ, "HOME": str(self.path.parent)}
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        return [Frame(line.split("\t")) for line in result.stdout.splitlines()]


_CHECKSUMS = tuple(f"{protocol}.checksum.status" for protocol in ("ip", "tcp", "udp", "icmp", "icmpv6"))
_FIELDS = (
    *"frame.number frame.len mpls.label mpls.bottom mpls.ttl".split(),
    *"ip.src ip.dst ip.len ip.ttl ipv6.src ipv6.dst ipv6.plen ipv6.hlim".split(),
    "tcp.checksum",
    *_CHECKSUMS,
)


class Frame:
    """A frame's fields by tshark's names: each a list, outermost first."""

    def __init__(self, texts: list[str]):
        self._fields = {name: text.split(",") if text else [] for name, text in zip(_FIELDS, texts)}

    def __getitem__(self, name: str) -> list[str]:
        return self._fields[name]

    @property
    def byte_count(self) -> int:
        return int(self["frame.len"][0])

    @property
    def labels(self) -> list[tuple[int, bool, int]]:
        """Label, bottom of stack, and TTL of each entry, top first."""
        bottoms = [text in ("1", "True") for text in self["mpls.bottom"]]
        return list(zip(map(int, self["mpls.label"]), bottoms, map(int, self["mpls.ttl"])))

    @property
    def ends(self) -> tuple[str, str] | None:
        """Source and destination of the innermost IP header."""
        version = "ipv6" if self["ipv6.src"] else "ip"
        return (self[f"{version}.src"][-1], self[f"{version}.dst"][-1]) if self[f"{version}.src"] else None

    @property
    def inner_byte_count(self) -> int:
        """The length of the innermost IP packet."""
        return int(self["ipv6.plen"][-1]) + 40 if self["ipv6.plen"] else int(self["ip.len"][-1])

    @property
    def inner_ttl(self) -> int:
        return int((self["ipv6.hlim"] or self["ip.ttl"])[-1])

    @property
    def has_bad_checksum(self) -> bool:
        """Any of IP's or the transport's, outside or inside. tshark says 0 for a bad one.

        Linux sends TCP's zero as 0xffff, its other form; tshark calls that bad, every receiver takes it.
        """
        judged = [name for name in _CHECKSUMS if name != "tcp.checksum.status" or self["tcp.checksum"] != ["0xffff"]]
        return any("0" in self[name] or "Bad" in self[name] for name in judged)
