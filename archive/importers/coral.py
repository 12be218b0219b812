"""Coral: stories, comments and users as mongoexport writes them, or as the CSV files that Coral itself imports.

They belong together: a folder or a zip file. Of moderators' decisions it is read when, what and why; not who moderated.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from archive.importers.base import (
    CERTAIN,
    BadDocument,
    Document,
    EmptyDocument,
    FormatClaim,
    Probe,
    Source,
    without_mark,
)
from archive.importers.corpus_files import ONE_FILE, ZIP, CorpusFiles, base_name
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.records_by_thread import (
    JSON_LINES_TYPE,
    Gatherer,
    below_article,
    gather_documents,
    gathered_capture,
    read_gathered,
    read_records,
)
from archive.importers.values import count_of, html_of, id_of, moment_of, text_of
from archive.text import urls
from archive.text.personal_fields import EMAIL
from archive.text.span_masking import MASK
from archive.thread import Article, Author, Comment, Decision, EarlierText, Flag, State, Thread

NAME = "coral"
PLATFORM = "coral"
STAFF = frozenset(("STAFF", "ADMIN", "MODERATOR", "EXPERT"))
STATES: dict[str, State] = {"REJECTED": "removed", "PREMOD": "withheld", "SYSTEM_WITHHELD": "withheld"}
STATUSES = ("NONE", "APPROVED", *STATES)
ROLES = ("COMMENTER", "STAFF", "MODERATOR", "ADMIN", "MEMBER", "EXPERT")
MODES = ("COMMENTS", "QA", "RATINGS_AND_REVIEWS", "")
COMMENTS, STORIES, USERS, ACTIONS, MODERATION = "comments", "stories", "users", "actions", "moderation actions"
REPORT = "FLAG__"  # begins the names of counts of reports by their reasons; FLAG alone is their sum
KEYS = (
    *((COMMENTS, "storyID", "revisions", "authorID"), (ACTIONS, "actionType", "commentID")),
    *((MODERATION, "commentID", "moderatorID"), (USERS, "role", "username"), (USERS, "role", "profiles")),
    *((STORIES, "url", "metadata"), (STORIES, "url", "commentCounts")),
)
CSV_COLUMNS = {
    COMMENTS: ("id", "authorID", "storyID", "createdAt", "body", "parentID", "status", "rating"),
    STORIES: ("id", "url", "title", "author", "publishedAt", "closedAt", "mode"),
    USERS: ("id", "email", "username", "role", "banned", "createdAt"),
}
CSV_KINDS = re.compile(r"(?:[0-9a-f]{64}-)?(comments|stories|users)\.csv")
IN_ARCHIVE = re.compile(rb"(?:comments|stories|users)\.(?:csv|json)")


def claim(probe: Probe) -> FormatClaim | None:
    """Claim the collections by their keys, the CSV files by their names and columns, and zip files that hold them."""
    if probe.head.startswith(ZIP):
        return (
            FormatClaim(CERTAIN, "a zip file of Coral's files") if IN_ARCHIVE.search(probe.head) is not None else None
        )
    kind = _kind(probe.head, probe.name)
    return FormatClaim(CERTAIN, f"{kind} of Coral") if kind else None


def _kind(head: bytes, name: str) -> str | None:
    """Return which of Coral's files begins like this; None for none of them."""
    begin = without_mark(head).lstrip()
    if (named := CSV_KINDS.fullmatch(base_name(name))) is not None:
        return named[1] if _is_csv(begin, named[1]) else None
    if not begin.startswith((b"{", b"[")) or b'"tenantID"' not in begin:
        return None
    return next((kind for kind, *keys in KEYS if all(b'"%b"' % key.encode() in begin for key in keys)), None)


def _is_csv(begin: bytes, kind: str) -> bool:
    row = next(iter(_csv_rows(io.BytesIO(begin))), [])
    if len(row) != len(CSV_COLUMNS[kind]):
        return False
    if kind == COMMENTS:
        return row[6] in STATUSES and moment_of(row[3]) is not None
    return row[3].upper() in ROLES if kind == USERS else row[6].upper() in MODES and row[1].startswith("http")


