"""XML as feeds and sitemaps have it: each fault in one place, and all entries read."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from crawler.pages.discovery import classify_page, find_leads
from crawler.pages.page import Page
from crawler.pages.xml_text import mend_xml, root_start

SITE = "https://courier.example"
PAGES = [f"{SITE}/2026/03/{name}.html" for name in ("the-ferry-leaves-later", "bread-is-cheaper-now")]
SITEMAP = '<?xml version="1.0" encoding="UTF-8"?>\n{0}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{1}</urlset>'
RSS = '<?xml version="1.0"?>{0}<rss version="2.0"><channel><title>Courier</title>{1}</channel></rss>'
COMMENT = "<!-- " + "made by the harbour's own generator " * 300 + " -->"


def leads(body: bytes, media_type: str = "application/xml", url: str = f"{SITE}/list") -> list[str]:
    page = Page(url, body, {"content-type": media_type})
    kind = classify_page(page)
    assert kind in ("feed", "sitemap")
    return [lead.url for lead in find_leads(page, kind)]


def sitemap(extra: str = "", before: str = "") -> str:
    return SITEMAP.format(before, "".join(f"<url><loc>{url}</loc>{extra}</url>" for url in PAGES))


def rss(extra: str = "", before: str = "") -> str:
    return RSS.format(before, "".join(f"<item><title>x {extra}</title><link>{url}</link></item>" for url in PAGES))


@pytest.mark.parametrize(
    "extra",
    [
        '<image:image xmlns:image="i"><image:loc>https://courier.example/a.jpg</image:loc></image:image>',
        '<video:video xmlns:video="v"><video:content_loc>https://courier.example/v</video:content_loc></video:video>',
        "<x>&nbsp; &harbour; &#1114112; &#x0; &#xD800; a & b \x0b</x>",
        "<x>&#99999999999;</x>",
    ],
)
def test_sitemaps_with_pictures_and_faults(extra: str) -> None:
    assert leads(sitemap(extra).encode()) == PAGES


@pytest.mark.parametrize("extra", ["&nbsp;", "&harbour;", "&#1114112;", "&#x0;", "a & b", "\x08", "&amp;&lt;"])
def test_feeds_with_faults(extra: str) -> None:
    assert leads(rss(extra).encode()) == PAGES


@pytest.mark.parametrize("text", [sitemap(before=COMMENT), rss(before=COMMENT)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_first_element_counts_behind_comments(text: str, encoding: str, pack) -> None:
    text = text.replace("UTF-8", encoding.removesuffix("-sig"))
    assert leads(pack(text.encode(encoding))) == PAGES


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_list_of_addresses(pack) -> None:
    body = pack(("\ufeff" + "\r\n".join(PAGES)).encode())
    assert leads(body, "application/octet-stream", f"{SITE}/sitemap.txt.gz") == PAGES


def test_an_unescaped_ampersand_stays_in_its_address() -> None:
    url = f"{SITE}/2026/03/bread-is-cheaper-now?a=1&b=2"
    assert leads(SITEMAP.format("", f"<url><loc>{url}</loc></url>").encode()) == [url]


def test_a_json_feed_also_with_braces_before_its_version() -> None:
    items = ",".join(f'{{"id": "{url}", "url": "{url}"}}' for url in PAGES)
    feed = f'{{"title": "a {{b}}", "version": "https:\\/\\/jsonfeed.org\\/version\\/1.1", "items": [{items}]}}'
    assert leads(feed.encode(), "application/json") == PAGES


def test_the_page_of_a_proxied_feed() -> None:
    items = "".join(
        f'<item><link>https://feeds.example/~r/{i}</link><feedburner:origLink xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
        f"{url}</feedburner:origLink></item>"
        for i, url in enumerate(PAGES)
    )
    assert leads(RSS.format("", items).encode()) == PAGES


@given(st.binary(max_size=200))
def test_any_bytes_are_mended_and_stay_mended(body: bytes) -> None:
    root_start(body)
    once = mend_xml(body)
    if b"\0" not in body:
        assert mend_xml(once) == once


@given(st.text(st.characters(codec="utf-8", exclude_characters="<>]"), max_size=100))
def test_mended_text_parses(text: str) -> None:
    if "\0" not in text and "\ufffe" not in text and "\uffff" not in text:
        etree.fromstring(mend_xml(f"<a>{text}</a>".encode()))
