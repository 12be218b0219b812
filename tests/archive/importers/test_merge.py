"""All that an archive holds about its threads is in the one that it was imported into, table by table."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from archive.importers.run import import_files
from archive.review.merge import merge_reviews
from archive.review.verdicts import Verdict, add, record, retract
from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.store.undo import CannotUndo, undo_import
from archive.takedown.withhold import withhold
from archive.thread import Author, Dataset, Decision, EarlierText, Flag, Label, Moment
from tests.archive.importers.test_own_archive import DAYS, at, save
from tests.trees import made, said

# What is each archive's own: see docs/importing-archives.md, which names these tables.
OWN = {
    "runs", "frontier", "hosts", "paused_outlets", "settings", "suppressions", "withheld", "import_changes",
    "text_copies", "watches", "search_changes",
}  # fmt: skip
NUMBERS = {"id", "run_id", "detector_id", "flag_id", "corrects", "warc_file", "priority"}
FLAG = "(select group_concat(code || rule || comment_id || revision || coalesce(target, '')) from flags as other where other.id = {}.{})"
MORE = {
    "flags": ["(select name || version from detectors where detectors.id = flags.detector_id)", FLAG.format("flags", "corrects")],
    "flag_spans": [FLAG.format("flag_spans", "flag_id")],
    "reviews": [FLAG.format("reviews", "flag_id")],
}  # fmt: skip
CORPUS = Dataset("harbour corpus", "2", "CC-BY-4.0", "Quay & Orr (2024)", "https://corpus.example/")
WROTE = "2026-03-13T08:00:00Z"
RUDE = Flag("content.insult", "label:rude>=0.5", "rude = 0.9", dataset=CORPUS)
HELD = Decision("PREMOD", "withheld", WROTE, "system")
REJECTED = Decision("REJECTED", "removed", None, "moderator", "SPAM", "an advert")


def tables(path):
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        return {name: sorted(map(repr, connection.execute(_all_of(name)))) for name in TABLES if name not in OWN}


def _all_of(name):
    """Select the rows of a table without numbers that are each archive's own, and without flags that name a run."""
    columns = [f'"{column.name}"' for column in TABLES[name].columns if column.name not in NUMBERS]
    if name == "flags":
        columns = [f"iif(code like 'crawl.%', null, {c})" if c == '"evidence"' else c for c in columns]
    return f'select {", ".join(columns + MORE.get(name, []))} from "{name}"'


def first():
    anna = Author("anna", "u1", is_guest=False, is_staff=True)
    full = replace(
        said("You are an idiot, and the ferry is late.", native_id="1", likes=3, dislikes=0, parent_source="api",
             url="https://courier.example/ferry#1", posted=Moment(WROTE, "8 o'clock", "minute"),
             flags=(Flag("platform.featured", "tag", "FEATURED"), RUDE)),
        author=anna, title="Late again", edited=Moment(WROTE, "a moment later", "minute"),
        labels=(Label("rude", "0.9", 0.9, 10), Label("mood", "cross", dataset=Dataset("second corpus", is_shareable=False))),
        reactions=(("sad", 2), ("score", -3)), reports=(("SPAM", 2),), decisions=(HELD,),
        earlier=(EarlierText("The ferry was late.", WROTE), EarlierText("Late: kim@courier.example")),
    )  # fmt: skip
    thread = made(
        full, said("In frost, too.", "tom", 0, native_id="2", parent_native_id="1", parent_source="api"),
        said("Those idiots of the quay.", native_id="3", parent_native_id="77", parent_source="api"),
        completeness="full", dataset=CORPUS, stated_count=9, stated_kind="roots", closed=False, native_id="t1",
        flags=(Flag("capture.context_missing", "test", "part of it"),),
        labels=(Label("civil", "0.5", 0.5, 3), Label("civil", "0.5", 0.5, 3)),
    )  # fmt: skip
    published = Moment(WROTE, "yesterday", "day")
    return replace(
        thread, article=replace(thread.article, flags=(Flag("capture.encoding_repaired", "ftfy", "â€™"),), byline="Ida",
                                published=published, language="en", section="Port", outlet_name="The Courier",
                                labels=(Label("mood", "sad"), Label("of note", "1", 1.0, dataset=Dataset("second corpus")))),
    )  # fmt: skip


def second():
    thread = first()
    one, two, three = thread.comments
    return replace(
        thread, closed=True, article=replace(thread.article, body="The first ferry leaves at 06:10.", flags=()),
        comments=(replace(one, body="You are an idiot. Edited.", decisions=(HELD, REJECTED), reports=(("SPAM", 5), ("RUDE", 1)),
                          reactions=(("sad", 7),), state="removed", earlier=(*one.earlier, EarlierText("Late!", WROTE))),
                  replace(two, flags=(RUDE,), labels=(Label("rude", "0.8", 0.8),)), three),
    )  # fmt: skip


