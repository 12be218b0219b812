"""Captures in files, and the choice among several of one request: the one nearest in time, of the same visit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from crawler.warc.record_heads import RecordHead

FAILED = 400
RETRIES_MINUTES = 5  # within which a crawl asks a failing server again


@dataclass(slots=True)
class IndexedCapture:
    """A WARC record or a saved page: its file, the name that the archive gives the file, and its head."""

    file: Path
    name: str
    head: RecordHead

    @property
    def key(self) -> tuple[str, int]:
        return self.name, self.head.offset


def nearest_to(near: str | None, captures: Iterable[IndexedCapture]) -> IndexedCapture | None:
    """Return the first capture from a time on, else the last before it."""
    ordered = sorted(captures, key=lambda capture: capture.head.date or "")
    after = [capture for capture in ordered if (capture.head.date or "") >= (near or "")]
    return _after_retries(after) or (ordered[-1] if ordered else None)


def _after_retries(captures: Sequence[IndexedCapture]) -> IndexedCapture | None:
    """Return the first of some captures of one request, in order; of one that failed, what asking again brought."""
    if not captures:
        return None
    first = captures[0].head
    until = _minutes_after(first.date, RETRIES_MINUTES)
    soon = [capture for capture in captures if (capture.head.date or "") <= until]
    return next((capture for capture in soon if (capture.head.status or 200) < FAILED), captures[0])


def _minutes_after(date: str | None, minutes: int) -> str:
    """Return a time as WARC records write it, so much later; the same text where it is no such time."""
    try:
        return (datetime.fromisoformat(date or "") + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return date or ""
