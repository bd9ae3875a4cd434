"""The commands `causalclipseg pacs ...`: look for images in an archive, fetch them, store results."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from CausalCLIPSegLib.errors import CausalCLIPSegError, PacsError

if TYPE_CHECKING:
    from CausalCLIPSegLib.pacs.archive import Pacs
    from CausalCLIPSegLib.pacs.pull import Pulled
    from CausalCLIPSegLib.pacs.push import Pushed
    from CausalCLIPSegLib.pacs.query import Match

app = typer.Typer(
    help="Look for images in a hospital's archive, fetch them, store results: DICOMweb or DIMSE.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)

SOME_FAILED = 3
"""Exit status where the command ran, but not every instance got where it should."""
_STOPPED = 130

ArchiveOption = Annotated[
    str | None,
    typer.Option(
        help="An archive of pacs.toml, or https://HOST/PATH, or dicom://HOST:PORT/AETITLE. Credentials come from "
        "pacs.toml or the environment; see docs/pacs.md."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
PatientIdOption = Annotated[str | None, typer.Option(help="As the archive has it; * and ? stand for any characters.")]
PatientNameOption = Annotated[str | None, typer.Option(help="As FAMILY^GIVEN; * and ? as above.")]
AccessionOption = Annotated[str | None, typer.Option(help="Accession number.")]
DateOption = Annotated[str | None, typer.Option(help="YYYYMMDD, or YYYYMMDD-YYYYMMDD; one side may be left out.")]
ModalityOption = Annotated[str | None, typer.Option(help="Such as CR, DX or SEG.")]
StudyOption = Annotated[str | None, typer.Option(help="UID of a study.")]
SeriesOption = Annotated[str | None, typer.Option(help="UID of a series.")]
InstanceOption = Annotated[str | None, typer.Option(help="UID of an instance.")]


@app.command()
def check(archive: ArchiveOption = None) -> None:
    """Ask whether the archive answers and lets us in (C-ECHO, or one question of QIDO-RS)."""
    with _archive(archive, "Asking") as (pacs, _):
        pacs.check()
    out.print("The archive answers.")


@app.command()
def find(
    archive: ArchiveOption = None,
    patient_id: PatientIdOption = None,
    patient_name: PatientNameOption = None,
    accession: AccessionOption = None,
    study_date: DateOption = None,
    modality: ModalityOption = None,
    study: StudyOption = None,
    series: SeriesOption = None,
    instance: InstanceOption = None,
    level: Annotated[Literal["study", "series", "instance"], typer.Option(help="What to list.")] = "series",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List what the archive has of a patient, a day, a study ..."""
    from CausalCLIPSegLib.pacs.query import Query, search

    query = Query(patient_id, patient_name, accession, study_date, modality, study, series, instance)
    with _archive(archive, "Looking") as (pacs, _):
        matches = search(pacs, query, level, limit + 1)
    if len(matches) > limit:
        err.print(f"There are more than {limit}; narrow the question, or raise --limit.")
    if as_json:
        for match in matches[:limit]:
            _line(match.to_dict())
    elif not matches:
        out.print("Nothing fits.")
    else:
        _show_matches(matches[:limit], level)


