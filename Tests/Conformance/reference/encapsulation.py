"""What is put before a packet: two labels (RFC 3032), or an outer IPv4 header (RFC 2003, RFC 4213)."""

from scapy.layers.inet import IP

from . import ip
from .ip import IPPacket
from .labels import Entry

_EXPLICIT_NULL = {4: 0, 6: 2}
_PIPE_TTL = 255

# RFC 6040 §4.2: (inner, outer) → the ECN field that goes on; 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE.
ECN_ON_DECAPSULATION = {
    **{(inner, outer): inner for inner in range(4) for outer in range(3)},
    (2, 1): 1,
    (1, 3): 3,
    (2, 3): 3,
    (3, 3): 3,
}


def labelled(mpls: dict, user_label: int, packet: IPPacket) -> bytes:
    """`packet` behind the path label, or what stands for it, and the user label."""
    mode = mpls.get("ttl", "uniform")
    ttl = {"uniform": packet.ttl, "pipe": _PIPE_TTL}.get(mode, mode)
    configured = mpls.get("trafficClass", "copy")
    traffic_class = packet.traffic_class >> 5 if configured == "copy" else configured
    null = mpls.get("null")
    path = _EXPLICIT_NULL[packet.version] if null == "explicit" else mpls.get("send")
    stack = b"" if null == "implicit" else bytes(Entry(path, traffic_class, False, ttl))
    return stack + bytes(Entry(user_label, traffic_class, True, ttl)) + packet.data


def has_dont_fragment(ipip: dict, packet: IPPacket) -> bool:
    """Whether the outer header has DF (RFC 2003 §3.1)."""
    return packet.dont_fragment or ipip.get("df") == "set"


def ip_in_ip(ipip: dict, packet: IPPacket, identification: int) -> bytes:
    """`packet` behind an outer header, with `identification` where that may be fragmented, else 0."""
    dont_fragment = has_dont_fragment(ipip, packet)
    dscp = ipip.get("dscp", "copy")
    outer = IP(
        src=ipip["local"],
        dst=ipip["remote"],
        tos=packet.traffic_class if dscp == "copy" else dscp << 2 | packet.ecn,
        len=20 + len(packet.data),
        id=0 if dont_fragment else identification,
        flags="DF" if dont_fragment else 0,
        ttl=ipip.get("ttl", 64),
        proto=ip.IPV4 if packet.version == 4 else ip.IPV6,
    )
    return bytes(outer) + packet.data
