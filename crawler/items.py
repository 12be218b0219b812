"""The item that the spider hands to the pipeline."""

from dataclasses import dataclass

from archive.thread import Thread
from crawler.frontier.intervals import FrontierEntry


@dataclass(frozen=True, slots=True)
class VisitItem:
    """The threads of a page, and `url`, where redirects ended.

    `confirmed_capture_id` is the earlier capture whose body a 304 response confirms.
    """

    entry: FrontierEntry
    url: str
    threads: tuple[Thread, ...]
    etag: str | None = None
    last_modified: str | None = None
    confirmed_capture_id: int | None = None
