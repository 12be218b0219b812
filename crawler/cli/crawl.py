"""The crawler's commands of `btl`: crawl, record, replay, verify, schedule."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import database, fail, opened, print_json

if TYPE_CHECKING:
    from archive.store.archive import Archive
    from crawler.run import Outcome, Plan

ERRORS_SHOWN = 20
INTERRUPTED = 130
CONTACT_VARIABLE = "BTL_CONTACT"


_contact = click.option(
    "--contact",
    envvar=CONTACT_VARIABLE,
    help=f"How sites reach you: an address or a page. Needed for public hosts.  [env: {CONTACT_VARIABLE}]",
)
_allow = click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="HOST:PORT",
    help="Ask this host though it is not public, such as a test server or an intranet.",
)
_delay = click.option(
    "--delay",
    type=click.FloatRange(0, 3600),
    default=0.0,
    show_default=True,
    help="Seconds between requests to an --allow-host; public hosts are asked once a second.",
)
_concurrency = click.option(
    "--concurrency",
    type=click.IntRange(1, 32),
    default=1,
    show_default=True,
    help="Requests at once to an --allow-host.",
)
_timeout = click.option(
    "--timeout", type=click.FloatRange(1, 600), default=30.0, show_default=True, help="Seconds that an answer may take."
)
_verbose = click.option("--verbose", is_flag=True, help="Print Scrapy's log on standard error.")


@click.command()
@click.argument("targets", nargs=-1, metavar="[URL... | OUTLETS.TOML]")
@click.option("--due", is_flag=True, help="Visit what is due, and end.")
@database
@_contact
@_allow
@_delay
@_concurrency
@_timeout
@click.option("--limit", "most", type=click.IntRange(1), help="Visit at most so many pages of the frontier.")
@click.option("--wait", "wait_s", type=click.FloatRange(0), default=0.0, help="Seconds to wait for another crawl.")
@as_json_option
@_verbose
def crawl(
    targets: tuple[str, ...],
    due: bool,
    path: Path,
    contact: str | None,
    allow_hosts: tuple[str, ...],
    delay: float,
    concurrency: int,
    timeout: float,
    most: int | None,
    wait_s: float,
    as_json: bool,
    verbose: bool,
) -> None:
    """Collect articles with their comment sections.

    URL is an article, or an outlet's front page, feed or sitemap; OUTLETS.TOML lists outlets
    (docs/outlets.example.toml). Each page found has its next visit in the archive: --due makes those visits.
    Robots.txt is obeyed, every answer is kept in a WARC file beside the archive, and a crawl that was killed is simply
    run again.

    \b
    Example:  btl crawl https://courier.example/ferry --contact desk@example.org
              btl crawl outlets.toml
              btl crawl --due
    """
    from crawler.run import Options, run

    plan = _plan(targets, due=due)
    _check_hosts(allow_hosts)
    options = Options(contact, allow_hosts, delay, concurrency, timeout, most, verbose, as_json)
    with _locked(path, wait_s), opened(path) as archive:
        _require_contact(archive, plan, contact, allow_hosts)
        outcome = run(archive, plan, options)
    _summarise(outcome, path, as_json=as_json)
    if not outcome.finished:
        click.echo("interrupted: btl crawl --due goes on", err=True)
        sys.exit(INTERRUPTED)
    if outcome.report.errors:
        sys.exit(1)


def _plan(targets: Sequence[str], *, due: bool) -> "Plan":
    from archive.text.urls import canonical, is_web_address
    from crawler.outlets import BadOutlets, load
    from crawler.run import Plan

    if bool(targets) == due:
        raise click.UsageError("name addresses or an outlets file, or say --due")
    urls = [target for target in targets if is_web_address(target)]
    files = [target for target in targets if target not in urls]
    if urls and files:
        raise click.UsageError(f"{files[0]} is no web address")
    for file in files:
        if not Path(file).is_file():
            raise click.UsageError(f"{file} is neither a web address nor a file")
    try:
        outlets = [outlet for file in files for outlet in load(Path(file))]
    except BadOutlets as error:
        raise click.UsageError(str(error)) from error
    addresses = [canonical(url) for url in urls]
    for url, address in zip(urls, addresses, strict=True):
        if address is None:
            raise click.UsageError(f"{url} is no web address")
    return Plan(tuple(address for address in addresses if address), tuple(outlets))


def _check_hosts(allow_hosts: Sequence[str]) -> None:
    from archive.text.hosts import parse_host_and_port

    for place in allow_hosts:
        try:
            parse_host_and_port(place)
        except ValueError as error:
            raise click.UsageError(f"--allow-host: {error}") from error


def _require_contact(archive: "Archive", plan: "Plan", contact: str | None, allow_hosts: Sequence[str]) -> None:
    """Public hosts are asked only by someone who can be reached."""
    from archive.text.urls import is_web_address
    from crawler.frontier import Frontier

    if contact and ("@" in contact or is_web_address(contact)):
        return
    if contact:
        raise click.UsageError(f"--contact: {contact!r} is neither an e-mail address nor a page")
    hosts = {urlsplit(seed.url).netloc for seed in plan.seeds()} or set(Frontier(archive).hosts())
    if strangers := sorted(hosts - set(allow_hosts)):
        raise click.UsageError(
            f"--contact (or {CONTACT_VARIABLE}) must say how {strangers[0]} can reach you: an e-mail address or a page"
        )


def _summarise(outcome: "Outcome", path: Path, *, as_json: bool) -> None:
    report = outcome.report
    if as_json:
        print_json({"db": str(path), "run": outcome.run_id, "counts": report.counts(), "warnings": outcome.warnings})
    else:
        for line in report.summary():
            click.echo(line)
        for line in outcome.warnings:
            click.echo(f"warning: {line}", err=True)
        _print_errors(report.errors)
        counts = report.total
        click.echo(
            f"{counts['pages']:,} pages, {counts['threads']:,} threads, {counts['comments']:,} comments: "
            f"{counts['comments_new']:,} new, {counts['comments_edited']:,} edited, "
            f"{counts['comments_removed']:,} gone, {counts['comments_restored']:,} back; "
            f"{counts['errors']:,} errors. {path}"
        )


def _print_errors(errors: Sequence[tuple[str, str]]) -> None:
    for place, reason in errors[:ERRORS_SHOWN]:
        click.echo(f"error: {place}: {reason}", err=True)
    if len(errors) > ERRORS_SHOWN:
        click.echo(f"... and {len(errors) - ERRORS_SHOWN:,} more errors", err=True)


@click.command()
@click.argument("url")
@click.option(
    "--case", "name", required=True, help="Name of the case: PLATFORM/NAME, or NAME for the one that reads it."
)
@click.option("--pages", type=click.Path(file_okay=False, path_type=Path), default="tests/pages", show_default=True)
@_contact
@_allow
def record(url: str, name: str, pages: Path, contact: str | None, allow_hosts: tuple[str, ...]) -> None:
    """Fetch one article with its comments as a test case for a platform, with a draft of what it holds.

    \b
    Example:  btl record https://courier.example/ferry --case ferry --contact desk@example.org
    """
    from crawler.record_case import CaseExists, record_case
    from crawler.run import Options

    plan = _plan([url], due=False)
    _check_hosts(allow_hosts)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "record.db") as archive:
        _require_contact(archive, plan, contact, allow_hosts)
        options = Options(contact, allow_hosts, most=1, quiet=True)
        try:
            case, failures = record_case(archive, plan, options, pages, name)
        except CaseExists as error:
            fail(str(error))
    _print_errors(failures)
    if case is None:
        sys.exit(1)
    click.echo(f"{case}: read expected.json and correct it")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--url", help="Address of a saved page that does not name its own.")
@database
@as_json_option
def replay(paths: tuple[Path, ...], url: str | None, path: Path, as_json: bool) -> None:
    """Read captured pages into the archive: WARC and WACZ files, saved pages, folders of them. Nothing is fetched.

    \b
    Example:  btl replay crawl.warc.gz other.wacz
              btl replay page.html --url https://courier.example/ferry
    """
    from crawler.reparse import replay as reread
    from crawler.report import Progress, Report

    missing = [str(each) for each in paths if not each.exists()]
    if missing:
        raise click.UsageError(f"no such file or folder: {', '.join(missing)}")
    progress = Progress(Report(), quiet=as_json)

    def show(report: Report) -> None:
        progress.report = report
        progress.show()

    with opened(path) as archive:
        result = reread(archive, paths, url, show)
    progress.end()
    counts = result.report.total
    if as_json:
        print_json({"db": str(path), "counts": result.report.counts()})
    else:
        for line in result.report.summary():
            click.echo(line)
        _print_errors(result.errors)
        read = f"{counts['threads']:,} threads, {counts['comments']:,} comments read"
        click.echo(f"{read}, {counts['comments_new']:,} new. {path}")
    if result.errors:
        sys.exit(1)


@click.command()
@click.argument("release", required=False, type=click.Path(exists=True, path_type=Path))
@database
@as_json_option
def verify(release: Path | None, path: Path, as_json: bool) -> None:
    """Check the archive against its evidence: every capture's digest, and every comment read again from its capture.

    With RELEASE, a folder that `btl publish` made: its files, its database and the chain of releases, without the
    archive. Ends with status 1 where anything differs, and names it. What is withheld, or was redacted by `btl erase`,
    is counted.

    \b
    Example:  btl verify --db archive.db
              btl verify public/archive.releases/0001
    """
    differences, counts = _release(release) if release is not None else _evidence(path)
    checked = release or path
    if as_json:
        listed = [{"place": place, "what": what} for place, what in differences]
        print_json({"db": str(checked), "counts": counts, "differences": listed})
    else:
        for place, what in differences:
            click.echo(f"{place}: {what}")
        click.echo(f"{_checked(counts)}{len(differences):,} differences. {checked}")
    if differences:
        sys.exit(1)


def _release(release: Path) -> tuple[list[tuple[str, str]], dict[str, int]]:
    from archive.publish.verify import verify_release

    return verify_release(release), {}


def _evidence(path: Path) -> tuple[list[tuple[str, str]], dict[str, int]]:
    from crawler.evidence.verify import verify as check

    if not path.exists():
        fail(f"{path} is not there")
    with opened(path) as archive:
        result = check(archive)
    return [(each.place, each.what) for each in result.differences], dict(result.counts)


def _checked(counts: dict[str, int]) -> str:
    """How much was checked, and what was not and why."""
    if not counts:
        return ""
    said = f"{counts.get('captures', 0):,} captures and {counts.get('texts', 0):,} texts checked, "
    if counts.get("redacted"):
        said += f"{counts['redacted']:,} captures redacted, {counts['unchecked']:,} texts not checked: redacted, "
    return said + (f"{counts['withheld']:,} comments withheld, " if counts.get("withheld") else "")


@click.command()
@click.option("--every", default=15, show_default=True, type=click.IntRange(1, 1440), help="Minutes between runs.")
@database
@_contact
def schedule(every: int, path: Path, contact: str | None) -> None:
    """Print a systemd service and timer, and a cron line, that make the visits which are due.

    \b
    Example:  btl schedule --contact desk@example.org
    """
    from crawler.schedule import units

    click.echo(units(Path(sys.argv[0]).resolve(), path.resolve(), contact or "SET-THIS@example.org", every))


def _locked(path: Path, wait_s: float) -> Any:
    from contextlib import contextmanager

    from archive.store.archive import now
    from crawler.lock import Held, only_crawl

    @contextmanager
    def held() -> Any:
        try:
            with only_crawl(path, f"begun {now()}", wait_s=wait_s):
                yield
        except Held as error:
            fail(str(error))
        except OSError as error:
            fail(f"{path}: {error.strerror}")

    return held()
