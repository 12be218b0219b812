"""Two archives become one: both histories, nothing twice, and nothing that either withholds."""

import gzip
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.importers import choose_importer
from archive.importers.base import HEAD_LENGTH, Probe
from archive.importers.run import import_files
from archive.importers.tables.mapping import presets
from archive.store.archive import Archive
from archive.store.undo import undo_import
from archive.takedown.erase_rows import destroy_rows
from archive.takedown.withhold import withhold
from archive.thread import Author, Capture, Dataset, Flag, Label
from crawler.evidence.verify import verify_archive
from tests.documents import HARBOUR
from tests.trees import comments, made, said

DAYS = [f"2026-03-{day:02}T06:00:00Z" for day in range(14, 24)]
PAGE = Capture("a" * 64, "https://courier.example/ferry", http_status=200, media_type="text/html")
# What of an archive is the same in one that it was imported into: all but numbers of rows, runs and files.
CONTENT = (
    """select platform, threads.native_id, articles.url, title, articles.body, articles.revision, stated_count, completeness,
      closed, comment_count, flag_count, threads.first_seen_at, threads.last_seen_at, domain, outlets.name, datasets.name
    from threads join articles on articles.id = article_id left join outlets on outlets.id = outlet_id
    left join datasets on datasets.id = dataset_id order by 2""",
    """select c.thread_id, c.native_id, c.identity, p.identity, m.name, m.native_id, c.position, c.depth, c.posted_at, c.body, c.revision,
      c.state, c.likes, c.dislikes, c.first_seen_at, c.last_seen_at, c.codes, c.parent_source, c.capture_position
    from comments c left join comments p on p.id = c.parent_id left join commenters m on m.id = c.commenter_id
    order by c.thread_id, c.position""",
    "select body, comment_revisions.revision, seen_until, capture_position from comment_revisions order by comment_id, revision",
    "select body, title, revision, seen_until from article_revisions order by article_id, revision",
    """select identity, kind, iif(kind = 'moved', null, before), iif(kind = 'moved', null, after), seen_at, confidence
    from events left join comments on comments.id = comment_id order by events.thread_id, seen_at, kind, identity""",
    "select thread_id, seen_at, outcome, completeness, stated_count, comment_count, reason from visits order by 1, 2, visits.id",
    "select sha256, url, fetched_at, http_status, media_type, page_of is null from captures order by sha256, fetched_at",
    """select code, rule, iif(code like 'crawl.%', null, evidence), status, withdrawn_at is null, revision from flags
    where withdrawn_at is null order by 1, 2, 3, comment_id, thread_id""",
    "select kind, count, seen_at from reactions order by comment_id, kind",
    "select name, value, number from labels order by comment_id, name",
)


def save(archive, *threads, kind="crawl"):
    run = archive.begin_run(kind, {"paths": []})
    saved = archive.save(threads, run)
    assert not saved.failures
    archive.end_run(run, "done", dict(saved.counts))
    return run.id


def at(thread, day, **more):
    sha256 = f"{day:x}" * 64
    return replace(thread, capture=replace(PAGE, sha256=sha256, fetched_at=DAYS[day], url=thread.article.url), **more)


def content(path):
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        return [connection.execute(sql).fetchall() for sql in CONTENT]


@pytest.fixture
def other(tmp_path):
    with Archive(tmp_path / "other.db") as archive:
        yield archive


FIRST = made(
    said("Good work by the masons.", native_id="1", likes=3, dislikes=0),
    said("In frost, too.", native_id="2", parent=0, parent_native_id="1", parent_source="api"),
    said("You are all idiots.", native_id="3", flags=(Flag("platform.featured", "tag"),)),
    said("It leaks.", native_id="5"),
    replace(said("Seen it."), author=Author("anna", "h1", is_guest=False, is_staff=True), native_id="6"),
    completeness="full",
)
SECOND = replace(
    FIRST,
    comments=(
        said("Good work by the masons. Edited.", native_id="1", likes=5, dislikes=1, labels=(Label("kind", "1", 1.0),)),
        said("You are all idiots.", native_id="3", parent=0, parent_native_id="1", parent_source="api"),
        replace(said("Seen it."), author=Author("anna b.", "h1", is_guest=False, is_staff=True), native_id="6"),
        said("In frost, too.", native_id="2", reactions=(("sad", 4),), parent_source="api"),
        said("New here.", native_id="7", author=None),
    ),
    article=replace(FIRST.article, body="The first ferry leaves at 06:10.", outlet_name="The Courier", byline="Ida"),
    closed=True, stated_count=9, flags=(Flag("platform.closed", "x"),), dataset=Dataset("harbour corpus"),
)  # fmt: skip
THIRD = replace(FIRST, comments=(*FIRST.comments[:2], FIRST.comments[3]), article=SECOND.article)


def test_an_archive_is_claimed_and_another_database_is_not(other, tmp_path):
    save(other, at(FIRST, 0))
    with other.path.open("rb") as file:
        head = file.read(HEAD_LENGTH)
    assert choose_importer(Probe(head, str(other.path))).NAME == "archive"
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        connection.execute("create table threads (id integer)")
    assert choose_importer(Probe((tmp_path / "x.db").read_bytes(), str(tmp_path / "x.db"))).NAME == "table"


