import multiprocessing
import os
import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import insert

from archive.store.archive import Archive, NotAnArchive
from archive.store.schema import TABLES
from archive.thread import Flag, Moment
from tests.both_engines import FileQuery, sqlite_only
from tests.made_once import new_archive
from tests.trees import comments, made, said
from tests.waiting import until

DAYS = [f"2026-03-{day:02}T06:00:00Z" for day in range(14, 24)]
COLUMNS = "body, (select name from commenters where id = commenter_id), position, depth, state, parent_id"


def save(archive, *threads):
    run = archive.begin_run("import", {"paths": []})
    saved = archive.save(threads, run)
    archive.end_run(run, "done", dict(saved.counts))
    return saved


def rows(query, sql="select body, position, depth, state, revision from comments order by position"):
    return query(sql)


def written(query):
    names = [name for name in TABLES if name not in ("runs", "search_changes")]
    return {name: query(f'select * from "{name}"') for name in names}


def intact(query):
    return query.is_intact()


def test_a_thread_is_stored_whole(archive, query):
    thread = made(
        said("first", posted=Moment("2026-03-14T09:02:00Z", "14. März 2026 um 09:02", "minute")),
        said("second", None, 0, flags=(Flag("capture.author_missing", "dropped-link"),), likes=3, dislikes=1),
        said("third", "山田", native_id="c9", parent_native_id=None, url="https://courier.example/ferry#c9"),
        at=DAYS[0],
        stated_count=5,
    )
    assert save(archive, thread).counts == {"threads_new": 1, "comments_new": 3, "flags": 2}
    assert query(f"select {COLUMNS} from comments order by position") == [
        ("first", "anna", 0, 0, "visible", None),
        ("second", None, 1, 1, "visible", 1),
        ("third", "山田", 2, 0, "visible", None),
    ]
    assert query("select posted_at, posted_at_text, posted_precision from comments where id = 1") == [
        ("2026-03-14T09:02:00Z", "14. März 2026 um 09:02", "minute")
    ]
    assert query("select likes, dislikes from comments where id = 2") == [(3, 1)]
    assert query("select native_id, identity, url from comments where id = 3") == [
        ("c9", "id:c9", "https://courier.example/ferry#c9")
    ]
    assert query("select comment_count, flag_count, stated_count, completeness from threads") == [(3, 2, 5, "partial")]
    assert query("select code, comment_id, thread_id, evidence from flags order by id") == [
        ("capture.author_missing", 2, None, None),
        ("capture.partial_thread", None, 1, "5 stated, 3 held"),
    ]
    assert query("select outlets.domain, url, title from articles join outlets on outlets.id = outlet_id") == [
        ("courier.example", "https://courier.example/ferry", "Ferry timetable")
    ]
    assert intact(query)


def test_saving_the_same_twice_adds_nothing_but_a_run(archive, query):
    thread = made(said("a"), said("b", parent=0))
    save(archive, thread)
    before = written(query)
    assert save(archive, thread).counts == {"unchanged": 1}
    assert written(query) == before
    assert query("select count(*) from runs") == [(2,)]


def test_an_insertion_above_adds_one_comment(archive, query):
    save(archive, made(said("a"), said("b", "tom", 0), said("b", "tom", 0), at=DAYS[0]))
    ids = dict(query("select identity, id from comments"))
    saved = save(archive, made(said("new", "eva"), said("a"), said("b", "tom", 1), said("b", "tom", 1), at=DAYS[1]))
    assert saved.counts["comments_new"] == 1
    assert dict(query("select identity, id from comments where id < 4")) == ids
    assert rows(query, "select body, position, depth from comments order by position") == [
        ("new", 0, 0),
        ("a", 1, 0),
        ("b", 2, 1),
        ("b", 3, 1),
    ]
    assert query("select kind, comment_id from events") == [("added", 4)]


def test_what_is_gone_keeps_its_place_and_its_text(archive, query):
    save(archive, made(said("a"), said("b", parent=0), said("c", parent=1), said("d"), said("e"), at=DAYS[0]))
    save(archive, made(said("a"), said("e"), said("f"), at=DAYS[1]))
    assert rows(query, "select body, position, depth, state from comments order by position") == [
        ("a", 0, 0, "visible"),
        ("b", 1, 1, "missing"),
        ("c", 2, 2, "missing"),
        ("d", 3, 0, "missing"),
        ("e", 4, 0, "visible"),
        ("f", 5, 0, "visible"),
    ]
    gone = query("select comment_id, before, after, seen_at, confidence from events where kind = 'removed'")
    assert sorted(gone) == [(i, "visible", "missing", DAYS[1], "low") for i in (2, 3, 4)]
    assert query("select count(*) from flags where code = 'crawl.removed'") == [(3,)]
    assert query("select last_seen_at from comments order by id") == [(DAYS[i],) for i in (1, 0, 0, 0, 1, 1)]
    assert query("select author, missed_at from removal_list where body = 'd'") == [("anna", DAYS[1])]


