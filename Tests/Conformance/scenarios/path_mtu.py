"""Routers inside an IP-in-IP tunnel: what they say of our packets, and what the packets' senders hear of it."""

from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6
from scapy.packet import Raw

from .case import Case
from .exchanges import access_edge, ip_in_ip6_edge, ip_in_ip_edge, provider_edge
from .packets import ALICE, ALICE6, HOST_MAC, LOCAL, LOCAL6, PORT1_MAC, REMOTE, REMOTE6, VIDEO, VIDEO6
from .packets import ethernet, icmp_error, in_ip, in_ip6, patched, sized, udp

_ROUTER, _ROUTER6 = "192.0.2.33", "2001:db8:c::33"


def cases():
    return [learned(), learned_over_ipv6(), aged(), unreachable(), unreachable_over_ipv6(), short_quotes(), plateau(),
            forged(), through_a_tunnel()]


def _icmp(kind: int, code: int, quoted: bytes, mtu=0, destination=LOCAL) -> bytes:
    """A router's ICMP error about a packet of ours."""
    return ethernet(icmp_error(_ROUTER, destination, quoted, kind, code, mtu))


def _ours(inner: bytes, destination=REMOTE) -> bytes:
    return in_ip(inner, source=LOCAL, destination=destination, ttl=60)


def _ours6(inner: bytes) -> bytes:
    return in_ip6(inner, source=LOCAL6, destination=REMOTE6)


def _icmp6(error, quoted: bytes) -> bytes:
    return ethernet(bytes(IPv6(src=_ROUTER6, dst=LOCAL6, hlim=60) / error / Raw(quoted[: 1280 - 48])))


def learned() -> Case:
    case = Case(
        "pmtu-ipv4", "A narrow hop inside the tunnel: its MTU is learned, and the inner sender told", ip_in_ip_edge(),
        rfc="RFC 2003 §4, §5.1, RFC 1191 §3", ids="PX-2 CD-5",
    )
    long = sized(ALICE, VIDEO, 1480, ttl=63)
    case.send("access0", sized(ALICE, VIDEO, 1480), "forwarded", "as long as the line takes")
    case.send("core0", _icmp(3, 4, _ours(long)[:548], mtu=1400), "consumed", "too big for 1400: alice is told 1380",
              originates=1,
              shows={"icmp.type": "3", "icmp.code": "4", "icmp.mtu": "1380", "ip.src": f"10.1.0.1,{ALICE}",
                     "ip.dst": f"{ALICE},{VIDEO}", "ip.len": "556,1480", "ip.ttl": "64,63"})
    case.send("access0", sized(ALICE, VIDEO, 1381), "tooBig", "1381 bytes, DF", originates=1,
              shows={"icmp.mtu": "1380"})
    case.send("access0", sized(ALICE, VIDEO, 1380), "forwarded", "1380 bytes", shows={"ip.len": "1400,1380"})
    case.send("access0", sized(ALICE, VIDEO, 1480, flags=0), "forwarded", "DF clear: fragments that fit", originates=1,
              shows={"ip.len": "1400,1380", "ip.flags.mf": "0,1"})
    case.send("access0", sized(ALICE6, VIDEO6, 1381), "tooBig", "1381 bytes, IPv6", originates=1,
              shows={"icmpv6.mtu": "1380"})
    case.send("core0", _icmp(3, 4, _ours(sized(ALICE6, VIDEO6, 1380))[:548], mtu=1340), "consumed",
              "another hop, narrower, and an IPv6 packet: told 1320", originates=1,
              shows={"icmpv6.type": "2", "icmpv6.mtu": "1320", "ipv6.src": f"2001:db8:1::1,{ALICE6}"})
    case.send("access0", sized(ALICE, VIDEO, 1321), "tooBig", "1321 bytes, DF", originates=1,
              shows={"icmp.mtu": "1320"})
    case.send("core0", ethernet(in_ip(sized(VIDEO, ALICE, 1400))), "forwarded", "the way back is as wide as ever")
    return case


