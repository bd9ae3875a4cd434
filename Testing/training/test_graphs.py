"""The graphs of a checkpoint refer to its weights, and every form of the network becomes a graph."""

import json

import numpy as np
import onnx
import pytest
import torch

from CausalCLIPSegLib.model.checkpoint import GRAPHS, WEIGHTS, open_checkpoint
from CausalCLIPSegLib.model.engines.load import load_engine
from CausalCLIPSegLib.model.tokens import encode
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from training.export.checkpoint import export_checkpoint


def test_graphs_refer_to_the_tensors_in_the_weights(tiny_checkpoint_to_read):
    weights = tiny_checkpoint_to_read / WEIGHTS
    with weights.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    places = {8 + size + entry["data_offsets"][0]: entry for entry in header.values()}
    for name in GRAPHS:
        graph = onnx.load(tiny_checkpoint_to_read / name, load_external_data=False).graph
        stored = [each for each in graph.initializer if each.data_location == onnx.TensorProto.EXTERNAL]
        assert stored
        for tensor in stored:
            where = {entry.key: entry.value for entry in tensor.external_data}
            assert where["location"] == WEIGHTS
            entry = places[int(where["offset"])]
            assert entry["shape"] == list(tensor.dims)
            assert entry["data_offsets"][1] - entry["data_offsets"][0] == int(where["length"])
        constants = sum(len(each.raw_data) for each in graph.initializer)
        assert constants < 20_000, "the weights would be stored twice"
        onnx.checker.check_model(str(tiny_checkpoint_to_read / name))


def test_a_conditioned_network_without_intervention_becomes_graphs(tmp_path, tiny_network, tiny_card):
    """The switches that change which tensors there are: no maskers and no attention, text in the decoder."""
    decoder = tiny_network.decoder.model_copy(update={"conditioning": 2})
    network = tiny_network.model_copy(update={"causal_intervention": False, "decoder": decoder, "fusion_stage": 3})
    torch.manual_seed(1)
    state = CausalCLIPSeg(network).state_dict()
    for name, tensor in state.items():  # a new conditioning block changes nothing
        if "reduction" in name:
            tensor.normal_()
    torch.save({"state_dict": {f"network.{name}": tensor for name, tensor in state.items()}}, tmp_path / "run.ckpt")
    export_checkpoint([tmp_path / "run.ckpt"], network.model_dump(mode="json"), tiny_card, tmp_path / "checkpoint")
    checkpoint = open_checkpoint(tmp_path / "checkpoint")
    prompts = ("Unilateral pulmonary infection, upper left lung.", "Bilateral pulmonary infection.")
    tokens = np.concatenate([encode(prompt, checkpoint.card.network.text) for prompt in prompts])
    image = np.random.default_rng(2).random((2, 1, 96, 96), dtype=np.float32)
    probabilities = []
    for name in ("onnx", "torch"):
        engine = load_engine(checkpoint, "cpu", name)
        features = {**engine.encode_image(image), **engine.encode_text(tokens)}
        assert "attention" not in features
        probabilities.append(engine.decode(features)["probability"])
    np.testing.assert_allclose(*probabilities, atol=1e-4)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_holds_no_path_of_the_machine_that_wrote_it(tiny_checkpoint_to_read, name):
    content = (tiny_checkpoint_to_read / name).read_bytes()
    assert str(tiny_checkpoint_to_read).encode() not in content
    assert b"site-packages" not in content
