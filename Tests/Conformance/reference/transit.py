"""A transit label: swap or pop (RFC 3031 §3.10), in uniform mode (RFC 3443 §3)."""

from . import errors, frame, labels
from .encapsulation import path_labels
from .exchange import Exchange, Line
from .frame import Arrival
from .ip import Dropped, IPPacket
from .labels import Entry, entry
from .links import Links, Unresolved

_OWN_LABEL_TTL = 255


class Transit:
    def __init__(self, exchange: Exchange, links: Links):
        self._exchange, self._links = exchange, links

    def switch(self, arrival: Arrival, top: Entry, binding: dict, rest: bytes) -> str:
        """`rest` is what lies below the top label."""
        if top.ttl <= 1:
            self._tell_time_exceeded(arrival, top, binding, rest)
            raise Dropped("ttlExpired")
        stack, inner, line = self._outgoing(top, binding, rest)
        room = line.mtu - 4 * len(stack)
        if stack and len(inner) > room:
            return self._fit(arrival, stack, inner, line, room)
        if not stack:
            inner = IPPacket(inner).with_ttl(top.ttl - 1).data
        self._transmit(arrival, stack, inner, line)
        return "forwarded"

    def _outgoing(self, top: Entry, binding: dict, rest: bytes) -> tuple[list[Entry], bytes, Line]:
        """The stack to send, what is below all labels, and where to."""
        ttl, via = top.ttl - 1, binding["via"]
        below = [] if top.bottom else labels.whole(rest)
        inner = rest[4 * len(below) :]
        pops = "pop" in binding
        if pops and top.bottom and "tunnel" in (via if isinstance(via, dict) else {}):
            raise Dropped("earlyBottomOfStack")
        if pops:
            if not top.bottom:
                entry(rest, 0)
            above, below = [b._replace(ttl=ttl) for b in below[:1]], below[1:]
        else:
            named = binding["swap"] if isinstance(binding["swap"], list) else [binding["swap"]]
            above = [Entry(label, top.traffic_class, False, ttl) for label in named]
            above[-1] = above[-1]._replace(bottom=top.bottom)
        if not isinstance(via, dict):
            return above + below, inner, self._exchange.lines[via]
        tunnel = self._exchange.tunnels[via["tunnel"]]
        path = [Entry(label, top.traffic_class, False, ttl) for label in path_labels(tunnel.mpls)]
        return path + above + below, inner, tunnel.line

    def _transmit(self, arrival: Arrival, stack: list[Entry], inner: bytes, line: Line) -> None:
        ethertype = frame.MPLS if stack else frame.IPV4 if inner[0] >> 4 == 4 else frame.IPV6
        payload = b"".join(map(bytes, stack)) + inner
        self._links.transmit(arrival.time, line.port, line.next_hop, line.tags, ethertype, payload)

    def _fit(self, arrival: Arrival, stack: list[Entry], inner: bytes, line: Line, room: int) -> str:
        """Too long for the line: fragments under the same stack, or "too big" (RFC 3032 §3.4, §3.5)."""
        try:
            packet = IPPacket(inner)
        except Dropped:
            raise Dropped("tooBig") from None
        if packet.dont_fragment:
            source = arrival.port.address(packet.version)
            self._tell(arrival, stack, packet, errors.too_big(packet, source, room), line)
            raise Dropped("tooBig")
        for index, piece in enumerate(packet.fragments(room) or []):
            self._transmit(arrival, stack, piece.data, line)
            self._links.books.originated += index > 0
        return "forwarded"

    def _tell_time_exceeded(self, arrival: Arrival, top: Entry, binding: dict, rest: bytes) -> None:
        try:
            stack, inner, line = self._outgoing(top, binding, rest)
            packet = IPPacket(inner)
        except Dropped:
            return  # nobody to tell
        source = arrival.port.address(packet.version)
        came = [top] if top.bottom else [top, *labels.whole(rest)]
        self._tell(arrival, stack, packet, errors.time_exceeded(packet, source, came), line)

    def _tell(self, arrival: Arrival, stack: list[Entry], packet: IPPacket, error: bytes | None, line: Line):
        """Along the LSP to its end, where the packet's sender is known (RFC 3032 §2.3.2)."""
        if error is None or not arrival.port.sends_errors or self._exchange.is_confined(packet.source, "network"):
            return
        try:
            self._transmit(arrival, [e._replace(ttl=_OWN_LABEL_TTL) for e in stack], error, line)
        except Unresolved:
            return
        self._links.books.originated += 1
