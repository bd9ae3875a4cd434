"""Segments on a radiograph in a MRML scene: show them, apply another threshold, read them back, detect corrections.

Tags of each segment of a result hold its side, its kind, its provenance, the threshold of its mask, and a digest of
the mask. The digest shows whether a person has corrected the mask, even after saving, loading and undoing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib import colors
from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.scene.coded_segments import (
    algorithm_of_result,
    code_described_segments,
    segment_tag,
    set_tags,
    tag_segment,
    terminology_entry,
)
from CausalCLIPSegLib.scene.volumes import Result, check_same_shape, image_shape, place_beside, reference_volume
from CausalCLIPSegLib.scene.vtk_arrays import (
    empty_image,
    fill_voxels,
    has_same_geometry,
    overlapping_voxels,
    resample_to_radiograph,
)
from CausalCLIPSegLib.segmentation.coding import tags_of_algorithm, to_number
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment
from CausalCLIPSegLib.segmentation.tags import ALGORITHM_TYPE_TAG, DIGEST_TAG, KIND_TAG, SIDE_TAG, THRESHOLD_TAG

if TYPE_CHECKING:
    from slicer import vtkMRMLScene, vtkMRMLSegmentationNode, vtkMRMLVolumeNode, vtkSegment

Mask = npt.NDArray[np.bool_]
"""Mask of a segment, rows x columns of the radiograph."""

_COLORS = tuple(map(colors.to_unit_rgb, (colors.ORANGE, colors.SKY_BLUE, colors.GREEN, colors.PURPLE)))
"""Colors, in turn, for segments whose file specifies none."""

FILL_OPACITY = 0.15
"""Opacity of the inside of an outline: the finding under it stays visible, which Slicer's own 0.5 prevents."""

_OUTLINE_PIXELS = 2


def show_result(
    scene: vtkMRMLScene,
    volume: vtkMRMLVolumeNode,
    result: Result,
    name: str = "CausalCLIPSeg",
    into: vtkMRMLSegmentationNode | None = None,
) -> vtkMRMLSegmentationNode:
    """Show the segments of a result on the radiograph, in a new node beside it in the subject hierarchy.

    Args:
        scene: holds the volume.
        volume: the radiograph, of `result["rows"]` x `result["columns"]` pixels.
        result: of the worker, with its files.
        name: of the new node.
        into: a segmentation of this radiograph that gets the segments instead of a new node; see `make_room`.

    Raises:
        ValueError: the result belongs to another radiograph.
        OSError: a file of the result is missing.
    """
    check_same_shape(volume, result)
    masks = {segment["id"]: load_mask(segment["mask"]) for segment in result["segments"]}
    segmentation = new_segmentation(scene, volume, name) if into is None else into
    for segment in result["segments"]:
        add_result_segment(segmentation, segment, result)
        set_mask(segmentation, segment["id"], volume, masks[segment["id"]], original=True)
        _set_threshold(segmentation, segment["id"], result["threshold"])
    place_beside(scene, segmentation, volume)
    return segmentation


def make_room(segmentation: vtkMRMLSegmentationNode, volume: vtkMRMLVolumeNode, result: Result) -> dict[str, Any]:
    """Prepare a segmentation for the segments of a result: remove those of an earlier one, and keep all others.

    Segments that a person has drawn or corrected are kept.

    Args:
        segmentation: of this radiograph, or empty and of none.
        volume: the radiograph.
        result: of the worker.

    Returns:
        The result, with other identifiers for segments whose identifiers are taken.
    """
    if reference_volume(segmentation) is None:
        _refer(segmentation, volume)
    segments = segmentation.GetSegmentation()
    for identifier in segments.GetSegmentIDs():
        of_result = segment_tag(segments.GetSegment(identifier), THRESHOLD_TAG) is not None
        if of_result and not is_corrected(segmentation, identifier, volume):
            segments.RemoveSegment(identifier)

    def renamed(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**each, "id": segments.GenerateUniqueSegmentID(each["id"])} for each in found]

    return {**result, **{key: renamed(result.get(key, ())) for key in ("segments", "possible", "not_in_note")}}


