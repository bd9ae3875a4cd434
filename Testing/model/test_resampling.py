"""Resampling between the grids of the radiograph and of the network."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.model.resampling import to_network_grid, to_radiograph_grid


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
    assert grid.shape == (1, 1, 224, 224)
    np.testing.assert_allclose(grid[0, 0].numpy(), pixels, atol=1e-6)


def test_keeps_rows_and_columns_apart():
    pixels = np.zeros((448, 300), np.float32)
    pixels[:224] = 1
    grid = to_network_grid(pixels, 224)[0, 0]
    assert grid[:111].min() > 0.99
    assert grid[113:].max() < 0.01


def test_a_fine_pattern_becomes_its_mean():
    """Without antialiasing, a pattern finer than the grid would turn into noise or vanish."""
    pixels = np.indices((2240, 2240)).sum(0) % 2
    grid = to_network_grid(pixels.astype(np.float32), 224)
    torch.testing.assert_close(grid, torch.full_like(grid, 0.5), atol=0.02, rtol=0)


def test_accepts_read_only_and_flipped_arrays():
    pixels = smooth(50, 60)
    pixels.flags.writeable = False
    torch.testing.assert_close(to_network_grid(pixels[:, ::-1], 64), to_network_grid(pixels, 64).flip(-1))
