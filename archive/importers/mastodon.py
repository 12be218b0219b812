"""Mastodon and other ActivityPub servers: a status with its context, lists of statuses, and the outbox of an account.

The post that a conversation begins with is the article. Posts that are not public are left out, and counted.
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
    JSON_TYPE,
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
from archive.thread import Article, Author, Capture, Comment, Flag, Thread

NAME = "mastodon"
PLATFORM = "mastodon"
PUBLIC = ("public", "unlisted", None)
TO_ALL = ("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public")
NOTES = ("Note", "Article", "Question", "Page")
OUTBOX = re.compile(rb'"orderedItems"\s*:\s*\[')
CONTEXT = re.compile(rb'"(?:ancestors|descendants)"\s*:\s*\[')
STATUS = re.compile(rb'"in_reply_to_id"\s*:.*"account"\s*:\s*\{|"account"\s*:\s*\{.*"in_reply_to_id"\s*:', re.DOTALL)
Post = dict[str, Any]


def claim(probe: Probe) -> FormatClaim | None:
    """Claim outboxes, contexts and lists of statuses by their keys."""
    head = probe.begin
    if not head.startswith((b"{", b"[")):
        return None
    if OUTBOX.search(head) is not None and b"activitystreams" in head:
        return FormatClaim(CERTAIN, "an outbox of ActivityPub")
    is_context = CONTEXT.search(head[:200]) is not None and head.startswith(b"{")
    if is_context or (STATUS.search(head) is not None and b'"content"' in head):
        return FormatClaim(CERTAIN, "statuses of Mastodon")
    return None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Yield contexts as they are; gather other posts by the one that their conversation begins with."""
    head = source.file.peek(HEAD_LENGTH)[:HEAD_LENGTH]  # type: ignore[attr-defined]
    if CONTEXT.search(head[:200]) is not None and head.lstrip().startswith(b"{"):
        yield from cut_objects(source)
        return
    is_outbox = OUTBOX.search(head) is not None
    path = "orderedItems.item" if is_outbox else "item"
    with Gatherer() as gatherer:
        for record in read_records(source.file, source.name, path):
            if isinstance(record, BadDocument):
                yield record
                continue
            post = _post(record[1])
            if post is None and is_outbox:
                yield EmptyDocument(f"{source.name}:{record[0]}", "a share or the like, no post")
            elif post is None or id_of(post.get("id")) is None:
                yield BadDocument(f"{source.name}:{record[0]}", "a status without an id")
            else:
                parent = post.get("in_reply_to_id", post.get("inReplyTo"))
                gatherer.add(record[0], record[1], id_of(post.get("id")), id_of(parent))
        yield from gather_documents(gatherer, source, JSON_TYPE if is_outbox else JSON_LINES_TYPE)


def parse(document: Document) -> Thread:
    """Return a conversation: its first post is the article. Raises EmptyDocument where none of it is public."""
    if document.is_gathered:
        gathered = read_gathered(document)
        posts = [post for _, record in gathered.records if (post := _post(record)) is not None]
        hidden = sum(not _is_public(post) for post in posts)
        return _thread(gathered.key, posts, gathered_capture(document, gathered, not_public=hidden))
    context = load_object(document)
    lists = [context.get("ancestors"), [context.get("status")], context.get("descendants")]
    posts = [post for rows in lists if isinstance(rows, list) for post in rows if isinstance(post, dict)]
    if not posts:
        raise EmptyDocument(document.location, "a context without a post")
    key = id_of(posts[0].get("in_reply_to_id")) or id_of(posts[0].get("id")) or ""
    hidden = sum(not _is_public(post) for post in posts)
    return _thread(key, posts, object_capture(document, posts, not_public=hidden))


def _post(record: dict[str, Any]) -> Post | None:
    """Return the post of an activity, or the status itself."""
    if record.get("type") != "Create":
        return record if "type" not in record or record.get("type") in NOTES else None
    post = record.get("object")
    return post if isinstance(post, dict) and post.get("type") in NOTES else None


def _is_public(post: Post) -> bool:
    if "to" in post or "cc" in post:
        listed = [post.get("to"), post.get("cc")]
        names = [name for value in listed for name in (value if isinstance(value, list) else [value])]
        return any(name in TO_ALL for name in names)
    return post.get("visibility") in PUBLIC


def _thread(key: str, posts: list[Post], capture: Capture) -> Thread:
    public = [post for post in posts if _is_public(post)]
    if not public:
        raise EmptyDocument(capture.file or "", "none of its posts is public")
    names = {id_of(post.get("id")): _name(post) for post in public}
    root = next((post for post in public if id_of(post.get("id")) == key), None)
    comments = [_comment(post, names) for post in public if post is not root]
    native_id = _name(root) if root else key
    url = urls.canonical((root or {}).get("url") or (root or {}).get("id") or key)
    return Thread(
        article=Article(
            title=text_of((root or {}).get("spoiler_text", (root or {}).get("summary"))),
            body=html_of((root or {}).get("content")),
            url=url or f"urn:mastodon:{native_id}",
            outlet=urls.domain(url) if url else None,
            byline=_account(root)[1] if root else None,
            published=_posted(root) if root else None,
            language=text_of((root or {}).get("language")),
            fills_in=True,
        ),
        comments=below_article(comments, native_id, key),
        platform=PLATFORM,
        capture=capture,
        native_id=native_id,
        url=url,
        completeness="partial",
        flags=() if root else (Flag("capture.context_missing", "first-post-not-in-file", key),),
    )


def _name(post: Post) -> str:
    """Return what a post is called on every server, or else on this one."""
    return text_of(post.get("uri")) or id_of(post.get("id")) or ""


def _comment(post: Post, names: dict[str | None, str]) -> Comment:
    above = id_of(post.get("in_reply_to_id", post.get("inReplyTo")))
    account, name = _account(post)
    flags: tuple[Flag, ...] = ()
    edited = post.get("edited_at") or (post.get("updated") if post.get("updated") != post.get("published") else None)
    if edited:
        flags = (Flag("platform.edited", "edited-at", str(edited)[:40]),)
    warning, body = text_of(post.get("spoiler_text", post.get("summary"))), html_of(post.get("content"))
    return Comment(
        body=f"{warning}\n\n{body}" if warning else body,
        author=Author(name, account, is_guest=False) if account else None,
        posted=_posted(post),
        edited=moment_of(edited),
        native_id=_name(post),
        parent_native_id=names.get(above, above),
        parent_source="export" if above else None,
        likes=_number(post, "favourites_count", "likes"),
        reactions=tuple(
            (kind, number)
            for kind, keys in (("reblogs", ("reblogs_count", "shares")),)
            if (number := _number(post, *keys)) is not None
        ),
        url=urls.canonical(post.get("url")),
        flags=flags,
    )


def _number(post: Post, *keys: str) -> int | None:
    for key in keys:
        value = post.get(key)
        value = value.get("totalItems") if isinstance(value, dict) else value
        if (number := count_of(value)) is not None:
            return number
    return None


def _account(post: Post) -> tuple[str | None, str | None]:
    """Return an account's own name, and the name that it shows."""
    account = post.get("account")
    if isinstance(account, dict):
        own = text_of(account.get("acct")) or text_of(account.get("username"))
        return own, text_of(account.get("display_name")) or own
    own = text_of(post.get("attributedTo"))
    return own, own.rstrip("/").rpartition("/")[2].removeprefix("@") if own else None


def _posted(post: Post) -> Any:
    return moment_of(post.get("created_at", post.get("published")))
