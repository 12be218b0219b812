"""Datasette's own pages over an archive: metadata, queries, CSV and JSON, and other databases beside it."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from datasette.app import Datasette

from archive.site.app import METADATA, application, metadata
from tests import archive_fixture
from tests.archive_fixture import FERRY, get, page


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return archive_fixture.fill(tmp_path_factory.mktemp("site") / "any name.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def test_metadata_names_what_exists(path):
    db = sqlite3.connect(path)
    described = metadata()["databases"]["archive"]
    names = {name for (name,) in db.execute("select name from sqlite_master where type in ('table', 'view')")}
    shown = {name for name in names if "_fts" not in name and name not in ("sqlite_sequence", "sqlite_stat1")}
    assert set(described["tables"]) <= names
    assert shown <= set(described["tables"]), "a table or view has no description"
    for table, about in described["tables"].items():
        columns = {row[1] for row in db.execute(f'pragma table_xinfo("{table}")')}
        facets = (facet if isinstance(facet, str) else facet["array"] for facet in about.get("facets", ()))
        named = {*facets, *about.get("columns", ()), *about.get("sortable_columns", ())}
        named |= {about[key] for key in ("label_column", "sort", "sort_desc") if key in about}
        assert named <= columns, table
    db.close()


@pytest.mark.parametrize("name", metadata()["databases"]["archive"]["queries"])
@pytest.mark.parametrize("value", ["ferry", "Tom Billes", "", '"'])
def test_queries_run(site, name, value):
    response = get(site, f"/archive/{name}.json", params={"_shape": "array", "phrase": value, "name": value})
    assert response.status_code == 200, response.text


def test_queries_find(site):
    def rows(address):
        return json.loads(page(site, f"/archive/{address}"))

    assert rows("most_flagged_threads.json?_shape=array")[0]["id"] == FERRY
    assert {row["id"] for row in rows("removed_comments.json?_shape=array")} == {5, 10, 24}
    assert len(rows("comments_with_phrase.json?_shape=array&phrase=ferry+queue")) == 12
    assert rows("commenter_across_outlets.json?_shape=array&name=Tom+Billes")[0]["comments"] == 5
    assert rows("edited_comments.json?_shape=array")[0]["comment_id"] == 2


def test_pages_have_short_titles_and_say_what_is_not_there(site):
    assert "<title>Comments no longer on their site · Below" in page(site, "/archive/removed_comments")
    assert "<title>SQL query · Below" in page(site, "/archive?sql=select+1")
    assert "<h1>Data</h1>" in page(site, "/archive")
    for address, words in (
        ("/nosuch", "no page at this address"),
        ("/archive/nosuch", "no table, view or query of this name"),
        ("/archive/comments/999999", "no record at this address"),
    ):
        response = get(site, address)
        assert response.status_code == 404
        assert words in response.text, address
        assert "Database not found" not in response.text


def test_a_link_to_a_comment_without_a_title_is_its_number(site):
    html = page(site, "/archive/comments")
    assert ">None</a>" not in html
    assert '<a href="/archive/commenters/8">8</a>' in html
    assert re.search(r'<a href="/archive/comments/(\d+)">\1</a>', html)


def test_full_text_tables_are_hidden(site):
    html = page(site, "/archive")
    assert "comments_fts" not in html
    assert "_sqlite_migrations" not in html


def test_permanent_links_in_tables_lead_to_pages(site):
    assert '<a href="/comment/4">/comment/4</a>' in page(site, "/archive/comment_list?id=4")


def test_csv_and_json_of_a_thread(site):
    csv = page(site, f"/archive/comment_list.csv?thread_id={FERRY}&_sort=position&_stream=1")
    assert csv.count("/comment/") == 10
    assert len(json.loads(page(site, f"/archive/comment_list.json?thread_id={FERRY}&_shape=array"))) == 10


def test_the_database_is_found_by_its_tables(path, tmp_path):
    """As with `datasette FILE -m datasette-metadata.json`, beside a database that is none of ours."""
    other = tmp_path / "other.db"
    sqlite3.connect(other).executescript("create table comments (id integer primary key); create table x (y)")
    site = Datasette([str(other), str(path)], metadata=metadata())
    html = page(site, f"/thread/{FERRY}")
    assert 'href="/any+name"' in html
    alone = Datasette([str(other)])
    assert "other" in page(alone, "/")
    assert get(alone, "/thread/1").status_code == 404
    assert get(alone, "/search?q=x").status_code == 404
    assert page(alone, "/other/comments")


def test_an_archive_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        application(tmp_path / "no.db")


def test_immutable(path):
    assert page(application(path, immutable=True), f"/thread/{FERRY}")


def test_metadata_stands_at_the_root():
    assert json.loads((Path(__file__).parents[3] / METADATA).read_text("utf-8")) == metadata()
