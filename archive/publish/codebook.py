"""Describe every table and column of a release in words: its codebook."""

import sqlite3
from collections.abc import Iterator, Mapping

from archive.export.columns import COLUMNS as EXPORT_COLUMNS
from archive.export.columns import MORE
from archive.store.schema import TABLES
from archive.store.views import COLUMN_DESCRIPTIONS
from archive.text.formatting import format_count

MORE_TABLES = {
    "agreement_list": "How far reviewers agree, by code.",
    "flag_list": "Flags that stand or were refused, with their words and what reviewers made of them.",
    "removal_list": "Comments that a visit saw and a later one did not, or found marked as removed.",
    "thread_list": "Threads with their article and outlet.",
    "comment_list": "Comments with their author, article and outlet: a view over comments.",
    "release": "What this copy is, by name.",
    "facets": "How often the most frequent values of a column stand in a list.",
    "statistics": "Sums over the whole copy, as the page of statistics shows them.",
}
COLUMNS = COLUMN_DESCRIPTIONS | {
    "comment_id": "The comment.",
    "article_id": "The article.",
    "published_at": "When the article was published (UTC).",
    "meaning": "What the code means, in short.",
    "source": "Who claims it: content is rules on the text.",
    "exact": "The words that it matched.",
    "start": "First code point of the text that it matched, from 0.",
    "end": "Code point after the last.",
    "of_earlier_text": "1 where it speaks of an earlier text of the comment.",
    "detector": "What raised it.",
    "verdicts": "What reviewers last said: how many of each verdict (JSON).",
    "agreement": "Share of the reviewers who say what most say.",
    "missed_at": "The visit that did not find it (UTC).",
    "flags": "How many flags.",
    "pairs": "Pairs of reviewers of one flag.",
    "agreeing": "Pairs that agree.",
    "share": "Share of pairs that agree.",
    "name": "Its name.",
    "value": "Its value.",
    "list": "The table.",
    "column": "The column.",
    "count": "How many rows.",
    "key1": "What the sum is of, first part.",
    "key2": "What the sum is of, second part.",
}  # fmt: skip
TABLES_AND_VIEWS = (
    "select name, type from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' order by name"
)


def codebook(connection: sqlite3.Connection, counts: Mapping[str, int], number: str) -> str:
    """Return the codebook as Markdown."""
    parts = [
        f"# Codebook of release {number}",
        "Times are ISO-8601 in UTC; booleans are 0 or 1; an empty cell means that the source did not say.",
        _of_dumps(),
    ]
    for name, _ in connection.execute(TABLES_AND_VIEWS).fetchall():
        if "_fts" not in name:
            parts.append(_table(connection, name, counts.get(name)))
    parts.append(
        "## Flag codes\n\n| code | title | what it claims | severity |\n|---|---|---|---|\n" + _codes(connection)
    )
    return "\n\n".join(parts) + "\n"


def _of_dumps() -> str:
    """Return what the dumps with a comment a row have beside the columns of `comment_list`, and their types."""
    more = "".join(f"| `{column.name}` | {column.description} |\n" for column in MORE)
    of_kind = {
        kind: sorted(f"`{column.name}`" for column in EXPORT_COLUMNS.values() if column.kind == kind)
        for kind in ("time", "texts")
    }
    times, lists = map(" and ".join, of_kind.values())
    return (
        "## Dumps of comments\n\nCSV and Parquet have the columns of `comment_list` and these:\n\n"
        f"| column | what it is |\n|---|---|\n{more}\n"
        f"In Parquet {times} are timestamps (microseconds, UTC) and {lists} is a list of texts; where a time is known "
        "in part only, its precision says so. In CSV a list is JSON, and `[]` is an empty one."
    )


def _table(connection: sqlite3.Connection, name: str, rows: int | None) -> str:
    about = TABLES[name].comment if name in TABLES else MORE_TABLES.get(name, "")
    count = "" if rows is None else f" {format_count(rows, 'row')}."
    lines = "\n".join(_columns(connection, name))
    return f"## {name}\n\n{about}{count}\n\n| column | type | what it is |\n|---|---|---|\n{lines}"


def _columns(connection: sqlite3.Connection, name: str) -> Iterator[str]:
    described = {column.name: column.comment for column in TABLES[name].columns} if name in TABLES else {}
    of_comments = {column.name: column.comment for column in TABLES["comments"].columns}
    for _, column, kind, *_ in connection.execute(f"pragma table_info({name})").fetchall():
        about = described.get(column) or COLUMNS.get(column) or of_comments.get(column) or _elsewhere(column)
        yield f"| `{column}` | {kind or 'any'} | {about} |"


def _elsewhere(column: str) -> str:
    """Return the description of a column of this name in the first table that has one."""
    comments = (table.columns[column].comment for table in TABLES.values() if column in table.columns)
    return str(next(comments, ""))


def _codes(connection: sqlite3.Connection) -> str:
    rows = connection.execute("select code, title, definition, severity from flag_codes order by code")
    return "\n".join(f"| `{code}` | {title} | {about} | {severity} |" for code, title, about, severity in rows)
