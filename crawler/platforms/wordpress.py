"""WordPress's own comments: by its API where that responds, else by all the pages of HTML, else by the post's feed."""

import re
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from archive.thread import Article, Capture, Comment, Thread, nest
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.pages.product_page import is_product_page
from crawler.platforms import wordpress_feed as feed
from crawler.platforms import wordpress_rest as rest
from crawler.platforms.base import CERTAIN, LIKELY, Claim, ThreadReader, partial_flags, shortfall
from crawler.platforms.comment_html.completeness import reasons_for_more
from crawler.platforms.wordpress_html import CommentPage, read_comment_page
from crawler.platforms.wordpress_paging import MOST_PAGES

SIGNS = (
    "wp-content/",
    "wp-includes/",
    "wp-json",
    "wp-comments-post.php",
    "api.w.org",
    "comment_post_ID",
    "replytocom=",
    "moveForm(",
    "wp-block-comment",
    "wpd-comm",
)
LESS_SURE = (
    ("WordPress", re.compile(r"content=[\"']WordPress")),
    ("thread-", re.compile(r"thread-(?<=[\"' ]thread-)(?:even|odd)[\"' ]")),
    ("li-comment-", re.compile(r"li-comment-\d")),
    ("div-comment-", re.compile(r"div-comment-\d")),
    ("commentlist", re.compile(r"class=[\"'][^\"']*\bcommentlist\b")),
)
"""Words without which a pattern is not looked for; each pattern begins with letters, which are found much faster."""
API_REASON = "API: "


@dataclass(slots=True)
class _Progress:
    """What has been read so far. `reasons` say why it may not be all."""

    comments: dict[str | None, Comment] = field(default_factory=dict)
    pages: list[Capture] = field(default_factory=list)
    total: int | None = None
    reasons: list[str] = field(default_factory=list)

    def add(self, comments: Iterable[Comment]) -> int:
        """Add comments, except those that an earlier and better source gave; return how many are new."""
        before = len(self.comments)
        for comment in comments:
            self.comments.setdefault(comment.native_id, comment)
        return len(self.comments) - before


@dataclass(frozen=True, slots=True, kw_only=True)
class WordPressClaim(Claim):
    """A post: its number, the root of its API, and the comments that stand in the page, as far as it has them."""

    first: CommentPage | None
    post: str | None
    api: str | None

    def read(self, article: Article) -> ThreadReader:
        """Read the API, then those comments that it does not have from HTML, then the feed where nothing else came."""
        progress, first = _Progress(), self.first
        in_page = first.comments if first else ()
        stated = first.stated_count if first else None
        by_api = by_html = False
        if self.post and self.api:
            yield from _read_api(progress, self.api, self.post)
            by_api = not progress.reasons
        if first is not None:
            if by_api and {comment.native_id for comment in in_page} <= progress.comments.keys():
                if stated is not None:  # of several pages the heading's count has pingbacks that nobody has counted
                    stated = progress.total if first.more else stated - first.pingbacks
            else:
                stated, by_html = yield from _read_html(progress, first)
        if by_html:
            progress.reasons = [reason for reason in progress.reasons if not reason.startswith(API_REASON)]
        if self.post and not progress.comments and (progress.reasons or stated):
            yield from _read_feed(progress, self.page, self.post)
        comments = nest(progress.comments.values())
        reasons = progress.reasons + shortfall(stated, len(comments))
        if first is not None and first.comments and not by_api and not first.more:
            reasons += [more for section in first.sections for more in reasons_for_more(section, None, len(comments))]
        is_whole = by_api or by_html or bool(in_page) or bool(first and (first.stated_count == 0 or first.closed))
        return Thread(
            article,
            comments,
            "wordpress",
            self.page.capture,
            native_id=self.native_id,
            url=article.url,
            stated_count=progress.total if stated is None else stated,
            completeness="partial" if reasons else "full" if is_whole else "unknown",
            closed=first.closed if first else None,
            flags=partial_flags(dict.fromkeys(reasons)),
            pages=tuple(progress.pages),
        )


