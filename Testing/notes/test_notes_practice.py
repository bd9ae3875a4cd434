"""Notes in the styles of practice, from telegrams to whole reports, each with its location: practice.jsonl.

All of them were written for this project; none is real.
"""

import json
from pathlib import Path

import pytest
from short_expressions import short

from CausalCLIPSegLib.notes import parse_note

LINES = Path(__file__).with_name("practice.jsonl").read_text("utf-8").splitlines()


@pytest.mark.parametrize(("note", "location"), [tuple(json.loads(line).values()) for line in LINES])
def test_reads_the_location(note, location):
    assert short(parse_note(note)) == location