def learned_over_ipv6() -> Case:
    case = Case(
        "pmtu-ipv6", "The same over IPv6", ip_in_ip6_edge(),
        rfc="RFC 2473 §7.1, §8, RFC 8201 §4", ids="PX-2 CD-5",
    )
    case.send("access0", sized(ALICE6, VIDEO6, 1460), "forwarded", "as long as the line takes")
    case.send("core0", _icmp6(ICMPv6PacketTooBig(mtu=1400), _ours6(sized(ALICE6, VIDEO6, 1460))), "consumed",
              "too big for 1400: alice is told 1360", originates=1,
              shows={"icmpv6.type": "2", "icmpv6.mtu": "1360", "ipv6.dst": f"{ALICE6},{VIDEO6}"})
    case.send("access0", sized(ALICE6, VIDEO6, 1361), "tooBig", "1361 bytes, IPv6", originates=1,
              shows={"icmpv6.mtu": "1360"})
    case.send("access0", sized(ALICE6, VIDEO6, 1360), "forwarded", "1360 bytes, IPv6")
    case.send("access0", sized(ALICE, VIDEO, 1361), "tooBig", "1361 bytes, IPv4 with DF", originates=1,
              shows={"icmp.mtu": "1360"})
    case.send("core0", _icmp6(ICMPv6PacketTooBig(mtu=1380), _ours6(sized(ALICE, VIDEO, 1360))), "consumed",
              "too big for 1380, an IPv4 packet: alice is told 1340", originates=1,
              shows={"icmp.type": "3", "icmp.code": "4", "icmp.mtu": "1340"})
    case.send("access0", sized(ALICE, VIDEO, 1341), "tooBig", "1341 bytes, IPv4 with DF", originates=1,
              shows={"icmp.mtu": "1340"})
    return case


def aged() -> Case:
    case = Case(
        "pmtu-aged", "What was learned of a path is forgotten after ten minutes", ip_in_ip_edge(),
        rfc="RFC 1191 §6.3, RFC 2003 §5.1", ids="PX-2 CD-5",
    )
    case.send("core0", _icmp(3, 4, _ours(sized(ALICE, VIDEO, 1480))[:548], mtu=1400), "consumed", "too big for 1400",
              originates=1)
    case.send("access0", sized(ALICE, VIDEO, 1480), "tooBig", "nine minutes later", originates=1, after=540,
              shows={"icmp.mtu": "1380"})
    case.send("access0", sized(ALICE, VIDEO, 1480), "forwarded", "eleven minutes later", after=120,
              shows={"ip.len": "1500,1480"})
    return case


def unreachable() -> Case:
    case = Case(
        "ipip-unreachable", "The tunnel's other end is not reached: the inner sender is told that the host isn't",
        ip_in_ip_edge(),
        rfc="RFC 2003 §4.1", ids="CD-5",
    )
    inner, inner6 = udp(ALICE, VIDEO, ttl=63), udp(ALICE6, VIDEO6, ttl=63)
    for kind, code, note in [(3, 0, "network unreachable"), (3, 1, "host unreachable"),
                             (11, 0, "outer TTL used up on the way")]:
        case.send("core0", _icmp(kind, code, _ours(inner)), "consumed", note, originates=1,
                  shows={"icmp.type": "3", "icmp.code": "1", "ip.src": f"10.1.0.1,{ALICE}", "ip.dst": f"{ALICE},{VIDEO}"})
        case.send("core0", _icmp(kind, code, _ours(inner6)), "consumed", f"{note}, IPv6 inside", originates=1,
                  shows={"icmpv6.type": "1", "icmpv6.code": "3", "ipv6.dst": f"{ALICE6},{VIDEO6}"})
    return case


def unreachable_over_ipv6() -> Case:
    case = Case(
        "ipip6-unreachable", "The same over IPv6", ip_in_ip6_edge(),
        rfc="RFC 2473 §8", ids="CD-5",
    )
    for error, note in [(ICMPv6DestUnreach(code=0), "no route"), (ICMPv6DestUnreach(code=3), "address unreachable"),
                        (ICMPv6TimeExceeded(code=0), "outer hop limit used up")]:
        case.send("core0", _icmp6(error, _ours6(udp(ALICE, VIDEO))), "consumed", note, originates=1,
                  shows={"icmp.type": "3", "icmp.code": "1"})
        case.send("core0", _icmp6(error, _ours6(udp(ALICE6, VIDEO6))), "consumed", f"{note}, IPv6 inside", originates=1,
                  shows={"icmpv6.type": "1", "icmpv6.code": "3"})
    return case


