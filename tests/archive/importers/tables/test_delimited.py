"""Delimiters, encodings and rows of delimited text."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.importers.base import BadDocument
from archive.importers.tables.delimited import find_dialect, read_rows
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
