"""The edge's links: waiting for a neighbour, tags of lines, hairpins, denials told, segments clamped, several paths."""

from copy import deepcopy

from scapy.layers.inet import TCP
from scapy.layers.l2 import ARP
from scapy.packet import Raw

from .case import Case
from .exchanges import ACCESS, access_edge, ip_in_ip6_edge
from .packets import ALICE, ALICE6, BOB, MUSIC, PEER_MAC, PORT2_MAC, VIDEO, VIDEO6
from .packets import echo, ethernet, fragment6, icmp_error, in_ip, in_ip6, ip, labels, mpls_frame, payload, sized, tcp, udp


def cases():
    return [waiting(), waiting_too_long(), static(), line_vlan(), line_double_vlan(), hairpin(), prohibited(),
            segments(), segments_ipip(), paths_up(), paths_down()]


def _answer(**fields) -> bytes:
    message = ARP(op=2, hwsrc=PEER_MAC, psrc="10.0.0.2", hwdst=PORT2_MAC, pdst="10.0.0.1")
    return ethernet(bytes(message), ethertype=0x0806, **fields)


def _unresolved() -> dict:
    exchange = access_edge()
    del exchange["ports"]["core0"]["neighbours"]
    return exchange


def waiting() -> Case:
    case = Case(
        "neighbour-waiting", "One packet waits for its next hop, the latest; it leaves when the answer comes",
        _unresolved(),
        rfc="RFC 1122 §2.3.2.2, RFC 826", ids="PX-5 CD-2",
    )
    case.send("access0", udp(ALICE, VIDEO, size=10), "waiting", "the first: asked for", originates=1,
              shows={"arp.opcode": "1"})
    case.send("access0", udp(ALICE, VIDEO, size=20), "waiting", "the second takes its place")
    case.send("core0", _answer(), "consumed", "the answer: the second goes", shows={"ip.len": "48",
                                                                                   "eth.dst": PEER_MAC})
    case.send("core0", _answer(), "consumed", "the answer again: nobody waits")
    case.send("access0", udp(ALICE, VIDEO, size=30), "forwarded", "the third", shows={"ip.len": "58"})
    return case


def waiting_too_long() -> Case:
    case = Case(
        "neighbour-waiting-expired", "Who has waited for three seconds is dropped; so is who waits at the end",
        _unresolved(),
        rfc="RFC 1122 §2.3.2.2", ids="PX-5 CD-2",
    )
    case.send("access0", udp(ALICE, VIDEO, size=10), "waiting", "asked for", originates=1)
    case.send("core0", ethernet(udp(VIDEO, "10.9.9.9")), "unknownDestination", "something else, two seconds later", after=2)
    case.send("access0", udp(ALICE, VIDEO, ttl=1), "ttlExpired", "TTL is looked at first", originates=1)
    case.send("access0", sized(ALICE, VIDEO, 1500), "tooBig", "length too", originates=1)
    case.send("core0", ethernet(echo("10.0.0.2", "10.0.0.1")), "consumed", "a ping, three seconds later: too late",
              originates=1, after=1.5, shows={"icmp.type": "0"})
    case.send("access0", udp(ALICE, VIDEO, size=20), "waiting", "another: asked for again", originates=1)
    return case


def static() -> Case:
    case = Case(
        "neighbour-static", "A neighbour from the file isn't asked for, and no answer moves it", access_edge(),
        rfc="RFC 826, RFC 1122 §2.3.2.1", ids="PX-4 CD-2",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "at once", shows={"eth.dst": PEER_MAC})
    other = ARP(op=2, hwsrc="02:00:00:00:00:66", psrc="10.0.0.2", hwdst=PORT2_MAC, pdst="10.0.0.1")
    case.send("core0", ethernet(bytes(other), ethertype=0x0806, source="02:00:00:00:00:66"), "consumed",
              "somebody else claims the address")
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "as before", shows={"eth.dst": PEER_MAC})
    return case


def _tagged_edge(vlan) -> dict:
    exchange = _unresolved()
    exchange["lines"]["north"]["vlan"] = vlan
    exchange["labels"] = [{"in": 16100, "swap": 16200, "via": "north"}]
    exchange["tunnels"]["beta-west"] = {"line": "north", "ipip": {"local": "10.0.0.1", "remote": "192.0.2.9"}}
    exchange["tunnels"]["acme-php"] = {"line": "north", "mpls": {"send": 16003, "php": True}}
    exchange["conditions"] += [{"subscriber": "bob", "service": "acme-video"},
                               {"subscriber": "bob", "service": "beta-music"}]
    exchange["sessions"]["bob-video"] = {"subscriber": "bob", "service": "acme-video", "access": {"port": "access0"},
                                         "network": {"tunnel": "beta-west"}}
    exchange["sessions"]["bob-music"] = {"subscriber": "bob", "service": "beta-music", "access": {"port": "access0"},
                                         "network": {"tunnel": "acme-php", "send": 100050, "receive": 200050}}
    return exchange



