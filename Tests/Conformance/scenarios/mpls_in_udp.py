"""MPLS in UDP (RFC 7510): either IP version in either, checksums, labels, errors, and what routers say."""

from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, PadN
from scapy.layers.inet import UDP
from scapy.packet import Raw

from .case import Case
from .exchanges import ALICE_VIDEO, PLAIN, mpls_in_udp6_edge, mpls_in_udp_edge, provider_edge
from .packets import ALICE, ALICE6, BOB, HOST_MAC, LOCAL, LOCAL6, MUSIC, PORT1_MAC, REMOTE, REMOTE6, VIDEO, VIDEO6
from .packets import echo, ethernet, icmp_error, in_udp, labels, mpls_frame, sized, tcp, udp

_USER = 200042
_ROUTER, _ROUTER6 = "192.0.2.33", "2001:db8:c::33"
_ENDS6 = {"source": REMOTE6, "destination": LOCAL6}


def cases():
    return [four_in_four(), six_in_four(), four_in_six(), six_in_six(), entropy(), with_path_labels(), with_checksum(),
            without_checksum(), checks(), checks_over_ipv6(), label_checks(), other_port(), congestion(), knobs(),
            uniform(), expired(), too_big(), fragments(), learned(), learned_over_ipv6(), unreachable(),
            edge_of_provider(), related(), recursion()]


def _down(inner: bytes, *stack, **fields) -> bytes:
    return ethernet(in_udp(inner, *(stack or (_USER,)), **fields))


def _down6(inner: bytes, *stack, **fields) -> bytes:
    return _down(inner, *stack, **{**_ENDS6, **fields})


def four_in_four() -> Case:
    case = Case(
        "mplsudp-4in4", "MPLS in UDP over IPv4: the user label alone, both directions", mpls_in_udp_edge(),
        rfc="RFC 7510 §3", ids="PX-2 CD-4 CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "DF set: outer DF, id 0; no checksum",
              shows={"ip.src": f"{LOCAL},{ALICE}", "ip.dst": f"{REMOTE},{VIDEO}", "ip.ttl": "64,63",
                     "ip.proto": "17,17", "ip.id": "0x0000,0x1234", "ip.flags.df": "1,1", "udp.dstport": "6635,5004",
                     "udp.length": "104,72", "mpls.label": "100042", "mpls.bottom": "1", "mpls.ttl": "63",
                     "mpls.exp": "0", "udp.checksum": "0x0000,0xe8f6"})
    for count in range(2):
        case.send("access0", udp(ALICE, VIDEO, flags=0, size=100 + count), "forwarded",
                  "DF clear: outer ids count", shows={"ip.id": f"0x{count:04x},0x1234", "ip.flags.df": "0,0"})
    for ecn, name in enumerate(("Not-ECT", "ECT(1)", "ECT(0)", "CE")):
        case.send("access0", udp(ALICE, VIDEO, tos=0xB8 | ecn), "forwarded", f"EF, {name}: copied outside",
                  shows={"ip.dsfield": f"0x{0xB8 | ecn:02x},0x{0xB8 | ecn:02x}", "mpls.exp": "5"})
    case.send("access0", echo(ALICE, VIDEO), "forwarded", "an echo request", shows={"ip.proto": "17,1"})
    case.send("core0", _down(udp(VIDEO, ALICE)), "forwarded", "back to alice", shows={"ip.ttl": "63"})
    case.send("core0", _down(udp(VIDEO, ALICE), checksum=0), "forwarded", "without a checksum")
    case.send("core0", _down(echo(VIDEO, ALICE), ttl=1), "forwarded", "outer TTL 1 is for us", shows={"ip.ttl": "63"})
    case.send("core0", ethernet(in_udp(udp(VIDEO, ALICE, size=0, ttl=2), _USER), pad=100), "forwarded",
              "in a padded frame", shows={"ip.ttl": "1", "ip.len": "28"})
    case.send("core0", _down(tcp(VIDEO, ALICE, size=0), {"label": _USER, "ttl": 2}), "forwarded",
              "the label's TTL is let go", shows={"ip.ttl": "63"})
    case.send("core0", _down(udp(VIDEO, ALICE, tos=0x28), tos=0xB8), "forwarded", "outer DSCP is let go",
              shows={"ip.dsfield": "0x28"})
    return case


