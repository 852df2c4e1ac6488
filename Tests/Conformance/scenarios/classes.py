"""Traffic class and DSCP: copied, fixed, and by maps, at either end of a tunnel."""

from .case import Case
from .exchanges import access_edge, ip_in_ip_edge
from .packets import ALICE, ALICE6, LOCAL, REMOTE, VIDEO, VIDEO6
from .packets import ethernet, in_ip, mpls_frame, udp

_EF, _AF11, _AF41, _CS6 = 0xB8, 0x28, 0x88, 0xC0


def cases():
    return [copied(), mapped(), mapped_else_fixed(), on_arrival(), outer_fixed(), outer_mapped(), outer_taken_over()]


def _mpls_edge(**knobs) -> dict:
    return access_edge({"line": "north", "mpls": {"send": 16001, "receive": 17001, **knobs}})


def copied() -> Case:
    case = Case(
        "mpls-class-copy", "The top three bits of each DSCP are the traffic class", _mpls_edge(),
        rfc="RFC 3270 §2.6, RFC 5462 §3", ids="PX-2 CD-4",
    )
    for code_point in range(0, 64, 4):
        case.send("access0", udp(ALICE, VIDEO, tos=code_point << 2 | 1), "forwarded", f"DSCP {code_point}",
                  shows={"mpls.exp": f"{code_point >> 3},{code_point >> 3}",
                         "ip.dsfield": f"0x{code_point << 2 | 1:02x}"})
    case.send("access0", udp(ALICE6, VIDEO6, tos=_CS6), "forwarded", "CS6, IPv6", shows={"mpls.exp": "6,6"})
    return case


def mapped() -> Case:
    classes = {"ef": 4, "af11": 1, 12: 1, "cs6": 7, "voice-admit": 5, "le": 0, "default": 2}
    case = Case(
        "mpls-class-map", "DSCPs are mapped to traffic classes", _mpls_edge(trafficClass=classes),
        rfc="RFC 3270 §3.4, RFC 4594", ids="PX-2 CD-4",
    )
    for data, traffic_class, note in [
        (udp(ALICE, VIDEO, tos=_EF), 4, "EF"),
        (udp(ALICE, VIDEO, tos=_EF | 2), 4, "EF with ECT(0)"),
        (udp(ALICE, VIDEO, tos=_AF11), 1, "AF11"),
        (udp(ALICE, VIDEO, tos=12 << 2), 1, "AF12, named by its number"),
        (udp(ALICE6, VIDEO6, tos=_CS6), 7, "CS6, IPv6"),
        (udp(ALICE, VIDEO, tos=44 << 2), 5, "VOICE-ADMIT"),
        (udp(ALICE6, VIDEO6, tos=1 << 2), 0, "LE, IPv6"),
        (udp(ALICE, VIDEO), 2, "not named"),
        (udp(ALICE, VIDEO, tos=_AF41), 2, "AF41, not named"),
    ]:
        case.send("access0", data, "forwarded", note, shows={"mpls.exp": f"{traffic_class},{traffic_class}"})
    return case


def mapped_else_fixed() -> Case:
    case = Case(
        "mpls-class-map-copy", "DSCPs that a map doesn't name are copied", _mpls_edge(
            send=[16001, 16002], trafficClass={"ef": 0, "default": "copy"}),
        rfc="RFC 3270 §3.4", ids="PX-2 CD-4",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=_EF), "forwarded", "EF", shows={"mpls.exp": "0,0,0"})
    case.send("access0", udp(ALICE, VIDEO, tos=_AF41), "forwarded", "AF41", shows={"mpls.exp": "4,4,4"})
    return case


