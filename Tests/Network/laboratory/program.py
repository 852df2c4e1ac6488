"""An edge as its three programs: the forwarder, the control plane, and the command line that speaks to it."""

import json
import shutil
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


class Program:
    """One program of an edge, with its log."""

    def __init__(self, namespace, command: list[str], log: Path):
        self.namespace = namespace
        self.command = command
        self._log = log
        self.process: subprocess.Popen | None = None

    def start(self) -> "Program":
        with open(self._log, "a") as log:
            self.process = self.namespace.popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        return self

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def stop(self, with_signal: int = signal.SIGTERM) -> tuple[int | None, float]:
        """Ends it; its exit code (None: it did not end) and how many seconds it took."""
        begin = time.monotonic()
        self.process.send_signal(with_signal)
        try:
            return self.process.wait(5), time.monotonic() - begin
        except subprocess.TimeoutExpired:
            return None, time.monotonic() - begin

    def kill(self) -> None:
        """As a crash would end it."""
        self.process.kill()
        self.process.wait()

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


class Edge:
    """A forwarder and its control plane, of an instance and a folder of their own."""

    def __init__(self, binaries: Path, namespace, folder: Path, instance: str, exchange: str):
        folder.mkdir()
        self.folder = folder
        self.exchange = folder / "exchange.yaml"
        self.exchange.write_text(exchange)
        self.instance = instance
        self.namespace = namespace
        self.run_folder = Path("/run/wayleave") / instance
        self.cli = binaries / "wayleave"
        self._others: list[Program] = []
        self.forwarder = Program(
            namespace,
            [str(binaries / "wayleave-forwarder"), "run", "--instance", instance],
            folder / "forwarder.log",
        )
        self.control_plane = Program(
            namespace,
            [
                str(binaries / "wayleaved"),
                *("--instance", instance, "--state-directory", str(folder / "state")),
                *("--collect-interval", "1"),
            ],
            folder / "wayleaved.log",
        )

    def program(self, name: str, command: list[str]) -> Program:
        """Another program of this edge, not yet started."""
        made = Program(self.namespace, command, self.folder / f"{name}.log")
        self._others.append(made)
        return made

    def start(self) -> "Edge":
        """Starts both programs and applies the exchange file; waits until it is in force."""
        self.forwarder.start()
        self.control_plane.start()
        self.wait_for_control_plane()
        said = self.wayleave("apply", "-f", str(self.exchange), "--wait", "10s")
        # 3: in force, but an interface is not there, as some scenarios want it.
        if said.returncode not in (0, 3):
            raise RuntimeError(f"{self.instance}: apply: {said.stdout}\n{self.log}\n{self.control_plane.log}")
        return self

    def wait_for_control_plane(self, seconds: float = 10) -> None:
        """Waits until the control plane answers."""
        if not eventually(lambda: self.wayleave("status").returncode == 0, seconds):
            raise RuntimeError(f"{self.instance}: no control plane:\n{self.control_plane.log}")

    def wayleave(self, *arguments: str, seconds: float = 20, text: str | None = None):
        """Runs the command line for this instance; `stdout` holds what it says on either stream."""
        return subprocess.run(
            [str(self.cli), *arguments, "--instance", self.instance],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            input=text,
            timeout=seconds,
        )

    def json(self, *arguments: str):
        """What a command says as JSON."""
        said = self.wayleave(*arguments, "--json")
        if said.returncode != 0:
            raise RuntimeError(f"wayleave {' '.join(arguments)}: {said.stdout}")
        return json.loads(said.stdout)

    @property
    def log(self) -> str:
        """What the forwarder has said."""
        return self.forwarder.log

    def says(self, *texts: str, seconds: float = 5, times: int = 1) -> bool:
        """Whether each text comes to stand in the forwarder's log that often."""
        return bool(eventually(lambda: all(self.log.count(text) >= times for text in texts), seconds))

    def counters(self) -> dict:
        """The counters as they are now."""
        return self.json("counters")

    def stop(self) -> tuple[int | None, int | None]:
        """Ends both; their exit codes, the forwarder's first."""
        return self.forwarder.stop()[0], self.control_plane.stop()[0]

    def end(self) -> None:
        """Ends what is still running, and removes what is left in the run directory."""
        for program in (self.forwarder, self.control_plane, *self._others):
            if program.is_running:
                program.kill()
        for folder in (self.run_folder, Path("/dev/shm/wayleave") / self.instance):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def resident_kibibytes(self) -> int:
        return self.forwarder.resident_kibibytes


def balances(counters: dict) -> bool:
    """In + originated = out + consumed + dropped, and no more went out than was forwarded or originated."""
    ports = counters["ports"].values()
    sent = sum(port["out"] for port in ports)
    return (
        sum(port["in"] for port in ports) + counters["originated"]
        == sent + counters["consumed"] + sum(counters["drops"].values())
        and sent <= counters["forwarded"] + counters["originated"]
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