def show_segments(
    scene: vtkMRMLScene, volume: vtkMRMLVolumeNode, segments: Sequence[CodedSegment], name: str
) -> vtkMRMLSegmentationNode:
    """Show the segments of a file on the radiograph, in a new node.

    The segments are placed by row and column, wherever the volume lies. Each has its tracking ID as its identifier.

    Args:
        scene: holds the volume.
        volume: the radiograph; the masks have its shape.
        segments: of one file.
        name: of the new node.

    Raises:
        ValueError: a mask has another shape.
    """
    if any(segment.mask.shape != image_shape(volume) for segment in segments):
        raise ValueError("The segmentation has another size than the radiograph.")
    segmentation = new_segmentation(scene, volume, name)
    for number, coded in enumerate(segments):
        identifier = segmentation.GetSegmentation().GenerateUniqueSegmentID(
            coded.tracking_id or f"segment_{number + 1}"
        )
        segment = _add_segment(segmentation, identifier, coded.label, coded.color or _COLORS[number % len(_COLORS)])
        tag_segment(segment, coded)
        set_mask(segmentation, identifier, volume, coded.mask, original=True)
    return segmentation


def rethreshold(
    segmentation: vtkMRMLSegmentationNode,
    volume: vtkMRMLVolumeNode,
    result: Result,
    probability: npt.NDArray[np.floating],
    threshold: float,
) -> list[str]:
    """Apply another threshold to the probability map of a result, and update its segments.

    A segment that becomes empty stays. A side without a segment gets one as soon as its probability reaches the
    threshold. Segments that a person has corrected, drawn or removed are left alone.

    Args:
        segmentation: as `show_result` returned it.
        volume: the radiograph.
        result: the result that was shown.
        probability: map of the result, in [0, 1], rows x columns.
        threshold: in (0, 1).

    Returns:
        The identifiers of the corrected segments, which were left alone.
    """
    from CausalCLIPSegLib.mask.sides import split_by_side  # it imports the lexicon of notes, which is slow

    masks = split_by_side(probability >= threshold, mirrored=bool(result["mirrored"]))
    segments = segmentation.GetSegmentation()
    originals = {segment["side"]: segment for segment in result["segments"]}
    templates = {segment["side"]: segment for segment in result.get("possible", ())} | originals
    corrected = []
    for side, template in templates.items():
        identifier = template["id"]
        if segments.GetSegment(identifier) is None:
            # if the result had a segment on this side, a person has removed it
            if side in originals or not masks[side].any():
                continue
            add_result_segment(segmentation, template, result)
        elif is_corrected(segmentation, identifier, volume):
            corrected.append(identifier)
            continue
        set_mask(segmentation, identifier, volume, masks[side], original=True)
        _set_threshold(segmentation, identifier, threshold)
    return corrected


def set_mask(
    segmentation: vtkMRMLSegmentationNode,
    identifier: str,
    volume: vtkMRMLVolumeNode,
    mask: Mask,
    *,
    original: bool = False,
) -> None:
    """Replace the mask of a segment; other segments keep their masks, even if they overlap this one.

    Args:
        segmentation: under the same transform as the volume.
        identifier: of the segment.
        volume: the radiograph.
        mask: rows x columns; bool, or values that are 0 outside the segment.
        original: the mask comes from the network or from a file; otherwise it counts as a correction.

    Raises:
        ValueError: the mask has another shape, or there is no such segment.
    """
    import slicer

    mask = np.asarray(mask) != 0
    if mask.shape != image_shape(volume):
        raise ValueError("The mask has another size than the radiograph.")
    image = empty_image(volume)
    fill_voxels(image, mask)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    if not logic.SetBinaryLabelmapToSegment(image, segmentation, identifier, logic.MODE_REPLACE):
        raise ValueError(f"There is no segment “{identifier}” that takes a mask.")
    if original:
        segmentation.GetSegmentation().GetSegment(identifier).SetTag(DIGEST_TAG, _digest(mask))


