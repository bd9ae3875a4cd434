"""Errors that a user can act on. Each message is one sentence that a radiologist understands."""

from __future__ import annotations


def reason_of(error: OSError) -> str:
    """Return why the operating system refused a request, in words that can end a sentence."""
    reason = error.strerror or "the system reports an error"
    return reason[0].lower() + reason[1:]


class CausalCLIPSegError(Exception):
    """Base class. `str(error)` is one clear sentence; the technical cause is chained as `__cause__`."""


class RadiographError(CausalCLIPSegError):
    """The image cannot be used as a chest radiograph."""


class MirroredQuestionError(RadiographError):
    """The header says that the radiograph is mirrored, and a person must confirm it.

    The message does not say how to answer; each front end adds that.
    """


class NoteError(CausalCLIPSegError):
    """The note names nothing that can be segmented, or contradicts itself or the radiograph."""


class NoFindingError(NoteError):
    """The note names no finding that can be segmented."""

    def __init__(self) -> None:
        super().__init__("The note names no finding that can be outlined.")


class SideQuestionError(NoteError):
    """The note contradicts itself about the side, and a person must choose one.

    The message does not say how to answer; each front end adds that.
    """


class CheckpointError(CausalCLIPSegError):
    """The weights or their card are missing or damaged, or do not fit together."""


class SegmentationError(CausalCLIPSegError):
    """A segmentation file cannot be read, cannot be written for this radiograph, or belongs to another radiograph."""


class UnchangedError(SegmentationError):
    """A correction equals the segmentation that it corrects."""


class OutputError(CausalCLIPSegError):
    """A result cannot be written to the requested file or folder."""


class PacsError(CausalCLIPSegError):
    """The archive cannot be reached or refuses the request, or its address or credentials are invalid."""


class DeviceError(CausalCLIPSegError):
    """The requested device is not available."""


class DeviceWarning(UserWarning):
    """The network runs on a different device from the one requested."""
