"""ICMP errors that belong to a session's packets: admitted without a rule of their own, or turned back."""

from .case import Case
from .exchanges import access_edge, ip_in_ip_edge, provider_edge
from .packets import ALICE, ALICE6, BOB, HOST_MAC, LOCAL, PORT1_MAC, REMOTE, VIDEO, VIDEO6
from .packets import ethernet, icmp_error, in_ip, mpls_frame, tcp, udp

_ROUTER, _ROUTER6 = "192.0.2.77", "2001:db8:77::1"
_TCP = [{"protocol": "tcp", "ports": [443]}]


def cases():
    return [down(), down_ip_in_ip(), up(), from_a_server(), up_a_tunnel(), turned_back(), turned_back_ip_in_ip()]


def down() -> Case:
    case = Case(
        "related-down", "Errors from anybody on the service's side about the subscriber's packets",
        access_edge(allow=_TCP),
        rfc="RFC 792, RFC 4443 §2.4, RFC 1812 §4.3", ids="PX-3 PX-4",
    )

    def error(note, inner, outcome="forwarded", shows=None):
        case.send("core0", mpls_frame(17001, 200042, inner=inner), outcome, note, shows=shows)

    ours, ours6 = tcp(ALICE, VIDEO), tcp(ALICE6, VIDEO6)
    error("unreachable, from a router", icmp_error(_ROUTER, ALICE, ours),
          shows={"ip.src": f"{_ROUTER},{ALICE}", "ip.ttl": "60,64", "icmp.type": "3"})
    error("time exceeded", icmp_error(_ROUTER, ALICE, ours, kind=11, code=0), shows={"icmp.type": "11"})
    error("parameter problem", icmp_error(_ROUTER, ALICE, ours, kind=12, code=0), shows={"icmp.type": "12"})
    error("too big", icmp_error(_ROUTER, ALICE, ours, code=4, rest=1300), shows={"icmp.mtu": "1300"})
    error("from the service itself", icmp_error(VIDEO, ALICE, ours, code=3), shows={"icmp.code": "3"})
    error("the inner header and 8 bytes quoted", icmp_error(_ROUTER, ALICE, ours[:28]))
    error("IPv6: unreachable", icmp_error(_ROUTER6, ALICE6, ours6, kind=1, code=3), shows={"icmpv6.type": "1"})
    error("IPv6: too big", icmp_error(_ROUTER6, ALICE6, ours6, kind=2, code=0, rest=1300),
          shows={"icmpv6.mtu": "1300"})
    error("IPv6: hop limit exceeded", icmp_error(_ROUTER6, ALICE6, ours6, kind=3, code=0))
    error("IPv6: parameter problem", icmp_error(_ROUTER6, ALICE6, ours6, kind=4, code=0))
    refused = "innerSourceMismatch"
    error("about a packet that no rule admits", icmp_error(_ROUTER, ALICE, tcp(ALICE, VIDEO, (40001, 22))), refused)
    error("about another protocol", icmp_error(_ROUTER, ALICE, udp(ALICE, VIDEO)), refused)
    error("about a packet to no service", icmp_error(_ROUTER, ALICE, tcp(ALICE, "192.0.2.1")), refused)
    error("about another's packet", icmp_error(_ROUTER, ALICE, tcp(BOB, VIDEO)), refused)
    error("quoting less than the inner header", icmp_error(_ROUTER, ALICE, ours[:19]), refused)
    error("quoting no ports", icmp_error(_ROUTER, ALICE, ours[:20]), refused)
    error("quoting nothing", icmp_error(_ROUTER, ALICE, b""), refused)
    error("IPv4, quoting IPv6", icmp_error(_ROUTER, ALICE, ours6), refused)
    error("a redirect", icmp_error(_ROUTER, ALICE, ours, kind=5), refused)
    error("source quench, long gone (RFC 6633)", icmp_error(_ROUTER, ALICE, ours, kind=4, code=0), refused)
    error("an echo reply", icmp_error(_ROUTER, ALICE, ours, kind=0, code=0), refused)
    whole = icmp_error(_ROUTER, ALICE, ours, flags="MF")
    error("in fragments", whole, refused)
    error("from the service, about a packet that no rule admits", icmp_error(VIDEO, ALICE, udp(ALICE, VIDEO)),
          "notAdmitted")
    error("to another subscriber", icmp_error(_ROUTER, BOB, tcp(BOB, VIDEO)), refused)
    error("no error at all, from a stranger", tcp(_ROUTER, ALICE, (443, 40001)), refused)
    return case


