"""`btl erase`: destroys a text wherever the archive holds it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, fail, opened, print_json, require
from archive.store.suppressions import REASONS, SUBJECTS

if TYPE_CHECKING:
    from crawler.evidence.erase_files import Plan

SHOWN = 100


@click.command()
@click.argument("subject", type=click.Choice(SUBJECTS))
@click.argument("number", type=click.IntRange(1), metavar="ID")
@click.option(
    "--reason", required=True, type=click.Choice(list(REASONS)), help="Why; it stands in each record's place."
)
@click.option("--note", help="Why, in words. It is kept in the ledger and shown nowhere else.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@database
@as_json_option
def erase(subject: str, number: int, reason: str, note: str | None, yes: bool, path: Path, as_json: bool) -> None:
    """Destroy the text of a comment, of everything of a commenter, of a thread or of an article. There is no way back.

    It is withheld as `btl withhold` does it, and then goes from the archive file, its full text and the WARC files:
    each record that holds it is overwritten with a note that says when and why, and keeps its digest. What was read
    from the same record can then not be verified any more. Files of your own that it was imported from are not
    changed: they are named, and the command ends with status 1.

    \b
    Example:  btl erase comment 17 --reason court-order
    """
    from archive.store.archive import now
    from archive.takedown.withhold import NotThere
    from crawler.evidence.erase_files import carry_out, everything_left, plan, unwritable
    from crawler.lock import Held, only_crawl

    require(path)
    try:
        with only_crawl(path, f"which erases, begun {now()}"), opened(path) as archive:
            found = plan(archive, subject, number, reason, _searching(quiet=as_json))
            if locked := unwritable(found):
                fail(f"nothing is erased: {', '.join(map(str, locked))} cannot be written")
            _announce(found)
            if not yes:
                click.confirm("This cannot be undone. Erase it?", abort=True, err=True)
            carry_out(archive, found, note)
    except (NotThere, Held) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or path}: {error.strerror or error}; run it again, and it goes on from there")
    left = [f"{what}: {problem.place}: {problem.reason}" for what, problem in everything_left(found)]
    if as_json:
        print_json(
            {"db": str(path), "subject": subject, "id": number, "reason": reason, **_numbers(found), "left": left}
        )
    else:
        _tell(found, left)
    if left:
        sys.exit(1)


def _searching(*, quiet: bool) -> Any:
    def on_file(path: Path) -> None:
        if not quiet:
            click.echo(f"searching {path}", err=True)

    return on_file


def _numbers(found: "Plan") -> dict[str, int]:
    return {
        "comments": len(found.comments),
        "texts": len(found.texts),
        "records": found.redactions,
        "records_searched": found.records,
        "warc_files": sum(bool(one.redactions) for one in found.files),
        "warc_files_searched": len(found.files),
        "comments_no_longer_proven": found.others,
    }


def _announce(found: "Plan") -> None:
    """What is about to happen, in numbers: nothing of the text and no name."""
    numbers = _numbers(found)
    lines = [
        f"{found.subject} {found.number}: to be destroyed are {numbers['texts']:,} texts of {numbers['comments']:,} "
        f"comments, and {numbers['records']:,} of {numbers['records_searched']:,} WARC records in "
        f"{numbers['warc_files_searched']:,} files.",
        f"{found.others:,} other comments were read from these records, and no bytes will prove them any more.",
        f"{len(found.left):,} other places hold it, and stay as they are.",
    ]
    for line in lines:
        click.echo(line, err=True)


def _tell(found: "Plan", left: list[str]) -> None:
    for line in left[:SHOWN]:
        click.echo(line)
    if len(left) > SHOWN:
        click.echo(f"... and {len(left) - SHOWN:,} more places")
    where = f"{found.redactions:,} WARC records"
    click.echo(
        f"{found.subject} {found.number} is erased from the archive and {where}. Public copies hold what they hold "
        "until they are deleted: `btl publish` makes the next one without it."
    )