def _tagged(case: Case, tags: tuple, shown: dict, wrong: list) -> None:
    tpid = 0x88A8 if len(tags) == 2 else 0x8100
    case.send("access0", udp(ALICE, VIDEO), "waiting", "the next hop is asked for under the line's tags", originates=1,
              shows={**shown, "arp.opcode": "1"})
    case.send("core0", _answer(vlan=tags, tpid=tpid), "consumed", "its answer",
              shows={**shown, "mpls.label": "16001,100042", "eth.dst": PEER_MAC})
    case.send("access0", udp(BOB, VIDEO), "forwarded", "IP-in-IP", shows=shown)
    down = {"mpls": labels(17001, 200042, inner=udp(VIDEO, ALICE)), "php": labels(200050, inner=udp(MUSIC, BOB)),
            "transit": labels(16100, 300, inner=udp(VIDEO, BOB)), "ipip": in_ip(udp(VIDEO, BOB))}
    for name, data in down.items():
        ethertype = None if name == "ipip" else 0x8847
        case.send("core0", ethernet(data, ethertype=ethertype, vlan=tags, tpid=tpid), "forwarded", f"{name}, tagged",
                  shows={**shown, "mpls.label": "16200,300"} if name == "transit" else None)
        for other in wrong:
            outcome = "forwarded" if name == "transit" else "wrongVLAN"
            case.send("core0", ethernet(data, ethertype=ethertype, vlan=other, tpid=tpid), outcome,
                      f"{name}, under {list(other)}")
    case.send("core0", ethernet(labels({"label": 17001, "ttl": 1}, 200042, inner=udp(VIDEO, ALICE)), ethertype=0x8847,
                                vlan=tags, tpid=tpid),
              "ttlExpired", "time exceeded goes back tagged", originates=1, shows={**shown, "icmp.type": "11"})


def line_vlan() -> Case:
    case = Case(
        "line-vlan", "A line on a VLAN: all of its tunnels' frames have its tag", _tagged_edge(70),
        rfc="IEEE 802.1Q §9, RFC 3032 §5", ids="PX-2 PX-3 PX-4",
    )
    _tagged(case, (70,), {"vlan.id": "70"}, [(), (71,), (70, 70)])
    return case


def line_double_vlan() -> Case:
    case = Case(
        "line-vlan-double", "A line behind two tags", _tagged_edge([200, 30]),
        rfc="IEEE 802.1ad, RFC 3032 §5", ids="PX-2 PX-3 PX-4",
    )
    _tagged(case, (200, 30), {"ieee8021ad.id": "200", "vlan.id": "30"}, [(), (200,), (30, 200)])
    return case


def hairpin() -> Case:
    exchange = {
        "ports": {"access0": ACCESS, "access1": {"tun": "wl-access1", "role": "access", "addresses": ["10.2.0.1/24"]}},
        "providers": {"acme": {"name": "Acme Media"}},
        "services": {"neighbours": {"provider": "acme", "prefixes": ["10.1.0.0/24", "2001:db8:1::/48"]}},
        "subscribers": {
            "alice": {"port": "access0", "addresses": [ALICE, "2001:db8:1:5::/64"]},
            "bob": {"port": "access0", "addresses": [BOB, "2001:db8:1:6::/64"]},
            "carol": {"port": "access1", "addresses": ["10.2.0.7"]},
        },
        "conditions": [{"subscriber": "alice", "service": "neighbours",
                        "allow": [{"protocol": "udp", "ports": [5004]}, {"protocol": "icmp", "types": ["echo"]}]}],
        "sessions": {"alice-neighbours": {"subscriber": "alice", "service": "neighbours",
                                          "access": {"port": "access0"}, "network": {"port": "access0"}}},
    }
    case = Case(
        "hairpin", "From subscriber to subscriber on one port: replies go on the opener's bill", deepcopy(exchange),
        rfc="RFC 1812 §5.2.7.2, RFC 4787 §6", ids="PX-4 PX-5",
    )
    bob6 = "2001:db8:1:6::77"
    for port, data, outcome, note in [
        ("access0", udp(ALICE, BOB), "forwarded", "alice to bob"),
        ("access0", udp(BOB, ALICE, (5004, 40000)), "forwarded", "bob's reply"),
        ("access0", udp(ALICE6, bob6), "forwarded", "alice to bob, IPv6"),
        ("access0", udp(bob6, ALICE6, (5004, 40000)), "forwarded", "bob's reply, IPv6"),
        ("access0", echo(ALICE, BOB), "forwarded", "alice pings bob"),
        ("access0", icmp_error(BOB, ALICE, bytes(8), kind=0, code=0), "forwarded", "bob's echo reply"),
        ("access0", echo(BOB, ALICE), "notAdmitted", "bob pings alice"),
        ("access0", udp(BOB, ALICE), "notAdmitted", "bob to alice, unasked: no rule mirrored"),
        ("access0", udp(ALICE, BOB, (1, 2)), "notAdmitted", "alice to bob, on another port"),
        ("access1", udp(BOB, ALICE, (5004, 40000)), "spoofedSource", "bob's address on another port"),
        ("access1", udp("10.2.0.7", ALICE, (5004, 40000)), "notAdmitted", "carol to alice"),
        ("access0", udp("10.1.0.9", ALICE, (5004, 40000)), "unknownSubscriber", "nobody to alice"),
        ("access0", udp(BOB, ALICE, (5004, 40000), ttl=1), "ttlExpired", "bob's reply with TTL 1"),
    ]:
        case.send(port, data, outcome, note, originates=int(outcome == "ttlExpired"))
    return case


