"""How an import is shown: a bar with rate and time left on a terminal, plain lines otherwise."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.importing import Progress

SECONDS_A_LINE = 10.0
Report = Callable[["Progress"], None]


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[Report]:
    """Gives what an import is to call now and then with its Progress."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Report]:
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

        def report(progress: "Progress") -> None:
            bar.update(task, total=progress.size, completed=progress.done, description=_said(progress, began))

        yield report


def _lines() -> Report:
    began = last = time.monotonic()

    def report(progress: "Progress") -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last >= SECONDS_A_LINE:
            last = moment
            share = progress.done / progress.size if progress.size else 0.0
            left = f", {(moment - began) * (1 - share) / share:,.0f} s left" if share else ""
            print(f"{share:4.0%} {_said(progress, began)}{left}", file=sys.stderr, flush=True)  # noqa: T201

    return report


def _said(progress: "Progress", began: float) -> str:
    seconds = max(time.monotonic() - began, 0.001)
    counts = progress.counts
    rate = counts["comments_new"] / seconds
    return f"{counts['documents']:,} documents, {counts['comments_new']:,} comments, {rate:,.0f} comments/s"
