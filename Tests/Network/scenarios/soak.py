"""Full traffic for ten minutes while tables change and everybody asks for statistics: nothing is lost, memory stays.

Not among what is run unasked: `Tests/Network/run .build/release soak`. Needs root. WAYLEAVE_SOAK_SECONDS=N says for how long,
WAYLEAVE_WORKERS=N by how many workers.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

from laboratory import Laboratory, eventually
from laboratory.transport import numbered
from . import pair
from .kill import Interface

SECONDS = int(os.environ.get("WAYLEAVE_SOAK_SECONDS", "600"))
_WORKERS = int(os.environ.get("WAYLEAVE_WORKERS", "1"))
_PACER = Path(__file__).parent.parent / "laboratory" / "pacer.py"
_SESSION = "tess-acme"
_FIRST_RATE, _LAST_RATE = 10_000, 320_000
_TRIAL_SECONDS = 2
_LATE_SHARE = 0.1
# Of the highest rate without loss: what else runs on this host takes its turns too.
_SHARE = 0.7
_UPDATE_SECONDS, _POLL_SECONDS, _MEMORY_SECONDS = 0.1, 0.25, 1
_GROWTH_KIBIBYTES = 2 << 10
# Of so many packets the delay of one is taken.
_SAMPLING = 64


class _Sender:
    def __init__(self, site: pair.Pair, rate: float):
        command = [sys.executable, str(_PACER), pair.USER, pair.SERVER, str(rate)]
        self._process = site.namespace.popen(command, stdout=subprocess.PIPE, text=True)

    def finish(self) -> tuple[int, float]:
        """How many were sent, and the share of those that could not be sent in time."""
        self._process.terminate()
        sent, late = self._process.communicate(timeout=20)[0].split()
        return int(sent), float(late)


class _Repeater(threading.Thread):
    """Does something again and again."""

    def __init__(self, interval: float, deed):
        super().__init__(daemon=True)
        self._interval, self._deed, self._end = interval, deed, threading.Event()
        self.failures: list = []
        self.count = 0
        self.start()

    def run(self) -> None:
        while not self._end.wait(self._interval):
            try:
                self._deed(self.count)
                self.count += 1
            except Exception as failure:  # The soak goes on; what failed is told at its end.
                self.failures.append(failure)

    def finish(self) -> None:
        self._end.set()
        self.join(20)


class _Books:
    """What edge and kernel have counted."""

    def __init__(self, site: pair.Pair, interface: Interface):
        self._site, self._interface = site, interface

    def _kernel(self, namespace, name: str) -> dict:
        return json.loads(namespace.run(f"ip -s -j link show {name}").stdout)[0]["stats64"]

    def read(self) -> dict[str, int]:
        status, counters = eventually(lambda: self._said(), 10)
        tun, cable = self._kernel(self._site.namespace, "wlt-tun"), self._kernel(self._site.namespace, "cable")
        return {
            "session": counters["sessions"][_SESSION]["up"]["packets"],
            "out": counters["ports"]["core0"]["out"],
            "dropped": sum(counters["drops"].values()),
            "lost before": tun["tx"]["dropped"],
            "lost behind": cable["tx"]["dropped"],
            "arrived": self._kernel(self._site.peer, "cable")["rx"]["packets"],
        }

    def _said(self):
        answer = self._interface.ask("GET", "/v1/counters")
        return answer if answer[0] == 200 else None


def _settled(books: _Books, before: dict, sent: int) -> dict:
    """The differences, when all that was sent is counted or time is up."""

    def difference():
        now = books.read()
        return {name: now[name] - before[name] for name in now}

    eventually(lambda: difference()["session"] >= sent, 3)
    return difference()


def _losses(found: dict, sent: int) -> dict:
    """What is not as it should be where nothing is lost."""
    wrong = {name: found[name] for name in ("dropped", "lost before", "lost behind") if found[name]}
    if found["session"] != sent:
        wrong["session"] = (found["session"], sent)
    # Whatever left by the cable has arrived at its other end.
    if found["arrived"] < found["out"]:
        wrong["arrived"] = (found["arrived"], found["out"])
    return wrong


def _find_rate(site: pair.Pair, books: _Books) -> int:
    """The highest rate, by doubling, that passes without loss, as far as the sender can go."""
    best, rate = 0, _FIRST_RATE
    while rate <= _LAST_RATE:
        before = books.read()
        sender = _Sender(site, rate)
        time.sleep(_TRIAL_SECONDS)
        sent, late = sender.finish()
        wrong = _losses(_settled(books, before, sent), sent)
        print(f"         {rate} packets/s: {wrong or 'no loss'}, {late:.1%} late", flush=True)
        if wrong:
            break
        best, rate = sent / _TRIAL_SECONDS, rate * 2
        # Faster the sender can't.
        if late > _LATE_SHARE:
            break
    return int(best * _SHARE)


def _delays(into: Path, out: Path) -> list[float]:
    before, after = dict(numbered(into, 0)), dict(numbered(out, pair.LABELLED))
    return sorted(after[number] - before[number] for number in before if number in after)


def soak(laboratory: Laboratory) -> None:
    """Full traffic while tables change and everybody asks for statistics"""
    check, equal = laboratory.check, laboratory.equal
    site = pair.build(laboratory, "soak")
    site.lay_cable()
    edge = site.edge
    edge.forwarder.command += ["--workers", str(_WORKERS)]
    edge.start()
    for namespace, name in ((site.namespace, "wlt-tun"), (site.namespace, "cable"), (site.peer, "cable")):
        namespace.ip(f"link set {name} txqueuelen 10000")
    check("packets go through", site.forwards())
    interface = Interface(edge)
    books = _Books(site, interface)
    rate = _find_rate(site, books)
    if not check(f"there is a rate without loss, of which {rate} packets/s is {_SHARE:.0%}", rate > 0):
        return

    def change(number: int) -> None:
        """Every second time a session is opened, or closed."""
        if number % 2:
            interface.ask("DELETE", "/v1/sessions/uma-acme")
            return
        interface.ask("PUT", "/v1/subscribers/uma", {"port": "access0", "addresses": ["10.4.0.6"]})
        interface.ask("PUT", "/v1/conditions/uma/acme", {"subscriber": "uma", "service": "acme"})
        status, said = interface.ask(
            "PUT",
            "/v1/sessions/uma-acme",
            {
                "subscriber": "uma",
                "service": "acme",
                "access": {"port": "access0"},
                "network": {"tunnel": "acme-north", "send": 100077, "receive": 200077},
            },
        )
        if status not in (200, 201):
            raise RuntimeError(f"{status} {said}")

    def poll(number: int) -> None:
        path = ("/v1/counters", "/v1/ports", "/v1/status", "/v1/usage")[number % 4]
        status, said = interface.ask("GET", path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {said}")

    memory: list[tuple[float, int]] = []
    sample = f"& {_SAMPLING - 1} = 0"
    into = laboratory.capture(site.namespace, "wlt-tun", "soak-in", f"udp and ip[31] {sample}", byte_count=128)
    behind = f"mpls and ether[{pair.LABELLED + 31}] {sample} and ether[{pair.LABELLED + 9}] = 17"
    out = laboratory.capture(site.peer, "cable", "soak-out", behind, byte_count=128)
    before = books.read()
    begin = time.monotonic()
    repeaters = [
        _Repeater(_UPDATE_SECONDS, change),
        _Repeater(_POLL_SECONDS, poll),
        _Repeater(
            _MEMORY_SECONDS, lambda _: memory.append((time.monotonic() - begin, edge.resident_kibibytes))
        ),
    ]
    sender = _Sender(site, rate)
    time.sleep(SECONDS)
    sent, late = sender.finish()
    for repeater in repeaters:
        repeater.finish()
    found = _settled(books, before, sent)
    into.stop(), out.stop()

    print(f"         {sent} packets, {late:.2%} late, {repeaters[0].count} changes, {repeaters[1].count} questions")
    equal("nothing failed that was asked", [failure for repeater in repeaters for failure in repeater.failures], [])
    equal(f"PX-5 nothing is lost of {sent} packets in {SECONDS} s", _losses(found, sent), {})
    window = min(60, SECONDS / 4)
    # Not its first moments, in which what it needs is there for the first time.
    first = [size for when, size in memory if window / 4 < when <= window]
    last = [size for when, size in memory if when > SECONDS - window]
    check(
        "the forwarder's memory is flat",
        first and last and statistics.median(last) - statistics.median(first) <= _GROWTH_KIBIBYTES,
        f"{first[:1]} KiB at first, {last[-1:]} KiB at last",
    )
    print(f"         {statistics.median(first):.0f} KiB at first, {statistics.median(last):.0f} KiB at last")
    delays = _delays(into.path, out.path)
    check("delays were taken", len(delays) > 0)
    shown = ", ".join(
        f"p{share:g} {delays[min(len(delays) - 1, int(len(delays) * share / 100))]:.0f} µs" for share in (50, 99, 99.9)
    )
    print(f"         delay of one in {_SAMPLING}: {shown}", flush=True)
    equal("a clean end follows", edge.stop(), (0, 0))
