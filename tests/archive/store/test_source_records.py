"""Headings, edits, earlier wordings, decisions and reports: stored once, renewed, put away and taken back."""

from dataclasses import replace

import pytest

from archive.store.undo import undo_import
from archive.takedown import erase_rows, withhold
from archive.thread import Decision, EarlierText, Moment
from tests.both_engines import sqlite_only
from tests.trees import made, said

DAYS = [f"2026-03-{day:02}T06:00:00Z" for day in range(14, 24)]
WROTE, EDITED = "2026-03-13T08:00:00Z", "2026-03-13T09:00:00Z"
HELD = Decision("PREMOD", "withheld", WROTE, "system")
REJECTED = Decision("REJECTED", "removed", EDITED, "moderator", "SPAM", "an advert for a ferry of another town")
OF_COMMENTS = "select native_id, title, edited_at, edited_precision from comments order by id"
TEXTS = "select comment_id, revision, body, written_at, seen_from from comment_revisions order by revision"
DECISIONS = (
    "select comment_id, status, state, decided_at, decider, reason, explanation, seen_at from decisions order by id"
)
REPORTS = "select comment_id, kind, count, seen_at from reports order by id"


def save(archive, *threads):
    run = archive.begin_run("import", {"paths": []})
    saved = archive.save(threads, run)
    assert not saved.failures
    archive.end_run(run, "done", dict(saved.counts))
    return run.id


def look(at, **record):
    """A thread at a time, whose second comment has this on record."""
    second = replace(said("The kiosk opens at nine.", native_id="c2"), **record)
    return made(said("The ferry is early.", native_id="c1"), second, at=at, native_id="t1")


FULL = {
    "title": "Opening hours",
    "edited": Moment(EDITED, EDITED, "second"),
    "earlier": (EarlierText("The kiosk opens at eight.", WROTE), EarlierText("Opens at nine: kim@courier.example.")),
    "decisions": (HELD, REJECTED),
    "reports": (("SPAM", 2), ("OFFENSIVE", 1)),
}


def test_all_of_it_is_stored_once(archive, query):
    save(archive, look(DAYS[0], **FULL))
    first = [query(statement) for statement in (OF_COMMENTS, TEXTS, DECISIONS, REPORTS)]
    assert first[0] == [("c1", None, None, None), ("c2", "Opening hours", EDITED, "second")]
    assert first[1] == [
        (2, -2, "The kiosk opens at eight.", WROTE, DAYS[0]),
        (2, -1, "Opens at nine: kim@courier.example.", None, DAYS[0]),
    ]
    assert [row[1:7] for row in first[2]] == [
        ("PREMOD", "withheld", WROTE, "system", None, None),
        ("REJECTED", "removed", EDITED, "moderator", "SPAM", "an advert for a ferry of another town"),
    ]
    assert first[3] == [(2, "SPAM", 2, DAYS[0]), (2, "OFFENSIVE", 1, DAYS[0])]
    # Rules read what it said before, as what it says now.
    assert query("select revision from flags where code = 'content.pii' and comment_id = 2") == [(-1,)]
    assert query("select flag_count, (select codes from comments where id = 2) from threads") == [(1, None)]
    save(archive, look(DAYS[1], **FULL))
    assert [query(statement) for statement in (TEXTS, DECISIONS)] == first[1:3]
    assert query(REPORTS) == [(2, "SPAM", 2, DAYS[1]), (2, "OFFENSIVE", 1, DAYS[1])]
    assert query("select revision from comments order by id") == [(0,), (0,)]


def test_a_later_look_adds_and_renews_and_a_late_one_only_adds(archive, query):
    save(archive, look(DAYS[1], reports=(("SPAM", 3),), decisions=(HELD,), title="Hours"))
    save(archive, look(DAYS[0], reports=(("SPAM", 1), ("OTHER", 1)), decisions=(REJECTED,), edited=Moment(WROTE)))
    assert [row[1:3] for row in query(REPORTS)] == [("SPAM", 3), ("OTHER", 1)]
    assert [row[1] for row in query(DECISIONS)] == ["PREMOD", "REJECTED"]
    assert query(OF_COMMENTS)[1][1:3] == ("Hours", WROTE)
    save(archive, look(DAYS[2], reports=(("SPAM", 4),), edited=Moment(EDITED), title="Other hours"))
    assert query(REPORTS)[0] == (2, "SPAM", 4, DAYS[2])
    assert query(OF_COMMENTS)[1][1:3] == ("Hours", EDITED)


def test_an_edit_that_a_visit_saw_is_not_stored_twice(archive, query):
    save(archive, look(DAYS[0]))
    edited = look(DAYS[1], earlier=(EarlierText("The kiosk is shut.", WROTE), EarlierText("The kiosk opens at nine.")))
    edited = replace(edited, comments=(edited.comments[0], replace(edited.comments[1], body="It opens at ten.")))
    save(archive, edited)
    assert [row[1:3] for row in query(TEXTS)] == [(-1, "The kiosk is shut."), (0, "The kiosk opens at nine.")]


def test_it_goes_and_comes_back_with_its_comment(archive, query):
    save(archive, look(DAYS[0], **FULL))
    statements = (OF_COMMENTS, TEXTS, DECISIONS, REPORTS)
    before = [query(statement) for statement in statements]
    withhold.withhold(archive, "comment", 2, "privacy")
    assert query(OF_COMMENTS)[1][1] is None
    assert {row[2] for row in query(TEXTS)} == {""}
    assert {row[6] for row in query(DECISIONS)} == {None}
    save(archive, look(DAYS[1], **FULL))
    withhold.restore(archive, "comment", 2)
    assert [query(statement) for statement in statements] == before


def test_what_arrives_withheld_has_none_of_it(archive, query):
    save(archive, look(DAYS[0]))
    withhold.withhold(archive, "thread", 1, "privacy")
    new = replace(said("The kiosk is new.", native_id="c3"), **FULL)
    save(archive, made(new, at=DAYS[1], native_id="t1"))
    assert query(TEXTS) == query(DECISIONS) == query(REPORTS) == []
    assert query("select count(*) from comments where title is not null") == [(0,)]


@sqlite_only
def test_nothing_of_an_erased_comment_is_in_the_file(archive, path, query):
    save(archive, look(DAYS[0]))
    save(archive, look(DAYS[1], **FULL))
    erase_rows.destroy_rows(archive, "comment", 2, "privacy")
    save(archive, look(DAYS[2], **FULL))
    archive.maintain("pragma wal_checkpoint(truncate)")
    content = path.read_bytes()
    for text in ("Opening hours", "opens at eight", "kim@courier", "advert for a ferry"):
        assert text.encode() not in content


@pytest.mark.parametrize("first", [{}, {"reports": (("SPAM", 1),), "earlier": FULL["earlier"][:1]}])
def test_an_import_is_taken_back(archive, query, first):
    save(archive, look(DAYS[0], **first))
    statements = ("select * from comments order by id", TEXTS, DECISIONS, REPORTS, "select * from flags order by id")
    before = [query(statement) for statement in statements]
    run = save(archive, look(DAYS[1], **FULL))
    undo_import(archive, run)
    assert [query(statement) for statement in statements] == before
