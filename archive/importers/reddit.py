"""Reddit: comments and submissions as Pushshift and Arctic Shift give them (RC_*.zst, RS_*.zst), in the order of time.

A comment that was looked at a second time gives a second look at its thread, in which it may be gone.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
from archive.importers.documents import lines
from archive.importers.records_by_thread import (
    JSON_LINES_TYPE,
    Gathered,
    Gatherer,
    below_article,
    gather_documents,
    gathered_capture,
    load_object,
    object_capture,
    read_gathered,
    read_records,
)
from archive.importers.values import count_of, id_of, moment_of, text_of
from archive.thread import Article, Author, Comment, Decider, Decision, Flag, State, Thread, document_order

NAME = "reddit"
PLATFORM = "reddit"
SITE, OUTLET = "https://www.reddit.com", "reddit.com"
COMMENTS = re.compile(rb'"link_id"\s*:\s*"t3_')
PARENT = re.compile(rb'"parent_id"\s*:\s*(?:"t[13]_|\d|null)')
SUBMISSIONS = re.compile(rb'"(?:selftext|num_comments)"\s*:')
WRAPPED = re.compile(rb'\[?\s*\{\s*"(?:data|kind|metadata|error)"\s*:')  # a response of the site's API
KIND = re.compile(r"^t[1-6]_")
GONE: dict[str, State] = {"[deleted]": "author_deleted", "[removed]": "removed", "[ Removed by Reddit ]": "removed"}
# What is read of a comment: half of a row is about its author's looks and about awards.
KEYS = (
    *("id", "link_id", "parent_id", "author", "author_fullname", "body", "created_utc", "edited", "score", "ups"),
    *("downs", "distinguished", "stickied", "retrieved_on", "retrieved_utc", "permalink", "is_submitter", "_meta"),
    *("subreddit", "subreddit_name_prefixed"),
)
SECOND = "second look"


def claim(probe: Probe) -> FormatClaim | None:
    """Claim rows of comments and of submissions by their keys."""
    head = probe.begin
    if not head.startswith((b"{", b"[")) or b'"subreddit"' not in head or WRAPPED.match(head) is not None:
        return None
    if COMMENTS.search(head) is not None and PARENT.search(head) is not None and b'"body"' in head:
        return FormatClaim(CERTAIN, "comments of Reddit")
    is_submission = len(SUBMISSIONS.findall(head)) > 1 and b'"title"' in head and head.startswith(b"{")
    return FormatClaim(CERTAIN, "submissions of Reddit") if is_submission else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Yield submissions as they are; gather comments by theirs."""
    head = source.file.peek(HEAD_LENGTH)[:HEAD_LENGTH]  # type: ignore[attr-defined]
    if COMMENTS.search(head) is None:
        yield from lines(source.file, source.name, source.options.keep)
        return
    offset = 0
    with Gatherer() as gatherer:
        for record in read_records(source.file, source.name):
            if isinstance(record, BadDocument):
                yield record
                continue
            line, row = record
            own, thread = id_of(row.get("id")), _bare(row.get("link_id"))
            if own is None or thread is None:
                yield BadDocument(f"{source.name}:{line}", "a comment without an id or a submission")
            else:
                gatherer.add(line, {key: row[key] for key in KEYS if row.get(key) is not None}, own, None, thread)
        for document in gather_documents(gatherer, source, JSON_LINES_TYPE):
            looks = [document] if isinstance(document, BadDocument) else [document, *_second_look(document)]
            for look in looks:
                yield look if isinstance(look, BadDocument) else replace(look, offset=offset)
                offset += 0 if isinstance(look, BadDocument) else len(look.raw)


def _second_look(document: Document) -> Iterator[Document]:
    """Yield a document of those comments of which a second look says anything new."""
    if b'"_meta"' not in document.raw:
        return
    value = json.loads(document.raw.decode("utf-8", "surrogatepass"))
    value["records"] = [[line, row] for line, row in value["records"] if _changed(row)]
    value["about"] = {SECOND: True}
    if value["records"]:
        raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        yield replace(document, raw=raw)


def _changed(row: dict[str, Any]) -> bool:
    return any(_meta(row).get(key) for key in ("was_deleted_later", "removal_type", "is_edited"))


def _meta(row: dict[str, Any]) -> dict[str, Any]:
    meta = row.get("_meta")
    return meta if isinstance(meta, dict) else {}


def parse(document: Document) -> Thread:
    """Return a submission alone, or with the comments of one look at it."""
    if not document.is_gathered:
        return _submission(document)
    gathered = read_gathered(document)
    rows = [row for _, row in gathered.records]
    is_second = bool(gathered.about.get(SECOND))
    read = [_comment(row, is_second=is_second) for row in rows]
    if not read:
        raise EmptyDocument(document.location, "no comment")
    comments = _as_listed(read) if is_second else below_article(read, gathered.key)
    seen = [_meta(row).get("retrieved_2nd_on") for row in rows] if is_second else [_retrieved(row) for row in rows]
    times = [moment.at for value in seen if (moment := moment_of(value)) is not None and moment.at]
    capture = replace(gathered_capture(document, gathered), fetched_at=max(times, default=None))
    return Thread(
        article=_article_of(gathered),
        comments=comments,
        platform=PLATFORM,
        capture=capture,
        native_id=gathered.key,
        url=f"{SITE}/comments/{gathered.key}/",
        completeness="partial",
    )


