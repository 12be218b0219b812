"""`btl outlets`: what is due when, what fails since when and why; pause, stop and resume an outlet."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database_or_server, example_option, fail, open_for_reading, open_for_writing, print_json
from archive.text.formatting import format_count
from crawler.cli.common import read_outlets

if TYPE_CHECKING:
    from archive.store.address import ServerAddress
    from crawler.frontier.outlet_states import OutletState

FAILURES_PRINTED = 5
names_argument = click.argument("names", nargs=-1, required=True, metavar="OUTLET...")
note_option = click.option("--note", help="Reason, shown by `btl outlets` and by each crawl.")


class ListByDefault(click.Group):
    """List where no other command is named, so that `btl outlets --json` is enough."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *ctx.help_option_names, "--example"):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ListByDefault)
@example_option("crawler", "outlets.example.toml")
def outlets() -> None:
    """List the outlets that are crawled; pause, stop and resume them.

    OUTLET is an outlet's home page as the list shows it, or its host name if no other outlet shares it. Outlets come
    from the file that is given to `btl crawl`; --example prints one.

    \b
    Example:  btl outlets --example > outlets.toml
              btl outlets
              btl outlets pause courier.example --until 2026-04-01 --note "their servers move"
              btl outlets resume courier.example
    """


@outlets.command(name="list", short_help="List outlets with what is due and what fails.")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@database_or_server
@as_json_option
def list_(file: Path | None, path: "Path | ServerAddress", as_json: bool) -> None:
    """List outlets: what is due when, the last successful visit, and what has been failing since when and why.

    With FILE, an outlets file, also show which outlets it does not list, and which of its outlets were never visited.

    \b
    Example:  btl outlets list outlets.toml
              btl outlets --json
    """
    from crawler.frontier.outlet_states import list_outlets

    listed = {outlet.home for outlet in read_outlets(file)} if file else None
    with open_for_reading(path) as archive:
        states = list_outlets(archive, datetime.now(UTC), listed)
    if as_json:
        print_json({"db": str(path), "outlets": [asdict(state) for state in states]})
        return
    for state in states:
        _print_state(state)
    click.echo(f"{format_count(len(states), 'outlet')}. {path}")


@outlets.command()
@names_argument
@click.option("--until", metavar="TIME", help="Resume on this day or at this time (UTC), such as 2026-04-01.")
@note_option
@database_or_server
@as_json_option
def pause(
    names: tuple[str, ...], until: str | None, note: str | None, path: "Path | ServerAddress", as_json: bool
) -> None:
    """Pause visits to an outlet until it is resumed, or until a time.

    This takes effect at once, even in a running crawl, whatever the outlets file says. What becomes due meanwhile is
    visited afterwards.

    \b
    Example:  btl outlets pause https://courier.example/ --until 2026-04-01T06:00
    """
    _pause(names, "paused", _parse_time(until) if until else None, note, path, as_json=as_json)


@outlets.command()
@names_argument
@note_option
@database_or_server
@as_json_option
def stop(names: tuple[str, ...], note: str | None, path: "Path | ServerAddress", as_json: bool) -> None:
    """Stop visiting an outlet. What was collected stays in the archive; `btl outlets resume` starts again.

    \b
    Example:  btl outlets stop courier.example --note "closed its comments on 1 March"
    """
    _pause(names, "stopped", None, note, path, as_json=as_json)


@outlets.command()
@names_argument
@database_or_server
@as_json_option
def resume(names: tuple[str, ...], path: "Path | ServerAddress", as_json: bool) -> None:
    """Resume visits to an outlet that was paused or stopped. What became due meanwhile is due at once.

    \b
    Example:  btl outlets resume courier.example
    """
    from crawler.frontier import outlet_states

    def change(archive: Any, home: str) -> str:
        return "is visited again" if outlet_states.resume(archive, home) else "was not paused"

    _change(names, change, path, as_json=as_json)


def _pause(
    names: tuple[str, ...],
    status: str,
    until: str | None,
    note: str | None,
    path: "Path | ServerAddress",
    *,
    as_json: bool,
) -> None:
    from crawler.frontier import outlet_states

    def change(archive: Any, home: str) -> str:
        outlet_states.pause(archive, home, datetime.now(UTC), stop=status == "stopped", until=until, note=note)
        return f"is {status}" + (f" until {until}" if until else "")

    _change(names, change, path, as_json=as_json)


def _change(
    names: tuple[str, ...], change: Callable[[Any, str], str], path: "Path | ServerAddress", *, as_json: bool
) -> None:
    """Change outlets, none of them where one is not known."""
    from crawler.frontier.outlet_states import NoSuchOutlet, find_outlet, list_outlets

    with open_for_writing(path) as archive:
        try:
            homes = [find_outlet(archive, name) for name in names]
        except NoSuchOutlet as error:
            fail(str(error))
        done = {home: change(archive, home) for home in homes}
        states = [state for state in list_outlets(archive, datetime.now(UTC)) if state.home in done]
    if as_json:
        print_json({"db": str(path), "outlets": [asdict(state) for state in states]})
        return
    for state in states:
        click.echo(f"{state.home} {done[state.home]}: {format_count(state.due, 'page')} due now.")


def _parse_time(text: str) -> str:
    from archive.text.formatting import format_time

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--until: {text!r} is not a time, such as 2026-04-01 or 2026-04-01T06:00") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= datetime.now(UTC):
        raise click.UsageError(f"--until: {text} is in the past")
    return format_time(moment)


def _print_state(state: "OutletState") -> None:
    from crawler.frontier.outlet_states import describe_pause

    status = {"unlisted": "not in the outlets file", "new": "no crawl has visited it"}.get(state.status, state.status)
    if state.since:
        status = describe_pause(asdict(state))
    click.echo(f"{state.home}  {status}")
    if state.pages:
        following = f"the next at {state.next_at}" if state.next_at else "no visit is planned"
        click.echo(
            f"  {format_count(state.pages, 'page')}, {state.due:,} due now, {following}; "
            f"last success {state.last_success or 'never'}"
        )
    if state.failing:
        given_up = f", {state.given_up:,} given up" if state.given_up else ""
        pages = format_count(state.failing, "page fails", "pages fail")
        click.echo(f"  {pages}, the first since {state.failing_since}{given_up}:")
    for row in state.failures[:FAILURES_PRINTED]:
        times = format_count(row["failures"], "visit")
        click.echo(f"    {row['url']}: {row['last_error']} ({times} since {row['failing_since']})")
    if state.failing > FAILURES_PRINTED:
        click.echo(f"    ... and {state.failing - FAILURES_PRINTED:,} more")
