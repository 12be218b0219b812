"""What a crawl did, in numbers: for the progress line, the summary and the run's row."""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archive.store.save import SavedThread
from archive.thread import Comment, Thread

FIELDS = ("native_id", "author", "posted", "body")
NEWS = {"comments_new": "new", "comments_edited": "edited", "comments_removed": "gone", "comments_restored": "back"}
SECONDS_A_LINE = 10.0
SUSPICIOUS_RISE = 0.5
FEWEST_THREADS = 3
ERRORS_KEPT = 1_000


@dataclass(slots=True)
class Report:
    """Counts of one run: in all, and by platform, outlet and host."""

    total: Counter[str] = field(default_factory=Counter)
    platforms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    outlets: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    hosts: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)

    def fetched(self, host: str, size: int) -> None:
        """Counts an answer of `size` bytes."""
        self.total["pages"] += 1
        self.total["bytes"] += size
        self.hosts[host] += 1

    def visited(self, thread: Thread, visit: SavedThread | None) -> None:
        """Counts a thread that was saved; `visit` is None where it was known from the same capture."""
        changes = Counter() if visit is None else visit.counts
        seen = Counter(threads=1, comments=len(thread.comments), empty=not thread.comments)
        seen["partial"] = thread.completeness == "partial"
        for counter in (self.total, self.platforms[thread.platform], self.outlets[thread.article.outlet or "?"]):
            counter.update(seen)
            counter.update(changes)
        self.platforms[thread.platform].update(_coverage(thread.comments))

    def failed(self, url: str, reason: str) -> None:
        """Counts a visit that failed."""
        self.total["errors"] += 1
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append((url, reason))

    def counts(self) -> dict[str, Any]:
        """As JSON values, for `runs.counts`."""
        return {
            **{name: count for name, count in self.total.items() if count},
            "platforms": {name: dict(counter) for name, counter in self.platforms.items()},
            "outlets": {name: dict(counter) for name, counter in self.outlets.items()},
            "failures": [{"url": url, "reason": reason} for url, reason in self.errors],
        }

    def line(self, seconds: float) -> str:
        """How far the run is, on one line."""
        counts = self.total
        news = ", ".join(f"{counts[name]:,} {word}" for name, word in NEWS.items() if counts[name])
        parts = [f"{counts['pages']:,} pages from {len(self.hosts):,} hosts, {counts['threads']:,} threads"]
        parts.append(f"{counts['comments']:,} comments" + (f" ({news})" if news else ""))
        if counts["errors"]:
            parts.append(f"{counts['errors']:,} errors")
        return ", ".join(parts) + f", {counts['pages'] / max(seconds, 0.001):,.1f} pages/s"

    def summary(self) -> list[str]:
        """A line an outlet and a line a platform."""
        return [*_lines("outlet", self.outlets), *_lines("platform", self.platforms, _covered)]


def _coverage(comments: Sequence[Comment]) -> Counter[str]:
    return Counter({f"with_{name}": sum(bool(getattr(c, name)) for c in comments) for name in FIELDS})


def _covered(counter: Mapping[str, int]) -> str:
    comments = counter.get("comments", 0)
    if not comments:
        return ""
    return "; " + ", ".join(f"{name} {counter.get(f'with_{name}', 0) / comments:.0%}" for name in FIELDS)


def _lines(title: str, counters: Mapping[str, Counter[str]], more: Any = lambda _: "") -> Iterable[str]:
    for name, counter in sorted(counters.items()):
        news = "".join(f", {counter[key]:,} {word}" for key, word in NEWS.items() if counter[key])
        partial = f", {counter['partial']:,} in part" if counter["partial"] else ""
        yield (
            f"{title} {name}: {counter['threads']:,} threads ({counter['empty']:,} without comments{partial}), "
            f"{counter['comments']:,} comments{news}{more(counter)}"
        )


def warnings(counts: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a nightly reader must see: platforms that stopped yielding comments, or a field of them, against the runs
    before; each of these is a row's `counts`."""
    result = []
    for name, now in sorted(counts.get("platforms", {}).items()):
        before = _sum(run.get("platforms", {}).get(name, {}) for run in earlier)
        if min(now.get("threads", 0), before["threads"]) < FEWEST_THREADS:
            continue
        empty, used = now.get("empty", 0) / now["threads"], before["empty"] / before["threads"]
        if empty - used >= SUSPICIOUS_RISE:
            result.append(f"{name}: {empty:.0%} of threads are without comments, {used:.0%} were in the runs before")
        result += _lost_fields(name, now, before)
    return result


def _lost_fields(name: str, now: Mapping[str, int], before: Mapping[str, int]) -> Iterable[str]:
    if not now.get("comments") or not before.get("comments"):
        return
    for column in FIELDS:
        share, used = (each.get(f"with_{column}", 0) / each["comments"] for each in (now, before))
        if used - share >= SUSPICIOUS_RISE:
            yield f"{name}: {column} stands on {share:.0%} of comments, on {used:.0%} in the runs before"


def _sum(counters: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return total


class Progress:
    """Prints the report's line now and then: over itself on a terminal, else every SECONDS_A_LINE."""

    def __init__(self, report: Report, *, quiet: bool) -> None:
        self.report, self.quiet = report, quiet
        self.terminal = sys.stderr.isatty()
        self.began = self.last = time.monotonic()

    def show(self) -> None:
        """To be called often."""
        now = time.monotonic()
        if self.quiet or now - self.last < (0.5 if self.terminal else SECONDS_A_LINE):
            return
        self.last = now
        line = self.report.line(now - self.began)
        sys.stderr.write(f"\r\033[K{line}" if self.terminal else f"{line}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Clears the line."""
        if self.terminal and not self.quiet:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
