"""Reviews by spreadsheet: flags written as CSV for coders, and their verdicts read again.

A row is identified by flag_id and body_sha256; whatever else a spreadsheet does to it does not matter.
"""

import csv
import json
import random
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO, cast

from sqlalchemy import Connection

from archive.review.queue import NOT_WITHHELD, UNREVIEWED, rows
from archive.review.verdicts import BadReview, Verdict, VerdictValue, record
from archive.text.csv_cells import BOM, safe_cell

COLUMNS = (
    *("flag_id", "code", "severity", "rule", "target", "words", "text", "parent_text"),
    *("article_title", "outlet", "thread", "revision", "body_sha256"),
)
TO_FILL_IN = ("reviewer", "verdict", "corrected_code", "note")
NEEDED = ("flag_id", "body_sha256", "verdict")
DELIMITERS = ",;\t"
ROWS_A_QUERY = 500

EVERYTHING = (
    "flags.withdrawn_at is null and flags.corrects is null"
    " and (flags.code between 'content.' and 'content/' or flags.code between 'review.' and 'review/')"
)
SHEET = """
select flags.id as flag_id, flags.code, flags.severity, flags.rule, flags.target,
  (select group_concat(exact, ' … ') from
    (select exact from flag_spans where flag_id = flags.id order by start)) as words,
  coalesce(earlier.body, comments.body) as text,
  case when exists (select 1 from flags as hiding where hiding.code = 'archive.withheld'
    and hiding.comment_id = parents.id and hiding.withdrawn_at is null) then null else parents.body end as parent_text,
  articles.title as article_title, coalesce(outlets.name, outlets.domain) as outlet,
  '/thread/' || comments.thread_id as thread, flags.revision,
  coalesce(earlier.body_sha256, comments.body_sha256) as body_sha256
from json_each(:ids) as wanted
join flags on flags.id = wanted.value
join comments on comments.id = flags.comment_id
left join comment_revisions as earlier on earlier.comment_id = comments.id and earlier.revision = flags.revision
left join comments as parents on parents.id = comments.parent_id
join threads on threads.id = comments.thread_id
join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id
order by wanted.key"""
HASH = """
select coalesce(earlier.body_sha256, comments.body_sha256) as body_sha256
from flags join comments on comments.id = flags.comment_id
left join comment_revisions as earlier on earlier.comment_id = comments.id and earlier.revision = flags.revision
where flags.id = :flag"""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken: the line that it begins on, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class Imported:
    """Counts of rows: saved, repeated from before, empty of a verdict, refused."""

    saved: int = 0
    repeated: int = 0
    empty: int = 0
    errors: list[BadRow] = field(default_factory=list)


def export_csv(
    connection: sqlite3.Connection,
    out: TextIO,
    *,
    everything: bool = False,
    code: str | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> int:
    """Write one row a flag and return their number: those that nobody judged, or `everything`.

    A `sample` of these is in random order, the same for the same seed.
    """
    judged = EVERYTHING if everything else UNREVIEWED
    condition = f"{judged} and {NOT_WITHHELD} and (:code is null or flags.code = :code)"
    statement = f"select id from flags where comment_id is not null and {condition}"  # noqa: S608
    matching = rows(connection, f"{statement} order by severity desc, priority desc, id", code=code)
    ids = [row["id"] for row in matching]
    if sample is not None:
        ids = random.Random(seed).sample(sorted(ids), min(sample, len(ids)))  # noqa: S311
    out.write(BOM)
    writer = csv.writer(out)
    writer.writerow(COLUMNS + TO_FILL_IN)
    for row in _sheet(connection, ids):
        writer.writerow([*(safe_cell(row[name]) for name in COLUMNS), *("" for _ in TO_FILL_IN)])
    return len(ids)


def _sheet(connection: sqlite3.Connection, ids: Sequence[int]) -> Iterator[sqlite3.Row]:
    for first in range(0, len(ids), ROWS_A_QUERY):
        yield from rows(connection, SHEET, ids=json.dumps(ids[first : first + ROWS_A_QUERY]))


def import_csv(connection: Connection, file: TextIO, *, reviewer: str | None = None, at: str) -> Imported:
    """Store the verdicts of a sheet; `reviewer` judged in the rows that name nobody. Open it with newline=''.

    A bad row is an error, and the others are saved. Raises BadReview where the file is no such sheet.
    """
    imported, earlier = Imported(), dict[tuple[int, str], tuple[int, Verdict]]()
    with _long_cells():
        for line, row in _read(file):
            if not row["verdict"]:
                imported.empty += 1
                continue
            try:
                verdict = _verdict(row, reviewer or "")
                _check_row(connection, verdict, row["body_sha256"], earlier.get((verdict.flag_id, verdict.reviewer)))
                new = record(connection, verdict, at)
                earlier[verdict.flag_id, verdict.reviewer] = (line, verdict)
            except BadReview as error:
                imported.errors.append(BadRow(line, str(error)))
            else:
                imported.saved += new
                imported.repeated += not new
    return imported


def _verdict(row: dict[str, str], reviewer: str) -> Verdict:
    try:
        flag_id = int(row["flag_id"])
    except ValueError as error:
        raise BadReview(f"{row['flag_id']!r} is no number of a flag") from error
    value = cast("VerdictValue", row["verdict"].lower())
    code, note = row.get("corrected_code") or None, row.get("note") or None
    return Verdict(flag_id, row.get("reviewer") or reviewer.strip(), value, code, note=note)


def _check_row(connection: Connection, verdict: Verdict, digest: str, before: tuple[int, Verdict] | None) -> None:
    """Refuses a verdict on another text than the flag's, and a second one that differs from the first of the sheet. A
    flag that is not there is for `record` to refuse."""
    stored = connection.exec_driver_sql(HASH, {"flag": verdict.flag_id}).scalar()
    if stored is not None and stored != digest.lower():
        raise BadReview(f"body_sha256 is not that of the text of flag {verdict.flag_id}")
    if before is not None and before[1] != verdict:
        raise BadReview(f"line {before[0]} has another verdict of {verdict.reviewer} on flag {verdict.flag_id}")


def _read(file: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with the line that it begins on; columns that it lacks are empty. Empty lines are passed over."""
    header, line = file.readline().removeprefix(BOM), 1
    if header.lower().startswith("sep="):
        header, line = file.readline(), 2
    names: list[str] = []
    for delimiter in DELIMITERS:
        names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
        if set(NEEDED) <= set(names):
            break
    else:
        raise BadReview(f"the first line does not name the columns {', '.join(NEEDED)}")
    reader = csv.reader(file, delimiter=delimiter)
    for first, cells in _numbered(reader, line):
        if any(cells):
            row = dict.fromkeys(names, "") | dict(zip(names, map(str.strip, cells), strict=False))
            yield first, row


def _numbered(reader: Any, before: int) -> Iterator[tuple[int, list[str]]]:
    while True:
        first = before + reader.line_num + 1
        try:
            yield first, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadReview(f"line {first}: {error}") from error


@contextmanager
def _long_cells() -> Iterator[None]:
    """Lets cells be as long as comments are: the csv module's limit is one for the whole process."""
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)