def six_in_four() -> Case:
    case = Case(
        "mplsudp-6in4", "IPv6 in MPLS in UDP over IPv4", mpls_in_udp_edge(), rfc="RFC 7510 §3", ids="PX-2 CD-4 CD-5",
    )
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "DF set",
              shows={"ip.proto": "17", "ip.flags.df": "1", "ip.ttl": "64", "ipv6.hlim": "63", "mpls.label": "100042"})
    case.send("access0", tcp(ALICE6, VIDEO6, tos=0x2B, fl=0xBEEF5), "forwarded", "AF11 with CE; the flow label stays",
              shows={"ip.dsfield": "0x2b", "ipv6.flow": "0x0beef5", "mpls.exp": "1"})
    case.send("core0", _down(udp(VIDEO6, ALICE6)), "forwarded", "back to alice", shows={"ipv6.hlim": "63"})
    case.send("core0", _down(udp(VIDEO6, ALICE6), tos=3), "ecnMismatch", "CE outside, Not-ECT inside")
    case.send("core0", _down(udp(VIDEO6, ALICE6, tos=2), tos=3), "forwarded", "CE outside, ECT(0) inside",
              shows={"ipv6.tclass": "0x00000003"})
    return case


def four_in_six() -> Case:
    case = Case(
        "mplsudp-4in6", "IPv4 in MPLS in UDP over IPv6", mpls_in_udp6_edge(), rfc="RFC 7510 §3, RFC 8200 §8.1",
        ids="PX-2 CD-4 CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "with a checksum",
              shows={"ipv6.src": LOCAL6, "ipv6.dst": REMOTE6, "ipv6.nxt": "17", "ipv6.hlim": "64", "ipv6.flow": "0x000000",
                     "udp.checksum.status": "1,1", "mpls.label": "100042", "ip.ttl": "63"})
    case.send("access0", udp(ALICE, VIDEO, size=61, tos=0xBB), "forwarded", "of odd length, EF with CE",
              shows={"udp.checksum.status": "1,1", "ipv6.tclass": "0x000000bb"})
    case.send("core0", _down6(udp(VIDEO, ALICE)), "forwarded", "back to alice", shows={"ip.ttl": "63"})
    case.send("core0", _down6(udp(VIDEO, ALICE, size=1)), "forwarded", "of odd length")
    case.send("core0", _down6(udp(VIDEO, ALICE), checksum=0), "missingUDPChecksum", "without a checksum")
    case.send("core0", _down6(udp(VIDEO, ALICE), checksum=0x1234), "badUDPChecksum", "with another one")
    return case


def six_in_six() -> Case:
    case = Case(
        "mplsudp-6in6", "IPv6 in MPLS in UDP over IPv6", mpls_in_udp6_edge(), rfc="RFC 7510 §3, RFC 8200 §8.1",
        ids="PX-2 CD-4 CD-5",
    )
    case.send("access0", tcp(ALICE6, VIDEO6), "forwarded", "with a checksum",
              shows={"ipv6.src": f"{LOCAL6},{ALICE6}", "ipv6.hlim": "64,63", "udp.checksum.status": "1"})
    case.send("core0", _down6(tcp(VIDEO6, ALICE6)), "forwarded", "back to alice", shows={"ipv6.hlim": "63"})
    options = IPv6(src=REMOTE6, dst=LOCAL6, hlim=60) / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])
    datagram = UDP(sport=50001, dport=6635) / Raw(labels(_USER, inner=udp(VIDEO6, ALICE6)))
    case.send("core0", ethernet(bytes(options / datagram)), "forwarded", "behind destination options")
    case.send("core0", _down6(udp(VIDEO6, ALICE6, tos=0x48), tc=3), "ecnMismatch", "CE outside, Not-ECT inside")
    return case