def _as_listed(comments: Sequence[Comment]) -> tuple[Comment, ...]:
    """Return some comments of a thread in document order; what the others are tells the first look."""
    order, orphans = document_order(
        [comment.native_id for comment in comments], [comment.parent_native_id for comment in comments]
    )
    position = {comments[i].native_id: new for new, i in enumerate(order)}
    lost = set(orphans)
    return tuple(
        replace(comments[i], parent_source="unknown")
        if i in lost
        else replace(comments[i], parent=position.get(comments[i].parent_native_id))
        for i in order
    )


def _article_of(gathered: Gathered) -> Article:
    community = next((text_of(row.get("subreddit")) for _, row in gathered.records), None)
    return Article(
        title=None, body="", url=f"{SITE}/comments/{gathered.key}/", outlet=OUTLET, section=community, fills_in=True
    )


def _submission(document: Document) -> Thread:
    row = load_object(document)
    own = id_of(row.get("id"))
    if own is None:
        raise BadDocument(document.location, "a submission without an id")
    text = text_of(row.get("selftext")) or ""
    retrieved = moment_of(_retrieved(row))
    locked = row.get("locked")
    return Thread(
        article=Article(
            title=text_of(row.get("title")),
            body="" if text in GONE else text,
            url=f"{SITE}/comments/{own}/",
            outlet=OUTLET,
            byline=_name(row),
            published=moment_of(row.get("created_utc")),
            section=text_of(row.get("subreddit")),
            fills_in=True,
        ),
        comments=(),
        platform=PLATFORM,
        capture=replace(object_capture(document, [row]), fetched_at=retrieved.at if retrieved else None),
        native_id=own,
        url=f"{SITE}/comments/{own}/",
        stated_count=count_of(row.get("num_comments")),
        completeness="partial",
        closed=locked if isinstance(locked, bool) else None,
    )


def _retrieved(row: dict[str, Any]) -> Any:
    return row.get("retrieved_on") or row.get("retrieved_utc")


def _bare(value: Any) -> str | None:
    """Return an id without the prefix that says of what kind it is."""
    own = id_of(value)
    return KIND.sub("", own) if own else None


def _name(row: dict[str, Any]) -> str | None:
    name = text_of(row.get("author"))
    return None if name in GONE else name


def _comment(row: dict[str, Any], *, is_second: bool) -> Comment:
    parent = _bare(row.get("parent_id"))
    if parent is None or (parent == _bare(row.get("link_id")) and not str(row.get("parent_id")).startswith("t1_")):
        parent = None
    body = row["body"] if isinstance(row.get("body"), str) else ""
    state = GONE.get(body.strip(), "visible")
    if is_second and state == "visible":
        state = _later_state(_meta(row))
    name, account, is_staff = _name(row), text_of(row.get("author_fullname")), bool(row.get("distinguished"))
    score = count_of(row.get("score"))
    permalink = text_of(row.get("permalink"))
    return Comment(
        body=body if state == "visible" else "",
        author=Author(name, account, is_guest=False, is_staff=is_staff) if name else None,
        posted=moment_of(row.get("created_utc")),
        native_id=id_of(row.get("id")),
        parent_native_id=parent,
        parent_source="export" if parent else None,
        state=state,
        reactions=(("score", score),) if score is not None and not is_second else (),
        url=f"{SITE}{permalink}" if permalink and permalink.startswith("/") else None,
        flags=tuple(_flags(row, state, is_second=is_second)),
        edited=moment_of(row.get("edited")),
        decisions=tuple(_decisions(row, state)),
    )


def _decisions(row: dict[str, Any], state: State) -> Iterator[Decision]:
    """Yield what the dump says of who took a comment out."""
    kind = text_of(_meta(row).get("removal_type"))
    if kind and state != "visible":
        decider: Decider = "author" if state == "author_deleted" else "system" if "reddit" in kind else "moderator"
        yield Decision(kind[:40], state, None, decider)


def _later_state(meta: dict[str, Any]) -> State:
    kind = str(meta.get("removal_type") or "")
    if not kind and not meta.get("was_deleted_later"):
        return "visible"
    return "author_deleted" if kind.startswith("deleted") else "removed"


def _flags(row: dict[str, Any], state: State, *, is_second: bool) -> Iterator[Flag]:
    meta = _meta(row)
    if state == "removed":
        yield Flag("platform.removed", "removed", str(meta.get("removal_type") or "removed")[:40])
    elif state == "author_deleted":
        yield Flag("platform.author_deleted", "deleted", str(meta.get("removal_type") or "deleted")[:40])
    if edited := row.get("edited") or (is_second and meta.get("is_edited")):
        moment = moment_of(edited)
        yield Flag("platform.edited", "edited", moment.at if moment else "edited")
    if row.get("distinguished"):
        yield Flag("platform.staff", "distinguished", str(row["distinguished"])[:40])
    if row.get("stickied"):
        yield Flag("platform.featured", "stickied", "stickied")
