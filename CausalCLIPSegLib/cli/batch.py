"""`causalclipseg batch`: segment many images by their notes."""

from __future__ import annotations

import signal
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from CausalCLIPSegLib.about import RESEARCH_ONLY
from CausalCLIPSegLib.cli.console import err, out, show_warning
from CausalCLIPSegLib.cli.options import (
    CheckpointOption,
    DeviceOption,
    LanguageOption,
    LateralityOption,
    ProbabilityOption,
    ThresholdOption,
    WithoutNoteOption,
    check_threshold,
)
from CausalCLIPSegLib.cli.run import SOME_FAILED, STOPPED

if TYPE_CHECKING:
    from CausalCLIPSegLib.batch.table import Row

TABLE = "films.csv"


def batch(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder with images and a report of the same name beside each (image.png, image.txt), or a table "
            "(.csv) with the columns image and note."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help="Folder for the results; NAME-segmentations if not given.")
    ] = None,
    checkpoint: CheckpointOption = "default",
    device: DeviceOption = "auto",
    threshold: ThresholdOption = None,
    laterality: LateralityOption = "patient",
    language: LanguageOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results of another image, note or setting.")] = False,
    without_note: WithoutNoteOption = False,
    probability: ProbabilityOption = False,
) -> None:
    """Segment many images by their notes, each into a folder of its own, and list them in films.csv.

    An image that cannot be segmented does not stop the others. The same command continues a run that was stopped.
    """
    from CausalCLIPSegLib.batch.inputs import read_items
    from CausalCLIPSegLib.batch.runner import Batch, Settings
    from CausalCLIPSegLib.batch.table import Rows

    check_threshold(threshold)
    warnings.showwarning = show_warning
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clusters send it to stop a job
    results = output or Path(f"{source.resolve().stem}-segmentations")
    items = read_items(source, results)
    settings = Settings(laterality, language, threshold, not without_note, probability)
    batch_run = Batch(results, settings, checkpoint, device, force=force)
    ended: Counter[str] = Counter()
    # On a terminal, lines are printed above the bar; no bar is shown if the output goes to a file.
    bar = Progress(console=err, disable=not err.is_terminal, redirect_stdout=sys.stdout.isatty(), transient=True)
    try:
        with Rows(results / TABLE) as rows, bar:
            for row, is_old in bar.track(batch_run.run(items, rows), len(items), description="Segmenting"):
                ended["outlined before" if is_old else row.status] += 1
                if not is_old:
                    out.print(f"{ended.total()}/{len(items)} {row.image}: {_outcome(row)}", soft_wrap=True)
    except KeyboardInterrupt:
        err.print(f"Stopped after {ended.total()} of {len(items)} images; the same command continues.")
        raise typer.Exit(STOPPED) from None
    out.print(_summary(ended))
    out.print(str(results / TABLE), soft_wrap=True)
    out.print(RESEARCH_ONLY)
    if ended["refused"] or ended["failed"]:
        raise typer.Exit(SOME_FAILED)


def _outcome(row: Row) -> str:
    """Describe the outcome of an image."""
    if row.status != "outlined":
        return f"{row.status}: {row.message}"
    shares = (("right", row.right_fraction), ("left", row.left_fraction))
    areas = [f"patient's {side} {100 * float(share):.1f} % of the image" for side, share in shares if share]
    return ", ".join(areas) or "nothing reaches the threshold"


def _summary(ended: Counter[str]) -> str:
    return f"{ended.total()} images: {', '.join(f'{count} {status}' for status, count in sorted(ended.items()))}."
