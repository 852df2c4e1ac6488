"""Looking at a running edge: drops, traces, captures, times."""

import json
import os
import resource
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

from laboratory import Edge, Laboratory, eventually
from laboratory.transport import datagram_socket
from . import pair

_STRANGER = "10.4.0.66"
_IP_TTL = 2


def seeing(laboratory: Laboratory) -> None:
    """Packets are followed, captured and counted where they are dropped, while they pass"""
    check = laboratory.check
    site = pair.build(laboratory, "seeing")
    site.lay_cable()
    site.namespace.ip(f"addr add {_STRANGER}/32 dev lo")
    edge = site.edge.start()
    check("packets go through before", site.forwards())
    user, stranger = (datagram_socket(site.namespace, source) for source in (pair.USER, _STRANGER))

    def send(count: int, from_strangers: int = 0, expired: int = 0, size: int = 100) -> None:
        for sender, number in ((user, count), (stranger, from_strangers)):
            for _ in range(number):
                sender.sendto(b"x" * size, (pair.SERVER, 9))
        if expired:
            user.setsockopt(0, _IP_TTL, 1)
            for _ in range(expired):
                user.sendto(b"y" * size, (pair.SERVER, 9))
            user.setsockopt(0, _IP_TTL, 64)

    _trace(laboratory, edge, send)
    _capture(laboratory, edge, send)
    _rotation(laboratory, edge, send)
    _killed_clients(laboratory, site, send)
    _silent_clients(laboratory, edge)
    _no_descriptors(laboratory, edge)
    _refusals(laboratory, edge)
    _drops(laboratory, edge, send)
    _runtime(laboratory, edge)
    _without_control_plane(laboratory, edge, send)
    _without_forwarder(laboratory, edge)
    check("packets go through after all that", site.forwards())
    laboratory.equal("both programs end cleanly", edge.stop(), (0, 0))
    check("and nothing is left at the socket's path", not list(edge.run_folder.glob("observe-*")))
    for opened in (user, stranger):
        opened.close()


