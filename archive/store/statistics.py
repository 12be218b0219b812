"""Counts over whole tables: what `btl stats` prints, and what the statistics page charts.

A public copy has the charts' numbers worked out in its table `statistics(name, key1, key2, value)`; a live archive
works them out when they are asked for. Dates that are none are passed over; the outlets beyond the twelve with most
comments are one, since nobody tells forty colours apart.
"""

# ruff: noqa: S608  # all parts of the statements stand here

import json
import sqlite3
from pathlib import Path
from typing import Any

from archive.store.reading import connect_for_reading
from archive.store.views import STANDING

MOST_OUTLETS = 12
OTHERS, NO_OUTLET = "other outlets", "outlet unknown"
DAYS = 93

TABLE = """
create table statistics (
  name text not null, key1 text not null, key2 text not null, value integer not null,
  primary key (name, key1, key2)
) strict, without rowid"""

DATED = "posted_at glob '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*' and posted_at < date('now', '+1 day')"
_SEEN = "glob '[12][0-9][0-9][0-9]-[01][0-9]*'"
# The outlet of each thread by name, of which there are MOST_OUTLETS.
_OUTLETS = f"""
sizes as materialized (
  select articles.outlet_id, sum(threads.comment_count) as comments
  from threads join articles on articles.id = threads.article_id where articles.outlet_id is not null group by 1),
named as materialized (
  select sizes.outlet_id, case when row_number() over (order by comments desc, sizes.outlet_id) <= {MOST_OUTLETS}
    then coalesce(outlets.name, outlets.domain) else '{OTHERS}' end as outlet
  from sizes join outlets on outlets.id = sizes.outlet_id),
places as materialized (
  select threads.id as thread_id, coalesce(named.outlet, '{NO_OUTLET}') as outlet
  from threads join articles on articles.id = threads.article_id
  left join named on named.outlet_id = articles.outlet_id)"""

STATISTICS: dict[str, str] = {
    # key1: day, or month where all days would be too many; key2: outlet
    "comments_by_day": f"""
with {_OUTLETS},
span as materialized (
  select case when julianday(substr(max(posted_at), 1, 10)) - julianday(substr(min(posted_at), 1, 10)) > {DAYS}
    then 7 else 10 end as width
  from comments where {DATED}),
sums as materialized (
  select substr(posted_at, 1, (select width from span)) as at, thread_id, count(*) as found
  from comments
  where {DATED} and coalesce(posted_precision, '') <> 'year'
    and (posted_precision is not 'month' or (select width from span) = 7)
  group by 1, 2)
select at as key1, outlet as key2, sum(found) as value from sums join places using (thread_id) group by 1, 2""",
    # key1: month in which the comment was posted, or was first seen where it has no date; key2: code
    "flags_by_month": f"""
select substr(case when {DATED} and coalesce(posted_precision, '') <> 'year' then posted_at
    else comments.first_seen_at end, 1, 7) as key1, flags.code as key2, count(*) as value
from flags join comments on comments.id = flags.comment_id
where {STANDING} and comments.first_seen_at {_SEEN} group by 1, 2""",
    # key1: outlet; key2: seen (comments of threads that were visited more than once) or removed (of those)
    "removals_by_outlet": f"""
with {_OUTLETS},
again as materialized (select id, comment_count from threads where last_seen_at > first_seen_at)
select outlet as key1, 'seen' as key2, sum(comment_count) as value
from again join places on places.thread_id = again.id group by 1 having sum(comment_count) > 0
union all
select outlet, 'removed', count(distinct comment_id) from events join places using (thread_id)
where kind = 'removed' group by 1""",
    # key1: month in which it was missed; key2: outlet
    "removals_by_month": f"""
with {_OUTLETS}
select substr(seen_at, 1, 7) as key1, outlet as key2, count(*) as value from events join places using (thread_id)
where kind = 'removed' and seen_at {_SEEN} group by 1, 2""",
    # key1: full, partial or unknown; key2: platform
    "threads_by_completeness": """
select completeness as key1, platform as key2, count(*) as value from threads group by 1, 2""",
    # key1: stated (comments that sources say there are, where they say so), stored (here, of the same threads)
    "comments_stated": """
select 'stated' as key1, '' as key2, coalesce(sum(stated_count), 0) as value from threads where stated_count is not null
union all
select 'stored', '', coalesce(sum(comment_count), 0) from threads where stated_count is not null""",
}  # fmt: skip
COLUMNS: dict[str, tuple[str, str, str]] = {
    "comments_by_day": ("day_or_month", "outlet", "comments"),
    "flags_by_month": ("month", "code", "flags"),
    "removals_by_outlet": ("outlet", "kind", "comments"),
    "removals_by_month": ("month", "outlet", "removals"),
    "threads_by_completeness": ("completeness", "platform", "threads"),
    "comments_stated": ("kind", "of", "comments"),
}

