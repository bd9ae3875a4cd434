"""Areas without a sure core are lowered; all else stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CausalCLIPSegLib.mask.components import connected_components
from CausalCLIPSegLib.mask.doubtful import lower_doubtful

MAPS = arrays(np.float32, (9, 11), elements=st.floats(0, 1, width=32))


def two_areas(first: float, second: float) -> np.ndarray:
    probability = np.full((6, 12), 0.05, np.float32)
    probability[1:4, 1:4] = 0.45
    probability[2, 2] = first
    probability[1:4, 7:10] = 0.45
    probability[2, 8] = second
    return probability


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [(0.69, 0.71, (False, True)), (0.9, 0.5, (True, False)), (0.5, 0.6, (False, False)), (0.7, 0.7, (True, True))],
)
def test_an_area_stays_only_with_a_sure_core(first, second, kept):
    lowered = lower_doubtful(two_areas(first, second), 0.4, 0.7)
    assert ((lowered >= 0.4)[2, 2], (lowered >= 0.4)[2, 8]) == kept


def test_the_surer_of_two_doubtful_areas_stays_the_surer_one():
    lowered = lower_doubtful(two_areas(0.5, 0.6), 0.4, 0.7)
    assert lowered[2, 2] < lowered[2, 8] < 0.4


@given(MAPS, st.floats(0.2, 0.6), st.floats(0.2, 0.95))
def test_the_mask_loses_whole_areas_and_nothing_else(probability, threshold, peak):
    lowered = lower_doubtful(probability, threshold, peak)
    assert lowered.dtype == np.float32
    assert (lowered <= probability).all()
    before, after = probability >= threshold, lowered >= threshold
    labels, number = connected_components(before)
    for label in range(1, number + 1):
        area = labels == label
        assert after[area].all() or not after[area].any()
        if probability[area].max() >= peak:
            assert after[area].all()
            assert np.array_equal(lowered[area], probability[area])


@given(MAPS, st.floats(0.05, 0.95))
def test_a_peak_at_the_threshold_changes_nothing(probability, threshold):
    assert np.array_equal(lower_doubtful(probability, threshold, threshold), probability)


@given(MAPS)
def test_lowering_twice_is_not_needed(probability):
    mask = lower_doubtful(probability, 0.4, 0.7) >= 0.4
    assert np.array_equal(lower_doubtful(lower_doubtful(probability, 0.4, 0.7), 0.4, 0.7) >= 0.4, mask)
