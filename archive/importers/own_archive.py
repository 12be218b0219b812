"""Another archive of btl: each visit of its threads as it found them, so that both histories become one.

What that archive withholds or has erased does not come with it, nor do reviews; what rules found is found anew. The
captures keep their digests and say where their bytes lie, so that a second import of the same archive adds nothing.
"""

import json
import re
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import fields
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, Any, cast

from archive.importers.base import CERTAIN, BadDocument, Claim, Document, EmptyDocument, Probe, Source
from archive.importers.documents import TOO_LONG
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.tables.mapping import ColumnMapping
from archive.importers.tables.records import SQLITE_MAGIC
from archive.thread import (
    Article,
    Author,
    Capture,
    Comment,
    Completeness,
    Dataset,
    Decision,
    EarlierText,
    Flag,
    Label,
    Moment,
    ParentSource,
    State,
    StatedKind,
    Thread,
    document_order,
)

if TYPE_CHECKING:
    from archive.store.archive import Archive
    from archive.store.files import FileFinder

NAME = "archive"
MARK = re.compile(rb"belowtheline[\x00-\x20]?m?\d{3}_\w")  # of the rows that migrations leave in their table
VOTES = re.compile(r"(\d+|\?) for, (\d+|\?) against")
THREADS = """
select threads.* from threads join articles on articles.id = article_id
where threads.withheld is null and articles.withheld is null order by threads.id"""
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
FLAGS = """
select comment_id, thread_id, code, rule, evidence, created_at, withdrawn_at from flags
join detectors on detectors.id = detector_id
where detectors.name = :platform and code not between 'content.' and 'context/' and code not like 'crawl.%'
  and code <> 'archive.withheld' and not (code = 'capture.partial_thread' and rule = 'stated-count')
  and (thread_id = :thread or comment_id in (select id from comments where thread_id = :thread)) order by flags.id"""
REACTIONS = """
select comment_id, kind, count, seen_at from reactions
where comment_id in (select id from comments where thread_id = ?) order by id"""
LABELS = """
select comment_id, dataset_id, labels.name, value, number, raters from labels
where comment_id in (select id from comments where thread_id = ?) order by labels.id"""
DECISIONS = "select * from decisions where comment_id in (select id from comments where thread_id = ?) order by id"
REPORTS = "select * from reports where comment_id in (select id from comments where thread_id = ?) order by id"
OF_COMMENTS = ("flags", "reactions", "labels", "reports", "decisions", "earlier")
DECISION = tuple(field.name for field in fields(Decision))
Row = dict[str, Any]


def claim(probe: Probe) -> Claim | None:
    """Claim databases that btl's migrations made."""
    if not probe.head.startswith(SQLITE_MAGIC):
        return None
    return (
        Claim(CERTAIN, "an archive of btl") if MARK.search(probe.head) is not None or _is_archive(probe.name) else None
    )