def test_a_comment_that_comes_back_is_restored(archive, query):
    for day, bodies in zip(DAYS, ("abc", "ac", "abc"), strict=False):
        save(archive, made(*map(said, bodies), at=day))
    assert rows(query) == [("a", 0, 0, "visible", 0), ("b", 1, 0, "visible", 0), ("c", 2, 0, "visible", 0)]
    assert query("select kind, before, after from events order by id") == [
        ("removed", "visible", "missing"),
        ("restored", "missing", "visible"),
    ]


@pytest.mark.parametrize("completeness", ["full", "partial"])
def test_of_identical_comments_the_one_that_was_just_seen_is_seen_again(archive, query, completeness):
    save(archive, made(said("0", None), said("0"), said("0", None), at=DAYS[0]))
    fewer = said("0"), said("0", None), said("reply", parent=1)
    save(archive, made(*fewer, at=DAYS[1], completeness=completeness))
    count = query("select count(*) from events")
    saved = save(archive, made(*fewer, at=DAYS[2], completeness=completeness))
    assert saved.counts["threads_changed"] == 0
    assert query("select count(*) from events") == count


def test_of_identical_comments_the_one_without_the_reply_is_gone(archive, query):
    whole = said("0"), said("a"), said("0"), said("reply", parent=2)
    for day, seen in zip(DAYS, (whole, (said("a"), said("0"), said("reply", parent=1)), whole, whole), strict=False):
        save(archive, made(*seen, at=day))
    assert query("select kind, comment_id, before, after from events order by id") == [
        ("removed", 1, "visible", "missing"),
        ("restored", 1, "missing", "visible"),
    ]


def test_of_identical_comments_with_new_ids_the_one_that_was_just_seen_is_seen_again(archive, query):
    posted = Moment("2026-03-14T09:00:00Z", precision="minute")
    for day, ids in zip(DAYS, ("123", "45", "67"), strict=False):
        seen = [said(body, native_id=n, posted=posted) for body, n in zip("0a0"[-len(ids) :], ids, strict=True)]
        save(archive, made(*seen, at=day, completeness="full"))
    assert query("select kind, comment_id from events") == [("removed", 1)]


def test_nothing_is_gone_from_a_partial_capture(archive, query):
    save(archive, made(said("a"), said("b"), at=DAYS[0]))
    save(archive, made(said("a"), at=DAYS[1], completeness="partial"))
    assert query("select state from comments") == [("visible",), ("visible",)]
    assert query("select count(*) from events") == [(0,)]


def test_removal_from_a_whole_thread_is_sure(archive, query):
    save(archive, made(said("a", native_id="1"), said("b", native_id="2"), at=DAYS[0], completeness="full"))
    save(archive, made(said("a", native_id="1"), at=DAYS[1], completeness="full"))
    assert query("select kind, confidence from events") == [("removed", "high")]


def test_an_edit_by_native_id_keeps_the_old_text(archive, query):
    for day, body in zip(DAYS, ("one", "two", "three"), strict=False):
        save(archive, made(said(body, native_id="7"), at=day))
    assert query("select body, revision from comments") == [("three", 2)]
    assert query("select revision, body, seen_from, seen_until from comment_revisions order by revision") == [
        (0, "one", DAYS[0], DAYS[0]),
        (1, "two", DAYS[1], DAYS[1]),
    ]
    assert query("select before, after from events where kind = 'edited'") == [("one", "two"), ("two", "three")]
    if isinstance(query, FileQuery):
        assert query("select count(*) from comments_fts where comments_fts match 'two'") == [(0,)]
        assert query("select count(*) from comments_fts where comments_fts match 'three'") == [(1,)]
    assert query("select revision from flags where code = 'crawl.edited' order by id") == [(1,), (2,)]