def on_arrival() -> Case:
    case = Case(
        "mpls-inner-dscp", "The top label's class sets the inner DSCP on arrival; ECN stays",
        _mpls_edge(innerDSCP={0: "be", 1: "af11", 5: "ef", 7: 56}),
        rfc="RFC 3270 §2.6, RFC 2983 §5.1", ids="PX-3 CD-4",
    )
    for traffic_class, result, note in [
        (0, 0, "class 0"), (1, 10, "class 1"), (2, 34, "class 2, not named: it stays"), (5, 46, "class 5"),
        (6, 34, "class 6, not named"), (7, 56, "class 7"),
    ]:
        stack = ({"label": 17001, "cos": traffic_class}, {"label": 200042, "cos": 3})
        case.send("core0", mpls_frame(*stack, inner=udp(VIDEO, ALICE, tos=_AF41 | 2)), "forwarded", note,
                  shows={"ip.dsfield": f"0x{result << 2 | 2:02x}"})
        case.send("core0", mpls_frame(*stack, inner=udp(VIDEO6, ALICE6, tos=_AF41 | 3)), "forwarded", note + ", IPv6",
                  shows={"ipv6.tclass": f"0x000000{result << 2 | 3:02x}"})
    return case


def _outer_edge(**knobs) -> dict:
    exchange = ip_in_ip_edge()
    exchange["tunnels"]["beta-west"]["ipip"] |= knobs
    return exchange


def outer_fixed() -> Case:
    case = Case(
        "ipip-dscp-fixed", "A DSCP of the tunnel's own outside; inside it stays", _outer_edge(dscp=34),
        rfc="RFC 2983 §3", ids="PX-2 CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=_EF | 2), "forwarded", "EF with ECT(0)",
              shows={"ip.dsfield": "0x8a,0xba"})
    case.send("access0", udp(ALICE6, VIDEO6, tos=_CS6 | 1), "forwarded", "CS6 with ECT(1), IPv6",
              shows={"ip.dsfield": "0x89"})
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE, tos=_AF11), tos=_EF)), "forwarded",
              "back: the outer DSCP is let go", shows={"ip.dsfield": "0x28"})
    return case


def outer_mapped() -> Case:
    case = Case(
        "ipip-dscp-map", "DSCPs are mapped to outer DSCPs", _outer_edge(dscp={"ef": "voice-admit", "af11": 0,
                                                                             "default": "copy"}),
        rfc="RFC 2983 §3, RFC 4594", ids="PX-2 CD-5",
    )
    case.send("access0", udp(ALICE, VIDEO, tos=_EF | 1), "forwarded", "EF with ECT(1)",
              shows={"ip.dsfield": "0xb1,0xb9"})
    case.send("access0", udp(ALICE, VIDEO, tos=_AF11), "forwarded", "AF11", shows={"ip.dsfield": "0x00,0x28"})
    case.send("access0", udp(ALICE, VIDEO, tos=_AF41), "forwarded", "AF41, not named",
              shows={"ip.dsfield": "0x88,0x88"})
    case.send("access0", udp(ALICE6, VIDEO6, tos=_EF), "forwarded", "EF, IPv6", shows={"ip.dsfield": "0xb0"})
    return case


def outer_taken_over() -> Case:
    case = Case(
        "ipip-inner-dscp", "The outer DSCP is taken over on arrival; ECN goes by its own table",
        _outer_edge(innerDSCP="outer"),
        rfc="RFC 2983 §5.1, RFC 6040 §4.2", ids="PX-3 CD-5",
    )
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE, tos=_AF11), tos=_EF)), "forwarded", "EF over AF11",
              shows={"ip.dsfield": "0xb8"})
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE, tos=_AF11 | 2), tos=_EF | 3)), "forwarded",
              "EF with CE over AF11 with ECT(0)", shows={"ip.dsfield": "0xbb"})
    case.send("core0", ethernet(in_ip(udp(VIDEO6, ALICE6, tos=_CS6 | 1), tos=0)), "forwarded", "0 over CS6, IPv6",
              shows={"ipv6.tclass": "0x00000001"})
    case.send("core0", ethernet(in_ip(udp(VIDEO, ALICE), source=REMOTE, destination=LOCAL, tos=_EF | 3)),
              "ecnMismatch", "CE outside, Not-ECT inside: DSCP or not")
    return case
