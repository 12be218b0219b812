"""Store reviewers' verdicts on flags, and derive statuses, corrections and counts from them.

The caller owns the transaction: nothing here commits. No row of reviews or flags is ever deleted.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from sqlalchemy import Connection

from archive.store.dialects.sqlite import engine_of
from archive.store.flags import FlagWriter, Subject
from archive.store.writer import RowWriter
from archive.thread import Flag

CORRECTION, BY_HAND = "review.correction", "review.by-hand"
# Namespaces of flags that a person may judge, or raise by hand; in the order of a form.
REVIEW_NAMESPACES = ("content", "context", "review")
LEVELS = {"comment_id": "c", "thread_id": "t", "article_id": "a"}

# Each reviewer's last word on a flag.
LATEST = """
select verdict, corrected_code, corrected_start, corrected_end, id from reviews
where id in (select max(id) from reviews where flag_id = ? and retracted_at is null group by reviewer)"""
REPEATED = """
select verdict, corrected_code, corrected_start, corrected_end, note from reviews
where flag_id = ? and reviewer = ? and retracted_at is null order by id desc limit 1"""
RETRACT = """
update reviews set retracted_at = :at where id = (
  select max(id) from reviews where flag_id = :flag and reviewer = :reviewer and retracted_at is null)"""
REVIEW = """
insert into reviews
  (flag_id, reviewer, verdict, corrected_code, corrected_start, corrected_end, note, reviewed_at)
values (?, ?, ?, ?, ?, ?, ?, ?)"""
TEXT = """
select body from comments where id = :comment and revision = :revision
union all select body from comment_revisions where comment_id = :comment and revision = :revision limit 1"""
VerdictValue = Literal["confirmed", "dismissed", "corrected"]
Span = tuple[int, int]
Label = tuple[str, str | None, tuple[Span, ...]]


class BadReview(ValueError):
    """A verdict or a flag that is refused; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reviewer's verdict on one flag. A correction without start and end keeps the flag's own spans."""

    flag_id: int
    reviewer: str
    verdict: VerdictValue
    corrected_code: str | None = None
    corrected_start: int | None = None
    corrected_end: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class StoredFlag:
    """A flag as it stands, with its spans."""

    id: int
    code: str
    subject: Subject
    rule: str
    target: str | None
    status: str
    withdrawn: bool
    corrects: int | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    code: str
    rule: str
    target: str | None
    spans: tuple[Span, ...]
    corrects: int | None = None


@contextmanager
def borrow(connection: sqlite3.Connection) -> Iterator[Connection]:
    """Lend a connection of sqlite3 that has no open transaction, such as Datasette's, to SQLAlchemy.

    What the block does not commit is rolled back.
    """
    isolation_level = connection.isolation_level
    # The engine is never disposed of: that would close a connection which is not ours.
    engine = engine_of(lambda: connection)
    connection.isolation_level = None
    try:
        with engine.connect() as borrowed:
            yield borrowed
    finally:
        connection.isolation_level = isolation_level


def record(connection: Connection, verdict: Verdict, at: str) -> bool:
    """Store a verdict and settle the flag; return False where it is the reviewer's latest verdict already."""
    verdict = replace(verdict, reviewer=verdict.reviewer.strip(), note=(verdict.note or "").strip() or None)
    flag = _load_flag(connection, verdict.flag_id)
    _check(connection, flag, verdict)
    values = (verdict.verdict, verdict.corrected_code, verdict.corrected_start, verdict.corrected_end, verdict.note)
    if values in map(tuple, connection.exec_driver_sql(REPEATED, (flag.id, verdict.reviewer))):
        return False
    connection.exec_driver_sql(REVIEW, (flag.id, verdict.reviewer, *values, at))
    settle(connection, FlagWriter(RowWriter(connection), {}, None, at), flag.id)
    return True


def retract(connection: Connection, flag_id: int, reviewer: str, at: str) -> bool:
    """Take back the reviewer's latest verdict on a flag; the one before it counts again. False where there is none.

    A flag that was raised by hand goes with the last verdict on it: nobody else says what it says."""
    flag = _load_flag(connection, flag_id)
    values = {"flag": flag_id, "reviewer": reviewer.strip(), "at": at}
    if not connection.exec_driver_sql(RETRACT, values).rowcount:
        return False
    settle(connection, FlagWriter(RowWriter(connection), {}, None, at), flag.id)
    return True


