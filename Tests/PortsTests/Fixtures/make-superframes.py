#!/usr/bin/python3
"""Makes the superframe and checksum fixtures with scapy, which knows nothing of our code.

Each capture holds: the ten bytes of the virtio header; the frame as a packet socket gives it, its transport checksum
only begun; then the frames that should come of it.
"""
import struct
from pathlib import Path

from scapy.all import (Dot1AD, Dot1Q, Ether, IP, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, PadN, RawPcapWriter, TCP,
                       UDP, in4_pseudoheader)
from scapy.contrib.mpls import MPLS
from scapy.layers.sctp import SCTP, SCTPChunkData

FOLDER = Path(__file__).parent
ETHERNET = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
IP4 = IP(src="192.0.2.1", dst="198.51.100.2", id=0xFFFE, flags="DF", tos=0x2A, ttl=63)
IP6 = IPv6(src="2001:db8::1", dst="2001:db8:a::2", tc=0x2A, fl=0x12345, hlim=63)
OPTIONS = [("NOP", None), ("NOP", None), ("Timestamp", (0x01020304, 0x05060708))]
PAYLOAD = bytes((i * 7 + i // 256) & 0xFF for i in range(5001))
NONE, TCP4, TCP6, UDP_L4, ECN = 0, 1, 4, 5, 0x80


def folded(data):
    """The ones' complement sum (RFC 1071), not complemented."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo_header(ip, protocol, length):
    if ip.version == 4:
        return in4_pseudoheader(protocol, ip, length)
    # 16-byte addresses, 32-bit length, next header (RFC 8200 §8.1).
    raw = bytes(ip)
    return raw[8:40] + struct.pack("!IHBB", length, 0, 0, protocol)


def save(name, header, frame, expected):
    with RawPcapWriter(str(FOLDER / f"{name}.pcap"), linktype=1) as capture:
        capture.write_header(None)
        for record in [header, frame] + [bytes(e) for e in expected]:
            capture.write_packet(record, sec=0, usec=0)


def unfinished(packet, kind):
    """The frame with only the pseudo-header's sum in its checksum, and where its transport header begins."""
    packet = Ether(bytes(packet))
    layer = packet[kind]
    length = len(bytes(layer))
    network = packet
    ip = None
    while network:
        if isinstance(network, (IP, IPv6)):
            ip = network
        network = network.payload
    protocol = 6 if kind is TCP else 17
    start = len(bytes(packet)) - length
    offset = 16 if kind is TCP else 6
    frame = bytearray(bytes(packet))
    frame[start + offset:start + offset + 2] = struct.pack("!H", folded(pseudo_header(ip, protocol, length)))
    return bytes(frame), start, offset


def identified(below, index):
    """The headers with every IPv4 identification counted on, at which an IP header of scapy's is otherwise fixed."""
    below = below.copy()
    layer = below
    while layer:
        if isinstance(layer, IP):
            layer.id = (layer.id + index) & 0xFFFF
        layer = layer.payload
    return below


def tcp(name, below, gso, size, payload=PAYLOAD, flags="FPAC", sequence=0xFFFFFC00):
    def segment(data, seq, flags):
        return TCP(sport=40000, dport=80, seq=seq & 0xFFFFFFFF, ack=77, flags=flags, window=501, options=OPTIONS) / data

    frame, start, offset = unfinished(below / segment(payload, sequence, flags), TCP)
    pieces = [payload[i:i + size] for i in range(0, len(payload), size)]
    expected = []
    for index, piece in enumerate(pieces):
        kept = flags
        if index > 0:
            kept = kept.replace("C", "")
        if index < len(pieces) - 1:
            kept = kept.replace("F", "").replace("P", "")
        expected.append(identified(below, index) / segment(piece, sequence + index * size, kept))
    save(name, struct.pack("<BBHHHH", 1, gso, 0, size, start, offset), frame, expected)


def udp(name, below, size, payload=PAYLOAD):
    frame, start, offset = unfinished(below / UDP(sport=4000, dport=5000) / payload, UDP)
    pieces = [payload[i:i + size] for i in range(0, len(payload), size)]
    expected = [identified(below, i) / UDP(sport=4000, dport=5000) / p for i, p in enumerate(pieces)]
    save(name, struct.pack("<BBHHHH", 1, UDP_L4, 0, size, start, offset), frame, expected)


def single(name, packet, kind):
    frame, start, offset = unfinished(packet, kind)
    save(name, struct.pack("<BBHHHH", 1, NONE, 0, 0, start, offset), frame, [packet])


def with_checksum(wanted, transport, field):
    """A packet whose payload is such that scapy gives it the checksum `wanted`; `field` is its offset."""
    for value in range(65536):
        packet = ETHERNET / IP4 / transport / struct.pack("!H", value)
        if bytes(packet)[34 + field:36 + field] == wanted:
            return packet
    raise SystemExit("there is no such packet")


ext6 = IP6 / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0\0\0\0")]) / IPv6ExtHdrDestOpt(
    options=[PadN(optdata=b"\0" * 12)])
tcp("tcp4", ETHERNET / IP4, TCP4 | ECN, 1448)
tcp("tcp4-one-byte-segments", ETHERNET / IP4, TCP4, 1, payload=b"abcde")
tcp("tcp4-vlan", ETHERNET / Dot1Q(vlan=100, prio=5) / IP4, TCP4, 1448)
tcp("tcp4-two-vlans", ETHERNET / Dot1AD(vlan=7) / Dot1Q(vlan=100) / IP4, TCP4, 999)
tcp("tcp6", ETHERNET / IP6, TCP6, 1428)
tcp("tcp6-extension-headers", ETHERNET / ext6, TCP6, 1404)
tcp("tcp4-in-ip4", ETHERNET / IP(src="203.0.113.1", dst="203.0.113.2", id=5) / IP4, TCP4, 1428)
tcp("tcp6-in-ip4", ETHERNET / IP(src="203.0.113.1", dst="203.0.113.2", id=5) / IP6, TCP6, 1400)
tcp("tcp4-in-mpls", ETHERNET / MPLS(label=16001, s=0, ttl=63) / MPLS(label=100042, s=1, ttl=63) / IP4, TCP4, 1440)
udp("udp4", ETHERNET / IP4, 1000)
udp("udp6", ETHERNET / IP6, 1333)
single("checksum-tcp4", ETHERNET / IP4 / TCP(sport=1, dport=2, flags="S") / b"odd", TCP)
single("checksum-tcp6", ETHERNET / IP6 / TCP(sport=1, dport=2, flags="S"), TCP)
single("checksum-udp4", ETHERNET / Dot1Q(vlan=5) / IP4 / UDP(sport=1, dport=2) / b"abc", UDP)
single("checksum-udp6", ETHERNET / IP6 / UDP(sport=1, dport=2) / b"abcd", UDP)
# A sum of zero: sent as 0xffff by UDP, to which zero means "none", and as it is by TCP.
single("checksum-udp4-zero", with_checksum(b"\xff\xff", UDP(sport=4000, dport=5000), 6), UDP)
single("checksum-tcp4-zero", with_checksum(b"\0\0", TCP(sport=4000, dport=5000), 16), TCP)

sctp = ETHERNET / IP4 / SCTP(sport=1, dport=2, tag=3) / SCTPChunkData(data=b"hello", beginning=1, ending=1)
raw = bytearray(bytes(sctp))
raw[34 + 8:34 + 12] = bytes(4)
save("checksum-sctp", struct.pack("<BBHHHH", 1, NONE, 0, 0, 34, 8), bytes(raw), [sctp])