def claim(page: Page) -> WordPressClaim | None:
    """CERTAIN where comments stand in the page, LIKELY where it only has room for them."""
    if not _shows_signs(page.text) or is_product_page(page):
        return None
    first, post = read_comment_page(page, 0), rest.post_id(page)
    if first is None and post is None:
        return None
    parts = urlsplit(page.url)
    return WordPressClaim(
        page=page,
        score=CERTAIN if first is not None and any(comment.author for comment in first.comments) else LIKELY,
        native_id=f"{parts.scheme}://{parts.netloc}/?p={post}" if post else None,
        sections=first.sections if first else (),
        in_page=len(first.comments) if first else 0,
        first=first,
        post=post,
        api=rest.api_root(page),
    )


def _shows_signs(text: str) -> bool:
    """Whether a page may have been made by WordPress."""
    return any(sign in text for sign in SIGNS) or any(
        word in text and pattern.search(text) is not None for word, pattern in LESS_SURE
    )


def _read_api(progress: _Progress, api: str, post: str) -> Generator[Fetch, Page, None]:
    number, more = 1, True
    while more:
        try:
            response = yield Fetch(rest.comments_url(api, post, number))
        except FetchFailed as failure:
            progress.reasons.append(f"{API_REASON}page {number}: {failure.reason}")
            return
        progress.pages.append(response.capture)
        try:
            comments = list(rest.parse_comments(response, post, len(progress.pages)))
        except BadPage as bad:
            progress.reasons.append(f"{API_REASON}{bad}")
            return
        progress.total = rest.total_count(response) if progress.total is None else progress.total
        # A full page may be the last, a short one may not: plugins filter what a page holds.
        more = progress.add(comments) > 0 and (
            len(comments) >= rest.PER_PAGE or (progress.total or 0) > len(progress.comments)
        )
        number += 1
    progress.reasons += [API_REASON + reason for reason in shortfall(progress.total, len(progress.comments))]


def _read_html(progress: _Progress, first: CommentPage) -> Generator[Fetch, Page, tuple[int | None, bool]]:
    """Read all comment pages; return the heading's count less the pingbacks, and whether any page holds comments."""
    queue, seen, pingbacks = list(first.more.values()), {first.number, *first.more}, first.pingbacks
    has_comments, by_api = bool(first.comments), list(progress.comments)
    # A page of no number that leads to the first one is the last.
    pages = {first.number or (max(first.more) + 1 if 1 in first.more else 1): first.comments}
    progress.add(first.comments)
    while queue:
        url = queue.pop(0)
        try:
            page = yield Fetch(url)
        except FetchFailed as failure:
            progress.reasons.append(f"{url}: {failure.reason}")
            continue
        progress.pages.append(page.capture)
        comment_page = read_comment_page(page, len(progress.pages))
        if comment_page is None:
            progress.reasons.append(f"{url}: no comments")
            continue
        pingbacks += comment_page.pingbacks
        has_comments = has_comments or bool(comment_page.comments)
        progress.add(comment_page.comments)
        pages.setdefault(comment_page.number or len(seen) + len(pages), comment_page.comments)
        if len(seen) < MOST_PAGES:
            queue += [url for number, url in comment_page.more.items() if number not in seen]
            seen.update(comment_page.more)
    in_order = [*by_api, *(comment.native_id for number in sorted(pages) for comment in pages[number])]
    progress.comments = {native_id: progress.comments[native_id] for native_id in in_order}
    return None if first.stated_count is None else max(0, first.stated_count - pingbacks), has_comments


def _read_feed(progress: _Progress, page: Page, post: str) -> Generator[Fetch, Page, None]:
    progress.reasons.append("read from the feed, which holds the newest comments only")
    try:
        response = yield Fetch(feed.feed_url(page, post))
        progress.pages.append(response.capture)
        progress.add(feed.parse_comments(response, len(progress.pages)))
    except (FetchFailed, BadPage) as failure:
        progress.reasons.append(f"feed: {failure}")
