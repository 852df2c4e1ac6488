"""Who may: sources, services, conditions and their rules, VLANs, TTL."""

from copy import deepcopy

from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop
from scapy.layers.sctp import SCTP, SCTPChunkCookieAck
from scapy.packet import Raw

from .case import Case
from .exchanges import ALICE_VIDEO, CORE, NORTH, PROVIDERS, SERVICES, access_edge, ip_in_ip_edge
from .packets import ALICE, ALICE6, BOB, CAROL, HOST_MAC, MUSIC, PORT1_MAC, PORT2_MAC, VIDEO, VIDEO6
from .packets import echo, ethernet, fragment6, icmp_error, in_ip, ip, mpls_frame, payload, tcp, udp

_RULES = [{"protocol": "tcp", "ports": [80, 443]}, {"protocol": "udp", "ports": [5004]}, {"protocol": "icmp"}]


def cases():
    return [conditions(), code_points(), icmp_types(), icmp_types_by_number(), rule_kinds(), conditions_mirrored(),
            fragments(), spoof(), access_tunnels(), vlan(), double_vlan(), ttl(), services(), default_route()]


def conditions() -> Case:
    case = Case(
        "conditions", "Rules by protocol and port", access_edge(allow=_RULES),
        rfc="RFC 791 §3.1, RFC 8200 §4.1", ids="PX-4",
    )
    extension = IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt()
    for data, outcome, note in [
        (tcp(ALICE, VIDEO), "forwarded", "TCP 443"),
        (tcp(ALICE, VIDEO, ports=(40001, 80)), "forwarded", "TCP 80"),
        (tcp(ALICE6, VIDEO6), "forwarded", "TCP 443, IPv6"),
        (udp(ALICE, VIDEO), "forwarded", "UDP 5004"),
        (echo(ALICE, VIDEO), "forwarded", "ICMP"),
        (echo(ALICE6, VIDEO6), "forwarded", "ICMPv6"),
        (ip(ALICE6, VIDEO6, extension / TCP(sport=1, dport=443) / Raw(payload(20))), "forwarded",
         "TCP behind extensions"),
        (tcp(ALICE, VIDEO, ports=(443, 8080)), "notAdmitted", "443 as source port only"),
        (udp(ALICE, VIDEO, ports=(40000, 443)), "notAdmitted", "UDP on a TCP port"),
        (tcp(ALICE, VIDEO, ports=(40000, 5004)), "notAdmitted", "TCP on a UDP port"),
        (tcp(ALICE6, VIDEO6, ports=(40000, 22)), "notAdmitted", "TCP 22, IPv6"),
        (ip(ALICE6, VIDEO6, extension / UDP(sport=1, dport=443) / Raw(payload(20))), "notAdmitted",
         "UDP behind extensions"),
        (ip(ALICE, VIDEO, Raw(payload(24)), proto=132), "notAdmitted", "SCTP"),
        (ip(ALICE, VIDEO, Raw(payload(24)), proto=58), "notAdmitted", "ICMPv6 in IPv4"),
        (ip(ALICE6, VIDEO6, Raw(payload(24)), nh=1), "notAdmitted", "ICMPv4 in IPv6"),
        (ip(ALICE, VIDEO, Raw(b"\x9c"), proto=6), "truncatedTransport", "TCP cut inside its ports"),
        (ip(ALICE6, VIDEO6, Raw(b"\x9c\x41\x01"), nh=17), "truncatedTransport",
         "UDP cut inside its ports, IPv6"),
        (ip(ALICE, VIDEO, Raw(b""), proto=6), "truncatedTransport", "nothing behind the IP header"),
        (udp(BOB, VIDEO), "notAdmitted", "a subscriber without a session"),
        (tcp(ALICE, MUSIC), "notAdmitted", "a service without a session"),
    ]:
        case.send("access0", data, outcome, note)
    return case


