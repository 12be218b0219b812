"""`btl copies`: which texts were posted more than once, the same or nearly."""

from pathlib import Path

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, open_for_writing, print_json
from archive.text.formatting import format_count


@click.command()
@database
@as_json_option
def copies(path: Path, as_json: bool) -> None:
    """Find the texts that were posted more than once, the same or nearly.

    The site lists them under Questions; until this command has run, it lists only texts that are exactly the same.
    Run it again when new comments have come in. For public copies `btl publish` does it.

    \b
    Example:  btl copies --db archive.db
    """
    from archive.store.repeated_texts import find_in_archive

    with open_for_writing(path) as archive:
        counts = find_in_archive(archive)
    if as_json:
        print_json({"db": str(path), "counts": counts})
        return
    click.echo(
        f"{format_count(counts['comments'], 'comment')} compared: {counts['copies']:,} have the same text as another, "
        "or nearly the same."
    )
