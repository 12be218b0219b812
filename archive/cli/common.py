"""What the commands of `btl` share: the option that names the archive, how it is opened, how they fail."""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from archive.store.archive import Archive

BUSY_TIMEOUT_S = 60.0
ERRORS_PRINTED = 20


def database(command: Callable[..., None]) -> Callable[..., None]:
    """The option --db, as `path`."""
    kind = click.Path(dir_okay=False, path_type=Path)
    option = click.option("--db", "path", type=kind, default="archive.db", show_default=True, help="The archive file.")
    return option(command)


port_option = click.option(
    "--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON on standard output.")


def opened(path: Path) -> "Archive":
    """The archive, made where it is not there. Ends with status 1 where the file is something else."""
    from archive.store.archive import Archive, Busy, NotAnArchive

    try:
        return Archive(path, on_wait=lambda: click.echo(f"waiting: another process is writing to {path}", err=True))
    except (NotAnArchive, Busy) as error:
        fail(str(error))


def require(path: Path) -> None:
    """Brings an archive up to date. Ends with status 1 where there is none."""
    if not path.exists():
        fail(f"{path} is not there; `btl import` makes it, --db names another")
    opened(path).close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The archive, brought up to date and open for reading, all of it as it is now."""
    require(path)
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("begin")
        yield connection


@contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """The archive in one transaction, kept where nothing is raised."""
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute("begin immediate")
        yield connection
        connection.execute("commit")


def fail(message: str) -> NoReturn:
    """Ends the command with status 1."""
    click.echo(f"error: {message}", err=True)
    sys.exit(1)


def print_errors(errors: Sequence[str]) -> None:
    """Print the first errors of a batch to standard error, and how many more there are."""
    for error in errors[:ERRORS_PRINTED]:
        click.echo(f"error: {error}", err=True)
    if len(errors) > ERRORS_PRINTED:
        click.echo(f"... and {len(errors) - ERRORS_PRINTED:,} more errors", err=True)


def print_json(value: Any) -> None:
    """Prints a summary for a machine."""
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
