"""WordPress's comments from the feed of a post: the newest ten, and so only where nothing else responds."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from archive.text.html_text import html_text, parse_moment
from archive.thread import Author, Comment
from crawler.pages.page import BadPage, Page

COMMENT_LINK = re.compile(r"#comment-(\d{1,19})$")
ATOM, THREADING = "{http://www.w3.org/2005/Atom}", "{http://purl.org/syndication/thread/1.0}"
CREATOR, ENCODED = "{http://purl.org/dc/elements/1.1/}creator", "{http://purl.org/rss/1.0/modules/content/}encoded"
IN_REPLY_TO = re.compile(r'^\s*<p>[^<]{1,80}<a href="[^"]*#comment-(\d{1,19})"[^>]*>[^<]*</a>[^<]{0,40}</p>')
BARE_AMPERSAND = re.compile(rb"&(?!#?\w{1,31};)")
BY = re.compile(r"^(?:By|Von|Par|Por|Di|Door|Av|Af|Автор):\s+")


def feed_url(page: Page, post: str) -> str:
    """Return the address of the Atom feed of a post's comments; RSS would not say what answers what."""
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}/?feed=atom&p={post}"


def parse_comments(response: Page, page_number: int) -> Iterator[Comment]:
    """Yield the comments of a feed, which is page `page_number` of its thread. Raises BadPage where it is no feed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=True)
    body = BARE_AMPERSAND.sub(b"&amp;", response.body.strip())  # WordPress prints names as they were typed
    root = etree.fromstring(body or b"<none/>", parser)
    if root is None or etree.QName(root).localname not in ("feed", "rss"):
        raise BadPage(f"{response.url}: no feed")
    for entry in root.iter(f"{ATOM}entry", "item"):
        own = COMMENT_LINK.search(_text(entry, f"{ATOM}id", "guid") or "")
        if own is None:
            continue
        reference = entry.find(f"{THREADING}in-reply-to")
        html = _text(entry, f"{ATOM}content", ENCODED, "description") or ""
        # RSS says "In reply to Ann" as the first paragraph of the text; it is cut off where Atom agrees.
        intro = IN_REPLY_TO.match(html)
        parent = COMMENT_LINK.search(reference.get("ref") or "") if reference is not None else intro
        name = _text(entry, f"{ATOM}author/{ATOM}name", CREATOR)
        yield Comment(
            html_text(html[intro.end() :] if intro and parent and intro[1] == parent[1] else html),
            author=Author(html_text(BY.sub("", name))) if name else None,
            posted=parse_moment(_text(entry, f"{ATOM}published", f"{ATOM}updated", "pubDate")),
            native_id=own[1],
            parent_native_id=parent[1] if parent else None,
            parent_source="feed",
            page=page_number,
        )


def _text(entry: Any, *paths: str) -> str | None:
    """Return the text of the first of these elements that has any."""
    elements = (entry.find(path) for path in paths)
    return next((element.text.strip() for element in elements if element is not None and element.text), None)
