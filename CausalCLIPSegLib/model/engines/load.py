"""Load a checkpoint into the engine that fits it and the device; an engine that is not used is not imported."""

from __future__ import annotations

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.checkpoint import Checkpoint
from CausalCLIPSegLib.model.device import Device, EngineChoice
from CausalCLIPSegLib.model.engines.choice import INSTALL_TORCH, choose_device, has_torch
from CausalCLIPSegLib.model.engines.interface import Engine


def load_engine(checkpoint: Checkpoint, device: Device = "auto", engine: EngineChoice = "auto") -> Engine:
    """Load a checkpoint into an engine.

    Args:
        checkpoint: the checkpoint.
        device: see `choose_device`.
        engine: "auto" is PyTorch on a GPU and for a checkpoint without graphs, else ONNX Runtime.

    Raises:
        CheckpointError: the engine cannot load the checkpoint.
        DeviceError: the device or the engine is not available.
    """
    chosen = choose_device(device, engine)
    if engine == "auto":
        engine = "onnx" if chosen == "cpu" and (checkpoint.card.graphs or not has_torch()) else "torch"
    if engine == "torch":
        from CausalCLIPSegLib.model.engines.torch_engine import TorchEngine

        return TorchEngine(checkpoint, chosen)
    if not checkpoint.card.graphs:
        raise CheckpointError(
            f"The checkpoint “{checkpoint.card.name}” has no graphs for ONNX Runtime; to use it, {INSTALL_TORCH}."
        )
    from CausalCLIPSegLib.model.engines.onnx_engine import OnnxEngine

    return OnnxEngine(checkpoint)
