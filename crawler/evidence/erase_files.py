"""What `btl erase` finds and does: which records of which files hold the texts of a subject, and their redaction.

The archive's own rows are `archive.erasing`'s; they go last, since without them nobody knows what to look for.
"""

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from sqlalchemy import Connection, select

from archive.store.archive import Archive, now
from archive.store.paths import warc_folder
from archive.store.schema import TABLES
from archive.takedown.erase_rows import Text, erase, texts_of
from archive.takedown.text_search import SHORTEST, Texts, fold, readings
from archive.takedown.warc_records import Problem
from archive.thread import digest
from crawler.evidence.captures import Evidence, ImportedFiles, is_saved_page
from crawler.pages.page import Page
from crawler.warc.redact import Found, Record, records, redact, resume, search
from crawler.warc.sources import MAX_SAVED_PAGE_BYTES, zip_data_offset

CAPTURES = TABLES["captures"]
ZIP, PLAIN, GZIP = b"PK\x03\x04", b"WARC/", b"\x1f\x8b"
WARCS = (".warc", ".warc.gz")
ANSWERS = ("response", "resource", "record")
NOTHING: tuple[str, ...] = ()
NAMED = """
select capture_id from comments where id in (select value from json_each(:comments))
union select capture_id from comment_revisions where comment_id in (select value from json_each(:comments))
union select capture_id from articles where id = :article
union select capture_id from article_revisions where article_id = :article"""
# Where a text that is too short to be looked for everywhere may stand: every page that its thread was read from.
OF_THREADS = """
with seen as (select capture_id from visits where thread_id in (select id from threads where article_id = :article
  union select thread_id from comments where id in (select value from json_each(:comments))))
select capture_id from seen union select id from captures where page_of in (select capture_id from seen)"""
MARK = "update captures set redacted_at = :at where redacted_at is null and id in (select value from json_each(:ids))"
ASK_ANEW = """
update frontier set etag = null, last_modified = null where capture_id in (select value from json_each(:ids))"""
OTHERS = """
select count(*) from comments where capture_id in (select value from json_each(:ids))
  and id not in (select value from json_each(:comments))"""
ALIKE = """
with holding (id, sha256) as (select id, body_sha256 from comments
  union select comment_id, body_sha256 from comment_revisions
  union select comment_id, json_extract(held, '$.body_sha256') from withheld)
select distinct id from holding where sha256 in (select value from json_each(:hashes))
  and id not in (select value from json_each(:comments)) order by id"""
Place = tuple[Path, int]


@dataclass(slots=True)
class Plan:
    """What is to be destroyed: `files` are WARC files with what is found in each, `left` places that hold it and are
    not ours to change, `unsearched` those that could not be read, `others` comments that were first read from the same
    records as these."""

    subject: str
    number: int
    reason: str
    at: str
    texts: list[Text]
    files: list[Found] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)
    unsearched: list[Problem] = field(default_factory=list)
    others: int = 0

    @property
    def comments(self) -> list[int]:
        return sorted({text.comment_id for text in self.texts if text.comment_id is not None})

    @property
    def redactions(self) -> int:
        return sum(len(found.redactions) for found in self.files)

    @property
    def records(self) -> int:
        return sum(found.records for found in self.files)


def plan(
    archive: Archive, subject: str, number: int, reason: str, on_file: Callable[[Path], None] = lambda _: None
) -> Plan:
    """Searches every file that the archive was read from. Changes nothing but to end a redaction that was killed.

    Raises archive.withhold.NotThere."""
    found = Plan(subject, number, reason, now(), texts_of(archive, subject, number))
    search_ = _Search(archive, found)
    for path in search_.files:
        if path.is_file():
            resume(path)
    if found.texts:
        for path in search_.files:
            on_file(path)
            search_.file(path)
    for one in found.files:
        found.left += one.left
        found.unsearched += one.unsearched
    with archive.engine.connect() as connection:
        ids = json.dumps(_redacted(archive, connection, found))
        values = {"ids": ids, "comments": json.dumps(found.comments)}
        found.others = connection.exec_driver_sql(OTHERS, values).scalar_one()
        found.left += _alike(connection, found)
    return found