def entropy() -> Case:
    case = Case(
        "mplsudp-entropy", "Each flow has its own source port, from 49152 on", mpls_in_udp_edge(),
        rfc="RFC 7510 §3", ids="PX-2",
    )
    for index in range(24):
        for repeat in range(2):
            case.send("access0", udp(ALICE, VIDEO, ports=(40000 + index, 5004), size=10 + repeat), "forwarded",
                      f"flow {index + 1}")
    for packet, note in [
        (udp(ALICE, VIDEO, flags="MF"), "a first fragment: by addresses and protocol"),
        (udp(ALICE, VIDEO, flags=0, frag=8), "a later fragment: the same"),
        (echo(ALICE, VIDEO), "no ports"),
        (udp(ALICE6, VIDEO6), "IPv6"),
        (tcp(ALICE6, VIDEO6), "IPv6, TCP"),
        (echo(ALICE6, VIDEO6), "ICMPv6"),
    ]:
        case.send("access0", packet, "forwarded", note)
    return case


def with_path_labels() -> Case:
    case = Case(
        "mplsudp-path-labels", "A path label above the user label", mpls_in_udp_edge(send=16001, receive=17001),
        rfc="RFC 7510 §3, RFC 3032 §2.1", ids="PX-2 PX-3 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=0x48), "forwarded", "two labels",
              shows={"mpls.label": "16001,100042", "mpls.bottom": "0,1", "mpls.exp": "2,2", "mpls.ttl": "63,63",
                     "udp.length": "108,72"})
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "two labels, IPv6", shows={"mpls.label": "16001,100042"})
    for stack, outcome, note in [
        ((17001, _USER), "forwarded", "both labels"),
        ((0, 17001, _USER), "forwarded", "under an explicit null"),
        ((17001, 2, _USER), "forwarded", "with one between"),
        ((_USER,), "labelOutOfContext", "the user label alone"),
        ((17002, _USER), "unknownLabel", "another path label"),
        ((17001,), "missingUserLabel", "the path label alone"),
        ((17001, 200043), "unknownLabel", "another user label"),
        ((17001, 17001, _USER), "unknownLabel", "the path label twice"),
        ((17001, _USER, 99), "missingBottomOfStack", "a label below"),
    ]:
        case.send("core0", _down(udp(VIDEO, ALICE), *stack), outcome, note)
    case.send("core0", mpls_frame(17001, _USER, inner=udp(VIDEO, ALICE)), "unknownLabel",
              "the same labels on the link, without UDP")
    return case


def with_checksum() -> Case:
    case = Case(
        "mplsudp-checksum", "Checksums over IPv4, where they are asked for", mpls_in_udp_edge(checksum="on"),
        rfc="RFC 7510 §3.1, RFC 768", ids="PX-2 CD-5",
    )
    for size in (0, 1, 2, 63, 64, 1200):
        case.send("access0", udp(ALICE, VIDEO, size=size), "forwarded", f"{size} bytes",
                  shows={"udp.checksum.status": "1,1"})
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "IPv6", shows={"udp.checksum.status": "1,1"})
    case.send("core0", _down(udp(VIDEO, ALICE)), "forwarded", "with one")
    case.send("core0", _down(udp(VIDEO, ALICE), checksum=0), "forwarded", "without: over IPv4 anybody may")
    case.send("core0", _down(udp(VIDEO, ALICE), checksum=0xBEEF), "badUDPChecksum", "a wrong one")
    return case


def without_checksum() -> Case:
    case = Case(
        "mplsudp-no-checksum", "No checksums over IPv6, where that is asked for", mpls_in_udp6_edge(checksum="off"),
        rfc="RFC 7510 §3.1, RFC 6936 §4", ids="PX-2 CD-5",
    )
    case.send("access0", tcp(ALICE, VIDEO), "forwarded", "none is sent", shows={"udp.checksum": "0x0000"})
    case.send("core0", _down6(udp(VIDEO, ALICE), checksum=0), "forwarded", "none is needed")
    case.send("core0", _down6(udp(VIDEO, ALICE)), "forwarded", "a right one")
    case.send("core0", _down6(udp(VIDEO, ALICE), checksum=0xBEEF), "badUDPChecksum", "a wrong one")
    return case


