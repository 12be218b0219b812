"""`btl withhold` and `btl restore`: what nobody is to read any more, and what may be read again."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, fail, opened, print_json, require
from archive.store.suppressions import REASONS, SUBJECTS

if TYPE_CHECKING:
    from archive.store.archive import Archive

ERRORS_SHOWN = 20
_reason = click.option("--reason", type=click.Choice(list(REASONS)), help="Why; it is shown in the text's place.")


@click.command()
@click.argument("subject", type=click.Choice(SUBJECTS), required=False)
@click.argument("number", type=click.IntRange(1), required=False, metavar="[ID]")
@_reason
@click.option("--note", help="Why, in words. It is kept in the ledger and shown nowhere else.")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A list: CSV with a header, or JSON Lines; subject, id or url, reason, note.",
)
@click.option("--list", "listing", is_flag=True, help="Print the ledger, which holds no texts and no names.")
@database
@as_json_option
def withhold(
    subject: str | None,
    number: int | None,
    reason: str | None,
    note: str | None,
    source: Path | None,
    listing: bool,
    path: Path,
    as_json: bool,
) -> None:
    """Take a comment, everything of a commenter, a thread or an article out of what anybody reads.

    It is gone from the site, from search, from exports and from every later public copy, and stays so however it is
    imported, crawled or replayed again. The thread keeps its shape and its count. `btl restore` puts it back; `btl
    erase` destroys it.

    \b
    Example:  btl withhold comment 17 --reason privacy
              btl withhold --from requests.csv
              btl withhold --list
    """
    require(path)
    with opened(path) as archive:
        if listing:
            _list(archive, as_json=as_json)
        elif source is not None:
            _from_file(archive, source, as_json=as_json)
        else:
            if subject is None or number is None or reason is None:
                raise click.UsageError("name a subject, its ID and --reason, or a list by --from")
            _one(archive, {"subject": subject, "id": number, "reason": reason, "note": note}, as_json=as_json)


@click.command()
@click.argument("subject", type=click.Choice(SUBJECTS))
@click.argument("number", type=click.IntRange(1), metavar="ID")
@database
@as_json_option
def restore(subject: str, number: int, path: Path, as_json: bool) -> None:
    """Put back what `btl withhold` took out, as far as nothing else withholds it.

    \b
    Example:  btl restore comment 17
    """
    from archive.takedown.withhold import Irreversible, NotThere
    from archive.takedown.withhold import restore as put_back

    require(path)
    with opened(path) as archive:
        try:
            done = put_back(archive, subject, number)
        except (NotThere, Irreversible) as error:
            fail(str(error))
    if as_json:
        print_json({"db": str(path), "entry": done.entry, "comments": done.comments})
    else:
        click.echo(f"{subject} {number} is restored: {_comments(done.comments)} can be read again.")


def _one(archive: "Archive", wanted: dict[str, Any], *, as_json: bool) -> None:
    from archive.takedown.withhold import NotThere

    try:
        done = _withhold(archive, wanted)
    except NotThere as error:
        fail(str(error))
    if as_json:
        print_json({"db": str(archive.path), "entry": done.entry, "comments": done.comments})
    else:
        click.echo(
            f"{wanted['subject']} {wanted['id']} is withheld ({wanted['reason']}): {_comments(done.comments)}, entry "
            f"{done.entry} of the ledger. Public copies show it until `btl publish` makes the next one."
        )


def _from_file(archive: "Archive", source: Path, *, as_json: bool) -> None:
    """Withholds what a list names. A line that cannot be done is named, and the others are done."""
    from archive.takedown.withhold import NotThere

    comments, done, errors = 0, 0, list[str]()
    for place, row in _rows(source):
        try:
            comments += _withhold(archive, _wanted(row)).comments
            done += 1
        except (NotThere, ValueError) as error:
            errors.append(f"{place}: {error}")
    if as_json:
        print_json({"db": str(archive.path), "entries": done, "comments": comments, "errors": errors})
    else:
        for line in errors[:ERRORS_SHOWN]:
            click.echo(f"error: {line}", err=True)
        if len(errors) > ERRORS_SHOWN:
            click.echo(f"... and {len(errors) - ERRORS_SHOWN:,} more errors", err=True)
        click.echo(f"{done:,} entries added to the ledger, {_comments(comments)} withheld.")
    if errors:
        sys.exit(1)


def _comments(number: int) -> str:
    return f"{number:,} comment{'' if number == 1 else 's'}"


def _rows(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines of a list with their places. Raises ValueError in the caller's loop for one that cannot be read."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        if file.read(1).startswith("{"):
            file.seek(0)
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{source}:{number}", _parsed(line)
        else:
            file.seek(0)
            reader = csv.DictReader(file)
            for row in reader:
                yield f"{source}:{reader.line_num}", row


def _parsed(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _wanted(row: dict[str, Any]) -> dict[str, Any]:
    """A line of a list as what is asked for. Raises ValueError."""
    subject, reason = (str(row.get(name) or "").strip() for name in ("subject", "reason"))
    number, url = (str(row.get(name) or "").strip() for name in ("id", "url"))
    if subject not in SUBJECTS:
        raise ValueError(f"no subject {subject!r}; there are {', '.join(SUBJECTS)}")
    if reason not in REASONS:
        raise ValueError(f"no reason {reason!r}; there are {', '.join(REASONS)}")
    if bool(number) == bool(url) or not (url or (number.isascii() and number.isdigit())):
        raise ValueError("either an id or a url is needed")
    return {"subject": subject, "id": int(number) if number else None, "url": url, "reason": reason,
            "note": row.get("note") or None}  # fmt: skip


def _withhold(archive: "Archive", wanted: dict[str, Any]) -> Any:
    from archive.takedown.withhold import find
    from archive.takedown.withhold import withhold as take_out

    number = wanted["id"] if wanted["id"] is not None else find(archive, wanted["subject"], wanted["url"])
    return take_out(archive, wanted["subject"], number, wanted["reason"], wanted["note"])


def _list(archive: "Archive", *, as_json: bool) -> None:
    from archive.takedown.withhold import listed

    rows = listed(archive)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "erased" if row["erased_at"] else "restored" if row["lifted_at"] else "withheld"
        click.echo(
            f"{row['id']:>6}  {row['created_at']}  {state:<8}  {row['subject']} {row['number']}  {row['reason']}"
        )
    click.echo(f"{len(rows):,} entries")
