"""A checkpoint loads completely and with its card, or is rejected in one sentence."""

import json
import tomllib
from pathlib import Path

import pytest
import torch

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import CARD, resources
from CausalCLIPSegLib.model.checkpoint import GRAPHS, WEIGHTS, open_checkpoint
from CausalCLIPSegLib.model.engines.load import load_engine
from CausalCLIPSegLib.model.engines.torch_engine import load_network
from CausalCLIPSegLib.regular_files import sha256


def rejection(path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_network(open_checkpoint(path))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_loads_by_folder_and_by_file(tiny_checkpoint):
    by_folder, by_file = open_checkpoint(tiny_checkpoint), open_checkpoint(tiny_checkpoint / WEIGHTS)
    assert by_folder == by_file
    network = load_network(by_folder)
    assert not network.training
    for parameter in network.parameters():
        assert parameter.dtype == torch.float32
        assert not parameter.requires_grad


def test_an_unknown_name_lists_the_available_checkpoints():
    assert "causalclipseg-lite0" in rejection("no-such-checkpoint")


def remove_card(folder):
    (folder / CARD).unlink()


def remove_weights(folder):
    (folder / WEIGHTS).unlink()


def flip_a_bit_of_the_weights(folder):
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(data)


def remove_a_graph(folder):
    (folder / GRAPHS[1]).unlink()


def change_a_graph(folder):
    data = (folder / GRAPHS[2]).read_bytes()
    (folder / GRAPHS[2]).write_bytes(data.replace(b"causalclipseg", b"CausalCLIPSeg", 1))


def name_another_graph(folder):
    card = json.loads((folder / CARD).read_text())
    card["graphs"]["../image.onnx"] = card["graphs"].pop("image.onnx")
    (folder / CARD).write_text(json.dumps(card))


def change_the_network(folder):
    card = json.loads((folder / CARD).read_text())
    card["network"]["channels"] = 24
    (folder / CARD).write_text(json.dumps(card))


def write_card(text):
    return lambda folder: (folder / CARD).write_text(text)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        pytest.param(remove_card, CARD, id="no card"),
        pytest.param(remove_weights, "lacks its weights", id="no weights"),
        pytest.param(flip_a_bit_of_the_weights, "do not match its card", id="changed weights"),
        pytest.param(remove_a_graph, "lacks its graphs", id="no graph"),
        pytest.param(change_a_graph, "do not match its card", id="changed graph"),
        pytest.param(name_another_graph, "damaged or incomplete", id="a graph outside the folder"),
        pytest.param(change_the_network, "do not fit", id="weights of another network"),
        pytest.param(write_card(""), "damaged or incomplete", id="empty card"),
        pytest.param(write_card("{}"), "damaged or incomplete", id="card without fields"),
        pytest.param(write_card("[1"), "damaged or incomplete", id="card that is not JSON"),
        pytest.param(write_card('{"name": 3}'), "damaged or incomplete", id="card with a wrong type"),
    ],
)
def test_rejects_a_damaged_checkpoint(tiny_checkpoint, edit, reason):
    edit(tiny_checkpoint)
    assert reason in rejection(tiny_checkpoint)


@pytest.mark.parametrize(("name", "megabytes"), [("causalclipseg-lite0", 11), ("reclmis-lite0", 9)])
def test_an_embedded_checkpoint_is_small_and_described(name, megabytes):
    checkpoint = open_checkpoint(name)
    card, folder = checkpoint.card, resources() / "checkpoints" / name
    assert checkpoint.folder == folder
    assert card.name == name
    assert (folder / WEIGHTS).stat().st_size < megabytes * 1e6
    assert card.figures["validation"]["n"] == 1429
    assert card.places.presence is not None, "the statements about places are calibrated"
    assert card.places.figures["sha256"] == card.figures["validation"]["sha256"] == card.sha256
    assert "non-commercial research" in card.licence
    assert "non-commercial" in (folder / "LICENSE").read_text()
    assert set(card.graphs) == set(GRAPHS)
    assert sum((folder / name).stat().st_size for name in GRAPHS) < 300_000, "graphs refer to the weights"


def without_graphs(folder):
    """Change a checkpoint into one of an earlier version."""
    card = json.loads((folder / CARD).read_text())
    for name in card.pop("graphs"):
        (folder / name).unlink()
    (folder / CARD).write_text(json.dumps(card))
    return folder


def test_a_card_of_an_earlier_version_still_loads_in_pytorch(tiny_checkpoint):
    checkpoint = open_checkpoint(without_graphs(tiny_checkpoint))
    assert load_engine(checkpoint, "cpu").name == "torch"
    with pytest.raises(CheckpointError, match="has no graphs for ONNX Runtime"):
        load_engine(checkpoint, "cpu", "onnx")


def test_a_damaged_graph_is_rejected(tiny_checkpoint):
    (tiny_checkpoint / GRAPHS[0]).write_bytes(b"no graph")
    card = json.loads((tiny_checkpoint / CARD).read_text())
    card["graphs"][GRAPHS[0]] = sha256(tiny_checkpoint / GRAPHS[0])
    (tiny_checkpoint / CARD).write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match=f"{GRAPHS[0]} of the checkpoint “tiny” cannot be loaded"):
        load_engine(open_checkpoint(tiny_checkpoint), "cpu", "onnx")


def test_the_weights_have_terms_of_their_own_in_the_metadata_of_the_package():
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    files = {path.relative_to(root) for pattern in project["license-files"] for path in root.glob(pattern)}
    for card in (root / "Resources" / "checkpoints").glob(f"*/{CARD}"):
        terms = card.with_name("LICENSE")
        assert terms.relative_to(root) in files
        reference, *lines = terms.read_text(encoding="utf-8").splitlines()
        assert reference in project["license"].split(" AND ")
        assert "non-commercial research" in " ".join(lines)
