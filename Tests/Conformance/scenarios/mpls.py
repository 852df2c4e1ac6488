"""Path label and user label: both directions, both edges, penultimate-hop popping, nulls, pipe mode."""

from copy import deepcopy

from .case import Case
from .exchanges import ACME_NORTH, access_edge, provider_edge
from .packets import ALICE, ALICE6, BOB, HOST_MAC, MUSIC, PEER_MAC, PORT1_MAC, PORT3_MAC, VIDEO, VIDEO6
from .packets import echo, ethernet, mpls_frame, tcp, udp


def cases():
    return [access_up(), access_down(), user_label(), edge_of_provider(), popped_before_us(), nulls(), pipe(),
            short_pipe(), fixed_class()]


def access_up() -> Case:
    case = Case(
        "access-mpls-up", "Subscriber to provider: two labels are pushed", access_edge(),
        rfc="RFC 3031 §3.9, RFC 3032 §2.1, RFC 1624 §3", ids="PX-1 PX-2 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "IPv4, UDP",
              shows={"mpls.label": "16001,100042", "mpls.bottom": "0,1", "mpls.ttl": "63,63", "ip.ttl": "63"})
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "IPv6, UDP",
              shows={"mpls.label": "16001,100042", "mpls.ttl": "63,63", "ipv6.hlim": "63"})
    case.send("access0", tcp(ALICE, VIDEO, tos=0xB8), "forwarded", "DSCP EF: traffic class 5",
              shows={"mpls.exp": "5,5", "ip.dsfield": "0xb8"})
    case.send("access0", tcp(ALICE6, VIDEO6, tos=0x53, ttl=2), "forwarded", "IPv6, AF22 with CE, hop limit 2",
              shows={"mpls.exp": "2,2", "mpls.ttl": "1,1", "ipv6.hlim": "1"})
    case.send("access0", echo(ALICE, VIDEO, ttl=255, flags=0), "forwarded", "ICMP, TTL 255, DF not set",
              shows={"mpls.ttl": "254,254", "ip.ttl": "254"})
    case.send("access0", udp(ALICE, VIDEO, size=0), "forwarded", "the shortest UDP packet")
    case.send("access0", udp(ALICE, VIDEO) + b"\xee" * 9, "forwarded",
              "nine bytes behind the packet: cut off")
    case.send("access0", udp(ALICE, "198.51.100.255", ports=(1, 65535)), "forwarded",
              "the prefix's last address")
    # A checksum that wraps when the TTL is patched (RFC 1624 §5): the sum of the rest makes it 0xFFxx.
    for identification in (0x0000, 0x7FFF, 0xFFFF):
        case.send("access0", udp(ALICE, VIDEO, id=identification), "forwarded", f"id {identification:#06x}")
    for identification in _checksums_near_the_wrap():
        case.send("access0", udp(ALICE, VIDEO, id=identification), "forwarded",
                  "header checksum near the wrap")
    return case


def _checksums_near_the_wrap() -> list[int]:
    """Identifications that put the header checksum about 0xFF00, where adding 0x0100 carries."""
    at_zero = int.from_bytes(udp(ALICE, VIDEO, id=0)[10:12], "big")
    return [(at_zero - wanted) % 0xFFFF for wanted in (0xFEFE, 0xFEFF, 0xFF00, 0xFFFE)]


