"""Coral: a thread by the two paging queries that its own client sends, whose ids depend on the release."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from archive.thread import Author, Comment, Flag
from crawler.pages.page import BadPage, Fetch, FetchFailed, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, list_of, number
from crawler.platforms.listing import Batch, Listing, Requests

PER_PAGE = 100
MOST_RELEASES = 4  # that are tried where the server does not say which it is, or one that is not listed
STAFF = frozenset(("STAFF", "ADMIN", "MODERATOR", "EXPERT"))
UNKNOWN_QUERY = "PERSISTED_QUERY_NOT_FOUND"
Release = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Queries:
    """The ids of the queries for comments and for replies, from a release on."""

    release: Release
    comments: str
    replies: str


@cache
def load_queries() -> tuple[Queries, ...]:
    """Load coral_queries.toml, the newest first."""
    rows = tomllib.loads((files("crawler.platforms") / "coral_queries.toml").read_text("utf-8"))["releases"]
    queries = (Queries(parse_release(row["from"]), row["comments"], row["replies"]) for row in rows)
    return tuple(sorted(queries, key=lambda row: row.release, reverse=True))


def parse_release(version: str) -> Release:
    """Parse a version such as 9.11.8; what is no number counts as 0."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.strip().lstrip("v").split("-")[0].split("."))


def queries_to_try(version: str | None) -> list[Queries]:
    """Return the queries of a version, then those of its neighbours, the newest first."""
    newest_first = load_queries()
    release = parse_release(version) if version else None
    at_most = [row for row in newest_first if release is None or row.release <= release]
    return [*at_most[:1], *(row for row in newest_first if row not in at_most[:1])][:MOST_RELEASES]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoralClaim(EmbedClaim):
    """A story, by its id, or else by its address.

    The queries that a page itself begins with are never sent: they make the server create stories.
    """

    def fill(self, listing: Listing) -> Requests:
        """Find the story's id and the server's release, then read all comments and the replies that are cut short."""
        story = self.value("thread") or (yield from self._story_id(listing))
        if not story:
            return
        version = yield from self._version(listing)
        walk = _CoralWalk(listing)
        queries = yield from self._first_page(walk, story, version)
        if queries is None:
            return
        variables = _variables(storyID=story, tag=None, ratingFilter=None)
        if walk.cursor is not None:
            yield from listing.read_pages(
                lambda cursor: self._query(queries.comments, variables | {"cursor": cursor}), walk.parse, walk.cursor
            )
        while walk.cut_short:
            comment, cursor = walk.cut_short.popitem()
            below = _variables(commentID=comment)

            def request(cursor: Any, below: dict[str, Any] = below) -> Fetch:
                return self._query(queries.replies, below | {"cursor": cursor})

            yield from listing.read_pages(request, walk.parse_replies, cursor)
        walk.note_missing()

    def _story_id(self, listing: Listing) -> Requests:
        """Ask for the id of a story by its address, which creates none."""
        query = {"url": self.value("url"), "ref": "btl"}
        page = yield from listing.get(Fetch(self.address("/api/story/count.js", query), retry=False))
        if page is None:
            return None
        start, end = page.text.find("{"), page.text.rfind("}")
        data = page.parse_json(page.text[start : end + 1])
        story = identifier(at(data, "id"))
        listing.is_unknown = story is None
        return story

    def _version(self, listing: Listing) -> Requests:
        page = yield from listing.get(Fetch(self.address("/api/version"), retry=False, shared=True), optional=True)
        version = at(page.json(), "version") if page else None
        return version if isinstance(version, str) else None

    def _first_page(self, walk: "_CoralWalk", story: str, version: str | None) -> Requests:
        """Read the first page by the first of the likely queries that the server knows; return them."""
        variables = _variables(storyID=story, tag=None, ratingFilter=None, cursor=None)
        candidates = queries_to_try(version)
        for queries in candidates:
            fetch = self._query(queries.comments, variables)
            try:
                page = yield fetch
            except FetchFailed as failure:
                if failure.page is None or UNKNOWN_QUERY not in failure.page.text:
                    walk.listing.reasons.append(str(failure))
                    return None
                walk.listing.keep(failure.page)
                continue
            walk.listing.keep(page)
            walk.cursor = walk.add_page(page)
            return queries
        known = ".".join(map(str, load_queries()[0].release))
        reason = f"{self.server}: Coral {version or 'of an unknown version'} knows none of the queries up to {known}"
        walk.listing.reasons.append(reason)
        return None

    def _query(self, query_id: str, variables: dict[str, Any]) -> Fetch:
        encoded = json.dumps(variables, separators=(",", ":"))
        return Fetch(self.address("/api/graphql", {"query": "", "id": query_id, "variables": encoded}), retry=False)


def claim(page: Page) -> CoralClaim | None:
    """The page, or the operator, names the server. The old Talk (version 4) has another API."""
    embed = claim_embed(page, "coral", CoralClaim)
    if embed is None or embed.value("talk"):
        return None
    if embed.native_id is None:
        embed = replace(embed, native_id=f"{urlsplit(embed.server).netloc}/{embed.value('url')}")
    return embed


