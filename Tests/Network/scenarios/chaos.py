"""Floods, re-programming and kills at random for a minute, of one worker and of two: the sums balance to the packet.

Needs root. The seed is printed; WAYLEAVE_SEED=N repeats a run's choices, WAYLEAVE_CHAOS_SECONDS=N makes it longer.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether
from scapy.utils import wrpcap

from laboratory import Laboratory, eventually
from laboratory.transport import Stream, numbered
from . import pair
from .chain import mac_of
from .kill import Clerk, Interface

_SECONDS = int(os.environ.get("WAYLEAVE_CHAOS_SECONDS", "40"))
_PACKETS_PER_SECOND = 2000
# At most one vector and the in-flight ring of a worker can have been sent uncounted by a forwarder that is killed.
_UNCOUNTED_PER_KILL = 256 + 256
_VECTOR = 256
_SESSION = "tess-acme"
_SPRAYER = Path(__file__).parent.parent / "laboratory" / "sprayer.py"


def _floods(site: pair.Pair, folder: Path, choices: random.Random) -> dict[str, Path]:
    """Files of frames that the cable brings. Only `downloads` may pass, which the subscriber's kernel refuses by ICMP, on
    the subscriber's bill."""
    ether = Ether(src=mac_of(site.peer, "cable"), dst=mac_of(site.namespace, "cable"))
    everybody = Ether(src=ether.src, dst="ff:ff:ff:ff:ff:ff")
    under = ether / MPLS(label=17001, s=0, ttl=64) / MPLS(label=200042, s=1, ttl=64)
    down = IP(src=pair.SERVER, dst=pair.USER) / UDP(sport=9, dport=9)

    def address() -> str:
        return f"203.0.{choices.randrange(256)}.{choices.randrange(1, 255)}"

    kinds = {
        "arp": lambda: everybody / ARP(op=1, psrc=f"10.0.0.{choices.choice((1, 2))}", hwsrc=ether.src, pdst="10.0.0.1"),
        "strange arp": lambda: everybody / ARP(op=choices.choice((1, 2)), psrc=address(), pdst="10.0.0.1"),
        "solicitations": lambda: Ether(src=ether.src, dst="33:33:ff:00:00:01")
        / IPv6(src=f"2001:db8:ff::{choices.randrange(3, 60000):x}", dst="ff02::1:ff00:1", hlim=255)
        / ICMPv6ND_NS(tgt="2001:db8:ff::1")
        / ICMPv6NDOptSrcLLAddr(lladdr=ether.src),
        "unknown labels": lambda: ether / MPLS(label=choices.randrange(400_000, 500_000), s=1, ttl=9) / down,
        "labels used up": lambda: ether / MPLS(label=17001, s=0, ttl=1) / MPLS(label=200042, s=1, ttl=1) / down,
        "downloads": lambda: under / down,
        "spoofed inside": lambda: under / IP(src=address(), dst=pair.USER) / UDP(sport=9, dport=9),
        "strange tunnels": lambda: ether / IP(src=address(), dst="10.0.0.1", proto=4) / down,
        "strangers": lambda: ether / IP(src=address(), dst=pair.USER) / UDP(sport=9, dport=9),
        "pings": lambda: ether / IP(src="10.0.0.2", dst="10.0.0.1") / ICMP(),
        "false errors": lambda: ether
        / IP(src=address(), dst="10.0.0.1")
        / ICMP(type=3, code=4, nexthopmtu=choices.choice((0, 68, 1300)))
        / IP(src="10.0.0.1", dst=address(), proto=4)
        / down,
        "garbage": lambda: ether / bytes(choices.randrange(256) for _ in range(choices.randrange(1, 90))),
    }
    files = {}
    for kind, make in kinds.items():
        files[kind] = folder / f"{kind.replace(' ', '-')}.pcap"
        wrpcap(str(files[kind]), [make() for _ in range(200)])
    return files


def _lost_on_the_cable(site: pair.Pair) -> int:
    """Packets that the edge's end of the cable took, and had no room for at the other end: nobody has seen these."""
    said = site.namespace.run("ip -s -j link show cable").stdout
    return json.loads(said)[0]["stats64"]["tx"]["dropped"]


def chaos(laboratory: Laboratory) -> None:
    """A minute of floods, changes and kills"""
    _chaos(laboratory, "chaos", 1, _SECONDS)


def chaos_of_two_workers(laboratory: Laboratory) -> None:
    """The same for half as long, with two workers, each with a queue of both ports"""
    _chaos(laboratory, "chaos2", 2, _SECONDS / 2)


