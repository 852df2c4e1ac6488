"""Everything at once, as a real capture has it."""

from .case import Case
from .exchanges import BETA_WEST, access_edge
from .packets import ALICE, ALICE6, BOB, MUSIC, VIDEO, VIDEO6
from .packets import echo, ethernet, in_ip, mpls_frame, patched, sized, tcp, udp


def cases():
    return [mixed()]


def mixed() -> Case:
    rules = [{"protocol": "tcp", "ports": [80, 443]}, {"protocol": "udp", "ports": [5004]}]
    exchange = access_edge(allow=rules)
    exchange["tunnels"]["beta-west"] = BETA_WEST
    exchange["conditions"] += [
        {"subscriber": "alice", "service": "beta-music"},
        {"subscriber": "bob", "service": "beta-music"},
    ]
    for name in ("alice", "bob"):
        exchange["sessions"][f"{name}-music"] = {
            "subscriber": name,
            "service": "beta-music",
            "access": {"port": "access0"},
            "network": {"tunnel": "beta-west"},
        }
    case = Case(
        "mixed", "Two-label, IP-in-IP, malformed, spoofed and unadmitted packets at once", exchange,
        rfc="RFC 3031, RFC 2003", ids="PX-1 PX-2 PX-3 PX-4 PX-5",
    )
    for round_number in range(4):
        _round(case, round_number)
    return case


def _round(case: Case, number: int) -> None:
    """One of each, sizes and ports varying."""
    size, here = 40 + 333 * number, (40000 + number, 443)
    there = here[::-1]

    def up(data, outcome, note, **more):
        case.send("access0", data, outcome, note, **more)

    def down(data, outcome, note, **more):
        case.send("core0", data, outcome, note, **more)

    up(tcp(ALICE, VIDEO, here, size), "forwarded", "alice to video", shows={"mpls.label": "16001,100042"})
    down(mpls_frame(17001, 200042, inner=tcp(VIDEO, ALICE, there, size)), "forwarded",
         "video to alice")
    up(udp(BOB, MUSIC, size=size), "forwarded", "bob to music", shows={"ip.ttl": "64,63"})
    down(ethernet(in_ip(udp(MUSIC, BOB, size=size))), "forwarded", "music to bob")
    up(tcp(ALICE6, VIDEO6, here, size), "forwarded", "alice to video, IPv6")
    down(mpls_frame(17001, 200042, inner=tcp(VIDEO6, ALICE6, there, size)), "forwarded",
         "video to alice, IPv6")
    up(sized(ALICE, MUSIC, 1500, flags=0), "forwarded", "alice to music, in fragments", originates=1)
    up(tcp(ALICE, VIDEO, (40000, 22), size), "notAdmitted", "a port that no rule allows")
    up(tcp(BOB, VIDEO, here, size), "notAdmitted", "no session")
    up(tcp("10.1.0.99", VIDEO, here), "unknownSubscriber", "nobody's address")
    up(tcp("10.0.0.1", VIDEO, here), "spoofedSource", "the edge's own address")
    up(tcp(ALICE, "192.0.2.77", here), "unknownService", "no service")
    up(patched(tcp(ALICE, VIDEO, here), 10, b"\x00\x01", seal=False), "badIPv4Checksum", "a wrong checksum")
    up(tcp(ALICE, VIDEO, here)[: 10 + 10 * number], "truncatedIPv4" if number < 1 else "badIPv4TotalLength",
       "cut short")
    down(mpls_frame(17001, 200043, inner=tcp(VIDEO, BOB, there)), "unknownLabel", "an unbound label")
    down(mpls_frame(17001, 200042, inner=tcp(VIDEO, BOB, there)), "innerDestinationMismatch",
         "bob under alice's label")
    down(mpls_frame(17001, inner=tcp(VIDEO, ALICE, there)), "missingUserLabel", "a path label alone")
    down(ethernet(in_ip(udp(MUSIC, BOB), source="192.0.2.66")), "unknownTunnelEndpoint",
         "from a stranger")
    down(ethernet(in_ip(tcp(VIDEO, ALICE, there))), "wrongLeg", "alice's video by the other tunnel")
    down(ethernet(echo("10.0.0.2", "10.0.0.1", size=size)), "consumed", "ping", originates=1)
    up(tcp(ALICE, VIDEO, here, ttl=1), "ttlExpired", "TTL 1", originates=1, after=1)
    up(sized(ALICE, MUSIC, 1481 + number), "tooBig", "too long, DF", originates=1, after=1,
       shows={"icmp.mtu": "1480"})
