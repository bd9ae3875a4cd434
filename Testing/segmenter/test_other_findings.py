"""A checkpoint that outlines several findings: what is asked, and how segments, codes and candidates are named."""

import numpy as np
import pytest
from made_engine import MadeEngine

from CausalCLIPSegLib import terminology
from CausalCLIPSegLib.errors import NoFindingError
from CausalCLIPSegLib.model.card import Card, read_card
from CausalCLIPSegLib.model.tokens import encode
from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.segmentation.coding import code_segment
from CausalCLIPSegLib.segmenter import Segmenter


@pytest.fixture
def card(tiny_checkpoint_to_read):
    card = read_card(tiny_checkpoint_to_read)
    whole_table = card.network.text.model_copy(update={"tokens": ()})
    network = card.network.model_copy(update={"text": whole_table})
    return card.model_copy(update={"findings": ("infection", "effusion", "cardiomegaly"), "network": network})


@pytest.fixture
def segmenter(card, radiograph):
    segmenter = Segmenter(card, MadeEngine())
    segmenter.set_radiograph(radiograph)
    return segmenter


def asked(segmenter, prompt):
    return [token for token in encode(prompt, segmenter.card.network.text)[0] if token] in segmenter.engine.asked


@pytest.mark.parametrize(
    ("note", "prompt", "identifier", "name"),
    [
        ("Left basal pneumonia.", "pulmonary infection", "infection_left", "Opacity, left lung"),
        ("Left basal effusion.", "pleural effusion", "effusion_left", "Pleural effusion, left lung"),
        ("Cardiomegaly on the left.", "cardiomegaly", "cardiomegaly_left", "Cardiomegaly, left"),
    ],
)
def test_segments_and_candidates_follow_the_finding(segmenter, note, prompt, identifier, name):
    result = segmenter.ask(note)
    assert prompt in result.prompt
    assert asked(segmenter, result.prompt)
    segment = {each.identifier: each for each in result.segments}[identifier]
    assert segment.name == name
    assert terminology.code_of(segment.kind).meaning.split()[-1].lower() in name.lower()
    for candidate in result.candidates:
        assert candidate.segment.kind == result.expression.finding


def test_the_search_without_a_place_is_about_the_same_finding(segmenter):
    first = segmenter.ask("Left basal pneumonia.")
    second = segmenter.ask("Left basal effusion.")
    assert (first.expression.finding, second.expression.finding) == ("infection", "effusion")
    for prompt in ("Pulmonary infection.", "Pleural effusion."):
        assert asked(segmenter, prompt)


def test_an_expression_of_another_checkpoint_is_refused(segmenter, card):
    expression = parse_note("Left mass.", findings=("infection", "mass"))
    with pytest.raises(NoFindingError):
        segmenter.ask(expression)


def test_a_finding_outside_of_the_lung_has_its_own_region(radiograph):
    regions = {
        kind: code_segment(
            identifier="a", name="a", side="left", kind=kind, color=(0, 0, 0), mask=np.ones((2, 2), bool),
            algorithm_type="MANUAL", algorithm=None, image_uid=None,
        ).region.meaning
        for kind in ("effusion", "cardiomegaly", "fracture")
    }  # fmt: skip
    assert regions == {"effusion": "Lung", "cardiomegaly": "Heart", "fracture": "Rib"}


def test_a_card_lists_only_findings_that_prompts_can_name(tiny_checkpoint_to_read):
    document = read_card(tiny_checkpoint_to_read).model_dump()
    assert document["findings"] == ("infection",)
    for findings in ([], ["headache"], ["Effusion"]):
        with pytest.raises(ValueError, match="findings"):
            Card.model_validate({**document, "findings": findings})
