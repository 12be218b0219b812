"""Comentario: a comment server beside the site; reading a page's thread counts as a visit there."""

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from archive.thread import Author, Comment, Flag
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, number, object_of, text
from crawler.platforms.listing import Listing, Requests


@dataclass(frozen=True, slots=True, kw_only=True)
class ComentarioClaim(EmbedClaim):
    """A thread, by the site's host and the page's path."""

    def fill(self, listing: Listing) -> Requests:
        """Ask how many comments there are, and only where there are some for the thread: else it would be made."""
        host, path = urlsplit(self.page.url).netloc, self.value("thread", "/")
        counts = yield from listing.get(self._post("/api/embed/comments/counts", {"host": host, "paths": [path]}))
        if counts is None:
            return
        stated = at(counts.json(), "commentCounts")
        listing.stated = number(stated.get(path)) if isinstance(stated, dict) else None
        if not listing.stated:
            listing.is_unknown = True
            return
        listing.stated_kind = "approximate"  # it may count comments that wait for approval
        page = yield from listing.get(self._post("/api/embed/comments", {"host": host, "path": path}))
        if page is None:
            return
        data = object_of(page)
        closed = at(data, "pageInfo.isPageReadonly")
        listing.closed = closed if isinstance(closed, bool) else None
        people = data.get("commenters")
        people = {identifier(at(person, "id")): person for person in people} if isinstance(people, list) else {}
        items = data.get("comments") or []
        comments = SHAPE.comments(page, items)
        listing.add(_with_author(comment, item, people) for comment, item in zip(comments, items, strict=True))

    def _post(self, path: str, values: dict[str, Any]) -> Fetch:
        return Fetch(self.address(path), body=json.dumps(values, separators=(",", ":")).encode(), retry=False)


def claim(page: Page) -> ComentarioClaim | None:
    """The page has the element, and a script from the server."""
    embed = claim_embed(page, "comentario", ComentarioClaim, "host", "thread")
    address = f"{urlsplit(page.url).netloc}/{embed.value('thread').lstrip('/')}" if embed else ""
    return embed and replace(embed, native_id=f"{urlsplit(embed.server).netloc}/{address}")


def _with_author(comment: Comment, item: dict[str, Any], people: dict[str | None, Any]) -> Comment:
    own = identifier(item.get("userCreated"))
    person = people.get(own) if own else None
    name = text(at(person, "name")) or text(item.get("authorName"))
    if comment.state != "visible" or (not name and own is None):
        return replace(comment, author=None)
    is_staff = True if at(person, "isModerator") is True else None
    is_guest = person is None or at(person, "isAnonymous") is True
    return replace(comment, author=Author(name, None if is_guest else own, is_guest, is_staff))


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    score = item.get("score")
    if isinstance(score, int) and not isinstance(score, bool) and score and abs(score) < 1 << 62:
        comment = replace(comment, reactions=(("score", score),))
    by = identifier(item.get("userDeleted"))
    if comment.state == "removed" and by is not None and by == identifier(item.get("userCreated")):
        flag = Flag("platform.author_deleted", "userDeleted", "userDeleted is userCreated")
        comment = replace(comment, state="author_deleted", flags=(flag,))
    return comment


SHAPE = Shape(
    id=("id",),
    body=("html", "markdown"),
    parent=("parentId",),
    name=("authorName",),
    posted=("createdTime",),
    url=("url",),
    edited=("editedTime",),
    featured=("isSticky",),
    removed=("isDeleted",),
    withheld=("isPending",),
    amend=_amend,
)
