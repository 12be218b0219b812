"""Read the comments of a stored thread as a visit is compared with them: with texts that are withheld."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from archive.store import blanking
from archive.store.match import Stored
from archive.store.save_batch import SaveBatch
from archive.store.schema import TABLES
from archive.store.thread_visit import ThreadVisit
from archive.thread import identities

WITHHELD_IN = "select id from comments where thread_id = ? and withheld is not null"


def stored_comments(connection: Connection, thread_id: int) -> list[Stored]:
    """Return the comments of a thread, in document order."""
    comments, commenters = TABLES["comments"], TABLES["commenters"]
    of_author = {
        "author_name": commenters.c.name.label("author_name"),
        "author_native_id": commenters.c.native_id.label("author_native_id"),
    }
    columns = [of_author[name] if name in of_author else comments.c[name] for name in Stored.__dataclass_fields__]
    joined = comments.outerjoin(commenters, commenters.c.id == comments.c.commenter_id)
    statement = select(*columns).select_from(joined).where(comments.c.thread_id == thread_id)
    return [Stored(*row) for row in connection.execute(statement.order_by(comments.c.position))]


def fill_in_withheld(batch: SaveBatch, visit: ThreadVisit, stored: Sequence[Stored]) -> set[int]:
    """Return the ids of withheld comments, and fill their texts into the in-memory rows.

    Without its text a comment could not be told from the others. What was erased is taken from what is seen now.
    """
    ids = {row[0] for row in batch.connection.exec_driver_sql(WITHHELD_IN, (visit.thread_id,))}
    if not ids:
        return ids
    values_of = blanking.values_of(batch.connection, sorted(ids))
    comments = visit.thread.comments
    seen = {identity: i for i, identity in enumerate(identities(comments, visit.hashes))}
    recognised = {s.number: i for i, s in visit.screened.comments.items() if s.subject == "comment"}
    for row in stored:
        if row.id in values_of:
            values = values_of[row.id]
            row.body, row.body_sha256 = values["body"], values["body_sha256"]
            row.commenter_id, author = values["commenter_id"], blanking.author_of(values)
        elif row.id in ids and (row.id in recognised or row.identity in seen):
            # One suppression may stand for several comments of the same words: a comment's own place goes first.
            i = seen.get(row.identity, -1)
            i = i if i in visit.screened.comments else recognised.get(row.id, i)
            row.body, row.body_sha256, author = comments[i].body, visit.hashes[i], comments[i].author
        else:
            continue
        row.author_name, row.author_native_id = (author.name, author.native_id) if author else (None, None)
    return ids
