#!/usr/bin/python3
"""Runs `wayleave replay` over the cases and compares what it writes with what is expected.

run.py [--no-explain] BINARY [CASE…]

Packets are compared byte for byte and by timestamp, counters exactly, and the sums must balance; where the forwarder
chooses a path, each flow must stay on one, and each path be used. A second replay is traced: it must do the same, and
what the trace tells of single packets must add up to the counters and to the packets that left. Then `wayleave
explain` must end each packet as stated for it alone, with the reason. A difference is shown with both packets as tshark
reads them. Exit code 0: all cases passed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

from reference import capture
from reference.verdict import tshark

CASES = Path(__file__).resolve().parent / "cases"
_SECONDS = 60
_SHOWN = 3  # differing packets shown for a port


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--no-explain", action="store_true", help="replay only")
    parser.add_argument("case", nargs="*", help="names of cases; all, if none is given")
    options = parser.parse_args()
    available = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())
    unknown = set(options.case) - set(available)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")

    failed = 0
    names = options.case or available
    for name in names:
        differences = []
        for is_traced in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                differences += run(options.binary.resolve(), CASES / name, Path(folder), is_traced)
        if not options.no_explain:
            differences += disagreements(options.binary.resolve(), CASES / name)
        failed += bool(differences)
        print(f"{'FAILED' if differences else 'passed'} {name}", flush=True)
        for difference in differences:
            print("    " + difference.replace("\n", "\n    "))
    print(f"{len(names) - failed} passed, {failed} failed")
    return int(failed > 0)


def run(binary: Path, case: Path, folder: Path, is_traced: bool) -> list[str]:
    """What differs, in words; empty if nothing does."""
    expected_counters = json.loads((case / "counters.json").read_text())
    ports = list(expected_counters["ports"])
    command = [str(binary), "replay", "--exchange", str(case / "exchange.yaml")]
    for port in ports:
        if (case / f"{port}.in.pcap").exists():
            command += ["--in", f"{port}={case}/{port}.in.pcap"]
        command += ["--out", f"{port}={folder}/{port}.out.pcap"]
    command += ["--counters", f"{folder}/counters.json"]
    if is_traced:
        command += ["--trace", f"{folder}/trace.jsonl"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return [f"not done after {_SECONDS} s"]
    except OSError as error:
        return [f"could not be started: {error}"]
    if result.returncode != 0:
        return [f"exit code {result.returncode}: {(result.stderr or result.stdout).strip()}"]

    differences = []
    paths = json.loads((case / "paths.json").read_text()) if (case / "paths.json").exists() else {"port": None}
    for port in ports:
        if port == paths["port"]:
            differences += compare_spread(paths, case, folder)
        else:
            differences += compare_packets(f"{port}.out.pcap", case, folder)
    try:
        counters = json.loads((folder / "counters.json").read_text())
    except (OSError, ValueError) as error:
        return differences + [f"counters: {error}"]
    differences += unbalanced_paths(counters)
    if is_traced:
        differences += contradictions(counters, ports, folder)
    return differences + compare_counters(expected_counters, counters) + imbalances(counters)


def compare_packets(name: str, case: Path, folder: Path) -> list[str]:
    expected_link, expected = capture.read(case / name)
    try:
        link, records = capture.read(folder / name)
    except (OSError, ValueError) as error:
        return [f"{name}: {error}"]
    differences = []
    if link != expected_link:
        differences.append(f"{name}: link type {link}, expected {expected_link}")
    if len(records) != len(expected):
        differences.append(f"{name}: {len(records)} packets, expected {len(expected)}")
    wrong = [
        (number, pair)
        for number, pair in enumerate(zip_longest(expected, records), start=1)
        if pair[0] != pair[1]
    ]
    for number, (wanted, got) in wrong[:_SHOWN]:
        differences.append(f"{name}: packet {number}: {nature(wanted, got)}")
        differences += [f"expected:\n{dissected(case / name, number)}"] if wanted else []
        differences += [f"got:\n{dissected(folder / name, number)}"] if got else []
    if len(wrong) > _SHOWN:
        differences.append(f"{name}: {len(wrong) - _SHOWN} more packets differ")
    return differences


def compare_spread(paths: dict, case: Path, folder: Path) -> list[str]:
    """The packets behind their heads, in order and time; each flow under one head; no head unused."""
    name = f"{paths['port']}.out.pcap"
    heads = [bytes.fromhex(head) for head in paths["heads"]]
    length = len(heads[0])
    _, expected = capture.read(case / name)
    try:
        _, records = capture.read(folder / name)
    except (OSError, ValueError) as error:
        return [f"{name}: {error}"]
    if [(r.time, r.frame[length:]) for r in records] != [(r.time, r.frame[length:]) for r in expected]:
        return [f"{name}: not the packets, or not the times, that are expected behind the first {length} bytes"]
    used: dict[str, set[bytes]] = {}
    for flow, record in zip(paths["flows"], records, strict=True):
        used.setdefault(flow, set()).add(record.frame[:length])
    differences = [f"{name}: flow {flow} is on {len(some)} paths" for flow, some in used.items() if len(some) > 1]
    taken = set().union(*used.values())
    differences += [f"{name}: no path begins {head.hex()}" for head in taken - set(heads)]
    return differences + [f"{name}: the path {head.hex()} is not used" for head in set(heads) - taken]


def contradictions(counters: dict, ports: list[str], folder: Path) -> list[str]:
    """What a trace tells of single packets, where it isn't what the counters and the sent packets say of all."""
    try:
        packets = [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]
    except (OSError, ValueError) as error:
        return [f"trace: {error}"]
    traced = Counter(packet.get("reason") or packet["outcome"] for packet in packets)
    counted = Counter(
        {"forwarded": counters["forwarded"], "consumed": counters["consumed"]} | counters["drops"])
    # Who has waited for a next hop is counted when that has answered, or at the end.
    waiting = traced.pop("waiting", 0)
    ended = {key: count for key, count in (counted - traced).items()}
    differences = []
    if traced - counted or sum(ended.values()) != waiting or ended.keys() - {"forwarded", "neighbourUnresolved"}:
        differences.append(f"trace: {dict(traced)} and {waiting} waiting, counted are {dict(counted)}")
    for port in ports:
        _, records = capture.read(folder / f"{port}.out.pcap")
        sent = [frame["hex"] for packet in packets for frame in packet["frames"] if frame["port"] == port]
        if sent != [record.frame.hex() for record in records]:
            differences.append(f"trace: {len(sent)} packets left by {port}, not as the {len(records)} that did")
    return differences


