"""Two-rate three-colour markers: time stamps decide."""

from .case import Case
from .exchanges import access_edge, ip_in_ip_edge, provider_edge
from .packets import ALICE, ALICE6, BOB, HOST_MAC, PORT1_MAC, VIDEO, VIDEO6
from .packets import ethernet, mpls_frame, sized


def cases():
    return [single_rate(), colours(), refill(), both_ways(), tunnel_shared(), both_meters(), classes(), default_burst(),
            outer_class(), fragments(), order()]


def _policed(policer: dict, exchange: dict | None = None, way="up") -> dict:
    exchange = exchange or access_edge()
    exchange["sessions"]["alice-video"]["policer"] = {way: policer}
    return exchange


def single_rate() -> Case:
    case = Case(
        "policer-rate", "One rate: green passes, red is dropped, and only what passes is metered",
        _policed({"committed": "80kbit", "burst": 3000}),
        rfc="RFC 2698 §3", ids="PX-4 PX-5",
    )
    # 10,000 bytes a second.
    for number in range(2):
        case.send("access0", sized(ALICE, VIDEO, 1400), "forwarded", "1400 bytes of a full bucket of 3000",
                  shows={"ip.len": "1400"})
    case.send("access0", sized(ALICE, VIDEO, 1400), "policed", "at once the third")
    case.send("access0", sized(ALICE, VIDEO, 100), "forwarded", "a small one still fits")
    case.send("access0", sized(ALICE, VIDEO, 1400), "forwarded", "an eighth of a second later: 1250 more", after=0.125)
    case.send("access0", sized(ALICE, VIDEO, 1400), "policed", "a twentieth of a second later: too soon", after=0.05)
    case.send("access0", sized(ALICE6, VIDEO6, 1400), "forwarded", "a second later, IPv6: one bucket for both", after=1)
    case.send("access0", sized(ALICE, VIDEO, 1400), "forwarded", "and one more")
    case.send("access0", sized(ALICE, VIDEO, 1400), "policed", "and no more")
    case.send("core0", mpls_frame(17001, 200042, inner=sized(VIDEO, ALICE, 1400)), "forwarded", "the way back is free")
    return case


_THREE = {"committed": "80kbit", "peak": "160kbit", "burst": 3000, "peakBurst": 4500,
          "green": {"dscp": "af11"}, "yellow": {"dscp": "af12"}, "red": {"dscp": "af13"}}


def colours() -> Case:
    case = Case(
        "policer-colours", "Both rates: each colour as a DSCP, which the labels' class follows", _policed(_THREE),
        rfc="RFC 2698 §3, §4, RFC 2597 §6", ids="PX-4",
    )
    for dscp, note in [(10, "green: both buckets hold it"), (10, "green again"),
                       (12, "yellow: the committed bucket is short"), (14, "red: the peak bucket is short")]:
        case.send("access0", sized(ALICE, VIDEO, 1400, tos=0xB8 | 2), "forwarded", note,
                  shows={"ip.dsfield": f"0x{dscp << 2 | 2:02x}", "mpls.exp": "1,1"})
    case.send("access0", sized(ALICE6, VIDEO6, 1400), "forwarded", "red, IPv6", shows={"ipv6.tclass": "0x00000038"})
    case.send("access0", sized(ALICE, VIDEO, 100), "forwarded", "a small one: green", shows={"ip.dsfield": "0x28"})
    return case


def refill() -> Case:
    case = Case(
        "policer-refill", "Buckets fill at their own rates, and no further than their bursts", _policed(_THREE),
        rfc="RFC 2698 §3", ids="PX-4",
    )

    def packet(dscp, note, after=0.01):
        case.send("access0", sized(ALICE, VIDEO, 1400), "forwarded", note, after=after,
                  shows={"ip.dsfield": f"0x{dscp << 2:02x}"})

    for dscp in (10, 10, 12, 14):
        packet(dscp, "the buckets are emptied")
    packet(10, "a tenth of a second: 1000 more of committed, 2000 of peak, and green", 0.1)
    packet(12, "another tenth: the committed bucket is short", 0.1)
    packet(10, "an hour later: full, and no fuller", 3600)
    for dscp in (10, 12, 14):
        packet(dscp, "emptied again")
    return case