def prohibited() -> Case:
    exchange = access_edge(allow=[{"protocol": "tcp", "ports": [443]}])
    exchange["ports"]["access0"] = {**exchange["ports"]["access0"], "denied": "prohibited"}
    case = Case(
        "denied-prohibited", "A port that tells its senders what is denied", exchange,
        rfc="RFC 1812 §5.2.7.1, RFC 4443 §3.1", ids="PX-4",
    )
    ipv4 = {"icmp.type": "3", "icmp.code": "13", "ip.src": f"10.1.0.1,{ALICE}", "ip.ttl": "64,64"}
    ipv6 = {"icmpv6.type": "1", "icmpv6.code": "1"}
    error = icmp_error(ALICE, VIDEO, udp(VIDEO, ALICE))
    for data, outcome, note, shows in [
        (udp(ALICE, VIDEO), "notAdmitted", "no rule", ipv4),
        (udp(ALICE6, VIDEO6), "notAdmitted", "no rule, IPv6", ipv6),
        (tcp(ALICE, MUSIC), "notAdmitted", "no session", ipv4),
        (tcp(ALICE, "192.0.2.77"), "unknownService", "no service", ipv4),
        (tcp(ALICE6, "2001:db8:77::1"), "unknownService", "no service, IPv6", ipv6),
        (ip(ALICE, VIDEO, Raw(payload(64)), proto=6, frag=20, flags=0), "fragmentWithoutPorts",
         "a later fragment of IPv4: nobody is told", None),
        (fragment6(ALICE6, VIDEO6, 96, False, 6, payload(64)), "fragmentWithoutPorts", "a later fragment of IPv6", ipv6),
        (error, "notAdmitted", "an ICMP error: nobody is told", None),
        (tcp("10.1.0.77", VIDEO), "unknownSubscriber", "nobody's source: nobody is told", None),
        (udp("10.0.0.1", VIDEO), "spoofedSource", "a forged source: nobody is told", None),
        (udp(ALICE, "224.0.0.5"), "notUnicast", "multicast: nobody is told", None),
        (ip(ALICE, VIDEO, Raw(b"\x9c"), proto=6), "truncatedTransport", "cut inside its ports: nobody is told", None),
    ]:
        case.send("access0", data, outcome, note, originates=int(shows is not None), shows=shows)
    case.send("access0", tcp(ALICE, VIDEO), "forwarded", "what is admitted")
    down = mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE))
    case.send("core0", down, "notAdmitted", "what is denied on the way back: nobody is told")
    return case


def _syn(source: str, destination: str, options: list, flags="S", **fields) -> bytes:
    return ip(source, destination, TCP(sport=40001, dport=443, seq=7, flags=flags, options=options), **fields)


def segments() -> Case:
    exchange = access_edge({"line": "north", "mpls": {"send": 16001, "receive": 17001}, "mssClamp": True})
    case = Case(
        "mss-clamp", "TCP's maximum segment size is held to what the tunnel takes, both ways", exchange,
        rfc="RFC 9293 §3.7.1, RFC 1624 §3", ids="PX-2 PX-3",
    )
    for options, value, note in [
        ([("MSS", 1460)], "1452", "1460"), ([("MSS", 1453)], "1452", "1453"), ([("MSS", 1452)], "1452", "1452: it fits"),
        ([("MSS", 536)], "536", "536: it stays"), ([("MSS", 65535)], "1452", "65535"),
        ([("NOP", None), ("MSS", 1460)], "1452", "at an odd place"),
        ([("SAckOK", b""), ("WScale", 7), ("MSS", 1460), ("NOP", None)], "1452", "behind other options"),
    ]:
        case.send("access0", _syn(ALICE, VIDEO, options), "forwarded", note, shows={"tcp.options.mss_val": value})
    case.send("access0", _syn(ALICE6, VIDEO6, [("MSS", 1440)]), "forwarded", "IPv6: 1440",
              shows={"tcp.options.mss_val": "1432"})
    case.send("access0", _syn(ALICE, VIDEO, [("MSS", 1460)], flags="A"), "forwarded", "no SYN: it stays",
              shows={"tcp.options.mss_val": "1460"})
    case.send("access0", _syn(ALICE, VIDEO, []), "forwarded", "a SYN without the option",
              shows={"tcp.options.mss_val": ""})
    case.send("core0", mpls_frame(17001, 200042, inner=_syn(VIDEO, ALICE, [("MSS", 1460)], flags="SA")), "forwarded",
              "SYN and ACK, on the way back", shows={"tcp.options.mss_val": "1452"})
    case.send("core0", mpls_frame(17001, 200042, inner=_syn(VIDEO6, ALICE6, [("MSS", 8940)], flags="SA")),
              "forwarded", "the same, IPv6", shows={"tcp.options.mss_val": "1432"})
    return case


