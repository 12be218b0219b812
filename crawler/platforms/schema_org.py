"""Comments that a page marks up as schema.org's Comment: in JSON-LD, nested or by `parentItem`, or as microdata."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.thread import Article, Author, Comment, Moment, Thread
from crawler.pages import jsonld
from crawler.pages.html_text import count, html_text, moment, text
from crawler.pages.page import Page
from crawler.platforms.base import LIKELY, Claim, Reading
from crawler.platforms.nesting import nested

KINDS = ("Comment", "UserComments")
SIGNS = re.compile(
    r"schema\.org/(?:Comment|UserComments)\b|\"@type\"\s*:\s*\[?\s*\"(?:schema:)?(?:Comment|UserComments)\""
)
ABOVE = (
    "Article",
    "NewsArticle",
    "BlogPosting",
    "DiscussionForumPosting",
    "LiveBlogPosting",
    "CreativeWork",
    "WebPage",
)
MOST = 50_000
UNNAMED = "\0"
Values = Mapping[str, Any]


def claim(page: Page) -> Claim | None:
    if not SIGNS.search(page.text):
        return None
    found = list(_from_json(page))
    sections: tuple[HtmlElement, ...] = ()
    if not found:
        items = _items(page)
        found = list(_from_items(items))
        sections = tuple(item for item in items if _item_above(item, items) is None)
    return Claim(LIKELY, None, {"comments": found}, sections) if found else None


def read(page: Page, claim: Claim, article: Article) -> Reading:
    """What the page holds is all that can be had: whole where it states as many as it holds."""
    comments = tuple(_without_keys(comment) for comment in nested(claim.ids["comments"]))
    stated = _stated(page)
    short = stated is not None and stated > len(comments)
    full = stated is not None and not short
    return Thread(
        article,
        comments,
        "schema_org",
        page.capture,
        claim.native_id,
        article.url,
        stated,
        "partial" if short else "full" if full else "unknown",
    )
    yield  # a generator, as all platforms are


def _without_keys(comment: Comment) -> Comment:
    """Nesting needs a key for each comment; one that the page gave no id has none in the archive."""
    own, above = (
        None if key and key.startswith(UNNAMED) else key for key in (comment.native_id, comment.parent_native_id)
    )
    return replace(comment, native_id=own, parent_native_id=above)


def _stated(page: Page) -> int | None:
    for item in jsonld.of_type(jsonld.blocks(page), *ABOVE):
        found = _count(item.get("commentCount"))
        if found is not None:
            return found
    for element in page.html.iter():
        if (element.get("itemprop") or "").lower() == "commentcount":
            return count(element.get("content") or element.text_content())
    return None


def _count(value: Any) -> int | None:
    if isinstance(value, str):
        return count(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


# JSON-LD


def _from_json(page: Page) -> Iterator[Comment]:
    """In the order of the page, each once."""
    waiting: list[tuple[Any, str | None]] = [(block, None) for block in reversed(jsonld.blocks(page))]
    number = 0
    while waiting and number < MOST:
        item, above = waiting.pop()
        if not isinstance(item, dict):
            continue
        is_comment = bool(jsonld.types(item) & set(KINDS)) and isinstance(item.get("text"), str)
        own = above
        if is_comment:
            number += 1
            own = _id(item) or f"{UNNAMED}{number}"
            yield _comment(item, own, _id(item.get("parentItem")) or above)
        for name in ("comment", "comments", "mainEntity", "hasPart"):
            below = item.get(name)
            waiting += [(each, own) for each in reversed(below if isinstance(below, list) else [below])]


def _id(item: Any) -> str | None:
    if isinstance(item, str):
        return item.strip() or None
    if not isinstance(item, dict) or (item.get("@type") and not jsonld.types(item) & set(KINDS)):
        return None
    found = item.get("@id") or item.get("identifier") or item.get("url")
    return str(found).strip() or None if isinstance(found, str | int) else None


def _comment(item: Values, native_id: str, parent: str | None) -> Comment:
    author = item.get("author") or item.get("creator")
    name = jsonld.words(author)
    stated = item.get("dateCreated") or item.get("datePublished")
    url = item.get("url")
    return Comment(
        html_text(item["text"]),
        author=Author(html_text(name)) if name else None,
        posted=moment(stated) if isinstance(stated, str) else None,
        native_id=native_id,
        parent_native_id=parent,
        parent_source="api",
        likes=_votes(item, "upvoteCount", "LikeAction"),
        dislikes=_votes(item, "downvoteCount", "DislikeAction"),
        url=url if isinstance(url, str) and urlsplit(url).scheme in ("http", "https") else None,
    )


def _votes(item: Values, name: str, action: str) -> int | None:
    direct = _count(item.get(name))
    if direct is not None:
        return direct
    statistics = item.get("interactionStatistic")
    for each in statistics if isinstance(statistics, list) else [statistics]:
        if not isinstance(each, dict):
            continue
        kind = each.get("interactionType")
        stated = kind.get("@type") if isinstance(kind, dict) else kind
        if isinstance(stated, str) and stated.rpartition("/")[2] == action:
            return _count(each.get("userInteractionCount"))
    return None


# microdata


def _items(page: Page) -> list[HtmlElement]:
    return [element for element in page.html.iter() if _kind(element) in KINDS]


def _kind(element: HtmlElement) -> str | None:
    return (element.get("itemtype") or "").strip().rstrip("/").rpartition("/")[2] or None


def _item_above(item: HtmlElement, items: list[HtmlElement]) -> HtmlElement | None:
    known = set(items)
    return next((above for above in item.iterancestors() if above in known), None)


def _from_items(items: list[HtmlElement]) -> Iterator[Comment]:
    number = {item: index for index, item in enumerate(items)}
    ids = [item.get("itemid") or item.get("id") or f"{UNNAMED}{index}" for index, item in enumerate(items)]
    for item in items:
        above = next((each for each in item.iterancestors() if each in number), None)
        values = _properties(item, number)
        body = _first(values, "text", "commenttext", "description")
        if body is None:
            continue
        nested_items = frozenset(each for each in item.iterdescendants() if each in number)
        own = ids[number[item]]
        yield Comment(
            text(body, skip=nested_items),
            author=_author(values),
            posted=_posted(values),
            native_id=own,
            parent_native_id=None if above is None else ids[number[above]],
            parent_source="dom",
            likes=_number(values.get("upvotecount")),
            dislikes=_number(values.get("downvotecount")),
        )


def _properties(item: HtmlElement, items: Mapping[HtmlElement, int]) -> dict[str, HtmlElement]:
    """The elements of an item's properties, without those of items within it; a `name` is the author's."""
    found: dict[str, HtmlElement] = {}
    waiting = list(reversed(item))
    while waiting:
        element = waiting.pop()
        if element in items or not isinstance(element.tag, str):
            continue
        for name in (element.get("itemprop") or "").lower().split():
            found.setdefault(name, element)
        waiting.extend(reversed(element))
    return found


def _first(values: Mapping[str, HtmlElement], *names: str) -> HtmlElement | None:
    return next((values[name] for name in names if name in values), None)


def _author(values: Mapping[str, HtmlElement]) -> Author | None:
    element = _first(values, "author", "creator")
    if element is None:
        return None
    inner = next((below for below in element.iter() if (below.get("itemprop") or "").lower() == "name"), element)
    name = " ".join((inner.get("content") or inner.text_content()).split())
    return Author(name) if name else None


def _posted(values: Mapping[str, HtmlElement]) -> Moment | None:
    element = _first(values, "datecreated", "datepublished", "commenttime")
    if element is None:
        return None
    return moment(" ".join(element.text_content().split()), element.get("datetime") or element.get("content"))


def _number(element: HtmlElement | None) -> int | None:
    return None if element is None else count(element.get("content") or element.text_content())
