"""The evaluation of paraphrases with a checkpoint: a paraphrase with the same prompt gives the same mask."""

import json

import numpy as np
import pytest
from PIL import Image

from training.evaluation.studies.paraphrases import STYLES, dice_under_paraphrases, evaluate_paraphrases

NOTES = {
    "image_1": "Unilateral pulmonary infection, one infected area, lower left lung.",
    "image_2": "Unilateral pulmonary infection, three infected areas, lower left lung.",
}


@pytest.fixture
def data(tmp_path):
    """A folder with two radiographs, their masks, and a table of notes."""
    rng = np.random.default_rng(7)
    rows = ["image,mask,note"]
    for name, note in NOTES.items():
        Image.fromarray(rng.integers(0, 255, (64, 64), dtype=np.uint8)).save(tmp_path / f"{name}.png")
        mask = np.zeros((64, 64), np.uint8)
        mask[30:60, 5:30] = 255
        Image.fromarray(mask).save(tmp_path / f"mask_{name}.png")
        rows.append(f'{name}.png,mask_{name}.png,"{note}"')
    (tmp_path / "val.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_the_same_prompt_gives_the_same_mask(data, tiny_checkpoint, monkeypatch):
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.data.splits import read_split

    prompts = []
    probabilities = Segmenter.probabilities
    monkeypatch.setattr(
        Segmenter,
        "probabilities",
        lambda self, prompt: prompts.append(prompt) or probabilities(self, prompt),
    )
    steps = []
    published, by_style = dice_under_paraphrases(
        str(tiny_checkpoint), "cpu", read_split(data, "val"), lambda: steps.append(1)
    )
    assert len(steps) == len(published) == 2
    assert len(prompts) == 3  # the first note once, the second with and without its number
    for style in STYLES[:6]:
        np.testing.assert_array_equal(by_style[style].counts, published.counts)
    for style in STYLES[6:]:
        np.testing.assert_array_equal(by_style[style].counts[0], published.counts[0])


def test_command_writes_its_scores(data, tiny_checkpoint, capsys):
    evaluate_paraphrases(data=data, checkpoint=str(tiny_checkpoint), json_file=data / "metrics.json", device="cpu")
    metrics = json.loads((data / "metrics.json").read_text())
    assert metrics["n"] == 2
    assert list(metrics["same_sentence"].values()) == [100] * 6 + [50] * 4
    mean = np.mean(list(metrics["dice"]["paraphrases"].values()))
    assert metrics["dice"]["mean_of_paraphrases"] == pytest.approx(mean, abs=0.01)
    assert metrics["dice"]["drop"] == pytest.approx(metrics["dice"]["published"] - mean, abs=0.02)
    assert "tiny on val, 2 notes" in capsys.readouterr().out
