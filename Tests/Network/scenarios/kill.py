"""kill -9, again and again, while packets pass and tables change: who is killed loses nothing that counts.

Needs root. The seed is printed; WAYLEAVE_SEED=N repeats a run's choices.
"""

import http.client
import json
import os
import random
import socket
import threading
import time

from laboratory import Edge, Laboratory, eventually
from laboratory.transport import Stream, numbered
from . import pair

_CONTROL_PLANE_KILLS = 85
_ANY_KILLS = 20
_PACKETS_PER_SECOND = 1500
# What this program can send without bursts that a TUN's queue wouldn't hold.
_FULL_RATE = 12_000
# At most one vector and the in-flight ring of the worker can have been sent uncounted by a forwarder that is killed.
_UNCOUNTED_PER_KILL = 256 + 256
_SESSION = "tess-acme"


def _stream(site: pair.Pair, packets_per_second: int = _PACKETS_PER_SECOND) -> Stream:
    return Stream(site.namespace, pair.USER, pair.SERVER, packets_per_second)


class Interface:
    """The control plane's programming interface, by its socket."""

    def __init__(self, edge: Edge):
        self._path = str(edge.run_folder / "api.sock")

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, object]:
        """Status and answer; status 0 when nobody answers, or not to the end."""
        connection = http.client.HTTPConnection("localhost", timeout=10)
        try:
            connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.sock.settimeout(10)
            connection.sock.connect(self._path)
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            said = answer.read()
            return answer.status, json.loads(said) if said else None
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return 0, None
        finally:
            connection.close()


class Clerk(threading.Thread):
    """Adds and removes labels all the while, and knows which of its orders were confirmed."""

    def __init__(self, interface: Interface, random_numbers: random.Random):
        super().__init__(daemon=True)
        self._interface = interface
        self._random = random_numbers
        self._end = threading.Event()
        self.confirmed: dict[int, int | None] = {}
        """By incoming label: the outgoing one that was confirmed last, or that there is none."""
        self.open: dict[int, set[int | None]] = {}
        """What labels may be since, by orders that nobody answered."""
        self.count = 0
        self.surprises: list = []
        """Orders with an answer that they should not have had."""
        self.start()

    def run(self) -> None:
        while not self._end.is_set():
            label = 20_000 + self._random.randrange(200)
            if self._random.random() < 0.7:
                out = 30_000 + self._random.randrange(1000)
                status, _ = self._interface.ask("PUT", f"/v1/labels/{label}", {"swap": [out], "via": "north"})
            else:
                out = None
                status, _ = self._interface.ask("DELETE", f"/v1/labels/{label}")
            if status in (200, 201, 204, 404):
                self.confirmed[label] = out
                self.open.pop(label, None)
                self.count += 1
            elif status:
                self.surprises.append((label, out, status))
            else:
                self.open.setdefault(label, {self.confirmed.get(label)}).add(out)
                time.sleep(0.01)

    def finish(self) -> None:
        self._end.set()
        self.join(12)

    def disagreements(self, edge: Edge) -> list:
        """Labels that are not as they were confirmed to be."""
        found = {item["in"]: item["swap"] for item in edge.json("label", "list")["items"]}
        found = {label: out[0] if isinstance(out, list) else out for label, out in found.items()}
        return [
            (label, found.get(label), possible)
            for label in range(20_000, 20_200)
            for possible in [self.open.get(label, {self.confirmed.get(label)})]
            if found.get(label) not in possible
        ]


def _numbers(path) -> list[int]:
    """The numbers of the datagrams in a capture of the cable."""
    return [number for number, _ in numbered(path, pair.LABELLED)]


