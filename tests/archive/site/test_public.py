"""The public site over a public copy: what it answers, what it does not, and what an answer says of itself."""

import csv
import gzip
import io
import json
import re
import sqlite3
from contextlib import closing

import pytest

from archive.publish import manifest
from archive.site.app import public_application
from archive.site.caching import Answer, Kept
from archive.site.guarded import Guarded
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
    return public_application(link, rate=0)


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
        "/.json",
        "/_internal",
        "/_internal/databases",
        "/_memory",
        "/:memory:",
        "/~61rchive/comments",
        "/~61rchive",
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
        "/archive/comments.jsono",
        "/archive/comments.blob",
        "/archive/comments/1.blob",
        "/archive/comments/1,2",
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
    assert reply.status == 404, reply.text
    assert "sqlite" not in reply.text.lower()


@pytest.mark.parametrize(
    "address",
    [
        "/archive/comments?_where=1=1",
        "/archive/comments?_trace=1",
        "/archive/comments?_facet=state",
        "/archive/comments?_facet_array=codes",
        "/archive/comments?_facet_size=max",
        "/archive/comments?_timelimit=abc",
        "/archive/comments?_through=%7B%7D",
        "/archive/comments?_fts_table=x",
        "/archive/comments?_search_body=x",
        "/archive/comments?_search__x=x",
        "/archive/comments?_size=1001",
        "/archive/comments?_size=-1",
        "/archive/comments?_size=x",
        "/archive/comments?_sort=body",
        "/archive/comments?_sort=nothing",
        "/archive/comments?_sort=id&_sort_desc=id",
        "/archive/comments?_next=1,2,3",
        "/archive/comments?_next=%27",
        "/archive/comments?body__contains=x",
        "/archive/comments?body__like=x",
        "/archive/comments?outlet__glob=*",
        "/archive/comments?likes=3",
        "/archive/comments?nothing=3",
        "/archive/comments?state__not=visible",
        "/archive/comments?id__gt=" + "9" * 30,
        "/archive/comments?id__gt=%C2%B2",
        "/archive/comments?id__in=" + ",".join(map(str, range(101))),
        "/archive/comments?id__in=[1",
        "/archive/comments?codes__arraycontains=x&state=visible",
        "/archive/comments.json?_shape=odd",
        "/archive/comments?_col=nothing",
        "/archive/commenter_across_outlets?sql=select+1",
        "/archive/commenter_across_outlets?_timelimit=x",
        "/archive/comments?" + "&".join(f"id={n}" for n in range(45)),
        "/archive/comments?author=" + "a" * 501,
    ],
)
def test_questions_that_no_index_answers_are_refused(site, address):
    reply = ask(site, address)
    assert reply.status == 400, reply.text
    assert "sql" not in reply.text.lower()
    as_json = ask(site, address.replace("/comments?", "/comments.json?"))
    assert as_json.status == 400


def test_sql_is_off(site):
    reply = ask(site, "/archive?sql=select+1234567")
    assert "1234567" not in reply.text
    assert "<textarea" not in reply.text
    assert "1234567" not in ask(site, "/archive.json?sql=select+1234567").text
    assert ask(site, "/archive/commenter_across_outlets?name=Mrs.+P.").status == 200


def test_a_refusal_says_where_to_go(site):
    text = ask(site, "/archive/comments?body__contains=x").text
    assert 'href="/search"' in text
    assert 'href="/dumps"' in text
    assert "outlet" in text


@pytest.mark.parametrize(
    ("address", "status", "location"),
    [
        ("/archive/comment_list?thread_id=1&_sort=id", 301, "/archive/comments?thread_id=1&_sort=id"),
        ("/archive/comment_list", 301, "/archive/comments"),
        ("/archive/comment_list.json?id=1", 301, "/archive/comments.json?id=1"),
        ("/archive/comments?_search=night+boat", 302, "/search?q=night+boat"),
        ("/archive/comments?codes__arraycontains=content.insult", 302, "/search?flag=content.insult"),
        ("/thread/1/", 302, "/thread/1"),
    ],
)
def test_other_addresses(site, address, status, location):
    reply = ask(site, address)
    assert (reply.status, reply.headers["location"]) == (status, location)


