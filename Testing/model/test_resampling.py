"""Resampling between the grids of the radiograph and of the network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from CausalCLIPSegLib.model.resampling import (
    BICUBIC,
    BILINEAR,
    interpolate,
    reached_window,
    resample,
    to_network_grid,
    to_radiograph_grid,
)


def smooth(rows: int, columns: int) -> np.ndarray:
    y, x = np.mgrid[0:rows, 0:columns]
    return (0.5 + 0.3 * np.sin(3 * (x + 0.5) / columns) - 0.2 * np.cos(2 * (y + 0.5) / rows)).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(64, 400), columns=st.integers(64, 400))
def test_there_and_back_gives_the_same_pixels(rows, columns):
    pixels = smooth(rows, columns)
    result = to_radiograph_grid(to_network_grid(pixels, 224), rows, columns)
    assert result.shape == pixels.shape
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, pixels, atol=0.02)


def test_an_image_of_the_network_size_is_unchanged():
    pixels = np.random.default_rng(0).random((224, 224), dtype=np.float32)
    grid = to_network_grid(pixels, 224)
    assert grid.shape == (224, 224)
    np.testing.assert_allclose(grid, pixels, atol=1e-6)


def test_keeps_rows_and_columns_apart():
    pixels = np.zeros((448, 300), np.float32)
    pixels[:224] = 1
    grid = to_network_grid(pixels, 224)
    assert grid[:111].min() > 0.99
    assert grid[113:].max() < 0.01


def test_a_fine_pattern_becomes_its_mean():
    """Without antialiasing, a pattern finer than the grid would turn into noise or vanish."""
    pixels = np.indices((2240, 2240)).sum(0) % 2
    grid = to_network_grid(pixels.astype(np.float32), 224)
    np.testing.assert_allclose(grid, 0.5, atol=0.02)


def test_accepts_read_only_and_flipped_arrays():
    pixels = smooth(50, 60)
    pixels.flags.writeable = False
    np.testing.assert_allclose(to_network_grid(pixels[:, ::-1], 64), to_network_grid(pixels, 64)[:, ::-1], atol=1e-6)


sizes = st.integers(2, 700)  # PyTorch's own result is wrong for a single column


@settings(max_examples=60, deadline=None)
@given(rows=sizes, columns=sizes, size=st.sampled_from([64, 192, 224, 320]), seed=st.integers(0, 2**32 - 1))
def test_both_directions_are_the_antialiased_filter_of_pytorch(rows, columns, size, seed):
    torch = pytest.importorskip("torch")

    def expected(image, rows, columns):
        options = {"mode": "bilinear", "align_corners": False, "antialias": True}
        image = torch.from_numpy(image).double()[None, None]  # in float32, PyTorch is off by up to 2e-5
        return torch.nn.functional.interpolate(image, size=(rows, columns), **options)[0, 0].numpy()

    generator = np.random.default_rng(seed)
    pixels = generator.random((rows, columns), dtype=np.float32)
    np.testing.assert_allclose(to_network_grid(pixels, size), expected(pixels, size, size), atol=1e-6)
    network_map = generator.random((size, size), dtype=np.float32)
    back = to_radiograph_grid(network_map, rows, columns)
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, expected(network_map, rows, columns), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(size=st.integers(1, 400), new_size=st.integers(1, 400))
def test_maps_are_interpolated_as_pytorch_does_without_antialiasing(size, new_size):
    torch = pytest.importorskip("torch")
    maps = np.random.default_rng(size).random((2, 1, size, size), dtype=np.float32)
    expected = torch.nn.functional.interpolate(torch.from_numpy(maps), size=(new_size, new_size), mode="bilinear")
    np.testing.assert_allclose(interpolate(maps, new_size), expected.numpy(), atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(sizes, sizes, sizes, sizes, st.sampled_from(["BILINEAR", "BICUBIC"]))
def test_filters_are_those_of_pillow(height, width, rows, columns, name):
    image = np.random.default_rng(height).random((height, width), dtype=np.float32)
    expected = Image.fromarray(image).resize((columns, rows), Image.Resampling[name])
    result = resample(image, rows, columns, {"BILINEAR": BILINEAR, "BICUBIC": BICUBIC}[name])
    np.testing.assert_allclose(result, np.asarray(expected), atol=2e-6)


@st.composite
def boxes(draw, size):
    first, last = sorted(draw(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))))
    return slice(first, last + 1)


@settings(max_examples=60, deadline=None)
@given(boxes(40), boxes(40), sizes, sizes)
def test_a_box_of_the_network_reaches_only_its_window(in_rows, in_columns, rows, columns):
    network_map = np.zeros((40, 40), np.float32)
    network_map[in_rows, in_columns] = np.random.default_rng(rows).random(network_map[in_rows, in_columns].shape)
    whole = to_radiograph_grid(network_map, rows, columns)
    window = reached_window((in_rows, in_columns), network_map.shape, rows, columns)
    np.testing.assert_allclose(to_radiograph_grid(network_map, rows, columns, window), whole[window], atol=1e-6)
    whole[window] = 0
    assert not whole.any()
