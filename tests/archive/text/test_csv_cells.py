"""Cells of CSV files: what is quoted, and what a spreadsheet must not calculate."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text.csv_cells import FORMULA, format_cell, safe_cell


@pytest.mark.parametrize("sign", FORMULA)
def test_text_that_a_spreadsheet_would_calculate_begins_with_an_apostrophe(sign):
    assert safe_cell(f"{sign}1+1") == f"'{sign}1+1"
    assert format_cell(f"{sign}1", excel=True) == f'"\'{sign}1"'
    assert format_cell(f"{sign}1", excel=False) == f'"{sign}1"'


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (b"\x00\xff", '"00ff"'), (-1, "-1"), (0.5, "0.5"), ("", '""'), ('a "b"', '"a ""b"""')],
)
def test_values_of_each_kind(value, cell):
    assert format_cell(value, excel=False) == cell
    assert format_cell(value, excel=True) == cell


@given(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])))
def test_text_is_read_back_as_it_was(text):
    assert next(csv.reader([format_cell(text, excel=False)])) == [text]
    assert next(csv.reader([format_cell(text, excel=True)])) == [safe_cell(text)]