def test_an_edit_without_native_ids_is_found_by_author_and_place(archive, query):
    old = "We all have waited three years for this boat."
    new = "We who work nights have waited three years for this boat."
    save(archive, made(said("a"), said(old, "tom", 0), said("reply", "eva", 1), said("z"), at=DAYS[0]))
    save(archive, made(said("a"), said(new, "tom", 0), said("reply", "eva", 1), said("z"), at=DAYS[1]))
    assert query("select body, revision, parent_id from comments where id in (2, 3) order by id") == [
        (new, 1, 1),
        ("reply", 0, 2),
    ]
    assert query("select kind, comment_id, confidence from events") == [("edited", 2, "medium")]


def test_a_reply_that_hangs_elsewhere_has_moved(archive, query):
    save(archive, made(said("a", native_id="1"), said("b", parent=0, native_id="2"), at=DAYS[0]))
    save(archive, made(said("a", native_id="1"), said("b", native_id="2"), at=DAYS[1]))
    assert query("select kind, before, after from events") == [("moved", "1", None)]
    assert query("select parent_id, depth from comments where id = 2") == [(None, 0)]


def test_votes_and_tombstones(archive, query):
    save(archive, made(said("a", native_id="1", likes=1), at=DAYS[0]))
    save(archive, made(said("a", native_id="1", likes=4), at=DAYS[1]))
    save(archive, made(said("", None, native_id="1", state="removed"), at=DAYS[2]))
    assert query("select body, state, likes, revision from comments") == [("a", "removed", 4, 0)]
    assert query("select kind, before, after from events order by id") == [
        ("votes", "1 for, ? against", "4 for, ? against"),
        ("removed", "visible", "removed"),
    ]


def test_an_account_that_is_renamed(archive, query):
    from dataclasses import replace

    from archive.thread import Author

    first = said("a", native_id="1")
    save(archive, made(replace(first, author=Author("old", "u1")), at=DAYS[0]))
    save(archive, made(replace(first, author=Author("new", "u1")), at=DAYS[1]))
    assert query("select name from commenters") == [("new",)]
    assert query("select kind, before, after from events") == [("renamed", "old", "new")]


def test_a_guest_who_is_renamed_becomes_another_author(archive, query):
    save(archive, made(said("a", "old", native_id="1"), said("b", "old", native_id="2"), at=DAYS[0]))
    save(archive, made(said("a", "new", native_id="1"), said("b", "old", native_id="2"), at=DAYS[1]))
    assert query(f"select {COLUMNS} from comments order by position") == [
        ("a", "new", 0, 0, "visible", None),
        ("b", "old", 1, 0, "visible", None),
    ]
    assert query("select kind, before, after from events") == [("renamed", "old", "new")]


def test_a_text_that_another_way_of_reading_spaces_otherwise_is_no_edit(archive, query):
    save(archive, made(said("one\n\ntwo", native_id="1", parent_source="api"), at=DAYS[0]))
    save(archive, made(said("one two", native_id="1", parent_source="dom"), at=DAYS[1]))
    assert query("select body, revision from comments") == [("one\n\ntwo", 0)]
    save(archive, made(said("one three", native_id="1", parent_source="dom"), at=DAYS[2]))
    assert query("select kind, after from events") == [("edited", "one three")]


def test_a_site_that_gives_its_comments_new_ids_removes_nothing(archive, query):
    times = [Moment(f"2026-03-14T09:0{minute}:00Z", precision="minute") for minute in range(3)]
    texts = list(zip("abc", ("anna", "tom", "lea"), times, strict=True))
    for day, ids in zip(DAYS, ("123", "231", "789"), strict=False):
        seen = [said(*text[:2], native_id=n, posted=text[2]) for text, n in zip(texts, ids, strict=True)]
        save(archive, made(*seen, at=day))
    assert query("select body, native_id, state, revision from comments order by position") == [
        ("a", "1", "visible", 0),
        ("b", "2", "visible", 0),
        ("c", "3", "visible", 0),
    ]
    assert query("select kind from events") == []


def test_an_article_that_changes_keeps_its_old_text(archive, query):
    from dataclasses import replace

    first = made(said("a"), at=DAYS[0])
    second = made(said("a"), said("b"), at=DAYS[1])
    save(archive, first)
    save(archive, replace(second, article=replace(first.article, title="Ferry timetable changed")))
    assert query("select title, revision, first_seen_at, last_seen_at from articles") == [
        ("Ferry timetable changed", 1, DAYS[0], DAYS[1])
    ]
    assert query("select revision, title, seen_from, seen_until from article_revisions") == [
        (0, "Ferry timetable", DAYS[0], DAYS[0])
    ]
    assert query("select code from flags where article_id = 1") == [("crawl.article_changed",)]