def both_ways() -> Case:
    exchange = access_edge()
    exchange["sessions"]["alice-video"]["policer"] = {
        "up": {"committed": "80kbit", "burst": 3000},
        "down": {"committed": "800kbit", "burst": 6000, "peakBurst": 6000, "green": {"dscp": 26}},
    }
    case = Case(
        "policer-directions", "Up and down have policers of their own", exchange,
        rfc="RFC 2698 §3", ids="PX-3 PX-4",
    )
    for outcome in ("forwarded", "forwarded", "policed"):
        case.send("access0", sized(ALICE, VIDEO, 1400), outcome, "up")
    for outcome in ("forwarded",) * 4 + ("policed",):
        case.send("core0", mpls_frame(17001, 200042, inner=sized(VIDEO, ALICE, 1400)), outcome, "down", after=0.001,
                  shows={"ip.dsfield": "0x68"} if outcome == "forwarded" else None)
    return case


def _two_sessions(tunnel_policer: dict, session_policer: dict | None = None) -> dict:
    exchange = access_edge()
    exchange["tunnels"]["acme-north"]["policer"] = tunnel_policer
    exchange["conditions"].append({"subscriber": "bob", "service": "acme-video"})
    exchange["sessions"]["bob-video"] = {"subscriber": "bob", "service": "acme-video", "access": {"port": "access0"},
                                         "network": {"tunnel": "acme-north", "send": 100043, "receive": 200043}}
    if session_policer:
        exchange["sessions"]["alice-video"]["policer"] = {"up": session_policer}
    return exchange


def tunnel_shared() -> Case:
    case = Case(
        "policer-tunnel", "A tunnel's policer is shared by its sessions, and meters what is sent into it",
        _two_sessions({"committed": "80kbit", "burst": 3000}),
        rfc="RFC 2698 §3", ids="PX-4 PX-5",
    )
    case.send("access0", sized(ALICE, VIDEO, 1400), "forwarded", "alice")
    case.send("access0", sized(BOB, VIDEO, 1400), "forwarded", "bob")
    case.send("access0", sized(ALICE, VIDEO, 1400), "policed", "alice again")
    case.send("access0", sized(BOB, VIDEO, 1400), "policed", "bob again")
    for _ in range(3):
        case.send("core0", mpls_frame(17001, 200042, inner=sized(VIDEO, ALICE, 1400)), "forwarded",
                  "what comes out of it is free")
    return case


def both_meters() -> Case:
    case = Case(
        "policer-both", "Session first, then tunnel: what the first drops, the second doesn't meter",
        _two_sessions({"committed": "80kbit", "burst": 4500, "peakBurst": 4500}, {"committed": "8kbit", "burst": 3000}),
        rfc="RFC 2698 §3", ids="PX-4 PX-5",
    )
    case.send("access0", sized(ALICE, VIDEO, 1400), "forwarded", "alice: 1600 of hers, 3100 of the tunnel's left")
    case.send("access0", sized(ALICE, VIDEO, 1400), "forwarded", "alice: 200, 1700")
    for _ in range(3):
        case.send("access0", sized(ALICE, VIDEO, 1400), "policed", "alice's own is empty")
    case.send("access0", sized(BOB, VIDEO, 1400), "forwarded", "bob: the tunnel's has what alice didn't use")
    case.send("access0", sized(BOB, VIDEO, 1400), "policed", "bob: now the tunnel's is empty")
    return case


def classes() -> Case:
    policer = {"committed": "80kbit", "peak": "160kbit", "burst": 3000, "peakBurst": 4500,
               "green": {"trafficClass": 5}, "yellow": {"trafficClass": 1}}
    case = Case(
        "policer-class", "Colours as the labels' traffic class; the packet inside stays", _policed(policer),
        rfc="RFC 2698 §4, RFC 3270 §2.6", ids="PX-4 CD-4",
    )
    for outcome, traffic_class in [("forwarded", 5), ("forwarded", 5), ("forwarded", 1), ("policed", None)]:
        case.send("access0", sized(ALICE, VIDEO, 1400, tos=0x48), outcome, f"class {traffic_class}",
                  shows=None if traffic_class is None else {"mpls.exp": f"{traffic_class},{traffic_class}",
                                                            "ip.dsfield": "0x48"})
    return case


