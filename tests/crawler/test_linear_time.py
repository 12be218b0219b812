"""The work of reading a page grows with its size and no faster, whatever it repeats or nests. Counted in calls."""

import json

import pytest
from trafilatura import htmlprocessing

from archive.thread import Article, Comment
from crawler.pages.article import read_article
from crawler.pages.article_text import without_comments
from crawler.pages.discovery import find_leads
from crawler.pages.page import BadPage, FetchFailed, Page
from crawler.platforms import driver
from tests.call_count import count_calls
from tests.servers.services import Services

WORDS = "The ferry was painted on Tuesday while the gulls looked on from the harbour wall "
COMMENTS = (
    '<div class="comments"><div class="comment"><b class="author">Anna</b> <i class="date">2 March 2026</i>{}</div>'
    '<div class="comment"><b class="author">Finn</b> <i class="date">3 March 2026</i><p>It was on Friday.</p></div></div>'
)
DEEP = "<div>" * 200 + "{}" + "</div>" * 200
NESTED = {  # a piece and its end, and what stands around
    "paragraphs": (f"<p>{WORDS}</p>", "", "{}"),
    "authors in a deep place": ('<a rel="author" href="/anna">Anna</a>', "", DEEP),
    "lists": (f"<ul><li>{WORDS}", "</li></ul>", "{}"),
    "authors": ('<span itemprop="author">Anna', "</span>", "{}"),
    "headings": ("<h1>Ferry<div>", "</div></h1>", "{}"),
    "quotes in a comment": (f"<blockquote>{WORDS}", "</blockquote>", COMMENTS),
    "times in a comment": ("<time>soon</time> or later ", "", COMMENTS.replace("{}", "<p>{}</p>")),
    "dates in a comment": ('<span class="comment-meta">soon ', "</span>", COMMENTS),
    "anchors": (f'<a name="comment-1"></a><b>Anna</b> 2 March 2026<p>{WORDS}</p>', "", "{}"),
    "microdata": (
        '<div itemprop="comment" itemscope itemtype="https://schema.org/Comment"><p itemprop="text">Is it late?</p>',
        "</div>",
        "{}",
    ),
}  # fmt: skip


def _page(body: str) -> Page:
    return Page("https://courier.example/2026/03/ferry", f"<html><body>{body}</body></html>".encode())


def _read(page: Page):
    def fetch(request):
        raise FetchFailed(request.url, "no network", 404)

    return driver.run(driver.visit(page), fetch)


def _nest(kind: str, count: int) -> Page:
    start, end, around = NESTED[kind]
    pieces = "".join(start.replace("comment-1", f"comment-{number}") for number in range(count))
    return _page(around.replace("{}", pieces + end * count))


@pytest.mark.parametrize("kind", NESTED)
def test_twice_the_page_is_twice_the_work(kind):
    _read(_nest(kind, 10))  # loads what is loaded once
    once, twice = (count_calls(_read, _nest(kind, count)) for count in (400, 800))
    assert twice < 2.6 * once


def test_an_address_is_looked_for_once_in_each_piece_of_a_name():
    stated = "anna@" * 200_000
    page = _page(f'<a rel="author">{stated}</a><p>{WORDS}</p>')
    assert read_article(page, ()).byline is None


@pytest.mark.parametrize(("count", "is_given"), [(20, True), (700, False)])
def test_trafilatura_is_given_no_page_that_it_would_count_again_and_again(monkeypatch, count, is_given):
    calls = []
    test = htmlprocessing.link_density_test
    monkeypatch.setattr(htmlprocessing, "link_density_test", lambda *args: calls.append(1) or test(*args))
    links = f'<a href="/anna">Anna</a><p>{WORDS}</p>' * count
    article = read_article(_page(DEEP.replace("{}", links)), ())
    assert bool(calls) == is_given
    assert article.body.count("gulls") >= 1


