"""Malformed and truncated frames of every kind: a reason for each, and nothing leaves."""

import struct

from .case import Case
from .exchanges import access_edge, ip_in_ip_edge
from .packets import ALICE, ALICE6, PORT3_MAC, VIDEO, VIDEO6
from .packets import ethernet, in_ip, labels, patched, udp


def cases():
    return [ipv4(), ipv6(), frames(), label_stacks(), ip_in_ip()]


def _cut(packet: bytes, first: int):
    """Every shorter packet from `first` bytes on."""
    return [packet[:length] for length in range(first, len(packet))]


def _bad_ipv4(good: bytes):
    """(packet, reason, note) for every way an IPv4 header can lie."""
    for version in (0, 1, 5, 7, 15):
        yield patched(good, 0, bytes([version << 4 | 5]), seal=False), "badIPVersion", f"version {version}"
    for words in range(5):
        yield patched(good, 0, bytes([0x40 | words])), "badIPv4HeaderLength", f"header length {4 * words}"
    yield patched(good[:40], 0, b"\x4f"), "truncatedIPv4", "header length 60 in 40 bytes"
    for length in (0, 19, len(good) + 1, 65535):
        yield patched(good, 2, struct.pack(">H", length)), "badIPv4TotalLength", f"total length {length}"
    (checksum,) = struct.unpack_from(">H", good, 10)
    for wrong in (checksum ^ 1, checksum ^ 0x8000, checksum >> 8 | (checksum & 0xFF) << 8, 0):
        packet = patched(good, 10, struct.pack(">H", wrong), seal=False)
        yield packet, "badIPv4Checksum", f"checksum {wrong:#06x}"


def _bad_ipv6(good: bytes):
    for version in (0, 5, 7, 15):
        yield patched(good, 0, bytes([version << 4]), seal=False), "badIPVersion", f"version {version}"
    for length in (len(good) - 39, 65535):
        packet = patched(good, 4, struct.pack(">H", length), seal=False)
        yield packet, "badIPv6PayloadLength", f"payload length {length}"


def ipv4() -> Case:
    case = Case(
        "malformed-ipv4", "IPv4 cut at every length, and headers that lie", access_edge(),
        rfc="RFC 1812 §5.2.2", ids="PX-4",
    )
    good = udp(ALICE, VIDEO, size=12)
    case.send("access0", good, "forwarded", "the packet, whole")
    for cut in _cut(good, 1):
        case.send("access0", cut, "truncatedIPv4" if len(cut) < 20 else "badIPv4TotalLength",
                  "cut inside the header" if len(cut) < 20 else "cut behind the header")
    for packet, reason, note in _bad_ipv4(good):
        case.send("access0", packet, reason, note)
    flipped = bytearray(good)
    flipped[19] ^= 1
    case.send("access0", bytes(flipped), "badIPv4Checksum", "a destination that the checksum does not cover")
    case.send("access0", good, "forwarded", "the packet, whole, again")
    return case


def ipv6() -> Case:
    case = Case(
        "malformed-ipv6", "IPv6 cut at every length, and headers that lie", access_edge(),
        rfc="RFC 8200 §3", ids="PX-4",
    )
    good = udp(ALICE6, VIDEO6, size=12)
    case.send("access0", good, "forwarded", "the packet, whole")
    for cut in _cut(good, 1):
        case.send("access0", cut, "truncatedIPv6" if len(cut) < 40 else "badIPv6PayloadLength",
                  "cut inside the header" if len(cut) < 40 else "cut behind the header")
    for packet, reason, note in _bad_ipv6(good):
        case.send("access0", packet, reason, note)
    case.send("access0", good, "forwarded", "the packet, whole, again")
    return case


