"""`btl watch`: searches that a newsroom follows, with mail or webhooks for what is new."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import changing, database, fail, print_errors, print_json, reading
from archive.text.numbers import format_count

LISTED = 20
WATCHES = "select name, search, created_at, checked_at, last_comment_id, last_flag_id from watches order by name"


@click.group()
def watch() -> None:
    """Follow searches: what is new since the last look, here, by mail or by webhook.

    \b
    Example:  btl watch add harbour "threat OR drown outlet:gull.example"
              btl watch add insults "/search?flag=content.insult"
              btl watch run --notify mailto://user:password@mail.example --site https://comments.example
    """


@watch.command()
@click.argument("name")
@click.argument("search")
@database
@click.option("--all", "everything", is_flag=True, help="Count what is there already as new, too.")
def add(name: str, search: str, path: Path, everything: bool) -> None:
    """Follow a search.

    It is named by words, as in the search box, or by the address of a search page.
    """
    from archive.site.watches import CannotSearch, address, newest, reached, read_search

    try:
        params = read_search(search)
        with changing(path) as connection:
            newest(connection, params, 1)
            last = reached(connection)
            values = (name, address(params), 0 if everything else last.comment, 0 if everything else last.flag)
            connection.execute(
                "insert into watches (name, search, created_at, last_comment_id, last_flag_id) "
                "values (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?, ?)",
                values,
            )
    except CannotSearch as error:
        fail(str(error))
    except sqlite3.IntegrityError:
        fail(f"there is a watch named {name}; `btl watch remove {name}` ends it")
    click.echo(f"Watching {name}; `btl watch run` says what is new.")


@watch.command()
@click.argument("name")
@database
def remove(name: str, path: Path) -> None:
    """Follow a search no longer."""
    with changing(path) as connection:
        number = connection.execute("delete from watches where name = ?", (name,)).rowcount
    if not number:
        fail(f"there is no watch named {name}")


@watch.command(name="list")
@database
@as_json_option
def list_(path: Path, as_json: bool) -> None:
    """List the searches that are followed."""
    with reading(path) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute(WATCHES)]
    if as_json:
        print_json({"db": str(path), "watches": rows})
        return
    for row in rows:
        click.echo(f"{row['name']:<20} {row['search']}  (last look: {row['checked_at'] or 'never'})")


@watch.command()
@click.argument("names", nargs=-1)
@database
@click.option(
    "--notify",
    "targets",
    multiple=True,
    metavar="URL",
    envvar="BTL_NOTIFY",
    help="Where to send what is new, as apprise writes it: mailto://, json:// and others. Needs the extra watch.",
)
@click.option("--site", default="http://127.0.0.1:8001", show_default=True, help="Where the site is, for links.")
@as_json_option
def run(names: Sequence[str], path: Path, targets: Sequence[str], site: str, as_json: bool) -> None:
    """Send what is new since the last look.

    All watches are looked at unless some are named, and what was sent is noted.

    Nothing is noted where a message could not be sent: the next run sends it again. Messages have links and flags, no
    texts of comments and no names.
    """
    site, found, errors = site.rstrip("/"), list[dict[str, Any]](), list[str]()
    with _watched(path, names, errors) as watches:
        for row, rows, last in watches:
            links = [f"{site}/comment/{one['id']}" for one in rows]
            found.append({"name": row["name"], "search": row["search"], "new": links})
            text = _message(row, rows, site)
            if rows and not as_json:
                click.echo(text)
            title = f"{row['name']}: {format_count(len(rows), 'new comment')}"
            if rows and targets and not _send(targets, title, text):
                errors.append(f"{row['name']}: the message could not be sent; the next run sends it again")
            else:
                _note(path, row["name"], last)
    print_errors(errors)
    counts = {"new": sum(len(one["new"]) for one in found)}
    if as_json:
        print_json({"db": str(path), "counts": counts, "watches": found, "errors": errors})
    elif not counts["new"]:
        click.echo("Nothing new.")
    if errors:
        raise SystemExit(1)


@contextmanager
def _watched(path: Path, names: Sequence[str], errors: list[str]) -> Iterator[Iterator[tuple[Any, list[Any], Any]]]:
    """Give each watch with its new comments, and how far it has looked then; what is wrong with one is an error."""
    from archive.site.watches import CannotSearch, Reached, find_new, reached, read_search

    with reading(path) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(WATCHES).fetchall()
        if unknown := sorted(set(names) - {row["name"] for row in rows}):
            fail(f"there is no watch named {', '.join(unknown)}")

        def each() -> Iterator[tuple[Any, list[Any], Any]]:
            last = reached(connection)
            for row in rows:
                if names and row["name"] not in names:
                    continue
                before = Reached(row["last_comment_id"], row["last_flag_id"])
                try:
                    yield row, find_new(connection, read_search(row["search"]), before), last
                except CannotSearch as error:
                    errors.append(f"{row['name']}: {error}")

        yield each()


def _note(path: Path, name: str, last: Any) -> None:
    with closing(sqlite3.connect(path, timeout=60)) as connection, connection:
        connection.execute(
            "update watches set checked_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), last_comment_id = ?, "
            "last_flag_id = ? where name = ?",
            (last.comment, last.flag, name),
        )


def _message(row: Any, rows: Sequence[Any], site: str) -> str:
    lines = [f"{row['name']}: {format_count(len(rows), 'new comment')}, {site}{row['search']}"]
    for one in rows[:LISTED]:
        where = f"under “{one['title'] or 'Untitled article'}”" + (f", {one['outlet']}" if one["outlet"] else "")
        lines.append(f"  {site}/comment/{one['id']}  {where}")
    if len(rows) > LISTED:
        lines.append(f"  and {len(rows) - LISTED:,} more")
    return "\n".join(lines)


def _send(targets: Sequence[str], title: str, text: str) -> bool:
    try:
        import apprise
    except ImportError:
        fail('--notify needs the extra "watch" (pip install "belowtheline[watch]")')
    sender = apprise.Apprise()
    for target in targets:
        if not sender.add(target):
            fail("--notify: that is no address that apprise knows")
    return bool(sender.notify(title=title, body=text))
