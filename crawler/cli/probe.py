"""`btl probe`: look whether a live thread is still what its platform knows."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.common import as_json as as_json_option
from archive.cli.common import print_json
from archive.text.formatting import format_count
from crawler.cli.common import (
    allow_host_option,
    check_allowed_hosts,
    contact_option,
    make_plan,
    read_outlets,
    require_contact,
    seed_hosts,
)

if TYPE_CHECKING:
    from crawler.probe import ProbedThread, ServiceProbe

KINDS = {"all": "", "roots": " at the top", "approximate": " or fewer"}


@click.command()
@click.argument("url")
@click.option(
    "--outlets",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Outlets file, for comment settings that a site's pages do not show.",
)
@contact_option
@allow_host_option
@as_json_option
def probe(url: str, outlets: Path | None, contact: str | None, allow_hosts: tuple[str, ...], as_json: bool) -> None:
    """Check that the comment service of one live article still works as expected.

    Fetches the article and makes at most three requests to its comment service, as politely as a crawl. Prints the
    comment system, the thread's id, how many comments were read of how many, and which keys of the responses are new,
    missing or of another type. Writes nothing.

    Status 0 means that comments were read and nothing has changed; 1 that something has, or that nothing was read.

    \b
    Example:  btl probe https://courier.example/ferry --contact desk@example.org
    """
    from crawler.probe import probe_page

    plan = make_plan([url], due=False)
    if not plan.urls:
        raise click.UsageError(f"{url} is no web address")
    check_allowed_hosts(allow_hosts)
    require_contact(seed_hosts(plan), contact, allow_hosts)
    sites = read_outlets(outlets) if outlets is not None else []
    hints = {outlet.home: outlet.comments for outlet in sites if outlet.comments is not None}
    result = probe_page(plan.urls[0], contact, allow_hosts, hints)
    if as_json:
        print_json(_as_json(result))
    else:
        for line in _describe(result):
            click.echo(line)
    if not result.is_well:
        sys.exit(1)


def _describe(result: "ServiceProbe") -> Iterator[str]:
    if not result.threads:
        yield f"{result.url}: no comment system was recognised"
    for thread in result.threads:
        yield f"{result.url}: {thread.platform}, thread {thread.native_id}"
        yield f"  {_describe_count(thread)}"
        yield from (f"  failed: {reason}" for reason in thread.reasons)
        if thread.changes is None:
            yield "  no response of a comment service was read: there are no keys to compare"
            continue
        yield from (f"  new key: {key}" for key in thread.changes.new)
        yield from (f"  missing key: {key}" for key in thread.changes.missing)
        yield from (f"  other type: {key} is {seen}, not {known}" for key, known, seen in thread.changes.other_type)
        if not thread.changes:
            yield "  all keys are as known"
    yield from (f"  failed: {failure}" for failure in result.failures)


def _describe_count(thread: "ProbedThread") -> str:
    parts = [f"{format_count(thread.comments, 'comment')} read"]
    if thread.stated_count is not None:
        parts.append(f" of {thread.stated_count:,}{KINDS[thread.stated_kind]} that the service states")
    if thread.has_more:
        parts.append("; a crawl would go on reading")
    return "".join(parts)


def _as_json(result: "ServiceProbe") -> dict[str, Any]:
    return {
        "url": result.url,
        "well": result.is_well,
        "responses": result.responses,
        "threads": [_thread_as_json(thread) for thread in result.threads],
        "failures": result.failures,
    }


def _thread_as_json(thread: "ProbedThread") -> dict[str, Any]:
    changes = thread.changes
    keys: dict[str, Any] | None = None
    if changes is not None:
        other_type = [{"key": key, "known": known, "seen": seen} for key, known, seen in changes.other_type]
        keys = {"new": list(changes.new), "missing": list(changes.missing), "other_type": other_type}
    return {
        "platform": thread.platform,
        "native_id": thread.native_id,
        "comments": thread.comments,
        "stated_count": thread.stated_count,
        "stated_kind": thread.stated_kind,
        "closed": thread.closed,
        "has_more": thread.has_more,
        "reasons": list(thread.reasons),
        "keys": keys,
    }
