"""The first page, and the list of flags: numbers that every save keeps current, and short lists along indexes."""

from typing import Any

from markupsafe import Markup

from archive.site import chart, queries, render
from archive.site.database import Connection, Row, all_rows
from archive.site.words import between, count

SEVERITIES = ("info", "low", "medium", "high", "critical")
HELD = (
    ("comments", "comment", "comments"),
    ("threads", "thread", "threads"),
    ("articles", "article", "articles"),
    ("outlets", "outlet", "outlets"),
    ("commenters", "name", "commenters"),
)


def load(connection: Connection) -> dict[str, Any]:
    totals = dict(map(tuple, all_rows(connection, queries.TOTALS)))
    flagged = all_rows(connection, queries.FLAG_TOTALS)
    return {
        "totals": totals,
        "held": [(count(totals.get(name, 0), noun), table) for name, noun, table in HELD],
        "newest": all_rows(connection, queries.NEWEST_THREADS),
        "flagged": all_rows(connection, queries.FLAGGED_THREADS),
        "removals": [_removal(row) for row in all_rows(connection, queries.REMOVALS)],
        "outlets": all_rows(connection, queries.OUTLETS),
        "flags": flagged,
        "chart": chart.bars("Flags", [(row["title"], row["value"]) for row in flagged]) if flagged else Markup(),
    }


def _removal(row: Row) -> dict[str, Any]:
    return {"row": row, "name": render.name(row), "when": between(row["last_seen_at"], row["seen_at"])}


def load_flags(connection: Connection) -> dict[str, Any]:
    """Every code by who claims it, the gravest first."""
    rows = sorted(all_rows(connection, queries.CODES), key=lambda row: (-row["severity"], row["code"]))
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["namespace"], []).append(row)
    named = [name for name in dict.fromkeys((*ABOUT, *groups)) if name in groups]
    return {"groups": [(name, ABOUT.get(name, ""), groups[name]) for name in named], "severities": SEVERITIES}


ABOUT = {
    "content": "What rules matched in the text. A match is a lead, not a finding, until a person has read it.",
    "review": "What a person found.",
    "context": "What stands around a match and may change what it means.",
    "crawl": "What this archive saw change between its visits.",
    "platform": "What the source itself says.",
    "capture": "What was lost or repaired on the way here.",
    "archive": "What this archive decided.",
}
