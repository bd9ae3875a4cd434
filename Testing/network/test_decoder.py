"""The decoder computes the cross-correlation of Eq. 1."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate

from CausalCLIPSegLib.network.configuration import DecoderConfiguration
from CausalCLIPSegLib.network.decoder import Decoder, cross_correlate


@settings(max_examples=20, deadline=None)
@given(
    height=st.integers(2, 5), width=st.integers(2, 5), factor=st.sampled_from([1, 2, 4]), low_resolution=st.booleans()
)
def test_each_image_is_correlated_with_the_kernel_of_its_own_text(height, width, factor, low_resolution):
    features = torch.randn(2, 3, height, width, dtype=torch.float64)
    kernel, bias = torch.randn(2, 3, 3, 3, dtype=torch.float64), torch.randn(2, dtype=torch.float64)
    ours = cross_correlate(features, kernel, bias, factor, low_resolution=low_resolution)
    full = features
    if factor > 1:
        full = F.interpolate(features, scale_factor=float(factor), mode="bilinear", align_corners=False)
    for index in range(2):
        padded = np.pad(full[index].numpy(), ((0, 0), (1, 1), (1, 1)))
        expected = correlate(padded, kernel[index].numpy(), mode="valid", method="direct")[0] + bias[index].item()
        np.testing.assert_allclose(ours[index, 0].numpy(), expected, atol=1e-10)


@pytest.mark.parametrize("factors", [(4, 4), (4, 2), (2,), ()])
def test_low_resolution_gives_the_same_logits_and_gradients(factors):
    torch.manual_seed(0)
    configuration = DecoderConfiguration(channels=(12,) * len(factors), factors=factors)
    # Evaluation mode: batch statistics over so few pixels would magnify the rounding errors of float32.
    fast, plain = (Decoder(16, 10, 16, configuration, low_resolution=low).eval() for low in (True, False))
    plain.load_state_dict(fast.state_dict())
    text, features = torch.randn(2, 10), torch.randn(2, 16, 5, 5)
    results = []
    for decoder in (fast, plain):
        x = features.clone().requires_grad_()
        logits = decoder(text, x)
        assert logits.shape == (2, 1, 80, 80)
        logits.sigmoid().mean().backward()
        results.append([logits.detach(), x.grad, *(p.grad for p in decoder.parameters())])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)


def test_rejects_factors_that_do_not_divide_the_scale():
    with pytest.raises(ValueError, match="do not divide"):
        Decoder(4, 4, 8, DecoderConfiguration(channels=(4,), factors=(3,)))
