"""Hacker News: items as its API gives them, one a line and in any order, or trees as Algolia's search gives them.

What an item answers leads to its story; comments whose story is in another file stand under its address.
"""

import re
from collections.abc import Iterator
from typing import Any

from archive.importers.base import (
    CERTAIN,
    HEAD_LENGTH,
    BadDocument,
    Document,
    EmptyDocument,
    FormatClaim,
    Probe,
    Source,
)
from archive.importers.records_by_thread import (
    JSON_LINES_TYPE,
    Gatherer,
    below_article,
    cut_objects,
    gather_documents,
    gathered_capture,
    load_object,
    object_capture,
    read_gathered,
    read_records,
)
from archive.importers.values import count_of, html_of, id_of, moment_of, text_of
from archive.text import urls
from archive.thread import Article, Author, Capture, Comment, Flag, State, Thread

NAME = "hacker-news"
PLATFORM = "hacker_news"
ITEM = "https://news.ycombinator.com/item?id="
STORIES = ("story", "job", "poll")
KIND = re.compile(rb'"type"\s*:\s*"(?:story|comment|job|poll|pollopt)"')
TIME = re.compile(rb'"time"\s*:\s*"?\d{9}')
TREE = re.compile(rb'"created_at_i"\s*:\s*\d{9}')


def claim(probe: Probe) -> FormatClaim | None:
    """Claim JSON of items with their types and times."""
    head = probe.begin
    if not head.startswith((b"{", b"[")) or KIND.search(head) is None:
        return None
    if TREE.search(head) is not None and (b'"children"' in head or b'"story_id"' in head):
        return FormatClaim(CERTAIN, "trees of Hacker News")
    is_item = TIME.search(head) is not None and (b'"by"' in head or b'"parent"' in head) and b'"id"' in head
    return FormatClaim(CERTAIN, "items of Hacker News") if is_item else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Yield trees as they are; gather items by their stories."""
    head = source.file.peek(HEAD_LENGTH)[:HEAD_LENGTH]  # type: ignore[attr-defined]
    if TREE.search(head) is not None and head.lstrip().startswith(b"{"):
        yield from cut_objects(source)
        return
    with Gatherer() as gatherer:
        for record in read_records(source.file, source.name):
            if isinstance(record, BadDocument):
                yield record
            elif (own := id_of(record[1].get("id"))) is None:
                yield BadDocument(f"{source.name}:{record[0]}", "an item without an id")
            else:
                parent = record[1].get("parent", record[1].get("poll", record[1].get("parent_id")))
                gatherer.add(record[0], record[1], own, id_of(parent))
        yield from gather_documents(gatherer, source, JSON_LINES_TYPE)


def parse(document: Document) -> Thread:
    """Return a story with its comments."""
    if document.is_gathered:
        gathered = read_gathered(document)
        items = [item for _, record in gathered.records for item in _flatten(record)]
        options = sum(item.get("type") == "pollopt" for item in items)
        return _thread(gathered.key, items, gathered_capture(document, gathered, poll_options=options))
    items = list(_flatten(load_object(document)))
    key = id_of(items[0].get("parent_id")) or id_of(items[0].get("id"))
    if key is None:
        raise BadDocument(document.location, "an item without an id")
    return _thread(key, items, object_capture(document, items))


def _flatten(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an item and, of a tree, those below it."""
    stack = [item]
    while stack:
        current = stack.pop()
        children = current.get("children")
        yield {name: value for name, value in current.items() if name != "children"}
        if isinstance(children, list):
            stack.extend(child for child in reversed(children) if isinstance(child, dict))


def _thread(key: str, items: list[dict[str, Any]], capture: Capture) -> Thread:
    story = next((item for item in items if id_of(item.get("id")) == key and item.get("type") in STORIES), None)
    comments = [_comment(item) for item in _in_order(items) if item is not story and item.get("type") != "pollopt"]
    if story is None and not comments:
        raise EmptyDocument(capture.file or "", "no comment")
    first = next((item for item in items if item.get("story_id")), {})
    root = key if story is not None or first == {} else id_of(first.get("story_id")) or key
    return Thread(
        article=_article(root, story, first),
        comments=below_article(comments, key if story is not None else root, root),
        platform=PLATFORM,
        capture=capture,
        native_id=root,
        url=ITEM + root,
        stated_count=count_of(story.get("descendants")) if story else None,
        completeness="partial",
        flags=() if story else (Flag("capture.context_missing", "story-not-in-file", ITEM + root),),
    )


def _in_order(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items as the site ranks them below what they answer, as far as that is known."""
    ranks: dict[str | None, int] = {}
    for item in items:
        kids = item.get("kids")
        for rank, kid in enumerate(kids if isinstance(kids, list) else ()):
            ranks[id_of(kid)] = rank
    return sorted(items, key=lambda item: ranks.get(id_of(item.get("id")), len(ranks)))


def _article(key: str, story: dict[str, Any] | None, comment: dict[str, Any]) -> Article:
    about = story or {"title": comment.get("story_title"), "url": comment.get("story_url")}
    url = urls.canonical(about.get("url")) or ITEM + key
    return Article(
        title=text_of(about.get("title")),
        body=html_of(about.get("text")),
        url=url,
        outlet=urls.domain(url),
        byline=_author(about) if url == ITEM + key else None,
        published=moment_of(_time(about)) if url == ITEM + key else None,
        fills_in=True,
    )


def _comment(item: dict[str, Any]) -> Comment:
    parent = id_of(item.get("parent", item.get("parent_id")))
    author, body = _author(item), html_of(item.get("text", item.get("comment_text")))
    flags: tuple[Flag, ...] = ()
    state: State = "visible"
    if item.get("deleted") or (author is None and not body):
        state, flags = "author_deleted", (Flag("platform.author_deleted", "deleted", "deleted"),)
    elif item.get("dead"):
        state, flags = "removed", (Flag("platform.removed", "dead", "dead"),)
    return Comment(
        body=body,
        author=Author(author, author) if author else None,
        posted=moment_of(_time(item)),
        native_id=id_of(item.get("id")),
        parent_native_id=parent,
        parent_source="export" if parent else None,
        state=state,
        likes=count_of(item.get("points")),
        url=ITEM + (id_of(item.get("id")) or ""),
        flags=flags,
    )


def _author(item: dict[str, Any]) -> str | None:
    return text_of(item.get("by")) or text_of(item.get("author"))


def _time(item: dict[str, Any]) -> Any:
    return item.get("time") or item.get("created_at_i")
