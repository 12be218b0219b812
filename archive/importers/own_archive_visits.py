"""What an archive of btl knows of its threads, taken apart again into what each visit found."""

import re
from collections.abc import Iterator, Sequence
from heapq import merge
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from archive.importers.tables.mapping import ColumnMapping
from archive.thread import Completeness

if TYPE_CHECKING:
    from archive.store.archive import Archive
    from archive.store.files import FileFinder

VOTES = re.compile(r"(\d+|\?) for, (\d+|\?) against")
ARTICLES = """
select id from articles where withheld is null and id > ? order by id limit 1000"""
THREADS = "select * from threads where article_id = ? and withheld is null order by id"
ARTICLE = """
select articles.*, outlets.domain, outlets.name as outlet_name from articles
left join outlets on outlets.id = outlet_id where articles.id = ?"""
DATASETS = "select * from datasets"
ARTICLE_TEXTS = "select revision, title, body, seen_until from article_revisions where article_id = ? order by revision"
VISITS = "select * from visits where thread_id = ? and capture_id is not null order by seen_at, id"
CAPTURES = "select * from captures where id = ? or page_of = ? order by page_of is not null, id"
COMMENTS = """
select comments.*, commenters.name as author, commenters.native_id as account, is_guest, is_staff from comments
left join commenters on commenters.id = commenter_id where thread_id = ? order by position"""
EARLIER_TEXTS = """
select comment_id, revision, body, capture_id, written_at, seen_from from comment_revisions
where comment_id in (select id from comments where thread_id = ?) order by comment_id, revision"""
EVENTS = """
select * from events where thread_id = ? and comment_id is not null order by seen_at, run_id, id"""
# Those of the source, and those that labels raised: what our rules found is found anew, reviewers' are merged by
# archive/review/merge.py.
FLAGS = """
select comment_id, thread_id, article_id, revision, code, rule, evidence, created_at, withdrawn_at, target,
  iif(detectors.name = :platform, null, detectors.name) as dataset, detectors.version from flags
join detectors on detectors.id = detector_id
where (detectors.name like 'dataset:%' or (detectors.name = :platform and code not between 'content.' and 'context/'
    and code not like 'crawl.%' and code <> 'archive.withheld'
    and not (code = 'capture.partial_thread' and rule = 'stated-count')))
  and (thread_id = :thread or article_id = :article
    or comment_id in (select id from comments where thread_id = :thread)) order by flags.id"""
REACTIONS = """
select comment_id, kind, count, seen_at from reactions
where comment_id in (select id from comments where thread_id = ?) order by id"""
LABELS = """
select comment_id, thread_id, article_id, dataset_id, name, value, number, raters from labels
where comment_id in (select id from comments where thread_id = :thread)
  or (value <> '' and (thread_id = :thread or article_id = :article)) order by id"""
DECISIONS = "select * from decisions where comment_id in (select id from comments where thread_id = ?) order by id"
REPORTS = "select * from reports where comment_id in (select id from comments where thread_id = ?) order by id"
Row = dict[str, Any]


class VisitReader:
    """Reads the threads of an archive as they were at each visit."""

    def __init__(self, archive: "Archive", finder: "FileFinder") -> None:
        self.archive, self.finder = archive, finder
        self.datasets = {row["id"]: row for row in self._rows(DATASETS)}

    def visits(self) -> Iterator[tuple[Row, ColumnMapping | None]]:
        """Yield what each visit found, and what the columns mean of the table that it was read from, if any.

        Those of one article are in the order of time, whichever of its threads they saw.
        """
        last = 0
        while ids := [row["id"] for row in self._rows(ARTICLES, last)]:
            last = ids[-1]
            for article_id in ids:
                threads = [self._visits_of(thread) for thread in self._rows(THREADS, article_id)]
                yield from merge(*threads, key=lambda pair: (pair[0]["seen_at"], pair[0]["visit"]))

    def _visits_of(self, thread: Row) -> Iterator[tuple[Row, ColumnMapping | None]]:
        history, visits = self._history(thread), self._rows(VISITS, thread["id"])
        article = self._rows(ARTICLE, thread["article_id"])[0]
        texts = self._rows(ARTICLE_TEXTS, thread["article_id"])
        labels = self._rows(LABELS, {"thread": thread["id"], "article": thread["article_id"]})
        counts = {name: self._rows(sql, thread["id"]) for name, sql in (("reactions", REACTIONS), ("reports", REPORTS))}
        decisions = self._rows(DECISIONS, thread["id"])
        for row in labels:
            row["dataset"] = self.datasets[row.pop("dataset_id")]
        for visit, state in zip(visits, history.at_each(visits), strict=True):
            captures, mapping = self._captures(visit)
            state_then = {
                "visit": visit["id"],
                "seen_at": visit["seen_at"],
                "completeness": history.conclusion(visit) or visit["completeness"],
                "stated_count": visit["stated_count"],
                "thread": thread,
                "article": article | _text_at(texts, visit["seen_at"]),
                "captures": captures,
                "is_whole": not history.withheld,
                **state,
                **{name: _counted_at(rows, visit, visits) for name, rows in counts.items()},
                "dataset": self.datasets.get(thread["dataset_id"]),
                "labels": labels,
                "decisions": [row for row in decisions if row["seen_at"] <= visit["seen_at"]],
                "earlier": [row for row in history.recorded if row["seen_from"] <= visit["seen_at"]],
            }
            yield state_then, mapping

    def _history(self, thread: Row) -> "_History":
        return _History(
            comments=self._rows(COMMENTS, thread["id"]),
            texts=self._rows(EARLIER_TEXTS, thread["id"]),
            events=self._rows(EVENTS, thread["id"]),
            flags=self._rows(
                FLAGS, {"platform": thread["platform"], "thread": thread["id"], "article": thread["article_id"]}
            ),
        )

    def _captures(self, visit: Row) -> tuple[list[Row], ColumnMapping | None]:
        """Return the captures of a visit, by the paths of their files, and how the columns of a table were read."""
        captures = self._rows(CAPTURES, visit["capture_id"], visit["capture_id"])
        mapping = self._mapping(captures[0])
        for capture in captures:
            capture["warc_file"] = self._file(capture["warc_file"])
        return captures, mapping

    def _rows(self, sql: str, *parameters: Any) -> list[Row]:
        values = parameters[0] if parameters and isinstance(parameters[0], dict) else parameters
        with self.archive.engine.connect() as connection:
            return [dict(row) for row in connection.exec_driver_sql(sql, values).mappings()]

    def _mapping(self, capture: Row) -> ColumnMapping | None:
        from archive.importers.run_options import RunOptions

        if capture["http_status"] is not None or not capture["warc_file"]:
            return None
        with self.archive.engine.connect() as connection:
            return RunOptions(connection).mapping(capture["run_id"], capture["warc_file"])

    def _file(self, name: str | None) -> str | None:
        return str(self.finder.find(name).resolve()) if name else None


