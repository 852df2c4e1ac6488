"""What an IP packet for us carries, if that is an IP packet, or UDP: the outer header of IP-in-IP and MPLS-in-UDP."""

import struct

from . import ip
from .ip import Dropped, IPPacket

_HOP_BY_HOP, _ROUTING, _FRAGMENT, _DESTINATION = 0, 43, 44, 60
_CARRIED = (ip.IPV4, ip.IPV6, ip.UDP)
_PAD1 = 0  # RFC 8200 §4.2


def carried(outer: IPPacket) -> tuple[int, bytes, bool] | None:
    """The protocol (4 or 41), what is behind the outer header and its extensions, and whether `outer` is a fragment.

    None if it carries something else. Raises Dropped for extension headers that aren't as RFC 8200 has them.
    """
    found = _upper(outer)
    return found if found and found[0] in (ip.IPV4, ip.IPV6) else None


def datagram(outer: IPPacket) -> tuple[bytes, bool] | None:
    """The UDP header and what follows, and whether `outer` is a fragment. None if it carries something else."""
    found = _upper(outer)
    return found[1:] if found and found[0] == ip.UDP else None


def _upper(outer: IPPacket) -> tuple[int, bytes, bool] | None:
    if outer.version == 4:
        return outer.protocol, outer.transport, outer.more_fragments or outer.fragment_offset > 0
    return _behind_extensions(outer.data)


def _behind_extensions(data: bytes) -> tuple[int, bytes, bool] | None:
    next_header, rest, is_first = data[6], data[40:], True
    while next_header in (_HOP_BY_HOP, _ROUTING, _FRAGMENT, _DESTINATION):
        length = 8 if next_header == _FRAGMENT else 8 + rest[1] * 8 if len(rest) > 1 else 8
        if len(rest) < length or (next_header == _HOP_BY_HOP and not is_first):
            raise Dropped("outerExtensionHeader")
        header = rest[:length]
        if next_header == _FRAGMENT:
            (fragment,) = struct.unpack_from(">H", header, 2)
            if fragment & 0xFFF9:  # not atomic (RFC 6946)
                return (header[0], rest[length:], True) if header[0] in _CARRIED else None
        elif next_header == _ROUTING:
            if header[3]:  # segments left
                raise Dropped("outerExtensionHeader")
        else:
            _check_options(header[2:])
        next_header, rest, is_first = header[0], rest[length:], False
    return (next_header, rest, False) if next_header in _CARRIED else None


def _check_options(options: bytes) -> None:
    """Options that we don't know are skipped, or the packet is discarded, as their high bits say (RFC 8200 §4.2)."""
    while options:
        if options[0] == _PAD1:
            options = options[1:]
            continue
        if len(options) < 2 or len(options) < 2 + options[1] or options[0] >> 6:
            raise Dropped("outerExtensionHeader")
        options = options[2 + options[1] :]
