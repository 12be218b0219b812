"""Report the progress of a run: a bar with rate and time left on a terminal, plain lines otherwise."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.importers.pool import ImportProgress

SECONDS_A_LINE = 10.0
Report = Callable[[Any], None]
Description = Callable[[Any, float], str]


def import_text(progress: "ImportProgress", seconds: float) -> str:
    """Return the progress of an import in words."""
    counts = progress.counts
    rate = counts["comments_new"] / seconds
    return f"{counts['documents']:,} documents, {counts['comments_new']:,} comments, {rate:,.0f} comments/s"


@contextmanager
def progress_report(*, quiet: bool = False, describe: Description = import_text) -> Iterator[Report]:
    """Yield a function that a run calls now and then with its progress.

    A progress has `size` (None where that is not known) and `done`; `describe` puts it into words.
    """
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar(describe) as report:
            yield report
    else:
        yield _lines(describe)


@contextmanager
def _bar(describe: Description) -> Iterator[Report]:
    from rich import progress as rich_progress
    from rich.console import Console

    columns = (
        rich_progress.BarColumn(),
        rich_progress.TaskProgressColumn(),
        rich_progress.TextColumn("{task.description}"),
        rich_progress.TimeRemainingColumn(),
    )
    began = time.monotonic()
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def report(progress: Any) -> None:
            words = describe(progress, _since(began))
            bar.update(task, total=progress.size, completed=progress.done, description=words, refresh=True)

        yield report


def _lines(describe: Description) -> Report:
    began = last = time.monotonic()

    def report(progress: Any) -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last >= SECONDS_A_LINE:
            last = moment
            share = progress.done / progress.size if progress.size else 0.0
            left = f", {(moment - began) * (1 - share) / share:,.0f} s left" if share else ""
            print(f"{share:4.0%} {describe(progress, _since(began))}{left}", file=sys.stderr, flush=True)  # noqa: T201

    return report


def _since(began: float) -> float:
    return max(time.monotonic() - began, 0.001)
