"""Bring the verdicts of another archive's reviewers, once its threads are here, with the flags that they judged.

A flag is known by its text, code, rule and target. One that our rules do not raise any more stands here as it stood
there: what a person judged stays. Statuses and corrections are then derived from the verdicts of both archives.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection

from archive.review.verdicts import Span, StoredFlag, flags_on, settle, text_of
from archive.store.archive import Archive, Run
from archive.store.flags import FlagWriter, Subject
from archive.store.writer import ChangeLog, RowWriter
from archive.thread import Flag

BATCH = 500  # flags, a transaction
REVIEWED = """
select flags.*, detectors.name as detector, detectors.version, lexicon_sha256, comments.identity,
  comments.capture_position, threads.platform, threads.native_id as thread_native_id, articles.url,
  coalesce(iif(flags.revision = comments.revision, comments.body_sha256, null), former.body_sha256) as text_sha256
from flags join detectors on detectors.id = detector_id left join comments on comments.id = flags.comment_id
left join comment_revisions as former on former.comment_id = comments.id and former.revision = flags.revision
left join threads on threads.id = coalesce(flags.thread_id, comments.thread_id)
left join articles on articles.id = coalesce(flags.article_id, threads.article_id)
where flags.id in (select flag_id from reviews) and flags.corrects is null and comments.withheld is null
  and threads.withheld is null and articles.withheld is null and flags.id > ? order by flags.id limit ?"""
REVIEWS = "select * from reviews where flag_id = ? order by id"
SPANS = 'select start, "end" from flag_spans where flag_id = ? order by 1, 2'
THREAD = "select id from threads where platform = ? and native_id = ? and withheld is null"
ARTICLE = "select id from articles where url = ? and withheld is null and revision >= ?"
# The comment at the same place of the thread first, then one that said the same.
TEXT = """
select comments.id, texts.revision from comments join
  (select id as comment_id, revision, body_sha256 from comments where thread_id = :thread
    union all select comment_id, revision, body_sha256 from comment_revisions
      where comment_id in (select id from comments where thread_id = :thread)) as texts
  on texts.comment_id = comments.id
