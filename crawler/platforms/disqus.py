"""Disqus: the first comments from the page that its embed loads, the others by its API and the operator's own key."""

from dataclasses import dataclass, replace
from typing import Any

from archive.thread import Author, Comment, Flag
from crawler.pages.page import BadPage, Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, number, object_of, token
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://disqus.com"
PER_PAGE = 100
KEY_VARIABLE = "BTL_DISQUS_API_KEY"
DATA_ID = "disqus-threadData"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisqusClaim(EmbedClaim):
    """A thread of a forum, by the site's own id of it, or by its address."""

    def fill(self, listing: Listing) -> Requests:
        """Read the embed's page, which has up to 50 comments, then the API where there are more."""
        query = {"base": "default", "f": self.value("key"), "t_u": self.value("url"), "s_o": "default"}
        query |= {"t_i": self.value("thread")} if self.value("thread") else {}
        page = yield from listing.get(Fetch(self.address("/embed/comments/", query)))
        if page is None:
            return
        data = _thread_data(page)
        thread = at(data, "response.thread")
        closed, listing.stated = at(thread, "isClosed"), number(at(data, "cursor.total"))
        listing.closed = closed if isinstance(closed, bool) else None
        listing.add(SHAPE.comments(page, at(data, "response.posts") or []))
        has_more = at(data, "cursor.hasNext") is True or (listing.stated or 0) > len(listing.comments)
        thread_id = identifier(at(thread, "id"))
        if has_more and thread_id is not None:

            def request(cursor: Any) -> Fetch:
                query = {"thread": thread_id, "forum": self.value("key"), "limit": PER_PAGE, "order": "asc"}
                query |= {"cursor": cursor} if cursor else {}
                address = self.address("/api/3.0/threads/listPosts.json", query)
                return Fetch(address, keys=(("api_key", KEY_VARIABLE),), retry=False)

            yield from listing.read_pages(request, _parse, is_doubtful=True)
        elif has_more:
            listing.reasons.append("the embed has no id of the thread, and more comments than it shows")


def claim(page: Page) -> DisqusClaim | None:
    """The page names the forum, and mostly the thread."""
    embed = claim_embed(page, "disqus", DisqusClaim, "key", server=SERVER)
    if embed is None:
        return None
    return replace(embed, native_id=f"disqus.com/{embed.value('key')}/{embed.value('thread') or embed.value('url')}")


def _thread_data(page: Page) -> dict[str, Any]:
    script = next((e for e in page.html.iter("script") if e.get("id") == DATA_ID), None)
    data = page.parse_json(script.text or "") if script is not None else None
    if not isinstance(data, dict) or data.get("code", 0) != 0:
        raise BadPage(f"{page.url}: no {DATA_ID}, or one that says code {at(data, 'code')}")
    return data


def _parse(page: Page) -> Batch:
    data = object_of(page)
    following = at(data, "cursor.next") if at(data, "cursor.hasNext") is True else None
    return Batch(list(SHAPE.comments(page, data.get("response"))), token(following))


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    author, flags, state = comment.author, list(comment.flags), comment.state
    if item.get("isDeletedByAuthor") is True:
        state, flags = "author_deleted", [Flag("platform.author_deleted", "isDeletedByAuthor", "isDeletedByAuthor")]
    elif item.get("isApproved") is False and state == "visible":
        state, flags = "withheld", [Flag("platform.withheld", "isApproved", "isApproved: false")]
    if item.get("isSpam") is True:
        flags.append(Flag("platform.spam", "isSpam", "isSpam"))
    if (reports := number(item.get("numReports"))) or item.get("isFlagged") is True:
        rule = "numReports" if reports else "isFlagged"
        flags.append(Flag("platform.reported", rule, f"{rule} {reports or ''}".strip()))
    if author is not None and at(item, "author.isAnonymous") is True:
        author = Author(author.name, None, is_guest=True)
    body = comment.body if state == "visible" else ""
    return replace(comment, author=author, flags=tuple(flags), state=state, body=body)


SHAPE = Shape(
    id=("id",),
    body=("message", "raw_message"),
    parent=("parent",),
    name=("author.name", "author.username"),
    author_id=("author.id",),
    posted=("createdAt",),
    likes=("likes",),
    dislikes=("dislikes",),
    edited=("isEdited",),
    featured=("isHighlighted",),
    removed=("isDeleted",),
    amend=_amend,
)
