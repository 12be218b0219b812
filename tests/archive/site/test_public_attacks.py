"""Nothing leaks from a public site and nothing breaks it: every page that a link leads to, and addresses of ill will."""

import html
import json
import re
from collections import Counter
from itertools import product
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.site.app import public_application
from tests import public_fixture
from tests.archive_fixture import MAIL, NUMBER, PHONE
from tests.public_fixture import PLANTED, URL, ask

MOST_PAGES = 3000
OF_A_KIND = 2  # pages that differ in a number, or in the value of a parameter, that are looked at
PRIVATE = [
    *PLANTED.values(),
    MAIL,
    NUMBER,
    PHONE,
    "ledger_key",
    "pseudonym_key",
    "not listed",
    "unlisted secret",
    "/tmp/",
]
ENDPOINTS = [
    "/archive.json",
    "/archive/comments.json?_shape=array",
    "/archive/comments.csv?_stream=on",
    "/archive/reviews.json",
    "/archive/reviews.csv",
    "/archive/flag_list.csv",
    "/archive/release.json",
    "/archive/facets.json",
    "/archive/runs.json",
    "/archive/totals.csv",
    "/archive/frontier",
    "/archive/frontier.json",
    "/archive/settings.csv",
    "/archive/withheld.json?_shape=objects",
    "/archive/suppressions",
    "/archive?sql=select+*+from+withheld",
    "/archive.json?sql=select+*+from+settings",
    "/archive.csv?sql=select+*+from+settings",
    "/search?q=planted",
    "/search?q=reviewer",
    "/search?q=noon",
    "/search.json?q=planted",
    "/-/databases.json",
    "/-/metadata.json",
    "/-/settings.json",
    "/-/plugins.json",
    "/-/versions.json",
    "/-/threads.json",
    "/-/static/../../../../etc/passwd",
    "/-/static/%2e%2e/%2e%2e/etc/passwd",
    "/-/static-plugins/belowtheline/../pages.py",
    "/archive.db",
    "/favicon.ico",
    "/dumps/manifest.json",
    "/dumps/SHA256SUMS",
    "/dumps/codebook.md",
]
SQL = ["'", "' or 1=1 --", '"; drop table comments; --', "1) union select value from settings --", "0/0", "`", "[", "]"]
SCRIPT = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "{{7*7}}", "{% raw %}"]
ODD = ["\x00", "%00", "..", "../../etc/passwd", "\r\nSet-Cookie: a=b", "\u2028", "\ud7ff", "\U0010ffff", "a" * 499]
ODD += ["-1", "1e9", "9" * 17, "٣", "²", "NaN", "null", "true", "[]", "[[1]]", '{"a":1}', "*", '"', "NEAR(", "body:x"]
FIELDS = ["id", "state", "thread_id", "_sort", "_sort_desc", "_next", "_size", "_col", "_shape", "_search", "_label"]
FIELDS += [
    "id__in",
    "id__gt",
    "id__contains",
    "author__exact",
    "_where",
    "_facet",
    "_json",
    "_nl",
    "codes__arraycontains",
]
PAGES = [
    "/archive/comments",
    "/archive/comments.json",
    "/archive/flags",
    "/archive/thread_list.json",
    "/archive/comments.csv",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return public_application(public_fixture.publish(tmp_path_factory.mktemp("public"), more=12_000))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return public_application(public_fixture.publish(tmp_path_factory.mktemp("small")))


def harmless(reply, address):
    assert reply.status < 500, (address, reply.text)
    for text in PRIVATE:
        assert text.encode() not in reply.body, (address, text)
        assert text not in str(reply.pairs), (address, text)
    for name, value in reply.pairs:
        assert "\n" not in value, (address, name)
        assert "\r" not in value, (address, name)
    if "location" in reply.headers:
        assert re.match(r"/(?![/\\])", reply.headers["location"]), (address, reply.headers["location"])
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert len([name for name, _ in reply.pairs if name == "content-security-policy"]) == 1
    assert "traceback" not in reply.text.lower()
    if reply.headers.get("content-type", "").startswith("text/html"):
        assert "<script>alert" not in reply.text, address
        assert "<img src=x" not in reply.text, address


def links(reply, address):
    found = []
    if reply.headers.get("content-type", "").startswith("text/html"):
        found = [html.unescape(one) for one in re.findall(r'(?:href|src|action)="([^"]*)"', reply.text)]
    elif "json" in reply.headers.get("content-type", "") and isinstance(json.loads(reply.body), dict):
        found = [json.loads(reply.body).get("next_url") or ""]
    elif "xml" in reply.headers.get("content-type", ""):
        found = [html.unescape(one) for one in re.findall(r'(?:href="|<loc>)([^"<]*)', reply.text)]
    if reply.status in (301, 302):
        found.append(reply.headers["location"])
    for one in found:
        whole = urlsplit(urljoin(f"{URL}{address}", one))
        if f"{whole.scheme}://{whole.netloc}" == URL:
            yield (whole.path or "/") + (f"?{whole.query}" if whole.query else "")


def kind_of(address):
    """What an address asks for, whatever the numbers and values.

    On pages the columns to sort by are kinds of their own; the statement is the same for JSON.
    """
    path, _, query = address.partition("?")
    value = r"^(.*?=).*" if path.endswith(".json") else r"^((?!_sort).*?=).*"
    return re.sub(r"\d+", "N", path), *sorted(re.sub(value, r"\1", part) for part in query.split("&"))


def test_every_page_that_a_link_leads_to(small):
    """From the first page to the last, by whatever is asked with one parameter of a table and two of a page.

    Of pages that differ in a number or a value only, some are looked at.
    """
    todo, seen, kinds, visits = ["/", *ENDPOINTS], set(), set(), Counter()
    while todo and len(seen) < MOST_PAGES:
        address = todo.pop()
        if address in seen or address.count("&") > (not address.startswith("/archive")):
            continue
        kind = kind_of(address)
        if visits[kind] == OF_A_KIND:
            continue
        seen.add(address)
        visits[kind] += 1
        reply = ask(small, address)
        harmless(reply, address)
        assert reply.status < 400 or address in ENDPOINTS, (address, reply.status, reply.text)
        kinds.add(re.sub(r"\d+", "N", address.partition("?")[0]))
        if reply.status < 400:
            todo += links(reply, address)
    assert not todo, f"{len(seen)} pages and more"
    assert len(visits) > 300
    assert {"/thread/N", "/comment/N", "/archive/comments/N", "/search", "/dumps", "/archive/flag_list.json"} <= kinds


@pytest.mark.parametrize("page", PAGES)
def test_questions_of_ill_will(small, page):
    from urllib.parse import quote

    number = PAGES.index(page)
    for at, (field, value) in enumerate(product(FIELDS, (*SQL, *SCRIPT, *ODD))):
        # Each field with each value, on two of the five pages; each page with each field and each value.
        if (at - number) % len(PAGES) in (0, 2):
            text = quote(value.encode("utf-8", "surrogatepass"))
            reply = ask(small, f"{page}?{field}={text}")
            harmless(reply, (page, field, value))
            if field.startswith(("_where", "_facet")):
                assert reply.status in (400, 403)


@pytest.mark.parametrize(
    "page", ["/search?q=", "/thread/1?view=", "/thread/1?at=", "/thread/1?page=", "/removals?month=", "/search?page="]
)
def test_own_pages_asked_in_ill_will(small, page):
    from urllib.parse import quote

    for value in (*SQL, *SCRIPT, *ODD):
        reply = ask(small, page + quote(value.encode("utf-8", "surrogatepass")))
        harmless(reply, (page, value))


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example/",
        "/\\evil.example/",
        "/%5cevil.example/",
        "/%2f%2fevil.example/",
        "/a//b",
        "/thread/1/..//x",
        "http://evil.example/",
        "https://evil.example/archive",
        "*",
        "thread/1",
        "/%00",
        "/thread/1%0d%0aSet-Cookie:%20a=b",
        "/thread/1\r\nX: y",
        "/thread/\u2215etc",
        "/%e2%88%95etc",
        "/..%c0%af..%c0%afetc/passwd",
        "/thread/%31",
        "/<script>",
        '/"x',
        "/a b",
        "/thread/1#x",
        "/x?\x00",
        "/x?\u2028",
    ],
)
def test_addresses_that_are_none(site, address):
    reply = ask(site, address.encode())
    assert reply.status == 400, reply.status
    harmless(reply, address)
    assert "location" not in reply.headers


