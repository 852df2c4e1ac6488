#!/usr/bin/python3
"""Prints the table *feature · RFC · test* as Markdown, from the heads of the cases.

table.py [--write README.md | --check README.md]
  --write  puts it between the file's markers
  --check  fails if what stands there isn't what would be written
"""

import argparse
import sys
from pathlib import Path

CASES = Path(__file__).resolve().parent / "cases"
_BEGIN, _END = "<!-- conformance: begin -->", "<!-- conformance: end -->"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--write", type=Path, metavar="FILE", help="a file with both markers")
    action.add_argument("--check", type=Path, metavar="FILE")
    options = parser.parse_args()
    file = options.write or options.check
    if file is None:
        print(table())
        return 0
    present = file.read_text()
    if present.count(_BEGIN) != 1 or present.count(_END) != 1:
        sys.exit(f"{file}: one line '{_BEGIN}' and one '{_END}' are needed")
    before, _, rest = present.partition(_BEGIN)
    wanted = f"{before}{_BEGIN}\n{table()}\n{_END}{rest.partition(_END)[2]}"
    if options.write:
        file.write_text(wanted)
    elif present != wanted:
        print(f"{file}: the table of conformance cases is old; run {Path(__file__).name} --write {file}")
        return 1
    return 0


def table() -> str:
    rows = [row(folder) for folder in sorted(CASES.iterdir()) if folder.is_dir()]
    return "\n".join(["| feature | RFC | test |", "|---|---|---|", *rows])


def row(folder: Path) -> str:
    """A head's first line is the feature; its second has sections and, behind a dot, requirements."""
    title, references = (folder / "exchange.yaml").read_text().splitlines()[:2]
    rfc, _, ids = references.removeprefix("# ").partition(" · ")
    if not (title.startswith("# ") and rfc and ids):
        sys.exit(f"{folder.name}: the head of exchange.yaml states no feature, sections and requirements")
    feature = title.removeprefix("# ").removesuffix(".").replace("|", "\\|")
    return f"| {feature} | {rfc} | [`{folder.name}`](Tests/Conformance/cases/{folder.name}) {ids} |"


if __name__ == "__main__":
    sys.exit(main())
