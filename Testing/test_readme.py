"""Checks of the README and the docs: metrics, links, length of lines, and lists of pages and rooms."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").glob("*.md"))]


def test_metrics_in_the_readme_equal_those_of_the_card():
    card = json.loads((ROOT / "Resources" / "checkpoints" / "causalclipseg-lite0" / "card.json").read_text())
    figures = card["figures"]["validation"]
    rows = re.findall(r"^\| (left only|right only|both|all) +\|(.+)\|$", README, re.MULTILINE)
    assert [name for name, _ in rows] == ["left only", "right only", "both", "all"]
    for name, cells in rows:
        row = figures if name == "all" else figures["by_side"][name]
        expected = [str(row["n"]), *(f"{row[key]:.2f}" for key in ("dice", "miou", "dice_global"))]
        assert [cell.strip() for cell in cells.split("|")] == expected
    assert card["figures"]["command"].split(" --checkpoint")[0] in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve_and_lines_have_at_most_120_characters(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("http") or (page.parent / target).exists(), target
    # The rows of a table cannot be wrapped.
    too_long = [line for line in text.splitlines() if len(line) > 120 and not line.startswith("|")]
    assert not too_long


def test_the_index_lists_every_page():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name


def test_contributing_lists_every_room():
    tree = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = [path.name for path in (ROOT / "CausalCLIPSegLib").iterdir() if path.suffix == ".py" or path.is_dir()]
    for room in rooms:
        assert room.startswith(("__pycache__", "Resources")) or room in tree, room