def kills(laboratory: Laboratory) -> None:
    """More than a hundred kills of control plane and forwarder"""
    check, equal = laboratory.check, laboratory.equal
    seed = int(os.environ.get("WAYLEAVE_SEED", random.randrange(1 << 32)))
    print(f"         seed {seed}", flush=True)
    choices = random.Random(seed)
    site = pair.build(laboratory, "kill")
    site.lay_cable()
    edge = site.edge.start()
    check("packets go through", site.forwards())
    eventually(lambda: edge.counters()["sessions"][_SESSION]["up"]["packets"] > 0)
    start = edge.counters()["sessions"][_SESSION]["up"]["packets"]
    capture = laboratory.capture(site.peer, "cable", "kill", "mpls", byte_count=128)
    stream = _stream(site)
    interface = Interface(edge)
    clerk = Clerk(interface, random.Random(seed + 1))

    def packets() -> int | None:
        status, counters = interface.ask("GET", "/v1/counters")
        return counters["sessions"][_SESSION]["up"]["packets"] if status == 200 else None

    def reading() -> int:
        return eventually(packets, 15)

    backwards, beyond = [], []
    last = start

    def look(when: str) -> None:
        nonlocal last
        now = reading()
        if now < last:
            backwards.append((when, last, now))
        if now > start + stream.sent:
            beyond.append((when, now, start + stream.sent))
        last = now

    for number in range(_CONTROL_PLANE_KILLS):
        time.sleep(choices.uniform(0, 0.25))
        edge.control_plane.kill()
        if choices.random() < 0.3:
            time.sleep(choices.uniform(0, 0.3))
        edge.control_plane.start()
        if choices.random() < 0.5:
            look(f"kill {number}")
    look("the last kill of the control plane")
    clerk.finish()
    time.sleep(0.3)
    sent = stream.finish()
    missed = capture.stop()
    arrived = _numbers(capture.path)
    equal("tcpdump has missed nothing", missed, 0)
    check(
        f"PX-5 {_CONTROL_PLANE_KILLS} kills of the control plane: each of {sent} packets has arrived once, in order",
        arrived == list(range(sent)),
        f"{len(arrived)} arrived; missing {sorted(set(range(sent)) - set(arrived))[:20]}",
    )
    equal("PX-5 and each is counted once", reading() - start, sent)
    equal("PX-5 the counts never went back", backwards, [])
    equal("PX-5 nor counted too much", beyond, [])
    equal(
        f"CD-7 what was confirmed is there, and nothing else ({clerk.count} orders, {len(clerk.open)} unanswered)",
        clerk.disagreements(edge),
        [],
    )
    check("which were many, and none refused", clerk.count > 100 and not clerk.surprises, clerk.surprises[:3])
    digest = edge.json("status", "--digest")["digest"]
    edge.control_plane.kill()
    edge.control_plane.start()
    edge.wait_for_control_plane()
    equal("the journal, replayed, has the digest of the running state", edge.json("status", "--digest")["digest"], digest)

    backwards, beyond, last = [], [], reading()
    start = last
    capture = laboratory.capture(site.peer, "cable", "kill-any", "mpls", byte_count=128)
    stream = _stream(site)
    forwarder_kills = 0
    for number in range(_ANY_KILLS):
        time.sleep(choices.uniform(0, 0.6))
        victims = choices.choice(("forwarder", "forwarder", "control plane", "both"))
        if victims != "control plane":
            edge.forwarder.kill()
            forwarder_kills += 1
        if victims != "forwarder":
            edge.control_plane.kill()
        time.sleep(choices.uniform(0, 0.2))
        if victims != "forwarder":
            edge.control_plane.start()
        if victims != "control plane":
            edge.forwarder.start()
        look(f"kill {number} of the {victims}")
    check("after the last kill packets go through again", site.forwards(seconds=10), edge.log[-2000:])
    stream.finish()
    time.sleep(0.3)
    equal("tcpdump has missed nothing", capture.stop(), 0)
    # The scenario's own probes left by the cable too.
    arrived = len(_numbers(capture.path))
    counted = reading() - start
    equal("PX-5 the counts never went back", backwards, [])
    check(
        f"PX-5 {forwarder_kills} kills of the forwarder: what has left is counted, but for a vector and a ring a kill",
        arrived - forwarder_kills * _UNCOUNTED_PER_KILL <= counted <= arrived,
        f"{arrived} left by the cable, {counted} counted",
    )
    # What is the same when a forwarder's ports are looked at by its successor: labels and sessions are in force.
    equal("a clean end follows", edge.stop(), (0, 0))


