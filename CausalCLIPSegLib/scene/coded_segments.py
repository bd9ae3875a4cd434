"""Coded segments in a MRML scene: convert codes and provenance to terminology entries and tags, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from CausalCLIPSegLib.segmentation.coding import (
    CHECKPOINT_HASH,
    algorithm_from_tags,
    code_segment,
    is_network,
    network_algorithm,
    tags_of_algorithm,
)
from CausalCLIPSegLib.segmentation.segmentation import Algorithm, AlgorithmType, CodedSegment
from CausalCLIPSegLib.segmentation.tags import (
    ALGORITHM_NAME_TAG,
    ALGORITHM_TYPE_TAG,
    PARAMETER_TAGS,
    SIDE_TAG,
    TRACKING_ID_TAG,
    TRACKING_UID_TAG,
    VERSION_TAG,
)
from CausalCLIPSegLib.terminology import (
    CATEGORY,
    CONTEXT_NAME,
    DEFAULT_KIND,
    LUNG,
    OPACITY,
    REGION_CONTEXT_NAME,
    Code,
)

if TYPE_CHECKING:
    from slicer import vtkMRMLSegmentationNode, vtkSegment

    from CausalCLIPSegLib.scene.volumes import Result


class EntryCodes(NamedTuple):
    """The codes in one of Slicer's terminology entries; None for a code that the entry leaves out."""

    category: Code | None
    type: Code | None
    region: Code | None
    laterality: Code | None


def terminology_entry(terminology: Mapping[str, Any]) -> str:
    """Return Slicer's terminology entry for the codes in a result of the worker (worker.protocol.Terminology)."""
    category, type_, region, laterality = (
        None if document is None else Code(**document)
        for document in (
            terminology["category"],
            terminology["type"],
            terminology["region"],
            terminology.get("region_modifier"),
        )
    )
    return format_entry(EntryCodes(category, type_, region, laterality), terminology["context"])


def default_terminology_entry() -> str:
    """Return Slicer's terminology entry for a segment that a person adds: an opacity of the lung, on no given side."""
    return format_entry(EntryCodes(CATEGORY, OPACITY, LUNG, None))


def format_entry(codes: EntryCodes, context: str = CONTEXT_NAME) -> str:
    """Return Slicer's terminology entry for codes.

    The seven parts of an entry are context, category, type, type modifier, region context, region, region modifier.
    """
    category, type_, region, laterality = map(_format_code, codes)
    return "~".join((context, category, type_, _format_code(None), REGION_CONTEXT_NAME, region, laterality))


def parse_entry(entry: str) -> EntryCodes:
    """Return the codes in one of Slicer's terminology entries."""
    _, category, type_, _, _, region, laterality = (entry.split("~") + [""] * 7)[:7]
    return EntryCodes(*map(_parse_code, (category, type_, region, laterality)))


def segment_tag(segment: vtkSegment, name: str) -> str | None:
    """Return a tag of a segment; None if it has no such tag."""
    import vtk

    value = vtk.reference("")
    return str(value) if segment.GetTag(name, value) else None


def set_tags(segment: vtkSegment, tags: Mapping[str, str]) -> None:
    """Set tags of a segment; leave its other tags unchanged."""
    for name, value in tags.items():
        segment.SetTag(name, value)


def algorithm_of_result(result: Result) -> Algorithm:
    """Describe the network that drew a result of the worker; without the note, because scenes are shared."""
    checkpoint = result["provenance"]["checkpoint"]
    return network_algorithm(
        checkpoint_name=checkpoint["name"],
        checkpoint_version=checkpoint["version"],
        checkpoint_sha256=checkpoint["sha256"],
        architecture=checkpoint.get("architecture", "causalclipseg"),  # of a scene of an earlier version
        program_version=result["provenance"]["version"],
        threshold=result["threshold"],
        prompt=result["understood"]["prompt"],
        laterality=result["understood"]["prompt_laterality"],
    )


