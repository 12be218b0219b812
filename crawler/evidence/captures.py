"""The bytes behind the rows: captures of an archive, read back from its WARC files."""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import and_, select

from archive.importers.base import HEAD_LENGTH
from archive.importers.files import open_file
from archive.store.archive import Archive
from archive.store.schema import TABLES
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.warc.reader import Damaged, read_record
from crawler.warc.sources import HTML, read_saved

CAPTURES = TABLES["captures"]
NOT_MODIFIED = 304


def is_saved_page(row: Mapping[str, Any]) -> bool:
    """Whether a row of `captures` is of a page that a browser saved: it has no status, and no importer reads it."""
    return row["http_status"] is None and row["media_type"] in HTML


def is_imported(row: Mapping[str, Any]) -> bool:
    """Whether a row of `captures` is of a document that an importer read."""
    return row["http_status"] is None and not is_saved_page(row)


class Evidence:
    """Captures of one archive."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def page(self, capture_id: int) -> Page:
        """The page that a capture holds, or where the server said that it stands, the one that stood.

        Raises Damaged where the bytes are gone or are not what they were.
        """
        row = self._row(CAPTURES.c.id == capture_id)
        if row is None:
            raise Damaged(f"capture {capture_id} is not in the archive")
        return self._read(row)

    def _read(self, row: dict[str, Any]) -> Page:
        if row["warc_file"] is None or row["warc_offset"] is None or row["warc_length"] is None:
            raise Damaged(f"capture {row['id']} has no record")
        if row["http_status"] == NOT_MODIFIED:
            return self._standing(row)
        file = self.file(row["warc_file"])
        if is_saved_page(row):
            return read_saved(file, row["warc_offset"], row["warc_length"], row["url"] or "", row["fetched_at"])
        return read_record(file, row["warc_offset"], row["warc_length"], earlier=self.earlier)

    def file(self, name: str) -> Path:
        """The path of a file that `captures` names: relative to the archive's folder."""
        return self.archive.path.parent / name

    def _standing(self, row: dict[str, Any]) -> Page:
        whole = and_(CAPTURES.c.sha256 == row["sha256"], CAPTURES.c.url == row["url"], CAPTURES.c.http_status == 200)
        found = self._row(whole)
        if found is None:
            raise Damaged(f"capture {row['id']}: the answer that it confirms is not in the archive")
        page = self._read(found)
        return Page(page.url, page.body, page.headers, row["fetched_at"])

    def earlier(self, url: str, date: str, digest: str | None) -> Page | None:
        """What a revisit record refers to."""
        same = and_(CAPTURES.c.url == url, CAPTURES.c.fetched_at == date, CAPTURES.c.http_status == 200)
        found = self._row(same if digest is None else and_(same, CAPTURES.c.payload_digest == digest))
        return self._read(found) if found else None

    def known_payload(self, url: str, payload_digest: str) -> tuple[str, str] | None:
        """Address and time of the first capture with this payload from this address, for a revisit record."""
        same = and_(CAPTURES.c.url == url, CAPTURES.c.payload_digest == payload_digest, CAPTURES.c.http_status == 200)
        row = self._row(same)
        return (row["url"], row["fetched_at"]) if row else None

    def _row(self, condition: Any) -> dict[str, Any] | None:
        statement = select(CAPTURES).where(condition).order_by(CAPTURES.c.id).limit(1)
        with self.archive.engine.connect() as connection:
            row = connection.execute(statement).mappings().first()
        return dict(row) if row else None


class ImportedFiles:
    """Imported files, read on from document to document: compressed ones have no way back but the beginning."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.name = ""
        self.file: BinaryIO
        self.position = 0
        self.head = b""

    def __enter__(self) -> "ImportedFiles":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stack.close()

    def read(self, name: str, offset: int, length: int) -> tuple[bytes, bytes]:
        """The bytes at a place of a file after decompression, and the file's first ones."""
        if name != self.name or offset < self.position:
            self.stack.close()
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


def requested(row: Mapping[str, Any]) -> str:
    """What was asked for, where the answer came from elsewhere."""
    return str(json.loads(row["metadata_json"] or "{}").get("requested") or row["url"])


def answering(answers: Mapping[str, Page]) -> Callable[[Fetch], Page]:
    """Answers a visit from the further pages that were captured with it, by what was asked for."""

    def answer(wanted: Fetch) -> Page:
        if wanted.url not in answers:
            raise FetchFailed(wanted.url, "not captured")
        return answers[wanted.url]

    return answer
