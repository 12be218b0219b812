"""What `btl import` takes for tables: its options, the dry run, and what is in doubt before anything is written."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import fail, print_errors, print_json

if TYPE_CHECKING:
    from archive.importers.base import BadDocument, Options
    from archive.importers.tables.preview import Preview


def print_formats(context: click.Context, _: click.Parameter, value: bool) -> None:
    if not value:
        return
    from archive.importers import IMPORTERS
    from archive.importers.tables.mapping import presets

    for importer in IMPORTERS:
        click.echo(f"{importer.NAME:<12} {(importer.__doc__ or '').partition(chr(10))[0]}")
    click.echo(f"\nPresets for tables (--mapping): {', '.join(presets())}")
    context.exit()


def read_options(
    *,
    format_: str | None,
    roles: str | None,
    mapping: str | None,
    table: str | None,
    records: str | None,
    outlet: str | None,
    timezone: str | None,
    keep_columns: tuple[str, ...],
    no_header: bool,
) -> "Options":
    """Return what the user said of the files. Ends with status 2 where it makes no sense."""
    from archive.importers import IMPORTERS, importer_named
    from archive.importers.base import Options
    from archive.importers.tables.cells import find_zone
    from archive.importers.tables.mapping import BadMapping, ColumnMapping, load_mapping

    if format_ is not None and importer_named(format_) is None:
        names = ", ".join(importer.NAME for importer in IMPORTERS)
        raise click.UsageError(f"no format is called {format_!r}; there are {names}")
    try:
        if timezone:
            find_zone(timezone)
        columns = parse_roles(roles or "")
        ColumnMapping().with_roles(columns)
        return Options(
            format="table" if format_ is None and (roles or mapping or table or records or no_header) else format_,
            mapping=load_mapping(mapping) if mapping else None,
            roles=columns,
            outlet=outlet,
            timezone=timezone,
            table=table,
            records=records,
            keep=frozenset(keep_columns),
            has_header=not no_header,
        )
    except (BadMapping, ValueError) as error:
        raise click.UsageError(str(error)) from error


def parse_roles(text: str) -> dict[str, str]:
    """Return the columns by role that --map names; a comma in a column's name is written in quotes, as in CSV."""
    roles = {}
    for part in next(csv.reader([text], skipinitialspace=True), []):
        role, equals, column = part.partition("=")
        if not equals or not role.strip():
            raise ValueError(f"--map takes ROLE=COLUMN pairs apart by commas, not {part!r}")
        roles[role.strip()] = column.strip().strip("\"'")
    return roles


def preview_tables(paths: list[str], options: "Options", save_to: Path | None, *, as_json: bool, dry_run: bool) -> None:
    """Show how tables are read, and write the mapping where that is wanted. Status 2 where one is in doubt."""
    from archive.importers.tables.mapping import write_mapping

    shown, errors = _previews(paths, options)
    if dry_run:
        _print_previews(shown, errors, as_json=as_json)
    print_errors([str(error) for error in errors])
    if save_to is not None and len(shown) > 1:
        raise click.UsageError("--save-mapping writes the mapping of one table: name one file")
    if save_to is not None and shown:
        try:
            save_to.write_text(write_mapping(shown[0].conclusion.mapping), encoding="utf-8")
        except OSError as error:
            fail(f"{save_to}: {error.strerror}")
    if errors or any(preview.conclusion.doubt for preview in shown):
        sys.exit(2)


def _previews(paths: list[str], options: "Options") -> "tuple[list[Preview], list[BadDocument]]":
    from archive.importers.base import BadDocument
    from archive.importers.sources import open_sources
    from archive.importers.tables.preview import preview

    shown, errors = [], []
    for opened in open_sources(paths, options):
        if isinstance(opened, BadDocument):
            errors.append(opened)
            continue
        importer, source = opened
        if importer.NAME != "table":
            errors.append(BadDocument(source.name, f"read as {importer.NAME}; only tables are shown beforehand"))
            continue
        try:
            shown.append(preview(source))
        except BadDocument as error:
            errors.append(error)
    return shown, errors


def _print_previews(shown: "list[Preview]", errors: "list[BadDocument]", *, as_json: bool) -> None:
    from archive.importers.tables.preview import describe, describe_as_json

    if as_json:
        failed = [{"place": error.location, "reason": error.reason} for error in errors]
        print_json({"files": [describe_as_json(preview) for preview in shown], "errors": failed})
        return
    for preview in shown:
        for line in describe(preview):
            click.echo(line)


def find_undecided(paths: list[str], options: "Options") -> list["BadDocument"]:
    """Return why files that the user names are read only once something is said, before anything is written."""
    from archive.importers.base import BadDocument, Undecided
    from archive.importers.sources import open_sources
    from archive.importers.tables.importer import examine

    undecided: list[BadDocument] = []
    named = [name for name in paths if name != "-" and not Path(name).is_dir()]
    for opened in open_sources(named, options):
        if isinstance(opened, BadDocument):
            undecided += [opened] * isinstance(opened, Undecided)
            continue
        importer, source = opened
        if importer.NAME != "table":
            continue
        try:
            _, conclusion = examine(source)
        except Undecided as error:
            undecided.append(error)
        except BadDocument:
            continue
        else:
            if conclusion.doubt:
                undecided.append(Undecided(source.name, conclusion.doubt))
    return undecided
