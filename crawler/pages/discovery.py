"""Find where to look next: the leads of feeds, sitemaps and front pages. Pure; nothing is fetched."""

import re
import zlib
from calendar import timegm
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from archive.text.content_encoding import BadEncoding, decode_body
from archive.text.dates import parse_date
from archive.text.hosts import registered_site
from archive.text.storable import load_json
from archive.text.urls import canonical
from archive.thread import Moment
from crawler.pages import jsonld
from crawler.pages.page import Page, refuse_tags
from crawler.pages.xml_text import mend_xml, refuse_attributes, root_start

MOST_LEADS = 2_000
LARGEST_XML = 50 << 20
HEAD_LENGTH = 4_096  # bytes
GZIP = b"\x1f\x8b"
FEED_TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/json",
    "application/rdf+xml",
)
FEED_START = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s>]", re.IGNORECASE)
SITEMAP_START = re.compile(rb"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
JSON_FEED = re.compile(rb'"version"\s*:\s*"https?:(?:\\?/){2}jsonfeed\.org\\?/')
UTF8_MARK, WIDE_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
REFERENCES_A_TAG = 10  # that take as long to read as a tag
LARGEST_HEAD = 1 << 20  # of what is decompressed to recognise it
NO_ARTICLE = re.compile(
    r"/(?:tags?|category|categories|categor[ií]as?|kategorie|authors?|autor(?:en|es)?|auteurs?|search|suche|topics?|themen?"
    r"|login|log-in|signin|sign-in|register|registrieren|account|konto|subscribe|abo|abonnement|newsletters?|privacy|datenschutz"
    r"|impressum|imprint|terms|agb|contact|kontakt|contacto|about|about-us|ueber-uns|jobs|feed|rss|page|seite|wp-json|wp-admin"
    r"|wp-login\.php|cart|shop|gallery|galleries|podcasts?|weather|wetter|horoscope|tv-programm|archive?s?)(?:/|$)",
    re.IGNORECASE,
)
MEDIA = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|pdf|mp[34]|m4[av]|webm|zip|gz|xml|rss|json|css|js|ico|docx?|xlsx?|exe|apk)$",
    re.IGNORECASE,
)
DATED_PATH = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|\d\d)")
NUMBERED_PATH = re.compile(r"(?:^|[-/.,_a-z])\d{4,}(?:[-/.,_]|$)")
WORDS = re.compile(r"[^\W\d_]{2,}")
ARTICLE_PARAMETER = re.compile(r"(?:^|&)(?:p|id|article|artikel|story|storyid|aid|newsid|post|nid)=\d+", re.IGNORECASE)
FEWEST_WORDS = 4  # of a path that is a headline
SHORTEST_LINK_TEXT = 12  # of a link that stands in no heading; shorter ones are menus
FEWEST_LETTERS = 600  # of an article, in paragraphs
HEADING_LEVELS = 4  # how far above its link a heading may stand
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "article"))
ARTICLE_TYPES = (
    "NewsArticle",
    "Article",
    "BlogPosting",
    "ReportageNewsArticle",
    "LiveBlogPosting",
    "OpinionNewsArticle",
)


@dataclass(frozen=True, slots=True)
class Lead:
    """An address to visit: `kind` is article, feed, sitemap or front; `comment_count` is what a feed announces."""

    url: str
    kind: str
    published: Moment | None = None
    comment_count: int | None = None
    title: str | None = None


def classify_page(page: Page) -> str:
    """Return what a page is, by its content: "feed", "sitemap", "front" or "article"."""
    body = page.body
    if body.startswith((GZIP, *WIDE_MARKS)):
        body = mend_xml(_gunzip(body, LARGEST_HEAD))
    head, root = body[:HEAD_LENGTH].lstrip(), root_start(body)
    if any(map(FEED_START.search, (head, root))) or (head.startswith(b"{") and JSON_FEED.search(head)):
        return "feed"
    if any(map(SITEMAP_START.search, (head, root))):
        return "sitemap"
    if _is_list_of_addresses(page, head):
        return "sitemap"
    return "article" if _is_article(page) else "front"


