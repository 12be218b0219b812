"""Statements that SQLite and PostgreSQL write differently."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Table, any_, bindparam, func, literal, select
from sqlalchemy.sql.selectable import NamedFromClause

from archive.store.dialects import dialect_of

POSTGRESQL = "postgresql"


def insert(connection: Connection, table: Table) -> Any:
    """Return an insert that can say what to do on a conflict."""
    return dialect_of(connection).upsert(table)


def among(connection: Connection, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Return the condition that a column has one of many values: one parameter, since their number is limited."""
    values = as_list(connection, values)
    if connection.dialect.name == POSTGRESQL:
        return column == any_(literal(values, ARRAY(column.type)))
    return column.in_(select(func.json_each(values).table_valued("value").c.value))


def as_list(connection: Connection, values: Iterable[Any]) -> Any:
    """Return values as a parameter of `list_parameter`."""
    values = list(values)
    return values if connection.dialect.name == POSTGRESQL else json.dumps(values)


def list_parameter(dialect: str, name: str, kind: Any) -> NamedFromClause:
    """Return a parameter with many values as a table with the column `value`."""
    if dialect == POSTGRESQL:
        return func.unnest(bindparam(name, type_=ARRAY(kind))).table_valued("value").render_derived()
    return func.json_each(bindparam(name)).table_valued("value")


def among_parameter(dialect: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column has one of the values of a parameter."""
    if dialect == POSTGRESQL:
        return column == any_(bindparam(name, type_=ARRAY(column.type)))
    return column.in_(select(list_parameter(dialect, name, column.type).c.value))


def database_now(connection: Connection) -> datetime:
    """Return the time by the database's clock, which all workers share; SQLite's is that of its machine."""
    if connection.dialect.name == POSTGRESQL:
        moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)
    return datetime.now(UTC)
