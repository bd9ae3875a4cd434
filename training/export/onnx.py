"""Export a checkpoint as two ONNX graphs, the text encoder and the rest of the network, and verify them with torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from CausalCLIPSegLib.errors import CheckpointError, OutputError
from CausalCLIPSegLib.model.card import Card, write_card
from CausalCLIPSegLib.model.checkpoint import load_checkpoint
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from training.export.checkpoint import example

TEXT, IMAGE = "text_encoder.onnx", "network.onnx"
_OPSET = 18
_TOLERANCE = 1e-3


class _TextEncoder(nn.Module):
    def __init__(self, network: CausalCLIPSeg) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> Tensor:
        return self.network.encode_text(tokens)


class _Probability(nn.Module):
    def __init__(self, network: CausalCLIPSeg) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        return self.network(image, text, confounder=False).logits.sigmoid()


def export_onnx(name_or_path: str, folder: Path) -> float:
    """Write a checkpoint's graphs and card, and compare the graphs in ONNX Runtime with torch.

    text_encoder.onnx: tokens, int64 1 x L -> text, float32 1 x T. network.onnx: image, float32 1 x 1 x S x S in
    [0, 1], and text -> probability, float32 1 x 1 x S x S.

    Args:
        name_or_path: name or folder of a checkpoint with a card.
        folder: destination.

    Returns:
        The largest difference in a probability.

    Raises:
        CheckpointError: the checkpoint cannot be loaded, the packages of the extra "onnx" are missing, or the graphs
            do not give the predictions of torch.
        OutputError: the folder cannot be written.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise CheckpointError(
            "ONNX export needs the packages onnx, onnxscript and onnxruntime (extra: onnx)."
        ) from error
    checkpoint = load_checkpoint(name_or_path)
    network = checkpoint.network
    image, tokens = example(checkpoint.card.network)
    with torch.no_grad():
        text = network.encode_text(tokens)
        expected = _Probability(network)(image, text).numpy()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(_TextEncoder(network), (tokens,), folder / TEXT, ["tokens"], "text")
        _write(_Probability(network), (image, text), folder / IMAGE, ["image", "text"], "probability")
        write_card(_card(checkpoint.card), folder)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be written.") from error
    text_session, image_session = (
        onnxruntime.InferenceSession(folder / name, providers=["CPUExecutionProvider"]) for name in (TEXT, IMAGE)
    )
    (text_feature,) = text_session.run(None, {"tokens": tokens.numpy()})
    (probability,) = image_session.run(None, {"image": image.numpy(), "text": text_feature})
    difference = float(np.abs(probability - expected).max())
    if not difference <= _TOLERANCE:
        raise CheckpointError(
            f"The ONNX graphs do not give the predictions of torch: probabilities differ by {difference:.4f}."
        )
    return difference


def _card(card: Card) -> Card:
    return card.model_copy(update={"summary": f"{card.summary} As ONNX graphs ({TEXT}, {IMAGE})."})


def _write(module: nn.Module, inputs: tuple[Tensor, ...], path: Path, names: list[str], output: str) -> None:
    torch.onnx.export(
        module.eval(),
        inputs,
        path,
        input_names=names,
        output_names=[output],
        opset_version=_OPSET,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