def _two_tunnels() -> dict:
    exchange = mpls_in_udp_edge()
    exchange["tunnels"]["acme-east"] = {"line": "north", "mplsudp": {"local": LOCAL, "remote": "192.0.2.10"}}
    exchange["tunnels"]["acme-ip"] = {"line": "north", "ipip": {"local": LOCAL, "remote": REMOTE}}
    exchange["conditions"].append({"subscriber": "bob", "service": "acme-video"})
    exchange["sessions"]["bob-video"] = {
        **ALICE_VIDEO, "subscriber": "bob", "access": PLAIN,
        "network": {"tunnel": "acme-east", "send": 100043, "receive": 200043},
    }
    return exchange


def checks() -> Case:
    case = Case(
        "mplsudp-checks", "What a datagram must be", _two_tunnels(), rfc="RFC 7510 §3, RFC 768", ids="PX-4",
    )
    inner, bobs = udp(VIDEO, ALICE), udp(VIDEO, BOB)
    for data, outcome, note in [
        (in_udp(inner, _USER), "forwarded", "alice in her tunnel"),
        (in_udp(bobs, 200043, source="192.0.2.10"), "forwarded", "bob in his"),
        (in_udp(inner, _USER, source="192.0.2.10"), "labelOutOfContext", "alice in bob's tunnel"),
        (in_udp(inner, _USER, source="192.0.2.11"), "unknownTunnelEndpoint", "from a stranger"),
        (in_udp(inner, _USER, flags="MF"), "outerFragment", "a first outer fragment"),
        (in_udp(inner, _USER, flags=0, frag=100), "outerFragment", "a later outer fragment"),
        (in_udp(inner, _USER, source="192.0.2.11", flags="MF"), "notServedHere", "a stranger's fragment"),
        (in_udp(inner, _USER, ports=(50000, 6636)), "notServedHere", "to another port"),
        (in_udp(inner, _USER, ports=(1, 6635)), "forwarded", "from a port below 49152"),
        (in_udp(inner, _USER, udp={"len": 7}), "badUDPLength", "a UDP length of 7"),
        (in_udp(inner, _USER, udp={"len": 8 + 4 + len(inner) + 1}), "badUDPLength", "a UDP length of one too many"),
        (in_udp(inner + b"options", _USER, udp={"len": 8 + 4 + len(inner)}, checksum=0), "forwarded",
         "a UDP length of less than arrived"),
        (in_udp(b"", _USER, udp={"len": 8}, checksum=0), "truncatedLabelStack", "without labels"),
        (in_udp(b"", _USER, udp={"len": 11}, checksum=0), "truncatedLabelStack", "with three bytes of one"),
        (in_udp(b"", _USER), "truncatedIPv4", "nothing under the label"),
        (in_udp(b"\x51" + inner[1:], _USER), "badIPVersion", "neither IPv4 nor IPv6"),
        (in_udp(inner[:30], _USER), "badIPv4TotalLength", "a packet that is cut short"),
        (in_udp(udp(MUSIC, ALICE), _USER), "innerSourceMismatch", "another service under alice's label"),
        (in_udp(bobs, _USER), "innerDestinationMismatch", "bob under alice's label"),
        (in_udp(inner, _USER, destination="10.0.0.9"), "unknownDestination", "encapsulated, but not for us"),
    ]:
        case.send("core0", ethernet(data), outcome, note)
    case.send("core0", ethernet(in_udp(inner, _USER), vlan=(77,)), "wrongVLAN", "alice in her tunnel, on a VLAN")
    case.send("access0", in_udp(inner, _USER, source=ALICE, destination=LOCAL), "notServedHere",
              "a subscriber's own: tunnels come by network ports")
    return case


