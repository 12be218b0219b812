"""`btl names`: fetch the names of commenters whose service gives ids alone."""

import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database_or_server, opened, print_errors, print_json, require
from archive.cli.interrupts import INTERRUPTED
from archive.cli.progress import progress_report
from archive.text.formatting import format_count
from crawler.cli.common import (
    allow_host_option,
    check_allowed_hosts,
    contact_option,
    locked,
    require_contact,
    wait_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from archive.store.address import ServerAddress
    from crawler.names import NamesOutcome


@click.command()
@database_or_server
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=1_000, show_default=True, help="Fetch at most this many names."
)
@click.option("--again", is_flag=True, help="Start over, and look up again those without a name.")
@allow_host_option
@contact_option
@wait_option
@as_json_option
def names(
    path: "Path | ServerAddress",
    limit: int,
    again: bool,
    allow_hosts: tuple[str, ...],
    contact: str | None,
    wait_s: float,
    as_json: bool,
) -> None:
    """Fetch the names of commenters where a service gives only their ids, as Viafoura does.

    Each name takes a request of its own, one a second, so crawls do not wait for them; threads are complete without.
    Run it again to go on after the last name: nobody is looked up twice.

    Status 1 means that a host refused or failed; it is named, and the names fetched so far are saved.

    \b
    Example:  btl names --contact desk@example.org
    """
    from crawler.names import NamesOutcome, fetch_names, find_lookups
    from crawler.report import CrawlReport
    from crawler.run import CrawlOptions

    check_allowed_hosts(allow_hosts)
    require(path)
    with locked(path, wait_s), opened(path) as archive:
        lookups, left = find_lookups(archive, limit, again=again)
        outcome = NamesOutcome()
        if lookups:
            require_contact({urlsplit(lookup.fetch.url).netloc for lookup in lookups}, contact, allow_hosts)
            options = CrawlOptions(contact, allow_hosts, limit=limit)
            with progress_report(quiet=as_json, describe=CrawlReport.line, has_size=False) as on_progress:
                outcome = fetch_names(archive, lookups, options, on_progress)
    _summarise(outcome, left + len(lookups) - outcome.asked, path, as_json=as_json)
    if not outcome.finished:
        click.echo("interrupted: the names that came are saved; the same command goes on", err=True)
        sys.exit(INTERRUPTED)
    if outcome.errors:
        sys.exit(1)


def _summarise(outcome: "NamesOutcome", left: int, path: "Path | ServerAddress", *, as_json: bool) -> None:
    if as_json:
        failures = [{"url": url, "reason": reason} for url, reason in outcome.errors]
        counts = {"asked": outcome.asked, "named": outcome.named, "nameless": outcome.nameless, "left": left}
        print_json({"db": str(path), "counts": counts | {"errors": len(failures)}, "failures": failures})
    else:
        print_errors([f"{url}: {reason}" for url, reason in outcome.errors])
        named = format_count(outcome.named, "name")
        click.echo(f"{named} saved, {outcome.nameless:,} have none, {left:,} still to be asked for. {path}")
