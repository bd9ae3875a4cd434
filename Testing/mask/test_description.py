"""The description of a mask as a note, and the differences between a note and a mask."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.laterality import opposite
from CausalCLIPSegLib.mask import LungExtent, connected_components, describe, disagreements, lung_extent
from CausalCLIPSegLib.mask.lung_extent import default_extent, fitted_parameters
from CausalCLIPSegLib.notes import ZONES, ReferringExpression, parse_note, to_prompt

ROWS, COLUMNS = 120, 100
EXTENT = LungExtent(0.1, 0.85)  # zones of 30 rows each: from 12, from 42, and from 72 to 102
CENTER_ROWS = {"upper": 27, "middle": 57, "lower": 87}


def block(*zones, column, radius=(10, 12)):
    """Return a mask with one block in each of the zones, centered on a column."""
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    for zone in zones:
        row = CENTER_ROWS[zone]
        mask[row - radius[0] : row + radius[0], column - radius[1] : column + radius[1]] = True
    return mask


@st.composite
def masks(draw):
    """Draw masks of up to six blocks of any size and position, also across the midline."""
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
def test_a_block_is_described_by_side_and_zone(zone, column, side):
    described = describe(block(zone, column=column), EXTENT)
    assert described.sides == (side,)
    assert described.zones[side] == (zone,)
    assert described.whole == ()
    assert described.count == 1
    assert not described.weak


def test_one_area_from_apex_to_base_is_the_whole_lung():
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    mask[14:100, 20:35] = True
    described = describe(mask, EXTENT)
    assert described.whole == ("right",)
    assert to_prompt(described, "patient") == "Unilateral pulmonary infection, one infected area, all right lung."


def test_two_areas_in_one_lung_do_not_include_the_zone_between_them():
    described = describe(block("upper", "lower", column=75), EXTENT)
    assert described.zones["left"] == ("upper", "lower")
    assert described.count == 2


def test_areas_with_a_narrow_connection_include_the_zone_between_them():
    mask = block("upper", "lower", column=25)
    mask[27:87, 25] = True
    assert describe(mask, EXTENT).zones["right"] == ZONES


def test_zones_depend_on_the_lung_extent():
    mask = block("middle", column=25)
    assert describe(mask, LungExtent(0.4, 1.0)).zones["right"] == ("upper",)
    assert describe(mask, LungExtent(0.0, 0.6)).zones["right"] == ("lower",)


def test_a_small_area_is_in_the_zone_with_most_of_its_pixels():
    mask = np.zeros((ROWS, COLUMNS), dtype=bool)
    mask[85:89, 20:25] = True
    assert mask.sum() >= fitted_parameters()["smallest_area"] * mask.size
    assert describe(mask, EXTENT).zones["right"] == ("lower",)


def test_specks_are_ignored():
    mask = block("lower", column=25)
    mask[2, 90] = True
    described = describe(mask, EXTENT)
    assert described.count == 1
    assert described.sides == ("right",)


def test_an_empty_mask_has_no_sides():
    described = describe(np.zeros((ROWS, COLUMNS), dtype=bool))
    assert described == ReferringExpression()


@given(masks(), extents)
def test_count_is_the_number_of_large_areas(mask, extent):
    labels, number = connected_components(mask)
    sizes = [(labels == label).sum() for label in range(1, number + 1)]
    large = [size for size in sizes if size >= fitted_parameters()["smallest_area"] * mask.size]
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
def test_the_prompt_of_a_mask_parses_back_to_its_description(mask, extent, laterality):
    described = describe(mask, extent)
    if not described.sides:
        return
    parsed = parse_note(to_prompt(described, laterality), laterality=laterality)
    assert parsed.sides == described.sides
    assert dict(parsed.zones) == dict(described.zones)
    assert parsed.whole == described.whole
    assert parsed.count == min(described.count, 6)
    assert not parsed.weak


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
        ("No pneumonia.", block("lower", column=25), ["The note names nothing to outline, but the outline is right."]),
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
def test_disagreements_name_the_side_zone_or_number(note, mask, sentences):
    assert disagreements(parse_note(note), mask, EXTENT) == sentences


def test_sides_of_a_mirrored_radiograph_are_the_patients():
    mask = block("lower", column=75)
    assert disagreements(parse_note("right lower lobe pneumonia"), mask, EXTENT, mirrored=True) == []
    assert disagreements(parse_note("left lower lobe pneumonia"), mask, EXTENT, mirrored=True) == [
        "The note says left, the outline is right."
    ]


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_any_image_gives_a_valid_extent(rows, columns, seed):
    image = np.random.default_rng(seed).random((rows, columns)).astype(np.float32)
    extent = lung_extent(image)
    assert 0 <= extent.top < extent.bottom <= 1


def test_extent_is_independent_of_gray_scale_and_mirroring():
    image = np.random.default_rng(0).random((200, 200))
    image = image + np.linspace(0, 1, 200)[:, None]
    extent = lung_extent(image)
    assert lung_extent(image * 4000 + 100).top == pytest.approx(extent.top, abs=1e-6)
    assert lung_extent(image[:, ::-1]).bottom == pytest.approx(extent.bottom, abs=0.01)


def test_default_extent_is_inside_the_image():
    assert 0 < default_extent().top < default_extent().bottom < 1


@pytest.mark.parametrize(("top", "bottom"), [(0.5, 0.5), (0.8, 0.2), (-0.1, 0.5), (0.5, 1.2)])
def test_rejects_an_invalid_extent(top, bottom):
    with pytest.raises(ValueError, match="cannot reach"):
        LungExtent(top, bottom)


@pytest.mark.parametrize(("middle", "lower"), [(0.0, 0.5), (0.6, 0.4), (0.5, 0.5), (0.5, 1.0)])
def test_rejects_invalid_inner_borders(middle, lower):
    with pytest.raises(ValueError, match="cannot be divided"):
        LungExtent(0.1, 0.9, middle, lower)


def test_zone_borders_are_shares_of_the_extents_height():
    assert LungExtent(0.1, 0.7).zone_borders(100) == (30, 50)
    assert LungExtent(0.1, 0.7, 0.25, 0.75).zone_borders(100) == (25, 55)


def test_older_parameters_without_zones_have_thirds(monkeypatch):
    older = {name: value for name, value in fitted_parameters().items() if name != "zones"}
    # The package's function of the same name hides the module.
    monkeypatch.setattr(sys.modules["CausalCLIPSegLib.mask.lung_extent"], "fitted_parameters", lambda: older)
    for extent in (default_extent(), lung_extent(np.eye(50))):
        assert (extent.middle, extent.lower) == (1 / 3, 2 / 3)


def test_estimated_and_default_extent_have_the_fitted_zones():
    zones = fitted_parameters()["zones"]
    for extent in (default_extent(), lung_extent(np.eye(50))):
        assert {"middle": extent.middle, "lower": extent.lower} == zones
