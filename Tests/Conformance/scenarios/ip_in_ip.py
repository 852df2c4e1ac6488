"""IP-in-IP (RFC 2003, RFC 4213): both directions, both edges, and ECN (RFC 6040)."""

from .case import Case
from .exchanges import ALICE_VIDEO, ip_in_ip_edge, provider_edge
from .packets import ALICE, ALICE6, BOB, HOST_MAC, LOCAL, MUSIC, PORT1_MAC, REMOTE, VIDEO, VIDEO6
from .packets import echo, ethernet, in_ip, tcp, udp


def cases():
    return [four_in_four(), six_in_four(), edge_of_provider(), congestion(), checks(), other_port(), knobs()]


def four_in_four() -> Case:
    case = Case(
        "ipip-4in4", "IPv4 in IPv4, both directions", ip_in_ip_edge(),
        rfc="RFC 2003 §3.1", ids="PX-2 CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "DF set: outer DF, outer id 0",
              shows={"ip.src": f"{LOCAL},{ALICE}", "ip.dst": f"{REMOTE},{VIDEO}", "ip.ttl": "64,63",
                     "ip.proto": "4,17",
                     "ip.id": "0x0000,0x1234", "ip.flags.df": "1,1"})
    for count in range(3):
        case.send("access0", udp(ALICE, VIDEO, flags=0, size=100 + count), "forwarded",
                  "DF clear: outer ids count", shows={"ip.id": f"0x{count:04x},0x1234", "ip.flags.df": "0,0"})
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "DF set in between",
              shows={"ip.id": "0x0000,0x1234"})
    case.send("access0", tcp(ALICE, VIDEO, flags=0), "forwarded", "the count goes on",
              shows={"ip.id": "0x0003,0x1234"})
    for ecn, name in enumerate(("Not-ECT", "ECT(1)", "ECT(0)", "CE")):
        case.send("access0", udp(ALICE, VIDEO, tos=0xB8 | ecn), "forwarded", f"EF, {name}: copied outside",
                  shows={"ip.dsfield": f"0x{0xB8 | ecn:02x},0x{0xB8 | ecn:02x}"})
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE))), "forwarded", "back to alice",
              shows={"ip.ttl": "63"})
    case.send("core0", ethernet(in_ip(echo(VIDEO, ALICE), ttl=1)), "forwarded", "outer TTL 1 is for us",
              shows={"ip.ttl": "63"})
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE, size=0, ttl=2)), pad=60), "forwarded",
              "in a padded frame", shows={"ip.ttl": "1", "ip.len": "28"})
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE, tos=0x28), tos=0xB8)), "forwarded",
              "outer DSCP is let go", shows={"ip.dsfield": "0x28"})
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE, ttl=1))), "ttlExpired", "inner TTL 1: its sender is told",
              originates=1, shows={"icmp.type": "11", "ip.dst": f"{REMOTE},{VIDEO},{ALICE}"})
    return case


def six_in_four() -> Case:
    case = Case(
        "ipip-6in4", "IPv6 in IPv4, both directions", ip_in_ip_edge(),
        rfc="RFC 4213 §3.5", ids="PX-2 CD-5",
    )
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "protocol 41, DF set",
              shows={"ip.proto": "41", "ip.id": "0x0000", "ip.flags.df": "1", "ip.ttl": "64",
                     "ipv6.hlim": "63"})
    case.send("access0", tcp(ALICE6, VIDEO6, tos=0x2B, fl=0xBEEF5), "forwarded",
              "AF11 with CE; the flow label stays", shows={"ip.dsfield": "0x2b", "ipv6.flow": "0x0beef5"})
    case.send("core0", ethernet(in_ip(udp(VIDEO6, ALICE6))), "forwarded", "back to alice",
              shows={"ipv6.hlim": "63"})
    case.send("core0", ethernet(in_ip(udp(VIDEO6, ALICE6), tos=3)), "ecnMismatch",
              "CE outside, Not-ECT inside")
    case.send("core0", ethernet(in_ip(udp(VIDEO6, ALICE6, tos=2), tos=3)), "forwarded",
              "CE outside, ECT(0) inside", shows={"ipv6.tclass": "0x00000003"})
    case.send("core0", ethernet(in_ip(udp(VIDEO6, ALICE6, ttl=1))), "ttlExpired", "inner hop limit 1",
              originates=1, shows={"icmpv6.type": "3"})
    return case


def edge_of_provider() -> Case:
    tunnel = {"line": "north", "ipip": {"local": LOCAL, "remote": REMOTE}}
    case = Case(
        "provider-edge-ipip", "The provider's edge, by IP-in-IP", provider_edge(tunnel, {"tunnel": "beta-west"}),
        rfc="RFC 2003 §3", ids="PX-1 PX-3",
    )
    from_server = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("core0", ethernet(in_ip(udp(ALICE, VIDEO))), "forwarded", "to the server",
              shows={"eth.dst": HOST_MAC, "ip.ttl": "63"})
    case.send("core0", ethernet(in_ip(udp(ALICE6, VIDEO6))), "forwarded", "IPv6 to the server",
              shows={"eth.type": "0x86dd"})
    case.send("server0", ethernet(udp(VIDEO, ALICE), **from_server), "forwarded", "from the server",
              shows={"ip.dst": f"{REMOTE},{ALICE}"})
    case.send("server0", ethernet(udp(VIDEO6, ALICE6), **from_server), "forwarded", "IPv6 from the server")
    for inner, outcome, note in [
        (udp(BOB, VIDEO), "notAdmitted", "a subscriber without a session"),
        (udp("10.9.9.9", VIDEO), "innerSourceMismatch", "from nobody"),
        (udp(ALICE, "192.0.2.77"), "innerDestinationMismatch", "to no service"),
    ]:
        case.send("core0", ethernet(in_ip(inner)), outcome, note)
    return case


