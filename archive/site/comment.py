"""One comment as a page shows it: what it answers, what answers it, what it used to say and where it was read."""

import json
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from archive.site import claims, comment_html, flags, history, queries, render, thread
from archive.site.database import Connection, Row, all_rows, one_row, one_value
from archive.site.visitor import Visitor
from archive.site.words import between, moment

MOST_ABOVE = 30
MOST_BELOW = 200


def load(connection: Connection, number: int, visitor: Visitor) -> dict[str, Any] | None:
    """What the template needs; None where there is no such comment."""
    row = one_row(connection, queries.COMMENTS_BY_ID, ids=json.dumps([number]))
    if row is None:
        return None
    above, below, base = ancestors(connection, number), replies(connection, row), visitor.base
    known = flags.context(connection, [one["id"] for one in (*above, row, *below)], visitor)
    source = one_row(connection, queries.COMMENT_SOURCE, comment=number)
    return {
        "row": row,
        "name": render.name(row),
        "thread": one_row(connection, queries.THREAD, thread=row["thread_id"]),
        "place": _place(connection, row),
        "above": comment_html.nested([known.shown(one) for one in above], {}, base),
        "more_above": bool(above and above[0]["parent_id"]),
        "comment": comment_html.flat([known.shown(row)], _answered(above), base),
        "below": comment_html.nested([known.shown(one) for one in below[:MOST_BELOW]], {row["id"]: row}, base),
        "replies": len(below),
        "more_below": len(below) > MOST_BELOW,
        "flags": claims.load(connection, row, known, visitor),
        "codes": claims.choices(known.codes) if visitor.judges else [],
        "revisions": _revisions(connection, known, row),
        "events": [(moment(event["seen_at"]), history.describe(event)) for event in known.events.get(number, ())],
        "comment_source": source,
        "link": render.outward(source["url"]) if source and source["url"] else None,
        "source": one_row(connection, queries.CAPTURE, capture=source["capture_id"]) if source else None,
    }


def ancestors(connection: Connection, number: int, most: int = MOST_ABOVE) -> list[Row]:
    ids = [row["id"] for row in all_rows(connection, queries.ANCESTORS, comment=number, most=most)]
    rows = {row["id"]: row for row in all_rows(connection, queries.COMMENTS_BY_ID, ids=json.dumps(ids))}
    return [rows[one] for one in ids if one in rows]


def replies(connection: Connection, row: Row, most: int = MOST_BELOW) -> list[Row]:
    """Replies and their replies: in document order they follow, deeper than the comment itself."""
    following = all_rows(
        connection,
        queries.FOLLOWING,
        thread=row["thread_id"],
        position=row["position"],
        most=most + 1,
    )
    return list(takewhile(lambda one: one["depth"] > row["depth"], following))


def _answered(above: Sequence[Row]) -> dict[int, Row]:
    return {above[-1]["id"]: above[-1]} if above else {}


def _place(connection: Connection, row: Row) -> str:
    before = one_value(connection, queries.PLACE, thread=row["thread_id"], position=row["position"])
    return thread.address(thread.Asked(row["thread_id"], page=before // thread.SIZE + 1)) + f"#c{row['id']}"


def _revisions(connection: Connection, known: flags.Context, row: Row) -> list[dict[str, Any]]:
    """Every earlier text, newest first, as what the next one changed of it."""
    shown = known.shown(row)
    earlier = list(history.revisions(connection, known, [row["id"]]).get(row["id"], ()))
    after = [*(one["body"] for one in earlier[1:]), shown.row["body"]]
    return [
        {
            "seen": f"seen {between(one['seen_from'], one['seen_until'])}",
            "change": history.compared(shown.chips, one["body"], following),
            "source": None
            if one["capture_id"] is None
            else one_row(connection, queries.CAPTURE, capture=one["capture_id"]),
        }
        for one, following in reversed(list(zip(earlier, after, strict=False)))
    ]
