"""result.json of a run whose outlines a person has changed: it does not contradict them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from made_results import hill, make_candidate, make_radiograph, make_result

from CausalCLIPSegLib.mask import Place
from CausalCLIPSegLib.mask.presence import PlaceStatement
from CausalCLIPSegLib.serve.radiographs import OpenRadiograph
from CausalCLIPSegLib.serve.reports import CHANGED, result_document
from CausalCLIPSegLib.serve.runs import Run
from CausalCLIPSegLib.worker.jobs.arrays import result_arrays, save_arrays
from CausalCLIPSegLib.worker.jobs.description import describe_segmentation

SHAPE = (40, 60)
HIGHEST = 0.9
CANDIDATE = "not_in_note_1"


@pytest.fixture
def run(tmp_path) -> Run:
    """A run that is done, with one segment, an area that is not in the note, and a difference from the note."""
    made = make_result(make_radiograph(np.zeros(SHAPE)), 0.95 * hill(SHAPE, 0.2, 0.25))
    area = np.zeros(SHAPE, bool)
    area[5:15, 40:55] = True
    statement = PlaceStatement(Place("right", "lower"), present=True, highest=HIGHEST, calibrated=0.7)
    made = replace(made, places=(statement,), candidates=(make_candidate(area),))
    save_arrays(result_arrays(made), tmp_path / "result", lambda: None)
    radiograph = OpenRadiograph(tmp_path, "image.png", *SHAPE, None, None, (), None)
    run = Run(radiograph, made.note, None, None, "default")
    run._folder.mkdir()
    run._take_result(describe_segmentation("1", made, (), tmp_path / "result").model_dump(mode="json"))
    return run


def put(run: Run, identifier: str, mask: np.ndarray, *, corrected: bool = False, threshold: float | None = None):
    data = run.new_path()
    data.write_bytes(mask.astype(np.uint8).tobytes())
    asyncio.run(run.correct(identifier, data, compressed=False, corrected=corrected, threshold=threshold))


def mask_of(run: Run, identifier: str) -> np.ndarray:
    return np.load(run.segments[identifier].mask)


def accept(run):
    put(run, CANDIDATE, mask_of(run, CANDIDATE))


def paint(run):
    put(run, "infection_right", np.eye(*SHAPE), corrected=True)


def leave_out(run):
    run.leave_out("infection_right")


def raise_threshold(run):
    put(run, "infection_right", mask_of(run, "infection_right"), threshold=0.92)


def lower_threshold(run):
    put(run, "infection_right", mask_of(run, "infection_right"), threshold=0.3)


def put_back(run):
    """Send the mask of the network again, as a page does that undid a stroke."""
    paint(run)
    put(run, "infection_right", np.load(run.segments["infection_right"].network_mask))


def dismiss(run):
    run.leave_out(CANDIDATE)


def test_without_a_change_it_is_that_of_the_network(run):
    document = result_document(run)
    assert document.disagreements == ["The note says lower, the outline is upper."]
    assert [each.present for each in document.places] == [True]
    assert [each.id for each in document.not_in_note] == [CANDIDATE]
    assert CHANGED not in document.warnings


@pytest.mark.parametrize(
    ("change", "changes", "present", "offered"),
    [
        (accept, True, True, False),
        (paint, True, True, True),
        (leave_out, True, True, True),
        (raise_threshold, True, False, True),
        (lower_threshold, True, True, True),
        (put_back, False, True, True),
        (dismiss, False, True, True),
    ],
)
def test_after_a_change(run, change, changes, present, offered):
    before = result_document(run)
    change(run)
    document = result_document(run)
    assert (CHANGED in document.warnings) is changes
    assert document.disagreements == ([] if changes else before.disagreements), "they were about other outlines"
    (place,) = document.places
    assert place.present is present
    assert place.present == (place.highest_probability >= document.threshold)
    assert ("Something" if present else "Nothing") in place.sentence
    assert place.model_dump(exclude={"present", "sentence"}) == before.places[0].model_dump(
        exclude={"present", "sentence"}
    )
    assert (CANDIDATE in {each.id for each in document.not_in_note}) is offered
    assert (CANDIDATE in {each.id for each in document.segments}) is not offered
