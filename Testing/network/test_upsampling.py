"""A convolution after an upsampling, computed at low resolution, equals the plain form."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.network.upsampling import UpsamplingConvolution, _cached_tap_matrices

sizes = st.integers(1, 9)


def both_forms(
    factor: int, kernel_size: int, dtype: torch.dtype
) -> tuple[UpsamplingConvolution, UpsamplingConvolution]:
    low = UpsamplingConvolution(5, 3, factor, kernel_size).to(dtype)
    plain = UpsamplingConvolution(5, 3, factor, kernel_size, low_resolution=False).to(dtype)
    plain.load_state_dict(low.state_dict())
    return low, plain


@settings(max_examples=40, deadline=None)
@given(height=sizes, width=sizes, factor=st.sampled_from([1, 2, 3, 4]), kernel_size=st.sampled_from([1, 3, 5]))
def test_low_resolution_form_equals_the_plain_form_at_any_size(height, width, factor, kernel_size):
    low, plain = both_forms(factor, kernel_size, torch.float64)
    features = torch.randn(2, 5, height, width, dtype=torch.float64)
    torch.testing.assert_close(low(features), plain(features), rtol=0, atol=1e-12)


def test_outputs_and_gradients_agree_in_float32():
    torch.manual_seed(0)
    low, plain = both_forms(4, 3, torch.float32)
    features = torch.randn(2, 5, 14, 14)
    gradients = []
    for form in (low, plain):
        x = features.clone().requires_grad_()
        out = form(x)
        out.pow(2).mean().backward()
        gradients.append((out.detach(), x.grad, form.weight.grad))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)


def test_a_call_in_inference_mode_does_not_spoil_the_cache_for_training():
    low, plain = both_forms(2, 3, torch.float32)
    _cached_tap_matrices.cache_clear()
    features = torch.randn(1, 5, 6, 7)
    with torch.inference_mode():
        first = low(features).clone()
    second = low(features.requires_grad_())
    second.sum().backward()
    torch.testing.assert_close(first, second.detach())
    torch.testing.assert_close(second, plain(features), rtol=0, atol=1e-5)


@pytest.mark.parametrize("factor", [2, 4])
def test_the_middle_tap_is_the_bilinear_interpolation(factor):
    line = torch.randn(1, 1, 8, dtype=torch.float64)
    middle = _cached_tap_matrices(8, factor, 3, torch.float64, torch.device("cpu"))[:, 8:16]
    expected = F.interpolate(line, scale_factor=float(factor), mode="linear", align_corners=False)
    torch.testing.assert_close(middle @ line[0, 0], expected[0, 0])
