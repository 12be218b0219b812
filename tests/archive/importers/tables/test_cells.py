"""Values of cells: numbers, ids, times."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.importers.tables.cells import (
    find_zone,
    is_null,
    read_before_dot,
    read_count,
    read_id,
    read_number,
    read_path_parent,
    read_prefixed_id,
    time_reader,
)


@pytest.mark.parametrize(
    ("cell", "number"),
    [("5", 5), ("5.0", 5), (5, 5), (True, 1), ("1,234", 1234), ("1.234,5", 1234.5), ("1'234", 1234), ("1.2K", 1200),
     ("3M", 3_000_000), ("-7", -7), ("yes", 1), ("falsch", 0), ("0,5", 0.5), ("twelve", None), ("", None), ("NaN", None)],
)  # fmt: skip
def test_numbers(cell, number):
    assert read_number(cell) == number


def test_counts_are_whole():
    assert read_count("12.0") == 12
    assert read_count("0.5") is None
    assert read_count("9" * 30) is None


@pytest.mark.parametrize(
    ("cell", "read"),
    [("22022598.0", "22022598"), (22022598.0, "22022598"), (7, "7"), (" a1 ", "a1"), ("n/a", None), ("1.5", "1.5")],
)
def test_ids_are_what_their_other_rows_write(cell, read):
    assert read_id(cell) == read


def test_ids_that_name_their_parents():
    assert read_prefixed_id("t1_c0de") == "c0de"
    assert read_path_parent("source1_77_3_0") == "source1_77_3"
    assert read_path_parent("source1_ART") is None
    assert read_before_dot("Ugx1.9abc") == "Ugx1"
    assert read_before_dot("Ugx1") is None


@pytest.mark.parametrize(
    ("reading", "zone", "cell", "at", "precision"),
    [
        ("epoch", None, "1491245186.0", "2017-04-03T18:46:26Z", "second"),
        ("epoch_ms", None, 1491245186000, "2017-04-03T18:46:26Z", "second"),
        ("", None, "2024-03-01T10:00:00+01:00", "2024-03-01T09:00:00Z", "second"),
        ("", None, "2015-09-29 10:50:41.987077+00", "2015-09-29T10:50:41Z", "second"),
        ("", "Europe/Vienna", "2024-07-01 10:00:00", "2024-07-01T08:00:00Z", "second"),
        ("", "Europe/Vienna", "2024-07-01T10:00:00Z", "2024-07-01T10:00:00Z", "second"),
        ("day_first", "Europe/Vienna", "01.02.2024 12:30", "2024-02-01T11:30:00Z", "minute"),
        ("month_first", None, "1/2/2024 3:05 PM", "2024-01-02T15:05:00Z", "minute"),
        ("%d/%m/%Y", None, "03/02/2024", "2024-02-03T00:00:00Z", "day"),
        ("", None, "2024-03-01", "2024-03-01T00:00:00Z", "day"),
    ],
)
def test_times(reading, zone, cell, at, precision):
    moment = time_reader(reading, find_zone(zone) if zone else None)(cell)
    assert (moment.at, moment.precision) == (at, precision)


def test_a_zone_that_is_none_is_named():
    with pytest.raises(ValueError, match="Mars/Base"):
        find_zone("Mars/Base")


@settings(deadline=None)
@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.booleans()))
def test_any_cell_is_read_or_not_and_nothing_raises(cell):
    for reading in ("", "epoch", "epoch_ms", "day_first", "%Y-%m-%d"):
        moment = time_reader(reading, None)(cell)
        assert moment is None or moment.at is None or moment.at.endswith("Z")
    for read in (read_id, read_number, read_count, read_prefixed_id, read_path_parent, read_before_dot, is_null):
        read(cell)
