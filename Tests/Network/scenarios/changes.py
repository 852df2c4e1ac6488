"""A thousand changes a second beside traffic, and readers that look at the counters all the while.

Needs root. The clerks and readers are processes of their own, so that none of them waits for another.
"""

import array
import http.client
import json
import mmap
import multiprocessing
import operator
import socket
import time
from pathlib import Path

from laboratory import Laboratory, balances
from laboratory.transport import Stream, numbered
from . import pair

_SECONDS = 8
_CLERKS = 8
_CHANGES_PER_SECOND = 1000
# Programs that were built for debugging take fewer orders.
_CHANGES_PER_SECOND_DEBUG = 100
_PACKETS_PER_SECOND = 12_000
_PACKETS_PER_SECOND_DEBUG = 1500
_SUBSCRIBERS_PER_CLERK = 25
_SESSION = "tess-acme"
_fork = multiprocessing.get_context("fork")


class Line:
    """One connection to the control plane's interface that stays open."""

    def __init__(self, path: str):
        self._connection = http.client.HTTPConnection("localhost", timeout=20)
        self._connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._connection.sock.settimeout(20)
        self._connection.sock.connect(path)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said else None


def _exchange() -> str:
    """The pair's, and subscribers with a condition each whose sessions come and go."""
    names = [f"s{number}" for number in range(_CLERKS * _SUBSCRIBERS_PER_CLERK)]
    subscribers = "".join(
        f"  {name}: {{ port: access0, addresses: [10.5.{number // 200}.{number % 200 + 1}] }}\n"
        for number, name in enumerate(names)
    )
    conditions = "".join(f"  - {{ subscriber: {name}, service: acme }}\n" for name in names)
    return pair.EXCHANGE.replace(
        "subscribers: { tess: { port: access0, addresses: [10.4.0.5] } }\n",
        f"subscribers:\n  tess: {{ port: access0, addresses: [10.4.0.5] }}\n{subscribers}",
    ).replace(
        "conditions: [{ subscriber: tess, service: acme }]\n",
        f"conditions:\n  - {{ subscriber: tess, service: acme }}\n{conditions}",
    )


def _clerk(path: str, number: int, per_second: float, end, results) -> None:
    """Binds and frees labels, opens and closes sessions: each order a change of its own, on disk when it is answered."""
    line = Line(path)
    count, surprises = 0, []
    begin = time.monotonic()
    turn = 0
    while not end.is_set():
        early = begin + count / per_second - time.monotonic()
        if early > 0:
            time.sleep(early)
        place = turn // 4 % _SUBSCRIBERS_PER_CLERK
        label = 20_000 + 1000 * number + place
        subscriber = number * _SUBSCRIBERS_PER_CLERK + place
        session = f"/v1/sessions/s{subscriber}"
        order = (
            ("PUT", f"/v1/labels/{label}", {"swap": [30_000 + turn % 1000], "via": "north"}),
            (
                "PUT",
                session,
                {
                    "subscriber": f"s{subscriber}",
                    "service": "acme",
                    "access": {"port": "access0"},
                    "network": {
                        "tunnel": "acme-north",
                        "send": 300_000 + subscriber,
                        "receive": 400_000 + subscriber,
                    },
                },
            ),
            ("DELETE", f"/v1/labels/{label}", None),
            ("DELETE", session, None),
        )[turn % 4]
        status, said = line.ask(*order)
        if status not in (200, 201, 204):
            surprises.append((order[:2], status, said))
        count += 1
        turn += 1
    results.put(("changes", count, surprises[:3], time.monotonic() - begin))


def _numbers(value: object, path: str = "") -> dict[str, int]:
    """The counters of an answer by path; of sessions the steady one, since others begin anew each time."""
    if isinstance(value, int):
        return {path: value}
    found = {}
    for key, inner in value.items():
        if path != "/sessions" or key == _SESSION:
            found |= _numbers(inner, f"{path}/{key}")
    return found


def _interface_reader(path: str, end, results) -> None:
    """Asks for all counters, again and again."""
    line = Line(path)
    count, backwards = 0, []
    last: dict[str, int] = {}
    while not end.is_set():
        status, said = line.ask("GET", "/v1/counters")
        if status != 200:
            backwards.append((status, said))
            continue
        now = _numbers(said)
        backwards += [(key, last[key], now.get(key)) for key in last if now.get(key, 0) < last[key]]
        last = now
        count += 1
    results.put(("interface", count, backwards[:3], sum(last.values())))