@app.command()
def pull(
    archive: ArchiveOption = None,
    output: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("causalclipseg-pull"),
    patient_id: PatientIdOption = None,
    accession: AccessionOption = None,
    study_date: DateOption = None,
    modality: ModalityOption = None,
    study: StudyOption = None,
    series: SeriesOption = None,
    instance: InstanceOption = None,
    image: Annotated[Path | None, typer.Option(help="A DICOM file in place of its UIDs.")] = None,
    with_segmentations: Annotated[
        bool, typer.Option("--with-segmentations", help="Also the segmentations that refer to these images.")
    ] = False,
    only_segmentations: Annotated[
        bool, typer.Option("--only-segmentations", help="The segmentations that refer to these images alone.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare files that are there with the archive, byte by byte.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that differ or are damaged.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch images, and the segmentations that refer to them, into a folder. What lies there is not fetched again."""
    from CausalCLIPSegLib.pacs.pull import pull as pull_images
    from CausalCLIPSegLib.pacs.pull import pull_segmentations
    from CausalCLIPSegLib.pacs.query import Query, search

    if with_segmentations and only_segmentations:
        raise CausalCLIPSegError("Give either --with-segmentations or --only-segmentations.")
    if image is not None:
        if study or series or instance:
            raise CausalCLIPSegError("Give either --image or UIDs.")
        study, series, instance = _uids_of(image)
    query = Query(patient_id, None, accession, study_date, modality, study, series, instance)
    done: list[Pulled] = []

    def keep(pulled: Iterator[Pulled]) -> None:
        for one in pulled:
            done.append(one)
            if as_json:
                _line(_report(one))

    try:
        with _archive(archive, "Looking") as (pacs, status):
            images = search(pacs, query, "instance")
            if not images:
                raise PacsError("Nothing in the archive fits.")
            if not only_segmentations:
                keep(pull_images(pacs, images, output, force=force, verify=verify, progress=status.update))
            if with_segmentations or only_segmentations:
                fetched = {one.instance for one in done}
                others = (
                    one
                    for one in pull_segmentations(pacs, images, output, force=force, progress=status.update)
                    if one.instance not in fetched
                )
                keep(others)
    except KeyboardInterrupt:
        _stopped(f"{_count(done, 'fetched')} fetched, each of them complete.")
    if not as_json:
        _show_report(done)
        if not done:
            out.print("No segmentation in the archive refers to these images.")
    if any(one.status in ("failed", "not tried") for one in done):
        raise typer.Exit(SOME_FAILED)


@app.command()
def push(
    paths: Annotated[list[Path], typer.Argument(help="DICOM files, or folders with DICOM files.")],
    archive: ArchiveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store DICOM files in the archive. What the archive has is not sent again, so a run that failed is repeated."""
    from CausalCLIPSegLib.pacs.push import find_files
    from CausalCLIPSegLib.pacs.push import push as push_files

    files = find_files(paths)
    done: list[Pushed] = []
    try:
        with _archive(archive, "Storing") as (pacs, status):
            for one in push_files(pacs, files, status.update):
                done.append(one)
                if as_json:
                    _line(_report(one))
    except KeyboardInterrupt:
        _stopped(f"{_count(done, 'stored')} stored; the same command goes on from there.")
    if not as_json:
        _show_report(done)
    if not all(one.is_well for one in done):
        raise typer.Exit(SOME_FAILED)


@contextmanager
def _archive(name: str | None, doing: str) -> Iterator[tuple[Pacs, Any]]:
    """Give the archive, and a line on stderr in which to say what happens."""
    from CausalCLIPSegLib.pacs import connect
    from CausalCLIPSegLib.pacs.configuration import find_archive

    archive, remarks = find_archive(name)
    for remark in remarks:
        err.print(remark)
    with err.status(doing) as status, connect(archive) as pacs:
        yield pacs, status


def _uids_of(image: Path) -> tuple[str, str, str]:
    from CausalCLIPSegLib.privacy import silence_libraries

    try:
        with silence_libraries():
            from pydicom import dcmread

            header = dcmread(image, stop_before_pixels=True)
            return str(header.StudyInstanceUID), str(header.SeriesInstanceUID), str(header.SOPInstanceUID)
    except Exception as error:  # whatever pydicom raises for other and for damaged files
        raise CausalCLIPSegError(f"{image} is no DICOM file with UIDs.") from error


def _show_matches(matches: list[Match], level: str) -> None:
    """Show a match in columns, and its UID in a line of its own: beside anything else it would not fit on a screen."""
    fields = ["patient_id", "patient_name", "study_date", "accession_number", "modality", "study_description"]
    fields += [] if level == "study" else ["series_description"]
    rows = [[getattr(match, field).replace("\\", " ") or "-" for field in fields] for match in matches]
    header = [field.replace("_", " ").capitalize() for field in fields]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: list[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

    out.print(line(header), style="bold", soft_wrap=True)
    for match, row in zip(matches, rows, strict=True):
        out.print(line(row), soft_wrap=True)
        out.print(f"    {level} {getattr(match, level)}", soft_wrap=True)


def _report(one: Pulled | Pushed) -> dict[str, str]:
    said = {"instance": one.instance, "status": one.status, "file": str(one.file)}
    return said | ({"reason": one.reason} if one.reason else {})


def _show_report(done: Sequence[Pulled | Pushed]) -> None:
    for one in done:
        out.print(f"{one.status}: {one.file}{f' ({one.reason})' if one.reason else ''}", soft_wrap=True)
    if done:
        out.print(", ".join(f"{count} {status}" for status, count in Counter(one.status for one in done).items()))


def _stopped(sentence: str) -> None:
    err.print(f"Stopped: {sentence}")
    raise typer.Exit(_STOPPED)


def _count(done: Sequence[Pulled | Pushed], status: str) -> int:
    return sum(one.status == status for one in done)


def _line(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False))