def test_long_addresses(site):
    for address in (
        "/x?" + "&" * 60,
        "/" + "a" * 9999,
        "/search?q=" + "a" * 9999,
        "/archive/" + "c" * 9000,
        "/thread/" + "1" * 900,
    ):
        harmless(ask(site, address), address)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60).map(lambda tail: b"/" + tail), st.sampled_from(["GET", "HEAD", "POST", "get", "\x00"]))
@example(b"/archive/~", "GET")
@example(b"/archive/comments/~", "GET")
@example(b"/archive/comments/~ff", "GET")
@example(b"/archive/flag_codes/~00", "GET")
@example(b"/~00", "GET")
@example(b"/-/static/", "GET")
@example(b"/-/static/~00", "GET")
@example(b"/-/static", "GET")
@example(b"/-/", "GET")
@example(b"/dumps/", "GET")
@example(b"/favicon.ico/", "GET")
def test_any_address_is_answered(site, raw, method):
    harmless(ask(site, raw, method), raw)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(FIELDS) | st.text(max_size=8), st.text(max_size=20)), max_size=5),
    st.sampled_from(PAGES),
)
def test_any_question_is_answered(site, pairs, page):
    from urllib.parse import urlencode

    address = f"{page}?{urlencode(pairs, errors='replace')}"
    harmless(ask(site, address), address)
