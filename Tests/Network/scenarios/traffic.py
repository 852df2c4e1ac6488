"""A subscriber's packets through both edges, judged on the core link by tshark."""

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether

from laboratory import Station, balances, difference, drops_between
from laboratory.transport import connect, pattern, pump
from .chain import ACME, ACME6, ALICE, ALICE6, BETA, BOB, CAROL, DAVE, ERIN, Chain, mac_of

_MEBIBYTES = 8


def pings(chain: Chain) -> None:
    """The first packets"""
    check = chain.laboratory.check
    for name, source, destination in (
        ("CD-1 CD-4 PX-3 IPv4 by MPLS", ALICE, ACME),
        ("CD-1 CD-4 PX-1 IPv6 by MPLS", ALICE6, ACME6),
        ("CD-1 CD-5 PX-3 IPv4 by IP-in-IP", BOB, BETA),
    ):
        # The first packet on a way may be lost to address resolution; no other may.
        first = chain.subscriber.run(f"ping -c 3 -i 0.2 -W 1 -I {source} {destination}")
        check(
            f"{name}: ping goes through, and only packets that wait for an address are lost",
            "1 received" in first.stdout or "2 received" in first.stdout or "3 received" in first.stdout,
            first.stdout,
        )
        second = chain.subscriber.run(f"ping -c 5 -i 0.05 -W 1 -I {source} {destination}")
        check(f"{name}: 5 of 5", " 0% packet loss" in second.stdout, second.stdout)


def transfers(chain: Chain) -> None:
    """TCP with offloads on, both ways and both encapsulations"""
    laboratory = chain.laboratory
    check, equal = laboratory.check, laboratory.equal
    offloads = chain.provider.run("ethtool -k eth0").stdout
    check(
        "the provider's veth has offloads on",
        "tcp-segmentation-offload: on" in offloads and "tx-checksumming: on" in offloads,
        offloads,
    )
    before_a, before_b = chain.edge_a.counters(), chain.edge_b.counters()
    capture = laboratory.capture(chain.core, "to-a", "core")
    data = pattern(_MEBIBYTES << 20)
    for name, source, destination in (
        ("MPLS", ALICE, ACME),
        ("IPv6 in MPLS", ALICE6, ACME6),
        ("IP-in-IP", BOB, BETA),
    ):
        near, far = connect(chain.subscriber, source, chain.provider, destination, 80)
        check(f"PX-3 a download through {name} arrives whole", pump(far, near, data) == data)
        check(
            f"PX-3 an upload through {name} arrives whole",
            pump(near, far, data[: 1 << 20]) == data[: 1 << 20],
        )
        near.close()
        far.close()
    missed = capture.stop()
    after_a, after_b = chain.edge_a.counters(), chain.edge_b.counters()
    frames = capture.frames()
    equal("tcpdump has missed nothing, so that it can judge", missed, 0)
    equal(
        "no checksum on the core is bad, outside or inside",
        [frame["frame.number"] for frame in frames if frame.has_bad_checksum],
        [],
    )
    equal("CD-3 no frame on the core is above its MTU", max(frame.byte_count for frame in frames), 1514)
    _encapsulations(chain, frames)

    for name, after, before in (("A", after_a, before_a), ("B", after_b, before_b)):
        check(f"CD-6 edge {name}: every packet has its one outcome", balances(after), after)
        counted = difference(after, before)
        # B has told the server how long packets may be, and dropped those that were longer.
        check(
            f"edge {name} has dropped nothing else", set(drops_between(before, after)) <= {"tooBig"}, counted
        )
        for session, users in (("alice-acme", {ALICE, ALICE6}), ("bob-beta", {BOB})):
            for direction, end in (("up", 0), ("down", 1)):
                seen = [frame.inner_byte_count for frame in frames if frame.ends and frame.ends[end] in users]
                count = counted["sessions"][session][direction]
                equal(
                    f"PX-5 CD-6 edge {name} counts {session} {direction} as tshark does",
                    (count["packets"], count["bytes"]),
                    (len(seen), sum(seen)),
                )


def _encapsulations(chain: Chain, frames: list) -> None:
    """PX-2, on the link and field by field."""
    equal = chain.laboratory.equal
    # The subscriber's kernel sends with TTL 64, and the host's routing takes one off before the edge does; the
    # provider's link is the edge's own.
    for name, ends, path, user, ttl in (
        ("up", (ALICE, ACME), 16001, 100042, 62),
        ("down", (ACME, ALICE), 17001, 200042, 63),
        ("up, IPv6", (ALICE6, ACME6), 16001, 100042, 62),
        ("down, IPv6", (ACME6, ALICE6), 17001, 200042, 63),
    ):
        found = {(*frame.labels, frame.inner_ttl) for frame in frames if frame.ends == ends}
        equal(
            f"PX-2 {name}: path label, user label, S on the last alone; TTL less one, the same in all",
            found,
            {((path, False, ttl), (user, True, ttl), ttl)},
        )
    for name, ends, outer in (
        ("up", (BOB, BETA), ("10.0.0.1", "10.0.0.2")),
        ("down", (BETA, BOB), ("10.0.0.2", "10.0.0.1")),
    ):
        found = {
            (frame["ip.src"][0], frame["ip.dst"][0], len(frame["ip.src"]), len(frame.labels))
            for frame in frames
            if frame.ends == ends
        }
        equal(f"PX-2 {name}: IP-in-IP from end to end of the tunnel", found, {(*outer, 2, 0)})


