"""Much traffic, none, and big packets."""

import os
import socket
import time

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

from laboratory import Laboratory, Station, balances, drops_between
from laboratory.transport import IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DONT, datagram_socket, pattern
from . import pair
from .chain import ACME, ALICE, Chain, mac_of
from .interfaces import share_of_processor

_FLOOD_SECONDS = 2
_FRAMES_PER_SECOND = 15_000
_GROWTH_KIBIBYTES = 8 << 10


def idle(chain: Chain) -> None:
    """Two edges with nothing to do"""
    edges = (chain.edge_a, chain.edge_b)
    for limit, name, programs in (
        (0.01, "forwarder", [edge.forwarder for edge in edges]),
        (0.03, "control plane", [edge.control_plane for edge in edges]),
    ):
        for edge, share in zip("AB", share_of_processor(*programs)):
            chain.laboratory.check(
                f"the {name} of edge {edge} without traffic uses less than {limit:.0%} of a processor",
                share < limit,
                f"{share:.2%}",
            )


def flood(chain: Chain) -> None:
    """ARP questions, unknown labels and forged sources in a flood, and a ping between them"""
    check, equal = chain.laboratory.check, chain.laboratory.equal
    mac = mac_of(chain.a, "to-core")
    ours = chain.core_station.mac
    ether = Ether(dst=mac, src=ours)
    frames = [
        bytes(
            Ether(dst="ff:ff:ff:ff:ff:ff", src=ours)
            / ARP(hwsrc=ours, psrc=f"10.0.0.{3 + number % 250}", pdst=("10.0.0.1", "10.0.0.9")[number % 2])
        )
        for number in range(500)
    ]
    frames += [
        bytes(ether / MPLS(label=20000 + number, s=1) / IP(src=ACME, dst=ALICE) / ICMP())
        for number in range(500)
    ]
    forged = chain.subscriber.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    forgeries = [bytes(IP(src=f"10.1.0.{20 + number % 200}", dst=ACME) / UDP()) for number in range(500)]
    before = chain.edge_a.counters()
    memory = chain.edge_a.resident_kibibytes
    ping = chain.subscriber.popen(
        f"ping -q -n -i 0.02 -c {int(_FLOOD_SECONDS * 50)} -W 1 -I {ALICE} {ACME}".split(),
        stdout=-1,
        text=True,
    )
    sent = 0
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < _FLOOD_SECONDS:
        if sent >= elapsed * _FRAMES_PER_SECOND:
            time.sleep(0.0005)
            continue
        for offset in range(0, 20):
            chain.core_station.send(frames[(sent + offset * 31) % len(frames)])
        for offset in range(0, 10):
            forged.sendto(forgeries[(sent + offset) % len(forgeries)], (ACME, 0))
        sent += 30
    said, _ = ping.communicate(timeout=5)
    after = chain.edge_a.counters()
    drops = drops_between(before, after)
    check(
        f"a flood of {sent} frames: the ping between them has lost nothing", " 0% packet loss" in said, said
    )
    check(
        "PX-4 every forged source is dropped as unknownSubscriber",
        drops.get("unknownSubscriber", 0) == sent // 3,
        drops,
    )
    check(
        "PX-4 every unknown label is dropped as unknownLabel", drops.get("unknownLabel", 0) > sent // 4, drops
    )
    equal("and nothing for another reason", set(drops), {"unknownSubscriber", "unknownLabel"})
    check("CD-6 every packet has its one outcome", balances(after), after)
    grown = chain.edge_a.resident_kibibytes - memory
    check("memory has not grown", grown < _GROWTH_KIBIBYTES, f"{grown} KiB more")
    forged.close()
    chain.core_station.flush()


_JUMBO = pair.EXCHANGE.replace("role: access,", "role: access, mtu: 65535,").replace(
    "nextHop: 10.0.0.2", "nextHop: 10.0.0.2, mtu: 9000"
)


def jumbo(laboratory: Laboratory) -> None:
    """A cable of 9,000 bytes, and a TUN that takes packets of any length"""
    check, equal = laboratory.check, laboratory.equal
    site = pair.build(laboratory, "jumbo", _JUMBO)
    site.lay_cable(mtu=9000)
    site.edge.start()
    check("packets go through", site.forwards())
    station = Station(site.peer, "cable")
    sender = datagram_socket(site.namespace, pair.USER)
    sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)

    def arrivals(count: int) -> list[IP]:
        return [
            IP(frame[22:]) for frame in station.received(count, 1, lambda frame: frame[12:14] == b"\x88\x47")
        ]

    data = pattern(8992 - 28)
    sender.sendto(data, (pair.SERVER, 9))
    whole = arrivals(1)
    check(
        "CD-4 a packet that fills the line leaves in one frame",
        len(whole) == 1 and bytes(whole[0][UDP].payload) == data,
        whole,
    )
    sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    data = pattern(60_000)
    sender.sendto(data, (pair.SERVER, 9))
    parts = arrivals(7)
    together = b"".join(bytes(part.payload) for part in parts)[8:]
    equal(
        "CD-4 one of 60,000 bytes without DF leaves in fragments",
        [part.len for part in parts],
        [8988] * 6 + [60_000 + 8 - 6 * 8968 + 20],
    )
    check("that hold it whole", together == data)
    sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    sender.sendto(pattern(20_000), (pair.SERVER, 9))
    refused = None
    for _ in range(20):
        time.sleep(0.02)
        try:
            sender.sendto(pattern(20_000), (pair.SERVER, 9))
        except OSError as error:
            refused = os.strerror(error.errno)
            break
    equal("with DF its sender is told", refused, "Message too long")
    counters = site.edge.counters()
    check("CD-6 every packet has its one outcome", balances(counters), counters)
    site.edge.stop()
    station.close()
    sender.close()
