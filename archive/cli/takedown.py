"""`btl withhold`, `btl restore` and `btl erase`: take texts out of what anybody reads, put them back, destroy them."""

import csv
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import (
    database_or_server,
    fail,
    open_for_reading,
    open_for_writing,
    print_errors,
    print_json,
    raise_disk_full,
)
from archive.takedown.reasons import REASONS, SUBJECTS
from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.store.address import ServerAddress
    from archive.store.archive import Archive
    from archive.takedown.erase import ErasePlan

MAX_LINES = 100
subject_argument = click.argument("subject", type=click.Choice(SUBJECTS))
number_argument = click.argument("number", type=click.IntRange(1, 2**63 - 1), metavar="ID")
reason_type = click.Choice(list(REASONS))
note_option = click.option(
    "--note", help="A reason in your own words; it is kept in the ledger and shown nowhere else."
)
same_text_option = click.option(
    "--same-text", is_flag=True, help="Include all comments under the same article with the same text."
)


@click.command()
@click.argument("subject", type=click.Choice(SUBJECTS), required=False)
@click.argument("number", type=click.IntRange(1, 2**63 - 1), required=False, metavar="[ID]")
@click.option("--reason", type=reason_type, help="Reason, shown in place of the text.")
@note_option
@same_text_option
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read a list: CSV with a header, or JSON Lines, with subject, id or url, reason and note.",
)
@click.option("--list", "listing", is_flag=True, help="Print the ledger, which holds neither texts nor names.")
@database_or_server
@as_json_option
def withhold(
    subject: str | None,
    number: int | None,
    reason: str | None,
    note: str | None,
    same_text: bool,
    source: Path | None,
    listing: bool,
    path: "Path | ServerAddress",
    as_json: bool,
) -> None:
    """Hide a comment, everything by a commenter, a thread or an article.

    It no longer appears on the site, in search, in exports or in later public copies, even if it is imported, crawled
    or replayed again. The thread keeps its shape and count. Other comments under the same article with the same text
    are listed, and hidden too with --same-text. `btl restore` reverses it; `btl erase` destroys the text for good.

    \b
    Example:  btl withhold comment 17 --reason privacy
              btl withhold --from requests.csv
              btl withhold --list
    """
    _require_comment(subject, same_text=same_text)
    with open_for_reading(path) if listing else open_for_writing(path) as archive:
        if listing:
            _print_ledger(archive, as_json=as_json)
        elif source is not None:
            _withhold_list(archive, source, same_text=same_text, as_json=as_json)
        elif subject is None or number is None or reason is None:
            raise click.UsageError("give a subject, its ID and --reason, or a list with --from")
        else:
            _withhold_subject(archive, subject, number, reason, note, same_text=same_text, as_json=as_json)


@click.command()
@subject_argument
@number_argument
@database_or_server
@as_json_option
def restore(subject: str, number: int, path: "Path | ServerAddress", as_json: bool) -> None:
    """Show again what `btl withhold` hid, unless something else still withholds it.

    \b
    Example:  btl restore comment 17
    """
    from archive.takedown import withhold as takedown

    with open_for_writing(path) as archive:
        try:
            done = takedown.restore(archive, subject, number)
        except (takedown.NotThere, takedown.Irreversible) as error:
            fail(str(error))
    if as_json:
        print_json({"db": str(path), "entry": done.entry, "comments": done.comments})
    else:
        click.echo(f"{subject} {number} is restored: {format_count(done.comments, 'comment')} can be read again.")


