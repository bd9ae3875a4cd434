"""Stochastic depth: skip residual blocks of the vision encoder at random (Huang et al., ECCV 2016)."""

from __future__ import annotations

from timm.layers import DropPath
from torch import nn

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.network.vision_encoder import TimmEncoder


def skip_blocks(network: nn.Module, rate: float) -> None:
    """Skip the last residual block with probability `rate` per radiograph, and earlier blocks in proportion to depth.

    Weights and their names do not change, and blocks are skipped only in training.

    Raises:
        CausalCLIPSegError: the rate is outside [0, 1), or the encoder has no blocks that can be skipped.
    """
    if not 0 <= rate < 1:
        raise CausalCLIPSegError("The probability of skipping a block must be at least 0 and below 1.")
    if not isinstance(network.vision_encoder, TimmEncoder):
        raise CausalCLIPSegError("Blocks can be skipped only in encoders from timm.")
    blocks = [block for stage in network.vision_encoder.body.blocks for block in stage]  # type: ignore[union-attr]
    for depth, block in enumerate(blocks, start=1):
        if getattr(block, "has_skip", False):
            block.drop_path = DropPath(rate * depth / len(blocks))
