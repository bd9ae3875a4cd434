"""The commands `causalclipseg pacs ...`: find, fetch and store DICOM files in an archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import typer

from CausalCLIPSegLib.cli.console import err, out, print_json_line
from CausalCLIPSegLib.cli.options import JsonOption
from CausalCLIPSegLib.cli.run import SOME_FAILED, STOPPED
from CausalCLIPSegLib.errors import CausalCLIPSegError, PacsError, reason_of
from CausalCLIPSegLib.regular_files import check_regular

if TYPE_CHECKING:
    from CausalCLIPSegLib.pacs.archive import Pacs
    from CausalCLIPSegLib.pacs.pull import Pulled
    from CausalCLIPSegLib.pacs.push import Pushed
    from CausalCLIPSegLib.pacs.query import Match

Outcome = TypeVar("Outcome", "Pulled", "Pushed")

app = typer.Typer(
    help="Find, fetch and store DICOM files in a hospital's archive, by DICOMweb or DIMSE.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ArchiveOption = Annotated[
    str | None,
    typer.Option(
        help="An archive of pacs.toml, or https://HOST/PATH, or dicom://HOST:PORT/AETITLE. Credentials come from "
        "pacs.toml or the environment; see docs/pacs.md."
    ),
]
PatientIdOption = Annotated[
    str | None, typer.Option(help="Patient ID as stored in the archive; * and ? stand for any characters.")
]
PatientNameOption = Annotated[str | None, typer.Option(help="Patient name as FAMILY^GIVEN; * and ? as above.")]
AccessionOption = Annotated[str | None, typer.Option(help="Accession number.")]
DateOption = Annotated[
    str | None, typer.Option(help="YYYYMMDD, or a range YYYYMMDD-YYYYMMDD; one of the two dates may be left out.")
]
ModalityOption = Annotated[str | None, typer.Option(help="Modality, such as CR, DX or SEG.")]
StudyOption = Annotated[str | None, typer.Option(help="UID of a study.")]
SeriesOption = Annotated[str | None, typer.Option(help="UID of a series.")]
InstanceOption = Annotated[str | None, typer.Option(help="UID of an instance.")]


@app.command()
def check(archive: ArchiveOption = None) -> None:
    """Check that the archive answers and grants access (C-ECHO, or one QIDO-RS query)."""
    with _connected(archive, "Asking") as (pacs, _):
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
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of matches.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List studies, series or instances in the archive."""
    from CausalCLIPSegLib.pacs.query import Query, search

    query = Query(patient_id, patient_name, accession, study_date, modality, study, series, instance)
    with _connected(archive, "Looking") as (pacs, _):
        matches = search(pacs, query, level, limit + 1)
    if len(matches) > limit:
        err.print(f"There are more than {limit} matches; narrow the query, or raise --limit.")
    if as_json:
        for match in matches[:limit]:
            print_json_line(match.to_dict())
    elif not matches:
        out.print("Nothing matches.")
    else:
        _print_matches(matches[:limit], level)


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
    image: Annotated[Path | None, typer.Option(help="A DICOM file whose UIDs to use instead.")] = None,
    with_segmentations: Annotated[
        bool, typer.Option("--with-segmentations", help="Also fetch the segmentations that refer to these images.")
    ] = False,
    only_segmentations: Annotated[
        bool, typer.Option("--only-segmentations", help="Fetch only the segmentations that refer to these images.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare existing files with the archive, byte by byte.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that differ or are damaged.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch images, and the segmentations that refer to them, into a folder. Existing files are not fetched again."""
    from CausalCLIPSegLib.atomic_files import claimed
    from CausalCLIPSegLib.pacs.folder import LONGEST_NAME
    from CausalCLIPSegLib.pacs.pull import pull as pull_images
    from CausalCLIPSegLib.pacs.pull import pull_segmentations
    from CausalCLIPSegLib.pacs.query import Query, search

    with claimed(output, [LONGEST_NAME]):
        pass  # checks that files can be written there, before anything is fetched; each appears on its own
    if with_segmentations and only_segmentations:
        raise CausalCLIPSegError("Give either --with-segmentations or --only-segmentations.")
    if image is not None:
        if study or series or instance:
            raise CausalCLIPSegError("Give either --image or UIDs.")
        study, series, instance = _read_uids(image)
    query = Query(patient_id, None, accession, study_date, modality, study, series, instance)
    outcomes: list[Pulled] = []
    try:
        with _connected(archive, "Looking") as (pacs, status):
            images = search(pacs, query, "instance")
            if not images:
                raise PacsError("Nothing in the archive matches.")
            if not only_segmentations:
                pulled = pull_images(pacs, images, output, force=force, verify=verify, progress=status.update)
                _collect(pulled, outcomes, as_json=as_json)
            if with_segmentations or only_segmentations:
                pulled = pull_segmentations(pacs, images, output, force=force, progress=status.update)
                known = {outcome.instance for outcome in outcomes}
                new = (outcome for outcome in pulled if outcome.instance not in known)
                _collect(new, outcomes, as_json=as_json)
    except KeyboardInterrupt:
        _stop(f"{_count(outcomes, 'fetched')} fetched; all of these files are complete.")
    if not as_json:
        _print_outcomes(outcomes)
        if not outcomes:
            out.print("No segmentation in the archive refers to these images.")
    if any(outcome.status in ("failed", "not tried") for outcome in outcomes):
        raise typer.Exit(SOME_FAILED)


@app.command()
def push(
    paths: Annotated[list[Path], typer.Argument(help="DICOM files, or folders with DICOM files.")],
    archive: ArchiveOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store DICOM files in the archive. Files that it has are not sent again, so a failed run can be repeated."""
    from CausalCLIPSegLib.pacs.push import find_files
    from CausalCLIPSegLib.pacs.push import push as push_files

    files = find_files(paths)
    outcomes: list[Pushed] = []
    try:
        with _connected(archive, "Storing") as (pacs, status):
            _collect(push_files(pacs, files, status.update), outcomes, as_json=as_json)
    except KeyboardInterrupt:
        _stop(f"{_count(outcomes, 'stored')} stored; the same command continues.")
    if not as_json:
        _print_outcomes(outcomes)
    if not all(outcome.is_in_archive for outcome in outcomes):
        raise typer.Exit(SOME_FAILED)


@contextmanager
def _connected(name: str | None, activity: str) -> Iterator[tuple[Pacs, Any]]:
    """Yield the archive, and a status line on stderr; call its `update` to show what happens."""
    from CausalCLIPSegLib.pacs import connect
    from CausalCLIPSegLib.pacs.configuration import find_archive

    archive, warnings = find_archive(name)
    for warning in warnings:
        err.print(warning)
    with err.status(activity) as status, connect(archive) as pacs:
        yield pacs, status


def _read_uids(image: Path) -> tuple[str, str, str]:
    """Return the UIDs of study, series and instance of a DICOM file."""
    from CausalCLIPSegLib.privacy import silence_libraries

    try:
        with silence_libraries():
            from CausalCLIPSegLib.radiograph.dicom_header import read_header

            check_regular(image)
            header = read_header(image)
            return str(header.StudyInstanceUID), str(header.SeriesInstanceUID), str(header.SOPInstanceUID)
    except OSError as error:
        raise CausalCLIPSegError(f"The image {image} cannot be read: {reason_of(error)}.") from error
    except Exception as error:  # whatever pydicom raises for damaged files and for files that are not DICOM
        raise CausalCLIPSegError(f"{image} is not a DICOM file with UIDs.") from error


def _collect(transfer: Iterable[Outcome], outcomes: list[Outcome], *, as_json: bool) -> None:
    """Append each outcome as soon as it is known, so that a stopped command can count them; print it if `as_json`."""
    for outcome in transfer:
        outcomes.append(outcome)
        if as_json:
            document = {"instance": outcome.instance, "status": outcome.status, "file": str(outcome.file)}
            print_json_line(document | ({"reason": outcome.reason} if outcome.reason else {}))


def _print_matches(matches: list[Match], level: str) -> None:
    """Print each match in columns, and its UID, which is too long for a column, on the next line."""
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


def _print_outcomes(outcomes: Sequence[Pulled | Pushed]) -> None:
    for outcome in outcomes:
        reason = f" ({outcome.reason})" if outcome.reason else ""
        out.print(f"{outcome.status}: {outcome.file}{reason}", soft_wrap=True)
    if outcomes:
        counts = Counter(outcome.status for outcome in outcomes)
        out.print(", ".join(f"{count} {status}" for status, count in counts.items()))


def _stop(message: str) -> NoReturn:
    err.print(f"Stopped: {message}")
    raise typer.Exit(STOPPED)


def _count(outcomes: Sequence[Pulled | Pushed], status: str) -> int:
    return sum(outcome.status == status for outcome in outcomes)
