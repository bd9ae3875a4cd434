"""`causalclipseg segment` and `demo`: segment one radiograph by one note."""

from __future__ import annotations

import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from CausalCLIPSegLib.about import RESEARCH_ONLY
from CausalCLIPSegLib.atomic_files import claimed
from CausalCLIPSegLib.cli.console import area_text, err, out, plain_table, prompt_text, show_warning
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
from CausalCLIPSegLib.demo import DEMO_IMAGE, DEMO_NOTE
from CausalCLIPSegLib.errors import (
    CheckpointError,
    MirroredQuestionError,
    NoteError,
    OutputError,
    RadiographError,
    SideQuestionError,
)
from CausalCLIPSegLib.laterality import SideChoice
from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.model.device import Device, EngineChoice
from CausalCLIPSegLib.notes import INFECTION, read_note
from CausalCLIPSegLib.notes.files import read_note_file
from CausalCLIPSegLib.radiograph.formats import FORMATS, image_name

if TYPE_CHECKING:
    from CausalCLIPSegLib.export.report import ResultDocument
    from CausalCLIPSegLib.notes import ReferringExpression
    from CausalCLIPSegLib.result import SegmentationResult
    from CausalCLIPSegLib.segmenter import Segmenter

_DEMO_FOLDER = Path("causalclipseg-demo")


def segment(
    image: Annotated[Path, typer.Argument(help=f"A frontal chest radiograph: {FORMATS}.")],
    note: Annotated[str | None, typer.Option(help="What the report says.")] = None,
    note_file: Annotated[Path | None, typer.Option(help="A text file with the note.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the result; NAME-segmentation if not given."),
    ] = None,
    checkpoint: CheckpointOption = "default",
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    threshold: ThresholdOption = None,
    laterality: LateralityOption = "patient",
    language: LanguageOption = None,
    side: Annotated[
        SideChoice | None,
        typer.Option(help="The patient's side to segment, if the note contradicts itself."),
    ] = None,
    mirrored: Annotated[
        bool | None,
        typer.Option(
            "--mirrored/--not-mirrored",
            help="Whether the image shows the patient's right on the viewer's right; as its header says if not given.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the result of an earlier run.")] = False,
    without_note: WithoutNoteOption = False,
    probability: ProbabilityOption = False,
    maps: MapsOption = False,
) -> None:
    """Segment what the note names on IMAGE, and write the result into a folder."""
    if (note is None) == (note_file is None):
        raise NoteError("Give the note either as --note TEXT or as --note-file FILE.")
    check_threshold(threshold)
    text = read_note_file(note_file) if note_file is not None else note or ""
    folder = output or Path(f"{image_name(image.name) or 'image'}-segmentation")
    try:
        findings = _findings_of(checkpoint)
        expression = read_note(text, laterality, language, side, mirrored, findings)  # before anything slow
    except SideQuestionError as question:
        raise NoteError(f"{question} Answer with --side left, right or both.") from None
    output_options = _Output(folder, force, not without_note, probability, maps)
    _run(image, expression, output_options, checkpoint, device, engine, threshold, mirrored)


def demo(
    output: Annotated[Path, typer.Option(help="Folder for the result.")] = _DEMO_FOLDER,
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
) -> None:
    """Segment a real chest radiograph that is installed with a dependency."""
    from pydicom.data import get_testdata_file

    image = get_testdata_file(DEMO_IMAGE, download=False)
    if image is None:
        raise OutputError("The image of the demo is missing; install the package pydicom-data.")
    force = output == _DEMO_FOLDER  # a folder that the user chose is not overwritten silently
    output_options = _Output(output, force, remedy="Give another folder.")
    _run(Path(str(image)), read_note(DEMO_NOTE), output_options, "default", device, engine)


@dataclass(frozen=True)
class _Output:
    """The folder of the result, options of `write_result`, and what to do if the folder holds an earlier result."""

    folder: Path
    force: bool
    with_note: bool = True
    probability: bool = False
    maps: bool = False
    remedy: str = "--force replaces it."


