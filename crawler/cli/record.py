"""`btl record`: fetch one article as a test case for a platform."""

import sys
import tempfile
from pathlib import Path

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import fail, opened, print_errors, print_json
from crawler.cli.common import (
    allow_host_option,
    check_allowed_hosts,
    contact_option,
    make_plan,
    require_contact,
    seed_hosts,
)


@click.command()
@click.argument("url")
@click.option(
    "--case", "name", required=True, help="Name of the case: PLATFORM/NAME, or NAME for the one that reads it."
)
@click.option("--pages", type=click.Path(file_okay=False, path_type=Path), default="tests/pages", show_default=True)
@contact_option
@allow_host_option
@as_json_option
def record(url: str, name: str, pages: Path, contact: str | None, allow_hosts: tuple[str, ...], as_json: bool) -> None:
    """Save a live article with its comments as a test case for a platform, with a draft of the expected result.

    \b
    Example:  btl record https://courier.example/ferry --case ferry --contact desk@example.org
    """
    from archive.store.paths import warc_folder
    from crawler.cases.record_case import CaseExists, check_free, record_case
    from crawler.run import CrawlOptions, run_crawl

    plan = make_plan([url], due=False)
    check_allowed_hosts(allow_hosts)
    require_contact(seed_hosts(plan), contact, allow_hosts)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder) / "record.db") as archive:
        try:
            if "/" in name:  # else the platform, and so the folder, is known only after the visit
                check_free(pages / name)
            outcome = run_crawl(archive, plan, CrawlOptions(contact, allow_hosts, limit=1))
            warc = next(warc_folder(archive.path).glob("*"), None)  # none where no response came
            case = record_case(warc, pages, name) if warc else None
        except CaseExists as error:
            fail(str(error))
    if as_json:
        print_json({"case": case and str(case), "counts": outcome.report.counts()})
    else:
        print_errors([f"{location}: {reason}" for location, reason in outcome.report.errors])
    if case is None:
        sys.exit(1)
    if not as_json:
        click.echo(f"{case}: read expected.json and correct it")
