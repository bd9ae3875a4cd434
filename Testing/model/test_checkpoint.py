"""A checkpoint loads whole and with its card, or is refused in one sentence."""

import json

import pytest
import torch

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import CARD, read_card, resources
from CausalCLIPSegLib.model.checkpoint import WEIGHTS, load_checkpoint


def refusal(path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_checkpoint_loads_by_its_folder_and_by_its_file(tiny_checkpoint):
    by_folder, by_file = load_checkpoint(tiny_checkpoint), load_checkpoint(tiny_checkpoint / WEIGHTS)
    assert by_folder.card == by_file.card
    assert not by_folder.network.training
    for one, other in zip(by_folder.network.parameters(), by_file.network.parameters(), strict=True):
        assert one.dtype == torch.float32
        assert not one.requires_grad
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_an_unknown_name_is_told_with_those_at_hand():
    assert "causalclipseg-lite0" in refusal("no-such-checkpoint")


def test_weights_without_a_card_do_not_load(tiny_checkpoint):
    (tiny_checkpoint / CARD).unlink()
    assert CARD in refusal(tiny_checkpoint)


def test_changed_weights_do_not_load(tiny_checkpoint):
    data = bytearray((tiny_checkpoint / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (tiny_checkpoint / WEIGHTS).write_bytes(data)
    assert "not those of its card" in refusal(tiny_checkpoint)


def test_missing_weights_are_named(tiny_checkpoint):
    (tiny_checkpoint / WEIGHTS).unlink()
    assert "lacks its weights" in refusal(tiny_checkpoint)


@pytest.mark.parametrize("text", ["", "{}", "[1", '{"name": 3}'])
def test_a_damaged_card_is_refused(tiny_checkpoint, text):
    (tiny_checkpoint / CARD).write_text(text)
    assert "damaged or incomplete" in refusal(tiny_checkpoint)


def test_weights_of_another_network_are_refused(tiny_checkpoint):
    card = json.loads((tiny_checkpoint / CARD).read_text())
    card["network"]["channels"] = 24
    (tiny_checkpoint / CARD).write_text(json.dumps(card))
    assert "do not fit" in refusal(tiny_checkpoint)


def test_the_embedded_checkpoint_is_small_and_says_what_it_is():
    folder = resources() / "checkpoints" / "causalclipseg-lite0"
    card = read_card(folder)
    assert card.name == folder.name
    assert (folder / WEIGHTS).stat().st_size < 40e6
    assert card.figures["validation"]["n"] == 1429
    assert "non-commercial research" in card.licence
    assert load_checkpoint("default").card == card
