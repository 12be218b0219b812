"""`btl stats`: counts of what the archive stores."""

from pathlib import Path
from typing import Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database_or_copy, print_json, require


@click.command()
@database_or_copy
@as_json_option
def stats(path: Path, as_json: bool) -> None:
    """Show what the archive holds: outlets, threads, comments, flags and the latest runs.

    \b
    Example:  btl stats --db archive.db
    """
    from archive.store.statistics import archive_counts

    require(path)
    totals = archive_counts(path)
    if as_json:
        print_json(totals)
        return
    for name, count in totals["counts"].items():
        click.echo(f"{count:>12,}  {name}")
    _table("comments that are not visible", ((name, n) for name, n in totals["states"].items() if n))
    _table("threads by completeness", ((row["completeness"], row["threads"]) for row in totals["completeness"]))
    _table("flags", ((name, n) for name, n in totals["flags"].items() if n))
    _table("comments by outlet", ((row["outlet"], row["comments"]) for row in totals["outlets"]))
    click.echo("\nlast runs")
    for run in totals["runs"]:
        click.echo(f"  {run['started_at']}  {run['kind']:<8} {run['outcome'] or 'running'}")


def _table(title: str, rows: Any) -> None:
    click.echo(f"\n{title}")
    for name, count in rows:
        click.echo(f"{count:>12,}  {name}")
