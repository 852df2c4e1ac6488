"""What the edge says on its links: ARP, neighbour discovery, echo replies."""

import struct
from ipaddress import IPv6Address, IPv6Network, ip_address

from scapy.layers.inet import IP
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP
from scapy.packet import Raw
from scapy.utils import checksum

from . import frame
from .exchange import Port
from .frame import BROADCAST, Arrival, framed
from .ip import Dropped, IPPacket

SOLICITATION, ADVERTISEMENT = 135, 136
_SOLICITED_NODES = IPv6Network("ff02::1:ff00:0/104")
_ETHERNET_ARP = struct.pack(">HHBB", 1, 0x0800, 6, 4)


def is_discovery(packet: IPPacket) -> bool:
    """Whether it is, or would be, a neighbour solicitation or advertisement (RFC 4861 §4.3, §4.4)."""
    is_icmpv6 = packet.version == 6 and packet.is_icmp
    return is_icmpv6 and packet.transport[:1] in (bytes([SOLICITATION]), bytes([ADVERTISEMENT]))


def check_discovery(packet: IPPacket) -> None:
    """The rules of RFC 4861 §7.1.1 and §7.1.2."""
    message = packet.transport
    addresses = packet.source.packed + packet.destination.packed
    pseudo_header = addresses + struct.pack(">II", len(message), 58)
    sound = packet.ttl == 255 and len(message) >= 24 and checksum(pseudo_header + message) == 0
    sound = sound and message[1] == 0 and not IPv6Address(message[8:24]).is_multicast
    options, kinds = message[24:], []
    while sound and options:
        length = 8 * options[1] if len(options) > 1 else 0
        sound = 0 < length <= len(options)
        kinds.append(options[0])
        options = options[length:]
    if sound and message[0] == ADVERTISEMENT and packet.destination.is_multicast:
        sound = not message[4] & 0x40  # solicited
    if sound and message[0] == SOLICITATION and packet.source.is_unspecified:
        sound = 1 not in kinds and packet.destination in _SOLICITED_NODES
    if not sound:
        raise Dropped("malformedNeighbourDiscovery")


def arp_reply(arrival: Arrival) -> bytes | None:
    """Learns from a reply; answers a request for an address of the port (RFC 826)."""
    if len(arrival.payload) < 28 or arrival.payload[:6] != _ETHERNET_ARP:
        raise Dropped("malformedARP")
    port, request = arrival.port, ARP(arrival.payload)
    if request.op == 2:
        port.learned.setdefault((arrival.tags, ip_address(request.psrc)), request.hwsrc)
    if request.op != 1 or ip_address(request.pdst) not in [i.ip for i in port.interfaces]:
        return None
    reply = ARP(op=2, hwsrc=port.mac, psrc=request.pdst, hwdst=request.hwsrc, pdst=request.psrc)
    return framed(port, request.hwsrc, frame.ARP, bytes(reply), arrival.tags)


def discovery_reply(arrival: Arrival, packet: IPPacket) -> bytes | None:
    """Learns from an advertisement; answers a solicitation for an address of the port (RFC 4861 §7.2)."""
    port, message = arrival.port, packet.transport
    target = IPv6Address(message[8:24])
    if message[0] == ADVERTISEMENT:
        options = message[24:]
        if len(options) >= 8 and options[0] == 2:
            port.learned.setdefault((arrival.tags, target), options[2:8].hex(":"))
        return None
    if target not in [i.ip for i in port.interfaces]:
        return None
    probing = packet.source.is_unspecified  # duplicate address detection: all nodes are told (§7.2.4)
    reply = (
        IPv6(src=str(target), dst="ff02::1" if probing else str(packet.source), hlim=255)
        / ICMPv6ND_NA(R=1, S=int(not probing), O=1, tgt=str(target))
        / ICMPv6NDOptDstLLAddr(lladdr=port.mac)
    )
    destination = "33:33:00:00:00:01" if probing else arrival.sender
    return framed(port, destination, frame.IPV6, bytes(reply), arrival.tags)


def question(port: Port, next_hop, tags: tuple) -> bytes:
    """The ARP request or neighbour solicitation that finds `next_hop`."""
    source = str(port.address_near(next_hop))
    if next_hop.version == 4:
        request = ARP(op=1, hwsrc=port.mac, psrc=source, hwdst="00:00:00:00:00:00", pdst=str(next_hop))
        return framed(port, BROADCAST, frame.ARP, bytes(request), tags)
    tail = next_hop.packed[-3:]
    solicitation = (
        IPv6(src=source, dst=str(IPv6Address(IPv6Address("ff02::1:ff00:0").packed[:13] + tail)), hlim=255)
        / ICMPv6ND_NS(tgt=str(next_hop))
        / ICMPv6NDOptSrcLLAddr(lladdr=port.mac)
    )
    return framed(port, "33:33:ff:" + tail.hex(":"), frame.IPV6, bytes(solicitation), tags)


def is_echo_request(packet: IPPacket) -> bool:
    kind = 8 if packet.version == 4 else 128
    whole = not packet.fragment_offset and not packet.more_fragments
    return packet.is_icmp and whole and len(packet.transport) >= 8 and packet.transport[0] == kind


def echo_reply(arrival: Arrival, packet: IPPacket) -> bytes:
    """The request with its addresses exchanged, TTL 64 and the rest as it came (RFC 792, RFC 4443 §4.2)."""
    if packet.version == 4:
        message = b"\0\0\0\0" + packet.transport[4:]
        message = message[:2] + struct.pack(">H", checksum(message)) + message[4:]
        header = IP(packet.data[: packet.header_length])
        header.src, header.dst, header.ttl, header.chksum = header.dst, header.src, 64, None
        reply = bytes(header / Raw(message))
    else:
        request = IPv6(packet.data[:40])
        identifier, sequence = struct.unpack_from(">HH", packet.transport, 4)
        header = IPv6(src=request.dst, dst=request.src, tc=request.tc, fl=request.fl, hlim=64)
        message = ICMPv6EchoReply(id=identifier, seq=sequence, data=packet.transport[8:])
        reply = bytes(header / message)
    return back(arrival, packet, reply)


def back(arrival: Arrival, packet: IPPacket, answer: bytes) -> bytes:
    """`answer`, to the station that `packet` came from."""
    ethertype = frame.IPV4 if packet.version == 4 else frame.IPV6
    return framed(arrival.port, arrival.sender, ethertype, answer, arrival.tags)
