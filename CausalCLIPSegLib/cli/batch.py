"""`causalclipseg batch`: segment many images by their notes."""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from CausalCLIPSegLib.about import RESEARCH_ONLY
from CausalCLIPSegLib.cli.console import err, out, show_warning
from CausalCLIPSegLib.cli.options import (
    CheckpointOption,
    DeviceOption,
    EngineOption,
    LanguageOption,
    LateralityOption,
    MapsOption,
    ProbabilityOption,
    ThresholdOption,
    WithoutNoteOption,
    check_threshold,
)
from CausalCLIPSegLib.cli.run import SOME_FAILED, STOPPED

if TYPE_CHECKING:
    from CausalCLIPSegLib.batch.executor import Executor
    from CausalCLIPSegLib.batch.table import Row


def batch(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder with images and a report of the same name beside each (image.png, image.txt), or a table "
            "(.csv) with the columns image and note.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the results; NAME-segmentations if not given."),
    ] = None,
    checkpoint: CheckpointOption = "default",
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    threshold: ThresholdOption = None,
    laterality: LateralityOption = "patient",
    language: LanguageOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace results of another image, note or setting.")] = False,
    without_note: WithoutNoteOption = False,
    probability: ProbabilityOption = False,
    maps: MapsOption = False,
    no_pictures: Annotated[bool, typer.Option("--no-pictures", help="Write no overlay.png.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Images to segment at the same time; as many as there are cores if not given."),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Run on the Ray cluster at this address (auto, host:port), whose computers share the folders.",
        ),
    ] = None,
) -> None:
    """Segment many images by their notes, each into a folder of its own, and list them in films.csv.

    An image that cannot be segmented does not stop the others. The same command continues a run that was stopped.
    """
    from CausalCLIPSegLib.batch.inputs import TABLE, read_items
    from CausalCLIPSegLib.batch.processes import Processes
    from CausalCLIPSegLib.batch.runner import Batch
    from CausalCLIPSegLib.batch.table import Rows
    from CausalCLIPSegLib.batch.task import Settings

    check_threshold(threshold)
    warnings.showwarning = show_warning
    results = output or Path(f"{source.resolve().stem}-segmentations")
    if ray is None:
        executor: Executor = Processes(jobs)
    else:
        from CausalCLIPSegLib.batch.ray_cluster import RayCluster

        source, results, checkpoint = source.resolve(), results.resolve(), _resolved(checkpoint)
        executor = RayCluster(ray, results, jobs)
    items = read_items(source, results)
    settings = Settings(laterality, language, threshold, not without_note, probability, not no_pictures, maps)
    batch_run = Batch(results, settings, checkpoint, device, engine, force=force, executor=executor)
    ended: Counter[str] = Counter()
    try:
        with Rows(results / TABLE) as rows, _bar() as bar:
            shown = bar.add_task("Segmenting", total=len(items))
            for row, is_old in batch_run.run(items, rows):
                ended["outlined before" if is_old else row.status] += 1
                if not is_old:
                    out.print(f"{ended.total()}/{len(items)} {row.image}: {_outcome(row)}", soft_wrap=True)
                bar.advance(shown)
    except KeyboardInterrupt:
        err.print(f"Stopped after {ended.total()} of {len(items)} images; the same command continues.")
        raise typer.Exit(STOPPED) from None
    out.print(_summary(ended))
    out.print(str(results / TABLE), soft_wrap=True)
    out.print(RESEARCH_ONLY)
    if ended["refused"] or ended["failed"]:
        raise typer.Exit(SOME_FAILED)


def _bar() -> Progress:
    """Return a bar with the images in a second and the time left; lines are printed above it.

    No bar is shown if the output goes to a file.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(
        *columns,
        console=err,
        disable=not err.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
        transient=True,
        speed_estimate_period=300,  # seconds; the images of a minute may all be large
    )


class _Rate(ProgressColumn):
    """The images in a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} images/s" if speed else "")


def _resolved(checkpoint: str) -> str:
    """Return the path of a checkpoint that all computers find, or a name, which each finds in its own installation."""
    path = Path(checkpoint)
    return str(path.resolve()) if os.path.lexists(path) else checkpoint


def _outcome(row: Row) -> str:
    """Describe the outcome of an image."""
    if row.status != "outlined":
        return f"{row.status}: {row.message}"
    shares = (("right", row.right_fraction), ("left", row.left_fraction))
    areas = [f"patient's {side} {100 * float(share):.1f} % of the image" for side, share in shares if share]
    return ", ".join(areas) or "nothing reaches the threshold"


def _summary(ended: Counter[str]) -> str:
    return f"{ended.total()} images: {', '.join(f'{count} {status}' for status, count in sorted(ended.items()))}."
