"""Nothing from the archive acts in a browser, and nothing in an address makes the site act."""

import asyncio
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.site import security
from archive.site.app import application
from archive.site.comments import Chip, CommentView, MarkedSpan, list_comments, split_body
from archive.site.excerpts import compare_texts, cut_excerpt
from archive.site.responses import static_file
from tests import archive_fixture
from tests.archive.site.macros import render
from tests.archive_fixture import FERRY, get

OWN = [
    "/",
    "/search?q=alert",
    "/flags",
    f"/thread/{FERRY}",
    f"/thread/{FERRY}?view=changed",
    "/comment/9",
    "/thread/no",
]
DATA = [
    "/archive",
    "/archive/comments",
    "/archive/comments?_facet=state",
    "/archive/comments/9",
    "/archive?sql=select+1",
]
DATA += ["/archive/removed_comments", "/archive/comment_list", "/archive/nothing", "/-/versions"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return application(archive_fixture.fill(tmp_path_factory.mktemp("site") / "archive.db"))


class Elements(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found, self.scripts, self.inside = [], [], False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.inside = tag == "script" and "src" not in dict(attrs)
        if self.inside:
            self.scripts.append("")

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data

    def handle_endtag(self, tag):
        self.inside = False


def assert_harmless(html):
    for tag, attributes in Elements(html).found:
        assert tag not in ("script", "img", "iframe", "object", "style", "base", "i", "u", "b2"), tag
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        assert re.match(r"https?://|/|#|\Z", attributes.get("href") or ""), attributes


@pytest.mark.parametrize("address", OWN)
def test_own_pages_hold_nothing_that_acts(site, address):
    response = get(site, address)
    assert_harmless(response.text)
    assert response.headers["content-security-policy"] == security.OWN_POLICY
    assert "unsafe" not in response.headers["content-security-policy"]


@pytest.mark.parametrize("address", OWN + DATA)
def test_headers_stand_on_every_answer(site, address):
    headers = get(site, address).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(headers.get_list("content-security-policy")) == 1


@pytest.mark.parametrize("address", DATA)
def test_inline_scripts_of_data_pages_are_the_known_ones(site, address):
    response = get(site, address)
    policy = response.headers["content-security-policy"]
    for script in Elements(response.text).scripts:
        assert security.source_hash(script) in policy, script
    assert "script-src 'self' 'sha256-" in policy
    assert "'unsafe-inline'" not in re.search("script-src[^;]*", policy)[0]
    assert not any(name.startswith("on") for _, attributes in Elements(response.text).found for name in attributes)


def test_a_table_page_has_an_inline_script(site):
    """Or the test above would say nothing."""
    assert Elements(get(site, "/archive/comments").text).scripts == ["DATASETTE_ALLOW_FACET = true;"]
    assert len(Elements(get(site, "/archive?sql=select+1").text).scripts) == 1


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example/",
        "/\\evil.example/",
        "/%5Cevil.example/",
        "/%5cevil.example/",
        "/thread/%5c",
        "//",
        "/a\\b/",
        "/%2Fevil.example/",
    ],
)
def test_addresses_that_lead_elsewhere_are_refused(site, address):
    status, headers = asyncio.run(raw(site, address.encode()))
    assert status == 400
    assert b"location" not in headers
    assert headers[b"x-content-type-options"] == b"nosniff"


@pytest.mark.parametrize("address", ["/thread/1/", "/search/", "/archive/comments/", "/flags/?x=//evil.example/"])
def test_ordinary_redirects_stay_here(site, address):
    status, headers = asyncio.run(raw(site, address.encode()))
    assert status in (301, 302)
    assert re.match(rb"/[^/\\]", headers[b"location"])