def rule_kinds() -> Case:
    rules = [
        {"protocol": "udp", "ports": ["5000-5003", 6000]},
        {"protocol": "sctp", "ports": [2905]},
        {"protocol": 47},
        {"protocol": "tcp"},
    ]
    case = Case(
        "rule-kinds", "Port ranges, SCTP, protocols by number, a protocol without ports", access_edge(allow=rules),
        rfc="RFC 791 §3.1, RFC 9260 §3", ids="PX-4",
    )
    sctp = {port: SCTP(sport=40000, dport=port, tag=7) / SCTPChunkCookieAck() for port in (2905, 2906)}
    for port, outcome in [(4999, "notAdmitted"), (5000, "forwarded"), (5003, "forwarded"),
                          (5004, "notAdmitted"), (5999, "notAdmitted"), (6000, "forwarded")]:
        case.send("access0", udp(ALICE, VIDEO, ports=(40000, port)), outcome, f"UDP {port}")
    case.send("access0", ip(ALICE, VIDEO, sctp[2905], proto=132), "forwarded", "SCTP 2905")
    case.send("access0", ip(ALICE6, VIDEO6, sctp[2906], nh=132), "notAdmitted", "SCTP 2906, IPv6")
    case.send("access0", ip(ALICE, VIDEO, Raw(b"\0\0\x88\xb5" + payload(24)), proto=47), "forwarded", "GRE")
    case.send("access0", tcp(ALICE6, VIDEO6, ports=(1, 1)), "forwarded", "TCP, any port")
    later = ip(ALICE, VIDEO, Raw(payload(64)), proto=6, frag=20, flags=0)
    case.send("access0", later, "forwarded", "a later fragment of TCP: its rule reads no ports")
    case.send("access0", echo(ALICE, VIDEO), "notAdmitted", "ICMP")
    down = udp(VIDEO, ALICE, ports=(5002, 40000))
    case.send("core0", mpls_frame(17001, 200042, inner=down), "forwarded", "UDP from 5002")
    down = udp(VIDEO, ALICE, ports=(40000, 5002))
    case.send("core0", mpls_frame(17001, 200042, inner=down), "notAdmitted", "UDP to 5002")
    return case


def conditions_mirrored() -> Case:
    case = Case(
        "conditions-mirrored", "Return traffic is admitted by the same rules mirrored", access_edge(allow=_RULES),
        rfc="RFC 9293 §3.1, RFC 768", ids="PX-3 PX-4",
    )
    for inner, outcome, note in [
        (tcp(VIDEO, ALICE, ports=(443, 40001)), "forwarded", "TCP from 443"),
        (tcp(VIDEO6, ALICE6, ports=(80, 40001)), "forwarded", "TCP from 80, IPv6"),
        (udp(VIDEO, ALICE, ports=(5004, 5004)), "forwarded", "UDP from 5004"),
        (echo(VIDEO, ALICE), "forwarded", "ICMP"),
        (tcp(VIDEO, ALICE, ports=(40001, 443)), "notAdmitted", "TCP to 443"),
        (udp(VIDEO, ALICE, ports=(443, 40001)), "notAdmitted", "UDP from a TCP port"),
        (ip(VIDEO, ALICE, Raw(b"\x01\xbb"), proto=6), "truncatedTransport", "TCP cut inside its ports"),
    ]:
        case.send("core0", mpls_frame(17001, 200042, inner=inner), outcome, note)
    return case


