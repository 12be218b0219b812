"""`btl copy`: an archive from a file to a database server, and back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import ARCHIVE, as_json, fail, open_for_writing, opened, print_json
from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.store.address import ServerAddress
    from archive.store.transfer import Transfer

LISTED = 20  # of the rows with a character that was replaced


@click.command()
@click.argument("source", type=ARCHIVE)
@click.argument("target", type=ARCHIVE)
@as_json
def copy(source: "Path | ServerAddress", target: "Path | ServerAddress", as_json: bool) -> None:
    """Copy the archive SOURCE to TARGET, which must hold nothing yet: each is a file, or postgresql://USER@HOST/DATABASE.

    Every table is compared by its counts and by a hash of what its rows hold; where one differs, nothing is kept. Files
    beside the archive (captured pages, copies of what was imported) stay where they are.

    \b
    Example:  btl copy archive.db postgresql://desk@db.example/comments
              btl copy postgresql://desk@db.example/comments archive.db
    """
    from archive.cli.progress import progress_report
    from archive.store.transfer import CannotCopy, copy_archive, copy_to_file

    if isinstance(target, Path) and target.exists():
        fail(f"{target} is there already")
    try:
        with (
            open_for_writing(source) as original,
            progress_report(quiet=as_json, describe=_describe, has_size=False) as report,
        ):
            if isinstance(target, Path):
                result = copy_to_file(original, target, report=report)
            else:
                with opened(target) as copied:
                    result = copy_archive(original, copied, report=report)
    except CannotCopy as error:
        fail(str(error))
    if as_json:
        print_json({"source": str(source), "target": str(target), "rows": result.rows, "replaced": result.replaced})
        return
    for column in result.replaced[:LISTED]:
        click.echo(f"note: a character that PostgreSQL cannot hold was replaced in {column}", err=True)
    total = format_count(sum(result.rows.values()), "row")
    comments = format_count(result.rows["comments"], "comment")
    click.echo(f"{target}: {total} of {len(result.rows)} tables, {comments} among them, each table as in {source}.")


def _describe(transfer: "Transfer", seconds: float) -> str:
    name, rows = next(reversed(transfer.rows.items()))
    return f"{name}: {format_count(rows, 'row')}, {sum(transfer.rows.values()) / seconds:,.0f} rows/s"
