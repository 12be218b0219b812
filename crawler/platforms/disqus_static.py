"""Disqus comments that stand in the page itself, as its WordPress plugin printed them for search engines."""

import re
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.thread import Article, Flag, Thread
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms import wordpress_html as html
from crawler.platforms.base import CERTAIN, Claim, Reading
from crawler.platforms.wordpress_rest import post_id

NUMBERED = re.compile(r"dsq-comment-(\d{1,19})")


def _number(element: HtmlElement) -> tuple[str, None] | None:
    found = NUMBERED.fullmatch(element.get("id") or "")
    return (found[1], None) if found else None


def claim(page: Page) -> Claim | None:
    if "dsq-comment-" not in page.text:
        return None
    listing = html.listing(page, 0, _number)
    if listing is None or not listing.comments:
        return None
    parts = urlsplit(page.url)
    post = post_id(page)
    native_id = f"{parts.scheme}://{parts.netloc}/?p={post}" if post else None
    return Claim(CERTAIN, native_id, {"listing": listing}, listing.sections)


def read(page: Page, claim: Claim, article: Article) -> Reading:
    """All pages of the list, 25 comments each."""
    first: html.Listing = claim.ids["listing"]
    listings, captures, whys = [first], [], []
    for url in first.more.values():
        try:
            further = yield Fetch(url)
        except FetchFailed as failure:
            whys.append(str(failure))
            continue
        captures.append(further.capture)
        listing = html.listing(further, len(captures), _number)
        if listing is not None:
            listings.append(listing)
    comments = html.joined(listings)
    stated = (
        None if first.stated_count is None else max(0, first.stated_count - sum(each.pingbacks for each in listings))
    )
    if stated is not None and stated > len(comments):
        whys.append(f"{stated} stated, {len(comments)} held")
    return Thread(
        article,
        comments,
        "disqus_static",
        page.capture,
        native_id=claim.native_id,
        url=article.url,
        stated_count=stated,
        completeness="partial" if whys else "full",
        closed=first.closed,
        flags=tuple(Flag("capture.partial_thread", "not-all-read", why) for why in whys),
        pages=tuple(captures),
    )
