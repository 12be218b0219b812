"""`btl import`: text documents into the archive."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import (
    cluster_option,
    database_or_server,
    fail,
    opened,
    opened_workers,
    print_errors,
    print_json,
)
from archive.cli.import_tables import find_undecided, preview_tables, print_formats, read_options
from archive.cli.import_undo import undo_run
from archive.cli.interrupts import AGAIN, READ_ONLY, WHOLE, leave
from archive.text.formatting import format_count, with_zeros

if TYPE_CHECKING:
    from archive.importers.base import Options
    from archive.importers.run import ImportProgress
    from archive.store.address import ServerAddress
    from archive.store.archive import Archive
    from archive.takedown.warc_records import Problem
    from archive.workers.executors import Workers

MANY = 20  # articles without any comment, which may be comments that were taken for articles
COUNTS = (
    "documents", "rows", "rows_merged", "rows_empty", "errors", "empty", "files_passed_over", "personal_left_out",
    "reviews_new", "reviews_left_out", "visits_failed",
)  # fmt: skip


HELP = """\
Import files, folders or standard input (-) into the archive.

Reads exports of WordPress (WXR), Disqus, Blogger, IntenseDebate, Coral, Discourse, Isso, Remark42, Commento,
Cusdis, Telegram, Mastodon, Hacker News, Reddit and yt-dlp; ConvoKit corpora; other archives and exports of btl;
tables of comments (CSV, TSV, JSON, JSON Lines, Parquet, SQLite, Excel), whose columns are recognised or named with
--map; and plain texts of articles with their comments, one a file, in JSON Lines, JSON or Parquet with the usual
keys of web corpora ("text", "url", ...), or in WET files. All may be compressed (gzip, bzip2, xz, zstd). --formats
lists the formats, and --dry-run shows how a table would be read.

What the archive already has is skipped, so an interrupted import can simply be run again. In folders, files that
describe a corpus (README, checksums, licences) are skipped too.

`btl verify` reads the files again: leave them where they are, or have copies kept with --keep. Standard input is
always kept.

--undo takes an import back: what it added is removed, and what it changed is as it was before. If later visits,
reviews or takedowns depend on it, nothing is changed, and the reason is given.

\b
Example:  btl import corpus/ extra.jsonl.gz
          btl import comments.csv --dry-run
          zcat dump.gz | btl import -
          btl import s3://bucket/corpus/ --cluster tcp://scheduler:8786
          btl import corpus/ --to parquet comments/
          btl import --undo 3
