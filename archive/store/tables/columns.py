"""The kinds of columns that tables have, and what stands beside them.

PostgreSQL is told what SQLite does anyway: 64 bits a number, and texts in the order of their bytes, whatever language
its database sorts by. Indexes that are partial by `sqlite_where` are so there too, see dialects/postgresql_schema.py.
"""

from typing import Any

from sqlalchemy import REAL, BigInteger, CheckConstraint, Double, Index, Integer, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.types import TypeEngine
from sqlmodel import Field

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
INTEGER = Integer().with_variant(BigInteger(), "postgresql")
NUMBER: TypeEngine[float] = REAL().with_variant(Double(), "postgresql")


def column(kind: Any, about: str, server_default: str | None = None, **options: Any) -> Any:
    more = {} if server_default is None else {"server_default": sql(server_default)}
    return Field(sa_type=kind, sa_column_kwargs={"comment": about, **more}, **options)


def text(about: str, **options: Any) -> Any:
    return column(TEXT, about, **options)


def integer(about: str, **options: Any) -> Any:
    return column(INTEGER, about, **options)


def id_column(about: str) -> Any:
    return integer(about, default=None, primary_key=True)


def reference(column: str, about: str, **options: Any) -> Any:
    return integer(about, foreign_key=column, **options)


def options(about: str, *constraints: CheckConstraint | Index | UniqueConstraint) -> Any:
    return (*constraints, {"sqlite_strict": True, "comment": about})


def one_subject() -> CheckConstraint:
    """Return the check that a row speaks of one comment, one thread or one article."""
    return CheckConstraint(
        "case when comment_id is null then 0 else 1 end + case when thread_id is null then 0 else 1 end"
        " + case when article_id is null then 0 else 1 end = 1",
        name="one_subject",
    )


def partial_index(name: str, *columns: str) -> Index:
    """Return an index of the rows that have something in its last column."""
    condition = sql(f"{columns[-1]} is not null")
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)
