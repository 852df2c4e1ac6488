"""TCP's maximum segment size, held to what a tunnel takes (RFC 9293 §3.7.1)."""

import struct

from .ip import TCP, IPPacket

_SYN = 0x02
_END, _NO_OPERATION, _MAXIMUM_SEGMENT_SIZE = 0, 1, 2


def clamped(packet: IPPacket, limit: int) -> IPPacket:
    """`packet`, its MSS option lowered to what packets of `limit` bytes take, if it is a SYN that says more."""
    segment = packet.transport
    if packet.protocol != TCP or packet.fragment_offset or packet.more_fragments or len(segment) < 20:
        return packet
    at = _option(segment)
    largest = limit - (40 if packet.version == 4 else 60)
    if at is None or int.from_bytes(segment[at : at + 2], "big") <= largest:
        return packet
    return packet.with_transport(_patched(segment, at, largest))


def _option(segment: bytes) -> int | None:
    """Where the value of a SYN's MSS option stands."""
    end = segment[12] >> 4 << 2
    if not segment[13] & _SYN or not 20 <= end <= len(segment):
        return None
    at = 20
    while at < end and segment[at] != _END:
        if segment[at] == _NO_OPERATION:
            at += 1
            continue
        if at + 1 >= end or segment[at + 1] < 2 or at + segment[at + 1] > end:
            return None
        if segment[at] == _MAXIMUM_SEGMENT_SIZE:
            return at + 2 if segment[at + 1] == 4 else None
        at += segment[at + 1]
    return None


def _patched(segment: bytes, at: int, value: int) -> bytes:
    """Two bytes replaced, and the checksum patched (RFC 1624 §3, equation 3), so that a wrong one stays wrong."""
    patched = bytearray(segment)
    struct.pack_into(">H", patched, at, value)
    total = ~int.from_bytes(segment[16:18], "big") & 0xFFFF
    for word in range(at & ~1, at + 2, 2):
        total += ~int.from_bytes(segment[word : word + 2], "big") & 0xFFFF
        total += int.from_bytes(patched[word : word + 2], "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into(">H", patched, 16, ~total & 0xFFFF)
    return bytes(patched)
