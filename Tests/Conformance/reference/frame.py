"""What arrived: an Ethernet frame taken apart, or a bare IP packet of a TUN."""

import struct

from scapy.layers.l2 import Dot1AD, Dot1Q, Ether

from .capture import RAW_IP
from .exchange import Port
from .ip import Dropped

IPV4, ARP, VLAN, IPV6, MPLS, SERVICE_VLAN = 0x0800, 0x0806, 0x8100, 0x86DD, 0x8847, 0x88A8
BROADCAST = "ff:ff:ff:ff:ff:ff"


class Arrival:
    """One received frame.

    `ethertype` is 0 where there is no Ethernet header; `tags` are VLAN ids, outermost first; `stack` are the
    label stack entries that it came under, `tunnel` is what it came out of, and `outer` the
    packet that it came in as MPLS-in-UDP.
    """

    def __init__(self, port: Port, time: int, frame: bytes):
        self.port, self.time, self.frame, self.payload = port, time, frame, frame
        self.tags: tuple[int, ...] = ()
        self.ethertype = 0
        self.stack: list = []
        self.sender = None
        self.is_group_addressed = False
        self.tunnel = None
        self.outer = None

    def open(self) -> None:
        """Reads the link header, if there is one. Raises Dropped."""
        if self.port.link_type == RAW_IP:
            return
        frame = self.frame
        if len(frame) < 14:
            raise Dropped("truncatedEthernet")
        destination, self.sender = _mac(frame[:6]), _mac(frame[6:12])
        at = 12
        while True:
            if len(frame) < at + 2:
                raise Dropped("truncatedEthernet")
            (self.ethertype,) = struct.unpack_from(">H", frame, at)
            if self.ethertype not in (VLAN, SERVICE_VLAN):
                break
            if len(frame) < at + 4:
                raise Dropped("truncatedEthernet")
            self.tags += (struct.unpack_from(">H", frame, at + 2)[0] & 0xFFF,)
            at += 4
        self.payload = frame[at + 2 :]
        self.is_group_addressed = bool(frame[0] & 1)
        if not self.is_group_addressed and destination != self.port.mac:
            raise Dropped("notOurMAC")
        if self.is_group_addressed and self.ethertype in (IPV4, MPLS):
            raise Dropped("notUnicast")
        if self.ethertype not in (ARP, IPV4, IPV6, MPLS):
            raise Dropped("unknownEtherType")

    @property
    def ip_version(self) -> int:
        """The IP version that the link announces, or 0."""
        return {IPV4: 4, IPV6: 6}.get(self.ethertype, 0)


def _mac(octets: bytes) -> str:
    return octets.hex(":")


def framed(port: Port, destination: str, ethertype: int, payload: bytes, tags: tuple = ()) -> bytes:
    """`payload` as it leaves `port`: behind an Ethernet header with its tags, or bare on a TUN."""
    if port.link_type == RAW_IP:
        return payload
    types = [VLAN] * len(tags)
    if len(tags) == 2:
        types[0] = SERVICE_VLAN
    header = Ether(dst=destination, src=port.mac, type=(types + [ethertype])[0])
    for index, tag in enumerate(tags):
        layer = Dot1AD if types[index] == SERVICE_VLAN else Dot1Q
        header /= layer(vlan=tag, type=(types + [ethertype])[index + 1])
    return bytes(header) + payload
