"""CLIP's weights load from small files whose tensors have the names of OpenAI's."""

import http.client
import urllib.error

import pytest
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from safetensors.torch import save_file

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.configuration import NetworkConfiguration, TimmConfiguration
from CausalCLIPSegLib.network.reclmis.reclmis import RecLMIS
from CausalCLIPSegLib.network.text_encoder import tokenize
from CausalCLIPSegLib.regular_files import sha256
from training.fitting.pretrained import load_clip, load_clip_text


@pytest.fixture
def openai(tiny_network):
    """OpenAI's architecture with the sizes of the tiny network, and CLIP's own context of 77 tokens."""
    torch.manual_seed(11)
    vision, text = tiny_network.vision, tiny_network.text
    clip = CLIP(
        embed_dim=text.feature_size,
        vision_cfg=CLIPVisionCfg(layers=vision.layers, width=vision.width, image_size=64, head_width=64),
        text_cfg=CLIPTextCfg(width=text.width, heads=text.heads, layers=text.layers),
        quick_gelu=True,
    )
    for module in clip.modules():  # statistics that differ from those of a new network
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    state = {name: tensor for name, tensor in clip.state_dict().items() if name != "attn_mask"}
    state |= {
        "input_resolution": torch.tensor(64),
        "context_length": torch.tensor(77),
        "vocab_size": torch.tensor(49408),
    }
    return clip.eval(), state


@pytest.fixture
def file(tmp_path, openai):
    torch.save(openai[1], tmp_path / "RN.pt")
    return tmp_path / "RN.pt"


def assert_loaded(network: CausalCLIPSeg, clip: CLIP, atol: float = 1e-5) -> None:
    network.eval()
    image, prompts = torch.rand(2, 3, 64, 64), ["Pulmonary infection, one infected area.", "All left lung."]
    with torch.inference_mode():
        visual = clip.visual
        expected = visual.layer1(visual.stem(image))
        layers, stages = (visual.layer2, visual.layer3, visual.layer4), network.vision_encoder.stages(image)
        for layer, stage in zip(layers, stages, strict=True):
            expected = layer(expected)
            assert torch.allclose(stage, expected, atol=atol, rtol=1e-4)
        ours, theirs = network.encode_text(tokenize(prompts, 20)), clip.encode_text(tokenize(prompts, 77))
    assert torch.allclose(ours, theirs, atol=atol), "the Transformer is causal, so a shorter context has no effect"


def test_both_encoders_compute_the_same_as_clip(tiny_network, openai, file):
    network = CausalCLIPSeg(tiny_network)
    load_clip(network, str(file), sha256(file)[:20])
    assert_loaded(network, openai[0])


def test_loads_half_precision_and_safetensors(tmp_path, tiny_network, openai):
    clip, state = openai
    save_file({name: tensor.clone().contiguous() for name, tensor in state.items()}, tmp_path / "rn.safetensors")
    network = CausalCLIPSeg(tiny_network)
    load_clip(network, str(tmp_path / "rn.safetensors"))
    assert_loaded(network, clip)
    torch.save({"state_dict": {f"module.{name}": tensor.half() for name, tensor in state.items()}}, tmp_path / "h.pt")
    load_clip(network, str(tmp_path / "h.pt"))
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    assert_loaded(network, clip, atol=0.05)


def test_reclmis_takes_only_the_text_encoder(tiny_reclmis_network, openai, file):
    clip, _ = openai
    network = RecLMIS(tiny_reclmis_network).eval()
    before = network.vision_encoder.stem[0].weight.clone()
    load_clip_text(network, str(file), sha256(file)[:20].upper())
    assert torch.equal(network.vision_encoder.stem[0].weight, before)
    tokens = tokenize(["Pulmonary infection, one infected area."], 77)
    with torch.inference_mode():
        hidden, mask = clip.token_embedding(tokens) + clip.positional_embedding, clip.attn_mask
        expected = clip.ln_final(clip.transformer(hidden, attn_mask=mask)) @ clip.text_projection
        states = network.text_encoder.states(tokens[:, :24])
    torch.testing.assert_close(states, expected[:, :24], atol=1e-5, rtol=1e-4)
    with pytest.raises(CheckpointError, match="checksum differs"):
        load_clip_text(network, str(file), "0" * 64)


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_loads_torchscript(tmp_path, tiny_network, openai):
    clip, _ = openai
    torch.jit.trace(clip, (torch.rand(1, 3, 64, 64), tokenize(["left"], 77)), strict=False).save(tmp_path / "jit.pt")
    network = CausalCLIPSeg(tiny_network)
    load_clip(network, str(tmp_path / "jit.pt"))
    assert_loaded(network, clip)


