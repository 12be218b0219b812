"""Read captures of an archive back from its WARC files and saved pages."""

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import and_, select

from archive.importers import choose_importer
from archive.importers.base import HEAD_LENGTH, BadDocument, Document, Options, Probe, Source
from archive.importers.files import open_file
from archive.importers.tables.importer import gather
from archive.importers.tables.mapping import ColumnMapping
from archive.importers.tables.table import open_table
from archive.store.archive import Archive
from archive.store.files import FileFinder
from archive.store.remote_files import is_remote_warc
from archive.store.schema import TABLES
from crawler.pages.page import CommentHints, Fetch, FetchFailed, Page, RequestKey
from crawler.warc.reader import Damaged, read_record
from crawler.warc.saved_pages import HTML, read_saved_page

CAPTURES = TABLES["captures"]


def is_saved_page(row: Mapping[str, Any]) -> bool:
    """Whether a row of `captures` is of a page that a browser saved: it has no status, and no importer reads it."""
    return row["http_status"] is None and row["media_type"] in HTML


def is_imported(row: Mapping[str, Any]) -> bool:
    """Whether a row of `captures` is of a document that an importer read."""
    return row["http_status"] is None and not is_saved_page(row)


class CaptureReader:
    """The captured pages of one archive."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.finder = FileFinder(archive)
        self._places: dict[str, Path] = {}

    def page(self, capture_id: int) -> Page:
        """Return the captured page; for a 304, the earlier capture that it confirms.

        Raise Damaged where the bytes are gone or are not what they were.
        """
        row = self._first_row(CAPTURES.c.id == capture_id)
        if row is None:
            raise Damaged(f"capture {capture_id} is not in the archive")
        return replace(self._read_page(row), hints=hints_of(row))

    def hints(self, capture_id: int) -> CommentHints | None:
        """Return what the outlets file said of a captured page's comments."""
        row = self._first_row(CAPTURES.c.id == capture_id)
        return None if row is None else hints_of(row)

    def _read_page(self, row: dict[str, Any]) -> Page:
        if row["warc_file"] is None or row["warc_offset"] is None or row["warc_length"] is None:
            raise Damaged(f"capture {row['id']} has no record")
        if row["http_status"] == HTTPStatus.NOT_MODIFIED:
            return self._confirmed_page(row)
        file = self.file(row["warc_file"])
        if is_saved_page(row):
            return read_saved_page(file, row["warc_offset"], row["warc_length"], row["url"] or "", row["fetched_at"])
        return read_record(file, row["warc_offset"], row["warc_length"], earlier=self.earlier)

    def file(self, name: str) -> Path:
        """Return the path of a file that `captures` names, wherever it lies now; of one at an address, of a copy."""
        if is_remote_warc(name):
            return self.archive.downloads.fetch(name)
        if name not in self._places:
            self._places[name] = self.finder.find(name)
        return self._places[name]

    def is_moved(self, name: str) -> bool:
        """Whether a file lies elsewhere than where it is recorded."""
        return not is_remote_warc(name) and not self.finder.is_recorded(name, self.file(name))

    def _confirmed_page(self, row: dict[str, Any]) -> Page:
        same_body = and_(CAPTURES.c.sha256 == row["sha256"], CAPTURES.c.url == row["url"])
        confirmed = self._first_row(and_(same_body, CAPTURES.c.http_status == HTTPStatus.OK))
        if confirmed is None:
            raise Damaged(f"capture {row['id']}: the answer that it confirms is not in the archive")
        page = self._read_page(confirmed)
        return Page(page.url, page.body, page.headers, row["fetched_at"])

    def earlier(self, url: str, date: str, digest: str | None) -> Page | None:
        """Return the page that a revisit record refers to."""
        condition = and_(CAPTURES.c.url == url, CAPTURES.c.fetched_at == date, CAPTURES.c.http_status == HTTPStatus.OK)
        if digest is not None:
            condition = and_(condition, CAPTURES.c.payload_digest == digest)
        row = self._first_row(condition)
        return self._read_page(row) if row else None

    def confirmed(self, url: str, date: str) -> Page | None:
        """Return the last page captured from an address up to a time, which a 304 of that time confirms."""
        is_page = and_(CAPTURES.c.http_status == HTTPStatus.OK, CAPTURES.c.media_type.in_(HTML))
        condition = and_(CAPTURES.c.url == url, CAPTURES.c.fetched_at <= date, is_page)
        statement = select(CAPTURES).where(condition).order_by(CAPTURES.c.fetched_at.desc(), CAPTURES.c.id).limit(1)
        with self.archive.engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        return self._read_page(dict(row)) if row else None

    def find_payload(self, url: str, digest: str) -> tuple[str, str] | None:
        """Return address and time of the first capture with this payload from this address, for a revisit record."""
        same_payload = and_(CAPTURES.c.url == url, CAPTURES.c.payload_digest == digest)
        row = self._first_row(and_(same_payload, CAPTURES.c.http_status == HTTPStatus.OK))
        return (row["url"], row["fetched_at"]) if row else None

    def _first_row(self, condition: Any) -> dict[str, Any] | None:
        statement = select(CAPTURES).where(condition).order_by(CAPTURES.c.id).limit(1)
        with self.archive.engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        return dict(row) if row else None


