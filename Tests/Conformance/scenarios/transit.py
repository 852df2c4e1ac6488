"""A transit node: label swap and pop, and a session that joins MPLS to IP-in-IP."""

from .case import Case
from .exchanges import ALICE_VIDEO, CORE, NORTH, PROVIDERS, SERVICES
from .packets import ALICE, ALICE6, BOB, PORT1_MAC, PORT2_MAC, REMOTE, REMOTE6, VIDEO, VIDEO6, WEST_PEER_MAC
from .packets import ethernet, icmp_error, in_ip, in_ip6, mpls_frame, sized, udp

_WEST0 = {
    "packet": "veth-west",
    "role": "network",
    "addresses": ["10.0.1.1/30"],
    "neighbours": {"10.0.1.2": WEST_PEER_MAC},
}
_WEST = {"port": "west0", "nextHop": "10.0.1.2", "mtu": 1500, "capacity": "1Gbit"}


def cases():
    return [switch(), join(), join_ipv6()]


def switch() -> Case:
    exchange = {
        "ports": {"core0": CORE, "west0": _WEST0},
        "lines": {"north": NORTH, "west": _WEST},
        "tunnels": {"acme-west": {"line": "west", "mpls": {"send": 16900, "receive": 17900}}},
        "labels": [
            {"in": 16100, "swap": 16200, "via": "west"},
            {"in": 16101, "swap": [16201, 16202], "via": "west"},
            {"in": 16102, "pop": True, "via": "west"},
            {"in": 16103, "swap": 16203, "via": {"tunnel": "acme-west"}},
            {"in": 16104, "pop": True, "via": {"tunnel": "acme-west"}},
            {"in": 16105, "swap": 16205, "via": "north"},
        ],
    }
    case = Case(
        "transit-labels", "Transit: swap, swap two, pop, through a tunnel", exchange,
        rfc="RFC 3031 §3.10, RFC 3443 §3", ids="CD-4",
    )
    inner, inner6 = udp(ALICE, VIDEO, ttl=44), udp(ALICE6, VIDEO6, ttl=44)

    def packet(note, *stack, inner=inner, outcome="forwarded", shows=None, originates=0):
        case.send("core0", mpls_frame(*stack, inner=inner, destination=PORT1_MAC), outcome, note,
                  originates, shows)

    user = {"label": 100042, "ttl": 9, "cos": 1}
    packet("swap", {"label": 16100, "cos": 5}, user,
           shows={"mpls.label": "16200,100042", "mpls.ttl": "60,9", "mpls.exp": "5,1", "mpls.bottom": "0,1",
                  "eth.dst": WEST_PEER_MAC, "eth.src": PORT2_MAC})
    packet("swap the bottom label: S stays set", {"label": 16100, "cos": 3},
           shows={"mpls.label": "16200", "mpls.bottom": "1", "mpls.exp": "3", "ip.ttl": "44"})
    packet("swap, out of the port it came from", 16105, user, shows={"mpls.label": "16205,100042"})
    packet("swap for two", {"label": 16101, "cos": 6}, user,
           shows={"mpls.label": "16201,16202,100042", "mpls.ttl": "60,60,9", "mpls.exp": "6,6,1"})
    packet("swap the bottom label for two", 16101,
           shows={"mpls.label": "16201,16202", "mpls.bottom": "0,1"})
    packet("pop: TTL moves to the label exposed, its class stays", {"label": 16102, "cos": 7}, user,
           shows={"mpls.label": "100042", "mpls.ttl": "60", "mpls.exp": "1", "mpls.bottom": "1"})
    packet("pop the last label: TTL moves to the IP header", 16102,
           shows={"eth.type": "0x0800", "ip.ttl": "60"})
    packet("pop the last label, IPv6", 16102, inner=inner6, shows={"eth.type": "0x86dd", "ipv6.hlim": "60"})
    packet("pop the last label in a padded frame: the padding stays behind", 16102,
           inner=bytes(udp(ALICE, VIDEO, size=1, ttl=44)).ljust(42, b"\0"), shows={"ip.len": "29", "frame.len": "43"})
    packet("swap, and the tunnel's path label above", {"label": 16103, "cos": 2}, user,
           shows={"mpls.label": "16900,16203,100042", "mpls.ttl": "60,60,9", "mpls.exp": "2,2,1"})
    packet("pop, and the tunnel's path label above", 16104, user,
           shows={"mpls.label": "16900,100042", "mpls.ttl": "60,60", "mpls.bottom": "0,1"})
    packet("TTL 2", {"label": 16100, "ttl": 2}, user, shows={"mpls.ttl": "1,9"})
    packet("swap at TTL 1", {"label": 16100, "ttl": 1}, user, outcome="ttlExpired", originates=1,
           shows={"mpls.label": "16200,100042", "mpls.ttl": "255,255", "icmp.type": "11", "ip.dst": f"{ALICE},{VIDEO}"})
    packet("pop at TTL 0", {"label": 16102, "ttl": 0}, user, outcome="ttlExpired", originates=1,
           shows={"mpls.label": "100042", "mpls.ttl": "255", "icmp.type": "11"})
    packet("an unbound label", 16999, user, outcome="unknownLabel")
    packet("pop the bottom label, and a path label needs one to stand on", 16104, outcome="earlyBottomOfStack")
    packet("pop, and the frame ends", {"label": 16102, "s": 0}, inner=b"", outcome="truncatedLabelStack")
    packet("pop the last label: no IP behind it", 16102, inner=b"\x50" + bytes(59), outcome="badIPVersion")
    return case


