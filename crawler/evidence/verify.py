"""Verify an archive: captures have the bytes that they had, and today's parsers read from them what is stored."""

import lzma
import os
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from errno import ENOENT
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, select
from zstandard import ZstdError

from archive.importers.base import GATHERED, GROUPED, BadDocument, Document
from archive.importers.run_options import RunOptions
from archive.importers.tables.mapping import ColumnMapping
from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.store.suppressions import SuppressionList
from archive.thread import Thread
from archive.workers.executors import Workers
from archive.workers.ordered import gather, run_in_order
from crawler.evidence.captures import CaptureReader, ImportedFiles, is_imported
from crawler.evidence.compare import Difference, compare_thread
from crawler.evidence.parse_visits import Parsed, ReadDocument, ReadPages, ReadVisit, lost_visit, parse_visits
from crawler.pages.page import Page
from crawler.warc.reader import Damaged, Redacted

CAPTURES, VISITS, THREADS = TABLES["captures"], TABLES["visits"], TABLES["threads"]
COMMENTS, REVISIONS = TABLES["comments"], TABLES["comment_revisions"]
# What became of the bytes of a capture: they are where they were, elsewhere, others, or not to be found.
STATUSES = ("present", "moved", "changed", "gone")
COUNTS = ("captures", *STATUSES, "redacted", "texts", "unchecked", "withheld")
# What reading a compressed file raises where it is not what it was.
BROKEN = (EOFError, zlib.error, lzma.LZMAError, ZstdError)
Row = dict[str, Any]
CHUNK_BYTES, CHUNK_VISITS = 1 << 19, 20


@dataclass(slots=True)
class VerifyResult:
    """Counts and differences.

    `counts` has COUNTS: `captures` that are not redacted, which are the sum of STATUSES, and how many are redacted;
    `texts` that were compared with them, texts that are `unchecked` since their capture cannot be read, and comments
    that are `withheld`.
    """

    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(COUNTS, 0)))
    differences: list[Difference] = field(default_factory=list)


def verify_archive(archive: Archive, workers: Workers | None = None) -> VerifyResult:
    """Check every capture, and every comment and revision against the capture that it was first read from.

    This process reads captures and compares; `workers`, else processes of this machine, parse what was read.
    """
    result = VerifyResult()
    with archive.engine.connect() as connection, ImportedFiles() as imported:
        verifier = _Verifier(connection, CaptureReader(archive), imported, result)
        roots = select(CAPTURES.c.id).where(CAPTURES.c.page_of.is_(None)).order_by(CAPTURES.c.id)
        visits = map(verifier.read_visit, connection.execute(roots).scalars().all())
        chunks = gather(visits, _size, most=CHUNK_BYTES, number=CHUNK_VISITS)
        parsed = run_in_order(parse_visits, chunks, workers or Workers(), lost_visit, preload=parse_visits.__module__)
        with closing(parsed) as results:
            for visit, threads in chain.from_iterable(zip(*chunk, strict=True) for chunk in results):
                verifier.compare_visit(visit, threads)
        withheld = select(func.count()).select_from(COMMENTS).where(COMMENTS.c.withheld.is_not(None))
        result.counts["withheld"] = connection.execute(withheld).scalar_one()
    return result


def _size(visit: ReadVisit) -> int:
    return visit.content.size if visit.content is not None else 0