def label_table(laboratory: Laboratory) -> None:
    """100,000 labels into the running forwarder, beside traffic"""
    check, equal = laboratory.check, laboratory.equal
    site = pair.build(laboratory, "labels")
    site.lay_cable()
    edge = site.edge.start()
    check("packets go through", site.forwards())
    table = edge.folder / "labels.csv"
    with open(table, "w") as file:
        file.write("in,out,line,tunnel\n")
        for number in range(100_000):
            file.write(f"{100_000 + number},{300_000 + number},north,\n")
    torn = edge.folder / "torn.csv"
    torn.write_text(table.read_text().replace("150000,350000,north,", "150000,7,north,"))
    start = edge.counters()["sessions"][_SESSION]["up"]["packets"]
    capture = laboratory.capture(site.peer, "cable", "labels", "mpls", byte_count=128)
    stream = _stream(site, _FULL_RATE)
    time.sleep(0.2)
    said = edge.wayleave("label", "load", str(torn), seconds=60)
    check(
        "CD-7 a table with one bad line is refused whole, with the line's number",
        said.returncode == 1 and "50002" in said.stdout,
        (said.returncode, said.stdout[-500:]),
    )
    equal("and nothing of it is there", edge.json("label", "list", "--limit", "10"), {"items": []})
    begin = time.monotonic()
    said = edge.wayleave("label", "load", str(table), "--wait", "60s", seconds=90)
    seconds = time.monotonic() - begin
    equal(f"CD-7 100,000 labels are in force after {seconds:.1f} s: {said.stdout.strip()}", said.returncode, 0)
    time.sleep(0.2)
    sent = stream.finish()
    time.sleep(0.3)
    equal("tcpdump has missed nothing", capture.stop(), 0)
    arrived = _numbers(capture.path)
    check(
        f"CD-7 of {sent} packets beside it none is lost",
        arrived == list(range(sent)),
        f"missing {sorted(set(range(sent)) - set(arrived))[:20]}",
    )
    equal("and each is counted", edge.counters()["sessions"][_SESSION]["up"]["packets"] - start, sent)
    status = edge.json("status")
    equal("the transaction had 100,000 entries", status["forwarders"][0]["lastTransaction"]["set"], 100_000)
    again = edge.wayleave("label", "load", str(table), "--wait", "60s", seconds=90)
    check("the same table again changes nothing", again.returncode == 0, again.stdout)
    equal(
        "and is no transaction",
        edge.json("status")["forwarders"][0]["lastTransaction"],
        status["forwarders"][0]["lastTransaction"],
    )
    edge.stop()


def differences(laboratory: Laboratory) -> None:
    """What a changed file changes, and an unchanged one doesn't"""
    check, equal = laboratory.check, laboratory.equal
    site = pair.build(laboratory, "differences")
    site.lay_cable()
    edge = site.edge.start()
    check("packets go through", site.forwards())
    sequence = edge.json("status")["journal"]["sequence"]
    equal("apply of the same file", edge.wayleave("apply", "-f", str(edge.exchange)).returncode, 0)
    equal("changes nothing", edge.json("status")["journal"]["sequence"], sequence)
    exported = edge.folder / "exported.yaml"
    exported.write_text(edge.wayleave("export").stdout)
    equal("export, then diff: no difference", edge.wayleave("diff", "-f", str(exported)).returncode, 0)
    equal("export, then apply", edge.wayleave("apply", "-f", str(exported)).returncode, 0)
    equal("changes nothing either", edge.json("status")["journal"]["sequence"], sequence)

    changed = edge.folder / "changed.yaml"
    changed.write_text(
        pair.EXCHANGE.replace(
            "subscribers: {", "subscribers: { uma: { port: access0, addresses: [10.4.0.6] },"
        ).replace(
            "conditions: [", "conditions: [{ subscriber: uma, service: acme },"
        )
    )
    said = edge.wayleave("diff", "-f", str(changed))
    check(
        "diff of a changed file names what differs, and exits with 1",
        said.returncode == 1 and "uma" in said.stdout and "tess" not in said.stdout,
        (said.returncode, said.stdout),
    )
    said = edge.wayleave("apply", "-f", str(changed), "--wait", "10s")
    equal("its apply", said.returncode, 0)
    last = edge.json("status")["forwarders"][0]["lastTransaction"]
    equal("is a transaction of the one table object that differs", (last["set"], last["removed"]), (1, 0))

    revision = edge.json("subscriber", "show", "uma")["revision"]
    interface = Interface(edge)
    answers = [
        interface.ask(
            "PUT",
            "/v1/subscribers/uma",
            {"port": "access0", "addresses": [f"10.4.0.{last}"]},
            **{"If-Match": f'"{revision}"'},
        )[0]
        for last in (7, 8)
    ]
    equal("of two clients that change the same object the second is told of the conflict", answers, [200, 409])
    status, uma = interface.ask("GET", "/v1/subscribers/uma")
    equal("and has changed nothing", (status, uma["addresses"]), (200, ["10.4.0.7/32"]))
    edge.stop()
