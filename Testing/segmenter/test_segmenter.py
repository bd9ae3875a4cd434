"""The segmenter takes a radiograph and notes, and returns results on the radiograph's own grid."""

from dataclasses import replace

import numpy as np
import pytest

from CausalCLIPSegLib.errors import (
    CheckpointError,
    DeviceError,
    MirroredQuestionError,
    NoFindingError,
    SideQuestionError,
)
from CausalCLIPSegLib.model.engines.choice import has_cuda
from CausalCLIPSegLib.notes import choose_side, parse_note, to_prompt
from CausalCLIPSegLib.segmenter import Segmenter

NOTE = "Consolidation in the right lower zone."
OTHER_NOTE = "Left apical opacity."
CONTRADICTORY_NOTE = "Findings: Right lower lobe consolidation. Impression: Left lower lobe pneumonia."


@pytest.fixture
def segmenter(tiny_checkpoint_to_read):
    return Segmenter.from_checkpoint(tiny_checkpoint_to_read, device="cpu")


@pytest.fixture
def encoded(segmenter, monkeypatch) -> dict[str, int]:
    """How often the segmenter has encoded an image and a text."""
    counts = {"image": 0, "text": 0}

    def count(kind, encode):
        def counted(*args, **kwargs):
            counts[kind] += 1
            return encode(*args, **kwargs)

        return counted

    for kind in counts:
        name = f"encode_{kind}"
        monkeypatch.setattr(segmenter.engine, name, count(kind, getattr(segmenter.engine, name)))
    return counts


def flipped(radiograph, **changes):
    return replace(radiograph, pixels=np.ascontiguousarray(radiograph.pixels[:, ::-1]), **changes)


def assert_same_result(result, expected):
    np.testing.assert_array_equal(result.probability, expected.probability)
    np.testing.assert_array_equal(result.causal_attention, expected.causal_attention)
    np.testing.assert_array_equal(result.mask, expected.mask)
    assert (result.note, result.expression, result.prompt) == (expected.note, expected.expression, expected.prompt)
    assert [segment.identifier for segment in result.segments] == [segment.identifier for segment in expected.segments]


def test_maps_have_the_shape_of_the_radiograph(segmenter, radiograph):
    result = segmenter.segment(radiograph, NOTE)
    for values in (result.probability, result.causal_attention, result.confounder_attention):
        assert values.shape == radiograph.pixels.shape
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1
    np.testing.assert_allclose(result.causal_attention + result.confounder_attention, 1, atol=1e-6)
    np.testing.assert_array_equal(result.mask, result.probability >= 0.5)


def test_a_card_with_a_peak_drops_the_areas_without_a_sure_core(segmenter, radiograph):
    segmenter.set_radiograph(radiograph)
    prompt = segmenter.card.prompt(parse_note(NOTE))
    probability = segmenter.probabilities(prompt)
    threshold = float(np.quantile(probability, 0.9))
    for peak, kept in ((float(probability.max()), True), (1.0, False)):
        card = segmenter.card.model_copy(update={"threshold": threshold, "peak": peak})
        cautious = Segmenter(card, segmenter.engine)
        cautious.set_radiograph(radiograph)
        assert (cautious.probabilities(prompt) >= threshold).any() == kept
        assert cautious.ask(NOTE).mask.any() == kept


def test_segment_equals_set_radiograph_and_ask(checkpoint_of_each_architecture, radiograph):
    first_segmenter = Segmenter.from_checkpoint(checkpoint_of_each_architecture, device="cpu")
    expected = first_segmenter.segment(radiograph, NOTE, threshold=0.4)
    second_segmenter = Segmenter.from_checkpoint(checkpoint_of_each_architecture, device="cpu")
    second_segmenter.set_radiograph(radiograph)
    assert_same_result(second_segmenter.ask(NOTE, threshold=0.4), expected)


def test_an_expression_gives_the_same_result_as_its_text(segmenter, radiograph):
    segmenter.set_radiograph(radiograph)
    assert_same_result(segmenter.ask(parse_note(NOTE)), segmenter.ask(NOTE))


def test_predict_gives_the_probability_of_a_prompt(segmenter, radiograph):
    segmenter.set_radiograph(radiograph)
    prompt = to_prompt(parse_note(NOTE), segmenter.card.laterality)
    np.testing.assert_array_equal(segmenter.predict(prompt), segmenter.ask(NOTE).probability)


