"""Measure how fast the program is, and write the tables of docs/speed.md.

    python Testing/benchmarks/run.py [--quick] [--rounds N] [--against REVISION] [NAME ...]

Every part is measured interleaved, so its ratios hold on a busy machine too. A part that is not named keeps its table.
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing" / "support")]

import batch
import dicom_seg
import engines
import paper_network
import whole_way
from measuring import describe_machine

PAGE = ROOT / "docs" / "speed.md"
PARTS = {
    "whole-way": whole_way.measure,
    "batch": batch.measure,
    "engines": engines.measure,
    "paper-network": paper_network.measure,
    "dicom-seg": dicom_seg.measure,
}


def main() -> None:
    """Measure the parts that are named, or all, and write and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"parts to measure: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="one round; print the tables, do not write them")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count, after one that does not")
    parser.add_argument("--against", metavar="REVISION", help="also measure the whole way with the code of a revision")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    rounds = 1 if options.quick else options.rounds
    for name in options.names or PARTS:
        work = partial(PARTS[name], rounds=rounds)
        text = work(against=options.against) if name == "whole-way" else work()
        number = f"Medians of {rounds} rounds." if rounds > 1 else "A single round, so the seconds are rough."
        text = f"{text}\n\n{textwrap.fill(f'{describe_machine()} {number}', 118)}"
        print(text, flush=True)
        if not options.quick:
            PAGE.write_text(replaced(PAGE.read_text("utf-8"), name, text), "utf-8")


def replaced(page: str, name: str, text: str) -> str:
    """Return a page with another text between the markers of a part.

    Raises:
        ValueError: the page has no such markers.
    """
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"{PAGE.name} has no markers of {name}")
    return pattern.sub(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", page)


if __name__ == "__main__":
    main()
