"""A result as result.json: the note, how it was understood, the areas, and the checkpoint."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
from pydantic import BaseModel, Field
from pydicom import Dataset

from CausalCLIPSegLib.export.segmentation_files import missing_dicom_seg_reason
from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, side_in_image
from CausalCLIPSegLib.maps import PROBABILITY, text_of
from CausalCLIPSegLib.mask.components import area_fraction, area_mm2, count_components
from CausalCLIPSegLib.mask.description import disagreements
from CausalCLIPSegLib.mask.lung_extent import lung_extent
from CausalCLIPSegLib.mask.presence import PlaceStatement
from CausalCLIPSegLib.notes import explain_weakness
from CausalCLIPSegLib.notes.expression import Zone
from CausalCLIPSegLib.result import Candidate, Segment, SegmentationResult
from CausalCLIPSegLib.segmentation.source_image import uid_of

_MAX_ELSEWHERE = 0.05
"""If a larger share of the mask lies in a lung that the note does not name, the user is warned."""


class CheckpointDocument(BaseModel):
    """The weights that were used.

    Attributes:
        name, version: from the card.
        sha256: of the file, 64 hexadecimal digits.
        architecture: of the network, "causalclipseg" or "reclmis".
    """

    name: str
    version: str
    sha256: str
    architecture: str = "causalclipseg"


class SegmentDocument(BaseModel):
    """One segmented finding on one side. Areas and components are defined as in `ResultDocument`."""

    id: str
    name: str
    side_patient: Side
    side_viewer: Side
    area_mm2: float | None
    area_fraction: float
    components: int


class PlaceDocument(BaseModel):
    """A place that the note names, and whether something is there.

    Attributes:
        place: the place in words.
        side_patient, side_viewer: the side of the patient, and of the viewer of this radiograph.
        zone: the zone of that lung; None for the whole lung.
        present: the highest probability reaches the threshold.
        highest_probability: the highest probability at the place or in its margin, in [0, 1].
        calibrated_probability: how often a lesion is there if the probability is this high, in [0, 1]; None if the
            checkpoint is not calibrated.
        sentence: the statement for a person.
    """

    place: str
    side_patient: Side
    side_viewer: Side
    zone: Zone | None
    present: bool
    highest_probability: float
    calibrated_probability: float | None
    sentence: str


class CandidateDocument(BaseModel):
    """An area outside the places of the note. Areas and components are defined as in `ResultDocument`.

    Attributes:
        id: unique within the result.
        place: its place in words.
        zones: the zones of that lung that it lies in, from the top.
        highest_probability: its highest probability, in [0, 1].
        denied: the note says that this place holds no finding.
        sentence: what a person should know about it.
    """

    id: str
    place: str
    side_patient: Side
    side_viewer: Side
    zones: list[Zone]
    area_mm2: float | None
    area_fraction: float
    components: int
    highest_probability: float
    denied: bool
    sentence: str


class WordDocument(BaseModel):
    """A word of the prompt (docs/maps.md).

    Attributes:
        word: in lower case.
        weight: its share of the network's interest, in [0, 1].
        spans: where `note` says it: the first character, and the one after the last; empty if only the prompt has it.
    """

    word: str
    weight: float
    spans: list[tuple[int, int]] = Field(default_factory=list)


class ResultMap(BaseModel):
    """A map that the network gives (docs/maps.md).

    Attributes:
        name: of the map, for programs.
        title: for people.
        low, high: its range: 0 and 1 for the probability, and the lowest and highest value of the others.
        worth: what it shows and what not, in sentences.
    """

    name: str
    title: str
    low: float
    high: float
    worth: str


class SourceDocument(BaseModel):
    """The DICOM image by its UIDs, without any data about the patient; None for a UID that the header lacks."""

    sop_instance_uid: str | None
    series_instance_uid: str | None
    study_instance_uid: str | None


class ResultDocument(BaseModel):
    """The contents of result.json.

    Attributes:
        note: the text of the note as it was given.
        prompt: the text given to the network.
        laterality: whose left and right the prompt means.
        sides: the sides of the patient that the note names.
        sides_viewer: the same sides as a viewer of this radiograph sees them.
        zones: the zones that the note names, by side of the patient.
        checkpoint: the weights.
        device: "cpu" or "cuda".
        engine: what ran the network: "onnx" or "torch".
        threshold: a pixel belongs to the mask if its probability reaches this value.
        area_mm2: area of the mask in the plane of the detector, in mm²; None if the radiograph is not calibrated.
        area_fraction: share of the image that the mask covers, in [0, 1].
        components: number of connected areas; pixels that touch at a corner are connected.
        segments: the same values for each side; an area that crosses the midline counts on both sides.
        files: names of the written files, which lie in the folder of result.json.
        seconds: wall-clock seconds by stage.
        version: version of this program.
        warnings: what a person should check, in sentences.
        disagreements: the differences between note and mask (docs/describe.md), in sentences.
        source: UIDs of the DICOM image; None for other files.
        places: for each place that the note names, whether something is there (docs/places.md).
        not_in_note: areas outside these places, which are not part of the mask (docs/places.md).
        words: the words of the prompt with their weights; empty if the network gives none (docs/maps.md).
        maps: the maps that the network gives, the probability first (docs/maps.md).
    """

    note: str
    prompt: str
    laterality: Laterality
    sides: list[Side]
    sides_viewer: list[Side]
    zones: dict[Side, list[str]]
    checkpoint: CheckpointDocument
    device: str
    engine: str
    threshold: float
    area_mm2: float | None
    area_fraction: float
    components: int
    segments: list[SegmentDocument]
    files: list[str]
    seconds: dict[str, float]
    version: str
    warnings: list[str]
    disagreements: list[str]
    source: SourceDocument | None
    places: list[PlaceDocument] = Field(default_factory=list)
    not_in_note: list[CandidateDocument] = Field(default_factory=list)
    words: list[WordDocument] = Field(default_factory=list)
    maps: list[ResultMap] = Field(default_factory=list)


def describe_result(result: SegmentationResult) -> ResultDocument:
    """Measure a result and describe it; `files` stays empty until `write_result` fills it in.

    This looks at all pixels of a radiograph, so describe a result once and pass the report to `write_result`.
    """
    radiograph, expression, provenance = result.radiograph, result.expression, result.provenance
    sides = [side for side in SIDES if side in expression.sides]
    return ResultDocument(
        note=result.note.encode("utf-8", "replace").decode(),  # a command line may hold bytes that are not text
        prompt=result.prompt,
        laterality=result.laterality,
        sides=sides,
        sides_viewer=[side_in_image(side, radiograph.mirrored) for side in sides],
        zones={side: list(zones) for side, zones in expression.zones.items()},
        checkpoint=CheckpointDocument(
            name=provenance.checkpoint_name,
            version=provenance.checkpoint_version,
            sha256=provenance.checkpoint_sha256,
            architecture=provenance.architecture,
        ),
        device=provenance.device,
        engine=provenance.engine,
        threshold=result.threshold,
        area_mm2=area_mm2(result.mask, radiograph.spacing),
        area_fraction=area_fraction(result.mask),
        components=count_components(result.mask),
        segments=[_describe_segment(segment, result) for segment in result.segments],
        files=[],
        seconds=provenance.seconds,
        version=provenance.version,
        warnings=[*result_warnings(result), *_missing_dicom_seg(result)],
        disagreements=_disagreements(result),
        source=None if radiograph.header is None else _describe_source(radiograph.header),
        places=[describe_place(statement, radiograph.mirrored) for statement in result.places],
        not_in_note=[_describe_candidate(candidate, result) for candidate in result.candidates],
        words=[WordDocument(**asdict(each)) for each in result.words],
        maps=[_describe_map(PROBABILITY, 0, 1), *(_describe_map(each.name, *each.range) for each in result.maps)],
    )


def describe_place(statement: PlaceStatement, mirrored: bool | None) -> PlaceDocument:
    """Describe a statement about a place on a radiograph, mirrored or not."""
    return PlaceDocument(
        place=statement.place.name,
        side_patient=statement.place.side,
        side_viewer=side_in_image(statement.place.side, mirrored),
        zone=statement.place.zone,
        present=statement.present,
        highest_probability=statement.highest,
        calibrated_probability=statement.calibrated,
        sentence=statement.sentence,
    )


def result_warnings(result: SegmentationResult) -> list[str]:
    """Return what a person should check about the radiograph, the note and the place of the mask, in sentences."""
    warnings = list(result.radiograph.warnings)
    if weakness := explain_weakness(result.expression):
        warnings.append(weakness)
    area = np.count_nonzero(result.mask)
    elsewhere = sum(
        np.count_nonzero(each.mask) for each in result.segments if each.side not in result.expression.sides
    )
    if elsewhere > _MAX_ELSEWHERE * area:
        share = 100 * elsewhere / area
        warnings.append(f"{share:.0f} % of the outline lies in a lung that the note does not name.")
    return warnings


def write_report(report: ResultDocument, path: Path) -> None:
    """Write result.json to `path`, in UTF-8.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _disagreements(result: SegmentationResult) -> list[str]:
    """Return the differences between note and mask, in sentences: reasons to look, not errors."""
    radiograph = result.radiograph
    extent = result.extent or lung_extent(radiograph.pixels)
    return disagreements(result.expression, result.mask, extent, mirrored=bool(radiograph.mirrored))