def _variables(**more: Any) -> dict[str, Any]:
    common = {"count": PER_PAGE, "orderBy": "CREATED_AT_ASC", "flattenReplies": True, "refreshStream": False}
    return common | more


@dataclass(slots=True)
class _CoralWalk:
    """What the responses hold besides comments: where replies go on, and which there should be.

    `listed` are published comments by id, with those that they stand below.
    """

    listing: Listing
    cursor: str | None = None
    cut_short: dict[str, str] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)

    def parse(self, page: Page) -> Batch:
        """Read a page of comments at the top, with the replies that came along."""
        story = self._story(page)
        connection = story.get("comments") or {}
        return Batch(list(self._comments(page, connection)), _following(connection))

    def add_page(self, page: Page) -> str | None:
        """Add the comments of the first page, and what the story says of itself; return where the next one begins."""
        story = self._story(page)
        listing = self.listing
        listing.closed = story["isClosed"] if isinstance(story.get("isClosed"), bool) else None
        # Replies below rejected comments are counted, and nobody can reach them.
        listing.stated, listing.stated_kind = number(at(story, "commentCounts.totalPublished")), "approximate"
        batch = self.parse(page)
        listing.add(batch.comments)
        following: str | None = batch.following
        return following

    def parse_replies(self, page: Page) -> Batch:
        """Read a page of the replies to one comment."""
        connection = at(_data(page), "comment.replies") or {}
        return Batch(list(self._comments(page, connection)), _following(connection))

    def note_missing(self) -> None:
        """Note which published comments did not come, except those below comments that the moderators rejected."""
        comments = self.listing.comments
        missing = [own for own in self.listed if own not in comments]
        gone = {own for own in missing if any(a not in comments and a not in self.listed for a in self.listed[own])}
        if gone:
            what = f"{len(gone)} replies stand below comments that are not public"
            self.listing.flags.append(Flag("platform.removed", "rejected-parent", what))
        if len(missing) > len(gone):
            self.listing.reasons.append(f"{len(missing) - len(gone)} published replies did not come")

    def _story(self, page: Page) -> dict[str, Any]:
        data = _data(page)
        story = data.get("story", data.get("stream"))  # as a browser's first query has it
        if story is None:
            self.listing.is_unknown = True
            return {}
        if not isinstance(story, dict):
            raise BadPage(f"{page.url}: no story")
        return story

    def _comments(self, page: Page, connection: Any) -> Iterator[Comment]:
        stack: list[tuple[Any, str | None]] = [(edge, None) for edge in reversed(_edges(page, connection))]
        while stack:
            edge, above = stack.pop()
            node = at(edge, "node")
            (comment,) = SHAPE.comments(page, [node], above)
            yield comment
            self._note_listed(node)
            replies = node.get("replies")
            if isinstance(replies, dict):
                stack += [(reply, comment.native_id) for reply in reversed(_edges(page, replies))]
                following = _following(replies)
                if following is not None and comment.native_id is not None:
                    self.cut_short[comment.native_id] = following

    def _note_listed(self, node: dict[str, Any]) -> None:
        edges = at(node, "allChildComments.edges")
        for edge in edges if isinstance(edges, list) else ():
            own, ancestors = identifier(at(edge, "node.id")), at(edge, "node.ancestorIDs")
            if own is not None:
                self.listed[own] = [a for a in ancestors if isinstance(a, str)] if isinstance(ancestors, list) else []


def _data(page: Page) -> dict[str, Any]:
    """Return the data of a response of GraphQL, whose errors come with status 200."""
    response = page.json()
    errors, data = (at(response, name) for name in ("errors", "data"))
    if not isinstance(data, dict):
        message = at(errors[0], "message") if isinstance(errors, list) and errors else None
        raise BadPage(f"{page.url}: no data: {str(message)[:200]}")
    return data


def _edges(page: Page, connection: Any) -> list[Any]:
    return list_of(page, connection.get("edges") or []) if isinstance(connection, dict) else []


def _following(connection: Any) -> str | None:
    cursor = at(connection, "pageInfo.endCursor")
    return str(cursor) if at(connection, "pageInfo.hasNextPage") is True and cursor is not None else None


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    tags = [at(tag, "code") for tag in item.get("tags") or () if isinstance(tag, dict)]
    flags, author, state = list(comment.flags), comment.author, comment.state
    if item.get("deleted") is True:  # with the account that wrote it
        state, author, flags = "author_deleted", None, [Flag("platform.author_deleted", "deleted", "deleted")]
    if "FEATURED" in tags:
        flags.append(Flag("platform.featured", "tag", "FEATURED"))
    if staff := STAFF.intersection(filter(None, tags)):
        flags.append(Flag("platform.staff", "tag", min(staff)))
        author = Author(author.name, author.native_id, author.is_guest, is_staff=True) if author else None
    body = comment.body if state == "visible" else ""
    return replace(comment, flags=tuple(flags), author=author, state=state, body=body)


SHAPE = Shape(
    id=("id",),
    body=("body",),
    parent=("parent.id",),
    name=("author.username",),
    author_id=("author.id",),
    posted=("createdAt",),
    likes=("actionCounts.reaction.total",),
    edited=("editing.edited",),
    amend=_amend,
)