def _is_archive(name: str) -> bool:
    if not Path(name).is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{Path(name).resolve().as_uri()}?mode=ro", uri=True)) as connection:
            query = "select count(*) from sqlite_master where name in ('_sqlite_migrations', 'threads', 'visits')"
            return bool(connection.execute(query).fetchone()[0] == 3)
    except sqlite3.Error:
        return False


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Yield a document for each visit of each thread, in the order in which they were seen."""
    from archive.store.archive import Archive, NotAnArchive, ReadOnly  # what opens databases takes long to load
    from archive.store.files import FileFinder

    with ExitStack() as stack:
        path = source.path
        if path is None or source.file.read(len(SQLITE_MAGIC)) != _beginning(path):
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="btl-archive-")), "archive.db")
            with path.open("wb") as copy:
                source.file.seek(0) if source.file.seekable() else copy.write(SQLITE_MAGIC)
                copyfileobj(source.file, copy)
        try:
            archive = stack.enter_context(Archive(path, read_only=True))
        except ReadOnly:
            yield BadDocument(source.name, f"of an older version: btl stats --db {source.name} brings it up to date")
            return
        except (NotAnArchive, OSError) as error:
            yield BadDocument(source.name, str(error))
            return
        reader = _Reader(archive, FileFinder(archive))
        if source.path is not None:
            reader.finder.folder = source.path.parent
        for number, (visit, mapping) in enumerate(reader.visits()):
            raw = json.dumps(visit, ensure_ascii=False).encode("utf-8", "surrogatepass")
            where = f"{source.name}: visit {visit['visit']}"
            # A table is noted with its mapping, by the name that captures have, so that it can be read back.
            file = visit["captures"][0]["warc_file"] if mapping else where
            document = Document(raw, file, number, mapping=mapping, is_gathered=True)
            yield BadDocument(where, TOO_LONG) if len(raw) > LONGEST_DOCUMENT else document


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC))


class _Reader:
    """Reads the threads of an archive as they were at each visit."""

    def __init__(self, archive: "Archive", finder: "FileFinder") -> None:
        self.archive, self.finder = archive, finder

    def visits(self) -> Iterator[tuple[Row, ColumnMapping | None]]:
        """Yield what each visit found, and what the columns mean of the table that it was read from, if any."""
        datasets = {row["id"]: row for row in self._rows(DATASETS)}
        for thread in self._rows(THREADS):
            history, visits = self._history(thread), self._rows(VISITS, thread["id"])
            article = self._rows(ARTICLE, thread["article_id"])[0]
            texts = self._rows(ARTICLE_TEXTS, thread["article_id"])
            reactions, labels = self._rows(REACTIONS, thread["id"]), self._rows(LABELS, thread["id"])
            decisions, reports = self._rows(DECISIONS, thread["id"]), self._rows(REPORTS, thread["id"])
            for row in labels:
                row["dataset"] = datasets[row.pop("dataset_id")]
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
                    "reactions": _reactions_at(reactions, visit, visits),
                    "dataset": datasets.get(thread["dataset_id"]),
                    "labels": labels,
                    "reports": _reactions_at(reports, visit, visits),
                    "decisions": [row for row in decisions if row["seen_at"] <= visit["seen_at"]],
                    "earlier": [row for row in history.recorded if row["seen_from"] <= visit["seen_at"]],
                }
                yield state_then, mapping

    def _history(self, thread: Row) -> "_History":
        return _History(
            comments=self._rows(COMMENTS, thread["id"]),
            texts=self._rows(EARLIER_TEXTS, thread["id"]),
            events=self._rows(EVENTS, thread["id"]),
            flags=self._rows(FLAGS, {"platform": thread["platform"], "thread": thread["id"]}),
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
    return next(({"title": t["title"], "body": t["body"]} for t in texts if at <= t["seen_until"]), {})


def _reactions_at(reactions: Sequence[Row], visit: Row, visits: Sequence[Row]) -> list[Row]:
    """Return the reactions or reports that a visit counted; the last visit has also those of no visit's time."""
    times = {visit["seen_at"]}
    if visit is visits[-1]:
        times |= {row["seen_at"] for row in reactions} - {row["seen_at"] for row in visits}
    return [row for row in reactions if row["seen_at"] in times]


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

    def at_each(self, visits: Sequence[Row]) -> list[Row]:
        """Return comments and flags as they were seen at these visits, which are in order."""
        rows = {row["id"]: dict(row) for row in self.comments}
        # What only an older capture shows is missing from the beginning: no event says so.
        noted = {event["comment_id"] for event in self.events if event["kind"] == "removed"}
        for row in rows.values():
            if row["state"] == "missing" and row["id"] not in noted:
                row["state"] = "visible"
        events = list(self.events)  # the last one is taken back first
        states: list[Row] = []
        for visit in reversed(visits):
            at = visit["seen_at"]
            while events and (events[-1]["seen_at"], events[-1]["run_id"]) > (at, visit["run_id"]):
                self._take_back(rows, events.pop())
            seen = [
                row
                for row in rows.values()
                if row["first_seen_at"] <= at <= row["last_seen_at"] and row["state"] != "missing"
            ]
            flags = [
                flag
                for flag in self.flags
                if flag["created_at"] <= at and (flag["withdrawn_at"] is None or flag["withdrawn_at"] > at)
            ]
            states.append({"comments": [dict(row) for row in seen], "flags": flags})
        return states[::-1]

    def _take_back(self, rows: dict[int, Row], event: Row) -> None:
        row, before = rows.get(event["comment_id"]), event["before"]
        if row is None:
            return
        match event["kind"]:
            case "added":
                del rows[row["id"]]
            case "edited":
                text = self.texts.get((row["id"], row["revision"] - 1))
                if text is not None:
                    row |= {"body": text["body"], "revision": row["revision"] - 1, "capture_id": text["capture_id"]}
            case "removed" | "restored":
                row["state"] = before or row["state"]
            case "moved":
                row["parent_id"] = int(before) if before else None
            case "votes":
                votes = VOTES.fullmatch(before or "")
                row |= {"likes": votes and _number(votes[1]), "dislikes": votes and _number(votes[2])}
            case "renamed":
                row["author"] = before


def _number(text: str) -> int | None:
    return None if text == "?" else int(text)


