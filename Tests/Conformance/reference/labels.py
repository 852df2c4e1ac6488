"""MPLS label stack entries (RFC 3032 §2.1)."""

import struct
from typing import NamedTuple

from scapy.contrib.mpls import MPLS

from .ip import Dropped

GENERIC_ASSOCIATED_CHANNEL = 13
EXPLICIT_NULL = {4: 0, 6: 2}
LAST_RESERVED = 15
FOLLOWED = 8  # entries at most


class Entry(NamedTuple):
    label: int
    traffic_class: int
    bottom: bool
    ttl: int

    def __bytes__(self) -> bytes:
        return bytes(MPLS(label=self.label, cos=self.traffic_class, s=int(self.bottom), ttl=self.ttl))


def entry(stack: bytes, index: int) -> Entry:
    """The entry at `index`; raises Dropped if the frame ends inside the stack, or nobody follows it so far."""
    if len(stack) < 4 * index + 4:
        raise Dropped("truncatedLabelStack")
    if index >= FOLLOWED:
        raise Dropped("labelStackTooDeep")
    (word,) = struct.unpack_from(">I", stack, 4 * index)
    return Entry(word >> 12, word >> 9 & 7, bool(word & 0x100), word & 0xFF)


def whole(stack: bytes) -> list[Entry]:
    """All entries, down to the one with S; as many as there are, if none has it."""
    entries = []
    for at in range(0, len(stack) - 3, 4):
        (word,) = struct.unpack_from(">I", stack, at)
        entries.append(Entry(word >> 12, word >> 9 & 7, bool(word & 0x100), word & 0xFF))
        if entries[-1].bottom:
            break
    return entries


def check_special(label: int) -> None:
    """Special-purpose labels that are served nowhere here (RFC 7274, RFC 5586 §4)."""
    if label == GENERIC_ASSOCIATED_CHANNEL:
        raise Dropped("associatedChannel")
    if label <= LAST_RESERVED:
        raise Dropped("reservedLabel")
