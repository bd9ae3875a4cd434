"""The engines against each other, with the embedded checkpoint at its own size."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from measuring import interleave, table

from CausalCLIPSegLib.model.checkpoint import open_checkpoint
from CausalCLIPSegLib.model.engines.interface import Engine
from CausalCLIPSegLib.model.engines.onnx_engine import OnnxEngine
from CausalCLIPSegLib.model.engines.torch_engine import TorchEngine
from CausalCLIPSegLib.model.tokens import encode

_PROMPT = "Unilateral pulmonary infection, one infected area, lower left lung."


def measure(*, rounds: int) -> str:
    """Return the table of milliseconds for one view."""
    checkpoint = open_checkpoint("default")
    network = checkpoint.card.network
    tokens = encode(_PROMPT, network.text)
    engines: dict[tuple[str, int], Engine] = {}
    for threads in (1, 2):
        os.environ["CAUSALCLIPSEG_THREADS"] = str(threads)
        engines["onnx", threads] = OnnxEngine(checkpoint)
        engines["torch", threads] = TorchEngine(checkpoint, "cpu")
    del os.environ["CAUSALCLIPSEG_THREADS"]
    rows = []
    for batch in (1, 8):
        image = np.random.default_rng(0).random((batch, 1, network.image_size, network.image_size), np.float32)
        candidates: dict[str, Callable[[], object]] = {}
        for (name, threads), engine in engines.items():
            text = engine.encode_text(tokens.repeat(batch, axis=0))
            candidates[f"{name}, {threads}"] = partial(_segment, engine, image, text, threads)
        seconds = interleave(candidates, rounds)
        slowest = seconds["torch, 1"]
        rows += [
            [*label.split(", "), str(batch), f"{1000 * each / batch:.1f}", f"{slowest / each:.2f}"]
            for label, each in seconds.items()
        ]
    torch.set_num_threads(os.cpu_count() or 1)
    return table(["engine", "threads", "batch", "ms for one view", "times as fast as torch with 1 thread"], rows)


def _segment(engine: Engine, image: np.ndarray, text: dict, threads: int) -> None:
    torch.set_num_threads(threads)  # ONNX Runtime has its own
    engine.decode({**engine.encode_image(image), **text})
