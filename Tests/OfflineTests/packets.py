#!/usr/bin/python3
"""Writes PacketTable.swift: one packet or more for each outcome, built by scapy.

    Tests/OfflineTests/packets.py > Tests/OfflineTests/PacketTable.swift

Needs the Debian package python3-scapy. The exchanges that they are for are in Fixture.swift and RichEdge.swift.
"""

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    HAO, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw, raw

ALICE, BOB, CAROL, VIDEO, MUSIC = "10.1.0.5", "10.1.0.6", "10.2.0.5", "198.51.100.10", "203.0.113.40"
ALICE6, VIDEO6 = "2001:db8:1:5::25", "2001:db8:a::80"
ROUTER = "192.0.2.77"
CORE, WEST, ACCESS1 = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:11"
PEER = "02:00:00:00:00:02"
WIDTH = 88


def up(payload=None, **fields):
    return IP(src=ALICE, dst=VIDEO, **fields) / (payload or TCP(sport=40000, dport=443))


def down(payload=None, **fields):
    return IP(src=VIDEO, dst=ALICE, **fields) / (payload or TCP(sport=443, dport=40000))


def frame(packet, to=CORE, **fields):
    return Ether(dst=to, src=PEER, **fields) / packet


def labelled(*labels, inner=None, ttl=61, bottom=True, to=CORE):
    stack = frame(MPLS(label=labels[0], s=int(bottom and len(labels) == 1), ttl=ttl), to, type=0x8847)
    for position, label in enumerate(labels[1:], start=2):
        stack /= MPLS(label=label, s=int(bottom and position == len(labels)), ttl=ttl)
    return raw(stack) + raw(inner if inner is not None else down())


def tunnelled(inner, to=WEST, **fields):
    outer = dict(src="192.0.2.9", dst="10.0.1.1", ttl=60)
    return frame(IP(**{**outer, **fields}) / inner, to)


def solicitation(hops=255):
    return Ether(dst="33:33:ff:00:00:01", src=PEER) / IPv6(
        src="2001:db8:ff::2", dst="ff02::1:ff00:1", hlim=hops
    ) / ICMPv6ND_NS(tgt="2001:db8:ff::1") / ICMPv6NDOptSrcLLAddr(lladdr=PEER)


def tunnelled6(*headers):
    packet = IPv6(src="2001:db8:ff::2", dst="2001:db8:ff::1")
    for header in headers:
        packet /= header
    return frame(packet / IP(src=MUSIC, dst=ALICE) / UDP())


def tagged(outer, within, *labels, inner=None, ttl=61, cos=0):
    """Under a line's two tags."""
    stack = frame(Dot1Q(vlan=outer, type=0x8100) / Dot1Q(vlan=within, type=0x8847), type=0x88A8)
    for position, label in enumerate(labels, start=1):
        stack /= MPLS(label=label, s=int(position == len(labels)), ttl=ttl, cos=cos)
    return raw(stack) + raw(inner if inner is not None else down())


def tunnelled6to(inner, **fields):
    ends = {"src": "2001:db8:99::2", "dst": "2001:db8:99::1"}
    return frame(IPv6(**ends, nh=inner.overload_fields.get(IPv6, {}).get("nh", 4), **fields) / inner, WEST)


def error(about, to=ALICE, type=11, source=ROUTER):
    """From a router on the way, which is in no service."""
    return IP(src=source, dst=to) / ICMP(type=type) / about


def changed(packet, offset, value):
    """One byte of the packet made another, and no checksum made good again."""
    packet = bytearray(raw(packet))
    packet[offset] = value
    return bytes(packet)


