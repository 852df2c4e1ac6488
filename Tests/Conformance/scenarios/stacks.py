"""Label stacks: up to eight entries either way, nulls, and what special-purpose labels mean."""

from copy import deepcopy

from .case import Case
from .exchanges import CORE, NORTH, access_edge
from .packets import ALICE, ALICE6, PORT1_MAC, VIDEO, VIDEO6
from .packets import mpls_frame, sized, udp

_SEVEN = [16001, 16002, 16003, 16004, 16005, 16006, 16007]


def cases():
    return [three_sent(), eight_sent(), nulls_received(), nulls_before_php(), nulls_before_transit(), depth(),
            special(), swap_for_eight(), swap_into_stack()]


def _tunnel(**mpls) -> dict:
    return {"line": "north", "mpls": {"send": 16001, "receive": 17001, **mpls}}


def three_sent() -> Case:
    case = Case(
        "mpls-path-labels", "Several path labels above the user label", access_edge(_tunnel(send=[16001, 16002])),
        rfc="RFC 3031 §3.27, RFC 8660 §2.2", ids="PX-2 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=0xB8), "forwarded", "TTL and class alike in all, S on the last",
              shows={"mpls.label": "16001,16002,100042", "mpls.bottom": "0,0,1", "mpls.ttl": "63,63,63",
                     "mpls.exp": "5,5,5"})
    case.send("access0", udp(ALICE6, VIDEO6, ttl=2), "forwarded", "IPv6, hop limit 2",
              shows={"mpls.label": "16001,16002,100042", "mpls.ttl": "1,1,1"})
    case.send("access0", sized(ALICE, VIDEO, 1488), "forwarded", "1500 − 12: just fits", shows={"ip.len": "1488"})
    case.send("access0", sized(ALICE, VIDEO, 1489), "tooBig", "one more", originates=1, shows={"icmp.mtu": "1488"})
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE)), "forwarded",
              "back: the path's own labels are gone by now", shows={"ip.ttl": "60"})
    return case


def eight_sent() -> Case:
    case = Case(
        "mpls-eight-labels", "Seven path labels and the user label: eight, in pipe mode and of a fixed class",
        access_edge(_tunnel(send=_SEVEN, ttl="pipe", trafficClass=3)),
        rfc="RFC 3032 §2.1, RFC 3443 §3", ids="PX-2 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "IPv4",
              shows={"mpls.label": ",".join(map(str, [*_SEVEN, 100042])), "mpls.bottom": "0,0,0,0,0,0,0,1",
                     "mpls.ttl": ",".join(["255"] * 8), "mpls.exp": ",".join(["3"] * 8), "ip.ttl": "63"})
    case.send("access0", udp(ALICE6, VIDEO6), "forwarded", "IPv6", shows={"ipv6.hlim": "63"})
    case.send("access0", sized(ALICE, VIDEO, 1468), "forwarded", "1500 − 32: just fits", shows={"ip.len": "1468"})
    case.send("access0", sized(ALICE, VIDEO, 1469), "tooBig", "one more", originates=1, shows={"icmp.mtu": "1468"})
    case.send("access0", sized(ALICE, VIDEO, 1469, flags=0), "forwarded", "one more, DF clear: two fragments",
              originates=1, shows={"ip.len": "1468"})
    case.send("access0", sized(ALICE6, VIDEO6, 1469), "tooBig", "one more, IPv6", originates=1,
              shows={"icmpv6.mtu": "1468"})
    return case


def nulls_received() -> Case:
    exchange = access_edge()
    exchange["tunnels"]["acme-north"]["mpls"] |= {"innerDSCP": {5: "ef"}}
    case = Case(
        "mpls-nulls-received", "Explicit nulls on top are taken off; TTL and class are theirs", exchange,
        rfc="RFC 3032 §2.1, RFC 4182 §2", ids="PX-3 CD-4",
    )
    down, down6 = udp(VIDEO, ALICE), udp(VIDEO6, ALICE6)
    for stack, inner, outcome, note, more in [
        (({"label": 0, "ttl": 33}, 17001, 200042), down, "forwarded", "0 above the path label",
         {"shows": {"ip.ttl": "32"}}),
        (({"label": 2, "ttl": 33}, 17001, 200042), down6, "forwarded", "2 above the path label",
         {"shows": {"ipv6.hlim": "32"}}),
        (({"label": 2, "ttl": 33}, 17001, 200042), down, "forwarded", "2, and IPv4 far below",
         {"shows": {"ip.ttl": "32"}}),
        (({"label": 0, "ttl": 30}, {"label": 2, "ttl": 9}, 17001, 200042), down, "forwarded", "both, one above the other",
         {"shows": {"ip.ttl": "29"}}),
        (({"label": 0, "cos": 5}, {"label": 17001, "cos": 1}, 200042), down, "forwarded",
         "the null's class sets the DSCP", {"shows": {"ip.dsfield": "0xb8"}}),
        ((0, {"label": 17001, "ttl": 1}, 200042), down, "forwarded", "the path label's TTL doesn't count",
         {"shows": {"ip.ttl": "60"}}),
        (({"label": 0, "ttl": 1}, 17001, 200042), down, "ttlExpired", "the null's TTL is 1", {"originates": 1}),
        ((0,), down, "missingUserLabel", "a null at the bottom: bare IP is not routed", {}),
        ((2,), down6, "missingUserLabel", "the same, IPv6", {}),
        ((0, 17001), down, "missingUserLabel", "a null, and a path label at the bottom", {}),
        ((0, 2), down, "missingUserLabel", "nothing but nulls", {}),
        ((0, 200042), down, "labelOutOfContext", "a null doesn't stand for the path label", {}),
        ((0, 17001, 200999), down, "unknownLabel", "an unbound user label", {}),
        (({"label": 0, "s": 0},), b"", "truncatedLabelStack", "a null, and the frame ends", {}),
    ]:
        case.send("core0", mpls_frame(*stack, inner=inner), outcome, note, **more)
    return case


