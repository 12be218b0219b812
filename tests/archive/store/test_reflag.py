"""What rules find is in the archive: on save, again with `btl flag`, and when texts, rules or reviewers change.

This file holds a few hostile words.
"""

import json
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from archive.flags.detect import annotate_thread
from archive.importers.run import import_files
from archive.review import verdicts
from archive.review.verdicts import Verdict
from archive.store import reflag
from archive.store.archive import Archive
from archive.store.reflag import flag_all
from tests.archive.store.test_save import DAYS, save
from tests.both_engines import sqlite_only
from tests.btl import StartedBtl, run_btl
from tests.trees import made, said
from tests.waiting import until

pytestmark = pytest.mark.slow

CALL = "Line them up and shoot them all."
VERMIN = "Muslims are vermin."
MILD = "The ferry was late again."
STANDING = (
    "select comment_id, code, revision from flags where withdrawn_at is null and code like 'content.%' order by 1, 2"
)


def flags(query):
    return query(STANDING)


def counts_are_true(query):
    standing = "withdrawn_at is null and code not like 'context.%' and status not in ('dismissed', 'corrected')"
    codes = {
        number: json.loads(found) for number, found in query("select id, codes from comments where codes is not null")
    }
    own = "revision = (select revision from comments where comments.id = comment_id)"
    wanted = query(
        f"select distinct comment_id, code from flags where comment_id is not null and {standing} "
        f"and (code not like 'content.%' or {own}) order by 1, 2"
    )
    assert [(number, code) for number, found in sorted(codes.items()) for code in found] == wanted
    totals = dict(query("select name, value from totals where name like 'flags:%' and value <> 0"))
    assert totals == dict(query("select 'flags:' || code, count(*) from flags where withdrawn_at is null group by 1"))
    rules = dict(query("select name, value from totals where name like 'rules:%' and value <> 0"))
    found = "withdrawn_at is null and (code like 'content.%' or code like 'context.%')"
    assert rules == dict(query(f"select 'rules:' || rule, count(*) from flags where {found} group by 1"))
    for thread, count in query("select id, flag_count from threads"):
        listed = f"select count(*) from flags left join comments on comments.id = comment_id where {standing}"
        assert query(f"{listed} and coalesce(flags.thread_id, comments.thread_id) = ?", thread) == [(count,)]
    return True


def test_what_is_saved_has_its_flags(archive, query):
    save(archive, made(said(MILD, native_id="1"), said(CALL, native_id="2"), said(VERMIN, native_id="3")))
    found = {(comment, code) for comment, code, _ in flags(query)}
    assert (2, "content.incitement") in found
    assert (3, "content.dehumanisation") in found
    assert not any(comment == 1 for comment, _ in found)
    assert query("select target from flags where comment_id = 3 and code = 'content.dehumanisation'") == [("muslims",)]
    spans = query('select exact, start, "end" from flag_spans join flags on flags.id = flag_id where comment_id = 2')
    assert all(CALL[start:end] == exact for exact, start, end in spans)
    assert query("select name, lexicon_sha256 is not null from detectors where name = 'rules'") == [("rules", 1)]
    assert query("select count(*) > 100 from flag_rules") == [(1,)]
    assert counts_are_true(query)


@sqlite_only
def test_the_seed_has_its_four_calls_to_kill_with_the_words_marked(archive, query, seed):
    import_files(archive, [str(seed)])
    calls = query(
        "select distinct comment_id from flags where code in ('content.threat', 'content.incitement') order by 1"
    )
    bodies = {body for (comment,) in calls for (body,) in query("select body from comments where id = ?", comment)}
    starts = ("I say shoot", "They should be double", "Leaving to fight", "They should be summarily")
    assert all(any(body.startswith(start) for body in bodies) for start in starts)
    assert len(bodies) == len(starts)
    marked_words = " ".join(
        exact for (exact,) in query("select exact from flag_list where code = 'content.incitement'")
    )
    assert all(
        words in marked_words for words in ("shoot on site", "Line them up", "summarily executed", "pork chopped")
    )


def test_a_worker_marks_as_the_store_does(archive, query):
    thread = made(said(CALL, native_id="1"), said(VERMIN, native_id="2"))
    save(archive, annotate_thread(thread))
    first = flags(query)
    save(archive, made(said(CALL, native_id="1"), said(VERMIN, native_id="2"), url="https://courier.example/other"))
    assert [(code, revision) for comment, code, revision in flags(query) if comment > 2] == [f[1:] for f in first]
    assert counts_are_true(query)


@sqlite_only
def test_an_edited_comment_has_new_flags_and_the_old_text_keeps_its_own(archive, query):
    save(archive, made(said(VERMIN, native_id="1"), at=DAYS[0]))
    save(archive, made(said("Muslims are my neighbours.", native_id="1"), at=DAYS[1]))
    assert ("content.dehumanisation", 0) in {f[1:] for f in flags(query)}
    assert json.loads(query("select codes from comments")[0][0]) == ["crawl.edited"]
    assert query("select distinct of_earlier_text from flag_list where source = 'content'") == [(1,)]
    save(archive, made(said(CALL, native_id="1"), at=DAYS[2]))
    assert ("content.incitement", 2) in {f[1:] for f in flags(query)}
    assert counts_are_true(query)