def disagreements(binary: Path, case: Path) -> list[str]:
    """What `explain` makes of each packet alone, as the first of all, where that isn't what is stated."""
    stated = json.loads((case / "explained.json").read_text())
    packets = [(port, index, outcome) for port, outcomes in stated.items()
               for index, outcome in enumerate(outcomes, start=1)]

    def explained(packet: tuple[str, int, str]) -> str | None:
        port, index, outcome = packet
        command = [str(binary), "explain", "--json", "--exchange", str(case / "exchange.yaml"), "--port", port,
                   "--pcap", str(case / f"{port}.in.pcap"), "--index", str(index)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
            answer = json.loads(result.stdout)
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            return f"explain {port} {index}: {getattr(error, 'stderr', None) or error}"
        got = answer.get("reason") or answer.get("outcome")
        return None if got == outcome else f"explain {port} {index}: {got}, expected {outcome}"

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for line in pool.map(explained, packets) if line]


def nature(wanted: capture.Record | None, got: capture.Record | None) -> str:
    if wanted is None:
        return "not expected"
    if got is None:
        return "missing"
    if wanted.frame == got.frame:
        return f"timestamp {got.time} µs, expected {wanted.time}"
    if len(wanted.frame) != len(got.frame):
        return f"{len(got.frame)} bytes, expected {len(wanted.frame)}"
    offsets = [offset for offset, (a, b) in enumerate(zip(wanted.frame, got.frame)) if a != b]
    return "different bytes at " + ", ".join(map(str, offsets[:16])) + ("…" if len(offsets) > 16 else "")


def dissected(path: Path, number: int) -> str:
    try:
        layers = "eth,vlan,arp,mpls,ip,ipv6,icmp,icmpv6"
        return tshark(path, "-Y", f"frame.number == {number}", "-O", layers, "-x").strip()
    except (OSError, subprocess.CalledProcessError) as error:
        frame = capture.read(path)[1][number - 1].frame
        return f"{frame.hex(' ')}\n({error})"


def unbalanced_paths(counters: dict) -> list[str]:
    """Takes out what a session's single paths have counted; together that must be what the session has."""
    differences = []
    for name, session in counters.get("sessions", {}).items():
        legs = session.pop("legs", None)
        for way, count in session.items() if legs is not None else ():
            total = {unit: sum(leg[way][unit] for leg in legs) for unit in count}
            if total != count:
                differences.append(f"counters: the paths of {name} have {total} {way}, the session {count}")
    return differences


def compare_counters(expected: dict, counters: dict) -> list[str]:
    flat, wanted = dict(flattened(counters)), dict(flattened(expected))
    return [
        f"counters: {key} is {flat.get(key, 'absent')}, expected {wanted.get(key, 'absent')}"
        for key in sorted(flat.keys() | wanted.keys())
        if flat.get(key) != wanted.get(key)
    ]


def flattened(value, path: str = ""):
    """(path, number) for every leaf; an object without entries is a leaf too, so that its absence shows."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flattened(inner, f"{path}.{key}" if path else key)
    else:
        yield path, value


def imbalances(counters: dict) -> list[str]:
    """in = forwarded + consumed + dropped, and out = forwarded + originated."""
    try:
        received = sum(port["in"] for port in counters["ports"].values())
        sent = sum(port["out"] for port in counters["ports"].values())
        dropped = sum(counters["drops"].values())
        forwarded, consumed, originated = (counters[key] for key in ("forwarded", "consumed", "originated"))
    except (KeyError, TypeError, AttributeError) as error:
        return [f"counters: not of the agreed shape: {error!r}"]
    result = []
    if received != forwarded + consumed + dropped:
        result.append(f"in {received} ≠ forwarded {forwarded} + consumed {consumed} + dropped {dropped}")
    if sent != forwarded + originated:
        result.append(f"out {sent} ≠ forwarded {forwarded} + originated {originated}")
    return result


if __name__ == "__main__":
    sys.exit(main())
