"""Statements about the places of a note, and areas that lie outside of them, on maps whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask import PLACES, LungExtent, Place, place_mask
from CausalCLIPSegLib.mask.places import place_name, place_window
from CausalCLIPSegLib.mask.presence import (
    MARGIN,
    WITHOUT_LOCATION,
    PlaceStatement,
    areas_elsewhere,
    is_denied,
    named_places,
    state_places,
)
from CausalCLIPSegLib.notes import ReferringExpression, parse_note
from CausalCLIPSegLib.notes.expression import ZONES

SHAPE = (100, 40)
EXTENT = LungExtent(0.1, 0.7)
"""The middle zone begins at row 30, the lower zone at row 50; the margin is 6 rows. The patient's right lung is in
columns 0 to 19 unless the image is mirrored."""

EMPTY = np.zeros(SHAPE, bool)

places = st.lists(st.sampled_from(PLACES), min_size=1, max_size=4)
boxes = st.tuples(st.integers(0, 94), st.integers(0, 34), st.integers(3, 30), st.integers(3, 20))


def box(row, column, height, width):
    mask = EMPTY.copy()
    mask[row : row + height, column : column + width] = True
    return mask


def note_of(named) -> ReferringExpression:
    """Return a note that names these places; a whole lung wins over its zones."""
    sides = {place.side for place in named}
    lungs = {place.side for place in named if place.zone is None}
    zones = {side: tuple(p.zone for p in named if p.side == side and side not in lungs) for side in sides}
    return ReferringExpression(sides=tuple(sides), zones=zones)


def allowed(note, *, margin=MARGIN, mirrored=False):
    masks = [place_mask(each, SHAPE, EXTENT, margin=margin, mirrored=mirrored) for each in named_places(note)]
    return np.any(masks, axis=0)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Consolidation in the right lower zone.", ["right lower zone"]),
        ("Opacities in both upper zones.", ["right upper zone", "left upper zone"]),
        ("Right upper and lower zone opacities.", ["right upper zone", "right lower zone"]),
        ("Left lung opacity.", ["left lung"]),
        ("The entire left lung is opacified. Right basal opacity.", ["right lower zone", "left lung"]),
        ("Bilateral opacities.", ["right lung", "left lung"]),
        ("Pneumonia.", []),
        ("Lower zone opacity.", []),  # of which side?
    ],
)
def test_a_note_names_its_zones_or_a_lung(text, names):
    assert [place.name for place in named_places(parse_note(text))] == names


@pytest.mark.parametrize(
    ("zones", "name"),
    [
        ((), "left lung"),
        (("upper",), "left upper zone"),
        (("middle", "lower"), "left middle and lower zones"),
        (ZONES, "left lung"),
    ],
)
def test_zones_in_words(zones, name):
    assert place_name("left", zones) == name


@given(named=places, row=st.integers(0, 99), column=st.integers(0, 39), mirrored=st.booleans())
def test_a_place_is_present_exactly_if_a_pixel_of_it_or_its_margin_reaches_the_threshold(named, row, column, mirrored):
    probability = np.full(SHAPE, 0.1, np.float32)
    probability[row, column] = 0.75
    note = note_of(named)
    statements = state_places(probability, 0.5, note, EXTENT, mirrored=mirrored)
    assert [each.place for each in statements] == list(named_places(note))
    for each in statements:
        inside = place_mask(each.place, SHAPE, EXTENT, mirrored=mirrored, margin=MARGIN)[row, column]
        assert each.present == inside
        assert each.highest == pytest.approx(0.75 if inside else 0.1)


@given(named=places, seed=st.integers(0, 99))
def test_a_mirrored_radiograph_gives_the_same_statements(named, seed):
    probability = np.random.default_rng(seed).random(SHAPE, np.float32)
    note = note_of(named)
    usual = state_places(probability, 0.5, note, EXTENT)
    assert state_places(np.ascontiguousarray(probability[:, ::-1]), 0.5, note, EXTENT, mirrored=True) == usual


def test_a_probability_equal_to_the_threshold_reaches_it():
    probability = np.full(SHAPE, 0.45, np.float32)
    note = parse_note("Left lung opacity.")
    assert state_places(probability, float(probability[0, 0]), note, EXTENT)[0].present


def test_a_zone_without_rows_is_empty():
    extent = LungExtent(0.0, 1.0, 0.01, 0.02)
    statements = state_places(np.ones((4, 4), np.float32), 0.5, parse_note("Right upper zone opacity."), extent)
    assert [each.present for each in statements] == [False]
    assert place_window(Place("right", "upper"), (4, 4), extent)[0] == slice(0, 0)


@pytest.mark.parametrize(
    ("highest", "present", "calibrated", "sentence"),
    [
        (
            0.129,
            False,
            None,
            "Note: right upper zone. Nothing there reaches the threshold (highest probability 0.12).",
        ),
        (
            0.4999,
            False,
            0.07,
            "Note: right upper zone. Nothing there reaches the threshold (highest probability 0.49, calibrated 7 %).",
        ),
        (0.5, True, None, "Note: right upper zone. Something there reaches the threshold (highest probability 0.50)."),
    ],
)
def test_the_sentence_says_what_reaches_the_threshold(highest, present, calibrated, sentence):
    assert PlaceStatement(Place("right", "upper"), present, highest, calibrated).sentence == sentence


@pytest.mark.parametrize(
    ("text", "area", "sides"),
    [
        ("Right lower zone opacity.", box(70, 25, 10, 8), ["left"]),
        ("Right lower zone opacity.", box(10, 5, 10, 8), ["right"]),
        ("Right lower zone opacity.", box(70, 5, 10, 8), []),
        ("Right lower zone opacity.", box(45, 5, 20, 8), []),  # in the margin
        ("Right lower zone opacity.", box(30, 5, 40, 8), ["right"]),  # reaches 14 rows beyond the margin
        ("Right lower zone opacity.", box(42, 5, 20, 8), []),  # a border of two rows
        ("Right lung opacity.", box(60, 10, 10, 11), []),  # one column of eleven lies across the midline
        ("Right lung opacity.", box(60, 10, 10, 20), ["left"]),
        ("Right lung opacity.", box(10, 25, 10, 8) | box(70, 25, 10, 8), ["left", "left"]),
        ("Bilateral opacities.", ~EMPTY, []),
        ("Pneumonia.", ~EMPTY, []),
    ],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_areas_outside_the_places_of_a_note(text, area, sides, mirrored):
    area = area[:, ::-1] if mirrored else area
    found = list(areas_elsewhere(area, EMPTY, parse_note(text), EXTENT, mirrored=mirrored))
    assert [side for side, _ in found] == sides


@pytest.mark.parametrize(
    ("wider", "areas"), [(1, []), (2, []), (8, [(20 + 16) * (10 + 16) - 20 * 10])], ids=["strip", "border", "more"]
)
def test_a_strip_along_the_segmentation_does_not_count(wider, areas):
    """On 100 rows the border is two pixels wide."""
    segmented, seen = np.zeros((2, 100, 100), bool)
    segmented[60:80, 70:80] = True
    seen[60 - wider : 80 + wider, 70 - wider : 80 + wider] = True
    found = areas_elsewhere(seen, segmented, parse_note("Right lung opacity."), EXTENT)
    assert [int(area.sum()) for _, area in found] == areas


@settings(deadline=None)
@given(named=places, drawn=st.lists(boxes, max_size=4), drawn_mask=st.lists(boxes, max_size=2), mirrored=st.booleans())
def test_areas_lie_outside_of_every_place_and_of_the_segmentation(named, drawn, drawn_mask, mirrored):
    seen, segmented = (np.any([EMPTY, *(box(*each) for each in some)], axis=0) for some in (drawn, drawn_mask))
    note = note_of(named)
    areas = list(areas_elsewhere(seen, segmented, note, EXTENT, mirrored=mirrored))
    union = np.any([EMPTY, *(area for _, area in areas)], axis=0)
    assert sum((area.astype(int) for _, area in areas), EMPTY.astype(int)).max() <= 1, "they do not overlap"
    assert not (union & ~seen).any()
    assert not (union & segmented).any()
    for side, area in areas:
        rows = [place_window(p, SHAPE, EXTENT, margin=MARGIN)[0] for p in named_places(note) if p.side == side]
        assert not any(area[each].any() for each in rows)
        away = Place(side)
        half = place_mask(away, SHAPE, EXTENT, mirrored=mirrored)
        assert (area & half).any() or (area.any() and not half.all())
    turned = list(areas_elsewhere(seen[:, ::-1], segmented[:, ::-1], note, EXTENT, mirrored=not mirrored))
    assert [side for side, _ in turned] == [side for side, _ in areas]
    np.testing.assert_array_equal(np.any([EMPTY, *(area for _, area in turned)], axis=0), union[:, ::-1])


@given(smallest=st.floats(0, 0.1), drawn=boxes)
def test_an_area_counts_from_the_smallest_size(smallest, drawn):
    area = box(*drawn) & place_mask(Place("left"), SHAPE, EXTENT)
    found = list(areas_elsewhere(area, EMPTY, parse_note("Right opacity."), EXTENT, smallest=smallest))
    opened = list(areas_elsewhere(area, EMPTY, parse_note("Right opacity."), EXTENT))
    assert [mask.mean() for _, mask in found] == [mask.mean() for _, mask in opened if mask.mean() >= smallest]


def test_a_whole_note_of_all_places_leaves_nothing_elsewhere():
    note = note_of([Place(side) for side in SIDES])
    assert allowed(note).all()
    assert not list(areas_elsewhere(~EMPTY, EMPTY, note, EXTENT))
    assert not named_places(WITHOUT_LOCATION)


@pytest.mark.parametrize(
    ("text", "side", "zones", "denied"),
    [
        ("Right basal opacity. No consolidation on the left.", "left", ("upper",), True),
        ("Right basal opacity. No consolidation in the left lower zone.", "left", ("lower",), True),
        ("Right basal opacity. No consolidation in the left lower zone.", "left", ("middle", "lower"), True),
        ("Right basal opacity. No consolidation in the left lower zone.", "left", ("upper",), False),
        ("Right basal opacity. No consolidation on the left.", "right", ("upper",), False),
        ("Right basal opacity.", "left", ("upper",), False),
        ("Right basal opacity. Left lung clear.", "left", ("lower",), True),
        ("Right basal opacity. The left upper zone is normal.", "left", ("upper", "middle"), True),
        ("Right basal opacity. The left upper zone is normal.", "left", ("lower",), False),
        ("Verschattung rechts basal. Linke Lunge frei.", "left", ("lower",), True),
        ("Opacidad basal derecha. Pulmón izquierdo libre.", "left", ("middle",), True),
        ("Right basal opacity. Left hemidiaphragm normal.", "left", ("lower",), False),
        ("Right basal opacity. Left hilum normal.", "left", ("middle",), False),
        ("Right basal opacity. The left lung is not clear.", "left", ("lower",), False),
        ("Right basal opacity. The left lung was previously clear.", "left", ("lower",), False),
        ("Right basal opacity. No effusion on the left.", "left", ("lower",), False),
        ("Left upper zone opacity, lower zones are clear.", "right", ("middle", "lower"), True),
        ("Left upper zone opacity. Lower zones clear.", "left", ("lower",), True),
        ("Left upper zone opacity. Lower zones clear.", "right", ("upper",), False),
        ("Left upper zone opacity. Lower zones not clear.", "right", ("lower",), False),
        ("Left upper zone opacity. The lungs are otherwise clear.", "right", ("lower",), True),
        ("Left upper zone opacity. Lungs otherwise clear.", "left", ("lower",), True),
        ("Left upper zone opacity. The remaining lung fields are clear.", "left", ("middle",), True),
        ("Infiltrat links oben. Übrige Lunge frei.", "right", ("middle",), True),
        ("Infiltrado superior izquierdo. Resto de los pulmones sin alteraciones.", "right", ("lower",), True),
        ("Left upper zone opacity. Lungs otherwise clear.", "left", ("upper",), False),
        ("Left lung opacity. Lungs otherwise clear.", "left", ("lower",), False),
        ("Left upper zone opacity. The diaphragm is normal.", "right", ("lower",), False),
        ("Left upper zone opacity. Hila are normal.", "right", ("middle",), False),
        ("Left upper zone opacity. Lungs were clear on the prior.", "right", ("lower",), False),
    ],
)
def test_a_place_is_denied_if_the_note_says_that_it_holds_no_finding(text, side, zones, denied):
    assert is_denied(parse_note(text), side, zones) is denied


def test_the_sides_of_a_denial_are_the_patients():
    note = parse_note("Left basal opacity. Right lung clear. No opacity in the left upper zone.", "viewer")
    assert note.sides == ("right",)
    assert is_denied(note, "left", ("lower",))
    assert is_denied(note, "right", ("upper",))
    assert not is_denied(note, "right", ("lower",))
