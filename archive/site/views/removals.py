"""What is no longer on its site: how much by month and outlet, how sure that is, and what was said."""

import json
import re
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from archive.site import comment_html, flags, formatting, history, queries
from archive.site.database import Connection, Row, fetch_all
from archive.site.viewer import Visitor

MOST_COUNTED = 20_000
SIZE = 50
MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
LAST = "9999-99"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which removals: of an outlet, found in a month (2026-03); None means all."""

    outlet: int | None = None
    month: str | None = None


def asked(outlet: str | None, month: str | None) -> Asked:
    number = int(outlet) if outlet and outlet.isascii() and outlet.isdecimal() and len(outlet) <= 18 else None
    return Asked(number, month if month and MONTH.fullmatch(month) else None)


def bounds(wanted: Asked) -> dict[str, Any]:
    """Between which times they were found."""
    return {"first": wanted.month or "", "last": f"{wanted.month}~" if wanted.month else LAST}


def files(wanted: Asked) -> list[tuple[str, str]]:
    """Where all of them are as CSV and JSON."""
    query = urlencode({name: value for name, value in asdict(wanted).items() if value is not None})
    return [(kind.upper(), f"/removals.{kind}" + (f"?{query}" if query else "")) for kind in ("csv", "json")]


def load(connection: Connection, wanted: Asked, visitor: Visitor) -> dict[str, Any]:
    """What the template needs."""
    month = wanted.month
    within = {**bounds(wanted), "most": MOST_COUNTED}
    sums = fetch_all(connection, queries.REMOVAL_SUMS, **within)
    found = fetch_all(connection, queries.REMOVED, **within, outlet=wanted.outlet, size=SIZE)
    return {
        "sums": [_sum(row, wanted) for row in sums],
        "counted": sum(row["found"] for row in sums),
        "cut": sum(row["found"] for row in sums) >= MOST_COUNTED,
        "most": MOST_COUNTED,
        "wanted": {"month": formatting.month(month) if month else None, "outlet": _outlet(sums, wanted)},
        "comments": _comments(connection, found, visitor),
        "shown": len(found),
        "more": len(found) == SIZE,
        "files": files(wanted),
    }


def _outlet(sums: list[Row], wanted: Asked) -> str | None:
    if wanted.outlet is None:
        return None
    return next((row["outlet"] for row in sums if row["outlet_id"] == wanted.outlet), None) or "this outlet"


def _sum(row: Row, wanted: Asked) -> dict[str, Any]:
    href = f"/removals?month={row['month']}" + (f"&outlet={row['outlet_id']}" if row["outlet_id"] is not None else "")
    here = wanted == Asked(row["outlet_id"], row["month"])
    sure = {name: row[name] for name in ("high", "medium", "low")}
    said = ", ".join(f"{formatting.number(count)} {name}" for name, count in sure.items() if count)
    return {"month": formatting.month(row["month"]), "row": row, "href": None if here else href, "sure": said}


def _comments(connection: Connection, found: list[Row], visitor: Visitor) -> Markup:
    ids = [row["comment_id"] for row in found]
    rows = {row["id"]: row for row in fetch_all(connection, queries.COMMENTS_BY_ID, ids=json.dumps(ids))}
    known = flags.context(connection, list(rows), visitor)
    shown = [
        replace(known.shown(rows[row["comment_id"]]), extra=_about(row)) for row in found if row["comment_id"] in rows
    ]
    return comment_html.flat(shown, {}, visitor.base) if shown else Markup()


def _about(row: Row) -> Markup:
    """When it went, how sure that is, and from where."""
    gone = formatting.between(row["last_seen_at"], row["seen_at"])
    thread = Markup('<a href="/thread/{}?at={}#c{}"><bdi>{}</bdi></a>').format(
        row["thread_id"], row["seen_at"], row["comment_id"], row["title"] or "Untitled article"
    )
    outlet = Markup(", <bdi>{}</bdi>").format(row["outlet"]) if row["outlet"] else ""
    sentence = Markup('<p class="note">{}, {}; confidence {}. Under {}{}</p>')
    return sentence.format(history.FOUND["removed"], gone, row["confidence"], thread, outlet)