def test_rejects_weights_that_do_not_fit(tmp_path, tiny_network, file):
    network = CausalCLIPSeg(tiny_network)
    with pytest.raises(CheckpointError, match="checksum differs"):
        load_clip(network, str(file), "0" * 64)
    with pytest.raises(CheckpointError, match="no file"):
        load_clip(network, str(tmp_path / "missing.pt"))
    (tmp_path / "text.pt").write_text("not weights")
    with pytest.raises(CheckpointError, match="holds no CLIP weights"):
        load_clip(network, str(tmp_path / "text.pt"))
    wider = tiny_network.model_copy(update={"vision": tiny_network.vision.model_copy(update={"width": 16})})
    with pytest.raises(CheckpointError, match="names and sizes"):
        load_clip(CausalCLIPSeg(wider), str(file))
    gelu = tiny_network.model_copy(update={"text": tiny_network.text.model_copy(update={"quick_gelu": False})})
    with pytest.raises(CheckpointError, match="QuickGELU"):
        load_clip(CausalCLIPSeg(gelu), str(file))
    lite_network = NetworkConfiguration(**{**tiny_network.model_dump(), "vision": TimmConfiguration(), "channels": 16})
    with pytest.raises(CheckpointError, match="fit only CLIP's ResNet"):
        load_clip(CausalCLIPSeg(lite_network), str(file))


FAILURES = {
    urllib.error.URLError("no route"): "cannot be downloaded: no connection; fetch the file elsewhere",
    TimeoutError(): "no connection",
    ConnectionResetError(): "no connection",
    http.client.IncompleteRead(b""): "no connection",
    PermissionError(13, "Permission denied", "cache"): "cannot be stored: permission denied",
    OSError(28, "No space left on device"): "cannot be stored: no space left on device",
}


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
def test_a_download_that_fails_names_the_option_for_a_file(failure, monkeypatch, tiny_network, tiny_reclmis_network):
    def fail(url):
        raise failure

    monkeypatch.setattr("training.fitting.pretrained.download_pretrained_from_url", fail)
    with pytest.raises(CheckpointError, match=rf"\(RN101\) .*{FAILURES[failure]}.*--model.clip FILE"):
        load_clip(CausalCLIPSeg(tiny_network))
    with pytest.raises(CheckpointError, match=r"\(ViT-B-32\) .*--model.clip FILE"):
        load_clip_text(RecLMIS(tiny_reclmis_network))


def test_openais_network_fits_the_papers_configuration():
    """RN101, as open_clip builds it, has the names and shapes of the paper's configuration."""
    with torch.device("meta"):
        clip = CLIP(
            embed_dim=512,
            vision_cfg=CLIPVisionCfg(layers=(3, 4, 23, 3), width=64, image_size=224),
            text_cfg=CLIPTextCfg(width=512, heads=8, layers=12),
            quick_gelu=True,
        )
        network = CausalCLIPSeg()
    shapes = {name: tuple(tensor.shape) for name, tensor in clip.state_dict().items()}
    for name, tensor in network.vision_encoder.resnet.state_dict().items():
        assert shapes[f"visual.{name}"] == tuple(tensor.shape)
    for name, tensor in network.text_encoder.state_dict().items():
        expected = shapes[name]
        assert tuple(tensor.shape) == ((20, 512) if name == "positional_embedding" else expected)
