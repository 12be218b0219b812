"""Comments that a page marks up as schema.org's Comment: in JSON-LD, nested or by `parentItem`, or as microdata."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from archive.text.html_text import html_text, parse_count, parse_moment
from archive.text.removal_notices import as_removed
from archive.thread import Article, Author, Comment, Thread, nest
from crawler.pages import jsonld
from crawler.pages.page import BadPage, Page
from crawler.platforms import microdata
from crawler.platforms.base import LIKELY, Claim, ThreadReader, partial_flags, shortfall
from crawler.platforms.comment_html.blocks import section_of
from crawler.platforms.comment_html.completeness import around, reasons_for_more
from crawler.platforms.json_comments import UNNAMED
from crawler.platforms.listing import without_key

COMMENT_TYPES = frozenset(("Comment", "UserComments"))
SIGNS = tuple(f"{begin}{name}" for name in COMMENT_TYPES for begin in ("schema.org/", '"', '"schema:'))
COMMENTED_TYPES = (
    "Article",
    "NewsArticle",
    "BlogPosting",
    "DiscussionForumPosting",
    "LiveBlogPosting",
    "CreativeWork",
    "WebPage",
)
MOST_COMMENTS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaOrgClaim(Claim):
    """The comments of a page, not yet nested."""

    comments: Sequence[Comment]

    def read(self, article: Article) -> ThreadReader:
        """Return what the page holds, which is all that can be had: whole where it states no more than that."""
        yield from ()  # a reader that requests nothing
        comments = tuple(without_key(comment) for comment in nest(self.comments))
        stated = _stated_count(self.page)
        reasons = shortfall(stated, len(comments))
        if self.sections:
            reasons = reasons_for_more(around(section_of(self.sections)), stated, len(comments))
        return Thread(
            article,
            comments,
            "schema_org",
            self.page.capture,
            self.native_id,
            article.url,
            stated,
            # Of a page that holds more than it states nobody knows what else it does not state.
            "partial" if reasons else "full" if stated == len(comments) else "unknown",
            flags=partial_flags(reasons),
        )


def claim(page: Page) -> SchemaOrgClaim | None:
    """The page has comments in its JSON-LD, or else in its microdata."""
    if not any(sign in page.text for sign in SIGNS):
        return None
    comments, sections = list(_jsonld_comments(page)), ()
    if not comments:
        items = microdata.find_items(page.html, COMMENT_TYPES)
        comments = list(microdata.read_comments(items))
        sections = tuple(item for item, above in items.items() if above is None)
    return (
        SchemaOrgClaim(page=page, score=LIKELY, sections=sections, in_page=len(comments), comments=comments)
        if comments
        else None
    )


def _stated_count(page: Page) -> int | None:
    for item in jsonld.select(jsonld.load_objects(page), *COMMENTED_TYPES):
        stated = _count(item.get("commentCount"))
        if stated is not None:
            return stated
    return microdata.stated_count(page.html)


def _count(value: Any) -> int | None:
    if isinstance(value, str):
        return parse_count(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _jsonld_comments(page: Page) -> Iterator[Comment]:
    """Yield the comments in the order of the page. Raises BadPage where there are too many."""
    stack: list[tuple[Any, str | None]] = [(item, None) for item in reversed(jsonld.load_objects(page))]
    number = 0
    while stack and number < MOST_COMMENTS:
        item, parent = stack.pop()
        if not isinstance(item, dict):
            continue
        key = parent  # what stands below something that is no comment stays below the comment above
        if jsonld.type_names(item) & COMMENT_TYPES and isinstance(item.get("text"), str):
            number += 1
            key = _id(item) or f"{UNNAMED}{number}"
            yield _jsonld_comment(item, key, _id(item.get("parentItem")) or parent)
        for name in ("comment", "comments", "mainEntity", "hasPart"):
            below = item.get(name)
            stack += [(child, key) for child in reversed(below if isinstance(below, list) else [below])]
    if stack:
        raise BadPage(f"more than {MOST_COMMENTS:,} comments in JSON-LD")


def _id(item: Any) -> str | None:
    if isinstance(item, str):
        return item.strip() or None
    if not isinstance(item, dict) or (item.get("@type") and not jsonld.type_names(item) & COMMENT_TYPES):
        return None
    stated = item.get("@id") or item.get("identifier") or item.get("url")
    return str(stated).strip() or None if isinstance(stated, str | int) else None


def _jsonld_comment(item: jsonld.JsonObject, key: str, parent: str | None) -> Comment:
    name = jsonld.first_text(item.get("author") or item.get("creator"))
    date, url = item.get("dateCreated") or item.get("datePublished"), item.get("url")
    comment = Comment(
        html_text(item["text"]),
        author=Author(html_text(name)) if name else None,
        posted=parse_moment(date) if isinstance(date, str) else None,
        native_id=key,
        parent_native_id=parent,
        parent_source="api",
        likes=_votes(item, "upvoteCount", "LikeAction"),
        dislikes=_votes(item, "downvoteCount", "DislikeAction"),
        url=url if isinstance(url, str) and urlsplit(url).scheme in ("http", "https") else None,
    )
    return as_removed(comment)


def _votes(item: jsonld.JsonObject, name: str, action: str) -> int | None:
    """Return a count that stands in a property of its own, or among the statistics by action."""
    count = _count(item.get(name))
    if count is not None:
        return count
    statistics = item.get("interactionStatistic")
    for statistic in statistics if isinstance(statistics, list) else [statistics]:
        if isinstance(statistic, dict):
            kind = statistic.get("interactionType")
            stated = kind.get("@type") if isinstance(kind, dict) else kind
            if isinstance(stated, str) and stated.rpartition("/")[2] == action:
                return _count(statistic.get("userInteractionCount"))
    return None