def frames() -> Case:
    case = Case(
        "malformed-ethernet", "Ethernet frames that are short, strange or another's", access_edge(),
        rfc="RFC 894, RFC 2464 §3", ids="PX-4",
    )
    inner = labels(17001, 200042, inner=udp(VIDEO, ALICE))

    def core(note, data, outcome):
        case.send("core0", data, outcome, note)

    good = ethernet(inner, ethertype=0x8847)
    core("the frame, whole", good, "forwarded")
    for cut in _cut(good, 1)[:13]:
        core("cut inside the Ethernet header", cut, "truncatedEthernet")
    tagged = ethernet(inner, ethertype=0x8847, vlan=(7,))
    for cut in _cut(tagged, 14)[:4]:
        core("cut inside the VLAN tag", cut, "truncatedEthernet")
    core("a VLAN tag where there is none", tagged, "wrongVLAN")
    for ethertype in (0x88B5, 0x8848, 0x8035, 0x9000, 46):
        core(f"ethertype {ethertype:#06x}", ethernet(inner, ethertype=ethertype), "unknownEtherType")
    core("to another station", ethernet(inner, ethertype=0x8847, destination=PORT3_MAC),
         "notOurMAC")
    core("IP to another station", ethernet(udp(VIDEO, ALICE), destination="02:00:00:00:00:02"), "notOurMAC")
    core("broadcast IPv4", ethernet(udp(VIDEO, "255.255.255.255"), destination="ff:ff:ff:ff:ff:ff"),
         "notUnicast")
    core("OSPF's group", ethernet(udp("10.0.0.2", "224.0.0.5"), destination="01:00:5e:00:00:05"),
         "notUnicast")
    core("IPv6 multicast", ethernet(udp("fe80::2", "ff02::fb"), destination="33:33:00:00:00:fb"),
         "notUnicast")
    core("MPLS to a group", ethernet(inner, ethertype=0x8847, destination="01:00:5e:80:00:01"), "notUnicast")
    core("IPv6 announced as IPv4", ethernet(udp(VIDEO6, ALICE6), ethertype=0x0800), "badIPVersion")
    core("IPv4 announced as IPv6", ethernet(udp(VIDEO, ALICE), ethertype=0x86DD), "badIPVersion")
    core("nothing behind the header, IPv4", ethernet(b"", ethertype=0x0800), "truncatedIPv4")
    core("nothing behind the header, IPv6", ethernet(b"", ethertype=0x86DD), "truncatedIPv6")
    core("nothing behind the header, MPLS", ethernet(b"", ethertype=0x8847), "truncatedLabelStack")
    core("the frame, whole, again", good, "forwarded")
    return case


def label_stacks() -> Case:
    case = Case(
        "malformed-labels", "Label stacks cut at every length, and what lies behind them", access_edge(),
        rfc="RFC 3032 §2.1", ids="PX-4",
    )

    def core(data, outcome, note):
        case.send("core0", ethernet(data, ethertype=0x8847), outcome, note)

    good = labels(17001, 200042, inner=udp(VIDEO, ALICE, size=12))
    core(good, "forwarded", "the frame, whole")
    for cut in _cut(good, 0):
        if len(cut) < 8:
            core(cut, "truncatedLabelStack", "cut inside the stack")
        elif len(cut) < 28:
            core(cut, "truncatedIPv4", "cut inside the IP header")
        else:
            core(cut, "badIPv4TotalLength", "cut behind the IP header")
    for packet, reason, note in _bad_ipv4(udp(VIDEO, ALICE, size=12)):
        core(labels(17001, 200042, inner=packet), reason, note)
    for packet, reason, note in _bad_ipv6(udp(VIDEO6, ALICE6, size=12)):
        core(labels(17001, 200042, inner=packet), reason, note)
    eight = labels(17001, *range(300, 308), inner=udp(VIDEO, ALICE))
    core(eight, "unknownLabel", "nine labels")
    core(b"\xff" * 40, "unknownLabel", "all ones")
    core(bytes(40), "labelStackTooDeep", "all zeros: ten explicit nulls")
    return case


def ip_in_ip() -> Case:
    case = Case(
        "malformed-ipip", "IP-in-IP cut at every length, outside and inside", ip_in_ip_edge(),
        rfc="RFC 2003 §3.1, RFC 4213 §3.6", ids="PX-4",
    )

    def core(data, outcome, note):
        case.send("core0", ethernet(data, ethertype=0x0800), outcome, note)

    inner = udp(VIDEO, ALICE, size=12)
    good = in_ip(inner)
    core(good, "forwarded", "the packet, whole")
    for cut in _cut(good, 1):
        core(cut, "truncatedIPv4" if len(cut) < 20 else "badIPv4TotalLength",
             "cut as it came, without its outer length")
    for cut in _cut(inner, 0):
        core(in_ip(cut, proto=4), "truncatedIPv4" if len(cut) < 20 else "badIPv4TotalLength",
             "the inner packet cut")
    for packet, reason, note in _bad_ipv4(good):
        core(packet, reason, f"outside: {note}")
    for packet, reason, note in _bad_ipv4(inner):
        core(in_ip(packet, proto=4), reason, f"inside: {note}")
    inner6 = udp(VIDEO6, ALICE6, size=12)
    for cut in _cut(inner6, 0):
        core(in_ip(cut, proto=41), "truncatedIPv6" if len(cut) < 40 else "badIPv6PayloadLength",
             "the inner IPv6 packet cut")
    for packet, reason, note in _bad_ipv6(inner6):
        core(in_ip(packet, proto=41), reason, f"inside, IPv6: {note}")
    return case
