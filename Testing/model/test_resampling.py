"""The pair of functions between the film's grid and the network's."""

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
def test_back_and_forth_is_the_same_film(rows, columns):
    film = smooth(rows, columns)
    back = to_radiograph_grid(to_network_grid(film, 224), rows, columns)
    assert back.shape == film.shape
    assert back.dtype == np.float32
    np.testing.assert_allclose(back, film, atol=0.02)


def test_a_square_film_of_the_networks_size_is_untouched():
    film = np.random.default_rng(0).random((224, 224), dtype=np.float32)
    picture = to_network_grid(film, 224)
    assert picture.shape == (1, 1, 224, 224)
    np.testing.assert_allclose(picture[0, 0].numpy(), film, atol=1e-6)


def test_rows_stay_rows():
    film = np.zeros((448, 300), np.float32)
    film[:224] = 1
    picture = to_network_grid(film, 224)[0, 0]
    assert picture[:111].min() > 0.99
    assert picture[113:].max() < 0.01


def test_a_fine_pattern_becomes_its_mean():
    """Without antialiasing a pattern finer than the grid would become noise or vanish."""
    film = np.indices((2240, 2240)).sum(0) % 2
    picture = to_network_grid(film.astype(np.float32), 224)
    torch.testing.assert_close(picture, torch.full_like(picture, 0.5), atol=0.02, rtol=0)


def test_a_read_only_film_viewed_backwards_is_read():
    film = smooth(50, 60)
    film.flags.writeable = False
    torch.testing.assert_close(to_network_grid(film[:, ::-1], 64), to_network_grid(film, 64).flip(-1))