def test_comments_are_taken_out_of_a_text_in_one_pass():
    def part(count):
        paragraphs = [f"Paragraph {number}" for number in range(count)]
        comments = [Comment(paragraph) for paragraph in paragraphs[1:]]
        return without_comments(Article("Ferry", "\n\n".join(paragraphs)), comments)

    assert part(4).body == "Paragraph 0"
    once, twice = (count_calls(part, count) for count in (500, 1000))
    assert twice < 2.2 * once


def _welt(count: int) -> list[dict]:
    """Comments that all state more replies than they have."""
    return [
        {"id": number, "content": "Remark.", "created": "2026-03-14T06:00:00Z", "childCount": 9}
        for number in range(count)
    ]


def _viafoura(count: int) -> list[dict]:
    """A chain of replies, each to the one before."""
    return [
        {"content_uuid": f"c{number}", "content": "Remark.", "parent_uuid": f"c{number - 1}" if number else "box"}
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("name", "comments", "wrap", "count"),
    [
        ("welt", _welt, lambda items: {"comments": items}, 200),
        ("viafoura", _viafoura, lambda items: {"content_container_uuid": "box", "uuid": "s", "contents": items}, 800),
    ],
)
def test_twice_the_comments_of_a_service_are_twice_the_work(name, comments, wrap, count):
    def read(count):
        answers = {True: json.dumps(wrap(comments(count))).encode(), False: json.dumps(wrap([])).encode()}

        def fetch(request):
            is_first = "parent-id" not in request.url and "created-cursor" not in request.url
            return Page(request.url, answers[is_first])

        (thread,) = driver.run(driver.visit(Services("https://services.example").page(name), most_pages=900), fetch)
        assert len(thread.comments) == count

    read(10)
    once, twice = (count_calls(read, count) for count in (count, 2 * count))
    assert twice < 2.6 * once


FEED = '<?xml version="1.0"?><rss><channel><title>Ferry</title><item>{}</item></channel></rss>'
NUMBERED = {  # of what there may be a few, and of what there may not be many
    "tags": ("<b>At nine.</b>", 200_000, "feed of 400,"),
    "references": ("&amp;", 3_000_000, "feed of 300,"),
    "attributes": ('<category{} a="ferry"/>', 2_000, "feed with more than 1,000 attributes of an element"),
    "bases": ('<entry xml:base="a/">', 2_000, "feed with an xml:base of more than 300 characters"),
    "prefixes": ('<x{0}:b xmlns:x{0}="urn:{0}"/>', 200, "feed with more than 100 prefixes of namespaces"),
}


def _feed(kind: str, count: int) -> Page:
    piece = NUMBERED[kind][0]
    if kind == "attributes":
        inner = piece.replace("{}", "".join(f' a{number}="1 > 0"' for number in range(count)))
    else:
        inner = "".join(piece.format(number) for number in range(count))
    return Page("https://courier.example/feed", FEED.replace("{}", inner).encode())


@pytest.mark.parametrize("kind", NUMBERED)
def test_a_feed_that_would_take_long_is_refused_with_the_reason(kind):
    _, most, reason = NUMBERED[kind]
    assert list(find_leads(_feed(kind, 20), "feed")) == []
    with pytest.raises(BadPage, match=reason):
        list(find_leads(_feed(kind, most), "feed"))


@pytest.mark.parametrize("count", [1, 10_000])
def test_a_page_with_endless_names_of_classes_is_refused_with_the_reason(count):
    length = (4 << 20) // count
    names = (f"{number} ".ljust(length, "-") for number in range(count))
    page = _page("".join(f'<div class="{name}">At nine.</div>' for name in names))
    with pytest.raises(BadPage, match="characters of class names; at most 3,145,728 are read"):
        _read(page)


def test_a_page_may_repeat_a_name_of_a_class():
    page = _page(f'<p class="{"ferry " * 100}">{WORDS}</p>' * 8_000)
    assert len(page.text) > 4 << 20
    assert "gulls" in read_article(page, ()).body
