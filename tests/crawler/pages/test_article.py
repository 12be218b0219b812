"""The article of a page: its own address, title and byline, without the comments."""

import pytest

from archive.thread import Article, Comment
from crawler.pages.article import read_article
from crawler.pages.article_text import without_comments
from crawler.pages.page import Page


def article(head="", body="", url="https://courier.example/ferry?p=7", cut=()):
    page = Page(url, f"<html><head>{head}</head><body>{body}</body></html>".encode(), {"content-type": "text/html"})
    return read_article(page, tuple(e for e in page.html.iter() if e.get("id") in cut))


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ('<link rel="canonical" href="/ferry">', "https://courier.example/ferry"),
        ('<link rel="canonical" href="https://elsewhere.example/ferry">', "https://courier.example/ferry?p=7"),
        ('<link rel="canonical" href="/">', "https://courier.example/ferry?p=7"),
        ('<meta property="og:url" content="https://courier.example/ferry/amp">', "https://courier.example/ferry"),
    ],
    ids=["stated", "another site", "front page", "variant"],
)
def test_the_address_is_stated_or_its_own(head, url):
    assert article(head).url == url


def test_metadata():
    read = article(
        '<title>Ferry to close | Courier</title><meta property="og:site_name" content="Courier">'
        '<meta name="author" content="By Ann Orr"><meta property="article:published_time" content="2024-05-07T10:00Z">'
    )
    assert (read.title, read.outlet_name, read.byline) == ("Ferry to close", "Courier", "Ann Orr")
    assert read.published.at == "2024-05-07T10:00:00Z"


def test_the_day_that_lines_print_is_no_month_beside_it():
    read = article(body='<p class="date">March 2024</p><p class="date">7 May 2024</p>')
    assert (read.published.at, read.published.precision) == ("2024-05-07T00:00:00Z", "day")


def test_comments_are_no_part_of_the_text():
    paragraphs = "<p>The ferry closes in May, after ninety years of service, the council said on Tuesday.</p>" * 3
    body = f'<article><h1>Ferry</h1>{paragraphs}</article><div id="comments"><p>I shall miss the old boat.</p></div>'
    assert "old boat" not in article(body=body, cut=("comments",)).body
    assert "ninety years" in article(body=body, cut=("comments",)).body


def test_paragraphs_are_apart_and_the_headline_is_not_the_first_of_them():
    text = "The masons from two towns had cut new stone for the lower courses of the wall."
    paragraphs = "".join(f"<p>{number}. {text}</p>" for number in range(4))
    page = Page(
        "https://courier.example/2026/03/wall",
        f"<html><head><title>Wall is mended</title></head><body><article><h1>Wall is mended</h1>{paragraphs}"
        "</article></body></html>".encode(),
    )
    assert read_article(page, ()).body.split("\n\n") == [f"{number}. {text}" for number in range(4)]


@pytest.mark.parametrize(
    "section",
    [
        '<section class="reader-comments"><p rel="x"><a rel="author">Tom Ashe</a></p></section>',
        '<div itemscope itemtype="http://schema.org/comment"><span itemprop="author">Tom Ashe</span></div>',
        '<ul><li itemprop="comment"><span itemprop="author"><span itemprop="name">Tom Ashe</span></span></li></ul>',
    ],
)
def test_no_reader_is_in_the_byline(section):
    author = '<span itemprop="author" itemscope><span itemprop="name">Karla Brandt</span></span>'
    for own, byline in ((author, "Karla Brandt"), ("", None)):
        body = f"<html><body class='single comments-open'><main>{own}<p>Text.</p></main>{section}</body></html>"
        assert read_article(Page("https://courier.example/2026/03/wall", body.encode()), ()).byline == byline


@pytest.mark.parametrize(
    ("line", "byline"),
    [
        ('<p class="byline">By Abby Byrne</p>', "Abby Byrne"),
        ('<div class="article-meta author">Von Karla Brandt und Jon Reed | 2. März 2026</div>', "Karla Brandt und Jon Reed"),
        ('<p class="byline">Wednesday</p>', None),
        ('<p class="author">By the time that the ferry had left, nobody on the old quay could remember who had the key.</p>', None),
        ('<div class="comment"><span class="author">By Tom Ashe</span></div>', None),
        ('<aside><p class="byline">By Tom Ashe</p></aside>', None),
        ('<p class="outline">By Tom Ashe</p>', None),
    ],
)  # fmt: skip
def test_a_printed_byline_counts_where_nothing_states_one(line, byline):
    assert article(body=f"<h1>Ferry</h1>{line}<p>Text.</p>").byline == byline


def test_comments_that_were_read_leave_the_article():
    article = Article(
        "Wall", "The wall stands.\n\nAnna\n\nGood work.\n\nIndeed.\n\nTom, 2 March\n\nIn frost.\n\nThe end."
    )
    comments = [Comment("Good work.\n\nIndeed."), Comment("In frost."), Comment("The wall stands. So what?")]
    assert without_comments(article, comments).body == "The wall stands.\n\nAnna\n\nThe end."
    assert without_comments(article, [Comment("Nothing of it.")]) is article


PRINTED = '<h1>Ferry</h1><div class="date">Thursday, October 28th, 2010 at 3:32 pm | 16 responses</div>'
RELATED = '<li><span class="date">May 4, 2011</span></li><div id="comments"><p class="date">May 5, 2011</p></div>'


@pytest.mark.parametrize(
    ("body", "url", "at"),
    [
        (PRINTED + RELATED, "https://courier.example/ferry", "2010-10-28T15:32:00Z"),
        (PRINTED + '<p class="date">May 6, 2011</p>', "https://courier.example/ferry", None),
        ('<p class="date">Open daily from 9 to 5</p>', "https://courier.example/ferry", None),
        ("", "https://courier.example/2010/10/28/ferry/", "2010-10-28T00:00:00Z"),
        ("", "https://courier.example/2010/13/28/ferry/", None),
        ("", "https://courier.example/2010/10/ferry/", None),
    ],
    ids=["printed", "two of them", "no date", "address", "no month", "month alone"],
)
def test_a_day_that_only_the_page_or_its_address_shows(body, url, at):
    published = article(body=body, url=url).published
    assert (published and published.at) == at


def test_a_stub_is_its_paragraphs_and_not_the_offer_below():
    text = (
        "The ferry leaves at twenty to six, says the harbour office. The council had asked for a later boat in spring."
    )
    offer = '<div class="paywall"><h3>Subscribe to read on</h3><p>The Courier for one crown a week.</p><a>Subscribe</a></div>'
    stub = article(body=f"<main><article><h1>Ferry to run later</h1><p>{text}</p>{offer}</article></main>")
    assert stub.body == text
