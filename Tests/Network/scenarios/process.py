"""The programs as processes: starting, refusing to start, ending, standing in for one another."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from laboratory import Laboratory, eventually
from . import pair


def _attempt(command: list[str], namespace=None, seconds: float = 5) -> tuple[int | None, str]:
    """Runs a command that should end by itself; its exit code and what it said."""
    start = namespace.popen if namespace else subprocess.Popen
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=seconds)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        process.kill()
        return None, process.communicate()[0] + f"(still running after {seconds} s)"


def life(laboratory: Laboratory) -> None:
    """Starting, ending, and starting again, in any order"""
    check, equal = laboratory.check, laboratory.equal
    site = pair.build(laboratory, "process")
    site.lay_cable()
    edge = site.edge.start()
    for program, expected in ((edge.forwarder, 1), (edge.control_plane, 75)):
        name = Path(program.command[0]).name
        code, said = _attempt(program.command, site.namespace)
        check(
            f"a second {name} of the same instance is refused with a sentence",
            code == expected and "already running" in said and edge.instance in said,
            (code, said),
        )
    check("and the first ones have not noticed", site.answers() and edge.wayleave("status").returncode == 0)

    for number in (signal.SIGTERM, signal.SIGINT):
        name = signal.Signals(number).name
        check(f"{name}: packets go through before", site.forwards())
        before = edge.counters()
        code, seconds = edge.forwarder.stop(number)
        check(f"{name} ends the forwarder with exit code 0 in a second", code == 0 and seconds < 1, (code, seconds))
        after = edge.counters()
        equal(
            f"{name}: nothing of what it has counted is lost",
            after["sessions"]["tess-acme"]["up"],
            before["sessions"]["tess-acme"]["up"],
        )
        link = site.namespace.run("ip -br link show wlt-tun").stdout
        check(f"{name}: the TUN stays, by design", "wlt-tun" in link, link)
        edge.forwarder.start()
        check(f"{name}: started again it is given its tables, and forwards", site.forwards())

        code, seconds = edge.control_plane.stop(number)
        check(f"{name} ends the control plane with exit code 0", code == 0 and seconds < 3, (code, seconds))
        said = edge.wayleave("status")
        check(
            f"{name}: then the command line says that nobody is there, and what to start",
            said.returncode == 69 and "wayleaved --instance" in said.stdout,
            (said.returncode, said.stdout),
        )
        check(f"{name}: and packets go through all the same", site.forwards())
        edge.control_plane.start()
        edge.wait_for_control_plane()
        equal(f"{name}: its successor knows the file", edge.wayleave("diff", "-f", str(edge.exchange)).returncode, 0)

    edge.forwarder.kill()
    edge.control_plane.kill()
    begin = time.monotonic()
    edge.control_plane.start()
    edge.wait_for_control_plane()
    check(
        "after kill -9 of both the control plane starts over the stale sockets",
        time.monotonic() - begin < 5,
        edge.control_plane.log,
    )
    status = edge.json("status")
    check("and says that no forwarder is connected", not any(each["isConnected"] for each in status["forwarders"]))
    edge.forwarder.start()
    check("which comes later, and forwards", site.forwards(seconds=6))
    equal("a clean end follows", edge.stop(), (0, 0))


def refusals(laboratory: Laboratory) -> None:
    """What keeps the programs from starting, in a sentence"""
    site = pair.build(laboratory, "refused")
    forwarder, daemon = str(laboratory.forwarder_binary), str(laboratory.control_plane_binary)
    instance = site.edge.instance
    folder = site.edge.folder
    garbled = folder / "garbled"
    garbled.mkdir()
    (garbled / instance).mkdir()
    (garbled / instance / "journal.sqlite").write_bytes(bytes(range(256)) * 64)
    for name, command, code, words in (
        ("a forwarder whose instance can't be a name", [forwarder, "run", "--instance", "a/b"], 64, "1 to 32 letters"),
        ("a forwarder without an instance", [forwarder, "run"], 64, "--instance"),
        (
            "an unknown option of the forwarder",
            [forwarder, "run", "--instance", instance, "--frobnicate"],
            64,
            "--frobnicate",
        ),
        ("a control plane whose instance can't be a name", [daemon, "--instance", "a/b"], 64, "1 to 32 letters"),
        (
            "an unknown option of the control plane",
            [daemon, "--instance", instance, "--frobnicate"],
            64,
            "--frobnicate",
        ),
        (
            "a state directory that can't be made",
            [daemon, "--instance", instance, "--state-directory", "/proc/nonexistent"],
            74,
            "/proc/nonexistent",
        ),
        (
            "a journal that is none",
            [daemon, "--instance", instance, "--state-directory", str(garbled)],
            65,
            "journal.sqlite",
        ),
    ):
        found, said = _attempt(command, site.namespace)
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
    found, said = _attempt(
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", str(copy), "run", "--instance", instance],
        site.namespace,
    )
    laboratory.check(
        "a forwarder as nobody: exit code 1, and a sentence says what is missing",
        found == 1 and "Permission denied" in said and "root" in said,
        (found, said),
    )


def bad_files(laboratory: Laboratory) -> None:
    """Exchange files that can't be: nothing of them is taken"""
    site = pair.build(laboratory, "files")
    edge = site.edge.start()
    folder = edge.folder
    before = edge.wayleave("export").stdout
    sequence = edge.json("status")["journal"]["sequence"]
    for name, text, words in (
        ("a bad value", "ports:\n  core0: { packet: eth1, role: sideways }\n", ":2:"),
        (
            "a name that leads nowhere",
            "ports:\n  core0: { packet: eth1, role: network }\nlines:\n  north: { port: nowhere, nextHop: 10.0.0.2 }\n",
            ":4:",
        ),
        ("torn YAML", "ports: {\n", "torn-YAML.yaml:"),
        ("no text at all", None, "no-text-at-all.yaml"),
    ):
        file = folder / f"{name.replace(' ', '-')}.yaml"
        file.write_bytes(bytes(range(256)) if text is None else text.encode())
        said = edge.wayleave("apply", "-f", str(file))
        laboratory.check(
            f"{name}: exit code 1, with the file and the place",
            said.returncode == 1 and words in said.stdout and str(file) in said.stdout,
            (said.returncode, said.stdout),
        )
    said = edge.wayleave("apply", "-f", str(folder / "none.yaml"))
    laboratory.check(
        "a missing file is named", said.returncode != 0 and "none.yaml" in said.stdout, (said.returncode, said.stdout)
    )
    laboratory.equal("nothing has been changed by any of them", edge.wayleave("export").stdout, before)
    laboratory.equal("and nothing written down", edge.json("status")["journal"]["sequence"], sequence)
    edge.stop()


