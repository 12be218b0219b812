"""Store reviewers' verdicts on flags, and derive statuses, corrections and counts from them.

The caller owns the transaction: nothing here commits. No row of reviews or flags is ever deleted.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Literal, get_args

from archive.store import views
from archive.store.flags import RECOUNT_COMMENTS, RECOUNT_THREADS

DETECTOR, CORRECTION, BY_HAND = "review", "review.correction", "review.by-hand"
REVIEW_NAMESPACES = ("content", "context", "review")
LEVELS = {"comment_id": "c", "thread_id": "t", "article_id": "a"}

# What `totals` counts: what a reader is told of, and every circumstance that is not withdrawn.
COUNTED = f"withdrawn_at is null and ({views.NOT_REFUSED} or code between 'context.' and 'context/')"

# Each reviewer's last word on a flag. SQLite takes the other columns from the row that has the maximum.
LATEST = """
select verdict, corrected_code, corrected_start, corrected_end, max(id) from reviews where flag_id = ?
group by reviewer"""
REPEATED = """
select verdict, corrected_code, corrected_start, corrected_end, note from reviews
where flag_id = ? and reviewer = ? order by id desc limit 1"""
REVIEW = """
insert into reviews
  (flag_id, reviewer, verdict, corrected_code, corrected_start, corrected_end, note, reviewed_at)
values (?, ?, ?, ?, ?, ?, ?, ?)"""
TEXT = """
select body from comments where id = :comment and revision = :revision
union all select body from comment_revisions where comment_id = :comment and revision = :revision limit 1"""
RAISE = """
insert into flags
  (code, {column}, revision, detector_id, rule, evidence, target, created_at, severity, status, corrects)
select code, :subject, :revision, :detector, :rule, :evidence, :target, :at, severity, :status, :corrects
from flag_codes where code = :code"""
ADD_TOTALS = """
insert into totals (name, value) values (?, ?) on conflict (name) do update set value = value + excluded.value"""

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
class _Subject:
    """One revision of what flags are raised on; `column` is comment_id, thread_id or article_id."""

    column: str
    id: int
    revision: int


@dataclass(frozen=True, slots=True)
class _Flag:
    id: int
    code: str
    subject: _Subject
    rule: str
    target: str | None
    withdrawn: bool
    corrects: int | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    code: str
    rule: str
    target: str | None
    spans: tuple[Span, ...]
    evidence: str | None = None
    corrects: int | None = None


def record(connection: sqlite3.Connection, verdict: Verdict, at: str) -> bool:
    """Store a verdict and settle the flag; return False where it is the reviewer's latest verdict already."""
    verdict = replace(verdict, reviewer=verdict.reviewer.strip(), note=(verdict.note or "").strip() or None)
    flag = _flag(connection, verdict.flag_id)
    _check(connection, flag, verdict)
    values = (verdict.verdict, verdict.corrected_code, verdict.corrected_start, verdict.corrected_end, verdict.note)
    if values in map(tuple, connection.execute(REPEATED, (flag.id, verdict.reviewer))):
        return False
    connection.execute(REVIEW, (flag.id, verdict.reviewer, *values, at))
    with counted(connection, flag.subject.column, flag.subject.id):
        status = _status(_labels(connection, flag))
        connection.execute("update flags set status = ? where id = ?", (status, flag.id))
        _renew_corrections(connection, flag.subject, at)
    return True


