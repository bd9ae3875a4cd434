"""The command `causalclipseg`: segment a film by a note, try it on a real film, see what is understood of a note."""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
import warnings
from collections import Counter
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from CausalCLIPSegLib import RESEARCH_ONLY, __version__
from CausalCLIPSegLib.command import run_command
from CausalCLIPSegLib.errors import CausalCLIPSegError, DeviceWarning, NoteError, OutputError
from CausalCLIPSegLib.laterality import Laterality, SideChoice
from CausalCLIPSegLib.model.device import Device
from CausalCLIPSegLib.notes.files import read_note_file
from CausalCLIPSegLib.pacs_commands import SOME_FAILED
from CausalCLIPSegLib.pacs_commands import app as pacs_app
from CausalCLIPSegLib.radiograph.formats import film_name
from CausalCLIPSegLib.seg_commands import app as seg_app

if TYPE_CHECKING:
    from CausalCLIPSegLib.batch.table import Row
    from CausalCLIPSegLib.result import SegmentationResult

DEMO_FILM = "RG1_UNCR.dcm"
DEMO_NOTE = "Multiple rounded opacities in the right middle and lower zones and in the left middle and lower zones."
TABLE = "films.csv"
_STOPPED = 130

app = typer.Typer(
    help="Outline on a chest radiograph what a radiology note speaks of. " + RESEARCH_ONLY,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(pacs_app, name="pacs")
app.add_typer(seg_app, name="seg")
# Without markup and emoji: a note may hold brackets and colons, and is shown as it is.
out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


LateralityOption = Annotated[Laterality, typer.Option(help="Whose left and right the note means.")]
LanguageOption = Annotated[
    str | None, typer.Option(help="Language of the note: en, de or es; recognised by its words if not given.")
]
CheckpointOption = Annotated[str, typer.Option(help="Name or folder of a checkpoint.")]
DeviceOption = Annotated[Device, typer.Option(help="Where to run; auto takes a CUDA GPU where there is one.")]

ThresholdOption = Annotated[
    float | None, typer.Option(help="Probability from which on a pixel is outlined, above 0, below 1.")
]
WithoutNoteOption = Annotated[
    bool,
    typer.Option("--without-note", help="Leave the note out of the DICOM files, which keep the sentence made of it."),
]
ProbabilityOption = Annotated[
    bool, typer.Option("--probability", help="Also write probability.dcm (FRACTIONAL), which few viewers read.")
]


def _print_version(value: bool) -> None:
    if value:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell technical details, also of errors.")] = False,
) -> None:
    logging.basicConfig(level=logging.CRITICAL, format="%(name)s: %(message)s")
    # ours alone: libraries quote the patient's data
    logging.getLogger("CausalCLIPSegLib").setLevel(logging.DEBUG if verbose else logging.CRITICAL)