def _chaos(laboratory: Laboratory, name: str, workers: int, seconds: float) -> None:
    check, equal = laboratory.check, laboratory.equal
    seed = int(os.environ.get("WAYLEAVE_SEED", random.randrange(1 << 32)))
    print(f"         seed {seed}, {seconds} s", flush=True)
    choices = random.Random(seed)
    site = pair.build(laboratory, name)
    site.lay_cable()
    site.edge.forwarder.command += ["--workers", str(workers)]
    edge = site.edge.start()
    check("packets go through", site.forwards())
    floods = _floods(site, edge.folder, choices)
    interface = Interface(edge)

    def counters() -> dict | None:
        status, answer = interface.ask("GET", "/v1/counters")
        return answer if status == 200 else None

    backwards: list = []
    last: dict[str, int] = {}

    def look(when: str) -> dict:
        """Reads all counters; notes those that have gone back."""
        answer = eventually(counters, 15)
        flat = {
            "forwarded": answer["forwarded"],
            "consumed": answer["consumed"],
            "originated": answer["originated"],
            **{f"drops {reason}": count for reason, count in answer["drops"].items()},
            **{f"{port} {way}": count for port, ways in answer["ports"].items() for way, count in ways.items()},
            **{
                f"{session} {way} {what}": count
                for session, ways in answer["sessions"].items()
                for way in ("up", "down")
                for what, count in ways[way].items()
            },
        }
        for name, count in flat.items():
            if count < last.get(name, 0):
                backwards.append((when, name, last[name], count))
        last.update(flat)
        return answer

    # What was on its way is counted; the sums from here on.
    time.sleep(0.3)
    start = look("the start")
    resident = edge.resident_kibibytes
    # Of what the edge sends the subscriber's packets alone: neither floods nor the edge's errors about them.
    words = f"ether src {mac_of(site.namespace, 'cable')} and mpls 16001 and mpls 100042 and src host {pair.USER}"
    capture = laboratory.capture(site.peer, "cable", name, *words.split(), byte_count=96)
    stream = Stream(site.namespace, pair.USER, pair.SERVER, _PACKETS_PER_SECOND)
    clerk = Clerk(interface, random.Random(seed + 1))
    kills, flooded, sprayers = {"forwarder": 0, "control plane": 0}, {}, []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        deed = choices.choice(("flood", "flood", "flood", "look", "look", "kill", "session", "session"))
        if deed == "flood":
            kind = choices.choice(sorted(floods))
            flooded[kind] = flooded.get(kind, 0) + 1
            command = [sys.executable, str(_SPRAYER), "cable", str(floods[kind])]
            command += [str(choices.choice((500, 3000))), str(choices.uniform(0.2, 2))]
            sprayers.append(site.peer.popen(command, stdout=-3))
        elif deed == "look":
            look(f"{deadline - time.monotonic():.1f} s before the end")
        elif deed == "session":
            # A second session comes and goes, or what the first may send changes for a moment.
            session = "uma-acme"
            interface.ask("PUT", "/v1/subscribers/uma", {"port": "access0", "addresses": ["10.4.0.6"]})
            interface.ask("PUT", "/v1/conditions/uma/acme", {"subscriber": "uma", "service": "acme"})
            interface.ask(
                "PUT",
                f"/v1/sessions/{session}",
                {
                    "subscriber": "uma",
                    "service": "acme",
                    "access": {"port": "access0"},
                    "network": {"tunnel": "acme-north", "send": 100077, "receive": 200077},
                },
            )
            if choices.random() < 0.7:
                interface.ask("DELETE", f"/v1/sessions/{session}")
        else:
            victims = choices.choice((("forwarder",), ("control plane",), ("forwarder", "control plane")))
            for victim in victims:
                kills[victim] += 1
                (edge.forwarder if victim == "forwarder" else edge.control_plane).kill()
            time.sleep(choices.uniform(0, 0.2))
            for victim in victims:
                (edge.forwarder if victim == "forwarder" else edge.control_plane).start()
        time.sleep(choices.uniform(0, 0.5))
    clerk.finish()
    for sprayer in sprayers:
        sprayer.wait(10)
    check("after all that packets go through", site.forwards(seconds=10), edge.log[-2000:])
    sent = stream.finish()
    time.sleep(0.5)
    missed = capture.stop()
    eventually(lambda: look("the end")["sessions"][_SESSION]["up"] == look("the end")["sessions"][_SESSION]["up"], 5)
    end = look("the end")
    print(f"         kills {kills}, floods {flooded}, {clerk.count} label changes, {sent} packets sent")

    equal("tcpdump has missed nothing", missed, 0)
    equal("PX-5 no counter ever went back", backwards, [])
    received = sum(port["in"] for port in end["ports"].values()) - sum(port["in"] for port in start["ports"].values())
    left = sum(port["out"] for port in end["ports"].values()) - sum(port["out"] for port in start["ports"].values())
    outcomes = sum(end[name] - start[name] for name in ("forwarded", "consumed")) + (
        sum(end["drops"].values()) - sum(start["drops"].values())
    )
    bound = kills["forwarder"] * workers * _VECTOR
    check(
        f"CD-6 in = forwarded + consumed + dropped, but for a vector a kill of the forwarder ({received} in)",
        abs(received - outcomes) <= bound,
        f"in {received}, outcomes {outcomes}, {kills['forwarder']} kills",
    )
    originated = end["originated"] - start["originated"]
    forwarded = end["forwarded"] - start["forwarded"]
    check(
        f"CD-6 out = forwarded + originated, likewise ({left} out)",
        abs(left - forwarded - originated) <= bound,
        f"out {left}, forwarded {forwarded}, originated {originated}",
    )
    # The scenario's own probes left by the cable too, and stand among them.
    arrived = len([number for number, _ in numbered(capture.path, pair.LABELLED)])
    counted = end["sessions"][_SESSION]["up"]["packets"] - start["sessions"][_SESSION]["up"]["packets"]
    lost = _lost_on_the_cable(site)
    check(
        f"PX-5 what left is counted, but for a vector and a ring a kill ({counted} of {arrived}, {lost} lost in the cable)",
        arrived - kills["forwarder"] * workers * _UNCOUNTED_PER_KILL <= counted <= arrived + lost,
        f"{arrived} left by the cable, {lost} lost in it, {counted} counted",
    )
    equal("CD-7 confirmed labels are there, and no others", clerk.disagreements(edge), [])
    check(
        "the forwarder's memory has not grown by more than 32 MiB",
        kills["forwarder"] or edge.resident_kibibytes - resident < 32 << 10,
        f"{resident} KiB, then {edge.resident_kibibytes} KiB",
    )
    equal("a clean end follows", edge.stop(), (0, 0))