def full_disk(laboratory: Laboratory) -> None:
    """A disk that fills up under the journal"""
    check = laboratory.check
    site = pair.build(laboratory, "disk")
    site.lay_cable()
    disk = laboratory.small_disk("disk-full", "2m")
    edge = site.edge
    command = edge.control_plane.command
    command[command.index("--state-directory") + 1] = str(disk)
    edge.start()
    filler = disk / "filler"
    try:
        filler.write_bytes(bytes(4 << 20))
    except OSError:
        pass
    refused = eventually(
        lambda: (said := edge.wayleave("provider", "add", f"p{time.monotonic_ns()}")).returncode != 0 and said, 10
    )
    check(
        "a change is refused because the disk is full, in a sentence",
        refused and "full" in refused.stdout.lower() and "journal" in refused.stdout.lower(),
        refused,
    )
    check("packets go through all the same", site.answers() and site.forwards())
    before = len(edge.json("provider", "list")["items"])
    counted = edge.counters()["sessions"]["tess-acme"]["up"]["packets"]
    check("and are counted", counted > 0, counted)
    filler.unlink()
    check(
        "with room again changes are taken again",
        eventually(lambda: edge.wayleave("provider", "add", "afterwards").returncode == 0, 10),
        edge.control_plane.log,
    )
    providers = edge.json("provider", "list")["items"]
    laboratory.equal("what was refused is not there", len(providers), before + 1)
    edge.control_plane.kill()
    edge.control_plane.start()
    edge.wait_for_control_plane()
    laboratory.equal("after kill -9 the same is there", edge.json("provider", "list")["items"], providers)
    check(
        "and nothing counted is lost",
        edge.counters()["sessions"]["tess-acme"]["up"]["packets"] >= counted,
        edge.counters(),
    )
    edge.stop()


