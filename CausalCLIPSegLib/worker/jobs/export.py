"""Answer "export": write the segments of a scene as files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.atomic_files import staged_files
from CausalCLIPSegLib.errors import CausalCLIPSegError, OutputError, RadiographError
from CausalCLIPSegLib.laterality import Side, note_laterality
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import choose_side, parse_note
from CausalCLIPSegLib.notes.findings import finding_in
from CausalCLIPSegLib.privacy import public_message, safe_traceback
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.radiograph.array import load_values
from CausalCLIPSegLib.result import Provenance, Segment, SegmentationResult, WordWeight
from CausalCLIPSegLib.segmentation.coding import code_segment, network_algorithm
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.arrays import load_probability
from CausalCLIPSegLib.worker.jobs.images import read_image
from CausalCLIPSegLib.worker.jobs.progress import ProgressCallback

if TYPE_CHECKING:
    from CausalCLIPSegLib.segmentation.segmentation import Algorithm, AlgorithmType, CodedSegment

log = logging.getLogger(__name__)

FILES: dict[protocol.Format, str] = {
    "dicom-seg": "segmentation.dcm",
    "seg-nrrd": "segmentation.seg.nrrd",
    "picture": "overlay.png",
}
"""File name of each format."""

_Segments = list[tuple[protocol.ExportSegment, npt.NDArray[np.bool_]]]
"""Segments of the request, each with its mask: bool, rows x columns of the radiograph."""


def export(request: protocol.ExportRequest, begin: ProgressCallback) -> protocol.ExportResult:
    """Write the segments as they are in the scene, except segments with an empty mask; return the files.

    A DICOM-SEG that cannot be written, for example because of an odd header, costs only itself if other formats are
    requested too.

    Raises:
        CausalCLIPSegError: the radiograph or a mask cannot be used, the radiograph does not allow a format, or the
            output cannot be written.
    """
    begin("Reading the radiograph", 0)
    radiograph = read_image(request.image, request.mirrored)
    begin("Reading the segments", 0.2)
    masks = [_read_mask(segment, radiograph) for segment in request.segments]
    segments = [(segment, mask) for segment, mask in zip(request.segments, masks, strict=True) if mask.any()]
    writers = _writers(request, radiograph, segments)
    formats = list(dict.fromkeys(request.formats))
    names = [FILES[format_] for format_ in formats]
    missing: dict[protocol.Format, str] = {}
    with staged_files(request.output, names, force=request.force) as stage:
        for number, format_ in enumerate(formats):
            begin("Writing the files", 0.4 + 0.6 * number / len(formats))
            path = stage / FILES[format_]
            try:
                writers[format_](path)
            except Exception as error:
                if format_ != "dicom-seg" or len(formats) == 1 or isinstance(error, OSError | MemoryError):
                    raise
                log.debug(safe_traceback(error))
                path.unlink(missing_ok=True)
                names.remove(path.name)
                missing[format_] = str(error) if isinstance(error, CausalCLIPSegError) else public_message(error)
        begin("Writing the files", 1)
    files = {format_: request.output / FILES[format_] for format_ in formats if format_ not in missing}
    return protocol.ExportResult(id=request.id, files=files, missing=missing)


def _writers(
    request: protocol.ExportRequest, radiograph: Radiograph, segments: _Segments
) -> dict[protocol.Format, Callable[[Path], None]]:
    """Return the function that writes each format.

    Raises:
        CausalCLIPSegError: the radiograph or the segments do not allow a requested format.
    """
    from CausalCLIPSegLib.export import write_overlay  # these imports are slow
    from CausalCLIPSegLib.export.segmentation_files import empty_segment
    from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments
    from CausalCLIPSegLib.segmentation.source_image import missing_segmentation_reason, new_segmentation

    header = radiograph.header
    if "dicom-seg" in request.formats and (reason := missing_segmentation_reason(header, segments)):
        raise OutputError(reason)

    def write_dicom(path: Path) -> None:
        from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
        from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
        from CausalCLIPSegLib.segmentation.revision import next_revision

        assert header is not None, "missing_segmentation_reason has checked the header"
        algorithm = _algorithm(request, with_note=request.with_note)
        segmentation = new_segmentation(_code_segments(segments, radiograph, algorithm), header)
        if request.previous is not None:
            previous = read_dicom_seg(request.previous)
            segmentation = next_revision(previous, segmentation, request.editor, request.instance_number)
        save(encode(segmentation, header), path)

    def write_nrrd(path: Path) -> None:
        rows, columns = radiograph.pixels.shape
        algorithm = _algorithm(request, with_note=False)  # .seg.nrrd files are shared
        coded = _code_segments(segments, radiograph, algorithm) or (empty_segment((rows, columns), algorithm),)
        write_segments(coded, (rows, columns), radiograph.affine, path, radiograph.turn)

    writers: dict[protocol.Format, Callable[[Path], None]] = {"dicom-seg": write_dicom, "seg-nrrd": write_nrrd}
    if "picture" in request.formats:
        result = _overlay_result(request, radiograph, segments)
        writers["picture"] = lambda path: write_overlay(result, path)
    return writers


def _code_segments(segments: _Segments, radiograph: Radiograph, algorithm: Algorithm) -> tuple[CodedSegment, ...]:
    from CausalCLIPSegLib.segmentation.source_image import image_uid

    return tuple(
        code_segment(
            identifier=segment.id,
            name=segment.name,
            side=_side(segment, mask, radiograph),
            kind=segment.kind,
            color=segment.color,
            mask=mask,
            algorithm_type=_algorithm_type(segment),
            algorithm=algorithm,
            image_uid=image_uid(radiograph.header),
        )
        for segment, mask in segments
    )


def _algorithm(request: protocol.ExportRequest, *, with_note: bool) -> Algorithm:
    checkpoint = request.provenance.checkpoint
    return network_algorithm(
        checkpoint_name=checkpoint.name,
        checkpoint_version=checkpoint.version,
        checkpoint_sha256=checkpoint.sha256,
        architecture=checkpoint.architecture,
        program_version=request.provenance.version,
        threshold=request.threshold,
        prompt=request.prompt,
        laterality=request.prompt_laterality,
        note=request.note if with_note else None,
    )


def _algorithm_type(segment: protocol.ExportSegment) -> AlgorithmType:
    return segment.algorithm_type or ("SEMIAUTOMATIC" if segment.corrected else "AUTOMATIC")


def _side(segment: protocol.ExportSegment, mask: npt.NDArray[np.bool_], radiograph: Radiograph) -> Side:
    """Return the patient's side of a segment; if the request does not give it, the side with most of the mask."""
    if segment.side is not None:
        return segment.side
    halves = split_by_side(mask, mirrored=bool(radiograph.mirrored))
    return "left" if halves["left"].sum() > halves["right"].sum() else "right"


