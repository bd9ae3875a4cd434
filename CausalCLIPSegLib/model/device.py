"""The names of devices and engines that a user can choose."""

from __future__ import annotations

from typing import Literal

Device = Literal["auto", "cpu", "cuda"]
"""Where the network runs; "auto" is a CUDA GPU if PyTorch can use one, else the CPU."""

EngineChoice = Literal["auto", "onnx", "torch"]
"""What runs the network; "auto" is PyTorch on a GPU and for a checkpoint without graphs, else ONNX Runtime."""
