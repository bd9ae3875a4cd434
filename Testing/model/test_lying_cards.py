"""A card or weights that lie are rejected in one sentence, before memory is taken and without any network call."""

from __future__ import annotations

import json
import os
import resource
import socket
import struct
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import timm
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.numpy import load_file, save_file

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import CARD
from CausalCLIPSegLib.model.checkpoint import WEIGHTS, open_checkpoint
from CausalCLIPSegLib.model.engines.load import load_engine
from CausalCLIPSegLib.model.weights import check_weights
from CausalCLIPSegLib.network.configuration import Encoder, NetworkConfiguration, TimmConfiguration
from CausalCLIPSegLib.network.vision_encoder import STRIDES, TimmEncoder
from CausalCLIPSegLib.regular_files import sha256
from CausalCLIPSegLib.segmenter import Segmenter

MAX_MEMORY = 300_000
"""Kilobytes."""

LIES: list[tuple[str, Any]] = [
    *(("network.image_size", value) for value in (0, -32, 33, 225, 10**9, 10**400, 224.5, "many", None, True)),
    *(("scales", value) for value in ([64_000], [0], [-32], [225], [224] * 1000, [10**9], [None], 5)),
    *(("network.text.heads", value) for value in (0, 3, -1, 10**6)),
    *(("network.text.layers", value) for value in (0, -1, 10**6)),
    *(("network.text.width", value) for value in (0, -8, 7, 10**9)),
    *(("network.text.context_length", value) for value in (0, 1, -1, 10**9)),
    *(("network.text.vocabulary_size", value) for value in (0, -1, 10**9)),
    *(("network.text.feature_size", value) for value in (0, -1, 10**9)),
    *(("network.text.tokens", value) for value in ([-1], [5, 5], [49407, 5], [10**9], list(range(10**5)))),
    *(("network.channels", value) for value in (0, -4, 1, 10**9)),
    *(("network.fusion_stage", value) for value in (0, 1, 5, 10**9)),
    *(("network.vision.layers", value) for value in ([0] * 4, [1] * 3, [1] * 5, [10**6] * 4, [-1] * 4)),
    *(("network.vision.width", value) for value in (0, -2, 7, 10**9)),
    *(("network.vision.std", value) for value in ([0] * 3, [float("nan")] * 3, [float("inf")] * 3, [1e-300] * 3)),
    *(("network.vision.mean", value) for value in ([float("nan")] * 3, [1e300] * 3, [0.5])),
    *(
        ("network.vision", {"kind": "timm", "name": name})
        for name in ("hf-hub:someone/model", "local-dir:/tmp", "vit_huge_patch14_224", "", "../x", "resnet18.a1_in1k")
    ),
    *(("network.decoder.channels", value) for value in ([], [0], [8, 8], [10**9], [8] * 1000)),
    *(("network.decoder.factors", value) for value in ([], [0], [3], [2, 2], [-2], [10**9])),
    *(("network.decoder.kernel_size", value) for value in (0, 2, -1, 10**6)),
    *(("network.decoder.conditioning", value) for value in (-1, 10**6)),
    *(("threshold", value) for value in (0, 1, -1, float("nan"), float("inf"), "half")),
    *(("figures", {"dice": value}) for value in (float("nan"), float("inf"), [[float("-inf")]])),
    *(("name", value) for value in ("", "x" * 10**5, 5)),
    ("network.surprise", 1),
    ("limits", "none"),
]


def edit_card(folder: Path, field: str, value: Any) -> None:
    card = json.loads((folder / CARD).read_text())
    *parents, last = field.split(".")
    inside = card
    for parent in parents:
        inside = inside[parent]
    inside[last] = value
    (folder / CARD).write_text(json.dumps(card))


