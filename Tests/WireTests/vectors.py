#!/usr/bin/python3
"""Writes Vectors.swift: packets as scapy, a program that isn't ours, builds them.

Run in this folder: ./vectors.py > Vectors.swift
"""
from scapy.all import ARP, ICMP, IP, TCP, UDP, Dot1AD, Dot1Q, Ether, IPOption_NOP, IPOption_RR, IPv6, Raw, raw
from scapy.contrib.icmp_extensions import ICMPExtensionHeader, ICMPExtensionMPLS
from scapy.contrib.mpls import MPLS
from scapy.layers.inet6 import (
    ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr,
    ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting)
from scapy.utils import checksum

A, B = "02:00:00:00:00:01", "02:57:4c:00:00:02"
A4, B4, R4 = "10.1.0.5", "198.51.100.7", "10.1.0.1"
A6, B6, R6 = "2001:db8:1::5", "2001:db8:a::7", "2001:db8:1::1"

data = bytes(range(33))  # odd, so that checksums meet a lone last byte
udp4 = IP(src=A4, dst=B4, tos=0xB9, id=0x1234, flags="DF", ttl=63) / UDP(sport=5000, dport=53) / b"hello"
udp6 = IPv6(src=A6, dst=B6, tc=0xB9, fl=0x12345, hlim=63) / UDP(sport=5000, dport=53) / b"hello"
ping4 = IP(src=A4, dst=R4, id=7, ttl=9, tos=0x20) / ICMP(id=0x1122, seq=3) / Raw(data)
pong4 = IP(src=R4, dst=A4, id=7, ttl=64, tos=0x20) / ICMP(type=0, id=0x1122, seq=3) / Raw(data)
recorded = [IPOption_RR(pointer=4, routers=["0.0.0.0"]), IPOption_NOP()]
ping6 = IPv6(src=A6, dst=R6, hlim=9, tc=0x20, fl=7) / ICMPv6EchoRequest(id=0x1122, seq=3, data=data)
pong6 = IPv6(src=R6, dst=A6, hlim=64, tc=0x20, fl=7) / ICMPv6EchoReply(id=0x1122, seq=3, data=data)
target = "2001:db8:1::1"

stack = ICMPExtensionMPLS(stack=[MPLS(label=16001, cos=5, s=0, ttl=1), MPLS(label=100042, cos=5, s=1, ttl=64)])
# The checksum is over the whole structure (RFC 4884 §7); scapy by itself sums the header alone.
extension = raw(ICMPExtensionHeader(chksum=checksum(raw(ICMPExtensionHeader(chksum=0) / stack))) / stack)

