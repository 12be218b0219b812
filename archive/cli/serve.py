"""`btl serve`: the site, for a newsroom or for everybody."""

from contextlib import closing
from pathlib import Path

import click

from archive.cli.common import database, fail, port_option, require

# Of an archive with more comments the search index takes longer than starting may.
LARGE = 100_000


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@database
@click.option("--public", is_flag=True, help="Serve a public copy to everybody, behind a proxy.")
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes to use, with --public."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@port_option
@click.option(
    "--reviewers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of names and password hashes (`btl review password`) of people who may sign in and judge flags.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the address as one line of JSON.")
def serve(
    file: Path | None,
    path: Path,
    public: bool,
    workers: int,
    host: str,
    port: int,
    reviewers: Path | None,
    as_json: bool,
) -> None:
    """Serve the archive as a website: threads, search, flags, tables and SQL.

    Without --public it is meant for your own machine or newsroom. With --public it serves a public copy that
    `btl publish` made, without SQL, behind a proxy.

    \b
    Example:  btl serve --db archive.db --port 8001
              btl serve --reviewers reviewers.toml
              btl serve public/archive.db --public --workers 2
    """
    path = file or path
    if public:
        _serve_public(path, host, port, workers, reviewers, as_json=as_json)
    elif workers > 1:
        raise click.UsageError("--workers needs --public: only a public copy is served by several processes")
    else:
        _serve_newsroom(path, host, port, reviewers, as_json=as_json)


def _serve_newsroom(path: Path, host: str, port: int, reviewers: Path | None, *, as_json: bool) -> None:
    from archive.publish.manifest import is_release
    from archive.site.app import read_reviewers, run
    from archive.store.reading import is_writable

    try:
        by_name = read_reviewers(reviewers) if reviewers else None
    except OSError as error:
        fail(str(error))
    except ValueError as error:
        fail(f"{reviewers}: {error}")
    is_copy = path.is_file() and is_release(path)
    if not is_copy:
        require(path)
        if by_name and not is_writable(path):
            fail(f"{path} is read-only, and what reviewers judge could not be saved: serve it without --reviewers")
        if is_writable(path):
            _index(path)
    try:
        run(path, host=host, port=port, reviewers=by_name, immutable=is_copy or not is_writable(path), as_json=as_json)
    except OSError as error:
        fail(str(error))


def _index(path: Path) -> None:
    """Bring the search index of a newsroom up to date, or make that of a small archive. Without one the site works."""
    import sqlite3

    from archive.search import build
    from archive.search.current_index import keep_current
    from archive.site.viewer import comment_total
    from archive.store.reading import connect_for_reading

    if not build.index_path(path.resolve()).exists():
        with closing(connect_for_reading(path)) as connection:
            if comment_total(connection) > LARGE:
                click.echo(
                    "note: `btl index` makes a search index, which counts all matches and finds word forms", err=True
                )
                return
    try:
        keep_current(path)
    except (OSError, sqlite3.Error, build.IndexLocked) as error:
        click.echo(
            f"note: the search index is not up to date, so SQLite's full-text index is used: {error}",
            err=True,
        )


def _serve_public(path: Path, host: str, port: int, workers: int, reviewers: Path | None, *, as_json: bool) -> None:
    from archive.publish.manifest import NotPublic
    from archive.site.app import run_public

    if reviewers:
        raise click.UsageError("nobody signs in on a public site: use --reviewers on the newsroom's own")
    if workers > 1 and not port:
        raise click.UsageError("several processes need a port of their own: --port 0 works with one process only")
    try:
        run_public(path, host, port, workers=workers, as_json=as_json)
    except (OSError, NotPublic) as error:
        fail(str(error))
