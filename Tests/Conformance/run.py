#!/usr/bin/python3
"""Runs `wayleave replay` over the cases and compares what it writes with what is expected.

run.py BINARY [CASE…]

Packets are compared byte for byte and by timestamp, counters exactly, and the sums must balance. A
difference is shown with both packets as tshark reads them. Exit code 0: all cases passed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
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
    parser.add_argument("case", nargs="*", help="names of cases; all, if none is given")
    options = parser.parse_args()
    available = sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())
    unknown = set(options.case) - set(available)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")

    failed = 0
    names = options.case or available
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            differences = run(options.binary.resolve(), CASES / name, Path(folder))
        failed += bool(differences)
        print(f"{'FAILED' if differences else 'passed'} {name}", flush=True)
        for difference in differences:
            print("    " + difference.replace("\n", "\n    "))
    print(f"{len(names) - failed} passed, {failed} failed")
    return int(failed > 0)


def run(binary: Path, case: Path, folder: Path) -> list[str]:
    """What differs, in words; empty if nothing does."""
    expected_counters = json.loads((case / "counters.json").read_text())
    ports = list(expected_counters["ports"])
    command = [str(binary), "replay", "--exchange", str(case / "exchange.yaml")]
    for port in ports:
        if (case / f"{port}.in.pcap").exists():
            command += ["--in", f"{port}={case}/{port}.in.pcap"]
        command += ["--out", f"{port}={folder}/{port}.out.pcap"]
    command += ["--counters", f"{folder}/counters.json"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return [f"not done after {_SECONDS} s"]
    except OSError as error:
        return [f"could not be started: {error}"]
    if result.returncode != 0:
        return [f"exit code {result.returncode}: {(result.stderr or result.stdout).strip()}"]

    differences = []
    for port in ports:
        differences += compare_packets(f"{port}.out.pcap", case, folder)
    try:
        counters = json.loads((folder / "counters.json").read_text())
    except (OSError, ValueError) as error:
        return differences + [f"counters: {error}"]
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
