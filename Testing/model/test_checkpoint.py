"""A checkpoint loads completely and with its card, or is rejected in one sentence."""

import json

import pytest
import torch

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import CARD, read_card, resources
from CausalCLIPSegLib.model.checkpoint import WEIGHTS, load_checkpoint


def rejection(path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_loads_by_folder_and_by_file(tiny_checkpoint):
    by_folder, by_file = load_checkpoint(tiny_checkpoint), load_checkpoint(tiny_checkpoint / WEIGHTS)
    assert by_folder.card == by_file.card
    assert not by_folder.network.training
    for first, second in zip(by_folder.network.parameters(), by_file.network.parameters(), strict=True):
        assert first.dtype == torch.float32
        assert not first.requires_grad
        torch.testing.assert_close(first, second, rtol=0, atol=0)


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


def test_the_embedded_checkpoint_is_small_and_described():
    folder = resources() / "checkpoints" / "causalclipseg-lite0"
    card = read_card(folder)
    assert card.name == folder.name
    assert (folder / WEIGHTS).stat().st_size < 40e6
    assert card.figures["validation"]["n"] == 1429
    assert "non-commercial research" in card.licence
    assert load_checkpoint("default").card == card
