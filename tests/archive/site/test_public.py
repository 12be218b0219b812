"""The public site over a public copy: what it answers, what it does not, and what an answer says of itself."""

import csv
import io
import json
import re
import sqlite3
from contextlib import closing

import pytest

from archive.publish import manifest
from archive.site import public
from archive.site.app import metadata, public_application
from archive.site.responses import static_file
from tests import public_fixture
from tests.archive_fixture import FERRY
from tests.public_fixture import URL, ask

MORE = 12_000
VISIBLE = "/archive/comments?state=visible"


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    return public_fixture.publish(tmp_path_factory.mktemp("public"), more=MORE)


@pytest.fixture(scope="module")
def site(link):
    with pytest.MonkeyPatch.context() as patch:  # a busy machine is no reason for a page to be too long
        patch.setitem(public.SETTINGS, "sql_time_limit_ms", 30_000)
        return public_application(link)


@pytest.fixture(scope="module")
def rows(link):
    with closing(sqlite3.connect(link.resolve())) as db:
        yield lambda sql: db.execute(sql).fetchall()


def lines(reply):
    return list(csv.reader(io.StringIO(reply.text)))


def timeless(page):
    return re.sub(r"Queries took [\d.]+ms", "", page)


@pytest.mark.parametrize(
    "address",
    [
        "/",
        f"/thread/{FERRY}",
        "/search?q=ferry",
        "/flags",
        "/archive",
        "/archive/comments",
        "/archive/comments/1",
        "/dumps",
    ],
)
def test_pages_are_there(site, address):
    reply = ask(site, address)
    assert reply.status == 200, reply.text
    assert reply.headers["content-security-policy"]
    assert "set-cookie" not in reply.headers
    assert "camera=()" in reply.headers["permissions-policy"]
    assert reply.headers["strict-transport-security"] == "max-age=31536000"
    assert "x-robots-tag" not in reply.headers


@pytest.mark.parametrize("address", ["/thread/1", "/archive/comments", "/archive/removed_comments"])
def test_prints_say_of_which_release_they_are(site, address):
    text = ask(site, address).text
    assert re.search(
        rf'<p class="print note">https://[a-z.]+{address}, release [0-9]+ of [0-9]+ [A-Z][a-z]+ 2026</p>', text
    )


@pytest.mark.parametrize(
    "address",
    [
        "/-/login",
        "/-/logout",
        "/-/versions",
        "/-/plugins.json",
        "/-/databases",
        "/-/metadata.json",
        "/-/threads",
        "/-/permissions",
        "/-/patterns",
        "/-/actor.json",
        "/-/messages",
        "/-/allow-debug",
        "/-/auth-token",
        "/archive.db",
        "/archive.csv",
        "/_internal",
        "/_internal/databases",
        "/_memory",
        "/Archive/comments",
        "/archive/Comments",
        "/archive/comments_fts",
        "/archive/comments_fts_data",
        "/archive/comments_fts_data/1",
        "/archive/sqlite_stat1",
        "/archive/sqlite_master",
        "/archive/_sqlite_migrations",
        "/archive/frontier",
        "/archive/withheld.json",
        "/archive/settings/1",
        "/archive/nothing",
        "/archive/comments.blob",
        "/archive/comments/1.blob",
        "/archive/comments/99999999",
        "/dumps/unlisted.txt",
        "/dumps/archive.db",
        "/dumps/inspect.json",
        "/dumps/secret.txt",
        "/dumps/x/../manifest.json",
        "/review",
    ],
)
def test_what_is_closed_is_not_there(site, address):
    reply = ask(site, address)
    assert reply.status in (400, 403, 404), reply.text
    assert "sqlite" not in reply.text.lower()


@pytest.mark.parametrize(
    "query",
    [
        "_where=1=1",
        "_facet=state",
        "_facet_array=codes",
        "_facet_size=max",
        "_timelimit=abc",
        "_through=%7B%7D",
        "_size=1001",
        "_size=-1",
        "_size=x",
        "_sort=nothing",
        "_sort=id&_sort_desc=id",
        "id__gt=" + "9" * 30,
        "_col=nothing",
    ],
)
def test_what_datasette_cannot_answer_is_no_error_of_the_site(site, query):
    for suffix in ("", ".json"):
        reply = ask(site, f"/archive/comments{suffix}?{query}")
        assert reply.status in (400, 403), reply.text
        assert "traceback" not in reply.text.lower()
        assert "select " not in reply.text.lower()


@pytest.mark.parametrize("query", ["body__contains=tide", "_sort=body", "likes=3", "_search=tide", "_next=1000"])
def test_a_table_is_asked_as_datasette_is(site, query):
    assert ask(site, f"/archive/comments?{query}").status == 200


