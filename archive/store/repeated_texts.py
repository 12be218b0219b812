"""Find comments with the same text, or nearly, and store which they are (`btl copies`, and every publication)."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from archive.store.archive import Archive
from archive.text.similarity import FEWEST_LETTERS, MAX_LETTERS, Copy, find_copies

# Of a larger archive the newest comments are compared for texts that are nearly the same: their hashes are in memory.
MAX_COMPARED = 300_000
BATCH = 2_000
LAST_LEFT_OUT = "select id from comments order by id desc limit 1 offset ?"
TEXTS = f"""
select id, substr(body, 1, {MAX_LETTERS}) from comments
where id > ? and withheld is null and length(body) >= {FEWEST_LETTERS} order by id limit {BATCH}"""  # noqa: S608
TEXT = f"select substr(body, 1, {MAX_LETTERS}) from comments where id = ?"  # noqa: S608
INSERT = "insert into text_copies (comment_id, group_id, similarity) values (?, ?, ?)"
# Older comments with exactly the same bytes, in the group of those that were compared. A text of few words is left out
# here by its length alone. Then the oldest of a group gives it its number. Half of a hash tells texts apart as well,
# and is sorted faster.
SAME_BYTES = (
    """
with hashed as materialized (
  select id, substr(body_sha256, 1, 32) as hash from comments where withheld is null and length(body) >= 60),
compared as (select hash, min(group_id) as group_id, min(similarity) as similarity
  from text_copies join hashed on hashed.id = comment_id group by hash),
same as (select hash, min(id) as first from hashed group by hash having count(*) > 1)
insert into text_copies (comment_id, group_id, similarity)
select hashed.id, coalesce(compared.group_id, first), coalesce(compared.similarity, 1.0)
from hashed join same on hashed.hash = same.hash left join compared on compared.hash = same.hash where true
on conflict (comment_id) do nothing""",
    """
with renamed as (select group_id as former, min(comment_id) as first from text_copies
  group by group_id having min(comment_id) < group_id)
update text_copies set group_id = renamed.first from renamed where group_id = renamed.former""",
)
EMPTY = "delete from text_copies"
Read = Callable[[str, tuple[int, ...]], list[Any]]


def find_in_archive(archive: Archive) -> dict[str, int]:
    """Compare the texts of an archive as one run, and store which are the same. Return the counts of the run."""
    counts = {"comments": 0, "copies": 0}
    with archive.running("copies", {}, lambda: dict(counts)) as run:
        left_out = _last_left_out(archive.read)
        copies = list(_copies(archive.read, left_out, counts))
        with archive.transaction() as connection:
            connection.exec_driver_sql(EMPTY)
            if copies:
                connection.exec_driver_sql(INSERT, [tuple(copy) for copy in copies])
            for statement in SAME_BYTES if left_out else ():
                connection.exec_driver_sql(statement)
            counts["copies"] = connection.exec_driver_sql("select count(*) from text_copies").scalar_one()
    archive.end_run(run, "done", dict(counts))
    return counts


def fill_copies(connection: sqlite3.Connection) -> None:
    """Fill the table of a new public copy, from the texts that it shows."""

    def read(sql: str, values: tuple[int, ...]) -> list[Any]:
        return connection.execute(sql, values).fetchall()

    left_out = _last_left_out(read)
    copies = _copies(read, left_out, {"comments": 0})
    while batch := list(islice(copies, BATCH)):
        connection.executemany(INSERT, batch)
    for statement in SAME_BYTES if left_out else ():
        connection.execute(statement)


def _last_left_out(read: Read) -> int:
    """Return the id of the newest comment that is too old to be compared; 0 where all are compared."""
    rows = read(LAST_LEFT_OUT, (MAX_COMPARED,))
    return int(rows[0][0]) if rows else 0


def _copies(read: Read, after: int, counts: dict[str, int]) -> Iterator[Copy]:
    def texts() -> Iterator[tuple[int, str]]:
        last = after
        while rows := read(TEXTS, (last,)):
            last = rows[-1][0]
            counts["comments"] += len(rows)
            yield from rows

    yield from find_copies(texts(), lambda number: str(read(TEXT, (number,))[0][0]))