def fragments() -> Case:
    case = Case(
        "condition-fragments", "Fragments and rules by port", access_edge(allow=_RULES),
        rfc="RFC 791 §3.2, RFC 1858 §2, RFC 6946", ids="PX-4",
    )
    data, data6 = udp(ALICE, VIDEO, size=192)[20:], udp(ALICE6, VIDEO6, size=192)[40:]

    def piece(source, destination, offset, more, protocol=17, body=None):
        body = data[offset : offset + 96] if body is None else body
        return ip(source, destination, Raw(body), proto=protocol, frag=offset // 8, flags="MF" if more else 0)

    for packet, outcome, note in [
        (piece(ALICE, VIDEO, 0, True), "forwarded", "the first fragment has the ports"),
        (piece(ALICE, VIDEO, 96, True), "fragmentWithoutPorts", "a middle fragment, and only rules by port"),
        (piece(ALICE, VIDEO, 192, False), "fragmentWithoutPorts", "the last fragment"),
        (piece(ALICE, VIDEO, 96, False, protocol=1), "forwarded",
         "a later fragment of ICMP: admitted by protocol"),
        (piece(ALICE, VIDEO, 96, False, protocol=132), "notAdmitted",
         "a later fragment of SCTP: no rule at all"),
        (fragment6(ALICE6, VIDEO6, 0, True, 17, data6[:96]), "forwarded", "IPv6: the first fragment"),
        (fragment6(ALICE6, VIDEO6, 96, False, 17, data6[96:]), "fragmentWithoutPorts",
         "IPv6: the last fragment"),
        (fragment6(ALICE6, VIDEO6, 96, False, 58, data6[96:]), "forwarded",
         "IPv6: a later fragment of ICMPv6"),
        (fragment6(ALICE6, VIDEO6, 0, False, 17, data6), "forwarded", "IPv6: an atomic fragment (RFC 6946)"),
    ]:
        case.send("access0", packet, outcome, note)
    case.send("core0", mpls_frame(17001, 200042, inner=piece(VIDEO, ALICE, 96, True)), "fragmentWithoutPorts",
              "on the way back")
    case.send("core0", mpls_frame(17001, 200042, inner=piece(VIDEO, ALICE, 96, True, protocol=1)),
              "forwarded", "on the way back, ICMP")
    return case


def code_points() -> Case:
    rules = [{"protocol": "udp", "ports": [5004], "dscp": ["ef", 34]}, {"dscp": ["cs1"]}]
    case = Case(
        "condition-dscp", "Rules by DSCP, with and without a protocol", access_edge(allow=rules),
        rfc="RFC 2474 §3, RFC 2475 §2.3.1", ids="PX-4",
    )
    for data, outcome, note in [
        (udp(ALICE, VIDEO, tos=0xB8), "forwarded", "EF, UDP 5004"),
        (udp(ALICE, VIDEO, tos=0xB8 | 3), "forwarded", "EF with CE: ECN is no part of it"),
        (udp(ALICE6, VIDEO6, tos=34 << 2), "forwarded", "AF41, UDP 5004, IPv6"),
        (udp(ALICE, VIDEO, tos=0x28), "notAdmitted", "AF11"),
        (udp(ALICE, VIDEO), "notAdmitted", "DSCP 0"),
        (udp(ALICE, VIDEO, ports=(5004, 1), tos=0xB8), "notAdmitted", "EF, another port"),
        (tcp(ALICE, VIDEO, tos=0xB8), "notAdmitted", "EF, TCP"),
        (tcp(ALICE, VIDEO, tos=0x20), "forwarded", "CS1, TCP"),
        (echo(ALICE6, VIDEO6, tos=0x20), "forwarded", "CS1, ICMPv6"),
    ]:
        case.send("access0", data, outcome, note)
    for data, outcome, note in [
        (udp(VIDEO, ALICE, ports=(5004, 40000), tos=0xB8), "forwarded", "back, EF, from UDP 5004"),
        (udp(VIDEO, ALICE, ports=(5004, 40000)), "notAdmitted", "back, DSCP 0"),
        (tcp(VIDEO6, ALICE6, tos=0x20), "forwarded", "back, CS1, IPv6"),
        (icmp_error("192.0.2.200", ALICE, udp(ALICE, VIDEO, tos=0x28)), "forwarded",
         "a router's error about UDP 5004, remarked on the way: the quoted DSCP is not asked for"),
        (icmp_error("2001:db8:77::1", ALICE6, udp(ALICE6, VIDEO6), kind=1, code=3), "forwarded", "the same, IPv6"),
    ]:
        case.send("core0", mpls_frame(17001, 200042, inner=data), outcome, note)
    return case


def _message(source: str, destination: str, kind: int, **fields) -> bytes:
    """An ICMP message of a type, and some bytes; errors are about strangers' packets."""
    is_error = kind < 128 if ":" in source else kind in (3, 11, 12)
    ends = ("2001:db8:77::1", "2001:db8:77::2") if ":" in source else ("192.0.2.1", "192.0.2.2")
    return icmp_error(source, destination, udp(*ends) if is_error else payload(24), kind=kind, code=0, **fields)


def icmp_types() -> Case:
    rules = [{"protocol": "icmp", "types": ["echo", "timestamp"]}, {"protocol": "udp", "ports": [5004]}]
    case = Case(
        "condition-icmp", "Rules by ICMP type: requests up, their replies down", access_edge(allow=rules),
        rfc="RFC 792, RFC 4443 §4", ids="PX-3 PX-4",
    )
    for kind, outcome in [(8, "forwarded"), (0, "notAdmitted"), (13, "forwarded"), (14, "notAdmitted"),
                          (17, "notAdmitted"), (5, "notAdmitted")]:
        case.send("access0", _message(ALICE, VIDEO, kind), outcome, f"type {kind} up")
    for kind, outcome in [(128, "forwarded"), (129, "notAdmitted"), (8, "notAdmitted"), (13, "notAdmitted")]:
        case.send("access0", _message(ALICE6, VIDEO6, kind), outcome, f"ICMPv6 type {kind} up")
    for kind, outcome in [(0, "forwarded"), (8, "notAdmitted"), (14, "forwarded"), (13, "notAdmitted")]:
        case.send("core0", mpls_frame(17001, 200042, inner=_message(VIDEO, ALICE, kind)), outcome, f"type {kind} down")
    for kind, outcome in [(129, "forwarded"), (128, "notAdmitted"), (14, "notAdmitted")]:
        case.send("core0", mpls_frame(17001, 200042, inner=_message(VIDEO6, ALICE6, kind)), outcome,
                  f"ICMPv6 type {kind} down")
    first = ip(ALICE, VIDEO, Raw(b"\x08" + payload(63)), proto=1, flags="MF")
    later = ip(ALICE, VIDEO, Raw(b"\x08" + payload(63)), proto=1, frag=8, flags=0)
    case.send("access0", first, "forwarded", "a first fragment has its type")
    case.send("access0", later, "fragmentWithoutPorts", "a later fragment has none")
    case.send("access0", ip(ALICE, VIDEO, Raw(b""), proto=1), "truncatedTransport", "nothing behind the IP header")
    return case


def icmp_types_by_number() -> Case:
    rules = [{"protocol": 1, "types": [17]}, {"protocol": 58, "types": [139]},
             {"protocol": "icmp", "types": ["too-big", "unreachable", "time-exceeded", "parameter-problem"]}]
    case = Case(
        "condition-icmp-numbers", "ICMP types by number are of one version; one without a reply stands for itself",
        access_edge(allow=rules),
        rfc="RFC 792, RFC 4443 §2.1", ids="PX-4",
    )
    for kind, outcome in [(17, "forwarded"), (139, "notAdmitted"), (3, "forwarded"), (11, "forwarded"),
                          (12, "forwarded"), (2, "notAdmitted"), (8, "notAdmitted")]:
        case.send("access0", _message(ALICE, VIDEO, kind), outcome, f"type {kind} up")
        case.send("core0", mpls_frame(17001, 200042, inner=_message(VIDEO, ALICE, kind)), outcome, f"type {kind} down")
    for kind, outcome in [(139, "forwarded"), (17, "notAdmitted"), (1, "forwarded"), (2, "forwarded"),
                          (3, "forwarded"), (4, "forwarded"), (128, "notAdmitted")]:
        case.send("access0", _message(ALICE6, VIDEO6, kind), outcome, f"ICMPv6 type {kind} up")
        case.send("core0", mpls_frame(17001, 200042, inner=_message(VIDEO6, ALICE6, kind)), outcome,
                  f"ICMPv6 type {kind} down")
    return case


def spoof() -> Case:
    exchange = access_edge()
    exchange["ports"]["access1"] = {"tun": "wl-access1", "role": "access", "addresses": ["10.2.0.1/24"]}
    exchange["subscribers"]["carol"] = {"port": "access1", "addresses": [CAROL, "2001:db8:2::/48"]}
    exchange["conditions"].append({"subscriber": "carol", "service": "acme-video"})
    exchange["sessions"]["carol-video"] = {
        "subscriber": "carol",
        "service": "acme-video",
        "access": {"port": "access1"},
        "network": {"tunnel": "acme-north", "send": 100043, "receive": 200043},
    }
    case = Case(
        "spoof", "A subscriber can't send from an address that isn't theirs", exchange,
        rfc="RFC 2827 §3", ids="PX-4 PX-10",
    )
    for port, data, outcome, note in [
        ("access0", udp(ALICE, VIDEO), "forwarded", "alice on her port"),
        ("access1", udp(CAROL, VIDEO), "forwarded", "carol on hers"),
        ("access1", udp("2001:db8:2:ffff::1", VIDEO6), "forwarded", "a host behind carol's router (PX-10)"),
        ("access1", udp(ALICE, VIDEO), "spoofedSource", "alice's address on carol's port"),
        ("access0", udp(CAROL, VIDEO), "spoofedSource", "carol's address on alice's port"),
        ("access1", udp(ALICE6, VIDEO6), "spoofedSource", "alice's prefix on carol's port"),
        ("access0", udp("2001:db8:2::1", VIDEO6), "spoofedSource", "carol's prefix on alice's port"),
        ("access0", udp("10.1.0.1", VIDEO), "spoofedSource", "the edge's own address"),
        ("access0", udp("10.0.0.1", VIDEO), "spoofedSource", "the address of another port of the edge"),
        ("access0", udp("10.1.0.7", VIDEO), "unknownSubscriber", "nobody's address"),
        ("access0", udp("2001:db8:1:6::25", VIDEO6), "unknownSubscriber", "just outside alice's prefix"),
        ("access0", udp(VIDEO, VIDEO), "unknownSubscriber", "the service's address as source"),
        ("access0", udp("0.0.0.0", VIDEO), "unknownSubscriber", "no address"),
    ]:
        case.send(port, data, outcome, note)
    case.send("core0", mpls_frame(17001, 200043, inner=udp(VIDEO, CAROL), destination=PORT2_MAC),
              "forwarded", "back to carol, by her port")
    return case


def _ethernet_access(vlan) -> dict:
    alice = {"port": "access0", "addresses": [ALICE, "2001:db8:1:5::/64"], "vlan": vlan}
    bob = {"port": "access0", "addresses": [BOB]}
    sessions = {}
    for name, send in (("alice", 100042), ("bob", 100043)):
        sessions[f"{name}-video"] = {
            **ALICE_VIDEO,
            "subscriber": name,
            "access": {"port": "access0", "nextHop": {"alice": ALICE, "bob": BOB}[name]},
            "network": {"tunnel": "acme-north", "send": send, "receive": send + 100000},
        }
    return {
        "ports": {
            "access0": {
                "packet": "veth-access",
                "role": "access",
                "addresses": ["10.1.0.1/24", "2001:db8:1::1/64"],
                "neighbours": {ALICE: HOST_MAC, BOB: "02:00:00:00:00:06"},
            },
            "core0": CORE,
        },
        "lines": {"north": NORTH},
        "providers": PROVIDERS,
        "services": SERVICES,
        "tunnels": {"acme-north": {"line": "north", "mpls": {"send": 16001, "receive": 17001}}},
        "subscribers": {"alice": alice, "bob": bob},
        "conditions": [ALICE_VIDEO, {**ALICE_VIDEO, "subscriber": "bob"}],
        "sessions": sessions,
    }


def access_tunnels() -> Case:
    """What only other nodes may send: else a subscriber could go past admission, and on another's bill."""
    exchange = ip_in_ip_edge()
    exchange["ports"]["access0"] = {
        "tap": "wl-access0",
        "role": "access",
        "addresses": ["10.1.0.1/24"],
        "neighbours": {ALICE: HOST_MAC},
    }
    exchange["tunnels"]["acme-north"] = {"line": "north", "mpls": {"send": 16001, "receive": 17001}}
    exchange["labels"] = [
        {"in": 16100, "swap": 16200, "via": "north"},
        {"in": 16101, "pop": True, "via": "north"},
    ]
    case = Case(
        "access-tunnels", "A subscriber may not speak as a tunnel's far end", exchange,
        rfc="RFC 3031 §3.18, RFC 2003 §6", ids="PX-4",
    )
    access = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE))), "forwarded", "alice's tunnel, from the core")
    for frame, outcome, note in [
        (ethernet(in_ip(udp(VIDEO, ALICE)), **access), "notServedHere", "alice's tunnel, from her own port"),
        (ethernet(in_ip(udp(VIDEO6, ALICE6)), **access), "notServedHere", "the same, IPv6"),
        (ethernet(in_ip(udp(VIDEO, ALICE), flags="MF"), **access), "notServedHere", "the same, in fragments"),
        (mpls_frame(16100, inner=udp(BOB, VIDEO), **access), "labelOutOfContext", "a label to be swapped"),
        (mpls_frame(16101, inner=udp(BOB, VIDEO), **access), "labelOutOfContext", "a label to be popped"),
        (mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE), **access), "labelOutOfContext", "a path label"),
        (mpls_frame(16999, inner=udp(BOB, VIDEO), **access), "unknownLabel", "an unbound label"),
    ]:
        case.send("access0", frame, outcome, note)
    case.send("core0", mpls_frame(16100, inner=udp(BOB, VIDEO)), "forwarded", "the swapped label, from the core",
              shows={"mpls.label": "16200"})
    return case


