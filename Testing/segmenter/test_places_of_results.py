"""The segmenter holds a note and a radiograph against each other both ways, with a network whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from CausalCLIPSegLib.mask import Place, place_mask
from CausalCLIPSegLib.mask.presence import WITHOUT_LOCATION
from CausalCLIPSegLib.model.card import Card
from CausalCLIPSegLib.model.place_calibration import PlaceCalibration, PresenceCurve
from CausalCLIPSegLib.model.tokens import encode
from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.segmenter import Segmenter

SIZE = 64
NOTE = "Right lower zone opacity. Left lung clear."


def blob(row, column, value, radius=6):
    rows, columns = np.ogrid[:SIZE, :SIZE]
    return np.where(np.hypot(rows - row, columns - column) < radius, np.float32(value), np.float32(0))


RIGHT_BASE, LEFT_APEX = blob(52, 15, 0.9), blob(10, 47, 0.8)
"""The patient's right is on the left of the picture."""


class ScriptedEngine:
    """Answers each note with a map of SIZE x SIZE; other notes get the map without a place."""

    name, device = "onnx", "cpu"

    def __init__(self, card: Card, answers: dict) -> None:
        self._answers = {
            encode(card.prompt(note), card.network.text).tobytes(): values for note, values in answers.items()
        }
        self._anywhere = encode(card.prompt(WITHOUT_LOCATION), card.network.text).tobytes()
        self.decoded = 0

    def encode_text(self, tokens):
        return {"tokens": tokens}

    def encode_image(self, image):
        return {"attention": np.ones((1, 1, 4, 4), np.float32)}

    def decode(self, features):
        self.decoded += 1
        known = self._answers
        return {"probability": known.get(features["tokens"].tobytes(), known[self._anywhere])[None, None]}


@pytest.fixture
def card(tiny_card, tiny_network) -> Card:
    return Card.model_validate({**tiny_card, "network": tiny_network.model_dump(), "sha256": "0" * 64, "figures": {}})


def ask(card, note=NOTE, seen=RIGHT_BASE, anywhere=None, mirrored=False, shape=(160, 128), **options):
    """Ask a network that sees `seen` for the note, and both lesions if no place is named."""
    anywhere = np.maximum(RIGHT_BASE, LEFT_APEX) if anywhere is None else anywhere
    engine = ScriptedEngine(card, {parse_note(note): seen, WITHOUT_LOCATION: anywhere})
    pixels = np.random.default_rng(0).random(shape, np.float32)
    pixels = pixels[:, ::-1] if mirrored else pixels
    radiograph = Radiograph(np.ascontiguousarray(pixels), None, np.eye(4), "image.png", mirrored=mirrored)
    result = Segmenter(card, engine).segment(radiograph, note, mirrored=mirrored, **options)
    return result, engine


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("laterality", ["patient", "viewer"])
def test_a_lesion_that_the_note_leaves_out_is_offered_and_not_segmented(card, mirrored, laterality):
    result, _ = ask(card.model_copy(update={"laterality": laterality}), mirrored=mirrored)
    assert [segment.side for segment in result.segments] == ["right"]
    assert [each.sentence for each in result.places] == [
        "Note: right lower zone. Something there reaches the threshold (highest probability 0.90)."
    ]
    (candidate,) = result.candidates
    assert candidate.segment.side == "left"
    assert (
        candidate.sentence
        == "Not in the note: left upper zone, which the note calls clear (highest probability 0.80)."
    )
    mask = candidate.segment.mask
    assert mask.shape == result.mask.shape
    assert not (mask & result.mask).any()
    left = place_mask(Place("left"), mask.shape, result.extent, mirrored=mirrored)
    assert mask.any()
    assert not (mask & ~left).any()
    usual, _ = ask(card)
    np.testing.assert_array_equal(mask, usual.candidates[0].segment.mask[:, :: -1 if mirrored else 1])


def test_nothing_at_the_place_of_the_note_is_a_result(card):
    result, _ = ask(card, seen=blob(52, 15, 0.12), anywhere=np.zeros((SIZE, SIZE), np.float32))
    (statement,) = result.places
    assert not statement.present
    assert statement.highest == pytest.approx(0.12)
    assert (result.segments, result.candidates) == ((), ())
    assert not result.mask.any()


def test_presence_uses_the_threshold_of_the_run_and_the_search_that_of_the_card(card):
    result, _ = ask(card, threshold=0.95)
    assert [statement.present for statement in result.places] == [False]
    assert [each.segment.side for each in result.candidates] == ["left"]
    strict = card.model_copy(update={"places": PlaceCalibration(search_threshold=0.85)})
    assert ask(strict)[0].candidates == ()
    assert ask(strict, threshold=0.1)[0].candidates == ()


def test_areas_below_the_smallest_size_of_the_card_are_not_offered(card):
    share = (blob(10, 47, 1) > 0).mean()
    for smallest, number in ((0.9 * share, 1), (1.1 * share, 0)):
        sized = card.model_copy(update={"places": PlaceCalibration(smallest_area=smallest)})
        assert len(ask(sized)[0].candidates) == number


def test_a_card_with_a_curve_calibrates_the_highest_probability(card):
    curve = PresenceCurve(slope=0.8, intercept=-1)
    result, _ = ask(card.model_copy(update={"places": PlaceCalibration(presence=curve)}))
    assert result.places[0].calibrated == curve(result.places[0].highest)
    assert ask(card)[0].places[0].calibrated is None


@pytest.mark.parametrize(
    ("note", "decodes"),
    [
        (NOTE, 2),
        ("Pneumonia.", 1),
        ("Bilateral opacities.", 1),
        ("Right lung opacity.", 2),
        ("Upper zones: opacity", 1),
    ],
)
def test_the_radiograph_is_searched_only_if_something_can_lie_outside_of_the_note(card, note, decodes):
    result, engine = ask(card, note)
    assert engine.decoded == decodes
    assert result.candidates == () or decodes == 2


def test_a_radiograph_of_a_few_pixels_has_no_empty_area(card):
    for shape in ((1, 7), (3, 2), (5, 5)):
        result, _ = ask(card, shape=shape)
        assert all(candidate.segment.mask.any() for candidate in result.candidates)
