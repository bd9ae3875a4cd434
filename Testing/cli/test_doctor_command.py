"""`causalclipseg doctor`: states what is installed and what runs, and exits with 3 if something is missing."""

import json
from importlib import metadata

import pytest
from typer.testing import CliRunner

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.cli import app, doctor
from CausalCLIPSegLib.model.card import FURTHER


def run(*arguments):
    return CliRunner().invoke(app, ["doctor", *arguments], terminal_width=200)


def test_states_versions_engine_and_device():
    result = run("--json")
    document = json.loads(result.output)
    assert result.exit_code == 0
    assert document["version"] == __version__
    assert document["packages"]["numpy"] == metadata.version("numpy")
    assert document["network"]["engine"] in {"onnx", "torch"}
    assert document["network"]["device"] in {"cpu", "cuda"}
    assert document["network"]["error"] is None
    assert document["missing"] == []


def test_the_table_names_the_checkpoint_and_says_that_the_network_runs():
    shown = " ".join(run().output.split())
    assert "Checkpoint causalclipseg-lite0, version" in shown
    assert "Network runs" in shown


def test_lists_the_available_checkpoints_and_runs_the_one_that_is_named(tmp_path, monkeypatch):
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "card.json").write_text("{")
    monkeypatch.setenv(FURTHER, str(tmp_path))
    shown = " ".join(run("--checkpoint", "reclmis-lite0").output.split())
    assert "Checkpoint reclmis-lite0, version" in shown
    assert "Available causalclipseg-lite0, reclmis-lite0, damaged Engine" in shown
    assert run("--checkpoint", "damaged").exit_code == doctor.INCOMPLETE


def test_names_a_missing_package(monkeypatch):
    monkeypatch.setattr(
        doctor.metadata, "requires", lambda name: ["numpy>=2", "not-to-be-had>=1", "torch; extra == 'torch'"]
    )
    result = run("--json")
    document = json.loads(result.output)
    assert result.exit_code == doctor.INCOMPLETE
    assert document["missing"] == ["not-to-be-had"]
    assert set(document["packages"]) == {"numpy", "not-to-be-had"}
    assert set(document["extras"]) == {"torch"}


@pytest.mark.parametrize("arguments", [("--checkpoint", "unknown"), ("--engine", "onnx", "--device", "cuda")])
def test_states_why_the_network_does_not_run(arguments):
    result = run("--json", *arguments)
    assert result.exit_code == doctor.INCOMPLETE
    assert json.loads(result.output)["network"]["error"].endswith(".")