def vlan() -> Case:
    case = Case(
        "vlan", "A subscriber on a VLAN of an Ethernet port, beside one without (802.1Q)", _ethernet_access(100),
        rfc="RFC 894, IEEE 802.1Q §9", ids="PX-3 PX-4",
    )
    core = {"destination": PORT2_MAC}

    def access(note, data, outcome="forwarded", shows=None, originates=0, **fields):
        frame = ethernet(data, destination=PORT1_MAC, source=HOST_MAC, **fields)
        case.send("access0", frame, outcome, note, shows=shows, originates=originates)

    access("alice with her tag", udp(ALICE, VIDEO), vlan=(100,),
           shows={"eth.type": "0x8847", "mpls.label": "16001,100042"})
    access("alice with her tag, IPv6", udp(ALICE6, VIDEO6), vlan=(100,), shows={"mpls.label": "16001,100042"})
    access("a short packet in a padded frame", udp(ALICE, VIDEO, size=2), vlan=(100,), pad=64,
           shows={"ip.len": "30"})
    access("bob without a tag", udp(BOB, VIDEO), shows={"mpls.label": "16001,100043"})
    access("bob, padded", udp(BOB, VIDEO, size=0), pad=60, shows={"ip.len": "28"})
    access("alice without a tag", udp(ALICE, VIDEO), "wrongVLAN")
    access("alice on another VLAN", udp(ALICE, VIDEO), "wrongVLAN", vlan=(101,))
    access("alice with two tags", udp(ALICE, VIDEO), "wrongVLAN", vlan=(100, 100))
    access("bob with a tag", udp(BOB, VIDEO), "wrongVLAN", vlan=(100,))
    access("TTL 1: told so under her tag", udp(ALICE, VIDEO, ttl=1), "ttlExpired", originates=1, vlan=(100,),
           shows={"vlan.id": "100", "eth.dst": HOST_MAC, "icmp.type": "11"})
    access("ping to the edge: answered under her tag", echo(ALICE, "10.1.0.1"), "consumed", originates=1,
           vlan=(100,), shows={"vlan.id": "100", "icmp.type": "0"})
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE), **core), "forwarded",
              "back to alice: tagged",
              shows={"vlan.id": "100", "vlan.etype": "0x0800", "eth.dst": HOST_MAC, "eth.src": PORT1_MAC})
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO6, ALICE6), **core), "forwarded",
              "back to alice, IPv6", shows={"vlan.id": "100", "vlan.etype": "0x86dd"})
    case.send("core0", mpls_frame(17001, 200043, inner=udp(VIDEO, BOB), **core), "forwarded",
              "back to bob: no tag", shows={"eth.type": "0x0800", "eth.dst": "02:00:00:00:00:06"})
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE), vlan=(100,), **core), "wrongVLAN",
              "a tag where the core has none")
    return case


