"""OpenWeb (Spot.IM): a conversation by POST, all its pages from one address."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from archive.text.html_text import html_text
from archive.thread import Author, Comment, Flag
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, first, identifier, list_of, number, object_of, text, token
from crawler.platforms.listing import Batch, Listing, Requests

SERVER = "https://api-2-0.spot.im"
PER_PAGE = 50
DEPTH = 2
REFUSED = (400, 401, 403)
TOKEN = "x-access-token"  # noqa: S105 the header's name


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWebClaim(EmbedClaim):
    """A conversation: the site's spot, and its own id of the article."""

    def fill(self, listing: Listing) -> Requests:
        """Read all pages, then the replies that they leave out. Newer sites want the token of a guest for that."""
        walk = _ConversationWalk(self, listing)
        yield from walk.read(None, 0)
        while walk.cut_short:
            comment, offset = walk.cut_short.popitem()
            yield from walk.read(comment, offset)


def claim(page: Page) -> OpenWebClaim | None:
    """The page names the spot and the article."""
    embed = claim_embed(page, "openweb", OpenWebClaim, "key", "thread", server=SERVER)
    return embed and replace(embed, native_id=f"spot.im/{embed.value('key')}/{embed.value('thread')}")


@dataclass(slots=True)
class _ConversationWalk:
    """The state of reading one conversation: the guest's token, and comments whose replies go on at an offset."""

    claim: OpenWebClaim
    listing: Listing
    token: str | None = None
    cut_short: dict[str, int] = field(default_factory=dict)

    def read(self, parent: str | None, offset: int) -> Requests:
        """Read the comments at the top, or the replies to one, from an offset on."""
        offsets: set[int] = set()
        while offset not in offsets:
            offsets.add(offset)
            page = yield from self._ask(parent, offset)
            if page is None:
                return
            self.listing.keep(page)
            batch = self._parse(page, parent)
            new = self.listing.add(batch.comments)
            if batch.following is None:
                return
            if not new:
                break
            offset = batch.following
        self.listing.reasons.append(f"the pages of {parent or 'the conversation'} repeat at offset {offset}")

    def _ask(self, parent: str | None, offset: int) -> Requests:
        """Ask for a page, as a guest where the site wants one, once more where the guest's token has expired."""
        is_renewed = False
        while True:
            try:
                return (yield self._request(parent, offset))
            except FetchFailed as failure:
                if failure.status not in REFUSED or is_renewed:
                    self.listing.reasons.append(str(failure))
                    return None
            is_renewed = self.token is not None
            renewed = yield from self._new_token()
            if renewed is None or renewed == self.token:
                self.listing.reasons.append("the service refuses guests")
                return None
            self.token = renewed

    def _new_token(self) -> Requests:
        claim = self.claim
        headers = (("x-spot-id", claim.value("key")),)
        address = claim.address("/v1.0.0/guests/token")
        fetch = Fetch(address, headers, b"{}", retry=False, shared=True, confidential=True, renews=self.token)
        try:
            page = yield fetch
        except FetchFailed:
            return None
        return token(first(page.json(), ("accessToken", "access_token"))) or page.headers.get(TOKEN)

    def _request(self, parent: str | None, offset: int) -> Fetch:
        spot, post = self.claim.value("key"), self.claim.value("thread")
        body = {
            "conversation_id": f"{spot}_{post}",
            "sort_by": "oldest",
            "offset": offset,
            "count": PER_PAGE,
            "child_count": PER_PAGE,
            "depth": 1 if parent else DEPTH,
            "parent_id": parent or "",
            "message_id": "",
            "extract_data": False,
        }
        headers = [("x-spot-id", spot), ("x-post-id", post), *([(TOKEN, self.token)] if self.token else [])]
        address = self.claim.address("/v1.0.0/conversation/read")
        return Fetch(address, tuple(headers), json.dumps(body, separators=(",", ":")).encode())

    def _parse(self, page: Page, parent: str | None) -> Batch:
        conversation = object_of(page, "conversation")
        listing = self.listing
        if parent is None and listing.stated is None:
            counts = ("messages_count", "comments_count")
            listing.stated, listing.stated_kind = number(first(conversation, counts)), "approximate"
            closed = conversation.get("read_only")
            listing.closed = closed if isinstance(closed, bool) else None
        users = conversation.get("users")
        items = conversation.get("comments") or []
        comments = list(self._comments(page, items, users if isinstance(users, dict) else {}, parent))
        offset = conversation.get("offset")
        return Batch(comments, offset if conversation.get("has_next") is True and isinstance(offset, int) else None)

    def _comments(self, page: Page, items: Any, users: dict[str, Any], parent: str | None) -> Iterator[Comment]:
        stack = [(item, parent) for item in reversed(list_of(page, items))]
        while stack:
            item, above = stack.pop()
            (comment,) = SHAPE.comments(page, [item], above)
            yield _with_author(comment, item, users)
            replies = list_of(page, item.get("replies") or [])
            stack += [(reply, comment.native_id) for reply in reversed(replies)]
            count, offset = number(item.get("replies_count")) or 0, number(item.get("offset"))
            is_cut = item.get("has_next") is True or (count > 0 and not replies)
            if is_cut and comment.native_id is not None and comment.native_id != parent:
                self.cut_short[comment.native_id] = offset if replies and offset else 0


def _with_author(comment: Comment, item: dict[str, Any], users: dict[str, Any]) -> Comment:
    user_id = identifier(item.get("user_id"))
    own = item.get("users")
    user = (own if isinstance(own, dict) else {}).get(user_id) or users.get(user_id or "")
    name = text(first(user, ("display_name", "user_name"))) or text(item.get("user_display_name"))
    if user_id is None and not name:
        return comment
    is_staff = True if any(at(user, key) is True for key in ("is_admin", "is_journalist", "is_moderator")) else None
    return replace(comment, author=Author(name, user_id, is_guest=None, is_staff=is_staff))


def _amend(item: dict[str, Any], comment: Comment) -> Comment:
    own, root, parent = (identifier(item.get(key)) for key in ("id", "root_comment", "parent_id"))
    if own == root:
        comment = replace(comment, parent_native_id=None)
    elif parent is None and comment.parent_native_id is None:
        comment = replace(comment, parent_native_id=root)
    content = item.get("content")
    entities = content if isinstance(content, list) else []
    texts = (html_text(t) for entity in entities if (t := text(at(entity, "text"))))
    body = "\n\n".join(filter(None, texts))
    status, state, flags = str(item.get("status") or "").lower(), comment.state, comment.flags
    if state == "visible" and ("block" in status or "reject" in status):
        state, flags = "removed", (Flag("platform.removed", "status", status),)
    elif state == "visible" and status in ("pending", "require_approval"):
        state, flags = "withheld", (Flag("platform.withheld", "status", status),)
    return replace(comment, body=body if state == "visible" else "", state=state, flags=flags)


SHAPE = Shape(
    id=("id",),
    body=("id",),  # made of `content`
    parent=("parent_id",),
    posted=("written_at", "time"),
    likes=("rank.ranks_up",),
    dislikes=("rank.ranks_down",),
    edited=("edited",),
    removed=("deleted",),
    is_html=False,
    amend=_amend,
)