def segments_ipip() -> Case:
    exchange = ip_in_ip6_edge()
    exchange["tunnels"]["beta-west"]["mssClamp"] = True
    case = Case(
        "mss-clamp-ipip6", "The same for IP-in-IPv6: 40 bytes less", exchange,
        rfc="RFC 9293 §3.7.1, RFC 4459 §3.2", ids="PX-2 PX-3",
    )
    case.send("access0", _syn(ALICE, VIDEO, [("MSS", 1460)]), "forwarded", "IPv4", shows={"tcp.options.mss_val": "1420"})
    case.send("access0", _syn(ALICE6, VIDEO6, [("MSS", 1440)]), "forwarded", "IPv6",
              shows={"tcp.options.mss_val": "1400"})
    case.send("core0", ethernet(in_ip6(_syn(VIDEO, ALICE, [("MSS", 1460)], flags="SA"))), "forwarded", "back",
              shows={"tcp.options.mss_val": "1420"})
    return case


_PATHS = (("acme-east", 16011, 17011, 100101, 200101), ("acme-mid", 16012, 17012, 100102, 200102),
          ("acme-north", 16001, 17001, 100042, 200042))


def _with_paths(exchange: dict, side: str) -> dict:
    for name, send, receive, *_ in _PATHS:
        exchange["tunnels"][name] = {"line": "north", "mpls": {"send": send, "receive": receive}}
    exchange["sessions"]["alice-video"][side] = [
        {"tunnel": name, "send": send, "receive": receive} for name, _, _, send, receive in _PATHS]
    return exchange


def paths_up() -> Case:
    case = Case(
        "paths", "Three paths: each flow stays on one, and each path is used", _with_paths(access_edge(), "network"),
        rfc="RFC 2991 §4, RFC 2992", ids="PX-4 PX-5 PX-6",
    )
    flows = []
    for turn in range(3):
        for number in range(24):
            case.send("access0", udp(ALICE, VIDEO, (40000 + number, 5004), size=20 + turn), "forwarded", "24 UDP flows")
            flows.append(f"udp {number}")
        for number in range(12):
            case.send("access0", tcp(ALICE6, VIDEO6, (40000 + number, 443), size=20 + turn), "forwarded",
                      "12 TCP flows, IPv6")
            flows.append(f"tcp {number}")
        for offset in (0, 1, 2):
            piece = ip(ALICE, VIDEO, Raw(payload(64 + turn)), proto=17, frag=8 * offset, flags=0 if offset == 2 else "MF")
            case.send("access0", piece, "forwarded", "fragments of one packet: all on one path")
            flows.append("fragments")
    heads = [ethernet(labels({"label": send, "ttl": 63}, {"label": user, "ttl": 63}), ethertype=0x8847,
                      destination=PEER_MAC, source=PORT2_MAC) for _, send, _, user, _ in _PATHS]
    case.spread("core0", heads, flows)
    return case


def paths_down() -> Case:
    case = Case(
        "paths-arrival", "What comes by any of a session's paths is its own", _with_paths(access_edge(), "network"),
        rfc="RFC 3031 §3.14, RFC 2991 §4", ids="PX-3 PX-5",
    )
    for name, _, receive, _, user in _PATHS:
        case.send("core0", mpls_frame(receive, user, inner=udp(VIDEO, ALICE)), "forwarded", f"by {name}")
        case.send("core0", mpls_frame(receive, user, inner=udp(VIDEO6, ALICE6)), "forwarded", f"by {name}, IPv6")
        case.send("core0", mpls_frame(receive, user, inner=udp(MUSIC, ALICE)), "innerSourceMismatch",
                  f"another's, by {name}")
    case.send("core0", mpls_frame(17011, 200102, inner=udp(VIDEO, ALICE)), "labelOutOfContext",
              "one path's user label under another path")
    return case
