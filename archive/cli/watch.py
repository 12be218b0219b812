"""`btl watch`: searches that a newsroom follows, with mail or webhooks for what is new."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import changing, database, fail, open_for_writing, parse_site, print_errors, print_json, reading
from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.site.watches import Reached

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
@click.option("--all", "everything", is_flag=True, help="Report comments that are in the archive already, too.")
@as_json_option
def add(name: str, search: str, path: Path, everything: bool, as_json: bool) -> None:
    """Follow a search.

    SEARCH is words, as they are typed into the search box, or the address of a search page.
    """
    from archive.site.params import search_url
    from archive.site.watches import CannotSearch, Reached, newest, reached, read_search

    try:
        params = read_search(search)
        with changing(path) as connection:
            newest(connection, params, 1)
            last = Reached(0, 0) if everything else reached(connection)
            connection.execute(
                "insert into watches (name, search, created_at, last_comment_id, last_flag_id) "
                "values (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?, ?)",
                (name, search_url(params), last.comment, last.flag),
            )
    except CannotSearch as error:
        fail(str(error))
    except sqlite3.IntegrityError:
        fail(f"there is a watch named {name} already; `btl watch remove {name}` deletes it")
    if as_json:
        print_json({"db": str(path), "name": name, "search": search_url(params), "counts": {"added": 1}})
        return
    click.echo(f"Watching {name}; `btl watch run` shows what is new.")


@watch.command()
@click.argument("name")
@database
@as_json_option
def remove(name: str, path: Path, as_json: bool) -> None:
    """Stop following a search."""
    with changing(path) as connection:
        number = connection.execute("delete from watches where name = ?", (name,)).rowcount
    if not number:
        fail(f"there is no watch named {name}")
    if as_json:
        print_json({"db": str(path), "name": name, "counts": {"removed": number}})


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
        click.echo(f"{row['name']:<20} {row['search']}  (last checked: {row['checked_at'] or 'never'})")


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
@click.option(
    "--site",
    default="http://127.0.0.1:8001",
    show_default=True,
    callback=parse_site,
    help="Where the site is, for links.",
)
@as_json_option
def run(names: Sequence[str], path: Path, targets: Sequence[str], site: str, as_json: bool) -> None:
    """Send what is new since the last look.

    All watches are run unless some are named. What was sent is not sent again; a message that could not be sent is
    sent by the next run. Messages have links to comments, and no texts and no names of commenters.
    """
    summaries, errors = list[dict[str, Any]](), list[str]()
    open_for_writing(path).close()  # else what is sent could not be noted, and would be sent by each run
    with reading(path) as connection:
        connection.row_factory = sqlite3.Row
        for watch, comments, last in _new_comments(connection, names, errors):
            links = [f"{site}/comment/{comment['id']}" for comment in comments]
            summaries.append({"name": watch["name"], "search": watch["search"], "new": links})
            title = f"{watch['name']}: {format_count(len(comments), 'new comment')}"
            text = _message(title, watch, comments, site)
            if comments and not as_json:
                click.echo(text)
            if comments and targets and not _send(targets, title, text):
                errors.append(f"{watch['name']}: the message could not be sent; the next run sends it again")
            else:
                _note(path, watch["name"], last)
    print_errors(errors)
    counts = {"new": sum(len(summary["new"]) for summary in summaries)}
    if as_json:
        print_json({"db": str(path), "counts": counts, "watches": summaries, "errors": errors})
    elif not counts["new"]:
        click.echo("Nothing new.")
    if errors:
        raise SystemExit(1)


def _new_comments(
    connection: sqlite3.Connection, names: Sequence[str], errors: list[str]
) -> Iterator[tuple[sqlite3.Row, list[sqlite3.Row], "Reached"]]:
    """Yield each watch with its new comments, and how far the archive goes; what is wrong with one is an error."""
    from archive.site.watches import CannotSearch, Reached, find_new, reached, read_search

    watches = {row["name"]: row for row in connection.execute(WATCHES)}
    if unknown := sorted(set(names) - set(watches)):
        fail(f"there is no watch named {', '.join(unknown)}")
    last = reached(connection)
    for name, row in watches.items():
        if names and name not in names:
            continue
        before = Reached(row["last_comment_id"], row["last_flag_id"])
        try:
            yield row, find_new(connection, read_search(row["search"]), before), last
        except CannotSearch as error:
            errors.append(f"{name}: {error}")


def _note(path: Path, name: str, last: "Reached") -> None:
    with changing(path) as connection:
        connection.execute(
            "update watches set checked_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), last_comment_id = ?, "
            "last_flag_id = ? where name = ?",
            (last.comment, last.flag, name),
        )


def _message(title: str, watch: sqlite3.Row, comments: Sequence[sqlite3.Row], site: str) -> str:
    lines = [f"{title}, {site}{watch['search']}"]
    for comment in comments[:LISTED]:
        outlet = f", {comment['outlet']}" if comment["outlet"] else ""
        lines.append(f"  {site}/comment/{comment['id']}  under “{comment['title'] or 'Untitled article'}”{outlet}")
    if len(comments) > LISTED:
        lines.append(f"  and {len(comments) - LISTED:,} more")
    return "\n".join(lines)


def _send(targets: Sequence[str], title: str, text: str) -> bool:
    try:
        import apprise
    except ImportError:
        fail('--notify needs the extra "watch" (pip install "belowtheline[watch]")')
    sender = apprise.Apprise()
    for target in targets:
        if not sender.add(target):
            fail("--notify: apprise does not know such an address")
    return bool(sender.notify(title=title, body=text))
