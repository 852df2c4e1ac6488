"""IP-in-IP with an outer IPv6 header (RFC 2473): both directions, extension headers, and the knobs of both versions."""

from scapy.layers.inet6 import (
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    Jumbo,
    PadN,
    RouterAlert,
)
from scapy.packet import Raw

from .case import Case
from .exchanges import ip_in_ip6_edge, ip_in_ip_edge, provider_edge
from .packets import ALICE, ALICE6, HOST_MAC, LOCAL6, PORT1_MAC, REMOTE, REMOTE6, VIDEO, VIDEO6
from .packets import echo, ethernet, icmp_error, in_ip6, sized, tcp, udp


def cases():
    return [four_in_six(), six_in_six(), provider(), knobs(), copied_ttl(), sizes(), extensions(), fragments(),
            endpoints(), malformed(), recursion()]


def four_in_six() -> Case:
    case = Case(
        "ipip-4in6", "IPv4 in IPv6, both directions", ip_in_ip6_edge(),
        rfc="RFC 2473 §3.1, §6", ids="PX-1 PX-2 PX-3 CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "next header 4, flow label 0",
              shows={"eth.type": "0x86dd", "ipv6.src": LOCAL6, "ipv6.dst": REMOTE6, "ipv6.nxt": "4", "ipv6.hlim": "64",
                     "ipv6.flow": "0x000000", "ipv6.plen": "92", "ip.ttl": "63"})
    for ecn in range(4):
        case.send("access0", tcp(ALICE, VIDEO, tos=0xB8 | ecn, flags=0), "forwarded", f"EF, ECN {ecn}: copied outside",
                  shows={"ipv6.tclass": f"0x000000{0xB8 | ecn:02x}"})
    case.send("core0", ethernet(in_ip6(udp(VIDEO, ALICE))), "forwarded", "back to alice", shows={"ip.ttl": "63"})
    case.send("core0", ethernet(in_ip6(echo(VIDEO, ALICE), hlim=1)), "forwarded", "outer hop limit 1 is for us",
              shows={"ip.ttl": "63"})
    case.send("core0", ethernet(in_ip6(udp(VIDEO, ALICE, tos=0x28), tc=0xB8, fl=0xBEEF5)), "forwarded",
              "outer DSCP and flow label are let go", shows={"ip.dsfield": "0x28"})
    case.send("core0", ethernet(in_ip6(udp(VIDEO, ALICE, ttl=1))), "ttlExpired", "inner TTL 1: its sender is told",
              originates=1, shows={"ipv6.dst": REMOTE6, "icmp.type": "11", "ip.dst": f"{VIDEO},{ALICE}"})
    return case


def six_in_six() -> Case:
    case = Case(
        "ipip-6in6", "IPv6 in IPv6, both directions", ip_in_ip6_edge(),
        rfc="RFC 2473 §3.1, §6", ids="PX-1 PX-2 PX-3 CD-5",
    )
    case.send("access0", udp(ALICE6, VIDEO6, fl=0x12345), "forwarded", "next header 41; the inner flow label stays inside",
              shows={"ipv6.src": f"{LOCAL6},{ALICE6}", "ipv6.dst": f"{REMOTE6},{VIDEO6}", "ipv6.nxt": "41,17",
                     "ipv6.hlim": "64,63", "ipv6.flow": "0x000000,0x012345", "ipv6.plen": "112,72"})
    case.send("access0", tcp(ALICE6, VIDEO6, tos=0x2B), "forwarded", "AF11 with CE",
              shows={"ipv6.tclass": "0x0000002b,0x0000002b"})
    case.send("core0", ethernet(in_ip6(udp(VIDEO6, ALICE6))), "forwarded", "back to alice", shows={"ipv6.hlim": "63"})
    case.send("core0", ethernet(in_ip6(udp(VIDEO6, ALICE6, tos=1), tc=3)), "forwarded", "CE outside, ECT(1) inside",
              shows={"ipv6.tclass": "0x00000003"})
    case.send("core0", ethernet(in_ip6(udp(VIDEO6, ALICE6, ttl=1))), "ttlExpired", "inner hop limit 1", originates=1,
              shows={"ipv6.dst": f"{REMOTE6},{VIDEO6},{ALICE6}", "icmpv6.type": "3"})
    return case