def access_down() -> Case:
    case = Case(
        "access-mpls-down", "Provider to subscriber: both labels are popped", access_edge(),
        rfc="RFC 3032 §2.4.3, RFC 3443 §3.4", ids="PX-3 CD-4",
    )

    def down(note, *stack, inner, outcome="forwarded", shows=None, originates=0, **fields):
        case.send("core0", mpls_frame(*stack, inner=inner, **fields), outcome, note, originates, shows)

    down("IPv4; the top label's TTL counts", {"label": 17001, "ttl": 61}, {"label": 200042, "ttl": 200},
         inner=udp(VIDEO, ALICE), shows={"ip.ttl": "60", "ip.len": "92"})
    down("IPv6", 17001, 200042, inner=tcp(VIDEO6, ALICE6), shows={"ipv6.hlim": "60"})
    down("traffic class is not written to DSCP", {"label": 17001, "cos": 7}, {"label": 200042, "cos": 3},
         inner=udp(VIDEO, ALICE, tos=0x29), shows={"ip.dsfield": "0x29"})
    down("label TTL above the packet's own", {"label": 17001, "ttl": 255}, {"label": 200042, "ttl": 255},
         inner=udp(VIDEO, ALICE, ttl=9), shows={"ip.ttl": "254"})
    down("top label TTL 2", {"label": 17001, "ttl": 2}, 200042, inner=udp(VIDEO, ALICE),
         shows={"ip.ttl": "1"})
    down("top label TTL 1: its sender is told", {"label": 17001, "ttl": 1}, 200042, inner=udp(VIDEO, ALICE),
         outcome="ttlExpired", originates=1, shows={"mpls.label": "16001,100042", "icmp.type": "11"})
    down("top label TTL 0", {"label": 17001, "ttl": 0}, 200042, inner=udp(VIDEO, ALICE), outcome="ttlExpired",
         originates=1, shows={"icmp.type": "11"})
    down("short packet in a padded frame: metered without padding", 17001, 200042,
         inner=udp(VIDEO, ALICE, size=1), pad=60, shows={"ip.len": "29"})
    at_zero = int.from_bytes(udp(VIDEO, ALICE, ttl=60, id=0)[10:12], "big")
    for identification in (at_zero, at_zero - 1, at_zero + 1):
        down("header checksum 0 afterwards, or next to it", 17001, 200042,
             inner=udp(VIDEO, ALICE, ttl=200, id=identification))
    down("source of another service", 17001, 200042, inner=udp(MUSIC, ALICE), outcome="innerSourceMismatch")
    down("destination of another subscriber", 17001, 200042, inner=udp(VIDEO, BOB),
         outcome="innerDestinationMismatch")
    down("IPv6 source of no service", 17001, 200042, inner=udp("2001:db8:b::1", ALICE6),
         outcome="innerSourceMismatch")
    down("IPv6 destination just outside the prefix", 17001, 200042, inner=udp(VIDEO6, "2001:db8:1:6::25"),
         outcome="innerDestinationMismatch")
    return case


def user_label() -> Case:
    """The context of a user label: its tunnel, and its tunnel's port."""
    exchange = access_edge()
    exchange["ports"]["west0"] = {
        "packet": "veth-west",
        "role": "network",
        "addresses": ["10.0.1.1/30"],
        "neighbours": {"10.0.1.2": PEER_MAC},
    }
    exchange["lines"]["west"] = {"port": "west0", "nextHop": "10.0.1.2", "mtu": 1500, "capacity": "1Gbit"}
    exchange["tunnels"]["beta-west"] = {"line": "west", "mpls": {"send": 16002, "receive": 17002}}
    exchange["conditions"].append({"subscriber": "bob", "service": "acme-video"})
    exchange["sessions"]["bob-video"] = {
        "subscriber": "bob",
        "service": "acme-video",
        "access": {"port": "access0"},
        "network": {"tunnel": "beta-west", "send": 100042, "receive": 200043},
    }
    case = Case(
        "label-context", "A label is taken only in its own context", exchange,
        rfc="RFC 3031 §3.14, RFC 7274 §3", ids="PX-4",
    )
    west = {"destination": PORT3_MAC}
    to_alice, to_bob = udp(VIDEO, ALICE), udp(VIDEO, BOB)
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "alice, north", shows={"mpls.label": "16001,100042"})
    case.send("access0", udp(BOB, VIDEO), "forwarded", "bob, west", shows={"mpls.label": "16002,100042"})
    case.send("core0", mpls_frame(17001, 200042, inner=to_alice), "forwarded", "alice's label in her tunnel")
    case.send("west0", mpls_frame(17002, 200043, inner=to_bob, **west), "forwarded",
              "bob's label in his tunnel")
    for port, stack, inner, fields, outcome, note in [
        ("core0", (17001, 200043), to_bob, {}, "labelOutOfContext", "bob's label under alice's path"),
        ("west0", (17002, 200042), to_alice, west, "labelOutOfContext", "alice's label under bob's path"),
        ("west0", (17001, 200042), to_alice, west, "labelOutOfContext", "alice's stack on the other port"),
        ("core0", (200042,), to_alice, {}, "labelOutOfContext", "a user label with no path label"),
        ("core0", (17001, 200999), to_alice, {}, "unknownLabel", "an unbound user label"),
        ("core0", (17999, 200042), to_alice, {}, "unknownLabel", "an unbound path label"),
        ("core0", (16001, 100042), to_alice, {}, "unknownLabel", "our own outgoing labels come back"),
        ("core0", (0, 200042), to_alice, {}, "labelOutOfContext", "the same under an explicit null"),
        ("core0", (0,), to_alice, {}, "missingUserLabel", "a bare explicit null"),
        ("core0", (1, 17001, 200042), to_alice, {}, "reservedLabel", "a router alert"),
        ("core0", (15, 17001, 200042), to_alice, {}, "reservedLabel", "an extension label"),
        ("core0", (17001,), to_alice, {}, "missingUserLabel", "a path label alone"),
        ("core0", (17001, 200042, 300), to_alice, {}, "missingBottomOfStack", "a third label"),
        ("core0", (17001, {"label": 200042, "s": 0}), to_alice, {}, "missingBottomOfStack",
         "no S on the user label"),
    ]:
        case.send(port, mpls_frame(*stack, inner=inner, **fields), outcome, note)
    return case