def checks_over_ipv6() -> Case:
    case = Case(
        "mplsudp-checks-ipv6", "What a datagram over IPv6 must be", mpls_in_udp6_edge(),
        rfc="RFC 7510 §3, RFC 8200 §4.5", ids="PX-4",
    )
    inner = udp(VIDEO6, ALICE6)
    datagram = bytes(UDP(sport=50000, dport=6635, chksum=0xFFFF) / Raw(labels(_USER, inner=inner)))

    def fragment(more: bool, offset: int, source=REMOTE6) -> bytes:
        header = IPv6ExtHdrFragment(nh=17, m=int(more), offset=offset, id=7)
        return bytes(IPv6(src=source, dst=LOCAL6, hlim=60) / header / Raw(datagram))

    for data, outcome, note in [
        (in_udp(inner, _USER, **_ENDS6), "forwarded", "alice in her tunnel"),
        (in_udp(inner, _USER, source="2001:db8:c::a", destination=LOCAL6), "unknownTunnelEndpoint", "from a stranger"),
        (fragment(True, 0), "outerFragment", "a first fragment"),
        (fragment(False, 100), "outerFragment", "a later fragment"),
        (fragment(True, 0, "2001:db8:c::a"), "notServedHere", "a stranger's fragment"),
        (in_udp(inner, _USER, ports=(50000, 4789), **_ENDS6), "notServedHere", "to another port"),
        (in_udp(inner, _USER, udp={"len": 4}, **_ENDS6), "badUDPLength", "a UDP length of 4"),
        (in_udp(inner, 200043, **_ENDS6), "unknownLabel", "another label"),
    ]:
        case.send("core0", ethernet(data), outcome, note)
    return case


def label_checks() -> Case:
    case = Case(
        "mplsudp-labels", "Labels in a datagram", mpls_in_udp_edge(), rfc="RFC 3032 §2.1, RFC 7274 §3", ids="PX-3 PX-4",
    )
    inner = udp(VIDEO, ALICE)
    for stack, outcome, note in [
        ((0, _USER), "forwarded", "under an explicit null"),
        ((2, 0, _USER), "forwarded", "under both"),
        ((0,), "missingUserLabel", "an explicit null alone"),
        ((1, _USER), "reservedLabel", "router alert"),
        ((7, _USER), "reservedLabel", "entropy label indicator"),
        ((13, _USER), "associatedChannel", "the associated channel"),
        ((99,), "unknownLabel", "a label that nobody has"),
        (({"label": _USER, "s": 0},), "missingBottomOfStack", "the user label without S"),
        ((0, 0, 0, 0, 0, 0, 0, _USER), "forwarded", "the eighth label"),
        ((0, 0, 0, 0, 0, 0, 0, 0, _USER), "labelStackTooDeep", "the ninth"),
    ]:
        case.send("core0", _down(inner, *stack), outcome, note)
    return case


def other_port() -> Case:
    exchange = mpls_in_udp_edge()
    exchange["ports"]["server0"] = {"packet": "veth-server", "role": "network", "addresses": ["10.7.0.1/24"]}
    case = Case(
        "mplsudp-other-port", "Only the line's own port speaks for a tunnel", exchange,
        rfc="RFC 7510 §6", ids="PX-4",
    )
    case.send("core0", _down(udp(VIDEO, ALICE)), "forwarded", "alice's tunnel, from its line's port")
    forged = {"destination": "02:57:4c:00:00:03", "source": HOST_MAC}
    case.send("server0", ethernet(in_udp(udp(VIDEO, ALICE), _USER), **forged), "unknownTunnelEndpoint",
              "the same outer addresses from another provider's port")
    return case


def congestion() -> Case:
    """All sixteen pairs of RFC 6040 §4.2, figure 4."""
    case = Case(
        "mplsudp-ecn", "ECN on decapsulation from MPLS in UDP", mpls_in_udp_edge(), rfc="RFC 6040 §4.2", ids="PX-2 CD-5",
    )
    names = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
    arriving = {0: (0, 0, 0, None), 2: (2, 2, 1, 3), 1: (1, 1, 1, 3), 3: (3, 3, 3, 3)}
    for inner, results in arriving.items():
        for outer, result in zip((0, 2, 1, 3), results):
            case.send("core0", _down(udp(VIDEO, ALICE, tos=0x48 | inner), tos=outer),
                      "ecnMismatch" if result is None else "forwarded", f"inner {names[inner]}, outer {names[outer]}",
                      shows=None if result is None else {"ip.dsfield": f"0x{0x48 | result:02x}"})
    return case


