"""Choose the device for an engine, without importing PyTorch on a computer without a GPU."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from importlib.util import find_spec
from typing import Literal

from CausalCLIPSegLib.errors import DeviceError
from CausalCLIPSegLib.model.device import Device, EngineChoice

INSTALL_TORCH = "install causalclipseg[torch]"


def choose_device(device: Device, engine: EngineChoice = "auto") -> Literal["cpu", "cuda"]:
    """Return the device that an engine runs on; "auto" is a CUDA GPU if PyTorch can use one, else the CPU.

    Raises:
        DeviceError: the device or the engine is not available.
    """
    if engine == "torch" and not has_torch():
        raise DeviceError(f"PyTorch is not installed; choose the engine “onnx” or “auto”, or {INSTALL_TORCH}.")
    if engine == "onnx":
        if device == "cuda":
            raise DeviceError("ONNX Runtime runs on the CPU; choose the engine “torch” or “auto” for a GPU.")
        return "cpu"
    if device == "cuda" and not has_cuda():
        remedy = "" if has_torch() else f" (for a GPU, {INSTALL_TORCH})"
        raise DeviceError(f"No CUDA GPU can be used here; choose the device “cpu” or “auto”{remedy}.")
    return "cuda" if device != "cpu" and has_cuda() else "cpu"


def has_torch() -> bool:
    """Return whether PyTorch is installed."""
    return find_spec("torch") is not None


@cache
def has_cuda() -> bool:
    """Return whether PyTorch can use a CUDA GPU; it is imported only on a computer with the driver of one."""
    if not has_torch() or not _has_cuda_driver():
        return False
    from CausalCLIPSegLib.model.engines.torch_engine import has_cuda as torch_has_cuda

    return torch_has_cuda()


def _has_cuda_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
