"""Write the graphs of a checkpoint for ONNX Runtime, and verify them with PyTorch.

The graphs hold no weights: they refer to the tensors inside weights.safetensors as external data.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Container
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
import torch
from onnx import TensorProto, helper
from onnxscript import optimizer
from torch import Tensor

from CausalCLIPSegLib.errors import CheckpointError, OutputError
from CausalCLIPSegLib.model.card import Card, write_card
from CausalCLIPSegLib.model.checkpoint import (
    DECODER_GRAPH,
    IMAGE_GRAPH,
    TEXT_GRAPH,
    WEIGHTS,
    Checkpoint,
    open_checkpoint,
)
from CausalCLIPSegLib.model.engines.interface import Engine
from CausalCLIPSegLib.model.engines.onnx_engine import OnnxEngine
from CausalCLIPSegLib.model.engines.torch_engine import TorchEngine
from CausalCLIPSegLib.model.tokens import encode
from CausalCLIPSegLib.model.weights import StoredTensor, read_tensors
from CausalCLIPSegLib.network.architectures import parts_of
from CausalCLIPSegLib.network.inference import Part
from CausalCLIPSegLib.regular_files import sha256
from training.export.example import example_image, example_prompt

_OPSET = 18
_TOLERANCE = 1e-3
"""Largest difference in a probability between the engines."""
_DATA_TYPES = {"F16": TensorProto.FLOAT16, "F32": TensorProto.FLOAT}


def add_graphs(name_or_path: str, folder: Path) -> float:
    """Copy a checkpoint into a folder, and write its graphs there; in its own folder, only write the graphs.

    Returns:
        The largest difference in a probability between the graphs and PyTorch.

    Raises:
        CheckpointError: the checkpoint cannot be loaded, or the graphs do not give the predictions of PyTorch.
        OutputError: the folder cannot be written.
    """
    source = open_checkpoint(name_or_path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not folder.samefile(source.folder):
            shutil.copy(source.weights, folder / WEIGHTS)
        return verify_graphs(write_graphs(Checkpoint(source.card, folder)))
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be written.") from error


def write_graphs(checkpoint: Checkpoint) -> Checkpoint:
    """Write the graphs of a checkpoint beside its weights, and their hashes onto its card.

    Returns:
        The checkpoint with the hashes on its card.

    Raises:
        CheckpointError: the weights do not fit the network.
    """
    engine = TorchEngine(checkpoint, "cpu")
    parts = parts_of(engine.network)
    names = {tensor.data_ptr(): name for name, tensor in engine.network.state_dict().items()}
    stored = read_tensors(checkpoint.weights)
    image, tokens = torch.from_numpy(example_image(64, 2)), torch.from_numpy(_example_tokens(checkpoint.card, 2))
    with torch.no_grad():
        text, features = parts.text(tokens), parts.image(image)
    batch, side = torch.export.Dim("batch", max=64), 32 * torch.export.Dim("side", min=2, max=64)
    both = {**features, **text}
    decoder_inputs = {name: both[name] for name in parts.decoder.inputs}
    decoder_axes = {name: _free_axes(each) for name, each in decoder_inputs.items()}
    for name, part, inputs, shapes in (
        (TEXT_GRAPH, parts.text, {"tokens": tokens}, {"tokens": {0: batch}}),
        (IMAGE_GRAPH, parts.image, {"image": image}, {"image": {0: batch, 2: side, 3: side}}),
        (DECODER_GRAPH, parts.decoder, decoder_inputs, decoder_axes),
    ):
        own_names = {key: names[tensor.data_ptr()] for key, tensor in part.state_dict().items()}
        model = _trace(part, inputs, shapes, own_names)
        _refer_to_weights(model, own_names, stored)
        (checkpoint.folder / name).write_bytes(model.SerializeToString(deterministic=True))
    hashes = {name: sha256(checkpoint.folder / name) for name in (TEXT_GRAPH, IMAGE_GRAPH, DECODER_GRAPH)}
    card = Card.model_validate({**checkpoint.card.model_dump(), "graphs": hashes})
    write_card(card, checkpoint.folder)
    return Checkpoint(card, checkpoint.folder)


def verify_graphs(checkpoint: Checkpoint) -> float:
    """Compare the graphs in ONNX Runtime with PyTorch on noise, at every size that the card names.

    Returns:
        The largest difference in a probability.

    Raises:
        CheckpointError: the graphs cannot be loaded, or give other predictions.
    """
    engines: tuple[Engine, ...] = (OnnxEngine(checkpoint), TorchEngine(checkpoint, "cpu"))
    tokens = _example_tokens(checkpoint.card, 2)
    difference = 0.0
    for size in {checkpoint.card.network.image_size, *checkpoint.card.scales}:
        image = example_image(size, 2)
        first, second = (
            engine.decode({**engine.encode_image(image), **engine.encode_text(tokens)})["probability"]
            for engine in engines
        )
        difference = max(difference, float(np.abs(first - second).max()))
    if not difference <= _TOLERANCE:
        raise CheckpointError(
            f"The ONNX graphs do not give the predictions of PyTorch: probabilities differ by {difference:.4f}."
        )
    return difference


def _example_tokens(card: Card, batch: int) -> npt.NDArray[np.int64]:
    return encode(example_prompt(), card.network.text).repeat(batch, axis=0)


def _free_axes(features: Tensor) -> dict[int, Any]:
    """Return the axes of features that may change: the batch and, of maps, the places."""
    return dict.fromkeys((0, 2, 3) if features.ndim == 4 else (0,), torch.export.Dim.AUTO)


def _trace(part: Part, inputs: dict[str, Tensor], shapes: dict[str, Any], weights: Container[str]) -> onnx.ModelProto:
    """Return the graph of a part; its weights are inputs with the names of the part's parameters and buffers."""
    with torch.no_grad():
        outputs = list(part(**inputs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # axes of equal size cannot have two names
        program = torch.onnx.export(
            part.eval(),
            kwargs=inputs,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=_OPSET,
            dynamo=True,
            optimize=False,  # it would fold batch norms into weights; ONNX Runtime does that when it loads the graph
            verbose=False,
        )
    assert program is not None
    graph = program.model.graph
    for name in [name for name in graph.initializers if name in weights]:
        value = graph.initializers.pop(name)
        value.const_value = None
        graph.inputs.append(value)
    optimizer.fold_constants(program.model)
    _drop_zero_biases(graph)
    optimizer.remove_unused_nodes(program.model)
    return program.model_proto


def _drop_zero_biases(graph: ir.Graph) -> None:
    """Remove the biases that the exporter gives to convolutions without one; they would take half of the file."""
    for node in graph:
        if node.op_type == "Conv" and len(node.inputs) == 3 and node.inputs[2] is not None:
            bias = ir.convenience.get_const_tensor(node.inputs[2])
            if bias is not None and not bias.numpy().any():
                node.replace_input_with(2, None)


def _refer_to_weights(model: onnx.ModelProto, names: dict[str, str], stored: dict[str, StoredTensor]) -> None:
    """Replace the weights in a graph by references into the file of the weights, and drop what only people read."""
    graph = model.graph
    inputs, references, casts = [], [], []
    used = {name for node in graph.node for name in node.input}
    for value in graph.input:
        if value.name not in names:
            inputs.append(value)
            continue
        if value.name not in used:
            continue
        tensor = stored[names[value.name]]
        reference = TensorProto(
            name=f"{value.name}.stored",
            data_type=_DATA_TYPES.get(tensor.dtype, TensorProto.UNDEFINED),
            dims=tensor.shape,
            data_location=TensorProto.EXTERNAL,
            external_data=[
                onnx.StringStringEntryProto(key=key, value=str(item))
                for key, item in (
                    ("location", WEIGHTS),
                    ("offset", tensor.start),
                    ("length", tensor.end - tensor.start),
                )
            ],
        )
        references.append(reference)
        casts.append(helper.make_node("Cast", [reference.name], [value.name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.input[:], graph.node[:], graph.value_info[:], model.metadata_props[:], graph.metadata_props[:]
    graph.input.extend(inputs)
    graph.initializer.extend(references)
    graph.node.extend(nodes)
    model.producer_name, graph.doc_string, graph.name = "causalclipseg", "", "graph"
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
        node.name = ""
    for value in (*graph.input, *graph.output):
        del value.metadata_props[:]
