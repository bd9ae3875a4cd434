"""Every evaluation reads a note for the findings of its checkpoint, and asks only about that of the note."""

import numpy as np
import pytest
from made_engine import MadeEngine
from PIL import Image

from CausalCLIPSegLib.model.card import read_card
from CausalCLIPSegLib.model.tokens import WORDS_OF_FINDINGS
from CausalCLIPSegLib.notes import INFECTION, parse_note
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.sample import Sample
from training.evaluation import places
from training.evaluation.comparison import compare_checkpoints_on, compare_settings_on
from training.evaluation.conditions import Conditions
from training.evaluation.evaluate import evaluate, worst_tiles
from training.evaluation.map_value import MapValue
from training.evaluation.measures import MEAN
from training.evaluation.note_ablations import NOTE_KINDS, most_common_note
from training.evaluation.setting import Setting

NOTE = "Bilateral effusion, right lower zone and left lower zone. Left basal pneumonia."
CONDITIONS = Conditions(NOTE_KINDS, referring=True)
SETTINGS = dict.fromkeys(("a", "b", MEAN), Setting(0.5))
SEVERAL, ONE = (INFECTION, "effusion"), (INFECTION,)


@pytest.fixture
def sample(tmp_path):
    image, mask = np.full((64, 64), 90, np.uint8), np.zeros((64, 64), np.uint8)
    image[::8] = 20
    mask[40:56, 8:24] = mask[40:56, 40:56] = 255
    Image.fromarray(image).save(tmp_path / "image.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return Sample("a", tmp_path / "image.png", tmp_path / "mask.png", NOTE, "patient")


@pytest.fixture
def segmenter_of(tiny_checkpoint_to_read):
    def build(findings):
        card = read_card(tiny_checkpoint_to_read)
        network = card.network.model_copy(
            update={"text": card.network.text.model_copy(update={"tokens": (), "context_length": 24})}
        )
        return Segmenter(card.model_copy(update={"findings": findings, "network": network}), MadeEngine())

    return build


def add_maps(segmenter, sample):
    MapValue().add(segmenter, sample)


EVALUATIONS = {
    "evaluate": lambda segmenter, sample: evaluate(segmenter, [sample], conditions=CONDITIONS),
    "thresholds": lambda segmenter, sample: compare_settings_on(segmenter, [Setting(0.5)], CONDITIONS)(sample),
    "checkpoints": lambda segmenter, sample: compare_checkpoints_on({"a": segmenter}, SETTINGS, CONDITIONS)(sample),
    "worst": lambda segmenter, sample: worst_tiles(segmenter, [sample], evaluate(segmenter, [sample]).own, 1),
    "places": places.measure,
    "maps": add_maps,
}


@pytest.mark.parametrize("evaluation", EVALUATIONS)
@pytest.mark.parametrize("findings", [SEVERAL, ONE], ids=["several", "one"])
def test_every_question_is_about_the_finding_of_the_note(evaluation, findings, segmenter_of, sample):
    segmenter = segmenter_of(findings)
    EVALUATIONS[evaluation](segmenter, sample)
    effusion = {token for word in ("pleural", "effusion") for token in WORDS_OF_FINDINGS[word]}
    assert segmenter.engine.asked
    assert [effusion <= set(asked) for asked in segmenter.engine.asked] == [
        findings == SEVERAL for _ in segmenter.engine.asked
    ]


def test_checkpoints_are_compared_on_the_findings_that_all_have(segmenter_of, sample):
    segmenters = {"a": segmenter_of(ONE), "b": segmenter_of(("effusion", INFECTION))}
    case = compare_checkpoints_on(segmenters, SETTINGS, CONDITIONS)(sample)
    assert set(case.members) == {"a", "b", MEAN}
    assert segmenters["a"].engine.asked == segmenters["b"].engine.asked


def test_the_most_common_note_is_read_for_the_findings_of_the_checkpoint(sample):
    assert most_common_note([sample], SEVERAL) == parse_note(NOTE, findings=SEVERAL)
    assert most_common_note([sample], ONE) == parse_note(NOTE)
