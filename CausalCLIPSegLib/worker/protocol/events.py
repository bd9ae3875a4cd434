"""What the worker is asked and what it answers: JSON objects, one a line, in UTF-8, on its standard input and output.

A request carries an `id` that the asker chooses; every event about it carries the same `id`. Events that belong to no
request ("ready", the loading of the libraries, a line that nobody can read) have the `id` null. A request ends with
exactly one of the events "result", "error" and "cancelled"; "progress" and "warning" may come before.

Contract: fields are added, never renamed or removed, and a reader of events passes over fields and events that it does
not know. `PROTOCOL` counts what a client has to know about. Arrays travel as .npy files; every path is absolute. Left
and right are the patient's wherever a field does not say otherwise. See docs/worker.md for the order of things.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from CausalCLIPSegLib.laterality import Laterality, Side, SideChoice
from CausalCLIPSegLib.model.device import Device

PROTOCOL = 1
"""Version of the protocol."""

LONGEST_LINE = 1 << 20
"""Bytes of a request with its end of line; what is longer is refused unread."""


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("the path has to be absolute")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Identifier = Annotated[str, Field(min_length=1, max_length=100)]
Threshold = Annotated[float, Field(gt=0, lt=1)]
Millimetres = Annotated[float, Field(gt=0)]
Unit = Annotated[float, Field(ge=0, le=1)]
Row4 = tuple[float, float, float, float]
Format = Literal["dicom-seg", "seg-nrrd", "picture"]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


# -- the film ---------------------------------------------------------------------------------------------------------


class FileImage(_Request):
    """A film that is a file: DICOM, PNG, JPEG, TIFF, WebP, NRRD or NIfTI, as `read_radiograph` takes it."""

    kind: Literal["file"]
    path: AbsolutePath


class ArrayImage(_Request):
    """A film that is no file, for instance a volume that was cropped, or one whose file is gone.

    Attributes:
        path: .npy, rows x columns of any real type, or with a leading axis of length 1 (the slice), or with a last
            axis of 3 or 4 (red, green, blue and opacity, uint8). Row 0 is the upper edge of the picture, column 0 its
            left one.
        spacing: distance of pixel centres (row mm, column mm) where it is known, else null; areas in mm² come of it.
            Null where the spacing only says that nobody knew (1 x 1 mm).
        affine: 4 x 4, voxel (column, row, slice, 1) to mm in DICOM's patient axes (LPS); Slicer's IJK-to-RAS matrix
            with its first two rows negated.
        window: the values that are shown as black and as white; null: uint8 values are divided by 255, others are
            stretched from the 0.5 to the 99.5 percentile.
        inverted: small values are the dense ones. Not so for MONOCHROME1 that GDCM, and with it Slicer, has read.
        header: the DICOM file that these pixels come from. Where they are still those of the file, the film is read
            from it, with its window, so that the result is that of the file; where they were changed, it only says
            whether the film is mirrored and which instance it is. Of a cropped film no DICOM-SEG can be made.
        name: what the film is called in a picture's caption; nothing of the patient.
    """

    kind: Literal["array"]
    path: AbsolutePath
    spacing: tuple[Millimetres, Millimetres] | None = None
    affine: tuple[Row4, Row4, Row4, Row4]
    window: tuple[float, float] | None = None
    inverted: bool = False
    header: AbsolutePath | None = None
    name: str = "film"


Image = Annotated[FileImage | ArrayImage, Field(discriminator="kind")]


# -- requests ---------------------------------------------------------------------------------------------------------


class HelloRequest(_Request):
    """Ask who is there. Answered at once, also during a run, by `HelloResult`."""

    id: Identifier
    request: Literal["hello"]


class NoteRequest(_Request):
    """Ask what is understood of a note. Answered at once, also during a run, by `NoteResult`.

    Attributes:
        text: the note. One with nothing to outline is no error: its `Understood.sides` are empty.
        laterality: whose left and right the note means.
        language: of the note, two letters; null: recognised by its words.
        side: the patient's side that is meant, where the note contradicts itself or only one is wanted; null: as the
            note says.
        mirrored: the film shows the patient's right on the viewer's right; it decides what `sides_viewer` says.
        checkpoint: whose language the sentence is in: name, or absolute path.
    """

    id: Identifier
    request: Literal["note"]
    text: str
    laterality: Laterality = "patient"
    language: str | None = None
    side: SideChoice | None = None
    mirrored: bool | None = None
    checkpoint: str = "default"


class SegmentRequest(_Request):
    """Outline what the note speaks of. Waits its turn behind other segmentations; `SegmentResult`.

    Attributes:
        note, laterality, language, side: as in `NoteRequest`. A note that contradicts itself about the side ends in an
            error of the kind "side", and is to be sent again with `side`.
        mirrored: whether the film shows the patient's right on the viewer's right; null: as its header says. A header
            that says so is not believed without being asked about: the request then ends in an error of the kind
            "mirrored", and is to be sent again with true or false.
        threshold: probability from which on a pixel is outlined; null: the checkpoint's.
        checkpoint: name, or absolute path of a folder with a card.
        output: folder for the .npy files; it is made where it does not exist, and files of an earlier run in it are
            replaced. Give every result that is to be kept a folder of its own.
    """

    id: Identifier
    request: Literal["segment"]
    image: Image
    note: str
    laterality: Laterality = "patient"
    language: str | None = None
    side: SideChoice | None = None
    mirrored: bool | None = None
    threshold: Threshold | None = None
    checkpoint: str = "default"
    device: Device = "auto"
    output: AbsolutePath


class ThresholdRequest(_Request):
    """Part a probability map by another threshold, without the network. `ThresholdResult`.

    Attributes:
        probability: .npy of an earlier result, float, rows x columns.
        spacing: (row mm, column mm), or null where the film is not calibrated.
        mirrored: the film shows the patient's right on the viewer's right.
        output: folder for mask_right.npy and mask_left.npy.
    """

    id: Identifier
    request: Literal["threshold"]
    probability: AbsolutePath
    threshold: Threshold
    spacing: tuple[Millimetres, Millimetres] | None = None
    mirrored: bool = False
    output: AbsolutePath


class CodeDocument(BaseModel):
    """An entry of a terminology, for instance 39607008, SCT, Lung."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str
    scheme: str
    meaning: str


