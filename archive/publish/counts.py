"""The numbers of a copy, counted once: facets, totals, rows of each table."""

import sqlite3

from archive.publish.columns import FACET_VALUES, FACETS
from archive.store import views


def count_facets(connection: sqlite3.Connection) -> None:
    for name, columns in FACETS.items():
        for column in columns:
            connection.execute(
                f'insert into facets select ?, ?, "{column}", count(*) as n from {name} where "{column}" is not null '
                f"group by 3 order by n desc, 3 limit {FACET_VALUES}",
                (name, column),
            )
    connection.execute(
        f"insert into facets select 'comments', 'codes', value, n from (select value, count(*) as n "
        f"from comments join json_each(comments.codes) where codes is not null group by value) "
        f"order by n desc, value limit {FACET_VALUES}"
    )


def count_totals(connection: sqlite3.Connection) -> None:
    for name in ("comments", "threads", "articles", "outlets", "commenters"):
        connection.execute(f"insert into totals select '{name}', count(*) from {name}")
    for kind, column in (("flags", "code"), ("rules", "rule")):
        only = "" if kind == "flags" else "and code between 'content.' and 'context/'"
        connection.execute(
            f"insert into totals select '{kind}:' || {column}, count(*) from flags "
            f"where {views.NOT_REFUSED} {only} group by {column}"
        )


def count(connection: sqlite3.Connection) -> dict[str, int]:
    """Rows of each table that people read."""
    names = [row[0] for row in connection.execute(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '%\\_fts%' "
        "escape '\\' order by name"
    )]  # fmt: skip
    return {name: connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names}