@pytest.mark.parametrize("is_packed", [False, True])
def test_all_of_it_comes_with_its_history_and_once(archive, query, other, tmp_path, is_packed):
    for day, thread in enumerate((FIRST, SECOND, SECOND, THIRD)):
        save(other, at(thread, day))
    save(other, made(said("b"), url="https://courier.example/2", at=DAYS[4]))
    (tmp_path / "ferry.txt").write_text(HARBOUR)
    import_files(other, [str(tmp_path / "ferry.txt")])
    before = content(other.path)
    path = other.path
    other.close()
    if is_packed:
        path = tmp_path / "other.db.gz"
        path.write_bytes(gzip.compress((tmp_path / "other.db").read_bytes()))
    progress = import_files(archive, [str(path)])
    assert progress.errors == []
    assert content(archive.path) == before
    merged = content(archive.path)
    again = import_files(archive, [str(path)])
    assert (again.errors, again.counts["unchanged"]) == ([], again.counts["documents"])
    assert content(archive.path) == merged
    undo_import(archive, progress.run)
    assert query("select count(*) from articles") == [(0,)]


def test_an_archive_of_an_older_version_is_named(archive, tmp_path):
    old = Path(__file__).parents[2] / "golden" / "archive-0.1.0.db.gz"
    (reason,) = [error.reason for error in import_files(archive, [str(old)]).errors]
    assert "of an older version" in reason


def test_equal_threads_become_one_and_both_histories_stay(archive, query, other):
    save(archive, at(SECOND, 2))
    save(other, at(FIRST, 1))  # which is older
    save(other, at(THIRD, 3), at(replace(FIRST, article=replace(FIRST.article, url="https://courier.example/2")), 4))
    assert import_files(archive, [str(other.path)]).errors == []
    seen = "select articles.url, threads.first_seen_at, threads.last_seen_at from threads, articles where articles.id = article_id"
    assert query(seen) == [
        ("https://courier.example/ferry", DAYS[1], DAYS[3]), ("https://courier.example/2", DAYS[4], DAYS[4])
    ]  # fmt: skip
    assert query("select native_id, state, revision from comments where thread_id = 1 order by native_id") == [
        ("1", "visible", 1), ("2", "visible", 0), ("3", "missing", 0), ("5", "visible", 0), ("6", "missing", 0), ("7", "missing", 0)
    ]  # fmt: skip
    assert query("select outcome from visits where thread_id = 1 order by seen_at") == [
        ("late",),
        ("new",),
        ("changed",),
    ]


@pytest.mark.parametrize("is_erased", [False, True])
def test_what_the_other_archive_withholds_stays_there(archive, query, other, tmp_path, is_erased):
    save(archive, at(FIRST, 0))
    save(other, at(FIRST, 1), at(THIRD, 2))
    save(other, at(replace(FIRST, article=replace(FIRST.article, url="https://courier.example/2")), 3))
    take = destroy_rows if is_erased else withhold
    for subject, number in (("comment", 1), ("article", 2)):
        take(other, subject, number, "request")
    assert import_files(archive, [str(other.path)]).errors == []
    assert query("select body, state, revision, parent_id from comments where native_id in ('1', '2') order by native_id") == [
        ("Good work by the masons.", "visible", 0, None), ("In frost, too.", "visible", 0, 1)
    ]  # fmt: skip
    assert query("select url from articles") == [("https://courier.example/ferry",)]
    with Archive(tmp_path / "empty.db") as empty:
        assert import_files(empty, [str(other.path)]).errors == []
    assert b"masons" not in b"".join(file.read_bytes() for file in tmp_path.glob("empty.db*"))


def test_what_this_archive_withholds_is_held_against_the_other(archive, query, other):
    save(archive, at(FIRST, 0))
    withhold(archive, "comment", 1, "request")
    save(other, at(FIRST, 1), at(SECOND, 2), at(replace(FIRST, platform="feed"), 3))
    import_files(archive, [str(other.path)])
    assert query("select body, withheld from comments where native_id = '1'") == [("", "request")] * 2
    assert query("select count(*) from comments where body like '%masons%'") == [(0,)]
    assert query("select count(*) from comment_revisions where body like '%masons%'") == [(0,)]


def test_tables_can_be_read_back_from_where_they_lie(archive, other, tmp_path):
    rows = [{"cid": f"u{i}", "text": f"Good work, number {i}.", "time": "2 years ago", "author": "mira", "channel": "c",
             "votes": "3", "replies": "", "heart": False, "reply": False} for i in range(5)]  # fmt: skip
    assert "youtube-comment-downloader" in presets()
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_files(other, [str(tmp_path / "rows.jsonl")])
    import_files(archive, [str(other.path)])
    verified = verify_archive(archive)
    assert ([str(d) for d in verified.differences], verified.counts["present"], verified.counts["texts"]) == ([], 1, 5)


@pytest.mark.slow
@given(st.booleans(), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_whatever_was_seen(tmp_path_factory, is_native, data):
    folder = tmp_path_factory.mktemp("any")
    with Archive(folder / "other.db") as other, Archive(folder / "archive.db") as archive:
        for day in range(data.draw(st.integers(1, 4))):
            look = data.draw(comments(native=is_native, most=8))
            save(other, at(made(*look, completeness=data.draw(st.sampled_from(["full", "partial"]))), day))
        import_files(archive, [str(other.path)])
        shown = "select c.body, c.state, p.body, c.position, c.revision from comments c left join comments p on p.id = c.parent_id order by c.position"
        assert archive.read(shown) == other.read(shown)