class CheckpointUsed(BaseModel):
    """The weights that were used: name and version on the card, hash of the file in 64 hexadecimal digits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: str
    sha256: str


class Provenance(BaseModel):
    """Where a result comes from, enough to make it again.

    Attributes:
        checkpoint: the weights.
        device: "cpu" or "cuda".
        version: version of this program.
        seconds: wall-clock seconds by stage ("text", "image", "resample").
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    checkpoint: CheckpointUsed
    device: str
    version: str
    seconds: dict[str, float]


class ExportSegment(_Request):
    """A segment that is to be exported, as it stands in the scene.

    Attributes:
        id: unique in the request.
        name: what a person reads.
        kind: the finding's kind, as in `SegmentDocument`.
        side: the patient's side; null: that on which most of the mask lies.
        color: red, green, blue.
        mask: .npy, rows x columns of the film, or with a leading axis of length 1; what is not 0 belongs to it.
        corrected: a person has changed it, or made it.
        algorithm_type: what the files say of how it was made; null: "SEMIAUTOMATIC" where `corrected`, else
            "AUTOMATIC". "MANUAL" is one that a person made from nothing.
    """

    id: Identifier
    name: str
    kind: str = "infection"
    side: Side | None = None
    color: tuple[Unit, Unit, Unit]
    mask: AbsolutePath
    corrected: bool = False
    algorithm_type: Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"] | None = None


class ExportRequest(_Request):
    """Write segments to files, all of them or none. Waits its turn; `ExportResult`.

    Attributes:
        image: the film, as it was given to "segment".
        segments: what to write, as it stands in the scene; those whose mask is empty are left out.
        formats: "dicom-seg" needs a film with a DICOM header, and something that is outlined.
        output: folder that is made where it does not exist; gets segmentation.dcm, segmentation.seg.nrrd, overlay.png.
        force: replace files of an earlier export.
        with_note: let the note go along in the DICOM-SEG. The picture always shows it, .seg.nrrd never holds it.
        note, laterality, language, side, mirrored: as they were given to "segment".
        prompt, prompt_laterality, threshold, provenance: as the result of "segment" told them.
        probability: .npy of that result; the picture's outlines are smoother with it.
        previous: DICOM-SEG of an earlier export, whose place the new one takes as the next instance of its series.
        instance_number: the lowest one that it may have there.
        editor: who changed the segments since; only with `previous`.
    """

    id: Identifier
    request: Literal["export"]
    image: Image
    segments: tuple[ExportSegment, ...]
    formats: tuple[Format, ...] = Field(min_length=1)
    output: AbsolutePath
    force: bool = False
    with_note: bool = True
    note: str
    laterality: Laterality = "patient"
    language: str | None = None
    side: SideChoice | None = None
    mirrored: bool | None = None
    prompt: str
    prompt_laterality: Laterality
    threshold: Threshold
    provenance: Provenance
    probability: AbsolutePath | None = None
    previous: AbsolutePath | None = None
    instance_number: int = Field(default=1, ge=1)
    editor: str = ""