def knobs() -> Case:
    exchange = mpls_in_udp_edge(ttl=33, dscp={46: 40, "default": 8}, df="set", ecn="compatibility")
    case = Case(
        "mplsudp-knobs", "An outer TTL, DSCP and DF of its own, and no ECN", exchange,
        rfc="RFC 7510 §3, RFC 2983 §3, RFC 6040 §4.1", ids="CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=0xB9), "forwarded", "EF with ECT(1): CS5 outside, no ECN",
              shows={"ip.ttl": "33,63", "ip.dsfield": "0xa0,0xb9", "mpls.exp": "5"})
    case.send("access0", udp(ALICE, VIDEO, flags=0, tos=0x28), "forwarded", "DF clear: set outside, id 0; the default",
              shows={"ip.flags.df": "1,0", "ip.id": "0x0000,0x1234", "ip.dsfield": "0x20,0x28"})
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "IPv6", shows={"ip.ttl": "33", "ip.dsfield": "0x20"})
    return case


def uniform() -> Case:
    exchange = mpls_in_udp6_edge(ttl="copy", innerDSCP="outer")
    case = Case(
        "mplsudp-uniform", "The packet's hop limit outside, and the outer DSCP inside on arrival", exchange,
        rfc="RFC 2983 §3, RFC 2473 §6.3", ids="CD-5",
    )
    case.send("access0", udp(ALICE6, VIDEO6, ttl=9, tos=0x2A), "forwarded", "hop limit 9",
              shows={"ipv6.hlim": "8,8", "mpls.ttl": "8", "ipv6.tclass": "0x0000002a,0x0000002a"})
    case.send("access0", udp(ALICE, VIDEO, ttl=7), "forwarded", "TTL 7", shows={"ipv6.hlim": "6", "ip.ttl": "6"})
    case.send("core0", _down6(udp(VIDEO6, ALICE6, tos=0x28), tc=0xB8), "forwarded", "EF outside: EF inside",
              shows={"ipv6.tclass": "0x000000b8"})
    case.send("core0", _down6(udp(VIDEO, ALICE, tos=0x2A), tc=0xBB), "forwarded", "EF and CE outside: both inside",
              shows={"ip.dsfield": "0xbb"})
    return case


def expired() -> Case:
    case = Case(
        "mplsudp-ttl", "TTLs that end at the tunnel's end: senders are told, with the stack", mpls_in_udp_edge(),
        rfc="RFC 3032 §2.3, RFC 4950 §5", ids="PX-3 PX-5",
    )
    case.send("core0", _down(udp(VIDEO, ALICE, ttl=1)), "ttlExpired", "inner TTL 1", originates=1,
              shows={"icmp.type": "11", "ip.dst": f"{REMOTE},{VIDEO},{ALICE}", "mpls.label": "100042",
                     "icmp.mpls.label": "200042"})
    case.send("core0", _down(udp(VIDEO, ALICE), {"label": _USER, "ttl": 1, "cos": 3}), "ttlExpired", "the label's TTL 1",
              originates=1, shows={"icmp.mpls.ttl": "1", "icmp.mpls.exp": "3"})
    case.send("core0", _down(udp(VIDEO6, ALICE6), {"label": 0, "ttl": 1}, _USER), "ttlExpired",
              "an explicit null's TTL 1, IPv6", originates=1, shows={"icmpv6.type": "3", "icmp.mpls.label": "0,200042"})
    case.send("core0", ethernet(in_udp(udp(VIDEO, ALICE), {"label": _USER, "ttl": 1}), pad=300), "ttlExpired",
              "in a padded frame", originates=1)
    case.send("access0", udp(ALICE, VIDEO, ttl=1), "ttlExpired", "on the way in", originates=1)
    return case


