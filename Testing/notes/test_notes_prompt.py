"""Prompts fit the text encoder, parse back to the same expression, and are worded like the published notes."""

import io
import os
import re
import tarfile
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import ZONES, ReferringExpression, describe_expression, parse_note, swap_sides, to_prompt

ZONE_SETS = [zones for size in range(4) for zones in combinations(ZONES, size)]
MAX_TOKENS = 20  # tokens that the text encoder reads, including the start and end tokens


def all_expressions():
    """Yield all expressions: sides, zones or the whole lung of each, a number, and whether a side was named."""
    choices = [None, *ZONE_SETS, "whole"]
    for right, left in product(choices, repeat=2):
        zones = {side: choice for side, choice in (("right", right), ("left", left)) if choice is not None}
        for count, weak in product((None, *range(1, 9)), (False, True)):
            if zones and (len(zones) == 2 or not weak):
                yield ReferringExpression(
                    sides=tuple(zones),
                    zones={side: choice for side, choice in zones.items() if choice != "whole"},
                    whole=tuple(side for side, choice in zones.items() if choice == "whole"),
                    weak=weak,
                    count=count,
                )


ALL_EXPRESSIONS = list(all_expressions())
expressions = st.sampled_from(ALL_EXPRESSIONS)


@pytest.fixture(scope="module")
def count_tokens():
    tokenizer = pytest.importorskip("open_clip.tokenizer").SimpleTokenizer()
    return lambda prompt: len(tokenizer.encode(prompt)) + 2


def test_every_prompt_fits_the_text_encoder(count_tokens):
    prompts = {
        to_prompt(expression, laterality) for expression in ALL_EXPRESSIONS for laterality in ("patient", "viewer")
    }
    assert max(map(count_tokens, prompts)) == MAX_TOKENS


@pytest.mark.parametrize("laterality", ["patient", "viewer"])
def test_every_prompt_parses_back_to_its_expression(laterality):
    for expression in ALL_EXPRESSIONS:
        prompt = to_prompt(expression, laterality)
        parsed = parse_note(prompt, laterality)
        assert parsed.sides == expression.sides, prompt
        assert parsed.zones == expression.zones, prompt
        if not expression.weak:  # the prompt of a weak expression with zones names both sides
            assert to_prompt(parsed, laterality) == prompt
        if expression.count:
            assert parsed.count == min(expression.count, 6), prompt


@pytest.mark.parametrize(
    ("note", "prompt"),
    [
        ("RLL pneumonia", "Unilateral pulmonary infection, one infected area, lower right lung."),
        ("left-sided pneumonia", "Unilateral pulmonary infection, left lung."),
        ("bilateral pneumonia", "Bilateral pulmonary infection."),
        (
            "bilateral pneumonia, worse at the left base",
            "Bilateral pulmonary infection, lower left lung and right lung.",
        ),
        ("pneumonia", "Pulmonary infection."),
        ("lower lobe pneumonia", "Pulmonary infection, lower left lung and lower right lung."),
        ("right upper and lower zones", "Unilateral pulmonary infection, two infected areas, upper lower right lung."),
        (
            "diffuse left, right base",
            "Bilateral pulmonary infection, two infected areas, all left lung and lower right lung.",
        ),
        (
            "upper, mid and lower zones of both lungs",
            "Bilateral pulmonary infection, two infected areas, all left lung and all right lung.",
        ),
        ("nine opacities in the left base", "Unilateral pulmonary infection, six infected areas, lower left lung."),
    ],
)
def test_to_prompt_writes_what_the_note_states(note, prompt):
    assert to_prompt(parse_note(note), "patient") == prompt


def test_to_prompt_uses_the_laterality_of_the_checkpoint():
    expression = parse_note("RUL and LLL consolidation")
    assert to_prompt(expression, "patient").endswith("lower left lung and upper right lung.")
    assert to_prompt(expression, "viewer").endswith("upper left lung and lower right lung.")


def test_to_prompt_rejects_an_empty_expression():
    with pytest.raises(NoteError):
        to_prompt(ReferringExpression(), "viewer")


@settings(deadline=None)
@given(expressions)
def test_description_names_every_side(expression):
    description = describe_expression(expression)
    assert [f"patient's {side} lung" in description for side in ("right", "left")] == [
        side in expression.sides for side in ("right", "left")
    ]


def test_description_names_the_side_of_the_image():
    assert (
        describe_expression(parse_note("RLL pneumonia"))
        == "patient's right lung (on the left of the picture): lower zone"
    )


