"""Datasette's tables and queries as CSV and JSON: all rows, or a word that there are more."""

import asyncio
import csv
import http.client
import io
import json
import sqlite3
import urllib.request

import pytest

from archive.site import sending
from archive.site.app import application
from tests import archive_fixture
from tests.archive.site.test_browser import served
from tests.archive_fixture import get, page

MANY = 2500


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """More comments than Datasette gives at once."""
    path = archive_fixture.fill(tmp_path_factory.mktemp("site") / "archive.db")
    with sqlite3.connect(path) as db:
        db.execute(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?) insert into comments (thread_id"
            ", identity, position, depth, commenter_id, body, body_sha256, revision, state, first_seen_at, last_seen_at) "
            "select 3, i, i - 1, 0, 1 + i % 2, 'number ' || i, '', 0, 'visible', '2026', '2026' from n",
            (MANY,),
        )
    db.close()
    return path


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def ids(path, sql, *parameters):
    db = sqlite3.connect(path)
    found = [row[0] for row in db.execute(sql, parameters)]
    db.close()
    return found


@pytest.mark.parametrize("name", ["comments", "comment_list"])
@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("", ""),
        ("_size=5", ""),
        ("_stream=1&_size=max", ""),
        ("_next=100&_dl=on&_facet=state", ""),
        ("_nofacet=1&_trace=1&_shape=array", ""),
        ("thread_id=3", "where thread_id = 3"),
        ("thread_id=3&commenter_id__in=2,7&_size=1", "where thread_id = 3 and commenter_id in (2, 7)"),
        ("body__contains=number+1", "where body like '%number 1%'"),
        ("_where=id%3C10", "where id < 10"),
        ("thread_id=99", "where 0"),
    ],
)
def test_csv_of_a_table_or_view_has_every_row(site, path, name, query, where):
    answer = get(site, f"/archive/{name}.csv?_sort=id&{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    assert [int(row["id"]) for row in rows(answer.text)] == ids(path, f"select id from comments {where} order by id")


def test_csv_is_exactly_what_sqlite_holds(site, path):
    db = sqlite3.connect(path)
    cursor = db.execute("select * from comments order by id desc")
    expected = io.StringIO()
    writer = csv.writer(expected)
    writer.writerow([column[0] for column in cursor.description])
    writer.writerows(cursor)
    db.close()
    assert page(site, "/archive/comments.csv") == expected.getvalue()
    assert page(site, "/archive/comments.csv?_header=off") == expected.getvalue().partition("\r\n")[2]


def test_csv_keeps_the_order_of_the_page(site, path):
    found = [int(row["id"]) for row in rows(page(site, "/archive/comments.csv?_sort_desc=body&thread_id=3"))]
    assert found == ids(path, "select id from comments where thread_id = 3 order by body desc, id")


def test_labels_stand_beside_their_numbers(site):
    found = rows(page(site, "/archive/comments.csv?_labels=on&_sort=id"))
    assert len(found) == 24 + MANY
    assert found[0]["commenter_id_label"] == "quayside_anna"
    assert found[2]["commenter_id_label"] == ""
    some = rows(page(site, "/archive/comments.csv?_label=commenter_id&_sort=id&_size=1"))
    assert "thread_id_label" not in some[0]
    assert some[0]["commenter_id_label"] == "quayside_anna"


@pytest.mark.parametrize("query", ["_stream=on", "_stream=1&_size=3&_shape=array", "_stream=on&_next=4"])
def test_json_that_streams_has_every_row(site, query):
    found = json.loads(page(site, f"/archive/comment_list.json?{query}"))
    assert len(found) == 24 + MANY
    lines = page(site, f"/archive/comments.json?{query}&_nl=on").splitlines()
    assert len([json.loads(line) for line in lines]) == 24 + MANY


@pytest.mark.parametrize(
    "shape", ["", "_shape=array&", "_shape=objects&", "_shape=array&_nl=on&", "_shape=arrayfirst&"]
)
def test_json_that_stops_says_so(site, shape):
    for size in ("_size=max", "_size=10", ""):
        answer = get(site, f"/archive/comments.json?{shape}{size}")
        assert answer.headers["x-truncated"] == "true"
        assert 'rel="next"' in answer.headers["link"]
    assert "x-truncated" not in get(site, f"/archive/outlets.json?{shape}").headers
    assert "x-truncated" not in get(site, f"/archive/comments.json?{shape}thread_id=1").headers


def test_json_leads_on_to_every_row(site):
    found, address = [], "/archive/comments.json?_shape=array&_size=max"
    while address:
        answer = get(site, address)
        found += [row["id"] for row in answer.json()]
        address = answer.links.get("next", {}).get("url", "").removeprefix("http://localhost")
        assert ("x-truncated" in answer.headers) == bool(address)
    assert len(found) == len(set(found)) == 24 + MANY


def test_queries_as_csv_are_whole(site):
    answer = get(site, "/archive.csv?sql=select+id,+body+from+comments+order+by+id")
    assert len(rows(answer.text)) == 24 + MANY
    assert answer.headers["content-disposition"] == 'attachment; filename="archive.csv"'
    found = get(site, "/archive.json?sql=select+id+from+comments&_shape=array")
    assert len(found.json()) == 1000
    assert found.headers["x-truncated"] == "true"
    assert 'rel="alternate"; type="text/csv"' in found.headers["link"]
    whole = found.links["alternate"]["url"].removeprefix("http://localhost")
    assert len(rows(get(site, whole).text)) == 24 + MANY
    assert len(get(site, "/archive.json?sql=select+id+from+comments&_stream=on").json()) == 24 + MANY
    assert "x-truncated" not in get(site, "/archive.json?sql=select+1").headers


def test_canned_queries_as_csv(site):
    found = rows(page(site, "/archive/comments_with_phrase.csv?phrase=number"))
    assert len(found) == 500
    assert get(site, "/archive/comments_with_phrase.json?phrase=ferry").json()["rows"]
    assert "phrase" not in found[0]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/archive.csv?sql=select+nothing", 400),
        ("/archive.csv?sql=delete+from+comments", 400),
        ("/archive.csv", 400),
        ("/archive/nothing.csv", 404),
        ("/nowhere.csv?sql=select+1", 404),
        ("/archive/comments.csv?_where=nothing", 400),
        ("/archive/comments.csv?_sort=nothing", 500),
        ("/archive/comments.json?_stream=1&_where=nothing", 400),
    ],
)
def test_what_cannot_be_read_is_an_error_and_no_empty_file(site, address, status):
    answer = get(site, address)
    assert answer.status_code == status
    assert "text/csv" not in answer.headers["content-type"]


