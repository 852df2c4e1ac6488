"""What senders of labelled packets are told: time exceeded with the label stack, and too big."""

from copy import deepcopy

from scapy.packet import Raw

from .case import Case
from .exchanges import CORE, NORTH, access_edge, provider_edge
from .packets import ALICE, ALICE6, PEER_MAC, PORT1_MAC, VIDEO, VIDEO6, WEST_PEER_MAC
from .packets import echo, fragment6, icmp_error, ip, mpls_frame, payload, sized, udp

_OUT, _OUT6 = {"ip.src": "10.0.0.1"}, {"ipv6.src": "2001:db8:ff::1"}


def cases():
    return [at_the_edge(), at_the_provider(), in_pipe_mode(), without(), in_transit(), transit_too_big(),
            transit_narrow()]


def at_the_edge() -> Case:
    exchange = access_edge()
    case = Case(
        "mpls-ttl-edge", "The label's TTL ends at the egress edge: time exceeded, with the stack, through the session",
        exchange,
        rfc="RFC 3032 §2.3, RFC 4884 §4, RFC 4950 §5", ids="PX-3 PX-5",
    )
    expired = {"label": 17001, "ttl": 1, "cos": 3}

    def down(note, inner, shows=None, stack=(expired, 200042), originates=1):
        case.send("core0", mpls_frame(*stack, inner=inner), "ttlExpired", note, originates, shows)

    down("IPv4: the error goes back under our own labels", udp(VIDEO, ALICE),
         {"mpls.label": "16001,100042", "mpls.ttl": "64,64", "mpls.exp": "6,6", "ip.ttl": "64,64",
          "ip.src": f"10.0.0.1,{VIDEO}", "ip.dst": f"{VIDEO},{ALICE}", "icmp.type": "11", "icmp.length": "32",
          "icmp.mpls.label": "17001,200042", "icmp.mpls.exp": "3,0", "icmp.mpls.s": "0,1", "icmp.mpls.ttl": "1,61"})
    down("IPv6", udp(VIDEO6, ALICE6),
         {"mpls.label": "16001,100042", "mpls.ttl": "64,64", "ipv6.src": f"2001:db8:ff::1,{VIDEO6}",
          "icmpv6.type": "3", "icmp.mpls.label": "17001,200042"})
    down("under an explicit null: that is in the stack too", udp(VIDEO, ALICE),
         {"icmp.mpls.label": "0,17001,200042"}, ({"label": 0, "ttl": 1}, 17001, 200042))
    down("a short packet: quoted with zeros up to 128 bytes", udp(VIDEO, ALICE, size=0),
         {"ip.len": "172,28", "icmp.length": "32"})
    down("129 bytes: up to the next word", udp(VIDEO, ALICE, size=101), {"ip.len": "176,129", "icmp.length": "33"})
    down("129 bytes, IPv6: its words are of 8 bytes", udp(VIDEO6, ALICE6, size=81),
         {"ipv6.plen": "160,89"})
    down("a long one: 576 bytes in all", udp(VIDEO, ALICE, size=1200), {"ip.len": "576,1228"})
    down("a long one: 1280 bytes in all", udp(VIDEO6, ALICE6, size=1300), {"ipv6.plen": "1240,1308"})
    down("TTL 0", udp(VIDEO, ALICE), {"icmp.mpls.ttl": "0,61"}, ({"label": 17001, "ttl": 0}, 200042))
    down("an echo request", echo(VIDEO, ALICE), {"icmp.type": "11,8"})
    error = icmp_error(VIDEO, ALICE, udp(ALICE, VIDEO)[:28])
    down("an ICMP error: nobody is told", error, originates=0)
    later = ip(VIDEO, ALICE, Raw(payload(64)), proto=17, frag=10, flags=0)
    down("a later fragment: nobody is told", later, originates=0)
    down("IPv6, a later fragment: told", fragment6(VIDEO6, ALICE6, 96, False, 17, payload(64)), {"icmpv6.type": "3"})
    down("IPv6, one of ICMPv6: not told", fragment6(VIDEO6, ALICE6, 96, False, 58, payload(64)), originates=0)
    return case


def at_the_provider() -> Case:
    exchange = provider_edge({"line": "north", "mpls": {"send": 17001, "php": True}},
                             {"tunnel": "acme-north", "send": 200042, "receive": 100042})
    case = Case(
        "mpls-ttl-provider-edge", "The same at the provider's edge, behind penultimate-hop popping", exchange,
        rfc="RFC 3032 §2.3, RFC 4950 §5", ids="PX-3",
    )
    case.send("core0", mpls_frame({"label": 100042, "ttl": 1}, inner=udp(ALICE, VIDEO)), "ttlExpired",
              "the user label's own TTL", originates=1,
              shows={"mpls.label": "17001,200042", "icmp.mpls.label": "100042", "icmp.mpls.s": "1",
                     "eth.dst": PEER_MAC})
    case.send("core0", mpls_frame({"label": 100042, "ttl": 1}, inner=udp(ALICE6, VIDEO6)), "ttlExpired", "IPv6",
              originates=1, shows={"icmpv6.type": "3", "icmp.mpls.label": "100042"})
    return case


