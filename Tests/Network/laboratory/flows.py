"""Many flows between two namespaces at once, both ends in this process, and what arrived, hashed."""

import hashlib
import selectors
import socket
import struct
import time
from dataclasses import dataclass, field

from .namespace import Namespace
from .transport import SOL_UDP, UDP_SEGMENT, datagram_socket, datagrams, family

_PIECE = 256 << 10


def noise(seed: int, byte_count: int) -> bytes:
    """Bytes in which nothing repeats: a lost, doubled or moved piece changes their hash."""
    return hashlib.shake_128(seed.to_bytes(8, "big")).digest(byte_count)


@dataclass
class _End:
    """One end of a connection: what it has to send, and the hash of what has come."""

    to_send: memoryview
    expected_count: int
    arrived_count: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def is_done(self) -> bool:
        return not self.to_send and self.arrived_count >= self.expected_count


def exchange(
    client: Namespace, source: str, server: Namespace, destination: str, flows: int, byte_count: int,
    seconds: float = 25,
) -> list[str]:
    """Sends so many bytes each way over each of so many TCP connections at once.

    Returns what is wrong, a sentence a connection's end; nothing: all have arrived, and are what was sent.
    """
    listener = server.socket(family(destination), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((destination, 0))
    listener.listen(flows)
    port = listener.getsockname()[1]
    selector = selectors.DefaultSelector()
    ends: dict[socket.socket, tuple[str, _End, str]] = {}
    try:
        for number in range(flows):
            near = client.socket(family(source), socket.SOCK_STREAM)
            near.settimeout(10)
            near.bind((source, 0))
            near.connect((destination, port))
            far, _ = listener.accept()
            up, down = noise(2 * number, byte_count), noise(2 * number + 1, byte_count)
            for name, end, sent, due in ((f"{number} down", near, up, down), (f"{number} up", far, down, up)):
                end.setblocking(False)
                ends[end] = name, _End(memoryview(sent), byte_count), hashlib.sha256(due).hexdigest()
                selector.register(end, selectors.EVENT_READ | selectors.EVENT_WRITE)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not all(end.is_done for _, end, _ in ends.values()):
            for key, events in selector.select(0.2):
                _serve(selector, key.fileobj, ends[key.fileobj][1], events)
        return [
            f"connection {name}: {end.arrived_count} of {end.expected_count} bytes, "
            + ("in time" if end.is_done else "not in time")
            for name, end, due in ends.values()
            if end.digest.hexdigest() != due
        ]
    finally:
        selector.close()
        for made in (listener, *ends):
            made.close()


def _serve(selector: selectors.BaseSelector, connection: socket.socket, end: _End, events: int) -> None:
    if events & selectors.EVENT_WRITE and end.to_send:
        try:
            end.to_send = end.to_send[connection.send(end.to_send[:_PIECE]) :]
        except BlockingIOError:
            pass
    if events & selectors.EVENT_READ:
        piece = connection.recv(_PIECE)
        end.digest.update(piece)
        end.arrived_count += len(piece)
        if not piece:
            selector.unregister(connection)
            return
    selector.modify(connection, selectors.EVENT_READ | (selectors.EVENT_WRITE if end.to_send else 0))


def spray(
    sender: Namespace, source: str, receiver: Namespace, destination: str, count: int, byte_count: int
) -> tuple[int, int]:
    """Sends numbered datagrams of so many bytes in superframes of 16.

    Returns how many different ones have arrived as they were sent, and how many as something else.
    """
    here, there = datagram_socket(sender, source), datagram_socket(receiver, destination, 7100)
    here.connect((destination, 7100))
    here.setsockopt(SOL_UDP, UDP_SEGMENT, byte_count)
    sent = {number: struct.pack("!I", number) + noise(number, byte_count - 4) for number in range(count)}
    good, bad = set(), 0
    try:
        for first in range(0, count, 16):
            here.send(b"".join(sent[number] for number in range(first, min(first + 16, count))))
            # Not faster than a debug build's edge takes them: what is lost tells nothing.
            arrived = datagrams(there, 16, 0.02)
            for octets in arrived:
                (number,) = struct.unpack_from("!I", octets)
                good.add(number) if sent.get(number) == octets else (bad := bad + 1)
        for octets in datagrams(there, count, 0.3):
            (number,) = struct.unpack_from("!I", octets)
            good.add(number) if sent.get(number) == octets else (bad := bad + 1)
        return len(good), bad
    finally:
        here.close()
        there.close()
