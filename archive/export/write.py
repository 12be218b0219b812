"""Write a selection of comments in a format of `formats.FORMATS`, from one snapshot and in constant memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from archive.export.formats import FORMATS, Format
from archive.export.selection import ExportOptions, Selection, SqlError, WrongUsage
from archive.store.private_tables import forbid
from archive.store.reading import connect_for_reading

EVERYTHING = Selection()
DEFAULTS = ExportOptions()


class Miscounted(Exception):
    """What was written is not what was matched."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows the selection matched and how many were written, which are equal; the unit is comments or rows.

    `context` counts the comments written beside them because a selected comment replies to them; `lines` are those of a
    file whose rows are not the unit.
    """

    matched: int
    rows: int
    unit: str
    context: int = 0
    lines: int | None = field(default=None, compare=False)


def is_folder(form: str) -> bool:
    """Return whether the format is a folder of files. Raise WrongUsage if there is no such format."""
    return _format(form).FOLDER


def export(
    path: Path,
    form: str,
    out: BinaryIO | Path,
    selection: Selection = EVERYTHING,
    options: ExportOptions = DEFAULTS,
) -> Written:
    """Write the archive or public copy at `path`, see `write`."""
    with closing(connect_for_reading(path, isolation_level=None)) as connection:
        return write(connection, form, out, selection, options)


def write(
    connection: sqlite3.Connection,
    form: str,
    out: BinaryIO | Path,
    selection: Selection = EVERYTHING,
    options: ExportOptions = DEFAULTS,
) -> Written:
    """Write a selection to a binary file, or into a folder if the format is one.

    The connection, which may be read-only, cannot read private tables from then on. Raise WrongUsage if the selection
    does not go with the format or names what is not there, SqlError if its SQL fails, and Miscounted.
    """
    module = _format(form)
    _check(module, form, selection, options)
    with _read_transaction(connection):
        selection.check(connection)
        try:
            matched = module.count(connection, selection)
            counts = module.write(connection, out, selection, options)
        except sqlite3.Error as error:
            raise SqlError.of(selection, error) from error
    if counts.rows != matched:
        raise Miscounted(f"{matched:,} matched, but {counts.rows:,} were written")
    unit = "rows" if selection.sql or not module.SELECTS else "comments"
    return Written(matched, counts.rows, unit, counts.context, counts.lines)


def _format(form: str) -> Format:
    if form not in FORMATS:
        raise WrongUsage(f"no format {form!r}; there are {', '.join(FORMATS)}")
    return FORMATS[form]


def _check(module: Format, form: str, selection: Selection, options: ExportOptions) -> None:
    if selection.sql is not None and "rows" not in module.SELECTS:
        raise WrongUsage(f"{form} cannot hold the rows of an SQL statement; csv, jsonl and parquet can")
    if selection != EVERYTHING and not module.SELECTS:
        raise WrongUsage(f"{form} holds the whole archive and takes no selection")
    if options.excel and form != "csv":
        raise WrongUsage("only csv can be made for Excel")
    if options.csv_copy is not None and (form != "parquet" or selection.sql is not None):
        raise WrongUsage("only comments in parquet are written as csv at the same time")


@contextmanager
def _read_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Forbid private tables, and read from one snapshot unless the caller has begun a transaction; rows are tuples."""
    factories = connection.row_factory, connection.text_factory
    connection.row_factory, connection.text_factory = None, str
    forbid(connection)
    began = not connection.in_transaction
    if began:
        connection.execute("begin")
    try:
        yield
    finally:
        if began:
            connection.execute("rollback")
        connection.row_factory, connection.text_factory = factories
