"""Load the comments that have one text, or nearly: where, when and by whom it was posted."""

from typing import Any

from archive.search.query import full_text
from archive.search.query_nodes import WordNode
from archive.search.tokenizer import MAX_PHRASE, SearchTerm, fold
from archive.site.database import Connection, Row, fetch_all
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
TEXT = "select body, body_sha256 from comments where id = :comment and withheld is null"
# Found by their first words: no index has the hashes, which would be as large as all others together.
SAME_BYTES = """
select comments.id, 1.0 as similarity from comments_fts cross join comments on comments.id = comments_fts.rowid
where comments_fts match :match and body_sha256 = :hash and withheld is null
order by posted_at, comments.id limit :limit"""
SAME_SIGNS = """
select id, 1.0 as similarity from comments
where body_sha256 = :hash and withheld is null order by posted_at, id limit :limit"""


def _ids(connection: Connection, comment: int) -> list[int]:
    rows = fetch_all(connection, GROUP, comment=comment, limit=MAX_ROWS) or _same_bytes(connection, comment)
    return [row["id"] for row in rows]


def _same_bytes(connection: Connection, comment: int) -> list[Row]:
    """Find the comments with the same bytes as one that was not compared, or has too few words for that."""
    for row in fetch_all(connection, TEXT, comment=comment):
        values = {"hash": row["body_sha256"], "limit": MAX_ROWS}
        if words := fold(row["body"]).split():
            match = full_text(WordNode(SearchTerm(tuple(words[:MAX_PHRASE]))))
            return fetch_all(connection, SAME_BYTES, match=match, **values)
        return fetch_all(connection, SAME_SIGNS, **values)
    return []


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
