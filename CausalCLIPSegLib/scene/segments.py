"""A result in a MRML scene: segments on the film, masks in and out exactly, maps as overlays.

The scene is an argument, so that Slicer, a browser viewer and the tests share this file. Nothing of MRML is imported
before a function is called, and nothing but numpy and scipy besides. Results come as the worker's event "result" of a
"segment" request gives them (worker_protocol.SegmentResult), as plain dictionaries.

A segment that this file puts into a scene carries, as tags, its side, its kind, the threshold that its mask came with,
and a digest of the mask. Whether a person has corrected it is told by the digest, so also after saving, loading and
undoing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib import colors
from CausalCLIPSegLib.laterality import SIDES, Side

Result = Mapping[str, Any]
Mask = npt.NDArray[np.bool_]
Overlay = Literal["causal_attention", "confounder_attention", "probability"]

SIDE_TAG = "CausalCLIPSeg.Side"
KIND_TAG = "CausalCLIPSeg.Kind"
CHECKPOINT_TAG = "CausalCLIPSeg.CheckpointSHA256"
DIGEST_TAG = "CausalCLIPSeg.MaskDigest"
THRESHOLD_TAG = "CausalCLIPSeg.Threshold"
"""Tags of a segment that is ours."""

OVERLAYS: dict[Overlay, tuple[str, colors.Color]] = {
    "causal_attention": ("Causal attention", colors.unit(colors.VERMILION)),
    "confounder_attention": ("Confounder map", colors.unit(colors.PURPLE)),
    "probability": ("Probability", colors.unit(colors.GREEN)),
}
"""Name and colour of each map; other colours than those of the segments."""

_ALGORITHM = "CausalCLIPSeg"
_ALGORITHM_TYPE_TAG = "DICOM.SegmentAlgorithmType"
_REGION_CONTEXT = "Anatomic codes - DICOM master list"
_OVERLAY_ATTRIBUTE = "CausalCLIPSeg.Overlay"
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


# -- the film ---------------------------------------------------------------------------------------------------------


def film_shape(volume: Any) -> tuple[int, int]:
    """Return rows and columns of a volume of one slice, whichever of its axes the slice is.

    Raises:
        ValueError: the volume is empty, or has several slices.
    """
    image = volume.GetImageData() if volume is not None else None
    sides = [] if image is None else [size for size in image.GetDimensions() if size > 1]
    if len(sides) != 2:
        raise ValueError("The volume is not one picture.")
    return sides[1], sides[0]  # VTK counts along the fastest axis first


def is_film(volume: Any) -> bool:
    """Whether a volume can be a film: one picture, and neither labels nor a map that `show_overlay` has made."""
    if volume.IsA("vtkMRMLLabelMapVolumeNode") or volume.GetAttribute(_OVERLAY_ATTRIBUTE) is not None:
        return False
    try:
        film_shape(volume)
    except ValueError:
        return False
    return True


def save_film(volume: Any, path: Path, *, inverted: bool = False) -> dict[str, Any]:
    """Write a volume's values for the worker, and return the "image" of a request (worker_protocol.ArrayImage).

    For volumes that are no file as they stand: cropped, filtered, loaded from a picture. The values are taken, not the
    window and the grey scale that they are looked at with.

    Args:
        volume: vtkMRMLScalarVolumeNode or vtkMRMLVectorVolumeNode of one slice.
        path: an .npy file, which is replaced.
        inverted: small values are the dense ones. Not so for a DICOM film that Slicer loaded: GDCM has turned round
            what is MONOCHROME1.
    """
    rows, columns = film_shape(volume)
    values = _values(volume)
    components = values.shape[3:]
    np.save(path, np.ascontiguousarray(values.reshape((rows, columns, *components))), allow_pickle=False)
    column_axis, row_axis = (axis for axis, size in enumerate(volume.GetImageData().GetDimensions()) if size > 1)
    slice_axis = 3 - column_axis - row_axis
    to_ras = _matrix(volume, "GetIJKToRASMatrix")
    spacing = volume.GetSpacing()[row_axis], volume.GetSpacing()[column_axis]
    return {
        "kind": "array",
        "path": str(path),
        "spacing": None if spacing == (1, 1) else spacing,
        "affine": (_LPS_TO_RAS @ to_ras[:, [column_axis, row_axis, slice_axis, 3]]).tolist(),
        "inverted": inverted,
    }


# -- segments ---------------------------------------------------------------------------------------------------------


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
    _check_film(volume, result)
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
    if mask.shape != film_shape(volume):
        raise ValueError("The mask has another size than the film.")
    image = _grid(volume)
    _fill(image, mask)
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

    rows, columns = film_shape(volume)
    segment = segmentation.GetSegmentation().GetSegment(identifier)
    if segment is None:
        raise ValueError(f"There is no segment “{identifier}”.")
    image = slicer.vtkOrientedImageData()
    kind = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    there = segment.GetRepresentation(kind) is not None  # asked for one that is not, MRML writes errors into the log
    if not there or not segmentation.GetBinaryLabelmapRepresentation(identifier, image) or image.IsEmpty():
        return np.zeros((rows, columns), dtype=bool)
    film = _grid(volume)
    if not _same_place(segmentation, volume, image, film):
        image = _resampled(image, segmentation, volume, film)
    whole = np.zeros(film.GetDimensions()[::-1], dtype=bool)
    held, where = _overlap(image, whole.shape)
    whole[where] = held != 0
    return whole.reshape(rows, columns)


def is_corrected(segmentation: Any, identifier: str, volume: Any) -> bool:
    """Whether a person has changed the mask of a segment, or made the segment."""
    digest = _tag(segmentation.GetSegmentation().GetSegment(identifier), DIGEST_TAG)
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
        side = _tag(segment, SIDE_TAG)
        digest = _tag(segment, DIGEST_TAG)
        threshold = _tag(segment, THRESHOLD_TAG)
        corrected = digest != _digest(mask)
        described.append(
            {
                "id": identifier,
                "name": segment.GetName(),
                "color": tuple(segment.GetColor()),
                "side": side if side in SIDES else None,
                "kind": _tag(segment, KIND_TAG),
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


def terminology_entry(terminology: Mapping[str, Any]) -> str:
    """Return Slicer's terminology entry for a segment's codes (worker_protocol.Terminology)."""
    category, kind, region = (_code(terminology[part]) for part in ("category", "type", "region"))
    return "~".join(
        (
            terminology["context"],
            category,
            kind,
            _code(None),
            _REGION_CONTEXT,
            region,
            _code(terminology.get("region_modifier")),
        )
    )


def place_beside(scene: Any, node: Any, volume: Any) -> None:
    """Put a node beside the film in the subject hierarchy, where the scene has one that knows the film."""
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    film = hierarchy.GetItemByDataNode(volume) if hierarchy else 0
    if not film:
        return
    parent = hierarchy.GetItemParent(film)
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        hierarchy.CreateItem(parent, node)


# -- overlays ---------------------------------------------------------------------------------------------------------


def show_overlay(scene: Any, volume: Any, result: Result, overlay: Overlay) -> Any:
    """Put a map of a result over the film, as a new vtkMRMLScalarVolumeNode of the same geometry.

    It is transparent where the map is 0, and of one colour, the stronger the higher it is; to be shown as the
    foreground of a slice view. The colours are shared by all overlays of the same kind.

    Args:
        scene: vtkMRMLScene that holds the volume.
        volume: the film.
        result: of the worker, with its files.
        overlay: which map.

    Raises:
        ValueError: the result is that of another film.
        OSError: the file of the map is gone.
    """
    _check_film(volume, result)
    values = np.load(result[overlay], allow_pickle=False).astype(np.float32)
    name, _ = OVERLAYS[overlay]
    shown = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(name))
    image = _grid(volume)
    _fill(image, values)
    shown.SetAndObserveImageData(_plain(image))
    shown.SetIJKToRASMatrix(_vtk_matrix(volume, "GetIJKToRASMatrix"))
    shown.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    shown.SetAttribute(_OVERLAY_ATTRIBUTE, overlay)
    shown.CreateDefaultDisplayNodes()
    display = shown.GetDisplayNode()
    display.SetAndObserveColorNodeID(_overlay_colors(scene, overlay).GetID())
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0, 1)
    place_beside(scene, shown, volume)
    return shown


def _overlay_colors(scene: Any, overlay: Overlay) -> Any:
    name, color = OVERLAYS[overlay]
    node = next(iter(_nodes_with(scene, "vtkMRMLColorTableNode", overlay)), None)
    if node is None:
        node = scene.AddNewNodeByClass("vtkMRMLColorTableNode", f"CausalCLIPSeg {name.lower()}")
        node.SetTypeToUser()
        node.SetNumberOfColors(256)
        for index in range(256):
            node.SetColor(index, f"{index / 255:.2f}", *color, index / 255)
        node.SetAttribute(_OVERLAY_ATTRIBUTE, overlay)
        node.SetAttribute("Category", "CausalCLIPSeg")
    return node


def _nodes_with(scene: Any, node_class: str, overlay: str) -> Iterable[Any]:
    nodes = scene.GetNodesByClass(node_class)
    nodes.UnRegister(None)
    for number in range(nodes.GetNumberOfItems()):
        node = nodes.GetItemAsObject(number)
        if node.GetAttribute(_OVERLAY_ATTRIBUTE) == overlay:
            yield node


# -- segments in MRML -------------------------------------------------------------------------------------------------


def _check_film(volume: Any, result: Result) -> None:
    if film_shape(volume) != (result["rows"], result["columns"]):
        raise ValueError("The result is that of another film: its size differs.")


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
    return next((name for name in held.GetSegmentIDs() if _tag(held.GetSegment(name), SIDE_TAG) == side), None)


def _tag(segment: Any, name: str) -> str | None:
    import vtk

    value = vtk.reference("")
    return str(value) if segment.GetTag(name, value) else None


def _code(code: Mapping[str, str] | None) -> str:
    return "^^" if code is None else f"{code['scheme']}^{code['value']}^{code['meaning']}"


def _digest(mask: Mask) -> str:
    return hashlib.sha256(repr(mask.shape).encode() + np.packbits(mask).tobytes()).hexdigest()


def _load_mask(path: str) -> Mask:
    return np.asarray(np.load(path, allow_pickle=False) != 0)


# -- pixels in VTK ----------------------------------------------------------------------------------------------------


def _grid(volume: Any) -> Any:
    """Return the grid of a volume without voxels, as vtkOrientedImageData."""
    import slicer

    image = slicer.vtkOrientedImageData()
    image.SetDimensions(volume.GetImageData().GetDimensions())
    image.SetImageToWorldMatrix(_vtk_matrix(volume, "GetIJKToRASMatrix"))
    return image


def _fill(image: Any, pixels: npt.NDArray[Any]) -> None:
    """Give an image one value a voxel, from rows x columns."""
    from vtk.util import numpy_support

    values = pixels.view(np.uint8) if pixels.dtype == bool else pixels
    scalars = numpy_support.numpy_to_vtk(np.ascontiguousarray(values).ravel(), deep=True)
    image.GetPointData().SetScalars(scalars)


def _plain(image: Any) -> Any:
    """Return the voxels of an oriented image as a vtkImageData without geometry, as volume nodes keep them."""
    import vtk

    plain = vtk.vtkImageData()
    plain.SetDimensions(image.GetDimensions())
    plain.GetPointData().SetScalars(image.GetPointData().GetScalars())
    return plain


def _values(volume: Any) -> npt.NDArray[Any]:
    """Return the voxels of a volume, slices x rows x columns, with a last axis where they have several components."""
    from vtk.util import numpy_support

    image = volume.GetImageData()
    values = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    components = image.GetNumberOfScalarComponents()
    return np.asarray(values.reshape((*image.GetDimensions()[::-1], *((components,) if components > 1 else ()))))


def _overlap(image: Any, shape: tuple[int, ...]) -> tuple[npt.NDArray[Any], tuple[slice, ...]]:
    """Return the voxels of an image that lie on a grid of `shape` from 0 on, and where on it they lie."""
    from vtk.util import numpy_support

    extent = image.GetExtent()
    firsts, lasts = extent[0::2][::-1], extent[1::2][::-1]
    voxels = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(
        [last - first + 1 for first, last in zip(firsts, lasts, strict=True)]
    )
    where = tuple(slice(max(0, f), max(0, min(n, la + 1))) for f, la, n in zip(firsts, lasts, shape, strict=True))
    held = tuple(
        slice(part.start - first, max(part.start, part.stop) - first)
        for part, first in zip(where, firsts, strict=True)
    )
    return voxels[held], where


def _same_place(segmentation: Any, volume: Any, image: Any, film: Any) -> bool:
    import slicer

    return bool(
        segmentation.GetTransformNodeID() == volume.GetTransformNodeID()
        and slicer.vtkOrientedImageDataResample.DoGeometriesMatch(image, film)
    )


def _resampled(image: Any, segmentation: Any, volume: Any, film: Any) -> Any:
    """Return a labelmap sampled on the film's grid, nearest neighbour, with the transforms that the two are under."""
    import slicer
    import vtk

    between = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        segmentation.GetParentTransformNode(), volume.GetParentTransformNode(), between
    )
    sampled = slicer.vtkOrientedImageData()
    resample = slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage
    if not resample(image, film, sampled, False, False, between):
        raise ValueError("The segment cannot be brought onto the film.")
    return sampled


def _vtk_matrix(node: Any, method: str) -> Any:
    import vtk

    matrix = vtk.vtkMatrix4x4()
    getattr(node, method)(matrix)
    return matrix


def _matrix(node: Any, method: str) -> npt.NDArray[np.float64]:
    matrix = _vtk_matrix(node, method)
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
