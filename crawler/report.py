"""Counts of a crawl or replay: for the progress line, the summary and the row of `runs`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archive.store.save import SAVE_COUNTS, SavedThread
from archive.store.thread_visit import completeness
from archive.text.formatting import format_count, with_zeros
from archive.thread import Thread
from crawler.pages.embeds import load_systems
from crawler.platforms import PLATFORMS
from crawler.platforms.base import platform_name

FIELDS = ("native_id", "author", "posted", "body", "likes")
CHANGES = {"comments_new": "new", "comments_edited": "edited", "comments_removed": "gone", "comments_restored": "back"}
SUSPICIOUS_RISE = 0.5
MIN_THREADS = 3  # fewer say nothing about a platform
MAX_ERRORS = 1_000
SHARED = ("threads", "comments", "empty", "partial", *SAVE_COUNTS)
PLATFORM_COUNTS = (*SHARED, *(f"with_{name}" for name in FIELDS))
TOTALS = ("visits", "pages", "bytes", *SHARED, "skipped", "errors", "internal_errors")


@dataclass(slots=True)
class CrawlReport:
    """Counts of one run: in all, and by platform, outlet and host."""

    total: Counter[str] = field(default_factory=Counter)
    platforms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    outlets: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    hosts: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def count_response(self, host: str, size: int) -> None:
        """Count a response of `size` bytes."""
        self.total["pages"] += 1
        self.total["bytes"] += size
        self.hosts[host] += 1

    def count_thread(self, thread: Thread, saved: SavedThread | None) -> None:
        """Count a thread; `saved` is None where it failed, or was saved from the same capture before."""
        changes = Counter() if saved is None else saved.counts
        counts = Counter(threads=1, comments=len(thread.comments), empty=int(not thread.comments))
        counts["partial"] = int(completeness(thread) == "partial")
        for counter in (self.total, self.platforms[thread.platform], self.outlets[thread.article.outlet or "?"]):
            counter.update(counts)
            counter.update(changes)
        for name in FIELDS:
            present = sum(getattr(comment, name) not in (None, "") for comment in thread.comments)
            self.platforms[thread.platform][f"with_{name}"] += present
        if reason := _why_empty(thread):
            self.count_skipped(thread.article.url or thread.capture.url or "?", reason)

    def count_skipped(self, url: str, reason: str) -> None:
        """Count a page that was fetched, and gave no comments though it should have some."""
        self.total["skipped"] += 1
        if len(self.skipped) < MAX_ERRORS:
            self.skipped.append((url, reason))

    def count_visits(self, number: int) -> None:
        """Count visits that brought a page, and were recorded."""
        self.total["visits"] += number

    def count_failure(self, url: str, reason: str, *, ours: bool = False) -> None:
        """Count a visit that failed: because of the site or, where it is `ours`, because of this program."""
        self.total["errors"] += 1
        self.total["internal_errors"] += ours
        if len(self.errors) < MAX_ERRORS:
            self.errors.append((url, reason))

    @property
    def failed(self) -> bool:
        """Whether something of ours broke, or nothing could be read: not where a site lacks a page, or says no."""
        return bool(self.total["internal_errors"] or (self.total["errors"] and not self.total["visits"]))

    def counts(self) -> dict[str, Any]:
        """Return JSON values for `runs.counts`."""
        return {
            **with_zeros(self.total, TOTALS),
            "platforms": {name: with_zeros(counter, PLATFORM_COUNTS) for name, counter in self.platforms.items()},
            "outlets": {name: with_zeros(counter, SHARED) for name, counter in self.outlets.items()},
            "failures": [{"url": url, "reason": reason} for url, reason in self.errors],
            "without_comments": [{"url": url, "reason": reason} for url, reason in self.skipped],
        }

    def line(self, seconds: float) -> str:
        """Describe how far the run is, on one line."""
        counts = self.total
        changes = ", ".join(f"{counts[name]:,} {word}" for name, word in CHANGES.items() if counts[name])
        parts = [format_count(counts["threads"], "thread")]
        if counts["pages"]:  # a replay fetches none
            parts.insert(0, f"{format_count(counts['pages'], 'page')} from {format_count(len(self.hosts), 'host')}")
        parts.append(format_count(counts["comments"], "comment") + (f" ({changes})" if changes else ""))
        if counts["errors"]:
            parts.append(format_count(counts["errors"], "error"))
        if counts["pages"]:
            parts.append(f"{counts['pages'] / max(seconds, 0.001):,.1f} pages/s")
        return ", ".join(parts)

    def summary(self) -> list[str]:
        """Return a line for each outlet and each platform."""
        outlets = [f"outlet {name}: {_describe(counter)}" for name, counter in sorted(self.outlets.items())]
        platforms = [
            f"platform {name}: {_describe(counter)}{_describe_fields(counter)}"
            for name, counter in sorted(self.platforms.items())
        ]
        return outlets + platforms


def _why_empty(thread: Thread) -> str | None:
    """Say why a page that has comments, by its own words or its markup, gave none; else return None."""
    if thread.comments:
        return None
    if thread.stated_count:
        return f"states {format_count(thread.stated_count, 'comment')}, and none could be read ({thread.platform})"
    if thread.platform not in load_systems() or thread.pages or thread.closed:
        return None
    if load_systems()[thread.platform].gone:
        return f"has comments by {thread.platform}, which has been shut down"
    if thread.platform in map(platform_name, PLATFORMS):
        hint = f'comments = {{platform = "{thread.platform}", ...}} in the outlets file says it'
        return f"has comments by {thread.platform}, and hides where: {hint}"
    return f"has comments by {thread.platform}, which btl does not read"


def _describe(counter: Mapping[str, int]) -> str:
    changes = "".join(f", {counter[key]:,} {word}" for key, word in CHANGES.items() if counter[key])
    partial = f", {counter['partial']:,} incomplete" if counter["partial"] else ""
    return (
        f"{format_count(counter['threads'], 'thread')} ({counter['empty']:,} without comments{partial}), "
        f"{format_count(counter['comments'], 'comment')}{changes}"
    )


def _describe_fields(counter: Mapping[str, int]) -> str:
    comments = counter.get("comments", 0)
    if not comments:
        return ""
    return "; " + ", ".join(f"{name} {counter.get(f'with_{name}', 0) / comments:.0%}" for name in FIELDS)


def find_warnings(counts: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return warnings of platforms that stopped yielding comments, or a field of them.

    A site that changes its markup fails silently: its pages load, and hold no comments. `counts` is compared with the
    counts of earlier runs.
    """
    warnings = []
    for name, counter in sorted(counts.get("platforms", {}).items()):
        before: Counter[str] = Counter()
        for run in earlier:
            before.update(run.get("platforms", {}).get(name, {}))
        if min(counter.get("threads", 0), before["threads"]) < MIN_THREADS:
            continue
        empty, usual = counter.get("empty", 0) / counter["threads"], before["empty"] / before["threads"]
        if empty - usual >= SUSPICIOUS_RISE:
            warnings.append(f"{name}: {empty:.0%} of threads are without comments, {usual:.0%} were in the runs before")
        warnings += _lost_fields(name, counter, before)
    return warnings


def _lost_fields(name: str, counter: Mapping[str, int], before: Mapping[str, int]) -> Iterable[str]:
    if not counter.get("comments") or not before.get("comments"):
        return
    for column in FIELDS:
        share, usual = (counts.get(f"with_{column}", 0) / counts["comments"] for counts in (counter, before))
        if usual - share >= SUSPICIOUS_RISE:
            yield f"{name}: {column} stands on {share:.0%} of comments, on {usual:.0%} in the runs before"
