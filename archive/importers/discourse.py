"""Discourse: topics as the forum gives them by /t/ID.json, with the posts that are in them.

The first post is the article, or stands for the one below which the forum embeds the topic, where its backup names
that. `--outlet DOMAIN` says which forum it is, which the topic itself does not.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from archive.importers.base import CERTAIN, BadDocument, Document, FormatClaim, Probe, Source
from archive.importers.records_by_thread import below_article, cut_objects, load_object, object_capture
from archive.importers.values import count_of, html_of, id_of, moment_of, text_of
from archive.text import urls
from archive.thread import Article, Author, Comment, Decision, EarlierText, Flag, State, Thread

NAME = "discourse"
PLATFORM = "discourse"
FIRST_POST = 1
SMALL_ACTION = 3  # a post that says "closed this topic"
LIKES = 2  # the number of that action
REPORTS = {3: "off_topic", 4: "inappropriate", 7: "notify_moderators", 8: "spam", 10: "illegal"}
POSTS = re.compile(rb'"post_stream"\s*:\s*\{')
HOST = re.compile(r"(?:[\w-]+\.)+[A-Za-z]{2,}")


def claim(probe: Probe) -> FormatClaim | None:
    """Claim topics by their stream of posts."""
    begin = probe.begin
    is_topic = begin.startswith(b"{") and POSTS.search(begin) is not None
    return FormatClaim(CERTAIN, "a topic of Discourse") if is_topic else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Yield each topic: one a line, or one that is the whole file."""
    yield from cut_objects(source)


def parse(document: Document) -> Thread:
    """Return a topic: its first post is the article, the others are comments."""
    topic = load_object(document)
    stream = topic.get("post_stream")
    posts = stream.get("posts") if isinstance(stream, dict) else None
    if not isinstance(posts, list) or not isinstance(stream, dict):
        raise BadDocument(document.location, "a topic without its posts")
    posts = [post for post in posts if isinstance(post, dict)]
    first = next((post for post in posts if post.get("post_number") == FIRST_POST), None)
    replies = [post for post in posts if post is not first and post.get("post_type") != SMALL_ACTION]
    ids = {id_of(post.get("post_number")): id_of(post.get("id")) for post in posts}
    own = id_of(topic.get("id"))
    host = document.outlet if document.outlet and HOST.fullmatch(document.outlet) else None
    url = f"https://{host}/t/{topic.get('slug') or '-'}/{own}" if host and own else None
    gone_at = topic.get("deleted_at")
    comments = [_below_gone(_comment(post, ids, host), gone_at) for post in replies]
    listed = {id_of(number) for number in stream.get("stream") or () if number is not None}
    absent = len(listed - set(ids.values()))
    actions = sum(post.get("post_type") == SMALL_ACTION for post in posts)
    return Thread(
        article=_article(topic, first or {}, url or (f"urn:discourse:{own}" if own else None), host),
        comments=below_article(comments, id_of((first or {}).get("id"))),
        platform=PLATFORM,
        capture=object_capture(document, posts, notices=actions),
        native_id=f"{host}/{own}" if host and own else own,
        url=url,
        stated_count=len(comments) + absent if listed else None,
        completeness="partial" if absent or not listed else "full",
        closed=topic["closed"] if isinstance(topic.get("closed"), bool) else None,
    )


def _article(topic: dict[str, Any], first: dict[str, Any], url: str | None, host: str | None) -> Article:
    """Return the first post, or the article that it stands for: then the post is by whoever embeds, and says little."""
    embedded = urls.canonical(text_of(topic.get("embed_url")) or "")
    return Article(
        title=text_of(topic.get("title")),
        body=html_of(first.get("cooked")),
        url=embedded or url,
        outlet=urls.domain(embedded) if embedded else host,
        byline=None if embedded else text_of(first.get("username")),
        published=moment_of(topic.get("created_at")),
        section=text_of(topic.get("category_name")),
        fills_in=True,
    )


def _below_gone(comment: Comment, gone_at: Any) -> Comment:
    """Return a comment as it stands in a topic that was deleted as a whole."""
    if not gone_at or comment.state != "visible":
        return comment
    decided = moment_of(gone_at)
    return replace(
        comment,
        state="removed",
        flags=(*comment.flags, Flag("platform.removed", "topic-deleted", f"topic deleted_at {gone_at}"[:60])),
        decisions=(*comment.decisions, Decision("topic deleted", "removed", decided.at if decided else None)),
    )


