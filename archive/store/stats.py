"""What an archive holds, in numbers."""

import json
import sqlite3
from pathlib import Path
from typing import Any

OUTLETS = """
select coalesce(outlets.domain, 'unknown') as outlet, count(threads.id) as threads,
  coalesce(sum(threads.comment_count), 0) as comments, coalesce(sum(threads.flag_count), 0) as flags
from articles left join outlets on outlets.id = articles.outlet_id left join threads on threads.article_id = articles.id
group by 1 order by comments desc"""
RUNS = "select id, kind, started_at, finished_at, outcome, counts from runs order by id desc limit 5"
STATES = "select state, count(*) from comments where state <> 'visible' group by state"


def stats(path: Path) -> dict[str, Any]:
    """Counts of rows, of comments that are not visible by state, of flags by code; outlets; the last five runs."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        totals = dict(connection.execute("select name, value from totals order by name"))
        runs = _rows(connection, RUNS)
        for run in runs:
            run["counts"] = json.loads(run["counts"] or "{}")
        names = ("outlets", "articles", "threads", "comments", "commenters")
        return {
            "counts": {name: totals.get(name, 0) for name in names},
            "states": dict(connection.execute(STATES)),
            "flags": {name.removeprefix("flags:"): n for name, n in totals.items() if n and name.startswith("flags:")},
            "outlets": _rows(connection, OUTLETS),
            "runs": runs,
        }
    finally:
        connection.close()


def _rows(connection: sqlite3.Connection, sql: str) -> list[dict[str, Any]]:
    rows = connection.execute(sql)
    return [dict(zip([column[0] for column in rows.description], row, strict=True)) for row in rows]