@settings(deadline=None)
@given(
    st.text(alphabet="leftrighLEFTRIGH \n.,_-é")
    | st.lists(st.sampled_from(["left", "Right", "LEFT", "lung", " ", "-"]))
)
def test_swap_sides_twice_returns_the_text(text):
    text = "".join(text)
    assert swap_sides(swap_sides(text)) == text


def test_swap_sides_keeps_case_and_other_words():
    assert swap_sides("LEFT lung, Right base, leftover right-sided") == "RIGHT lung, Left base, leftover left-sided"


@settings(deadline=None)
@given(expressions)
def test_swapped_prompt_is_that_of_the_other_laterality(expression):
    swapped = parse_note(swap_sides(to_prompt(expression, "viewer")), "patient")
    assert (swapped.sides, swapped.zones) == (expression.sides, expression.zones)


@settings(deadline=None)
@given(expressions)
def test_an_expression_has_ordered_json_and_a_hash(expression):
    as_dict = expression.to_dict()
    assert list(as_dict["zones"]) == as_dict["sides"]
    assert hash(expression) == hash(expression)


NUMBERS = ("one", "two", "three", "four", "five", "six")


@st.composite
def published_notes(draw):
    """Draw notes in the style of LViT's authors, with at most four zones, so that they fit the text encoder."""
    zone_words = st.sampled_from([" ".join(zones) for zones in ZONE_SETS if zones] + ["all"])
    places = {side: draw(zone_words) for side in draw(st.sampled_from([["left"], ["right"], ["left", "right"]]))}
    if len(places) == 2 and sum(len(words.split()) for words in places.values()) > 4:
        places["left"] = "all"
    number = draw(st.integers(1, 6))
    return (
        f"{'Unilateral' if len(places) == 1 else 'Bilateral'} pulmonary infection, {NUMBERS[number - 1]} infected "
        f"area{'s' * (number > 1)}, {' and '.join(f'{words} {side} lung' for side, words in places.items())}."
    )


@settings(deadline=None)
@given(published_notes())
def test_a_published_note_is_its_own_prompt(note):
    assert to_prompt(parse_note(note, "viewer"), "viewer") == note


@settings(deadline=None)
@given(note=published_notes(), data=st.data())
def test_typing_errors_are_corrected(note, data):
    words = [match.span() for match in re.finditer(r"\b(?:upper|middle|lower|right|infection|pulmonary)\b", note)]
    start, stop = data.draw(st.sampled_from(words))
    at = data.draw(st.integers(start + 1, stop - 2))
    error = data.draw(st.sampled_from(["omission", "doubling", "swap", "substitution"]))
    mistyped = {
        "omission": note[:at] + note[at + 1 :],
        "doubling": note[:at] + note[at] + note[at:],
        "swap": note[:at] + note[at + 1] + note[at] + note[at + 2 :],
        "substitution": note[:at] + "q" + note[at + 1 :],
    }[error]
    assert to_prompt(parse_note(mistyped, "viewer"), "viewer") == note


@settings(deadline=None)
@given(published_notes())
def test_blanks_after_commas_are_optional(note):
    assert to_prompt(parse_note(note.replace(", ", ","), "viewer"), "viewer") == note


def test_every_note_of_qata_cov19_is_its_own_prompt(count_tokens):
    folder = os.environ.get("CAUSALCLIPSEG_DATA")
    if not folder:
        pytest.skip("CAUSALCLIPSEG_DATA does not name the folder that holds qata-cov19")
    openpyxl = pytest.importorskip("openpyxl")
    notes = set()
    for split in ("Train", "Val"):
        with tarfile.open(Path(folder) / "qata-cov19" / f"{split}_Folder.tar") as tar:
            file = tar.extractfile(f"{split}_Folder/{split}_text.xlsx")
            sheet = openpyxl.load_workbook(io.BytesIO(file.read()), read_only=True).active
            rows = list(sheet.iter_rows(values_only=True))
        column = rows[0].index("Description")
        notes.update(row[column].strip() for row in rows[1:])
    assert len(notes) > 100
    for note in notes:
        # Two mistakes in these files are made of correctly spelled words.
        expected = note.replace("all lung", "all left lung").replace("all lower", "lower")
        if count_tokens(expected) > MAX_TOKENS:
            expected = expected.replace("upper middle lower", "all")
        assert to_prompt(parse_note(note, "viewer"), "viewer") == expected