"""


@click.command(name="import", help=HELP)
@click.argument("paths", nargs=-1)
@database_or_server
@as_json_option
@click.option("--workers", type=click.IntRange(0, 64), help="Processes to use.  [default: 2 at most]")
@cluster_option
@click.option("--as", "format_", metavar="FORMAT", help="Read the files as this format; --formats lists all.")
@click.option(
    "--to",
    "target",
    nargs=2,
    type=(click.Choice(["parquet"]), click.Path(file_okay=False, path_type=Path)),
    metavar="parquet FOLDER",
    help="Write Parquet files to a new folder, by outlet and month, instead of into an archive.",
)
@click.option("--dry-run", is_flag=True, help="Show how tables would be read; write nothing.")
@click.option("--map", "roles", metavar="ROLE=COLUMN,...", help="Name the columns: body=Text,id=ID,parent=ReplyTo.")
@click.option("--mapping", metavar="NAME|FILE", help="Read tables by a preset or a TOML file.")
@click.option("--save-mapping", type=click.Path(dir_okay=False, path_type=Path), help="Write the mapping to a file.")
@click.option("--table", metavar="NAME", help="Database table or worksheet that holds the comments.")
@click.option("--records", metavar="PATH", help="Where the list of comments is in a JSON object, such as data.items.")
@click.option("--outlet", metavar="DOMAIN", help="Outlet that the comments of a table belong to.")
@click.option(
    "--timezone", metavar="ZONE", help="Time zone of times that name none, such as Europe/Vienna.  [default: UTC]"
)
@click.option("--keep", is_flag=True, help="Keep a copy of each file beside the archive, in ARCHIVE-kept.")
@click.option(
    "--keep-column",
    "keep_columns",
    multiple=True,
    metavar="COLUMN",
    help="Keep a personal column or key, which is otherwise left out.",
)
@click.option("--undo", "run_id", type=int, metavar="RUN", help="Undo the import with this number.")
@click.option("--no-header", is_flag=True, help="The first row is data; the columns are called 1, 2, 3 ...")
@click.option(
    "--formats",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_formats,
    help="List the formats and presets that can be read.",
)
def import_(
    paths: tuple[str, ...],
    path: "Path | ServerAddress",
    as_json: bool,
    workers: int | None,
    cluster: str | None,
    target: tuple[str, Path] | None,
    keep: bool,
    dry_run: bool,
    save_mapping: Path | None,
    run_id: int | None,
    **given: Any,
) -> None:
    if run_id is not None:
        if paths:
            raise click.UsageError("--undo takes back a run, so it takes no files")
        undo_run(path, run_id, as_json=as_json)
        return
    if not paths:
        raise click.UsageError("Missing argument 'PATHS...'.")
    if target is not None and keep:
        raise click.UsageError("--keep keeps files beside an archive; with --to there is none")
    _require_files(paths)
    options = read_options(**given)
    if dry_run or save_mapping:
        leave(READ_ONLY)
        preview_tables(list(paths), options, save_mapping, as_json=as_json, dry_run=dry_run)
    if dry_run:
        return
    leave(WHOLE["import"])
    _require_decided(paths, options)
    with opened_workers(workers, cluster) as pool:
        if target is not None:
            convert_paths(list(paths), target[1], pool, options, as_json=as_json)
            return
        with opened(path) as archive:
            progress, left = import_paths(archive, list(paths), pool, options, keep=keep, quiet=as_json)
    summarise(progress, left, path, as_json)


def _require_files(paths: Sequence[str]) -> None:
    from archive.importers.files import STANDARD_INPUT
    from archive.store.remote_files import is_address

    missing = [name for name in paths if name != STANDARD_INPUT and not is_address(name) and not Path(name).exists()]
    if missing:
        raise click.UsageError(f"no such file or folder: {', '.join(missing)}")


def _require_decided(paths: Sequence[str], options: "Options") -> None:
    """End with status 2 where a table cannot be read before its columns are named."""
    if undecided := find_undecided(list(paths), options):
        print_errors([str(error) for error in undecided])
        click.echo("Nothing was written.", err=True)
        sys.exit(2)


def convert_paths(paths: list[str], folder: Path, workers: "Workers", options: "Options", *, as_json: bool) -> None:
    """Write what files hold as Parquet; end with status 1 where something could not be read."""
    from archive.cli.progress import progress_report
    from archive.importers.parquet_dataset import FolderInUse, convert_files
    from archive.importers.run import ImportProgress

    leave(f"{folder} is not there until it is whole; {AGAIN}, and it begins anew")
    progress = ImportProgress()
    try:
        with progress_report(quiet=as_json) as report:
            convert_files(paths, folder, workers=workers, options=options, report=report, progress=progress)
    except FolderInUse as error:
        fail(str(error))
    summarise(progress, [], folder, as_json)


def import_paths(
    archive: "Archive",
    paths: list[str],
    workers: "Workers | int | None",
    options: "Options | None" = None,
    *,
    keep: bool = False,
    quiet: bool,
) -> "tuple[ImportProgress, list[Problem]]":
    """Import files; return what that did, and where copies that were kept still hold what was erased."""
    from archive.cli.progress import progress_report
    from archive.importers.base import Options
    from archive.importers.run import ImportProgress, import_files
    from archive.review.merge import merge_reviews
    from archive.takedown.kept_files import recheck_kept

    progress = ImportProgress()
    try:
        with progress_report(quiet=quiet) as report:
            import_files(
                archive,
                paths,
                workers=workers,
                keep=keep,
                options=options or Options(),
                report=report,
                progress=progress,
                merges=(merge_reviews,),
            )
    finally:
        left = recheck_kept(archive, progress.kept)
    return progress, left


def summarise(progress: "ImportProgress", left: "list[Problem]", path: "Path | ServerAddress", as_json: bool) -> None:
    """Prints what an import did; ends with status 1 where something could not be read, or taken out of a copy."""
    from archive.store.save import SAVE_COUNTS

    counts, errors = progress.counts, progress.errors
    if as_json:
        print_json(
            {
                "db": str(path),
                "run": progress.run,
                "counts": with_zeros(counts, (*COUNTS, *SAVE_COUNTS)),
                "passed_over": progress.passed_over,
                "remarks": progress.remarks,
                "errors": [{"place": error.location, "reason": error.reason} for error in errors],
                "left": [{"place": problem.location, "reason": problem.reason} for problem in left],
            }
        )
    else:
        if progress.passed_over:
            click.echo(f"passed over, about the corpus: {_names(progress.passed_over)}", err=True)
        for remark in progress.remarks:
            click.echo(remark, err=True)
        print_errors([str(error) for error in errors])
        print_errors([f"what was erased may be in {problem.location}: {problem.reason}" for problem in left])
        click.echo(_sentence(counts, path))
        if progress.run is not None and counts["threads_new"] + counts["threads_changed"]:
            where = "" if path == Path("archive.db") else f" --db {shlex.quote(str(path))}"
            click.echo(f"btl import --undo {progress.run}{where} takes it back.", err=True)
        if counts["threads_new"] >= MANY and not counts["comments_new"]:
            click.echo("Not one of these articles has a comment. If they are comments: --as table.", err=True)
    if errors or left:
        sys.exit(1)


def _sentence(counts: dict[str, int], path: "Path | ServerAddress") -> str:
    parts = [f"{format_count(counts['documents'], 'document')} read into {path}"]
    parts += [format_count(counts[f"{noun}s_new"], f"new {noun}") for noun in ("thread", "comment")]
    for name, *words in (
        ("unchanged", "already there"),
        ("threads_changed", "thread changed", "threads changed"),
        ("comments_edited", "comment edited", "comments edited"),
        ("comments_removed", "comment gone", "comments gone"),
        ("comments_restored", "comment back", "comments back"),
        ("rows", "row of tables", "rows of tables"),
        ("rows_merged", "of them repeats a comment", "of them repeat a comment"),
        ("rows_empty", "of them without one"),
        ("reviews_new", "review", "reviews"),
        ("reviews_left_out", "review of texts that are not here", "reviews of texts that are not here"),
        ("empty", "without a text"),
        ("personal_left_out", "personal value left out", "personal values left out"),
        ("errors", "could not be read"),
    ):
        if counts[name]:
            parts.append(format_count(counts[name], words[0], words[-1]))
    return ", ".join(parts) + "."


def _names(paths: list[str], most: int = 5) -> str:
    more = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
