"""Delimiters, encodings and rows of delimited text."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.importers.base import BadDocument
from archive.importers.tables.delimited import Delimiters, find_dialect, read_rows
from archive.importers.tables.row_lines import NEVER_CLOSED
from tests.documents import HARBOUR

ROWS = [[str(i), f"The ferry, number {i}; late again.", f"reader {i % 3}"] for i in range(1, 9)]


def written(delimiter, rows=ROWS, header=("id", "comment", "author")):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue()


def read(raw, dialect):
    return list(read_rows(io.BytesIO(raw), "x.csv", dialect))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_usual_file_is_read(delimiter, encoding):
    rows = [[number, text.replace("late", "verspätet, schön"), name] for number, text, name in ROWS]
    raw = written(delimiter, rows).encode(encoding)
    dialect = find_dialect(raw)
    assert (dialect.delimiter, dialect.header, dialect.has_header) == (delimiter, ("id", "comment", "author"), True)
    assert [list(row.values()) for _, row in read(raw, dialect)] == rows


def test_a_text_is_no_table():
    assert find_dialect(HARBOUR.encode()) is None
    prose = (
        "It was a long day, by all accounts.\nThe ferry did not come.\n\nReaders, as ever, had views, and said so.\n"
    )
    assert find_dialect(prose.encode()) is None
    assert find_dialect(b"") is None


def test_a_table_without_header_is_one():
    dialect = find_dialect(written(",", ROWS[1:], ROWS[0]).encode())
    assert not dialect.has_header
    rows = read(written(",", ROWS[1:], ROWS[0]).encode(), dialect)
    assert rows[0][1] == {"1": "1", "2": ROWS[0][1], "3": "reader 1"}


def test_one_column_is_a_table_by_its_name_only():
    raw = b'comment\n"The ferry, again."\nLate.\n'
    assert find_dialect(raw) is None
    assert find_dialect(raw, is_named=True).header == ("comment",)


def test_a_row_of_another_width_is_named_and_the_rest_is_read():
    raw = (written(",") + "9,too,many,cells\n10,last,reader 1\n").encode()
    rows = read(raw, find_dialect(raw))
    (bad,) = [row for row in rows if isinstance(row, BadDocument)]
    assert str(bad) == "x.csv:10: 4 cells where the header has 3: the row is left out"
    assert len(rows) == len(ROWS) + 2


@pytest.mark.parametrize("first", ["1", "anna"])
def test_a_quotation_mark_that_is_never_closed_costs_its_own_row(first):
    lines = [f'{first if first == "anna" else i},anna,"Late, {i}."\n' for i in range(1, 9)]
    lines[3] = f'{first},tom,"never closed\n'
    lines[4:] = [line.replace('"', "") for line in lines[4:]]
    lines[4:] = [line.replace("Late, ", "Late ") for line in lines[4:]]
    raw = ("id,author,comment\n" + "".join(lines)).encode()
    rows = read(raw, find_dialect(raw))
    (bad,) = [row for row in rows if isinstance(row, BadDocument)]
    assert (bad.location, bad.reason) == ("x.csv:5", NEVER_CLOSED)
    assert [row[0] for row in rows if row is not bad] == [2, 3, 4, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "cell",
    [
        "Yes, I know, I do,\nall, of, that",
        "Three points:\n1. one, 2\n2. two, three, four\n3) five, six, and seven",
        "Years:\n2021, a year, of grief, 3",
    ],
)
def test_a_cell_of_several_lines_with_commas_is_a_cell(cell):
    raw = written(",", [[str(i), cell, "anna"] for i in range(5)]).encode()
    assert [row["comment"] for _, row in read(raw, find_dialect(raw))] == [cell] * 5


@pytest.mark.parametrize("cell", ["It costs a lot:\n2,5,0 million\nmore", 'She said "no":\n7,tom,"Late"\n8,ann,"Late"'])
def test_lines_like_rows_within_a_cell_that_is_closed_are_its_text(cell):
    raw = written(",", [[str(i), cell, "anna"] for i in range(5)]).encode()
    assert [row["comment"] for _, row in read(raw, find_dialect(raw))] == [cell] * 5


def test_a_cell_that_never_ends_is_not_read_to_the_end_of_the_file():
    raw = b'id,comment,author\n1,"never closed,a\n' + b"x\n" * 6000 + b"2,last,b\n"
    rows = read(raw, Delimiters(",", "utf-8", ("id", "comment", "author"), has_header=True))
    assert rows[0].reason == NEVER_CLOSED
    assert rows[-1] == (6003, {"id": "2", "comment": "last", "author": "b"})


def test_a_title_above_a_table_is_none_of_its_rows():
    for title in ("Comments of March\n\nCourier, 2024\n", "Comments of March,,\n,,\n", "sep=,\r\n"):
        raw = (title + written(",")).encode()
        dialect = find_dialect(raw, is_named=True)
        assert dialect.header == ("id", "comment", "author"), title
        assert [list(row.values()) for _, row in read(raw, dialect)] == ROWS
    assert find_dialect(("sep=;\r\n" + written(";")).encode()).delimiter == ";"


def test_columns_of_one_name_are_told_apart():
    raw = written(",", header=("comment", "comment", "id")).encode()
    assert find_dialect(raw).header == ("comment", "comment (2)", "id")


def test_a_stray_carriage_return_stays_in_its_cell():
    raw = b"id,comment,author\n1,one \r two,a\n2,three,b\n3,four,c\n"
    assert [row["comment"] for _, row in read(raw, find_dialect(raw))] == ["one \r two", "three", "four"]


def test_bytes_that_are_no_utf_8_are_read_as_windows_1252():
    raw = b"id,comment,author\n" + b"".join(b"%d,caf\xc3\xa9,a\n" % i for i in range(9000)) + b"1,caf\xe9,b\n"
    assert {row["comment"] for _, row in read(raw, find_dialect(raw[: 1 << 16]))} == {"café"}


CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)


@settings(deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=4, max_size=12))
def test_what_was_written_is_read(rows):
    raw = written(",", rows).encode()
    dialect = find_dialect(raw, delimiter=",", encoding="utf-8")
    if dialect is not None and dialect.has_header:
        assert [list(row.values()) for _, row in read(raw, dialect)] == rows