def test_the_form_of_a_table_leads_to_what_it_means(site):
    asked = "_filter_column=thread_id&_filter_op=exact&_filter_value=1&_search=&_sort=id"
    reply = ask(site, f"/archive/comments?{asked}")
    assert reply.status == 302
    assert "thread_id__exact=1" in reply.headers["location"]
    assert ask(site, reply.headers["location"]).status == 200
    assert ask(site, "/archive/comments?_search=&thread_id=1").status == 200


def test_counts_stop(site, rows):
    assert "more than 10,000 rows" in ask(site, VISIBLE).text
    few = rows("select count(*) from comments where thread_id = 1")[0][0]
    assert f"{few} rows" in ask(site, "/archive/comments?thread_id=1").text
    everything = rows("select count(*) from comments")[0][0]
    assert f"{everything:,} rows" in ask(site, "/archive/comments").text
    whole = json.loads(ask(site, "/archive/comments.json").text)
    assert whole["filtered_table_rows_count"] == everything
    part = json.loads(ask(site, "/archive/comments.json?state=visible").text)
    assert part["filtered_table_rows_count"] is None
    assert "more than 10,000" in ask(site, "/archive/threads/5").text


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "_sort_desc=posted_at",
        "_sort=posted_at",
        "thread_id=5",
        "_sort=id&state=visible",
        "_sort_desc=commenter_id",
        "_sort=commenter_id",
        "_sort_desc=state",
        "_sort_desc=posted_at&thread_id=5",
        "_sort_desc=commenter_id&_col=body",
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
    "asked",
    [
        "",
        "_sort_desc=posted_at",
        "_sort=posted_at",
        "_sort=id",
        "state=visible",
        "_sort_desc=commenter_id",
        "_sort=state",
    ],
)
def test_no_page_reads_the_rows_before_it(link, monkeypatch, asked):
    """As SQLite says of the statements that are made: along an index, from the last page's end, without sorting."""
    said = []
    execute = Guarded.execute

    async def noted(self, sql, params=None, *arguments, **options):
        if sql.startswith("select ") and " limit 21" in sql:
            said.append((sql, params))
        return await execute(self, sql, params, *arguments, **options)

    monkeypatch.setattr(Guarded, "execute", noted)
    site = public_application(link, rate=0)
    query = f"_size=20&{asked}"
    for _ in range(3):
        query = json.loads(ask(site, f"/archive/comments.json?{query}").text)["next_url"].partition("?")[2]
    assert len(said) == 3
    with closing(sqlite3.connect(link.resolve())) as db:
        for number, (sql, params) in enumerate(said):
            plan = [row[3] for row in db.execute(f"explain query plan {sql}", params)]
            assert not [step for step in plan if step.startswith("MULTI-INDEX")], plan
            assert "union all" in sql or not [step for step in plan if "TEMP B-TREE" in step], (sql, plan)
            assert not number or [step for step in plan if step.startswith("SEARCH comments")], (sql, plan)


def test_facets_are_those_that_were_counted(site):
    text = ask(site, "/archive/comments").text
    assert 'href="/archive/comments?state=visible">visible</a>' in text
    assert 'href="/search?flag=content.insult"' in text
    facets = json.loads(ask(site, "/archive/comments.json").text)["facet_results"]
    assert {name: facet["type"] for name, facet in facets.items()} == {"state": "column", "codes": "array"}
    few = json.loads(ask(site, "/archive/comments.json?thread_id=1").text)["facet_results"]
    assert few == {}  # not counted: JSON does not wait for a count
    page = ask(site, "/archive/comments?thread_id=1").text
    assert 'id="facet-state"' in page
    assert 'id="facet-state"' not in ask(site, VISIBLE).text


