"""`btl flag`: the rules over what is archived, what they make of one text, and the order of the review queue."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import (
    changing,
    cluster_option,
    database_or_server,
    fail,
    open_for_writing,
    opened_workers,
    print_json,
)
from archive.cli.interrupts import AGAIN, READ_ONLY, leave
from archive.text.formatting import format_count, with_zeros

if TYPE_CHECKING:
    from archive.store.address import ServerAddress
    from archive.store.reflag import FlagProgress

COUNTS = ("comments", "withdrawn", "kept", "raised", "errors")


@click.group(invoke_without_command=True)
@database_or_server
@click.option(
    "--since", type=click.IntRange(1), metavar="RUN", help="Only comments last seen by this run or a later one."
)
@click.option("--detector", "detectors", multiple=True, help="Only this detector: rules or shapes.  [default: both]")
@click.option("--workers", type=click.IntRange(0, 64), help="Processes to use.  [default: 2 at most]")
@cluster_option
@click.option("--explain", metavar="TEXT", help="Show what the rules flag in a text, and why; - reads standard input.")
@click.option("--parent", help="With --explain: the comment that the text replies to.")
@click.option("--title", help="With --explain: the article's title.")
@as_json_option
@click.pass_context
def flag(
    ctx: click.Context,
    path: "Path | ServerAddress",
    since: int | None,
    detectors: tuple[str, ...],
    workers: int | None,
    cluster: str | None,
    explain: str | None,
    parent: str | None,
    title: str | None,
    as_json: bool,
) -> None:
    """Flag all archived comments again by the current rules, and withdraw flags that no longer apply.

    Imports and crawls flag what they save, so this is needed only after the rules have changed. Reviewed flags stay
    as they are.

    \b
    Example:  btl flag
              btl flag --since 12 --detector shapes
              btl flag --explain "Throw them off the pier" --title "Harbour fees rise"
    """
    ctx.obj = path
    if ctx.invoked_subcommand is not None:
        return
    if explain is not None:
        leave(READ_ONLY)
        _explain(sys.stdin.read() if explain == "-" else explain, parent, title, as_json=as_json)
        return
    from archive.flags.versions import DETECTORS

    if unknown := set(detectors) - set(DETECTORS):
        raise click.UsageError(f"unknown detector {', '.join(sorted(unknown))}; choose from {', '.join(DETECTORS)}")
    progress = _flag(path, since, detectors or DETECTORS, workers, cluster, quiet=as_json)
    if as_json:
        print_json({"db": str(path), "counts": with_zeros(progress.counts, COUNTS)})
    else:
        click.echo(_sentence(progress.counts))
    if failed := progress.counts["errors"]:
        fail(f"{format_count(failed, 'comment')} could not be checked: it took too long, or ended the process")


def _sentence(counts: Mapping[str, int]) -> str:
    return (
        f"{format_count(counts['comments'], 'comment')} looked at, {format_count(counts['raised'], 'flag')} raised, "
        f"{counts['withdrawn']:,} withdrawn, {counts['kept']:,} left as they are."
    )


def _explain(text: str, parent: str | None, title: str | None, *, as_json: bool) -> None:
    from archive.flags.explain import explain
    from archive.flags.match import TextContext

    lines = list(explain(text, TextContext(parent, title)))
    if as_json:
        print_json({"lines": lines})
        return
    for line in lines:
        click.echo(line)


def _flag(
    path: "Path | ServerAddress",
    since: int | None,
    detectors: Sequence[str],
    count: int | None,
    cluster: str | None,
    *,
    quiet: bool,
) -> "FlagProgress":
    from archive.cli.progress import progress_report
    from archive.store.reflag import flag_all, progress_text

    with (
        opened_workers(count, cluster) as workers,
        open_for_writing(path) as archive,
        progress_report(quiet=quiet, describe=progress_text) as report,
    ):
        return flag_all(archive, since=since, detectors=detectors, workers=workers, report=report)


@flag.command(short_help="Train a model that orders the review queue.")
@click.option(
    "--model", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [default: DB.order.npz]"
)
@click.option("--db", "own", type=click.Path(dir_okay=False, path_type=Path), help="The archive file.")
@as_json_option
@click.pass_obj
def train(path: "Path | ServerAddress", model: Path | None, own: Path | None, as_json: bool) -> None:
    """Train a small model on this archive's reviews, and order the review queue by it.

    The model raises no flags and hides none. It needs the extra "train" (pip install 'belowtheline[train]') and at
    least 20 confirmed and 20 dismissed flags.

    \b
    Example:  btl flag train --db archive.db
    """
    from archive.review import ranking_model

    leave(f"the archive is whole; {AGAIN}")
    path = own or path
    if not isinstance(path, Path):
        raise click.UsageError(f"`btl flag train` works on a file: `btl copy {path} FILE` makes one")
    target = model or path.with_suffix(".order.npz")
    try:
        with changing(path) as connection:
            report = ranking_model.train(connection, target)
            ordered = ranking_model.order(connection, target)
    except ranking_model.CannotRank as error:
        fail(str(error))
    if as_json:
        counts = {"kept": report.kept, "dismissed": report.dismissed, "ordered": ordered}
        shares = {"accuracy": report.accuracy, "majority": report.majority}
        print_json({"db": str(path), "model": str(target), "counts": counts, **shares})
        return
    click.echo(
        f"{target}: from {report.kept:,} kept and {format_count(report.dismissed, 'dismissed flag')}; on texts that it "
        f"had not seen right in {report.accuracy:.0%} (by always saying the same: {report.majority:.0%}). "
        f"{format_count(ordered, 'flag')} put in order."
    )