def congestion() -> Case:
    """All sixteen pairs of RFC 6040 §4.2, figure 4."""
    case = Case(
        "ecn", "ECN on decapsulation", ip_in_ip_edge(),
        rfc="RFC 6040 §4.2", ids="PX-2 CD-5",
    )
    names = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
    arriving = {  # inner → what goes on for outer Not-ECT, ECT(0), ECT(1), CE
        0: (0, 0, 0, None),
        2: (2, 2, 1, 3),
        1: (1, 1, 1, 3),
        3: (3, 3, 3, 3),
    }
    for inner, results in arriving.items():
        for outer, result in zip((0, 2, 1, 3), results):
            case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE, tos=0x48 | inner), tos=outer)),
                      "ecnMismatch" if result is None else "forwarded",
                      f"inner {names[inner]}, outer {names[outer]}",
                      shows=None if result is None else {"ip.dsfield": f"0x{0x48 | result:02x}"})
    return case


def checks() -> Case:
    exchange = ip_in_ip_edge()
    exchange["tunnels"]["acme-east"] = {"line": "north", "ipip": {"local": LOCAL, "remote": "192.0.2.10"}}
    exchange["conditions"].append({"subscriber": "bob", "service": "acme-video"})
    exchange["sessions"]["bob-video"] = {
        **ALICE_VIDEO,
        "subscriber": "bob",
        "access": {"port": "access0"},
        "network": {"tunnel": "acme-east"},
    }
    case = Case(
        "ipip-checks", "What an encapsulated packet must be", exchange,
        rfc="RFC 2003 §6, RFC 4213 §3.6", ids="PX-4",
    )
    for data, outcome, note in [
        (in_ip(udp(VIDEO, ALICE)), "forwarded", "alice in her tunnel"),
        (in_ip(udp(VIDEO, BOB), source="192.0.2.10"), "forwarded", "bob in his"),
        (in_ip(udp(VIDEO, ALICE), source="192.0.2.10"), "wrongLeg", "alice in bob's tunnel"),
        (in_ip(udp(VIDEO, ALICE), source="192.0.2.11"), "unknownTunnelEndpoint", "from a stranger"),
        (in_ip(udp(VIDEO6, ALICE6), source="192.0.2.11"), "unknownTunnelEndpoint", "6-in-4 from a stranger"),
        (in_ip(udp(VIDEO, ALICE), flags="MF"), "outerFragment", "a first outer fragment"),
        (in_ip(udp(VIDEO, ALICE), flags=0, frag=100), "outerFragment", "a later outer fragment"),
        (in_ip(udp(MUSIC, ALICE)), "notAdmitted", "a service without a session"),
        (in_ip(udp("192.0.2.77", ALICE)), "innerSourceMismatch", "from no service"),
        (in_ip(udp(VIDEO, "10.9.9.9")), "innerDestinationMismatch", "to nobody"),
        (in_ip(udp("2001:db8:b::1", ALICE6)), "innerSourceMismatch", "IPv6 from no service"),
        (in_ip(udp(VIDEO6, "2001:db8:9::1")), "innerDestinationMismatch", "IPv6 to nobody"),
        (in_ip(udp(VIDEO, ALICE), proto=41), "badIPVersion", "IPv4 announced as IPv6"),
        (in_ip(udp(VIDEO6, ALICE6), proto=4), "badIPVersion", "IPv6 announced as IPv4"),
        (in_ip(udp(VIDEO, ALICE), proto=47), "notServedHere", "GRE"),
        (udp(REMOTE, LOCAL), "notServedHere", "UDP for us"),
        (in_ip(udp(VIDEO, ALICE), destination="10.0.0.9"), "unknownDestination",
         "encapsulated, but not for us"),
    ]:
        case.send("core0", ethernet(data), outcome, note)
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE)), vlan=(77,)), "wrongVLAN", "alice in her tunnel, on a VLAN")
    return case


def other_port() -> Case:
    exchange = ip_in_ip_edge()
    exchange["ports"]["server0"] = {"packet": "veth-server", "role": "network", "addresses": ["10.7.0.1/24"]}
    case = Case(
        "ipip-other-port", "Only the line's own port speaks for a tunnel", exchange,
        rfc="RFC 4213 §5", ids="PX-4",
    )
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE))), "forwarded", "alice's tunnel, from its line's port")
    forged = {"destination": "02:57:4c:00:00:03", "source": HOST_MAC}
    case.send("server0", ethernet(in_ip(udp(VIDEO, ALICE)), **forged), "unknownTunnelEndpoint",
              "the same outer addresses from another provider's port")
    case.send("server0", ethernet(in_ip(udp(VIDEO6, ALICE6)), **forged), "unknownTunnelEndpoint", "IPv6 inside")
    return case


def knobs() -> Case:
    exchange = ip_in_ip_edge()
    exchange["tunnels"]["beta-west"]["ipip"] |= {"ttl": 33, "dscp": 46, "df": "set"}
    case = Case(
        "ipip-knobs", "A tunnel with an outer TTL, DSCP and DF of its own", exchange,
        rfc="RFC 2003 §3.1, RFC 2983 §3", ids="CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=0x29), "forwarded", "AF11 with ECT(1): EF outside, ECN copied",
              shows={"ip.ttl": "33,63", "ip.dsfield": "0xb9,0x29"})
    case.send("access0", udp(ALICE, VIDEO, flags=0), "forwarded", "DF clear: set outside, id 0",
              shows={"ip.flags.df": "1,0", "ip.id": "0x0000,0x1234"})
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "6-in-4",
              shows={"ip.ttl": "33", "ip.dsfield": "0xb8"})
    return case