def test_a_table_as_csv_is_whole_or_refused(site, rows, monkeypatch):
    reply = ask(site, "/archive/comments.csv?_size=max")
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.chunks > 10
    assert len(lines(reply)) == 1 + rows("select count(*) from comments")[0][0]
    kept = {tuple(line) for line in lines(ask(site, "/archive/comments.csv?_col=body"))[1:]}
    assert kept == {(str(number), body) for number, body in rows("select id, body from comments")}
    thread = ask(site, "/archive/comments.csv?thread_id=5&_stream=on&_col=body&_dl=on")
    assert len(lines(thread)) == 1 + rows("select count(*) from comments where thread_id = 5")[0][0]
    assert thread.text.startswith("id,body\r\n")
    assert thread.headers["content-disposition"] == 'attachment; filename="comments.csv"'
    found = json.loads(ask(site, "/archive/comments.json?_stream=on").text)
    assert len(found) == rows("select count(*) from comments")[0][0]
    monkeypatch.setattr("archive.site.public.MOST_FILE_ROWS", 1000)
    assert ask(site, "/archive/comments.csv?_stream=on").status == 400
    assert ask(site, "/archive/comments.csv?state=visible&_stream=1").status == 400


@pytest.mark.parametrize("address", ["/", "/archive/comments", "/archive/comments.csv", "/dumps/comments.csv.gz"])
def test_head_says_what_get_says(site, address):
    head, got = ask(site, f"{address}?_nl=1", "HEAD"), ask(site, f"{address}?_nl=1")
    assert head.body == b""
    assert got.body
    assert head.status == got.status
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_the_site_is_only_read(site, method):
    assert ask(site, "/archive/comments", method).status == 405


def test_cache_headers(site):
    page = ask(site, f"/thread/{FERRY}")
    assert page.headers["cache-control"] == "public, max-age=300"
    assert page.headers["vary"] == "Accept-Encoding"
    mark = page.headers["etag"]
    assert mark.startswith('W/"')
    again = ask(site, f"/thread/{FERRY}", if_none_match=f'"x", {mark}')
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == mark
    assert ask(site, f"/thread/{FERRY}?view=newest", if_none_match=mark).status == 200
    assert ask(site, "/thread/999").headers["cache-control"] == "public, max-age=60"
    from archive.site.style import STYLE_PATH

    assert ask(site, STYLE_PATH).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ask(site, "/-/static/app.css").headers["cache-control"] == "public, max-age=3600"
    assert "etag" not in ask(site, "/thread/999").headers


def test_another_release_has_other_marks(tmp_path, link):
    other = public_fixture.publish(tmp_path)
    assert manifest.read(other).tag != manifest.read(link).tag


def test_answers_are_kept(site, monkeypatch):
    first = ask(site, "/removals")
    monkeypatch.setattr("archive.site.views.removals.load", None)
    assert ask(site, "/removals").body == first.body
    zipped = gzip.decompress(ask(site, f"/thread/{FERRY}?page=1", accept_encoding="gzip").body)
    assert zipped == ask(site, f"/thread/{FERRY}?page=1").body


def test_what_is_kept_is_bounded():
    kept = Kept(most=10_000)
    for number in range(100):
        kept.put((f"/{number}", b"", False), Answer([], b"x" * 1000))
    assert kept.size <= 10_000
    assert 5 < len(kept) < 10
    assert kept.get(("/99", b"", False))
    assert kept.get(("/0", b"", False)) is None
    kept.put(("/large", b"", False), Answer([], b"x" * 20_000))
    assert kept.get(("/large", b"", False)) is None


def test_compression(site):
    page = ask(site, "/archive/comments", accept_encoding="gzip, br")
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) == len(page.body)
    assert timeless(gzip.decompress(page.body).decode()) == timeless(ask(site, "/archive/comments").text)
    stream = ask(site, "/archive/comments.csv", accept_encoding="gzip")
    assert stream.chunks > 5
    assert gzip.decompress(stream.body) == ask(site, "/archive/comments.csv").body
    dump = ask(site, "/dumps/comments.csv.gz", accept_encoding="gzip")
    assert "content-encoding" not in dump.headers
    assert dump.body.startswith(b"\x1f\x8b")


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