def double_vlan() -> Case:
    case = Case(
        "vlan-double", "A subscriber behind two tags (802.1ad)", _ethernet_access([200, 30]),
        rfc="IEEE 802.1ad", ids="PX-3 PX-4",
    )
    access = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("access0", ethernet(udp(ALICE, VIDEO), vlan=(200, 30), tpid=0x88A8, **access), "forwarded",
              "both tags")
    strange = [((200,), "the outer tag alone"), ((30, 200), "tags exchanged"),
               ((200, 31), "another inner tag")]
    for tags, note in strange:
        case.send("access0", ethernet(udp(ALICE, VIDEO), vlan=tags, tpid=0x88A8, **access), "wrongVLAN", note)
    down = mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE), destination=PORT2_MAC)
    case.send("core0", down, "forwarded", "back to alice: both tags",
              shows={"ieee8021ad.id": "200", "vlan.id": "30", "eth.type": "0x88a8"})
    return case


def ttl() -> Case:
    case = Case(
        "ttl", "TTL and hop limit run out at the access port: the sender is told", access_edge(),
        rfc="RFC 1812 §5.3.1, RFC 792, RFC 4443 §3.3", ids="PX-4",
    )
    case.send("access0", udp(ALICE, VIDEO, ttl=2), "forwarded", "TTL 2",
              shows={"ip.ttl": "1", "mpls.ttl": "1,1"})
    case.send("access0", udp(ALICE, VIDEO, ttl=1), "ttlExpired", "TTL 1", originates=1, after=1,
              shows={"icmp.type": "11", "icmp.code": "0", "ip.src": f"10.1.0.1,{ALICE}",
                     "ip.dst": f"{ALICE},{VIDEO}",
                     "ip.ttl": "64,1"})
    case.send("access0", udp(ALICE, VIDEO, ttl=0), "ttlExpired", "TTL 0", originates=1, after=1,
              shows={"icmp.type": "11"})
    case.send("access0", udp(ALICE6, VIDEO6, ttl=1), "ttlExpired", "hop limit 1", originates=1, after=1,
              shows={"icmpv6.type": "3", "icmpv6.code": "0", "ipv6.src": f"2001:db8:1::1,{ALICE6}"})
    case.send("access0", udp(ALICE, VIDEO, size=1000, ttl=1), "ttlExpired",
              "a long packet: quoted up to 576 bytes", originates=1, after=1, shows={"ip.len": "576,1028"})
    case.send("access0", udp(ALICE6, VIDEO6, size=1300, ttl=1), "ttlExpired",
              "a long packet: quoted up to 1280 bytes", originates=1, after=1,
              shows={"ipv6.plen": "1240,1308"})
    later = ip(ALICE, VIDEO, Raw(payload(64)), proto=17, frag=10, flags=0, ttl=1)
    case.send("access0", later, "ttlExpired", "a later fragment: nobody is told (RFC 1812 §4.3.2.7)")
    later = fragment6(ALICE6, VIDEO6, 96, False, 17, payload(64), ttl=1)
    case.send("access0", later, "ttlExpired", "IPv6: a later fragment is told about", originates=1, after=1,
              shows={"icmpv6.type": "3"})
    later = fragment6(ALICE6, VIDEO6, 96, False, 58, payload(64), ttl=1)
    case.send("access0", later, "ttlExpired", "IPv6: one of ICMPv6, perhaps an error: not told about")
    unreachable = ip(ALICE, VIDEO, Raw(b"\x03\x01\x00\x00" + bytes(4) + udp(VIDEO, ALICE)[:28]), proto=1,
                     ttl=1)
    case.send("access0", unreachable, "ttlExpired", "an ICMP error: nobody is told")
    case.send("access0", echo(ALICE, VIDEO, ttl=1), "ttlExpired", "an echo request: told", originates=1,
              after=1, shows={"icmp.type": "11,8"})
    case.send("access0", echo(ALICE, "10.1.0.1", ttl=1), "consumed", "TTL 1, for us (RFC 1812 §5.3.1)",
              originates=1, shows={"icmp.type": "0", "ip.ttl": "64"})
    case.send("access0", udp(BOB, VIDEO, ttl=1), "notAdmitted", "TTL 1, but not admitted: nobody is told")
    return case


