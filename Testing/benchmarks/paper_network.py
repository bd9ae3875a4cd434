"""The paper's network at its own size, with random weights: the plain published form against the exact identities.

Plain: both branches, the text at each call, convolutions at full resolution. Identities: the causal branch, the text
once, convolutions behind an upsampling at low resolution. The largest difference of their logits is measured too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import onnxruntime
import torch
from measuring import interleave, table
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from training.fitting.allocator import keep_freed_memory

_THREADS = 2
_LAMBDA = 0.05
"""Weight of the confounder's loss in the paper."""


class _Plain(nn.Module):
    def __init__(self, network: CausalCLIPSeg) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the logits of both branches."""
        output = self.network(image, self.network.encode_text(tokens))
        return output.logits, output.confounder_logits


class _Fast(nn.Module):
    def __init__(self, network: CausalCLIPSeg) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """Return the logits of the causal branch for texts that are encoded."""
        return self.network(image, text, confounder=False).logits


def measure(*, rounds: int) -> str:
    """Return the tables of inference and of a training step."""
    torch.set_num_threads(_THREADS)
    torch.manual_seed(0)
    plain = CausalCLIPSeg(NetworkConfiguration(low_resolution_convolutions=False)).eval()
    fast = CausalCLIPSeg(NetworkConfiguration()).eval()
    fast.load_state_dict(plain.state_dict())
    inference = _inference(plain, fast, (1,) if rounds == 1 else (1, 8), rounds)
    keep_freed_memory()  # as in real training, for both forms
    training = _training(plain, fast, batch=2, repeat=rounds)
    return f"{inference}\n\n{training}"


def _inference(plain: CausalCLIPSeg, fast: CausalCLIPSeg, batches: tuple[int, ...], repeat: int) -> str:
    rows = []
    for batch in batches:
        image = torch.rand(batch, 1, plain.configuration.image_size, plain.configuration.image_size)
        tokens = torch.randint(1, 400, (batch, plain.configuration.text.context_length))
        with TemporaryDirectory() as folder, torch.no_grad():
            text = fast.encode_text(tokens)
            modules = {
                "plain": (_Plain(plain).eval(), (image, tokens)),
                "identities": (_Fast(fast).eval(), (image, text)),
            }
            candidates: dict[str, Callable[[], object]] = {}
            for name, (module, inputs) in modules.items():
                candidates[f"{name}, PyTorch"] = partial(module, *inputs)
                candidates[f"{name}, ONNX Runtime"] = _exported(module, inputs, Path(folder) / f"{name}.onnx")
            operations = {name: _count(partial(module, *inputs)) for name, (module, inputs) in modules.items()}
            peaks, peak_operations = _peak_candidates(Path(folder))
            seconds = interleave({**candidates, **peaks}, repeat)
            peak = max(peak_operations[label.split(",")[0]] / seconds.pop(label) for label in peaks)
            outputs = {label: work() for label, work in candidates.items()}
        logits = {
            label: torch.as_tensor(output[0] if isinstance(output, tuple | list) else output)
            for label, output in outputs.items()
        }
        slowest, expected = seconds["plain, PyTorch"], logits["plain, PyTorch"]
        for label, each in seconds.items():
            share = operations[label.split(",")[0]] / each / peak
            rows.append(
                [
                    *label.split(", "),
                    str(batch),
                    f"{each / batch:.2f}",
                    f"{slowest / each:.1f}",
                    f"{share:.0%} of {peak / 1e9:.0f} GFLOP/s",
                    f"{float((logits[label] - expected).abs().max() / expected.std()):.0e}",
                ]
            )
    head = [
        "form",
        "runs in",
        "batch",
        "s for one image",
        "times as fast",
        "share of the matrix peak",
        "difference / spread of logits",
    ]
    return table(head, rows)


def _exported(module: nn.Module, inputs: tuple[Tensor, ...], path: Path) -> Callable[[], object]:
    """Return the module's graph in ONNX Runtime on the inputs."""
    program = torch.onnx.export(module, inputs, dynamo=True, optimize=True, verbose=False)
    assert program is not None
    program.save(str(path), external_data=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {each.name: value.numpy() for each, value in zip(session.get_inputs(), inputs, strict=True)}
    return partial(session.run, None, feeds)


def _training(plain: CausalCLIPSeg, fast: CausalCLIPSeg, batch: int, repeat: int) -> str:
    size = plain.configuration.image_size
    image, target = torch.rand(batch, 1, size, size), (torch.rand(batch, 1, size, size) > 0.8).float()
    tokens = torch.randint(1, 400, (batch, plain.configuration.text.context_length))
    steps = {
        name: partial(_step, network.train(), image, tokens, target)
        for name, network in (("plain", plain), ("identities", fast))
    }
    operations = {name: _count(step) for name, step in steps.items()}
    seconds = interleave(steps, repeat)
    rows = [
        [
            name,
            str(batch),
            f"{each / batch:.2f}",
            f"{seconds['plain'] / each:.1f}",
            f"{operations[name] / each / 1e9:.0f}",
        ]
        for name, each in seconds.items()
    ]
    return table(["training step", "batch", "s for one image", "times as fast", "GFLOP/s"], rows)


def _step(network: CausalCLIPSeg, image: Tensor, tokens: Tensor, target: Tensor) -> None:
    """Run forward and backward of both decoders."""
    network.zero_grad()
    output = network(image, network.encode_text(tokens))
    assert output.confounder_logits is not None
    causal, confounding = (
        F.binary_cross_entropy_with_logits(logits, target) for logits in (output.logits, output.confounder_logits)
    )
    (causal - _LAMBDA * confounding).backward()


def _count(work: Callable[[], object]) -> int:
    """Return the floating-point operations of matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


class _Product(nn.Module):
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Multiply two matrices."""
        return first @ second


def _peak_candidates(folder: Path) -> tuple[dict[str, Callable[[], object]], dict[str, int]]:
    """Return a matrix product and a convolution in both libraries, and the operations of each."""
    works: dict[str, tuple[nn.Module, tuple[Tensor, ...]]] = {
        "product": (_Product().eval(), (torch.rand(1536, 1536), torch.rand(1536, 1536))),
        "convolution": (nn.Conv2d(512, 512, 3, bias=False).eval(), (torch.rand(8, 512, 30, 30),)),
    }
    candidates: dict[str, Callable[[], object]] = {}
    operations = {}
    for name, (module, inputs) in works.items():
        candidates[f"{name}, PyTorch"] = partial(module, *inputs)
        candidates[f"{name}, ONNX Runtime"] = _exported(module, inputs, folder / f"{name}.onnx")
        operations[name] = _count(candidates[f"{name}, PyTorch"])
    return candidates, operations