def tag_segment(segment: vtkSegment, coded: CodedSegment) -> None:
    """Give a segment of the scene the codes, identifiers and provenance of a coded segment."""
    codes = EntryCodes(coded.category, coded.type, coded.region or LUNG, coded.laterality)
    tags = {
        segment.GetTerminologyEntryTagName(): format_entry(codes),
        ALGORITHM_TYPE_TAG: coded.algorithm_type,
        **({} if coded.algorithm is None else tags_of_algorithm(coded.algorithm)),
        TRACKING_ID_TAG: coded.tracking_id,
        TRACKING_UID_TAG: coded.tracking_uid,
    }
    if coded.side is not None:
        tags[SIDE_TAG] = coded.side
    set_tags(segment, tags)


def code_described_segments(
    segmentation: vtkMRMLSegmentationNode, descriptions: list[dict[str, Any]], image_uid: str | None
) -> list[CodedSegment]:
    """Return segments of a scene as coded segments.

    Codes that a person chose in Slicer take precedence over the codes of the finding's kind. A segment that was read
    from a file, or written to one before, keeps its tracking identifiers.

    Args:
        segmentation: holds the segments.
        descriptions: of the segments, as `describe_segments` returns them.
        image_uid: SOP Instance UID of the radiograph; None if it has none.
    """
    segments = segmentation.GetSegmentation()
    algorithms = [_algorithm(segments.GetSegment(description["id"])) for description in descriptions]
    # a segment that a person drew belongs to the same result as the other segments of the node
    network = next((algorithm for algorithm in algorithms if _is_network(algorithm)), None)
    return [
        _code_segment(segments.GetSegment(description["id"]), description, algorithm or network, image_uid)
        for description, algorithm in zip(descriptions, algorithms, strict=True)
    ]


def _is_network(algorithm: Algorithm | None) -> bool:
    """Whether an algorithm is the network of this program, with known weights."""
    return algorithm is not None and is_network(algorithm) and CHECKPOINT_HASH in algorithm.parameters


def _code_segment(
    segment: vtkSegment, description: Mapping[str, Any], algorithm: Algorithm | None, image_uid: str | None
) -> CodedSegment:
    coded = code_segment(
        identifier=segment_tag(segment, TRACKING_ID_TAG) or description["id"],
        name=description["name"],
        side=description["side"],
        kind=description["kind"] or DEFAULT_KIND,
        color=description["color"],
        mask=description["mask"],
        algorithm_type=_algorithm_type(segment, corrected=description["corrected"]),
        algorithm=algorithm,
        image_uid=image_uid,
    )
    codes = parse_entry(segment_tag(segment, segment.GetTerminologyEntryTagName()) or "")
    return replace(
        coded,
        category=codes.category or coded.category,
        type=codes.type or coded.type,
        region=codes.region or coded.region,
        laterality=codes.laterality or coded.laterality,
        tracking_uid=segment_tag(segment, TRACKING_UID_TAG) or coded.tracking_uid,
    )


def _algorithm(segment: vtkSegment) -> Algorithm | None:
    """Return the algorithm that drew a segment; None if the tags do not name it."""
    names = (ALGORITHM_NAME_TAG, VERSION_TAG, *PARAMETER_TAGS.values())
    tags = {name: value for name in names if (value := segment_tag(segment, name))}
    return algorithm_from_tags(tags) if ALGORITHM_NAME_TAG in tags else None


def _algorithm_type(segment: vtkSegment, *, corrected: bool) -> AlgorithmType:
    algorithm_type = segment_tag(segment, ALGORITHM_TYPE_TAG)
    if not segment_tag(segment, ALGORITHM_NAME_TAG):
        return "MANUAL"
    if algorithm_type == "AUTOMATIC":
        return "SEMIAUTOMATIC" if corrected else "AUTOMATIC"
    return "SEMIAUTOMATIC" if algorithm_type == "SEMIAUTOMATIC" else "MANUAL"


def _format_code(code: Code | None) -> str:
    return "^^" if code is None else f"{code.scheme}^{code.value}^{code.meaning}"


def _parse_code(text: str) -> Code | None:
    scheme, value, meaning = [*text.split("^"), "", "", ""][:3]
    return Code(value, scheme, meaning) if value and scheme else None
