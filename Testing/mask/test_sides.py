"""Parting a mask into the patient's lungs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CausalCLIPSegLib.mask.sides import split_by_side

masks = arrays(bool, st.tuples(st.integers(1, 12), st.integers(2, 14)))


@given(mask=masks, mirrored=st.booleans())
def test_the_parts_are_disjoint_and_add_up(mask, mirrored):
    parts = split_by_side(mask, mirrored=mirrored)
    assert set(parts) == {"left", "right"}
    assert not (parts["left"] & parts["right"]).any()
    np.testing.assert_array_equal(parts["left"] | parts["right"], mask)


@given(mask=masks)
def test_a_mirrored_film_has_its_sides_exchanged(mask):
    usual, mirrored = split_by_side(mask), split_by_side(mask, mirrored=True)
    np.testing.assert_array_equal(usual["left"], mirrored["right"])


def test_the_patients_right_is_on_the_left_of_the_picture():
    mask = np.zeros((10, 20), bool)
    mask[2:5, 2:5] = True
    assert split_by_side(mask)["right"].sum() == 9


def test_an_area_that_reaches_a_little_over_the_middle_is_not_cut():
    mask = np.zeros((10, 40), bool)
    mask[2:8, 2:21] = True
    parts = split_by_side(mask)
    assert parts["right"].sum() == mask.sum()
    assert not parts["left"].any()


def test_an_area_across_both_halves_is_cut_at_the_middle():
    mask = np.zeros((10, 40), bool)
    mask[2:8, 5:30] = True
    parts = split_by_side(mask)
    assert parts["right"].sum() == 6 * 15
    assert parts["left"].sum() == 6 * 10
