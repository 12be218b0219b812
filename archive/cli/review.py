"""`btl review`: verdicts by spreadsheet, how far reviewers agree, and their passwords."""

import json
import re
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import (
    database_or_copy,
    database_or_server,
    fail,
    open_for_writing,
    print_errors,
    print_json,
    reading,
)
from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.review.spreadsheet import Imported
    from archive.store.address import ServerAddress

SHORTEST_PASSWORD = 8


@click.group()
def review() -> None:
    """Have people judge flags, in a spreadsheet or on the site.

    \b
    Example:  btl review export -o flags.csv
              btl review import flags.csv --reviewer anna
              btl review agreement
    """


@review.command(short_help="Write flags to judge as a CSV spreadsheet.")
@database_or_copy
@click.option("--output", "-o", type=click.Path(dir_okay=False), default="-", help="File to write.  [default: stdout]")
@click.option("--all", "everything", is_flag=True, help="Include flags that have been judged already.")
@click.option("--code", help="Only flags of this code.")
@click.option("--sample", type=click.IntRange(1), help="Draw this many flags at random.")
@click.option(
    "--seed", default=0, show_default=True, help="Seed of the random sample; the same seed draws the same flags."
)
@as_json_option
def export(
    path: Path, output: str, everything: bool, code: str | None, sample: int | None, seed: int, as_json: bool
) -> None:
    """Write flags as CSV, one a row, to be judged in a spreadsheet.

    Fill in the columns reviewer, verdict (confirmed, dismissed or corrected), corrected_code and note. Text that a
    spreadsheet would take for a formula gets an apostrophe in front.

    \b
    Example:  btl review export -o flags.csv
              btl review export --code content.insult --sample 200 --seed 7 -o sample.csv
    """
    from archive.review.spreadsheet import export_csv

    if as_json and output == "-":
        raise click.UsageError("--json prints its summary where the sheet would go: name a file with -o")
    with reading(path) as connection, click.open_file(output, "w", "utf-8", atomic=output != "-") as out:
        _require_code(connection, code)
        written = export_csv(
            connection, cast("TextIO", out), everything=everything, code=code, sample=sample, seed=seed
        )
    if as_json:
        print_json({"db": str(path), "output": output, "counts": {"written": written}})
    else:
        click.echo(f"{format_count(written, 'flag')} written", err=True)


@review.command(name="import", short_help="Read the verdicts from such a spreadsheet.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@database_or_server
@click.option("--reviewer", help="Reviewer of rows that name none.")
@as_json_option
def import_(file: Path, path: "Path | ServerAddress", reviewer: str | None, as_json: bool) -> None:
    """Read the verdicts from a sheet that `btl review export` wrote.

    Rows without a verdict are skipped. A faulty row is reported, and the others are saved; the same sheet can be read
    again. Columns may be separated by commas or semicolons.

    \b
    Example:  btl review import flags.csv --reviewer anna
    """
    from archive.review.spreadsheet import import_csv
    from archive.review.verdicts import BadReview

    with open_for_writing(path) as archive:
        run = archive.begin_run("review", {"sha256": _digest(file)})
        try:
            with archive.transaction() as connection, file.open(encoding="utf-8-sig", newline="") as sheet:
                imported = import_csv(connection, sheet, reviewer=reviewer, at=run.started_at)
        except (BadReview, UnicodeDecodeError) as error:
            archive.end_run(run, "failed", {})
            fail(f"{file}: {_reason(error)}")
        counts = {"saved": imported.saved, "repeated": imported.repeated, "errors": len(imported.errors)}
        taken = imported.saved or imported.repeated or imported.empty
        archive.end_run(run, "failed" if imported.errors and not taken else "done", counts)
    if as_json:
        errors = [{"place": f"{file}:{error.line}", "reason": error.reason} for error in imported.errors]
        print_json({"db": str(path), "counts": counts | {"empty": imported.empty}, "errors": errors})
    else:
        _summarise(file, imported)
    if imported.errors:
        sys.exit(1)


def _summarise(file: Path, imported: "Imported") -> None:
    print_errors([f"{file}:{error.line}: {error.reason}" for error in imported.errors])
    parts = [f"{format_count(imported.saved, 'verdict')} saved"]
    parts += [f"{imported.repeated:,} there already"] if imported.repeated else []
    parts += [f"{format_count(imported.empty, 'row')} without a verdict"] if imported.empty else []
    parts += [f"{format_count(len(imported.errors), 'row')} refused"] if imported.errors else []
    click.echo(", ".join(parts) + ".")


def _reason(error: Exception) -> str:
    return "not UTF-8: save it as CSV UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


@review.command(short_help="Show how far reviewers agree.")
@database_or_copy
@as_json_option
def agreement(path: Path, as_json: bool) -> None:
    """Show how far reviewers agree on flags that several of them judged.

    For each code: pairs of verdicts that agree, Cohen's kappa (the mean over pairs of reviewers) and Krippendorff's
    alpha. Neither coefficient is defined if all verdicts are the same.

    \b
    Example:  btl review agreement --json
    """
    from dataclasses import asdict

    from archive.review.agreement import agreement as measure

    with reading(path) as connection:
        agreements = measure(connection)
    if as_json:
        print_json([asdict(row) for row in agreements])
        return
    if not agreements:
        click.echo("no flag was judged by two reviewers")
        return
    click.echo(f"{'flags':>8} {'reviewers':>9} {'agree':>6} {'kappa':>6} {'alpha':>6}  code")
    for row in agreements:
        numbers = f"{row.flags:>8,} {row.reviewers:>9,} {row.share:>6.0%} {_decimals(row.kappa)} {_decimals(row.alpha)}"
        click.echo(f"{numbers}  {row.code or 'all codes'}")


def _decimals(value: float | None) -> str:
    return f"{'-':>6}" if value is None else f"{value:>6.2f}"


@review.command(short_help="Print a reviewer's line for the reviewers file.")
@click.argument("name")
@as_json_option
def password(name: str, as_json: bool) -> None:
    """Ask for a password, and print a reviewer's line for the reviewers file.

    The line has the name and a hash of the password; `btl serve --reviewers FILE` reads it. If standard input is not a
    terminal, its first line is the password.

    \b
    Example:  btl review password anna >> reviewers.toml
              btl review password ben < password.txt >> reviewers.toml
    """
    from datasette_auth_passwords.utils import hash_password

    from archive.site.viewer import check_reviewer_name

    try:
        check_reviewer_name(name)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if sys.stdin.isatty():
        chosen = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        chosen = sys.stdin.readline().removesuffix("\n")
    if len(chosen) < SHORTEST_PASSWORD:
        fail(f"a password needs at least {SHORTEST_PASSWORD} characters")
    if as_json:
        print_json({"name": name, "hash": hash_password(chosen)})
        return
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
    click.echo(f'{key} = "{hash_password(chosen)}"')


def _require_code(connection: sqlite3.Connection, code: str | None) -> None:
    if code and connection.execute("select 1 from flag_codes where code = ?", (code,)).fetchone() is None:
        raise click.UsageError(f"unknown flag code {code!r}")


def _digest(file: Path) -> str:
    from hashlib import sha256

    return sha256(file.read_bytes()).hexdigest()