def provider() -> Case:
    tunnel = {"line": "north", "ipip": {"local": LOCAL6, "remote": REMOTE6}}
    case = Case(
        "provider-edge-ipip6", "The provider's edge, by IP-in-IPv6", provider_edge(tunnel, {"tunnel": "beta-west"}),
        rfc="RFC 2473 §3", ids="PX-1 PX-3",
    )
    from_server = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("core0", ethernet(in_ip6(udp(ALICE, VIDEO))), "forwarded", "to the server", shows={"eth.dst": HOST_MAC})
    case.send("core0", ethernet(in_ip6(udp(ALICE6, VIDEO6))), "forwarded", "IPv6 to the server",
              shows={"eth.type": "0x86dd", "ipv6.hlim": "63"})
    case.send("server0", ethernet(udp(VIDEO, ALICE), **from_server), "forwarded", "from the server",
              shows={"ipv6.dst": REMOTE6, "ip.dst": ALICE})
    case.send("server0", ethernet(udp(VIDEO6, ALICE6), **from_server), "forwarded", "IPv6 from the server",
              shows={"ipv6.dst": f"{REMOTE6},{ALICE6}"})
    case.send("core0", ethernet(in_ip6(udp("10.9.9.9", VIDEO))), "innerSourceMismatch", "from nobody")
    case.send("core0", ethernet(in_ip6(udp(ALICE, "192.0.2.77"))), "innerDestinationMismatch", "to no service")
    return case


def knobs() -> Case:
    case = Case(
        "ipip6-knobs", "An outer hop limit and DSCP of the tunnel's own, and ECN compatibility mode",
        ip_in_ip6_edge(ttl=33, dscp="cs6", ecn="compatibility"),
        rfc="RFC 2473 §6.3, RFC 2983 §3, RFC 6040 §4.1", ids="PX-2 CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=0x29), "forwarded", "AF11 with ECT(1): CS6 outside, Not-ECT",
              shows={"ipv6.hlim": "33", "ipv6.tclass": "0x000000c0", "ip.dsfield": "0x29"})
    case.send("access0", udp(ALICE6, VIDEO6, tos=3), "forwarded", "CE, IPv6",
              shows={"ipv6.hlim": "33,63", "ipv6.tclass": "0x000000c0,0x00000003"})
    return case


def copied_ttl() -> Case:
    exchange = ip_in_ip_edge()
    exchange["tunnels"]["beta-east"] = {"line": "north", "ipip": {"local": LOCAL6, "remote": REMOTE6, "ttl": "copy"}}
    exchange["tunnels"]["beta-west"]["ipip"]["ttl"] = "copy"
    exchange["conditions"].append({"subscriber": "bob", "service": "acme-video"})
    exchange["sessions"]["bob-video"] = {"subscriber": "bob", "service": "acme-video", "access": {"port": "access0"},
                                         "network": {"tunnel": "beta-east"}}
    case = Case(
        "ipip-ttl-copy", "The outer TTL is the inner one, after the hop that we take off", exchange,
        rfc="RFC 2003 §3.1, RFC 2473 §6.3", ids="PX-2 CD-5",
    )
    for ttl in (2, 17, 64, 255):
        case.send("access0", udp(ALICE, VIDEO, ttl=ttl), "forwarded", f"TTL {ttl}",
                  shows={"ip.ttl": f"{ttl - 1},{ttl - 1}"})
        case.send("access0", udp("10.1.0.6", VIDEO, ttl=ttl), "forwarded", f"TTL {ttl}, over IPv6",
                  shows={"ipv6.hlim": f"{ttl - 1}", "ip.ttl": f"{ttl - 1}"})
    case.send("access0", udp(ALICE6, VIDEO6, ttl=9), "forwarded", "hop limit 9, 6-in-4",
              shows={"ip.ttl": "8", "ipv6.hlim": "8"})
    case.send("access0", udp(ALICE, VIDEO, ttl=1), "ttlExpired", "TTL 1", originates=1)
    case.send("core0", ethernet(in_ip6(udp(VIDEO, "10.1.0.6", ttl=50), hlim=3)), "forwarded",
              "on arrival the inner TTL counts", shows={"ip.ttl": "49"})
    return case


def sizes() -> Case:
    case = Case(
        "too-big-ipip6", "Over-size for an outer IPv6 header: 1500 − 40", ip_in_ip6_edge(),
        rfc="RFC 2473 §7, RFC 1191 §4, RFC 8201", ids="PX-2 PX-5",
    )
    case.send("access0", sized(ALICE, VIDEO, 1460), "forwarded", "1460 bytes: just fits", shows={"ipv6.plen": "1460"})
    case.send("access0", sized(ALICE, VIDEO, 1461), "tooBig", "1461 bytes, DF", originates=1,
              shows={"icmp.mtu": "1460"})
    case.send("access0", sized(ALICE, VIDEO, 1461, flags=0), "forwarded", "1461 bytes, DF clear: fragments inside",
              originates=1, shows={"ipv6.plen": "1460", "ip.flags.mf": "1", "ip.len": "1460"})
    case.send("access0", sized(ALICE6, VIDEO6, 1460), "forwarded", "1460 bytes, IPv6", shows={"ipv6.plen": "1460,1420"})
    case.send("access0", sized(ALICE6, VIDEO6, 1461), "tooBig", "1461 bytes, IPv6", originates=1,
              shows={"icmpv6.mtu": "1460"})
    return case