class _Command:
    """A command that runs beside the packets; `said` is what it has printed so far."""

    def __init__(self, edge: Edge, name: str, *arguments: str):
        self._log = edge.folder / f"{name}.log"
        command = [edge.cli, *arguments, "--instance", edge.instance]
        with open(self._log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    @property
    def said(self) -> str:
        return self._log.read_text()

    def says(self, text: str) -> bool:
        return bool(eventually(lambda: text in self.said or self.process.poll() is not None)) and text in self.said

    def ends(self, with_signal: int | None = None, seconds: float = 5) -> int | None:
        if with_signal is not None:
            self.process.send_signal(with_signal)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    @property
    def documents(self) -> list[dict]:
        return [json.loads(line) for line in self.said.splitlines() if line.startswith("{")]


def _read(path: Path) -> list[list[str]]:
    """Interface, direction, comment and length of each packet as tshark reads them."""
    fields = ("frame.interface_name", "frame.packet_flags_direction", "frame.comment", "frame.len")
    command = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    environment = {**os.environ, "HOME": str(path.parent)}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    packets = [line.split("\t") for line in result.stdout.splitlines()]
    return [[name, str(int(direction, 0)), *rest] for name, direction, *rest in packets]


def _trace(laboratory: Laboratory, edge: Edge, send) -> None:
    check, equal = laboratory.check, laboratory.equal
    trace = _Command(edge, "trace", "trace", "--filter", "udp dst port 9", "--count", "2", "--json")
    check("trace is armed", trace.says("tracing"), lambda: trace.said)
    send(1, from_strangers=1)
    equal("trace ends when it has its count", trace.ends(), 0)
    packets = trace.documents
    if not check("and has followed both packets", len(packets) == 2, trace.said):
        return
    equal("one was forwarded, one dropped", [packet["outcome"] for packet in packets], ["forwarded", "dropped"])
    equal("the reason is told", packets[1]["reason"], "unknownSubscriber")
    for packet in packets:
        said = subprocess.run(
            [edge.cli, "explain", "--exchange", str(edge.exchange), "--port", "access0"]
            + ["--packet", packet["hex"], "--json"],
            capture_output=True,
            text=True,
        )
        explained = json.loads(said.stdout)

        def steps(document):
            return [step for step in document["steps"] if step["step"] != "adjacency"]

        equal(f"trace and explain agree on the {packet['outcome']} packet's steps", steps(packet), steps(explained))
        equal("and on what became of it", packet.get("why"), explained.get("why"))
    check(
        "fields are shown before and after",
        "TTL 64" in packets[0]["before"] and "MPLS 16001" in packets[0]["after"][0] and "TTL 63" in packets[0]["after"][0],
        packets[0],
    )
    only = _Command(
        edge, "trace-reason", *"trace --subscriber tess --reason ttlExpired --count 1 --port access0".split()
    )
    check("trace with conditions is armed", only.says("tracing"), lambda: only.said)
    send(3, from_strangers=1, expired=1)
    equal("and takes the one packet that fits", only.ends(), 0)
    check("told in words", "dropped: ttlExpired" in only.said and "tess-acme" in only.said, only.said)
    check("once", only.said.count("outcome") == 1, only.said)


def _capture(laboratory: Laboratory, edge: Edge, send) -> None:
    check, equal = laboratory.check, laboratory.equal
    path = edge.folder / "all.pcapng"
    capture = _Command(edge, "capture", "capture", "-w", str(path), "--filter", "udp or mpls")
    check("capture is armed", capture.says("capturing"), lambda: capture.said)
    before = edge.counters()
    send(20, from_strangers=5, expired=2)
    counted = eventually(
        lambda: (after := edge.counters())["sessions"]["tess-acme"]["up"]["packets"]
        - before["sessions"]["tess-acme"]["up"]["packets"]
        >= 20
        and after["drops"].get("ttlExpired", 0) - before["drops"].get("ttlExpired", 0) >= 2
        and after
    )
    equal("an interrupted capture ends well", capture.ends(signal.SIGINT), 0)
    check("and says how many packets it has", "47 packets captured" in capture.said, capture.said)
    packets = _read(path)
    comments = Counter(
        (interface, direction, comment.split(".")[0]) for interface, direction, comment, _ in packets
    )
    equal(
        "tshark reads interfaces, directions and comments; they are as many as were counted",
        comments,
        Counter(
            {
                ("access0", "1", "session tess-acme, up"): 20,
                ("core0", "2", "session tess-acme, up"): 20,
                ("access0", "1", "dropped: unknownSubscriber"): 5,
                ("access0", "1", "dropped: ttlExpired"): 2,
            }
        ),
    )
    check("and the counters have as many", counted, edge.counters)
    said = subprocess.run(["capinfos", str(path)], capture_output=True, text=True)
    check("capinfos finds nothing wrong", said.returncode == 0 and "nanoseconds" in said.stdout, said.stdout + said.stderr)

    path = edge.folder / "dropped.pcapng"
    capture = _Command(
        edge, "capture-dropped", *f"capture -w {path} --dropped --filter udp --count 3 --snaplen 40".split()
    )
    check("capture of dropped packets is armed", capture.says("capturing"), lambda: capture.said)
    send(10, from_strangers=3)
    equal("and ends with its count", capture.ends(), 0)
    packets = _read(path)
    equal("it has the three", [packet[:2] + packet[3:] for packet in packets], [["access0", "1", "128"]] * 3)
    check("with the reason in words", "belongs to no subscriber" in packets[0][2], packets)


def _rotation(laboratory: Laboratory, edge: Edge, send) -> None:
    path = edge.folder / "turning.pcapng"
    capture = _Command(
        edge, "rotation", *f"capture -w {path} --in --filter udp --rotate-size 4k --files 2 --count 100".split()
    )
    laboratory.check("a rotating capture is armed", capture.says("capturing"), lambda: capture.said)
    send(100)
    laboratory.equal("and ends with its count", capture.ends(), 0)
    files = sorted(edge.folder.glob("turning_*.pcapng"))
    numbers = [int(file.name.split("_")[1]) for file in files]
    laboratory.check(
        "only the last two files are there", len(files) == 2 and numbers[1] == numbers[0] + 1 and numbers[0] > 2, files
    )
    laboratory.check(
        "each can be read by itself, and is about as long as was asked for",
        all(len(_read(file)) > 0 and file.stat().st_size < 4096 + 512 for file in files),
        [file.stat().st_size for file in files],
    )


def _killed_clients(laboratory: Laboratory, site, send) -> None:
    check, edge = laboratory.check, site.edge

    def mapped() -> int:
        """Mebibytes of the forwarder's address space."""
        return int(Path(f"/proc/{edge.forwarder.process.pid}/statm").read_text().split()[0]) // 256

    most = 0
    for _ in range(2):
        captures = [
            _Command(edge, f"killed-{number}", "capture", "-w", str(edge.folder / f"killed-{number}.pcapng"))
            for number in range(4)
        ]
        check(
            "four captures run at once", all(capture.says("capturing") for capture in captures),
            lambda: [capture.said for capture in captures],
        )
        send(50)
        most = max(most, mapped())
        for capture in captures:
            capture.ends(signal.SIGKILL)
        # Room for four others is there once the forwarder has noticed.
        freed = eventually(
            lambda: edge.wayleave("capture", "-w", "/dev/null", "--seconds", "1").returncode == 0, 10
        )
        check("a client that is killed leaves nothing armed", freed)
    check(
        "and their rings, of 8 MiB each, are given back though no packet comes",
        eventually(lambda: mapped() < most - 30),
        lambda: (most, mapped()),
    )
    check("and packets go on", site.forwards())


def _connect(edge: Edge) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(edge.run_folder / "observe-main.sock"))
    return client