@click.command()
@subject_argument
@number_argument
@click.option("--reason", required=True, type=reason_type, help="Reason, noted in place of each record.")
@note_option
@same_text_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@database_or_server
@as_json_option
def erase(
    subject: str,
    number: int,
    reason: str,
    note: str | None,
    same_text: bool,
    yes: bool,
    path: "Path | ServerAddress",
    as_json: bool,
) -> None:
    """Destroy the text of a comment, of everything by a commenter, of a thread or of an article. This cannot be undone.

    The text is withheld as by `btl withhold`, and then removed from the archive file, its full-text index and the WARC
    files: each record that holds it is replaced by a note with the date, the reason and the record's digest. Other
    comments read from the same record can no longer be verified. Changed WARC files get a new name, which the archive
    follows; indexes of your own (CDX) have to be rebuilt. Copies of imported files that the archive keeps are blanked.
    Your own files that it was imported from are not changed: they are named, and the command ends with status 1.

    \b
    Example:  btl erase comment 17 --reason court-order
    """
    from archive.store.lock import Locked, crawl_lock
    from archive.takedown.erase import plan_erasure
    from archive.takedown.withhold import NotThere
    from archive.text.formatting import now

    _require_comment(subject, same_text=same_text)
    archive = open_for_writing(path)
    try:
        with archive, crawl_lock(archive.address, f"which erases, begun {now()}"):
            on_file = (lambda _: None) if as_json else (lambda file: click.echo(f"searching {file}", err=True))
            plan = plan_erasure(archive, subject, number, reason, on_file, same_text=same_text)
            _erase(archive, plan, note, yes=yes)
    except (NotThere, Locked) as error:
        fail(str(error))
    except OSError as error:
        raise_disk_full(error)
        fail(f"{error.filename or path}: {error.strerror or error}; run it again to go on from there")
    _print_erased(plan, path, subject, number, reason, as_json=as_json)


def _erase(archive: "Archive", plan: "ErasePlan", note: str | None, *, yes: bool) -> None:
    """Say what a plan erases, have it confirmed, and do it."""
    from archive.takedown.erase import erase_planned

    if plan.unwritable:
        fail(f"nothing is erased: {', '.join(map(str, plan.unwritable))} cannot be written")
    _announce(plan)
    if not yes:
        click.confirm("This cannot be undone. Erase it?", abort=True, err=True)
    try:
        erase_planned(archive, plan, note)
    except BaseException:  # run again, it may have nothing left to look for
        _print_left(plan)
        raise


def _print_erased(
    plan: "ErasePlan", path: "Path | ServerAddress", subject: str, number: int, reason: str, *, as_json: bool
) -> None:
    """Print what was erased; end with status 1 where some of it is left."""
    left = _describe_left(plan)
    if as_json:
        counts = _erase_counts(plan)
        print_json({"db": str(path), "subject": subject, "id": number, "reason": reason, **counts, "left": left})
    else:
        _print_left(plan)
        click.echo(
            f"{subject} {number} is erased from the archive and {format_count(plan.redactions, 'record')} of its "
            "files. Public copies hold what they hold until they are deleted: `btl publish` makes the next one without "
            "it."
        )
    if left:
        sys.exit(1)


def _require_comment(subject: str | None, *, same_text: bool) -> None:
    if same_text and subject not in (None, "comment"):
        raise click.UsageError("--same-text is for a comment")


def _withhold_subject(
    archive: "Archive", subject: str, number: int, reason: str, note: str | None, *, same_text: bool, as_json: bool
) -> None:
    from archive.takedown import withhold as takedown

    try:
        done = takedown.withhold(archive, subject, number, reason, note, same_text=same_text)
    except takedown.NotThere as error:
        fail(str(error))
    if as_json:
        counts = {"entry": done.entry, "comments": done.comments, "same_text": list(done.same_text)}
        print_json({"db": archive.name, **counts})
    else:
        click.echo(
            f"{subject} {number} is withheld ({reason}): {format_count(done.comments, 'comment')}, "
            f"entry {done.entry} of the ledger. Public copies show it until `btl publish` makes the next one."
        )
        _print_same_text({number: done.same_text} if done.same_text else {})


def _print_same_text(same_text: dict[int, tuple[int, ...]]) -> None:
    """Name the comments that were not withheld, though they have the words of one that was."""
    for number, others in islice(same_text.items(), MAX_LINES):
        more = f" and {len(others) - MAX_LINES:,} more" if len(others) > MAX_LINES else ""
        listed = ", ".join(map(str, others[:MAX_LINES])) + more
        click.echo(f"The same words as comment {number}, and still readable: {listed}. --same-text withholds them too.")


