"""ICMP errors about our own encapsulated packets: what a tunnel learns, and what its packets' senders are told.

RFC 2003 §4 and §5, RFC 2473 §7.1 and §8.
"""

from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.utils import checksum

from . import errors, ip, labels, quoted
from .conversion import OPPOSITE, Conversion
from .encapsulation import UDP_PORT
from .exchange import Exchange, Tunnel
from .frame import Arrival
from .ip import ICMPV6, IPPacket

_PLATEAUS = (32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68)  # RFC 1191 §7
_TOO_BIG = {4: [(3, 4)], 6: [(2, 0)]}
_UNREACHABLE = {4: [(3, 0), (3, 1), (3, 2), (11, 0)], 6: [(1, code) for code in range(8)] + [(3, 0)]}

_NOBODY_LISTENS = {4: [(3, 3)], 6: []}


class TunnelErrors:
    def __init__(self, exchange: Exchange, conversion: Conversion):
        self._exchange, self._conversion = exchange, conversion

    def hear(self, arrival: Arrival, packet: IPPacket) -> bool:
        """Whether `packet`, which is addressed to us, was about a packet of one of our tunnels."""
        outer = quoted.of(packet)
        kind = tuple(packet.transport[:2])
        version = packet.version
        if outer is None or not _is_sound(packet):
            return False
        heeded = _TOO_BIG[version] + _UNREACHABLE[version] + (_NOBODY_LISTENS[version] if outer.protocol == ip.UDP else [])
        if kind not in heeded:
            return False
        tunnel = next((t for t in self._exchange.tunnels.values() if _is_of(t, arrival, outer)), None)
        if tunnel is None:
            return False
        mtu = None
        if kind in _TOO_BIG[version]:
            mtu = _stated(packet, outer)
            known = tunnel.limit(4, arrival.time) + tunnel.overhead
            if mtu < known:
                tunnel.learned_mtu = (mtu, arrival.time)
            mtu -= tunnel.overhead
        self._relay(arrival, tunnel, outer, mtu)
        return True

    def _relay(self, arrival: Arrival, tunnel: Tunnel, outer: quoted.Quoted, mtu: int | None) -> None:
        """To the inner packet's sender, if enough of it is quoted to tell whose it was."""
        inner = _inner(outer)
        if inner is None or len(inner.transport) < 8:
            return
        for direction, (subscriber, service) in {
            "up": (inner.source, inner.destination),
            "down": (inner.destination, inner.source),
        }.items():
            exchange = self._exchange
            session = exchange.session(exchange.subscriber(subscriber), exchange.service(service))
            if session is None or all(leg.tunnel is not tunnel for leg in session.legs_out(direction)):
                continue
            leg = session.legs_out(OPPOSITE[direction])[0]
            source = (leg.tunnel.line.port if leg.tunnel else leg.port).address(inner.version)
            if source is not None:
                self._conversion.send_own(arrival.time, session, leg, errors.relayed(inner, source, mtu))
            return


def _is_of(tunnel: Tunnel, arrival: Arrival, outer: quoted.Quoted) -> bool:
    ends = {"local": str(outer.source), "remote": str(outer.destination)}
    is_datagram = outer.protocol == ip.UDP and outer.transport[2:4] == UDP_PORT.to_bytes(2, "big")
    settings = tunnel.mplsudp if is_datagram else tunnel.ipip if outer.protocol in (ip.IPV4, ip.IPV6) else None
    return bool(settings) and ends.items() <= settings.items() and tunnel.line.port is arrival.port


def _inner(outer: quoted.Quoted) -> quoted.Quoted | None:
    """What is quoted of the packet inside; of MPLS-in-UDP, behind the labels."""
    if outer.protocol != ip.UDP:
        return quoted.header(outer.transport, 4 if outer.protocol == ip.IPV4 else 6)
    stack = labels.whole(outer.transport[8:])
    if not stack or not stack[-1].bottom:
        return None
    data = outer.transport[8 + 4 * len(stack) :]
    return quoted.header(data, data[0] >> 4) if data else None


def _is_sound(packet: IPPacket) -> bool:
    if packet.version == 4:
        return checksum(packet.transport) == 0
    header = IPv6(src=str(packet.source), dst=str(packet.destination))
    return in6_chksum(ICMPV6, header, packet.transport) == 0


def _stated(packet: IPPacket, outer: quoted.Quoted) -> int:
    """The next hop's MTU; of an old router that doesn't state it, the next plateau below the packet's length."""
    if packet.version == 6:
        return int.from_bytes(packet.transport[4:8], "big")
    mtu = int.from_bytes(packet.transport[6:8], "big")
    length = int.from_bytes(outer.data[2:4], "big")
    return mtu or next(plateau for plateau in _PLATEAUS if plateau < length)
