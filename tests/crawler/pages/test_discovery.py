"""Pages are told apart, and feeds, sitemaps and front pages give their leads."""

import gzip

import pytest

from crawler.pages.discovery import classify_page, find_leads, looks_like_article
from crawler.pages.page import Page

RSS = b'<rss version="2.0"><channel><item><link>https://courier.example/ferry</link></item></channel></rss>'
SITEMAP = b"<urlset><url><loc>https://courier.example/2024/05/ferry-to-close</loc></url></urlset>"
FRONT = (
    b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body><p>Today</p>'
    b'<a href="/2024/05/ferry-to-close">Ferry to close in May</a> <a href="/tag/ferry">Ferry, all articles</a></body></html>'
)


@pytest.mark.parametrize(
    ("body", "kind", "urls"),
    [
        (RSS, "feed", ["https://courier.example/ferry"]),
        (SITEMAP, "sitemap", ["https://courier.example/2024/05/ferry-to-close"]),
        (gzip.compress(SITEMAP, mtime=0), "sitemap", ["https://courier.example/2024/05/ferry-to-close"]),
        (
            SITEMAP.replace(b"https://courier.example", b""),
            "sitemap",
            ["https://courier.example/2024/05/ferry-to-close"],
        ),
        (
            SITEMAP.replace(b"url", b"URL").replace(b"loc", b"LOC"),
            "sitemap",
            ["https://courier.example/2024/05/ferry-to-close"],
        ),
        (FRONT, "front", ["https://courier.example/feed.xml", "https://courier.example/2024/05/ferry-to-close"]),
    ],
    ids=["feed", "sitemap", "gzipped sitemap", "relative sitemap", "sitemap in capitals", "front page"],
)
def test_kinds_and_leads(body, kind, urls):
    page = Page("https://courier.example/", body)
    assert classify_page(page) == kind
    assert [lead.url for lead in find_leads(page, kind)] == urls


def test_an_index_of_sitemaps_may_name_a_feed():
    assert [lead.url for lead in find_leads(Page("https://courier.example/a.xml", RSS), "sitemap")] == [
        "https://courier.example/ferry"
    ]


def test_an_item_whose_link_is_empty_has_a_permanent_one():
    item = b"<item><link/><guid isPermaLink='true'>https://courier.example/ferry</guid></item>"
    other = b"<item><guid isPermaLink='false'>https://courier.example/12</guid></item>"
    feed = b"<rss version='2.0'><channel>" + item + other + b"</channel></rss>"
    assert [lead.url for lead in find_leads(Page("https://courier.example/", feed), "feed")] == [
        "https://courier.example/ferry"
    ]


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://courier.example/2024/05/07/ferry-to-close", True),
        ("https://courier.example/news/article-1234567", True),
        ("https://courier.example/?p=12", True),
        ("https://courier.example/category/ferries-and-boats-of-town", False),
        ("https://courier.example/plan-of-the-new-pier.pdf", False),
        ("https://courier.example/news", False),
    ],
)
def test_addresses_of_articles(url, verdict):
    assert looks_like_article(url) is verdict
