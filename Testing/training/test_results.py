"""The results page holds the numbers of the evaluation files, and the committed page is up to date."""

import json
from pathlib import Path

import pytest
import yaml

from CausalCLIPSegLib.mask import PLACES
from training.ablation.summary import Result, summarize
from training.data.splits import DatasetError
from training.evaluation.referring import PlaceCounts, Referring, ReferringCounts
from training.evaluation.studies.results_page import page

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def referring(inside: int) -> dict:
    """Return the metrics of one radiograph, of whose masks of 100 pixels `inside` are in the named place."""
    places = {place.name: PlaceCounts(100, inside, 100, 100, inside) for place in PLACES}
    metrics = Referring()
    metrics.add("image", ReferringCounts(1000, places, {}, own_note_empty=False, wrong_side_empty=None))
    later = {"false_absence_wrong_side", "absence_own_note"}  # evaluations of earlier versions lack these
    return {name: values for name, values in metrics.metrics().items() if name not in later}


def evaluation(dice: float, noise: float) -> dict:
    gap = {"dice": -2.5, "interval": [-3.0, -2.0]}
    return {
        **{"split": "val", "n": 20, "dice": dice, "miou": dice - 10, "dice_global": dice + 5},
        "interval": {"dice": [dice - 1, dice + 1]},
        "calibration": {"ece": 0.012},
        "notes": {kind: {"n": 20, "dice": dice, "minus_own": gap, "minus_none": gap} for kind in ("own", "none")},
        "shifts": {
            "noise": {
                "weak": {"n": 20, "dice": noise, "minus_own": gap},
                "strong": {"n": 20, "dice": noise - 10, "minus_own": gap},
            }
        },
    }


@pytest.fixture
def folder(tmp_path) -> Path:
    names = {"with 1": (80.0, 70.0), "with 2": (82.0, 74.0), "without 1": (79.0, 69.0), "without 2": (82.5, 70.0)}
    about = {"command": "fit", "seed": "1", "hardware": "two cores", "hours": 0.25}
    runs = [{"name": name, "evaluation": f"{name}.json", **about} for name in names]
    for name, values in names.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(evaluation(*values)))
    groups = [["with 1", "with 2"], ["without 1", "without 2"]]
    comparison = {"title": "Worth", "first": "with", "second": "without", "runs": groups}
    settings = {
        "remark": "Few radiographs.",
        "runs": runs,
        "notes": ["with 1"],
        "shifts": ["with 2"],
        "comparisons": [comparison],
    }
    (tmp_path / "runs.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path


def test_tables_hold_the_numbers_of_the_files(folder):
    text = page(folder)
    assert "| with 1 | 20 of val | 80.00 | 79.0 to 81.0 | 70.00 | 85.00 | 1 | 0.25 | two cores | `fit` |" in text
    assert "| with 1 | none | 20 | 80.00 | -2.50 (-3.00 to -2.00) | -2.50 (-3.00 to -2.00) |" in text
    assert "| with 2 | noise strong | 20 | 64.00 | -2.50 (-3.00 to -2.00) |" in text
    assert "| Dice | 81.00 ± 1.41 | 80.75 ± 2.47 | +0.25 | +1.00, -0.50 |" in text
    assert "| Dice, noise strong | 62.00 ± 2.83 | 59.50 ± 0.71 | +2.50 | +1.00, +4.00 |" in text
    assert "| Dice, mean of the corrupted radiographs | 67.00 ± 2.83 | 64.50 ± 0.71 | +2.50 | +1.00, +4.00 |" in text
    for table in text.split("\n\n"):
        if table.startswith("|"):
            assert len({line.count("|") for line in table.splitlines()}) == 1


def test_table_of_notes_that_name_one_place_holds_the_runs_that_measured_them(folder):
    assert "Notes that name one place" not in page(folder)
    for name, inside in (("with 1", 60), ("with 2", 70), ("without 1", 40)):
        path = folder / f"{name}.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"referring": referring(inside)}))
    text = page(folder)
    assert "| percent (95 %) | place | with 1 | with 2 | without 1 |" in text
    row = "| containment | middle | 60.0 (60.0 to 60.0) | 70.0 (70.0 to 70.0) | 40.0 (40.0 to 40.0) |"
    assert row in text
    assert "| own note empty |  | 0.0 (0.0 to 0.0) | 0.0 (0.0 to 0.0) | 0.0 (0.0 to 0.0) |" in text
    assert "absence wrong side" not in text, "no run has measured it"
    assert "| containment middle |" not in text, "a comparison needs the metric of every run"
    path = folder / "without 2.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"referring": referring(50)}))
    assert "| containment middle | 65.00 ± 7.07 | 45.00 ± 7.07 | +20.00 | +20.00, +20.00 |" in page(folder)


def test_an_ablation_is_shown_once_its_file_is_there(folder):
    settings = yaml.safe_load((folder / "runs.yaml").read_text())
    study = {"title": "Parts", "file": "parts.json", "reference": "all", "remark": "Few steps."}
    (folder / "runs.yaml").write_text(yaml.safe_dump(settings | {"ablations": [study]}))
    assert "Parts" not in page(folder)
    runs = {"all": {1: Result(70.0, {"absence zones": 20.0}), 2: Result(72.0, {"absence zones": 24.0})}}
    runs |= {"no text": {1: Result(69.5, {"absence zones": 0.0}), 2: Result(71.0)}, "late": {3: Result(60.0)}}
    (folder / "parts.json").write_text(json.dumps(summarize(runs, "all")))
    text = page(folder)
    assert "## Parts\n\nFew steps.\n\n| arm | seeds | Dice | minus “all” | of each seed |" in text
    assert "| all | 2 | 71.00 ± 1.41 | - | - |" in text
    assert "| no text | 2 | 70.25 ± 1.06 | -0.75 | -0.50, -1.00 |" in text
    assert "| late | 1 | 60.00 | - | - |" in text
    assert "| percent | all | no text | late |" in text
    assert "| absence zones | 22.00 ± 2.83 | -20.00 (-20.00) | - |" in text
    without = {arm: {seed: Result(each.dice) for seed, each in arms.items()} for arm, arms in runs.items()}
    (folder / "parts.json").write_text(json.dumps(summarize(without, "all")))
    assert "| percent | all |" not in page(folder), "a study of Dice only has one table"


def test_unreadable_files_are_named(folder):
    (folder / "with 1.json").write_text("{")
    with pytest.raises(DatasetError, match=r"evaluation .*with 1\.json cannot be read"):
        page(folder)
    (folder / "runs.yaml").write_text("runs: 3")
    with pytest.raises(DatasetError, match="not a list of runs"):
        page(folder)


def test_committed_page_is_up_to_date():
    assert (DOCS / "results.md").read_text(encoding="utf-8") == page(DOCS / "results")