def add(
    connection: sqlite3.Connection,
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
    row = rows(connection, "select revision, body from comments where id = :id", id=comment_id)
    if not row:
        raise BadReview(f"there is no comment {comment_id}")
    if not reviewer.strip() or not reason.strip():
        raise BadReview("a flag by hand needs a reviewer and a reason")
    _check_code(connection, code, "comment_id")
    spans = _spans(row[0]["body"], start, end) or ()
    subject = _Subject("comment_id", comment_id, row[0]["revision"])
    claim = _Claim(code, BY_HAND, (target or "").strip() or None, spans, reason.strip())
    flag_id = _existing_flag(connection, subject, claim)
    if flag_id is None:
        with counted(connection, subject.column, subject.id):
            flag_id = _raise(connection, subject, claim, "unreviewed", at)
    record(connection, Verdict(flag_id, reviewer, "confirmed", note=reason), at)
    return flag_id


@contextmanager
def counted(connection: sqlite3.Connection, column: str, subject_id: int) -> Iterator[None]:
    """Keeps totals, comments.codes and threads.flag_count true through changes of one subject's flags."""
    before = _tally(connection, column, subject_id)
    yield
    change = _tally(connection, column, subject_id)
    change.subtract(before)
    changed = [(name, value) for name, value in change.items() if value]
    if not changed:
        return
    connection.executemany(ADD_TOTALS, changed)
    if column == "comment_id":
        connection.execute(RECOUNT_COMMENTS, {"ids": json.dumps([subject_id])})
        (subject_id,) = connection.execute("select thread_id from comments where id = ?", (subject_id,)).fetchone()
    if column != "article_id":
        connection.execute(RECOUNT_THREADS, {"ids": json.dumps([subject_id])})


def _tally(connection: sqlite3.Connection, column: str, subject_id: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for code, rule in connection.execute(
        f"select code, rule from flags where {column} = ? and {COUNTED}",  # noqa: S608
        (subject_id,),
    ):
        counts[f"flags:{code}"] += 1
        if code.startswith(("content.", "context.")):
            counts[f"rules:{rule}"] += 1
    return counts


# verdicts


def _check(connection: sqlite3.Connection, flag: _Flag, verdict: Verdict) -> None:
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


def _check_correction(connection: sqlite3.Connection, flag: _Flag, verdict: Verdict) -> None:
    if not verdict.corrected_code:
        raise BadReview("a correction needs a code")
    _check_code(connection, verdict.corrected_code, flag.subject.column)
    text = _text(connection, flag.subject)
    spans = _spans(text, verdict.corrected_start, verdict.corrected_end) or flag.spans
    if (verdict.corrected_code, spans) == (flag.code, flag.spans):
        raise BadReview("the correction says what the flag says")


def _check_code(connection: sqlite3.Connection, code: str, column: str) -> None:
    row = connection.execute("select namespace, level from flag_codes where code = ?", (code,)).fetchone()
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


def _text(connection: sqlite3.Connection, subject: _Subject) -> str:
    """Return the comment's text at that revision."""
    parameters = {"comment": subject.id, "revision": subject.revision}
    row = connection.execute(TEXT, parameters).fetchone() if subject.column == "comment_id" else None
    if row is None:
        raise BadReview(f"revision {subject.revision} has no text here")
    return str(row[0])


def _labels(connection: sqlite3.Connection, flag: _Flag) -> set[Label]:
    """Return the distinct verdicts that reviewers hold now."""
    labels: set[Label] = set()
    for verdict, code, start, end, _ in connection.execute(LATEST, (flag.id,)):
        own = () if code is None else flag.spans
        labels.add((verdict, code, own if start is None else ((start, end),)))
    return labels


def _status(labels: set[Label]) -> str:
    if not labels:
        return "unreviewed"
    return next(iter(labels))[0] if len(labels) == 1 else "disputed"


def _renew_corrections(connection: sqlite3.Connection, subject: _Subject, at: str) -> None:
    """Raise and withdraw corrections, so that a text has those that its corrected flags need.

    Flags that are corrected to the same code and target share one with the spans of all: the index flags_found
    requires it. It names the first of them.
    """
    flags = _flags(connection, subject)
    needed = _corrections(connection, flags)
    for flag in flags:
        if flag.corrects is not None and not flag.withdrawn:
            claim = _Claim(flag.code, flag.rule, flag.target, flag.spans, corrects=flag.corrects)
            if claim in needed:
                needed.remove(claim)
            else:
                connection.execute("update flags set withdrawn_at = ? where id = ?", (at, flag.id))
    for claim in needed:
        _raise(connection, subject, claim, "confirmed", at)


def _corrections(connection: sqlite3.Connection, flags: Sequence[_Flag]) -> list[_Claim]:
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


# rows


def rows(connection: sqlite3.Connection, sql: str, **parameters: Any) -> list[sqlite3.Row]:
    """Fetch all rows by name, whatever the connection's own row factory is."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchall()


def _flag(connection: sqlite3.Connection, flag_id: int) -> _Flag:
    matching = rows(connection, "select * from flags where id = :id", id=flag_id)
    if not matching:
        raise BadReview(f"there is no flag {flag_id}")
    return _read(connection, matching[0])


def _flags(connection: sqlite3.Connection, subject: _Subject) -> list[_Flag]:
    """Fetch every flag that was ever raised on a text."""
    matching = rows(
        connection,
        f"select * from flags where {subject.column} = :id and revision = :revision order by id",  # noqa: S608
        id=subject.id,
        revision=subject.revision,
    )
    return [_read(connection, row) for row in matching]


def _read(connection: sqlite3.Connection, row: sqlite3.Row) -> _Flag:
    column = next(column for column in LEVELS if row[column] is not None)
    spans = connection.execute('select start, "end" from flag_spans where flag_id = ? order by 1, 2', (row["id"],))
    return _Flag(
        row["id"],
        row["code"],
        _Subject(column, row[column], row["revision"]),
        row["rule"],
        row["target"],
        row["withdrawn_at"] is not None,
        row["corrects"],
        tuple((start, end) for start, end in spans),
    )


def _existing_flag(connection: sqlite3.Connection, subject: _Subject, claim: _Claim) -> int | None:
    """Return the flag that makes this claim already: at the same span, or else by hand, which gets this span too."""
    similar = [
        flag
        for flag in _flags(connection, subject)
        if (flag.code, flag.target) == (claim.code, claim.target) and not flag.withdrawn and flag.corrects is None
    ]
    for flag in similar:
        if flag.spans == claim.spans or (claim.spans and set(claim.spans) <= set(flag.spans)):
            return flag.id
    for flag in similar:
        if flag.rule == BY_HAND:
            if flag.spans:
                _add_spans(connection, flag.id, subject, sorted(set(claim.spans) - set(flag.spans)))
            return flag.id
    return None


def _raise(connection: sqlite3.Connection, subject: _Subject, claim: _Claim, status: str, at: str) -> int:
    values = {"subject": subject.id, "revision": subject.revision, "at": at, "status": status, "code": claim.code}
    values |= {"rule": claim.rule, "evidence": claim.evidence, "target": claim.target, "corrects": claim.corrects}
    values |= {"detector": _detector(connection)}
    flag_id = connection.execute(RAISE.format(column=subject.column), values).lastrowid
    assert flag_id is not None
    _add_spans(connection, flag_id, subject, claim.spans)
    return flag_id


def _add_spans(connection: sqlite3.Connection, flag_id: int, subject: _Subject, spans: Sequence[Span]) -> None:
    if spans:
        text = _text(connection, subject)
        connection.executemany(
            'insert into flag_spans (flag_id, start, "end", exact) values (?, ?, ?, ?)',
            [(flag_id, start, end, text[start:end]) for start, end in spans],
        )


def _detector(connection: sqlite3.Connection) -> int:
    """The id of "people, by this version"."""
    identity = (DETECTOR, version("belowtheline"))
    row = connection.execute(
        "select id from detectors where name = ? and version = ? and lexicon_sha256 is null", identity
    ).fetchone()
    if row is None:
        added = connection.execute("insert into detectors (name, version) values (?, ?) returning id", identity)
        row = added.fetchone()
    return int(row[0])
