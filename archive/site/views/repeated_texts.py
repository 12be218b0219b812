"""Load the comments that have one text, or nearly: where, when and by whom it was posted."""

from typing import Any

from archive.site.database import Connection, fetch_all
from archive.site.row_streams import Rows
from archive.site.viewer import Visitor
from archive.site.views import downloads
from archive.site.views.comments_elsewhere import render_with_threads

MAX_SHOWN, MAX_ROWS = 100, 10_000
GROUP = """
select comment_id as id, similarity from text_copies join comments on comments.id = comment_id
where group_id = (select group_id from text_copies join comments on comments.id = comment_id
  where comment_id = :comment and withheld is null) and withheld is null
order by posted_at, id limit :limit"""
SAME_BYTES = """
select others.id, 1.0 as similarity from comments join comments as others on others.body_sha256 = comments.body_sha256
where comments.id = :comment and comments.withheld is null and others.withheld is null
order by others.posted_at, others.id limit :limit"""


def _ids(connection: Connection, comment: int) -> list[int]:
    rows = fetch_all(connection, GROUP, comment=comment, limit=MAX_ROWS)
    rows = rows or fetch_all(connection, SAME_BYTES, comment=comment, limit=MAX_ROWS)
    return [row["id"] for row in rows]


def load(connection: Connection, comment: int, visitor: Visitor) -> dict[str, Any] | None:
    """Return what the template needs; None if there is no such comment, or its text is withheld."""
    ids = _ids(connection, comment)
    if not ids:
        return None
    return {
        "number": comment,
        "comments": render_with_threads(connection, ids[:MAX_SHOWN], visitor),
        "copies": len(ids),
        "shown": min(len(ids), MAX_SHOWN),
        "files": [(kind.upper(), f"/copies/{comment}.{kind}") for kind in ("csv", "json")],
    }


def rows(connection: Connection, comment: int, visitor: Visitor, base: str) -> Rows | None:
    """Return these comments for a file; None if there is no such comment."""
    ids = _ids(connection, comment)
    return (
        downloads.comment_rows(connection, ids, visitor, base, {"copies_of": comment, "limited": False})
        if ids
        else None
    )