PACKETS = [
    ("ping from alice to video", "access0", up(ICMP()), "forwarded"),
    ("alice to video by IPv6", "access0", IPv6(src=ALICE6, dst=VIDEO6) / TCP(dport=80), "forwarded"),
    ("1500 bytes, to be fragmented", "access0", up(TCP(dport=443) / Raw(bytes(1460))), "forwarded"),
    ("nothing but a version", "access0", bytes([0x45]), "truncatedIPv4"),
    ("version 5", "access0", changed(up(), 0, 0x55), "badIPVersion"),
    ("header length 16", "access0", changed(up(), 0, 0x44), "badIPv4HeaderLength"),
    ("total length above what came", "access0", changed(up(), 3, 41), "badIPv4TotalLength"),
    ("another checksum", "access0", up(chksum=0x1234), "badIPv4Checksum"),
    ("39 bytes of IPv6", "access0", raw(IPv6(src=ALICE6, dst=VIDEO6))[:39], "truncatedIPv6"),
    ("payload length above what came", "access0", IPv6(src=ALICE6, dst=VIDEO6, plen=8), "badIPv6PayloadLength"),
    ("TCP of two bytes", "access0", up(Raw(b"\x9c\x40"), proto=6), "truncatedTransport"),
    ("TTL 1", "access0", up(ttl=1), "ttlExpired"),
    ("hop limit 1", "access0", IPv6(src=ALICE6, dst=VIDEO6, hlim=1) / TCP(dport=80), "ttlExpired"),
    ("multicast", "access0", IP(src=ALICE, dst="224.0.0.5") / UDP(), "notUnicast"),
    ("1500 bytes, DF set", "access0", up(TCP(dport=443) / Raw(bytes(1460)), flags="DF"), "tooBig"),
    ("1500 bytes of IPv6", "access0", IPv6(src=ALICE6, dst=VIDEO6) / TCP(dport=80) / Raw(bytes(1440)), "tooBig"),
    ("from nobody", "access0", IP(src="10.1.0.99", dst=VIDEO) / TCP(dport=443), "unknownSubscriber"),
    ("carol's address", "access0", IP(src=CAROL, dst=VIDEO) / TCP(dport=443), "spoofedSource"),
    ("our own address", "access0", IP(src="10.0.0.1", dst=VIDEO) / TCP(dport=443), "spoofedSource"),
    ("to no service", "access0", IP(src=ALICE, dst="192.0.2.77") / TCP(dport=443), "unknownService"),
    ("a port that no rule has", "access0", up(TCP(dport=22)), "notAdmitted"),
    ("a protocol that no rule has", "access0", up(UDP(dport=443)), "notAdmitted"),
    ("a service without a condition", "access0", IP(src=ALICE, dst="203.0.113.200") / TCP(dport=80), "notAdmitted"),
    ("a condition without a session", "access0", IP(src="10.1.0.6", dst=MUSIC) / TCP(dport=80), "notAdmitted"),
    ("a later fragment of TCP", "access0", up(Raw(bytes(16)), proto=6, frag=10), "fragmentWithoutPorts"),
    ("UDP to us", "access0", IP(src=ALICE, dst="10.1.0.1") / UDP(dport=53), "notServedHere"),
    ("ping to us", "access0", IP(src=ALICE, dst="10.1.0.1") / ICMP(), "consumed"),
    ("a next hop that isn't known", "access0", IP(src=ALICE, dst=MUSIC) / UDP(dport=53), "neighbourUnresolved"),
    ("more than a buffer takes", "access0", bytes([0x45]) + bytes(269_999), "oversized"),
    ("carol on her VLAN", "access1", Ether(dst=ACCESS1, src="02:00:00:00:00:05") / Dot1Q(vlan=100)
     / IP(src=CAROL, dst=VIDEO) / TCP(dport=443), "forwarded"),
    ("carol without her tag", "access1", frame(IP(src=CAROL, dst=VIDEO) / TCP(dport=443), ACCESS1), "wrongVLAN"),
    ("13 bytes", "core0", raw(frame(down()))[:13], "truncatedEthernet"),
    ("to another station", "core0", frame(down(), "02:00:00:00:00:99"), "notOurMAC"),
    ("LLDP", "core0", frame(Raw(bytes(46)), type=0x88cc), "unknownEtherType"),
    ("a tag on the network side", "core0", frame(Dot1Q(vlan=7) / down()), "wrongVLAN"),
    ("ARP for Token Ring", "core0", frame(ARP(hwtype=6, psrc="10.0.0.2", pdst="10.0.0.1")), "malformedARP"),
    ("ARP for us", "core0", Ether(dst="ff:ff:ff:ff:ff:ff", src=PEER)
     / ARP(hwsrc=PEER, psrc="10.0.0.2", pdst="10.0.0.1"), "consumed"),
    ("ARP for somebody else", "core0", Ether(dst="ff:ff:ff:ff:ff:ff", src=PEER)
     / ARP(hwsrc=PEER, psrc="10.0.0.2", pdst="10.0.0.3"), "consumed"),
    ("neighbour solicitation", "core0", solicitation(), "consumed"),
    ("neighbour solicitation through a router", "core0", solicitation(254), "malformedNeighbourDiscovery"),
    ("broadcast IPv4", "core0", frame(down(), "ff:ff:ff:ff:ff:ff"), "notUnicast"),
    ("to no subscriber", "core0", frame(IP(src=VIDEO, dst="10.9.9.9") / UDP()), "unknownDestination"),
    ("from no service", "core0", frame(IP(src="192.0.2.77", dst=ALICE) / UDP()), "unknownService"),
    ("bare IP where the tunnel is due", "core0", frame(down()), "wrongLeg"),
    ("video to alice", "core0", labelled(17001, 200042), "forwarded"),
    ("a label with TTL 1", "core0", labelled(17001, 200042, ttl=1), "ttlExpired"),
    ("three bytes of a label", "core0", raw(frame(Raw(b"\x04\x26\x90"), type=0x8847)), "truncatedLabelStack"),
    ("a label that isn't bound", "core0", labelled(99999), "unknownLabel"),
    ("an unbound user label", "core0", labelled(17001, 99999), "unknownLabel"),
    ("explicit null", "core0", labelled(0), "missingUserLabel"),
    ("explicit null above the path", "core0", labelled(0, 17001, 200042), "forwarded"),
    ("a transit label below a null", "core0", labelled(0, 16100), "forwarded"),
    ("nine labels", "core0", labelled(*[0] * 8, 17001), "labelStackTooDeep"),
    ("router alert", "core0", labelled(1), "reservedLabel"),
    ("the tunnel's associated channel", "core0", labelled(17001, 13), "associatedChannel"),
    ("the session's associated channel", "core0", labelled(17001, 200042, 13), "associatedChannel"),
    ("a tag on a tunnel", "core0", frame(Dot1Q(vlan=7, type=0x8847) / MPLS(label=17001, s=0, ttl=61)
     / MPLS(label=200042, s=1, ttl=61) / down()), "wrongVLAN"),
    ("an error about alice's packet", "core0", labelled(17001, 200042, inner=error(up())), "forwarded"),
    ("an error about a packet that no rule has", "core0", labelled(17001, 200042, inner=error(up(TCP(dport=22)))),
     "innerSourceMismatch"),
    ("an error from inside the tunnel", "core0", labelled(17001, 200042, inner=error(down(), to=VIDEO)), "forwarded"),
    ("an error outside of the tunnel", "core0", frame(error(up())), "unknownService"),
    ("a user label without its path", "core0", labelled(200042), "labelOutOfContext"),
    ("a path label on another port", "core1", labelled(17001, 200042, to=WEST), "labelOutOfContext"),
    ("a path label alone", "core0", labelled(17001), "missingUserLabel"),
    ("a third label", "core0", labelled(17001, 200042, 200043), "missingBottomOfStack"),
    ("another's source", "core0", labelled(17001, 200042, inner=IP(src=MUSIC, dst=ALICE) / UDP()),
     "innerSourceMismatch"),
    ("another's destination", "core0", labelled(17001, 200042, inner=IP(src=VIDEO, dst=CAROL) / UDP()),
     "innerDestinationMismatch"),
    ("swap", "core0", labelled(16100, 300), "forwarded"),
    ("pop", "core0", labelled(16101), "forwarded"),
    ("pop and push with nothing below", "core0", labelled(16102), "earlyBottomOfStack"),
    ("swap, and too long then", "core0", labelled(16103, inner=IP(src=VIDEO, dst=ALICE, flags="DF")
     / Raw(bytes(1476))), "tooBig"),
    ("swap with TTL 1", "core0", labelled(16100, ttl=1), "ttlExpired"),
    ("music to alice", "core1", tunnelled(IP(src=MUSIC, dst=ALICE) / UDP(sport=53)), "forwarded"),
    ("music to alice, congested", "core1", tunnelled(IP(src=MUSIC, dst=ALICE, tos=2) / UDP(sport=53), tos=3),
     "forwarded"),
    ("congestion that can't be marked", "core1", tunnelled(IP(src=MUSIC, dst=ALICE) / UDP(sport=53), tos=3),
     "ecnMismatch"),
    ("from a stranger", "core1", tunnelled(IP(src=MUSIC, dst=ALICE) / UDP(), src="192.0.2.66"), "unknownTunnelEndpoint"),
    ("a fragment of the outer packet", "core1", tunnelled(IP(src=MUSIC, dst=ALICE) / UDP(), flags="MF"),
     "outerFragment"),
    ("an option that must not be passed", "core0", tunnelled6(IPv6ExtHdrDestOpt(nh=4, options=[HAO()])),
     "outerExtensionHeader"),
    ("a fragment of an outer IPv6 packet", "core0", tunnelled6(IPv6ExtHdrFragment(nh=4, m=1)), "outerFragment"),
    ("IPv6 ends of no tunnel", "core0", tunnelled6(), "unknownTunnelEndpoint"),
    ("from nobody, in the tunnel", "core1", tunnelled(IP(src="192.0.2.77", dst=ALICE) / UDP()), "innerSourceMismatch"),
    ("to nobody, in the tunnel", "core1", tunnelled(IP(src=MUSIC, dst="10.9.9.9") / UDP()),
     "innerDestinationMismatch"),
    ("video in music's tunnel", "core1", tunnelled(down()), "wrongLeg"),
]

