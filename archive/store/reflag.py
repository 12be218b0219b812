"""Apply today's rules to all stored comments (`btl flag`). What they no longer match is withdrawn, never deleted."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection

from archive.flags.detect import find_all_matches, matches_to_flags
from archive.flags.match import TextContext
from archive.flags.versions import DETECTORS, data_sha256, detector_of
from archive.store.archive import Archive, Run
from archive.store.flags import FlagWriter, Subject, list_rules
from archive.store.writer import RowWriter
from archive.text.formatting import format_count
from archive.thread import Flag
from archive.workers.executors import Workers
from archive.workers.ordered import run_in_order

# One transaction each: a kill loses at most this many comments' work.
BATCH = 5_000
# What one process is given at a time; fewer comments than a batch are not worth starting processes for.
CHUNK = 1_000
COMMENTS = """
select comments.id, comments.body, comments.revision, comments.thread_id,
  (select parent.body from comments as parent where parent.id = comments.parent_id), articles.title, articles.language
from comments join threads on threads.id = comments.thread_id join articles on articles.id = threads.article_id
where comments.id > ? and (cast(? as bigint) is null or comments.capture_id in
    (select id from captures where run_id >= ?))
  and comments.withheld is null
order by comments.id limit ?"""
ACTIVE_FLAGS = """
select flags.id, flags.comment_id, flags.code, flags.rule, flags.target, flags.status
from flags join detectors on detectors.id = flags.detector_id join comments on comments.id = flags.comment_id
where comment_id in (select cast(value as bigint) from json_each(?)) and flags.revision = comments.revision
  and flags.withdrawn_at is null and detectors.name in (select value from json_each(?))"""
SPANS = 'select flag_id, start, "end" from flag_spans where flag_id in (select cast(value as bigint) from json_each(?))'
UNREVIEWED = "unreviewed"
FlagKey = tuple[str, str, str | None]
Spans = frozenset[tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class StoredText:
    """A comment's present text with its context: the text that it answers, the article's title and language."""

    comment_id: int
    body: str
    revision: int
    thread_id: int
    parent: str | None
    title: str | None
    language: str | None


@dataclass(slots=True)
class FlagProgress:
    """What a run did so far, of how many comments."""

    counts: Counter[str]
    size: int
    done: int = 0


def progress_text(progress: FlagProgress, seconds: float) -> str:
    """Return a run's progress in words."""
    return f"{format_count(progress.done, 'comment')}, {progress.done / seconds:,.0f} comments/s"


def flag_all(
    archive: Archive,
    *,
    since: int | None = None,
    detectors: Sequence[str] = DETECTORS,
    workers: Workers | int | None = None,
    report: Callable[[FlagProgress], None] = lambda _: None,
) -> FlagProgress:
    """Apply the rules to every comment's present text, or to those that a run from `since` on read last, as one run.

    After a kill it is simply run again: flags that are there already stay as they are.
    """
    progress = FlagProgress(Counter(), archive.count_comments(since))
    settings = {"since": since, "detectors": list(detectors), "rules": data_sha256()}
    with archive.running("flag", settings, lambda: dict(progress.counts)) as run:
        with closing(_matched(_text_batches(archive, since), Workers.of(workers))) as batches:
            for texts, flags in batches:
                with archive.transaction() as connection:
                    _renew_flags(connection, run, detectors, progress.counts, texts, flags)
                progress.done += len(texts)
                report(progress)
        with archive.transaction() as connection:
            list_rules(connection)
        progress.size = progress.done  # withheld comments are counted, and not looked at
        report(progress)
    archive.end_run(run, "done", dict(progress.counts))
    return progress


def _text_batches(archive: Archive, since: int | None) -> Iterator[list[StoredText]]:
    """Yield all comments in batches.

    Each is read whole, so that no read transaction is left open beside the writes.
    """
    last_id = 0
    while rows := archive.read(COMMENTS, (last_id, since, since, BATCH)):
        last_id = rows[-1][0]
        yield [StoredText(*row) for row in rows]