def edge_of_provider() -> Case:
    exchange = provider_edge({"line": "north", "mpls": {"send": 17001, "receive": 16001}},
                             {"tunnel": "acme-north", "send": 200042, "receive": 100042})
    case = Case(
        "provider-edge-mpls", "The provider's edge: the legs the other way round", exchange,
        rfc="RFC 3031 §3.9", ids="PX-1 PX-3",
    )
    case.send("core0", mpls_frame(16001, 100042, inner=udp(ALICE, VIDEO, ttl=63)), "forwarded",
              "IPv4 to the server", shows={"eth.dst": HOST_MAC, "eth.type": "0x0800", "ip.ttl": "60"})
    case.send("core0", mpls_frame(16001, 100042, inner=udp(ALICE6, VIDEO6)), "forwarded",
              "IPv6 to the server", shows={"eth.dst": HOST_MAC, "eth.type": "0x86dd", "ipv6.hlim": "60"})
    from_server = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("server0", ethernet(udp(VIDEO, ALICE), **from_server), "forwarded", "IPv4 from the server",
              shows={"mpls.label": "17001,200042", "mpls.ttl": "63,63", "eth.dst": PEER_MAC})
    case.send("server0", ethernet(udp(VIDEO6, ALICE6, ttl=2), **from_server), "forwarded",
              "IPv6 from the server", shows={"mpls.label": "17001,200042", "mpls.ttl": "1,1"})
    for source, destination, outcome, note in [
        (VIDEO, "10.9.9.9", "unknownDestination", "to nobody's subscriber"),
        ("192.0.2.77", ALICE, "unknownService", "from no service"),
        (VIDEO, BOB, "notAdmitted", "to a subscriber without a session"),
        (MUSIC, ALICE, "notAdmitted", "from a service without a session"),
    ]:
        case.send("server0", ethernet(udp(source, destination), **from_server), outcome, note)
    case.send("server0", ethernet(udp(VIDEO, ALICE, ttl=1), **from_server), "ttlExpired",
              "TTL 1 from the server, which is told", originates=1,
              shows={"icmp.type": "11", "ip.src": "192.0.2.129,198.51.100.80"})
    case.send("core0", mpls_frame(16001, 100042, inner=udp(BOB, VIDEO)), "innerSourceMismatch",
              "bob under alice's label")
    case.send("core0", mpls_frame(16001, 100042, inner=udp(ALICE, MUSIC)), "innerDestinationMismatch",
              "to another service")
    case.send("core0", ethernet(udp(VIDEO, ALICE)), "wrongLeg", "bare IP where the tunnel is")
    return case


def popped_before_us() -> Case:
    tunnel = deepcopy(ACME_NORTH)
    tunnel["mpls"] = {"send": 16001, "php": True}
    case = Case(
        "php-receive", "The hop before us pops the path label: the user label comes alone", access_edge(tunnel),
        rfc="RFC 3031 §3.16", ids="PX-2 CD-4",
    )
    case.send("core0", mpls_frame({"label": 200042, "ttl": 40}, inner=udp(VIDEO, ALICE)), "forwarded", "IPv4",
              shows={"ip.ttl": "39"})
    case.send("core0", mpls_frame(200042, inner=udp(VIDEO6, ALICE6)), "forwarded", "IPv6",
              shows={"ipv6.hlim": "60"})
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "towards the provider",
              shows={"mpls.label": "16001,100042"})
    case.send("core0", mpls_frame({"label": 200042, "ttl": 1}, inner=udp(VIDEO, ALICE)), "ttlExpired",
              "label TTL 1", originates=1)
    case.send("core0", mpls_frame(200042, 300, inner=udp(VIDEO, ALICE)), "missingBottomOfStack",
              "a label behind it")
    case.send("core0", mpls_frame(200043, inner=udp(VIDEO, ALICE)), "unknownLabel", "an unbound label")
    return case