def refusals(chain: Chain) -> None:
    """What must not pass, and why it says it didn't"""
    check, equal = chain.laboratory.check, chain.laboratory.equal
    before = chain.edge_a.counters()
    for name, source in (("carol, who has no condition", CAROL), ("dave, whose port is another", DAVE)):
        ping = chain.subscriber.run(f"ping -c 2 -i 0.05 -W 0.3 -I {source} {ACME}")
        check(f"PX-4 {name}, doesn't get through", "100% packet loss" in ping.stdout, ping.stdout)
    # alice may use TCP port 80 alone.
    try:
        connect_refused = connect(chain.subscriber, ALICE, chain.provider, ACME, 81, seconds=0.6)
        check("PX-4 alice doesn't reach another port", False, connect_refused)
    except TimeoutError:
        check("PX-4 alice doesn't reach another port", True)
    ether = Ether(src=chain.core_station.mac, dst=mac_of(chain.a, "to-core"))
    down = IP(src=ACME, dst=ALICE) / ICMP()
    chain.core_station.send(
        ether / MPLS(label=17999, s=0, ttl=9) / MPLS(label=200042, s=1, ttl=9) / down,
        ether / MPLS(label=200042, s=1, ttl=9) / down,
        ether / MPLS(label=17001, s=0, ttl=9) / MPLS(label=200042, s=0, ttl=9) / down,
        ether
        / MPLS(label=17001, s=0, ttl=9)
        / MPLS(label=200042, s=1, ttl=9)
        / IP(src=ACME, dst=CAROL)
        / ICMP(),
        ether / IP(src="10.0.0.77", dst="10.0.0.1", proto=4) / down,
        ether / IP(src="10.0.0.2", dst="10.0.0.1", proto=4) / IP(src="192.0.2.1", dst=BOB) / ICMP(),
    )
    expected = {
        "notAdmitted": 2,
        "spoofedSource": 2,
        "unknownLabel": 1,
        "labelOutOfContext": 1,
        "missingBottomOfStack": 1,
        "innerDestinationMismatch": 1,
        "unknownTunnelEndpoint": 1,
        "innerSourceMismatch": 1,
    }
    after = chain.edge_a.counters()
    drops = drops_between(before, after)
    syns = drops.get("notAdmitted", 0) - expected["notAdmitted"]
    check("PX-4 alice's attempts are refused as notAdmitted", syns >= 1, drops)
    expected["notAdmitted"] += syns
    equal("PX-4 each packet is dropped for its own reason", drops, expected)
    check("CD-6 every packet has its one outcome", balances(after), after)


def injected(chain: Chain) -> None:
    """Packets from the core that scapy has made"""
    laboratory = chain.laboratory
    users = Station(chain.subscriber, "eth0")
    ether = Ether(src=chain.core_station.mac, dst=mac_of(chain.a, "to-core"))
    labels = MPLS(label=17001, s=0, ttl=20) / MPLS(label=200043, s=1, ttl=30)
    for name, around, source, destination in (
        ("CD-4 MPLS", labels, ACME, ERIN),
        ("CD-5 IP-in-IP", IP(src="10.0.0.2", dst="10.0.0.1", proto=4, ttl=9), BETA, BOB),
    ):
        packet = IP(src=source, dst=destination, ttl=50, id=77) / UDP(sport=7, dport=7) / b"x"
        before = chain.edge_a.counters()
        # 29 bytes in a frame of 60: the rest is padding.
        frame = bytes(ether / around / packet)
        frame += b"\xee" * (60 - len(frame))
        chain.core_station.send(frame)
        arrived = users.received(
            1,
            where=lambda frame: (
                frame[12:14] == b"\x08\x00" and frame[14 + 9] == 17 and IP(frame[14:]).dst == destination
            ),
        )
        if not laboratory.check(f"{name}: a short frame's packet reaches the subscriber", len(arrived) == 1):
            continue
        found = IP(arrived[0][14:])
        # One off at the edge and one off in the host's routing; uniform labels bring their own.
        expected_ttl = 20 - 2 if name.endswith("MPLS") else 50 - 2
        laboratory.equal(
            f"{name}: the padding is gone, and TTL is the top label's or the packet's own",
            (len(arrived[0]), found.ttl),
            (14 + 29, expected_ttl),
        )
        session = "erin-acme" if destination == ERIN else "bob-beta"
        counted = difference(chain.edge_a.counters(), before)["sessions"]
        laboratory.equal(
            f"PX-5 {name}: padding is not counted", counted[session]["down"], {"packets": 1, "bytes": 29}
        )
    users.close()