async def raw(site, path):
    """An answer to exactly this path: clients tidy theirs."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    path, _, query = path.partition(b"?")
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "headers": [(b"host", b"x")]}
    scope |= {"path": path.decode(), "raw_path": path, "query_string": query, "server": ("x", 80), "client": ("y", 1)}
    await site.app()(scope, receive, send)
    return sent[0]["status"], {name.lower(): value for name, value in sent[0]["headers"]}


def test_the_style_sheet_is_small_and_kept(site):
    text, path = static_file("style.css")
    response = get(site, path)
    assert response.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in response.headers["cache-control"]
    assert len(response.content) < 16_000
    assert "@import" not in text
    assert "url(" not in text
    assert path in get(site, "/").text


def test_templates_say_nothing_is_safe():
    folder = Path(security.__file__).parent / "templates"
    for template in folder.glob("*.html"):
        text = template.read_text("utf-8")
        assert "|safe" not in text.replace(" ", "")
        assert "autoescape" not in text
        assert "style=" not in text


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://example.org/a?b=c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org/", False),
        ("https:///x", False),
        ("https://[", False),
        ("https://bank.example@evil.example/", False),
        ("https://example.org/\\x", False),
        ("java\nscript:x", False),
        ("urn:sha256:00ff", False),
        ("", False),
        (None, False),
    ],
)
def test_only_addresses_of_the_web_become_links(url, is_link):
    html = render("_text.html", "outward", url)
    assert ("<a " in html) is is_link
    assert_harmless(html)


HOSTILE = st.text() | st.lists(
    st.sampled_from(
        [
            "<script>",
            "</p>",
            "<img onerror=x>",
            '"',
            "'",
            "&",
            "\x02",
            "\x03",
            "\n\n",
            "\u202e",
            "a",
            "</details>",
            "\0",
            " ",
        ]
    )
).map("".join)


@settings(deadline=None)
@given(HOSTILE, st.lists(st.tuples(st.integers(-3, 60), st.integers(-3, 60), HOSTILE), max_size=5))
def test_bodies_are_only_text(text, places):
    spans = [MarkedSpan(start, end, says) for start, end, says in places]
    html = render("_text.html", "body", split_body(text, spans))
    assert_harmless(html)
    assert {tag for tag, _ in Elements(html).found} <= {"p", "mark"}
    assert html.count("<p") == html.count("</p>")
    assert html.count("<mark") == html.count("</mark>")
    shown = re.sub(r"<[^>]+>", "", html)
    kept = (
        shown.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", '"')
        .replace("&#39;", "'")
        .replace("&amp;", "&")
    )
    assert "".join(kept.split()) == "".join(text.split())


@settings(deadline=None)
@given(
    HOSTILE, HOSTILE, HOSTILE, st.sampled_from(["visible", "removed", "missing", "author_deleted", "withheld", "odd"])
)
def test_comments_are_only_what_they_seem(body, author, time, state):
    row = dict.fromkeys(("parent_id", "posted_at", "posted_precision", "likes", "dislikes"))
    row |= {"id": 7, "commenter_id": 3, "author": author, "posted_at_text": time, "body": body, "state": state}
    row |= {"last_seen_at": time, "revision": 0, "withheld": 0}
    views = [CommentView(row, (Chip("content.threat", body, author, blur=True),))]
    html = render("_comment.html", "comments", list_comments(views, {}), "/x")
    assert_harmless(html)
    assert html.count("<li") == html.count("</li>") == 1


@settings(deadline=None)
@given(HOSTILE, HOSTILE)
def test_differences_and_excerpts_are_only_text(before, after):
    difference = render("_text.html", "difference", compare_texts(before, after))
    excerpt = cut_excerpt(before, [(1, 3), (2, 5)])
    assert "".join(piece.text for piece in excerpt).strip("…") in before
    for html in (difference, render("_text.html", "pieces", excerpt)):
        assert_harmless(html)
        assert {tag for tag, _ in Elements(html).found} <= {"div", "p", "ins", "del", "mark"}
        assert html.count("<mark>") == html.count("</mark>")


def test_names_and_paragraphs_are_isolated(site):
    html = get(site, f"/thread/{FERRY}").text
    assert "<bdi>&lt;b&gt;bold&lt;/b&gt; \u202eevil</bdi>" in html
    for line in html.splitlines():
        if "\u202e" in line:
            assert re.search(r'(<bdi>|<p dir="auto">)[^<]*\u202e', line)


def test_a_slow_answer_is_no_crash(site):
    assert security.policy("/search") == security.OWN_POLICY
    assert security.policy("/archive/comments") == security.datasette_policy()
