"""Discourse: a forum whose topic is embedded below an article; its first post is the article itself."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from archive.thread import Comment, Flag
from crawler.pages.page import Fetch, Page
from crawler.platforms.embed_claim import EmbedClaim, claim_embed
from crawler.platforms.json_comments import Shape, at, identifier, number, object_of
from crawler.platforms.listing import Listing, Requests

PER_PAGE = 20  # posts that a request may name
LIKES = 2  # the number of that action
SMALL_ACTION = 3  # a post that says "closed this topic"
FIRST_POST = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscourseClaim(EmbedClaim):
    """A topic, by its number. The forum is never asked about addresses: of unknown ones it would make topics."""

    def fill(self, listing: Listing) -> Requests:
        """Read the topic, then the posts that it only lists."""
        page = yield from listing.get(Fetch(self.address(f"/t/{self.value('thread')}.json")))
        if page is None:
            return
        data = object_of(page)
        listing.closed = data["closed"] if isinstance(data.get("closed"), bool) else None
        numbers: dict[str, str | None] = {}
        _add(listing, page, at(data, "post_stream.posts") or [], numbers)
        stream = [own for post in at(data, "post_stream.stream") or [] if (own := identifier(post)) is not None]
        came = set(numbers.values())
        missing = [own for own in stream if own not in came]
        for start in range(0, len(missing), PER_PAGE):
            query = urlencode([("post_ids[]", own) for own in missing[start : start + PER_PAGE]])
            page = yield from listing.get(Fetch(self.address(f"/t/{self.value('thread')}/posts.json?{query}")))
            if page is not None:
                _add(listing, page, at(object_of(page), "post_stream.posts") or [], numbers)
        for key, comment in listing.comments.items():
            parent = comment.parent_native_id
            parent = None if parent in (None, FIRST_POST) else numbers.get(parent, f"post {parent}")
            listing.comments[key] = replace(comment, parent_native_id=parent)
        absent = set(stream) - {own for own in numbers.values() if own}
        if absent and not listing.reasons:
            listing.reasons.append(f"{len(absent)} posts listed that did not come")
        listing.stated = len(listing.comments) + len(absent)


def claim(page: Page) -> DiscourseClaim | None:
    """The page names the forum and the topic."""
    return claim_embed(page, "discourse", DiscourseClaim, "host", "thread")


def _add(listing: Listing, page: Page, posts: Any, numbers: dict[str, str | None]) -> None:
    """Add posts but the first, which is the article; `numbers` gets the id of each post by its number in the topic."""
    for post in posts if isinstance(posts, list) else ():
        place, own = identifier(at(post, "post_number")), identifier(at(post, "id"))
        if place is not None and own is not None:
            numbers[place] = own
    posts = [post for post in posts if identifier(at(post, "post_number")) != FIRST_POST]
    listing.add(SHAPE.comments(page, posts))


def _amend(item: dict[str, Any], comment: Comment) -> Comment | None:
    if item.get("post_type") == SMALL_ACTION:
        return None
    actions = item.get("actions_summary")
    likes = [at(a, "count") for a in actions if at(a, "id") == LIKES] if isinstance(actions, list) else []
    comment = replace(comment, likes=number(likes[0]) if likes else 0 if isinstance(actions, list) else None)
    if item.get("user_deleted") is True:
        flag = Flag("platform.author_deleted", "user_deleted", "user_deleted")
        return replace(comment, body="", state="author_deleted", flags=(flag,))
    if (number(item.get("version")) or 1) > 1 and comment.state == "visible":
        flag = Flag("platform.edited", "version", f"version {item['version']}")
        comment = replace(comment, flags=(*comment.flags, flag))
    return comment


SHAPE = Shape(
    id=("id",),
    body=("cooked",),
    parent=("reply_to_post_number",),
    name=("username", "name"),
    author_id=("user_id",),
    posted=("created_at",),
    withheld=("hidden",),
    staff=("staff", "moderator", "admin"),
    amend=_amend,
)
