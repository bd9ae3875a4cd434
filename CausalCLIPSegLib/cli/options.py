"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.model.device import Device, EngineChoice

LateralityOption = Annotated[Laterality, typer.Option(help="Whose left and right the note means.")]
LanguageOption = Annotated[
    str | None, typer.Option(help="Language of the note: en, de or es; recognized by its words if not given.")
]
CheckpointOption = Annotated[str, typer.Option(help="Name or folder of a checkpoint.")]
DeviceOption = Annotated[Device, typer.Option(help="Where to run; auto takes a CUDA GPU if there is one.")]
EngineOption = Annotated[
    EngineChoice,
    typer.Option(help="What runs the network; auto takes torch (PyTorch) on a GPU, else onnx (ONNX Runtime)."),
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(help="Probability from which a pixel is segmented, above 0, below 1; the checkpoint's if not given."),
]
WithoutNoteOption = Annotated[
    bool,
    typer.Option("--without-note", help="Leave the note out of the DICOM files; they still contain the prompt."),
]
ProbabilityOption = Annotated[
    bool, typer.Option("--probability", help="Also write probability.dcm (FRACTIONAL), which few viewers read.")
]
MapsOption = Annotated[
    bool,
    typer.Option("--maps", help="Also write maps.npz and maps.png: all maps of the network, as values and pictures."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


def check_threshold(threshold: float | None) -> None:
    """Check the value of `--threshold`.

    Raises:
        CausalCLIPSegError: the threshold is given, but not above 0 and below 1.
    """
    if threshold is not None and not 0 < threshold < 1:
        raise CausalCLIPSegError(f"The threshold must be above 0 and below 1; it is {threshold:g}.")
