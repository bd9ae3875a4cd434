"""What the README says is so."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_figures_are_those_of_the_card():
    card = json.loads((ROOT / "Resources" / "checkpoints" / "causalclipseg-lite0" / "card.json").read_text())
    figures = card["figures"]["validation"]
    rows = re.findall(r"^\| (left only|right only|both|all) +\|(.+)\|$", README, re.MULTILINE)
    assert [name for name, _ in rows] == ["left only", "right only", "both", "all"]
    for name, cells in rows:
        row = figures if name == "all" else figures["by_side"][name]
        expected = [str(row["n"]), *(f"{row[key]:.2f}" for key in ("dice", "miou", "dice_global"))]
        assert [cell.strip() for cell in cells.split("|")] == expected
    assert card["figures"]["command"].split(" --checkpoint")[0] in README


def test_its_links_and_pictures_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_the_test_command_is_what_ci_runs():
    assert "bash Testing/run" in README
    assert "bash Testing/run" in (ROOT / ".ci" / "run").read_text()
