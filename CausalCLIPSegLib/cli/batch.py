"""`causalclipseg batch`: many radiographs by one command."""

from __future__ import annotations

import signal
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from CausalCLIPSegLib import RESEARCH_ONLY
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
    films: Annotated[
        Path,
        typer.Argument(
            help="A folder with films and a report of the same name beside each (film.png, film.txt), or a table "
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
    force: Annotated[
        bool, typer.Option("--force", help="Replace results that another film, note or setting gave.")
    ] = False,
    without_note: WithoutNoteOption = False,
    probability: ProbabilityOption = False,
) -> None:
    """Outline many films by their notes, each into a folder of its own, and list them in films.csv.

    A film that cannot be outlined does not stop the others. The same command goes on where it was stopped.
    """
    from CausalCLIPSegLib.batch.inputs import read_items
    from CausalCLIPSegLib.batch.runner import Batch, Settings
    from CausalCLIPSegLib.batch.table import Rows

    check_threshold(threshold)
    warnings.showwarning = show_warning
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cluster stops with it, and means Ctrl-C
    results = output or Path(f"{films.resolve().stem}-segmentations")
    todo = read_items(films, results)
    settings = Settings(laterality, language, threshold, not without_note, probability)
    work = Batch(results, settings, checkpoint, device, force=force)
    ended: Counter[str] = Counter()
    # what is printed stays above the bar, where there is a screen; a file that takes it has no bar
    bar = Progress(console=err, disable=not err.is_terminal, redirect_stdout=sys.stdout.isatty(), transient=True)
    try:
        with Rows(results / TABLE) as rows, bar:
            for row, before in bar.track(work.run(todo, rows), len(todo), description="Outlining films"):
                ended["outlined before" if before else row.status] += 1
                if not before:
                    out.print(f"{ended.total()}/{len(todo)} {row.image}: {_end(row)}", soft_wrap=True)
    except KeyboardInterrupt:
        err.print(f"Stopped after {ended.total()} of {len(todo)} films; the same command goes on.")
        raise typer.Exit(STOPPED) from None
    out.print(_count(ended))
    out.print(str(results / TABLE), soft_wrap=True)
    out.print(RESEARCH_ONLY)
    if ended["refused"] or ended["failed"]:
        raise typer.Exit(SOME_FAILED)


def _end(row: Row) -> str:
    """Say what became of a film."""
    if row.status != "outlined":
        return f"{row.status}: {row.message}"
    shares = (("right", row.right_fraction), ("left", row.left_fraction))
    said = [f"patient's {side} {100 * float(share):.1f} % of the image" for side, share in shares if share]
    return ", ".join(said) or "nothing reaches the threshold"


def _count(ended: Counter[str]) -> str:
    return f"{ended.total()} films: {', '.join(f'{number} {how}' for how, number in sorted(ended.items()))}."
