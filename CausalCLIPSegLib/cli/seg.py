"""The commands `causalclipseg seg ...`: show a DICOM-SEG, convert it to Slicer's .seg.nrrd and back, correct it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from CausalCLIPSegLib.cli.console import err, out, plain_table
from CausalCLIPSegLib.errors import OutputError, SegmentationError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from pydicom import Dataset

    from CausalCLIPSegLib.segmentation.segmentation import CodedSegment, Segmentation

app = typer.Typer(
    help="Show a DICOM-SEG of a radiograph, convert it to .seg.nrrd and back, write a correction.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_DICOM_EXTENSION, _NRRD_EXTENSION = ".dcm", ".seg.nrrd"
_MAX_VALUE_LENGTH = 200
"""Maximum number of characters of a parameter that `show` prints."""

ImageOption = Annotated[Path | None, typer.Option(help="The DICOM image that was segmented.")]
OutputOption = Annotated[Path | None, typer.Option(help="The file to write.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]


@app.command()
def show(file: Annotated[Path, typer.Argument(help="A DICOM-SEG.")]) -> None:
    """Show the segments of a DICOM-SEG and how they were made, without patient data."""
    from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg

    segmentation = read_dicom_seg(file)
    table = plain_table()
    for number, segment in enumerate(segmentation.segments, 1):
        table.add_row(f"Segment {number}", segment.label)
        table.add_row("", _describe(segment))
        table.add_row(
            "", f"{int(segment.mask.sum())} of {segment.mask.size} pixels ({100 * segment.mask.mean():.2f} %)"
        )
    for algorithm in dict.fromkeys(_algorithm_text(segment) for segment in segmentation.segments):
        table.add_row("Algorithm", algorithm)
    rows, columns = segmentation.shape
    table.add_row("Size", f"{columns} x {rows} pixels")
    table.add_row("Image", segmentation.source.sop_instance_uid if segmentation.source else "unknown")
    table.add_row("Series", f"{segmentation.series_instance_uid}, object {segmentation.instance_number}")
    table.add_row("Object", segmentation.sop_instance_uid)
    if segmentation.previous is not None:
        table.add_row("Corrects", segmentation.previous.sop_instance_uid)
    out.print(table)


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="A DICOM-SEG (.dcm) or a segmentation of 3D Slicer (.seg.nrrd).")],
    to: Annotated[
        Literal["dcm", "seg.nrrd"] | None, typer.Option(help="What to write; the other format if not given.")
    ] = None,
    image: ImageOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Convert a DICOM-SEG to .seg.nrrd, or a .seg.nrrd to a DICOM-SEG of the image --image.

    With --image, the .seg.nrrd is placed where Slicer shows the image; without it, where the DICOM-SEG says.
    Empty segments of a .seg.nrrd are left out of the DICOM-SEG.
    """
    from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
    from CausalCLIPSegLib.segmentation.nrrd_reader import read_segments
    from CausalCLIPSegLib.segmentation.source_image import new_segmentation

    is_nrrd = file.name.lower().endswith(".nrrd")
    if to == ("seg.nrrd" if is_nrrd else "dcm"):
        raise SegmentationError(f"{file.name} is already in that format.")
    path = _target(file, output, _DICOM_EXTENSION if is_nrrd else _NRRD_EXTENSION)
    _reject_target(path, file, image, force=force)
    if is_nrrd:
        if image is None:
            raise SegmentationError("A DICOM-SEG refers to an image; give it as --image FILE.")
        header, shape = _read_image(image)
        segments = read_segments(file, shape)
        if not any(segment.mask.any() for segment in segments):
            raise SegmentationError(f"Nothing is outlined in {file.name}, so there is no DICOM-SEG to write.")
        segmentation = new_segmentation(_without_empty(segments), header)
        _write_dicom(segmentation, header, path, force=force)
    else:
        segmentation = read_dicom_seg(file)
        _write_nrrd(segmentation, image, path, force=force)


