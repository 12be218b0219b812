"""Save a batch of threads: insert new ones, update stored ones."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from archive.store import update
from archive.store.flags import Subject
from archive.store.save_batch import IdCache, SaveBatch
from archive.store.suppressions import Screened, SuppressionList
from archive.store.thread_visit import ThreadVisit, completeness, shortfall, thread_columns, thread_flags
from archive.store.writer import RowWriter
from archive.text.storable import replace_unstorable
from archive.thread import Thread, article_url, depths, digest, identities

# What `counts` of a save may have: summaries state them all, 0 too.
SAVE_COUNTS = (
    "threads_new", "threads_changed", "threads_unchanged", "unchanged", "articles_changed", "comments_new",
    "comments_edited", "comments_removed", "comments_restored", "comments_moved", "comments_renamed", "comments_votes",
    "labels_new", "decisions_new", "flags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SavedThread:
    """What became of one thread: `outcome` as in `visits`, `counts` what it alone added to the counts."""

    thread_id: int
    capture_id: int
    outcome: str
    counts: Counter[str]


@dataclass(slots=True)
class SaveResult:
    """Counts by name, each thread that could not be saved with its reason, and one outcome per thread, in order: None
    where it failed, or was saved from the same capture before."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[Thread, str]] = field(default_factory=list)
    outcomes: list[SavedThread | None] = field(default_factory=list)


def save_threads(writer: RowWriter, cache: IdCache, threads: Sequence[Thread], run_id: int, seen_at: str) -> SaveResult:
    """Save threads in the caller's transaction. `seen_at` (UTC) dates what no capture dates.

    Raises DatabaseError or ValueError where one of them cannot be saved; nothing is then to be committed.
    """
    batch = SaveBatch(writer, cache, run_id, seen_at)
    writer.defers_totals = True
    suppressions = SuppressionList.load(writer.connection)
    screened_threads = [suppressions.screen(writer.connection, thread) for thread in threads]
    batch.look_up(screened_threads)
    outcomes = [_save_thread(batch, screened) for screened in screened_threads]
    writer.defers_totals = False
    batch.flush()
    return SaveResult(batch.counts, outcomes=outcomes)


def lock_name(thread: Thread) -> str:
    """Return what has to be locked to save a thread: its outlet, whose articles and commenters are its own.

    Names without an outlet are shared by all that an importer reads without one.
    """
    return thread.article.outlet or f"without an outlet: {thread.platform}"


def storable(value: Any) -> Any:
    """Replace in all texts of a thread what the engine refuses: lone halves of characters, and NUL in PostgreSQL.

    Parsers have done so where they know of it; this is for the rest.
    """
    if isinstance(value, str):
        return replace_unstorable(value)
    if isinstance(value, tuple):
        return tuple(map(storable, value))
    if isinstance(value, dict):
        return {name: storable(item) for name, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{item.name: storable(getattr(value, item.name)) for item in fields(value)})
    return value


def _save_thread(batch: SaveBatch, screened: Screened) -> SavedThread | None:
    thread = screened.thread
    if batch.is_saved(thread):
        batch.counts["unchanged"] += 1
        return None
    before = batch.counts.copy()
    hashes = [digest(comment.body) for comment in thread.comments]
    seen_at = thread.capture.fetched_at or thread.seen_at or batch.seen_at
    captures, outlet_id = batch.capture_ids(thread), batch.outlet_id(thread.article)
    visit = ThreadVisit(screened, hashes, seen_at, captures, outlet_id)
    article_id = batch.article_id(visit)
    native_id = thread.native_id or article_url(thread.article, thread.capture.sha256)
    row = batch.threads.get((thread.platform, native_id))
    if row is None:
        _insert_thread(batch, visit, article_id, native_id)
        outcome = "new"
    else:
        visit.thread_id = row["id"]
        outcome = update.update_thread(batch, visit, row)
    _add_thread_labels(batch, visit, article_id)
    _insert_visit(batch, visit, outcome)
    return SavedThread(visit.thread_id, visit.capture_id, outcome, batch.counts - before)


def _add_thread_labels(batch: SaveBatch, visit: ThreadVisit, article_id: int) -> None:
    """Add what datasets say of a thread and of its article; nothing of those that are withheld."""
    thread, screened = visit.thread, visit.screened
    if thread.article.labels and screened.article_reason is None:
        batch.labels.add_of_thread("article_id", article_id, thread.article.labels, thread.dataset)
    if thread.labels and screened.article_reason is None and screened.thread_reason is None:
        batch.labels.add_of_thread("thread_id", visit.thread_id, thread.labels, thread.dataset)


def _insert_visit(batch: SaveBatch, visit: ThreadVisit, outcome: str) -> None:
    thread = visit.thread
    values: dict[str, Any] = {
        "thread_id": visit.thread_id,
        "run_id": batch.run_id,
        "capture_id": visit.capture_id,
        "seen_at": visit.seen_at,
        "outcome": outcome,
        "completeness": completeness(thread),
        "stated_count": thread.stated_count,
        "comment_count": len(thread.comments),
        "reason": shortfall(thread),
    }
    batch.writer.insert("visits", values)


def _insert_thread(batch: SaveBatch, visit: ThreadVisit, article_id: int, native_id: str) -> None:
    thread, platform = visit.thread, visit.thread.platform
    row = thread_columns(visit) | {
        "article_id": article_id,
        "platform": platform,
        "native_id": native_id,
        "comment_count": len(thread.comments),
        "flag_count": 0,
        "first_seen_at": visit.seen_at,
        "dataset_id": batch.labels.dataset_id(thread.dataset) if thread.dataset else None,
    }
    visit.thread_id = batch.writer.insert("threads", row)
    batch.threads[(platform, native_id)] = row
    batch.writer.totals["threads"] += 1
    batch.counts["threads_new"] += 1
    # Ids are given in advance, so that a reply can name its parent before either is written.
    first_id = batch.writer.next_id("comments", len(thread.comments))
    identity = identities(thread.comments, visit.hashes)
    levels = depths([comment.parent for comment in thread.comments])
    raise_flags = batch.flags.raise_flags
    for i, comment in enumerate(thread.comments):
        parent_id = None if comment.parent is None else first_id + comment.parent
        flags = visit.flags_of(i)
        comment_id = batch.add_comment(visit, i, identity[i], parent_id, (i, levels[i]), comment.state, flags)
        row["flag_count"] += batch.add_record(visit, i, comment_id)
        if flags:
            subject = Subject("comment_id", comment_id)
            row["flag_count"] += raise_flags(subject, flags, platform=platform, text=comment.body, at=visit.seen_at)
    subject = Subject("thread_id", visit.thread_id)
    row["flag_count"] += raise_flags(subject, thread_flags(thread), platform=platform, at=visit.seen_at)
