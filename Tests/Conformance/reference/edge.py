"""The edge itself: what becomes of each packet, in the order of the checks."""

import struct

from scapy.utils import checksum

from . import encapsulation, errors, frame, labels, local, outer, quoted, rules
from .books import Books
from .conversion import OPPOSITE, Conversion
from .exchange import Exchange, Port, Service, Session, Subscriber, Tunnel
from .frame import Arrival
from .ip import IPV4, UDP, Dropped, IPPacket
from .labels import Entry, entry
from .links import Links, Unresolved
from .path_mtu import TunnelErrors
from .transit import Transit

_WAITS = 3_000_000  # microseconds
_DENIALS = ("notAdmitted", "unknownService", "fragmentWithoutPorts")
_MISFITS = ("innerSourceMismatch", "innerDestinationMismatch", "notAdmitted")


class Edge:
    """One edge with its tables, its neighbours and its counters. Give it packets in order of time.

    `answering`: every next hop is taken to answer at once.
    """

    def __init__(self, exchange: Exchange, answering: bool = False):
        self.exchange = exchange
        self.books = Books()
        self._links = Links(self.books, answering)
        self._conversion = Conversion(self._links)
        self._transit = Transit(exchange, self._links)
        self._tunnel_errors = TunnelErrors(exchange, self._conversion)
        self._waiting: dict[tuple, Arrival] = {}

    def receive(self, port: Port, time: int, data: bytes) -> str:
        """Handles a frame; `forwarded`, `consumed`, the name of a drop reason, or `waiting`: decided later."""
        port.received += 1
        self._expire(time)
        outcome = self._outcome(lambda: self._decide(Arrival(port, time, data)))
        if outcome == "consumed":
            self._release()
        return outcome

    def finish(self) -> None:
        """The end of time: whoever still waits is dropped."""
        while self._waiting:
            self._waiting.popitem()
            self.books.count("neighbourUnresolved")

    def counters(self) -> dict:
        sessions = {
            name: {way: dict(zip(("packets", "bytes"), count)) for way, count in session.usage.items()}
            for name, session in self.exchange.sessions.items()
        }
        ports = {name: {"in": p.received, "out": len(p.sent)} for name, p in self.exchange.ports.items()}
        return {
            "sessions": sessions,
            "ports": ports,
            "forwarded": self.books.forwarded,
            "consumed": self.books.consumed,
            "originated": self.books.originated,
            "drops": dict(sorted(self.books.drops.items())),
        }

    # Waiting for a next hop's answer (RFC 1122 §2.3.2.2, RFC 4861 §7.2.2).

    def _outcome(self, decide) -> str:
        try:
            outcome = decide()
        except Dropped as drop:
            outcome = drop.reason
        except Unresolved as unresolved:
            if unresolved.key in self._waiting:
                self.books.count("neighbourUnresolved")
            self._waiting[unresolved.key] = self._arrival
            return "waiting"
        self.books.count(outcome)
        return outcome

    def _expire(self, time: int) -> None:
        for key, arrival in list(self._waiting.items()):
            if time - arrival.time >= _WAITS:
                del self._waiting[key]
                self.books.count("neighbourUnresolved")

    def _release(self) -> None:
        """Sends what waited for somebody who is known now, with the time stamp it came with."""
        for key, arrival in list(self._waiting.items()):
            port, tags, next_hop = key
            if (tags, next_hop) in self.exchange.ports[port].learned:
                del self._waiting[key]
                again = Arrival(arrival.port, arrival.time, arrival.frame)
                self._outcome(lambda: self._decide(again))

    # Arriving.

    def _decide(self, arrival: Arrival) -> str:
        self._arrival = arrival
        arrival.open()
        if arrival.ethertype == frame.ARP:
            return self._consume(arrival, local.arp_reply(arrival))
        if arrival.ethertype == frame.MPLS:
            return self._switch(arrival)
        packet = IPPacket(arrival.payload, arrival.ip_version)
        if arrival.ethertype and local.is_discovery(packet):
            local.check_discovery(packet)
            return self._consume(arrival, local.discovery_reply(arrival, packet))
        if self.exchange.is_own(packet.destination) and not arrival.is_group_addressed:
            return self._addressed_here(arrival, packet)
        if arrival.is_group_addressed or self.exchange.is_confined(packet.destination, arrival.port.role):
            raise Dropped("notUnicast")
        if arrival.port.role == "access":
            return self._from_subscriber(arrival, packet)
        return self._from_provider(arrival, packet)

    def _consume(self, arrival: Arrival, answer: bytes | None) -> str:
        if answer is not None:
            self._links.originate(arrival.time, arrival.port, answer)
        return "consumed"

    def _addressed_here(self, arrival: Arrival, packet: IPPacket) -> str:
        carried = outer.carried(packet) if arrival.port.role == "network" else None
        if carried:
            return self._decapsulate(arrival, packet, *carried)
        datagram = outer.datagram(packet) if arrival.port.role == "network" else None
        outcome = self._open_datagram(arrival, packet, *datagram) if datagram else None
        if outcome:
            return outcome
        if self.exchange.is_own(packet.source) or _is_nobody(packet.source, self.exchange):
            raise Dropped("spoofedSource")
        if local.is_echo_request(packet):
            return self._consume(arrival, local.echo_reply(arrival, packet))
        if arrival.port.role == "network" and self._tunnel_errors.hear(arrival, packet):
            return "consumed"
        raise Dropped("notServedHere")

    def _from_subscriber(self, arrival: Arrival, packet: IPPacket) -> str:
        subscriber = self.exchange.subscriber(packet.source)
        if self.exchange.is_own(packet.source) or subscriber and subscriber.port is not arrival.port:
            raise Dropped("spoofedSource")
        if subscriber is None:
            raise Dropped("unknownSubscriber")
        if subscriber.vlan != arrival.tags:
            raise Dropped("wrongVLAN")
        try:
            session, direction = self._admitted_up(arrival, subscriber, packet), "up"
        except Dropped as refusal:
            if refusal.reason not in _DENIALS:
                raise
            found = self._related_up(arrival, subscriber, packet) or self._hairpin(arrival, packet)
            if found is None:
                self._answer_denied(arrival, packet, refusal.reason)
                raise
            session, direction = found
        return self._conversion.convert(arrival, session, direction, packet, packet.ttl)

    def _admitted_up(self, arrival: Arrival, subscriber: Subscriber, packet: IPPacket) -> Session:
        service = self.exchange.service(packet.destination)
        if service is None:
            raise Dropped("unknownService")
        session = self._open_session(subscriber, service)
        if not session.arrives_by("up", arrival.port, None):
            raise Dropped("wrongLeg")
        rules.check(session.rules, "up", packet)
        return session

    def _related_up(self, arrival: Arrival, subscriber: Subscriber, packet: IPPacket) -> tuple[Session, str] | None:
        """The session of a packet that an ICMP error of the subscriber's is about; for others nobody speaks."""
        session = self._quoted_session(packet, "down")
        is_theirs = session and session.subscriber is subscriber and session.arrives_by("up", arrival.port, None)
        return (session, "up") if is_theirs else None

    def _hairpin(self, arrival: Arrival, packet: IPPacket) -> tuple[Session, str] | None:
        """A subscriber's reply to another's session, whose service is subscribers."""
        subscriber, service = self.exchange.subscriber(packet.destination), self.exchange.service(packet.source)
        session = self.exchange.session(subscriber, service)
        if session is None or not session.arrives_by("down", arrival.port, None):
            return None
        return (session, "down") if session.rules_admit("down", packet) else None

    def _answer_denied(self, arrival: Arrival, packet: IPPacket, reason: str) -> None:
        """Administratively prohibited (RFC 1812 §5.2.7.1, RFC 4443 §3.1)."""
        if not arrival.port.answers_denied:
            return
        error = errors.prohibited(packet, arrival.port.address(packet.version))
        if error is not None:
            self._links.originate(arrival.time, arrival.port, local.back(arrival, packet, error))

    def _from_provider(self, arrival: Arrival, packet: IPPacket) -> str:
        if arrival.tags:
            raise Dropped("wrongVLAN")
        subscriber = self.exchange.subscriber(packet.destination)
        if subscriber is None:
            raise Dropped("unknownDestination")
        try:
            service = self.exchange.service(packet.source)
            if service is None:
                raise Dropped("unknownService")
            session = self._open_session(subscriber, service)
            if not session.arrives_by("down", arrival.port, None):
                raise Dropped("wrongLeg")
            rules.check(session.rules, "down", packet)
        except Dropped as refusal:
            session = self._quoted_session(packet, "up") if refusal.reason in _DENIALS else None
            if session is None or not session.arrives_by("down", arrival.port, None):
                raise
        return self._conversion.convert(arrival, session, "down", packet, packet.ttl)

    def _open_session(self, subscriber: Subscriber, service: Service) -> Session:
        session = self.exchange.session(subscriber, service)
        if session is None:
            raise Dropped("notAdmitted")
        return session

    # Related ICMP errors.

    def _quoted_session(self, packet: IPPacket, direction: str) -> Session | None:
        """The session of what `packet` quotes, if that went in `direction`, and `packet` goes to who sent it."""
        about = quoted.of(packet)
        if about is None or about.source != packet.destination:
            return None
        ends = (about.source, about.destination) if direction == "up" else (about.destination, about.source)
        session = self.exchange.session(self.exchange.subscriber(ends[0]), self.exchange.service(ends[1]))
        return session if session and session.rules_admit(direction, about) else None

    def _related(self, tunnel: Tunnel, direction: str, packet: IPPacket) -> tuple[Session, str] | None:
        """Of an error that came by `tunnel`: its session and the way it takes.

        One about a packet that went the same way comes from a hop inside the tunnel, and is turned back.
        """
        for quoted_direction in (OPPOSITE[direction], direction):
            session = self._quoted_session(packet, quoted_direction)
            if session and session.arrives_by(direction, None, tunnel):
                return session, OPPOSITE[quoted_direction]
        return None

    # Out of a tunnel.

    def _decapsulate(self, arrival: Arrival, packet: IPPacket, protocol: int, rest: bytes, is_fragment: bool) -> str:
        """IP-in-IP (RFC 2003, RFC 2473, RFC 4213) for one of our tunnels."""
        ends = {"local": str(packet.destination), "remote": str(packet.source)}
        tunnels = self.exchange.tunnels.values()
        tunnel = next((t for t in tunnels if t.ipip and ends.items() <= t.ipip.items()), None)
        if tunnel is None or tunnel.line.port is not arrival.port:
            raise Dropped("unknownTunnelEndpoint")
        if arrival.tags != tunnel.line.tags:
            raise Dropped("wrongVLAN")
        if is_fragment:
            raise Dropped("outerFragment")
        arrival.tunnel = tunnel
        inner = IPPacket(rest, 4 if protocol == IPV4 else 6)
        is_access = any(leg.tunnel is tunnel for s in self.exchange.sessions.values() for leg in s.access)
        direction = "up" if is_access else "down"
        try:
            session = self._session_inside(direction, inner)
            if not session.arrives_by(direction, None, tunnel):
                raise Dropped("wrongLeg")
            inner = _decongested(inner, packet)
            rules.check(session.rules, direction, inner)
        except Dropped as refusal:
            found = self._related(tunnel, direction, inner) if refusal.reason in _MISFITS else None
            if found is None:
                raise
            session, direction = found
            inner = _decongested(inner, packet)
        if tunnel.ipip.get("innerDSCP") == "outer":
            inner = inner.with_dscp(packet.traffic_class >> 2)
        return self._conversion.convert(arrival, session, direction, inner, inner.ttl)

    def _open_datagram(self, arrival: Arrival, packet: IPPacket, udp: bytes, is_fragment: bool) -> str | None:
        """MPLS-in-UDP (RFC 7510) for one of our tunnels; None for other UDP."""
        ends = {"local": str(packet.destination), "remote": str(packet.source)}
        tunnels = self.exchange.tunnels.values()
        tunnel = next((t for t in tunnels if t.mplsudp and ends.items() <= t.mplsudp.items()), None)
        if is_fragment:
            if tunnel is None:
                return None
            raise Dropped("outerFragment")
        if len(udp) < 8 or int.from_bytes(udp[2:4], "big") != encapsulation.UDP_PORT:
            return None
        if tunnel is None or tunnel.line.port is not arrival.port:
            raise Dropped("unknownTunnelEndpoint")
        if arrival.tags != tunnel.line.tags:
            raise Dropped("wrongVLAN")
        length = int.from_bytes(udp[4:6], "big")
        if not 8 <= length <= len(udp):
            raise Dropped("badUDPLength")
        udp = udp[:length]
        if udp[6:8] == b"\0\0":
            if packet.version == 6 and tunnel.mplsudp.get("checksum", "on") == "on":
                raise Dropped("missingUDPChecksum")
        elif not _is_sound(packet, udp):
            raise Dropped("badUDPChecksum")
        stack = udp[8:]
        arrival.stack, arrival.outer = labels.whole(stack), packet
        path, depth = tunnel.mplsudp.get("receive"), 0
        while True:
            found = entry(stack, depth)
            depth += 1
            if found.label in labels.EXPLICIT_NULL.values():
                if found.bottom:
                    raise Dropped("missingUserLabel")
                continue
            labels.check_special(found.label)
            if path is None:
                break
            if found.label != path:
                is_users = any(self.exchange.sessions_by_label(found.label))
                raise Dropped("labelOutOfContext" if is_users else "unknownLabel")
            if found.bottom:
                raise Dropped("missingUserLabel")
            path = None
        return self._pop_user_label(arrival, entry(stack, 0), found, stack[4 * depth :], lambda t: t is tunnel)

    def _session_inside(self, direction: str, packet: IPPacket) -> Session:
        """The session of a packet that came out of an IP-in-IP tunnel."""
        up = direction == "up"
        subscriber = self.exchange.subscriber(packet.source if up else packet.destination)
        service = self.exchange.service(packet.destination if up else packet.source)
        if (subscriber if up else service) is None:
            raise Dropped("innerSourceMismatch")
        if (service if up else subscriber) is None:
            raise Dropped("innerDestinationMismatch")
        return self._open_session(subscriber, service)

    def _switch(self, arrival: Arrival) -> str:
        """A label stack: the end of one of our tunnels, or transit.

        Explicit nulls on top say nothing but class and TTL.
        """
        stack = arrival.payload
        arrival.stack = labels.whole(stack)
        first = entry(stack, 0)
        depth, top = 0, first
        while top.label in labels.EXPLICIT_NULL.values():
            if top.bottom:
                raise Dropped("missingUserLabel")
            depth += 1
            top = entry(stack, depth)
        labels.check_special(top.label)
        rest = stack[4 * depth + 4 :]
        top = top._replace(ttl=first.ttl, traffic_class=first.traffic_class)
        tunnels = self.exchange.tunnels.values()
        tunnel = next((t for t in tunnels if t.mpls and t.mpls.get("receive") == top.label), None)
        if tunnel:
            if tunnel.line.port is not arrival.port:
                raise Dropped("labelOutOfContext")
            if tunnel.line.tags != arrival.tags:
                raise Dropped("wrongVLAN")
            if top.bottom:
                raise Dropped("missingUserLabel")
            user = entry(stack, depth + 1)
            labels.check_special(user.label)
            return self._pop_user_label(arrival, top, user, rest[4:], lambda t: t is tunnel)
        if top.label in self.exchange.labels:
            if arrival.port.role == "access":
                raise Dropped("labelOutOfContext")
            return self._transit.switch(arrival, top, self.exchange.labels[top.label], rest)

        def popped_before_us(t: Tunnel) -> bool:
            return bool(t.mpls and t.mpls.get("php")) and t.line.port is arrival.port

        return self._pop_user_label(arrival, top, top, rest, popped_before_us)

    def _pop_user_label(self, arrival: Arrival, top: Entry, user: Entry, rest: bytes, is_context) -> str:
        bindings = list(self.exchange.sessions_by_label(user.label))
        found = [(session, way, tunnel) for session, way, tunnel in bindings if is_context(tunnel)]
        if not found:
            raise Dropped("labelOutOfContext" if bindings else "unknownLabel")
        session, direction, tunnel = found[0]
        if tunnel.line.tags != arrival.tags:
            raise Dropped("wrongVLAN")
        if not user.bottom:
            raise Dropped("missingBottomOfStack")
        arrival.tunnel = tunnel
        packet = IPPacket(rest)
        try:
            self._check_ends(session, direction, packet)
            rules.check(session.rules, direction, packet)
        except Dropped as refusal:
            related = self._related(tunnel, direction, packet) if refusal.reason in _MISFITS else None
            if related is None or related[0] is not session:
                raise
            direction = related[1]
        if top.ttl <= 1:
            return self._conversion.convert(arrival, session, direction, packet, top.ttl)
        # What labels or an outer header hand on is the packet's own from here on.
        if tunnel.mplsudp:
            packet = _decongested(packet, arrival.outer)
            if tunnel.mplsudp.get("innerDSCP") == "outer":
                packet = packet.with_dscp(arrival.outer.traffic_class >> 2)
            return self._conversion.convert(arrival, session, direction, packet, packet.ttl)
        if tunnel.mpls.get("ttl", "uniform") == "uniform":
            packet = packet.with_ttl(top.ttl)
        code_point = tunnel.inner_class(top.traffic_class)
        packet = packet if code_point is None else packet.with_dscp(code_point)
        return self._conversion.convert(arrival, session, direction, packet, packet.ttl)

    def _check_ends(self, session: Session, direction: str, packet: IPPacket) -> None:
        up = direction == "up"
        subscriber = self.exchange.subscriber(packet.source if up else packet.destination)
        service = self.exchange.service(packet.destination if up else packet.source)
        is_mine, is_theirs = subscriber is session.subscriber, service is session.service
        if not (is_mine if up else is_theirs):
            raise Dropped("innerSourceMismatch")
        if not (is_theirs if up else is_mine):
            raise Dropped("innerDestinationMismatch")


def _decongested(inner: IPPacket, packet: IPPacket) -> IPPacket:
    """`inner` with the congestion mark that its outer header brings (RFC 6040 §4.2)."""
    ecn = encapsulation.ECN_ON_DECAPSULATION.get((inner.ecn, packet.ecn))
    if ecn is None:
        raise Dropped("ecnMismatch")
    return inner if ecn == inner.ecn else inner.with_ecn(ecn)


def _is_sound(packet: IPPacket, udp: bytes) -> bool:
    """Whether the UDP checksum is right (RFC 768, RFC 8200 §8.1)."""
    ends = packet.source.packed + packet.destination.packed
    is_ipv4 = packet.version == 4
    pseudo_header = struct.pack(">HH", UDP, len(udp)) if is_ipv4 else struct.pack(">II", len(udp), UDP)
    return checksum(ends + pseudo_header + udp) == 0


def _is_nobody(address, exchange: Exchange) -> bool:
    """Whether nobody can be answered there. Link-local addresses can, on their link."""
    return exchange.is_confined(address, "access") and not address.is_link_local