def down_ip_in_ip() -> Case:
    case = Case(
        "related-down-ipip", "The same out of an IP-in-IP tunnel", ip_in_ip_edge(allow=_TCP),
        rfc="RFC 792, RFC 4443 §2.4", ids="PX-3 PX-4",
    )
    for inner, outcome, note in [
        (icmp_error(_ROUTER, ALICE, tcp(ALICE, VIDEO)), "forwarded", "unreachable"),
        (icmp_error(_ROUTER6, ALICE6, tcp(ALICE6, VIDEO6), kind=1), "forwarded", "unreachable, IPv6"),
        (icmp_error(VIDEO, ALICE, tcp(ALICE, VIDEO), code=3), "forwarded", "from the service itself"),
        (icmp_error(_ROUTER, ALICE, udp(ALICE, VIDEO)), "innerSourceMismatch", "about a packet that no rule admits"),
        (icmp_error(_ROUTER, ALICE, tcp(BOB, VIDEO)), "innerSourceMismatch", "about another's packet"),
    ]:
        case.send("core0", ethernet(in_ip(inner)), outcome, note)
    return case


def up() -> Case:
    case = Case(
        "related-up", "A subscriber's errors about what came down, from their own address only",
        access_edge(allow=_TCP),
        rfc="RFC 792, RFC 4443 §2.4, RFC 2827 §3", ids="PX-3 PX-4",
    )
    theirs, theirs6 = tcp(VIDEO, ALICE, (443, 40001)), tcp(VIDEO6, ALICE6, (443, 40001))
    for data, outcome, note in [
        (icmp_error(ALICE, VIDEO, theirs, code=3), "forwarded", "port unreachable"),
        (icmp_error(ALICE6, VIDEO6, theirs6, kind=1, code=4), "forwarded", "port unreachable, IPv6"),
        (icmp_error("2001:db8:1:5::99", VIDEO6, theirs6, kind=1, code=3), "forwarded",
         "from another address of the subscriber's, IPv6"),
        (icmp_error(ALICE, VIDEO, tcp(VIDEO, ALICE, (40001, 443)), code=3), "notAdmitted",
         "about a packet that no rule admits"),
        (icmp_error(ALICE, VIDEO, tcp(VIDEO, BOB, (443, 40001)), code=3), "notAdmitted", "about another's packet"),
        (icmp_error(ALICE, VIDEO, tcp(ALICE, VIDEO), code=3), "notAdmitted", "about a packet of their own"),
        (icmp_error("10.1.0.77", VIDEO, theirs), "unknownSubscriber", "from nobody's address"),
        (icmp_error(BOB, VIDEO, theirs), "notAdmitted", "from bob, about alice's packet"),
    ]:
        case.send("access0", data, outcome, note)
    return case


def from_a_server() -> Case:
    exchange = provider_edge({"line": "north", "mpls": {"send": 17001, "receive": 16001}},
                             {"tunnel": "acme-north", "send": 200042, "receive": 100042})
    exchange["conditions"] = [{"subscriber": "alice", "service": "acme-video", "allow": _TCP}]
    case = Case(
        "related-plain", "The same on a plain port: a router behind the server reports", exchange,
        rfc="RFC 792, RFC 4443 §2.4", ids="PX-3 PX-4",
    )
    frame = {"destination": PORT1_MAC, "source": HOST_MAC}
    for data, outcome, note in [
        (icmp_error(_ROUTER, ALICE, tcp(ALICE, VIDEO)), "forwarded", "unreachable, from a router"),
        (icmp_error(_ROUTER6, ALICE6, tcp(ALICE6, VIDEO6), kind=3, code=0), "forwarded", "hop limit, IPv6"),
        (icmp_error(VIDEO, ALICE, tcp(ALICE, VIDEO), code=3), "forwarded", "from the server"),
        (icmp_error(_ROUTER, ALICE, udp(ALICE, VIDEO)), "unknownService", "about a packet that no rule admits"),
        (icmp_error(VIDEO, ALICE, udp(ALICE, VIDEO)), "notAdmitted", "the same from the server"),
        (icmp_error(_ROUTER, BOB, tcp(BOB, VIDEO)), "unknownService", "to a subscriber without a session"),
        (udp(_ROUTER, ALICE), "unknownService", "no error at all"),
    ]:
        case.send("server0", ethernet(data, **frame), outcome, note)
    return case