def _missing_dicom_seg(result: SegmentationResult) -> list[str]:
    """Return why a DICOM image gets no DICOM-SEG; empty for other images, which never have one."""
    reason = None if result.radiograph.header is None else missing_dicom_seg_reason(result)
    return [reason] if reason else []


def _describe_segment(segment: Segment, result: SegmentationResult) -> SegmentDocument:
    return SegmentDocument(
        id=segment.identifier,
        name=segment.name,
        side_patient=segment.side,
        side_viewer=side_in_image(segment.side, result.radiograph.mirrored),
        area_mm2=area_mm2(segment.mask, result.radiograph.spacing),
        area_fraction=area_fraction(segment.mask),
        components=count_components(segment.mask),
    )


def _describe_candidate(candidate: Candidate, result: SegmentationResult) -> CandidateDocument:
    segment = _describe_segment(candidate.segment, result)
    return CandidateDocument(
        **segment.model_dump(exclude={"name"}),
        place=candidate.place,
        zones=list(candidate.zones),
        highest_probability=candidate.highest,
        denied=candidate.denied,
        sentence=candidate.sentence,
    )


def _describe_map(name: str, low: float, high: float) -> ResultMap:
    return ResultMap(name=name, low=low, high=high, **text_of(name)._asdict())


def _describe_source(header: Dataset) -> SourceDocument:
    return SourceDocument(
        sop_instance_uid=uid_of(header, "SOPInstanceUID"),
        series_instance_uid=uid_of(header, "SeriesInstanceUID"),
        study_instance_uid=uid_of(header, "StudyInstanceUID"),
    )
