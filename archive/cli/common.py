"""What the commands of `btl` share: the option that names the archive, how it is opened, how they fail."""

import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.store.address import ServerAddress
    from archive.store.archive import Archive
    from archive.workers.executors import Workers

BUSY_TIMEOUT_S = 60.0
ERRORS_PRINTED = 20


class ArchiveType(click.ParamType[Any]):
    """An archive: the path of a file, or the address of one on PostgreSQL."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "Path | ServerAddress":
        from archive.store.address import BadAddress, ServerAddress, is_address

        if not isinstance(value, str) or not is_address(value):
            path: Path = click.Path(dir_okay=False, path_type=Path).convert(value, param, ctx)
            return path
        try:
            return ServerAddress(value)
        except BadAddress as error:
            self.fail(str(error), param, ctx)


ARCHIVE = ArchiveType()
Command = Callable[..., None]
Chosen = Callable[[click.Context, click.Parameter, Any], Any]


def database(command: Command) -> Command:
    """The option --db, as `path`: a file."""
    return _database_option(_require_file_name, "The archive file.")(command)


def database_or_server(command: Command) -> Command:
    """The option --db, as `path`: a file, or the address of an archive on PostgreSQL."""
    return _database_option(None, "The archive: a file, or postgresql://USER@HOST/DATABASE.")(command)


def database_or_copy(command: Command) -> Command:
    """The option --db, as `path`: a file, which is a copy for as long as the command runs where a server is named."""
    return _database_option(_copied, "The archive: a file, or postgresql://USER@HOST/DATABASE.")(command)


def _database_option(callback: Chosen | None, text: str) -> Callable[[Command], Command]:
    return click.option(
        "--db", "path", type=ARCHIVE, default="archive.db", show_default=True, help=text, callback=callback
    )


def _require_file_name(ctx: click.Context, _: click.Parameter, value: "Path | ServerAddress") -> Path:
    if isinstance(value, Path):
        return value
    raise click.UsageError(
        f"`{ctx.command_path}` works on a file: `btl copy {value} FILE` makes one from the archive on the server"
    )


def _copied(ctx: click.Context, _: click.Parameter, value: "Path | ServerAddress") -> Path:
    """Copy an archive on a server into a file that is deleted when the command ends."""
    if isinstance(value, Path):
        return value
    from tempfile import TemporaryDirectory

    from archive.publish.release import PSEUDONYM_KEY
    from archive.store.suppressions import secret_key
    from archive.store.transfer import copy_to_file

    copy = Path(ctx.with_resource(TemporaryDirectory(prefix="btl-")), "archive.db")
    with opened(value) as archive:
        with archive.transaction() as connection:
            secret_key(connection, PSEUDONYM_KEY)  # else each copy would call people by other pseudonyms
        copy_to_file(archive, copy)
    click.echo(f"note: {value} is read as it is now, from a copy", err=True)
    return copy


port_option = click.option(
    "--port",
    default=8001,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 picks a free one.",
)

cluster_option = click.option(
    "--cluster", metavar="ADDRESS", help="Dask scheduler to work on, tcp://HOST:8786.  [needs the extra: cluster]"
)


def parse_site(_context: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    """Return the address of a site without the slash at its end."""
    from urllib.parse import urlsplit

    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise click.BadParameter(f"{url} is no address that begins with http:// or https://")
    return url and url.rstrip("/")


as_json = click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON on standard output.")


def example_option(package: str, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option --example, which prints a commented file that `btl` carries, and ends."""

    def show(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            from importlib.resources import files

            click.echo(files(package).joinpath(name).read_text("utf-8"), nl=False)
            ctx.exit()

    help_text = "Print an example of that file, with comments, and exit."
    return click.option("--example", is_flag=True, is_eager=True, expose_value=False, callback=show, help=help_text)


def opened(path: "Path | ServerAddress", *, read_only: bool = False) -> "Archive":
    """Open the archive, made where it is not there. End with status 1 where the file is something else."""
    from archive.store.address import NoDriver
    from archive.store.archive import Archive, Busy, NotAnArchive, ReadOnly
    from archive.store.migrations import TooOld
    from archive.store.reading import is_writable

    if isinstance(path, Path) and not read_only and path.exists() and not is_writable(path):
        fail(f"{path} cannot be written: it, or its folder, is read-only")
    try:
        on_wait = lambda: click.echo(f"waiting: another process is writing to {path}", err=True)  # noqa: E731
        return Archive(path, on_wait=on_wait, read_only=read_only)
    except (NoDriver, NotAnArchive, Busy, ReadOnly, TooOld) as error:
        fail(str(error))
    except sqlite3.Error as error:  # of a file that may not even be read
        fail(f"{path}: {error}")


def open_for_writing(path: "Path | ServerAddress") -> "Archive":
    """Open an archive that is there, and bring it up to date. End with status 1 where there is none."""
    if isinstance(path, Path):
        _require_file(path)
    return opened(path)


def open_for_reading(path: "Path | ServerAddress") -> "Archive":
    """Open an archive that is there; bring it up to date, or say that it is read as it is where it is read-only."""
    from archive.store.reading import is_writable

    if not isinstance(path, Path):
        return opened(path)
    _require_file(path)
    if is_writable(path):
        return opened(path)
    archive = opened(path, read_only=True)
    note_read_only(path)
    return archive


def note_read_only(path: Path) -> None:
    """Say that an archive is read that cannot be brought up to date."""
    click.echo(f"note: {path} is read-only, and is read as it stands", err=True)


def require(path: "Path | ServerAddress") -> None:
    """Bring an archive up to date as far as it can be written. End with status 1 where there is none."""
    open_for_reading(path).close()


def _require_file(path: Path) -> None:
    if not path.exists():
        fail(f"there is no archive {path}; `btl import` creates one, and --db names another")


@contextmanager
def opened_workers(count: int | None, cluster: str | None) -> "Iterator[Workers]":
    """Yield what a command's work is done by. End with status 1 where the cluster cannot be used."""
    from archive.workers.executors import NoCluster, open_workers

    try:
        with open_workers(count, cluster) as workers:
            yield workers
    except NoCluster as error:
        fail(str(error))


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the archive for reading, brought up to date, all of it as it is now."""
    from archive.store.reading import connect_for_reading

    require(path)
    with closing(connect_for_reading(path)) as connection:
        connection.execute("begin")
        yield connection


@contextmanager
def changing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an archive that is there, in one transaction, kept where nothing is raised."""
    open_for_writing(path).close()
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute("begin immediate")
        yield connection
        connection.execute("commit")


def raise_disk_full(error: BaseException) -> None:
    """Raise DiskFull where an error says that there is no room: `btl` then says what is whole."""
    from archive.store.disk import DiskFull, find_full

    if (reason := find_full(error)) is not None:
        raise DiskFull(reason) from error


def fail(message: str) -> NoReturn:
    """Ends the command with status 1."""
    click.echo(f"error: {message}", err=True)
    sys.exit(1)


def print_errors(errors: Sequence[str]) -> None:
    """Print the first errors of a batch to standard error, and how many more there are."""
    for error in errors[:ERRORS_PRINTED]:
        click.echo(f"error: {error}", err=True)
    if len(errors) > ERRORS_PRINTED:
        click.echo(f"... and {format_count(len(errors) - ERRORS_PRINTED, 'more error')}", err=True)


def print_json(value: Any) -> None:
    """Prints a summary for a machine."""
    import json

    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