def rejection(folder: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_engine(open_checkpoint(folder), "cpu", "torch")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def no_network(monkeypatch):
    def reject(*_: object, **__: object) -> None:
        raise AssertionError("a card must not cause a network call")

    monkeypatch.setattr(socket.socket, "connect", reject)
    monkeypatch.setattr(socket, "getaddrinfo", reject)


@pytest.fixture
def little_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    if sys.platform == "linux":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MAX_MEMORY


@pytest.mark.usefixtures("no_network", "little_memory")
@pytest.mark.parametrize(("field", "value"), LIES, ids=lambda value: str(value)[:40])
def test_a_card_with_an_impossible_value_is_rejected(tiny_checkpoint, field, value):
    edit_card(tiny_checkpoint, field, value)
    assert "damaged or incomplete" in rejection(tiny_checkpoint)


@pytest.mark.usefixtures("no_network", "little_memory")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network.channels", 4096),
        ("network.text.width", 4096),
        ("network.text.layers", 48),
        ("network.vision.width", 256),
        ("network.vision.layers", [64] * 4),
        ("network.decoder.channels", [4096]),
        ("network.text.tokens", [0, 49407]),
        ("network.causal_intervention", False),
        ("network.vision", {"kind": "timm", "name": "resnet50"}),
    ],
    ids=str,
)
def test_a_possible_size_that_is_not_that_of_the_weights_takes_no_memory(tiny_checkpoint, field, value):
    edit_card(tiny_checkpoint, field, value)
    assert "do not fit" in rejection(tiny_checkpoint)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_configuration_is_built_or_rejected(data):
    """The sizes are small, so that building is quick; on the meta device it takes no memory."""
    small = st.integers(-2, 40)
    network = {
        "image_size": data.draw(st.sampled_from([0, 32, 64, 100])),
        "vision": {
            "kind": "clip_resnet",
            "layers": data.draw(st.lists(st.integers(0, 2), min_size=4, max_size=4)),
            "width": data.draw(small),
        },
        "text": {
            "width": data.draw(small),
            "heads": data.draw(st.integers(-1, 5)),
            "layers": data.draw(st.integers(0, 2)),
            "feature_size": data.draw(small),
            "context_length": data.draw(small),
        },
        "channels": data.draw(small),
        "fusion_stage": data.draw(st.integers(1, 5)),
        "decoder": {
            "channels": data.draw(st.lists(small, max_size=3)),
            "factors": data.draw(st.lists(st.sampled_from([0, 1, 2, 3, 4]), max_size=3)),
            "kernel_size": data.draw(st.integers(0, 5)),
        },
    }
    from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg

    try:
        configuration = NetworkConfiguration.model_validate(network)
    except ValidationError:
        return
    with torch.device("meta"):
        built = CausalCLIPSeg(configuration).eval()
        size = configuration.image_size
        output = built(torch.zeros(1, 1, size, size), torch.zeros(1, configuration.text.feature_size))
    assert output.logits.shape == (1, 1, size, size)