def nulls_before_php() -> Case:
    tunnel = {"line": "north", "mpls": {"send": 16001, "php": True}}
    case = Case(
        "mpls-null-php", "Under an explicit null a user label is the port's, as after penultimate-hop popping",
        access_edge(tunnel),
        rfc="RFC 3032 §2.1, RFC 3031 §3.16", ids="PX-3 CD-4",
    )
    case.send("core0", mpls_frame({"label": 0, "ttl": 40}, 200042, inner=udp(VIDEO, ALICE)), "forwarded", "IPv4",
              shows={"ip.ttl": "39"})
    case.send("core0", mpls_frame({"label": 2, "ttl": 40}, 200042, inner=udp(VIDEO6, ALICE6)), "forwarded", "IPv6",
              shows={"ipv6.hlim": "39"})
    case.send("core0", mpls_frame(200042, inner=udp(VIDEO, ALICE)), "forwarded", "the user label alone")
    case.send("core0", mpls_frame(0, 200042, 300, inner=udp(VIDEO, ALICE)), "missingBottomOfStack",
              "a label behind it")
    return case


def nulls_before_transit() -> Case:
    case = Case(
        "mpls-null-transit", "A transit label below an explicit null", _transit_edge(),
        rfc="RFC 3032 §2.1, RFC 4182 §2", ids="CD-4",
    )
    inner = udp(ALICE, VIDEO, ttl=44)
    case.send("core0", mpls_frame({"label": 0, "ttl": 20, "cos": 6}, {"label": 16100, "cos": 1}, 100042, inner=inner,
                                  destination=PORT1_MAC),
              "forwarded", "swap: TTL and class are the null's",
              shows={"mpls.label": "16200,100042", "mpls.ttl": "19,61", "mpls.exp": "6,0"})
    case.send("core0", mpls_frame({"label": 2, "ttl": 20}, 16102, 100042, inner=inner, destination=PORT1_MAC),
              "forwarded", "pop", shows={"mpls.label": "100042", "mpls.ttl": "19"})
    case.send("core0", mpls_frame({"label": 0, "ttl": 1, "cos": 6}, {"label": 16100, "cos": 1}, 100042, inner=inner,
                                  destination=PORT1_MAC),
              "ttlExpired", "the null's TTL ends: told along the LSP, with the stack below the null", originates=1,
              shows={"mpls.label": "16200,100042", "mpls.ttl": "255,255", "mpls.exp": "6,0",
                     "icmp.mpls.label": "16100,100042", "icmp.mpls.ttl": "1,61", "icmp.mpls.exp": "6,0"})
    case.send("core0", mpls_frame({"label": 0, "ttl": 20}, {"label": 16100, "ttl": 1}, 100042, inner=inner,
                                  destination=PORT1_MAC),
              "forwarded", "the transit label's own TTL doesn't count", shows={"mpls.ttl": "19,61"})
    case.send("core0", mpls_frame(*[0] * 7, 16100, 100042, inner=inner, destination=PORT1_MAC), "forwarded",
              "below seven nulls: the eighth entry", shows={"mpls.label": "16200,100042"})
    case.send("core0", mpls_frame(*[0] * 8, 16100, 100042, inner=inner, destination=PORT1_MAC), "labelStackTooDeep",
              "below eight")
    return case


def depth() -> Case:
    case = Case(
        "mpls-depth", "Eight labels are followed, and no more", access_edge(),
        rfc="RFC 3032 §2.1", ids="PX-4 CD-4",
    )
    down = udp(VIDEO, ALICE)
    for nulls, outcome in [(1, "forwarded"), (6, "forwarded"), (7, "labelStackTooDeep"), (8, "labelStackTooDeep"),
                           (20, "labelStackTooDeep")]:
        case.send("core0", mpls_frame(*[0] * nulls, 17001, 200042, inner=down), outcome,
                  f"{nulls} nulls, a path label and a user label")
    case.send("core0", mpls_frame(*[0] * 8, inner=down), "missingUserLabel", "eight nulls, the last at the bottom")
    case.send("core0", mpls_frame(*[0] * 9, inner=down), "labelStackTooDeep", "nine nulls")
    case.send("core0", mpls_frame(17001, *range(300, 330), inner=down), "unknownLabel",
              "a deep stack, of which the first two are read")
    return case