def _matched(
    batches: Iterator[list[StoredText]], workers: Workers
) -> Generator[tuple[Sequence[StoredText], list[list[Flag] | None]], None, None]:
    """Yield batches with the flags of each text, worked out by others where there is enough to do."""
    chunks = (texts[start : start + CHUNK] for texts in batches for start in range(0, len(texts), CHUNK))
    texts: list[StoredText] = []
    flags: list[list[Flag] | None] = []
    few = BATCH // CHUNK - 1
    pairs = run_in_order(_flags_of, chunks, workers, _lost_text, without_workers=few, preload="archive.flags.loaded")
    for chunk, chunk_flags in pairs:
        texts += chunk
        flags += chunk_flags
        if len(texts) >= BATCH:
            yield texts, flags
            texts, flags = [], []
    if texts:
        yield texts, flags


def _flags_of(texts: Sequence[StoredText]) -> list[list[Flag] | None]:
    matches_of = find_all_matches((text.body, TextContext(text.parent, text.title, text.language)) for text in texts)
    return [matches_to_flags(matches) for matches in matches_of]


def _lost_text(_: StoredText, __: str) -> None:
    """Return that nothing is known of a text whose process ended."""
    return


def _renew_flags(
    connection: Connection,
    run: Run,
    detectors: Sequence[str],
    counts: Counter[str],
    texts: Sequence[StoredText],
    matches: Sequence[Sequence[Flag] | None],
) -> None:
    """Make the flags of these comments what the rules match now. Flags that a person reviewed stay in any case.

    Those of a text that could not be looked at stay as they are.
    """
    writer = FlagWriter(RowWriter(connection), {}, run.id, run.started_at)
    active = _active_flags(connection, [text.comment_id for text in texts], detectors)
    for text, flags in zip(texts, matches, strict=True):
        if flags is None:
            counts["errors"] += 1
            continue
        counts["comments"] += 1
        new: dict[FlagKey, list[Flag]] = defaultdict(list)
        for flag in flags:
            if detector_of(flag.rule) in detectors:
                new[(flag.code, flag.rule, flag.target)].append(flag)
        changed = False
        for key, (flag_id, status, spans) in active[text.comment_id].items():
            same = key in new and spans == {(flag.start, flag.end) for flag in new[key]}
            if same or status != UNREVIEWED:
                new.pop(key, None)
                counts["kept"] += 1
            else:
                writer.withdraw(flag_id, key[0], key[1], status)
                counts["withdrawn"] += 1
                changed = True
        if new:
            subject = Subject("comment_id", text.comment_id, text.revision)
            writer.raise_flags(subject, chain.from_iterable(new.values()), text=text.body)
            counts["raised"] += len(new)
        if new or changed:
            writer.recount(comments=[text.comment_id], threads=[text.thread_id])
    writer.flush()


def _active_flags(
    connection: Connection, ids: Sequence[int], detectors: Sequence[str]
) -> dict[int, dict[FlagKey, tuple[int, str, Spans]]]:
    """Return id, status and spans of the flags of comments' present texts, by comment and flag."""
    rows = connection.exec_driver_sql(ACTIVE_FLAGS, (json.dumps(ids), json.dumps(list(detectors)))).fetchall()
    spans: dict[int, set[tuple[int | None, int | None]]] = defaultdict(set)
    for flag_id, start, end in connection.exec_driver_sql(SPANS, (json.dumps([row[0] for row in rows]),)):
        spans[flag_id].add((start, end))
    result: dict[int, dict[FlagKey, tuple[int, str, Spans]]] = defaultdict(dict)
    for flag_id, comment_id, code, rule, target, status in rows:
        result[comment_id][(code, rule, target)] = flag_id, status, frozenset(spans[flag_id])
    return result