def test_an_older_capture_adds_what_is_unknown_and_changes_nothing_else(archive, query):
    save(archive, made(said("a"), said("b"), at=DAYS[5]))
    save(archive, made(said("a"), said("gone since"), at=DAYS[1]))
    assert query("select body, state, first_seen_at, last_seen_at from comments order by id") == [
        ("a", "visible", DAYS[1], DAYS[5]),
        ("b", "visible", DAYS[5], DAYS[5]),
        ("gone since", "missing", DAYS[1], DAYS[1]),
    ]
    assert query("select first_seen_at, last_seen_at from threads") == [(DAYS[1], DAYS[5])]
    assert query("select count(*) from events") == [(0,)]


def test_flags_that_are_no_longer_found_are_withdrawn(archive, query):
    flag = Flag("platform.featured", "badge")
    for day, flags in zip(DAYS, ((flag,), (flag,), (), (flag,)), strict=False):
        save(archive, made(said("a", native_id="1", flags=flags), at=day))
    assert query("select created_at, withdrawn_at from flags") == [(DAYS[0], DAYS[2]), (DAYS[3], None)]
    assert query("select value from totals where name = 'flags:platform.featured'") == [(1,)]
    assert query("select flag_count from threads") == [(1,)]


def test_two_captures_of_a_thread_in_one_batch(archive, query):
    save(archive, made(said("a"), at=DAYS[0]), made(said("a"), said("b"), at=DAYS[1]))
    assert query("select body, first_seen_at from comments order by id") == [("a", DAYS[0]), ("b", DAYS[1])]


def test_a_document_without_an_address_is_known_by_its_article(archive, query):
    save(archive, made(said("a"), url=None))
    save(archive, made(said("a"), said("b"), url=None))
    assert query("select url like 'urn:sha256:%' from articles") == [(1,)]
    assert query("select comment_count from threads") == [(2,)]


def test_one_thread_that_cannot_be_saved_does_not_stop_the_others(archive, query):
    bad = made(said("lone \ud800 surrogate"), url="https://courier.example/bad")
    unknown = made(said("x", flags=(Flag("no.such_code", "r"),)), url="https://courier.example/worse")
    saved = save(archive, made(said("a")), bad, unknown, made(said("b"), url="https://courier.example/2"))
    assert [thread.article.url for thread, _ in saved.failures] == [unknown.article.url]
    assert [None if outcome is None else outcome.outcome for outcome in saved.outcomes] == ["new", "new", None, "new"]
    stored = query("select body from comments order by id")
    assert sorted(stored) == [("a",), ("b",), ("lone \N{REPLACEMENT CHARACTER} surrogate",)]
    assert query("select value from totals where name = 'comments'") == [(3,)]
    assert intact(query)


def test_nul_is_kept_where_the_engine_can_hold_it(archive, query):
    assert not save(archive, made(said("a\0b"), said("c"))).failures
    stored = "a\0b" if isinstance(query, FileQuery) else "a\N{REPLACEMENT CHARACTER}b"
    assert query("select body from comments order by position") == [(stored,), ("c",)]


@pytest.mark.slow
@given(comments(), comments())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_any_thread_then_any_other_capture_of_it(tmp_path_factory, first, second):
    path = new_archive(tmp_path_factory.mktemp("any") / "archive.db")
    with Archive(path) as archive:
        save(archive, made(*first, at=DAYS[0]))
        save(archive, made(*second, at=DAYS[1], completeness="full"))
        save(archive, made(*second, at=DAYS[2], completeness="full"))
    with sqlite3.connect(path) as connection:
        query = lambda sql: connection.execute(sql).fetchall()  # noqa: E731
        shown = query(
            "select body, name, parent_id, comments.id from comments "
            "left join commenters on commenters.id = commenter_id where state = 'visible' order by position"
        )
        index = {row[3]: i for i, row in enumerate(shown)}
        assert [(b, n, None if p is None else index[p]) for b, n, p, _ in shown] == [
            (c.body, c.author and c.author.name, c.parent) for c in second
        ]
        everything = query("select id, parent_id, position, depth from comments order by position")
        assert [row[2] for row in everything] == list(range(len(everything)))
        depth = {row[0]: row[3] for row in everything}
        assert all(d == (0 if p is None else depth[p] + 1) for _, p, _, d in everything)
        assert query("select count(*) from events where run_id = 3") == [(0,)]
        totals = dict(query("select name, value from totals"))
        assert totals.get("comments", 0) == len(everything)
        ups = dict(query("select 'flags:' || code, count(*) from flags where withdrawn_at is null group by 1"))
        assert {name: n for name, n in totals.items() if name.startswith("flags:") and n} == ups
        assert query("select flag_count from threads") == [(sum(ups.values()),)]
        assert query("pragma foreign_key_check") == []
        connection.execute("insert into comments_fts(comments_fts, rank) values('integrity-check', 1)")
    connection.close()


