"""Raise, withdraw and count flags: the only module that writes `flags`, their spans, and the counts kept beside them.

Three counts are cached: `totals` (flags by code and by rule, whatever readers see of them), `comments.codes` and
`threads.flag_count` (what a reader is shown, see views.STANDING). A flag is never deleted: it is withdrawn.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select

from archive.flags.codes import TEXT_NAMESPACES, severities
from archive.flags.versions import DATASET, data_sha256, detector_of, rule_rows
from archive.store.schema import TABLES
from archive.store.suppressions import CODE
from archive.store.views import REFUSED, STANDING
from archive.store.writer import RowWriter
from archive.thread import Flag

Span = tuple[int, int]

# Both take a JSON list of ids, so that one statement serves any number of rows.
RECOUNT_COMMENTS = f"""
update comments set codes = (select nullif(json_group_array(code), '[]') from
  (select distinct code from flags where flags.comment_id = comments.id and {STANDING}
    and (revision = comments.revision or code not between 'content.' and 'content/') order by code) as shown)
where id in (select cast(value as bigint) from json_each(:ids))"""  # noqa: S608
RECOUNT_THREADS = f"""
update threads set flag_count =
  (select count(*) from flags where flags.thread_id = threads.id and {STANDING})
  + (select count(*) from comments join flags on flags.comment_id = comments.id
     where comments.thread_id = threads.id and {STANDING})
where id in (select cast(value as bigint) from json_each(:ids))"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Subject:
    """What a flag is raised on: `column` is comment_id, thread_id or article_id, `revision` the text's number."""

    column: str
    id: int
    revision: int = 0