class _Verifier:
    """Verifies captures of one archive, visit by visit."""

    def __init__(
        self, connection: Connection, evidence: CaptureReader, imported: ImportedFiles, result: VerifyResult
    ) -> None:
        self.connection, self.evidence, self.imported, self.result = connection, evidence, imported, result
        self.suppressions = SuppressionList.load(connection)
        self.options = RunOptions(connection)
        self._document_files: dict[str, Path] = {}  # where the last document of each was
        self._differences = result.differences  # of what is read or compared now

    def read_visit(self, root: int) -> ReadVisit:
        """Read and check an article's capture with its further pages, or one imported document."""
        row = next(_rows(self.connection, select(CAPTURES).where(CAPTURES.c.id == root)))
        further = tuple(_rows(self.connection, select(CAPTURES).where(CAPTURES.c.page_of == root)))
        visit = ReadVisit(root, [capture["id"] for capture in (row, *further)])
        self._differences = visit.differences
        try:
            visit.content = self._read_document_of(row) if is_imported(row) else self._read_pages(row, further)
        except (BadDocument, ValueError) as error:
            self._differs(f"capture {root}", str(error))
        return visit

    def compare_visit(self, visit: ReadVisit, parsed: Parsed) -> None:
        """Compare what was parsed of a visit with what is stored of it."""
        self._differences = self.result.differences
        self._differences += visit.differences
        if isinstance(parsed, str):
            self._differs(f"capture {visit.root}", parsed)
        if isinstance(parsed, str) or visit.content is None:
            self._count_unchecked(visit.capture_ids)
            return
        for thread in parsed:
            self._compare_thread(visit.root, visit.capture_ids, thread)

    def _read_pages(self, row: Row, further: tuple[Row, ...]) -> ReadPages | None:
        """Read the pages of a visit; return None where they are not all there: they would be parsed otherwise."""
        pages = [self._read_page(capture) for capture in (row, *further)]
        first, *more = (page for page in pages if page is not None) if None not in pages else (None,)
        return None if first is None else ReadPages(first, further, tuple(page for page in more if page is not None))

    def _read_page(self, row: Row) -> Page | None:
        """Read and check a captured page; return None where it is not what it was."""
        try:
            page = self.evidence.page(row["id"])
        except Redacted as redacted:
            self.result.counts["redacted"] += 1
            if redacted.payload_digest and row["payload_digest"] not in (None, redacted.payload_digest):
                self._differs(f"capture {row['id']}", "the note in its place is of other bytes")
            return None
        except (Damaged, EOFError, ValueError) as error:
            self._count(row, "changed", str(error))
        except OSError as error:
            self._count(row, "gone", _explain(error, row))
        else:
            is_moved = self.evidence.is_moved(row["warc_file"])
            return page if self._has_bytes(page.body, row, is_moved=is_moved) else None
        return None

    def _has_bytes(self, body: bytes, row: Row, *, is_moved: bool) -> bool:
        if sha256(body).hexdigest() != row["sha256"]:
            self._count(row, "changed", f"the bytes of {row['warc_file']} at {row['warc_offset']} have another SHA-256")
            return False
        if row["redacted_at"] is not None:
            what = f"it is said to be redacted, and {row['warc_file']} holds it at {row['warc_offset']}"
            self._count(row, "changed", what)
            return False
        self._count(row, "moved" if is_moved else "present")
        return True

    def _count(self, row: Row, status: str, what: str | None = None) -> None:
        self.result.counts["captures"] += 1
        self.result.counts[status] += 1
        if what is not None:
            self._differs(f"capture {row['id']}", f"{status}: {what}")

    def _count_unchecked(self, ids: list[int]) -> None:
        for table in (COMMENTS, REVISIONS):
            texts = select(func.count()).select_from(table).where(table.c.capture_id.in_(ids))
            self.result.counts["unchecked"] += self.connection.execute(texts).scalar_one()

    def _read_document_of(self, row: Row) -> ReadDocument | None:
        """Read an imported document once more; return None where it is not what it was."""
        try:
            document, head, is_moved = self._read_document(row)
        except OSError as error:
            self._count(row, "gone", _explain(error, row))
            return None
        except BROKEN as error:
            self._count(row, "changed", str(error))
            return None
        if row["redacted_at"] is not None and sha256(document.raw).hexdigest() != row["sha256"]:
            self.result.counts["redacted"] += 1
            return None
        if not self._has_bytes(document.raw, row, is_moved=is_moved):
            return None
        return ReadDocument(document, head, None if document.mapping else self.options.format(row["run_id"]))

    def _read_document(self, row: Row) -> tuple[Document, bytes, bool]:
        """Return a document, the beginning of its file, and whether that lies elsewhere than where it is recorded.

        Of several places, the first that has the document; else what the first readable file has instead."""
        name = row["warc_file"] or ""
        candidates = self.evidence.finder.candidates(name)
        last = self._document_files.get(name, candidates[0])
        others, errors = [], list[Exception]()
        for path in sorted(filter(Path.exists, candidates), key=lambda path: path != last):
            try:
                document, head = self._read_document_from(path, row)
            except (BadDocument, OSError, ValueError, *BROKEN) as error:
                errors.append(error)
                continue
            is_moved = not self.evidence.finder.is_recorded(name, path)
            if sha256(document.raw).hexdigest() == row["sha256"]:
                self._document_files[name] = path
                return document, head, is_moved
            others.append((document, head, is_moved))
        if others:
            return others[0]
        raise errors[0] if errors else FileNotFoundError(ENOENT, os.strerror(ENOENT))

    def _read_document_from(self, path: Path, row: Row) -> tuple[Document, bytes]:
        name, offset = row["warc_file"] or "", row["warc_offset"] or 0
        if GROUPED in (row["media_type"] or ""):
            mapping = self.options.mapping(row["run_id"], name) or ColumnMapping()
            return self.imported.read_gathered(str(path), offset, mapping, None)
        if GATHERED in (row["media_type"] or ""):
            return self.imported.read_gathered(str(path), offset, None, self.options.format(row["run_id"]))
        raw, head = self.imported.read(str(path), offset, row["warc_length"] or 0)
        return Document(raw, name, offset, row["line"]), head

    def _compare_thread(self, root: int, ids: list[int], thread: Thread) -> None:
        statement = select(THREADS.c.id).join(VISITS, VISITS.c.thread_id == THREADS.c.id)
        statement = statement.where(VISITS.c.capture_id == root, THREADS.c.platform == thread.platform)
        thread_id = self.connection.execute(statement).scalar()
        if thread_id is None:
            self._differs(f"capture {root}", f"it holds a thread of {thread.platform} that is not stored")
            return
        compared, differences = compare_thread(self.connection, self.suppressions, thread_id, root, ids, thread)
        self.result.counts["texts"] += compared
        self.result.differences += differences

    def _differs(self, subject: str, what: str) -> None:
        self._differences.append(Difference(subject, what))


def _explain(error: OSError, row: Row) -> str:
    return f"{error.strerror or error}: {row['warc_file']}"


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Row]:
    return (dict(row) for row in connection.execute(statement).mappings().all())
