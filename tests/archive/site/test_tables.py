"""Datasette's tables and queries are Datasette's; the site's own files have every row, from one snapshot."""

import asyncio
import csv
import http.client
import io
import json
import sqlite3
import urllib.request

import pytest

from archive.site import errors, row_streams
from archive.site.app import application
from archive.site.row_streams import Rows, write_csv, write_json
from tests import archive_fixture
from tests.archive_fixture import get, page
from tests.sites import served

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


@pytest.mark.parametrize("name", ["comments", "comment_list"])
def test_csv_of_a_whole_table_or_view(site, name):
    found = rows(page(site, f"/archive/{name}.csv?_stream=on&_sort=id"))
    assert len({row["id"] for row in found}) == len(found) == 24 + MANY
    assert len(rows(page(site, f"/archive/{name}.csv?_stream=on&_size=max&thread_id=3"))) == MANY


def test_json_leads_on_to_every_row(site):
    found, address = [], "/archive/comments.json?_shape=array&_size=max"
    while address:
        answer = get(site, address)
        found += [row["id"] for row in answer.json()]
        address = answer.links.get("next", {}).get("url", "").removeprefix("http://localhost")
    assert len(found) == len(set(found)) == 24 + MANY


def test_canned_queries_as_csv(site):
    found = rows(page(site, "/archive/comments_with_phrase.csv?phrase=number"))
    assert len(found) == 500
    assert get(site, "/archive/comments_with_phrase.json?phrase=ferry").json()["rows"]
    assert "phrase" not in found[0]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/archive.csv?sql=delete+from+comments", 400),
        ("/archive/nothing.csv", 404),
        ("/nowhere.csv?sql=select+1", 404),
        ("/archive/comments.csv?_where=nothing", 400),
        ("/archive/comments.csv?_stream=on&_where=nothing", 400),
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
    for suffix in ("", ".csv", ".json"):
        answer = get(site, f"/archive{suffix}?sql={endless}")
        assert answer.status_code == 503
        assert "took too long" in answer.text


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


@pytest.mark.parametrize(
    "address", ["/-/databases", "/-/databases.json", "/-/versions.json", "/archive.json", "/about"]
)
def test_no_page_names_the_folder_of_the_archive(site, path, address):
    assert str(path.parent) not in get(site, address).text


def test_heads_have_no_rows(site):
    answer = asyncio.run(site.client.request("HEAD", "/thread/3.csv"))
    assert answer.status_code == 200
    assert answer.text == ""
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_errors_are_pages_and_json(site):
    assert "Not found" in get(site, "/archive/nothing").text
    answer = get(site, "/archive/nothing.json")
    assert answer.json() == {
        "ok": False,
        "error": errors.DATASETTES_OWN["Table not found"],
        "status": 404,
        "title": None,
    }
    assert get(site, "/archive/comments?_sort=nothing").status_code == 400, "who asks is wrong, not the site"


def test_a_file_that_cannot_be_finished_is_broken_off(path, monkeypatch):
    """A step that takes too long after the first: the connection ends before its last chunk."""
    site = application(path)
    steps = iter(range(10))

    def in_time(datasette, connection, work, limit_ms=None):
        if next(steps) == 1:
            raise row_streams.TookTooLong
        return work()

    monkeypatch.setattr(row_streams, "in_time", in_time)
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        await asyncio.Event().wait()

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "headers": [(b"host", b"x")]}
    scope |= {"path": "/thread/3.csv", "raw_path": b"/thread/3.csv", "query_string": b"", "client": ("y", 1)}
    asyncio.run(site.app()(scope, receive, send))
    assert sent[0]["status"] == 200
    assert sent[-1]["more_body"], "it ends, and not as if it were whole"


def test_whole_files_over_a_socket(path):
    with served("--db", path) as running:
        address = running.address
        with urllib.request.urlopen(f"{address}/thread/3.csv") as whole:
            assert whole.read().count(b"\r\n") >= MANY
        connection = http.client.HTTPConnection(address.partition("//")[2])
        connection.request("HEAD", "/thread/3.json")
        assert connection.getresponse().read() == b""
        connection.close()


def test_rows_as_csv_and_json():
    batches = [[{"a": 1, "b": ["x", "é"]}], [], [{"a": None, "b": b"\x00\xff"}]]
    table = Rows(["a", "b"], batches, {"about": "ü"}, "things", limited=True)
    assert "".join(write_csv(table)) == 'a,b\r\n1,"[""x"", ""é""]"\r\n,00ff\r\n'
    whole = json.loads("".join(write_json(table)))
    assert whole == {
        "about": "ü",
        "limited": True,
        "things": [{"a": 1, "b": ["x", "é"]}, {"a": None, "b": "00ff"}],
        "count": 2,
    }


@pytest.mark.parametrize("name", ["frontier", "settings", "suppressions", "withheld", "reviews"])
def test_private_tables_are_no_files(site, name):
    for address in (
        f"/archive/{name}.csv",
        f"/archive/{name}.json?_stream=on",
        f"/archive.csv?sql=select+*+from+{name}" if name != "reviews" else f"/archive/{name}.csv?_size=1",
        f"/archive/comments.csv?_where=id+in+(select+1+from+{name})" if name != "reviews" else f"/archive/{name}.json",
    ):
        answer = get(site, address)
        assert answer.status_code == 403, address
        assert "text/csv" not in answer.headers["content-type"]
