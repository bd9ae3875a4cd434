"""A stopped evaluation can be continued, and then gives the metrics of an uninterrupted one."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import training.evaluation.evaluate
from CausalCLIPSegLib.cli.run import run_command
from CausalCLIPSegLib.errors import OutputError
from training.__main__ import app
from training.data.splits import read_split
from training.evaluation.calibration import Calibration
from training.evaluation.case import Case
from training.evaluation.journal import Journal, fingerprint
from training.evaluation.side_adherence import SideAdherence

HALF = np.arange(20).reshape(4, 5) % 2 == 0
CASES = [
    Case("refused"),
    Case(
        name="image",
        side="left only",
        own=(1, 2, 3, 20),
        notes={"none": (4, 5, 6, 20)},
        corruptions={"blur": {"mild": (7, 8, 9, 20)}},
        side_adherence=SideAdherence.of(HALF, ~HALF, HALF),
        calibration=Calibration.of(np.linspace(0, 1, 20, dtype=np.float32).reshape(4, 5), HALF),
        seconds=0.1,
    ),
]


def test_journal_returns_the_cases_that_were_added(tmp_path):
    journal = Journal(tmp_path / "deep" / "journal", "mark", Case)
    for case in CASES:
        journal.add(case)
    again = Journal(journal.path, "mark", Case)
    assert list(again.cases.values()) == CASES
    again.remove()
    assert list(journal.path.parent.iterdir()) == []


def test_journal_drops_a_truncated_line(tmp_path):
    journal = Journal(tmp_path / "journal", "mark", Case)
    for case in CASES:
        journal.add(case)
    whole = journal.path.read_text()
    for length in range(len(whole)):
        journal.path.write_text(whole[:length])
        read = list(Journal(journal.path, "mark", Case).cases.values())
        assert read == CASES[: len(read)]
        assert len(read) <= 1 or length == len(whole) - 1, "only the line end may be missing"


def test_journal_of_another_evaluation_is_discarded(tmp_path):
    Journal(tmp_path / "journal", "mark", Case).add(CASES[1])
    assert Journal(tmp_path / "journal", "other", Case).cases == {}
    assert Journal(tmp_path / "journal", "mark", Case).cases == {}


def test_journal_in_an_unwritable_place_raises_output_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        Journal(tmp_path / "file" / "journal", "mark", Case)


def test_fingerprint_depends_on_files_notes_and_conditions(lvit_folder):
    samples = read_split(lvit_folder, "val")
    mark = fingerprint(samples, {"notes": ["none"]})
    assert mark == fingerprint(samples, {"notes": ["none"]})
    changed = [
        fingerprint(samples, {"notes": []}),
        fingerprint(samples[1:], {"notes": ["none"]}),
        fingerprint([replace(samples[0], note="Other."), *samples[1:]], {"notes": ["none"]}),
        fingerprint([replace(samples[0], mask=samples[1].mask), *samples[1:]], {"notes": ["none"]}),
    ]
    assert len({mark, *changed}) == 5


def test_stopped_evaluation_continues(tmp_path, lvit_folder, tiny_checkpoint, monkeypatch, capsys):
    measured = []
    measure = training.evaluation.evaluate.measure

    def stop_after(number):
        def measuring(segmenter, sample, conditions):
            if len(measured) == number:
                raise KeyboardInterrupt
            measured.append(sample.name)
            return measure(segmenter, sample, conditions)

        monkeypatch.setattr(training.evaluation.evaluate, "measure", measuring)

    def evaluate(name: str, *options: str | Path) -> int:
        arguments = ["evaluate", "--data", lvit_folder, "--checkpoint", tiny_checkpoint, "--device", "cpu"]
        arguments += ["--json", tmp_path / "metrics" / name, "--notes", "all", "--referring", *options]
        monkeypatch.setattr(sys, "argv", ["training", *map(str, arguments)])
        return run_command(app)

    def metrics(name: str) -> dict:
        metrics = json.loads((tmp_path / "metrics" / name).read_text())
        return {key: value for key, value in metrics.items() if key != "seconds_per_image"}

    assert evaluate("whole.json") == 0
    stop_after(3)
    assert evaluate("parts.json") == 130
    assert not (tmp_path / "metrics" / "parts.json").exists()
    assert "Repeat the command to continue" in capsys.readouterr().err
    stop_after(5)
    assert evaluate("parts.json") == 130
    stop_after(None)
    assert evaluate("parts.json", "--worst", tmp_path / "worst.png") == 0
    assert "5 of 8 radiographs were evaluated before" in capsys.readouterr().err.replace("\n", " ")
    assert metrics("parts.json") == metrics("whole.json")
    assert len(set(measured)) == len(measured) == 8, "each radiograph must be evaluated once"
    assert {path.name for path in (tmp_path / "metrics").iterdir()} == {"whole.json", "parts.json"}
    assert (tmp_path / "worst.png").stat().st_size > 10_000
