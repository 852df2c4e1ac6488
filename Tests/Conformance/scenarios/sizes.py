"""Over-size packets: "too big" where they must not be fragmented, fragments where they may."""

from scapy.packet import Raw

from .case import Case
from .exchanges import access_edge, ip_in_ip_edge, provider_edge
from .packets import ALICE, ALICE6, HOST_MAC, PORT1_MAC, VIDEO, VIDEO6
from .packets import ethernet, ip, payload, sized


def cases():
    return [too_big_mpls(), too_big_ipip(), too_big_implicit_null(), too_big_from_server(), *fragmented()]


def too_big_mpls() -> Case:
    case = Case(
        "too-big-mpls", "Over-size for two labels: 1500 − 8", access_edge(),
        rfc="RFC 1191 §4, RFC 8201, RFC 3032 §3.4, §3.5", ids="PX-2",
    )
    case.send("access0", sized(ALICE, VIDEO, 1492), "forwarded", "1492 bytes: just fits",
              shows={"ip.len": "1492"})
    case.send("access0", sized(ALICE, VIDEO, 1493), "tooBig", "1493 bytes, DF", originates=1, after=1,
              shows={"icmp.type": "3", "icmp.code": "4", "icmp.mtu": "1492", "ip.len": "576,1493",
                     "ip.src": f"10.1.0.1,{ALICE}"})
    case.send("access0", sized(ALICE6, VIDEO6, 1492), "forwarded", "1492 bytes, IPv6",
              shows={"ipv6.plen": "1452"})
    case.send("access0", sized(ALICE6, VIDEO6, 1493), "tooBig", "1493 bytes, IPv6", originates=1, after=1,
              shows={"icmpv6.type": "2", "icmpv6.mtu": "1492", "ipv6.plen": "1240,1453"})
    case.send("access0", sized(ALICE, VIDEO, 1500, ttl=1), "ttlExpired",
              "too long, and TTL 1: TTL is looked at first", originates=1, after=1, shows={"icmp.type": "11"})
    return case


def too_big_ipip() -> Case:
    case = Case(
        "too-big-ipip", "Over-size for an outer IPv4 header: 1500 − 20", ip_in_ip_edge(),
        rfc="RFC 1191 §4, RFC 8201, RFC 2003 §5.1", ids="PX-2",
    )
    case.send("access0", sized(ALICE, VIDEO, 1480), "forwarded", "1480 bytes", shows={"ip.len": "1500,1480"})
    case.send("access0", sized(ALICE, VIDEO, 1481), "tooBig", "1481 bytes, DF", originates=1, after=1,
              shows={"icmp.mtu": "1480"})
    case.send("access0", sized(ALICE6, VIDEO6, 1480), "forwarded", "1480 bytes, IPv6",
              shows={"ip.len": "1500"})
    case.send("access0", sized(ALICE6, VIDEO6, 1481), "tooBig", "1481 bytes, IPv6", originates=1, after=1,
              shows={"icmpv6.mtu": "1480"})
    return case


def too_big_implicit_null() -> Case:
    exchange = access_edge({"line": "north", "mpls": {"null": "implicit", "receive": 17001}})
    case = Case(
        "too-big-implicit-null", "Over-size for the user label alone: 1500 − 4", exchange,
        rfc="RFC 3032 §3.4", ids="PX-2",
    )
    case.send("access0", sized(ALICE, VIDEO, 1496), "forwarded", "1496 bytes", shows={"mpls.label": "100042"})
    case.send("access0", sized(ALICE, VIDEO, 1497), "tooBig", "1497 bytes", originates=1, after=1,
              shows={"icmp.mtu": "1496"})
    return case


