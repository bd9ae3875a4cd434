"""The engines give the same features and probabilities, and the right one is chosen."""

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import numpy as np
import pytest
import torch
from packaging.requirements import Requirement

from CausalCLIPSegLib.errors import DeviceError, DeviceWarning
from CausalCLIPSegLib.model.checkpoint import open_checkpoint
from CausalCLIPSegLib.model.engines import choice, onnx_engine
from CausalCLIPSegLib.model.engines.load import load_engine
from CausalCLIPSegLib.model.engines.torch_engine import TorchEngine
from CausalCLIPSegLib.model.tokens import encode

ROOT = Path(__file__).parents[2]
TORCH_PACKAGES = {"torch", "torchvision", "timm", "open-clip-torch"}
OUTPUTS = {
    "causalclipseg": {"features", "attention", "text", "probability"},
    "reclmis": {
        *("patches", "skip1", "skip2", "words", "present"),
        *("probability", "patches_of_interest", "words_of_interest"),
    },
}
"""Everything that the parts of each architecture return."""
PROMPTS = (
    "Unilateral pulmonary infection, one infected area, upper right lung.",
    "Bilateral pulmonary infection, six infected areas, all left lung and middle right lung.",
    "Pulmonary infection.",
)


@pytest.fixture(scope="module")
def engines(checkpoint_of_each_architecture):
    checkpoint = open_checkpoint(checkpoint_of_each_architecture)
    return [load_engine(checkpoint, "cpu", name) for name in ("onnx", "torch")], checkpoint.card


@pytest.fixture(scope="module")
def embedded_engines():
    checkpoint = open_checkpoint("default")
    return [load_engine(checkpoint, "cpu", name) for name in ("onnx", "torch")], checkpoint.card


def assert_engines_agree(engines, card, size, batch):
    generator = np.random.default_rng(size + batch)
    image = generator.random((batch, 1, size, size), dtype=np.float32)
    tokens = np.concatenate([encode(prompt, card.network.text) for prompt in (PROMPTS * batch)[:batch]])
    outputs = []
    for engine in engines:
        features = {**engine.encode_image(image), **engine.encode_text(tokens)}
        outputs.append({**features, **engine.decode(features)})
    first, second = outputs
    assert set(first) == set(second) == OUTPUTS[card.network.architecture]
    for name in first:
        assert first[name].dtype == second[name].dtype == np.float32
        np.testing.assert_allclose(first[name], second[name], atol=1e-4, rtol=1e-4, err_msg=name)
    assert first["probability"].shape == image.shape


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("size", [64, 96, 224])
def test_both_engines_give_the_same_arrays(engines, size, batch):
    assert_engines_agree(*engines, size, batch)


@pytest.mark.parametrize("size", [192, 256, 320])
def test_both_engines_give_the_same_arrays_of_the_embedded_checkpoint(embedded_engines, size):
    assert_engines_agree(*embedded_engines, size, 2)


def test_a_second_call_gives_the_same_arrays(engines):
    for engine in engines[0]:
        image = np.random.default_rng(3).random((2, 1, 64, 64), dtype=np.float32)
        first, second = engine.encode_image(image), engine.encode_image(image)
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])


@pytest.fixture
def computer(monkeypatch):
    """Return a function that pretends that PyTorch and a GPU are there or not."""

    def pretend(has_torch, has_cuda):
        monkeypatch.setattr(choice, "has_torch", lambda: has_torch)
        monkeypatch.setattr(choice, "has_cuda", lambda: has_cuda)

    return pretend


@pytest.mark.parametrize(
    ("has_torch", "has_cuda", "device", "engine", "expected"),
    [
        (False, False, "auto", "auto", "cpu"),
        (True, False, "auto", "auto", "cpu"),
        (True, True, "auto", "auto", "cuda"),
        (True, True, "cpu", "auto", "cpu"),
        (True, True, "auto", "onnx", "cpu"),
        (True, True, "auto", "torch", "cuda"),
        (True, True, "cpu", "torch", "cpu"),
        (True, False, "auto", "torch", "cpu"),
        (True, True, "cuda", "auto", "cuda"),
        (True, True, "cuda", "onnx", "ONNX Runtime runs on the CPU"),
        (True, False, "cuda", "auto", "No CUDA GPU can be used here"),
        (False, False, "cuda", "auto", r"install causalclipseg\[torch\]"),
        (False, False, "auto", "torch", "PyTorch is not installed"),
        (False, False, "cpu", "torch", "PyTorch is not installed"),
    ],
)
def test_chooses_the_device_or_says_why_not(computer, has_torch, has_cuda, device, engine, expected):
    computer(has_torch, has_cuda)
    if expected in ("cpu", "cuda"):
        assert choice.choose_device(device, engine) == expected
    else:
        with pytest.raises(DeviceError, match=expected):
            choice.choose_device(device, engine)


def test_onnx_runtime_is_the_default_on_a_cpu(tiny_checkpoint_to_read):
    assert load_engine(open_checkpoint(tiny_checkpoint_to_read), "cpu").name == "onnx"


def test_too_little_gpu_memory_moves_the_network_to_the_cpu_with_a_warning(tiny_checkpoint_to_read, monkeypatch):
    engine = TorchEngine(open_checkpoint(tiny_checkpoint_to_read), "cpu")
    image = np.random.default_rng(1).random((1, 1, 64, 64), dtype=np.float32)
    expected = engine.encode_image(image)["features"]
    encode_image, failures = engine.network.encode_image, [torch.cuda.OutOfMemoryError("CUDA out of memory")]

    def fail_once(*args, **kwargs):
        if failures:
            raise failures.pop()
        return encode_image(*args, **kwargs)

    monkeypatch.setattr(engine.network, "encode_image", fail_once)
    with pytest.warns(DeviceWarning, match="CPU instead"):
        features = engine.encode_image(image)["features"]
    np.testing.assert_array_equal(features, expected)
    assert engine.device == "cpu"


@pytest.mark.parametrize(
    ("asked", "cores", "expected"), [("", 1, 1), ("", 64, 2), ("5", 64, 5), ("0", 1, 1), ("many", 64, 2)]
)
def test_the_number_of_threads_can_be_set(monkeypatch, asked, cores, expected):
    monkeypatch.setenv("CAUSALCLIPSEG_THREADS", asked)
    monkeypatch.setattr(onnx_engine.os, "cpu_count", lambda: cores)
    assert onnx_engine.threads() == expected


BLOCKED = """
import sys
for name in ("torch", "torchvision", "timm", "open_clip"):
    sys.modules[name] = None
sys.argv = ["causalclipseg", *sys.argv[1:]]
from CausalCLIPSegLib.cli import main
sys.exit(main())
"""


def test_the_command_segments_without_pytorch(tmp_path):
    command = [sys.executable, "-c", BLOCKED, "demo", "--output", str(tmp_path / "result")]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "result/segmentation.dcm").is_file()
    assert "onnx" in process.stdout


def test_the_base_installation_has_no_pytorch():
    base = {
        requirement.name
        for requirement in map(Requirement, requires("causalclipseg") or [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
    }
    if "onnxruntime" not in base:
        pytest.skip("an older version is installed")
    assert not base & TORCH_PACKAGES
