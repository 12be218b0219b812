"""The generated archive is what crawls and imports would have left: whole, counted right, and the same each time."""

import sqlite3
from hashlib import sha256

import pytest

from archive.importers.run import import_files
from archive.store.archive import Archive
from archive.store.flags import RECOUNT_COMMENTS, RECOUNT_THREADS
from archive.store.views import NOT_REFUSED
from archive.thread import Author, Comment, depths, identities
from benchmarks.large.again import EDITED, FLAGGED, NEW, THREADS, crawl
from benchmarks.large.fill import faults, fill
from benchmarks.large.rows import COLUMNS, IMPORTED, LONGEST_THREAD
from tests.documents import HARBOUR

COMMENTS = 6_000


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "archive.db"
    fill(path, COMMENTS)
    return path


@pytest.fixture
def ask(large):
    connection = sqlite3.connect(large)
    yield lambda sql, *values: connection.execute(sql, values).fetchall()
    connection.close()


def test_sqlite_finds_nothing_wrong(large):
    assert faults(large) == []


def test_a_fault_would_be_found(large, tmp_path):
    spoilt = tmp_path / "spoilt.db"
    spoilt.write_bytes(large.read_bytes())
    connection = sqlite3.connect(spoilt)
    connection.execute("update comments set thread_id = 999999 where id = 5")
    connection.commit()
    connection.close()
    assert faults(spoilt)