def _text_at(texts: Sequence[Row], at: str) -> Row:
    """Return the title and text that an article had at a time; nothing where those are its present ones."""
    names = ("revision", "title", "body")
    return next(({name: text[name] for name in names} for text in texts if at <= text["seen_until"]), {})


def _counted_at(rows: Sequence[Row], visit: Row, visits: Sequence[Row]) -> list[Row]:
    """Return the reactions or reports that a visit counted; the last visit has also those of no visit's time."""
    times = {visit["seen_at"]}
    if visit is visits[-1]:
        times |= {row["seen_at"] for row in rows} - {row["seen_at"] for row in visits}
    return [row for row in rows if row["seen_at"] in times]


class _History:
    """The comments of one thread, as they are now and, by its events, as they were before."""

    def __init__(self, comments: list[Row], texts: Sequence[Row], events: Sequence[Row], flags: Sequence[Row]) -> None:
        self.withheld = {row["id"] for row in comments if row["withheld"] is not None}
        self.comments = [row for row in comments if row["id"] not in self.withheld]
        self.recorded = [row for row in texts if row["revision"] < 0]
        self.texts = {(row["comment_id"], row["revision"]): row for row in texts}
        self.events = [event for event in events if event["comment_id"] not in self.withheld]
        self.flags = [flag for flag in flags if flag["comment_id"] not in self.withheld]

    def conclusion(self, visit: Row) -> Completeness | None:
        """Return how whole a visit counted that concluded of comments that they are gone; None for others."""
        when = visit["seen_at"], visit["run_id"]
        gone = (e for e in self.events if (e["seen_at"], e["run_id"]) == when and e["after"] == "missing")
        return next(("full" if event["confidence"] == "high" else "unknown" for event in gone), None)

    def at_each(self, visits: Sequence[Row]) -> Iterator[Row]:
        """Yield comments and flags as they were seen at these visits, which are in order.

        All events are taken back first, the last one first, and made again up to each visit.
        """
        rows = {row["id"]: dict(row) for row in self.comments}
        # What only an older capture shows is missing from the beginning: no event says so.
        noted = {event["comment_id"] for event in self.events if event["kind"] == "removed"}
        for row in rows.values():
            if row["state"] == "missing" and row["id"] not in noted:
                row["state"] = "visible"
        ahead = [(event, self._take_back(rows, event)) for event in reversed(self.events)]
        for visit in visits:
            at = visit["seen_at"]
            while ahead and (ahead[-1][0]["seen_at"], ahead[-1][0]["run_id"]) <= (at, visit["run_id"]):
                event, values = ahead.pop()
                rows.setdefault(event["comment_id"], {}).update(values)
            seen = [
                row
                for row in sorted(rows.values(), key=itemgetter("position"))
                if row["first_seen_at"] <= at <= row["last_seen_at"] and row["state"] != "missing"
            ]
            flags = [
                flag
                for flag in self.flags
                if flag["created_at"] <= at and (flag["withdrawn_at"] is None or flag["withdrawn_at"] > at)
            ]
            yield {"comments": seen, "flags": flags}

    def _take_back(self, rows: dict[int, Row], event: Row) -> Row:
        """Take an event back, and return the values that make it again."""
        row, before = rows.get(event["comment_id"]), event["before"]
        if row is None:
            return {}
        if event["kind"] == "added":
            return rows.pop(row["id"])
        values = self._before(row, event["kind"], before)
        after = {name: row[name] for name in values}
        row |= values
        return after

    def _before(self, row: Row, kind: str, before: str | None) -> Row:
        """Return what an event says of a comment as it was before."""
        match kind:
            case "edited":
                text = self.texts.get((row["id"], row["revision"] - 1))
                body = {"body": text["body"], "capture_id": text["capture_id"]} if text else None
                return body | {"revision": row["revision"] - 1} if body else {}
            case "removed" | "restored":
                return {"state": before or row["state"]}
            case "moved":
                return {"parent_id": int(before) if before else None}
            case "votes":
                votes = VOTES.fullmatch(before or "")
                return {"likes": votes and _number(votes[1]), "dislikes": votes and _number(votes[2])}
            case "renamed":
                return {"author": before}
        return {}


def _number(text: str) -> int | None:
    return None if text == "?" else int(text)
