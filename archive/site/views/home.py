"""The first page: numbers that every save keeps current, and short lists along indexes."""

from typing import Any

from markupsafe import Markup

from archive.site import chart, html, queries
from archive.site.card import card
from archive.site.database import Connection, Row, fetch_all
from archive.site.formatting import between, count

HELD = (
    ("comments", "comment", "comments"),
    ("threads", "thread", "threads"),
    ("articles", "article", "articles"),
    ("outlets", "outlet", "outlets"),
    ("commenters", "name", "commenters"),
)


def load(connection: Connection) -> dict[str, Any]:
    totals = dict(map(tuple, fetch_all(connection, queries.TOTALS)))
    flagged = fetch_all(connection, queries.FLAG_TOTALS)
    return {
        "card": card(
            "What readers wrote under the news",
            [
                f"{count(totals.get('comments', 0), 'comment')} in {count(totals.get('threads', 0), 'thread')}",
                f"{count(totals.get('outlets', 0), 'outlet')}",
            ],
            "/",
            "website",
        ),
        "totals": totals,
        "held": [(count(totals.get(name, 0), noun), table) for name, noun, table in HELD],
        "newest": fetch_all(connection, queries.NEWEST_THREADS),
        "flagged": fetch_all(connection, queries.FLAGGED_THREADS),
        "removals": [_removal(row) for row in fetch_all(connection, queries.REMOVALS)],
        "outlets": fetch_all(connection, queries.OUTLETS),
        "flags": flagged,
        "chart": chart.bars("Flags", [(row["title"], row["value"]) for row in flagged]) if flagged else Markup(),
    }


def _removal(row: Row) -> dict[str, Any]:
    return {"row": row, "name": html.name(row), "when": between(row["last_seen_at"], row["seen_at"])}
