"""What all commands share: rejected input, help, version, logging and imports; and `causalclipseg note`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from CausalCLIPSegLib.about import __version__

ROOT = Path(__file__).parents[2]
NOTE = ["--note", "left opacity"]


def python(code: str, folder: Path) -> str:
    """Run Python code in a separate process, and return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, env=environment, cwd=folder, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["segment", "missing.png", *NOTE], "no such file"),
        (["segment", "image.png"], "--note TEXT"),
        (["segment", "image.png", *NOTE, "--note-file", "b"], "either"),
        (["segment", "image.png", "--note-file", "missing.txt"], "missing.txt"),
        (["segment", "image.png", "--note", "No focal consolidation."], "no finding"),
        (["segment", "image.png", *NOTE, "--threshold", "1.5"], "threshold"),
        (["segment", "image.png", *NOTE, "--checkpoint", "none"], "no checkpoint"),
        (["segment", "image.png", *NOTE, "--device", "abacus"], "abacus"),
        (["segment", "image.png", *NOTE, "--color", "red"], "--color"),
        (["note"], "either"),
        (["batch", "missing"], "no folder or table"),
        (["batch", "x" * 300], "no folder or table"),
        (["pacs", "push", "--archive", "dicom://127.0.0.1:1/AE", "x" * 300], "too long"),
        (["batch", "image.png"], "not plain text"),
        (["batch", ".", "--threshold", "0"], "threshold"),
        (["batch", ".", "--checkpoint", "none"], "no checkpoint"),
        (["batch", ".", "--language", "fr"], "language 'fr'"),
    ],
)
def test_rejects_a_mistake_in_one_line_and_writes_nothing(rejected, tmp_path, png, arguments, expected):
    assert expected in rejected(*arguments)
    assert list(tmp_path.iterdir()) == [png]


@pytest.mark.parametrize(
    "arguments",
    [
        ["segment", "image.png", "--device", "abacus"],
        ["batch", "image.png", "--engine", "abacus"],
        ["seg", "convert", "image.dcm", "--to", "name.seg.nrrd"],
        ["pacs", "find", "--level", "ward"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_invalid_choice_names_the_choices(rejected, arguments):
    message = rejected(*arguments)
    assert message.startswith(f"Invalid value for '{arguments[-2]}': '{arguments[-1]}' is not one of '")


@pytest.mark.parametrize("group", [[], ["seg"], ["pacs"]], ids=str)
def test_prints_the_help_if_no_command_is_given(causalclipseg, group):
    completed = causalclipseg(*group)
    assert (completed.returncode, completed.stdout) == (2, "")
    lines = completed.stderr.splitlines()
    assert lines[0].startswith("Usage: ")
    assert "Commands:" in lines


def test_version_is_that_of_the_package(causalclipseg):
    assert causalclipseg("--version").stdout.strip() == __version__


def test_verbose_enables_only_our_own_log(tmp_path):
    code = (
        "import logging; from typer.testing import CliRunner; from CausalCLIPSegLib.cli import app;"
        "CliRunner().invoke(app, ['--verbose', 'note', 'RLL']);"
        "print(*(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in ('CausalCLIPSegLib.cli', 'PIL')))"
    )
    assert python(code, tmp_path).split() == ["True", "False"]


def test_importing_the_library_does_not_import_torch(tmp_path):
    modules = ("cli", "notes", "radiograph", "model.card", "export", "batch.runner", "worker.server")
    code = f"import sys, {', '.join(f'CausalCLIPSegLib.{name}' for name in modules)}; print('torch' in sys.modules)"
    assert python(code, tmp_path).strip() == "False"


def test_note_prints_json_lines(causalclipseg, tmp_path):
    (tmp_path / "notes.txt").write_text("RLL pneumonia.\n\nNo focal consolidation.\n", encoding="utf-8")
    completed = causalclipseg("note", "--file", "notes.txt", "--json")
    assert completed.returncode == 0, completed.stderr
    pneumonia, no_finding = map(json.loads, completed.stdout.splitlines())
    assert (pneumonia["sides"], pneumonia["zones"]) == (["right"], {"right": ["lower"]})
    assert pneumonia["laterality"] == "viewer"
    assert pneumonia["prompt"] == "Unilateral pulmonary infection, lower left lung."
    assert no_finding["sides"] == []
    assert no_finding["prompt"] is None
    assert {"findings", "ignored"} <= set(pneumonia)


def test_note_rejects_an_empty_file(rejected, tmp_path):
    (tmp_path / "notes.txt").write_text("\n \n", encoding="utf-8")
    assert "empty" in rejected("note", "--file", "notes.txt")


def test_note_is_printed_as_it_was_written(causalclipseg):
    note = "[bold]RLL[/left] pneumonia :lungs: [red"
    completed = causalclipseg("note", note)
    assert completed.returncode == 0, completed.stderr
    assert note in completed.stdout


def test_note_names_the_side_of_patient_and_image(causalclipseg):
    stdout = causalclipseg("note", "RLL pneumonia.").stdout
    assert "patient's right lung (on the left of the " in stdout
    assert "lower zone" in stdout
    assert "Prompt" in stdout
