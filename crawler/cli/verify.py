"""`btl verify`: check an archive against its captures, or a published release against its manifest."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import (
    cluster_option,
    database_or_server,
    fail,
    open_for_reading,
    open_for_writing,
    opened_workers,
    print_json,
)
from archive.cli.interrupts import leave
from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.store.address import ServerAddress


@click.command()
@click.argument("release", required=False, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--relink",
    metavar="OLD=NEW",
    help="First record that files below OLD are now below NEW.",
)
@database_or_server
@click.option("--workers", type=click.IntRange(0, 64), help="Processes that read captures again.  [default: 2 at most]")
@cluster_option
@as_json_option
def verify(
    release: Path | None,
    relink: str | None,
    path: "Path | ServerAddress",
    workers: int | None,
    cluster: str | None,
    as_json: bool,
) -> None:
    """Check the archive against its evidence: every capture's digest, and every comment read again from its capture.

    With RELEASE, a folder that `btl publish` made, check its files, its database and the chain of releases instead.
    Whatever differs is named, and the status is then 1. Withheld and erased texts are counted, as are captures whose
    files have moved.

    \b
    Example:  btl verify --db archive.db
              btl verify public/archive.releases/0001
              btl verify --cluster tcp://scheduler:8786
              btl verify --relink /mnt/old/corpus=/srv/corpus
    """
    if relink is not None:
        if release is not None:
            raise click.UsageError("--relink is for an archive, not for a release")
        _relink(path, relink)
        leave("the new places are recorded; run `btl verify` again, without --relink")
    differences, counts = _verify_archive(path, workers, cluster) if release is None else _verify_release(release)
    checked = release or path
    if as_json:
        listed = [{"place": location, "what": what} for location, what in differences]
        print_json({"db": str(checked), "counts": counts, "differences": listed})
    else:
        for location, what in differences:
            click.echo(f"{location}: {what}")
        click.echo(f"{_describe(counts)}{format_count(len(differences), 'difference')}. {checked}")
    if differences:
        sys.exit(1)


def _relink(path: "Path | ServerAddress", pair: str) -> None:
    from archive.store.files import relink

    old, equals, new = pair.partition("=")
    if not (old and equals and new):
        raise click.UsageError("--relink takes OLD=NEW: two files, or two folders")
    with open_for_writing(path) as archive:
        count = relink(archive, old, new)
    if not count:
        fail(f"no file is recorded below {old}")
    click.echo(f"recorded below {new} from now on: {format_count(count, 'file')}", err=True)


def _verify_release(release: Path) -> tuple[list[tuple[str, str]], dict[str, int]]:
    from archive.publish.verify import verify_release

    return verify_release(release), {}


def _verify_archive(
    path: "Path | ServerAddress", count: int | None, cluster: str | None
) -> tuple[list[tuple[str, str]], dict[str, int]]:
    from crawler.evidence.verify import verify_archive

    with open_for_reading(path) as archive, opened_workers(count, cluster) as workers:
        result = verify_archive(archive, workers)
    differences = [(difference.subject, difference.what) for difference in result.differences]
    return differences, dict(result.counts)


def _describe(counts: Mapping[str, int]) -> str:
    """Say how much was checked, what became of the captures, and what was not checked and why."""
    if not counts:
        return ""
    captures, texts = format_count(counts["captures"], "capture"), format_count(counts["texts"], "text")
    parts = [f"{captures} and {texts} checked"]
    parts += [f"{counts[status]:,} {status}" for status in ("present", "moved", "changed", "gone")]
    if counts["redacted"]:
        parts.append(f"{format_count(counts['redacted'], 'capture')} redacted")
    if counts["unchecked"]:
        parts.append(f"{format_count(counts['unchecked'], 'text')} not checked: redacted, changed or gone")
    if counts["withheld"]:
        parts.append(f"{format_count(counts['withheld'], 'comment')} withheld")
    return ", ".join(parts) + ", "