def _comment(post: dict[str, Any], ids: dict[str | None, str | None], host: str | None) -> Comment:
    above = id_of(post.get("reply_to_post_number"))
    parent = None if above is None else ids.get(above, f"post {above}")
    if above == str(FIRST_POST):
        parent = None
    flags: list[Flag] = []
    state: State = "visible"
    body = html_of(post.get("cooked"))
    if post.get("user_deleted") is True:
        state, flags = "author_deleted", [Flag("platform.author_deleted", "user_deleted", "user_deleted")]
    elif post.get("deleted_at"):
        state, flags = "removed", [Flag("platform.removed", "deleted_at", str(post["deleted_at"])[:40])]
    elif post.get("hidden") is True:
        state, flags = "withheld", [Flag("platform.withheld", "hidden", "hidden")]
    is_edited = (count_of(post.get("version")) or 1) > 1
    if is_edited:
        flags.append(Flag("platform.edited", "version", f"version {post['version']}, {post.get('updated_at')}"))
    is_staff = any(post.get(role) is True for role in ("staff", "moderator", "admin"))
    if is_staff:
        flags.append(Flag("platform.staff", "role", "staff"))
    name, account = text_of(post.get("username")), id_of(post.get("user_id"))
    comment = Comment(
        body=body,
        author=Author(name, account, is_guest=False, is_staff=is_staff) if name or account else None,
        posted=moment_of(post.get("created_at")),
        native_id=id_of(post.get("id")),
        parent_native_id=parent,
        parent_source="export" if parent else None,
        state=state,
        likes=_likes(post),
        reactions=_reactions(post),
        flags=tuple(flags),
        edited=moment_of(post.get("last_version_at")) if is_edited else None,
        earlier=tuple(_earlier(post)),
        decisions=tuple(_decisions(post, state)),
        reports=_reports(post),
    )
    path = text_of(post.get("post_url"))
    return replace(comment, url=f"https://{host}{path}") if host and path and path.startswith("/") else comment


def _decisions(post: dict[str, Any], state: State) -> Iterator[Decision]:
    """Yield that a post was deleted or hidden, which the forum notes the time of."""
    if state == "visible":
        return
    decided = moment_of(post.get("deleted_at" if state != "withheld" else "hidden_at"))
    status = "hidden" if state == "withheld" else "deleted"
    at = decided.at if decided else None
    yield Decision(status, state, at, "author" if state == "author_deleted" else None)


def _earlier(post: dict[str, Any]) -> Iterator[EarlierText]:
    """Yield what a post said before each edit, and since when: the first time it was written, then the edit before."""
    written = moment_of(post.get("created_at"))
    for edit in post.get("earlier") or ():
        if edit["cooked"] is not None:
            yield EarlierText(html_of(edit["cooked"]), written.at if written else None)
            written = moment_of(edit["created_at"])


def _likes(post: dict[str, Any]) -> int | None:
    counts = _actions(post)
    return None if counts is None else counts.get(LIKES, 0)


def _reports(post: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """Return what readers told the moderators, which the forum shows to these alone."""
    counts = _actions(post) or {}
    return tuple((name, counts[number]) for number, name in REPORTS.items() if counts.get(number))


def _actions(post: dict[str, Any]) -> dict[int, int] | None:
    """Return how often readers did what to a post, by the number of the action."""
    listed = post.get("actions_summary")
    if not isinstance(listed, list):
        return None
    numbers = [(count_of(a.get("id")), count_of(a.get("count")) or 0) for a in listed if isinstance(a, dict)]
    return {number: count for number, count in numbers if number is not None}


def _reactions(post: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """Return the reactions of the plugin for them, but for its heart, which is counted as a like."""
    listed = post.get("reactions")
    counts: dict[str, int] = {}
    for reaction in listed if isinstance(listed, list) else ():
        kind, count = (reaction.get("id"), count_of(reaction.get("count"))) if isinstance(reaction, dict) else (0, 0)
        if isinstance(kind, str) and kind and kind != "heart" and count is not None:
            counts[kind[:40]] = count
    return tuple(counts.items())
