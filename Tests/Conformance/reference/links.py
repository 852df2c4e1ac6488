"""Sending: to a station on a link that is known, or that is asked for while one packet waits."""

from . import local
from .books import Books
from .capture import RAW_IP
from .exchange import Port
from .frame import framed

_ASK_AGAIN_AFTER = 1_000_000  # microseconds


class Unresolved(Exception):
    """The next hop has been asked for, and did not answer yet."""

    def __init__(self, port: Port, tags: tuple, next_hop):
        super().__init__()
        self.key = (port.name, tags, next_hop)


class Links:
    """What leaves. `answering`: every next hop is taken to answer at once."""

    def __init__(self, books: Books, answering: bool):
        self.books, self._answering = books, answering

    def station(self, time: int, port: Port, next_hop, tags: tuple) -> str | None:
        """The next hop's MAC address; asks for it, at most once a second, and raises Unresolved if it isn't known."""
        if port.link_type == RAW_IP:
            return None
        mac = port.neighbours.get(next_hop) or port.learned.get((tags, next_hop))
        if mac is None and self._answering:
            return "00:00:00:00:00:00"
        if mac is None:
            asked = port.asked.get((tags, next_hop))
            if asked is None or time - asked >= _ASK_AGAIN_AFTER:
                port.asked[tags, next_hop] = time
                self.originate(time, port, local.question(port, next_hop, tags))
            raise Unresolved(port, tags, next_hop)
        return mac

    def transmit(self, time: int, port: Port, next_hop, tags: tuple, ethertype: int, payload: bytes) -> None:
        mac = self.station(time, port, next_hop, tags)
        port.sent.append((time, framed(port, mac, ethertype, payload, tags)))

    def originate(self, time: int, port: Port, data: bytes) -> None:
        port.sent.append((time, data))
        self.books.originated += 1
