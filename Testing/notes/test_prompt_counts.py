"""A prompt states a number of areas only if the note does, if the checkpoint asks for that."""

import pytest

from CausalCLIPSegLib.mask import PLACES
from CausalCLIPSegLib.notes import parse_note, to_prompt


@pytest.mark.parametrize(
    ("note", "implied", "stated"),
    [
        (
            "Consolidation in the right lower zone.",
            "Unilateral pulmonary infection, one infected area, lower left lung.",
            "Unilateral pulmonary infection, lower left lung.",
        ),
        (
            "Unilateral pulmonary infection, two infected areas, lower right lung.",
            "Unilateral pulmonary infection, two infected areas, lower left lung.",
            "Unilateral pulmonary infection, two infected areas, lower left lung.",
        ),
        ("Pneumonia.", "Pulmonary infection.", "Pulmonary infection."),
    ],
)
def test_number_of_areas(note, implied, stated):
    expression = parse_note(note)
    assert to_prompt(expression, "viewer") == implied
    assert to_prompt(expression, "viewer", implied_count=False) == stated


def test_places_are_told_apart_from_counted_lesions():
    for place in PLACES:
        prompt = to_prompt(place.expression, "patient", implied_count=False)
        assert "area" not in prompt
        assert parse_note(prompt).zones == place.expression.zones