def read_mask(segmentation: vtkMRMLSegmentationNode, identifier: str, volume: vtkMRMLVolumeNode) -> Mask:
    """Return the mask of a segment on the radiograph's grid, bool, rows x columns.

    The mask is exact if the segment lies on the radiograph's grid, as every segment does that was made or corrected on
    the radiograph. A segment on another grid is sampled at the centers of the radiograph's pixels.

    Raises:
        ValueError: there is no such segment.
    """
    import slicer

    rows, columns = image_shape(volume)
    segment = segmentation.GetSegmentation().GetSegment(identifier)
    if segment is None:
        raise ValueError(f"There is no segment “{identifier}”.")
    image = slicer.vtkOrientedImageData()
    representation = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    # MRML logs an error if a segment is asked for a representation that it does not have
    has_labelmap = segment.GetRepresentation(representation) is not None
    if not has_labelmap or not segmentation.GetBinaryLabelmapRepresentation(identifier, image) or image.IsEmpty():
        return np.zeros((rows, columns), dtype=bool)
    grid = empty_image(volume)
    if not has_same_geometry(segmentation, volume, image, grid):
        image = resample_to_radiograph(image, segmentation, volume, grid)
    mask = np.zeros(grid.GetDimensions()[::-1], dtype=bool)
    voxels, region = overlapping_voxels(image, mask.shape)
    mask[region] = voxels != 0
    return mask.reshape(rows, columns)


def is_corrected(segmentation: vtkMRMLSegmentationNode, identifier: str, volume: vtkMRMLVolumeNode) -> bool:
    """Whether a person has changed the mask of a segment, or drawn the segment."""
    digest = segment_tag(segmentation.GetSegmentation().GetSegment(identifier), DIGEST_TAG)
    return digest is None or digest != _digest(read_mask(segmentation, identifier, volume))


def describe_segments(
    segmentation: vtkMRMLSegmentationNode,
    volume: vtkMRMLVolumeNode,
    spacing: tuple[float, float] | None = None,
) -> list[dict[str, Any]]:
    """Describe the current state of each segment, in the order of the scene.

    Args:
        segmentation: on the radiograph.
        volume: the radiograph.
        spacing: (row mm, column mm) of the result; None if the radiograph is not calibrated.

    Returns:
        For each segment: id; name; color, red, green, blue, each in [0, 1]; side of the patient, None if a person drew
        the segment; kind, None if unknown; corrected; algorithm_type, AUTOMATIC, SEMIAUTOMATIC (corrected) or MANUAL
        (drawn by a person); threshold that gave the mask, None if unknown; mask, bool, rows x columns; area_mm2, None
        without calibration; area_fraction of the image, in [0, 1].
    """
    descriptions = []
    segments = segmentation.GetSegmentation()
    for identifier in segments.GetSegmentIDs():
        segment = segments.GetSegment(identifier)
        mask = read_mask(segmentation, identifier, volume)
        side = segment_tag(segment, SIDE_TAG)
        digest = segment_tag(segment, DIGEST_TAG)
        corrected = digest != _digest(mask)
        descriptions.append(
            {
                "id": identifier,
                "name": segment.GetName(),
                "color": tuple(segment.GetColor()),
                "side": side if side in SIDES else None,
                "kind": segment_tag(segment, KIND_TAG),
                "corrected": corrected,
                "algorithm_type": "MANUAL" if digest is None else "SEMIAUTOMATIC" if corrected else "AUTOMATIC",
                "threshold": to_number(segment_tag(segment, THRESHOLD_TAG)),
                "mask": mask,
                "area_mm2": None if spacing is None else float(mask.sum()) * spacing[0] * spacing[1],
                "area_fraction": float(mask.mean()),
            }
        )
    return descriptions


def code_segments(
    segmentation: vtkMRMLSegmentationNode, volume: vtkMRMLVolumeNode, image_uid: str | None
) -> dict[str, CodedSegment]:
    """Return the segments of a node as coded segments by identifier; leave out segments with an empty mask.

    Args:
        segmentation: on the radiograph.
        volume: the radiograph.
        image_uid: SOP Instance UID of the radiograph; None if it has none.
    """
    descriptions = [segment for segment in describe_segments(segmentation, volume) if segment["mask"].any()]
    identifiers = [description["id"] for description in descriptions]
    return dict(zip(identifiers, code_described_segments(segmentation, descriptions, image_uid), strict=True))