def _joined(mpls: dict, ipip: dict) -> dict:
    return {
        "ports": {"core0": CORE, "west0": _WEST0},
        "lines": {"north": NORTH, "west": _WEST},
        "providers": PROVIDERS,
        "services": SERVICES,
        "tunnels": {
            "acme-north": {"line": "north", "mpls": mpls},
            "beta-west": {"line": "west", "ipip": ipip},
        },
        "subscribers": {"alice": {"addresses": [ALICE, "2001:db8:1:5::/64"]}},
        "conditions": [ALICE_VIDEO],
        "sessions": {
            "alice-video": {
                **ALICE_VIDEO,
                "access": {"tunnel": "acme-north", "send": 200042, "receive": 100042},
                "network": {"tunnel": "beta-west"},
            }
        },
    }


def join() -> Case:
    exchange = _joined({"send": 16001, "receive": 17001}, {"local": "10.0.1.1", "remote": REMOTE})
    case = Case(
        "transit-join", "Transit: a session with an MPLS leg and an IP-in-IP leg", exchange,
        rfc="RFC 3031 §3.9, RFC 2003 §3", ids="PX-1",
    )

    def up(note, *stack, inner, outcome="forwarded", shows=None, originates=0):
        data = mpls_frame(*stack, inner=inner, destination=PORT1_MAC)
        case.send("core0", data, outcome, note, shows=shows, originates=originates)

    def down(note, data, outcome="forwarded", shows=None, originates=0):
        case.send("west0", ethernet(data, destination=PORT2_MAC, source=WEST_PEER_MAC), outcome, note,
                  originates, shows)

    up("MPLS to IP-in-IP: one off the top label's TTL", 17001, 100042,
       inner=udp(ALICE, VIDEO, ttl=61, tos=0x4A),
       shows={"ip.src": f"10.0.1.1,{ALICE}", "ip.ttl": "64,60", "ip.dsfield": "0x4a,0x4a"})
    up("the same, IPv6", 17001, 100042, inner=udp(ALICE6, VIDEO6, ttl=61),
       shows={"ip.proto": "41", "ipv6.hlim": "60"})
    back = {"destination": "10.0.1.1"}
    down("IP-in-IP to MPLS: one off the inner TTL", in_ip(udp(VIDEO, ALICE, ttl=58, tos=0xB8), **back),
         shows={"mpls.label": "16001,200042", "mpls.ttl": "57,57", "mpls.exp": "5,5", "ip.ttl": "57"})
    down("the same, IPv6", in_ip(udp(VIDEO6, ALICE6), **back), shows={"mpls.ttl": "63,63", "ipv6.hlim": "63"})
    down("a CE mark from outside is kept inside", in_ip(udp(VIDEO, ALICE, tos=2), tos=3, **back),
         shows={"ip.dsfield": "0x03"})
    up("top label TTL 1", {"label": 17001, "ttl": 1}, 100042, inner=udp(ALICE, VIDEO), outcome="ttlExpired",
       originates=1, shows={"mpls.label": "16001,200042", "mpls.ttl": "64,64", "icmp.type": "11"})
    down("inner TTL 1", in_ip(udp(VIDEO, ALICE, ttl=1), **back), outcome="ttlExpired", originates=1,
         shows={"ip.dst": f"{REMOTE},{VIDEO},{ALICE}", "icmp.type": "11"})
    up("as long as the path allows", 17001, 100042, inner=sized(ALICE, VIDEO, 1480),
       shows={"ip.len": "1500,1480"})
    up("too long, DF set: told through the tunnel it came by", 17001, 100042, inner=sized(ALICE, VIDEO, 1484),
       outcome="tooBig", originates=1, shows={"mpls.label": "16001,200042", "icmp.mtu": "1480"})
    up("too long, DF clear: two fragments", 17001, 100042, inner=sized(ALICE, VIDEO, 1484, flags=0),
       originates=1, shows={"ip.len": "1496,1476"})
    up("another's source", 17001, 100042, inner=udp(BOB, VIDEO), outcome="innerSourceMismatch")
    down("from a stranger", in_ip(udp(VIDEO, ALICE), source="192.0.2.11", **back),
         outcome="unknownTunnelEndpoint")
    return case


