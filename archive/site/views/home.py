"""Load the first page: numbers that every save keeps current, and short lists along indexes."""

import json
from typing import Any

from archive.site import chart, queries, viewer
from archive.site.comments import author_name
from archive.site.database import Connection, Row, fetch_all
from archive.site.formatting import between, count
from archive.site.responses import make_card

# Tables that the first sentence counts, with their nouns, and the pages that it leads to.
TOTALS = (
    ("comments", "comment", "/search"),
    ("threads", "thread", "/threads"),
    ("articles", "article", "/questions/articles"),
    ("outlets", "outlet", "/outlets"),
    ("commenters", "name", None),
)


# A live archive says which threads have most flagged comments by the newest of each flag.
MAX_FLAGS_READ = 500
SHOWN_CODES = 10


def load(connection: Connection) -> dict[str, Any]:
    """Return what the template needs."""
    totals = dict(map(tuple, fetch_all(connection, queries.TOTALS)))
    counts = {name: count(totals.get(name, 0), noun) for name, noun, _ in TOTALS}
    totals_of_flags = fetch_all(connection, queries.FLAG_TOTALS)
    flags = [row for row in totals_of_flags if row["namespace"] == "content"][:SHOWN_CODES]
    others = [row for row in totals_of_flags if row["namespace"] not in ("content", "context", "capture")]
    description = [f"{counts['comments']} in {counts['threads']}", counts["outlets"]]
    return {
        "card": make_card("What readers wrote under the news", [*description], "/", "website"),
        "totals": totals,
        "counts": [(counts[table], table, href) for table, _, href in TOTALS],
        "newest": fetch_all(connection, queries.NEWEST_THREADS),
        "flagged": _most_flagged(connection),
        "removals": [
            {"row": row, "name": author_name(row), "when": between(row["last_seen_at"], row["seen_at"])}
            for row in fetch_all(connection, queries.REMOVALS)
        ],
        "outlets": fetch_all(connection, queries.OUTLETS),
        "flags": flags,
        "flag_chart": chart.bar_chart("Flags on the words", [(row["title"], row["value"]) for row in flags]),
        "other_flags": others[:SHOWN_CODES],
        "faults": [row for row in totals_of_flags if row["namespace"] == "capture"],
    }


def _most_flagged(connection: Connection) -> list[Row]:
    """Return the threads with most comments that a flag on the words stands on."""
    if viewer.has_table(connection, "statistics"):
        rows = fetch_all(connection, queries.FLAGGED_THREADS)
    else:
        rows = fetch_all(connection, queries.FLAGGED_THREADS_LATELY, limit=MAX_FLAGS_READ)
    threads = fetch_all(connection, queries.THREADS_BY_ID, ids=json.dumps([row["thread_id"] for row in rows]))
    return sorted(threads, key=lambda row: (-row["content_count"], -row["id"]))