def _silent_clients(laboratory: Laboratory, edge: Edge) -> None:
    silent = [_connect(edge) for _ in range(16)]
    said = edge.wayleave("runtime")
    laboratory.check(
        "where sixteen clients ask nothing, the next one is told why it is refused",
        said.returncode == 1 and "has 16 clients already" in said.stdout, said.stdout,
    )
    laboratory.check(
        "they are sent away after ten seconds", eventually(lambda: edge.wayleave("runtime").returncode == 0, 20)
    )
    laboratory.check("and told so", all(b"no whole request has come" in client.recv(4096) for client in silent))
    for client in silent:
        client.close()


def _no_descriptors(laboratory: Laboratory, edge: Edge) -> None:
    pid = edge.forwarder.process.pid
    in_use = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    limit = next(number for number in range(len(in_use) + 1) if number not in in_use)
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limits[1]))
    with _connect(edge):
        told = eventually(lambda: "has to wait: Too many open files" in edge.forwarder.log)
        laboratory.check("without descriptors left, the forwarder says that clients wait", told, lambda: edge.forwarder.log)
        before = edge.forwarder.processor_seconds
        time.sleep(1)
        used = edge.forwarder.processor_seconds - before
        laboratory.check("and doesn't spin", used < 0.2, used)
        waiting = _Command(edge, "waiting", "runtime")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        laboratory.equal("with descriptors again, who has waited is answered", waiting.ends(), 0)
    laboratory.equal("it was said once", edge.forwarder.log.count("has to wait"), 1)


def _refusals(laboratory: Laboratory, edge: Edge) -> None:
    for arguments, words in (
        (("capture", "-w", "/dev/null", "--port", "nowhere"), "no open port 'nowhere'; it has access0, core0"),
        (("capture", "-w", "/dev/null", "--filter", "not a filter"), "can't be understood"),
        (("trace", "--session", "nobody"), "there is no session 'nobody'; `wayleave session list` shows"),
        (("trace", "--subscriber", "nobody"), "there is no subscriber 'nobody'; `wayleave subscriber list` shows"),
        (("trace", "--port", "nowhere"), "no open port 'nowhere'; it has access0, core0"),
        (("drops", "--port", "nowhere"), "no open port 'nowhere'; it has access0, core0"),
        (("drops", "--session", "nobody"), "there is no session 'nobody'; `wayleave session list` shows"),
        (("trace", "--forwarder", "other"), "no forwarder 'other' runs"),
        (("drops", "--samples", "--forwarder", "other"), "no forwarder 'other' runs"),
        (("runtime", "--forwarder", "other"), "no forwarder 'other' runs"),
    ):
        said = edge.wayleave(*arguments)
        laboratory.check(
            f"{' '.join(arguments)} is refused with a sentence", said.returncode == 1 and words in said.stdout, said.stdout
        )