def _alike(connection: Connection, found: Plan) -> list[Problem]:
    """Other comments with the same text, such as under another article: who asked may mean them as well, or not."""
    telling = {digest(text.body) for text in found.texts if len(fold(text.body)) >= SHORTEST}
    values = {"hashes": json.dumps(sorted(telling)), "comments": json.dumps(found.comments)}
    rows = connection.exec_driver_sql(ALIKE, values) if telling else ()
    return [Problem(f"comment {row[0]}", "is another comment with the same text") for row in rows]


def unwritable(found: Plan) -> list[Path]:
    """The files that are to be changed and cannot be."""
    paths = [one.path for one in found.files if one.redactions]
    return [path for path in paths if not (os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK))]


def carry_out(archive: Archive, found: Plan, note: str | None) -> None:
    """Redacts, then destroys the texts in the archive itself. Raises OSError where a file cannot be written; run again,
    it goes on from there."""
    for one in found.files:
        redact(one.path, one.redactions)
    with archive.transaction() as connection:
        values = {"at": found.at, "ids": json.dumps(_redacted(archive, connection, found))}
        connection.exec_driver_sql(MARK, values)
        connection.exec_driver_sql(ASK_ANEW, values)
    erase(archive, found.subject, found.number, found.reason, note)


def _redacted(archive: Archive, connection: Connection, found: Plan) -> list[int]:
    """The captures whose records are redacted or to be."""
    places = {(one.path, offset) for one in found.files for offset in one.done}
    places |= {(one.path, redaction.offset) for one in found.files for redaction in one.redactions}
    names = {name: _path(archive, name) for name in _names(connection)}
    wanted = [name for name, path in names.items() if any(path == each for each, _ in places)]
    statement = select(CAPTURES.c.id, CAPTURES.c.warc_file, CAPTURES.c.warc_offset)
    rows = connection.execute(statement.where(CAPTURES.c.warc_file.in_(wanted)))
    return [row.id for row in rows if (names[row.warc_file], row.warc_offset) in places]


def _names(connection: Connection) -> list[str]:
    named = select(CAPTURES.c.warc_file).where(CAPTURES.c.warc_file.is_not(None)).distinct()
    return list(connection.execute(named).scalars())


def _path(archive: Archive, name: str) -> Path:
    """WARC files are named relative to the archive's folder, imported ones as they were typed."""
    whole = Evidence(archive).file(name)
    return Path(os.path.normpath(whole if whole.exists() else name))


