"""The index finds what a query means, counts exactly, and is current after whatever was changed."""

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.search import build
from archive.search.current_index import keep_current
from archive.search.facets import FLAG_FACETS
from archive.search.index import FacetedSearch, IndexUnusable, SearchIndex
from archive.search.index_schema import VERSION, IndexedComment, to_json
from archive.search.query import parse_query
from archive.search.query_nodes import FlagFilter, WordNode
from archive.search.query_sql import prepare, select_comments
from archive.search.tokenizer import SearchTerm, fold
from archive.store.archive import Archive
from archive.takedown.erase_rows import destroy_rows
from archive.takedown.withhold import restore, withhold
from tests import archive_fixture
from tests.archive.search.test_query import PIECES
from tests.archive.search.texts import TEXTS, matching

FACETS = ("outlet", "flag", "severity", "target", "source", "status", "month", "commenter", "state", "label")


def opened(path):
    return SearchIndex(build.index_path(path))


def facts(index, q=""):
    """Everything that an index counts of a search."""
    node = parse_query(q).node
    return index.view.count(node), index.view.facets(FacetedSearch(node), FACETS)


@pytest.fixture
def path(tmp_path):
    path = archive_fixture.fill_reviewed(tmp_path / "archive.db")
    build.build(path)
    return path


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "archive.db"
    db = archive_fixture.empty(path)
    fill = archive_fixture.Filler(db)
    fill.insert("runs", kind="import", started_at=archive_fixture.FIRST, software_version="1", settings="{}")
    fill.insert("captures", run_id=1, sha256="0")
    thread = fill.thread(fill.article("Texts", "", None, language="en-GB"))
    for text in TEXTS.values():
        fill.comment(thread, text)
    db.close()
    build.build(path)
    return opened(path)


@given(st.lists(PIECES, max_size=12).map(" ".join))
def test_the_index_finds_what_the_query_means(texts, typed):
    node = parse_query(typed).node
    for newest in (True, False):
        ids, total = texts.view.find(node, 10, newest=newest)
        assert set(ids) == (matching(node, with_forms=True) if node else set(TEXTS))
        assert total == len(ids)


def test_words_are_found_in_their_forms_unless_quoted(texts):
    assert texts.view.count(parse_query("ferries").node) == 3
    assert texts.view.count(parse_query('"ferries"').node) == 1
    assert texts.view.count(WordNode(SearchTerm(("ferry", "lea"), is_prefix=True), is_exact=True)) == 1


@given(st.text(), st.text(min_size=1), st.text())
def test_the_document_of_a_comment_holds_its_words_whatever_its_texts_are(body, author, label):
    comment = IndexedComment(3, 2, "de", None, 4, author, "2026-03-14T06:00:00Z", "visible", body, labels=[label])
    document = json.loads(to_json(comment, "en"))
    assert document.get("words", "").split() == document.get("stems_de", "").split() == fold(body).split()
    assert document["author"] == fold(author)
    assert document["labels"] == [label]


@pytest.mark.parametrize(
    "q",
    [
        "",
        "author:tom",
        'author:"tom billes" ferry',
        "before:2026-03-14",
        "after:2026-03 NOT after:2026-03-15",
        '"quay"',
    ],
)
def test_the_index_and_sql_agree(path, q):
    node = parse_query(q).node
    with closing(sqlite3.connect(path)) as db:
        prepare(db)
        selection = select_comments(node) if node else None
        sql = selection.sql() if selection else "select id, 0 from comments where withheld is null"
        found = [number for number, _ in db.execute(sql, selection.parameters if selection else {})]
        order = "select id from comments order by coalesce(substr(posted_at, 1, 19), '') desc, id desc"
        expected = [number for (number,) in db.execute(order) if number in found]
    assert opened(path).view.find(node, 100, newest=True) == (expected, len(expected))


def test_facets_are_counted_over_one_and_the_same_flag(path):
    view = opened(path).view
    threats = view.facets(FacetedSearch(None, (), FlagFilter(("content.threat",))), ("flag", "target", "severity"))
    assert threats["target"] == {"politician": 1}
    assert threats["flag"]["content.insult"] == view.facets(FacetedSearch(None), ("flag",))["flag"]["content.insult"]
    severe = view.facets(FacetedSearch(None, (), FlagFilter(severity=4)), ("flag", "severity"))
    with closing(sqlite3.connect(path)) as db:
        sql = f"select code, count(distinct comment_id) from flags where severity >= 4 and comment_id and code <> 'archive.withheld' and {build.STANDING} group by 1"
        assert severe["flag"] == dict(db.execute(sql))
    assert severe["severity"] == view.facets(FacetedSearch(None), ("severity",))["severity"]


@pytest.mark.parametrize("flag", [None, FlagFilter(source="content"), FlagFilter(severity=2, status="unreviewed")])
def test_facets_are_the_same_where_comments_have_too_many_different_flags(path, monkeypatch, flag):
    facets = opened(path).view.facets(FacetedSearch(None, (), flag), FACETS)
    assert all(facets[name] for name in FLAG_FACETS)
    monkeypatch.setattr("archive.search.index.MOST_MARKS", 1)
    assert opened(path).view.facets(FacetedSearch(None, (), flag), FACETS) == facets


