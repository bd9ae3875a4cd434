"""The device that the network runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from CausalCLIPSegLib.errors import DeviceError

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda"]


def choose_device(device: Device) -> torch.device:
    """Return the device to run on; "auto" is a CUDA GPU if one can be used, else the CPU.

    Raises:
        DeviceError: the device is "cuda", but no CUDA GPU can be used.
    """
    import torch  # slow to import, and the command line only needs `Device`

    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceError("No CUDA GPU can be used here; choose the device “cpu” or “auto”.")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)
