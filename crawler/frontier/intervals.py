"""When a page of the frontier is visited again: intervals that follow change."""

from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = 3600
DAY = 24 * HOUR
MIN_INTERVAL_S = {"article": HOUR, "feed": HOUR // 2, "sitemap": HOUR, "front": HOUR}
MAX_INTERVAL_S = {"article": 30 * DAY, "feed": DAY, "sitemap": DAY, "front": DAY}
NEW_ARTICLE = timedelta(days=2)  # most comments come in this time
QUIET_ARTICLE = timedelta(days=60)
LATE_VISIT = timedelta(days=180)  # removals come late


@dataclass(frozen=True, slots=True)
class FrontierEntry:
    """A row of `frontier` that this crawl has leased."""

    id: int
    url: str
    host: str
    outlet: str
    kind: str
    added_at: str
    published_at: str | None
    interval_s: int
    etag: str | None
    last_modified: str | None
    content_sha256: str | None
    capture_id: int | None
    comment_count: int | None
    failures: int


def next_interval(entry: FrontierEntry, now: datetime, *, changed: bool) -> int:
    """Return the seconds until the next visit.

    An hour in an article's first two days; then half as long as before if something changed, else twice as long.
    """
    shortest, longest = MIN_INTERVAL_S[entry.kind], MAX_INTERVAL_S[entry.kind]
    if entry.kind == "article" and now - _first_seen(entry) < NEW_ARTICLE:
        return shortest
    interval = entry.interval_s // 2 if changed else entry.interval_s * 2
    return min(max(interval, shortest), longest)


def next_visit(entry: FrontierEntry, now: datetime, *, changed: bool, settled: bool = False) -> datetime | None:
    """Return the time of the next visit, or None for no more.

    An article that has been quiet for long, or whose thread is closed, gets one late visit: removals come late.
    """
    following = now + timedelta(seconds=next_interval(entry, now, changed=changed))
    if entry.kind != "article":
        return following
    added = datetime.fromisoformat(entry.added_at)
    quiet = not changed and (now - added > QUIET_ARTICLE or (settled and now - added > NEW_ARTICLE))
    if not quiet:
        return following
    return added + LATE_VISIT if now < added + LATE_VISIT else None


def _first_seen(entry: FrontierEntry) -> datetime:
    try:
        return datetime.fromisoformat(entry.published_at or entry.added_at)
    except ValueError:
        return datetime.fromisoformat(entry.added_at)