def in_pipe_mode() -> Case:
    tunnel = {"line": "north", "mpls": {"send": 16001, "receive": 17001, "ttl": "pipe"}}
    case = Case(
        "mpls-ttl-pipe", "In pipe mode the packet's own TTL ends at the edge; the stack is shown for all that",
        access_edge(tunnel),
        rfc="RFC 3443 §3, RFC 4950 §5", ids="PX-3",
    )
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE, ttl=1)), "ttlExpired", "the packet's TTL",
              originates=1, shows={"mpls.ttl": "255,255", "ip.ttl": "64,1", "icmp.mpls.ttl": "61,61"})
    case.send("core0", mpls_frame({"label": 17001, "ttl": 1}, 200042, inner=udp(VIDEO, ALICE)), "ttlExpired",
              "the label's TTL", originates=1, shows={"icmp.mpls.ttl": "1,61", "ip.ttl": "64,64"})
    case.send("core0", mpls_frame({"label": 17001, "ttl": 2}, 200042, inner=udp(VIDEO, ALICE, ttl=2)), "forwarded",
              "2 and 2", shows={"ip.ttl": "1"})
    return case


def without() -> Case:
    exchange = access_edge()
    exchange["ports"]["core0"] = {**exchange["ports"]["core0"], "icmpErrors": False}
    exchange["ports"]["access0"] = {**exchange["ports"]["access0"], "icmpErrors": False}
    exchange["labels"] = [{"in": 16100, "swap": 16200, "via": "north"}]
    case = Case(
        "icmp-errors-off", "A port whose senders are told nothing", exchange,
        rfc="RFC 1812 §4.3.2.8, RFC 4443 §2.4", ids="PX-4",
    )
    case.send("access0", udp(ALICE, VIDEO, ttl=1), "ttlExpired", "TTL 1")
    case.send("access0", udp(ALICE6, VIDEO6, ttl=1), "ttlExpired", "hop limit 1")
    case.send("access0", sized(ALICE, VIDEO, 1500), "tooBig", "too long")
    case.send("access0", sized(ALICE6, VIDEO6, 1500), "tooBig", "too long, IPv6")
    case.send("core0", mpls_frame({"label": 17001, "ttl": 1}, 200042, inner=udp(VIDEO, ALICE)), "ttlExpired",
              "a label's TTL")
    case.send("core0", mpls_frame({"label": 16100, "ttl": 1}, 300, inner=udp(VIDEO, ALICE)), "ttlExpired",
              "a transit label's TTL")
    case.send("access0", echo(ALICE, "10.1.0.1"), "consumed", "a ping to us is answered", originates=1)
    case.send("access0", sized(ALICE, VIDEO, 1500, flags=0), "forwarded", "fragments", originates=1)
    return case


def _transit_edge(mtu: int = 1500) -> dict:
    west0 = {"packet": "veth-west", "role": "network", "addresses": ["10.0.1.1/30"],
             "neighbours": {"10.0.1.2": WEST_PEER_MAC}}
    return deepcopy({
        "ports": {"core0": CORE, "west0": west0},
        "lines": {"north": NORTH, "west": {"port": "west0", "nextHop": "10.0.1.2", "mtu": mtu}},
        "tunnels": {"acme-west": {"line": "west", "mpls": {"send": [16900, 16901], "receive": 17900}}},
        "labels": [
            {"in": 16100, "swap": 16200, "via": "west"},
            {"in": 16101, "swap": [16201, 16202, 16203], "via": "west"},
            {"in": 16102, "pop": True, "via": "west"},
            {"in": 16103, "swap": 16203, "via": {"tunnel": "acme-west"}},
        ],
    })


