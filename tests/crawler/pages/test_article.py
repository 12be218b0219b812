"""The article of a page: its own address, title and byline, without the comments."""

import pytest

from crawler.pages.article import read_article
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


def test_comments_are_no_part_of_the_text():
    paragraphs = "<p>The ferry closes in May, after ninety years of service, the council said on Tuesday.</p>" * 3
    body = f'<article><h1>Ferry</h1>{paragraphs}</article><div id="comments"><p>I shall miss the old boat.</p></div>'
    assert "old boat" not in article(body=body, cut=("comments",)).body
    assert "ninety years" in article(body=body, cut=("comments",)).body
