"""`btl flag`: the rules over what is archived, what they make of one text, and the order of the review queue."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import changing, database, fail, opened, print_json, require

if TYPE_CHECKING:
    from archive.store.reflag import FlagProgress


@click.group(invoke_without_command=True)
@database
@click.option(
    "--since", type=click.IntRange(1), metavar="RUN", help="Only comments last read by this run or a later one."
)
@click.option("--detector", "detectors", multiple=True, help="Only this detector: rules or shapes.  [default: both]")
@click.option("--workers", type=click.IntRange(0, 64), help="Processes that look at texts.  [default: 2 at most]")
@click.option("--explain", metavar="TEXT", help="Say what the rules make of a text, and why; - reads standard input.")
@click.option("--parent", help="With --explain: the comment that the text answers.")
@click.option("--title", help="With --explain: the article's title.")
@as_json_option
@click.pass_context
def flag(
    ctx: click.Context,
    path: Path,
    since: int | None,
    detectors: tuple[str, ...],
    workers: int | None,
    explain: str | None,
    parent: str | None,
    title: str | None,
    as_json: bool,
) -> None:
    """Look at all archived comments by today's rules: new flags are raised, those no longer found are withdrawn.

    Imports and crawls do this for what they save; run it after the rules have changed. Flags that somebody has
    reviewed are left as they are.

    \b
    Example:  btl flag
              btl flag --since 12 --detector shapes
              btl flag --explain "Throw them off the pier" --title "Harbour fees rise"
    """
    ctx.obj = path
    if ctx.invoked_subcommand is not None:
        return
    if explain is not None:
        _explain(sys.stdin.read() if explain == "-" else explain, parent, title)
        return
    from archive.flags.versions import DETECTORS

    if unknown := set(detectors) - set(DETECTORS):
        raise click.UsageError(f"no detector {', '.join(sorted(unknown))}; there are {', '.join(DETECTORS)}")
    progress = _flag(path, since, detectors or DETECTORS, workers, quiet=as_json)
    if as_json:
        print_json({"db": str(path), "counts": dict(progress.counts)})
    else:
        counts = progress.counts
        click.echo(
            f"{counts['comments']:,} comments looked at, {counts['raised']:,} flags raised, "
            f"{counts['withdrawn']:,} withdrawn, {counts['kept']:,} left as they are."
        )


def _explain(text: str, parent: str | None, title: str | None) -> None:
    from archive.flags.explain import explain
    from archive.flags.match import TextContext

    for line in explain(text, TextContext(parent, title)):
        click.echo(line)


def _flag(
    path: Path, since: int | None, detectors: Sequence[str], workers: int | None, *, quiet: bool
) -> "FlagProgress":
    from archive.cli.progress import progress_report
    from archive.store.reflag import flag_all, progress_text

    require(path)
    with opened(path) as archive, progress_report(quiet=quiet, describe=progress_text) as report:
        return flag_all(archive, since=since, detectors=detectors, workers=workers, report=report)


@flag.command()
@click.option(
    "--model", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [default: DB.order.npz]"
)
@click.pass_obj
def train(path: Path, model: Path | None) -> None:
    """Fit a small model to this archive's reviews, and put the review queue in its order.

    It raises no flag and hides none. It needs the extra "train" (pip install 'belowtheline[train]') and 20 reviews of
    either kind.

    \b
    Example:  btl flag --db archive.db train
    """
    from archive.review import ranking_model

    require(path)
    target = model or path.with_suffix(".order.npz")
    try:
        with changing(path) as connection:
            report = ranking_model.train(connection, target)
            ordered = ranking_model.order(connection, target)
    except ranking_model.CannotRank as error:
        fail(str(error))
    click.echo(
        f"{target}: from {report.kept:,} kept and {report.dismissed:,} dismissed flags; on texts that it had not seen "
        f"right in {report.accuracy:.0%} (by always saying the same: {report.majority:.0%}). "
        f"{ordered:,} flags put in order."
    )