@pytest.mark.parametrize("name", get_args(Encoder))
def test_every_encoder_of_the_list_has_the_strides_of_the_network(name):
    assert name in timm.list_models()
    with torch.device("meta"):
        encoder = TimmEncoder(TimmConfiguration(name=name)).eval()
        stages = encoder(torch.zeros(1, 1, 64, 64))
    assert [tuple(stage.shape[1:]) for stage in stages] == [
        (channels, 64 // stride, 64 // stride) for channels, stride in zip(encoder.channels, STRIDES, strict=True)
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_weights_that_are_no_numbers_are_rejected(tiny_checkpoint, value, dtype):
    tensors = {
        name: tensor.astype(dtype) if tensor.dtype.kind == "f" else tensor
        for name, tensor in load_file(tiny_checkpoint / WEIGHTS).items()
    }
    name = max(tensors, key=lambda each: tensors[each].size)
    tensors[name].flat[-1] = value
    save_file(tensors, tiny_checkpoint / WEIGHTS)
    edit_card(tiny_checkpoint, "sha256", sha256(tiny_checkpoint / WEIGHTS))
    assert "no numbers" in rejection(tiny_checkpoint)


def header(**tensors: Any) -> bytes:
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text


TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 1 << 27) + b" " * 1000,
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 100_000) + b"[" * 100_000,
        header(a={**TENSOR, "data_offsets": [0, 1 << 40]}),
        header(a={**TENSOR, "shape": [1 << 40]}) + bytes(8),
        header(a={**TENSOR, "shape": [1 << 20, 1 << 20, 1 << 20]}) + bytes(8),
        header(a={**TENSOR, "shape": [-2]}) + bytes(8),
        header(a={**TENSOR, "shape": [2.0]}) + bytes(8),
        header(a={**TENSOR, "shape": [1] * 1000 + [2]}) + bytes(8),
        header(a={**TENSOR, "dtype": "F4096"}) + bytes(8),
        header(a={**TENSOR, "data_offsets": [8, 0]}) + bytes(8),
        header(a={**TENSOR, "data_offsets": "08"}) + bytes(8),
        header(a=TENSOR, b=TENSOR) + bytes(8),
        header(a=TENSOR, b={**TENSOR, "data_offsets": [16, 24]}) + bytes(24),
        header(a=5),
        header(**{str(number): {**TENSOR, "shape": [0], "data_offsets": [0, 0]} for number in range(30_000)}),
    ],
    ids=range(19),
)
def test_damaged_and_malicious_weights_are_rejected(tiny_checkpoint, data):
    (tiny_checkpoint / WEIGHTS).write_bytes(data)
    edit_card(tiny_checkpoint, "sha256", sha256(tiny_checkpoint / WEIGHTS))
    assert "are damaged" in rejection(tiny_checkpoint)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_the_header_is_read_as_before_or_rejected(tiny_checkpoint_to_read, tmp_path, data):
    original = (tiny_checkpoint_to_read / WEIGHTS).read_bytes()
    length = 8 + int.from_bytes(original[:8], "little")
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, length - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / WEIGHTS).write_bytes(changed)
    try:
        check_weights(tmp_path / WEIGHTS)
    except ValueError:
        return


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
@pytest.mark.parametrize("name", [CARD, WEIGHTS])
@pytest.mark.parametrize("kind", ["pipe", "loop", "device"])
def test_only_regular_files_are_read(tiny_checkpoint, name, kind):
    path = tiny_checkpoint / name
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path if kind == "loop" else "/dev/zero")
    assert rejection(tiny_checkpoint)


def test_a_huge_card_is_rejected(tiny_checkpoint):
    with (tiny_checkpoint / CARD).open("ab") as file:
        file.truncate(1 << 33)
    assert "damaged or incomplete" in rejection(tiny_checkpoint)


def test_a_huge_file_of_weights_is_rejected_without_reading_it(tiny_checkpoint):
    with (tiny_checkpoint / WEIGHTS).open("ab") as file:
        file.truncate(1 << 40)
    assert "larger than any" in rejection(tiny_checkpoint)


@pytest.mark.parametrize("name", ["x" * 300, "nul\0", "", "\ud800", "/dev/zero", "a/" * 3000])
def test_a_name_that_no_checkpoint_has_is_rejected(name):
    assert rejection(name)


def test_a_network_whose_answer_is_no_number_is_rejected(tiny_checkpoint, radiograph):
    """The weights are finite, but so large that their products are not."""
    tensors = load_file(tiny_checkpoint / WEIGHTS)
    tensors = {name: np.full_like(each, 3e4) if each.dtype.kind == "f" else each for name, each in tensors.items()}
    save_file(tensors, tiny_checkpoint / WEIGHTS)
    edit_card(tiny_checkpoint, "sha256", sha256(tiny_checkpoint / WEIGHTS))
    segmenter = Segmenter.from_checkpoint(tiny_checkpoint, "cpu", "torch")
    with pytest.raises(CheckpointError, match="no probabilities"):
        segmenter.segment(radiograph, "Right basal opacity.")
