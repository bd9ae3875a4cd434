"""`python -m training`: fit (Lightning's command line), evaluate and export."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from CausalCLIPSegLib.card import Card, find_checkpoint, read_card, write_card
from CausalCLIPSegLib.command import run_command
from CausalCLIPSegLib.device import Device
from CausalCLIPSegLib.segmenter import Segmenter
from training.evaluate import evaluate as measure
from training.evaluate import load_split
from training.export import export_checkpoint, read_yaml

app = typer.Typer(
    help="Train, evaluate and export checkpoints.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    help="Train by a configuration: --config F. Lightning's command line, see fit --help.",
)
def fit(context: typer.Context) -> None:
    """Hand over to Lightning's command line."""
    from lightning.pytorch.cli import LightningCLI

    from training.datamodule import ReferringDataModule
    from training.module import CausalTraining

    # Lightning starts further processes by the arguments of this one, so they stay where they are.
    LightningCLI(CausalTraining, ReferringDataModule, save_config_kwargs={"overwrite": True})


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="A folder laid out as LViT's: Val_Folder, Test_Folder.")],
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="Which split.")] = "val",
    checkpoint: Annotated[str, typer.Option(help="Name or folder of a checkpoint.")] = "default",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many images, spread over the split.")] = None,
    device: Annotated[Device, typer.Option(help="Where to run.")] = "auto",
) -> None:
    """Measure a checkpoint on a split: Dice and mIoU, by side, and whether it listens to the note."""
    figures = _measure(checkpoint, data, split, limit, device)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    _print(figures, f"{figures['checkpoint']} on {split}")


@app.command()
def export(
    run: Annotated[Path, typer.Option(help="A checkpoint of Lightning, for instance best.ckpt of a run.")],
    config: Annotated[Path, typer.Option(help="The configuration that it was trained with.")],
    card: Annotated[Path, typer.Option(help="YAML with the words of the card.")],
    output: Annotated[Path, typer.Option(help="Folder to write card and weights into.")],
    data: Annotated[Path, typer.Option(help="A folder laid out as LViT's; its validation split is measured.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Measure only so many images.")] = None,
    device: Annotated[Device, typer.Option(help="Where to run.")] = "auto",
) -> None:
    """Write the weights of a run as a checkpoint, and measure the written file on validation for its card."""
    written = export_checkpoint(run, read_yaml(config)["model"]["network"], read_yaml(card), output)
    figures = _measure(str(output), data, "val", limit, device)
    command = f"python -m training evaluate --data DIR --split val --checkpoint {written.name}"
    write_card(
        Card.model_validate({**written.model_dump(), "figures": {"validation": figures, "command": command}}), output
    )
    _print(figures, f"{written.name} on val")


def _measure(checkpoint: str, data: Path, split: Any, limit: int | None, device: Device) -> dict[str, Any]:
    samples = load_split(data, split, limit)
    segmenter = Segmenter.from_checkpoint(checkpoint, device)
    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"Measuring on {split}", total=len(samples))
        figures = measure(segmenter, samples, lambda: progress.advance(task))
    card = read_card(find_checkpoint(checkpoint))
    return {"checkpoint": card.name, "sha256": card.sha256, "split": split, "device": segmenter.device.type, **figures}


def _print(figures: dict[str, Any], title: str) -> None:
    table = Table(title=title)
    for heading in ("side of the patient", "n", "Dice", "mIoU", "Dice, pixels pooled"):
        table.add_column(heading, justify="left" if heading.startswith("side") else "right")
    for name, row in (*figures["by_side"].items(), ("all", figures)):
        values = [f"{row[key]:.2f}" if key in row else "-" for key in ("dice", "miou", "dice_global")]
        table.add_row(name, str(row["n"]), *values)
    console.print(table)
    listening = figures["listening"]
    console.print(
        f"One-sided notes ({listening['n']}): {listening['area_on_named_side']} % of the outlined area lies on the "
        f"named side; with the side swapped {listening['swapped_area_on_named_side']} % lies on the newly named side, "
        f"and {listening['swapped_area_left_behind']} % of the former area is left behind."
    )
    console.print(f"{figures['seconds_per_image']:.3f} s an image ({figures['device']}).")


if __name__ == "__main__":
    sys.exit(run_command(app, tracebacks=True))
