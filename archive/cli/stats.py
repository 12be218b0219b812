"""`btl stats`: counts of what the archive stores."""

from pathlib import Path
from typing import Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, print_json, require


@click.command()
@database
@as_json_option
def stats(path: Path, as_json: bool) -> None:
    """Say what the archive holds: outlets, threads, comments, flags, the last runs.

    \b
    Example:  btl stats --db archive.db
    """
    from archive.store.stats import stats as read

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
