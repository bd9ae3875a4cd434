"""Connected components, squares around pixels, and percentiles: compared with SciPy and NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from CausalCLIPSegLib.bounding_box import bounding_box
from CausalCLIPSegLib.mask import presence
from CausalCLIPSegLib.mask.components import Components, area_fraction, connected_components, count_components
from CausalCLIPSegLib.mask.lung_extent import _SAMPLED_VALUES, _percentile

SQUARE = np.ones((3, 3), dtype=bool)

drawn = arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, max_side=24))


@st.composite
def speckled(draw):
    """Masks of any density; Hypothesis itself draws mostly empty ones."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return generator.random(draw(st.tuples(st.integers(1, 60), st.integers(1, 60)))) < draw(st.floats(0, 1))


masks = drawn | speckled()


@settings(max_examples=300, deadline=None)
@given(masks)
def test_components_are_those_of_scipy(mask):
    expected, number = ndimage.label(mask, structure=SQUARE)
    labels, count = connected_components(mask)
    assert (count, count_components(mask), labels.dtype) == (number, number, np.int32)
    np.testing.assert_array_equal(labels, expected)
    components = Components.of(mask)
    np.testing.assert_array_equal(components.sizes, np.bincount(expected.ravel(), minlength=number + 1)[1:])
    rows = [(where[0].start, where[0].stop) for where in ndimage.find_objects(expected)]
    assert components.row_ranges() == rows


def test_a_spiral_is_one_component():
    """Its runs are connected only along a way through all of them."""
    mask = np.zeros((41, 41), dtype=bool)
    row, column, step = 0, -1, (0, 1)
    for length in [41, *np.repeat(np.arange(40, 0, -2), 2)]:
        for _ in range(length):
            row, column = row + step[0], column + step[1]
            mask[row, column] = True
        step = step[1], -step[0]
    assert count_components(mask) == ndimage.label(mask, structure=SQUARE)[1] == 1


@given(masks)
def test_box_is_the_smallest_that_holds_the_mask(mask):
    rows, columns = bounding_box(mask)
    rest = mask.copy()
    rest[rows, columns] = False
    assert not rest.any()
    if mask.any():
        part = mask[rows, columns]
        assert all(edge.any() for edge in (part[0], part[-1], part[:, 0], part[:, -1]))
    assert area_fraction(mask) == mask.mean()


@settings(max_examples=100, deadline=None)
@given(masks, st.integers(1, 9))
def test_squares_are_those_of_scipy(mask, reach):
    np.testing.assert_array_equal(presence._dilated(mask, reach), ndimage.binary_dilation(mask, SQUARE, reach))
    np.testing.assert_array_equal(presence._eroded(mask, reach), ndimage.binary_erosion(mask, SQUARE, reach))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
@pytest.mark.parametrize("kind", ["noise", "mostly black", "two values", "few pixels", "sorted"])
@pytest.mark.parametrize("percent", [2, 98])
def test_percentile_is_that_of_numpy(dtype, kind, percent):
    values = np.random.default_rng(0).integers(0, 200, 300_000).astype(dtype)
    if kind == "mostly black":
        values[: int(0.99 * len(values))] = 0
    elif kind == "two values":
        values = (values > 100).astype(dtype)
    elif kind == "few pixels":
        values = values[:3]
    elif kind == "sorted":
        values.sort()
    values = values.reshape(3, -1)
    assert _percentile(values, percent) == pytest.approx(np.percentile(values.astype(float), percent))


def test_percentile_does_not_depend_on_a_sample_that_misleads():
    values = np.zeros(4 * _SAMPLED_VALUES)
    values[1::4] = -1  # the sample takes every fourth value, and none of these
    assert _percentile(values, 2) == -1
    assert _percentile(-values, 98) == 1