def _run(
    image: Path,
    expression: ReferringExpression,
    output: _Output,
    checkpoint: str,
    device: Device,
    engine: EngineChoice,
    threshold: float | None = None,
    mirrored: bool | None = None,
) -> None:
    """Read, segment, write the result and print it."""
    from CausalCLIPSegLib.export.directory import RESULT_JSON
    from CausalCLIPSegLib.radiograph import read_radiograph

    if output.folder.resolve() == image.resolve().parent:
        raise OutputError("The result needs a folder of its own, not that of the image; give one as --output FOLDER.")
    start = time.perf_counter()
    warnings.showwarning = show_warning
    with (
        claimed(output.folder, [RESULT_JSON]),
        err.status("Reading the image") as status,
        ThreadPoolExecutor(1) as threads,
    ):
        loading = threads.submit(_load, checkpoint, device, engine)
        try:
            radiograph = read_radiograph(image).oriented(mirrored)
        except MirroredQuestionError as question:
            raise RadiographError(f"{question} Answer with --mirrored or --not-mirrored.") from None
        if radiograph.header is not None:
            threads.submit(import_module, "CausalCLIPSegLib.segmentation.dicom_writer")  # slow, and needed at the end
        from CausalCLIPSegLib.export import MAPS, PROBABILITY, describe_result, reject_earlier_result, write_result

        if not output.force:
            try:
                reject_earlier_result(output.folder)
            except OutputError as error:
                raise OutputError(f"{error} {output.remedy}") from None
        status.update("Loading the checkpoint")
        segmenter = loading.result()
        del loading
        result = segmenter.segment(
            radiograph, expression, threshold=threshold, mirrored=radiograph.mirrored, progress=status.update
        )
        del segmenter  # its memory is needed for the files
        status.update("Writing the result")
        report = describe_result(result)
        files = write_result(
            result,
            output.folder,
            report=report,
            force=output.force,
            with_note=output.with_note,
            extra=[*([PROBABILITY] if output.probability else ()), *(MAPS if output.maps else ())],
        )
    _print_result(result, report, files, time.perf_counter() - start)


def _findings_of(checkpoint: str) -> tuple[str, ...]:
    """Return what a checkpoint can outline; if there is no such checkpoint, an infection: loading it says so later."""
    try:
        return read_card(find_checkpoint(checkpoint)).findings
    except CheckpointError:
        return (INFECTION,)


def _load(checkpoint: str, device: Device, engine: EngineChoice) -> Segmenter:
    """Load a checkpoint, and all that it needs."""
    from CausalCLIPSegLib.segmenter import Segmenter

    return Segmenter.from_checkpoint(checkpoint, device, engine)


def _print_result(result: SegmentationResult, report: ResultDocument, files: dict[str, Path], seconds: float) -> None:
    from CausalCLIPSegLib.notes import describe_expression

    table = plain_table()
    table.add_row("Note", result.note)
    table.add_row("Understood", describe_expression(result.expression, mirrored=result.radiograph.mirrored))
    table.add_row("Prompt", prompt_text(result.prompt, result.laterality, result.radiograph.mirrored))
    for segment in report.segments:
        table.add_row(
            "Segmented",
            f"{segment.name}: {area_text(segment.area_mm2, segment.area_fraction)}, {segment.components} "
            f"area{'s' if segment.components != 1 else ''} (patient's {segment.side_patient}, "
            f"on the {segment.side_viewer} of the picture)",
        )
    if not report.segments:
        table.add_row("Segmented", f"nothing reaches the threshold of {result.threshold:g}")
    for place in report.places:
        table.add_row("Place", place.sentence)
    for area in report.not_in_note:
        table.add_row("Elsewhere", f"{area.sentence} {area_text(area.area_mm2, area.area_fraction)}, not segmented")
    for disagreement in report.disagreements:
        table.add_row("Note vs mask", disagreement)
    for warning in report.warnings:
        table.add_row("Warning", warning)
    table.add_row(
        "Checkpoint",
        f"{result.provenance.checkpoint_name} ({result.provenance.checkpoint_sha256[:8]}), "
        f"{result.provenance.device} ({result.provenance.engine}), {seconds:.1f} s in all",
    )
    out.print(table)
    for path in files.values():
        out.print(str(path), soft_wrap=True)
    out.print(RESEARCH_ONLY)
