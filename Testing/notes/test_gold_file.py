"""The gold files: their form, how many notes of each style they hold, and that their fields do not contradict.

What the parser makes of the notes is not asked here.
"""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

GOLD = Path(__file__).parent / "gold"
FILES = ("gold", "held_out", "german", "spanish")
ZONES = ("upper", "middle", "lower")
LEXICON = tomllib.loads(resources.files("CausalCLIPSegLib.notes").joinpath("lexicon_en.toml").read_text("utf-8"))

Side = Literal["right", "left"]
Zone = Literal["upper", "middle", "lower"]
Style = Literal[
    "telegraphic", "sentence", "report", "dictation", "qata", "comparison", "uk", "misspelt", "adversarial"
]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Place(Strict):
    sides: list[Side]
    zones: dict[Side, list[Zone]]

    @model_validator(mode="after")
    def ordered(self):
        assert self.sides == [side for side in ("right", "left") if side in self.sides]
        assert list(self.zones) == self.sides
        for zones in self.zones.values():
            assert zones == [zone for zone in ZONES if zone in zones]
        return self


class GoldFinding(Place):
    kind: str
    negated: bool
    historical: bool
    uncertain: bool

    @model_validator(mode="after")
    def known(self):
        assert self.kind in LEXICON["finding"]
        return self

    @property
    def present(self):
        return not (self.negated or self.historical)


class Expected(Place):
    whole: list[Side]
    weak: bool
    count: Annotated[int, Field(ge=1)] | None
    findings: list[GoldFinding]

    @model_validator(mode="after")
    def consistent(self):
        assert all(self.zones[side] == list(ZONES) for side in self.whole)
        assert self.whole == [side for side in self.sides if side in self.whole]
        present = [finding for finding in self.findings if finding.present]
        assert bool(self.sides) == bool(present)
        if not present:
            assert not self.weak
            assert self.count is None
        named = {side for finding in present for side in finding.sides}
        if self.weak:
            assert self.sides == ["right", "left"]
            assert self.zones["right"] == self.zones["left"]
            assert named in (set(), {"right", "left"})
        else:
            assert set(self.sides) == named
        for side in self.sides:
            assert set(self.zones[side]) == {zone for finding in present for zone in finding.zones.get(side, ())}
        return self


class Pair(Strict):
    id: Annotated[str, StringConstraints(pattern=r"^[a-z]\d{3}$")]
    style: Style
    adversarial: bool
    note: Annotated[str, StringConstraints(min_length=3)]
    expected: Expected

    @model_validator(mode="after")
    def flagged(self):
        assert self.adversarial or self.style != "adversarial"
        return self


def pairs(name):
    return [Pair.model_validate_json(line) for line in (GOLD / f"{name}.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", FILES)
def test_every_line_has_the_form_and_does_not_contradict_itself(name):
    assert pairs(name)


@pytest.mark.parametrize(("name", "least", "adversarial"), [("gold", 320, 80), ("held_out", 120, 30)])
def test_there_are_as_many_as_asked_for_and_some_in_every_style(name, least, adversarial):
    read = pairs(name)
    assert len(read) >= least
    assert sum(pair.adversarial for pair in read) >= adversarial
    assert {pair.style for pair in read} == set(Style.__args__)


@pytest.mark.parametrize("name", ["german", "spanish"])
def test_the_other_languages_have_25_each(name):
    assert len(pairs(name)) == 25


def test_no_id_comes_twice():
    ids = [pair.id for name in FILES for pair in pairs(name)]
    assert len(set(ids)) == len(ids)


def test_no_note_comes_twice_so_that_the_held_out_ones_are_new():
    # the grammar of QaTa is so small that two files may well hold the same sentence
    notes = [pair.note.casefold() for name in FILES for pair in pairs(name) if pair.style != "qata"]
    assert len(set(notes)) == len(notes)


def test_every_kind_and_every_answer_is_asked_for():
    read = pairs("gold")
    findings = [finding for pair in read for finding in pair.expected.findings]
    assert {finding.kind for finding in findings} == set(LEXICON["finding"])
    assert any(finding.negated and finding.historical for finding in findings)
    assert any(finding.uncertain for finding in findings)
    assert any(pair.expected.weak for pair in read)
    assert any(pair.expected.count for pair in read)
    assert any(pair.expected.whole for pair in read)
    assert any(not pair.expected.sides for pair in read)
