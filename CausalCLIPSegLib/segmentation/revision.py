"""A person's corrections: a new object in the same series that says who changed what of which other object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from pydicom import uid

from CausalCLIPSegLib.errors import SegmentationError, UnchangedError
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment, Color, ImageReference, Segmentation, new_uid
from CausalCLIPSegLib.segmentation.source_image import one_line

_WORDS = ("category", "type", "region", "laterality", "algorithm_type", "tracking_uid")
_COLOR_STEP = 0.02


def revise(
    previous: Segmentation,
    corrected: Mapping[str, npt.NDArray[np.bool_]],
    editor: str,
    added: Sequence[CodedSegment] = (),
    renamed: Mapping[str, CodedSegment] | None = None,
) -> Segmentation:
    """Return a corrected segmentation: the next object of the same series, so that viewers show it instead.

    A segment that was changed becomes SEMIAUTOMATIC if an algorithm had drawn it, and keeps its tracking identifiers.

    Args:
        previous: what was corrected.
        corrected: for each segment that stays its mask, rows x columns, by tracking identifier (`tracking_uid`); a
            segment that is missing here was removed.
        editor: name of the person, as "Family^Given" or in one piece.
        added: segments that the person drew.
        renamed: segments that the person gave other words or another color, by tracking identifier; each is the
            earlier one with these replaced.

    Raises:
        UnchangedError: nothing changed.
        SegmentationError: a mask of another size or of no segment, segments that cannot be told apart, nothing left,
            or no editor.
    """
    name = one_line(editor)
    if not name or name != " ".join(editor.split()):
        raise SegmentationError("A corrected segmentation needs the name of who corrected it, at most 64 characters.")
    known = {segment.tracking_uid for segment in previous.segments}
    if len(known) < len(previous.segments):
        raise SegmentationError("Segments of the segmentation that is corrected share an identifier.")
    if not set(corrected) <= known:
        raise SegmentationError("A corrected outline belongs to no segment of the segmentation that it corrects.")
    if any(mask.shape != previous.shape for mask in (*corrected.values(), *(part.mask for part in added))):
        raise SegmentationError("A corrected outline has another size than the segmentation that it corrects.")
    parts = [(renamed or {}).get(part.tracking_uid, part) for part in previous.segments]
    kept = [_change(part, corrected[part.tracking_uid]) for part in parts if part.tracking_uid in corrected]
    segments = (*kept, *added)
    if not segments:
        raise SegmentationError("No segment is left; empty the outlines instead of removing all segments.")
    return next_revision(previous, replace(previous, segments=segments), name)


def next_revision(previous: Segmentation, segmentation: Segmentation, editor: str, number: int = 1) -> Segmentation:
    """Return a segmentation as the next object of the series of an earlier one, so that viewers show it instead.

    Args:
        previous: what it takes the place of.
        segmentation: of the same film.
        editor: name of the person, as "Family^Given" or in one piece.
        number: the lowest Instance Number that it may have, for a series that has grown since `previous`.

    Raises:
        UnchangedError: it says the same as the earlier one.
        SegmentationError: it is that of another film.
    """
    if _film(segmentation) != _film(previous):
        raise SegmentationError("The segmentation belongs to another film than the one whose place it takes.")
    pairs = zip(segmentation.segments, previous.segments, strict=False)
    if len(segmentation.segments) == len(previous.segments) and all(_same(one, other) for one, other in pairs):
        raise UnchangedError("The outlines are the same as before, so there is nothing to write.")
    return replace(
        segmentation,
        series_instance_uid=previous.series_instance_uid,
        series_number=previous.series_number,
        series_started=previous.series_started,
        sop_class_uid=uid.SegmentationStorage,
        sop_instance_uid=new_uid(),
        instance_number=max(previous.instance_number + 1, number),
        creator=one_line(editor),
        previous=ImageReference(previous.sop_class_uid, previous.sop_instance_uid, previous.series_instance_uid),
    )


def _film(segmentation: Segmentation) -> str:
    return segmentation.source.sop_instance_uid if segmentation.source else ""


def _same(one: CodedSegment, other: CodedSegment) -> bool:
    return (
        one_line(one.label) == one_line(other.label)
        and all(getattr(one, name) == getattr(other, name) for name in _WORDS)
        and same_color(one.color, other.color)
        and np.array_equal(one.mask, other.mask)
    )


def same_color(one: Color | None, other: Color | None) -> bool:
    """Whether two colors are the same one, which files hold in steps of another color space."""
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, rtol=0, atol=_COLOR_STEP))


def _change(segment: CodedSegment, mask: npt.NDArray[np.bool_]) -> CodedSegment:
    """Return the segment with another mask; itself where the mask is the same."""
    if np.array_equal(segment.mask, mask):
        return segment
    by_program = segment.algorithm_type == "AUTOMATIC"
    return replace(
        segment,
        mask=np.asarray(mask, dtype=bool),
        algorithm_type="SEMIAUTOMATIC" if by_program else segment.algorithm_type,
    )


def match_segments(previous: Segmentation, segments: Sequence[CodedSegment]) -> list[str | None]:
    """Tell for each segment of an edited file which one it is of the segmentation that was edited.

    They are recognised by tracking identifier, else, where an editor has lost that, by a name that is the only one.

    Returns:
        tracking identifiers; None for a segment that is new.

    Raises:
        SegmentationError: two segments of the file are the same one.
    """
    by_uid = {part.tracking_uid: part.tracking_uid for part in previous.segments}
    labels = Counter(part.label for part in previous.segments)
    by_label = {part.label: part.tracking_uid for part in previous.segments if labels[part.label] == 1}
    known = [by_uid.get(segment.tracking_uid) or by_label.get(segment.label) for segment in segments]
    for number, one in enumerate(known):
        if one is not None and one in known[:number]:
            raise SegmentationError(
                f"Two segments of the corrected file stand for the same one: {segments[number].label}."
            )
    return known


def sort_segments(
    previous: Segmentation, segments: Sequence[CodedSegment]
) -> tuple[dict[str, npt.NDArray[np.bool_]], tuple[CodedSegment, ...]]:
    """Sort the segments of an edited file into those of the segmentation that was edited, and new ones.

    Returns:
        masks by tracking identifier and new segments, as `revise` takes them. What is new was drawn by hand, whatever
        its file says.

    Raises:
        SegmentationError: two segments of the file are the same one.
    """
    known = match_segments(previous, segments)
    masks = {one: segment.mask for one, segment in zip(known, segments, strict=True) if one is not None}
    added = (segment for one, segment in zip(known, segments, strict=True) if one is None)
    return masks, tuple(
        replace(segment, algorithm_type="MANUAL", algorithm=None, tracking_uid=new_uid()) for segment in added
    )
