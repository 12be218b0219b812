"""`btl replay`: read captured pages into the archive."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import cluster_option, database_or_server, opened, opened_workers, print_errors, print_json
from archive.cli.progress import progress_report
from archive.text.formatting import format_count
from crawler.cli.common import print_skipped, read_outlets

if TYPE_CHECKING:
    from archive.store.address import ServerAddress
    from crawler.replay import ReplayResult


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--url", help="Address of a saved page that does not state its own.")
@click.option(
    "--outlets",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Outlets file, for comment settings that a site's pages do not show.",
)
@click.option("--workers", type=click.IntRange(0, 64), help="Processes that parse pages.  [default: 2 at most]")
@cluster_option
@database_or_server
@as_json_option
def replay(
    paths: tuple[str, ...],
    url: str | None,
    outlets: Path | None,
    workers: int | None,
    cluster: str | None,
    path: "Path | ServerAddress",
    as_json: bool,
) -> None:
    """Read captured pages into the archive: WARC and WACZ files, saved pages, and folders of them.

    Nothing is fetched from the web. A WARC file that `btl crawl --warc` put elsewhere is named by its address, and all
    of a folder by an address that ends in a slash.

    \b
    Example:  btl replay crawl.warc.gz other.wacz
              btl replay page.html --url https://courier.example/ferry
              btl replay s3://bucket/warc/
    """
    from archive.store.remote_files import is_address
    from crawler.replay import replay_captures
    from crawler.report import CrawlReport

    files = [path if is_address(str(path)) else Path(path) for path in paths]
    missing = [str(file) for file in files if isinstance(file, Path) and not file.exists()]
    if missing:
        raise click.UsageError(f"no such file or folder: {', '.join(missing)}")
    sites = read_outlets(outlets) if outlets is not None else []
    with (
        opened_workers(workers, cluster) as pool,
        opened(path) as archive,
        progress_report(quiet=as_json, describe=CrawlReport.line, has_size=False) as on_progress,
    ):
        result = replay_captures(archive, files, url, on_progress, sites, pool)
    if as_json:
        print_json({"db": str(path), "counts": result.report.counts()})
    else:
        _print_result(result, path)
    if result.errors:
        sys.exit(1)


def _print_result(result: "ReplayResult", path: "Path | ServerAddress") -> None:
    counts = result.report.total
    for line in result.report.summary():
        click.echo(line)
    print_skipped(result.report)
    print_errors([f"{location}: {reason}" for location, reason in result.errors])
    read = ", ".join(format_count(counts[f"{noun}s"], noun) for noun in ("thread", "comment"))
    click.echo(f"{read} read, {counts['comments_new']:,} new. {path}")
