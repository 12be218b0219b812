"""`btl export`: write comments in one of the formats of archive/export."""

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database_or_copy, fail, parse_site, print_json, raise_disk_full, require
from archive.export.formats import FORMATS
from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.export.selection import Selection
    from archive.export.write import Written

STANDARD_OUTPUT = "-"
PACKED = (".gz", ".zst")


@click.command()
@database_or_copy
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(tuple(FORMATS)),
    help="What to write.  [default: by the ending of -o, else jsonl]",
)
@click.option(
    "--output",
    "-o",
    default=STANDARD_OUTPUT,
    help="File to write, or folder for convokit; compressed if the name ends in .gz or .zst.  [default: stdout]",
)
@click.option("--where", metavar="SQL", help="Only comments that meet this condition on the view comment_list.")
@click.option(
    "--flag",
    metavar="CODE",
    help="Only comments whose current text has this flag (content.threat), or one of these (content.*), not "
    "counting flags that a reviewer dismissed.",
)
@click.option("--outlet", metavar="DOMAIN", help="Only comments of this outlet.")
@click.option(
    "--since",
    metavar="TIME",
    help="Only comments first seen since this time (2026-03-14, 2026-03-14T06:00Z; UTC), or found edited, removed, "
    "restored, moved, renamed or with other votes since, or withheld or restored since. New flags and reviews do not "
    "count.",
)
@click.option("--label", metavar="NAME", help="Only comments that a dataset gave this label: rude, or 'mood: cross'.")
@click.option("--decision", metavar="STATUS", help="Only comments that moderators so decided about, such as REJECTED.")
@click.option("--report", metavar="KIND", help="Only comments that readers reported for this, such as SPAM.")
@click.option(
    "--site",
    metavar="URL",
    callback=parse_site,
    help="Address at which this archive is served, for whole permanent links.  [default: that of a public copy]",
)
@click.option("--sql", metavar="SELECT", help="Export the rows of this statement instead, as csv, jsonl or parquet.")
@click.option(
    "--excel",
    is_flag=True,
    help="Make csv safe for Excel: with a byte order mark, and an apostrophe before text that looks like a formula.",
)
@as_json_option
def export(
    path: Path,
    form: str | None,
    output: str,
    excel: bool,
    as_json: bool,
    **selected: str | None,
) -> None:
    """Write comments with their threads, authors and flags: all of them, or those that meet every condition given.

    csv and parquet have one comment a row: the view comment_list, with the outlet's name, the article's date and
    byline, and the comment's own address and date as the source wrote them; in parquet, times are timestamps. jsonl
    has one thread a line, and convokit one conversation a thread; of a selection, they hold the threads concerned, with
    the selected comments and those that they reply to. sql is a script that rebuilds the archive. Private tables are
    never exported.

    Rows are counted before and during writing; a difference is an error. A file appears only when it is complete.

    \b
    Example:  btl export -o archive.jsonl.zst
              btl export -o threats.csv --excel --flag content.threat --since 2026-03-01
              btl export -o deep.parquet --where "depth > 3 and state <> 'visible'"
              btl export -o rejected.csv --decision REJECTED --label rude
              btl export -f csv --sql "select outlet, count(*) from comment_list group by 1"
              btl export -f convokit -o corpus --outlet harbour-courier.example
              btl export -o archive.sql && sqlite3 copy.db < archive.sql
    """
    from archive.export.selection import Selection

    form = form or _format_of(output)
    with _errors():
        selection = Selection(**selected)  # type: ignore[arg-type]  # each of its options is a text
        _check_output(form, output, path, as_json=as_json)
        _bring_up_to_date(path)
        written = _write(path, form, output, selection, excel=excel)
    if as_json:
        print_json({"db": str(path), "output": output, "format": form, **_summary(written)})
    else:
        click.echo(_sentence(written), err=True)


@contextmanager
def _errors() -> Iterator[None]:
    """End the command with the status of an export's error: 2 for wrong usage, else 1."""
    from archive.export.selection import SqlError, WrongUsage
    from archive.export.write import Miscounted

    try:
        yield
    except WrongUsage as error:
        raise click.UsageError(str(error)) from None
    except (Miscounted, SqlError, sqlite3.Error, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            raise
        raise_disk_full(error)
        fail(str(error))


def _format_of(output: str) -> str:
    """Return the format of a file name's suffix, or jsonl where it has none. Raise UsageError for another."""
    name = Path(output).with_suffix("") if output.endswith(PACKED) else Path(output)
    ending = name.suffix[1:]
    if ending and ending not in FORMATS:
        raise click.UsageError(f"{output}: there is no format {ending}; --format names one of {', '.join(FORMATS)}")
    return ending or "jsonl"


def _check_output(form: str, output: str, path: Path, *, as_json: bool) -> None:
    from archive.export.selection import WrongUsage
    from archive.export.write import is_folder

    if as_json and output == STANDARD_OUTPUT:
        raise WrongUsage("--json prints its summary where the export would go: name a file with -o")
    if is_folder(form) and (output == STANDARD_OUTPUT or output.endswith(PACKED)):
        raise WrongUsage(f"{form} is a folder of files: name one with -o")
    if form == "parquet" and output.endswith(PACKED):
        raise WrongUsage("parquet is compressed already")
    if form == "parquet" and output == STANDARD_OUTPUT and sys.stdout.isatty():
        raise WrongUsage("parquet is not for a terminal: name a file with -o")
    if output != STANDARD_OUTPUT and Path(output).exists():
        if path.exists() and Path(output).samefile(path):
            raise WrongUsage("-o names the archive itself")
        if Path(output).is_dir() and not is_folder(form):
            raise WrongUsage(f"{output} is a folder")


def _bring_up_to_date(path: Path) -> None:
    """Migrate a live archive as every command does; a public copy stays as it was published."""
    from archive.store.reading import connect_for_reading

    try:
        with closing(connect_for_reading(path)) as connection:
            published = connection.execute("select 1 from sqlite_master where name = 'release'").fetchone()
    except sqlite3.Error:
        published = None
    if not published:
        require(path)


def _write(path: Path, form: str, output: str, selection: "Selection", *, excel: bool) -> "Written":
    from archive.export import output as files
    from archive.export.selection import ExportOptions
    from archive.export.write import export as write_selection
    from archive.export.write import is_folder

    options = ExportOptions(excel=excel)
    if output == STANDARD_OUTPUT:
        written = write_selection(path, form, sys.stdout.buffer, selection, options)
        sys.stdout.buffer.flush()
        return written
    if is_folder(form):
        with files.folder(Path(output)) as folder:
            return write_selection(path, form, folder, selection, options)
    with files.output(Path(output)) as file:
        return write_selection(path, form, file, selection, options)


def _summary(written: "Written") -> dict[str, Any]:
    return {"unit": written.unit, "matched": written.matched, "written": written.rows, "context": written.context}


def _sentence(written: "Written") -> str:
    beside = f", and {written.context:,} that they answer" if written.context else ""
    return f"{format_count(written.matched, written.unit.removesuffix('s'))} matched, {written.rows:,} written{beside}"