class CancelRequest(_Request):
    """Give up another request. Answered at once by `CancelResult`; the other one then ends in "cancelled".

    One that waits its turn ends at once, one that runs ends when its phase does.
    """

    id: Identifier
    request: Literal["cancel"]
    target: Identifier


class ShutdownRequest(_Request):
    """End the process, also in the middle of a run: `ShutdownResult`, then the end of the stream.

    The process ends in the same way, without an event, when its standard input closes.
    """

    id: Identifier
    request: Literal["shutdown"]


Request = (
    HelloRequest | NoteRequest | SegmentRequest | ThresholdRequest | ExportRequest | CancelRequest | ShutdownRequest
)


# -- events -----------------------------------------------------------------------------------------------------------


class ReadyEvent(_Event):
    """The first line of the process: requests are read from now on. The libraries load meanwhile."""

    id: None = None
    event: Literal["ready"] = "ready"
    protocol: int = PROTOCOL
    version: str
    pid: int


class ProgressEvent(_Event):
    """A phase begins.

    Attributes:
        id: of the request; null for the loading of the libraries, which ends with fraction 1.
        phase: what is being done, for a person.
        fraction: of the whole that is done, in [0, 1]; by phases, not by time.
    """

    id: str | None
    event: Literal["progress"] = "progress"
    phase: str
    fraction: Unit


class WarningEvent(_Event):
    """The work goes on, but not quite as asked: one sentence, for instance that the GPU has too little memory."""

    id: str | None
    event: Literal["warning"] = "warning"
    message: str


class ErrorEvent(_Event):
    """The request failed.

    Attributes:
        id: null where the line was no request with an id.
        message: one sentence for a person.
        kind: "request": the line is no request of this protocol. "mirrored": the header says that the film is
            mirrored; ask, and send the request again with `mirrored`. "side": the note contradicts itself about the
            side; ask `message`, and send the request again with `side`. "user": something about the film, the note,
            the checkpoint, the device or the output. "unexpected": a mistake of this program, or of its installation.
    """

    id: str | None
    event: Literal["error"] = "error"
    message: str
    kind: Literal["request", "mirrored", "side", "user", "unexpected"]


class CancelledEvent(_Event):
    """The request was given up; none of its files is left, and no result comes."""

    id: str
    event: Literal["cancelled"] = "cancelled"


class CheckpointDocument(_Event):
    """A checkpoint at hand, as its card says."""

    name: str
    version: str
    summary: str
    laterality: Laterality
    finding: str
    threshold: float
    intended_use: str
    limits: list[str]
    licence: str


class HelloResult(_Event):
    """Who is there.

    Attributes:
        libraries: whether torch and the network are loaded; "failed": segmentations will end in an error.
        devices: where it can run; null while the libraries load.
        checkpoints: those in Resources/checkpoints, the default one first.
        formats: what "export" can write.
    """

    id: str
    event: Literal["result"] = "result"
    request: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    version: str
    libraries: Literal["loading", "loaded", "failed"]
    devices: list[Literal["cpu", "cuda"]] | None
    checkpoints: list[CheckpointDocument]
    formats: list[Format]


class Understood(_Event):
    """What was understood of a note.

    Attributes:
        sides: of the patient; empty: nothing to outline.
        sides_viewer: the same, in the same order, as the viewer of the film sees them.
        zones: for each of `sides` "upper", "middle", "lower", from the top; empty where the note names none.
        whole: those of `sides` of which the note says the whole lung.
        weak: the note names no side, so both lungs are searched.
        count: number of areas, as the note says.
        findings: each as `Finding.to_dict` gives it: kind, words, negated, historical and more.
        ignored: words and reason of each part that was not used.
        questions: what a person has to decide, in sentences: the note contradicts itself about the side. None of them
            where the request chose a `side`.
        prompt: the sentence for the network; null where there is nothing to outline.
        prompt_laterality: whose left and right the sentence means.
        summary: where the note points to, in words for a person.
        details: all that `ReferringExpression.to_dict` gives.
    """

    sides: list[Side]
    sides_viewer: list[Side]
    zones: dict[Side, list[str]]
    whole: list[Side]
    weak: bool
    count: int | None
    findings: list[dict[str, Any]]
    ignored: list[dict[str, Any]]
    questions: list[str]
    prompt: str | None
    prompt_laterality: Laterality
    summary: str
    details: dict[str, Any]


