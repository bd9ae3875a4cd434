"""`split_by_side` divides a mask into the patient's right and left lung."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CausalCLIPSegLib.mask import split_by_side

masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(2, 14)))


@given(mask=masks, mirrored=st.booleans())
def test_sides_are_disjoint_and_complete(mask, mirrored):
    sides = split_by_side(mask, mirrored=mirrored)
    assert set(sides) == {"left", "right"}
    assert not (sides["left"] & sides["right"]).any()
    np.testing.assert_array_equal(sides["left"] | sides["right"], mask)


@given(mask=masks)
def test_a_mirrored_radiograph_swaps_the_sides(mask):
    usual, mirrored = split_by_side(mask), split_by_side(mask, mirrored=True)
    np.testing.assert_array_equal(usual["left"], mirrored["right"])


def test_the_patients_right_is_on_the_left_of_the_image():
    mask = np.zeros((10, 20), bool)
    mask[2:5, 2:5] = True
    assert split_by_side(mask)["right"].sum() == 9


def test_an_area_slightly_across_the_midline_is_not_cut():
    mask = np.zeros((10, 40), bool)
    mask[2:8, 2:21] = True
    sides = split_by_side(mask)
    assert sides["right"].sum() == mask.sum()
    assert not sides["left"].any()


def test_an_area_in_both_halves_is_cut_at_the_midline():
    mask = np.zeros((10, 40), bool)
    mask[2:8, 5:30] = True
    sides = split_by_side(mask)
    assert sides["right"].sum() == 6 * 15
    assert sides["left"].sum() == 6 * 10
