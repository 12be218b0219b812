"""`btl flag`: the rules over all comments that are archived. What they no longer find is withdrawn, never deleted."""

import json
import multiprocessing
import os
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from archive.flags.annotate import flags_in
from archive.flags.detect import find
from archive.flags.match import Context
from archive.flags.versions import DETECTORS, data_sha256, detector_of
from archive.store.archive import Archive, Run
from archive.store.flags import FlagWriter, Subject, list_rules
from archive.store.writer import RowWriter
from archive.thread import Flag

BATCH = 5_000
CHUNK = 1_000
CHUNKS_WITHOUT_WORKERS = 2
CHUNKS_A_WORKER = 4
COMMENTS = """
select comments.id, comments.body, comments.revision, comments.thread_id,
  (select above.body from comments as above where above.id = comments.parent_id), articles.title, articles.language
from comments join threads on threads.id = comments.thread_id join articles on articles.id = threads.article_id
where comments.id > ? and (? is null or comments.capture_id in (select id from captures where run_id >= ?))
  and comments.withheld is null
order by comments.id limit ?"""
UP = """
select flags.id, flags.comment_id, flags.code, flags.rule, flags.target, flags.status
from flags join detectors on detectors.id = flags.detector_id join comments on comments.id = flags.comment_id
where comment_id in (select value from json_each(?)) and flags.revision = comments.revision
  and flags.withdrawn_at is null and detectors.name in (select value from json_each(?))"""
SPANS = 'select flag_id, start, "end" from flag_spans where flag_id in (select value from json_each(?))'
UNREVIEWED = "unreviewed"
Key = tuple[str, str, str | None]
Places = frozenset[tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class Text:
    """A comment's text as it stands, and what stands around it."""

    comment_id: int
    body: str
    revision: int
    thread_id: int
    parent: str | None
    title: str | None
    language: str | None


@dataclass(slots=True)
class Progress:
    """What a run did so far, of how many comments."""

    counts: Counter[str]
    size: int
    done: int = 0


def said(progress: Progress, seconds: float) -> str:
    """A run so far, in words."""
    return f"{progress.done:,} comments, {progress.done / seconds:,.0f} comments/s"


def flag_all(
    archive: Archive,
    *,
    since: int | None = None,
    detectors: Sequence[str] = DETECTORS,
    workers: int | None = None,
    report: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Looks at every comment's present text, or at those that a run from `since` on read last, as one run. After a kill
    it is simply run again: what stands already is left as it is."""
    run = archive.begin_run("flag", {"since": since, "detectors": list(detectors), "rules": data_sha256()})
    progress = Progress(Counter(), archive.count_comments(since))
    for texts, found in _looked_at(_texts(archive, since), _workers(workers)):
        with archive.transaction() as connection:
            _Renewal(connection, run, detectors, progress.counts).renew(texts, found)
        progress.done += len(texts)
        report(progress)
    with archive.transaction() as connection:
        list_rules(connection)
    archive.end_run(run, "done", dict(progress.counts))
    return progress


def _workers(wanted: int | None) -> int:
    return min(2, os.cpu_count() or 1) if wanted is None else wanted


def _texts(archive: Archive, since: int | None) -> Iterator[list[Text]]:
    """All comments in batches; each is read after the one before was written, so that nothing is held open."""
    last = 0
    while rows := archive.read(COMMENTS, (last, since, since, BATCH)):
        last = rows[-1][0]
        yield [Text(*row) for row in rows]


def _looked_at(batches: Iterable[list[Text]], workers: int) -> Iterator[tuple[list[Text], list[list[Flag]]]]:
    """Batches with what rules find in each text, worked out in other processes where there is enough to do."""
    pending = iter(batches)
    first = next(pending, None)
    if first is None:
        return
    if len(first) < BATCH or not workers:
        for texts in (first, *pending):
            yield texts, _flags_of(texts)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        under_way: deque[tuple[list[Text], list[Future[list[list[Flag]]]]]] = deque()
        for texts in _chained(first, pending):
            chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
            under_way.append((texts, [pool.submit(_flags_of, chunk) for chunk in chunks]))
            if len(under_way) > 1:
                yield _done(*under_way.popleft())
        while under_way:
            yield _done(*under_way.popleft())


def _chained(first: list[Text], rest: Iterator[list[Text]]) -> Iterator[list[Text]]:
    yield first
    yield from rest


def _done(texts: list[Text], futures: list[Future[list[list[Flag]]]]) -> tuple[list[Text], list[list[Flag]]]:
    return texts, [flags for future in futures for flags in future.result()]


def _flags_of(texts: Sequence[Text]) -> list[list[Flag]]:
    return [flags_in(find(one.body, Context(one.parent, one.title, one.language))) for one in texts]


class _Renewal:
    """Makes the flags of some comments what the rules find now, in one transaction."""

    def __init__(self, connection: Any, run: Run, detectors: Sequence[str], counts: Counter[str]) -> None:
        self.connection, self.run, self.detectors, self.counts = connection, run, detectors, counts
        self.flags = FlagWriter(RowWriter(connection), {}, run.id, run.started_at)

    def renew(self, texts: Sequence[Text], found: Sequence[Sequence[Flag]]) -> None:
        up = self._up([one.comment_id for one in texts])
        for one, flags in zip(texts, found, strict=True):
            self.counts["comments"] += 1
            self._renew(one, [flag for flag in flags if detector_of(flag.rule) in self.detectors], up[one.comment_id])
        self.flags.flush()

    def _up(self, ids: Sequence[int]) -> dict[int, dict[Key, tuple[int, str, Places]]]:
        """The flags that stand on comments, with their places."""
        rows = self.connection.exec_driver_sql(UP, (json.dumps(ids), json.dumps(list(self.detectors)))).fetchall()
        places: dict[int, set[tuple[int | None, int | None]]] = defaultdict(set)
        for flag_id, start, end in self.connection.exec_driver_sql(SPANS, (json.dumps([row[0] for row in rows]),)):
            places[flag_id].add((start, end))
        result: dict[int, dict[Key, tuple[int, str, Places]]] = defaultdict(dict)
        for flag_id, comment_id, code, rule, target, status in rows:
            result[comment_id][(code, rule, target)] = flag_id, status, frozenset(places[flag_id])
        return result

    def _renew(self, one: Text, flags: Sequence[Flag], up: dict[Key, tuple[int, str, Places]]) -> None:
        wanted: dict[Key, list[Flag]] = defaultdict(list)
        for flag in flags:
            wanted[(flag.code, flag.rule, flag.target)].append(flag)
        for key, (flag_id, status, places) in up.items():
            same = key in wanted and places == {(flag.start, flag.end) for flag in wanted[key]}
            if same or status != UNREVIEWED:
                wanted.pop(key, None)
                self.counts["kept"] += 1
            else:
                self._withdraw(one, flag_id, key, status)
        if wanted:
            new = [flag for some in wanted.values() for flag in some]
            self.flags.raise_flags(Subject("comment_id", one.comment_id, one.revision), new, text=one.body)
            self.counts["raised"] += len(wanted)
            self._touch(one)

    def _withdraw(self, one: Text, flag_id: int, key: Key, status: str) -> None:
        self.flags.withdraw(flag_id, key[0], key[1], status)
        self.counts["withdrawn"] += 1
        self._touch(one)

    def _touch(self, one: Text) -> None:
        self.flags.recount(comments=[one.comment_id], threads=[one.thread_id])