@app.command()
def segment(
    image: Annotated[Path, typer.Argument(help="A frontal chest film: DICOM, PNG, JPEG, TIFF, WebP, NRRD or NIfTI.")],
    note: Annotated[str | None, typer.Option(help="What the report says.")] = None,
    note_file: Annotated[Path | None, typer.Option(help="A text file that holds the note.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the result; NAME-segmentation if not given.")] = None,
    checkpoint: CheckpointOption = "default",
    device: DeviceOption = "auto",
    threshold: ThresholdOption = None,
    laterality: LateralityOption = "patient",
    language: LanguageOption = None,
    side: Annotated[
        SideChoice | None,
        typer.Option(help="The patient's side that is meant, where the note contradicts itself."),
    ] = None,
    mirrored: Annotated[
        bool | None,
        typer.Option("--mirrored/--not-mirrored", help="Whether the film shows the patient's right on the right."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the result of an earlier run.")] = False,
    without_note: WithoutNoteOption = False,
    probability: ProbabilityOption = False,
) -> None:
    """Outline on IMAGE what the note speaks of, and write the result into a folder."""
    if (note is None) == (note_file is None):
        raise NoteError("Give the note either as --note TEXT or as --note-file FILE.")
    _check_threshold(threshold)
    text = read_note_file(note_file) if note_file is not None else note or ""
    folder = output or Path(f"{film_name(image.name) or 'image'}-segmentation")
    _run(
        image,
        text,
        folder,
        checkpoint,
        device,
        threshold,
        laterality,
        mirrored,
        force=force,
        language=language,
        side=side,
        with_note=not without_note,
        probability=probability,
    )


@app.command()
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
    from CausalCLIPSegLib.batch.inputs import read_films
    from CausalCLIPSegLib.batch.runner import Batch, Settings
    from CausalCLIPSegLib.batch.table import Rows

    _check_threshold(threshold)
    warnings.showwarning = _show_warning
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cluster stops with it, and means Ctrl-C
    results = output or Path(f"{films.resolve().stem}-segmentations")
    todo = read_films(films, results)
    settings = Settings(laterality, language, threshold, not without_note, probability)
    work = Batch(results, settings, checkpoint, device, force=force)
    ended: Counter[str] = Counter()
    # what is printed stays above the bar, where there is a screen; a file that takes it has no bar
    bar = Progress(console=err, disable=not err.is_terminal, redirect_stdout=sys.stdout.isatty(), transient=True)
    try:
        with Rows(results / TABLE) as rows, bar:
            for row, before in bar.track(work.outline(todo, rows), len(todo), description="Outlining films"):
                ended["outlined before" if before else row.status] += 1
                if not before:
                    out.print(f"{ended.total()}/{len(todo)} {row.image}: {_end(row)}", soft_wrap=True)
    except KeyboardInterrupt:
        err.print(f"Stopped after {ended.total()} of {len(todo)} films; the same command goes on.")
        raise typer.Exit(_STOPPED) from None
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


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the result.")] = Path("causalclipseg-demo"),
    device: DeviceOption = "auto",
) -> None:
    """Do the same on a real chest radiograph that a dependency ships."""
    from pydicom.data import get_testdata_file

    film = get_testdata_file(DEMO_FILM, download=False)
    if film is None:
        raise OutputError("The film of the demo is missing; install the package pydicom-data.")
    # The demo's own folder may be written again; one that the user names is not replaced silently.
    ours = output == Path("causalclipseg-demo")
    _run(Path(str(film)), DEMO_NOTE, output, "default", device, None, "patient", None, force=ours)


@app.command()
def note(
    text: Annotated[str | None, typer.Argument(help="The note.")] = None,
    file: Annotated[Path | None, typer.Option(help="A text file with one note a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    laterality: LateralityOption = "patient",
    checkpoint: CheckpointOption = "default",
    language: LanguageOption = None,
) -> None:
    """Show what is understood of a note, and the sentence that the network would be given."""
    from CausalCLIPSegLib.model.card import find_checkpoint, read_card
    from CausalCLIPSegLib.notes import parse_note, say, summary

    if (text is None) == (file is None):
        raise NoteError("Give the note either as TEXT or as --file FILE.")
    notes = _notes_of(file) if file is not None else [text or ""]
    whose = read_card(find_checkpoint(checkpoint)).laterality
    for one in notes:
        expression = parse_note(one, laterality, language)
        prompt = say(expression, whose) if expression.sides else None
        if as_json:
            typer.echo(json.dumps({**expression.to_dict(), "prompt": prompt, "laterality": whose}, ensure_ascii=False))
            continue
        table = _table()
        table.add_row("Note", one)
        table.add_row("Understood", summary(expression))
        table.add_row("Sentence", f"{prompt} ({_whose(whose)})" if prompt else "none: nothing to outline")
        for finding in expression.findings:
            if finding.present:
                unsure = ", uncertain" if finding.uncertain else ""
                table.add_row("From", f"{finding.words}: {finding.kind}{unsure}")
        for ignored in expression.ignored:
            table.add_row("Not used", f"{ignored.words}: {ignored.reason}")
        for question in expression.questions:
            table.add_row("Question", question)
        out.print(table)


def _run(
    image: Path,
    text: str,
    folder: Path,
    checkpoint: str,
    device: Device,
    threshold: float | None,
    laterality: Laterality,
    mirrored: bool | None,
    *,
    force: bool,
    language: str | None = None,
    side: SideChoice | None = None,
    with_note: bool = True,
    probability: bool = False,
) -> None:
    """Read, segment, write, and tell what was found."""
    from CausalCLIPSegLib.notes import decide, parse_note, say
    from CausalCLIPSegLib.radiograph import read_radiograph

    start = time.perf_counter()
    warnings.showwarning = _show_warning
    with err.status("Reading the film") as status:
        # a note without a finding, or of two minds about the side, is told before all that takes time
        say(decide(parse_note(text, laterality, language), side), "patient")
        radiograph = read_radiograph(image)
        from CausalCLIPSegLib.export import PROBABILITY, refuse_earlier_result, write_result

        if not force:
            refuse_earlier_result(folder)
        status.update("Loading the checkpoint")
        from CausalCLIPSegLib.segmenter import Segmenter

        segmenter = Segmenter.from_checkpoint(checkpoint, device)
        result = segmenter.segment(
            radiograph,
            text,
            laterality=laterality,
            language=language,
            side=side,
            threshold=threshold,
            mirrored=mirrored,
            progress=status.update,
        )
        status.update("Writing the result")
        extra = (PROBABILITY,) if probability else ()
        files = write_result(result, folder, force=force, with_note=with_note, extra=extra)
    _tell(result, files, time.perf_counter() - start)


def _tell(result: SegmentationResult, files: dict[str, Path], seconds: float) -> None:
    from CausalCLIPSegLib.export import describe_result
    from CausalCLIPSegLib.notes import summary

    table = _table()
    table.add_row("Note", result.note)
    table.add_row("Understood", summary(result.expression, mirrored=result.radiograph.mirrored))
    table.add_row("Sentence", f"{result.prompt} ({_whose(result.laterality)})")
    document = describe_result(result, list(files))
    for part in document.segments:
        table.add_row(
            "Outlined",
            f"{part.name}: {_area(part.area_mm2, part.area_fraction)}, {part.components} "
            f"area{'s' if part.components != 1 else ''} (patient's {part.side_patient}, "
            f"on the {part.side_viewer} of the picture)",
        )
    if not document.segments:
        table.add_row("Outlined", f"nothing reaches the threshold of {result.threshold:g}")
    for sentence in document.disagreements:
        table.add_row("Compare", sentence)
    for sentence in document.warnings:
        table.add_row("Mind", sentence)
    table.add_row(
        "Checkpoint",
        f"{result.provenance.checkpoint_name} ({result.provenance.checkpoint_sha256[:8]}), "
        f"{result.provenance.device}, {seconds:.1f} s in all",
    )
    out.print(table)
    for path in files.values():
        out.print(str(path), soft_wrap=True)
    out.print(RESEARCH_ONLY)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show our own warnings as one line; those of libraries are not for the user."""
    if issubclass(category, DeviceWarning):
        err.print(str(message))


def _area(mm2: float | None, fraction: float) -> str:
    share = f"{100 * fraction:.1f} % of the image"
    return f"{share}, not calibrated" if mm2 is None else f"{mm2 / 100:.1f} cm² ({share})"


def _whose(laterality: str) -> str:
    return f"left and right here are the {laterality}'s"


def _table() -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _notes_of(file: Path) -> list[str]:
    notes = [line for line in read_note_file(file).splitlines() if line.strip()]
    if not notes:
        raise NoteError(f"The note file {file} is empty.")
    return notes


def _check_threshold(threshold: float | None) -> None:
    if threshold is not None and not 0 < threshold < 1:
        raise CausalCLIPSegError(f"The threshold has to lie above 0 and below 1, not at {threshold:g}.")


def main() -> None:
    """Run the command; see `run_command`."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may hold what is no letter
    sys.exit(run_command(app))


if __name__ == "__main__":
    main()
