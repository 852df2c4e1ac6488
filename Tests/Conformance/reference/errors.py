"""ICMP errors that the edge sends: their bytes, and when there is none (RFC 792, RFC 4443, RFC 1812 §4.3.2)."""

import struct

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.utils import checksum

from .ip import ICMPV6, IPPacket

_INTERNETWORK_CONTROL = 0xC0  # RFC 1812 §4.3.2.5
_LONGEST = {4: 576, 6: 1280}
_QUOTED_AT_LEAST = 128  # bytes, before an extension structure (RFC 4884 §5.1)
_WORD = {4: 4, 6: 8}  # what its length is counted in
_MPLS_STACK = (1, 1)  # class, type of the object (RFC 4950 §5)


def time_exceeded(packet: IPPacket, source, stack: list) -> bytes | None:
    """`stack`: the label stack entries that the packet came under."""
    kind = (11, 0) if packet.version == 4 else (3, 0)
    return _error(packet, source, *kind, 0, stack)


def too_big(packet: IPPacket, source, mtu: int) -> bytes | None:
    kind = (3, 4) if packet.version == 4 else (2, 0)
    return _error(packet, source, *kind, mtu)


def prohibited(packet: IPPacket, source) -> bytes | None:
    kind = (3, 13) if packet.version == 4 else (1, 1)
    return _error(packet, source, *kind, 0)


def relayed(quoted, source, mtu: int | None) -> bytes:
    """About a packet that is known as far as somebody quoted it: too big for `mtu`, or its host not reached."""
    if mtu is not None:
        kind = (3, 4) if quoted.version == 4 else (2, 0)
    else:
        kind = (3, 1) if quoted.version == 4 else (1, 3)
    return _message(quoted, source, *kind, mtu or 0, [])


def _error(packet: IPPacket, source, kind: int, code: int, mtu: int, stack: list = []) -> bytes | None:
    """None where none may be sent (RFC 1812 §4.3.2.7, RFC 4443 §2.4)."""
    if source is None or packet.is_icmp_error:
        return None
    if packet.fragment_offset and (packet.version == 4 or packet.is_icmp):
        return None
    return _message(packet, source, kind, code, mtu, stack)


def _message(packet, source, kind: int, code: int, mtu: int, stack: list) -> bytes:
    version = packet.version
    extension = _extension(stack) if stack else b""
    room = _LONGEST[version] - (28 if version == 4 else 48) - len(extension)
    quote, length = packet.data[:room], 0
    if extension:
        word = _WORD[version]
        quote = quote[: room // word * word]
        quote = quote.ljust(max(_QUOTED_AT_LEAST, -(-len(quote) // word) * word), b"\0")
        length = len(quote) // word
    ends = {"src": str(source), "dst": str(packet.source)}
    rest = struct.pack(">I", mtu) if not extension else struct.pack(">BBH", 0, length, 0)
    if version == 6 and extension:
        rest = struct.pack(">BBH", length, 0, 0)
    message = struct.pack(">BBH", kind, code, 0) + rest + quote + extension
    if version == 4:
        header = IP(**ends, tos=_INTERNETWORK_CONTROL, id=0, flags="DF", ttl=64, proto=1, len=20 + len(message))
        total = checksum(message)
    else:
        header = IPv6(**ends, hlim=64, nh=ICMPV6, plen=len(message))
        total = in6_chksum(ICMPV6, header, message)
    return bytes(header) + message[:2] + struct.pack(">H", total) + message[4:]


def _extension(stack: list) -> bytes:
    """The structure of RFC 4884 §7 with one object: the label stack as it came (RFC 4950 §5)."""
    entries = b"".join(map(bytes, stack))
    body = struct.pack(">HBB", 4 + len(entries), *_MPLS_STACK) + entries
    header = struct.pack(">HH", 2 << 12, 0)
    return header[:2] + struct.pack(">H", checksum(header + body)) + body
