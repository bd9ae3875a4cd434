"""Training within minutes: the pack, the augmentation on the device, and the loop, here on the CPU."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.network.architectures import parts_of
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.text_encoder import tokenize
from CausalCLIPSegLib.notes import parse_note
from training.__main__ import app
from training.augmentation.images import RANGES, image_transform
from training.data.cache import decode_all
from training.data.datamodule import ReferringDataModule
from training.data.sample import DatasetError
from training.data.splits import read_split
from training.export.checkpoint import network_of, read_weights
from training.fitting.lightning_module import NetworkTraining
from training.gpu import loop
from training.gpu.augmentation import Draw, Geometry, affine_grid, augment, blur, draw_geometry, jitter, warp
from training.gpu.average import WeightAverage
from training.gpu.batches import DeviceData, QuestionDrawer, ahead
from training.gpu.command import parse_seeds
from training.gpu.pack import read_pack, write_pack

SIZE = 48
CPU = torch.device("cpu")


def run(*arguments) -> None:
    app([str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture
def pictures():
    """Two smooth images, each with a mask of two lesions."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(2, 1, 6, 6, generator=generator)
    images = torch.nn.functional.interpolate(coarse, size=(SIZE, SIZE), mode="bicubic").clamp(0, 1)
    masks = torch.zeros(2, 1, SIZE, SIZE)
    masks[:, :, 10:30, 6:18] = masks[:, :, 24:40, 30:42] = 1
    return images, masks


angles, shears = st.floats(-18, 18), st.floats(-6, 6)


@settings(max_examples=40, deadline=None)
@given(angles, st.integers(-4, 4), st.integers(-4, 4), st.floats(0.7, 1.35), shears, shears)
def test_the_same_affine_change_gives_the_image_and_the_mask_of_torchvision(angle, x, y, scale, shear_x, shear_y):
    generator = torch.Generator().manual_seed(1)
    image, mask = torch.rand(1, 1, SIZE, SIZE, generator=generator), torch.zeros(1, 1, SIZE, SIZE)
    mask[..., 10:30, 6:18] = 1
    geometry = Geometry(*(torch.tensor([float(each)]) for each in (angle, x, y, scale, shear_x, shear_y)))
    found_image, found_mask = warp(image, mask, affine_grid(geometry, image))
    change = {"angle": angle, "translate": [x, y], "scale": scale, "shear": [shear_x, shear_y]}
    expected = functional.affine(image, **change, interpolation=v2.InterpolationMode.BILINEAR)
    expected_mask = functional.affine(mask, **change, interpolation=v2.InterpolationMode.NEAREST)
    assert (found_image - expected).abs().max() < 1e-3
    both = (found_mask * expected_mask).sum()
    assert 2 * both / (found_mask.sum() + expected_mask.sum()) > 0.98


@pytest.mark.parametrize("strength", ["default", "strong"])
def test_geometry_is_drawn_as_the_data_set_draws_it(strength):
    ranges = RANGES[strength]
    number = 3000
    found = draw_geometry(Draw(number, torch.Generator().manual_seed(2)), ranges, SIZE)
    affine = image_transform(strength).transforms[0]
    torch.manual_seed(3)
    image = torch.zeros(1, SIZE, SIZE)
    drawn = [affine.make_params([image]) for _ in range(number)]
    expected = (
        [each["angle"] for each in drawn],
        *([each["translate"][axis] for each in drawn] for axis in (0, 1)),
        [each["scale"] for each in drawn],
        *([each["shear"][axis] for each in drawn] for axis in (0, 1)),
    )
    for name, ours, theirs in zip(found._fields, found, expected, strict=True):
        assert stats.ks_2samp(ours.numpy(), theirs).pvalue > 0.001, name


def test_gray_values_change_as_torchvision_changes_them(pictures):
    images, _ = pictures
    brightness, contrast, sigma = torch.tensor([0.7, 1.3]), torch.tensor([1.4, 0.6]), torch.tensor([0.5, 1.5])
    blurred = blur(images, sigma, 5)
    for first in (True, False):
        changed = jitter(images, brightness, contrast, torch.tensor([first, first]))
        for row in range(2):
            steps = [
                lambda each, row=row: functional.adjust_brightness(each, float(brightness[row])),
                lambda each, row=row: functional.adjust_contrast(each, float(contrast[row])),
            ]
            expected = images[row]
            for step in steps if first else reversed(steps):
                expected = step(expected)
            assert torch.allclose(changed[row], expected, atol=1e-5)
    for row in range(2):
        expected = functional.gaussian_blur(images[row], [5, 5], [float(sigma[row])] * 2)
        assert torch.allclose(blurred[row], expected, atol=1e-5)