def _drops(laboratory: Laboratory, edge: Edge, send) -> None:
    check, equal = laboratory.check, laboratory.equal
    send(0, from_strangers=9, expired=1)

    def by_reason(document):
        sums = Counter()
        for item in document["items"]:
            sums[item["reason"]] += item["packets"]
        return dict(sums)

    agreed = eventually(lambda: by_reason(edge.json("drops")) == edge.counters()["drops"])
    check("drops by port, session and reason add up to the counters", agreed, lambda: edge.json("drops"))
    items = edge.json("drops")["items"]
    expired = [item for item in items if item["reason"] == "ttlExpired"]
    equal(
        "a session's drops are its own", [(item["port"], item.get("session")) for item in expired],
        [("access0", "tess-acme")],
    )
    for item in expired:
        equal(
            "port, session and reason choose among them",
            edge.json(*"drops --port access0 --session tess-acme --reason ttlExpired".split())["items"], [item],
        )
    nothing = edge.wayleave("drops", "--port", "core0", "--session", "tess-acme")
    check(
        "of what is known and has no drops that is said",
        nothing.returncode == 0 and "nothing that was asked for was dropped" in nothing.stdout, nothing.stdout,
    )
    samples = edge.json("drops", "--samples", "--reason", "unknownSubscriber")["samples"]
    equal("the last eight packets of a reason are kept", len(samples), 8)
    check(
        "and told in a line", all(f"{_STRANGER} → {pair.SERVER} udp" in sample["summary"] for sample in samples), samples
    )
    path = edge.folder / "samples.pcapng"
    edge.wayleave("drops", "--reason", "unknownSubscriber", "-w", str(path))
    equal("they can be written as a capture", [packet[0] for packet in _read(path)], ["access0"] * 8)


def _runtime(laboratory: Laboratory, edge: Edge) -> None:
    reading = edge.json("runtime")["items"][0]
    laboratory.check(
        "runtime counts vectors and packets, times stages, and finds the worker idle",
        reading["vectors"] > 0
        and reading["packets"] >= reading["vectors"]
        and reading["measuredVectors"] > 0
        and all(reading["nanosecondsPerPacket"][stage] > 0 for stage in ("receive", "forward", "transmit", "account"))
        and reading["idle"] > 0.5,
        reading,
    )


def _without_control_plane(laboratory: Laboratory, edge: Edge, send) -> None:
    check = laboratory.check
    edge.control_plane.kill()
    drops = edge.wayleave("drops")
    check(
        "with the control plane dead, drops are shown, sessions by number",
        drops.returncode == 0 and "unknownSubscriber" in drops.stdout and "session slot" in drops.stdout,
        drops.stdout,
    )
    for arguments, code, words in (
        (("drops", "--session", "tess-acme"), 1, "the control plane doesn't answer; without it sessions go by numbers"),
        (("drops", "--session", "session slot 0"), 0, "ttlExpired"),
        (("drops", "--port", "access0"), 0, "unknownSubscriber"),
        (("drops", "--port", "nowhere"), 1, "no open port 'nowhere'; it has access0, core0"),
        (("trace", "--subscriber", "tess"), 1, "the control plane doesn't answer; use --port"),
    ):
        said = edge.wayleave(*arguments)
        check(f"{' '.join(arguments)} alone: {words}", said.returncode == code and words in said.stdout, said.stdout)
    trace = _Command(edge, "trace-alone", "trace", "--filter", "udp dst port 9", "--count", "1")
    check("trace is armed", trace.says("tracing"), lambda: trace.said)
    send(1)
    trace.ends()
    check(
        "and tells steps with numbers, in words",
        "session     session slot 0, up" in trace.said
        and "udp, TTL 64, 128 bytes" in trace.said
        and "rawValue" not in trace.said
        and "1 packet traced" in trace.said,
        trace.said,
    )
    edge.control_plane.start()
    edge.wait_for_control_plane()


def _without_forwarder(laboratory: Laboratory, edge: Edge) -> None:
    edge.forwarder.kill()
    for command in ("runtime", "trace", "drops --samples"):
        said = edge.wayleave(*command.split())
        laboratory.check(
            f"{command} says that the forwarder was killed, and what to do",
            said.returncode == 1 and "no forwarder 'main' runs" in said.stdout, said.stdout,
        )
    drops = edge.wayleave("drops")
    laboratory.check(
        "drops gives the control plane's totals then",
        drops.returncode == 0 and "unknownSubscriber" in drops.stdout, drops.stdout,
    )
    edge.forwarder.start()
