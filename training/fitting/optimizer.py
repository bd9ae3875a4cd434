"""One learning rate for each layer: lower for what is pre-trained, and the lower the closer to the input."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg

_DEPTHS = (
    (re.compile(r"resnet\.(conv|bn)\d"), lambda match: 0),
    (re.compile(r"resnet\.layer(\d)"), lambda match: int(match[1])),
    (re.compile(r"body\.blocks\.(\d+)"), lambda match: 1 + int(match[1])),
)
"""Where a parameter of a vision encoder lies, counted in stages from the input, by its name."""


def stage_of(name: str) -> int:
    """Return the stage of a vision encoder's parameter from its name within the encoder; 0 is the stem."""
    for pattern, depth in _DEPTHS:
        match = pattern.match(name)
        if match:
            return depth(match)
    return 0


def parameter_groups(
    network: CausalCLIPSeg, rate: float, vision_rate: float, text_rate: float, decay: float = 1.0
) -> list[dict[str, Any]]:
    """Return the optimiser's groups: each stage of the vision encoder, the text encoder, the rest.

    Args:
        network: whose parameters, frozen ones too.
        rate: of the parts that start at random.
        vision_rate: of the last stage of the vision encoder.
        text_rate: of the text encoder.
        decay: factor from one stage of the vision encoder to the one before it.
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
    own = {id(parameter) for group in groups for parameter in group["params"]} | {id(one) for one in text}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in own]
    return [*groups, {"params": text, "lr": text_rate}, {"params": rest, "lr": rate}]
