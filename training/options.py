"""Options that several commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from CausalCLIPSegLib.model.device import Device
from training.data.sample import Split

DataOption = Annotated[Path, typer.Option(help="A folder laid out as LViT's, or with val.csv and test.csv.")]
SplitOption = Annotated[Split, typer.Option(help="Which split.")]
CheckpointOption = Annotated[str, typer.Option(help="Name or folder of a checkpoint.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Only so many images, spread over the split.")]
DeviceOption = Annotated[Device, typer.Option(help="Where to run.")]
