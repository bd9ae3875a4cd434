"""The causal intervention module (Eq. 2): coordinates, maskers, CARAFE and fusion."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.network.carafe import Carafe
from CausalCLIPSegLib.network.coordinate_convolution import append_coordinates
from CausalCLIPSegLib.network.fusion import ScaleUnifier
from CausalCLIPSegLib.network.masker import Masker, split_features


def test_coordinates_run_from_minus_one_to_one():
    out = append_coordinates(torch.zeros(2, 3, 4, 5))
    assert out.shape == (2, 5, 4, 5)
    x, y = out[1, 3], out[1, 4]
    torch.testing.assert_close(x, torch.linspace(-1, 1, 5).expand(4, 5))
    torch.testing.assert_close(y, torch.linspace(-1, 1, 4)[:, None].expand(4, 5))


def test_masks_depend_on_the_input_and_split_the_features():
    torch.manual_seed(0)
    masker = Masker(6).eval()
    features = torch.randn(2, 6, 7, 7)
    attention = masker(features)
    assert attention.shape == features.shape
    assert ((attention > 0) & (attention < 1)).all()
    assert not torch.allclose(attention[0], attention[1])
    causal, confounding = split_features(features, attention)
    torch.testing.assert_close(causal, attention * features)
    torch.testing.assert_close(confounding, (1 - attention) * features)
    torch.testing.assert_close(causal + confounding, features)


def test_the_masker_depends_on_the_position():
    masker = Masker(4).eval()
    attention = masker(torch.ones(1, 4, 9, 9))
    inside = attention[:, :, 2:-2, 2:-2]
    assert inside.std(dim=(2, 3)).min() > 0


def slow_carafe(carafe: Carafe, features: torch.Tensor) -> torch.Tensor:
    """CARAFE by its definition: for each output pixel a weighted mean of the 3x3 neighbors of its source pixel."""
    kernels, factor = carafe.kernels(features), carafe.factor
    batch, channels, height, width = features.shape
    out = torch.zeros(batch, channels, height * factor, width * factor, dtype=features.dtype)
    for row in range(height * factor):
        for column in range(width * factor):
            i, j = row // factor, column // factor
            sub = (row % factor) * factor + column % factor
            for tap in range(9):
                y, x = i + tap // 3 - 1, j + tap % 3 - 1
                if 0 <= y < height and 0 <= x < width:
                    out[:, :, row, column] += kernels[:, tap, sub, i, j, None] * features[:, :, y, x]
    return out


@settings(max_examples=15, deadline=None)
@given(height=st.integers(1, 4), width=st.integers(1, 4), factor=st.sampled_from([1, 2, 4]))
def test_carafe_equals_its_definition(height, width, factor):
    carafe = Carafe(8, factor).double()
    features = torch.randn(2, 8, height, width, dtype=torch.float64)
    torch.testing.assert_close(carafe(features), slow_carafe(carafe, features))


def test_carafe_kernels_sum_to_one():
    kernels = Carafe(8, 2).kernels(torch.randn(1, 8, 3, 3))
    assert (kernels >= 0).all()
    torch.testing.assert_close(kernels.sum(1), torch.ones(1, 4, 3, 3))


def test_stages_are_resampled_to_the_target_scale():
    stages = [torch.randn(1, 8, 28, 28), torch.randn(1, 8, 14, 14), torch.randn(1, 8, 7, 7)]
    for target, size in ((8, 28), (16, 14), (32, 7)):
        unified = ScaleUnifier(8, (8, 16, 32), target)(stages)
        assert unified.shape == (1, 24, size, size)
        own = (8, 16, 32).index(target)
        torch.testing.assert_close(unified[:, own * 8 : own * 8 + 8], stages[own])
