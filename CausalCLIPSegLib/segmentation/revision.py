"""Corrections by a person: each is a new object in the same series, which names its editor and the earlier object.

`correct_segments` matches edited segments with those of the earlier object, and `revise` puts the corrected segments
into the next object of the series. Both end in `next_revision`, which a front end calls directly if it has the whole
content of the next object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.colors import Color
from CausalCLIPSegLib.errors import SegmentationError, UnchangedError
from CausalCLIPSegLib.segmentation.checks import one_line
from CausalCLIPSegLib.segmentation.segmentation import (
    SEGMENTATION_STORAGE,
    CodedSegment,
    ImageReference,
    Segmentation,
    new_uid,
)
from CausalCLIPSegLib.terminology import LUNG, Code

_CODES = ("category", "type", "region", "laterality")
_MAX_COLOR_DIFFERENCE = 0.02
"""Largest difference of a component, in [0, 1], at which colors count as equal; files store CIELab in 16 bits."""


def correct_segments(
    previous: Segmentation, edited: Sequence[CodedSegment], *, rename: bool = False
) -> tuple[CodedSegment, ...]:
    """Return the segments of the next revision from those of an edited file or scene.

    If an edited segment matches an earlier one, the result is the earlier segment with the new mask. It keeps its
    tracking identifiers, and becomes SEMIAUTOMATIC if an algorithm drew it and the mask changed. Any other segment is
    new and counts as drawn by hand, whatever its file says.

    Args:
        previous: the segmentation that was edited.
        edited: masks have the shape of `previous`.
        rename: also take label, codes and color from the edited segments. Not for a .seg.nrrd file, which stores them
            only in part.

    Returns:
        One segment for each edited segment, in the same order.

    Raises:
        SegmentationError: two edited segments match the same earlier one, earlier segments share an identifier, or a
            mask has another shape.
    """
    matches = match_segments(previous, edited)
    if len({segment.tracking_uid for segment in previous.segments}) < len(previous.segments):
        raise SegmentationError("Two segments of the earlier segmentation share an identifier.")
    if any(segment.mask.shape != previous.shape for segment in edited):
        raise SegmentationError("A corrected outline has another size than the earlier segmentation.")
    return tuple(
        replace(segment, algorithm_type="MANUAL", algorithm=None, tracking_uid=new_uid())
        if match is None
        else _with_mask(_renamed(match, segment) if rename else match, segment.mask)
        for match, segment in zip(matches, edited, strict=True)
    )


def match_segments(previous: Segmentation, edited: Sequence[CodedSegment]) -> list[CodedSegment | None]:
    """Return the earlier segment that each edited segment matches; None for a new segment.

    Segments match by tracking UID or, if an editor has lost it, by a label that only one earlier segment has.

    Raises:
        SegmentationError: two edited segments match the same earlier one.
    """
    by_uid = {segment.tracking_uid: segment for segment in previous.segments}
    labels = Counter(segment.label for segment in previous.segments)
    by_label = {segment.label: segment for segment in previous.segments if labels[segment.label] == 1}
    matches = [by_uid.get(segment.tracking_uid) or by_label.get(segment.label) for segment in edited]
    for number, match in enumerate(matches):
        if match is not None and match in matches[:number]:
            raise SegmentationError(
                f"Two segments of the corrected file match the same earlier segment: {edited[number].label}."
            )
    return matches


def revise(
    previous: Segmentation, segments: Sequence[CodedSegment], editor: str, min_instance_number: int = 1
) -> Segmentation:
    """Return a segmentation with corrected segments, as the next object of its series.

    Args:
        previous: the segmentation that was corrected.
        segments: as `correct_segments` returns them; an earlier segment that is missing was removed.
        editor: name of the person, as "Family^Given" or in one piece.
        min_instance_number: lowest Instance Number of the object, if the series has grown since `previous`.

    Returns:
        The corrected segmentation: the earlier segments in their earlier order, then the new ones.

    Raises:
        UnchangedError: nothing changed.
        SegmentationError: there is no segment, or the name of the editor is empty or too long.
    """
    name = one_line(editor)
    if not name or name != " ".join(editor.split()):
        raise SegmentationError("A corrected segmentation needs the name of its editor, at most 64 characters.")
    if not segments:
        raise SegmentationError("No segment is left; empty the outlines instead of removing all segments.")
    order = {segment.tracking_uid: position for position, segment in enumerate(previous.segments)}
    in_order = sorted(segments, key=lambda segment: order.get(segment.tracking_uid, len(order)))
    return next_revision(previous, replace(previous, segments=tuple(in_order)), name, min_instance_number)


def next_revision(
    previous: Segmentation, segmentation: Segmentation, editor: str, min_instance_number: int = 1
) -> Segmentation:
    """Return a segmentation as the next object in the series of an earlier one, so that viewers show it instead.

    Args:
        previous: the earlier segmentation.
        segmentation: of the same radiograph.
        editor: name of the person, as "Family^Given" or in one piece.
        min_instance_number: lowest Instance Number of the object, if the series has grown since `previous`.

    Raises:
        UnchangedError: both segmentations have the same content.
        SegmentationError: they belong to different radiographs.
    """
    if _source_uid(segmentation) != _source_uid(previous):
        raise SegmentationError("The segmentation belongs to another radiograph than the one that it replaces.")
    pairs = zip(segmentation.segments, previous.segments, strict=False)
    if len(segmentation.segments) == len(previous.segments) and all(_is_same(*pair) for pair in pairs):
        raise UnchangedError("The outlines are the same as before, so there is nothing to write.")
    return replace(
        segmentation,
        series_instance_uid=previous.series_instance_uid,
        series_number=previous.series_number,
        series_started=previous.series_started,
        sop_class_uid=SEGMENTATION_STORAGE,
        sop_instance_uid=new_uid(),
        instance_number=max(previous.instance_number + 1, min_instance_number),
        creator=one_line(editor),
        previous=ImageReference(previous.sop_class_uid, previous.sop_instance_uid, previous.series_instance_uid),
    )


def _source_uid(segmentation: Segmentation) -> str:
    return segmentation.source.sop_instance_uid if segmentation.source else ""


def _is_same(segment: CodedSegment, other: CodedSegment) -> bool:
    names = (*_CODES, "algorithm_type", "tracking_uid")
    return (
        one_line(segment.label) == one_line(other.label)
        and all(getattr(segment, name) == getattr(other, name) for name in names)
        and _is_same_color(segment.color, other.color)
        and np.array_equal(segment.mask, other.mask)
    )


def _is_same_color(color: Color | None, other: Color | None) -> bool:
    if color is None or other is None:
        return color is other
    return bool(np.allclose(color, other, rtol=0, atol=_MAX_COLOR_DIFFERENCE))


def _is_same_code(code: Code | None, other: Code | None) -> bool:
    return other is None if code is None else code.is_same(other)


def _with_mask(segment: CodedSegment, mask: npt.NDArray[np.bool_]) -> CodedSegment:
    """Return a segment with another mask; the segment itself if the mask is the same."""
    if np.array_equal(segment.mask, mask):
        return segment
    return replace(
        segment,
        mask=np.asarray(mask, dtype=bool),
        algorithm_type="SEMIAUTOMATIC" if segment.algorithm_type == "AUTOMATIC" else segment.algorithm_type,
    )


def _renamed(earlier: CodedSegment, edited: CodedSegment) -> CodedSegment:
    """Return an earlier segment with the label, codes and color that a person has changed."""
    in_scene = replace(earlier, region=earlier.region or LUNG)  # a scene adds the missing region
    codes = {
        name: getattr(edited, name)
        for name in _CODES
        if not _is_same_code(getattr(edited, name), getattr(in_scene, name))
    }
    is_recolored = earlier.color is not None and not _is_same_color(earlier.color, edited.color)
    return replace(earlier, label=edited.label, color=edited.color if is_recolored else earlier.color, **codes)
