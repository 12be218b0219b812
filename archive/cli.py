"""`btl`: the command line. Each command imports what it needs when it is called, so that `btl --help` is quick."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.commands import as_json as as_json_option
from archive.commands import database, fail, opened, print_json, require

if TYPE_CHECKING:
    from archive.importing import Progress
    from archive.store import Archive

COMMAND_GROUP = "belowtheline.commands"
ERRORS_SHOWN = 20


class Commands(click.Group):
    """The commands of this module, and those that other packages add through the entry-point group COMMAND_GROUP."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_added()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        entry = None if own else _added().get(cmd_name)
        return entry.load() if entry else own


def _added() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=COMMAND_GROUP)}


_port = click.option(
    "--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="belowtheline")
def main() -> None:
    """Below the Line: an archive of what readers write under the news.

    \b
    btl demo                 look at a sample, invented archive
    btl import FOLDER        bring text documents into archive.db
    btl crawl URL            collect an article, or an outlet, with its comments
    btl serve                search and read it at http://127.0.0.1:8001
    """


@main.command(name="import")
@click.argument("paths", nargs=-1, required=True)
@database
@as_json_option
@click.option("--workers", type=click.IntRange(0, 64), help="Processes that read documents.  [default: 2 at most]")
def import_(paths: tuple[str, ...], path: Path, as_json: bool, workers: int | None) -> None:
    """Import files, folders or standard input (-) into the archive.

    One text a file, or JSON Lines with "text" and optional "url", "title", "date"; plain or compressed with gzip,
    bzip2, xz or zstd. What the archive has already is passed over, so an import that was killed is simply run again.

    \b
    Example:  btl import corpus/ extra.jsonl.gz
              zcat dump.gz | btl import -
    """
    missing = [name for name in paths if name != "-" and not Path(name).exists()]
    if missing:
        raise click.UsageError(f"no such file or folder: {', '.join(missing)}")
    with opened(path) as archive:
        progress = _import(archive, list(paths), workers, quiet=as_json)
    _summarise(progress, path, as_json)


def _import(archive: "Archive", paths: list[str], workers: int | None, *, quiet: bool) -> "Progress":
    from archive.importing import import_files
    from archive.progress import shown

    with shown(quiet=quiet) as report:
        return import_files(archive, paths, workers=workers, report=report)


def _summarise(progress: "Progress", path: Path, as_json: bool) -> None:
    """Prints what an import did, and ends with status 1 where something could not be read."""
    counts, errors = progress.counts, progress.errors
    if as_json:
        print_json(
            {
                "db": str(path),
                "counts": dict(counts),
                "errors": [{"place": error.place, "reason": error.reason} for error in errors],
            }
        )
    else:
        for error in errors[:ERRORS_SHOWN]:
            click.echo(f"error: {error}", err=True)
        if len(errors) > ERRORS_SHOWN:
            click.echo(f"... and {len(errors) - ERRORS_SHOWN:,} more errors", err=True)
        click.echo(_sentence(counts, path))
    if errors:
        sys.exit(1)


def _sentence(counts: dict[str, int], path: Path) -> str:
    parts = [f"{counts['documents']:,} documents read into {path}", f"{counts['threads_new']:,} new threads"]
    parts.append(f"{counts['comments_new']:,} new comments")
    for name, words in (
        ("unchanged", "already there"),
        ("threads_changed", "threads changed"),
        ("comments_edited", "comments edited"),
        ("comments_removed", "comments gone"),
        ("comments_restored", "comments back"),
        ("errors", "could not be read"),
    ):
        if counts[name]:
            parts.append(f"{counts[name]:,} {words}")
    return ", ".join(parts) + "."


@main.command()
@database
@as_json_option
def stats(path: Path, as_json: bool) -> None:
    """Say what the archive holds: outlets, threads, comments, flags, the last runs.

    \b
    Example:  btl stats --db archive.db
    """
    from archive.stats import stats as read

    require(path)
    found = read(path)
    if as_json:
        print_json(found)
        return
    for name, count in found["counts"].items():
        click.echo(f"{count:>12,}  {name}")
    _table("comments that are not visible", found["states"].items())
    _table("flags", found["flags"].items())
    _table("comments by outlet", ((row["outlet"], row["comments"]) for row in found["outlets"]))
    click.echo("\nlast runs")
    for run in found["runs"]:
        click.echo(f"  {run['started_at']}  {run['kind']:<8} {run['outcome'] or 'running'}")


def _table(title: str, rows: Any) -> None:
    click.echo(f"\n{title}")
    for name, count in rows:
        click.echo(f"{count:>12,}  {name}")


@main.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@database
@click.option("--public", is_flag=True, help="For everybody: a public copy (btl publish), SQL off, behind a proxy.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes; with --public.")
@click.option(
    "--rate",
    default=10,
    show_default=True,
    type=click.IntRange(0),
    help="Pages a second that one reader gets of each process, in bursts of ten times as many; 0 is no limit.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@_port
@click.option(
    "--reviewers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of names and password hashes (`btl review password`): those may sign in and judge flags.",
)
def serve(
    file: Path | None,
    path: Path,
    public: bool,
    workers: int,
    rate: int,
    host: str,
    port: int,
    reviewers: Path | None,
) -> None:
    """Serve the archive as a site: threads, search, flags, tables, SQL. With --public: a public copy, to everybody.

    \b
    Example:  btl serve --db archive.db --port 8001
              btl serve --reviewers reviewers.toml
              btl serve public/archive.db --public --workers 2
    """
    path = file or path
    if public:
        _serve_public(path, host, port, workers, rate, reviewers)
        return
    from archive.site.release import is_release
    from archive.site.serve import read_reviewers, run

    if workers > 1:
        raise click.UsageError("only a public copy is served by several processes: --public")
    try:
        known = read_reviewers(reviewers) if reviewers else None
    except (OSError, ValueError) as error:
        fail(str(error))
    is_copy = path.is_file() and is_release(path)
    if not is_copy:
        opened(path).close()
    run(path, host=host, port=port, reviewers=known, immutable=is_copy)


def _serve_public(path: Path, host: str, port: int, workers: int, rate: int, reviewers: Path | None) -> None:
    from archive.site.release import NotPublic
    from archive.site.serve import run_public

    if reviewers:
        raise click.UsageError("nobody signs in on a public site: --reviewers is for the newsroom's")
    if workers > 1 and not port:
        raise click.UsageError("several processes need a port of their own: --port 0 takes a free one for one process")
    try:
        run_public(path, host, port, workers=workers, rate=rate)
    except (OSError, NotPublic) as error:
        fail(str(error))


@main.command()
@database
@click.option("--serve/--no-serve", "serving", default=True, help="Serve the site after importing, or stop.")
@_port
@as_json_option
def demo(path: Path, serving: bool, port: int, as_json: bool) -> None:
    """Import the sample, threads from an invented town, and serve it.

    \b
    Example:  btl demo --db demo.db
    """
    sample = Path(__file__).with_name("sample")
    with opened(path) as archive:
        if archive.has_other_runs_than(str(sample)):
            raise click.UsageError(f"{path} holds other documents; name another file with --db")
        progress = _import(archive, [str(sample)], 0, quiet=as_json)
    _summarise(progress, path, as_json)
    if serving:
        from archive.site.serve import run

        run(path, port=port)


if __name__ == "__main__":
    main()