def special() -> Case:
    case = Case(
        "mpls-special-labels", "Special-purpose labels: 13 is the associated channel's, the rest is not served",
        access_edge(),
        rfc="RFC 7274 §3, RFC 5586 §4.2, RFC 3032 §2.1", ids="PX-4 CD-4",
    )
    down = udp(VIDEO, ALICE)
    for label in (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15):
        case.send("core0", mpls_frame(label, 17001, 200042, inner=down), "reservedLabel", f"label {label} on top")
    for label in (1, 3, 7, 14):
        case.send("core0", mpls_frame(17001, label, inner=down), "reservedLabel",
                  f"label {label} where the user label should be")
    channel = b"\x10\x00\x00\x07" + bytes(24)  # an associated channel header (RFC 5586 §2.1): BFD
    case.send("core0", mpls_frame(13, inner=channel), "associatedChannel", "the channel of the section")
    case.send("core0", mpls_frame(17001, 13, inner=channel), "associatedChannel", "the channel of the tunnel's LSP")
    case.send("core0", mpls_frame(0, 13, inner=channel), "associatedChannel", "under a null")
    case.send("core0", mpls_frame(0, 7, inner=down), "reservedLabel", "label 7 under a null")
    case.send("core0", mpls_frame(17001, 200042, inner=down), "forwarded", "the tunnel, afterwards")
    return case


def _transit_edge(labels: list | None = None, tunnels: dict | None = None) -> dict:
    return deepcopy({
        "ports": {"core0": CORE},
        "lines": {"north": NORTH},
        **({"tunnels": tunnels} if tunnels else {}),
        "labels": labels or [
            {"in": 16100, "swap": 16200, "via": "north"},
            {"in": 16102, "pop": True, "via": "north"},
        ],
    })


def swap_for_eight() -> Case:
    eight = list(range(16201, 16209))
    exchange = _transit_edge([{"in": 16101, "swap": eight, "via": "north"},
                              {"in": 16102, "swap": eight[:3], "via": "north"}])
    case = Case(
        "mpls-swap-stack", "Swap for as many as eight labels: TTL and class go into all of them", exchange,
        rfc="RFC 3031 §3.10, RFC 3443 §3.5, RFC 5462 §3", ids="CD-4",
    )
    user = {"label": 100042, "ttl": 9, "cos": 1}

    def packet(note, *stack, shows, inner=udp(ALICE, VIDEO)):
        case.send("core0", mpls_frame(*stack, inner=inner, destination=PORT1_MAC), "forwarded", note, shows=shows)

    packet("eight, above a user label", {"label": 16101, "cos": 5, "ttl": 50}, user,
           shows={"mpls.label": ",".join(map(str, [*eight, 100042])), "mpls.ttl": ",".join(["49"] * 8 + ["9"]),
                  "mpls.exp": "5,5,5,5,5,5,5,5,1", "mpls.bottom": "0,0,0,0,0,0,0,0,1"})
    packet("eight, for the bottom label", 16101,
           shows={"mpls.label": ",".join(map(str, eight)), "mpls.bottom": "0,0,0,0,0,0,0,1"})
    packet("three, IPv6", {"label": 16102, "ttl": 2}, user, inner=udp(ALICE6, VIDEO6),
           shows={"mpls.label": "16201,16202,16203,100042", "mpls.ttl": "1,1,1,9"})
    packet("three, above a stack as deep as it likes", 16102, *range(300, 312),
           shows={"mpls.label": ",".join(map(str, [16201, 16202, 16203, *range(300, 312)]))})
    return case


def swap_into_stack() -> Case:
    tunnels = {"acme-north": {"line": "north", "mpls": {"send": [16901, 16902, 16903], "receive": 17900}}}
    exchange = _transit_edge([
        {"in": 16103, "swap": [16203, 16204, 16205, 16206, 16207], "via": {"tunnel": "acme-north"}},
        {"in": 16104, "pop": True, "via": {"tunnel": "acme-north"}},
    ], tunnels)
    case = Case(
        "mpls-swap-tunnel", "Swap and pop into a tunnel of several path labels: eight in all", exchange,
        rfc="RFC 3031 §3.27, RFC 3443 §3.5", ids="CD-4",
    )
    user, to_us = {"label": 100042, "ttl": 9, "cos": 1}, {"inner": udp(ALICE, VIDEO), "destination": PORT1_MAC}
    case.send("core0", mpls_frame({"label": 16103, "cos": 2}, user, **to_us), "forwarded", "swap",
              shows={"mpls.label": "16901,16902,16903,16203,16204,16205,16206,16207,100042",
                     "mpls.ttl": "60,60,60,60,60,60,60,60,9", "mpls.exp": "2,2,2,2,2,2,2,2,1"})
    case.send("core0", mpls_frame({"label": 16104, "cos": 2}, user, **to_us), "forwarded", "pop",
              shows={"mpls.label": "16901,16902,16903,100042", "mpls.ttl": "60,60,60,60", "mpls.exp": "2,2,2,1"})
    return case
