"""The requests that the worker accepts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from CausalCLIPSegLib.laterality import Laterality, Side, SideChoice
from CausalCLIPSegLib.model.card import FindingName
from CausalCLIPSegLib.model.device import Device, EngineChoice
from CausalCLIPSegLib.worker.protocol.images import Image
from CausalCLIPSegLib.worker.protocol.values import (
    AbsolutePath,
    Format,
    Identifier,
    Message,
    Millimeters,
    Provenance,
    Threshold,
    UnitInterval,
    WordDocument,
)

MAX_LINE_BYTES = 1 << 20
"""Maximum size of a request, including its line end; longer lines are rejected without being read."""


class HelloRequest(Message):
    """Ask for the state of the worker. Answered at once, even during a run, by `HelloResult`."""

    id: Identifier
    request: Literal["hello"]


class NoteRequest(Message):
    """Ask what is understood of a note. Answered at once, even during a run, by `NoteResult`.

    Attributes:
        text: the note. A note without a finding is not an error: its `Understood.sides` are empty.
        laterality: whose left and right the note means.
        language: language of the note, two letters; null: recognized by its words.
        side: the patient's side to segment if the note contradicts itself, or if only one side is wanted; null: as the
            note says.
        mirrored: the radiograph shows the patient's right on the viewer's right; decides `sides_viewer`.
        checkpoint: name, or absolute path; decides whose left and right the prompt means.
        findings: what can be outlined, as the answer to "server" gives it; null: as the checkpoint's card says.
    """

    id: Identifier
    request: Literal["note"]
    text: str
    laterality: Laterality = "patient"
    language: str | None = None
    side: SideChoice | None = None
    mirrored: bool | None = None
    checkpoint: str = "default"
    findings: Annotated[tuple[FindingName, ...], Field(min_length=1)] | None = None


class ServerAddress(Message):
    """A server of `causalclipseg serve`.

    Attributes:
        address: https://HOST:PORT, or http:// on this computer.
        key: of the user; it goes only to the server.
        authority: PEM file with the certificate to trust; null: those of this computer.
    """

    address: str
    key: str = Field(default="", repr=False)
    authority: AbsolutePath | None = None


class ServerRequest(Message):
    """Ask a server what it is. Answered by `ServerResult` as soon as the server answers, even during a run."""

    id: Identifier
    request: Literal["server"]
    server: ServerAddress


class SegmentRequest(Message):
    """Segment what a note names on a radiograph. Queued; answered by `SegmentResult`.

    Attributes:
        image: the radiograph.
        note, laterality, language, side: as in `NoteRequest`. A note that contradicts itself about the side ends in an
            error of the kind "side"; send the request again with `side`.
        mirrored: whether the radiograph shows the patient's right on the viewer's right; null: as its header says. If
            the header says so, a person must confirm it: the request ends in an error of the kind "mirrored"; send it
            again with true or false.
        threshold: probability from which a pixel belongs to the mask; null: the checkpoint's.
        checkpoint: name, or absolute path of a folder with a card.
        engine: what runs the network; "auto": "torch" on a GPU, else "onnx" if the checkpoint has graphs.
        server: where the network runs; null: on this computer. Only the pixels and the note are sent, and the server
            chooses checkpoint, device and engine.
        output: folder for the .npy files; created if needed. Files of an earlier run in it are replaced, so use a new
            folder for every result that you want to keep.
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
    engine: EngineChoice = "auto"
    server: ServerAddress | None = None
    output: AbsolutePath


class ThresholdRequest(Message):
    """Split a probability map at another threshold, without the network. Queued; answered by `ThresholdResult`.

    Attributes:
        probability: .npy of an earlier result, float, rows x columns.
        threshold: probability from which a pixel belongs to the mask.
        spacing: (row mm, column mm), null if the radiograph is not calibrated.
        mirrored: the radiograph shows the patient's right on the viewer's right.
        output: folder for mask_right.npy and mask_left.npy.
    """

    id: Identifier
    request: Literal["threshold"]
    probability: AbsolutePath
    threshold: Threshold
    spacing: tuple[Millimeters, Millimeters] | None = None
    mirrored: bool = False
    output: AbsolutePath


class ExportSegment(Message):
    """A segment to export, as it is in the scene now.

    Attributes:
        id: unique in the request.
        name: shown to people.
        kind: the finding's kind, as in `SegmentDocument`.
        side: the patient's side; null: the side with most of the mask.
        color: red, green, blue.
        mask: .npy, rows x columns of the radiograph, optionally with a leading axis of length 1; pixels other than 0
            belong to the segment.
        corrected: whether a person has changed or created the segment.
        algorithm_type: how the segment was made, as stored in the files; null: "SEMIAUTOMATIC" if `corrected`,
            otherwise "AUTOMATIC". Use "MANUAL" for a segment that a person drew from scratch.
    """

    id: Identifier
    name: str
    kind: str = "infection"
    side: Side | None = None
    color: tuple[UnitInterval, UnitInterval, UnitInterval]
    mask: AbsolutePath
    corrected: bool = False
    algorithm_type: Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"] | None = None


class ExportRequest(Message):
    """Write segments to files, all of them or none. Queued; answered by `ExportResult`.

    Attributes:
        image: the radiograph, as in the request "segment".
        segments: what to write; segments with an empty mask are left out.
        formats: "dicom-seg" needs a radiograph with a DICOM header, and a segment that is not empty.
        output: folder for segmentation.dcm, segmentation.seg.nrrd and overlay.png; created if needed.
        force: replace files of an earlier export.
        with_note: include the note in the DICOM-SEG. The picture always shows it, .seg.nrrd never holds it.
        note, laterality, language, side, mirrored: as in the request "segment".
        prompt, prompt_laterality, threshold, provenance: as in the result of "segment".
        probability: .npy of that result; makes the outlines of the picture smoother.
        words: of that result; the caption of the picture names them.
        previous: DICOM-SEG of an earlier export; the new DICOM-SEG becomes the next instance of its series.
        instance_number: the smallest instance number that the new DICOM-SEG may have in that series.
        editor: who has changed the segments since `previous`; used only with `previous`.
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
    words: tuple[WordDocument, ...] = ()
    previous: AbsolutePath | None = None
    instance_number: int = Field(default=1, ge=1)
    editor: str = ""


class CancelRequest(Message):
    """Cancel another request. Answered at once by `CancelResult`; the other request then ends in "cancelled".

    A request that waits in the queue ends at once; one that is running ends with its current phase.
    """

    id: Identifier
    request: Literal["cancel"]
    target: Identifier


class ShutdownRequest(Message):
    """End the process, even during a run. Answered by `ShutdownResult`, the last line.

    The process also ends, without an event, when its standard input closes.
    """

    id: Identifier
    request: Literal["shutdown"]


Request = (
    HelloRequest
    | NoteRequest
    | ServerRequest
    | SegmentRequest
    | ThresholdRequest
    | ExportRequest
    | CancelRequest
    | ShutdownRequest
)

REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="request")])
"""Reads a request: `REQUESTS.validate_json(line)`."""