def test_it_has_the_size_and_the_shares_that_were_asked_for(ask):
    def count(sql):
        return ask(f"select count(*) from {sql}")[0][0]

    assert count("comments") == COMMENTS
    assert count("outlets") == 20
    assert ask("select max(comment_count) from threads") == [(COMMENTS // 10,)]
    assert LONGEST_THREAD > 40_000
    assert 0.035 < count("comments where codes is not null") / COMMENTS < 0.065
    for share in (
        "comments where revision > 0",
        "comments where state = 'missing'",
        "flags where code = 'content.pii'",
    ):
        assert 0.004 < count(share) / COMMENTS < 0.016, share
    assert count("reviews") > 3
    assert 150 < ask("select avg(length(body)) from comments")[0][0] < 250
    assert ask("select min(length(body)) >= 20, max(length(body)) <= 1500 from comments") == [(1, 1)]


def test_some_words_are_everywhere_and_some_are_rare(ask):
    ask("create virtual table temp.words using fts5vocab('main', 'comments_fts', 'row')")
    assert ask("select max(doc) from temp.words")[0][0] > COMMENTS / 10
    assert ask("select count(*) from temp.words where doc = 1")[0][0] > 100


def test_every_table_but_the_private_ones_of_a_desk_is_filled(ask):
    empty = [table for table in COLUMNS if ask(f"select count(*) from {table}") == [(0,)]]
    assert empty == []


def test_threads_stand_in_document_order(ask):
    for (thread,) in ask("select id from threads order by comment_count desc limit 30"):
        rows = ask("select id, parent_id, position, depth from comments where thread_id = ? order by id", thread)
        place = {row[0]: row[2] for row in rows}
        assert list(place.values()) == list(range(len(rows)))
        parents = [None if parent is None else place[parent] for _, parent, _, _ in rows]
        assert all(parent is None or parent < i for i, parent in enumerate(parents))
        assert depths(parents) == [depth for *_, depth in rows]


def test_hashes_and_places_are_of_the_texts(ask):
    for table, text in (("comments", "body"), ("comment_revisions", "body"), ("articles", "title || char(10) || body")):
        for body, digest in ask(f"select {text}, body_sha256 from {table}"):
            assert sha256(body.encode()).hexdigest() == digest
    spans = ask(
        """select coalesce(old.body, comments.body), start, "end", exact from flag_spans
        join flags on flags.id = flag_id join comments on comments.id = flags.comment_id
        left join comment_revisions as old on old.comment_id = comments.id and old.revision = flags.revision"""
    )
    assert spans
    assert [exact for body, start, end, exact in spans if body[start:end] != exact or not exact.strip()] == []


def test_identities_are_those_that_a_save_would_give(ask):
    sql = """select comments.id, parent_id, name, body, body_sha256, identity from comments
        left join commenters on commenters.id = commenter_id where thread_id = ? order by position"""
    for (thread,) in ask("select id from threads where platform = ? order by comment_count desc limit 20", IMPORTED):
        rows = ask(sql, thread)
        place = {row[0]: i for i, row in enumerate(rows)}
        comments = [
            Comment(body=body, parent=place.get(parent), author=Author(name) if name else None)
            for _, parent, name, body, _, _ in rows
        ]
        assert identities(comments, [row[4] for row in rows]) == [row[5] for row in rows]


def test_what_is_counted_beforehand_is_right(ask):
    real = {name: ask(f"select count(*) from {name}")[0][0] for name in ("comments", "threads", "articles", "outlets")}
    real["commenters"] = ask("select count(*) from commenters")[0][0]
    counted = f"withdrawn_at is null and ({NOT_REFUSED} or code between 'context.' and 'context/')"
    for code, rule, n in ask(f"select code, rule, count(*) from flags where {counted} group by 1, 2"):
        real[f"flags:{code}"] = real.get(f"flags:{code}", 0) + n
        if code.startswith(("content.", "context.")):
            real[f"rules:{rule}"] = real.get(f"rules:{rule}", 0) + n
    assert dict(ask("select name, value from totals")) == real
    assert ask(
        "select count(*) from threads where comment_count <> (select count(*) from comments where thread_id = threads.id)"
    ) == [(0,)]


def test_codes_and_flag_counts_stay_when_they_are_counted_anew(large, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_bytes(large.read_bytes())
    connection = sqlite3.connect(copy)
    sql = "select id, codes from comments union all select id, flag_count from threads"
    before = connection.execute(sql).fetchall()
    for table, recount in (("comments", RECOUNT_COMMENTS), ("threads", RECOUNT_THREADS)):
        ids = connection.execute(f"select json_group_array(id) from {table}").fetchone()[0]
        connection.execute(recount, {"ids": ids})
    assert connection.execute(sql).fetchall() == before
    connection.close()


def test_the_schema_is_that_of_any_archive(large, tmp_path):
    with Archive(tmp_path / "empty.db"):
        pass
    schemas = []
    for path in (large, tmp_path / "empty.db"):
        connection = sqlite3.connect(path)
        schemas.append(set(connection.execute("select type, name, sql from sqlite_master")))
        connection.close()
    assert schemas[0] == schemas[1]


def test_it_takes_further_imports(large, tmp_path):
    copy, text = tmp_path / "copy.db", tmp_path / "text.txt"
    copy.write_bytes(large.read_bytes())
    text.write_text(HARBOUR)
    with Archive(copy) as archive:
        assert not import_files(archive, [str(text)], workers=0).errors
        assert archive.read("select count(*) from comments_fts where comments_fts match 'diesel'") == [(1,)]
    assert faults(copy) == []


def test_a_small_crawl_of_it_changes_what_it_says(large, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_bytes(large.read_bytes())
    counts = crawl(copy)
    assert counts["threads_changed"] <= THREADS
    assert counts["comments_new"] >= NEW
    assert counts["comments_edited"] >= EDITED
    connection = sqlite3.connect(copy)
    raised = "select count(*) from flags where run_id = (select max(id) from runs) and code like 'platform.%'"
    assert connection.execute(raised).fetchone()[0] >= FLAGGED
    gone = "select count(*) from events where kind = 'removed' and run_id = (select max(id) from runs)"
    assert connection.execute(gone).fetchone() == (0,)
    connection.close()
    assert faults(copy) == []


def test_the_same_seed_makes_the_same_rows(tmp_path):
    made = []
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        fill(tmp_path / name, 400, seed)
        connection = sqlite3.connect(tmp_path / name)
        made.append([connection.execute(f"select * from {table}").fetchall() for table in COLUMNS])
        connection.close()
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_nothing_is_written_over(large):
    with pytest.raises(FileExistsError):
        fill(large, 10)