class _CounterFile:
    """The words that a forwarder's first worker counts in, mapped; see CounterFileLayout."""

    def __init__(self, path: Path):
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        header = array.array("Q")
        header.frombytes(self._map[: 14 * 8])
        if header[0].to_bytes(8, "little") != b"WLCOUNTS":
            raise RuntimeError(f"{path} is no counter file")
        slots, ports, first_slot = header[5], header[6], header[12]
        keys = 3 * 4096 + _pages(24 * ports)
        self._start = keys + _pages(48 * slots)
        # All groups, and of the slots the first ones: more are not in use.
        self._end = self._start + 8 * (first_slot + 4 * 1024)

    def words(self) -> array.array:
        read = array.array("Q")
        read.frombytes(self._map[self._start : self._end])
        return read


def _pages(byte_count: int) -> int:
    return (byte_count + 4095) // 4096 * 4096


def _file_reader(path: str, end, results) -> None:
    """Reads the mapped file, again and again."""
    file = _CounterFile(Path(path))
    count, backwards = 0, []
    last = file.words()
    while not end.is_set():
        now = file.words()
        if any(map(operator.lt, now, last)):
            backwards += [(place, was, is_) for place, (was, is_) in enumerate(zip(last, now)) if is_ < was]
        last = now
        count += 1
        time.sleep(0.001)
    results.put(("file", count, backwards[:3], sum(last)))


def changes(laboratory: Laboratory) -> None:
    """A thousand labels and sessions changed a second, beside traffic and readers"""
    check, equal = laboratory.check, laboratory.equal
    is_debug = "debug" in laboratory.binaries.parts
    per_second = _CHANGES_PER_SECOND_DEBUG if is_debug else _CHANGES_PER_SECOND
    site = pair.build(laboratory, "changes", _exchange())
    site.lay_cable()
    edge = site.edge.start()
    check("packets go through", site.forwards())
    time.sleep(0.2)
    before = edge.counters()
    number = edge.json("status")["forwarders"][0]["lastTransaction"]["number"]
    capture = laboratory.capture(site.peer, "cable", "changes", "mpls", byte_count=128)

    end, results = _fork.Event(), _fork.Queue()
    interface = str(edge.run_folder / "api.sock")
    # What is forked has no threads yet.
    processes = [
        _fork.Process(target=_clerk, args=(interface, clerk, per_second / _CLERKS, end, results), daemon=True)
        for clerk in range(_CLERKS)
    ]
    readers = [
        _fork.Process(target=_interface_reader, args=(interface, end, results), daemon=True),
        _fork.Process(target=_file_reader, args=(str(_counter_file(edge)), end, results), daemon=True),
    ]
    for process in processes + readers:
        process.start()
    stream = Stream(
        site.namespace, pair.USER, pair.SERVER, _PACKETS_PER_SECOND_DEBUG if is_debug else _PACKETS_PER_SECOND
    )
    time.sleep(_SECONDS)
    end.set()
    said = [results.get(timeout=30) for _ in processes + readers]
    for process in processes + readers:
        process.join(5)
    sent = stream.finish()
    time.sleep(0.5)
    equal("tcpdump has missed nothing", capture.stop(), 0)

    clerks = [result for result in said if result[0] == "changes"]
    made = sum(count for _, count, _, _ in clerks)
    rate = made / max(seconds for _, _, _, seconds in clerks)
    surprises = [surprise for _, _, some, _ in clerks for surprise in some]
    equal("none of the orders was refused", surprises, [])
    check(f"there were {rate:.0f} changes a second, {made} in all", rate > 0.9 * per_second, per_second)
    arrived = [number for number, _ in numbered(capture.path, pair.LABELLED)]
    check(
        f"CD-7 of {sent} packets beside them none is lost, and all are in order",
        arrived == list(range(sent)),
        f"{len(arrived)} arrived; missing {sorted(set(range(sent)) - set(arrived))[:20]}",
    )
    after = edge.counters()
    equal(
        "PX-5 and each is counted once",
        after["sessions"][_SESSION]["up"]["packets"] - before["sessions"][_SESSION]["up"]["packets"],
        sent,
    )
    check("CD-6 every packet has its one outcome", balances(after), after)
    for kind, name in (("interface", "the interface's"), ("file", "the mapped file's")):
        _, count, backwards, total = next(result for result in said if result[0] == kind)
        equal(f"PX-5 in {count} readings none of {name} numbers has gone back", backwards, [])
        check("which were many, of counters that count", count > 20 and total > sent, (count, total))
    last = edge.json("status")["forwarders"][0]["lastTransaction"]["number"]
    check("the forwarder has taken transactions all the while", last > number, (number, last))
    edge.stop()


def _counter_file(edge) -> Path:
    """Where the forwarder counts."""
    found = [
        path
        for folder in (Path("/dev/shm/wayleave") / edge.instance, edge.run_folder)
        for path in folder.glob("counters*")
    ]
    if len(found) != 1:
        raise RuntimeError(f"one counter file is due, not {found}")
    return found[0]
