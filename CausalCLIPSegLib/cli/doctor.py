"""`causalclipseg doctor`: versions, engine, device and what is missing, for a bug report."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from typing import Any

import typer

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.cli.console import out, plain_table, print_json_line
from CausalCLIPSegLib.cli.options import CheckpointOption, DeviceOption, EngineOption, JsonOption
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.model.card import installed_checkpoints
from CausalCLIPSegLib.model.device import Device, EngineChoice

INCOMPLETE = 3
"""Exit status if a package is missing or the network does not run."""

_DISTRIBUTION = "causalclipseg"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)""")


def doctor(
    checkpoint: CheckpointOption = "default",
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Show versions, engine, device and what is missing; run the network once. It names no path and no patient."""
    document = {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        **_packages(),
        "checkpoints": list(installed_checkpoints()),
        "network": _try_network(checkpoint, device, engine),
    }
    if as_json:
        print_json_line(document)
    else:
        _print(document)
    if document["missing"] or document["network"]["error"]:
        raise typer.Exit(INCOMPLETE)


def _packages() -> dict[str, Any]:
    """Return the versions of the packages that the program needs, by extra, and the names of the missing ones."""
    try:
        requirements = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from its folder, for instance in Slicer
        requirements = []
    packages: dict[str, str | None] = {}
    extras: dict[str, dict[str, str | None]] = {}
    for requirement in requirements:
        name, extra = _NAME.match(requirement), _EXTRA.search(requirement)
        if name and name[0] != _DISTRIBUTION:
            (extras.setdefault(extra[1], {}) if extra else packages)[name[0]] = _version(name[0])
    missing = [name for name, version in packages.items() if version is None]
    return {"packages": packages, "extras": extras, "missing": missing}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _try_network(checkpoint: str, device: Device, engine: EngineChoice) -> dict[str, Any]:
    """Load the checkpoint and run it on an empty radiograph; return what ran, or the error as a sentence."""
    found: dict[str, Any] = {"checkpoint": None, "engine": None, "device": None, "error": None}
    try:
        import numpy as np

        from CausalCLIPSegLib.model.card import prompt_without_place
        from CausalCLIPSegLib.radiograph.array import radiograph_from_array
        from CausalCLIPSegLib.segmenter import Segmenter

        segmenter = Segmenter.from_checkpoint(checkpoint, device, engine)
        found["checkpoint"] = {"name": segmenter.card.name, "version": segmenter.card.version}
        found |= {"engine": segmenter.engine.name, "device": segmenter.device}
        pixels = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
        segmenter.set_radiograph(radiograph_from_array(pixels, spacing=None, affine=np.eye(4)))
        segmenter.predict(prompt_without_place(segmenter.card))
    except CausalCLIPSegError as error:
        found["error"] = str(error)
    except ImportError as error:
        found["error"] = f"The package {error.name} cannot be loaded."
    return found


def _print(document: dict[str, Any]) -> None:
    network = document["network"]
    table = plain_table()
    table.add_row("CausalCLIPSeg", document["version"])
    table.add_row("Python", f"{document['python']} on {document['platform']}, {document['cores']} cores")
    if network["checkpoint"]:
        table.add_row("Checkpoint", "{name}, version {version}".format(**network["checkpoint"]))
    table.add_row("Available", ", ".join(document["checkpoints"]) or "no checkpoint")
    if network["engine"]:
        table.add_row("Engine", f"{network['engine']} on {network['device']}")
    table.add_row("Network", network["error"] or "runs")
    table.add_row("Packages", _list(document["packages"]))
    for extra, packages in document["extras"].items():
        table.add_row(f"Extra {extra}", _list(packages))
    table.add_row("Missing", ", ".join(document["missing"]) or "nothing")
    out.print(table)


def _list(packages: dict[str, str | None]) -> str:
    if not packages:
        return "not known: the program is not installed as a package"
    return ", ".join(f"{name} {version or 'not installed'}" for name, version in packages.items())
