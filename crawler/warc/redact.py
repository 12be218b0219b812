"""Takes records out of WARC files where they lie: found by what they hold, overwritten with a note of the same length.

No other record moves, so every offset that anybody noted still holds. What is to be written is noted in a journal
beside the file first: a redaction that was killed leaves all other records readable, and `resume` ends it.
"""

import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from archive.takedown.text_search import readings
from archive.takedown.warc_records import BLOCK, Problem, is_cut_short, is_redaction, read_to_end, walk_records
from archive.text.decoding import MAX_DECODED_BYTES, BadEncoding, decode_body
from crawler.pages.page import Page
from crawler.warc.reader import dechunk, http_headers
from crawler.warc.redaction_record import Redaction, written

GZIP = b"\x1f\x8b"
WITHOUT_WORDS = ("image/", "video/", "audio/", "font/")
JOURNAL = ".redacting"
UNREADABLE = (ArchiveLoadFailed, EOFError, ValueError, OSError, AttributeError, StopIteration)


@dataclass(frozen=True, slots=True)
class Record:
    """A record and what it says, as text: header fields and body. `unread` says why that is not all of it; `stated` are
    its fields, `is_done` says that it is a redaction already."""

    offset: int
    length: int
    is_gzip: bool
    kind: str
    version: str
    stated: dict[str, str]
    texts: tuple[str, ...]
    unread: str | None = None
    is_done: bool = False

    def readings(self) -> list[str]:
        """Everything that it says, in all the ways that it may be meant."""
        return [read for text in self.texts for read in readings(text)]

    def redaction(self, at: str, reason: str, *, with_url: bool = True) -> Redaction:
        """What is to stand in its place, for a reason."""
        stated = self.stated
        return Redaction(
            self.offset,
            self.length,
            self.is_gzip,
            at,
            reason,
            f"<{uuid4().urn}>",
            self.version,
            self.kind,
            stated.get("warc-date") or at,
            stated.get("warc-target-uri") if with_url else None,
            stated.get("warc-record-id"),
            stated.get("warc-payload-digest"),
            stated.get("warc-block-digest"),
        )


Holds = Callable[[Record, Sequence[str]], bool]


@dataclass(slots=True)
class Found:
    """What one file holds: what is to be redacted, the offsets of what was redacted before, the places that hold it and
    cannot be redacted, and those that could not be searched."""

    path: Path
    records: int = 0
    redactions: list[Redaction] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)
    unsearched: list[Problem] = field(default_factory=list)


def search(path: Path, holds: Holds, at: str, reason: str) -> Found:
    """Reads a whole WARC file; `holds` says of a record and its readings whether it is to go. Changes nothing."""
    return _Search(path, holds, at, reason).run()


def records(path: Path, start: int, end: int | None, place: str, *, is_gzip: bool) -> Iterator[Record | Problem]:
    """The records of a WARC file, or of one that lies between two offsets of another file."""
    return walk_records(path, start, end, place, lambda record, all_: _taken(record, all_, is_gzip=is_gzip))