vectors = {
    "ethernet": Ether(dst=B, src=A, type=0x0800) / Raw(b"payload"),
    "doubleTagged": Ether(dst=B, src=A) / Dot1AD(prio=5, id=1, vlan=100)
    / Dot1Q(prio=0, vlan=4094, type=0x0800) / Raw(raw(udp4)),
    "arpRequest": ARP(op=1, hwsrc=A, psrc=A4, hwdst="00:00:00:00:00:00", pdst=R4),
    "arpReply": ARP(op=2, hwsrc=B, psrc=R4, hwdst=A, pdst=A4),
    "ipv4UDP": udp4,
    "ipv4TCP": IP(src=A4, dst=B4) / TCP(sport=1025, dport=443, seq=1, ack=2, flags="PA") / b"odd",
    "ipv4Options": IP(src=A4, dst=B4, options=recorded, proto=17) / UDP(sport=1, dport=2),
    "ipv4InIPv4": IP(src="192.0.2.1", dst="192.0.2.9", id=0, proto=4) / Raw(b"\xa5" * 4),
    "ipv4LaterFragment": IP(src=A4, dst=B4, id=9, flags="MF", frag=185, proto=17) / Raw(data[:8]),
    "ipv6UDP": udp6,
    "ipv6TCP": IPv6(src=A6, dst=B6) / TCP(sport=1025, dport=443, seq=1, ack=2, flags="S") / b"odd",
    "ipv6Extended": IPv6(src=A6, dst=B6) / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt()
    / IPv6ExtHdrRouting(addresses=[B6], segleft=0) / IPv6ExtHdrFragment(id=5, m=1) / IPv6ExtHdrDestOpt()
    / UDP(sport=5000, dport=53, len=800, chksum=0x1234) / Raw(data[:24]),
    "ipv6LaterFragment": IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=5, offset=100, nh=60) / Raw(data[:16]),
    "ipv6AtomicFragment": IPv6(src=A6, dst=B6) / IPv6ExtHdrFragment(id=5) / UDP(sport=1, dport=2),
    "echoRequest4": ping4,
    "echoReply4": pong4,
    "echoRequest4Options": IP(src=A4, dst=R4, id=7, ttl=9, options=recorded)
    / ICMP(id=0x1122, seq=3) / Raw(data),
    "echoRequest6": ping6,
    "echoReply6": pong6,
    "fragmentationNeeded": IP(src=R4, dst=A4, tos=0xC0, id=0, flags="DF", ttl=64)
    / ICMP(type=3, code=4, nexthopmtu=1480) / Raw(raw(udp4)),
    "timeExceeded4": IP(src=R4, dst=A4, tos=0xC0, id=0, flags="DF", ttl=64) / ICMP(type=11, code=0) / Raw(raw(udp4)),
    "prohibited4": IP(src=R4, dst=A4, tos=0xC0, id=0, flags="DF", ttl=64) / ICMP(type=3, code=13) / Raw(raw(udp4)),
    # RFC 4884, RFC 4950: the quote filled up to 128 bytes, then the label stack as it came.
    "timeExceededMPLS4": IP(src=R4, dst=A4, tos=0xC0, id=0, flags="DF", ttl=64) / ICMP(type=11, code=0, length=32)
    / Raw(raw(udp4).ljust(128, b"\0") + extension),
    "timeExceededMPLS6": IPv6(src=R6, dst=A6, hlim=64) / ICMPv6TimeExceeded(code=0, length=16)
    / Raw(raw(udp6).ljust(128, b"\0") + extension),
    "packetTooBig": IPv6(src=R6, dst=A6, hlim=64) / ICMPv6PacketTooBig(mtu=1480) / Raw(raw(udp6)),
    "timeExceeded6": IPv6(src=R6, dst=A6, hlim=64) / ICMPv6TimeExceeded(code=0) / Raw(raw(udp6)),
    "solicitation": IPv6(src=A6, dst="ff02::1:ff00:1", hlim=255)
    / ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=A),
    "duplicateAddressDetection": IPv6(src="::", dst="ff02::1:ff00:1", hlim=255) / ICMPv6ND_NS(tgt=target),
    "advertisement": IPv6(src=target, dst=A6, hlim=255)
    / ICMPv6ND_NA(R=1, S=1, O=1, tgt=target) / ICMPv6NDOptDstLLAddr(lladdr=B),
    "unsolicitedAdvertisement": IPv6(src=target, dst="ff02::1", hlim=255)
    / ICMPv6ND_NA(R=1, S=0, O=1, tgt=target) / ICMPv6NDOptDstLLAddr(lladdr=B),
    "labelStack": MPLS(label=16001, cos=5, s=0, ttl=62)
    / MPLS(label=1048575, cos=0, s=1, ttl=255) / Raw(b"below"),
}

print("// Written by vectors.py from packets that scapy built. Don't edit.")
print("enum Vectors {")
for name, packet in vectors.items():
    text = raw(packet).hex()
    print(f"    static let {name} = hex(\n        \"\"\"")
    for start in range(0, len(text), 80):
        print(f"        {text[start:start + 80]}")
    print("        \"\"\")")
print("}")