@pytest.mark.parametrize("q", ["", "ferry"])
def test_facets_are_the_same_however_outlets_and_months_are_counted(path, q):
    view, search = opened(path).view, FacetedSearch(parse_query(q).node)
    each, together = view.facets(search, FACETS), view.facets(search, FACETS, total=1_000_000)
    assert each["outlet"]
    assert each["month"]
    assert each == together


CHANGES = [
    "update comments set body = 'A pelican, plainly' where id = 3",
    "update comments set posted_at = '2025-01-02T00:00:00Z', state = 'removed' where id in (4, 5)",
    "update comments set withheld = 'x', body = '' where id = 1",
    "delete from comments where id = 22",
    "update commenters set name = 'Pelican' where id = 2",
    "update articles set outlet_id = 2 where id = 1",
    "update threads set withheld = 'x' where id = 2",
    "update flags set status = 'dismissed' where code = 'content.threat'",
    "update flags set withdrawn_at = '2026-04-01' where code = 'content.insult'",
    "insert into flags (code, comment_id, revision, detector_id, rule, created_at, severity, status) "
    "values ('content.spam', 2, 0, 1, 'x', '2026-04-01', 3, 'unreviewed')",
    "insert into comments (thread_id, identity, position, depth, body, body_sha256, revision, state, first_seen_at, "
    "last_seen_at) values (1, 'n', 99, 0, 'A pelican too', '', 0, 'visible', '2026', '2026')",
    "delete from flags",
]


def test_whatever_changes_an_update_knows_of(path):
    """An index that was updated counts as one that is built anew."""
    index = opened(path)
    before = facts(index)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for change in CHANGES:
            db.execute(change)
            assert build.update(path, index) > 0, change
            updated = facts(index), facts(index, "ferry"), facts(index, "pelican OR author:pelican")
            build.build(path)
            fresh = opened(path)
            assert updated == (facts(fresh), facts(fresh, "ferry"), facts(fresh, "pelican OR author:pelican")), change
    assert facts(index) != before
    assert build.update(path, opened(path)) == 0


def test_what_is_withheld_leaves_and_comes_back(path):
    index = opened(path)
    before = facts(index, "deeper")
    with Archive(path) as archive:
        withhold(archive, "thread", archive_fixture.DEEP, "privacy")
        build.update(path, index)
        assert facts(index, "deeper")[0] == 0
        restore(archive, "thread", archive_fixture.DEEP)
    build.update(path, index)
    assert facts(index, "deeper") == before


def test_an_archive_that_was_put_back_is_noticed(path, tmp_path):
    with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        db.backup(copy)
        db.execute("update comments set body = 'pelican' where id = 1")
        db.commit()
        index = opened(path)
        build.update(path, index)
        copy.execute("update comments set body = 'heron' where id = 1")
        copy.commit()
        copy.backup(db)
    with pytest.raises(IndexUnusable, match="put back"):
        build.update(path, index)


@pytest.mark.parametrize("damage", ["empty", "missing", "cut", "other version"])
def test_damage_is_told_apart_from_an_answer(path, damage):
    folder = build.index_path(path)
    if damage == "missing":
        folder.rename(folder.with_name("elsewhere"))
    elif damage == "other version":
        (folder / "meta.json").write_text('{"index_settings": {}, "segments": [], "schema": [], "opstamp": 0}')
    else:
        for file in folder.glob("*.*"):
            if file.suffix not in (".json", ".lock"):
                file.write_bytes(file.read_bytes()[:20] if damage == "cut" else b"")
    with pytest.raises(IndexUnusable):
        facts(opened(path), "ferry")


def test_an_index_of_another_version_is_built_anew(path, monkeypatch):
    whole = facts(opened(path), "ferry")
    with monkeypatch.context() as patch:
        patch.setattr("archive.search.index.VERSION", VERSION + 1)
        with pytest.raises(IndexUnusable, match="another version"):
            opened(path)
        assert keep_current(path) == "built"
    assert facts(opened(path), "ferry") == whole
    assert keep_current(path) == "current"


def test_no_byte_of_an_erased_text_stays(path):
    """Every word of the index is listed in its dictionaries; the file names are new ones."""
    index = opened(path)
    assert index.view.searcher.terms_with_prefix("words", "diesel")
    files = {file.name for file in build.index_path(path).iterdir() if file.suffix == ".term"}
    with Archive(path) as archive:
        destroy_rows(archive, "comment", 1, "privacy")
    build.build(path)
    fresh = opened(path)
    assert not fresh.view.searcher.terms_with_prefix("words", "diesel")
    assert not fresh.view.searcher.terms_with_prefix("stems_en", "diesel")
    left = list(build.index_path(path).iterdir())
    assert not files & {file.name for file in left}
    assert not any(b"diesel" in file.read_bytes().lower() for file in left)


def test_segments_can_be_named_by_numbers(path):
    before = facts(opened(path), "ferry")
    build.rename_segments(build.index_path(path))
    assert facts(opened(path), "ferry") == before
    segments = {file.name.partition(".")[0] for file in build.index_path(path).glob("*.term")}
    assert segments == {f"{1:032x}"}