class _Search:
    def __init__(self, path: Path, holds: Holds, at: str, reason: str) -> None:
        self.path, self.holds, self.at, self.reason = path, holds, at, reason
        self.found = Found(path)
        with path.open("rb") as file:
            self.is_gzip = file.read(2) == GZIP

    def run(self) -> Found:
        for each in records(self.path, 0, None, str(self.path), is_gzip=self.is_gzip):
            if isinstance(each, Problem):
                self._damaged(each)
            elif each.is_done:
                self.found.done.append(each.offset)
            else:
                self.found.records += 1
                self._consider(each)
        return self.found

    def _consider(self, record: Record) -> None:
        place = f"{self.path}:{record.offset}"
        if not self.holds(record, record.readings()):
            if record.unread is not None:
                self.found.unsearched.append(Problem(place, record.unread, record.offset, record.length))
            return
        url = Record(-1, 0, record.is_gzip, "address", record.version, {}, (record.stated.get("warc-target-uri", ""),))
        redaction = record.redaction(self.at, self.reason, with_url=not self.holds(url, url.readings()))
        why = self._obstacle(record, redaction)
        if why is None:
            self.found.redactions.append(redaction)
        else:
            self.found.left.append(Problem(place, why, record.offset, record.length))

    def _obstacle(self, record: Record, redaction: Redaction) -> str | None:
        """Why a record cannot be overwritten."""
        if not record.version.startswith("WARC/"):
            return "lies in an ARC file, which has no place for a note: it can be made a WARC file by warcio recompress"
        if not self._is_alone(record):
            return "shares its gzip member with other records: warcio recompress gives each its own"
        return "is too small for a note in its place" if written(redaction) is None else None

    def _is_alone(self, record: Record) -> bool:
        raw = self._raw(record.offset, record.length)
        plain, _ = _unpacked(raw) if record.is_gzip else (raw, True)
        after = self._raw(record.offset + record.length, len(GZIP))
        ends = not record.is_gzip or after in (b"", GZIP)
        return ends and plain.startswith(b"WARC/") and len(_pieces(plain, record)) == 1

    def _raw(self, offset: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def _damaged(self, problem: Problem) -> None:
        """A stretch that is no whole record, such as the last one of a crawl that was killed, is searched as far as it
        can be read. What holds a text goes, unless more than one record would go with it."""
        raw = self._raw(problem.offset, problem.length)
        plain, whole = _unpacked(raw) if self.is_gzip else (raw, True)
        place = Record(problem.offset, problem.length, self.is_gzip, "record", "WARC/1.1", {}, ())
        pieces = _pieces(plain or raw, place)
        if any(self.holds(piece, piece.readings()) for piece in pieces):
            if len(pieces) == 1 and self.is_gzip and raw.startswith(GZIP):
                self._consider(pieces[0])
            else:
                self.found.left.append(problem)
        elif not whole or any(piece.unread for piece in pieces):
            self.found.unsearched.append(problem)


def _taken(record: Any, all_: Any, *, is_gzip: bool) -> Record | str:
    texts, unread = _said(record)
    cut = is_cut_short(record)
    read_to_end(all_)
    if cut:
        return "the record is cut short"
    return _record(record, *all_.member_info, is_gzip=is_gzip, texts=texts, unread=unread)


def _record(
    record: Any, offset: int, length: int, *, is_gzip: bool, texts: tuple[str, ...], unread: str | None
) -> Record:
    stated = {name.lower(): value for name, value in record.rec_headers.headers}
    stated["warc-target-uri"] = stated.get("warc-target-uri", "").strip("<>")
    version = record.rec_headers.protocol or "WARC/1.1"
    done = is_redaction(record)
    return Record(offset, length, is_gzip, record.rec_type or "record", version, stated, texts, unread, done)


def _said(record: Any) -> tuple[tuple[str, ...], str | None]:
    """What a record says, as text, and why that is not all."""
    heads = [record.rec_headers, *([record.http_headers] if record.http_headers else [])]
    lines = "\n".join(f"{name}: {value}" for head in heads for name, value in head.headers)
    lines += "\n" + "\n".join(head.statusline or "" for head in heads)
    headers, unread = http_headers(record), None
    body = record.raw_stream.read(MAX_DECODED_BYTES + 1)
    while record.raw_stream.read(BLOCK):
        unread = f"only the first {MAX_DECODED_BYTES >> 20} MB could be searched"
    if headers.get("content-type", "").lower().startswith(WITHOUT_WORDS):
        return (lines,), None
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = dechunk(body)
    try:
        body = decode_body(body, headers.get("content-encoding", "").split(","))
        if body.startswith(GZIP):
            body = decode_body(body, ["gzip"])
    except BadEncoding as error:
        unread = f"could not be decoded: {error}"
    return (lines, Page("", body, headers).text), unread


def _unpacked(raw: bytes) -> tuple[bytes, bool]:
    """What there is of a gzip member that may be broken or cut short, to the first byte that is wrong; whether there
    was none."""
    stream, parts, position, step = zlib.decompressobj(zlib.MAX_WBITS | 16), [], 0, BLOCK
    while position < len(raw) and not stream.eof:
        before = stream.copy()
        try:
            parts.append(stream.decompress(raw[position : position + step]))
        except zlib.error:
            if step == 1:
                return b"".join(parts), False
            stream, step = before, 1
        else:
            position += step
    return b"".join(parts), not stream.unused_data


def _pieces(plain: bytes, place: Record) -> list[Record]:
    """The records of a stretch, as far as they can be read; all of it as one where none can."""
    pieces: list[Record] = []
    try:
        with redirect_stderr(StringIO()):
            for record in ArchiveIterator(BytesIO(plain)):
                texts, unread = _said(record)
                lies = place.offset, place.length
                pieces.append(_record(record, *lies, is_gzip=place.is_gzip, texts=texts, unread=unread))
    except UNREADABLE:
        pass
    return pieces or [replace(place, texts=(plain.decode("utf-8", "replace"),))]


def redact(path: Path, redactions: Sequence[Redaction]) -> None:
    """Overwrites the records. Raises OSError; whatever was begun then, `resume` ends."""
    if not redactions:
        return
    journal = _journal(path)
    new = journal.with_name(journal.name + ".new")
    with new.open("w", encoding="utf-8") as file:
        json.dump([asdict(redaction) for redaction in redactions], file)
        file.flush()
        os.fsync(file.fileno())
    new.rename(journal)
    _sync_folder(journal.parent)
    resume(path)


def resume(path: Path) -> bool:
    """Ends what a redaction of this file that was killed had begun; says whether there was one."""
    journal = _journal(path)
    if not journal.exists():
        return False
    redactions = [Redaction(**one) for one in json.loads(journal.read_text("utf-8"))]
    with path.open("r+b") as file:
        for redaction in redactions:
            note = written(redaction)
            assert note is not None
            file.seek(redaction.offset)
            file.write(note)
        file.flush()
        os.fsync(file.fileno())
    journal.unlink()
    _sync_folder(journal.parent)
    return True


def _journal(path: Path) -> Path:
    whole = path.resolve()
    return whole.with_name(whole.name + JOURNAL)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