def strangers(laboratory: Laboratory) -> None:
    """Somebody else on the sockets: garbage, halves, silence"""
    check = laboratory.check
    site = pair.build(laboratory, "strangers")
    site.lay_cable()
    edge = site.edge.start()
    link, api = (str(edge.run_folder / name) for name in ("link.sock", "api.sock"))
    for path in (link, api):
        mode = os.stat(path).st_mode & 0o777
        laboratory.equal(f"{Path(path).name} is for owner and group only", oct(mode), oct(0o660))
    for name, octets in (
        ("garbage", os.urandom(4096)),
        ("half a header", b"WLNK\x01"),
        ("a frame that never ends", b"WLNK\x01\x00\x00\x00\x7f\xff\xff\xff" + bytes(64)),
    ):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
            stranger.settimeout(8)
            stranger.connect(link)
            stranger.sendall(octets)
            stranger.shutdown(socket.SHUT_WR)
            try:
                ended = stranger.recv(1 << 20) is not None
            except (ConnectionResetError, BrokenPipeError):
                ended = True
            except TimeoutError:
                ended = False
            check(f"the link ends a connection that sends {name}", ended)
    check("and the forwarder's own is as it was", len(edge.json("status")["forwarders"]) == 1)
    check("packets go through", site.forwards())
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
        stranger.settimeout(5)
        stranger.connect(api)
        stranger.sendall(os.urandom(512) + b"\r\n\r\n")
        try:
            stranger.recv(4096)
        except (ConnectionResetError, TimeoutError):
            pass
    check("the interface still answers", edge.wayleave("status").returncode == 0)
    edge.stop()


def several_forwarders(laboratory: Laboratory) -> None:
    """Two forwarders of one edge, each with its own port"""
    check, equal = laboratory.check, laboratory.equal
    exchange = pair.EXCHANGE.replace(
        "lines:",
        "  core1:   { packet: cable2, role: network, addresses: [10.0.2.1/30], forwarder: second }\nlines:",
    )
    site = pair.build(laboratory, "several", exchange)
    site.lay_cable()
    laboratory.veth(site.namespace, "cable2", site.peer, "cable2")
    site.peer.ip("addr add 10.0.2.2/30 dev cable2")
    edge = site.edge.start()
    said = edge.wayleave("apply", "-f", str(edge.exchange))
    check(
        "without the second forwarder its port is absent, and it is said how to start it",
        said.returncode == 3 and "core1" in said.stdout and "--name second" in said.stdout,
        (said.returncode, said.stdout),
    )
    second = edge.program("second", [*edge.forwarder.command, "--name", "second"]).start()
    check(
        "with it all ports are up",
        eventually(lambda: [port["state"] for port in edge.json("status")["ports"]] == ["up"] * 3),
        lambda: edge.wayleave("ports").stdout,
    )
    check("the first one's port answers", site.answers())
    check(
        "and the second one's",
        eventually(lambda: site.peer.run("ping -n -c 1 -W 0.3 10.0.2.1").returncode == 0),
        second.log,
    )
    check("packets go through", site.forwards())
    before = edge.counters()
    check("both count into one account", before["ports"]["core1"]["in"] > 0 and before["ports"]["core0"]["out"] > 0, before)
    second.kill()
    check("the second one's end is noticed", eventually(lambda: edge.wayleave("apply", "-f", str(edge.exchange)).returncode == 3))
    check("and packets of the first go through", site.forwards())
    edge.stop()