def test_the_radiograph_is_encoded_once_for_many_notes(segmenter, radiograph, encoded):
    segmenter.set_radiograph(radiograph)
    for note in (NOTE, OTHER_NOTE, "Bilateral opacities."):
        segmenter.ask(note)
    assert encoded == {"image": 1, "text": 4}  # the notes, and the prompt without a place


def test_a_note_is_encoded_once_for_many_radiographs(segmenter, radiograph, encoded):
    for image in (radiograph, flipped(radiograph)):
        segmenter.segment(image, NOTE)
    assert encoded == {"image": 2, "text": 2}  # the note, and the prompt without a place


@pytest.mark.parametrize(
    ("change", "images"),
    [
        (lambda radiograph: radiograph, 1),
        (lambda radiograph: replace(radiograph, pixels=radiograph.pixels.copy(), name="copy.png"), 1),
        (lambda radiograph: replace(radiograph, pixels=radiograph.pixels * np.float32(0.9)), 2),
        (lambda radiograph: flipped(radiograph), 2),
        (lambda radiograph: replace(radiograph, pixels=radiograph.pixels[:80]), 2),
    ],
    ids=["same object", "same pixels", "darker", "flipped", "cropped"],
)
def test_features_are_reused_only_for_the_same_pixels(
    tiny_checkpoint_to_read, segmenter, radiograph, encoded, change, images
):
    segmenter.segment(radiograph, OTHER_NOTE)
    changed = change(radiograph)
    result = segmenter.segment(changed, NOTE)
    assert encoded["image"] == images
    assert result.radiograph.name == changed.name
    assert_same_result(result, Segmenter.from_checkpoint(tiny_checkpoint_to_read, "cpu").segment(changed, NOTE))


def test_features_are_not_reused_if_only_the_orientation_changes(segmenter, radiograph, encoded):
    segmenter.segment(radiograph, NOTE, mirrored=False)
    segmenter.segment(radiograph, NOTE, mirrored=True)
    assert encoded["image"] == 2


@pytest.mark.parametrize(
    "call",
    [lambda segmenter: segmenter.ask(NOTE), lambda segmenter: segmenter.predict("Pulmonary infection.")],
    ids=["ask", "predict"],
)
def test_asking_without_a_radiograph_raises_value_error(segmenter, call):
    with pytest.raises(ValueError, match="Set a radiograph first"):
        call(segmenter)


def test_the_prompt_uses_the_left_and_right_of_the_checkpoint(segmenter, radiograph):
    patient = segmenter.segment(radiograph, NOTE)
    viewer = segmenter.segment(radiograph, parse_note(NOTE, "viewer"))
    assert segmenter.card.laterality == patient.laterality == "viewer"
    assert patient.prompt == "Unilateral pulmonary infection, one infected area, lower left lung."
    assert viewer.prompt == "Unilateral pulmonary infection, one infected area, lower right lung."
    assert patient.expression.sides == ("right",)
    assert viewer.expression.sides == ("left",)


@pytest.mark.parametrize(
    ("note", "finding"),
    [
        ("Right basal opacity.", "Opacity"),
        ("Right lower zone consolidation.", "Consolidation"),
        ("Right basal pneumonia.", "Opacity"),  # a diagnosis, which no outline proves
        ("Ground glass opacities in the right lung.", "Ground glass opacity"),
    ],
)
def test_a_segment_is_named_by_the_finding_of_the_note_as_its_code_is(segmenter, radiograph, note, finding):
    names = [segment.name for segment in segmenter.segment(radiograph, note, threshold=0.01).segments]
    assert f"{finding}, right lung" in names


def test_two_segmenters_agree_to_the_last_bit(tiny_checkpoint_to_read, radiograph):
    first, second = (
        Segmenter.from_checkpoint(tiny_checkpoint_to_read, "cpu").segment(radiograph, NOTE) for _ in range(2)
    )
    np.testing.assert_array_equal(first.probability, second.probability)


def test_a_mirrored_radiograph_gives_the_mirrored_result_on_the_same_side_of_the_patient(segmenter, radiograph):
    usual = segmenter.segment(radiograph, NOTE, threshold=0.4)
    mirrored = segmenter.segment(flipped(radiograph, mirrored=True), NOTE, threshold=0.4, mirrored=True)
    assert mirrored.prompt == usual.prompt
    np.testing.assert_allclose(mirrored.probability, usual.probability[:, ::-1], atol=1e-6)
    masks = {segment.side: segment.mask for segment in mirrored.segments}
    assert set(masks) == {segment.side for segment in usual.segments}
    for segment in usual.segments:
        assert (masks[segment.side] == segment.mask[:, ::-1]).mean() > 0.999


