"""Network namespaces, which are a property of a thread: sockets and children made inside stay inside."""

import ctypes
import os
import signal
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    """A namespace with its loopback up."""

    def __init__(self, name: str):
        self.name = name
        subprocess.run(["ip", "netns", "add", name], check=True)
        self._descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        self.ip("link set lo up")
        # Link-local addresses at once, and no questions for routers.
        self.set(ipv6__conf__default__accept_dad=0, ipv6__conf__default__router_solicitations=0)

    def remove(self) -> None:
        os.close(self._descriptor)
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    @contextmanager
    def inside(self):
        """What is opened in here belongs to the namespace."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _enter(self._descriptor)
        try:
            yield
        finally:
            _enter(before)
            os.close(before)

    def socket(self, *arguments) -> socket.socket:
        with self.inside():
            made = socket.socket(*arguments)
        made.settimeout(2)
        return made

    def popen(self, command: list[str], **options) -> subprocess.Popen:
        """Starts a program in here. It ends with the tests, however they end."""
        descriptor = self._descriptor

        def enter():
            _enter(descriptor)
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

        return subprocess.Popen(command, preexec_fn=enter, **options)

    def run(self, command: str, seconds: float = 10) -> subprocess.CompletedProcess:
        """Runs a command line without quotes to its end; `stdout` holds what it says on either stream."""
        process = self.popen(command.split(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            output += f"\n{command}: not done after {seconds} s"
        return subprocess.CompletedProcess(command, process.returncode, output)

    def ip(self, *commands: str) -> None:
        """Gives `ip` one or more commands, which must succeed."""
        subprocess.run(
            ["ip", "-n", self.name, "-batch", "-"], input="\n".join(commands) + "\n", text=True, check=True
        )

    def set(self, **settings) -> None:
        """Sets sysctls below /proc/sys/net, as in set(ipv4__ip_forward=1): two underscores for a stroke."""
        with self.inside():
            for name, value in settings.items():
                with open(f"/proc/sys/net/{name.replace('__', '/')}", "w") as file:
                    file.write(str(value))

    @property
    def udp_overflows(self) -> int:
        """Datagrams that sockets in here had no room for, since the namespace was made."""
        with self.inside():
            rows = Path("/proc/thread-self/net/snmp").read_text().splitlines()
            rows6 = Path("/proc/thread-self/net/snmp6").read_text().splitlines()
        names, values = (row.split()[1:] for row in rows if row.startswith("Udp:"))
        found = dict(zip(names, values)) | dict(row.split() for row in rows6)
        return int(found["RcvbufErrors"]) + int(found["Udp6RcvbufErrors"])
