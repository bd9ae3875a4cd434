"""The commands `causalclipseg seg ...`: show a DICOM-SEG, turn it into Slicer's .seg.nrrd and back, correct it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from CausalCLIPSegLib.errors import SegmentationError

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
out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)

DICOM_ENDING, NRRD_ENDING = ".dcm", ".seg.nrrd"
_MOST_SHOWN = 200

ImageOption = Annotated[Path | None, typer.Option(help="The DICOM film that the outlines belong to.")]
OutputOption = Annotated[Path | None, typer.Option(help="The file to write.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]


@app.command()
def show(file: Annotated[Path, typer.Argument(help="A DICOM-SEG.")]) -> None:
    """Tell what a DICOM-SEG outlines, and what it was made with; nothing of the patient."""
    from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg

    found = read_dicom_seg(file)
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for number, segment in enumerate(found.segments, 1):
        table.add_row(f"Segment {number}", segment.label)
        table.add_row("", _describe(segment))
        table.add_row(
            "", f"{int(segment.mask.sum())} of {segment.mask.size} pixels ({100 * segment.mask.mean():.2f} %)"
        )
    for text in dict.fromkeys(_say_algorithm(segment) for segment in found.segments):
        table.add_row("Made", text)
    rows, columns = found.shape
    table.add_row("Size", f"{columns} x {rows} pixels")
    table.add_row("Film", found.source.sop_instance_uid if found.source else "not said")
    table.add_row("Series", f"{found.series_instance_uid}, object {found.instance_number}")
    table.add_row("Object", found.sop_instance_uid)
    if found.previous is not None:
        table.add_row("Corrects", found.previous.sop_instance_uid)
    out.print(table)


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(help="A DICOM-SEG (.dcm) or a segmentation of 3D Slicer (.seg.nrrd).")],
    to: Annotated[
        Literal["dcm", "seg.nrrd"] | None, typer.Option(help="What to write; the other one if not given.")
    ] = None,
    image: ImageOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Convert a DICOM-SEG to .seg.nrrd, or a .seg.nrrd to a DICOM-SEG of the film --image.

    With --image a .seg.nrrd lies where Slicer puts the film; without, on the plane that the DICOM-SEG names. Segments
    of a .seg.nrrd in which nothing is outlined are left out of the DICOM-SEG.
    """
    from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
    from CausalCLIPSegLib.segmentation.nrrd import read_segments, segmentation_from_segments

    is_nrrd = file.name.lower().endswith(".nrrd")
    if to == ("seg.nrrd" if is_nrrd else "dcm"):
        raise SegmentationError(f"{file.name} is of that kind already.")
    if is_nrrd:
        if image is None:
            raise SegmentationError("A DICOM-SEG refers to a film; give it as --image FILM.")
        header, shape = _film(image)
        segments = read_segments(file, shape)
        if not any(segment.mask.any() for segment in segments):
            raise SegmentationError(f"Nothing is outlined in {file.name}, so there is no DICOM-SEG to write.")
        segmentation = segmentation_from_segments(_outlined(segments), header)
        _write_dicom(segmentation, header, _target(file, output, DICOM_ENDING), force=force)
    else:
        segmentation = read_dicom_seg(file)
        _write_nrrd(segmentation, image, _target(file, output, NRRD_ENDING), force=force)


@app.command()
def revise(
    previous: Annotated[Path, typer.Argument(help="The DICOM-SEG that was corrected.")],
    corrected: Annotated[Path, typer.Argument(help="The corrected segmentation as .seg.nrrd.")],
    image: Annotated[Path, typer.Option(help="The DICOM film that the outlines belong to.")],
    editor: Annotated[str, typer.Option(help="Who corrected it; the name goes into the file.")],
    output: OutputOption = None,
    force: ForceOption = False,
) -> None:
    """Write a correction as the next object of the same series; viewers show the last one."""
    from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
    from CausalCLIPSegLib.segmentation.nrrd import read_segments
    from CausalCLIPSegLib.segmentation.revision import revise, sort_segments

    before = read_dicom_seg(previous)
    header, _ = _film(image)
    masks, added = sort_segments(before, read_segments(corrected, before.shape))
    after = revise(before, masks, editor, _outlined(added))
    path = output or previous.with_name(f"{previous.name.removesuffix(DICOM_ENDING)}-{after.instance_number}.dcm")
    _write_dicom(after, header, path, force=force)


def _film(image: Path) -> tuple[Dataset, tuple[int, int]]:
    """Return header and size of a film, by its header alone."""
    from CausalCLIPSegLib.segmentation.source_image import read_source

    return read_source(image)


def _outlined(segments: Sequence[CodedSegment]) -> tuple[CodedSegment, ...]:
    """Return the segments that outline something, and tell of the others: viewers would list them as findings.

    A segment that a correction has emptied is another matter: it says that a finding of before is none.
    """
    for segment in segments:
        if not segment.mask.any():
            err.print(f"Left out, since nothing is outlined in it: {segment.label}.", soft_wrap=True)
    return tuple(segment for segment in segments if segment.mask.any())


def _target(file: Path, output: Path | None, ending: str) -> Path:
    return output or file.with_name(file.name.removesuffix(NRRD_ENDING).removesuffix(DICOM_ENDING) + ending)


def _write_dicom(segmentation: Segmentation, header: Dataset, path: Path, *, force: bool) -> None:
    from CausalCLIPSegLib.atomic_files import write_file
    from CausalCLIPSegLib.segmentation.dicom_writer import encode, save

    dataset = encode(segmentation, header)
    write_file(path, lambda hidden: save(dataset, hidden), force=force)
    out.print(str(path), soft_wrap=True)


def _write_nrrd(segmentation: Segmentation, image: Path | None, path: Path, *, force: bool) -> None:
    from CausalCLIPSegLib.atomic_files import write_file
    from CausalCLIPSegLib.segmentation.nrrd import write_segments

    affine = segmentation.affine if image is None else _affine(segmentation, image)
    segments = segmentation.segments
    write_file(path, lambda hidden: write_segments(segments, segmentation.shape, affine, hidden), force=force)
    out.print(str(path), soft_wrap=True)


def _affine(segmentation: Segmentation, image: Path) -> npt.NDArray[np.float64]:
    """Return where Slicer places the film, after checking that it is the one that was outlined."""
    from CausalCLIPSegLib.radiograph.dicom_geometry import affine
    from CausalCLIPSegLib.segmentation.source_image import reject_other_source

    header, shape = _film(image)
    reject_other_source(segmentation.source, segmentation.shape, header, shape)
    return affine(header)


def _describe(segment: CodedSegment) -> str:
    place = [code.meaning for code in (segment.laterality, segment.region) if code]
    kind = f"{segment.type.meaning} ({segment.type.value} {segment.type.scheme})"
    return ", ".join([kind, " ".join(place).lower() or "place not said", segment.algorithm_type.lower()])


def _say_algorithm(segment: CodedSegment) -> str:
    from CausalCLIPSegLib.segmentation.source_image import one_line

    if segment.algorithm is None:
        return "by hand, or it is not said by what"
    made = segment.algorithm
    words = {name: one_line(value, _MOST_SHOWN) for name, value in made.parameters.items() if name != "note"}
    if "note" in made.parameters:
        words["note"] = "in the file, not shown here"
    said = [f"{made.name} {made.version}", *(f"{one_line(name)}: {value}" for name, value in words.items())]
    return "; ".join(said)
