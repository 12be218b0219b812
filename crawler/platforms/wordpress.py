"""WordPress's own comments: by its API where it answers, else by all the pages of HTML, else by the post's feed."""

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from archive.thread import Article, Capture, Comment, Flag, Thread
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms import wordpress_feed as feed
from crawler.platforms import wordpress_html as html
from crawler.platforms import wordpress_rest as rest
from crawler.platforms.base import CERTAIN, LIKELY, Claim, Reading
from crawler.platforms.nesting import nested

SIGNS = re.compile(
    r"wp-content/|wp-includes/|wp-json|wp-comments-post\.php|api\.w\.org|comment_post_ID|content=[\"']WordPress|"
    r"replytocom=|moveForm\(|[\"' ]thread-(?:even|odd)[\"' ]|li-comment-\d|div-comment-\d|wp-block-comment|wpd-comm|"
    r"class=[\"'][^\"']*\bcommentlist\b"
)
Steps = Generator[Fetch, Page, None]


@dataclass(slots=True)
class Found:
    """What has been read so far; `whys` are the reasons why it may not be all. Earlier sources know better."""

    comments: dict[str | None, Comment] = field(default_factory=dict)
    pages: list[Capture] = field(default_factory=list)
    total: int | None = None
    whys: list[str] = field(default_factory=list)

    def take(self, comment: Comment) -> bool:
        """Whether it is new."""
        new = comment.native_id not in self.comments
        self.comments.setdefault(comment.native_id, comment)
        return new


def claim(page: Page) -> Claim | None:
    """CERTAIN where comments stand in the page, LIKELY where only their place does."""
    if not SIGNS.search(page.text):
        return None
    listing, post = html.listing(page, 0), rest.post_id(page)
    if listing is None and post is None:
        return None
    parts = urlsplit(page.url)
    native_id = f"{parts.scheme}://{parts.netloc}/?p={post}" if post else None
    ids = {"listing": listing, "post": post, "api": rest.api_root(page)}
    score = CERTAIN if listing is not None and listing.comments else LIKELY
    return Claim(score, native_id, ids, listing.sections if listing else ())


def read(page: Page, claim: Claim, article: Article) -> Reading:
    """See the module."""
    listing, post, api = claim.ids["listing"], claim.ids["post"], claim.ids["api"]
    found, shown = Found(), listing.comments if listing else ()
    in_pages = bool(shown)
    by_api = bool(post and api)
    if by_api:
        yield from _by_api(found, api, post)
    asked = by_api and not found.whys
    stated = listing.stated_count if listing else None
    if listing is not None and not (asked and {c.native_id for c in shown} <= found.comments.keys()):
        stated, in_pages = yield from _by_pages(found, listing)
        found.whys = [why for why in found.whys if not why.startswith("API: ")] if in_pages else found.whys
    elif listing is not None and stated is not None:
        stated = found.total if listing.more else stated - listing.pingbacks
    if post and not found.comments and (found.whys or stated):
        yield from _by_feed(found, page, post)
    comments = nested(found.comments.values())
    if stated is not None and stated > len(comments):
        found.whys.append(f"{stated} stated, {len(comments)} held")
    known = asked or in_pages or bool(listing and (listing.stated_count == 0 or listing.closed))
    return Thread(
        article,
        comments,
        "wordpress",
        page.capture,
        native_id=claim.native_id,
        url=article.url,
        stated_count=found.total if stated is None else stated,
        completeness="partial" if found.whys else "full" if known else "unknown",
        closed=listing.closed if listing else None,
        flags=tuple(Flag("capture.partial_thread", "not-all-read", why) for why in dict.fromkeys(found.whys)),
        pages=tuple(found.pages),
    )


def _by_api(found: Found, api: str, post: str) -> Steps:
    number, going = 1, True
    while going:
        try:
            answer = yield Fetch(rest.comments_url(api, post, number))
        except FetchFailed as failure:
            found.whys.append(f"API: page {number}: {failure.reason}")
            return
        found.pages.append(answer.capture)
        try:
            comments = list(rest.comments_of(answer, post, len(found.pages)))
        except BadPage as bad:
            found.whys.append(f"API: {bad}")
            return
        found.total = rest.total(answer) if found.total is None else found.total
        new = sum([found.take(comment) for comment in comments])
        going = new > 0 and (len(comments) >= rest.PER_PAGE or (found.total or 0) > len(found.comments))
        number += 1
    if found.total is not None and len(found.comments) < found.total:
        found.whys.append(f"API: {found.total} stated, {len(found.comments)} held")


def _by_pages(found: Found, first: html.Listing) -> Generator[Fetch, Page, tuple[int | None, bool]]:
    """Reads all comment pages; gives how many comments the heading states, without pingbacks, and whether there are
    any on the pages."""
    waiting, seen, pings = list(first.more.items()), {first.number, *first.more}, first.pingbacks
    any_shown = bool(first.comments)
    for comment in first.comments:
        found.take(comment)
    while waiting:
        _, url = waiting.pop(0)
        try:
            page = yield Fetch(url)
        except FetchFailed as failure:
            found.whys.append(f"{url}: {failure.reason}")
            continue
        found.pages.append(page.capture)
        listing = html.listing(page, len(found.pages))
        if listing is None:
            found.whys.append(f"{url}: no comments")
            continue
        pings += listing.pingbacks
        any_shown = any_shown or bool(listing.comments)
        for comment in listing.comments:
            found.take(comment)
        if len(seen) < html.MOST_PAGES:
            waiting += [(number, more) for number, more in listing.more.items() if number not in seen]
            seen.update(listing.more)
    return None if first.stated_count is None else max(0, first.stated_count - pings), any_shown


def _by_feed(found: Found, page: Page, post: str) -> Steps:
    found.whys.append("read from the feed, which holds the newest comments only")
    try:
        answer = yield Fetch(feed.feed_url(page, post))
        found.pages.append(answer.capture)
        for comment in feed.comments_of(answer, len(found.pages)):
            found.take(comment)
    except (FetchFailed, BadPage) as failure:
        found.whys.append(f"feed: {failure}")
