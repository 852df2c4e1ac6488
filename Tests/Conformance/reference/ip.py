"""IP packets: the checks that a router makes on arrival, and the fields that it reads and rewrites."""

import struct
from ipaddress import ip_address

from scapy.utils import checksum

ICMP, IPV4, TCP, UDP, IPV6, ICMPV6 = 1, 4, 6, 17, 41, 58
_FRAGMENT = 44
_EXTENSIONS = {0, 43, 60}  # hop-by-hop, routing, destination options (RFC 8200 §4)


class Dropped(Exception):
    """The packet goes no further; `reason` is a name of `DropReason`."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class IPPacket:
    """A packet with a sound header. `data` ends where the header says: link padding is gone.

    Version 0 to `__init__` means that the first nibble decides (RFC 4928 §3).
    """

    def __init__(self, data: bytes, version: int = 0):
        if not data:
            raise Dropped("truncatedIPv6" if version == 6 else "truncatedIPv4")
        self.version = data[0] >> 4
        if self.version not in (4, 6) or version not in (0, self.version):
            raise Dropped("badIPVersion")
        if self.version == 4:
            self._check_v4(data)
        else:
            self._check_v6(data)

    def _check_v4(self, data: bytes) -> None:
        if len(data) < 20:
            raise Dropped("truncatedIPv4")
        self.header_length = (data[0] & 15) * 4
        if self.header_length < 20:
            raise Dropped("badIPv4HeaderLength")
        if len(data) < self.header_length:
            raise Dropped("truncatedIPv4")
        (total_length,) = struct.unpack_from(">H", data, 2)
        if not self.header_length <= total_length <= len(data):
            raise Dropped("badIPv4TotalLength")
        if checksum(data[: self.header_length]) != 0:
            raise Dropped("badIPv4Checksum")
        self.data = data[:total_length]
        self.ttl, self.protocol = data[8], data[9]
        self.source, self.destination = ip_address(data[12:16]), ip_address(data[16:20])
        self.traffic_class = data[1]
        (fragment,) = struct.unpack_from(">H", data, 6)
        self.dont_fragment = bool(fragment & 0x4000)
        self.more_fragments = bool(fragment & 0x2000)
        self.fragment_offset = (fragment & 0x1FFF) * 8
        self.transport = self.data[self.header_length :]

    def _check_v6(self, data: bytes) -> None:
        if len(data) < 40:
            raise Dropped("truncatedIPv6")
        word, payload_length, next_header, self.ttl = struct.unpack_from(">IHBB", data)
        if 40 + payload_length > len(data):
            raise Dropped("badIPv6PayloadLength")
        self.header_length = 40
        self.data = data[: 40 + payload_length]
        self.source, self.destination = ip_address(data[8:24]), ip_address(data[24:40])
        self.traffic_class = word >> 20 & 0xFF
        self.dont_fragment = True  # on the way, always (RFC 8200 §4.5)
        self.more_fragments, self.fragment_offset = False, 0
        self._find_transport(next_header)

    def _find_transport(self, next_header: int) -> None:
        self.protocol, self.transport, fragment = upper(next_header, self.data[40:])
        self.fragment_offset, self.more_fragments = fragment & 0xFFF8, bool(fragment & 1)

    @property
    def ecn(self) -> int:
        return self.traffic_class & 3

    @property
    def is_icmp(self) -> bool:
        return self.protocol == (ICMP if self.version == 4 else ICMPV6)

    @property
    def is_icmp_error(self) -> bool:
        if not self.is_icmp or not self.transport:
            return False
        return self.transport[0] in (3, 4, 5, 11, 12) if self.version == 4 else self.transport[0] < 128

    def with_ttl(self, ttl: int) -> "IPPacket":
        data = bytearray(self.data)
        data[8 if self.version == 4 else 7] = ttl
        return IPPacket(_sealed(data))

    def with_ecn(self, ecn: int) -> "IPPacket":
        return self._with_traffic_class(self.traffic_class & 0xFC | ecn)

    def with_dscp(self, dscp: int) -> "IPPacket":
        return self._with_traffic_class(dscp << 2 | self.ecn)

    def _with_traffic_class(self, traffic_class: int) -> "IPPacket":
        data = bytearray(self.data)
        if self.version == 4:
            data[1] = traffic_class
        else:
            (word,) = struct.unpack_from(">H", data)
            struct.pack_into(">H", data, 0, word & 0xF00F | traffic_class << 4)
        return IPPacket(_sealed(data))

    def with_transport(self, transport: bytes) -> "IPPacket":
        """Another transport header and payload, of the same length."""
        return IPPacket(self.data[: len(self.data) - len(transport)] + transport)

    def fragments(self, limit: int) -> list["IPPacket"] | None:
        """IPv4 fragments no longer than `limit`, each as large as fits (RFC 791 §3.2); no options.

        None if the 13 bits of the offset can't say where one begins.
        """
        assert self.version == 4 and self.header_length == 20
        step = (limit - 20) // 8 * 8
        pieces = [self.transport[at : at + step] for at in range(0, len(self.transport), step)]
        result = []
        for index, piece in enumerate(pieces):
            data = bytearray(self.data[:20]) + piece
            more = self.more_fragments or index + 1 < len(pieces)
            offset = self.fragment_offset + index * step
            if offset // 8 > 0x1FFF:
                return None
            struct.pack_into(">H", data, 2, len(data))
            struct.pack_into(">H", data, 6, more << 13 | offset // 8)
            result.append(IPPacket(_sealed(data)))
        return result


def upper(next_header: int, rest: bytes) -> tuple[int | None, bytes, int]:
    """Behind IPv6 extension headers: the protocol, the rest, and the fragment header's offset (in bytes) with M.

    The protocol is None where the chain is cut.
    """
    fragment = 0
    while next_header in _EXTENSIONS or next_header == _FRAGMENT:
        if len(rest) < 8:
            return None, b"", fragment
        length = 8 if next_header == _FRAGMENT else 8 + rest[1] * 8
        if next_header == _FRAGMENT:
            fragment = int.from_bytes(rest[2:4], "big") & 0xFFF9
        next_header, rest = rest[0], rest[length:]
        if fragment & 0xFFF8:
            break
    return next_header, rest, fragment


def _sealed(data: bytearray) -> bytes:
    """The packet with its IPv4 header checksum made right."""
    if data[0] >> 4 == 4:
        data[10:12] = b"\0\0"
        struct.pack_into(">H", data, 10, checksum(bytes(data[: (data[0] & 15) * 4])))
    return bytes(data)