def test_a_mirrored_header_raises_a_question_until_it_is_answered(segmenter, radiograph):
    mirrored = replace(radiograph, mirrored=True)
    for call in (segmenter.set_radiograph, lambda radiograph: segmenter.segment(radiograph, NOTE)):
        with pytest.raises(MirroredQuestionError, match="mirrored"):
            call(mirrored)
    for answer in (True, False):
        assert segmenter.segment(mirrored, NOTE, mirrored=answer).radiograph.mirrored is answer


def test_an_unanswered_question_leaves_the_previous_radiograph_set(segmenter, radiograph):
    segmenter.set_radiograph(radiograph)
    with pytest.raises(MirroredQuestionError):
        segmenter.set_radiograph(replace(radiograph, mirrored=True, name="mirrored.png"))
    assert segmenter.ask(NOTE).radiograph is radiograph


def test_an_unknown_orientation_stays_unknown(segmenter, radiograph):
    assert segmenter.segment(radiograph, NOTE).radiograph.mirrored is None


def test_a_note_without_a_finding_is_rejected(segmenter, radiograph):
    with pytest.raises(NoFindingError, match="no finding"):
        segmenter.segment(radiograph, "No focal consolidation. Heart size normal.")


def test_a_contradictory_note_raises_a_question_until_a_side_is_chosen(segmenter, radiograph):
    segmenter.set_radiograph(radiograph)
    expression = parse_note(CONTRADICTORY_NOTE)
    for note in (CONTRADICTORY_NOTE, expression):
        with pytest.raises(SideQuestionError):
            segmenter.ask(note)
    assert segmenter.ask(choose_side(expression, "left")).expression.sides == ("left",)


def test_segments_split_the_mask_by_side(segmenter, radiograph):
    result = segmenter.segment(radiograph, "Bilateral opacities.", threshold=0.3)
    assert result.segments
    np.testing.assert_array_equal(sum(segment.mask.astype(int) for segment in result.segments), result.mask)
    assert len({segment.identifier for segment in result.segments}) == len(result.segments)


def test_a_card_with_mirror_treats_both_sides_alike(tiny_checkpoint_to_read, radiograph):
    segmenter = Segmenter.from_checkpoint(tiny_checkpoint_to_read, "cpu")
    segmenter = Segmenter(segmenter.card.model_copy(update={"mirror": True}), segmenter.engine)
    right = segmenter.segment(radiograph, parse_note(NOTE, "viewer"))
    left = segmenter.segment(flipped(radiograph), parse_note(NOTE.replace("right", "left"), "viewer"))
    np.testing.assert_allclose(left.probability, right.probability[:, ::-1], atol=1e-5)


def test_a_card_with_scales_averages_the_predictions(checkpoint_of_each_architecture, radiograph):
    segmenter = Segmenter.from_checkpoint(checkpoint_of_each_architecture, "cpu")

    def probability(*scales):
        card = segmenter.card.model_copy(update={"scales": scales})
        return Segmenter(card, segmenter.engine).segment(radiograph, NOTE).probability

    trained, larger, both = probability(64), probability(96), probability(64, 96)
    np.testing.assert_array_equal(trained, probability())
    assert np.abs(trained - larger).max() > 1e-4
    np.testing.assert_allclose(both, (trained + larger) / 2, atol=1e-3)


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_the_result_names_the_engine(tiny_checkpoint_to_read, radiograph, engine):
    segmenter = Segmenter.from_checkpoint(tiny_checkpoint_to_read, "cpu", engine)
    provenance = segmenter.segment(radiograph, NOTE).provenance
    assert (provenance.engine, provenance.device) == (engine, "cpu")


def test_a_word_that_no_checkpoint_knows_is_rejected(segmenter, radiograph):
    segmenter.set_radiograph(radiograph)
    with pytest.raises(CheckpointError, match="giraffe"):
        segmenter.predict("Left giraffe.")


@pytest.mark.skipif(has_cuda(), reason="this computer has a GPU")
def test_a_missing_gpu_raises_device_error(tiny_checkpoint_to_read):
    with pytest.raises(DeviceError, match="No CUDA GPU"):
        Segmenter.from_checkpoint(tiny_checkpoint_to_read, device="cuda")


def test_reports_phases_and_measures_seconds(segmenter, radiograph):
    phases: list[str] = []
    result = segmenter.segment(radiograph, NOTE, progress=phases.append)
    assert len(phases) >= 2
    assert set(result.provenance.seconds) == {"text", "image", "resample", "places"}
    assert all(seconds >= 0 for seconds in result.provenance.seconds.values())
