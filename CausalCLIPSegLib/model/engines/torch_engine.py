"""Run a checkpoint in PyTorch, on a CUDA GPU or on the CPU."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from CausalCLIPSegLib.errors import CheckpointError, DeviceWarning
from CausalCLIPSegLib.model.checkpoint import Checkpoint
from CausalCLIPSegLib.model.engines.interface import Arrays
from CausalCLIPSegLib.model.weights import read_tensors
from CausalCLIPSegLib.network.architectures import build_network, parts_of

if TYPE_CHECKING:
    from CausalCLIPSegLib.network.architectures import Network
    from CausalCLIPSegLib.network.inference import Part


def load_network(checkpoint: Checkpoint) -> Network:
    """Return the network of a checkpoint: float32, on the CPU, in evaluation mode, without gradients.

    Raises:
        CheckpointError: the weights do not fit the network.
    """
    misfit = CheckpointError(f"The weights of the checkpoint “{checkpoint.card.name}” do not fit its network.")
    with torch.device("meta"):  # without memory, because the card may claim any size
        expected = build_network(checkpoint.card.network).state_dict()
    stored = {name: tensor.shape for name, tensor in read_tensors(checkpoint.weights).items()}
    if {name: tuple(tensor.shape) for name, tensor in expected.items()} != stored:
        raise misfit
    network = build_network(checkpoint.card.network)
    try:
        network.load_state_dict(load_file(checkpoint.weights))  # copies float16 into float32 parameters
    except (SafetensorError, RuntimeError) as error:
        raise misfit from error
    return network.eval().requires_grad_(False)


def has_cuda() -> bool:
    """Return whether a CUDA GPU can be used."""
    return torch.cuda.is_available()


class TorchEngine:
    """A checkpoint in PyTorch; see `Engine`.

    If the GPU runs out of memory, it issues a `DeviceWarning` and continues on the CPU.

    Attributes:
        network: the network in evaluation mode.
    """

    name = "torch"

    def __init__(self, checkpoint: Checkpoint, device: str) -> None:
        """Put a checkpoint on a device, "cpu" or "cuda".

        Raises:
            CheckpointError: the weights do not fit the network.
        """
        self.network = load_network(checkpoint)
        self.device = device
        self._parts = parts_of(self.network)
        try:
            self.network.to(device)
        except torch.cuda.OutOfMemoryError:
            self._fall_back_to_cpu()

    def encode_text(self, tokens: npt.NDArray[np.int64]) -> Arrays:
        """Encode the tokens of texts."""
        return self._run(self._parts.text, {"tokens": tokens})

    def encode_image(self, image: npt.NDArray[np.float32]) -> Arrays:
        """Encode images."""
        return self._run(self._parts.image, {"image": image})

    def decode(self, features: Arrays) -> Arrays:
        """Segment images by their texts."""
        return self._run(self._parts.decoder, features)

    def _run(self, part: Part, inputs: Arrays) -> Arrays:
        try:
            return self._run_once(part, inputs)
        except torch.cuda.OutOfMemoryError:
            self._fall_back_to_cpu()
            return self._run_once(part, inputs)

    @torch.inference_mode()
    def _run_once(self, part: Part, inputs: Arrays) -> Arrays:
        tensors = {name: torch.from_numpy(inputs[name]).to(self.device) for name in part.inputs}
        # TF32, the default of convolutions on a GPU, has only 10 bits, and masks would differ from those of a CPU.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            return {name: output.float().cpu().numpy() for name, output in part(**tensors).items()}

    def _fall_back_to_cpu(self) -> None:
        warnings.warn(DeviceWarning("The GPU has too little free memory; running on the CPU instead."), stacklevel=4)
        self.device = "cpu"
        self.network.to("cpu")
        torch.cuda.empty_cache()