def _options(*kinds: bytes) -> IPv6ExtHdrDestOpt:
    """A destination options header of raw options, which together must fill it."""
    return IPv6ExtHdrDestOpt(options=[Raw(b"".join(kinds))], autopad=0)


_LIMIT = b"\x04\x01\x04"  # tunnel encapsulation limit 4 (RFC 2473 §4.1.1)
_PAD3 = b"\x01\x01\x00"


def extensions() -> Case:
    case = Case(
        "ipip6-extensions", "Extension headers of the outer IPv6 header are walked", ip_in_ip6_edge(),
        rfc="RFC 8200 §4, RFC 2473 §4.1.1, RFC 6946", ids="PX-4 CD-5",
    )
    inner, inner6 = udp(VIDEO, ALICE), udp(VIDEO6, ALICE6)
    segments_left = IPv6ExtHdrRouting(type=4, segleft=1, addresses=["2001:db8::1"])
    atomic = IPv6ExtHdrFragment(offset=0, m=0, id=7)
    for chain, outcome, note in [
        (_options(_LIMIT, _PAD3), "forwarded", "a tunnel encapsulation limit"),
        (_options(b"\x04\x01\x00", _PAD3), "forwarded", "a limit of 0: none may follow, and none does"),
        (_options(b"\0" * 6), "forwarded", "six bytes of padding, one by one"),
        (IPv6ExtHdrHopByHop(options=[RouterAlert()]), "forwarded", "hop-by-hop options: a router alert"),
        (IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(12))]), "forwarded", "hop-by-hop options of 16 bytes"),
        (IPv6ExtHdrRouting(type=4, segleft=0, addresses=["2001:db8::1"]), "forwarded", "a routing header used up"),
        (IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrRouting(type=4, segleft=0) / atomic
         / _options(_LIMIT, _PAD3), "forwarded", "all of them, in the order of RFC 8200 §4.1"),
        (atomic, "forwarded", "an atomic fragment"),
        (_options(b"\x1e\x04" + bytes(4)), "forwarded", "an unknown option to be skipped"),
        (_options(b"\x5e\x04" + bytes(4)), "outerExtensionHeader", "an unknown option: discard"),
        (_options(b"\x9e\x04" + bytes(4)), "outerExtensionHeader", "an unknown option: discard, tell"),
        (_options(b"\xde\x04" + bytes(4)), "outerExtensionHeader", "an unknown option: discard, tell unless a group"),
        (_options(b"\x1e\x09" + bytes(4)), "outerExtensionHeader", "an option beyond its header"),
        (_options(b"\x01\x03" + bytes(3), b"\x04"), "outerExtensionHeader", "an option without its length"),
        (IPv6ExtHdrHopByHop(options=[Jumbo(jumboplen=70000)]), "outerExtensionHeader", "a jumbogram's option"),
        (segments_left, "outerExtensionHeader", "a routing header with a segment left"),
        (IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop(), "outerExtensionHeader", "hop-by-hop options in the wrong place"),
    ]:
        for packet, version in ((inner, ""), (inner6, ", 6-in-6")):
            case.send("core0", ethernet(in_ip6(packet, extensions=chain.copy())), outcome, note + version)
    whole = in_ip6(inner, extensions=_options(_LIMIT, _PAD3))
    for length in (1, 2, 7):
        data = whole[:4] + length.to_bytes(2, "big") + whole[6 : 40 + length]
        case.send("core0", ethernet(data), "outerExtensionHeader", f"options cut after {length} bytes")
    longer = whole[:41] + b"\xff" + whole[42:]
    case.send("core0", ethernet(longer), "outerExtensionHeader", "options that say they are 2048 bytes")
    return case


def fragments() -> Case:
    case = Case(
        "ipip6-outer-fragments", "Fragments of encapsulated packets, in either version: dropped by name",
        ip_in_ip6_edge(),
        rfc="RFC 2473 §7.1, RFC 8200 §4.5", ids="PX-4 CD-5",
    )
    inner = udp(VIDEO, ALICE, size=200)
    for offset, more, outcome, note in [(0, 1, "outerFragment", "the first"), (10, 1, "outerFragment", "a middle one"),
                                        (20, 0, "outerFragment", "the last"), (0, 0, "forwarded", "an atomic one")]:
        chain = IPv6ExtHdrFragment(offset=offset, m=more, id=9)
        case.send("core0", ethernet(in_ip6(inner, extensions=chain)), outcome, note)
    return case