@pytest.mark.parametrize("strength", ["default", "strong"])
def test_augmented_batches_look_like_augmented_samples(pictures, strength):
    """Mean and spread of gray values and of the lesion's area, over many views."""
    images, masks = (each[:1].expand(600, -1, -1, -1) for each in pictures)
    found_images, found_masks = augment(images, masks, RANGES[strength], torch.Generator().manual_seed(4))
    assert found_images.min() >= 0
    assert found_images.max() <= 1 + 1e-5
    assert set(found_masks.unique().tolist()) == {0.0, 1.0}
    transform = image_transform(strength)
    torch.manual_seed(5)
    pair = tv_tensors.Image(images[0]), tv_tensors.Mask(masks[0])
    expected = [tuple(map(torch.Tensor, transform(*pair))) for _ in range(300)]
    measures = {
        "mean": lambda image, mask: image.mean(),
        "spread": lambda image, mask: image.std(),
        "area": lambda image, mask: mask.mean(),
    }
    for name, measure in measures.items():
        ours = [float(measure(*pair)) for pair in zip(found_images, found_masks, strict=True)]
        theirs = [float(measure(*pair)) for pair in expected]
        assert stats.ks_2samp(ours, theirs).pvalue > 0.001, name


@pytest.fixture
def packed(lvit_folder, tmp_path):
    path = tmp_path / "data.pack"
    run("pack", "--data", lvit_folder, "--output", path, "--size", 64)
    return path


def test_a_pack_holds_the_data_set(packed, lvit_folder, tmp_path):
    for split in ("train", "val"):
        samples = read_split(lvit_folder, split)
        arrays = decode_all(samples, 64)
        found = read_pack(packed, split)
        assert [(each.name, each.note, each.laterality) for each in found.samples] == [
            (each.name, each.note, each.laterality) for each in samples
        ]
        assert np.array_equal(found.arrays.masks, arrays.masks)
        assert np.abs(found.arrays.images.astype(int) - arrays.images).mean() < 12, "noise is compressed most"
        write_pack(tmp_path / "fine.pack", {split: (samples, arrays)}, quality=100)
        fine = read_pack(tmp_path / "fine.pack", split).arrays.images
        assert np.abs(fine.astype(int) - arrays.images).mean() < 4
    with pytest.raises(DatasetError, match="no packed data set with a train split"):
        read_pack(tmp_path / "fine.pack", "train")


@pytest.mark.parametrize("contents", [b"", b"text", b"PK\x03\x04 damaged"])
def test_another_file_is_no_pack(tmp_path, contents):
    (tmp_path / "file").write_bytes(contents)
    with pytest.raises(DatasetError, match="no packed data set"):
        read_pack(tmp_path / "file", "train")


def drawer(packed, **options) -> QuestionDrawer:
    data = ReferringDataModule("packed", batch_size=4, augmentation=options.pop("augmentation", "default"), **options)
    data.image_size, data.context_length = 64, 24
    return QuestionDrawer(data.augmented(*read_pack(packed, "train")), 4, seed=7, mirrors=True)


def test_questions_depend_only_on_seed_and_step(packed):
    options = {"notes_per_image": 2, "interventions": 1.0, "note_variation": 3.0}
    first, again = drawer(packed, **options), drawer(packed, **options)
    steps = [first.draw(step) for step in range(6)]
    background = ahead(again.draw, 2, number=3)
    for expected in steps[2:]:
        drawn = next(background)
        for name in ("index", "mirrored", "tokens", "regions"):
            assert torch.equal(getattr(drawn, name), getattr(expected, name)), name
    background.close()
    for epoch in (0, 2, 4):
        indices = torch.cat([steps[epoch].index, steps[epoch + 1].index])
        assert sorted(indices.tolist()) == list(range(8)), "each radiograph once in an epoch"
    assert len({tuple(step.index.tolist()) for step in steps}) > 2


