"""MPLS label stack entries (RFC 3032 §2.1)."""

import struct
from typing import NamedTuple

from scapy.contrib.mpls import MPLS

from .ip import Dropped


class Entry(NamedTuple):
    label: int
    traffic_class: int
    bottom: bool
    ttl: int

    def __bytes__(self) -> bytes:
        return bytes(MPLS(label=self.label, cos=self.traffic_class, s=int(self.bottom), ttl=self.ttl))


def entry(stack: bytes, index: int) -> Entry:
    """The entry at `index`; raises Dropped if the frame ends inside the stack."""
    if len(stack) < 4 * index + 4:
        raise Dropped("truncatedLabelStack")
    (word,) = struct.unpack_from(">I", stack, 4 * index)
    return Entry(word >> 12, word >> 9 & 7, bool(word & 0x100), word & 0xFF)