def services() -> Case:
    exchange = ip_in_ip_edge()
    prefixes = ["198.51.100.128/25", "198.51.100.7/32"]
    exchange["services"]["acme-live"] = {"provider": "acme", "prefixes": prefixes}
    case = Case(
        "services", "The longest prefix names the service", exchange,
        rfc="RFC 1812 §5.2.4.3", ids="PX-6",
    )
    for destination, outcome, note in [
        ("198.51.100.127", "forwarded", "just below the longer prefix"),
        ("198.51.100.128", "notAdmitted", "the first of another service inside"),
        ("198.51.100.255", "notAdmitted", "the last of it"),
        ("198.51.100.7", "notAdmitted", "a single address of another service"),
        ("198.51.100.6", "forwarded", "the address below"),
        ("198.51.100.8", "forwarded", "the address above"),
        ("198.51.101.0", "unknownService", "just outside"),
        ("198.51.99.255", "unknownService", "just outside, below"),
        ("224.0.0.5", "notUnicast", "multicast"),
        ("255.255.255.255", "notUnicast", "broadcast"),
    ]:
        case.send("access0", udp(ALICE, destination), outcome, note)
    for destination, outcome, note in [
        ("2001:db8:a:ffff:ffff:ffff:ffff:ffff", "forwarded", "the last IPv6 address"),
        ("2001:db8:b::", "unknownService", "just outside"),
        ("ff02::2", "notUnicast", "IPv6 multicast"),
        ("fe80::1", "notUnicast", "link-local"),
    ]:
        case.send("access0", udp(ALICE6, destination), outcome, note)
    case.send("core0", ethernet(in_ip(udp("198.51.100.127", ALICE))), "forwarded", "from the service")
    case.send("core0", ethernet(in_ip(udp("198.51.100.128", ALICE))), "notAdmitted",
              "from the service inside it")
    return case