class _Search:
    def __init__(self, archive: Archive, found: Plan) -> None:
        self.archive, self.found = archive, found
        self.texts = Texts(text.body for text in found.texts)
        article = found.number if found.subject == "article" else None
        values = {"comments": json.dumps(found.comments), "article": article}
        with archive.engine.connect() as connection:
            self.names: dict[Path, list[str]] = {}
            for name in _names(connection):
                self.names.setdefault(_path(archive, name), []).append(name)
            self.named, self.near = (self._places(connection, sql, values) for sql in (NAMED, OF_THREADS))
        folder = warc_folder(archive.path)
        own = [path for path in sorted(folder.glob("*")) if path.name.endswith(WARCS)]
        self.files = list(dict.fromkeys([*self.names, *(Path(os.path.normpath(path)) for path in own)]))

    def _places(self, connection: Connection, sql: str, values: dict[str, Any]) -> set[Place]:
        ids = [row[0] for row in connection.exec_driver_sql(sql, values) if row[0] is not None]
        lies = "select warc_file, warc_offset from captures where id in (select value from json_each(?))"
        rows = connection.exec_driver_sql(lies, (json.dumps(ids),)).fetchall()
        return {(_path(self.archive, name), offset or 0) for name, offset in rows if name is not None}

    def file(self, path: Path) -> None:
        """Searches one file as what it is."""
        try:
            head = _head(path)
            if head.startswith(PLAIN) or (head.startswith(GZIP) and _is_warc(path)):
                self.found.files.append(search(path, self._in(path), self.found.at, self.found.reason))
            elif head.startswith(ZIP):
                self._wacz(path)
            else:
                self._documents(path)
        except (OSError, EOFError, zlib.error, ValueError, BadZipFile) as error:
            if path in self.names or path.name.endswith(WARCS):
                self._unread(path, error)

    def _unread(self, path: Path, error: Exception) -> None:
        """A file that is gone matters only where it was one of those that the texts were read from."""
        if isinstance(error, FileNotFoundError) and path not in {file for file, _ in self.named | self.near}:
            return
        words = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
        self.found.unsearched.append(Problem(str(path), words))

    def _in(self, path: Path) -> Callable[[Record, Sequence[str]], bool]:
        def holds(record: Record, read: Sequence[str]) -> bool:
            place = path, record.offset
            return (place in self.named and record.kind in ANSWERS) or self._holds(place, read)

        return holds

    def _holds(self, place: Place, read: Sequence[str]) -> bool:
        return self.texts.find(read) or (place in self.near and self.texts.find_short(read))

    def _wacz(self, path: Path) -> None:
        """A WACZ file states digests of all that it holds, and may hold its pages' text once more: it is to be made
        anew, not mended."""
        why = "is a WACZ file, which seals what it holds: make it anew without this"
        holds = self._in(path)
        with ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            for info in members:
                place = f"{path}!{info.filename}"
                if info.compress_type == ZIP_STORED and info.filename.endswith(WARCS):
                    start = zip_data_offset(path, info.header_offset)
                    end = start + info.file_size
                    for each in records(path, start, end, place, is_gzip=info.filename.endswith(".gz")):
                        if isinstance(each, Problem):
                            self.found.unsearched.append(each)
                        elif holds(each, each.readings()):
                            self._leave(f"{place}:{each.offset}", why)
                elif info.file_size > MAX_SAVED_PAGE_BYTES:
                    self.found.unsearched.append(Problem(place, f"holds {info.file_size >> 20} MB"))
                elif self.texts.find(_said(archive.read(info))):
                    self._leave(place, why)

    def _documents(self, path: Path) -> None:
        """Documents that were imported and pages that a browser saved: their owner's, who may change them."""
        with self.archive.engine.connect() as connection, ImportedFiles() as imported:
            in_file = select(CAPTURES).where(CAPTURES.c.warc_file.in_(self.names.get(path, NOTHING)))
            seen: set[int] = set()
            for row in map(dict, connection.execute(in_file.order_by(CAPTURES.c.warc_offset)).mappings()):
                offset, length = row["warc_offset"] or 0, row["warc_length"] or 0
                if offset not in seen:
                    raw = _saved(path, offset, length) if is_saved_page(row) else None
                    raw = imported.read(str(path), offset, length)[0] if raw is None else raw
                    place = path, offset
                    if place in self.named or self._holds(place, _said(raw, row["media_type"])):
                        self._leave(f"{path}:{offset}", "is not this archive's to change")
                seen.add(offset)

    def _leave(self, place: str, why: str) -> None:
        self.found.left.append(Problem(place, why))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(PLAIN))


def _is_warc(path: Path) -> bool:
    """What is compressed may be a WARC file or a document; of a broken one its name says so."""
    try:
        with gzip.open(path) as file:
            return file.read(len(PLAIN)) == PLAIN
    except (OSError, EOFError, zlib.error):
        return path.name.endswith(WARCS)


def _saved(path: Path, offset: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length)


def _said(raw: bytes, media_type: str | None = None) -> list[str]:
    return list(readings(Page("", raw, {"content-type": media_type or ""}).text))


def everything_left(found: Plan) -> Iterator[tuple[str, Problem]]:
    """What lets nobody believe that all is gone, with what it is."""
    yield from (("still holds it", problem) for problem in found.left)
    yield from (("could not be searched", problem) for problem in found.unsearched)
