"""Gradient checkpointing: save memory by recomputing blocks of the encoders in the backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from open_clip.modified_resnet import Bottleneck
from open_clip.transformer import ResidualAttentionBlock
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from CausalCLIPSegLib.network.vision_encoder import TimmEncoder


def checkpoint_gradients(network: nn.Module) -> None:
    """Recompute the activations of both encoders' blocks; weights, their names and gradients do not change."""
    for block in _blocks(network):
        block.forward = partial(_checkpointed, block, block.forward)


def _blocks(network: nn.Module) -> list[nn.Module]:
    blocks = [module for module in network.modules() if isinstance(module, Bottleneck | ResidualAttentionBlock)]
    if isinstance(network.vision_encoder, TimmEncoder):
        blocks += [block for stage in network.vision_encoder.body.blocks for block in stage]  # type: ignore[union-attr]
    return blocks


def _checkpointed(block: nn.Module, forward: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    if not block.training:
        return forward(*arguments, **keywords)

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _frozen_statistics(block)

    return checkpoint(forward, *arguments, use_reentrant=False, context_fn=contexts, **keywords)


@contextmanager
def _frozen_statistics(block: nn.Module) -> Iterator[None]:
    """Keep the running statistics of batch norms, because the first forward pass has already updated them."""
    norms = [module for module in block.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    momenta = [norm.momentum for norm in norms]
    counts = [norm.num_batches_tracked.clone() for norm in norms if norm.num_batches_tracked is not None]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum, count in zip(norms, momenta, counts, strict=True):
            norm.momentum = momentum
            norm.num_batches_tracked.copy_(count)  # type: ignore[union-attr]