def endpoints() -> Case:
    exchange = ip_in_ip6_edge()
    exchange["ports"]["west0"] = {"packet": "veth-west", "role": "network", "addresses": ["10.0.1.1/30"]}
    case = Case(
        "ipip6-endpoints", "Only configured endpoints, and only on the line's port", exchange,
        rfc="RFC 2473 §3.3, RFC 4213 §5", ids="PX-4",
    )
    inner, inner6 = udp(VIDEO, ALICE), udp(VIDEO6, ALICE6)
    west = {"destination": "02:57:4c:00:00:03"}
    for port, data, outcome, note, frame in [
        ("core0", in_ip6(inner), "forwarded", "from the tunnel's end", {}),
        ("core0", in_ip6(inner, source="2001:db8:c::a"), "unknownTunnelEndpoint", "from a stranger", {}),
        ("core0", in_ip6(inner6, source="2001:db8:c::a"), "unknownTunnelEndpoint", "6-in-6 from a stranger", {}),
        ("west0", in_ip6(inner), "unknownTunnelEndpoint", "by another port", west),
        ("core0", in_ip6(inner), "wrongVLAN", "under a tag", {"vlan": (5,)}),
        ("core0", in_ip6(inner, destination="2001:db8:ff::9"), "unknownDestination", "not for us", {}),
        ("core0", in_ip6(inner, nh=41), "badIPVersion", "IPv4 announced as IPv6", {}),
        ("core0", in_ip6(inner6, nh=4), "badIPVersion", "IPv6 announced as IPv4", {}),
        ("core0", in_ip6(inner, nh=47), "notServedHere", "GRE", {}),
        ("core0", in_ip6(inner, nh=59), "notServedHere", "no next header", {}),
        ("core0", udp(REMOTE6, LOCAL6), "notServedHere", "UDP for us", {}),
        ("core0", in_ip6(b""), "truncatedIPv4", "nothing inside", {}),
    ]:
        case.send(port, ethernet(data, **frame), outcome, note)
    case.send("access0", in_ip6(inner, source=ALICE6), "notServedHere", "from a subscriber")
    return case


def malformed() -> Case:
    case = Case(
        "malformed-ipip6", "IP-in-IPv6 cut at every length, outside and inside", ip_in_ip6_edge(),
        rfc="RFC 8200 §3, RFC 2473 §3.1", ids="PX-4",
    )
    inner, inner6 = udp(VIDEO, ALICE, size=4), udp(VIDEO6, ALICE6, size=4)
    whole = in_ip6(inner)
    case.send("core0", ethernet(whole), "forwarded", "the packet, whole")
    for length in range(1, len(whole)):
        case.send("core0", ethernet(whole[:length], ethertype=0x86DD),
                  "truncatedIPv6" if length < 40 else "badIPv6PayloadLength", "cut as it came")
    for length in range(1, len(inner)):
        case.send("core0", ethernet(in_ip6(inner[:length])), "truncatedIPv4" if length < 20 else "badIPv4TotalLength",
                  "the inner packet cut")
    for length in range(1, len(inner6)):
        case.send("core0", ethernet(in_ip6(inner6[:length])),
                  "truncatedIPv6" if length < 40 else "badIPv6PayloadLength", "the inner IPv6 packet cut")
    return case


def recursion() -> Case:
    """Only an ICMP error may come from outside of both subscriber and service, the tunnel's far end among them."""
    tunnel = {"line": "north", "ipip": {"local": "10.0.0.1", "remote": REMOTE}}
    case = Case(
        "ipip-recursion", "A packet from the tunnel's other end is not sent back into it",
        provider_edge(tunnel, {"tunnel": "beta-west"}),
        rfc="RFC 2003 §3.2", ids="PX-4 CD-5",
    )
    from_server = {"destination": PORT1_MAC, "source": HOST_MAC}

    def unreachable(source):
        return icmp_error(source, ALICE, udp(ALICE, VIDEO)[:28])

    case.send("server0", ethernet(unreachable("192.0.2.77"), **from_server), "forwarded",
              "an error from a router behind the server", shows={"ip.src": f"10.0.0.1,192.0.2.77,{ALICE}"})
    case.send("server0", ethernet(unreachable(REMOTE), **from_server), "recursiveEncapsulation",
              "the same, from the tunnel's other end")
    return case