class NoteResult(_Event):
    """The answer to "note"."""

    id: str
    event: Literal["result"] = "result"
    request: Literal["note"] = "note"
    understood: Understood


class Terminology(_Event):
    """What a segment is, in codes; Slicer's terminology entry is made of it.

    Attributes:
        context: name of the terminology that holds the category and the type.
        category, type: of the finding.
        region, region_modifier: where, for instance lung and right.
    """

    context: str
    category: CodeDocument
    type: CodeDocument
    region: CodeDocument
    region_modifier: CodeDocument | None


class PossibleSegment(_Event):
    """What the segment of a side is called, or would be called if another threshold outlined something there.

    The fields mean what they mean in `SegmentDocument`.
    """

    id: str
    name: str
    kind: str
    side: Side
    side_viewer: Side
    color: tuple[float, float, float]
    terminology: Terminology


class SegmentDocument(PossibleSegment):
    """One outlined finding on one side.

    Attributes:
        id: stable between runs, for instance "infection_right".
        name: what a person reads.
        kind: the finding's kind in the lexicon.
        side: the patient's side.
        side_viewer: the same side as the viewer of the film sees it.
        color: red, green, blue, each in [0, 1].
        terminology: its codes.
        area_mm2: in the plane of the detector; null where the film is not calibrated.
        area_fraction: share of the image, in [0, 1].
        components: number of areas; pixels that touch by a corner belong together.
        mask: .npy, bool, rows x columns.
    """

    area_mm2: float | None
    area_fraction: float
    components: int
    mask: Path


class SegmentResult(_Event):
    """The answer to "segment".

    Attributes:
        understood: of the note.
        rows, columns: of the film, and of all arrays.
        spacing: (row mm, column mm), null where the film is not calibrated.
        mirrored: whether the film was taken as mirrored; null: nothing is said about it.
        segments: one a finding and side, right before left; a side on which nothing reaches the threshold has none.
        possible: the segments that there would be with something outlined on both sides, right before left.
        threshold: that was used.
        area_mm2, area_fraction: of all segments together.
        probability: .npy, float32 in [0, 1]; the masks are where it reaches the threshold, parted by side.
        causal_attention: .npy, float16 in [0, 1]: M of Eq. 2.
        confounder_attention: .npy, float16 in [0, 1]: its complement 1 - M.
        provenance: checkpoint, device, version, seconds.
        warnings: what a person should look at twice, in sentences.
        disagreements: where the outline does not lie where the note says, in sentences (docs/describe.md).
        sop_instance_uid: of the DICOM instance; null for other films.
    """

    id: str
    event: Literal["result"] = "result"
    request: Literal["segment"] = "segment"
    understood: Understood
    rows: int
    columns: int
    spacing: tuple[float, float] | None
    mirrored: bool | None
    segments: list[SegmentDocument]
    possible: list[PossibleSegment]
    threshold: float
    area_mm2: float | None
    area_fraction: float
    probability: Path
    causal_attention: Path
    confounder_attention: Path
    provenance: Provenance
    warnings: list[str]
    disagreements: list[str] = []
    sop_instance_uid: str | None


class MaskDocument(_Event):
    """The part of a mask on one side of the patient; fields as in `SegmentDocument`."""

    side: Side
    area_mm2: float | None
    area_fraction: float
    components: int
    mask: Path


class ThresholdResult(_Event):
    """The answer to "threshold": always both sides, right before left, also where nothing is outlined."""

    id: str
    event: Literal["result"] = "result"
    request: Literal["threshold"] = "threshold"
    threshold: float
    masks: list[MaskDocument]


class ExportResult(_Event):
    """The answer to "export": where each format was written."""

    id: str
    event: Literal["result"] = "result"
    request: Literal["export"] = "export"
    files: dict[Format, Path]


class CancelResult(_Event):
    """The answer to "cancel".

    Attributes:
        found: the target was waiting or running, and ends in "cancelled"; False: it had ended, or never was.
    """

    id: str
    event: Literal["result"] = "result"
    request: Literal["cancel"] = "cancel"
    target: str
    found: bool


class ShutdownResult(_Event):
    """The answer to "shutdown", the last line of the process."""

    id: str
    event: Literal["result"] = "result"
    request: Literal["shutdown"] = "shutdown"


Result = HelloResult | NoteResult | SegmentResult | ThresholdResult | ExportResult | CancelResult | ShutdownResult
Event = ReadyEvent | ProgressEvent | WarningEvent | ErrorEvent | CancelledEvent | Result

REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="request")])
"""Reads a request: `REQUESTS.validate_json(line)`."""