@app.command()
def revise(
    previous: Annotated[Path, typer.Argument(help="The DICOM-SEG that was corrected.")],
    corrected: Annotated[Path, typer.Argument(help="The corrected segmentation as .seg.nrrd.")],
    image: Annotated[Path, typer.Option(help="The DICOM image that was segmented.")],
    editor: Annotated[str, typer.Option(help="Who corrected it; the name is stored in the file.")],
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Write a correction as the next instance of the same series; viewers show the last one."""
    from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
    from CausalCLIPSegLib.segmentation.nrrd_reader import read_segments
    from CausalCLIPSegLib.segmentation.revision import correct_segments, revise

    if output is not None:
        _reject_target(output, previous, corrected, image, force=force)
    original = read_dicom_seg(previous)
    header, _ = _read_image(image)
    segments = correct_segments(original, read_segments(corrected, original.shape))
    known = {segment.tracking_uid for segment in original.segments}
    revised = [segment for segment in segments if segment.tracking_uid in known]
    added = _without_empty([segment for segment in segments if segment.tracking_uid not in known])
    revision = revise(original, [*revised, *added], editor)
    path = output or previous.with_name(
        f"{previous.name.removesuffix(_DICOM_EXTENSION)}-{revision.instance_number}.dcm"
    )
    _write_dicom(revision, header, path, force=force)


def _read_image(image: Path) -> tuple[Dataset, tuple[int, int]]:
    """Return the header of a DICOM image, and its rows and columns, without reading the pixels."""
    from CausalCLIPSegLib.segmentation.source_image import read_source

    return read_source(image)


def _without_empty(segments: Sequence[CodedSegment]) -> tuple[CodedSegment, ...]:
    """Return the segments that are not empty, and print the names of the others, which viewers would list as findings.

    Do not leave out a segment that a correction has emptied: it says that an earlier finding was wrong.
    """
    for segment in segments:
        if not segment.mask.any():
            err.print(f"Left out, since nothing is outlined in it: {segment.label}.", soft_wrap=True)
    return tuple(segment for segment in segments if segment.mask.any())


def _target(file: Path, output: Path | None, extension: str) -> Path:
    stem = file.name.removesuffix(_NRRD_EXTENSION).removesuffix(_DICOM_EXTENSION)
    return output or file.with_name(stem + extension)


def _reject_target(path: Path, *inputs: Path | None, force: bool) -> None:
    """Check that a file can be written and is none of the inputs, before anything is read."""
    from CausalCLIPSegLib.atomic_files import reject_path

    if path.resolve() in {each.resolve() for each in inputs if each is not None}:
        raise OutputError(f"{path} is one of the files to read; give another name as --output FILE.")
    reject_path(path, force=force)


def _write_dicom(segmentation: Segmentation, header: Dataset, path: Path, *, force: bool) -> None:
    from CausalCLIPSegLib.atomic_files import write_file
    from CausalCLIPSegLib.segmentation.dicom_writer import encode, save

    dataset = encode(segmentation, header)
    write_file(path, lambda hidden: save(dataset, hidden), force=force)
    out.print(str(path), soft_wrap=True)


def _write_nrrd(segmentation: Segmentation, image: Path | None, path: Path, *, force: bool) -> None:
    from CausalCLIPSegLib.atomic_files import write_file
    from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments

    affine = segmentation.affine if image is None else _affine(segmentation, image)
    segments = segmentation.segments
    write_file(path, lambda hidden: write_segments(segments, segmentation.shape, affine, hidden), force=force)
    out.print(str(path), soft_wrap=True)


def _affine(segmentation: Segmentation, image: Path) -> npt.NDArray[np.float64]:
    """Return the affine of the image in Slicer, 4 x 4, LPS mm; check that it is the image that was segmented."""
    from CausalCLIPSegLib.radiograph.dicom_geometry import affine
    from CausalCLIPSegLib.segmentation.source_image import reject_other_source

    header, shape = _read_image(image)
    reject_other_source(segmentation.source, segmentation.shape, header, shape)
    return affine(header)


def _describe(segment: CodedSegment) -> str:
    place = [code.meaning for code in (segment.laterality, segment.region) if code]
    kind = f"{segment.type.meaning} ({segment.type.value} {segment.type.scheme})"
    return ", ".join([kind, " ".join(place).lower() or "unknown place", segment.algorithm_type.lower()])


def _algorithm_text(segment: CodedSegment) -> str:
    from CausalCLIPSegLib.segmentation.checks import one_line

    if segment.algorithm is None:
        return "unknown: drawn by hand, or by another program"
    algorithm = segment.algorithm
    values = {
        name: one_line(value, _MAX_VALUE_LENGTH) for name, value in algorithm.parameters.items() if name != "note"
    }
    if "note" in algorithm.parameters:
        values["note"] = "in the file, not shown here"
    parameters = [f"{one_line(name)}: {value}" for name, value in values.items()]
    return "; ".join([f"{algorithm.name} {algorithm.version}", *parameters])