def test_a_second_run_changes_nothing(archive, query):
    save(archive, made(said(CALL, native_id="1"), said("mail anna@example.org", native_id="2")))
    before = query("select * from flags order by id")
    progress = flag_all(archive, workers=0)
    assert progress.counts["raised"] == progress.counts["withdrawn"] == 0
    assert progress.counts["kept"] > 0
    assert query("select * from flags order by id") == before
    assert query("select kind, outcome from runs order by id desc limit 1") == [("flag", "done")]


def test_what_rules_no_longer_find_is_withdrawn_and_what_they_find_now_is_raised(archive, query):
    save(archive, made(said(MILD, native_id="1"), said(CALL, native_id="2")))
    with archive.transaction() as connection:
        connection.exec_driver_sql("update comments set body = ? where id = 1", (VERMIN,))
        connection.exec_driver_sql("update comments set body = ? where id = 2", (MILD,))
    progress = flag_all(archive, workers=0)
    assert progress.counts["raised"] > 0
    assert progress.counts["withdrawn"] > 0
    assert {comment for comment, _, _ in flags(query)} == {1}
    assert query("select count(*) from flags where withdrawn_at is not null and comment_id = 2")[0][0] > 0
    assert counts_are_true(query)


def test_what_somebody_has_judged_is_left_as_it_is(archive, query):
    save(archive, made(said(CALL, native_id="1"), said(VERMIN, native_id="2")))
    ids = dict(query("select comment_id, min(id) from flags where code like 'content.%' group by 1"))
    with archive.transaction() as connection:
        verdicts.record(connection, Verdict(ids[1], "anna", "confirmed"), DAYS[1])
        verdicts.record(connection, Verdict(ids[2], "anna", "dismissed"), DAYS[1])
        connection.exec_driver_sql("update comments set body = ?", (MILD,))
    flag_all(archive, workers=0)
    assert query("select status, withdrawn_at from flags where id in (?, ?) order by id", ids[1], ids[2]) == [
        ("confirmed", None),
        ("dismissed", None),
    ]


def test_only_what_a_run_read_and_only_one_detector(archive, query):
    save(archive, made(said("mail anna@example.org", native_id="1")))
    save(archive, made(said(CALL, native_id="1"), url="https://courier.example/2"))
    with archive.transaction() as connection:
        connection.exec_driver_sql("delete from flag_spans")
        connection.exec_driver_sql("delete from flags")
    last = query("select max(id) from runs")[0][0]
    flag_all(archive, since=last, workers=0)
    assert {comment for comment, _, _ in flags(query)} == {2}
    flag_all(archive, detectors=["shapes"], workers=0)
    assert {(comment, code) for comment, code, _ in flags(query)} >= {(1, "content.pii")}
    assert query("select count(*) from flags where comment_id = 2 and code like 'content.%'")[0][0] > 0


def test_workers_find_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(reflag, "BATCH", 40)
    texts = [MILD, CALL, VERMIN, "mail anna@example.org", "you idiot"] * 30
    found = []
    for workers in (0, 2):
        path = tmp_path / f"{workers}.db"
        with Archive(path) as archive:
            save(archive, made(*(said(text, native_id=str(n)) for n, text in enumerate(texts))))
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("delete from flag_spans")
                connection.execute("delete from flags")
            flag_all(archive, workers=workers)
        with closing(sqlite3.connect(path)) as connection:
            found.append(connection.execute(STANDING).fetchall())
    assert found[0] == found[1] != []


def btl(*arguments, path):
    return run_btl([*arguments[:1], "--db", path, *arguments[1:]], path.parent)


def test_the_command_says_what_it_did(path):
    with Archive(path) as archive:
        save(archive, made(said(CALL, native_id="1")))
    done = btl("flag", path=path)
    assert done.returncode == 0
    assert done.stdout.startswith("1 comment looked at, 0 flags raised")
    assert json.loads(btl("flag", "--json", path=path).stdout)["counts"]["comments"] == 1
    assert btl("flag", "--detector", "nobody", path=path).returncode == 2
    assert btl("flag", path=path.with_name("none.db")).returncode == 1


def test_a_text_is_explained(path):
    told = btl("flag", "--explain", "They are vermin.", "--title", "A mosque for Muslims", path=path).stdout
    assert "en.dehuman_is fits 'They are vermin', meant: muslims" in told
    assert "pattern:" in told
    told = btl("flag", "--explain", 'He said "Muslims are vermin" and was fired.', path=path).stdout
    assert "held back by guard." in told
    assert btl("flag", "--explain", MILD, path=path).stdout.endswith("no flags\n")


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@sqlite_only
def test_a_run_that_was_killed_is_run_again(path, query):
    with Archive(path) as archive:
        save(archive, made(*(said(f"{CALL} {n}", native_id=str(n)) for n in range(2_000))))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("delete from flag_spans")
        connection.execute("delete from flags")
        connection.execute("delete from totals where name like 'flags:%' or name like 'rules:%'")
        connection.execute("update comments set codes = null")
        connection.execute("update threads set flag_count = 0")
    process = StartedBtl(
        ("flag", "--db", path, "--workers", "0"), path.parent, constants={"archive.store.reflag.BATCH": 100}
    )
    until(lambda: query("select count(*) from flags") != [(0,)], process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert query("pragma integrity_check") == [("ok",)]
    assert 0 < query("select count(distinct comment_id) from flags")[0][0] < 2_000
    assert btl("flag", "--workers", "0", path=path).returncode == 0
    assert query("select count(distinct comment_id) from flags") == [(2_000,)]
    assert query("select outcome from runs where kind = 'flag' order by id") == [("interrupted",), ("done",)]
    assert counts_are_true(query)
