"""Brightness and contrast of a radiograph, by name. They follow its values, because devices use different ranges."""

from __future__ import annotations

from typing import Literal

import numpy as np
import slicer

Preset = Literal["stored", "whole", "lungs", "bones", "inverted"]

_PERCENTILES: dict[Preset, tuple[float, float]] = {"whole": (0, 100), "lungs": (1, 65), "bones": (35, 99.9)}
"""The darkest and the brightest value that a window shows as different grays: air is dark, bone is bright."""

_STORED_ATTRIBUTE = "CausalCLIPSeg.StoredWindow"
_MAX_VALUES = 1_000_000


def applyWindow(volume: slicer.vtkMRMLVolumeNode, preset: Preset) -> None:
    """Show a radiograph with a preset: "stored" is its first window, and "inverted" swaps black and white."""
    display = volume.GetDisplayNode()
    if volume.GetAttribute(_STORED_ATTRIBUTE) is None:
        volume.SetAttribute(_STORED_ATTRIBUTE, f"{display.GetWindowLevelMin()!r} {display.GetWindowLevelMax()!r}")
    if preset == "inverted":
        display.SetInvertDisplayScalarRange(not display.GetInvertDisplayScalarRange())
        return
    if preset == "stored":
        low, high = map(float, volume.GetAttribute(_STORED_ATTRIBUTE).split())
        display.SetInvertDisplayScalarRange(False)
    else:
        values = slicer.util.arrayFromVolume(volume).ravel()
        low, high = map(float, np.percentile(values[:: 1 + len(values) // _MAX_VALUES], _PERCENTILES[preset]))
    if high <= low:  # a window needs a width
        low, high = low - 0.5, low + 0.5
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)