class ImportedFiles:
    """Reader of imported files that goes forward from document to document.

    In a compressed file, going back means decompressing it from the beginning.
    """

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.name = ""
        self.file: BinaryIO
        self.position = 0
        self.head = b""
        self.table_name = ""
        self.rows_end = 0
        self.documents: Iterator[Document | BadDocument] = iter(())

    def __enter__(self) -> "ImportedFiles":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stack.close()

    def read(self, name: str, offset: int, length: int) -> tuple[bytes, bytes]:
        """Return `length` bytes at an offset of the decompressed file, and the file's first HEAD_LENGTH bytes."""
        if name != self.name or offset < self.position:
            self.name = ""
            self.stack.close()
            self.table_name = ""
            self.file, _ = self.stack.enter_context(open_file(name))
            self.name, self.position = name, 0
            self.head = self.file.peek(HEAD_LENGTH)[:HEAD_LENGTH]  # type: ignore[attr-defined]
        while self.position < offset:
            skipped = len(self.file.read(min(offset - self.position, 1 << 20)))
            if not skipped:
                break
            self.position += skipped
        raw = self.file.read(length)
        self.position += len(raw)
        return raw, self.head

    def read_gathered(
        self, name: str, offset: int, mapping: ColumnMapping | None, format_: str | None
    ) -> tuple[Document, bytes]:
        """Return a document that is gathered from a file once more, and the beginning of the file.

        `offset` is among all that is gathered; a table is read by its mapping, anything else by its importer.
        """
        if name != self.table_name or offset < self.rows_end:
            self.stack.close()
            self.name = ""  # its file is closed as well
            file, _ = self.stack.enter_context(open_file(name))
            self.head = file.peek(HEAD_LENGTH)[:HEAD_LENGTH]  # type: ignore[attr-defined]
            source = Source(file, name, Path(name), Options(mapping=mapping))
            documents: Iterator[Document | BadDocument]
            if mapping is not None:
                documents = gather(source, open_table(source, self.head), mapping)
            else:
                documents = choose_importer(Probe(self.head, name), format_).documents(source)
            self.documents = documents
            self.stack.callback(_close, documents)
            self.table_name, self.rows_end = name, 0
        for document in self.documents:
            if isinstance(document, Document):
                self.rows_end = document.offset + len(document.raw)
                if document.offset >= offset:
                    return document, self.head
        raise EOFError(f"{name} ends before the rows of this thread")


def _close(documents: Iterator[Document | BadDocument]) -> None:
    if isinstance(documents, Generator):
        documents.close()


def requested_url(row: Mapping[str, Any]) -> str:
    """Return the address that was requested, which a redirect may have changed."""
    return str(json.loads(row["metadata_json"] or "{}").get("requested") or row["url"])


def request_key(row: Mapping[str, Any]) -> RequestKey:
    """Return what tells the request of a capture from others: address and hash of what was posted."""
    return requested_url(row), row["request_sha256"]


def hints_of(row: Mapping[str, Any]) -> CommentHints | None:
    """Return what the operator's outlets file said of the page's comments when it was fetched."""
    stored = json.loads(row["metadata_json"] or "{}").get("comments")
    return CommentHints(**stored) if isinstance(stored, dict) else None


def fetch_from(rows: Iterable[Mapping[str, Any]], pages: Iterable[Page]) -> Callable[[Fetch], Page]:
    """Return the fetch function of a visit whose further pages were captured, errors that were answers among them."""
    responses = {request_key(row): (row["http_status"], page) for row, page in zip(rows, pages, strict=True)}

    def fetch(request: Fetch) -> Page:
        if request.key not in responses:
            raise FetchFailed(request.url, "not captured")
        status, page = responses[request.key]
        if status not in (None, HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            raise FetchFailed(request.url, f"HTTP {status}", status, page)
        return page

    return fetch
