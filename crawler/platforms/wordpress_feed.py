"""WordPress's comments by the feed of a post: the newest ten, and so only what nothing else gives."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from archive.thread import Author, Comment
from crawler.pages.html_text import html_text, moment
from crawler.pages.page import BadPage, Page

NUMBER = re.compile(r"#comment-(\d{1,19})$")
ATOM, THREADING = "{http://www.w3.org/2005/Atom}", "{http://purl.org/syndication/thread/1.0}"
CREATOR, ENCODED = "{http://purl.org/dc/elements/1.1/}creator", "{http://purl.org/rss/1.0/modules/content/}encoded"
IN_REPLY_TO = re.compile(r'^\s*<p>[^<]{1,80}<a href="[^"]*#comment-(\d{1,19})"[^>]*>[^<]*</a>[^<]{0,40}</p>')
BARE = re.compile(rb"&(?!#?\w{1,31};)")
BY = re.compile(r"^(?:By|Von|Par|Por|Di|Door|Av|Af|Автор):\s+")


def feed_url(page: Page, post: str) -> str:
    """The Atom feed of a post's comments, which says what answers what."""
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}/?feed=atom&p={post}"


def comments_of(page: Page, number: int) -> Iterator[Comment]:
    """The comments of a feed. Raises BadPage where it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=True)
    body = BARE.sub(b"&amp;", page.body.strip())  # names come as they were typed
    root = etree.fromstring(body or b"<none/>", parser)
    if root is None or etree.QName(root).localname not in ("feed", "rss"):
        raise BadPage(f"{page.url}: no feed")
    for entry in root.iter(f"{ATOM}entry", "item"):
        comment = _comment(entry, number)
        if comment is not None:
            yield comment


def _text(entry: Any, *names: str) -> str | None:
    return next((found.text.strip() for name in names if (found := entry.find(name)) is not None and found.text), None)


def _comment(entry: Any, number: int) -> Comment | None:
    found = NUMBER.search(_text(entry, f"{ATOM}id", "guid") or "")
    if found is None:
        return None
    answers = entry.find(f"{THREADING}in-reply-to")
    html = _text(entry, f"{ATOM}content", ENCODED, "description") or ""
    said = IN_REPLY_TO.match(html)
    above = NUMBER.search(answers.get("ref") or "") if answers is not None else said
    name = _text(entry, f"{ATOM}author/{ATOM}name", CREATOR)
    return Comment(
        html_text(html[said.end() :] if said and above and said[1] == above[1] else html),
        author=Author(html_text(BY.sub("", name))) if name else None,
        posted=moment(_text(entry, f"{ATOM}published", f"{ATOM}updated", "pubDate")),
        native_id=found[1],
        parent_native_id=above[1] if above else None,
        parent_source="feed",
        page=number,
    )
