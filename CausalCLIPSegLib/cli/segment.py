"""`causalclipseg segment` and `demo`: one radiograph and one note."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from CausalCLIPSegLib import RESEARCH_ONLY
from CausalCLIPSegLib.cli.console import area_text, err, laterality_text, out, plain_table, show_warning
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
from CausalCLIPSegLib.demo import DEMO_IMAGE, DEMO_NOTE
from CausalCLIPSegLib.errors import MirroredQuestionError, NoteError, OutputError, RadiographError, SideQuestionError
from CausalCLIPSegLib.laterality import SideChoice
from CausalCLIPSegLib.model.device import Device
from CausalCLIPSegLib.notes import read_note
from CausalCLIPSegLib.notes.files import read_note_file
from CausalCLIPSegLib.radiograph.formats import image_name

if TYPE_CHECKING:
    from CausalCLIPSegLib.export.report import ResultDocument
    from CausalCLIPSegLib.notes import ReferringExpression
    from CausalCLIPSegLib.result import SegmentationResult


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
    check_threshold(threshold)
    text = read_note_file(note_file) if note_file is not None else note or ""
    folder = output or Path(f"{image_name(image.name) or 'image'}-segmentation")
    try:
        expression = read_note(text, laterality, language, side)  # before anything that takes time
    except SideQuestionError as question:
        raise NoteError(f"{question} Say left, right or both (--side).") from None
    _run(
        image,
        expression,
        folder,
        checkpoint,
        device,
        threshold,
        mirrored,
        force=force,
        with_note=not without_note,
        probability=probability,
    )


def demo(
    output: Annotated[Path, typer.Option(help="Folder for the result.")] = Path("causalclipseg-demo"),
    device: DeviceOption = "auto",
) -> None:
    """Do the same on a real chest radiograph that a dependency ships."""
    from pydicom.data import get_testdata_file

    film = get_testdata_file(DEMO_IMAGE, download=False)
    if film is None:
        raise OutputError("The film of the demo is missing; install the package pydicom-data.")
    # The demo's own folder may be written again; one that the user names is not replaced silently.
    ours = output == Path("causalclipseg-demo")
    _run(Path(str(film)), read_note(DEMO_NOTE), output, "default", device, force=ours)


def _run(
    image: Path,
    expression: ReferringExpression,
    folder: Path,
    checkpoint: str,
    device: Device,
    threshold: float | None = None,
    mirrored: bool | None = None,
    *,
    force: bool,
    with_note: bool = True,
    probability: bool = False,
) -> None:
    """Read, segment, write, and print what was found."""
    from CausalCLIPSegLib.radiograph import read_radiograph

    start = time.perf_counter()
    warnings.showwarning = show_warning
    with err.status("Reading the image") as status:
        try:
            radiograph = read_radiograph(image).oriented(mirrored)
        except MirroredQuestionError as question:
            raise RadiographError(f"{question} Say whether that is so: --mirrored or --not-mirrored.") from None
        from CausalCLIPSegLib.export import PROBABILITY, describe_result, reject_earlier_result, write_result

        if not force:
            reject_earlier_result(folder)
        status.update("Loading the checkpoint")
        from CausalCLIPSegLib.segmenter import Segmenter

        segmenter = Segmenter.from_checkpoint(checkpoint, device)
        result = segmenter.segment(
            radiograph, expression, threshold=threshold, mirrored=radiograph.mirrored, progress=status.update
        )
        status.update("Writing the result")
        report = describe_result(result)
        extra = (PROBABILITY,) if probability else ()
        files = write_result(result, folder, report=report, force=force, with_note=with_note, extra=extra)
    _print_result(result, report, files, time.perf_counter() - start)


def _print_result(result: SegmentationResult, report: ResultDocument, files: dict[str, Path], seconds: float) -> None:
    from CausalCLIPSegLib.notes import describe_expression

    table = plain_table()
    table.add_row("Note", result.note)
    table.add_row("Understood", describe_expression(result.expression, mirrored=result.radiograph.mirrored))
    table.add_row("Prompt", f"{result.prompt} ({laterality_text(result.laterality)})")
    for segment in report.segments:
        table.add_row(
            "Segmented",
            f"{segment.name}: {area_text(segment.area_mm2, segment.area_fraction)}, {segment.components} "
            f"area{'s' if segment.components != 1 else ''} (patient's {segment.side_patient}, "
            f"on the {segment.side_viewer} of the picture)",
        )
    if not report.segments:
        table.add_row("Segmented", f"nothing reaches the threshold of {result.threshold:g}")
    for sentence in report.disagreements:
        table.add_row("Note vs mask", sentence)
    for sentence in report.warnings:
        table.add_row("Warning", sentence)
    table.add_row(
        "Checkpoint",
        f"{result.provenance.checkpoint_name} ({result.provenance.checkpoint_sha256[:8]}), "
        f"{result.provenance.device}, {seconds:.1f} s in all",
    )
    out.print(table)
    for path in files.values():
        out.print(str(path), soft_wrap=True)
    out.print(RESEARCH_ONLY)