class FlagWriter:
    """Raise and withdraw flags in one transaction; `flush` brings the cached counts up to date.

    `detectors` caches ids of rows that are never deleted, `run_id` is None where a person flags, and `counts` gets the
    number of flags raised.
    """

    def __init__(
        self,
        writer: RowWriter,
        detectors: dict[str, int],
        run_id: int | None,
        at: str,
        counts: Counter[str] | None = None,
    ) -> None:
        self.writer, self.detectors, self.run_id, self.at = writer, detectors, run_id, at
        self.counts: Counter[str] = Counter() if counts is None else counts
        self._comments: set[int] = set()
        self._threads: set[int] = set()

    def raise_flags(
        self, subject: Subject, flags: Iterable[Flag], *, platform: str = "", text: str = "", at: str | None = None
    ) -> int:
        """Raise flags on a subject and return how many of them readers are shown.

        Flags that differ in their span alone are one flag with several spans. `text` is what the spans of flags that
        rules found in a text refer to; `platform` is the detector of flags that come from the source.
        """
        ids: dict[tuple[Any, ...], int] = {}
        shown = 0
        for flag in flags:
            in_text = flag.code.startswith(TEXT_NAMESPACES) and flag.dataset is None
            key = (flag.code, flag.rule, flag.target, None if in_text else flag.evidence, flag.dataset)
            if key not in ids:
                detector = self._detector_of(flag, platform)
                ids[key] = self._insert(subject, flag, detector, at or self.at)
                shown += not flag.code.startswith("context.")
            if flag.start is not None and flag.end is not None:
                exact = text[flag.start : flag.end] if in_text and text else flag.evidence or ""
                self._insert_span(ids[key], (flag.start, flag.end), exact)
        if ids:
            self.counts["flags"] += len(ids)
        return shown

    def raise_reviewed(
        self, subject: Subject, flag: Flag, spans: Sequence[Span], text: str, *, status: str, corrects: int | None
    ) -> int:
        """Raise a flag that a person made, and return its id. `corrects` is the flag in whose place it stands."""
        flag_id = self._insert(subject, flag, self.detector("review"), self.at, status=status, corrects=corrects)
        self.add_spans(flag_id, spans, text)
        return flag_id

    def raise_judged(
        self,
        subject: Subject,
        flag: Flag,
        detector_id: int,
        spans: Sequence[Span],
        text: str,
        *,
        at: str,
        withdrawn_at: str | None,
    ) -> int:
        """Raise a flag as another archive has it, where people judged it, and return its id."""
        flag_id = self._insert(subject, flag, detector_id, at, withdrawn_at=withdrawn_at)
        self.add_spans(flag_id, spans, text)
        return flag_id

    def add_spans(self, flag_id: int, spans: Iterable[Span], text: str) -> None:
        """Add spans of `text` to a flag."""
        for start, end in spans:
            self._insert_span(flag_id, (start, end), text[start:end])

    def withdraw(self, flag_id: int, code: str, rule: str, status: str, at: str | None = None) -> bool:
        """Withdraw a flag; return whether readers were shown it."""
        self.writer.update("flags", flag_id, {"withdrawn_at": at or self.at})
        return self._count(code, rule, status, -1)

    def set_status(self, flag_id: int, code: str, rule: str, old: str, new: str, *, is_counted: bool = True) -> None:
        """Set what reviewers made of a flag; one that is withdrawn is not counted."""
        self.writer.update("flags", flag_id, {"status": new})
        if is_counted:
            self._count(code, rule, old, -1)
            self._count(code, rule, new, 1)

    def recount(self, *, comments: Iterable[int] = (), threads: Iterable[int] = ()) -> None:
        """Have the next `flush` count the flags of these comments and threads anew."""
        self._comments.update(comments)
        self._threads.update(threads)

    def flush(self) -> None:
        """Write the rows, then the cached counts."""
        self.writer.flush()
        for statement, ids in ((RECOUNT_COMMENTS, self._comments), (RECOUNT_THREADS, self._threads)):
            if ids:
                self.writer.connection.exec_driver_sql(statement, {"ids": json.dumps(sorted(ids))})
                ids.clear()

    def detector(self, name: str, lexicon_sha256: str | None = None) -> int:
        """Return the id of a detector of this version, added where it is new, and its rules with it."""
        if name not in self.detectors:
            detector_id, is_new = self._detector(name, version("belowtheline"), lexicon_sha256)
            self.detectors[name] = detector_id
            if lexicon_sha256 and is_new:
                list_rules(self.writer.connection)
        return self.detectors[name]

    def other_detector(self, name: str, its_version: str, lexicon_sha256: str | None = None) -> int:
        """Return the id of a detector of another version than this one, added where it is new."""
        key = f"{name} {its_version} {lexicon_sha256 or ''}"
        if key not in self.detectors:
            self.detectors[key] = self._detector(name, its_version, lexicon_sha256)[0]
        return self.detectors[key]

    def _detector(self, name: str, its_version: str, lexicon_sha256: str | None) -> tuple[int, bool]:
        """Return the id of a detector, and whether it had to be added."""
        table = TABLES["detectors"]
        same = and_(table.c.name == name, table.c.version == its_version)
        same &= func.coalesce(table.c.lexicon_sha256, "") == (lexicon_sha256 or "")
        stored = self.writer.connection.execute(select(table.c.id).where(same)).scalar()
        row = {"name": name, "version": its_version, "lexicon_sha256": lexicon_sha256}
        return stored or self.writer.insert("detectors", row), not stored

    def _detector_of(self, flag: Flag, platform: str) -> int:
        if flag.dataset is not None:
            return self.other_detector(DATASET + flag.dataset.name, flag.dataset.version or "")
        if flag.code.startswith(TEXT_NAMESPACES):
            return self.detector(detector_of(flag.rule), data_sha256())
        if flag.code == CODE:
            return self.detector("withhold")
        return self.detector("crawl" if flag.code.startswith("crawl.") else platform)

    def _insert(
        self,
        subject: Subject,
        flag: Flag,
        detector_id: int,
        at: str,
        *,
        status: str = "unreviewed",
        corrects: int | None = None,
        withdrawn_at: str | None = None,
    ) -> int:
        values: dict[str, Any] = {
            "comment_id": None,
            "thread_id": None,
            "article_id": None,
            "revision": subject.revision,
            "created_at": at,
            "code": flag.code,
            "detector_id": detector_id,
            "rule": flag.rule,
            "evidence": flag.evidence,
            "target": flag.target,
            "score": None,
            "withdrawn_at": withdrawn_at,
            "run_id": self.run_id,
            "severity": severities().get(flag.code, 0),
            "status": status,
            "priority": None,
            "corrects": corrects,
        }
        values[subject.column] = subject.id
        if withdrawn_at is None:
            self._count(flag.code, flag.rule, status, 1)
        return self.writer.insert("flags", values)

    def _insert_span(self, flag_id: int, span: Span, exact: str) -> None:
        self.writer.insert("flag_spans", {"flag_id": flag_id, "start": span[0], "end": span[1], "exact": exact})

    def _count(self, code: str, rule: str, status: str, change: int) -> bool:
        """Change the totals by one flag; return whether readers are shown it.

        A circumstance (context.*) is counted whatever reviewers say, and never shown as a flag of its own.
        """
        is_context = code.startswith("context.")
        if status in REFUSED and not is_context:
            return False
        self.writer.totals[f"flags:{code}"] += change
        if code.startswith(TEXT_NAMESPACES):
            self.writer.totals[f"rules:{rule}"] += change
        return not is_context


def list_rules(connection: Connection) -> None:
    """Write the rules in force to `flag_rules`, in the place of those that were there."""
    table = TABLES["flag_rules"]
    connection.execute(delete(table))
    connection.execute(insert(table), rule_rows())


def codes_of(flags: Iterable[Flag]) -> str | None:
    """Return `comments.codes` of a new comment with these flags: a JSON list, or None where readers see none."""
    codes = sorted({flag.code for flag in flags if not flag.code.startswith("context.")})
    return json.dumps(codes, separators=(",", ":")) if codes else None


def recounted_totals(connection: Connection) -> Counter[str]:
    """Count what `totals` caches of flags, from the flags themselves."""
    counts: Counter[str] = Counter()
    statement = "select code, rule, status, count(*) from flags where withdrawn_at is null group by 1, 2, 3"
    for code, rule, status, number in connection.exec_driver_sql(statement):
        if status not in REFUSED or code.startswith("context."):
            counts[f"flags:{code}"] += number
            if code.startswith(TEXT_NAMESPACES):
                counts[f"rules:{rule}"] += number
    return counts
