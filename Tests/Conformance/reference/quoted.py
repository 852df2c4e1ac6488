"""ICMP errors, and the packets that they are about (RFC 792, RFC 4443 §2.4)."""

import struct
from ipaddress import ip_address

from . import ip
from .ip import IPPacket

_ERRORS = {4: (3, 11, 12), 6: (1, 2, 3, 4)}


class Quoted:
    """As much of a packet as an ICMP error quotes: at least its IP header. Its checksum and length may be anything."""

    def __init__(self, data: bytes):
        self.data, self.version = data, data[0] >> 4
        if self.version == 4:
            header_length = (data[0] & 15) * 4
            self.source, self.destination = ip_address(data[12:16]), ip_address(data[16:20])
            self.traffic_class, self.protocol = data[1], data[9]
            (fragment,) = struct.unpack_from(">H", data, 6)
            self.fragment_offset = (fragment & 0x1FFF) * 8
            self.transport = data[header_length:]
        else:
            self.source, self.destination = ip_address(data[8:24]), ip_address(data[24:40])
            self.traffic_class = (data[0] << 8 | data[1]) >> 4 & 0xFF
            self.protocol, self.transport, fragment = ip.upper(data[6], data[40:])
            self.fragment_offset = fragment & 0xFFF8


def of(packet: IPPacket) -> Quoted | None:
    """What `packet` quotes, if it is an ICMP error, whole, with a whole IP header of its version in it."""
    is_whole = not packet.fragment_offset and not packet.more_fragments
    message = packet.transport
    if not (packet.is_icmp and is_whole and len(message) >= 8 and message[0] in _ERRORS[packet.version]):
        return None
    return header(message[8:], packet.version)


def header(data: bytes, version: int) -> Quoted | None:
    """A quoted packet of this version; None if less than its IP header is there."""
    if not data or data[0] >> 4 != version:
        return None
    length = (data[0] & 15) * 4 if version == 4 else 40
    return Quoted(data) if length >= 20 and len(data) >= length else None
