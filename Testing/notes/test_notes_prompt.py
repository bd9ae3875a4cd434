"""The sentence language: it fits, it reads back, and it is the one of the published notes."""

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
CONTEXT = 20  # tokens of the text encoder, with start and end


def every_expression():
    """Give all that can be said: sides, zones or the whole of each, a number, and whether a side was named."""
    extents = [*ZONE_SETS, "whole"]
    for right, left in product([None, *extents], repeat=2):
        given_sides = {side: extent for side, extent in (("right", right), ("left", left)) if extent is not None}
        for count, weak in product((None, *range(1, 9)), (False, True)):
            if given_sides and (len(given_sides) == 2 or not weak):
                yield ReferringExpression(
                    sides=tuple(given_sides),
                    zones={side: extent for side, extent in given_sides.items() if extent != "whole"},
                    whole=tuple(side for side, extent in given_sides.items() if extent == "whole"),
                    weak=weak,
                    count=count,
                )


EVERY = list(every_expression())
expressions = st.sampled_from(EVERY)


@pytest.fixture(scope="module")
def tokens():
    tokenizer = pytest.importorskip("open_clip.tokenizer").SimpleTokenizer()
    return lambda sentence: len(tokenizer.encode(sentence)) + 2


def test_every_sentence_fits_the_text_encoder(tokens):
    sentences = {to_prompt(expression, laterality) for expression in EVERY for laterality in ("patient", "viewer")}
    assert max(map(tokens, sentences)) == CONTEXT


@pytest.mark.parametrize("laterality", ["patient", "viewer"])
def test_every_sentence_reads_back(laterality):
    for expression in EVERY:
        sentence = to_prompt(expression, laterality)
        back = parse_note(sentence, laterality)
        assert back.sides == expression.sides, sentence
        assert back.zones == expression.zones, sentence
        if not expression.weak:  # a weak one with zones says both sides
            assert to_prompt(back, laterality) == sentence
        if expression.count:
            assert back.count == min(expression.count, 6), sentence


@pytest.mark.parametrize(
    ("note", "sentence"),
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
def test_say(note, sentence):
    assert to_prompt(parse_note(note), "patient") == sentence


def test_the_sentence_turns_with_the_checkpoints_laterality():
    expression = parse_note("RUL and LLL consolidation")
    assert to_prompt(expression, "patient").endswith("lower left lung and upper right lung.")
    assert to_prompt(expression, "viewer").endswith("upper left lung and lower right lung.")


def test_nothing_to_say():
    with pytest.raises(NoteError):
        to_prompt(ReferringExpression(), "viewer")


@settings(deadline=None)
@given(expressions)
def test_summary_names_every_side(expression):
    words = describe_expression(expression)
    assert [f"patient's {side} lung" in words for side in ("right", "left")] == [
        side in expression.sides for side in ("right", "left")
    ]


def test_summary_says_where_on_the_picture():
    assert (
        describe_expression(parse_note("RLL pneumonia"))
        == "patient's right lung (on the left of the picture): lower zone"
    )


@settings(deadline=None)
@given(
    st.text(alphabet="leftrighLEFTRIGH \n.,_-é")
    | st.lists(st.sampled_from(["left", "Right", "LEFT", "lung", " ", "-"]))
)
def test_swapping_sides_twice_gives_the_text_back(text):
    text = "".join(text)
    assert swap_sides(swap_sides(text)) == text


def test_swapping_sides_keeps_the_case_and_other_words():
    assert swap_sides("LEFT lung, Right base, leftover right-sided") == "RIGHT lung, Left base, leftover left-sided"


@settings(deadline=None)
@given(expressions)
def test_a_swapped_sentence_is_that_of_the_other_laterality(expression):
    swapped = parse_note(swap_sides(to_prompt(expression, "viewer")), "patient")
    assert (swapped.sides, swapped.zones) == (expression.sides, expression.zones)


@settings(deadline=None)
@given(expressions)
def test_an_expression_goes_into_json_and_is_hashable(expression):
    as_dict = expression.to_dict()
    assert list(as_dict["zones"]) == as_dict["sides"]
    assert hash(expression) == hash(expression)


# ---- the published notes ----

NUMBERS = ("one", "two", "three", "four", "five", "six")


@st.composite
def published_notes(draw):
    """Sentences as LViT's authors write them, of at most four zones, so that they fit."""
    extents = st.sampled_from([" ".join(zones) for zones in ZONE_SETS if zones] + ["all"])
    places = {side: draw(extents) for side in draw(st.sampled_from([["left"], ["right"], ["left", "right"]]))}
    if len(places) == 2 and sum(len(extent.split()) for extent in places.values()) > 4:
        places["left"] = "all"
    number = draw(st.integers(1, 6))
    return (
        f"{'Unilateral' if len(places) == 1 else 'Bilateral'} pulmonary infection, {NUMBERS[number - 1]} infected "
        f"area{'s' * (number > 1)}, {' and '.join(f'{extent} {side} lung' for side, extent in places.items())}."
    )


@settings(deadline=None)
@given(published_notes())
def test_a_published_note_comes_back(note):
    assert to_prompt(parse_note(note, "viewer"), "viewer") == note


@settings(deadline=None)
@given(note=published_notes(), data=st.data())
def test_typing_errors_are_mended(note, data):
    words = [match.span() for match in re.finditer(r"\b(?:upper|middle|lower|right|infection|pulmonary)\b", note)]
    start, stop = data.draw(st.sampled_from(words))
    at = data.draw(st.integers(start + 1, stop - 2))
    slip = data.draw(st.sampled_from(["drop", "double", "turn", "wrong"]))
    mistyped = {
        "drop": note[:at] + note[at + 1 :],
        "double": note[:at] + note[at] + note[at:],
        "turn": note[:at] + note[at + 1] + note[at] + note[at + 2 :],
        "wrong": note[:at] + "q" + note[at + 1 :],
    }[slip]
    assert to_prompt(parse_note(mistyped, "viewer"), "viewer") == note


@settings(deadline=None)
@given(published_notes())
def test_missing_blanks_after_commas_do_not_matter(note):
    assert to_prompt(parse_note(note.replace(", ", ","), "viewer"), "viewer") == note


def test_every_published_note_of_the_data_set_comes_back(tokens):
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
        # the two slips in these files that no dictionary finds
        meant = note.replace("all lung", "all left lung").replace("all lower", "lower")
        said = to_prompt(parse_note(note, "viewer"), "viewer")
        if tokens(meant) > CONTEXT:
            meant = meant.replace("upper middle lower", "all")
        assert said == meant
