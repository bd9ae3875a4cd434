"""The Dockerfile and the unit for systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from CausalCLIPSegLib.cli import app

PACKAGING = Path(__file__).parents[2] / "packaging"
DOCKERFILE = PACKAGING / "Dockerfile"
UNIT = PACKAGING / "causalclipseg.service"


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_hadolint_finds_nothing_in_the_dockerfile():
    run = subprocess.run([_program("hadolint"), str(DOCKERFILE)], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "")


def test_systemd_understands_the_unit(tmp_path):
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/causalclipseg/bin/causalclipseg", "/bin/true"))
    run = subprocess.run([_program("systemd-analyze"), "verify", str(unit)], capture_output=True, text=True)
    assert UNIT.name not in run.stderr, run.stderr


@pytest.mark.parametrize(
    "file", [DOCKERFILE, UNIT, PACKAGING.parent / "docs" / "serve-it.md"], ids=lambda file: file.name
)
def test_every_option_that_is_used_exists(file):
    help_text = CliRunner().invoke(app, ["serve", "--help"], terminal_width=200).stdout
    text = file.read_text()
    commands = re.findall(r"causalclipseg serve(?: |\", )(?:[^\n]*\\\n)*[^\n]*", text) + re.findall(
        r"CMD \[\"--.*", text
    )
    options = {option for command in commands for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", command)}
    assert options
    for option in options:
        assert option in help_text, option
