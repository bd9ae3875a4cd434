"""Comparisons on the same radiographs: two checkpoints and their mean, and one checkpoint at several thresholds."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.model.card import read_card, write_card
from CausalCLIPSegLib.model.engines.onnx_engine import OnnxEngine
from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.segmenter import Segmenter
from training.__main__ import app
from training.data.splits import read_split
from training.evaluation import comparison
from training.evaluation.bootstrap import difference, ratio_differences
from training.evaluation.case import Case
from training.evaluation.measures import ComparedCase, Measures
from training.evaluation.scores import Scores
from training.evaluation.studies.comparison_tables import comparison_tables, trade_off_table
from training.evaluation.studies.trade_off import parse_thresholds


@pytest.fixture
def checkpoints(tiny_checkpoint, tiny_reclmis_to_read, tmp_path):
    """Copies of a tiny checkpoint of each architecture, with thresholds that divide their probabilities."""
    folders = []
    for folder, threshold, peak in ((tiny_checkpoint, 0.53, 0.54), (tiny_reclmis_to_read, 0.48, 0.5)):
        copy = tmp_path / f"copy_{len(folders)}"
        copy.mkdir()
        for path in folder.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
        write_card(read_card(folder).model_copy(update={"threshold": threshold, "peak": peak, "mirror": True}), copy)
        folders.append(copy)
    return folders


@pytest.fixture
def calls(monkeypatch):
    """Count how often a network encodes a radiograph, and how often it decodes one."""
    counts = {"encode_image": 0, "decode": 0}
    for name in counts:
        original = getattr(OnnxEngine, name)

        def counted(self, *arguments, name=name, original=original):
            counts[name] += 1
            return original(self, *arguments)

        monkeypatch.setattr(OnnxEngine, name, counted)
    return counts


def run(*arguments) -> None:
    app([str(argument) for argument in arguments], standalone_mode=False)


def test_checkpoints_are_compared_as_evaluate_measures_them(checkpoints, lvit_folder, tmp_path, calls, capsys):
    a, b = checkpoints
    path = tmp_path / "comparison.json"
    run("compare-checkpoints", "--data", lvit_folder, "--a", a, "--b", b, "--limit", 4, "--json", path)
    # Each checkpoint encodes each radiograph once, and four corrupted copies of it.
    assert calls["encode_image"] == 2 * 4 * (1 + 4)
    found = json.loads(path.read_text())
    assert (found["split"], found["radiographs"], found["refused"]) == ("val", 4, 0)
    assert [row["threshold"] for row in found["members"].values()] == pytest.approx([0.53, 0.48, 0.505])
    assert [row["peak"] for row in found["members"].values()] == pytest.approx([0.54, 0.5, 0.52])
    sizes = [row["bytes"] for row in found["members"].values()]
    assert sizes[2] == sizes[0] + sizes[1] > sizes[0] > 10_000
    assert found["members"]["mean"]["seconds_relative_to_a"] > 1
    for member, folder in (("a", a), ("b", b)):
        run(
            *("evaluate", "--data", lvit_folder, "--checkpoint", folder, "--limit", 4, "--referring"),
            *("--notes", "none,side-only,constant", "--shifts", "--json", tmp_path / "evaluation.json"),
        )
        evaluation = json.loads((tmp_path / "evaluation.json").read_text())
        expected = {
            "Dice, own note": evaluation["dice"],
            "mIoU, own note": evaluation["miou"],
            "Dice, no note": evaluation["notes"]["none"]["dice"],
            "Dice, note: side-only": evaluation["notes"]["side-only"]["dice"],
            "Dice, note: constant": evaluation["notes"]["constant"]["dice"],
            "Dice, blur 1.5 % of the width": evaluation["shifts"]["blur"]["1.5 % of the width"]["dice"],
            "absence lung": evaluation["referring"]["absence"]["lung"]["percent"],
            "containment zones": evaluation["referring"]["containment"]["zones"]["percent"],
            "own note empty": evaluation["referring"]["own_note_empty"]["percent"],
        }
        assert {name: found["measures"][name][member]["percent"] for name in expected} == expected
        assert found["measures"]["Dice, own note"][member]["interval"] == evaluation["interval"]["dice"]

    dice = []
    members = [Segmenter.from_checkpoint(folder) for folder in checkpoints]
    for sample in [read_split(lvit_folder, "val")[index] for index in (0, 2, 4, 7)]:
        radiograph, truth = sample.load()
        note = parse_note(sample.note, sample.laterality)
        mask = np.mean([each.segment(radiograph, note).probability for each in members], axis=0) >= 0.505
        dice.append(200 * (mask & truth).sum() / (mask.sum() + truth.sum()))
    row = found["measures"]["Dice, own note"]
    assert row["mean"]["percent"] == pytest.approx(np.mean(dice), abs=0.01)
    assert row["mean minus b"]["difference"] == pytest.approx(row["mean"]["percent"] - row["b"]["percent"], abs=0.011)
    assert "tiny (a) and tiny (b) on val, percent" in capsys.readouterr().out

    members, measures = comparison_tables(found)
    assert "| mean | mean of both probabilities | - | 0.505 | 0.52 |" in members
    assert f"| Dice, own note | {row['a']['percent']:.2f} | {row['b']['percent']:.2f} |" in measures
    assert "| percent, 4 radiographs of val | a | b | mean | b minus a | mean minus a | mean minus b |" in measures


def test_a_stopped_comparison_continues(checkpoints, lvit_folder, tmp_path, monkeypatch, capsys):
    path = tmp_path / "comparison.json"
    arguments = ["compare-checkpoints", "--data", lvit_folder, "--a", checkpoints[0], "--b", checkpoints[1]]
    arguments += ["--no-shifts", "--json", path, "--limit", 4]
    run(*arguments)
    whole = json.loads(path.read_text())["measures"]
    path.unlink()
    measured = []
    case_of = comparison.case_of

    def stopping(name, *more):
        if len(measured) == 5:
            raise OSError("stopped")
        measured.append(name)
        return case_of(name, *more)

    monkeypatch.setattr(comparison, "case_of", stopping)
    with pytest.raises(OSError, match="stopped"):
        run(*arguments)
    monkeypatch.setattr(comparison, "case_of", case_of)
    run(*arguments)
    assert "Continuing: 1 of 4 radiographs" in capsys.readouterr().err.replace("\n", " ")
    assert json.loads(path.read_text())["measures"] == whole
    assert not path.with_name(f"{path.name}.journal").exists()


def test_thresholds_share_one_inference(checkpoints, lvit_folder, tmp_path, calls):
    path = tmp_path / "trade_off.json"
    write_card(read_card(checkpoints[0]).model_copy(update={"peak": None}), checkpoints[0])
    arguments = ["trade-off", "--data", lvit_folder, "--checkpoint", checkpoints[0], "--limit", 4, "--json", path]
    run(*arguments, "--thresholds", "0.53")
    one = dict(calls)
    run(*arguments, "--thresholds", "0.9,0.1,0.50,0.53,0.53")
    assert calls == {name: 2 * number for name, number in one.items()}, "a threshold costs no inference"
    found = json.loads(path.read_text())
    assert list(found["measures"]["own note empty"]) == ["0.10", "0.50", "0.53", "0.90"]
    for measure in ("absence zones", "false absence zones", "own note empty", "absence wrong side"):
        shares = [row["percent"] for row in found["measures"][measure].values()]
        assert shares == sorted(shares), "a higher threshold leaves more masks empty"
        assert (shares[0], shares[-1]) == (0, 100)
    run("evaluate", "--data", lvit_folder, "--checkpoint", checkpoints[0], "--limit", 4, "--json", tmp_path / "e.json")
    dice = json.loads((tmp_path / "e.json").read_text())["dice"]
    assert found["measures"]["Dice, own note"]["0.53"]["percent"] == dice
    assert f"| 0.53 (the card's) | {dice:.2f} |" in trade_off_table(found)


def test_peaks_empty_more_masks_and_agree_with_the_card(checkpoints, lvit_folder, tmp_path):
    path = tmp_path / "trade_off.json"
    folder, common = checkpoints[0], ("--data", lvit_folder, "--limit", 4)
    run(
        "trade-off",
        *common,
        "--checkpoint",
        folder,
        "--json",
        path,
        "--thresholds",
        "0.53",
        "--peaks",
        "0.53,0.535,0.99",
    )
    found = json.loads(path.read_text())
    for measure in ("absence zones", "false absence zones", "own note empty"):
        shares = [row["percent"] for row in found["measures"][measure].values()]
        assert shares == sorted(shares)
    assert found["measures"]["own note empty"]["0.53, peak 0.99"]["percent"] == 100
    write_card(read_card(folder).model_copy(update={"peak": 0.99}), folder)
    run("evaluate", *common, "--checkpoint", folder, "--json", tmp_path / "e.json")
    dice = json.loads((tmp_path / "e.json").read_text())["dice"]
    assert dice == found["measures"]["Dice, own note"]["0.53, peak 0.99"]["percent"] == 0


@pytest.mark.parametrize("text", ["", "0.5;0.6", "0", "1", "0.4,nan", "-0.2", "half"])
def test_thresholds_that_are_none_are_an_error(text):
    with pytest.raises(CausalCLIPSegError, match="no list of thresholds"):
        parse_thresholds(text)


counts = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.just(100)).map(
    lambda each: (each[0], each[1], min(each[:3]), each[3])
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=8))
def test_differences_are_those_of_paired_dice(pairs):
    first, second = Scores(), Scores()
    cases = []
    for number, (one, other) in enumerate(pairs):
        name = f"sub-S{number // 2}_image-{number}"  # two radiographs of each patient
        first.add(name, one)
        second.add(name, other)
        cases.append(ComparedCase(name, {"a": Case(name, own=one), "b": Case(name, own=other)}))
    row = Measures(cases).compare({"a minus b": ("a", "b"), "a minus a": ("a", "a")})["Dice, own note"]
    expected = difference(first, second)
    assert row["a minus b"]["difference"] == pytest.approx(expected["dice"], abs=0.01)
    assert row["a minus b"]["interval"] == pytest.approx(expected["interval"], abs=0.01)
    assert row["a minus a"] == {"difference": 0.0, "interval": [0.0, 0.0]}


def test_a_measure_that_one_member_lacks_has_no_difference():
    zeros, ones = np.zeros((1, 3)), np.ones((1, 3))
    assert ratio_differences((ones, zeros), (ones, ones), ["x", "y", "z"]) == [None]
    assert ratio_differences((ones, ones), (zeros, ones), ["x", "y", "z"])[0]["difference"] == 100
    assert Measures([ComparedCase("refused")]).compare({"a minus b": ("a", "b")}) == {}
