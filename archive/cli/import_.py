"""`btl import`: text documents into the archive."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, opened, print_errors, print_json
from archive.text.numbers import format_count, with_zeros

if TYPE_CHECKING:
    from archive.importers.pool import ImportProgress
    from archive.store.archive import Archive

COUNTS = ("documents", "errors", "empty", "files_passed_over")


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True)
@database
@as_json_option
@click.option("--workers", type=click.IntRange(0, 64), help="Processes that read documents.  [default: 2 at most]")
@click.option("--keep", is_flag=True, help="Keep a copy of each file beside the archive, in ARCHIVE-kept.")
def import_(paths: tuple[str, ...], path: Path, as_json: bool, workers: int | None, keep: bool) -> None:
    """Import files, folders or standard input (-) into the archive.

    One text a file; JSON Lines, JSON or Parquet with the keys of the usual web corpora ("text", "url", ...); or WET
    files; plain or compressed with gzip, bzip2, xz or zstd. What the archive has already is passed over, so an import
    that was killed is simply run again. In folders, files about a corpus (README, check sums, licences) are left out.

    `btl verify` reads the files again: leave them where they are, or keep copies by --keep. Of standard input a copy is
    always kept.

    \b
    Example:  btl import corpus/ extra.jsonl.gz
              zcat dump.gz | btl import -
    """
    missing = [name for name in paths if name != "-" and not Path(name).exists()]
    if missing:
        raise click.UsageError(f"no such file or folder: {', '.join(missing)}")
    with opened(path) as archive:
        progress = import_paths(archive, list(paths), workers, keep=keep, quiet=as_json)
    summarise(progress, path, as_json)


def import_paths(
    archive: "Archive", paths: list[str], workers: int | None, *, keep: bool = False, quiet: bool
) -> "ImportProgress":
    from archive.cli.progress import progress_report
    from archive.importers.pool import import_files
    from archive.takedown.kept_files import recheck_kept

    with progress_report(quiet=quiet) as report:
        progress = import_files(archive, paths, workers=workers, keep=keep, report=report)
    recheck_kept(archive, progress.kept)
    return progress


def summarise(progress: "ImportProgress", path: Path, as_json: bool) -> None:
    """Prints what an import did, and ends with status 1 where something could not be read."""
    from archive.store.save import SAVE_COUNTS

    counts, errors = progress.counts, progress.errors
    if as_json:
        print_json(
            {
                "db": str(path),
                "counts": with_zeros(counts, (*COUNTS, *SAVE_COUNTS)),
                "passed_over": progress.passed_over,
                "errors": [{"place": error.location, "reason": error.reason} for error in errors],
            }
        )
    else:
        if progress.passed_over:
            click.echo(f"passed over, about the corpus: {_names(progress.passed_over)}", err=True)
        print_errors([str(error) for error in errors])
        click.echo(_sentence(counts, path))
    if errors:
        sys.exit(1)


def _sentence(counts: dict[str, int], path: Path) -> str:
    parts = [f"{format_count(counts['documents'], 'document')} read into {path}"]
    parts += [format_count(counts[f"{noun}s_new"], f"new {noun}") for noun in ("thread", "comment")]
    for name, *words in (
        ("unchanged", "already there"),
        ("threads_changed", "thread changed", "threads changed"),
        ("comments_edited", "comment edited", "comments edited"),
        ("comments_removed", "comment gone", "comments gone"),
        ("comments_restored", "comment back", "comments back"),
        ("empty", "without a text"),
        ("errors", "could not be read"),
    ):
        if counts[name]:
            parts.append(format_count(counts[name], words[0], words[-1]))
    return ", ".join(parts) + "."


def _names(paths: list[str], most: int = 5) -> str:
    more = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
