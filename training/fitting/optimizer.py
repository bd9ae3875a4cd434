"""Parameter groups with their own learning rates: lower for pretrained layers, and lower toward the input."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from torch import nn

_DEPTHS = (
    (re.compile(r"resnet\.(conv|bn)\d"), lambda match: 0),
    (re.compile(r"resnet\.layer(\d)"), lambda match: int(match[1])),
    (re.compile(r"body\.blocks\.(\d+)"), lambda match: 1 + int(match[1])),
)
"""Patterns for the names of a vision encoder's parameters; each function returns the stage, counted from the input."""


def stage_of(name: str) -> int:
    """Return the stage of a vision encoder's parameter from its name within the encoder; 0 is the stem."""
    for pattern, depth in _DEPTHS:
        match = pattern.match(name)
        if match:
            return depth(match)
    return 0


def parameter_groups(
    network: Any,
    rate: float,
    vision_rate: float,
    text_rate: float,
    decay: float = 1.0,
    others: Iterable[nn.Parameter] = (),
) -> list[dict[str, Any]]:
    """Return the optimizer's parameter groups: each stage of the vision encoder, the text encoder, and the rest.

    Args:
        network: a network with the encoders `vision_encoder` and `text_encoder`; its frozen parameters are included.
        rate: learning rate of the parts that are not pretrained.
        vision_rate: learning rate of the vision encoder's last stage.
        text_rate: learning rate of the text encoder.
        decay: factor from each stage of the vision encoder to the stage before it; 1 puts all stages in one group.
        others: parameters that are trained but do not belong to the network.
    """
    stages: dict[int, list[nn.Parameter]] = {}
    for name, parameter in network.vision_encoder.named_parameters():
        stages.setdefault(stage_of(name) if decay != 1 else 0, []).append(parameter)
    last = max(stages)
    groups: list[dict[str, Any]] = [
        {"params": parameters, "lr": vision_rate * decay ** (last - stage)}
        for stage, parameters in sorted(stages.items())
    ]
    text = list(network.text_encoder.parameters())
    encoders = {id(parameter) for parameters in (*stages.values(), text) for parameter in parameters}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in encoders]
    rest += others
    return [*groups, {"params": text, "lr": text_rate}, {"params": rest, "lr": rate}]
