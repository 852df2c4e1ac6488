"""The forwarder as a process: its log, counters, and use of processor and memory."""

import json
import signal
import subprocess
import time
from pathlib import Path


def eventually(condition, seconds: float = 5):
    """Asks until `condition` gives something true, and returns that; what it gave last, when time is up."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


class Forwarder:
    """A running `wayleave-forwarder`."""

    def __init__(self, binary: Path, namespace, folder: Path, instance: str, exchange: str):
        folder.mkdir()
        self.folder = folder
        self.exchange = folder / "exchange.yaml"
        self.exchange.write_text(exchange)
        self.counters_file = folder / "counters.json"
        self.instance = instance
        self.namespace = namespace
        self.command = [
            str(binary),
            "run",
            "--exchange",
            str(self.exchange),
            "--instance",
            instance,
            "--counters",
            str(self.counters_file),
        ]
        self.process: subprocess.Popen | None = None

    def start(self) -> "Forwarder":
        """Starts it, and waits until it forwards."""
        with open(self.folder / "log", "w") as log:
            self.process = self.namespace.popen(self.command, stderr=log, stdin=subprocess.DEVNULL)
        if (
            not eventually(lambda: "forwards:" in self.log or self.process.poll() is not None, 10)
            or self.process.poll() is not None
        ):
            raise RuntimeError(f"{self.instance} doesn't start:\n{self.log}")
        return self

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def says(self, *texts: str, seconds: float = 5, times: int = 1) -> bool:
        """Whether each text comes to stand in the log that often."""
        return bool(eventually(lambda: all(self.log.count(text) >= times for text in texts), seconds))

    def counters(self) -> dict:
        """The counters as the file has them now."""
        return json.loads(self.counters_file.read_text())

    def fresh_counters(self) -> dict:
        """The counters with all in them that has happened before this call."""
        now = time.time_ns()
        if not eventually(lambda: self.counters_file.stat().st_mtime_ns > now + 50_000_000, 4):
            raise RuntimeError(f"{self.instance} no longer writes its counters:\n{self.log}")
        return self.counters()

    def stop(self, with_signal: int = signal.SIGTERM) -> tuple[int | None, float]:
        """Ends it; its exit code (None: it did not end) and how many seconds it took."""
        begin = time.monotonic()
        self.process.send_signal(with_signal)
        try:
            return self.process.wait(5), time.monotonic() - begin
        except subprocess.TimeoutExpired:
            return None, time.monotonic() - begin

    @property
    def processor_seconds(self) -> float:
        """Used so far, of all threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    @property
    def resident_kibibytes(self) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0


def balances(counters: dict) -> bool:
    """In = forwarded + consumed + dropped, and out = forwarded + originated."""
    ports = counters["ports"].values()
    return (
        sum(port["in"] for port in ports)
        == counters["forwarded"] + counters["consumed"] + sum(counters["drops"].values())
        and sum(port["out"] for port in ports) == counters["forwarded"] + counters["originated"]
    )


def drops_between(before: dict, after: dict) -> dict[str, int]:
    """Why packets have been dropped; without what kernels on the link say to all routers and listeners."""
    drops = difference(after["drops"], before["drops"])
    drops.pop("notUnicast", None)
    return drops


def difference(after: dict, before: dict) -> dict:
    """What has been counted in between, without what is zero."""
    result = {}
    for key, value in after.items():
        if isinstance(value, dict):
            inner = difference(value, before.get(key, {}))
            if inner:
                result[key] = inner
        elif value != before.get(key, 0):
            result[key] = value - before.get(key, 0)
    return result