def too_big() -> Case:
    case = Case(
        "too-big-mplsudp", "Over-size for IPv4, UDP and a label: 1500 − 32", mpls_in_udp_edge(),
        rfc="RFC 1191 §4, RFC 8201, RFC 7510 §4", ids="PX-2",
    )
    case.send("access0", sized(ALICE, VIDEO, 1468), "forwarded", "1468 bytes", shows={"ip.len": "1500,1468"})
    case.send("access0", sized(ALICE, VIDEO, 1469), "tooBig", "1469 bytes, DF", originates=1,
              shows={"icmp.type": "3", "icmp.mtu": "1468"})
    case.send("access0", sized(ALICE6, VIDEO6, 1469), "tooBig", "1469 bytes, IPv6", originates=1,
              shows={"icmpv6.mtu": "1468"})
    case.send("access0", sized(ALICE, VIDEO, 1469, flags=0), "forwarded", "1469 bytes, DF clear", originates=1)
    return case


def fragments() -> Case:
    case = Case(
        "fragment-mplsudp6", "Fragments before MPLS in UDP over IPv6 with a path label: 1500 − 56",
        mpls_in_udp6_edge(send=16001, receive=17001), rfc="RFC 791 §3.2, RFC 7510 §4", ids="PX-2 PX-5",
    )
    case.send("access0", sized(ALICE, VIDEO, 1444), "forwarded", "1444 bytes", shows={"ipv6.plen": "1460"})
    case.send("access0", sized(ALICE, VIDEO, 1445), "tooBig", "1445 bytes, DF", originates=1, shows={"icmp.mtu": "1444"})
    case.send("access0", sized(ALICE, VIDEO, 3000, flags=0), "forwarded", "3000 bytes, DF clear", originates=2,
              shows={"udp.checksum.status": "1,2"})
    return case


def _icmp(kind: int, code: int, quoted: bytes, mtu=0) -> bytes:
    """A router's ICMP error about a packet of ours."""
    return ethernet(icmp_error(_ROUTER, LOCAL, quoted, kind, code, mtu))


def _ours(inner: bytes, destination=REMOTE) -> bytes:
    return in_udp(inner, 100042, source=LOCAL, destination=destination, checksum=0)


def learned() -> Case:
    case = Case(
        "pmtu-mplsudp", "A narrow hop on the way of MPLS in UDP: its MTU is learned, and the inner sender told",
        mpls_in_udp_edge(), rfc="RFC 7510 §4, RFC 2003 §5.1, RFC 1191 §3", ids="PX-2 CD-5",
    )
    long = sized(ALICE, VIDEO, 1468, ttl=63)
    case.send("core0", _icmp(3, 4, _ours(long)[:548], mtu=1400), "consumed", "too big for 1400: alice is told 1368",
              originates=1, shows={"icmp.type": "3", "icmp.code": "4", "icmp.mtu": "1368"})
    case.send("access0", sized(ALICE, VIDEO, 1369), "tooBig", "1369 bytes, DF", originates=1,
              shows={"icmp.mtu": "1368"})
    case.send("access0", sized(ALICE, VIDEO, 1368), "forwarded", "1368 bytes", shows={"ip.len": "1400,1368"})
    case.send("core0", _icmp(3, 4, _ours(long)[:28], mtu=1340), "consumed", "too big for 1340, with the UDP header alone")
    case.send("access0", sized(ALICE6, VIDEO6, 1309), "tooBig", "1309 bytes, IPv6", originates=1,
              shows={"icmpv6.mtu": "1308"})
    case.send("core0", _icmp(3, 4, _ours(long, "192.0.2.10")[:548], mtu=600), "notServedHere", "about no tunnel of ours")
    other = in_udp(long, 100042, source=LOCAL, destination=REMOTE, ports=(50000, 4789))
    case.send("core0", _icmp(3, 4, other[:548], mtu=600), "notServedHere", "about another port")
    return case