@sqlite_only
def test_full_text_finds_words_without_their_accents_and_by_prefix(archive, query):
    save(archive, made(said("Über die Fähre am Kai"), said("quayside talk")))
    for words, found in (("fahre", 1), ("quay*", 1), ("uber AND kai", 1), ("ferry", 0)):
        assert query("select count(*) from comments_fts where comments_fts match ?", words) == [(found,)]
    assert query("select count(*) from articles_fts where articles_fts match 'timetable'") == [(1,)]


@sqlite_only
def test_full_text_of_rows_that_another_program_added(archive, query):
    save(archive, made(said("Quayside talk.")))
    other = sqlite3.connect(archive.path)
    names = [row[1] for row in other.execute("pragma table_info(comments)") if row[1] not in ("id", "identity", "body")]
    columns = ", ".join(names)
    with other:
        other.execute(
            f"insert into comments (id, identity, body, {columns}) "
            f"select 900, 'other', 'The ferry is late.', {columns} from comments where id = 1"
        )
    other.close()
    assert query("select rowid from comments_fts where comments_fts match 'ferry'") == [(900,)]
    assert query("select count(*) from totals where name = 'bulk'") == [(0,)]


@sqlite_only
def test_pragmas(archive):
    read = lambda name: archive.engine.connect().exec_driver_sql(f"pragma {name}").scalar()  # noqa: E731
    assert [read("journal_mode"), read("foreign_keys"), read("busy_timeout")] == ["wal", 1, 1000]


@pytest.mark.parametrize("content", [b"not a database at all, " * 99, b"SQLite format 3\0 but cut"])
def test_another_file_is_refused_and_left_alone(tmp_path, content):
    file = tmp_path / "letter.txt"
    file.write_bytes(content)
    with pytest.raises(NotAnArchive, match=r"letter\.txt"):
        Archive(file)
    assert file.read_bytes() == content


def test_another_database_is_refused_and_left_alone(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("create table invoices (id)")
    other.close()
    with pytest.raises(NotAnArchive, match="invoices"):
        Archive(tmp_path / "other.db")


@sqlite_only
def test_a_second_writer_waits_and_says_so(path, query):
    told = []
    with Archive(path) as archive:
        run = archive.begin_run("import", {})
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("begin immediate")

        def wait():
            told.append(True)
            other.execute("commit")

        archive.on_wait = wait
        assert not archive.save([made(said("a"))], run).failures
        other.close()
    assert told == [True]
    assert query("select body from comments") == [("a",)]


def _save_for_ever(path: Path) -> None:
    with Archive(path) as archive:
        run = archive.begin_run("import", {"paths": []})
        for number in range(100_000):
            thread = made(*(said(f"{number} {i}") for i in range(40)), url=f"https://courier.example/{number}")
            archive.save([thread], run)


@sqlite_only
@pytest.mark.slow
def test_killed_at_any_moment_the_file_is_whole(path, query):
    for delay in (0.02, 0.11, 0.23):
        process = multiprocessing.get_context("spawn").Process(target=_save_for_ever, args=(path,))
        process.start()
        until(lambda: path.exists() and path.stat().st_size >= 200_000)
        time.sleep(delay)
        os.kill(process.pid, 9)
        process.join()
        assert intact(query)
        assert query("select count(*) - 40 * (select count(*) from threads) from comments") == [(0,)]
        assert query("select value from totals where name = 'comments'") == query("select count(*) from comments")
    with Archive(path) as archive:
        assert save(archive, made(said("after"), url="https://courier.example/after")).counts["comments_new"] == 1
    assert {row[0] for row in query("select outcome from runs")} == {"interrupted", "done"}


def test_statements_are_core_inserts_that_other_databases_know():
    from sqlalchemy.dialects import postgresql

    for table in TABLES.values():
        assert str(insert(table).compile(dialect=postgresql.dialect()))
