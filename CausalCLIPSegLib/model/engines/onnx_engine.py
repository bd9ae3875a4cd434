"""Run the graphs of a checkpoint in ONNX Runtime, on the CPU."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.checkpoint import DECODER_GRAPH, IMAGE_GRAPH, TEXT_GRAPH, Checkpoint
from CausalCLIPSegLib.model.engines.interface import Arrays

THREADS = 2
"""Threads for one operation, unless the machine has fewer cores or `CAUSALCLIPSEG_THREADS` says otherwise."""


class OnnxEngine:
    """A checkpoint in ONNX Runtime; see `Engine`."""

    name = "onnx"
    device = "cpu"

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Load the graphs; they refer to the weights of the checkpoint.

        Raises:
            CheckpointError: ONNX Runtime cannot load a graph.
        """
        self._text, self._image, self._decoder = (
            _session(checkpoint, name) for name in (TEXT_GRAPH, IMAGE_GRAPH, DECODER_GRAPH)
        )

    def encode_text(self, tokens: npt.NDArray[np.int64]) -> Arrays:
        """Encode the tokens of texts."""
        return _run(self._text, {"tokens": tokens})

    def encode_image(self, image: npt.NDArray[np.float32]) -> Arrays:
        """Encode images."""
        return _run(self._image, {"image": image})

    def decode(self, features: Arrays) -> Arrays:
        """Segment images by their texts."""
        return _run(self._decoder, features)


def threads() -> int:
    """Return the number of threads for one operation."""
    asked = os.environ.get("CAUSALCLIPSEG_THREADS", "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else min(THREADS, os.cpu_count() or 1)


def _session(checkpoint: Checkpoint, name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # messages go to the exceptions
    # Threads that spin while they wait take the time of other processes.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    path: Path = checkpoint.folder / name
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions have no common class
        raise CheckpointError(
            f"The graph {name} of the checkpoint “{checkpoint.card.name}” cannot be loaded."
        ) from error


def _run(session: onnxruntime.InferenceSession, inputs: Arrays) -> Arrays:
    expected = {each.name for each in session.get_inputs()}
    names = [each.name for each in session.get_outputs()]
    return dict(
        zip(names, session.run(names, {name: inputs[name] for name in inputs if name in expected}), strict=True)
    )
