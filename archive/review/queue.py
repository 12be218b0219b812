"""The review queue, one reviewer's load of the day, and the error rates of codes and rules."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

# In the words of the index flags_queue.
UNREVIEWED = (
    "flags.status = 'unreviewed' and flags.code >= 'content.' and flags.code < 'content/'"
    " and flags.withdrawn_at is null"
)
JUDGED = """flags.withdrawn_at is null
  and flags.id in (select flag_id from reviews where reviewer <> :reviewer and retracted_at is null)
  and not exists (select 1 from reviews
    where flag_id = flags.id and reviewer = :reviewer and retracted_at is null)"""
# A text that this archive withholds is shown to nobody.
NOT_WITHHELD = """not exists (select 1 from flags as hiding where hiding.code = 'archive.withheld'
  and hiding.comment_id = flags.comment_id and hiding.withdrawn_at is null)"""
AFTER = """flags.severity <= :severity and (flags.severity < :severity
    or coalesce(flags.priority, -1) < :priority or (coalesce(flags.priority, -1) = :priority and flags.id > :after))"""
ORDER = "order by flags.severity desc, flags.priority desc, flags.id limit :size"
POSITION = "select severity, coalesce(priority, -1) as priority from flags where id = :after"

FEW = 20_000
# No more are counted: a reviewer need not know how many thousands are left.
MOST_COUNTED = 10_000

LAST = """
select flag_id from reviews indexed by reviews_reviewed_at
where reviewed_at >= :today and reviewer = :reviewer and retracted_at is null
order by reviewed_at desc, id desc limit 1"""
LOAD = """
select count(*) as verdicts, coalesce(sum(flags.severity >= 3), 0) as severe,
  coalesce(sum(flags.severity = 4), 0) as critical
from reviews indexed by reviews_reviewed_at join flags on flags.id = reviews.flag_id
where reviewed_at >= :today and reviewed_at < :today || '~' and reviewer = :reviewer and retracted_at is null"""

# What people flagged by hand says nothing of how a detector errs, so that it counts for its rule but not for its code.
RATES = """
with judged as (
  select code, rule, status from flags
  where id in (select flag_id from reviews) and withdrawn_at is null and status <> 'unreviewed'),
named as (
  select 'code' as kind, code as name, status from judged where rule <> 'review.by-hand'
  union all select 'rule', rule, status from judged),
reviewed as (
  select kind, name, count(*) as reviewed, sum(status = 'confirmed') as confirmed,
    sum(status = 'dismissed') as dismissed, sum(status = 'corrected') as corrected, sum(status = 'disputed') as disputed
  from named group by kind, name),
counted as (
  select 'code' as kind, substr(name, 7) as name, value from totals where value > 0 and
    (name between 'flags:content.' and 'flags:context/' or name between 'flags:review.' and 'flags:review/')
  union all
  select 'rule', substr(name, 7), value from totals where value > 0 and name between 'rules:' and 'rules;'),
listed as (select kind, name from counted union select kind, name from reviewed)
select listed.kind, listed.name, coalesce(value, 0) as standing, coalesce(reviewed, 0) as reviewed,
  coalesce(confirmed, 0) as confirmed, coalesce(dismissed, 0) as dismissed, coalesce(corrected, 0) as corrected,
  coalesce(disputed, 0) as disputed, (dismissed + corrected) * 1.0 / reviewed as error_rate