@pytest.mark.parametrize("suffix", ["", ".json", ".csv"])
def test_what_takes_too_long_says_so(link, monkeypatch, suffix):
    monkeypatch.setitem(public.SETTINGS, "sql_time_limit_ms", 0)
    reply = ask(public_application(link), f"/archive/comments{suffix}?body__contains=x&body__not=y&_sort=body")
    assert reply.status == 503
    assert "took too long" in reply.text
    assert reply.headers["retry-after"] == "5"


def test_sql_is_off(site):
    reply = ask(site, "/archive?sql=select+1234567")
    assert "1234567" not in reply.text
    assert "<textarea" not in reply.text
    assert "1234567" not in ask(site, "/archive.json?sql=select+1234567").text
    assert ask(site, "/archive/commenter_across_outlets?name=Mrs.+P.").status == 200


def test_the_form_of_a_table_leads_to_what_it_means(site):
    asked = "_filter_column=thread_id&_filter_op=exact&_filter_value=1&_search=&_sort=id"
    reply = ask(site, f"/archive/comments?{asked}")
    assert reply.status == 302
    assert "thread_id__exact=1" in reply.headers["location"]
    assert ask(site, reply.headers["location"]).status == 200
    assert ask(site, "/archive/comments?_search=&thread_id=1").status == 200


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "_sort_desc=posted_at",
        "_sort=posted_at",
        "thread_id=5",
        "_sort=id&state=visible",
        "_sort=commenter_id",
        "_sort_desc=posted_at&thread_id=5",
    ],
)
def test_pages_follow_each_other_to_the_end(site, rows, asked):
    seen, query = [], f"_size=1000&_shape=objects&{asked}"
    while query:
        page = json.loads(ask(site, f"/archive/comments.json?{query}").text)
        seen += [row["id"] for row in page["rows"]]
        assert not page["next_url"] or page["next_url"].startswith(f"{URL}/archive/comments.json?")
        query = (page["next_url"] or "").partition("?")[2]
    where = {
        "thread_id=5": "thread_id = 5",
        "_sort_desc=posted_at&thread_id=5": "thread_id = 5",
        "_sort=id&state=visible": "state = 'visible'",
    }.get(asked, "true")
    assert len(seen) == len(set(seen))
    assert set(seen) == {row[0] for row in rows(f"select id from comments where {where}")}


@pytest.mark.parametrize(
    "address", ["/", "/archive/comments", "/archive/comments.csv", "/dumps/comments.csv.gz", "/thread/1.csv"]
)
def test_head_says_what_get_says(site, address):
    head, got = ask(site, f"{address}?_nl=1", "HEAD"), ask(site, f"{address}?_nl=1")
    assert got.body
    assert head.status == got.status
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("rows", [10, 10_000_000])
def test_facets_are_of_small_tables(link, monkeypatch, rows):
    """A facet counts all rows of a table at each page."""
    content = metadata()
    release = manifest.read(link)
    release.inspected["archive"]["tables"]["comments"]["count"] = rows
    monkeypatch.setattr(manifest, "read", lambda _: release)
    site = public.public_site(link, content)
    described = site.metadata("databases")["archive"]["tables"]["comments"]
    assert ("facets" in described) == (rows == 10)


def test_a_table_as_csv_is_a_page(site, rows):
    reply = ask(site, "/archive/comments.csv?_size=max")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert len(lines(reply)) == 1 + 1000
    assert ask(site, "/archive/comments.csv?_stream=on").status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_the_site_is_only_read(site, method):
    reply = ask(site, "/archive/comments", method)
    assert (reply.status, reply.text) == (405, "Method not allowed.\n")


def test_static_files_may_be_kept_for_ever(site):
    style = static_file("style.css")[1]
    assert ask(site, style).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "set-cookie" not in ask(site, "/archive/comments").headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "a b", "x\r\ny", "comments.example"])
def test_the_name_that_a_reader_asks_by_is_never_said(site, host):
    for address in (
        "/",
        "/archive",
        "/archive/comments?_size=1",
        "/archive/comments.json?_size=1",
        "/archive/comments/1",
    ):
        reply = ask(site, address, host=host, x_forwarded_host="evil.example", forwarded="host=evil.example")
        assert "evil" not in reply.text
        assert "evil" not in str(reply.headers)
        if "link" in reply.headers:
            assert reply.headers["link"].lstrip("<").startswith(f"{URL}/")


def test_who_asks_changes_nothing(site):
    plain = ask(site, "/flags")
    asked = ask(site, "/flags", cookie="ds_actor=x; ds_messages=y", authorization="Basic eDp5", referer="http://x/")
    assert asked.body == plain.body
    assert asked.headers == plain.headers


@pytest.mark.parametrize("name", ["http", "websocket"])
def test_other_protocols(site, name):
    import asyncio

    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "websocket.connect"}

    if name == "websocket":
        asyncio.run(site({"type": "websocket", "path": "/", "headers": []}, receive, send))
        assert sent == [{"type": "websocket.close", "code": 1000}]
