"""Segments of a result on the radiograph: shown, thresholded again, read back, and told apart from corrections.

A segment that this file puts into a scene carries, as tags, its side, its kind, the threshold that its mask came with,
and a digest of the mask. Whether a person has corrected it is told by the digest, so also after saving, loading and
undoing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import SIDES, Side
from CausalCLIPSegLib.scene.coded_segments import segment_tag, terminology_entry
from CausalCLIPSegLib.scene.volumes import Result, check_same_shape, image_shape, place_beside
from CausalCLIPSegLib.scene.vtk_arrays import (
    empty_image,
    fill_voxels,
    has_same_geometry,
    overlapping_voxels,
    resample_to_radiograph,
)

Mask = npt.NDArray[np.bool_]

SIDE_TAG = "CausalCLIPSeg.Side"
KIND_TAG = "CausalCLIPSeg.Kind"
CHECKPOINT_TAG = "CausalCLIPSeg.CheckpointSHA256"
DIGEST_TAG = "CausalCLIPSeg.MaskDigest"
THRESHOLD_TAG = "CausalCLIPSeg.Threshold"
"""Tags of a segment that is ours."""

_ALGORITHM = "CausalCLIPSeg"
_ALGORITHM_TYPE_TAG = "DICOM.SegmentAlgorithmType"


def show_result(scene: Any, volume: Any, result: Result, name: str = "CausalCLIPSeg") -> Any:
    """Put the segments of a result on the film, as a new vtkMRMLSegmentationNode beside it in the subject hierarchy.

    Args:
        scene: vtkMRMLScene that holds the volume.
        volume: the film, of `result["rows"]` x `result["columns"]` pixels.
        result: of the worker, with its files.
        name: of the new node.

    Raises:
        ValueError: the result is that of another film.
        OSError: a file of the result is gone.
    """
    check_same_shape(volume, result)
    masks = {segment["id"]: _load_mask(segment["mask"]) for segment in result["segments"]}
    segmentation = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", scene.GenerateUniqueName(name))
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segmentation.SetNodeReferenceID(segmentation.GetReferenceImageGeometryReferenceRole(), volume.GetID())
    segmentation.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    for segment in result["segments"]:
        _add_segment(segmentation, segment, result)
        set_mask(segmentation, segment["id"], volume, masks[segment["id"]], original=True)
        _tell_threshold(segmentation, segment["id"], result["threshold"])
    place_beside(scene, segmentation, volume)
    return segmentation


def rethreshold(
    segmentation: Any,
    volume: Any,
    result: Result,
    probability: npt.NDArray[np.floating],
    threshold: float,
) -> list[str]:
    """Outline again where the probability reaches another threshold, in the same segments.

    A segment that falls empty stays; one on a side that had nothing to outline comes when there is something. What a
    person has corrected, made or removed is left alone.

    Args:
        segmentation: as `show_result` gave it.
        volume: the film.
        result: the same as was shown.
        probability: of that result, rows x columns.
        threshold: in (0, 1).

    Returns:
        The identifiers of the segments that were left alone because they are corrected.
    """
    from CausalCLIPSegLib.mask.sides import split_by_side  # scipy takes its time

    parts = split_by_side(probability >= threshold, mirrored=bool(result["mirrored"]))
    first = {segment["side"] for segment in result["segments"]}
    left_alone = []
    for side in SIDES:
        identifier = _segment_of_side(segmentation, side)
        if identifier is None:
            template = next((one for one in result.get("possible", ()) if one["side"] == side), None)
            # on a side that was outlined at first, a missing segment is one that a person removed
            if side in first or template is None or not parts[side].any():
                continue
            _add_segment(segmentation, template, result)
            identifier = template["id"]
        elif is_corrected(segmentation, identifier, volume):
            left_alone.append(identifier)
            continue
        set_mask(segmentation, identifier, volume, parts[side], original=True)
        _tell_threshold(segmentation, identifier, threshold)
    return left_alone


def _tell_threshold(segmentation: Any, identifier: str, threshold: float) -> None:
    segmentation.GetSegmentation().GetSegment(identifier).SetTag(THRESHOLD_TAG, repr(float(threshold)))


def set_mask(segmentation: Any, identifier: str, volume: Any, mask: Mask, *, original: bool = False) -> None:
    """Replace the mask of a segment; all other segments keep theirs, also where they overlap it.

    Args:
        segmentation: under the same transform as the volume.
        identifier: of the segment.
        volume: the film.
        mask: rows x columns, bool or 0 and not 0.
        original: the mask is the network's; otherwise it counts as a correction.
    """
    import slicer

    mask = np.asarray(mask) != 0
    if mask.shape != image_shape(volume):
        raise ValueError("The mask has another size than the film.")
    image = empty_image(volume)
    fill_voxels(image, mask)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    if not logic.SetBinaryLabelmapToSegment(image, segmentation, identifier, logic.MODE_REPLACE):
        raise ValueError(f"There is no segment “{identifier}” that takes a mask.")
    if original:
        segmentation.GetSegmentation().GetSegment(identifier).SetTag(DIGEST_TAG, _digest(mask))


def read_mask(segmentation: Any, identifier: str, volume: Any) -> Mask:
    """Return the mask of a segment on the film's grid, bool, rows x columns.

    Exact where the segment lies on the film's grid, as all do that were made or corrected on it; a segment on another
    grid is sampled at the centres of the film's pixels.

    Raises:
        ValueError: there is no such segment.
    """
    import slicer

    rows, columns = image_shape(volume)
    segment = segmentation.GetSegmentation().GetSegment(identifier)
    if segment is None:
        raise ValueError(f"There is no segment “{identifier}”.")
    image = slicer.vtkOrientedImageData()
    kind = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    there = segment.GetRepresentation(kind) is not None  # asked for one that is not, MRML writes errors into the log
    if not there or not segmentation.GetBinaryLabelmapRepresentation(identifier, image) or image.IsEmpty():
        return np.zeros((rows, columns), dtype=bool)
    film = empty_image(volume)
    if not has_same_geometry(segmentation, volume, image, film):
        image = resample_to_radiograph(image, segmentation, volume, film)
    whole = np.zeros(film.GetDimensions()[::-1], dtype=bool)
    held, where = overlapping_voxels(image, whole.shape)
    whole[where] = held != 0
    return whole.reshape(rows, columns)


def is_corrected(segmentation: Any, identifier: str, volume: Any) -> bool:
    """Whether a person has changed the mask of a segment, or made the segment."""
    digest = segment_tag(segmentation.GetSegmentation().GetSegment(identifier), DIGEST_TAG)
    return digest is None or digest != _digest(read_mask(segmentation, identifier, volume))


def describe_segments(
    segmentation: Any, volume: Any, spacing: tuple[float, float] | None = None
) -> list[dict[str, Any]]:
    """Return what the scene holds of each segment now, in the order of the scene.

    Args:
        segmentation: on the film.
        volume: the film.
        spacing: (row mm, column mm) of the result; None where the film is not calibrated.

    Returns:
        For each segment: id, name, color, side (of the patient; None for one that a person made), kind, corrected,
        algorithm_type (AUTOMATIC; SEMIAUTOMATIC for a corrected one; MANUAL for one that a person made), threshold (of
        the outline that the network gave; None where it is not known), mask (bool, rows x columns), area_mm2 (None
        without calibration), area_fraction.
    """
    described = []
    held = segmentation.GetSegmentation()
    for identifier in held.GetSegmentIDs():
        segment = held.GetSegment(identifier)
        mask = read_mask(segmentation, identifier, volume)
        side = segment_tag(segment, SIDE_TAG)
        digest = segment_tag(segment, DIGEST_TAG)
        threshold = segment_tag(segment, THRESHOLD_TAG)
        corrected = digest != _digest(mask)
        described.append(
            {
                "id": identifier,
                "name": segment.GetName(),
                "color": tuple(segment.GetColor()),
                "side": side if side in SIDES else None,
                "kind": segment_tag(segment, KIND_TAG),
                "corrected": corrected,
                "algorithm_type": "MANUAL" if digest is None else "SEMIAUTOMATIC" if corrected else "AUTOMATIC",
                "threshold": None if threshold is None else float(threshold),
                "mask": mask,
                "area_mm2": None if spacing is None else float(mask.sum()) * spacing[0] * spacing[1],
                "area_fraction": float(mask.mean()),
            }
        )
    return described


def save_segments(segmentation: Any, volume: Any, folder: Path) -> list[dict[str, Any]]:
    """Write the masks of all segments for the worker, and return the "segments" of an "export" request.

    The tag DICOM.SegmentAlgorithmType of each segment in the scene is brought up to date as well.

    Args:
        segmentation: on the film.
        volume: the film.
        folder: that exists; gets mask-0.npy, mask-1.npy and so on.
    """
    saved = []
    for number, segment in enumerate(describe_segments(segmentation, volume)):
        path = folder / f"mask-{number}.npy"
        np.save(path, segment["mask"], allow_pickle=False)
        held = segmentation.GetSegmentation().GetSegment(segment["id"])
        held.SetTag(_ALGORITHM_TYPE_TAG, segment["algorithm_type"])
        saved.append(
            {
                **{key: segment[key] for key in ("id", "name", "side", "color", "corrected", "algorithm_type")},
                **({"kind": segment["kind"]} if segment["kind"] else {}),
                "mask": str(path),
            }
        )
    return saved


def _add_segment(segmentation: Any, segment: Mapping[str, Any], result: Result) -> None:
    held = segmentation.GetSegmentation()
    if not held.AddEmptySegment(segment["id"], segment["name"], segment["color"]):
        raise ValueError(f"The segmentation has a segment “{segment['id']}” already.")
    added = held.GetSegment(segment["id"])
    # without these two Slicer saves name and colour as its own invention, and may replace them
    added.SetNameAutoGenerated(False)
    added.SetColorAutoGenerated(False)
    added.SetTag(added.GetTerminologyEntryTagName(), terminology_entry(segment["terminology"]))
    tags = {
        _ALGORITHM_TYPE_TAG: "AUTOMATIC",
        "DICOM.SegmentAlgorithmName": _ALGORITHM,
        CHECKPOINT_TAG: result["provenance"]["checkpoint"]["sha256"],
        SIDE_TAG: segment["side"],
        KIND_TAG: segment["kind"],
    }
    for name, value in tags.items():
        added.SetTag(name, value)


def _segment_of_side(segmentation: Any, side: Side) -> str | None:
    held = segmentation.GetSegmentation()
    return next((name for name in held.GetSegmentIDs() if segment_tag(held.GetSegment(name), SIDE_TAG) == side), None)


def _digest(mask: Mask) -> str:
    return hashlib.sha256(repr(mask.shape).encode() + np.packbits(mask).tobytes()).hexdigest()


def _load_mask(path: str) -> Mask:
    return np.asarray(np.load(path, allow_pickle=False) != 0)