def _csv_rows(file: BinaryIO) -> Iterator[list[str]]:
    text = io.TextIOWrapper(file, "utf-8-sig", "replace", newline="")
    limit = csv.field_size_limit(LONGEST_DOCUMENT)
    try:
        yield from csv.reader(text)
    finally:
        csv.field_size_limit(limit)
        text.detach()  # which it would close


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Gather the comments of each story, with the story and the names of those who wrote. The other files have none."""
    with CorpusFiles(source) as files:
        kinds = {name: kind for name in files.names if (kind := _kind(files.head(name), name))}
        if files.main is not None:
            kinds[files.main] = _kind(files.head(files.main), files.main) or COMMENTS
        main = files.main or next((name for name, kind in kinds.items() if kind == COMMENTS), None)
        beside = {name: kind for name, kind in kinds.items() if kind in (STORIES, USERS, MODERATION)}
        if main is None or COMMENTS not in kinds.values():
            yield BadDocument(source.name, "of Coral, without its comments beside it")
        elif kinds[main] in (ACTIONS, MODERATION):
            yield EmptyDocument(source.name, "what moderators and reporters did: comments have their states and counts")
        elif kinds[main] == COMMENTS and files.main is not None and source.is_kept and beside:
            yield BadDocument(source.name, ONE_FILE)
        elif kinds[main] == COMMENTS:
            yield from _gather(source, files, main, beside)


def _gather(source: Source, files: CorpusFiles, main: str, beside: dict[str, str]) -> Iterator[Document | BadDocument]:
    with Gatherer() as gatherer:
        for name, kind in beside.items():
            with files.open(name) as file:
                for record in _records(file, f"{source.name} ({name})", kind):
                    if isinstance(record, BadDocument):
                        yield record
                    elif kind == MODERATION:
                        if comment := id_of(record[1].get("commentID")):
                            gatherer.add_beside(kind, f"{comment} {record[0]:09}", _action(record[1]))
                    elif own := id_of(record[1].get("id")):
                        gatherer.add_beside(kind, own, _story(record[1]) if kind == STORIES else _user(record[1]))
        with files.open(main) as file:
            for record in _records(file, source.name, COMMENTS):
                if isinstance(record, BadDocument):
                    yield record
                    continue
                own, story = id_of(record[1].get("id")), id_of(record[1].get("storyID"))
                if own is None or story is None:
                    yield BadDocument(f"{source.name}:{record[0]}", "a comment without an id or a story")
                else:
                    actions = gatherer.beside_of(MODERATION, own) if MODERATION in beside.values() else []
                    more = {"moderationActions": actions} if actions else {}
                    gatherer.add(record[0], record[1] | more, own, None, story)
        yield from gather_documents(
            gatherer, source, JSON_LINES_TYPE, articles=STORIES, people=USERS, person_of="authorID"
        )


def _records(file: BinaryIO, name: str, kind: str) -> Iterator[tuple[int, dict[str, Any]] | BadDocument]:
    """Yield the records of a file, JSON or CSV, with the keys that Coral gives them."""
    if file.peek(1)[:1] in (b"{", b"["):  # type: ignore[attr-defined]
        yield from read_records(file, name)
        return
    columns = CSV_COLUMNS[kind]
    try:
        for number, row in enumerate(_csv_rows(file), 1):
            if len(row) != len(columns):
                yield BadDocument(f"{name}:{number}", f"{len(row)} columns where there are {len(columns)}")
            else:
                yield number, dict(zip(columns, row, strict=True))
    except csv.Error as error:
        yield BadDocument(name, f"not CSV from some place on: {error}")


def _story(record: dict[str, Any]) -> dict[str, Any]:
    metadata = record.get("metadata")
    about = record | metadata if isinstance(metadata, dict) else record
    names = ("url", "title", "author", "publishedAt", "section", "closedAt")
    return {name: about[name] for name in names if about.get(name)}


def _action(record: dict[str, Any]) -> dict[str, Any]:
    reason = record.get("rejectionReason")
    reason = reason if isinstance(reason, dict) else {}
    names = ("customReason", "legalGrounds", "detailedExplanation")
    return {
        "status": record.get("status"),
        "createdAt": record.get("createdAt"),
        "code": reason.get("code"),
        "explanation": next((text for name in names if (text := text_of(reason.get(name)))), None),
        "by": "moderator" if record.get("moderatorID") else "system",
    }


def _user(record: dict[str, Any]) -> dict[str, Any]:
    return {"username": text_of(record.get("username")), "role": str(record.get("role") or "").upper()}


def parse(document: Document) -> Thread:
    """Return a story with its comments."""
    gathered = read_gathered(document)
    comments = [_comment(record, gathered.people) for _, record in gathered.records]
    story = gathered.article
    url = urls.canonical(story.get("url"))
    return Thread(
        article=Article(
            title=text_of(story.get("title")),
            body="",
            url=url or f"urn:coral:{gathered.key}",
            outlet=urls.domain(url) if url else None,
            byline=text_of(story.get("author")),
            published=moment_of(story.get("publishedAt")),
            section=text_of(story.get("section")),
            fills_in=True,
        ),
        comments=below_article(comments),
        platform=PLATFORM,
        capture=gathered_capture(document, gathered),
        native_id=gathered.key,
        completeness="full",
        closed=True if moment_of(story.get("closedAt")) else None,
        flags=() if story else (Flag("capture.context_missing", "story-not-in-files", gathered.key),),
    )


def _comment(record: dict[str, Any], people: dict[str, Any]) -> Comment:
    revisions = record.get("revisions")
    revisions = [row for row in revisions if isinstance(row, dict)] if isinstance(revisions, list) else []
    account = id_of(record.get("authorID"))
    person = people.get(account or "", {})
    tags = [tag.get("type") for tag in record.get("tags") or () if isinstance(tag, dict)]
    is_staff = person.get("role") in STAFF or not STAFF.isdisjoint(map(str, tags)) if person or tags else None
    name = text_of(person.get("username"))
    counts = record.get("actionCounts")
    counts = counts if isinstance(counts, dict) else {}
    parent = text_of(record.get("parentID"))
    rating = count_of(record.get("rating"))
    comment = Comment(
        body=html_of(revisions[-1].get("body") if revisions else record.get("body")),
        author=Author(name, account, is_guest=False, is_staff=is_staff) if name or account else None,
        posted=moment_of(record.get("createdAt")),
        native_id=id_of(record.get("id")),
        parent_native_id=parent,
        parent_source="export" if parent else None,
        likes=count_of(counts.get("REACTION")),
        dislikes=count_of(counts.get("DONT_AGREE")),
        reactions=(("rating", rating),) if rating else (),
        flags=tuple(_flags(tags, counts, revisions, is_staff=bool(is_staff))),
        edited=moment_of(revisions[-1].get("createdAt")) if len(revisions) > 1 else None,
        earlier=tuple(map(_earlier, revisions[:-1])),
        decisions=tuple(_decisions(record.get("moderationActions"))),
        reports=tuple(_reports(counts).items()),
    )
    return _with_state(comment, record)


def _with_state(comment: Comment, record: dict[str, Any]) -> Comment:
    """Return a comment in the state that its moderators, or its author by deleting the account, gave it."""
    status = str(record.get("status") or "").upper()
    state = STATES.get(status, "visible")
    if record.get("deletedAt"):
        flag = Flag("platform.author_deleted", "deletedAt", "deletedAt")
        return replace(comment, state="author_deleted", flags=(*comment.flags, flag))
    if state == "visible":
        return comment
    code = "platform.removed" if state == "removed" else "platform.withheld"
    return replace(comment, state=state, flags=(*comment.flags, Flag(code, "status", status)))


def _flags(
    tags: list[Any], counts: dict[str, Any], revisions: list[dict[str, Any]], *, is_staff: bool
) -> Iterator[Flag]:
    if "FEATURED" in tags:
        yield Flag("platform.featured", "tag", "FEATURED")
    if is_staff:
        yield Flag("platform.staff", "role", "staff")
    reports = {
        name: number for name, value in counts.items() if name.startswith("FLAG") and (number := count_of(value))
    }
    if reports:
        yield Flag("platform.reported", "actionCounts", ", ".join(f"{name} {n}" for name, n in reports.items())[:200])
    if any("DETECTED_SPAM" in name for name in reports):
        yield Flag("platform.spam", "actionCounts", "COMMENT_DETECTED_SPAM")
    if len(revisions) > 1:
        edited = moment_of(revisions[-1].get("createdAt"))
        yield Flag("platform.edited", "revisions", f"{len(revisions)} texts, the last {edited.at if edited else '?'}")


def _earlier(revision: dict[str, Any]) -> EarlierText:
    written = moment_of(revision.get("createdAt"))
    return EarlierText(html_of(revision.get("body")), written.at if written else None)


def _reports(counts: dict[str, Any]) -> dict[str, int]:
    """Return how often a comment was reported, by reason where the reasons are counted."""
    numbers = {name: number for name, value in counts.items() if (number := count_of(value))}
    by_reason = {name.removeprefix(REPORT): n for name, n in numbers.items() if name.startswith(REPORT)}
    return by_reason or {name: n for name, n in numbers.items() if name == "FLAG"}


def _decisions(actions: Any) -> Iterator[Decision]:
    for action in actions if isinstance(actions, list) else ():
        status, decided = str(action.get("status") or "").upper(), moment_of(action.get("createdAt"))
        if status:
            yield Decision(
                status,
                STATES.get(status, "visible"),
                decided.at if decided else None,
                "moderator" if action.get("by") == "moderator" else "system",
                text_of(action.get("code")),
                EMAIL.sub(MASK, text_of(action.get("explanation")) or "") or None,
            )