def _read_mask(segment: protocol.ExportSegment, radiograph: Radiograph) -> npt.NDArray[np.bool_]:
    values = load_values(segment.mask)
    if values.dtype.kind not in "biuf" or np.isnan(values).any():
        raise RadiographError(f"The mask of the segment “{segment.name}” does not hold numbers.")
    mask = values != 0
    if mask.ndim == 3 and mask.shape[0] == 1:
        mask = mask[0]
    if mask.shape != radiograph.pixels.shape:
        raise RadiographError(f"The segment “{segment.name}” belongs to another radiograph: its size differs.")
    return mask


def _overlay_result(
    request: protocol.ExportRequest, radiograph: Radiograph, segments: _Segments
) -> SegmentationResult:
    """Return the segments as a result for `write_overlay`, without an attention map."""
    union = np.zeros(radiograph.pixels.shape, dtype=bool)
    for _, mask in segments:
        union |= mask
    probability = union.astype(np.float32)
    if request.probability is not None:
        probability = load_probability(request.probability).astype(np.float32)
        if probability.shape != union.shape:
            raise RadiographError("The probability map belongs to another radiograph: its size differs.")
    # where a person has corrected the mask, the probability is 0 or 1
    probability = np.where((probability >= request.threshold) == union, probability, union.astype(np.float32))
    laterality = note_laterality(request.laterality, request.mirrored)
    expression = parse_note(request.note, laterality, request.language, [finding_in(request.prompt)])
    checkpoint = request.provenance.checkpoint
    return SegmentationResult(
        radiograph=radiograph,
        note=request.note,
        expression=expression if request.side is None else choose_side(expression, request.side),
        prompt=request.prompt,
        laterality=request.prompt_laterality,
        probability=probability,
        threshold=request.threshold,
        network_attention=np.ones((1, 1), dtype=np.float32),
        segments=tuple(
            Segment(segment.id, segment.name, _side(segment, mask, radiograph), mask, segment.color, segment.kind)
            for segment, mask in segments
        ),
        provenance=Provenance(
            checkpoint.name,
            checkpoint.version,
            checkpoint.sha256,
            request.provenance.device,
            request.provenance.version,
            request.provenance.seconds,
            request.provenance.engine,
            architecture=checkpoint.architecture,
        ),
        words=tuple(WordWeight(each.word, each.weight, tuple(each.spans)) for each in request.words),
    )
