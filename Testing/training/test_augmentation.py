"""After augmentation, the image, its mask and its note still fit each other."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.notes import parse_note, to_prompt
from training.augmentation.images import Augmentation
from training.augmentation.notes import of_one_side, swap_sides_of, vary_note, without_zones

ONE_SIDED = "Unilateral pulmonary infection, one infected area, lower left lung."
TWO_SIDED = "Bilateral pulmonary infection, two infected areas, all left lung and lower right lung."


def lesions(viewers_left: bool, viewers_right: bool) -> np.ndarray:
    mask = np.zeros((96, 96), bool)
    if viewers_left:
        mask[40:70, 18:34] = True
    if viewers_right:
        mask[40:70, 62:78] = True
    return mask


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_lesion_stays_on_the_side_that_the_note_names(seed):
    """The image shows only the lesion, so that image, mask and note can be compared."""
    torch.manual_seed(seed)
    mask = lesions(viewers_left=True, viewers_right=False)
    image, label, (note,), weight = Augmentation("viewer", note_variation=0)(
        (mask * 200).astype(np.uint8), mask, ONE_SIDED
    )
    assert image.shape == label.shape == weight.shape == (1, 96, 96)
    assert (weight == 1).all()
    assert image.dtype == label.dtype == torch.float32
    assert set(label.unique().tolist()) <= {0.0, 1.0}
    (side,) = parse_note(note, "viewer").sides
    columns = label[0].sum(0)
    on_viewers_left = columns[:48].sum() > columns[48:].sum()
    assert on_viewers_left == (side == "right")
    bright = image[0] > image[0].max() / 2
    assert (bright & (label[0] > 0)).sum() > 0.8 * label.sum()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_varied_note_can_be_parsed_and_fits_its_mask(seed):
    rng = np.random.default_rng(seed)
    for note, mask in ((ONE_SIDED, lesions(True, False)), (TWO_SIDED, lesions(True, True))):
        varied, remaining = vary_note(parse_note(note, "viewer"), mask, rng, strength=3)
        assert parse_note(to_prompt(varied, "viewer"), "viewer").sides == varied.sides
        assert not (remaining & ~mask).any()
        if remaining.any() and not varied.weak:
            for side, columns in (("right", slice(0, 48)), ("left", slice(48, 96))):
                assert remaining[:, columns].any() == (side in varied.sides)
        if not remaining.any():
            assert len(varied.sides) == 1, "only a note of the wrong side has an empty mask"


def test_strength_0_changes_nothing():
    expression, mask = parse_note(TWO_SIDED, "viewer"), lesions(True, True)
    for seed in range(50):
        varied, varied_mask = vary_note(expression, mask, np.random.default_rng(seed), strength=0)
        assert varied is expression
        assert varied_mask is mask


def test_every_variation_occurs_in_400_draws():
    expression, mask = parse_note(TWO_SIDED, "viewer"), lesions(True, True)
    prompts = {to_prompt(vary_note(expression, mask, np.random.default_rng(seed))[0], "viewer") for seed in range(400)}
    assert {
        TWO_SIDED,
        "Pulmonary infection.",
        "Bilateral pulmonary infection.",
        "Bilateral pulmonary infection, left lung and lower right lung.",
        "Unilateral pulmonary infection, one infected area, all left lung.",
        "Unilateral pulmonary infection, right lung.",
    } <= prompts


@pytest.mark.parametrize("side", SIDES)
def test_reduces_to_a_side_swaps_sides_and_removes_zones(side):
    expression = parse_note(TWO_SIDED, "viewer")
    one_sided = of_one_side(expression, side)
    assert one_sided.sides == (side,)
    assert one_sided.zones[side] == expression.zones[side]
    swapped = swap_sides_of(one_sided)
    assert swapped.sides != one_sided.sides
    assert swapped.zones[swapped.sides[0]] == one_sided.zones[side]
    assert swap_sides_of(swapped).zones == one_sided.zones
    assert without_zones(expression, side).zones[side] == ()
