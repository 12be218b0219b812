"""What passes from the spider to the pipeline."""

from dataclasses import dataclass

from archive.thread import Thread
from crawler.frontier import Entry


@dataclass(frozen=True, slots=True)
class VisitItem:
    """The threads of a page, which was found at `url`. `kept_capture_id` is the capture whose body still stands where
    the server said 304."""

    entry: Entry
    url: str
    threads: tuple[Thread, ...]
    etag: str | None = None
    last_modified: str | None = None
    kept_capture_id: int | None = None
