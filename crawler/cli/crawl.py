"""`btl crawl`: collect articles with their comment sections."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database_or_server, fail, opened, print_errors, print_json, require
from archive.cli.interrupts import INTERRUPTED
from archive.cli.progress import progress_report
from archive.text.formatting import format_count
from crawler.cli.common import (
    crawl_options,
    locked,
    make_plan,
    print_skipped,
    require_contact,
    seed_hosts,
    wait_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from archive.store.address import ServerAddress
    from crawler.run import CrawlOptions, CrawlOutcome, CrawlPlan


@click.command()
@click.argument("targets", nargs=-1, metavar="[URL... | OUTLETS.TOML]")
@click.option("--due", is_flag=True, help="Make the visits that are due, to all outlets or to those in OUTLETS.TOML.")
@database_or_server
@crawl_options
@wait_option
@click.option("--quiet", is_flag=True, help="Print failures and warnings only, as suits cron, which mails all output.")
@as_json_option
@click.option("--verbose", is_flag=True, help="Print Scrapy's log on standard error.")
def crawl(
    targets: tuple[str, ...],
    due: bool,
    path: "Path | ServerAddress",
    options: "CrawlOptions",
    wait_s: float,
    quiet: bool,
    as_json: bool,
    verbose: bool,
) -> None:
    """Collect articles with their comment sections.

    URL is an article, or an outlet's front page, feed or sitemap; OUTLETS.TOML lists outlets
    (`btl outlets --example` prints one). The archive notes when each page should be visited next; --due makes the
    visits that are due. The crawl obeys robots.txt and keeps every response in a WARC file beside the archive. If it
    is killed, run it again. With --due and OUTLETS.TOML, outlets removed from the file are no longer visited.

    Pages that are missing or refused are named, and do not count as a failure (status 0). Status 1 means that
    something in btl itself broke, or that nothing could be read.

    \b
    Example:  btl crawl https://courier.example/ferry --contact desk@example.org
              btl crawl outlets.toml
              btl crawl --due outlets.toml
    """
    plan = make_plan(targets, due=due)
    if due:
        require(path)
    outcome = _crawl(path, plan, replace(options, verbose=verbose), wait_s, quiet=as_json or quiet)
    _summarise(outcome, path, as_json=as_json, quiet=quiet)
    if not outcome.finished:
        click.echo("interrupted: what was visited is saved; the same command, or btl crawl --due, goes on", err=True)
        sys.exit(INTERRUPTED)
    if outcome.report.failed:
        sys.exit(1)


def _crawl(
    path: "Path | ServerAddress", plan: "CrawlPlan", options: "CrawlOptions", wait_s: float, *, quiet: bool
) -> "CrawlOutcome":
    """Crawl, once nothing holds the archive alone."""
    from archive.store.remote_files import RemoteError
    from crawler.browser.chromium import BrowserMissing
    from crawler.frontier.frontier import Frontier
    from crawler.report import CrawlReport
    from crawler.run import run_crawl

    if seeds := seed_hosts(plan):
        require_contact(seeds, options.contact, options.allow_hosts)
    with locked(path, wait_s), opened(path) as archive:
        if not seeds:
            require_contact(Frontier(archive).host_names(), options.contact, options.allow_hosts)
        try:
            with progress_report(quiet=quiet, describe=CrawlReport.line, has_size=False) as on_progress:
                return run_crawl(archive, plan, options, on_progress)
        except BrowserMissing as error:
            fail(str(error))
        except RemoteError as error:
            fail(f"{error}; what was saved before has its records, and the same command goes on")


def _summarise(outcome: "CrawlOutcome", path: "Path | ServerAddress", *, as_json: bool, quiet: bool) -> None:
    report = outcome.report
    if as_json:
        left_out = [{"outlet": row.outlet, "pages": row.pages, "reason": row.reason} for row in outcome.left_out]
        summary = {"db": str(path), "run": outcome.run_id, "counts": report.counts(), "warnings": outcome.warnings}
        print_json(summary | {"left_out": left_out, "next_at": outcome.next_at})
        return
    for line in [] if quiet else report.summary():
        click.echo(line)
    for line in outcome.warnings:
        click.echo(f"warning: {line}", err=True)
    print_skipped(report)
    print_errors([f"{location}: {reason}" for location, reason in report.errors])
    if quiet:
        return
    for row in outcome.left_out:
        click.echo(f"left out: {format_count(row.pages, 'due page')} of {row.outlet}: {row.reason}", err=True)
    if outcome.run_id is None:
        following = f"the next page is due at {outcome.next_at}" if outcome.next_at else "no page waits for a visit"
        click.echo(f"Nothing is due: {following}. {path}")
        return
    counts = report.total
    parts = [format_count(counts[f"{noun}s"], noun) for noun in ("page", "thread", "comment")]
    click.echo(
        f"{', '.join(parts)}: {counts['comments_new']:,} new, {counts['comments_edited']:,} edited, "
        f"{counts['comments_removed']:,} gone, {counts['comments_restored']:,} back; "
        f"{format_count(counts['errors'], 'error')}. {path}"
    )
