"""What the crawler's commands share: options, and the plan that arguments name."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from archive.cli.common import ERRORS_PRINTED, fail, raise_disk_full
from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.store.address import ServerAddress
    from crawler.outlets import OutletConfig
    from crawler.report import CrawlReport
    from crawler.run import CrawlPlan

CONTACT_VARIABLE = "BTL_CONTACT"
PLACEHOLDER = "SET-THIS@example.org"  # what btl schedule prints where nobody said how sites reach them

contact_option = click.option(
    "--contact",
    envvar=CONTACT_VARIABLE,
    help=f"How sites can reach you: an e-mail address or a page. Required for public hosts.  [env: {CONTACT_VARIABLE}]",
)
allow_host_option = click.option(
    "--allow-host",
    "allow_hosts",
    multiple=True,
    metavar="HOST:PORT",
    help="Allow this non-public host, such as a test server or an intranet.",
)


wait_option = click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0),
    default=0.0,
    help="Seconds to wait for the end of an erasure.",
)


_USUAL = {"delay": 0.0, "concurrency": 1, "timeout": 30.0}
_CRAWL_OPTIONS = (
    click.option("--limit", type=click.IntRange(1), help="Visit at most this many pages."),
    click.option(
        "--timeout",
        type=click.FloatRange(1, 600),
        default=_USUAL["timeout"],
        show_default=True,
        help="Seconds to wait for a response.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 32),
        default=_USUAL["concurrency"],
        show_default=True,
        help="Parallel requests to an --allow-host.",
    ),
    click.option(
        "--delay",
        type=click.FloatRange(0, 3600),
        default=_USUAL["delay"],
        show_default=True,
        help="Seconds between requests to an --allow-host; public hosts get one request a second.",
    ),
    click.option(
        "--warc",
        metavar="ADDRESS",
        help="Folder for WARC files elsewhere, such as s3://BUCKET/FOLDER.  [default: beside the archive]",
    ),
    allow_host_option,
    contact_option,
)


def crawl_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what `btl crawl` and the lines of `btl schedule` share: whom and how fast to ask.

    The command gets them as `options`, which are CrawlOptions.
    """

    @wraps(command)
    def with_options(**given: Any) -> None:
        from archive.store.remote_files import is_address
        from crawler.run import CrawlOptions

        names = ("contact", "allow_hosts", "delay", "concurrency", "timeout", "limit", "warc")
        options = CrawlOptions(**{name: given.pop(name) for name in names})
        check_allowed_hosts(options.allow_hosts)
        if options.warc is not None and not is_address(options.warc):
            raise click.UsageError(f"--warc: {options.warc} is no address, such as s3://BUCKET/FOLDER")
        command(options=options, **given)

    return reduce(lambda decorated, option: option(decorated), _CRAWL_OPTIONS, with_options)


def read_outlets(file: Path) -> "list[OutletConfig]":
    """Return the outlets of a file. Raise UsageError where it is none."""
    from crawler.outlets import BadOutlets, load_outlets

    try:
        return load_outlets(file)
    except BadOutlets as error:
        raise click.UsageError(str(error)) from error


def make_plan(targets: Sequence[str], *, due: bool) -> "CrawlPlan":
    """Return the plan for URLs, for outlets files, or for what is due of outlets files or of all. Raise UsageError."""
    from archive.text.urls import canonical, is_web_address
    from crawler.run import CrawlPlan

    if not targets and not due:
        raise click.UsageError("give addresses or an outlets file, or use --due")
    urls = [target for target in targets if is_web_address(target)]
    files = [target for target in targets if not is_web_address(target)]
    if urls and due:
        raise click.UsageError(
            "--due visits what is due, of the outlets of a file where one is named: name no addresses"
        )
    if urls and files:
        raise click.UsageError(f"{files[0]} is no web address")
    for file in files:
        if not Path(file).is_file():
            raise click.UsageError(f"{file} is neither a web address nor a file")
    outlets = [outlet for file in files for outlet in read_outlets(Path(file))]
    if twice := [home for home, number in Counter(outlet.home for outlet in outlets).items() if number > 1]:
        raise click.UsageError(f"{', '.join(files)}: {twice[0]} is listed twice")
    addresses = []
    for url in urls:
        address = canonical(url)
        if address is None:
            raise click.UsageError(f"{url} is no web address")
        addresses.append(address)
    return CrawlPlan(tuple(addresses), tuple(outlets), due, ", ".join(files) or None)


def check_allowed_hosts(allow_hosts: Sequence[str]) -> None:
    """Raise UsageError where --allow-host is not HOST:PORT."""
    from archive.text.hosts import parse_host_and_port

    for host in allow_hosts:
        try:
            parse_host_and_port(host)
        except ValueError as error:
            raise click.UsageError(f"--allow-host: {error}") from error


def require_contact(hosts: Iterable[str], contact: str | None, allow_hosts: Sequence[str]) -> None:
    """Raise UsageError where a public host would be crawled by somebody whom it cannot reach."""
    from archive.text.urls import is_web_address

    if contact == PLACEHOLDER:
        raise click.UsageError(f"--contact: {PLACEHOLDER} is a placeholder: say how sites can reach you")
    if contact and ("@" in contact or is_web_address(contact)):
        return
    if contact:
        raise click.UsageError(f"--contact: {contact!r} is neither an e-mail address nor a page")
    if public := sorted(set(hosts) - set(allow_hosts)):
        raise click.UsageError(
            f"--contact (or {CONTACT_VARIABLE}) must say how {public[0]} can reach you: an e-mail address or a page"
        )


@contextmanager
def locked(path: "Path | ServerAddress", wait_s: float) -> Iterator[None]:
    """Hold the crawl lock of an archive, beside other crawls. End with status 1 where an erasure has it."""
    from archive.store.address import NoDriver
    from archive.store.archive import NotAnArchive
    from archive.store.lock import Locked, crawl_lock
    from archive.text.formatting import now

    try:
        with crawl_lock(path, f"begun {now()}", wait_s=wait_s, shared=True):
            yield
    except (Locked, NoDriver, NotAnArchive) as error:
        fail(str(error))
    except OSError as error:
        raise_disk_full(error)
        fail(f"{error.filename or path}: {error.strerror or error}")


def seed_hosts(plan: "CrawlPlan") -> set[str]:
    """Return the hosts that a plan begins with."""
    return {urlsplit(seed.url).netloc for seed in plan.seeds()}


def print_skipped(report: "CrawlReport") -> None:
    """Print to standard error which pages gave no comments though they should have some."""
    for url, reason in report.skipped[:ERRORS_PRINTED]:
        click.echo(f"no comments: {url} {reason}", err=True)
    if len(report.skipped) > ERRORS_PRINTED:
        more = format_count(len(report.skipped) - ERRORS_PRINTED, "more page", "more pages")
        click.echo(f"... and {more} without comments", err=True)