where texts.body_sha256 = :sha256 and comments.withheld is null
order by comments.identity <> :identity, texts.revision <> :revision, comments.id limit 1"""
CODE = "select 1 from flag_codes where code = ?"
VERDICT = ("verdict", "corrected_code", "corrected_start", "corrected_end", "note", "reviewed_at")
Row = dict[str, Any]


class _Judged(NamedTuple):
    """A flag of the other archive, with its spans and its reviews."""

    row: Row
    spans: tuple[Span, ...]
    reviews: list[Row]


def merge_reviews(archive: Archive, run: Run, other: Archive) -> Counter[str]:
    """Merge what reviewers said in another archive; return how many verdicts are new, and how many had no text here."""
    counts: Counter[str] = Counter()
    judged = _judged(other)
    while batch := list(islice(judged, BATCH)):
        with archive.transaction() as connection:
            writer = RowWriter(connection, ChangeLog(connection, run.id))
            merged = _Merge(connection, writer, run, counts)
            for flag in batch:
                merged.add(flag)
    return counts


def _judged(other: Archive) -> Iterator[_Judged]:
    last = 0
    with other.engine.connect() as connection:
        while rows := [dict(row) for row in connection.exec_driver_sql(REVIEWED, (last, BATCH)).mappings()]:
            last = rows[-1]["id"]
            for row in rows:
                spans = [tuple(span) for span in connection.exec_driver_sql(SPANS, (row["id"],))]
                reviews = [dict(review) for review in connection.exec_driver_sql(REVIEWS, (row["id"],)).mappings()]
                yield _Judged(row, tuple(spans), reviews)


class _Merge:
    """The work on a batch of flags, within its transaction."""

    def __init__(self, connection: Connection, writer: RowWriter, run: Run, counts: Counter[str]) -> None:
        self.connection, self.writer, self.run, self.counts = connection, writer, run, counts

    def add(self, judged: _Judged) -> None:
        """Find or raise a flag, add the verdicts on it that are new, and settle it."""
        subject = self._subject(judged.row)
        codes = {judged.row["code"], *(review["corrected_code"] for review in judged.reviews)} - {None}
        if subject is None or not all(self._first(CODE, (code,)) for code in codes):
            self.counts["reviews_left_out"] += len(judged.reviews)
            return
        latest = max(review["retracted_at"] or review["reviewed_at"] for review in judged.reviews)
        flags = FlagWriter(self.writer, {}, self.run.id, latest)
        flag_id = self._existing(judged, subject)
        if flag_id is None:
            flag_id = self._raise(flags, judged, subject)
        if self._add_reviews(flag_id, judged.reviews):
            self._note_counts(subject)
            settle(self.connection, flags, flag_id)

    def _subject(self, row: Row) -> Subject | None:
        """Return the text here that a flag of the other archive speaks of; None where there is none."""
        if row["article_id"] is not None:
            match = self._first(ARTICLE, (row["url"], row["revision"]))
            return Subject("article_id", match[0], row["revision"]) if match else None
        thread = self._first(THREAD, (row["platform"], row["thread_native_id"]))
        if thread is None or row["comment_id"] is None:
            return Subject("thread_id", thread[0], row["revision"]) if thread else None
        values = {"thread": thread[0], "sha256": row["text_sha256"]} | {
            name: row[name] for name in ("identity", "revision")
        }
        match = self._first(TEXT, values)
        return Subject("comment_id", match[0], match[1]) if match else None

    def _existing(self, judged: _Judged, subject: Subject) -> int | None:
        row = judged.row
        key = row["code"], row["rule"], row["target"], row["withdrawn_at"] is not None
        similar = [flag for flag in flags_on(self.connection, subject) if _key(flag) == key and flag.corrects is None]
        return next((flag.id for flag in sorted(similar, key=lambda flag: flag.spans != judged.spans)), None)

    def _raise(self, flags: FlagWriter, judged: _Judged, subject: Subject) -> int:
        row = judged.row
        flag = Flag(row["code"], row["rule"], row["evidence"], target=row["target"])
        detector_id = flags.other_detector(row["detector"], row["version"], row["lexicon_sha256"])
        text = text_of(self.connection, subject) if judged.spans else ""
        return flags.raise_judged(
            subject, flag, detector_id, judged.spans, text, at=row["created_at"], withdrawn_at=row["withdrawn_at"]
        )

    def _add_reviews(self, flag_id: int, theirs: Sequence[Row]) -> bool:
        """Add verdicts, and note which of ours they took back since; return whether anything was new."""
        stored: dict[str, list[Row]] = defaultdict(list)
        for row in self.connection.exec_driver_sql(REVIEWS, (flag_id,)).mappings().fetchall():
            stored[row["reviewer"]].append(dict(row))
        changed = False
        for review in theirs:
            ours = stored[review["reviewer"]]
            same = next((row for row in ours if all(row[name] == review[name] for name in VERDICT)), None)
            if same is None:
                changed = True
                self._insert(flag_id, review, ours)
                self.counts["reviews_new"] += 1
            elif same["retracted_at"] is None and review["retracted_at"] is not None:
                changed = True
                same["retracted_at"] = review["retracted_at"]
                self.writer.update("reviews", same["id"], {"retracted_at": review["retracted_at"]})
                self.writer.flush()
        return changed

    def _insert(self, flag_id: int, review: Row, ours: list[Row]) -> None:
        """Add a verdict in the order of time: a reviewer's latest one, which counts, has the highest id."""
        row = {name: review[name] for name in (*VERDICT, "reviewer", "retracted_at")} | {"flag_id": flag_id}
        row["id"] = self.writer.insert("reviews", dict(row))
        later = [other for other in ours if other["reviewed_at"] > review["reviewed_at"]]
        for other in reversed(later):  # each takes the place behind it
            row["id"], other["id"] = other["id"], row["id"]
        for moved in (*later, row) if later else ():
            self.writer.update("reviews", moved["id"], {name: moved[name] for name in (*VERDICT, "retracted_at")})
        self.writer.flush()
        ours[:] = sorted([*ours, row], key=lambda stored: stored["id"])

    def _note_counts(self, subject: Subject) -> None:
        """Note the counts that the flag is part of, so that they are counted anew where the import is taken back."""
        log = self.writer.log
        assert log is not None
        match subject.column:
            case "comment_id":
                log.note_before("comments", [subject.id], ("codes",))
                thread = self._first("select thread_id from comments where id = ?", (subject.id,))
                log.note_before("threads", thread or (), ("flag_count",))
            case "thread_id":
                log.note_before("threads", [subject.id], ("flag_count",))

    def _first(self, statement: str, values: Any) -> Any:
        return self.connection.exec_driver_sql(statement, values).fetchone()


def _key(flag: StoredFlag) -> tuple[str, str, str | None, bool]:
    return flag.code, flag.rule, flag.target, flag.withdrawn