def short_quotes() -> Case:
    case = Case(
        "pmtu-short-quote", "A router that quotes 8 bytes: the MTU is learned, and the next sender hears of it from us",
        ip_in_ip_edge(),
        rfc="RFC 2003 §5.1, RFC 792", ids="CD-5",
    )
    inner = sized(ALICE, VIDEO, 1480)
    case.send("core0", _icmp(3, 1, _ours(inner)[:28]), "consumed", "unreachable, 8 bytes quoted")
    case.send("core0", _icmp(3, 1, _ours(inner)[:47]), "consumed", "unreachable, the inner header and 7 bytes")
    case.send("core0", _icmp(3, 1, _ours(inner)[:48]), "consumed", "unreachable, the inner header and 8 bytes",
              originates=1, shows={"icmp.code": "1"})
    case.send("access0", inner, "forwarded", "1480 bytes")
    case.send("core0", _icmp(3, 4, _ours(inner)[:28], mtu=1400), "consumed", "too big, 8 bytes quoted")
    case.send("access0", inner, "tooBig", "1480 bytes again", originates=1, shows={"icmp.mtu": "1380"})
    return case


def plateau() -> Case:
    case = Case(
        "pmtu-plateau", "A router that doesn't state its MTU: the next plateau below the packet", ip_in_ip_edge(),
        rfc="RFC 1191 §5, §7", ids="CD-5",
    )
    case.send("core0", _icmp(3, 4, _ours(sized(ALICE, VIDEO, 1480))[:548]), "consumed", "1500 bytes were too long",
              originates=1, shows={"icmp.mtu": "1472"})
    case.send("access0", sized(ALICE, VIDEO, 1473), "tooBig", "1473 bytes", originates=1, shows={"icmp.mtu": "1472"})
    case.send("core0", _icmp(3, 4, _ours(sized(ALICE, VIDEO, 1472))[:548]), "consumed", "1492 bytes were too long",
              originates=1, shows={"icmp.mtu": "986"})
    case.send("access0", sized(ALICE, VIDEO, 987), "tooBig", "987 bytes", originates=1, shows={"icmp.mtu": "986"})
    return case


def forged() -> Case:
    """ICMP errors are easily written: what isn't about our packets, on their port, changes nothing."""
    exchange = access_edge({"line": "north", "ipip": {"local": LOCAL, "remote": REMOTE}}, {"tunnel": "beta-west"})
    exchange["ports"]["west0"] = {"packet": "veth-west", "role": "network", "addresses": ["10.0.1.1/30"]}
    case = Case(
        "pmtu-forged", "ICMP errors that aren't about our packets change nothing", exchange,
        rfc="RFC 5927 §7.2, RFC 8201 §4", ids="PX-4",
    )
    inner = sized(ALICE, VIDEO, 1480)
    ours = _ours(inner)[:548]
    stranger = in_ip(inner, source=LOCAL, destination="192.0.2.66")[:548]
    sound = _icmp(3, 4, ours, mtu=1400)
    west = b"\x02\x57\x4c\0\0\x03" + sound[6:]
    for port, data, note in [
        ("core0", _icmp(3, 4, stranger, mtu=1400), "about a packet to another end"),
        ("core0", _icmp(3, 4, in_ip(inner, source=REMOTE, destination=LOCAL)[:548], mtu=1400),
         "about a packet from the other end"),
        ("core0", _icmp(3, 4, patched(ours, 9, b"\x2f"), mtu=1400), "about GRE"),
        ("core0", _icmp(3, 4, ours[:19], mtu=1400), "that quotes less than a header"),
        ("core0", sound[:36] + b"\xde\xad" + sound[38:], "with a wrong checksum"),
        ("west0", west, "by another port"),
    ]:
        case.send(port, data, "notServedHere", note)
    case.send("access0", inner, "forwarded", "1480 bytes, as before")
    return case


def through_a_tunnel() -> Case:
    tunnel = {"line": "north", "ipip": {"local": LOCAL, "remote": REMOTE}}
    case = Case(
        "pmtu-provider-edge", "The same for a server's packets at the provider's edge",
        provider_edge(tunnel, {"tunnel": "beta-west"}),
        rfc="RFC 2003 §5.1", ids="PX-3 CD-5",
    )
    from_server = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("core0", _icmp(3, 4, _ours(sized(VIDEO, ALICE, 1480))[:548], mtu=1400), "consumed",
              "too big for 1400: the server is told 1380", originates=1,
              shows={"icmp.mtu": "1380", "ip.src": f"192.0.2.129,{VIDEO}", "eth.dst": HOST_MAC})
    case.send("server0", ethernet(sized(VIDEO, ALICE, 1381), **from_server), "tooBig", "1381 bytes, DF", originates=1,
              shows={"icmp.mtu": "1380"})
    return case
