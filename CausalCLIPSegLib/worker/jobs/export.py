"""Answer "export": write the segments of a scene as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.atomic_files import staged_files
from CausalCLIPSegLib.errors import (
    OutputError,
    RadiographError,
)
from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import choose_side, parse_note
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.radiograph.array import load_values
from CausalCLIPSegLib.result import Provenance, Segment, SegmentationResult
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.images import read_image
from CausalCLIPSegLib.worker.jobs.progress import ProgressCallback

if TYPE_CHECKING:
    from CausalCLIPSegLib.segmentation.segmentation import AlgorithmType, CodedSegment

FILES: dict[protocol.Format, str] = {
    "dicom-seg": "segmentation.dcm",
    "seg-nrrd": "segmentation.seg.nrrd",
    "picture": "overlay.png",
}
"""What can be exported, and what the file is called."""


def export(request: protocol.ExportRequest, begin: ProgressCallback) -> protocol.ExportResult:
    """Write the segments as they stand in the scene.

    Raises:
        CausalCLIPSegError: the film or a mask cannot be used, a format is not for this film, or the output cannot be
            written.
    """
    begin("Reading the radiograph", 0)
    film = read_image(request.image, request.mirrored)
    begin("Reading the segments", 0.2)
    result = _scene_result(request, film)
    writers = _writers(request, result)
    names = {each: FILES[each] for each in request.formats}
    with staged_files(request.output, list(names.values()), force=request.force) as stage:
        for number, (each, name) in enumerate(names.items()):
            begin("Writing the files", 0.4 + 0.6 * number / len(names))
            writers[each](stage / name)
        begin("Writing the files", 1)
    return protocol.ExportResult(id=request.id, files={each: request.output / name for each, name in names.items()})


def _writers(
    request: protocol.ExportRequest, result: SegmentationResult
) -> dict[protocol.Format, Callable[[Path], None]]:
    """Return what writes each format.

    Raises:
        CausalCLIPSegError: one that is asked for is not for this film.
    """
    from CausalCLIPSegLib.export import segmentation_files, write_overlay, write_seg_nrrd
    from CausalCLIPSegLib.segmentation.nrrd import write_segments  # they take their time

    if "dicom-seg" in request.formats and (reason := segmentation_files.missing_dicom_seg_reason(result)):
        raise OutputError(reason)
    types = {each.id: _algorithm_type(each) for each in request.segments}

    def marked(segments: tuple[CodedSegment, ...]) -> tuple[CodedSegment, ...]:
        return tuple(
            replace(coded, algorithm_type="MANUAL", algorithm=None)
            if types[segment.identifier] == "MANUAL"
            else replace(coded, algorithm_type=types[segment.identifier])
            for coded, segment in zip(segments, result.segments, strict=True)
        )

    def write_dicom(path: Path) -> None:
        from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
        from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
        from CausalCLIPSegLib.segmentation.revision import next_revision

        assert result.radiograph.header is not None, "missing_dicom_seg_reason has asked"
        content = segmentation_files.segmentation_of(result, with_note=request.with_note)
        content = replace(content, segments=marked(content.segments))
        if request.previous is not None:
            previous = read_dicom_seg(request.previous)
            content = next_revision(previous, content, request.editor, request.instance_number)
        save(encode(content, result.radiograph.header), path)

    def write_nrrd(path: Path) -> None:
        segments = marked(segmentation_files.coded_segments(result, with_note=False))
        rows, columns = result.radiograph.pixels.shape
        if segments:
            write_segments(segments, (rows, columns), result.radiograph.affine, path)
        else:
            write_seg_nrrd(result, path)

    return {
        "dicom-seg": write_dicom,
        "seg-nrrd": write_nrrd,
        "picture": lambda path: write_overlay(result, path),
    }


def _algorithm_type(segment: protocol.ExportSegment) -> AlgorithmType:
    return segment.algorithm_type or ("SEMIAUTOMATIC" if segment.corrected else "AUTOMATIC")


def _scene_result(request: protocol.ExportRequest, film: Radiograph) -> SegmentationResult:
    """Return the segments of a scene as a result, with what led to them."""
    scene = tuple(_scene_segment(each, film) for each in request.segments)
    segments = tuple(each for each in scene if each.mask.any())
    union = np.zeros(film.pixels.shape, dtype=bool)
    for each in segments:
        union |= each.mask
    probability = union.astype(np.float32)
    if request.probability is not None:
        probability = load_values(request.probability).astype(np.float32)
        if probability.shape != union.shape:
            raise RadiographError("The probabilities are those of another film: their size differs.")
    # where a person has corrected the outline, the correction is what is sure
    probability = np.where((probability >= request.threshold) == union, probability, union.astype(np.float32))
    provenance = request.provenance
    expression = parse_note(request.note, request.laterality, request.language)
    return SegmentationResult(
        radiograph=film,
        note=request.note,
        expression=expression if request.side is None else choose_side(expression, request.side),
        prompt=request.prompt,
        laterality=request.prompt_laterality,
        probability=probability,
        threshold=request.threshold,
        causal_attention=np.ones(film.pixels.shape, dtype=np.float32),
        segments=segments,
        provenance=Provenance(
            provenance.checkpoint.name,
            provenance.checkpoint.version,
            provenance.checkpoint.sha256,
            provenance.device,
            provenance.version,
            provenance.seconds,
        ),
    )


def _scene_segment(segment: protocol.ExportSegment, film: Radiograph) -> Segment:
    mask = load_values(segment.mask) != 0
    if mask.ndim == 3 and mask.shape[0] == 1:
        mask = mask[0]
    if mask.shape != film.pixels.shape:
        raise RadiographError(f"The segment “{segment.name}” is that of another film: its size differs.")
    side = segment.side or _side_of(mask, mirrored=bool(film.mirrored))
    return Segment(segment.id, segment.name, side, mask, segment.color, segment.kind)


def _side_of(mask: npt.NDArray[np.bool_], *, mirrored: bool) -> Side:
    parts = split_by_side(mask, mirrored=mirrored)
    return "left" if parts["left"].sum() > parts["right"].sum() else "right"
