"""Commands, options and help texts, compared with the golden files: see README.md."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from typer.testing import CliRunner

from CausalCLIPSegLib.about import __version__

ROOT = Path(__file__).parents[2]


def _program(name: str) -> tuple[str, typer.Typer]:
    """Return what a user types to start the program, and its commands."""
    if name == "causalclipseg":
        from CausalCLIPSegLib.cli import app
    else:
        from training.__main__ import app
    return ("causalclipseg" if name == "causalclipseg" else "python -m training"), app


def _commands(command: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    commands = {path: command}
    for name, subcommand in getattr(command, "commands", {}).items():
        commands |= _commands(subcommand, (*path, name))
    return commands


def _structure(command: Any) -> dict[str, Any]:
    """Return arguments in their order, without their names, which only appear in the help, and options by name."""
    arguments, options = [], {}
    for parameter in command.params:
        kind = parameter.type_descriptor.annotation
        described = {
            "type": getattr(kind, "__name__", str(kind)),
            "choices": [str(choice) for choice in get_args(kind)],
            "default": None if parameter.default is None else str(parameter.default).replace(str(ROOT), "<root>"),
            "required": parameter.required,
            "multiple": parameter.multiple,
            "values": parameter.nargs,
        }
        if parameter.opts[0].startswith("-"):
            also = [*parameter.opts[1:], *parameter.secondary_opts]
            options[parameter.opts[0]] = {**described, "is_flag": parameter.is_flag, "also": also}
        else:
            arguments.append(described)
    return {"arguments": arguments, "options": dict(sorted(options.items()))}


@pytest.mark.parametrize("name", ["causalclipseg", "training"])
def test_help_texts_equal_the_golden_files(golden, name):
    title, app = _program(name)
    for path in _commands(typer.main.get_command(app)):
        if path == ("fit",):
            continue  # Lightning's own command line
        run = CliRunner().invoke(app, [*path, "--help"], prog_name=title, terminal_width=80, color=False)
        assert run.exit_code == 0, path
        # line breaks depend on the length of the repository's path
        text = re.sub(rf"\[default:\s+{re.escape(str(ROOT))}", "[default: <root>", run.stdout)
        golden.check_text(f"help/{'-'.join((name, *path))}.txt", text)


def test_commands_and_options_equal_the_golden_file(golden):
    tree = {}
    for name in ("causalclipseg", "training"):
        title, app = _program(name)
        commands = _commands(typer.main.get_command(app))
        tree |= {" ".join((title, *path)): _structure(command) for path, command in sorted(commands.items())}
    golden.check_json("commands.json", tree)


@pytest.mark.parametrize(
    "command",
    [
        [str(Path(sys.executable).with_name("causalclipseg"))],
        [sys.executable, "-m", "CausalCLIPSegLib.cli"],
    ],
    ids=["script", "module"],
)
def test_script_and_module_start(command):
    run = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=ROOT)
    assert (run.returncode, run.stdout.strip()) == (0, __version__)
