"""The few ways in which a user's input can be wrong; each message is one sentence a radiologist understands."""


class CausalCLIPSegError(Exception):
    """A user's mistake: `str(error)` is one clear sentence; the technical cause is chained as `__cause__`."""


class RadiographError(CausalCLIPSegError):
    """The file cannot be used as a chest radiograph."""


class NoteError(CausalCLIPSegError):
    """The note names nothing that can be segmented, or contradicts itself or the film."""


class CheckpointError(CausalCLIPSegError):
    """The weights or their card are missing, damaged or do not fit together."""


class SegmentationError(CausalCLIPSegError):
    """A segmentation file cannot be read, cannot be made of this film, or belongs to another one."""


class UnchangedError(SegmentationError):
    """A correction says the same as what it corrects."""


class OutputError(CausalCLIPSegError):
    """A result cannot be written where it was asked for."""


class PacsError(CausalCLIPSegError):
    """The archive cannot be reached, refuses, or its address or credentials are not usable."""


class DeviceError(CausalCLIPSegError):
    """The device asked for is not there."""


class DeviceWarning(UserWarning):
    """The work goes on, but on another device than asked for."""