def default_burst() -> Case:
    case = Case(
        "policer-default-burst", "Without a burst: 125 ms at the rate, or 3000 bytes",
        _policed({"committed": "400kbit", "red": "drop"}),
        rfc="RFC 2698 §3", ids="PX-4",
    )
    for number in range(5):
        outcome = "forwarded" if number < 4 else "policed"
        case.send("access0", sized(ALICE, VIDEO, 1480), outcome, f"{number + 1} × 1480 bytes of 6250", after=0.0005)
    return case


def outer_class() -> Case:
    policer = {"committed": "80kbit", "peak": "160kbit", "burst": 3000, "peakBurst": 4500, "yellow": {"dscp": "le"},
               "green": {"trafficClass": 3}}
    case = Case(
        "policer-ipip", "A colour's DSCP is copied to the outer header; a traffic class has no place there",
        _policed(policer, ip_in_ip_edge()),
        rfc="RFC 2698 §4, RFC 2983 §3", ids="PX-4 CD-5",
    )
    for dscp, outcome in [(46, "forwarded"), (46, "forwarded"), (1, "forwarded"), (None, "policed")]:
        octet = f"0x{(dscp or 0) << 2:02x}"
        case.send("access0", sized(ALICE, VIDEO, 1400, tos=0xB8), outcome, f"DSCP {dscp}",
                  shows={"ip.dsfield": f"{octet},{octet}"} if dscp else None)
    return case


def fragments() -> Case:
    policer = {"committed": "80kbit", "peak": "160kbit", "burst": 3000, "peakBurst": 4528, "green": {"dscp": 10},
               "yellow": {"dscp": 12}}
    case = Case(
        "policer-fragments", "A packet is metered once, before it is cut: its colour is all fragments', or none leaves",
        _policed(policer),
        rfc="RFC 2698 §3, RFC 791 §3.2", ids="PX-4 PX-5",
    )
    for outcome, dsfield, note in [("forwarded", "0x28", "2000 bytes: green, both fragments"),
                                   ("forwarded", "0x30", "2000 bytes: yellow, both fragments"),
                                   ("policed", None, "2000 bytes: red, and no fragment leaves")]:
        case.send("access0", sized(ALICE, VIDEO, 2000, flags=0), outcome, note,
                  originates=outcome == "forwarded",
                  shows={"ip.dsfield": dsfield, "ip.len": "1492"} if dsfield else None)
    case.send("access0", sized(ALICE, VIDEO, 1100, flags=0), "forwarded",
              "1100 bytes: the fragments' headers took no tokens",
              shows={"ip.dsfield": "0x28"})
    return case


def order() -> Case:
    exchange = provider_edge({"line": "north", "mpls": {"send": 17001, "receive": 16001}},
                             {"tunnel": "acme-north", "send": 200042, "receive": 100042})
    exchange["sessions"]["alice-video"]["policer"] = {"down": {"committed": "80kbit", "burst": 3000}}
    case = Case(
        "policer-order", "What is dropped before, or sent by ourselves, takes no tokens", exchange,
        rfc="RFC 2698 §3", ids="PX-4 PX-5",
    )
    frame = {"destination": PORT1_MAC, "source": HOST_MAC}
    case.send("server0", ethernet(sized(VIDEO, ALICE, 1400), **frame), "forwarded", "1400 of 3000")
    for _ in range(3):
        case.send("server0", ethernet(sized(VIDEO, ALICE, 1400, ttl=1), **frame), "ttlExpired", "TTL 1",
                  originates=1, after=0.001)
        case.send("server0", ethernet(sized(VIDEO, ALICE, 1500), **frame), "tooBig", "too long", originates=1,
                  after=0.001)
    for _ in range(3):
        case.send("core0", mpls_frame({"label": 16001, "ttl": 1}, 100042, inner=sized(ALICE, VIDEO, 1200)),
                  "ttlExpired", "our own error goes down, unpoliced", originates=1, after=0.001)
    case.send("server0", ethernet(sized(VIDEO, ALICE, 1400), **frame), "forwarded", "1400 of the rest")
    case.send("server0", ethernet(sized(VIDEO, ALICE, 1400), **frame), "policed", "no more")
    return case