@pytest.fixture
def other(tmp_path):
    """An archive with a row in every table that a merge brings."""
    with Archive(tmp_path / "other.db") as other:
        save(other, at(first(), 0))
        save(other, at(replace(first(), platform="disqus", native_id="d1", comments=first().comments[2:], flags=()), 1))
        save(other, at(second(), 2))
        other.note_failure(other.read("select max(id) from captures")[0][0], other.begin_run("crawl", {}), "HTTP 503")
        save(other, made(said("Where is the bakery?", "kim"), url="https://courier.example/2", at=DAYS[4]))
        with other.transaction() as connection:
            ids = dict(
                other.read("select code || rule || comment_id || revision, id from flags where code like 'content.%'")
            )
            insults = [id_ for key, id_ in sorted(ids.items()) if "insult" in key]
            record(connection, Verdict(insults[0], "mira", "confirmed", note="plainly"), DAYS[5])
            record(connection, Verdict(insults[0], "noor", "dismissed"), DAYS[5])
            record(connection, Verdict(insults[1], "mira", "corrected", "content.profanity", 0, 3), DAYS[5])
            record(connection, Verdict(insults[2], "mira", "dismissed"), DAYS[6])
            retract(connection, insults[2], "mira", DAYS[7])
            by_hand = {"comment_id": 3, "code": "content.threat", "start": 0, "end": 5, "target": "sailors"}
            add(connection, reviewer="mira", reason="read aloud", at=DAYS[6], **by_hand)
            gone = add(connection, reviewer="mira", reason="a slip", at=DAYS[6], **(by_hand | {"comment_id": 2}))
            retract(connection, gone, "mira", DAYS[7])
        yield other


def merged(archive, other):
    progress = import_files(archive, [str(other.path)], workers=0, merges=(merge_reviews,))
    assert progress.errors == []
    return progress


def test_every_table_is_the_same_in_an_empty_archive_and_nothing_is_added_twice(archive, path, other):
    theirs = tables(other.path)
    assert [name for name, rows in theirs.items() if not rows] == []
    progress = merged(archive, other)
    assert (progress.counts["reviews_new"], progress.counts["visits_failed"]) == (6, 1)
    assert [name for name, rows in tables(path).items() if rows != theirs[name]] == []
    again = merged(archive, other)
    assert not {name for name in again.counts if name.endswith("_new") and again.counts[name]}
    assert tables(path) == theirs
    undo_import(archive, progress.run)
    assert {
        name: len(rows) for name, rows in tables(path).items() if rows and name not in ("flag_codes", "totals")
    } == {}


def test_verdicts_of_both_archives_count_in_the_order_of_time(archive, query, other):
    save(archive, at(first(), 0))
    before = query("select id, status, withdrawn_at from flags"), query("select codes from comments")
    flag = query("select id from flags where code = 'content.insult' and comment_id = 1 and rule not like 'label:%'")[
        0
    ][0]
    with archive.transaction() as connection:
        record(connection, Verdict(flag, "mira", "dismissed"), DAYS[3])
        record(connection, Verdict(flag, "mira", "dismissed", note="after all"), DAYS[8])
    reviews = "select verdict, reviewed_at from reviews where flag_id = ? and reviewer = 'mira' order by id"
    ours = query(reviews, flag)
    progress = merged(archive, other)
    theirs = [row for row in query(reviews, flag) if row not in ours]
    assert query(reviews, flag) == sorted(ours + theirs, key=lambda row: row[1])
    assert theirs
    assert query("select status from flags where id = ?", flag) == [("dismissed",)]
    later = query("select id from flags where rule = 'review.by-hand' and withdrawn_at is null")[0][0]
    with archive.transaction() as connection:
        record(connection, Verdict(later, "kim", "confirmed"), DAYS[9])
    with pytest.raises(CannotUndo, match="reviewed"):
        undo_import(archive, progress.run)
    with archive.transaction() as connection:
        connection.exec_driver_sql("delete from reviews where reviewer = 'kim'")
    undo_import(archive, progress.run)
    assert query(reviews, flag) == ours
    assert query("select count(*) from flags")[0][0] == len(before[0])
    assert query("select codes from comments") == before[1]


def test_a_flag_that_they_took_back_stands_beside_the_same_one_of_ours(archive, query, tmp_path):
    by_hand = {"comment_id": 2, "code": "content.threat", "start": 0, "end": 3, "reason": "read aloud", "target": None}
    with Archive(tmp_path / "third.db") as third:
        for each in (archive, third):
            save(each, at(first(), 0))
        with archive.transaction() as connection:
            add(connection, reviewer="anna", at=DAYS[3], **by_hand)
        with third.transaction() as connection:
            gone = add(connection, reviewer="ben", at=DAYS[4], **by_hand)
            retract(connection, gone, "ben", DAYS[5])
        merged(archive, third)
    stated = "select withdrawn_at is null, count(*) from flags where rule = 'review.by-hand' group by 1 order by 1"
    assert query(stated) == [(0, 1), (1, 1)]


def test_nothing_is_merged_of_what_either_archive_withholds(archive, query, other):
    save(archive, at(first(), 0))
    withhold(archive, "comment", 3, "request")
    withhold(other, "comment", 1, "request")
    progress = merged(archive, other)
    assert query("select comment_id from flags where id in (select flag_id from reviews)") == [(2,)]
    of_third = "select count(*) from reviews where flag_id in (select id from flags where comment_id = 3)"
    assert [(progress.counts["reviews_left_out"],)] == other.read(of_third)
