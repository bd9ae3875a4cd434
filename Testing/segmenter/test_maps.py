"""The maps and word weights that a network gives for people."""

import re
from dataclasses import replace

import numpy as np
import pytest

from CausalCLIPSegLib.model.tokens import encode, word_weights
from CausalCLIPSegLib.network.configuration import TextConfiguration
from CausalCLIPSegLib.segmenter import Segmenter

NOTE = "Consolidation in the right lower zone."
NAMES = {
    "causalclipseg": ["causal_attention", "confounder_attention"],
    "reclmis": ["patches_of_interest"],
}


@pytest.fixture
def segmenter(checkpoint_of_each_architecture):
    return Segmenter.from_checkpoint(checkpoint_of_each_architecture, "cpu")


def test_each_architecture_gives_its_maps(segmenter, radiograph):
    result = segmenter.segment(radiograph, NOTE)
    assert [each.name for each in result.maps] == NAMES[segmenter.card.network.architecture]
    for each in result.maps:
        assert each.values.dtype == np.float32
        assert each.range == (each.values.min(), each.values.max())
        assert each.values.min() >= 0
    for name in ("causal_attention", "confounder_attention"):
        for each in result.maps:
            if each.name == name:
                grid = each.values.shape
                assert grid == result.network_attention.shape
                np.testing.assert_allclose(each.values.mean(), getattr(result, name).mean(), atol=0.05)


def test_patches_of_interest_are_in_units_of_an_even_share(tiny_reclmis_to_read, radiograph):
    segmenter = Segmenter.from_checkpoint(tiny_reclmis_to_read, "cpu")
    for scales in ((64,), (96,), (64, 96)):
        card = segmenter.card.model_copy(update={"scales": scales, "mirror": True})
        (patches,) = Segmenter(card, segmenter.engine).segment(radiograph, NOTE).maps
        assert patches.values.shape == (max(scales) // 16,) * 2
        assert patches.values.mean() == pytest.approx(1, abs=0.05)


def test_maps_of_a_mirrored_radiograph_are_mirrored(segmenter, radiograph):
    result = segmenter.segment(replace(radiograph, mirrored=False), NOTE, mirrored=False)
    pixels = np.ascontiguousarray(radiograph.pixels[:, ::-1])
    other = segmenter.segment(replace(radiograph, pixels=pixels, mirrored=True), NOTE, mirrored=True)
    for first, second in zip(result.maps, other.maps, strict=True):
        np.testing.assert_allclose(second.values[:, ::-1], first.values, atol=1e-5)
    assert [each.word for each in other.words] == [each.word for each in result.words]


def test_words_are_those_of_the_prompt_and_only_reclmis_weighs_them(segmenter, radiograph):
    result = segmenter.segment(radiograph, NOTE)
    if segmenter.card.network.architecture == "causalclipseg":
        assert result.words == ()
        return
    assert [each.word for each in result.words] == re.findall("[a-z]+", result.prompt.lower())
    assert all(0 < each.weight < 1 for each in result.words)
    assert sum(each.weight for each in result.words) < 1


@pytest.mark.parametrize(
    "prompt",
    [
        "Pulmonary infection.",
        "Unilateral pulmonary infection, one infected area, upper left lung.",
        "Bilateral pulmonary infection, two infected areas, all left lung and lower right lung.",
    ],
)
@pytest.mark.parametrize("length", [8, 24])
def test_the_weight_of_a_word_is_that_of_its_tokens(prompt, length):
    """The word "unilateral" has two tokens; words that do not fit the context have no weight."""
    tokens = encode(prompt, TextConfiguration(context_length=length))[0]
    weights = np.arange(length, dtype=np.float32)
    words = word_weights(prompt, weights)
    pieces = re.findall("[a-z]+|[.,]", prompt.lower())
    expected, position = [], 1
    for piece in pieces:
        number = 2 if piece == "unilateral" else 1
        if piece.isalpha() and position + number < length:
            expected.append((piece, float(sum(range(position, position + number)))))
        position += number
    assert words == expected
    assert len(words) <= int((tokens > 0).sum()) - 2
