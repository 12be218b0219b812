"""Load the first page: numbers that every save keeps current, and short lists along indexes."""

from typing import Any

from archive.site import chart, html, queries
from archive.site.database import Connection, fetch_all
from archive.site.formatting import between, count

# Tables that the first sentence counts, with their nouns.
TOTALS = (
    ("comments", "comment"),
    ("threads", "thread"),
    ("articles", "article"),
    ("outlets", "outlet"),
    ("commenters", "name"),
)


def load(connection: Connection) -> dict[str, Any]:
    """Return what the template needs."""
    totals = dict(map(tuple, fetch_all(connection, queries.TOTALS)))
    counts = {name: count(totals.get(name, 0), noun) for name, noun in TOTALS}
    flags = fetch_all(connection, queries.FLAG_TOTALS)
    description = [f"{counts['comments']} in {counts['threads']}", counts["outlets"]]
    return {
        "card": html.make_card("What readers wrote under the news", [*description], "/", "website"),
        "totals": totals,
        "counts": [(text, table) for table, text in counts.items()],
        "newest": fetch_all(connection, queries.NEWEST_THREADS),
        "flagged": fetch_all(connection, queries.FLAGGED_THREADS),
        "removals": [
            {"row": row, "name": html.author_name(row), "when": between(row["last_seen_at"], row["seen_at"])}
            for row in fetch_all(connection, queries.REMOVALS)
        ],
        "outlets": fetch_all(connection, queries.OUTLETS),
        "flags": flags,
        "flag_chart": chart.bar_chart("Flags", [(row["title"], row["value"]) for row in flags]),
    }
