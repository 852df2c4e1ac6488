"""Input packets, built by scapy."""

import struct

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrFragment, in6_chksum
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Packet, Raw
from scapy.utils import checksum

ALICE, BOB, CAROL = "10.1.0.5", "10.1.0.6", "10.2.0.7"
ALICE6 = "2001:db8:1:5::25"
VIDEO, VIDEO6, MUSIC = "198.51.100.80", "2001:db8:a::80", "203.0.113.40"
LOCAL, REMOTE = "10.0.0.1", "192.0.2.9"  # the ends of IP-in-IP
LOCAL6, REMOTE6 = "2001:db8:ff::1", "2001:db8:c::9"

PORT1_MAC, PORT2_MAC, PORT3_MAC = (f"02:57:4c:00:00:{place:02x}" for place in (1, 2, 3))
PEER_MAC, WEST_PEER_MAC, HOST_MAC = "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:05"


def payload(size: int) -> bytes:
    return bytes((7 * i + size) & 0xFF for i in range(size))


def ip(source: str, destination: str, upper, ttl=64, tos=0, **fields) -> bytes:
    """An IP packet of the addresses' version around `upper`; IPv4 has DF unless `flags` says otherwise."""
    if ":" in source:
        return bytes(IPv6(src=source, dst=destination, hlim=ttl, tc=tos, **fields) / upper)
    fields = {"flags": "DF", "id": 0x1234, **fields}
    return bytes(IP(src=source, dst=destination, ttl=ttl, tos=tos, **fields) / upper)


def udp(source: str, destination: str, ports=(40000, 5004), size=64, **fields) -> bytes:
    return ip(source, destination, UDP(sport=ports[0], dport=ports[1]) / Raw(payload(size)), **fields)


def tcp(source: str, destination: str, ports=(40001, 443), size=48, **fields) -> bytes:
    return ip(source, destination, TCP(sport=ports[0], dport=ports[1], seq=1, flags="A") / Raw(payload(size)),
              **fields)


def echo(source: str, destination: str, size=56, **fields) -> bytes:
    kind = ICMPv6EchoRequest(id=0x77, seq=3, data=payload(size))
    return ip(source, destination, kind if ":" in source else ICMP(id=0x77, seq=3) / Raw(payload(size)),
              **fields)


def icmp_error(source: str, destination: str, quoted: bytes, kind=3, code=1, rest=0, **fields) -> bytes:
    """An ICMP error about `quoted`, of which it holds all; `rest` is the word behind the checksum."""
    message = struct.pack(">BBHI", kind, code, 0, rest) + quoted
    if ":" in source:
        ends = IPv6(src=source, dst=destination)
        message = message[:2] + struct.pack(">H", in6_chksum(58, ends, message)) + message[4:]
        return ip(source, destination, Raw(message), nh=58, **fields)
    message = message[:2] + struct.pack(">H", checksum(message)) + message[4:]
    return ip(source, destination, Raw(message), proto=1, **fields)


def sized(source: str, destination: str, total: int, **fields) -> bytes:
    """A UDP packet `total` bytes long, IP header included."""
    return udp(source, destination, size=total - (48 if ":" in source else 28), **fields)


def fragment6(
    source: str, destination: str, offset: int, more: bool, protocol: int, data: bytes, ttl=64
) -> bytes:
    header = IPv6ExtHdrFragment(nh=protocol, offset=offset // 8, m=int(more), id=0xABCD) / Raw(data)
    return ip(source, destination, header, ttl=ttl)


def labels(*entries, inner: bytes = b"") -> bytes:
    """A label stack over `inner`. An entry is a label or a dict of MPLS fields; the last one has S."""
    stack = b""
    for index, entry in enumerate(entries):
        fields = entry if isinstance(entry, dict) else {"label": entry}
        stack += bytes(MPLS(**{"ttl": 61, "cos": 0, "s": int(index + 1 == len(entries)), **fields}))
    return stack + inner


def in_ip(inner: bytes, source=REMOTE, destination=LOCAL, **fields) -> bytes:
    """`inner` behind an outer IPv4 header."""
    protocol = 4 if inner[:1] < b"\x60" else 41
    fields = {"ttl": 60, "tos": 0, "flags": "DF", "id": 0, "proto": protocol, **fields}
    return bytes(IP(src=source, dst=destination, **fields) / Raw(inner))


def in_ip6(inner: bytes, source=REMOTE6, destination=LOCAL6, extensions=None, **fields) -> bytes:
    """`inner` behind an outer IPv6 header, and what stands between them (RFC 2473 §3.1)."""
    protocol = fields.pop("nh", 4 if inner[:1] < b"\x60" else 41)
    upper = Raw(inner)
    header = IPv6(src=source, dst=destination, **{"hlim": 60, "tc": 0, **fields})
    if extensions is None:
        header.nh = protocol
        return bytes(header / upper)
    last = extensions.lastlayer()
    last.nh = protocol
    return bytes(header / extensions / upper)


def in_udp(inner: bytes, *stack, source=REMOTE, destination=LOCAL, ports=(50000, 6635), checksum=None, **fields) -> bytes:
    """`inner` under labels in UDP (RFC 7510), IPv4 or IPv6 outside; `checksum`: None for the right one."""
    datagram = UDP(sport=ports[0], dport=ports[1], chksum=checksum, **fields.pop("udp", {}))
    datagram /= Raw(labels(*stack, inner=inner))
    if ":" in source:
        return bytes(IPv6(src=source, dst=destination, **{"hlim": 60, "tc": 0, "nh": 17, **fields}) / datagram)
    fields = {"ttl": 60, "tos": 0, "flags": "DF", "id": 0, **fields}
    return bytes(IP(src=source, dst=destination, proto=17, **fields) / datagram)


def ethernet(
    data: bytes, destination=PORT2_MAC, source=PEER_MAC, ethertype=None, vlan=(), tpid=0x8100, pad=0
) -> bytes:
    """A frame for the core port, tagged with `vlan` ids, outermost first, padded to `pad` bytes."""
    if ethertype is None:
        ethertype = 0x86DD if data[0] >> 4 == 6 else 0x0800
    header: Packet = Ether(dst=destination, src=source)
    types = [tpid if index == 0 else 0x8100 for index in range(len(vlan))] + [ethertype]
    header.type = types[0]
    for index, tag in enumerate(vlan):
        header /= (Dot1AD if types[index] == 0x88A8 else Dot1Q)(vlan=tag, type=types[index + 1])
    return (bytes(header) + data).ljust(pad, b"\0")


def mpls_frame(*entries, inner: bytes, **fields) -> bytes:
    return ethernet(labels(*entries, inner=inner), ethertype=0x8847, **fields)


def patched(packet: bytes, at: int, replacement: bytes, seal=True) -> bytes:
    """`packet` with bytes replaced and, unless told otherwise, its IPv4 header checksum made right."""
    data = bytearray(packet)
    data[at : at + len(replacement)] = replacement
    if seal:
        data[10:12] = b"\0\0"
        length = max(20, (data[0] & 15) * 4)
        struct.pack_into(">H", data, 10, checksum(bytes(data[:length])))
    return bytes(data)
