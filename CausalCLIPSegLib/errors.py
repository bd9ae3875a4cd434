"""Errors for user mistakes: few classes, each with a message of one sentence that a radiologist understands."""


class CausalCLIPSegError(Exception):
    """A user's mistake: `str(error)` is one clear sentence; the technical cause is chained as `__cause__`."""


class RadiographError(CausalCLIPSegError):
    """The image cannot be used as a chest radiograph."""


class MirroredQuestionError(RadiographError):
    """The header says that the radiograph is mirrored; a person has to confirm it. A front end adds how to answer."""


class NoteError(CausalCLIPSegError):
    """The note names nothing that can be segmented, or contradicts itself or the radiograph."""


class NoFindingError(NoteError):
    """The note names no finding that can be segmented."""

    def __init__(self) -> None:
        super().__init__("The note names no finding that can be outlined.")


class SideQuestionError(NoteError):
    """The note contradicts itself about the side; a person has to choose. A front end adds how to answer."""


class CheckpointError(CausalCLIPSegError):
    """The weights or their card are missing, damaged or do not fit together."""


class SegmentationError(CausalCLIPSegError):
    """A segmentation file cannot be read, cannot be made of this radiograph, or belongs to another one."""


class UnchangedError(SegmentationError):
    """A correction is equal to the segmentation that it corrects."""


class OutputError(CausalCLIPSegError):
    """A result cannot be written to the requested place."""


class PacsError(CausalCLIPSegError):
    """The archive cannot be reached or refuses, or its address or credentials cannot be used."""


class DeviceError(CausalCLIPSegError):
    """The requested device is missing."""


class DeviceWarning(UserWarning):
    """The work continues on another device than the requested one."""
