"""A person's corrections: a new object in the same series that says who changed what of which other object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from pydicom import uid

from CausalCLIPSegLib.dicom_seg.content import CodedSegment, ImageReference, Segmentation, new_uid
from CausalCLIPSegLib.dicom_seg.source import one_line
from CausalCLIPSegLib.errors import SegmentationError


def revise(
    previous: Segmentation,
    corrected: Mapping[str, npt.NDArray[np.bool_]],
    editor: str,
    added: Sequence[CodedSegment] = (),
) -> Segmentation:
    """Return a corrected segmentation: the next object of the same series, so that viewers show it instead.

    A segment that was changed becomes SEMIAUTOMATIC if an algorithm had drawn it, and keeps its tracking identifiers.

    Args:
        previous: what was corrected.
        corrected: for each segment that stays its mask, rows x columns, by tracking identifier (`tracking_uid`); a
            segment that is missing here was removed.
        editor: name of the person, as "Family^Given" or in one piece.
        added: segments that the person drew.

    Raises:
        SegmentationError: a mask of another size or of no segment, segments that cannot be told apart, nothing
            changed, nothing left, or no editor.
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
    kept = [
        _change(part, corrected[part.tracking_uid]) for part in previous.segments if part.tracking_uid in corrected
    ]
    segments = (*kept, *added)
    if not segments:
        raise SegmentationError("No segment is left; empty the outlines instead of removing all segments.")
    if segments == previous.segments:
        raise SegmentationError("The outlines are the same as before, so there is nothing to write.")
    return replace(
        previous,
        segments=segments,
        sop_class_uid=uid.SegmentationStorage,
        sop_instance_uid=new_uid(),
        instance_number=previous.instance_number + 1,
        creator=name,
        previous=ImageReference(previous.sop_class_uid, previous.sop_instance_uid, previous.series_instance_uid),
    )


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


def match(
    previous: Segmentation, segments: Sequence[CodedSegment]
) -> tuple[dict[str, npt.NDArray[np.bool_]], tuple[CodedSegment, ...]]:
    """Sort the segments of an edited file into those of the segmentation that was edited, and new ones.

    They are recognised by tracking identifier, else, where an editor has lost that, by a name that is the only one.

    Returns:
        masks by tracking identifier and new segments, as `revise` takes them. What is new was drawn by hand, whatever
        its file says.

    Raises:
        SegmentationError: two segments of the file are the same one.
    """
    by_uid = {part.tracking_uid: part.tracking_uid for part in previous.segments}
    labels = Counter(part.label for part in previous.segments)
    by_label = {part.label: part.tracking_uid for part in previous.segments if labels[part.label] == 1}
    masks: dict[str, npt.NDArray[np.bool_]] = {}
    added = []
    for segment in segments:
        known = by_uid.get(segment.tracking_uid) or by_label.get(segment.label)
        if known is None:
            added.append(replace(segment, algorithm_type="MANUAL", algorithm=None, tracking_uid=new_uid()))
        elif known in masks:
            raise SegmentationError(f"Two segments of the corrected file stand for the same one: {segment.label}.")
        else:
            masks[known] = segment.mask
    return masks, tuple(added)
