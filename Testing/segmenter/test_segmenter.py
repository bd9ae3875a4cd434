"""The segmenter: a film and a note in, a result on the film's own grid out."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from CausalCLIPSegLib.errors import DeviceError, DeviceWarning, NoteError, RadiographError
from CausalCLIPSegLib.model.checkpoint import Checkpoint, load_checkpoint
from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.segmenter import Segmenter

NOTE = "Consolidation in the right lower zone."


@pytest.fixture
def segmenter(tiny_checkpoint):
    return Segmenter.from_checkpoint(tiny_checkpoint, device="cpu")


def test_maps_lie_on_the_films_own_grid(segmenter, film):
    result = segmenter.segment(film, NOTE)
    for picture in (result.probability, result.causal_attention, result.confounder_attention):
        assert picture.shape == film.pixels.shape
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert picture.max() <= 1
    np.testing.assert_allclose(result.causal_attention + result.confounder_attention, 1, atol=1e-6)
    np.testing.assert_array_equal(result.mask, result.probability >= 0.5)


def test_the_sentence_speaks_the_checkpoints_left_and_right(segmenter, film):
    of_patient = segmenter.segment(film, NOTE)
    of_viewer = segmenter.segment(film, parse_note(NOTE, "viewer"))
    assert of_patient.prompt == "Unilateral pulmonary infection, one infected area, lower left lung."
    assert of_viewer.prompt == "Unilateral pulmonary infection, one infected area, lower right lung."
    assert of_patient.expression.sides == ("right",)
    assert of_viewer.expression.sides == ("left",)


def test_two_runs_are_the_same_to_the_last_bit(tiny_checkpoint, film):
    first, second = (Segmenter.from_checkpoint(tiny_checkpoint, "cpu").segment(film, NOTE) for _ in range(2))
    np.testing.assert_array_equal(first.probability, second.probability)


def test_a_sentence_is_encoded_once(segmenter, film, monkeypatch):
    calls = []
    encode = segmenter.network.encode_text
    monkeypatch.setattr(segmenter.network, "encode_text", lambda tokens: calls.append(1) or encode(tokens))
    first = segmenter.segment(film, NOTE)
    again = segmenter.segment(film, NOTE)
    segmenter.segment(film, "Left apical opacity.")
    assert len(calls) == 2
    np.testing.assert_array_equal(first.probability, again.probability)


def test_a_second_note_on_the_same_film_encodes_it_no_more_and_answers_as_a_first_one(
    tiny_checkpoint, film, monkeypatch
):
    segmenter = Segmenter.from_checkpoint(tiny_checkpoint)
    encoded = []
    encode = segmenter.network.encode_image
    monkeypatch.setattr(
        segmenter.network, "encode_image", lambda *args, **more: (encoded.append(1), encode(*args, **more))[1]
    )
    notes = ("Left lung opacity.", "Right lung opacity.")
    kept = [segmenter.segment(film, note).probability for note in notes]
    assert len(encoded) == 1
    changed = replace(film, pixels=film.pixels * np.float32(0.9))
    segmenter.segment(changed, notes[0])
    assert len(encoded) == 2, "another film is another film"
    for note, probability in zip(notes, kept, strict=True):
        fresh = Segmenter.from_checkpoint(tiny_checkpoint).segment(film, note).probability
        assert np.array_equal(fresh, probability)


def test_a_mirrored_film_gives_the_mirrored_outline_on_the_same_side_of_the_patient(segmenter, film):
    usual = segmenter.segment(film, NOTE, threshold=0.4)
    turned = replace(film, pixels=np.ascontiguousarray(film.pixels[:, ::-1]), mirrored=True)
    mirrored = segmenter.segment(turned, NOTE, threshold=0.4, mirrored=True)
    assert mirrored.prompt == usual.prompt
    np.testing.assert_allclose(mirrored.probability, usual.probability[:, ::-1], atol=1e-6)
    ours = {segment.side: segment.mask for segment in mirrored.segments}
    assert set(ours) == {segment.side for segment in usual.segments}
    for segment in usual.segments:
        assert (ours[segment.side] == segment.mask[:, ::-1]).mean() > 0.999


def test_a_film_that_says_it_is_mirrored_is_asked_about(segmenter, film):
    told = replace(film, mirrored=True)
    with pytest.raises(RadiographError, match="mirrored"):
        segmenter.segment(told, NOTE)
    assert segmenter.segment(told, NOTE, mirrored=False).radiograph.mirrored is False


def test_what_the_header_does_not_say_stays_unsaid(segmenter, film):
    assert segmenter.segment(film, NOTE).radiograph.mirrored is None


def test_a_note_without_a_finding_gives_no_mask_but_a_sentence(segmenter, film):
    with pytest.raises(NoteError, match="no finding"):
        segmenter.segment(film, "No focal consolidation. Heart size normal.")


def test_segments_part_the_mask_by_side(segmenter, film):
    result = segmenter.segment(film, "Bilateral opacities.", threshold=0.3)
    assert result.segments
    total = np.zeros(film.pixels.shape, int)
    for segment in result.segments:
        total += segment.mask
    np.testing.assert_array_equal(total, result.mask)
    assert len({segment.identifier for segment in result.segments}) == len(result.segments)


def test_averaging_with_the_mirrored_film_treats_both_sides_alike(tiny_checkpoint, film):
    checkpoint = load_checkpoint(tiny_checkpoint)
    both = Segmenter(Checkpoint(checkpoint.card.model_copy(update={"mirror": True}), checkpoint.network), "cpu")
    right = both.segment(film, parse_note(NOTE, "viewer"))
    turned = replace(film, pixels=np.ascontiguousarray(film.pixels[:, ::-1]))
    left = both.segment(turned, parse_note(NOTE.replace("right", "left"), "viewer"))
    np.testing.assert_allclose(left.probability, right.probability[:, ::-1], atol=1e-5)


def test_several_scales_are_averaged(tiny_checkpoint, film):
    checkpoint = load_checkpoint(tiny_checkpoint)

    def at(*scales):
        card = checkpoint.card.model_copy(update={"scales": scales})
        return Segmenter(Checkpoint(card, checkpoint.network), "cpu").segment(film, NOTE)

    own, larger, both = at(64), at(96), at(64, 96)
    np.testing.assert_array_equal(own.probability, at().probability)
    assert np.abs(own.probability - larger.probability).max() > 1e-4
    np.testing.assert_allclose(both.probability, (own.probability + larger.probability) / 2, atol=1e-3)


def test_too_little_memory_on_the_gpu_falls_back_to_the_cpu_with_a_warning(segmenter, film, monkeypatch):
    expected = segmenter.segment(film, NOTE)
    decode, failures = segmenter.network.decode, [torch.cuda.OutOfMemoryError("CUDA out of memory")]

    def scarce(*args, **kwargs):
        if failures:
            raise failures.pop()
        return decode(*args, **kwargs)

    monkeypatch.setattr(segmenter.network, "decode", scarce)
    with pytest.warns(DeviceWarning, match="CPU instead"):
        result = segmenter.segment(film, NOTE)
    assert result.provenance.device == "cpu"
    np.testing.assert_array_equal(result.probability, expected.probability)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_told(tiny_checkpoint):
    with pytest.raises(DeviceError, match="No CUDA GPU"):
        Segmenter.from_checkpoint(tiny_checkpoint, device="cuda")


def test_phases_are_told_and_seconds_kept(segmenter, film):
    phases: list[str] = []
    result = segmenter.segment(film, NOTE, progress=phases.append)
    assert len(phases) >= 2
    assert set(result.provenance.seconds) == {"text", "image", "resample"}
    assert all(value >= 0 for value in result.provenance.seconds.values())