def learned_over_ipv6() -> Case:
    case = Case(
        "pmtu-mplsudp6", "The same over IPv6", mpls_in_udp6_edge(), rfc="RFC 7510 §4, RFC 8201 §4", ids="PX-2 CD-5",
    )
    ours = in_udp(sized(ALICE, VIDEO, 1448, ttl=63), 100042, source=LOCAL6, destination=REMOTE6)

    def say(error) -> bytes:
        return ethernet(bytes(IPv6(src=_ROUTER6, dst=LOCAL6, hlim=60) / error / Raw(ours[: 1280 - 48])))

    case.send("core0", say(ICMPv6PacketTooBig(mtu=1400)), "consumed", "too big for 1400: alice is told 1348",
              originates=1, shows={"icmp.type": "3", "icmp.mtu": "1348"})
    case.send("access0", sized(ALICE, VIDEO, 1349), "tooBig", "1349 bytes, DF", originates=1,
              shows={"icmp.mtu": "1348"})
    case.send("core0", say(ICMPv6DestUnreach(code=4)), "consumed", "nobody listens: alice is told", originates=1,
              shows={"icmp.type": "3", "icmp.code": "1"})
    return case


def unreachable() -> Case:
    case = Case(
        "mplsudp-unreachable", "The other end can't be reached, or nobody listens there", mpls_in_udp_edge(),
        rfc="RFC 2003 §5.1, RFC 792", ids="PX-2 CD-5",
    )
    ours = _ours(udp(ALICE, VIDEO, ttl=63))
    for kind, code, note in [(3, 0, "no network"), (3, 1, "no host"), (3, 3, "nobody on the port"), (11, 0, "too far")]:
        case.send("core0", _icmp(kind, code, ours), "consumed", note, originates=1,
                  shows={"icmp.type": "3", "icmp.code": "1", "ip.dst": f"{ALICE},{VIDEO}"})
    return case


def edge_of_provider() -> Case:
    tunnel = {"line": "north", "mplsudp": {"local": LOCAL, "remote": REMOTE}}
    leg = {"tunnel": "acme-udp", "send": 200042, "receive": 100042}
    case = Case(
        "provider-edge-mplsudp", "The provider's edge, by MPLS in UDP", provider_edge(tunnel, leg),
        rfc="RFC 7510 §3", ids="PX-1 PX-3",
    )
    from_server = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("core0", _down(udp(ALICE, VIDEO), 100042), "forwarded", "to the server",
              shows={"eth.dst": HOST_MAC, "ip.ttl": "63"})
    case.send("core0", _down(udp(ALICE6, VIDEO6), 100042), "forwarded", "IPv6 to the server")
    case.send("server0", ethernet(udp(VIDEO, ALICE), **from_server), "forwarded", "from the server",
              shows={"ip.dst": f"{REMOTE},{ALICE}", "mpls.label": "200042"})
    case.send("core0", _down(udp(BOB, VIDEO), 100042), "innerSourceMismatch", "bob under alice's label")
    return case


def related() -> Case:
    case = Case(
        "related-mplsudp", "ICMP errors inside: to whom the quoted packet came from", mpls_in_udp_edge(),
        rfc="RFC 792, RFC 3032 §2.3.2", ids="PX-3 PX-4",
    )
    case.send("core0", _down(icmp_error("192.0.2.200", ALICE, udp(ALICE, VIDEO))), "forwarded",
              "a router behind the provider's edge about alice's packet", shows={"icmp.type": "3"})
    case.send("core0", _down(icmp_error("192.0.2.200", VIDEO, udp(VIDEO, ALICE), kind=11, code=0)), "forwarded",
              "about a packet to alice: turned back", shows={"mpls.label": "100042", "ip.dst": f"{REMOTE},{VIDEO},{ALICE}"})
    case.send("core0", _down(icmp_error("192.0.2.200", ALICE, udp(ALICE, MUSIC))), "innerSourceMismatch",
              "about another service's")
    return case


def recursion() -> Case:
    exchange = mpls_in_udp_edge()
    exchange["subscribers"] = {"alice": {"port": "access0", "addresses": ["0.0.0.0/0"]}}
    case = Case(
        "mplsudp-recursion", "A packet from the other end isn't put into the tunnel to it", exchange,
        rfc="RFC 2003 §3.2", ids="PX-4",
    )
    case.send("access0", udp(REMOTE, VIDEO), "recursiveEncapsulation", "from the tunnel's other end")
    case.send("access0", udp("192.0.2.8", VIDEO), "forwarded", "from another")
    return case
