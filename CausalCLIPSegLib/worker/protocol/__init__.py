"""The worker's protocol: JSON objects, one per line, in UTF-8, on standard input (requests) and output (events).

The other program chooses the `id` of a request, and every event about the request carries the same `id`. Events that
belong to no request ("ready", the loading of the libraries, an error about an unreadable line) have a null `id`. A
request ends with exactly one "result", "error" or "cancelled"; "progress" and "warning" may come before.

Contract: fields are added, never renamed or removed, and clients ignore fields and events that they do not know.
`PROTOCOL` is the version. Arrays travel as .npy files; every path is absolute. Left and right are the patient's unless
a field says otherwise. docs/worker.md explains the order of requests and events.
"""

from CausalCLIPSegLib.worker.protocol.events import (
    CancelledEvent,
    CancelResult,
    CandidateDocument,
    CheckpointDocument,
    ErrorEvent,
    Event,
    ExportResult,
    HelloResult,
    MapDocument,
    MaskDocument,
    NoteResult,
    PlaceDocument,
    PossibleSegment,
    ProgressEvent,
    ReadyEvent,
    Result,
    SegmentDocument,
    SegmentResult,
    ShutdownResult,
    Terminology,
    ThresholdResult,
    Understood,
    WarningEvent,
    WordDocument,
)
from CausalCLIPSegLib.worker.protocol.images import ArrayImage, FileImage, Image
from CausalCLIPSegLib.worker.protocol.requests import (
    MAX_LINE_BYTES,
    REQUESTS,
    CancelRequest,
    ExportRequest,
    ExportSegment,
    HelloRequest,
    NoteRequest,
    Request,
    SegmentRequest,
    ShutdownRequest,
    ThresholdRequest,
)
from CausalCLIPSegLib.worker.protocol.values import (
    PROTOCOL,
    CheckpointUsed,
    CodeDocument,
    Format,
    Provenance,
    Spoken,
    TextDocument,
)

__all__ = [
    "MAX_LINE_BYTES",
    "PROTOCOL",
    "REQUESTS",
    "ArrayImage",
    "CancelRequest",
    "CancelResult",
    "CancelledEvent",
    "CandidateDocument",
    "CheckpointDocument",
    "CheckpointUsed",
    "CodeDocument",
    "ErrorEvent",
    "Event",
    "ExportRequest",
    "ExportResult",
    "ExportSegment",
    "FileImage",
    "Format",
    "HelloRequest",
    "HelloResult",
    "Image",
    "MapDocument",
    "MaskDocument",
    "NoteRequest",
    "NoteResult",
    "PlaceDocument",
    "PossibleSegment",
    "ProgressEvent",
    "Provenance",
    "ReadyEvent",
    "Request",
    "Result",
    "SegmentDocument",
    "SegmentRequest",
    "SegmentResult",
    "ShutdownRequest",
    "ShutdownResult",
    "Spoken",
    "Terminology",
    "TextDocument",
    "ThresholdRequest",
    "ThresholdResult",
    "Understood",
    "WarningEvent",
    "WordDocument",
]
