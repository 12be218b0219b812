"""Comments as rows for other programs: what a page shows of them, masked as there, and nothing of what is withheld."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from archive.site import flags, queries, thread_history
from archive.site.comment_html import Shown
from archive.site.database import Connection, fetch_all
from archive.site.html import HIDDEN
from archive.site.viewer import Visitor
from archive.text.pii_masking import MASK

COLUMNS = (
    "id",
    "thread_id",
    "outlet",
    "article",
    "parent_id",
    "position",
    "depth",
    "author",
    "posted_at",
    "posted_precision",
    "posted_at_text",
    "body",
    "masked",
    "withheld",
    "state",
    "codes",
    "revision",
    "likes",
    "dislikes",
    "first_seen_at",
    "last_seen_at",
    "permalink",
)
_AS_STORED = frozenset(COLUMNS) - {"outlet", "article", "author", "body", "masked", "withheld", "codes", "permalink"}


def of(
    connection: Connection,
    ids: Sequence[int],
    visitor: Visitor,
    base: str,
    at: tuple[str, str] | None = None,
) -> list[dict[str, Any]]:
    """The comments with these ids, in their order; `at` is a visit at which they are wanted, and the thread's first."""
    found = {row["id"]: row for row in fetch_all(connection, queries.COMMENTS_BY_ID, ids=json.dumps(ids))}
    stored = [found[one] for one in ids if one in found]
    known = flags.context(connection, list(found), visitor)
    shown = thread_history.shown(stored, known, *at) if at else [known.shown(row) for row in stored]
    threads = json.dumps(sorted({row["thread_id"] for row in stored}))
    places = {row["id"]: row for row in fetch_all(connection, queries.PLACES_OF, ids=threads)}
    return [row(one, places[one.row["thread_id"]], base, masked=one.row["id"] in known.hidden) for one in shown]


def row(shown: Shown, place: Any, base: str, *, masked: bool) -> dict[str, Any]:
    """One comment; `place` has the title of its article and its outlet."""
    kept = {name: shown.row[name] for name in _AS_STORED}
    withheld = is_withheld(shown)
    values = kept | {
        "outlet": place["outlet"],
        "article": place["title"],
        "author": None if withheld or shown.row["commenter_id"] is None else shown.row["author"],
        "body": "" if withheld else readable(shown.row["body"]),
        "masked": int(masked),
        "withheld": int(withheld),
        "codes": [chip.code for chip in shown.chips],
        "permalink": f"{base}/comment/{shown.row['id']}",
    }
    return {name: values[name] for name in COLUMNS}


def is_withheld(shown: Shown) -> bool:
    return any(chip.code == queries.WITHHELD for chip in shown.chips)


def readable(text: str) -> str:
    """A masked text as other programs can hold it."""
    return text.replace(HIDDEN, MASK)


def in_batches(
    connection: Connection,
    found: Iterable[Sequence[int]],
    visitor: Visitor,
    base: str,
    at: tuple[str, str] | None = None,
) -> Iterable[list[dict[str, Any]]]:
    """The comments of each batch of ids."""
    return (of(connection, ids, visitor, base, at) for ids in found)
