"""Command-line options that several training commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.data.sample import Split

DataOption = Annotated[Path, typer.Option(help="Folder in LViT's layout, or with train.csv, val.csv, test.csv.")]
SplitOption = Annotated[Split, typer.Option(help="The split to use.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the metrics to this file.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Use only this many images, spread over the split.")]