def nulls() -> Case:
    exchange = access_edge()
    exchange["tunnels"] = {
        "acme-north": {"line": "north", "mpls": {"null": "implicit", "receive": 17001}},
        "beta-north": {"line": "north", "mpls": {"null": "explicit", "receive": 17002}},
    }
    exchange["conditions"].append({"subscriber": "bob", "service": "beta-music"})
    exchange["sessions"]["bob-music"] = {
        "subscriber": "bob",
        "service": "beta-music",
        "access": {"port": "access0"},
        "network": {"tunnel": "beta-north", "send": 100050, "receive": 200050},
    }
    case = Case(
        "nulls", "Implicit and explicit null in place of the path label", exchange,
        rfc="RFC 3032 §2.1, RFC 4182", ids="PX-2 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "implicit null: the user label alone",
              shows={"mpls.label": "100042", "mpls.bottom": "1", "mpls.ttl": "63"})
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "the same, IPv6", shows={"mpls.label": "100042"})
    case.send("access0", udp(BOB, MUSIC), "forwarded", "IPv4 explicit null above the user label",
              shows={"mpls.label": "0,100050", "mpls.bottom": "0,1"})
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE)), "forwarded", "back to alice")
    case.send("core0", mpls_frame(17002, 200050, inner=udp(MUSIC, BOB)), "forwarded", "back to bob")
    return case


def pipe() -> Case:
    tunnel = deepcopy(ACME_NORTH)
    tunnel["mpls"]["ttl"] = "pipe"
    case = Case(
        "pipe", "Pipe mode: the tunnel's hops do not show in the packet's TTL", access_edge(tunnel),
        rfc="RFC 3443 §3, RFC 3032 §2.4.2", ids="PX-2 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "labels start at 255",
              shows={"mpls.ttl": "255,255", "ip.ttl": "63"})
    case.send("core0", mpls_frame({"label": 17001, "ttl": 3}, 200042, inner=udp(VIDEO, ALICE, ttl=50)),
              "forwarded", "the packet's own TTL counts", shows={"ip.ttl": "49"})
    case.send("core0", mpls_frame({"label": 17001, "ttl": 1}, 200042, inner=udp(VIDEO, ALICE)), "ttlExpired",
              "top label TTL 1: not even stripped (RFC 3032 §2.4.2)", originates=1)
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO6, ALICE6, ttl=50)), "forwarded",
              "the same, IPv6", shows={"ipv6.hlim": "49"})
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE, ttl=1)), "ttlExpired",
              "the packet's TTL is 1", originates=1, shows={"mpls.ttl": "255,255", "icmp.type": "11"})
    return case


def short_pipe() -> Case:
    tunnel = deepcopy(ACME_NORTH)
    tunnel["mpls"]["ttl"] = 17
    case = Case(
        "pipe-ttl", "Pipe mode from a TTL of the tunnel's own", access_edge(tunnel),
        rfc="RFC 3443 §3", ids="PX-2 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "labels start at 17",
              shows={"mpls.ttl": "17,17", "ip.ttl": "63"})
    case.send("access0", udp(ALICE6, VIDEO6, ttl=2), "forwarded", "the same, IPv6",
              shows={"mpls.ttl": "17,17", "ipv6.hlim": "1"})
    case.send("core0", mpls_frame({"label": 17001, "ttl": 14}, 200042, inner=udp(VIDEO, ALICE, ttl=50)),
              "forwarded", "the packet's own TTL counts", shows={"ip.ttl": "49"})
    return case


def fixed_class() -> Case:
    tunnel = deepcopy(ACME_NORTH)
    tunnel["mpls"]["trafficClass"] = 3
    case = Case(
        "traffic-class", "A tunnel with a traffic class of its own", access_edge(tunnel),
        rfc="RFC 3270 §2.6, RFC 5462", ids="PX-2 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=0xB8), "forwarded", "EF in a tunnel of class 3",
              shows={"mpls.exp": "3,3", "ip.dsfield": "0xb8"})
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "IPv6, DSCP 0", shows={"mpls.exp": "3,3"})
    return case
