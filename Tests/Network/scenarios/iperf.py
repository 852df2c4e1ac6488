"""iperf3 between subscriber and server: TCP and UDP, IPv4 and IPv6, in = out + drops.

WAYLEAVE_IPERF_SECONDS=60 makes each run as long as that.
"""

import json
import os
import subprocess

from laboratory import balances, drops_between
from . import path

_SECONDS = int(os.environ.get("WAYLEAVE_IPERF_SECONDS", "3"))


def _sums(before: dict, after: dict) -> dict[str, int]:
    def total(counters: dict, way: str) -> int:
        return sum(port[way] for port in counters["ports"].values())

    return {
        "in": total(after, "in") - total(before, "in"),
        "out": total(after, "out") - total(before, "out"),
        "consumed": after["consumed"] - before["consumed"],
        "originated": after["originated"] - before["originated"],
        "dropped": sum(after["drops"].values()) - sum(before["drops"].values()),
    }


def _kernel_drops(site: path.Site) -> int:
    """Packets that kernels had no room for: in the queues of the edges' interfaces, and of the server's sockets."""
    queues = ("receiveDrops", "transmitDrops", "kernelDrops")
    ports = [port for edge in site.edges.values() for port in edge.json("ports")["items"]]
    return site.server.udp_overflows + sum(port.get(queue, 0) for port in ports for queue in queues)


def iperf(laboratory) -> None:
    """iperf3, and every packet accounted for"""
    check, equal = laboratory.check, laboratory.equal
    site = path.build(laboratory, "iperf")
    servers = []
    try:
        for network, source, destination, session in (
            ("MPLS, IPv4", path.MIRA, path.ACME, "mira-acme"),
            ("MPLS, IPv6", path.MIRA6, path.ACME6, "mira-acme"),
            ("IP-in-IP, IPv4", path.NILS, path.BETA, "nils-beta"),
            ("6-in-4, IPv6", path.NILS6, path.BETA6, "nils-beta"),
        ):
            for name, options in (
                ("TCP up", ""),
                ("TCP down", "--reverse"),
                ("UDP up", "--udp --bitrate 20M --length 1200"),
            ):
                # Bound, since it would answer datagrams from its first address otherwise.
                server = site.server.popen(
                    ["iperf3", "--server", "--one-off", "--forceflush", "--bind", destination],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
                servers.append(server)
                while "listening" not in (server.stdout.readline() or "listening"):
                    pass
                before, dropped_before = site.counters(), _kernel_drops(site)
                said = site.subscriber.run(
                    f"iperf3 --json --client {destination} --bind {source} --time {_SECONDS} {options}",
                    _SECONDS + 20,
                ).stdout
                try:
                    result = json.loads(said)["end"]
                except (json.JSONDecodeError, KeyError):
                    check(f"iperf3 {name} by {network} runs", False, said)
                    continue
                moved = result.get("sum_received", result.get("sum", {}))
                print(
                    f"         {name} by {network}: {moved.get('bits_per_second', 0) / 1e6:.0f} Mbit/s, "
                    f"lost {moved.get('lost_packets', '-')} of {moved.get('packets', '-')}"
                )
                after = site.counters()
                for edge in site.edges:
                    sums = _sums(before[edge], after[edge])
                    print(f"         edge {edge}: " + ", ".join(f"{key} {value}" for key, value in sums.items()))
                    equal(
                        f"CD-6 {name} by {network}, edge {edge}: in = out + drops, "
                        "but for what it consumed and originated",
                        sums["in"] - sums["consumed"] - sums["dropped"],
                        sums["out"] - sums["originated"],
                    )
                    check(f"edge {edge} balances", balances(after[edge]), after[edge])
                    unexplained = set(drops_between(before[edge], after[edge])) - {"tooBig", "ttlExpired"}
                    equal(f"{name} by {network}, edge {edge}: no unexplained drop", unexplained, set())
                if not options.startswith("--reverse"):
                    up = [
                        after[edge]["sessions"][session]["up"]["packets"]
                        - before[edge]["sessions"][session]["up"]["packets"]
                        for edge in ("A", "B")
                    ]
                    # Through IP-in-IP the narrower router drops what is too long until edge A has heard of it.
                    between = 0 if network.startswith("MPLS") else 50
                    check(
                        f"PX-5 {name} by {network}: what edge A has counted edge B has, but for what was too long",
                        0 <= up[0] - up[1] <= between,
                        up,
                    )
                if options.startswith("--udp"):
                    # No edge has lost one, as was just seen.
                    lost, dropped = moved["lost_packets"], _kernel_drops(site) - dropped_before
                    check(
                        f"{name} by {network}: no more datagrams are lost than kernels had no room for",
                        lost <= dropped,
                        f"{lost} lost, {dropped} dropped",
                    )
    finally:
        for server in servers:
            server.kill()
            server.wait()
        for edge in site.edges.values():
            edge.stop()
