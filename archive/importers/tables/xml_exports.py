"""Exports in XML, as rows of a table whose columns a preset knows: Disqus, Blogger (old and new), IntenseDebate."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import unquote

from archive.importers.base import BadDocument
from archive.importers.tables.nested import Row
from archive.importers.xml_elements import child_text, cut_elements, local_name, parse_element

ACCOUNT = re.compile(r"/profile/(\d+)")  # in the address of who writes on Blogger
BLOGGER_STATES = {"LIVE": "visible", "SPAM_COMMENT": "spam", "PENDING_COMMENT": "pending"}  # others are removed


@dataclass(frozen=True, slots=True)
class XmlExport:
    """An export by what its beginning holds, all of `marks`; `rows` reads it."""

    kind: str
    marks: tuple[bytes, ...]
    rows: Callable[[BinaryIO, str], Iterator[Row | BadDocument]]


def find_export(head: bytes) -> XmlExport | None:
    """Return the export that a file is which begins like this."""
    return next((export for export in EXPORTS if all(mark in head for mark in export.marks)), None)


def disqus_posts(file: BinaryIO, name: str) -> Iterator[Row | BadDocument]:
    """Yield the posts of a Disqus export, each with the address and title of its thread, which comes before them."""
    threads: dict[str, dict[str, Any]] = {}
    number = 0
    for cut in cut_elements(file, name, "thread", "post"):
        if isinstance(cut, BadDocument):
            yield cut
            continue
        number += 1
        element = parse_element(cut[1])
        own_id = _disqus_id(element)
        if local_name(element) == "thread":
            forum, link = child_text(element, "forum"), child_text(element, "link")
            key = f"disqus.com/{forum}/{child_text(element, 'id') or link or own_id}"
            threads[own_id] = {"thread": key, "link": link, "title": child_text(element, "title")}
            continue
        children = {local_name(child): child for child in element if isinstance(child.tag, str)}
        author, message = children.get("author"), child_text(element, "message")
        row = {"id": own_id, "message": message, "createdAt": child_text(element, "createdAt")}
        row["parent"] = _disqus_id(children["parent"]) if "parent" in children else None
        if author is not None:
            row |= {"author": child_text(author, "name"), "username": child_text(author, "username")}
        row["state"] = _disqus_state(element, has_text=bool(message))
        thread = _disqus_id(children["thread"]) if "thread" in children else ""
        yield number, row | threads.get(thread, {"thread": thread})


def _disqus_id(element: Any) -> str:
    return next((value for name, value in element.attrib.items() if re.split("[}:]", name)[-1] == "id"), "")


def _disqus_state(post: Any, *, has_text: bool) -> str:
    """Moderators' removals keep their text; who deletes a post of one's own leaves neither text nor name."""
    if child_text(post, "isSpam") == "true":
        return "spam"
    if child_text(post, "isDeleted") != "true":
        return "visible"
    return "deleted" if has_text else "author_deleted"


def blogger_entries(file: BinaryIO, name: str) -> Iterator[Row | BadDocument]:
    """Yield the comments of a blog on Blogger, and its posts, whose rows say what the comments stand under."""
    number = 0
    for cut in cut_elements(file, name, "entry"):
        if isinstance(cut, BadDocument):
            yield cut
            continue
        element = parse_element(cut[1])
        kind = _blogger_kind(element)
        if kind in ("comment", "post", "page"):
            number += 1
            yield number, _blogger_comment(element) if kind == "comment" else _blogger_post(element)


def _blogger_kind(entry: Any) -> str:
    if stated := child_text(entry, "type"):
        return stated.lower()
    terms = (child.get("term", "") for child in entry if local_name(child) == "category")
    return next((term.rpartition("#")[2] for term in terms if "/kind#" in term), "")


def _blogger_post(entry: Any) -> dict[str, Any]:
    path = child_text(entry, "filename")
    return {
        "thread": _blogger_id(child_text(entry, "id")),
        "url": _links(entry).get("alternate") or path,
        "title": child_text(entry, "title"),
        "article_body": child_text(entry, "content"),
        "published": child_text(entry, "published"),
    }


def _blogger_comment(entry: Any) -> dict[str, Any]:
    children = {local_name(child): child for child in entry if isinstance(child.tag, str)}
    links = _links(entry)
    above = children.get("in-reply-to")
    related = links.get("related", "").rpartition("/")[2]
    author = children.get("author")
    account = ACCOUNT.search(child_text(author, "uri") or "") if author is not None else None
    return {
        "id": _blogger_id(child_text(entry, "id")),
        "parent": _blogger_id(child_text(entry, "inReplyTo")) or related or None,
        "thread": _blogger_id(above.get("ref") if above is not None else child_text(entry, "parent")),
        "url": above.get("href") if above is not None and "/feeds/" not in above.get("href", "") else None,
        "comment_url": links.get("alternate"),
        "body": child_text(entry, "content"),
        "posted": child_text(entry, "published"),
        "author": child_text(author, "name") if author is not None else None,
        "author_id": account[1] if account else None,
        "state": _blogger_state(entry),
    }


def _blogger_state(entry: Any) -> str:
    status = child_text(entry, "status")
    if status is not None:
        return BLOGGER_STATES.get(status, "deleted")
    names = (child.get("name") for child in entry if local_name(child) == "extendedProperty")
    return "deleted" if "blogger.contentRemoved" in names else "visible"


def _blogger_id(tag: str | None) -> str | None:
    """Return the number at the end of an id: `tag:blogger.com,1999:blog-7.post-12` is 12."""
    return re.split(r"[.-]", tag)[-1] if tag else None


def _links(entry: Any) -> dict[str, str]:
    return {child.get("rel"): child.get("href") for child in entry if local_name(child) == "link" and child.get("href")}


def intense_debate_comments(file: BinaryIO, name: str) -> Iterator[Row | BadDocument]:
    """Yield the comments of an export of IntenseDebate, each with the address and title of its post."""
    number = 0
    for cut in cut_elements(file, name, "blogpost"):
        if isinstance(cut, BadDocument):
            yield cut
            continue
        post = parse_element(cut[1])
        article: Mapping[str, Any] = {
            "thread": child_text(post, "guid") or child_text(post, "postid"),
            "url": unquote(child_text(post, "url") or "") or None,
            "title": unquote(child_text(post, "title") or "") or None,
        }
        for comment in post.iter("comment"):
            number += 1
            yield (
                number,
                {
                    "id": comment.get("id"),
                    "parent": comment.get("parentid"),
                    "author": child_text(comment, "name"),
                    "body": child_text(comment, "text"),
                    "posted": f"{stated}Z" if (stated := child_text(comment, "gmt")) else child_text(comment, "date"),
                    "score": child_text(comment, "score"),
                    "isAnon": child_text(comment, "isAnon"),
                    **article,
                },
            )


EXPORTS = (
    XmlExport("Disqus export", (b"<disqus", b"disqus.com"), disqus_posts),
    XmlExport("Blogger export", (b"<feed", b"schemas.google.com/blogger/20", b",1999:blog-"), blogger_entries),
    XmlExport("IntenseDebate export", (b"<output>", b"<blogpost>", b"<postid>"), intense_debate_comments),
)