def default_route() -> Case:
    """A service that takes all addresses in takes in none of those that no router forwards."""
    exchange = deepcopy(_ethernet_access([]))
    exchange["services"]["acme-video"]["prefixes"] = ["0.0.0.0/0", "::/0"]
    exchange["services"]["beta-music"]["prefixes"] = ["203.0.113.0/24", "169.254.169.254"]
    case = Case(
        "default-route", "A default route, and what is not forwarded nor billed for all that", exchange,
        rfc="RFC 1812 §5.3.7, RFC 6890 §2.2", ids="PX-4",
    )
    access = {"destination": PORT1_MAC, "source": HOST_MAC}
    for destination, outcome, note in [
        ("192.0.2.77", "forwarded", "anywhere"),
        ("223.255.255.255", "forwarded", "the last unicast address"),
        ("10.1.0.254", "forwarded", "on the link, but not ours"),
        ("10.1.0.255", "notUnicast", "everybody on the link"),
        ("10.0.0.3", "notUnicast", "everybody on the link to the core"),
        ("224.0.0.5", "notUnicast", "multicast"),
        ("239.255.255.255", "notUnicast", "the last group"),
        ("240.0.0.1", "notUnicast", "reserved"),
        ("255.255.255.255", "notUnicast", "broadcast"),
        ("127.0.0.1", "notUnicast", "loopback"),
        ("0.0.0.0", "notUnicast", "unspecified"),
        ("0.1.2.3", "notUnicast", "this network"),
        ("169.254.1.1", "notUnicast", "link-local"),
        ("169.254.169.254", "notAdmitted", "link-local, but a service names it"),
    ]:
        case.send("access0", ethernet(udp(ALICE, destination), **access), outcome, note)
    for destination, outcome, note in [
        ("2001:db8:77::1", "forwarded", "anywhere, IPv6"),
        ("::2", "forwarded", "just beyond loopback"),
        ("::1", "notUnicast", "loopback"),
        ("::", "notUnicast", "unspecified"),
        ("fe80::77", "notUnicast", "link-local"),
        ("febf:ffff::1", "notUnicast", "the last of link-local"),
        ("ff02::5", "notUnicast", "multicast"),
        ("ff0e::1", "notUnicast", "multicast without bounds"),
    ]:
        case.send("access0", ethernet(udp(ALICE6, destination), **access), outcome, note)
    for inner, outcome, note in [
        (udp("192.0.2.77", ALICE), "forwarded", "from anywhere"),
        (udp("224.0.0.5", ALICE), "innerSourceMismatch", "from a group"),
        (udp("127.0.0.1", ALICE), "innerSourceMismatch", "from loopback"),
        (udp("10.1.0.255", ALICE), "innerSourceMismatch", "from everybody on the link"),
        (udp("ff02::5", ALICE6), "innerSourceMismatch", "from an IPv6 group"),
        (udp("fe80::77", ALICE6), "innerSourceMismatch", "from link-local"),
    ]:
        case.send("core0", mpls_frame(17001, 200042, inner=inner, destination=PORT2_MAC), outcome, note)
    return case