def parse(document: Document) -> Thread:
    """Return the thread that one visit found."""
    visit = json.loads(document.raw.decode("utf-8", "surrogatepass"))
    captures, thread = visit["captures"], visit["thread"]
    if not captures:
        raise EmptyDocument(document.location, "a visit without a capture")
    root, *pages = map(_capture, captures)
    page_of = {capture["id"]: number for number, capture in enumerate(captures)}
    is_whole = visit["is_whole"]
    furniture = captures[0]["furniture"]
    return Thread(
        article=_article(visit["article"], fills_in=captures[0]["http_status"] is None),
        comments=tuple(_comments(visit, page_of)),
        platform=thread["platform"],
        capture=root,
        native_id=thread["native_id"],
        url=thread["url"],
        stated_count=visit["stated_count"] if is_whole else None,
        stated_kind=cast("StatedKind", thread["stated_kind"]),
        completeness=cast("Completeness", (visit["completeness"] or "unknown") if is_whole else "partial"),
        closed=None if thread["closed"] is None else bool(thread["closed"]),
        flags=tuple(_flag(row) for row in visit["flags"] if row["thread_id"] is not None),
        furniture=tuple(furniture.split("\n")) if furniture else (),
        pages=tuple(pages),
        dataset=_dataset(visit["dataset"]) if visit["dataset"] else None,
        seen_at=visit["seen_at"],
    )


def _comments(visit: Row, page_of: dict[int, int]) -> Iterator[Comment]:
    rows = visit["comments"]
    ids = {row["id"]: row for row in rows}
    above = [row["parent_id"] if row["parent_id"] in ids else None for row in rows]
    order, _ = document_order([row["id"] for row in rows], above)
    position = {rows[i]["id"]: new for new, i in enumerate(order)}
    more: dict[str, dict[int, list[Row]]] = {name: defaultdict(list) for name in OF_COMMENTS}
    for name, by_comment in more.items():
        for row in visit[name]:
            by_comment[row["comment_id"]].append(row)
    for i in order:
        row, own = rows[i], rows[i]["id"]
        # What the other archive withholds is no parent here; a better source of the parent is then left alone.
        lacks_parent = row["parent_id"] is not None and above[i] is None
        parent_source = "unknown" if lacks_parent else row["parent_source"]
        yield Comment(
            body=row["body"],
            parent=None if above[i] is None else position[above[i]],
            author=_author(row),
            posted=_moment(row, "posted_at", "posted_precision"),
            native_id=row["native_id"],
            parent_native_id=row["parent_native_id"],
            parent_source=cast("ParentSource | None", parent_source),
            state=cast("State", row["state"]),
            likes=row["likes"],
            dislikes=row["dislikes"],
            url=row["url"],
            flags=tuple(map(_flag, more["flags"][own])),
            page=page_of.get(row["capture_id"], 0),
            reactions=tuple((reaction["kind"], reaction["count"]) for reaction in more["reactions"][own]),
            labels=tuple(map(_label, more["labels"][own])),
            title=row["title"],
            edited=_moment(row, "edited_at", "edited_precision"),
            earlier=tuple(EarlierText(text["body"], text["written_at"]) for text in more["earlier"][own]),
            decisions=tuple(Decision(*(decision[name] for name in DECISION)) for decision in more["decisions"][own]),
            reports=tuple((report["kind"], report["count"]) for report in more["reports"][own]),
        )


def _dataset(row: Row) -> Dataset:
    values = {name: value for name, value in row.items() if name not in ("id", "is_shareable")}
    return Dataset(**values, is_shareable=bool(row["is_shareable"]))


def _label(row: Row) -> Label:
    return Label(row["name"], row["value"], row["number"], row["raters"], _dataset(row["dataset"]))


def _flag(row: Row) -> Flag:
    return Flag(row["code"], row["rule"], row["evidence"])


def _author(row: Row) -> Author | None:
    if row["author"] is None and (row["account"] is None or row["account"].startswith("withheld:")):
        return None
    guest, staff = (None if row[name] is None else bool(row[name]) for name in ("is_guest", "is_staff"))
    return Author(row["author"], row["account"], guest, staff)


def _moment(row: Row, at: str, precision: str) -> Moment | None:
    return Moment(row[at], row[f"{at}_text"], row[precision]) if row[at] or row[f"{at}_text"] else None


def _article(row: Row, *, fills_in: bool) -> Article:
    return Article(
        title=row["title"],
        body=row["body"],
        url=row["url"],
        outlet=row["domain"],
        outlet_name=row["outlet_name"],
        byline=row["byline"],
        published=_moment(row, "published_at", "published_precision"),
        language=row["language"],
        section=row["section"],
        fills_in=fills_in,
    )


def _capture(row: Row) -> Capture:
    return Capture(
        sha256=row["sha256"],
        url=row["url"],
        fetched_at=row["fetched_at"],
        http_status=row["http_status"],
        media_type=row["media_type"],
        file=row["warc_file"],
        offset=row["warc_offset"],
        length=row["warc_length"],
        line=row["line"],
        metadata=json.loads(row["metadata_json"]) if row["metadata_json"] else None,
        payload_digest=row["payload_digest"],
        request_sha256=row["request_sha256"],
    )
