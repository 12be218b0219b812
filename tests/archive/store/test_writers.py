"""Eight writers of one archive on PostgreSQL, with parts that overlap: as if one had written all of it."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest

from archive.store.archive import Archive
from archive.store.dialects.postgresql import RUN_LOCK
from archive.store.undo import CannotUndo, undo_import
from archive.thread import Author, Flag
from tests.both_engines import query_of
from tests.trees import made, said

WRITERS = 8
THREADS = 48
DAYS = ("2026-03-14T06:00:00Z", "2026-03-15T06:00:00Z")
FEATURED = Flag("platform.featured", "tag")
# What an archive holds, whatever the ids of its rows are.
CONTENTS = (
    "select domain, name from outlets",
    "select url, title, domain, revision from articles left join outlets on outlets.id = outlet_id",
    "select sha256, url, fetched_at from captures",
    "select platform, domain, commenters.native_id, commenters.name from commenters join outlets on outlets.id = outlet_id",
    "select native_id, comment_count, flag_count, completeness, last_seen_at from threads",
    """select threads.native_id, comments.identity, comments.body, comments.position, comments.depth, comments.state,
  comments.codes, parents.identity, commenters.name, comments.revision
from comments join threads on threads.id = comments.thread_id
left join comments as parents on parents.id = comments.parent_id
left join commenters on commenters.id = comments.commenter_id""",
    """select flags.code, flags.rule, flags.target, comments.body, detectors.name, exact from flags
join detectors on detectors.id = detector_id left join comments on comments.id = comment_id
left join flag_spans on flag_id = flags.id""",
    "select kind, body, confidence from events join comments on comments.id = comment_id",
    "select outcome, count(*) from visits group by 1",
    "select name, value from totals where value <> 0",
)


def looks(number):
    """Two looks at one thread, of one of five outlets; the second one has an answer more, and one less."""
    outlet = f"paper{number % 5}.example"
    author = Author(f"reader {number % 7}", f"r{number % 7}")
    first = [
        replace(said(f"Comment {number}.1: the ferry is late.", native_id="1"), author=author),
        said(f"Comment {number}.2: so it is.", native_id="2", parent=0, parent_native_id="1", flags=(FEATURED,)),
        said(f"Comment {number}.3: it was foggy.", f"walker {number % 3}", native_id="3"),
    ]
    second = [*first[:2], said(f"Comment {number}.4: see you at the quay.", native_id="4")]
    url = f"https://{outlet}/{number}"
    threads = [
        made(*comments, url=url, at=day, completeness="full", rules="none")
        for comments, day in ((first, DAYS[0]), (second, DAYS[1]))
    ]
    return [replace(thread, article=replace(thread.article, outlet=outlet)) for thread in threads]


def write(place, numbers, kind="crawl"):
    with Archive(place) as archive:
        run = archive.begin_run(kind, {})
        failures = []
        for day in range(2):
            threads = [looks(number)[day] for number in numbers]
            for start in range(0, len(threads), 5):
                failures += archive.save(threads[start : start + 5], run).failures
        archive.end_run(run, "done", {})
        return failures


def contents(place):
    with query_of(place) as query:
        return [sorted(query(statement), key=repr) for statement in CONTENTS]


def recounted(query):
    counted = {
        name: query(f"select count(*) from {name}")[0][0]
        for name in ("outlets", "articles", "threads", "comments", "commenters")
    }
    codes = query("select 'flags:' || code, count(*) from flags where withdrawn_at is null group by 1")
    return counted | dict(codes)


def test_eight_writers_do_what_one_does(server_address, path):
    everything = list(range(THREADS))
    # Each writes half of all, beginning elsewhere and in another order: every thread is written by four of them.
    parts = [
        [everything[(writer * 6 + i * (1 if writer % 2 else -1)) % THREADS] for i in range(THREADS // 2)]
        for writer in range(WRITERS)
    ]
    with ThreadPoolExecutor(WRITERS) as pool:
        assert [
            failures for part in pool.map(lambda part: write(server_address, part), parts) for failures in part
        ] == []
    assert write(path, everything) == []
    assert contents(server_address) == contents(path)
    with query_of(server_address) as query:
        totals = dict(query("select name, value from totals where value <> 0 and name not like 'rules:%'"))
        assert totals == {name: number for name, number in recounted(query).items() if number}
        assert query("select distinct outcome from runs") == [("done",)]
        assert query("select count(*) from captures") == query("select count(distinct (sha256, url)) from captures")


def test_a_run_is_interrupted_when_nobody_works_on_it_and_not_before(server_address):
    outcome = "select outcome from runs where id = ?"
    with Archive(server_address) as archive, query_of(server_address) as query:
        other = Archive(server_address)
        run = other.begin_run("crawl", {})
        archive.begin_run("crawl", {})
        assert query(outcome, run.id) == [(None,)]
        other.close()  # as the system does for a process that is killed
        while query(
            "select 1 from pg_locks where locktype = 'advisory' and classid = ? and objid = ?", RUN_LOCK, run.id
        ):
            time.sleep(0.01)
        archive.begin_run("crawl", {})
        assert query(outcome, run.id) == [("interrupted",)]


def test_a_later_visit_by_another_writer_keeps_an_import_from_being_undone(server_address):
    with Archive(server_address) as first, Archive(server_address) as second:
        earlier = first.begin_run("replay", {})
        first.save([looks(1)[0]], earlier)  # has taken ids
        imported = second.begin_run("import", {"paths": []})
        second.save([looks(2)[0]], imported)
        second.end_run(imported, "done", {})
        first.save([looks(2)[1]], earlier)
        with pytest.raises(CannotUndo, match="has read 1 of its threads since"):
            undo_import(second, imported.id)


def test_ids_in_one_piece_and_none_twice(server_address):
    def take(_):
        with Archive(server_address) as archive, archive.transaction(alone=False) as connection:
            return [archive.dialect.take_ids(connection, "comments", 3) for _ in range(20)]

    with ThreadPoolExecutor(4) as pool:
        blocks = sorted(block for part in pool.map(take, range(4)) for block in part)
    assert len(blocks) == 80
    assert all(end <= following for (_, end), (following, _) in pairwise(blocks))
