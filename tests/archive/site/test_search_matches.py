"""Matches are counted by outlet and month, whatever is asked, as plain SQL counts them."""

import sqlite3
from contextlib import closing

import pytest

from archive.search import query_sql
from archive.site.params import SearchParams
from archive.site.search_matches import count_by_outlet_and_month
from archive.store.reading import connect_for_reading
from tests import archive_fixture


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    path = archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")
    with closing(connect_for_reading(path)) as db:
        db.row_factory = sqlite3.Row
        query_sql.prepare(db)
        yield db


def total(connection, q, **filters):
    counts = count_by_outlet_and_month(connection, SearchParams(q=q, **filters))
    assert counts.errors == ()
    return counts.total


def test_matches_by_outlet_and_month(connection):
    assert count_by_outlet_and_month(connection, "ferry").counts == {(1, "2026-03"): 2, (2, "2026-03"): 12}
    assert count_by_outlet_and_month(connection, "sleepless OR <b>").counts == {}
    assert count_by_outlet_and_month(connection, "alert").counts == {(1, ""): 1}


def test_fields_and_filters(connection):
    assert total(connection, "ferry author:tom") == 3
    assert total(connection, 'ferry author:"tom bill*"') == 0
    assert total(connection, "ferry NOT author:tom") == 11
    assert total(connection, "ferry outlet:courier") == 2
    assert total(connection, "outlet:courier") == total(connection, "", outlet=1)
    assert total(connection, "NOT ferry outlet:plain") == 0
    assert total(connection, "flag:threat") == total(connection, "", flag="content.threat") == 1
    assert (
        total(connection, "quay", severity="high") == total(connection, "quay (flag:pii OR flag:dehumanisation)") == 3
    )
    assert total(connection, "flag:insult", target="commenter") == 0  # it was dismissed
    assert total(connection, "ferry after:2026-03-15") == total(connection, "ferry", since="2026-03-15") == 0
    assert total(connection, "ferry before:2026-03-15") == total(connection, "ferry", until="2026-03-14") == 14
    assert total(connection, "ferry", date="2026-03") == 14
    assert total(connection, "unmistakably OR suits") == 1  # the other one is withheld
    assert total(connection, "") == 0


def test_what_is_wrong_is_named(connection):
    counts = count_by_outlet_and_month(connection, "ferry outlet:nowhere OR")
    assert counts.total == 0
    assert "No outlet here is called “nowhere”." in counts.errors
    assert counts.notes
