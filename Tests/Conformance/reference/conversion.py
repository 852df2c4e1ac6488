"""The second half of a packet's way: TTL, length, next hop, policers, and what is put before it."""

from . import encapsulation, errors, frame, local, paths, segments
from .exchange import Leg, Session
from .frame import Arrival
from .ip import Dropped, IPPacket
from .links import Links, Unresolved

OPPOSITE = {"up": "down", "down": "up"}


class Conversion:
    def __init__(self, links: Links):
        self._links = links
        self._identification = 0

    def convert(self, arrival: Arrival, session: Session, direction: str, packet: IPPacket, ttl: int) -> str:
        """`ttl` is the one that counts on this hop: the packet's, or the top label's."""
        leg = paths.chosen(session.legs_out(direction), packet)
        source = arrival.port.address(packet.version)
        if ttl <= 1:
            self._tell(arrival, session, direction, errors.time_exceeded(packet, source, arrival.stack))
            raise Dropped("ttlExpired")
        limit = leg.tunnel.limit(packet.version, arrival.time) if leg.tunnel else len(packet.data)
        is_cut = len(packet.data) > limit
        if is_cut:
            if packet.dont_fragment:
                self._tell(arrival, session, direction, errors.too_big(packet, source, limit))
                raise Dropped("tooBig")
            if packet.fragments(limit) is None:
                raise Dropped("tooBig")
        if leg.tunnel and leg.tunnel.outer and leg.tunnel.outer["remote"] == str(packet.source):
            raise Dropped("recursiveEncapsulation")
        self._links.station(arrival.time, *_way(session, leg, packet.destination))
        packet, traffic_class = _policed(arrival, session, direction, leg, packet)
        for index, piece in enumerate(packet.fragments(limit) if is_cut else [packet]):
            for tunnel in [l.tunnel for l in session.access + session.network if l.tunnel and l.tunnel.clamps_segments]:
                piece = segments.clamped(piece, tunnel.segment_limit)
            self.send(arrival.time, session, leg, piece.with_ttl(ttl - 1), traffic_class)
            self._links.books.originated += index > 0
            session.usage[direction][0] += 1
            session.usage[direction][1] += len(piece.data)
        return "forwarded"

    def send(self, time: int, session: Session, leg: Leg, packet: IPPacket, traffic_class: int | None = None):
        """The packet as it stands, by this leg. Raises Unresolved."""
        way = _way(session, leg, packet.destination)
        if leg.tunnel is None:
            self._links.transmit(time, *way, frame.IPV4 if packet.version == 4 else frame.IPV6, packet.data)
        elif leg.tunnel.mpls:
            payload = encapsulation.labelled(leg.tunnel.mpls, leg.send, packet, traffic_class)
            self._links.transmit(time, *way, frame.MPLS, payload)
        else:
            if leg.tunnel.ipip:
                payload = encapsulation.ip_in_ip(leg.tunnel.ipip, packet, self._identification)
            else:
                payload = encapsulation.in_udp(leg.tunnel.mplsudp, leg.send, packet, self._identification)
            self._links.transmit(time, *way, frame.IPV4 if payload[0] >> 4 == 4 else frame.IPV6, payload)
            if not encapsulation.has_dont_fragment(leg.tunnel.outer, packet):
                self._identification = self._identification + 1 & 0xFFFF

    def send_own(self, time: int, session: Session, leg: Leg, data: bytes) -> None:
        """A packet of ours by a session's leg: no hop is taken off, nothing metered; lost if the next hop is unknown."""
        try:
            self.send(time, session, leg, IPPacket(data))
        except Unresolved:
            return
        self._links.books.originated += 1

    def _tell(self, arrival: Arrival, session: Session, direction: str, error: bytes | None) -> None:
        """An ICMP error to where the packet came from: its station, or back through its session."""
        if error is None or not arrival.port.sends_errors:
            return
        if arrival.tunnel is None:
            self._links.originate(arrival.time, arrival.port, local.back(arrival, IPPacket(error), error))
            return
        leg = next(leg for leg in session.access + session.network if leg.tunnel is arrival.tunnel)
        self.send_own(arrival.time, session, leg, error)


def _policed(
    arrival: Arrival, session: Session, direction: str, leg: Leg, packet: IPPacket
) -> tuple[IPPacket, int | None]:
    """The packet as its policers mark it, and the class that they give its labels: whole, before it is cut."""
    traffic_class = None
    for policer in (session.policers.get(direction), leg.tunnel and leg.tunnel.policer):
        action = policer.action(arrival.time, len(packet.data)) if policer else "pass"
        if action == "drop":
            raise Dropped("policed")
        if action != "pass" and "dscp" in action:
            packet = packet.with_dscp(encapsulation.dscp.value(action["dscp"]))
        elif action != "pass":
            traffic_class = action["trafficClass"]
    return packet, traffic_class


def _way(session: Session, leg: Leg, destination) -> tuple:
    """Port, next hop and tags."""
    if leg.tunnel:
        return leg.tunnel.line.port, leg.tunnel.line.next_hop, leg.tunnel.line.tags
    if leg in session.access:
        subscriber = session.subscriber
        return leg.port, leg.next_hop or subscriber.next_hop or destination, subscriber.vlan
    return leg.port, leg.next_hop or destination, ()