from listed
left join counted on counted.kind = listed.kind and counted.name = listed.name
left join reviewed on reviewed.kind = listed.kind and reviewed.name = listed.name
order by listed.kind, listed.name"""


@dataclass(frozen=True, slots=True)
class QueuedFlag:
    """A flag that a reviewer may judge next."""

    id: int
    code: str
    severity: int
    priority: float | None
    comment_id: int | None


@dataclass(frozen=True, slots=True)
class ReviewLoad:
    """What one reviewer judged in a day: verdicts, those on flags of severity 3 or 4, and those of 4."""

    verdicts: int
    severe: int
    critical: int


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """What became of the flags of one code or rule. `error_rate` is None where nothing was reviewed."""

    kind: Literal["code", "rule"]
    name: str
    standing: int
    reviewed: int
    confirmed: int
    dismissed: int
    corrected: int
    disputed: int
    error_rate: float | None


def rows(connection: sqlite3.Connection, sql: str, **parameters: Any) -> list[sqlite3.Row]:
    """Fetch all rows by name, whatever the connection's own row factory is."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchall()


def queue(
    connection: sqlite3.Connection,
    *,
    reviewer: str,
    size: int = 1,
    after: int | None = None,
    code: str | None = None,
    rule: str | None = None,
    second: bool = False,
) -> list[QueuedFlag]:
    """Fetch the next flags for a reviewer: most severe first, then by priority, then the oldest.

    They are those that nobody judged; with `second` those that others judged and this reviewer did not. `after` is the
    id of the flag that was skipped last.
    """
    statement, values = _queue(connection, reviewer, after, code, rule, second=second)
    return [QueuedFlag(*row) for row in rows(connection, f"{statement} {ORDER}", size=size, **values)]


def count_waiting(
    connection: sqlite3.Connection,
    *,
    reviewer: str,
    after: int | None = None,
    code: str | None = None,
    rule: str | None = None,
    second: bool = False,
) -> int:
    """Count what `queue` would give, all of it; MOST_COUNTED + 1 stands for any greater number."""
    statement, values = _queue(connection, reviewer, after, code, rule, second=second)
    counted = f"select count(*) as waiting from ({statement} limit {MOST_COUNTED + 1})"  # noqa: S608
    return int(rows(connection, counted, **values)[0]["waiting"])


def last_judged(connection: sqlite3.Connection, reviewer: str, today: str) -> int | None:
    """Return the flag that the reviewer judged last today, YYYY-MM-DD (UTC), unless they took that back."""
    last = rows(connection, LAST, reviewer=reviewer, today=today)
    return last[0]["flag_id"] if last else None


def _queue(
    connection: sqlite3.Connection,
    reviewer: str,
    after: int | None,
    code: str | None,
    rule: str | None,
    *,
    second: bool,
) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"reviewer": reviewer}
    conditions = [JUDGED if second else UNREVIEWED, NOT_WITHHELD]
    if code is not None:
        conditions.append("flags.code = :code")
        values["code"] = code
    if rule is not None:
        conditions.append("flags.rule = :rule")
        values["rule"] = rule
    last = [] if after is None else rows(connection, POSITION, after=after)
    if last:
        conditions.append(AFTER)
        values |= {"after": after, **dict(last[0])}
    source = "flags" if second else f"flags indexed by {_index(connection, code)}"
    statement = (
        f"select flags.id, flags.code, flags.severity, flags.priority, flags.comment_id from {source} "  # noqa: S608
        f"where {' and '.join(conditions)}"
    )
    return statement, values


def _index(connection: sqlite3.Connection, code: str | None) -> str:
    """Choose the faster index: the queue in its order, or the flags of a rare code, which are few to sort."""
    total = (
        [] if code is None else rows(connection, "select value from totals where name = 'flags:' || :code", code=code)
    )
    few = code is not None and (not total or total[0]["value"] <= FEW)
    return "flags_code" if few else "flags_queue"


def load_today(connection: sqlite3.Connection, reviewer: str, today: str) -> ReviewLoad:
    """Count what the reviewer judged on a day, YYYY-MM-DD (UTC)."""
    return ReviewLoad(*rows(connection, LOAD, reviewer=reviewer, today=today)[0])


def rates(connection: sqlite3.Connection) -> list[ErrorRate]:
    """Count the flags of each code of texts, and of each rule, by their present status."""
    return [ErrorRate(*row) for row in rows(connection, RATES)]
