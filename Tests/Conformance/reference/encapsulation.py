"""What is put before a packet.

Labels (RFC 3032), an outer IP header (RFC 2003, RFC 2473, RFC 4213), or that with UDP and labels (RFC 7510).
"""

from ipaddress import ip_address

from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from . import dscp, entropy, ip
from .ip import IPPacket
from .labels import EXPLICIT_NULL, Entry

_PIPE_TTL = 255
UDP_PORT = 6635

# RFC 6040 §4.2, figure 4: (inner, outer) → the ECN field that goes on; 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE.
ECN_ON_DECAPSULATION = {
    **{(inner, outer): inner for inner in range(4) for outer in range(3)},
    (2, 1): 1,
    (1, 3): 3,
    (2, 3): 3,
    (3, 3): 3,
}


def path_labels(mpls: dict) -> list:
    """What stands above the user label; None is the explicit null of the packet's version."""
    if "null" in mpls:
        return [None] if mpls["null"] == "explicit" else []
    return mpls["send"] if isinstance(mpls["send"], list) else [mpls["send"]]


def overhead(mpls: dict | None, ipip: dict | None, mplsudp: dict | None) -> int:
    """Bytes that are put before a packet."""
    if mplsudp:
        return overhead(None, mplsudp, None) + 8 + 4 * (1 + ("send" in mplsudp))
    if ipip:
        return 20 if ip_address(ipip["remote"]).version == 4 else 40
    return 4 * (len(path_labels(mpls)) + 1)


def labelled(mpls: dict, user_label: int, packet: IPPacket, forced_class: int | None) -> bytes:
    """`packet` behind the path labels, or what stands for them, and the user label."""
    mode = mpls.get("ttl", "uniform")
    ttl = {"uniform": packet.ttl, "pipe": _PIPE_TTL}.get(mode, mode)
    traffic_class = _traffic_class(mpls, packet) if forced_class is None else forced_class
    path = [EXPLICIT_NULL[packet.version] if label is None else label for label in path_labels(mpls)]
    stack = [Entry(label, traffic_class, False, ttl) for label in path]
    stack.append(Entry(user_label, traffic_class, True, ttl))
    return b"".join(map(bytes, stack)) + packet.data


def _traffic_class(mpls: dict, packet: IPPacket) -> int:
    configured = mpls.get("trafficClass", "copy")
    if isinstance(configured, dict):
        configured = dscp.mapped(configured, packet.traffic_class >> 2, "copy")
    return packet.traffic_class >> 5 if configured == "copy" else configured


def has_dont_fragment(ipip: dict, packet: IPPacket) -> bool:
    """Whether the outer header has DF (RFC 2003 §3.1), or nobody on the way may fragment it."""
    is_ipv6 = ip_address(ipip["remote"]).version == 6
    return is_ipv6 or packet.dont_fragment or ipip.get("df") == "set"


def ip_in_ip(ipip: dict, packet: IPPacket, identification: int) -> bytes:
    """`packet` behind an outer header, with `identification` where that may be fragmented, else 0."""
    protocol = ip.IPV4 if packet.version == 4 else ip.IPV6
    return bytes(_outer(ipip, packet, identification, len(packet.data), protocol)) + packet.data


def in_udp(mplsudp: dict, user_label: int, packet: IPPacket, identification: int) -> bytes:
    """`packet` under its labels in a UDP datagram (RFC 7510)."""
    path = [mplsudp["send"]] if "send" in mplsudp else []
    traffic_class = packet.traffic_class >> 5
    stack = [Entry(label, traffic_class, False, packet.ttl) for label in path]
    stack.append(Entry(user_label, traffic_class, True, packet.ttl))
    payload = b"".join(map(bytes, stack)) + packet.data
    has_checksum = mplsudp.get("checksum", default_checksum(mplsudp)) == "on"
    datagram = UDP(sport=entropy.port(packet), dport=UDP_PORT, len=8 + len(payload),
                   chksum=None if has_checksum else 0) / Raw(payload)
    return bytes(_outer(mplsudp, packet, identification, 8 + len(payload), ip.UDP) / datagram)


def default_checksum(mplsudp: dict) -> str:
    return "off" if ip_address(mplsudp["remote"]).version == 4 else "on"


def _outer(ipip: dict, packet: IPPacket, identification: int, length: int, protocol: int) -> IP | IPv6:
    """The outer header of `length` bytes around `packet`."""
    code_point = ipip.get("dscp", "copy")
    if isinstance(code_point, dict):
        code_point = dscp.mapped(code_point, packet.traffic_class >> 2, "copy")
    code_point = packet.traffic_class >> 2 if code_point == "copy" else dscp.value(code_point)
    ecn = 0 if ipip.get("ecn") == "compatibility" else packet.ecn  # RFC 6040 §4.1
    ttl = ipip.get("ttl", 64)
    ttl = packet.ttl if ttl == "copy" else ttl
    ends = {"src": ipip["local"], "dst": ipip["remote"]}
    traffic_class = code_point << 2 | ecn
    if ip_address(ipip["remote"]).version == 6:
        return IPv6(**ends, tc=traffic_class, fl=0, plen=length, nh=protocol, hlim=ttl)
    dont_fragment = has_dont_fragment(ipip, packet)
    return IP(
        **ends,
        tos=traffic_class,
        len=20 + length,
        id=0 if dont_fragment else identification,
        flags="DF" if dont_fragment else 0,
        ttl=ttl,
        proto=protocol,
    )
