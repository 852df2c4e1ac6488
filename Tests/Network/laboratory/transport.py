"""TCP and UDP between two namespaces, both ends in this process."""

import select
import socket
import struct
import threading
import time
from pathlib import Path

from .namespace import Namespace

IP_MTU, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_PMTUDISC_DO = 14, 10, 0, 2
SOL_UDP, UDP_SEGMENT = 17, 103


def family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def pattern(byte_count: int) -> bytes:
    """Bytes that betray a lost, doubled or moved piece: 32-bit numbers, counted up."""
    return b"".join(number.to_bytes(4, "big") for number in range((byte_count + 3) // 4))[:byte_count]


def connect(
    client: Namespace, source: str, server: Namespace, destination: str, port: int, seconds: float = 5
):
    """A TCP connection; the client's end, and the server's."""
    listener = server.socket(family(destination), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((destination, port))
    listener.listen()
    near = client.socket(family(source), socket.SOCK_STREAM)
    near.settimeout(seconds)
    near.bind((source, 0))
    near.connect((destination, port))
    far, _ = listener.accept()
    listener.close()
    return near, far


def pump(sender: socket.socket, receiver: socket.socket, data: bytes, seconds: float = 20) -> bytes:
    """Sends it all, and returns what arrived when all has arrived or time is up."""
    arrived = bytearray()
    sent = 0
    sender.setblocking(False)
    receiver.setblocking(False)
    deadline = time.monotonic() + seconds
    while len(arrived) < len(data) and time.monotonic() < deadline:
        readable, writable, _ = select.select([receiver], [sender] if sent < len(data) else [], [], 0.5)
        if writable:
            sent += sender.send(data[sent : sent + (1 << 18)])
        if readable:
            chunk = receiver.recv(1 << 20)
            if not chunk:
                break
            arrived += chunk
    return bytes(arrived)


def datagram_socket(namespace: Namespace, address: str, port: int = 0) -> socket.socket:
    made = namespace.socket(family(address), socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    made.bind((address, port))
    return made


def datagrams(receiver: socket.socket, count: int, seconds: float = 2) -> list[bytes]:
    """What arrives until there are `count` or nothing has come for so long."""
    arrived = []
    while len(arrived) < count and select.select([receiver], [], [], seconds)[0]:
        arrived.append(receiver.recv(65536))
    return arrived


class Stream(threading.Thread):
    """Numbered datagrams at a steady rate, until `finish`."""

    def __init__(self, namespace: Namespace, source: str, destination: str, packets_per_second: int):
        super().__init__(daemon=True)
        self._socket = datagram_socket(namespace, source)
        self._destination = (destination, 9)
        self._rate = packets_per_second
        self._end = threading.Event()
        self.sent = 0
        self.start()

    def run(self) -> None:
        begin = time.monotonic()
        while not self._end.is_set():
            due = int((time.monotonic() - begin) * self._rate)
            # After a pause of this process no burst that a queue could not take.
            for _ in range(min(due - self.sent, 64)):
                self._socket.sendto(struct.pack("!I", self.sent), self._destination)
                self.sent += 1
            if due - self.sent > 300:
                begin = time.monotonic() - self.sent / self._rate
            time.sleep(0.0005)

    def finish(self) -> int:
        """Ends it; how many have been sent."""
        self._end.set()
        self.join(5)
        self._socket.close()
        return self.sent


def numbered(path: Path, head: int) -> list[tuple[int, float]]:
    """The numbers of a stream's datagrams in a capture, and when each was seen, in microseconds.

    `head` bytes stand before the IPv4 header.
    """
    octets = path.read_bytes()
    found = []
    offset = 24
    while offset + 16 <= len(octets):
        seconds, microseconds, captured = struct.unpack_from("<III", octets, offset)
        offset += 16
        if captured >= head + 32 and octets[offset + head] == 0x45:
            (number,) = struct.unpack_from("!I", octets, offset + head + 28)
            found.append((number, seconds * 1e6 + microseconds))
        offset += captured
    return found
