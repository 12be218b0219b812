"""One comment as a page shows it: what it answers, what answers it, what it used to say and where it was read."""

import json
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from archive.site import citations, claims, comment_html, flags, history, html, published, queries
from archive.site.card import Card, card
from archive.site.database import Connection, Row, fetch_all, fetch_row, fetch_value
from archive.site.formatting import between, moment
from archive.site.viewer import Visitor
from archive.site.views import thread

MOST_ABOVE = 30
MOST_BELOW = 200


def load(connection: Connection, number: int, visitor: Visitor) -> dict[str, Any] | None:
    """What the template needs; None where there is no such comment."""
    row = fetch_row(connection, queries.COMMENTS_BY_ID, ids=json.dumps([number]))
    if row is None:
        return None
    above, below, base = ancestors(connection, number), replies(connection, row), visitor.base
    known = flags.context(connection, [one["id"] for one in (*above, row, *below)], visitor)
    source = fetch_row(connection, queries.COMMENT_SOURCE, comment=number)
    place = fetch_row(connection, queries.THREAD, thread=row["thread_id"])
    assert place is not None
    reason = thread.withheld(connection, place)
    said = cited(connection, row, known)
    return {
        "row": row,
        "name": html.name(row),
        "thread": place,
        "title": (place["title"] or "Untitled article") if reason is None else "Withheld by this archive",
        "withheld": fetch_value(connection, queries.REASON, comment=number),
        "cited": said,
        "card": _card(row, said),
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
        "link": html.outward(source["url"]) if source and source["url"] and not said.withheld else None,
        "source": fetch_row(connection, queries.CAPTURE, capture=source["capture_id"])
        if source and reason is None
        else None,
    }


def cited(connection: Connection, row: Row, known: flags.Context) -> citations.Cited:
    """What a citation says; of one that is withheld neither who wrote it nor a sum of its text. Nor has a text that is
    masked a sum here: the few digits that it hides could be tried until it fits."""
    place = fetch_row(connection, queries.THREAD, thread=row["thread_id"])
    source = fetch_row(connection, queries.COMMENT_SOURCE, comment=row["id"])
    assert place is not None
    assert source is not None
    capture = fetch_row(connection, queries.CAPTURE, capture=source["capture_id"])
    hidden = any(flag["code"] == queries.WITHHELD for flag in known.flags.get(row["id"], ()))
    nameless = thread.withheld(connection, place) is not None
    named = not hidden and row["commenter_id"] is not None
    return citations.Cited(
        "comment",
        row["id"],
        published.cited_as(connection),
        author=html.name(row) if named else None,
        title=None if nameless else place["title"],
        outlet=place["outlet"],
        posted_at=row["posted_at"],
        precision=row["posted_precision"],
        revision=row["revision"],
        captured_at=(capture["fetched_at"] if capture else None) or row["last_seen_at"],
        text_sha256=None if hidden or row["id"] in known.hidden else source["body_sha256"],
        capture_sha256=capture["sha256"] if capture else None,
        withheld=hidden or nameless,
    )


def cite(connection: Connection, number: int, visitor: Visitor) -> citations.Cited | None:
    """What a citation of a comment says; None where there is no such comment."""
    row = fetch_row(connection, queries.COMMENTS_BY_ID, ids=json.dumps([number]))
    return None if row is None else cited(connection, row, flags.context(connection, [number], visitor))


def _card(row: Row, said: citations.Cited) -> Card:
    under = None if said.withheld else f"under “{said.title or 'Untitled article'}”"
    when = moment(row["posted_at"], row["posted_precision"]) if row["posted_at"] else None
    return card(f"Comment #{row['id']}", [under, said.outlet, when], f"/comment/{row['id']}")


def ancestors(connection: Connection, number: int, most: int = MOST_ABOVE) -> list[Row]:
    ids = [row["id"] for row in fetch_all(connection, queries.ANCESTORS, comment=number, most=most)]
    rows = {row["id"]: row for row in fetch_all(connection, queries.COMMENTS_BY_ID, ids=json.dumps(ids))}
    return [rows[one] for one in ids if one in rows]


def replies(connection: Connection, row: Row, most: int = MOST_BELOW) -> list[Row]:
    """Replies and their replies: in document order they follow, deeper than the comment itself."""
    following = fetch_all(
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
    before = fetch_value(connection, queries.PLACE, thread=row["thread_id"], position=row["position"])
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
            else fetch_row(connection, queries.CAPTURE, capture=one["capture_id"]),
        }
        for one, following in reversed(list(zip(earlier, after, strict=False)))
    ]
