"""The source port of MPLS-in-UDP: a flow's own, so that routers on the way can spread flows (RFC 7510 §3).

The forwarder's hash is written down here once more, since the port is in the packets that are compared: addresses,
protocol and ports, mixed by a product of 128 bits and the finish of SplitMix64.
"""

from .ip import TCP, UDP, IPPacket

_SCTP, _FRAGMENT = 132, 44
_MASK = (1 << 64) - 1


def port(packet: IPPacket) -> int:
    """49152 to 65535."""
    return 0xC000 | _flow(packet) & 0x3FFF


def _flow(packet: IPPacket) -> int:
    is_fragment = bool(packet.fragment_offset or packet.more_fragments)
    protocol = packet.protocol or 0
    transport = protocol << 32
    if not is_fragment and protocol in (TCP, UDP, _SCTP):
        transport |= int.from_bytes(packet.transport[:4], "big")
    source, destination = packet.source.packed, packet.destination.packed
    if packet.version == 4:
        return _mixed(_number(source + destination), transport)
    if is_fragment:
        transport = _FRAGMENT << 32
    origin = _mixed(_number(source[:8]), _number(source[8:]))
    ends = _mixed(_number(destination[:8]) ^ origin, _number(destination[8:]))
    return _mixed(ends, transport)


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _mixed(a: int, b: int) -> int:
    product = (a ^ 0x9E3779B97F4A7C15) * (b ^ 0xD1B54A32D192ED03)
    folded = (product >> 64) ^ (product & _MASK)
    bits = (folded ^ folded >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    return bits ^ bits >> 31