def test_a_query_that_takes_too_long_is_an_error(path):
    site = application(path)
    site.sql_time_limit_ms = 20
    endless = "with+recursive+n(i)+as+(select+1+union+all+select+i%2B1+from+n)+select+max(i)+from+n"
    assert get(site, f"/archive.csv?sql={endless}").status_code in (400, 503)


def test_names_of_columns_that_are_alike_are_told_apart(site):
    assert page(site, "/archive.csv?sql=select+1+as+a,+2+as+a,+x'00ff'+as+b") == "a,a_2,b\r\n1,2,00ff\r\n"


def test_pages_link_to_all_rows(site):
    html = page(site, "/archive/comment_list?thread_id=3&_next=50")
    assert "JSON of all rows" in html
    address = html.partition('">JSON of all rows')[0].rpartition('href="')[2].replace("&amp;", "&")
    assert len(get(site, address).json()) == MANY
    assert "JSON of all rows" in page(site, "/archive?sql=select+1")


def test_other_pages_of_datasette_are_where_they_were(site):
    for address in (
        "/-/versions",
        "/-/versions.json",
        "/archive",
        "/archive.json",
        "/archive/comments/1",
        "/archive/comments/1.json",
        "/favicon.ico",
    ):
        assert get(site, address).status_code == 200, address


def test_heads_have_no_rows(site):
    answer = asyncio.run(site.client.request("HEAD", "/archive/comments.csv"))
    assert answer.status_code == 200
    assert answer.text == ""
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_readers_are_closed_and_counted(site, monkeypatch):
    before = len(site.get_database("archive")._all_file_connections)
    for address in ("/archive/comments.csv", "/archive/nothing.csv", "/thread/999.csv", "/search.csv?q=ferry"):
        get(site, address)
    assert sending._Reader.at_work == 0
    assert len(site.get_database("archive")._all_file_connections) <= before + 3
    monkeypatch.setattr(sending, "MOST_AT_ONCE", 0)
    answer = get(site, "/thread/1.csv")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert get(site, "/archive/comments.csv").status_code == 503


def test_a_file_that_cannot_be_finished_is_broken_off(path):
    """Rows that are too slow after the first: the connection ends before its last chunk."""
    slow = (
        "select id, case when id < 2000 then 1 else (with recursive n(i) as (select id union all select i + 1 from n "
        "limit 100000000) select max(i) from n) end as x from comments order by id"
    )
    with served(path) as address:
        answer = urllib.request.urlopen(f"{address}/archive.csv?sql={urllib.request.quote(slow)}")
        assert answer.status == 200
        with pytest.raises(http.client.IncompleteRead) as broken:
            answer.read()
        assert broken.value.partial.startswith(b"id,x\r\n1,1\r\n")
        answer.close()
        with urllib.request.urlopen(f"{address}/archive/comments.csv?_sort=id") as whole:
            assert whole.read().count(b"\r\n") == 25 + MANY


@pytest.mark.parametrize("name", ["frontier", "settings", "suppressions", "withheld", "reviews"])
def test_private_tables_are_no_files(site, name):
    for address in (
        f"/archive/{name}.csv",
        f"/archive/{name}.json?_stream=on",
        f"/archive.csv?sql=select+*+from+{name}" if name != "reviews" else f"/archive/{name}.csv?_size=1",
        f"/archive/comments.csv?_where=id+in+(select+1+from+{name})" if name != "reviews" else f"/archive/{name}.json",
    ):
        answer = get(site, address)
        assert answer.status_code in (400, 403, 404), address
        assert "text/csv" not in answer.headers["content-type"]
