"""The edge itself: what becomes of each packet, in the order of the checks."""

from . import encapsulation, frame, ip, local
from .capture import RAW_IP
from .exchange import Exchange, Leg, Port, Service, Session, Subscriber, Tunnel, has_port, speaks_of
from .frame import Arrival, framed
from .ip import Dropped, IPPacket
from .labels import Entry, entry

_ASK_AGAIN_AFTER = 1_000_000  # microseconds
_LAST_RESERVED_LABEL = 15


class Edge:
    """One edge with its tables, its neighbours and its counters. Give it packets in order of time."""

    def __init__(self, exchange: Exchange):
        self.exchange = exchange
        self.forwarded = self.consumed = self.originated = 0
        self.drops: dict[str, int] = {}
        self._identification = 0

    def receive(self, port: Port, time: int, data: bytes) -> str:
        """Handles a frame; `forwarded`, `consumed` or the name of a drop reason."""
        port.received += 1
        try:
            outcome = self._decide(Arrival(port, time, data))
        except Dropped as drop:
            outcome = drop.reason
            self.drops[outcome] = self.drops.get(outcome, 0) + 1
        else:
            setattr(self, outcome, getattr(self, outcome) + 1)
        return outcome

    def counters(self) -> dict:
        sessions = {
            name: {way: dict(zip(("packets", "bytes"), count)) for way, count in session.usage.items()}
            for name, session in self.exchange.sessions.items()
        }
        ports = {name: {"in": p.received, "out": len(p.sent)} for name, p in self.exchange.ports.items()}
        return {
            "sessions": sessions,
            "ports": ports,
            "forwarded": self.forwarded,
            "consumed": self.consumed,
            "originated": self.originated,
            "drops": dict(sorted(self.drops.items())),
        }

    # Arriving.

    def _decide(self, arrival: Arrival) -> str:
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
            self._originate(arrival, answer)
        return "consumed"

    def _addressed_here(self, arrival: Arrival, packet: IPPacket) -> str:
        is_tunnelled = arrival.port.role == "network" and packet.protocol in (ip.IPV4, ip.IPV6)
        if not is_tunnelled and (self.exchange.is_own(packet.source) or _is_nobody(packet.source, self.exchange)):
            raise Dropped("spoofedSource")
        if local.is_echo_request(packet):
            return self._consume(arrival, local.echo_reply(arrival, packet))
        if is_tunnelled:
            if arrival.tags:
                raise Dropped("wrongVLAN")
            return self._decapsulate(arrival, packet)
        raise Dropped("notServedHere")

    def _from_subscriber(self, arrival: Arrival, packet: IPPacket) -> str:
        subscriber = self.exchange.subscriber(packet.source)
        if self.exchange.is_own(packet.source) or subscriber and subscriber.port is not arrival.port:
            raise Dropped("spoofedSource")
        if subscriber is None:
            raise Dropped("unknownSubscriber")
        if subscriber.vlan != arrival.tags:
            raise Dropped("wrongVLAN")
        service = self.exchange.service(packet.destination)
        if service is None:
            raise Dropped("unknownService")
        session = self._open_session(subscriber, service)
        if session.access.port is not arrival.port:
            raise Dropped("wrongLeg")
        return self._convert(arrival, session, "up", packet, packet.ttl)

    def _from_provider(self, arrival: Arrival, packet: IPPacket) -> str:
        subscriber = self.exchange.subscriber(packet.destination)
        if subscriber is None:
            raise Dropped("unknownDestination")
        service = self.exchange.service(packet.source)
        if service is None:
            raise Dropped("unknownService")
        session = self._open_session(subscriber, service)
        if session.network.port is not arrival.port:
            raise Dropped("wrongLeg")
        return self._convert(arrival, session, "down", packet, packet.ttl)

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

    def _open_session(self, subscriber: Subscriber, service: Service) -> Session:
        session = self.exchange.session(subscriber, service)
        if session is None:
            raise Dropped("notAdmitted")
        return session

    def _decapsulate(self, arrival: Arrival, outer: IPPacket) -> str:
        """IP-in-IP (RFC 2003, RFC 4213) for one of our tunnels."""
        ends = {"local": str(outer.destination), "remote": str(outer.source)}
        tunnels = self.exchange.tunnels.values()
        tunnel = next((t for t in tunnels if t.ipip and ends.items() <= t.ipip.items()), None)
        if tunnel is None or tunnel.line.port is not arrival.port:
            raise Dropped("unknownTunnelEndpoint")
        if outer.more_fragments or outer.fragment_offset:
            raise Dropped("outerFragment")
        packet = IPPacket(outer.transport, 4 if outer.protocol == ip.IPV4 else 6)
        is_access = any(s.access.tunnel is tunnel for s in self.exchange.sessions.values())
        direction = "up" if is_access else "down"
        session = self._session_inside(direction, packet)
        if session.leg_in(direction).tunnel is not tunnel:
            raise Dropped("wrongLeg")
        ecn = encapsulation.ECN_ON_DECAPSULATION.get((packet.ecn, outer.ecn))
        if ecn is None:
            raise Dropped("ecnMismatch")
        packet = packet if ecn == packet.ecn else packet.with_ecn(ecn)
        return self._convert(arrival, session, direction, packet, packet.ttl)

    def _switch(self, arrival: Arrival) -> str:
        """A label stack: the end of one of our tunnels, or transit."""
        stack = arrival.payload
        top = entry(stack, 0)
        if top.label <= _LAST_RESERVED_LABEL:
            raise Dropped("reservedLabel")
        tunnels = self.exchange.tunnels.values()
        tunnel = next((t for t in tunnels if t.mpls and t.mpls.get("receive") == top.label), None)
        if tunnel:
            if tunnel.line.port is not arrival.port:
                raise Dropped("labelOutOfContext")
            if top.bottom:
                raise Dropped("missingUserLabel")
            return self._pop_user_label(arrival, top, entry(stack, 1), stack[8:], lambda t: t is tunnel)
        if top.label in self.exchange.labels:
            if arrival.port.role == "access":
                raise Dropped("labelOutOfContext")
            return self._transit(arrival, top, self.exchange.labels[top.label], stack[4:])

        def popped_before_us(t: Tunnel) -> bool:
            return bool(t.mpls.get("php")) and t.line.port is arrival.port

        return self._pop_user_label(arrival, top, top, stack[4:], popped_before_us)

    def _pop_user_label(self, arrival: Arrival, top: Entry, user: Entry, rest: bytes, is_context) -> str:
        bindings = list(self.exchange.sessions_by_label(user.label))
        found = [(session, way, tunnel) for session, way, tunnel in bindings if is_context(tunnel)]
        if not found:
            raise Dropped("labelOutOfContext" if bindings else "unknownLabel")
        if not user.bottom:
            raise Dropped("missingBottomOfStack")
        session, direction, tunnel = found[0]
        packet = IPPacket(rest)
        up = direction == "up"
        subscriber = self.exchange.subscriber(packet.source if up else packet.destination)
        service = self.exchange.service(packet.destination if up else packet.source)
        is_mine, is_theirs = subscriber is session.subscriber, service is session.service
        if not (is_mine if up else is_theirs):
            raise Dropped("innerSourceMismatch")
        if not (is_theirs if up else is_mine):
            raise Dropped("innerDestinationMismatch")
        is_pipe = tunnel.mpls.get("ttl", "uniform") != "uniform"
        ttl = packet.ttl if is_pipe and top.ttl > 1 else top.ttl
        return self._convert(arrival, session, direction, packet, ttl)

    def _transit(self, arrival: Arrival, top: Entry, binding: dict, rest: bytes) -> str:
        """Swap or pop (RFC 3031 §3.10), in uniform mode (RFC 3443 §3)."""
        if top.ttl <= 1:
            raise Dropped("ttlExpired")
        ttl = top.ttl - 1
        ethertype = frame.MPLS
        if top.bottom and "pop" in binding and isinstance(binding["via"], dict):
            raise Dropped("earlyBottomOfStack")
        if "swap" in binding:
            labels = binding["swap"] if isinstance(binding["swap"], list) else [binding["swap"]]
            bottom_flags = [False] * (len(labels) - 1) + [top.bottom]
            entries = [Entry(label, top.traffic_class, s, ttl) for label, s in zip(labels, bottom_flags)]
            payload = b"".join(map(bytes, entries)) + rest
        elif top.bottom:
            packet = IPPacket(rest)
            payload = packet.with_ttl(ttl).data
            ethertype = frame.IPV4 if packet.version == 4 else frame.IPV6
        else:
            payload = bytes(entry(rest, 0)._replace(ttl=ttl)) + rest[4:]
        via = binding["via"]
        if isinstance(via, dict):
            tunnel = self.exchange.tunnels[via["tunnel"]]
            payload = bytes(Entry(tunnel.mpls["send"], top.traffic_class, False, ttl)) + payload
            line = tunnel.line
        else:
            line = self.exchange.lines[via]
        self._transmit(arrival, line.port, line.next_hop, ethertype, payload)
        return "forwarded"

    # Leaving.

    def _check_rules(self, session: Session, direction: str, packet: IPPacket) -> None:
        """The rules of the session's condition; on the way back, mirrored."""
        if session.rules is None:
            return
        if packet.protocol is None:
            raise Dropped("truncatedTransport")
        failure = "notAdmitted"
        for rule in session.rules:
            if not speaks_of(rule, packet.version, packet.protocol):
                continue
            if "ports" not in rule:
                return
            if packet.fragment_offset:
                failure = "fragmentWithoutPorts"
            elif len(packet.transport) < 4:
                failure = "truncatedTransport"
            else:
                at = 2 if direction == "up" else 0
                if has_port(rule, int.from_bytes(packet.transport[at : at + 2], "big")):
                    return
        raise Dropped(failure)

    def _convert(self, arrival: Arrival, session: Session, direction: str, packet: IPPacket, ttl: int) -> str:
        """`ttl` is the one that counts on this hop: the packet's, or the top label's."""
        self._check_rules(session, direction, packet)
        came_plain = session.leg_in(direction).tunnel is None
        leg = session.leg_out(direction)
        if ttl <= 1:
            error = local.time_exceeded(arrival, packet) if came_plain else None
            raise self._answered(arrival, "ttlExpired", error)
        pieces = [packet]
        if leg.tunnel and len(packet.data) > leg.tunnel.path_mtu:
            mtu = leg.tunnel.path_mtu
            if packet.dont_fragment:
                error = local.too_big(arrival, packet, mtu) if came_plain else None
                raise self._answered(arrival, "tooBig", error)
            pieces = packet.fragments(mtu)
            if pieces is None:
                raise Dropped("tooBig")
        for index, piece in enumerate(pieces):
            self._send(arrival, leg, session.subscriber, piece.with_ttl(ttl - 1))
            self.originated += index > 0
            session.usage[direction][0] += 1
            session.usage[direction][1] += len(piece.data)
        return "forwarded"

    def _answered(self, arrival: Arrival, reason: str, error: bytes | None) -> Dropped:
        if error is not None:
            self._originate(arrival, error)
        return Dropped(reason)

    def _send(self, arrival: Arrival, leg: Leg, subscriber: Subscriber, packet: IPPacket) -> None:
        if leg.tunnel is None:
            is_access = leg.port.role == "access"
            next_hop = leg.next_hop or (subscriber.next_hop if is_access else None) or packet.destination
            ethertype = frame.IPV4 if packet.version == 4 else frame.IPV6
            tags = subscriber.vlan if is_access else ()
            self._transmit(arrival, leg.port, next_hop, ethertype, packet.data, tags)
        else:
            line = leg.tunnel.line
            ethertype, payload = self._encapsulated(leg, packet)
            self._transmit(arrival, line.port, line.next_hop, ethertype, payload)

    def _encapsulated(self, leg: Leg, packet: IPPacket) -> tuple[int, bytes]:
        if leg.tunnel.mpls:
            return frame.MPLS, encapsulation.labelled(leg.tunnel.mpls, leg.send, packet)
        outer = encapsulation.ip_in_ip(leg.tunnel.ipip, packet, self._identification)
        if not encapsulation.has_dont_fragment(leg.tunnel.ipip, packet):
            self._identification = self._identification + 1 & 0xFFFF
        return frame.IPV4, outer

    def _transmit(self, arrival: Arrival, port: Port, next_hop, ethertype: int, payload: bytes, tags=()):
        """Sends towards `next_hop`, or drops the packet and asks who that is, at most once a second."""
        mac = port.neighbours.get(next_hop)
        if mac is None and port.link_type != RAW_IP:
            asked = port.asked.get(next_hop)
            if asked is None or arrival.time - asked >= _ASK_AGAIN_AFTER:
                port.asked[next_hop] = arrival.time
                self._originate(arrival, local.question(port, next_hop), port)
            raise Dropped("neighbourUnresolved")
        port.sent.append((arrival.time, framed(port, mac, ethertype, payload, tags)))

    def _originate(self, arrival: Arrival, data: bytes, port: Port | None = None) -> None:
        (port or arrival.port).sent.append((arrival.time, data))
        self.originated += 1


def _is_nobody(address, exchange: Exchange) -> bool:
    """Whether nobody can be answered there. Link-local addresses can, on their link."""
    return exchange.is_confined(address, "access") and not address.is_link_local
