"""Disqus comments in the page itself, as its WordPress plugin printed them for search engines."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.thread import Article, Thread, nest
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms.base import CERTAIN, Claim, ThreadReader, partial_flags, shortfall
from crawler.platforms.wordpress_html import CommentPage, read_comment_page
from crawler.platforms.wordpress_rest import post_id

COMMENT_ID = re.compile(r"dsq-comment-(\d{1,19})")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisqusStaticClaim(Claim):
    """A thread whose first comments stand in the page."""

    first: CommentPage

    def read(self, article: Article) -> ThreadReader:
        """Read all pages of the list, 25 comments each."""
        comment_pages, captures, reasons = [self.first], [], []
        for url in self.first.more.values():
            try:
                page = yield Fetch(url)
            except FetchFailed as failure:
                reasons.append(str(failure))
                continue
            captures.append(page.capture)
            comment_page = read_comment_page(page, len(captures), _number)
            if comment_page is not None:
                comment_pages.append(comment_page)
        comments = nest(comment for comment_page in comment_pages for comment in comment_page.comments)
        stated = self.first.stated_count
        if stated is not None:
            stated = max(0, stated - sum(comment_page.pingbacks for comment_page in comment_pages))
        reasons += shortfall(stated, len(comments))
        return Thread(
            article,
            comments,
            "disqus_static",
            self.page.capture,
            native_id=self.native_id,
            url=article.url,
            stated_count=stated,
            completeness="partial" if reasons else "full",
            closed=self.first.closed,
            flags=partial_flags(reasons),
            pages=tuple(captures),
        )


def claim(page: Page) -> DisqusStaticClaim | None:
    """The page holds comments with Disqus' ids."""
    if "dsq-comment-" not in page.text:
        return None
    first = read_comment_page(page, 0, _number)
    if first is None or not first.comments:
        return None
    parts, post = urlsplit(page.url), post_id(page)
    native_id = f"{parts.scheme}://{parts.netloc}/?p={post}" if post else None
    return DisqusStaticClaim(
        page=page,
        score=CERTAIN,
        native_id=native_id,
        sections=first.sections,
        in_page=len(first.comments),
        first=first,
    )


def _number(element: HtmlElement) -> tuple[str, None] | None:
    match = COMMENT_ID.fullmatch(element.get("id") or "")
    return (match[1], None) if match else None