def join_ipv6() -> Case:
    mpls = {"send": [16001, 16002], "receive": 17001, "innerDSCP": {5: "ef"}, "trafficClass": {"ef": 4, "default": 0}}
    ipip = {"local": "2001:db8:fd::1", "remote": REMOTE6, "ttl": "copy", "dscp": {"ef": "cs5", "default": 0},
            "innerDSCP": "outer"}
    exchange = _joined(mpls, ipip)
    exchange["ports"]["west0"] = {**_WEST0, "addresses": ["10.0.1.1/30", "2001:db8:fd::1/64"]}
    case = Case(
        "transit-join-ipv6", "Transit: MPLS to IP-in-IPv6 and back, classes and TTL handed on by maps", exchange,
        rfc="RFC 3031 §3.9, RFC 2473 §3, RFC 2983 §3", ids="PX-1 PX-2 PX-3",
    )

    def up(note, inner, outcome="forwarded", top=None, **more):
        data = mpls_frame({"label": 17001, **(top or {})}, 100042, inner=inner, destination=PORT1_MAC)
        case.send("core0", data, outcome, note, **more)

    def down(note, data, outcome="forwarded", **more):
        data = in_ip6(data, destination="2001:db8:fd::1", tc=more.pop("tc", 0))
        case.send("west0", ethernet(data, destination=PORT2_MAC, source=WEST_PEER_MAC), outcome, note, **more)

    up("class 5 is EF inside, and CS5 outside", udp(ALICE, VIDEO, tos=2), top={"cos": 5, "ttl": 40},
       shows={"ip.dsfield": "0xba", "ipv6.tclass": "0x000000a2", "ipv6.hlim": "39", "ip.ttl": "39"})
    up("another class, IPv6", udp(ALICE6, VIDEO6, tos=0x28), top={"cos": 1},
       shows={"ipv6.tclass": "0x00000000,0x00000028", "ipv6.hlim": "60,60"})
    down("outer EF is inner EF, and class 4", udp(VIDEO, ALICE, ttl=9), tc=0xB8,
         shows={"mpls.label": "16001,16002,200042", "mpls.exp": "4,4,4", "mpls.ttl": "8,8,8", "ip.dsfield": "0xb8"})
    down("6-in-6", udp(VIDEO6, ALICE6, tos=0xB8), shows={"mpls.exp": "0,0,0", "ipv6.tclass": "0x00000000"})
    up("too long by the outer header: told through MPLS", sized(ALICE, VIDEO, 1461), "tooBig", originates=1,
       shows={"mpls.label": "16001,16002,200042", "mpls.ttl": "64,64,64", "icmp.mtu": "1460"})
    down("too long by three labels: told through IP-in-IP", sized(VIDEO6, ALICE6, 1490), "tooBig", originates=1,
         shows={"ipv6.dst": f"{REMOTE6},{VIDEO6},{ALICE6}", "icmpv6.mtu": "1488"})
    down("inner TTL 1", udp(VIDEO, ALICE, ttl=1), "ttlExpired", originates=1,
         shows={"ipv6.hlim": "64", "icmp.type": "11"})
    up("a router's error about what came down", icmp_error("10.9.0.1", VIDEO, udp(VIDEO, ALICE), kind=11, code=0),
       shows={"ipv6.nxt": "4", "icmp.type": "11"})
    up("an error turned back", icmp_error("10.9.0.1", ALICE, udp(ALICE, VIDEO), kind=11, code=0),
       shows={"mpls.label": "16001,16002,200042", "icmp.type": "11"})
    return case
