"""Packets longer than the way is wide."""

import errno
import re
import socket

from laboratory.transport import (
    IP_MTU,
    IP_MTU_DISCOVER,
    IP_PMTUDISC_DO,
    IP_PMTUDISC_DONT,
    SOL_UDP,
    UDP_SEGMENT,
    connect,
    datagram_socket,
    datagrams,
    pattern,
    pump,
)
from .chain import ACME, ALICE, BETA, BOB, ERIN, Chain

_MPLS_MTU, _IPIP_MTU = 1492, 1480


def path_mtu(chain: Chain) -> None:
    """Path MTU discovery: what senders learn"""
    check, equal = chain.laboratory.check, chain.laboratory.equal
    for name, source, destination, mtu in (
        ("MPLS", ALICE, ACME, _MPLS_MTU),
        ("IP-in-IP", BOB, BETA, _IPIP_MTU),
    ):
        # The server's own segments are too long by the labels: "too big" must shorten them, or nothing arrives.
        near, far = connect(chain.subscriber, source, chain.provider, destination, 80)
        data = pattern(4 << 20)
        check(
            f"PX-3 {name}: a download that begins with segments too long completes",
            pump(far, near, data) == data,
        )
        equal(
            f"{name}: the server's connection has learned the path's MTU",
            far.getsockopt(socket.IPPROTO_IP, IP_MTU),
            mtu,
        )
        route = chain.provider.run(f"ip route get {source} from {destination}").stdout
        check(f"{name}: so has its route", f"mtu {mtu}" in route, route)
        segments = chain.provider.run(f"ss -tin src {destination}").stdout
        check(f"{name}: so have its segments, says ss", f"pmtu:{mtu} " in segments, segments)
        near.close()
        far.close()

    trace = chain.subscriber.run(f"tracepath -n {ACME}", 15).stdout
    check(
        "tracepath shows what the TUN takes, the smallest of all paths",
        f"pmtu {_IPIP_MTU}" in trace and "reached" in trace,
        trace,
    )
    check(
        "tracepath shows edge A as a hop, by the address of its TUN",
        re.search(r"^ *\d+: +10\.255\.0\.1 ", trace, re.M),
        trace,
    )


def datagrams_too_long(chain: Chain) -> None:
    """UDP from the provider, longer than the path"""
    check, equal = chain.laboratory.check, chain.laboratory.equal
    receiver = datagram_socket(chain.subscriber, ERIN, 7000)
    sender = datagram_socket(chain.provider, ACME)
    sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    number = None
    for _ in range(3):
        try:
            sender.sendto(pattern(1472), (ERIN, 7000))
            datagrams(receiver, 1, 0.2)
        except OSError as error:
            number = error.errno
            break
    equal("with DF the sender gets EMSGSIZE after the ICMP", number, errno.EMSGSIZE)
    sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    # The kernel has learned, and would fragment by itself.
    chain.provider.ip("route flush cache")
    capture = chain.laboratory.capture(chain.core, "to-a", "fragments")
    sender.sendto(pattern(1472), (ERIN, 7000))
    check("without DF it arrives whole", datagrams(receiver, 1) == [pattern(1472)])
    capture.stop()
    frames = [frame for frame in capture.frames() if frame.ends == (ACME, ERIN)]
    equal("in two fragments of the edge's making", [frame.inner_byte_count for frame in frames], [1492, 28])
    check("whose checksums are right", not any(frame.has_bad_checksum for frame in frames))
    sender.close()
    receiver.close()


def superframes(chain: Chain) -> None:
    """UDP superframes into an AF_PACKET port"""
    check = chain.laboratory.check
    receiver = datagram_socket(chain.subscriber, BOB, 7001)
    sender = datagram_socket(chain.provider, BETA)
    sender.setsockopt(SOL_UDP, UDP_SEGMENT, 1400)
    data = pattern(5 * 52 * 1024)
    for start in range(0, len(data), 52 * 1024):
        sender.sendto(data[start : start + 52 * 1024], (BOB, 7001))
    arrived = datagrams(receiver, 5 * 39, 1)
    check(
        "260 KiB in UDP superframes arrive as datagrams, in order and whole",
        b"".join(arrived) == data,
        f"{len(arrived)} datagrams, {sum(map(len, arrived))} of {len(data)} bytes",
    )
    sender.close()
    receiver.close()