def up_a_tunnel() -> Case:
    """What the other edge says about packets that ran out of time there has its own address as source."""
    exchange = provider_edge({"line": "north", "mpls": {"send": 17001, "receive": 16001}},
                             {"tunnel": "acme-north", "send": 200042, "receive": 100042})
    case = Case(
        "related-up-tunnel", "The other edge's errors, out of the tunnel", exchange,
        rfc="RFC 3032 §2.3, RFC 792", ids="PX-3 PX-4",
    )
    case.send("core0", mpls_frame({"label": 16001, "ttl": 64}, {"label": 100042, "ttl": 64},
                                  inner=icmp_error("10.0.0.2", VIDEO, udp(VIDEO, ALICE), kind=11, code=0)),
              "forwarded", "time exceeded at the other edge", shows={"ip.src": f"10.0.0.2,{VIDEO}", "ip.ttl": "63,64"})
    case.send("core0", mpls_frame(16001, 100042, inner=icmp_error("10.0.0.2", VIDEO, udp(VIDEO, BOB), kind=11)),
              "innerSourceMismatch", "about another's packet")
    return case


def turned_back() -> Case:
    exchange = provider_edge({"line": "north", "mpls": {"send": 17001, "receive": 16001}},
                             {"tunnel": "acme-north", "send": 200042, "receive": 100042})
    case = Case(
        "turned-back", "A hop inside the LSP reports along it: at the end the error is turned back to the sender",
        exchange,
        rfc="RFC 3032 §2.3.2, RFC 4950 §3", ids="PX-3 PX-5",
    )
    full = [{"label": 16001, "ttl": 250}, {"label": 100042, "ttl": 250}]
    case.send("core0", mpls_frame(*full, inner=icmp_error("10.9.0.1", ALICE, udp(ALICE, VIDEO), kind=11, code=0)),
              "forwarded", "time exceeded inside the LSP, about alice's packet: down to alice",
              shows={"mpls.label": "17001,200042", "mpls.ttl": "249,249", "ip.src": f"10.9.0.1,{ALICE}",
                     "ip.dst": f"{ALICE},{VIDEO}"})
    case.send("core0", mpls_frame(*full, inner=icmp_error(_ROUTER6, ALICE6, udp(ALICE6, VIDEO6), kind=2, rest=1400,
                                                          code=0)),
              "forwarded", "too big inside the LSP, IPv6", shows={"mpls.label": "17001,200042", "icmpv6.mtu": "1400"})
    for inner, note in [
        (icmp_error("10.9.0.1", BOB, udp(ALICE, VIDEO), kind=11), "to another than the sender"),
        (icmp_error("10.9.0.1", ALICE, udp(ALICE, "192.0.2.1"), kind=11), "about a packet to no service"),
        (icmp_error("10.9.0.1", BOB, udp(BOB, VIDEO), kind=11), "about another's packet"),
    ]:
        case.send("core0", mpls_frame(*full, inner=inner), "innerSourceMismatch", note)
    return case


def turned_back_ip_in_ip() -> Case:
    tunnel = {"line": "north", "ipip": {"local": LOCAL, "remote": REMOTE}}
    case = Case(
        "turned-back-ipip", "The same where MPLS became IP-in-IP on the way",
        provider_edge(tunnel, {"tunnel": "beta-west"}),
        rfc="RFC 3032 §2.3.2, RFC 2003 §4", ids="PX-3 PX-5",
    )
    error = icmp_error("10.9.0.1", ALICE, udp(ALICE, VIDEO), kind=11, code=0)
    case.send("core0", ethernet(in_ip(error)), "forwarded", "about alice's packet: back to alice",
              shows={"ip.dst": f"{REMOTE},{ALICE},{VIDEO}", "ip.ttl": "64,63,64"})
    case.send("core0", ethernet(in_ip(icmp_error("10.9.0.1", ALICE, udp(ALICE, "192.0.2.1"), kind=11))),
              "innerSourceMismatch", "about a packet to no service")
    return case
