"""`btl index`: build the search index beside the archive, or bring it up to date."""

import sqlite3
import time
from pathlib import Path

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, fail, print_json, raise_disk_full, require
from archive.text.formatting import format_count


@click.command()
@click.option("--whole", is_flag=True, help="Rebuild it, even if it only needs an update.")
@click.option("--remove", "removes", is_flag=True, help="Delete it; the site then searches SQLite's full-text index.")
@database
@as_json_option
def index(whole: bool, removes: bool, path: Path, as_json: bool) -> None:
    """Build the search index beside the archive (archive.search), or bring it up to date.

    With it the site finds other forms of a word, and counts all matches exactly, however many there are. `btl serve`
    keeps it current, and makes it for a small archive by itself; for a large one, run this once. It holds nothing
    that the archive does not: delete it whenever you like. Withheld comments are not in it.

    \b
    Example:  btl index
    """
    from archive.search import build
    from archive.search.current_index import keep_current

    require(path)
    began = time.monotonic()
    target = build.index_path(path.resolve())
    if removes:
        build.remove(path)
        outcome = "removed"
    else:
        try:
            if whole:
                build.build(path)
                outcome = "built"
            else:
                outcome = keep_current(path)
        except (OSError, sqlite3.Error, build.IndexLocked) as error:
            raise_disk_full(error)
            fail(f"{target}: {error}")
    size = sum(file.stat().st_size for file in target.iterdir()) if target.is_dir() else 0
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        print_json({"db": str(path), "index": str(target), "outcome": outcome, "bytes": size, "seconds": seconds})
    else:
        click.echo(f"{target} is {outcome}: {format_count(size, 'byte')}, {seconds} s.")
