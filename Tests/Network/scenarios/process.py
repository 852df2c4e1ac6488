"""The forwarder as a process: starting, refusing to start, ending."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from laboratory import Laboratory
from . import pair


def _attempt(laboratory: Laboratory, command: list[str], namespace=None) -> tuple[int | None, str]:
    """Runs a command that should end by itself; its exit code and what it said."""
    start = namespace.popen if namespace else subprocess.Popen
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=5)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        process.kill()
        return None, process.communicate()[0] + "(still running after 5 s)"


def life(laboratory: Laboratory) -> None:
    """Starting, ending, and starting again"""
    check, equal = laboratory.check, laboratory.equal
    edge = pair.build(laboratory, "process")
    edge.lay_cable()
    forwarder = edge.forwarder.start()
    lock = Path(f"/run/wayleave/{forwarder.instance}.lock")
    check("while it runs its lock is there", lock.exists())
    code, said = _attempt(laboratory, forwarder.command, edge.edge)
    check(
        "a second process of the same instance is refused with a sentence",
        code == 1 and f"instance '{forwarder.instance}' is already running" in said,
        (code, said),
    )
    check("and the first has not noticed", edge.answers())

    for number in (signal.SIGTERM, signal.SIGINT):
        name = signal.Signals(number).name
        edge.peer.run("ping -n -c 5 -i 0.01 -W 1 10.0.0.1")
        before = forwarder.counters()
        code, seconds = forwarder.stop(number)
        check(f"{name} ends it with exit code 0 within a second", code == 0 and seconds < 1, (code, seconds))
        check(
            f"{name}: the counters are written once more, with the last packets in them",
            forwarder.counters()["consumed"] >= before["consumed"]
            and forwarder.counters()["originated"] >= 5,
            (before, forwarder.counters()),
        )
        check(
            f"{name}: no lock and no half-written file is left",
            not lock.exists()
            and sorted(os.listdir(forwarder.folder)) == ["counters.json", "exchange.yaml", "log"],
            os.listdir(forwarder.folder),
        )
        link = edge.edge.run("ip -br link show wlt-tun").stdout
        check(f"{name}: the TUN stays, by design", "wlt-tun" in link, link)
        forwarder.start()

    forwarder.stop(signal.SIGKILL)
    check("kill -9 leaves the lock file behind", lock.exists())
    begin = time.monotonic()
    forwarder.start()
    check("but not the lock: it starts again at once, and answers", edge.answers())
    check("within a second", time.monotonic() - begin < 1.5, time.monotonic() - begin)
    check("and forwards", edge.forwards())
    equal("a clean end follows", forwarder.stop()[0], 0)


def refusals(laboratory: Laboratory) -> None:
    """What keeps it from starting, in a sentence"""
    edge = pair.build(laboratory, "refused")
    folder, exchange = edge.forwarder.folder, edge.forwarder.exchange
    binary, instance = str(laboratory.forwarder_binary), edge.forwarder.instance
    bad = folder / "bad.yaml"
    bad.write_text("ports:\n  core0: { packet: eth1, role: sideways }\nlines:\n  north: { port: nowhere }\n")
    dangling = folder / "dangling.yaml"
    dangling.write_text(
        "ports:\n  core0: { packet: eth1, role: network }\nlines:\n  north: { port: nowhere, nextHop: 10.0.0.2 }\n"
    )
    torn = folder / "torn.yaml"
    torn.write_text("ports: {\n")
    binary_file = folder / "binary.yaml"
    binary_file.write_bytes(bytes(range(256)))
    run = [binary, "run", "--instance", instance]
    no_input = folder / "no-input.yaml"
    no_input.write_text("ports:\n  file0: { file: { read: /nonexistent/in.pcap }, role: access }\n")
    for name, command, code, words in (
        ("a bad value in the file", [*run, "--exchange", str(bad)], 65, f"{bad}:2:"),
        ("a name that leads nowhere", [*run, "--exchange", str(dangling)], 65, f"{dangling}:4:"),
        ("torn YAML", [*run, "--exchange", str(torn)], 65, f"{torn}:"),
        ("no text at all", [*run, "--exchange", str(binary_file)], 65, f"{binary_file}:"),
        ("a missing file", [*run, "--exchange", str(folder / "none.yaml")], 65, "there is no such file"),
        ("a folder for a file", [*run, "--exchange", str(folder)], 65, "directory"),
        ("a missing capture", [*run, "--exchange", str(no_input)], 1, "/nonexistent/in.pcap: No such file"),
        (
            "counters that can't be written",
            [*run, "--exchange", str(exchange), "--counters", "/nonexistent/c.json"],
            1,
            "can't write /nonexistent/c.json",
        ),
        (
            "an instance without a name",
            [binary, "run", "--instance", "a/b", "--exchange", str(exchange)],
            64,
            "1 to 32 letters",
        ),
        ("no options", [binary, "run"], 64, "--exchange"),
        ("an unknown option", [*run, "--exchange", str(exchange), "--frobnicate"], 64, "--frobnicate"),
    ):
        found, said = _attempt(laboratory, command, edge.edge)
        laboratory.check(
            f"{name}: exit code {code}, and it says why",
            found == code and words in said and "Fatal error" not in said,
            (found, said),
        )

    # As nobody: the program must be where nobody may read it.
    public = Path(laboratory.folder)
    public.chmod(0o755)
    copy = public / "wayleave-forwarder"
    shutil.copy(laboratory.forwarder_binary, copy)
    folder.chmod(0o755)
    common = [str(copy), "run", "--instance", instance, "--exchange", str(exchange)]
    Path("/run/wayleave").mkdir(exist_ok=True)
    for name, privileges in (
        ("nobody", ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]),
        ("root without capabilities", ["--bounding-set=-all", "--inh-caps=-all"]),
    ):
        found, said = _attempt(laboratory, ["setpriv", *privileges, *common], edge.edge)
        laboratory.check(
            f"as {name}: exit code 1, and a sentence says what is missing",
            found == 1 and ("Permission denied" in said or "permitted" in said) and "root" in said,
            (found, said),
        )


def full_disk(laboratory: Laboratory) -> None:
    """A disk that fills up under the counters"""
    check = laboratory.check
    edge = pair.build(laboratory, "disk")
    edge.lay_cable()
    disk = laboratory.small_disk("disk-full", "64k")
    edge.forwarder.counters_file = disk / "counters.json"
    edge.forwarder.command[-1] = str(disk / "counters.json")
    forwarder = edge.forwarder.start()
    filler = disk / "filler"
    try:
        filler.write_bytes(bytes(1 << 20))
    except OSError:
        pass
    check(
        "it is said that the counters can't be written",
        forwarder.says(f"can't write {disk}/counters.json: No space left on device"),
        forwarder.log,
    )
    check("forwarding goes on", edge.answers() and edge.forwards())
    time.sleep(1.2)
    check("it is said once", forwarder.log.count("No space left") == 1, forwarder.log)
    check("what was written before is still whole", "sessions" in forwarder.counters())
    filler.unlink()
    check("with room again the counters are written again", forwarder.says("written again"), forwarder.log)
    forwarder.stop()