def _withhold_list(archive: "Archive", source: Path, *, same_text: bool, as_json: bool) -> None:
    """Withhold what a list names. A line that cannot be done is named, and the others are done."""
    from archive.takedown import withhold as takedown

    comments, entries, errors, alike = 0, 0, list[str](), dict[int, tuple[int, ...]]()
    try:
        rows = list(_read_list(source))
    except (UnicodeDecodeError, csv.Error) as error:
        fail(f"{source}: no CSV or JSON Lines in UTF-8, and nothing is withheld: {error}")
    for line, row in rows:
        try:
            subject, number, url, reason = _parse_request(row)
            if number is None:
                number = takedown.find_by_url(archive, subject, url)
            is_comment, note = subject == "comment", str(row.get("note") or "").strip() or None
            done = takedown.withhold(archive, subject, number, reason, note, same_text=same_text and is_comment)
            comments += done.comments
            entries += 1
            if done.same_text:
                alike[number] = done.same_text
        except (takedown.NotThere, ValueError) as error:
            errors.append(f"{line}: {error}")
    if as_json:
        counts = {"entries": entries, "comments": comments, "same_text": alike, "errors": errors}
        print_json({"db": archive.name, **counts})
    else:
        print_errors(errors)
        added = format_count(entries, "entry", "entries")
        click.echo(f"{added} added to the ledger, {format_count(comments, 'comment')} withheld.")
        _print_same_text(alike)
    if errors:
        sys.exit(1)


def _read_list(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a list, each after its file and line. One that cannot be read is empty."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        is_json = file.read(1) == "{"
        file.seek(0)
        if is_json:
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        row = json.loads(line)
                    except ValueError:
                        row = None
                    yield f"{source}:{number}", row if isinstance(row, dict) else {}
        else:
            reader = csv.DictReader(file)
            for row in reader:
                yield f"{source}:{reader.line_num}", row


def _parse_request(row: dict[str, Any]) -> tuple[str, int | None, str, str]:
    """Return subject, id or None, address and reason of a row. Raise ValueError where it is no request."""
    subject, reason, number, url = (str(row.get(name) or "").strip() for name in ("subject", "reason", "id", "url"))
    if subject not in SUBJECTS:
        raise ValueError(f"no subject {subject!r}; there are {', '.join(SUBJECTS)}")
    if reason not in REASONS:
        raise ValueError(f"no reason {reason!r}; there are {', '.join(REASONS)}")
    if bool(number) == bool(url) or not (url or (number.isascii() and number.isdigit() and len(number) < 19)):
        raise ValueError("either an id or a url is needed")
    return subject, int(number) if number else None, url, reason


def _print_ledger(archive: "Archive", *, as_json: bool) -> None:
    from archive.takedown.withhold import list_suppressions

    rows = list_suppressions(archive)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "erased" if row["erased_at"] else "restored" if row["lifted_at"] else "withheld"
        click.echo(
            f"{row['id']:>6}  {row['created_at']}  {state:<8}  {row['subject']} {row['number']}  {row['reason']}"
        )
    click.echo(format_count(len(rows), "entry", "entries"))


def _erase_counts(plan: "ErasePlan") -> dict[str, int]:
    return {
        "comments": len(plan.comments),
        "texts": len(plan.texts),
        "records": plan.redactions,
        "records_searched": plan.records,
        "warc_files": sum(bool(file.replacements) for file in plan.files),
        "warc_files_searched": len(plan.files),
        "comments_no_longer_proven": plan.others,
    }


def _describe_left(plan: "ErasePlan") -> list[str]:
    return [f"{what}: {problem.location}: {problem.reason}" for what, problem in plan.remaining()]


def _print_left(plan: "ErasePlan") -> None:
    left = _describe_left(plan)
    for line in left[:MAX_LINES]:
        click.echo(line)
    if len(left) > MAX_LINES:
        click.echo(f"... and {format_count(len(left) - MAX_LINES, 'more place')}")


def _announce(plan: "ErasePlan") -> None:
    """Print what is about to happen, in numbers: nothing of the text and no name."""
    lines = (
        f"{plan.subject} {plan.number}: to be destroyed: {format_count(len(plan.texts), 'text')} of "
        f"{format_count(len(plan.comments), 'comment')}, and {plan.redactions:,} of "
        f"{format_count(plan.records, 'record')} in {format_count(len(plan.files), 'file')}.",
        f"{format_count(plan.others, 'other comment was', 'other comments were')} read from these records, and no "
        "bytes will prove what was read any more.",
        f"{format_count(len(plan.left), 'other place holds it', 'other places hold it')}, to stay as before.",
    )
    for line in lines:
        click.echo(line, err=True)
