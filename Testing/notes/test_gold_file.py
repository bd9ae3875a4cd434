"""The gold files are well-formed and consistent. test_notes_benchmark.py measures how well the parser reads them."""

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
    def is_ordered(self):
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
    def has_known_kind(self):
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
    def is_consistent(self):
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


class GoldCase(Strict):
    id: Annotated[str, StringConstraints(pattern=r"^[a-z]\d{3}$")]
    style: Style
    adversarial: bool
    note: Annotated[str, StringConstraints(min_length=3)]
    expected: Expected

    @model_validator(mode="after")
    def is_flagged_as_adversarial(self):
        assert self.adversarial or self.style != "adversarial"
        return self


def read_cases(name):
    return [GoldCase.model_validate_json(line) for line in (GOLD / f"{name}.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_valid_and_consistent(name):
    assert read_cases(name)


def test_ids_are_unique():
    ids = [case.id for name in FILES for case in read_cases(name)]
    assert len(set(ids)) == len(ids)


def test_no_note_is_in_two_files():
    # Notes of QaTa-COV19 are so uniform that two files may hold the same note.
    notes = [case.note.casefold() for name in FILES for case in read_cases(name) if case.style != "qata"]
    assert len(set(notes)) == len(notes)


def test_the_english_file_has_every_kind_of_finding():
    findings = [finding for case in read_cases("gold") for finding in case.expected.findings]
    assert {finding.kind for finding in findings} == set(LEXICON["finding"])
