"""A mask -> what a note would say of it, and what a note and a mask do not agree on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.laterality import opposite
from CausalCLIPSegLib.mask.components import connected_components
from CausalCLIPSegLib.mask.description import describe, disagreements
from CausalCLIPSegLib.mask.lung_extent import LungExtent, default_extent, fitted_parameters, lung_extent
from CausalCLIPSegLib.notes import ZONES, ReferringExpression, parse_note, to_prompt

ROWS, COLUMNS = 120, 100
EXTENT = LungExtent(0.1, 0.85)  # thirds of 30 rows: 12 to 42, to 72, to 102
MIDDLE_OF = {"upper": 27, "middle": 57, "lower": 87}


def block(*zones, column, radius=(10, 12)):
    """Give a mask with one block in each zone named, around a column."""
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    for zone in zones:
        row = MIDDLE_OF[zone]
        mask[row - radius[0] : row + radius[0], column - radius[1] : column + radius[1]] = True
    return mask


@st.composite
def masks(draw):
    """Give masks of up to six blocks of any size, anywhere, also over the middle of the film."""
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    for _ in range(draw(st.integers(0, 6))):
        row, column = draw(st.integers(0, ROWS - 1)), draw(st.integers(0, COLUMNS - 1))
        mask[row : row + draw(st.integers(1, 80)), column : column + draw(st.integers(1, 60))] = True
    return mask


extents = st.builds(
    lambda top, height: LungExtent(top, min(top + height, 1.0)), st.floats(0, 0.4), st.floats(0.25, 0.6)
)


@pytest.mark.parametrize(("column", "side"), [(25, "right"), (75, "left")])
@pytest.mark.parametrize("zone", ZONES)
def test_a_block_in_a_zone_is_that_zone_of_the_patients_side(zone, column, side):
    described = describe(block(zone, column=column), EXTENT)
    assert described.sides == (side,)
    assert described.zones[side] == (zone,)
    assert described.whole == ()
    assert described.count == 1
    assert not described.weak


def test_one_area_from_the_apex_to_the_base_is_the_whole_lung():
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    mask[14:100, 20:35] = True
    described = describe(mask, EXTENT)
    assert described.whole == ("right",)
    assert to_prompt(described, "patient") == "Unilateral pulmonary infection, one infected area, all right lung."


def test_two_areas_in_one_lung_leave_the_zone_between_them_free():
    described = describe(block("upper", "lower", column=75), EXTENT)
    assert described.zones["left"] == ("upper", "lower")
    assert described.count == 2


def test_an_area_that_only_narrowly_passes_the_middle_zone_is_in_it():
    mask = block("upper", "lower", column=25)
    mask[27:87, 25] = True
    assert describe(mask, EXTENT).zones["right"] == ZONES


def test_a_lung_low_on_the_film_is_parted_where_it_lies():
    mask = block("middle", column=25)
    assert describe(mask, LungExtent(0.4, 1.0)).zones["right"] == ("upper",)
    assert describe(mask, LungExtent(0.0, 0.6)).zones["right"] == ("lower",)


def test_an_area_that_fills_no_zone_is_in_the_one_it_is_most_in():
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    mask[85:89, 20:25] = True
    assert mask.sum() >= fitted_parameters()["smallest_area"] * mask.size
    assert describe(mask, EXTENT).zones["right"] == ("lower",)


def test_specks_are_no_areas():
    mask = block("lower", column=25)
    mask[2, 90] = True
    described = describe(mask, EXTENT)
    assert described.count == 1
    assert described.sides == ("right",)


def test_an_empty_mask_has_no_sides():
    described = describe(np.zeros((ROWS, COLUMNS), dtype=bool))
    assert described == ReferringExpression()


@given(masks(), extents)
def test_the_count_is_that_of_the_areas_that_are_large_enough(mask, extent):
    labels, number = connected_components(mask)
    large = [k for k in range(1, number + 1) if (labels == k).sum() >= fitted_parameters()["smallest_area"] * mask.size]
    described = describe(mask, extent)
    assert (described.count or 0) == len(large)
    assert bool(described.sides) == bool(large)


@given(masks(), extents)
def test_a_mirrored_mask_swaps_the_sides(mask, extent):
    described, mirrored = describe(mask, extent), describe(mask[:, ::-1], extent)
    assert set(mirrored.sides) == {opposite(side) for side in described.sides}
    assert dict(mirrored.zones) == {opposite(side): zones for side, zones in described.zones.items()}
    assert mirrored.count == described.count
    assert describe(mask[:, ::-1], extent, mirrored=True) == described


@settings(deadline=None)
@given(masks().filter(np.any), extents, st.sampled_from(["patient", "viewer"]))
def test_what_is_said_of_a_mask_reads_back(mask, extent, laterality):
    described = describe(mask, extent)
    if not described.sides:
        return
    read = parse_note(to_prompt(described, laterality), laterality=laterality)
    assert read.sides == described.sides
    assert dict(read.zones) == dict(described.zones)
    assert read.whole == described.whole
    assert read.count == min(described.count, 6)
    assert not read.weak


@given(masks(), extents)
def test_a_mask_agrees_with_its_own_description(mask, extent):
    assert disagreements(describe(mask, extent), mask, extent) == []


@pytest.mark.parametrize(
    ("note", "mask", "sentences"),
    [
        ("left lower lobe pneumonia", block("lower", column=75), []),
        ("left lung consolidation", block("lower", column=75), []),
        ("lower zone consolidation", block("lower", column=75), []),
        (
            "left lower lobe pneumonia",
            block("upper", column=75),
            ["The note says lower, the outline is upper."],
        ),
        (
            "left lower lobe pneumonia",
            block("lower", column=25),
            ["The note says left, the outline is right."],
        ),
        (
            "bilateral lower zone consolidation",
            block("middle", column=25) | block("lower", column=75),
            ["On the right the note says lower, the outline is middle."],
        ),
        (
            "right lung: two foci of consolidation in the lower zone",
            block("lower", column=25),
            ["The note says two areas, the outline has one."],
        ),
        ("No pneumonia.", block("lower", column=25), ["The note names nothing to outline, the outline is right."]),
        (
            "right lower lobe pneumonia",
            np.zeros((ROWS, COLUMNS), dtype=bool),
            ["The note says right, the outline is empty."],
        ),
        ("No pneumonia.", np.zeros((ROWS, COLUMNS), dtype=bool), []),
        (
            "pneumonia of the right lower lobe",
            block("lower", column=25) | block("lower", column=75),
            ["The note says right, the outline is on both sides."],
        ),
    ],
)
def test_what_does_not_agree_is_said(note, mask, sentences):
    assert disagreements(parse_note(note), mask, EXTENT) == sentences


def test_on_a_mirrored_film_the_sides_are_still_the_patients():
    mask = block("lower", column=75)
    assert disagreements(parse_note("right lower lobe pneumonia"), mask, EXTENT, mirrored=True) == []
    assert disagreements(parse_note("left lower lobe pneumonia"), mask, EXTENT, mirrored=True) == [
        "The note says left, the outline is right."
    ]


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_any_film_gives_an_extent_and_mirroring_does_not_change_it(rows, columns, seed):
    film = np.random.default_rng(seed).random((rows, columns)).astype(np.float32)
    extent = lung_extent(film)
    assert 0 <= extent.top < extent.bottom <= 1


def test_the_grey_scale_of_a_film_does_not_matter():
    film = np.random.default_rng(0).random((200, 200))
    film = film + np.linspace(0, 1, 200)[:, None]
    wanted = lung_extent(film)
    assert lung_extent(film * 4000 + 100).top == pytest.approx(wanted.top, abs=1e-6)
    assert lung_extent(film[:, ::-1]).bottom == pytest.approx(wanted.bottom, abs=0.01)


def test_an_extent_is_within_the_film_and_not_upside_down():
    assert 0 < default_extent().top < default_extent().bottom < 1
    for top, bottom in ((0.5, 0.5), (0.8, 0.2), (-0.1, 0.5), (0.5, 1.2)):
        with pytest.raises(ValueError, match="cannot reach"):
            LungExtent(top, bottom)
