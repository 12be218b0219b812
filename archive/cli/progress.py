"""Show the progress of a run: a bar or line that renews itself on a terminal, plain lines otherwise."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archive.text.formatting import format_count

if TYPE_CHECKING:
    from archive.importers.run import ImportProgress

SECONDS_A_LINE = 10.0
SECONDS_A_REFRESH = 0.1
Report = Callable[[Any], None]
Description = Callable[[Any, float], str]


def import_text(progress: "ImportProgress", seconds: float) -> str:
    """Return the progress of an import in words."""
    counts = progress.counts
    rate = counts["comments_new"] / seconds
    parts = (format_count(counts["documents"], "document"), format_count(counts["comments_new"], "comment"))
    return f"{', '.join(parts)}, {rate:,.0f} comments/s"


@contextmanager
def progress_report(
    *, quiet: bool = False, describe: Description = import_text, has_size: bool = True
) -> Iterator[Report]:
    """Yield a function for a run to call, as often as it likes, with an object that `describe` puts into words.

    With `has_size`, the object has `done` and `size` (None where it is not known), and the time left is shown.
    """
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar(describe, has_size=has_size) as report:
            yield report
    else:
        yield _lines(describe, has_size=has_size)


@contextmanager
def _bar(describe: Description, *, has_size: bool) -> Iterator[Report]:
    from rich import progress as rich_progress
    from rich.console import Console

    text = rich_progress.TextColumn("{task.description}")
    columns: list[rich_progress.ProgressColumn] = [text]
    if has_size:
        bar_columns = (rich_progress.BarColumn(), rich_progress.TaskProgressColumn())
        columns = [*bar_columns, text, rich_progress.TimeRemainingColumn()]
    began, last = time.monotonic(), 0.0
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def report(progress: Any) -> None:
            nonlocal last
            now = time.monotonic()
            is_whole = has_size and progress.done == progress.size
            if now - last < SECONDS_A_REFRESH and not is_whole:  # a crawl reports each response; drawing takes time
                return
            last = now
            sizes = {"total": progress.size, "completed": progress.done} if has_size else {}
            bar.update(task, description=describe(progress, max(now - began, 0.001)), refresh=True, **sizes)

        yield report


def _lines(describe: Description, *, has_size: bool) -> Report:
    began = last = time.monotonic()
    share_printed = 1.0  # nothing that would have to come to its end

    def report(progress: Any) -> None:
        nonlocal last, share_printed
        now = time.monotonic()
        is_end = has_size and progress.done == progress.size and share_printed < 1
        if now - last < SECONDS_A_LINE and not is_end:
            return
        last = now
        line = describe(progress, max(now - began, 0.001))
        if has_size:
            share = share_printed = progress.done / progress.size if progress.size else 0.0
            left = f", {(now - began) * (1 - share) / share:,.0f} s left" if share else ""
            line = f"{share:4.0%} {line}{left}"
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    return report