def settle(connection: Connection, writer: FlagWriter, flag_id: int) -> None:
    """Derive a flag's status and its text's corrections from the verdicts that count now."""
    flag = _load_flag(connection, flag_id)
    status = _status(_labels(connection, flag))
    writer.set_status(flag.id, flag.code, flag.rule, flag.status, status, is_counted=not flag.withdrawn)
    if status == "unreviewed" and flag.rule == BY_HAND and not flag.withdrawn:
        writer.withdraw(flag.id, flag.code, flag.rule, status)
    _renew_corrections(connection, writer, flag.subject)
    _flush(connection, writer, flag.subject)


def add(
    connection: Connection,
    *,
    comment_id: int,
    reviewer: str,
    code: str,
    start: int | None,
    end: int | None,
    reason: str,
    target: str | None = None,
    at: str,
) -> int:
    """Raise a flag by hand on the comment's current text, and return its id.

    Without start and end it is about the whole comment. Where the same flag exists already it is confirmed instead.
    """
    row = connection.exec_driver_sql("select revision, body from comments where id = ?", (comment_id,)).fetchone()
    if row is None:
        raise BadReview(f"there is no comment {comment_id}")
    if not reviewer.strip() or not reason.strip():
        raise BadReview("a flag by hand needs a reviewer and a reason")
    _check_code(connection, code, "comment_id")
    spans = _spans(row.body, start, end) or ()
    subject = Subject("comment_id", comment_id, row.revision)
    # The reason is the reviewer's note: flags are read by everybody.
    claim = _Claim(code, BY_HAND, (target or "").strip() or None, spans)
    writer = FlagWriter(RowWriter(connection), {}, None, at)
    flag_id = _existing_flag(connection, writer, subject, claim)
    if flag_id is None:
        flag_id = _raise(connection, writer, subject, claim, "unreviewed")
    _flush(connection, writer, subject)
    record(connection, Verdict(flag_id, reviewer, "confirmed", note=reason), at)
    return flag_id


def _flush(connection: Connection, writer: FlagWriter, subject: Subject) -> None:
    """Write what was raised and withdrawn on a subject, and count its flags anew."""
    match subject.column:
        case "comment_id":
            thread = connection.exec_driver_sql("select thread_id from comments where id = ?", (subject.id,)).scalar()
            writer.recount(comments=[subject.id], threads=[thread] if thread is not None else [])
        case "thread_id":
            writer.recount(threads=[subject.id])
    writer.flush()


# verdicts


def _check(connection: Connection, flag: StoredFlag, verdict: Verdict) -> None:
    if flag.withdrawn:
        raise BadReview(f"flag {flag.id} was withdrawn")
    if flag.corrects is not None:
        raise BadReview(f"flag {flag.id} is a correction: judge flag {flag.corrects}, which it corrects")
    if not verdict.reviewer:
        raise BadReview("no reviewer is named")
    if verdict.verdict not in get_args(VerdictValue):
        raise BadReview(f"{verdict.verdict!r} is no verdict: confirmed, dismissed or corrected")
    if verdict.verdict == "corrected":
        _check_correction(connection, flag, verdict)
    elif (verdict.corrected_code, verdict.corrected_start, verdict.corrected_end) != (None, None, None):
        raise BadReview("only a correction has a code or a place in the text")


def _check_correction(connection: Connection, flag: StoredFlag, verdict: Verdict) -> None:
    if not verdict.corrected_code:
        raise BadReview("a correction needs a code")
    _check_code(connection, verdict.corrected_code, flag.subject.column)
    text = text_of(connection, flag.subject)
    spans = _spans(text, verdict.corrected_start, verdict.corrected_end) or flag.spans
    if (verdict.corrected_code, spans) == (flag.code, flag.spans):
        raise BadReview("the correction says what the flag says")


def _check_code(connection: Connection, code: str, column: str) -> None:
    row = connection.exec_driver_sql("select namespace, level from flag_codes where code = ?", (code,)).fetchone()
    if row is None:
        raise BadReview(f"there is no code {code!r}")
    namespace, level = row
    if namespace not in REVIEW_NAMESPACES:
        raise BadReview(f"{code} is not for people to say: {', '.join(REVIEW_NAMESPACES)} are")
    if LEVELS[column] not in level.split():
        raise BadReview(f"{code} cannot stand on {'an' if column[0] == 'a' else 'a'} {column.removesuffix('_id')}")


def _spans(text: str, start: int | None, end: int | None) -> tuple[Span] | None:
    """Check a span of a text; None where neither end is given."""
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise BadReview("a place in the text has a start and an end")
    if not 0 <= start < end <= len(text):
        raise BadReview(f"{start} to {end} is no place in a text of {len(text)} characters")
    return ((start, end),)