def test_masks_on_the_device_are_those_of_the_notes(packed):
    """Every radiograph has one lesion; the mirrored note must name the side on which it then lies."""
    drawn_from = drawer(packed, note_variation=0.0)
    notes = {tuple(drawn_from._tokenize(note).tolist()): note for note in NOTES}
    data = DeviceData(drawn_from.dataset, CPU)
    mirrored = 0
    for step in range(6):
        drawn = drawn_from.draw(step)
        images, masks, tokens, weights = data.batch(drawn, None, torch.Generator())
        assert images.shape == masks.shape == weights.shape == (4, 1, 64, 64)
        assert (weights == 1).all()
        mirrored += int(drawn.mirrored.sum())
        for image, mask, row in zip(images, masks, tokens, strict=True):
            (side,) = parse_note(notes[tuple(row.tolist())], "viewer").sides
            columns = mask[0].sum(0)
            assert (columns[:32].sum() > columns[32:].sum()) == (side == "right")
            assert image[mask > 0].mean() > image[mask == 0].mean() + 0.2
    assert 0 < mirrored < 24


NOTES = [f"Unilateral pulmonary infection, one infected area, middle {side} lung." for side in SIDES]


def test_targets_on_the_device_are_those_of_the_data_set(packed):
    options = {"notes_per_image": 3, "interventions": 1.0, "augmentation": "none"}
    drawn_from = drawer(packed, **options)
    drawn_from.mirrors = False
    dataset = drawn_from.dataset
    data = DeviceData(dataset, CPU)
    for step in range(8):
        drawn = drawn_from.draw(step)
        _, masks, _, weights = data.batch(drawn, None, torch.Generator())
        rng = np.random.default_rng((7, *divmod(step, drawn_from.steps)))
        rng.random(4)  # mirroring
        for row, index in enumerate(drawn.index.tolist()):
            mask = dataset.arrays.masks[index]
            asked = drawn_from.questions.draw(
                mask, dataset.samples[index].note, lambda rng, index=index: dataset.interventions(index, rng), 3, rng
            )
            for number, each in enumerate(asked):
                target, ignored = (mask, np.zeros_like(mask)) if each.region is None else each.region.cut(mask)
                assert np.array_equal(masks[row, number].numpy() > 0, target)
                assert np.array_equal(weights[row, number].numpy() == 0, ignored)


def weights_of(path) -> dict[str, torch.Tensor]:
    return torch.load(path / "checkpoints" / "last.ckpt", weights_only=True)["current_model_state"]


@pytest.fixture(params=["causalclipseg", "reclmis"])
def recipe(request, configuration, tmp_path):
    """A configuration of each architecture with notes that name places, and averaged weights."""
    settings_of_run = yaml.safe_load(configuration.read_text())
    if request.param == "reclmis":
        network = request.getfixturevalue("tiny_reclmis_network").model_dump(mode="json")
        settings_of_run["model"]["network"] = network
        settings_of_run["model"]["reclmis"] = {"hidden": 16}
    settings_of_run["model"]["drop_path"] = 0.0
    settings_of_run["data"] |= {"interventions": 1.0, "notes_per_image": 2, "note_variation": 1.0}
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings_of_run))
    return path


def test_a_run_learns_and_continues_as_if_it_had_not_been_stopped(packed, recipe, tmp_path, capsys):
    arguments = ["fit-gpu", "--pack", packed, "--config", recipe, "--device", "cpu", "--seeds", "3", "--no-bfloat16"]
    run(*arguments, "--output", tmp_path / "whole", "--steps", 6)
    whole = tmp_path / "whole" / "seed_3"
    metrics = json.loads((whole / "metrics.json").read_text())
    assert metrics["steps"] == 6
    assert 0 <= metrics["dice"] <= 100
    stopped = tmp_path / "parts" / "seed_3"

    def three(draw, first):
        yield from (draw(step) for step in range(3))
        raise OSError("stopped")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "ahead", three)
        patch.setattr(loop, "Budget", partial(loop.Budget, seconds_between_checkpoints=0))
        with pytest.raises(OSError, match="stopped"):
            run(*arguments, "--output", tmp_path / "parts", "--steps", 6)
    run(*arguments, "--output", tmp_path / "parts", "--steps", 6)
    expected, found = weights_of(whole), weights_of(stopped)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    averaged, reference = (read_weights(each / "checkpoints" / "last.ckpt") for each in (stopped, whole))
    assert all(torch.equal(each, averaged[name]) for name, each in reference.items())
    assert any(not torch.equal(each, expected[f"network.{name}"]) for name, each in averaged.items())
    assert network_of(stopped / "config.yaml")["image_size"] == 64
    run(*arguments, "--output", tmp_path / "parts", "--steps", 6)
    assert json.loads((stopped / "metrics.json").read_text())["steps"] == 6, "a finished run is only measured"
    assert "seed 3 on cpu: dice" in capsys.readouterr().out