def in_transit() -> Case:
    case = Case(
        "mpls-ttl-transit", "A label's TTL ends at a transit node: the error goes on along the LSP, to its end",
        _transit_edge(),
        rfc="RFC 3032 §2.3.2, RFC 4884 §4, RFC 4950 §5", ids="PX-3 CD-4",
    )

    def packet(note, *stack, inner=udp(ALICE, VIDEO), shows=None, originates=1):
        case.send("core0", mpls_frame(*stack, inner=inner, destination=PORT1_MAC), "ttlExpired", note, originates,
                  shows)

    user = {"label": 100042, "ttl": 9, "cos": 1}
    packet("swap", {"label": 16100, "ttl": 1, "cos": 5}, user,
           shows={"eth.dst": WEST_PEER_MAC, "mpls.label": "16200,100042", "mpls.ttl": "255,255", "mpls.exp": "5,1",
                  "mpls.bottom": "0,1", "ip.src": f"10.0.0.1,{ALICE}", "ip.dst": f"{ALICE},{VIDEO}", "ip.ttl": "64,64",
                  "icmp.type": "11", "icmp.mpls.label": "16100,100042", "icmp.mpls.ttl": "1,9",
                  "icmp.mpls.exp": "5,1"})
    packet("swap, IPv6", {"label": 16100, "ttl": 1}, user, inner=udp(ALICE6, VIDEO6),
           shows={"mpls.label": "16200,100042", "mpls.ttl": "255,255", "ipv6.src": f"2001:db8:ff::1,{ALICE6}",
                  "icmpv6.type": "3", "icmp.mpls.label": "16100,100042"})
    packet("swap for three", {"label": 16101, "ttl": 0}, user,
           shows={"mpls.label": "16201,16202,16203,100042", "mpls.ttl": "255,255,255,255"})
    packet("pop", {"label": 16102, "ttl": 1}, user,
           shows={"mpls.label": "100042", "mpls.ttl": "255", "icmp.mpls.label": "16102,100042"})
    packet("pop the last label: as bare IP", {"label": 16102, "ttl": 1},
           shows={"eth.type": "0x0800", "ip.src": f"10.0.0.1,{ALICE}", "ip.ttl": "64,64", "icmp.mpls.label": "16102"})
    packet("into a tunnel", {"label": 16103, "ttl": 1}, user,
           shows={"mpls.label": "16900,16901,16203,100042", "mpls.ttl": "255,255,255,255"})
    packet("far below a deep stack", {"label": 16100, "ttl": 1}, *range(300, 306), user,
           shows={"mpls.label": "16200,300,301,302,303,304,305,100042", "mpls.ttl": ",".join(["255"] * 8),
                  "icmp.mpls.label": "16100,300,301,302,303,304,305,100042"})
    packet("nothing that is IP", {"label": 16100, "ttl": 1}, user, inner=b"\0" * 64, originates=0)
    packet("an IP header that is broken", {"label": 16100, "ttl": 1}, user, inner=udp(ALICE, VIDEO)[:19], originates=0)
    error = icmp_error(ALICE, VIDEO, udp(VIDEO, ALICE)[:28], kind=11, code=0)
    packet("an ICMP error", {"label": 16100, "ttl": 1}, user, inner=error, originates=0)
    packet("an IPv4 packet from nobody", {"label": 16100, "ttl": 1}, user, inner=udp("0.0.0.0", VIDEO), originates=0)
    return case


def transit_too_big() -> Case:
    case = Case(
        "mpls-transit-too-big", "Too long for the line after a swap for three: told along the LSP, or fragmented",
        _transit_edge(),
        rfc="RFC 3032 §3.4, §3.5, RFC 1191 §4, RFC 8201", ids="PX-5 CD-4",
    )

    def packet(note, inner, outcome="forwarded", shows=None, originates=0, label=16101):
        data = mpls_frame({"label": label, "cos": 4}, 100042, inner=inner, destination=PORT1_MAC)
        case.send("core0", data, outcome, note, originates, shows)

    packet("1484 bytes and four labels: just fits", sized(ALICE, VIDEO, 1484), shows={"ip.len": "1484"})
    packet("1485 bytes, DF", sized(ALICE, VIDEO, 1485), "tooBig", originates=1,
           shows={"mpls.label": "16201,16202,16203,100042", "mpls.ttl": "255,255,255,255", "icmp.type": "3",
                  "icmp.code": "4", "icmp.mtu": "1484", "ip.src": f"10.0.0.1,{ALICE}"})
    packet("1485 bytes, IPv6", sized(ALICE6, VIDEO6, 1485), "tooBig", originates=1,
           shows={"mpls.ttl": "255,255,255,255", "icmpv6.type": "2", "icmpv6.mtu": "1484"})
    packet("1485 bytes, DF clear: fragments, each under the stack", sized(ALICE, VIDEO, 1485, flags=0), originates=1,
           shows={"mpls.label": "16201,16202,16203,100042", "mpls.ttl": "60,60,60,61", "mpls.exp": "4,4,4,0",
                  "ip.len": "1484", "ip.flags.mf": "1", "ip.ttl": "64"})
    packet("too long, and not IP", b"\0" + payload(1485), "tooBig")
    packet("swapped for one: it fits", sized(ALICE, VIDEO, 1492), label=16100, shows={"ip.len": "1492"})
    return case


def transit_narrow() -> Case:
    case = Case(
        "mpls-transit-narrow", "A narrow line behind a transit node: many fragments", _transit_edge(mtu=600),
        rfc="RFC 3032 §3.4, RFC 791 §3.2", ids="PX-5 CD-4",
    )
    data = mpls_frame(16100, 100042, inner=sized(ALICE, VIDEO, 1490, flags=0), destination=PORT1_MAC)
    case.send("core0", data, "forwarded", "1490 bytes over 592: three fragments", originates=2,
              shows={"ip.len": "588", "mpls.label": "16200,100042"})
    data = mpls_frame(16100, 100042, inner=sized(ALICE, VIDEO, 593), destination=PORT1_MAC)
    case.send("core0", data, "tooBig", "593 bytes, DF", originates=1, shows={"icmp.mtu": "592"})
    return case
