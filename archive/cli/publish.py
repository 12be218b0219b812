"""`btl publish` and `btl backup`: copies of an archive, one for strangers and one for yourself."""

import os
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import (
    database,
    database_or_copy,
    example_option,
    fail,
    note_read_only,
    open_for_reading,
    print_json,
    raise_disk_full,
)
from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.publish.policy import Policy
    from archive.publish.release import Published

POLICY = "publish.toml"
PAGES_A_STEP = 20_000


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@database_or_copy
@click.option(
    "--policy",
    "policy_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"File that says what is public; --example prints one.  [default: {POLICY} beside the archive, if any]",
)
@click.option(
    "--keep",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Earlier releases whose files are kept, as for a site that still serves one; use 0 after a takedown.",
)
@click.option(
    "--whole",
    is_flag=True,
    help="Make a release even if nothing has changed since the last.",
)
@example_option("archive.publish", "publish.example.toml")
@as_json_option
def publish(out: Path, path: Path, policy_path: Path | None, keep: int, whole: bool, as_json: bool) -> None:
    """Make a public copy of the archive as the next release, and point the link OUT to it.

    The copy leaves out everything private or withheld. With it come dumps (CSV, JSON Lines, Parquet, SQL), a codebook
    and a manifest with the hash of every file and of the previous release. A crawl may go on meanwhile, and if
    publishing fails, OUT stays as it was. `btl serve OUT --public` serves it; `btl verify FOLDER` checks it.

    \b
    Example:  btl publish public/archive.db
              btl publish --example > publish.toml
              btl publish public/archive.db --policy publish.toml --json
    """
    import sqlite3

    from archive.publish.release import NotPublished
    from archive.publish.release import publish as make

    archive = open_for_reading(path)
    policy = _policy(path, policy_path)
    began = time.monotonic()

    def say(step: str) -> None:
        if not as_json:
            click.echo(f"{time.monotonic() - began:7.1f} s  {step}", err=True)

    # SQLite sorts in temporary files as large as an index: they belong on the disk of the copy, not into /tmp.
    os.environ.setdefault("SQLITE_TMPDIR", str(out.absolute().parent))
    with archive:
        try:
            release = make(archive, out, policy, keep=keep, force=whole, say=say)
        except (NotPublished, OSError, sqlite3.Error) as error:
            raise_disk_full(error)
            fail(f"nothing was published: {error}")
    _summarise(release, out, time.monotonic() - began, as_json=as_json)
    if policy.url is None:
        click.echo("note: the policy names no url, so citations are relative and there is no sitemap", err=True)


def _policy(path: Path, policy_path: Path | None) -> "Policy":
    from archive.publish.policy import BadPolicy, Policy, read_policy

    beside = path.resolve().parent / POLICY
    chosen = policy_path or (beside if beside.is_file() else None)
    try:
        return read_policy(chosen) if chosen else Policy()
    except (BadPolicy, OSError) as error:
        fail(str(error))


def _summarise(release: "Published", out: Path, seconds: float, *, as_json: bool) -> None:
    manifest = release.manifest
    if as_json:
        print_json(
            {
                "out": str(out),
                "release": release.number,
                "folder": str(release.folder),
                "is_new": release.is_new,
                "whole": True,
                "reused": [],
                "seconds": round(seconds, 1),
                "counts": manifest["counts"],
                "withheld": manifest["withheld"],
                "bytes": {entry["path"]: entry["bytes"] for entry in manifest["files"]},
            }
        )
    elif not release.is_new:
        click.echo(f"Nothing has changed since release {release.number}, which {out} points to.")
    else:
        withheld = sum(manifest["withheld"].values())
        comments, files = manifest["counts"]["comments"], len(manifest["files"])
        click.echo(
            f"Release {release.number} in {release.folder}: {format_count(comments, 'comment')}"
            f"{f', {withheld:,} of them withheld' if withheld else ''}, {format_count(files, 'file')}. "
            f"{out} points to it; restart the site to serve it."
        )


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@database
@as_json_option
def backup(out: Path, path: Path, as_json: bool) -> None:
    """Copy the whole archive to OUT, private tables included, even while a crawl is writing.

    The WARC files beside the archive are not included; copy their folder too.

    \b
    Example:  btl backup /backups/archive-monday.db
    """
    import sqlite3

    from archive.store.disk import sync_path
    from archive.store.reading import is_writable

    if not path.exists():
        fail(f"there is no archive {path}; --db names another")
    if not is_writable(path):
        note_read_only(path)
    if out.exists():
        fail(f"{out} is there already")
    part = out.with_name(f".{out.name}.part")
    _remove(part)
    try:
        _copy_database(path, part)
        if problems := _problems(part):
            fail(f"the copy is not whole: {problems}")
        part.chmod(path.stat().st_mode & 0o777 | 0o600)  # a copy of a read-only archive is one to go on with
        sync_path(part)
        part.replace(out)
        sync_path(out.parent)
    except (sqlite3.Error, OSError) as error:
        raise_disk_full(error)
        fail(f"nothing was copied: {error}")
    finally:
        _remove(part)
    size = out.stat().st_size
    if as_json:
        print_json({"db": str(path), "out": str(out), "counts": {"bytes": size}})
    else:
        click.echo(f"{out}: {format_count(size, 'byte')}, checked.")


def _copy_database(path: Path, part: Path) -> None:
    import sqlite3

    from archive.store.reading import connect_for_reading

    with closing(connect_for_reading(path, isolation_level=None)) as source:
        # As it is now: SQLite begins anew at each change by another process, and would never end beside a crawl.
        source.execute("begin")
        source.execute("select count(*) from sqlite_master").fetchone()
        with closing(sqlite3.connect(part)) as target:
            source.backup(target, pages=PAGES_A_STEP, sleep=0.05)
            target.execute("pragma journal_mode = delete").fetchall()


def _remove(part: Path) -> None:
    """Delete a copy that was begun, and what SQLite keeps beside it."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)


def _problems(part: Path) -> str:
    import sqlite3

    with closing(sqlite3.connect(part)) as connection:
        lines = [row[0] for row in connection.execute("pragma quick_check(3)")]
    return "" if lines == ["ok"] else "; ".join(lines)