def save_segments(
    segmentation: vtkMRMLSegmentationNode, volume: vtkMRMLVolumeNode, folder: Path
) -> list[dict[str, Any]]:
    """Write the masks of all segments for the worker, and return the "segments" of an "export" request.

    This also updates the tag DICOM.SegmentAlgorithmType of each segment in the scene.

    Args:
        segmentation: on the radiograph.
        volume: the radiograph.
        folder: exists; mask-0.npy, mask-1.npy and so on are written to it.
    """
    saved = []
    for number, segment in enumerate(describe_segments(segmentation, volume)):
        path = folder / f"mask-{number}.npy"
        np.save(path, segment["mask"], allow_pickle=False)
        segmentation.GetSegmentation().GetSegment(segment["id"]).SetTag(ALGORITHM_TYPE_TAG, segment["algorithm_type"])
        saved.append(
            {
                **{key: segment[key] for key in ("id", "name", "side", "color", "corrected", "algorithm_type")},
                **({"kind": segment["kind"]} if segment["kind"] else {}),
                "mask": str(path),
            }
        )
    return saved


def new_segmentation(scene: vtkMRMLScene, volume: vtkMRMLVolumeNode, name: str) -> vtkMRMLSegmentationNode:
    """Add an empty segmentation to the scene, with the grid and the transform of a volume."""
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", scene.GenerateUniqueName(name))
    segmentation.CreateDefaultDisplayNodes()
    display = segmentation.GetDisplayNode()
    display.SetOpacity2DFill(FILL_OPACITY)
    display.SetSliceIntersectionThickness(_OUTLINE_PIXELS)
    _refer(segmentation, volume)
    return segmentation


def _refer(segmentation: vtkMRMLSegmentationNode, volume: vtkMRMLVolumeNode) -> None:
    """Give a segmentation the grid and the transform of a volume."""
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segmentation.SetNodeReferenceID(segmentation.GetReferenceImageGeometryReferenceRole(), volume.GetID())
    segmentation.SetAndObserveTransformNodeID(volume.GetTransformNodeID())


def _add_segment(segmentation: vtkMRMLSegmentationNode, identifier: str, name: str, color: colors.Color) -> vtkSegment:
    segments = segmentation.GetSegmentation()
    if not segments.AddEmptySegment(identifier, name, color):
        raise ValueError(f"The segmentation has a segment “{identifier}” already.")
    segment = segments.GetSegment(identifier)
    # otherwise Slicer saves name and color as automatically generated, and may replace them
    segment.SetNameAutoGenerated(False)
    segment.SetColorAutoGenerated(False)
    return segment


def add_result_segment(segmentation: vtkMRMLSegmentationNode, segment: Mapping[str, Any], result: Result) -> None:
    """Add a segment without a mask, with its name, color, codes and provenance (worker.protocol.PossibleSegment).

    Raises:
        ValueError: the segmentation has a segment with this identifier.
    """
    added = _add_segment(segmentation, segment["id"], segment["name"], segment["color"])
    set_tags(
        added,
        {
            added.GetTerminologyEntryTagName(): terminology_entry(segment["terminology"]),
            ALGORITHM_TYPE_TAG: "AUTOMATIC",
            **tags_of_algorithm(algorithm_of_result(result)),
            SIDE_TAG: segment["side"],
            KIND_TAG: segment["kind"],
        },
    )


def _set_threshold(segmentation: vtkMRMLSegmentationNode, identifier: str, threshold: float) -> None:
    segmentation.GetSegmentation().GetSegment(identifier).SetTag(THRESHOLD_TAG, repr(float(threshold)))


def _digest(mask: Mask) -> str:
    return hashlib.sha256(repr(mask.shape).encode() + np.packbits(mask).tobytes()).hexdigest()


def load_mask(path: str) -> Mask:
    """Return a mask of a result.

    Raises:
        OSError: the file is missing.
    """
    return np.asarray(np.load(path, allow_pickle=False) != 0)
