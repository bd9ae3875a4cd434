"""Cells of films.csv: no formula for a spreadsheet, and the same text when they are read back."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from CausalCLIPSegLib.batch.cells import read_cell, write_line
from CausalCLIPSegLib.batch.table import Row, Rows

CHARACTERS = st.sampled_from("=+-@\t\r\n'\"＝＋－＠,;| a1") | st.characters(exclude_categories=["Cs"])


@given(st.lists(st.text(CHARACTERS, max_size=8), min_size=1, max_size=5))
def test_cells_are_read_back_unchanged_and_begin_no_formula(cells):
    line = write_line(cells)
    (read,) = csv.reader(StringIO(line, newline="")) if cells != [""] else [[""]]
    assert [read_cell(cell) for cell in read] == cells
    assert not any(cell[:1] and cell[0] in "=+-@\t\r\n＝＋－＠" for cell in read)


@pytest.mark.parametrize("delimiter", ";\t|")
def test_other_delimiters_do_not_split_a_cell(delimiter):
    line = write_line([f"a{delimiter}=1+1", "b"])
    assert next(csv.reader(StringIO(line), delimiter=delimiter))[0].startswith(f"a{delimiter}=1+1")


@pytest.mark.parametrize("name", ['=HYPERLINK("http://example.org";"a")', "@SUM(1)", "-1+1", "'=1", "a;=1", "+1"])
def test_row_of_a_name_that_acts_is_found_again(tmp_path, name):
    row = Row(name, "outlined", request="1")
    with Rows(tmp_path / "films.csv") as rows:
        rows.put(row)
        rows.put(Row("b", "outlined", request="1"))
    assert Rows(tmp_path / "films.csv").get(name) == row
