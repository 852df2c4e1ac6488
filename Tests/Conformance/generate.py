#!/usr/bin/python3
"""Writes `cases/`: exchange files, pcaps in, pcaps and counters expected. The same bytes with every run.

generate.py [--check | --verify]
  --check   writes nothing; fails if `cases/` is not what it would write
  --verify  after writing, has tshark judge every expected packet
"""

import argparse
import re
import shutil
import sys
import tempfile
from filecmp import dircmp
from pathlib import Path

from reference import verdict
from scenarios import all_cases

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
REASONS = HERE.parents[1] / "Sources/Packets/DropReason.swift"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="compare with what is there")
    action.add_argument("--verify", action="store_true", help="let tshark judge")
    options = parser.parse_args()

    cases = all_cases()
    check_reasons(cases)
    if options.check:
        with tempfile.TemporaryDirectory() as folder:
            write(cases, Path(folder))
            different = list(differences(dircmp(folder, CASES)))
        print("\n".join(different) or f"{len(cases)} cases are up to date")
        return bool(different)
    shutil.rmtree(CASES, ignore_errors=True)
    write(cases, CASES)
    print(f"{len(cases)} cases, {sum(len(r) for c in cases for r in c.inputs.values())} packets in")
    if options.verify:
        complaints = [line for case in cases for line in verdict.complaints(case, CASES / case.name)]
        print("\n".join(complaints) or "tshark finds every packet as meant")
        return bool(complaints)
    return 0


def write(cases, folder: Path) -> None:
    for case in cases:
        case.write(folder / case.name)


def differences(comparison: dircmp, prefix: str = ""):
    for names, what in [
        (comparison.left_only, "missing"),
        (comparison.right_only, "not generated"),
        (comparison.diff_files + comparison.funny_files, "different"),
    ]:
        yield from (f"{prefix}{name}: {what}" for name in names)
    for name, inner in comparison.subdirs.items():
        yield from differences(inner, f"{prefix}{name}/")


def check_reasons(cases) -> None:
    """Every reason in the counters is one of the forwarder's names; those that no case reaches are listed."""
    known = set(re.findall(r"^    case (\w+)", REASONS.read_text(), re.MULTILINE))
    reached = {reason for case in cases for reason in case.edge.books.drops}
    if reached - known:
        sys.exit(f"not a DropReason: {', '.join(sorted(reached - known))}")
    print(f"drop reasons not reached: {', '.join(sorted(known - reached)) or 'none'}")


if __name__ == "__main__":
    sys.exit(main())
