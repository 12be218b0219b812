"""Write a selection of comments in a format.

A format is a module of this package, named in FORMATS, with

    SELECTS: tuple[str, ...]   what it can be asked for beside everything: "comments", "rows" (of an SQL statement)
    FOLDER: bool               whether it is a folder of files
    count(connection, selection) -> int                 how many rows there are to write, by a statement of its own
    write(connection, out, selection, **options) -> Rows    writes them
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from archive.export import FORMATS
from archive.export.selection import Rows, Selection, SqlError, WrongUsage
from archive.store.private_tables import forbid

EVERYTHING = Selection()


class Miscounted(Exception):
    """What was written is not what was matched."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows the selection matches and how many of them were written, which are the same: rows of `unit`,
    comments or rows. `context` counts the comments written beside them because one of them answers it."""

    matched: int
    rows: int
    unit: str
    context: int = 0


class Format(Protocol):
    """What a module of this package offers."""

    SELECTS: tuple[str, ...]
    FOLDER: bool

    def count(self, connection: sqlite3.Connection, selection: Selection) -> int: ...
    def write(self, connection: sqlite3.Connection, out: Any, selection: Selection, **options: Any) -> Rows: ...


def is_folder(form: str) -> bool:
    """Whether the format is a folder of files. Raises WrongUsage where there is no such format."""
    return _format(form).FOLDER


def export(
    path: Path, form: str, out: BinaryIO | Path, selection: Selection = EVERYTHING, *, excel: bool = False
) -> Written:
    """Writes the archive or public copy at `path`, see `write`."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        return write(connection, form, out, selection, excel=excel)


def write(
    connection: sqlite3.Connection,
    form: str,
    out: BinaryIO | Path,
    selection: Selection = EVERYTHING,
    *,
    excel: bool = False,
) -> Written:
    """Writes a selection as it stands at one moment, in constant memory, to a binary file or into a folder.

    The connection cannot read private tables from then on; it may be read-only. Raises WrongUsage where the selection
    does not go with the format or names what is not there, SqlError where its SQL fails, and Miscounted.
    """
    module = _format(form)
    _check(module, form, selection, excel=excel)
    options = {"excel": True} if excel else {}
    with _reading(connection):
        selection.check(connection)
        try:
            matched = module.count(connection, selection)
            rows = module.write(connection, out, selection, **options)
        except sqlite3.Error as error:
            raise SqlError.of(selection, error) from error
    if rows.rows != matched:
        raise Miscounted(f"{matched:,} matched, but {rows.rows:,} were written")
    unit = "rows" if selection.sql or not module.SELECTS else "comments"
    return Written(matched, rows.rows, unit, rows.context)


def _format(form: str) -> Format:
    if form not in FORMATS:
        raise WrongUsage(f"no format {form!r}; there are {', '.join(FORMATS)}")
    return cast("Format", import_module(f"archive.export.{form}"))


def _check(module: Format, form: str, selection: Selection, *, excel: bool) -> None:
    if selection.sql is not None and "rows" not in module.SELECTS:
        raise WrongUsage(f"{form} cannot hold the rows of an SQL statement; csv, jsonl and parquet can")
    if selection != EVERYTHING and not module.SELECTS:
        raise WrongUsage(f"{form} holds the whole archive and takes no selection")
    if excel and form != "csv":
        raise WrongUsage("only csv can be made for Excel")


@contextmanager
def _reading(connection: sqlite3.Connection) -> Iterator[None]:
    """One read transaction, where the caller has none, without private tables; rows are plain tuples."""
    factories = connection.row_factory, connection.text_factory
    connection.row_factory, connection.text_factory = None, str
    forbid(connection)
    own = not connection.in_transaction
    if own:
        connection.execute("begin")
    try:
        yield
    finally:
        if own:
            connection.execute("rollback")
        connection.row_factory, connection.text_factory = factories