def too_big_from_server() -> Case:
    exchange = provider_edge({"line": "north", "mpls": {"send": 17001, "receive": 16001}},
                             {"tunnel": "acme-north", "send": 200042, "receive": 100042})
    case = Case(
        "too-big-provider-edge", "A server's over-size packet: the server is told", exchange,
        rfc="RFC 1191 §4, RFC 8201", ids="PX-3",
    )
    frame = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("server0", ethernet(sized(VIDEO, ALICE, 1493), **frame), "tooBig", "1493 bytes, DF",
              originates=1, after=1,
              shows={"icmp.mtu": "1492", "ip.src": f"192.0.2.129,{VIDEO}", "eth.dst": HOST_MAC})
    case.send("server0", ethernet(sized(VIDEO6, ALICE6, 1500), **frame), "tooBig", "1500 bytes, IPv6",
              originates=1, after=1, shows={"icmpv6.mtu": "1492", "ipv6.src": f"2001:db8:fe::1,{VIDEO6}"})
    case.send("server0", ethernet(sized(VIDEO, ALICE, 1500, flags=0), **frame), "forwarded",
              "DF clear: two fragments", originates=1, shows={"ip.len": "1492"})
    return case


def fragmented() -> list[Case]:
    labelled = Case(
        "fragment-mpls", "IPv4 without DF: fragments, each behind its labels", access_edge(),
        rfc="RFC 791 §3.2, RFC 3032 §3.4", ids="PX-5",
    )
    labelled.send("access0", sized(ALICE, VIDEO, 1500, flags=0, tos=0x28), "forwarded",
                  "1500 bytes: 2 packets, 1520 bytes", originates=1,
                  shows={"ip.len": "1492", "ip.flags.mf": "1", "mpls.label": "16001,100042"})
    labelled.send("access0", sized(ALICE, VIDEO, 1492, flags=0), "forwarded", "1492 bytes: whole",
                  shows={"ip.flags.mf": "0"})
    labelled.send("access0", sized(ALICE, VIDEO, 1493, flags=0), "forwarded", "1493 bytes", originates=1)
    middle = ip(ALICE, VIDEO, Raw(payload(1480)), proto=17, frag=185, flags="MF")
    labelled.send("access0", middle, "forwarded", "a fragment, again: offsets go on, MF stays", originates=1,
                  shows={"ip.frag_offset": "185", "ip.flags.mf": "1"})
    last = ip(ALICE, VIDEO, Raw(payload(1477)), proto=17, frag=370, flags=0)
    labelled.send("access0", last, "forwarded", "the last fragment, again", originates=1,
                  shows={"ip.frag_offset": "370"})
    beyond = ip(ALICE, VIDEO, Raw(payload(1480)), proto=17, frag=8190, flags=0)
    labelled.send("access0", beyond, "tooBig", "a fragment whose own ones would begin beyond any offset")
    edge = ip(ALICE, VIDEO, Raw(payload(1480)), proto=17, frag=8191 - 184, flags=0)
    labelled.send("access0", edge, "forwarded", "one whose last begins at the last offset there is", originates=1,
                  shows={"ip.frag_offset": str(8191 - 184)})
    labelled.send("access0", sized(ALICE, VIDEO, 1500, flags=0, ttl=1), "ttlExpired",
                  "too long, DF clear, TTL 1", originates=1, after=1, shows={"icmp.type": "11"})

    exchange = access_edge(mtu=584)
    exchange["services"]["acme-video"]["prefixes"] = ["198.51.100.0/24"]  # too narrow for IPv6
    narrow = Case(
        "fragment-narrow", "A narrow line: many fragments", exchange,
        rfc="RFC 791 §3.2", ids="PX-5",
    )
    narrow.send("access0", sized(ALICE, VIDEO, 1500, flags=0), "forwarded",
                "1500 bytes over 576: three fragments", originates=2, shows={"ip.len": "572"})

    outer = Case(
        "fragment-ipip", "IPv4 without DF: fragments, each in its own outer header", ip_in_ip_edge(),
        rfc="RFC 791 §3.2, RFC 2003 §3.1", ids="PX-5",
    )
    outer.send("access0", sized(ALICE, VIDEO, 1500, flags=0), "forwarded", "1500 bytes: two outer ids",
               originates=1, shows={"ip.len": "1496,1476", "ip.id": "0x0000,0x1234", "ip.flags.mf": "0,1"})
    outer.send("access0", sized(ALICE, VIDEO, 1000, flags=0), "forwarded", "the next outer id",
               shows={"ip.id": "0x0002,0x1234"})
    return [labelled, narrow, outer]