def _is_list_of_addresses(page: Page, head: bytes) -> bool:
    is_text = page.media_type == "text/plain" or urlsplit(page.url).path.lower().endswith((".txt", ".txt.gz"))
    lines = (head.rpartition(b"\n")[0] if len(head) >= HEAD_LENGTH - 3 else head).removeprefix(UTF8_MARK).split()
    return is_text and bool(lines) and all(line.startswith((b"http://", b"https://")) for line in lines)


def _is_article(page: Page) -> bool:
    """Judge by what the page says of itself, else by its address, else by its share of running text."""
    if urlsplit(page.url).path in ("", "/") and not urlsplit(page.url).query:
        return False
    types = {meta.get("content", "") for meta in page.html.iter("meta") if meta.get("property") == "og:type"}
    if "article" in types or jsonld.select(jsonld.load_objects(page), *ARTICLE_TYPES):
        return True
    if looks_like_article(page.url):
        return True
    linked = sum(len(link.text_content()) for link in page.html.iter("a"))
    running = sum(len(paragraph.text_content()) for paragraph in page.html.iter("p"))
    return running > max(FEWEST_LETTERS, linked)


def looks_like_article(url: str) -> bool:
    """Whether an address has the shape of an article's: a date, a number or a headline in its path."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if MEDIA.search(path):
        return False
    if ARTICLE_PARAMETER.search(parts.query):
        return True
    words = len(WORDS.findall(path.rpartition("/")[2]))
    if DATED_PATH.search(path) and words >= 2:
        return True
    if NO_ARTICLE.search(path):
        return False
    return bool(path) and (words >= FEWEST_WORDS or (words >= 1 and bool(NUMBERED_PATH.search(path))))


def may_be_article(url: str) -> bool:
    """Whether an address does not say that there is no article: a front page, a feed, a picture."""
    path = urlsplit(url).path.rstrip("/")
    return bool(path) and not MEDIA.search(path) and not NO_ARTICLE.search(path)


def find_leads(page: Page, kind: str) -> Iterator[Lead]:
    """Yield what a feed, sitemap or front page lists, each address once, at most MOST_LEADS."""
    if kind == "sitemap" and classify_page(page) == "feed":  # which an index may name as well
        kind = "feed"
    parsers = {"feed": _parse_feed, "sitemap": _parse_sitemap, "front": _parse_front_page}
    seen = {canonical(page.url)}
    for lead in parsers[kind](page):
        if lead.url not in seen:
            seen.add(lead.url)
            yield lead
        if len(seen) > MOST_LEADS:
            return


# feeds


def _parse_feed(page: Page) -> Iterator[Lead]:
    import feedparser  # only feeds need it, and it takes a while to load

    headers = {"content-type": page.headers.get("content-type", "application/xml"), "content-location": page.url}
    body = _gunzip(page.body)
    if body.removeprefix(UTF8_MARK).lstrip().startswith(b"{"):
        yield from _parse_json_feed(page, body)
        return
    is_wide = body.startswith(WIDE_MARKS)
    refuse_tags("feed", body.count(b"<") + body.count(b"&") // REFERENCES_A_TAG)
    body = mend_xml(body)
    refuse_attributes(body)
    headers["content-type"] = "application/xml; charset=utf-8" if is_wide else headers["content-type"]
    parsed = feedparser.parse(BytesIO(body), response_headers=headers, sanitize_html=False)
    for entry in parsed.entries:
        # A proxy of feeds, which may be long gone, names the page's own address beside its own.
        link = entry.get("id") if entry.get("link") == "" else entry.get("link")
        url = canonical(entry.get("feedburner_origlink")) or canonical(link)
        if url is not None:
            stated = entry.get("slash_comments") or entry.get("thr_total")
            is_number = isinstance(stated, str) and stated.isascii() and stated.isdigit() and len(stated) < 10
            yield Lead(url, "article", _published(entry), int(stated) if is_number else None, entry.get("title"))


def _parse_json_feed(page: Page, body: bytes) -> Iterator[Lead]:
    try:
        items = load_json(body).get("items")
    except (ValueError, RecursionError, AttributeError):
        return
    for item in items if isinstance(items, list) else ():
        stated = (item.get("url"), item.get("external_url"), item.get("id")) if isinstance(item, dict) else ()
        links = (page.absolute(link) for link in stated if isinstance(link, str) and link)
        url = next((url for url in map(canonical, links) if url), None)
        if url is not None:
            date, title = item.get("date_published") or item.get("date_modified"), item.get("title")
            published = parse_date(date) if isinstance(date, str) else None
            yield Lead(url, "article", published, title=title if isinstance(title, str) else None)


def _published(entry: Any) -> Moment | None:
    for name in ("published", "created", "updated"):
        parsed = entry.get(f"{name}_parsed")
        if parsed is not None:
            try:
                at = datetime.fromtimestamp(timegm(parsed), UTC)
            except (ValueError, OverflowError, TypeError):
                continue
            return Moment(at.strftime("%Y-%m-%dT%H:%M:%SZ"), entry.get(name), "second")
    return None


def _gunzip(body: bytes, max_bytes: int = LARGEST_XML) -> bytes:
    """Return the start of a body, decompressed if it was gzipped as a file, whatever its headers say."""
    if not body.startswith(GZIP):
        return body[:max_bytes]
    try:
        return decode_body(body, ["gzip"], max_bytes)
    except BadEncoding:  # longer, cut short, or with garbage behind: take what there is
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, max_bytes)
        except zlib.error:
            return b""


# sitemaps


def _parse_sitemap(page: Page) -> Iterator[Lead]:
    body = mend_xml(_gunzip(page.body))
    if not root_start(body).startswith(b"<") and not SITEMAP_START.search(body[:HEAD_LENGTH]):
        for line in body.decode("utf-8-sig", "replace").replace("&amp;", "&").splitlines():
            if (url := canonical(line.strip())) is not None:
                yield Lead(url, "article")
        return
    entities = {"resolve_entities": False, "no_network": True, "load_dtd": False}
    events = etree.iterparse(BytesIO(body), events=("end",), recover=True, huge_tree=True, **entities)
    try:
        for _, element in events:
            if _local_name(element) in ("url", "sitemap"):
                lead = _sitemap_lead(page, element)
                element.clear()  # a sitemap may list 50,000 pages
                if lead is not None:
                    yield lead
    except etree.XMLSyntaxError:  # what came before the break was read
        return


def _sitemap_lead(page: Page, element: Any) -> Lead | None:
    # Only its own children: images and videos have a `loc` and a `title` of theirs.
    own = _child_texts(element)
    url = canonical(page.absolute(own.get("loc", "")))
    if url is None or "loc" not in own:
        return None
    if _local_name(element) == "sitemap":
        return Lead(url, "sitemap", parse_date(own["lastmod"]) if own.get("lastmod") else None)
    news = next((child for child in element if _local_name(child) == "news"), ())
    stated = _child_texts(news)
    date = stated.get("publication_date")
    return Lead(url, "article", parse_date(date) if date else None, title=stated.get("title"))


def _child_texts(element: Iterable[Any]) -> dict[str, str]:
    """Return the text of each child by its name, of two with one name the first."""
    texts: dict[str, str] = {}
    for child in element:
        name = _local_name(child)
        if name and (child.text or "").strip():
            texts.setdefault(name, child.text.strip())
    return texts


def _local_name(element: Any) -> str:
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


# front pages


def _parse_front_page(page: Page) -> Iterator[Lead]:
    home = registered_site(page.url)
    for link in page.html.iter("link"):
        if "alternate" in (link.get("rel") or "").split() and link.get("type") in FEED_TYPES:
            url = canonical(page.absolute(link.get("href") or ""))
            if url is not None and "/comments/" not in url:  # a feed of comments leads to no article
                yield Lead(url, "feed", title=link.get("title"))
    for link in page.html.iter("a"):
        url = canonical(page.absolute(link.get("href") or ""))
        if url is None or registered_site(url) != home or not looks_like_article(url):
            continue
        title = " ".join(link.text_content().split())
        headings = (above.tag in HEADINGS for above in islice(link.iterancestors(), HEADING_LEVELS))
        if len(title) >= SHORTEST_LINK_TEXT or any(headings):
            yield Lead(url, "article", title=title or None)
