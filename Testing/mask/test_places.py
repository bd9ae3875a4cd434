"""Places that a note can name: their notes, and their parts of a radiograph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from CausalCLIPSegLib.mask import PLACES, LungExtent, Place, describe, place_mask
from CausalCLIPSegLib.notes import to_prompt
from CausalCLIPSegLib.notes.expression import ZONES

EXTENT = LungExtent(0.1, 0.7)
"""On 100 rows the lungs are 60 rows high: the middle zone begins at row 30, the lower zone at row 50."""

shapes = st.tuples(st.integers(3, 60), st.integers(2, 60))
extents = st.builds(LungExtent, st.floats(0, 0.5), st.floats(0.6, 1))


def test_a_note_names_only_its_place():
    assert {place.name: to_prompt(place.expression, "patient") for place in PLACES} == {
        "right lung": "Unilateral pulmonary infection, right lung.",
        "right upper zone": "Unilateral pulmonary infection, one infected area, upper right lung.",
        "right middle zone": "Unilateral pulmonary infection, one infected area, middle right lung.",
        "right lower zone": "Unilateral pulmonary infection, one infected area, lower right lung.",
        "left lung": "Unilateral pulmonary infection, left lung.",
        "left upper zone": "Unilateral pulmonary infection, one infected area, upper left lung.",
        "left middle zone": "Unilateral pulmonary infection, one infected area, middle left lung.",
        "left lower zone": "Unilateral pulmonary infection, one infected area, lower left lung.",
    }


@given(shape=shapes, extent=extents, mirrored=st.booleans())
def test_lungs_and_their_zones_are_disjoint_and_complete(shape, extent, mirrored):
    def covered(places):
        return sum(place_mask(place, shape, extent, mirrored=mirrored).astype(int) for place in places)

    assert (covered(Place(side) for side in ("left", "right")) == 1).all()
    for side in ("left", "right"):
        zones = covered(Place(side, zone) for zone in ZONES)
        np.testing.assert_array_equal(zones, place_mask(Place(side), shape, extent, mirrored=mirrored))


@pytest.mark.parametrize(
    ("zone", "margin", "rows"),
    [
        ("upper", 0, (0, 30)),
        ("middle", 0, (30, 50)),
        ("lower", 0, (50, 100)),
        (None, 0, (0, 100)),
        ("upper", 0.1, (0, 36)),
        ("middle", 0.1, (24, 56)),
        ("lower", 0.1, (44, 100)),
        (None, 0.1, (0, 100)),
    ],
)
def test_a_margin_is_a_share_of_the_lungs_height_and_does_not_cross_the_midline(zone, margin, rows):
    expected = np.zeros((100, 41), bool)
    expected[slice(*rows), :20] = True  # the patient's right is on the left of the image
    np.testing.assert_array_equal(place_mask(Place("right", zone), (100, 41), EXTENT, margin=margin), expected)


@given(half_width=st.integers(1, 30), rows=st.integers(3, 60), extent=extents, margin=st.floats(0, 0.5))
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_a_mirrored_radiograph_has_mirrored_places(place, half_width, rows, extent, margin):
    usual, mirrored = (
        place_mask(place, (rows, 2 * half_width), extent, mirrored=mirrored, margin=margin)
        for mirrored in (False, True)
    )
    np.testing.assert_array_equal(usual[:, ::-1], mirrored)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("place", [place for place in PLACES if place.zone], ids=lambda place: place.name)
def test_a_mask_of_a_zone_is_described_as_that_zone(place, mirrored):
    described = describe(place_mask(place, (100, 80), EXTENT, mirrored=mirrored), EXTENT, mirrored=mirrored)
    assert (described.sides, described.zones) == (place.expression.sides, place.expression.zones)
