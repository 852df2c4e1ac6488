"""RFC 6040 from end to end: every cell of both tables, in all four formats, one packet a cell."""

from .case import Case
from .exchanges import ip_in_ip6_edge, ip_in_ip_edge
from .packets import ALICE, ALICE6, VIDEO, VIDEO6
from .packets import ethernet, in_ip, in_ip6, udp

_NAMES = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
_ORDER = (0, 2, 1, 3)  # as the RFC has them
_DECAPSULATED = {  # figure 4: inner → what goes on for outer Not-ECT, ECT(0), ECT(1), CE
    0: (0, 0, 0, None),
    2: (2, 2, 1, 3),
    1: (1, 1, 1, 3),
    3: (3, 3, 3, 3),
}
_AF21 = 0x48
_FORMATS = {"4in4": (4, 4), "6in4": (6, 4), "4in6": (4, 6), "6in6": (6, 6)}  # inner, outer


def cases():
    return [make(name, mode) for make in (_encapsulated, _decapsulated) for name in _FORMATS
            for mode in ("normal", "compatibility")]


def _edge(outer: int, mode: str) -> dict:
    if outer == 6:
        return ip_in_ip6_edge(ecn=mode)
    exchange = ip_in_ip_edge()
    exchange["tunnels"]["beta-west"]["ipip"]["ecn"] = mode
    return exchange


def _fields(inner_version: int, outer_version: int, inner: int, outer: int) -> dict:
    """tshark's names for both traffic classes."""
    values = {}
    for version, octet in ((outer_version, outer), (inner_version, inner)):
        name, text = ("ip.dsfield", f"0x{octet:02x}") if version == 4 else ("ipv6.tclass", f"0x{octet:08x}")
        values[name] = f"{values[name]},{text}" if name in values else text
    return values


def _encapsulated(name: str, mode: str) -> Case:
    inner_version, outer_version = _FORMATS[name]
    case = Case(
        f"ecn-in-{name}-{mode}", f"ECN on encapsulation {name}, {mode} mode", _edge(outer_version, mode),
        rfc="RFC 6040 §4.1", ids="PX-2 CD-5",
    )
    for inner in _ORDER:
        data = udp(*((ALICE, VIDEO) if inner_version == 4 else (ALICE6, VIDEO6)), tos=_AF21 | inner)
        outer = inner if mode == "normal" else 0
        case.send("access0", data, "forwarded", f"{_NAMES[inner]} inside, {_NAMES[outer]} outside",
                  shows=_fields(inner_version, outer_version, _AF21 | inner, _AF21 | outer))
    return case


def _decapsulated(name: str, mode: str) -> Case:
    inner_version, outer_version = _FORMATS[name]
    case = Case(
        f"ecn-out-{name}-{mode}", f"ECN on decapsulation {name}, {mode} mode: it is the same in both",
        _edge(outer_version, mode),
        rfc="RFC 6040 §4.2", ids="PX-3 CD-5",
    )
    for inner, results in _DECAPSULATED.items():
        for outer, result in zip(_ORDER, results):
            data = udp(*((VIDEO, ALICE) if inner_version == 4 else (VIDEO6, ALICE6)), tos=_AF21 | inner)
            data = in_ip(data, tos=outer) if outer_version == 4 else in_ip6(data, tc=outer)
            shows = None
            if result is not None:
                octet = _AF21 | result
                shows = {"ip.dsfield": f"0x{octet:02x}"} if inner_version == 4 else {"ipv6.tclass": f"0x{octet:08x}"}
            case.send("core0", ethernet(data), "ecnMismatch" if result is None else "forwarded",
                      f"inner {_NAMES[inner]}, outer {_NAMES[outer]}", shows=shows)
    return case