def test_a_run_ends_after_its_minutes_in_bfloat16(packed, configuration, tmp_path):
    arguments = ["fit-gpu", "--pack", packed, "--config", configuration, "--device", "cpu", "--seeds", "1,2"]
    run(*arguments, "--output", tmp_path / "runs", "--minutes", 0.01)
    for seed in (1, 2):
        metrics = json.loads((tmp_path / "runs" / f"seed_{seed}" / "metrics.json").read_text())
        assert metrics["steps"] >= 1
        assert metrics["seconds"] >= 0.6
    first, second = (weights_of(tmp_path / "runs" / f"seed_{seed}") for seed in (1, 2))
    assert any(not torch.equal(first[name], second[name]) for name in first)


def test_bfloat16_leaves_the_batches_as_they_are(packed, configuration, tmp_path, monkeypatch):
    """In bfloat16 the places that augmented pixels come from would be off by half a pixel."""
    seen, loss = [], NetworkTraining.loss

    def watched(module, batch):
        seen.append(batch)
        return loss(module, batch)

    monkeypatch.setattr(NetworkTraining, "loss", watched)
    for option in ("--bfloat16", "--no-bfloat16"):
        arguments = ["fit-gpu", "--pack", packed, "--config", configuration, "--device", "cpu", "--steps", 1, option]
        run(*arguments, "--output", tmp_path / option)
    for rounded, exact in zip(*seen, strict=True):
        assert torch.equal(rounded, exact)


def test_the_network_runs_on_the_device_of_its_weights(configuration):
    """Tensors without values stand for those of a GPU; one of the CPU among them would be an error."""
    module = loop.read_configuration(["--config", str(configuration)], 1).model
    length = module.network.configuration.text.context_length
    with FakeTensorMode():
        for part in module.modules():
            for tensors in (part._parameters, part._buffers):
                for name, each in tensors.items():
                    moved = None if each is None else torch.empty(each.shape, dtype=each.dtype, device="cuda")
                    tensors[name] = nn.Parameter(moved) if isinstance(each, nn.Parameter) else moved
        images, masks = (torch.empty(4, number, 64, 64, device="cuda") for number in (1, 2))
        tokens = torch.ones(4, 2 * length, dtype=torch.int64, device="cuda")
        assert module.loss((images, masks, tokens, masks)).total.device.type == "cuda"
        assert module.eval().predict_probability(images, tokens[:, :length]).device.type == "cuda"


def test_broken_weights_are_not_saved(packed, configuration, tmp_path, monkeypatch):
    loss = NetworkTraining.loss

    def broken(module, batch):
        found = loss(module, batch)
        return replace(found, total=found.total * float("nan"))

    arguments = ["fit-gpu", "--pack", packed, "--config", configuration, "--device", "cpu", "--output", tmp_path]
    run(*arguments, "--steps", 1)
    before = weights_of(tmp_path / "seed_1")
    monkeypatch.setattr(NetworkTraining, "loss", broken)
    with pytest.raises(CausalCLIPSegError, match="not finite after step 2"):
        run(*arguments, "--steps", 2)
    after = weights_of(tmp_path / "seed_1")
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_averaged_weights_are_the_moving_average_and_can_be_used(tiny_network):
    torch.manual_seed(0)
    network = CausalCLIPSeg(tiny_network)
    average = WeightAverage(network, 0.75)
    name = "vision_encoder.resnet.conv1.weight"
    values = []
    for _ in range(3):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter += 0.01 * torch.randn_like(parameter)
        values.append(network.state_dict()[name].clone())
        average.update()
    expected = 0.75 * (0.75 * values[0] + 0.25 * values[1]) + 0.25 * values[2]
    assert torch.allclose(average.network.state_dict()[name], expected, atol=1e-6)
    image, tokens = torch.rand(1, 1, 64, 64), tokenize(["Pulmonary infection."], 20)
    assert parts_of(average.network.eval()).predict(image, tokens)["probability"].isfinite().all()


@pytest.mark.parametrize("text", ["", "1,x", "-1", "1.5"])
def test_seeds_are_whole_numbers(text):
    with pytest.raises(CausalCLIPSegError, match="no list of seeds"):
        parse_seeds(text)
