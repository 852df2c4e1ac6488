"""The rules of a condition, and what one of them asks of a packet."""

from . import dscp
from .ip import Dropped, IPPacket

_PROTOCOLS = {"tcp": (6, 6), "udp": (17, 17), "sctp": (132, 132), "icmp": (1, 58)}  # IPv4, IPv6
# ICMP types on the way up and on the way down: (IPv4, IPv6) each; None where that version has none.
_TYPES = {
    "echo": ((8, 0), (128, 129)),
    "timestamp": ((13, 14), None),
    "unreachable": ((3, 3), (1, 1)),
    "time-exceeded": ((11, 11), (3, 3)),
    "parameter-problem": ((12, 12), (4, 4)),
    "too-big": (None, (2, 2)),
}


def check(rules: list | None, direction: str, packet) -> None:
    """One rule must admit the packet; on the way down they are mirrored. None: everything is admitted.

    `packet` is an IP packet, or as much of one as an ICMP error quotes.
    """
    if rules is None:
        return
    if packet.protocol is None:
        raise Dropped("truncatedTransport")
    failure = "notAdmitted"
    for rule in rules:
        if not _speaks_of(rule, packet):
            continue
        if "ports" not in rule and "types" not in rule:
            return
        if packet.fragment_offset:
            failure = "fragmentWithoutPorts"
        elif len(packet.transport) < (4 if "ports" in rule else 1):
            failure = "truncatedTransport"
        elif _fits(rule, direction, packet):
            return
    raise Dropped(failure)


def _speaks_of(rule: dict, packet) -> bool:
    """Whether protocol and DSCP are the rule's. What DSCP a quoted packet began with nobody knows."""
    if "dscp" in rule and isinstance(packet, IPPacket) and packet.traffic_class >> 2 not in map(dscp.value, rule["dscp"]):
        return False
    named = rule.get("protocol", "any")
    if named == "any" or isinstance(named, int):
        return named in ("any", packet.protocol)
    return _PROTOCOLS[named][packet.version == 6] == packet.protocol


def _fits(rule: dict, direction: str, packet) -> bool:
    down = direction == "down"
    if "types" in rule:
        return packet.transport[0] in [_type(name, rule["protocol"], packet.version, down) for name in rule["types"]]
    port = int.from_bytes(packet.transport[:2] if down else packet.transport[2:4], "big")
    ends = [str(entry).partition("-") for entry in rule["ports"]]
    return any(int(first) <= port <= int(last or first) for first, _, last in ends)


def _type(name, protocol, version: int, down: bool) -> int | None:
    if isinstance(name, int):
        return name if {1: 4, 58: 6}[protocol] == version else None
    pair = _TYPES[name][version == 6]
    return pair and pair[down]