# What a page, a feed and a file say of one thread. A comment is stored though it is no longer on the site; a flag is
# counted while it stands, a flagged comment where flags stand on its present text.
THREAD_COUNTS = """
select comment_count as stored, stated_count as stated, flag_count as flags,
  (select count(*) from comments where thread_id = threads.id and commenter_id is null and withheld is null)
    as unknown,
  (select count(*) from comments where thread_id = threads.id and state <> 'visible') as gone,
  (select count(*) from comments where thread_id = threads.id and codes is not null) as flagged,
  (select count(distinct comment_id) from events where thread_id = threads.id and kind <> 'added') as changed,
  (select count(*) from visits where thread_id = threads.id) as visits,
  (select count(*) from visits where thread_id = threads.id and outcome = 'failed') as failed
from threads where id = :thread"""
COMPLETENESS = """
select completeness, count(*) as threads, sum(comment_count) as stored, sum(stated_count) as stated,
  sum(case when stated_count is not null then comment_count end) as stored_of_stated
from threads group by completeness order by 1"""
OUTLET_COUNTS = """
select coalesce(outlets.domain, 'unknown') as outlet, count(threads.id) as threads,
  coalesce(sum(threads.comment_count), 0) as comments, coalesce(sum(threads.flag_count), 0) as flags
from articles left join outlets on outlets.id = articles.outlet_id left join threads on threads.article_id = articles.id
group by 1 order by comments desc"""
LAST_RUNS = "select id, kind, started_at, finished_at, outcome, counts from runs order by id desc limit 5"
CODES = "select code from flag_codes order by code"
HIDDEN_STATES = ("author_deleted", "missing", "removed", "withheld")
STATES = "select state, count(*) from comments where state <> 'visible' group by state"


def archive_counts(path: Path) -> dict[str, Any]:
    """Count rows, comments that are not visible by state, and flags by code, 0 too; list outlets and the last runs."""
    connection = connect_for_reading(path)
    try:
        totals = dict(connection.execute("select name, value from totals order by name"))
        runs = select_rows(connection, LAST_RUNS)
        for run in runs:
            run["counts"] = json.loads(run["counts"] or "{}")
        names = ("outlets", "articles", "threads", "comments", "commenters")
        return {
            "counts": {name: totals.get(name, 0) for name in names},
            "states": dict.fromkeys(HIDDEN_STATES, 0) | dict(connection.execute(STATES)),
            "completeness": select_rows(connection, COMPLETENESS),
            "flags": {code: totals.get(f"flags:{code}", 0) for (code,) in connection.execute(CODES)},
            "outlets": select_rows(connection, OUTLET_COUNTS),
            "runs": runs,
        }
    finally:
        connection.close()


def select_rows(connection: sqlite3.Connection, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a statement by the names of their columns."""
    rows = connection.execute(sql)
    return [dict(zip([column[0] for column in rows.description], row, strict=True)) for row in rows]