RICH = [
    *((f"on the rich edge, a flow to port 443 from {port}", "access0", up(TCP(sport=port, dport=443)), "forwarded")
      for port in range(1, 5)),
    *((f"on the rich edge, an IPv6 flow from {port}", "access0",
       IPv6(src=ALICE6, dst=VIDEO6) / TCP(sport=port, dport=443), "forwarded") for port in range(1, 3)),
    ("a later fragment, prohibited", "access0", up(Raw(bytes(16)), proto=6, frag=10), "fragmentWithoutPorts"),
    ("a DSCP that no rule has, prohibited", "access0", up(tos=0x20), "notAdmitted"),
    ("an ICMP type that no rule has, prohibited", "access0", up(ICMP(type=13)), "notAdmitted"),
    ("to no service, prohibited", "access0", IP(src=BOB, dst="192.0.2.1") / TCP(dport=80), "notAdmitted"),
    ("IPv6 to no service, prohibited", "access0", IPv6(src=ALICE6, dst="2001:db8:b::1") / TCP(), "unknownService"),
    ("alice to bob", "access0", IP(src=ALICE, dst=BOB) / UDP(dport=9), "forwarded"),
    ("bob to alice, on alice's session", "access0", IP(src=BOB, dst=ALICE) / UDP(sport=9), "forwarded"),
    ("more than the policer's burst", "access0", up(TCP(dport=443) / Raw(bytes(1300))), "forwarded"),
    ("tags of another line", "core0", tagged(101, 7, 17001, 200042), "wrongVLAN"),
    ("no tags where the line has two", "core0", labelled(17001, 200042), "wrongVLAN"),
    ("red, and dropped", "core0", tagged(100, 7, 17001, 200042, inner=down(TCP(sport=443) / Raw(bytes(400)))),
     "policed"),
    ("yellow, and marked", "core0", tagged(100, 7, 17001, 200042, inner=down(TCP(sport=443) / Raw(bytes(100)))),
     "forwarded"),
    ("a class that sets the DSCP", "core0", tagged(100, 7, 17001, 200042, cos=5), "forwarded"),
    ("a label's TTL at the end of one of two paths", "core0", tagged(100, 7, 17001, 200042, ttl=1), "ttlExpired"),
    ("out of a tunnel of IPv6", "core1", tunnelled6to(down(TCP(sport=443)), tc=0xb8), "forwarded"),
    ("out of a tunnel of IPv6, congested for nothing", "core1", tunnelled6to(down(TCP(sport=443)), tc=3),
     "ecnMismatch"),
    ("out of a tunnel of IPv6, an unknown option", "core1",
     tunnelled6to(IPv6ExtHdrDestOpt(nh=4, options=[HAO()]) / down()), "outerExtensionHeader"),
    *((f"carol to {host}", "core1",
       labelled(17009, 8000, inner=IP(src="10.7.0.5", dst=f"198.51.100.{host}") / TCP(), to=WEST), "forwarded")
      for host in range(9, 12)),
    ("a label's TTL where nobody is told", "core1",
     labelled(17009, 8000, inner=IP(src="10.7.0.5", dst=VIDEO) / TCP(), to=WEST, ttl=1), "ttlExpired"),
    ("into the tunnel from its own end", "core0", frame(IP(src="192.0.2.9", dst="10.7.0.5") / UDP()),
     "recursiveEncapsulation"),
    ("a transit label under tags", "core0", tagged(100, 7, 16100, ttl=7), "forwarded"),
    ("a transit label under tags, its TTL used up", "core0", tagged(100, 7, 16100, ttl=1), "ttlExpired"),
]


def literal(packet: bytes) -> tuple[str, int]:
    """Hex in lines, and the number of zero bytes that follow."""
    kept = packet.rstrip(b"\0") if len(packet) > 200 else packet
    digits = kept.hex()
    lines = [digits[i:i + WIDTH] for i in range(0, len(digits), WIDTH)]
    return "\n".join(" " * 12 + line for line in lines), len(packet) - len(kept)


print("// Written by packets.py.")
print("\n/// A packet, where it arrives, and what must become of it.")
print("let packetTable: [ExpectedPacket] = [")
for name, port, packet, outcome, fixture in [(*p, "") for p in PACKETS] + [(*p, ", on: .rich") for p in RICH]:
    hex, zeros = literal(raw(packet))
    verdict = f".{outcome}" if outcome in ("forwarded", "consumed") else f".dropped(.{outcome})"
    print(f'    ExpectedPacket(\n        "{name}", port: "{port}", {verdict}{fixture}, zeros: {zeros},\n'
          f'        """\n{hex}\n            """),')
print("]")