def text_of(connection: Connection, subject: Subject) -> str:
    """Return the comment's text at that revision."""
    parameters = {"comment": subject.id, "revision": subject.revision}
    row = connection.exec_driver_sql(TEXT, parameters).fetchone() if subject.column == "comment_id" else None
    if row is None:
        raise BadReview(f"revision {subject.revision} has no text here")
    return str(row[0])


def _labels(connection: Connection, flag: StoredFlag) -> set[Label]:
    """Return the distinct verdicts that reviewers hold now."""
    labels: set[Label] = set()
    for verdict, code, start, end, _ in connection.exec_driver_sql(LATEST, (flag.id,)):
        own = () if code is None else flag.spans
        labels.add((verdict, code, own if start is None else ((start, end),)))
    return labels


def _status(labels: set[Label]) -> str:
    if not labels:
        return "unreviewed"
    return next(iter(labels))[0] if len(labels) == 1 else "disputed"


def _renew_corrections(connection: Connection, writer: FlagWriter, subject: Subject) -> None:
    """Raise and withdraw corrections, so that a text has those that its corrected flags need.

    Flags that are corrected to the same code and target share one with the spans of all: the index flags_found
    requires it. It names the first of them.
    """
    flags = flags_on(connection, subject)
    needed = _corrections(connection, flags)
    for flag in flags:
        if flag.corrects is not None and not flag.withdrawn:
            claim = _Claim(flag.code, flag.rule, flag.target, flag.spans, corrects=flag.corrects)
            if claim in needed:
                needed.remove(claim)
            else:
                writer.withdraw(flag.id, flag.code, flag.rule, flag.status)
    # A correction that changes its spans is withdrawn and raised again: flags_found allows one at a time.
    writer.flush()
    for claim in needed:
        _raise(connection, writer, subject, claim, "confirmed")


def _corrections(connection: Connection, flags: Sequence[StoredFlag]) -> list[_Claim]:
    originals: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    spans_of: dict[tuple[str, str | None], set[Span]] = defaultdict(set)
    for flag in flags:
        labels = _labels(connection, flag)
        if _status(labels) == "corrected":
            ((_, code, spans),) = labels
            originals[code or "", flag.target].append(flag.id)
            spans_of[code or "", flag.target].update(spans)
    return [
        _Claim(code, CORRECTION, target, tuple(sorted(spans_of[code, target])), corrects=ids[0])
        for (code, target), ids in originals.items()
    ]


# flags


def _load_flag(connection: Connection, flag_id: int) -> StoredFlag:
    row = connection.exec_driver_sql("select * from flags where id = ?", (flag_id,)).fetchone()
    if row is None:
        raise BadReview(f"there is no flag {flag_id}")
    return _stored_flag(connection, row)


def flags_on(connection: Connection, subject: Subject) -> list[StoredFlag]:
    """Fetch every flag that was ever raised on a text."""
    statement = f"select * from flags where {subject.column} = ? and revision = ? order by id"  # noqa: S608
    rows = connection.exec_driver_sql(statement, (subject.id, subject.revision)).fetchall()
    return [_stored_flag(connection, row) for row in rows]


def _stored_flag(connection: Connection, row: Any) -> StoredFlag:
    column = next(column for column in LEVELS if getattr(row, column) is not None)
    statement = 'select start, "end" from flag_spans where flag_id = ? order by 1, 2'
    return StoredFlag(
        row.id,
        row.code,
        Subject(column, getattr(row, column), row.revision),
        row.rule,
        row.target,
        row.status,
        row.withdrawn_at is not None,
        row.corrects,
        tuple((start, end) for start, end in connection.exec_driver_sql(statement, (row.id,))),
    )


def _existing_flag(connection: Connection, writer: FlagWriter, subject: Subject, claim: _Claim) -> int | None:
    """Return the flag that makes this claim already: at the same span, or else by hand, which gets this span too."""
    similar = [
        flag
        for flag in flags_on(connection, subject)
        if (flag.code, flag.target) == (claim.code, claim.target) and not flag.withdrawn and flag.corrects is None
    ]
    for flag in similar:
        if flag.spans == claim.spans or (claim.spans and set(claim.spans) <= set(flag.spans)):
            return flag.id
    for flag in similar:
        if flag.rule == BY_HAND:
            new = sorted(set(claim.spans) - set(flag.spans)) if flag.spans else []
            if new:
                writer.add_spans(flag.id, new, text_of(connection, subject))
            return flag.id
    return None


def _raise(connection: Connection, writer: FlagWriter, subject: Subject, claim: _Claim, status: str) -> int:
    flag = Flag(claim.code, claim.rule, target=claim.target)
    text = text_of(connection, subject) if claim.spans else ""
    return writer.raise_reviewed(subject, flag, claim.spans, text, status=status, corrects=claim.corrects)
