"""`btl import --undo`: take an import back."""

import sys
from typing import TYPE_CHECKING

import click

from archive.cli.common import fail, open_for_writing, print_json
from archive.cli.interrupts import AGAIN, leave
from archive.text.formatting import format_count, with_zeros

if TYPE_CHECKING:
    from pathlib import Path

    from archive.store.address import ServerAddress

# What is counted: rows that went by table, rows that were put back, files that were deleted.
UNDO_COUNTS = (
    *("articles", "threads", "comments", "commenters", "outlets", "captures", "visits", "events", "flags", "labels"),
    *("restored", "files"),
)


def undo_run(path: "Path | ServerAddress", run_id: int, *, as_json: bool) -> None:
    """Take an import back, and print what went. End with status 1 where something stands in the way, 2 for nothing."""
    from archive.store.undo import CannotUndo, NothingToUndo, undo_import

    leave(f"the import is undone whole or not at all; {AGAIN}")
    with open_for_writing(path) as archive:
        try:
            undone = undo_import(archive, run_id)
        except NothingToUndo as error:
            click.echo(f"nothing to undo: {error}", err=True)
            sys.exit(2)
        except CannotUndo as error:
            fail(str(error))
    counts = with_zeros(undone.counts, UNDO_COUNTS)
    if as_json:
        print_json({"db": str(path), "run": run_id, "counts": counts, "deleted": [str(file) for file in undone.files]})
        return
    went = [format_count(counts[f"{noun}s"], noun) for noun in ("article", "thread", "comment")]
    parts = [f"run {run_id} undone: {', '.join(went[:-1])} and {went[-1]} deleted"]
    if counts["restored"]:
        parts.append(f"{format_count(counts['restored'], 'row')} of other runs as before it")
    if counts["files"]:
        parts.append(format_count(counts["files"], "kept copy deleted", "kept copies deleted"))
    click.echo(", ".join(parts) + ".")
