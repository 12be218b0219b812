"""Find comments with the same text, or nearly, and store which they are (`btl copies`, and every publication)."""

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice

from archive.store.archive import Archive
from archive.text.similarity import FEWEST_LETTERS, MAX_LETTERS, Copy, find_copies

# Of a larger archive the newest comments are compared for texts that are nearly the same: their hashes are in memory.
MAX_COMPARED = 300_000
BATCH = 2_000
FIRST_COMPARED = "select id from comments order by id desc limit 1 offset ?"
TEXTS = f"""
select id, substr(body, 1, {MAX_LETTERS}) from comments
where id > ? and withheld is null and length(body) >= {FEWEST_LETTERS} order by id limit {BATCH}"""  # noqa: S608
TEXT = f"select substr(body, 1, {MAX_LETTERS}) from comments where id = ?"  # noqa: S608
INSERT = "insert into text_copies (comment_id, group_id, similarity) values (?, ?, ?)"
# Older comments with exactly the same bytes. A text of few words is left out here by its length alone.
SAME_BYTES = """
with same as (select body_sha256, min(id) as first from comments
  where withheld is null and length(body) >= 60 group by body_sha256 having count(*) > 1)
insert or ignore into text_copies (comment_id, group_id, similarity)
select comments.id, coalesce((select group_id from text_copies where comment_id = first), first), 1.0
from same join comments on comments.body_sha256 = same.body_sha256 where comments.withheld is null"""
EMPTY = "delete from text_copies"
Read = Callable[[str, tuple[int, ...]], list[tuple[int, str]]]


def find_in_archive(archive: Archive, report: Callable[[int], None] = lambda _: None) -> dict[str, int]:
    """Compare the texts of an archive as one run, and store which are the same. Return the counts of the run."""
    run = archive.begin_run("copies", {})
    counts = {"comments": 0, "copies": 0}
    with archive.ending(run, lambda: dict(counts)):
        copies = list(_copies(lambda sql, values: [tuple(row) for row in archive.read(sql, values)], counts, report))
        with archive.transaction() as connection:
            connection.exec_driver_sql(EMPTY)
            if copies:
                connection.exec_driver_sql(INSERT, [tuple(copy) for copy in copies])
            if counts["comments"] >= MAX_COMPARED:
                connection.exec_driver_sql(SAME_BYTES)
            counts["copies"] = connection.exec_driver_sql("select count(*) from text_copies").scalar_one()
    archive.end_run(run, "done", dict(counts))
    return counts


def fill_copies(connection: sqlite3.Connection) -> None:
    """Fill the table of a new public copy, from the texts that it shows."""
    counts = {"comments": 0}
    copies = _copies(lambda sql, values: connection.execute(sql, values).fetchall(), counts, lambda _: None)
    while batch := list(islice(copies, BATCH)):
        connection.executemany(INSERT, batch)
    if counts["comments"] >= MAX_COMPARED:
        connection.execute(SAME_BYTES)


def _copies(read: Read, counts: dict[str, int], report: Callable[[int], None]) -> Iterator[Copy]:
    first = read(FIRST_COMPARED, (MAX_COMPARED,))

    def texts() -> Iterator[tuple[int, str]]:
        last = first[0][0] if first else 0
        while rows := read(TEXTS, (last,)):
            last = rows[-1][0]
            counts["comments"] += len(rows)
            report(counts["comments"])
            yield from rows

    yield from find_copies(texts(), lambda number: str(read(TEXT, (number,))[0][0]))
