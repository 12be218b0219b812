"""Another archive of btl: each visit of its threads as it found them, so that both histories become one.

What that archive withholds or has erased does not come with it; what rules found is found anew. Reviewers' verdicts and
failed visits follow when the threads are saved. The captures keep their digests and say where their bytes lie, so that
a second import of the same archive adds nothing.
"""

import json
import re
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import fields
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, cast

from archive.flags.versions import DATASET
from archive.importers.base import CERTAIN, BadDocument, Document, EmptyDocument, FormatClaim, Probe, Source
from archive.importers.documents import TOO_LONG
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.own_archive_visits import Row, VisitReader
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

NAME = "archive"
MARK = re.compile(rb"belowtheline[\x00-\x20]?m?\d{3}_\w")  # of the rows that migrations leave in their table
OF_COMMENTS = ("flags", "reactions", "labels", "reports", "decisions", "earlier")
DECISION = tuple(field.name for field in fields(Decision))


def claim(probe: Probe) -> FormatClaim | None:
    """Claim databases that btl's migrations made."""
    if not probe.head.startswith(SQLITE_MAGIC):
        return None
    is_own = MARK.search(probe.head) is not None or _is_archive(probe.name)
    return FormatClaim(CERTAIN, "an archive of btl") if is_own else None


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
    """Yield a document for each visit of each thread, those of an article in the order in which they were seen."""
    from archive.store.files import FileFinder

    with opened(source) as archive:
        finder = FileFinder(archive)
        if source.path is not None:
            finder.folder = source.path.parent
        for number, (visit, mapping) in enumerate(VisitReader(archive, finder).visits()):
            raw = json.dumps(visit, ensure_ascii=False).encode("utf-8", "surrogatepass")
            where = f"{source.name}: visit {visit['visit']}"
            # A table is noted with its mapping, by the name that captures have, so that it can be read back.
            file = visit["captures"][0]["warc_file"] if mapping else where
            document = Document(raw, file, number, mapping=mapping, is_gathered=True)
            yield BadDocument(where, TOO_LONG) if len(raw) > LONGEST_DOCUMENT else document


@contextmanager
def opened(source: Source) -> Iterator["Archive"]:
    """Open an archive to read; one that is packed is unpacked for as long. Raise BadDocument where it cannot be."""
    from archive.store.archive import Archive, NotAnArchive, ReadOnly  # what opens databases takes long to load

    with ExitStack() as stack:
        path = source.path
        if path is None or source.file.read(len(SQLITE_MAGIC)) != _beginning(path):
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="btl-archive-")), "archive.db")
            with path.open("wb") as copy:
                source.file.seek(0) if source.file.seekable() else copy.write(SQLITE_MAGIC)
                copyfileobj(source.file, copy)
        try:
            archive = stack.enter_context(Archive(path, read_only=True))
        except ReadOnly as error:
            reason = f"of an older version: btl stats --db {source.name} brings it up to date"
            raise BadDocument(source.name, reason) from error
        except (NotAnArchive, OSError) as error:
            raise BadDocument(source.name, str(error)) from error
        yield archive


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC))


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
        article=_article(visit, fills_in=captures[0]["http_status"] is None),
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
        labels=_labels_of("thread_id", visit),
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


def _labels_of(subject: str, visit: Row) -> tuple[Label, ...]:
    return tuple(_label(row) for row in visit["labels"] if row[subject] is not None)


def _flag(row: Row) -> Flag:
    by = Dataset(row["dataset"].removeprefix(DATASET), row["version"] or None) if row["dataset"] else None
    return Flag(row["code"], row["rule"], row["evidence"], target=row["target"], dataset=by)


def _author(row: Row) -> Author | None:
    if row["author"] is None and (row["account"] is None or row["account"].startswith("withheld:")):
        return None
    guest, staff = (None if row[name] is None else bool(row[name]) for name in ("is_guest", "is_staff"))
    return Author(row["author"], row["account"], guest, staff)


def _moment(row: Row, at: str, precision: str) -> Moment | None:
    return Moment(row[at], row[f"{at}_text"], row[precision]) if row[at] or row[f"{at}_text"] else None


def _article(visit: Row, *, fills_in: bool) -> Article:
    row = visit["article"]
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
        flags=tuple(
            _flag(flag)
            for flag in visit["flags"]
            if flag["article_id"] is not None and flag["revision"] == row["revision"]
        ),
        fills_in=fills_in,
        labels=_labels_of("article_id", visit),
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
