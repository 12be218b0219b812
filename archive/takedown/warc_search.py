"""Search a WARC file for records that contain texts, and make what is to stand in their places."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field, replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from archive.takedown.text_search import decodings
from archive.takedown.warc_records import (
    BLOCK,
    GZIP,
    LONGEST_HEAD,
    REDACTED_DATE,
    REDACTED_DIGEST,
    REDACTED_REASON,
    UNREADABLE,
    Problem,
    dechunk,
    decompress,
    http_headers,
    is_arc_head,
    is_cut_short,
    is_redaction,
    read_to_end,
    walk_records,
)
from archive.text.charsets import decode_text
from archive.text.content_encoding import MAX_DECODED_BYTES, BadEncoding, decode_body

WITHOUT_WORDS = ("image/", "video/", "audio/", "font/")
BLANK_LINES = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class RecordText:
    """A record and its texts: header fields and body. `unread` says why that is not all of it; `fields` are its own
    (names in lower case), `is_redacted` says that it is a redaction already. `offset` and `length` (bytes) are of its
    gzip member, or of its plain bytes."""

    offset: int
    length: int
    is_gzip: bool
    kind: str
    version: str
    fields: dict[str, str]
    texts: tuple[str, ...]
    unread: str | None = None
    is_redacted: bool = False

    def decodings(self) -> list[str]:
        """Return its texts under every encoding that they may be meant in."""
        return [variant for text in self.texts for variant in decodings(text)]


# Decides from a record and its decodings whether it goes: returns the reason, or None.
Match = Callable[[RecordText, Sequence[str]], str | None]


@dataclass(frozen=True, slots=True)
class Replacement:
    """Bytes of a WARC file that are to go, and the record that is to stand in their place."""

    offset: int
    length: int
    record: bytes


@dataclass(slots=True)
class WarcSearch:
    """What a search saw in one file: how many records, those to be replaced, the offsets of redactions that were there
    before, the places that match and cannot be replaced, and those that could not be searched."""

    path: Path
    records: int = 0
    replacements: list[Replacement] = field(default_factory=list)
    redacted: list[int] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)
    unsearched: list[Problem] = field(default_factory=list)


def read_record_texts(
    path: Path, start: int, end: int | None, location: str, *, is_gzip: bool
) -> Iterator[RecordText | Problem]:
    """Yield the records of a WARC file, or of one that is stored between two offsets of another file."""

    def parse(record: Any, records: Any) -> RecordText | str:
        texts, unread = _texts_of(record)
        cut = is_cut_short(record)
        read_to_end(records)
        return "the record is cut short" if cut else _record_text(record, records.member_info, is_gzip, texts, unread)

    return walk_records(path, start, end, location, parse)


def search_warc(path: Path, match: Match, at: str) -> WarcSearch:
    """Read a whole WARC file, and return what `match` chooses, with redactions dated `at`. Changes nothing."""
    return _Searcher(path, match, at).run()


class _Searcher:
    def __init__(self, path: Path, match: Match, at: str) -> None:
        self.path, self.match, self.at = path, match, at
        self.result = WarcSearch(path)
        head = self._raw(0, LONGEST_HEAD)
        self.is_gzip = head.startswith(GZIP)
        self.is_arc = is_arc_head(head)

    def run(self) -> WarcSearch:
        for record in read_record_texts(self.path, 0, None, str(self.path), is_gzip=self.is_gzip):
            if isinstance(record, Problem):
                self._consider_damaged(record)
            elif record.is_redacted:
                self.result.redacted.append(record.offset)
            else:
                self.result.records += 1
                self._consider(record)
        return self.result

    def _consider(self, record: RecordText) -> None:
        location = f"{self.path}:{record.offset}"
        reason = self.match(record, record.decodings())
        if reason is None:
            if record.unread is not None:
                self.result.unsearched.append(Problem(location, record.unread, record.offset, record.length))
            return
        obstacle = self._obstacle(record)
        if obstacle is not None:
            self.result.left.append(Problem(location, obstacle, record.offset, record.length))
            return
        # An address may hold the text too, as a slug of a headline does. Offset -1 is no record's: only texts match.
        url = replace(record, offset=-1, kind="address", texts=(record.fields.get("warc-target-uri", ""),))
        redaction = make_redaction(record, self.at, reason, with_url=self.match(url, url.decodings()) is None)
        self.result.replacements.append(Replacement(record.offset, record.length, redaction))

    def _obstacle(self, record: RecordText) -> str | None:
        """Return why a record cannot be replaced by itself."""
        if self.is_arc:
            return "lies in an ARC file, which has no place for a note: it can be made a WARC file by warcio recompress"
        raw = self._raw(record.offset, record.length)
        plain, _ = decompress(raw) if record.is_gzip else (raw, True)
        after = self._raw(record.offset + record.length, len(GZIP))
        ends_there = not record.is_gzip or after in (b"", GZIP)
        if ends_there and plain.startswith(b"WARC/") and len(_pieces(plain, record)) == 1:
            return None
        return "shares its gzip member with other records: warcio recompress gives each its own"

    def _raw(self, offset: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def _consider_damaged(self, problem: Problem) -> None:
        """Search bytes that are no whole record, such as the last one of a crawl that was killed, as far as they can be
        read. They go where they match, unless more than one record would go with them."""
        raw = self._raw(problem.offset, problem.length)
        plain, whole = decompress(raw) if self.is_gzip else (raw, True)
        damaged = RecordText(problem.offset, problem.length, self.is_gzip, "record", "WARC/1.1", {}, ())
        pieces = _pieces(plain or raw, damaged)
        if any(self.match(piece, piece.decodings()) for piece in pieces):
            if len(pieces) == 1 and self.is_gzip and raw.startswith(GZIP):
                self._consider(pieces[0])
            else:
                self.result.left.append(problem)
        elif not whole or any(piece.unread for piece in pieces):
            self.result.unsearched.append(problem)


def make_redaction(record: RecordText, at: str, reason: str, *, with_url: bool = True) -> bytes:
    """Return the record that stands in the place of an erased one, as bytes of the same file.

    It is of type `metadata`, which WARC 1.1 has for what describes a record of another type by WARC-Refers-To, and
    which no replay takes for a page: a `response` would claim to be it, a `revisit` that it is unchanged."""
    stated = record.fields.get
    payload, block = stated("warc-payload-digest"), stated("warc-block-digest")
    text = f"The record that stood here was redacted on {at}, for the reason {reason}.\n"
    text += "".join(f"The digest of its {name} was {d}.\n" for name, d in (("payload", payload), ("block", block)) if d)
    fields = {
        "WARC-Date": stated("warc-date") or at,
        REDACTED_DATE: at,
        REDACTED_REASON: reason,
        "WARC-Refers-To": stated("warc-record-id"),
        "Redacted-Type": record.kind,
        REDACTED_DIGEST: payload,
        "Redacted-Block-Digest": block,
    }
    buffer = BytesIO()
    writer = WARCWriter(buffer, gzip=record.is_gzip, warc_version=record.version)
    writer.NO_PAYLOAD_DIGEST_TYPES = ("metadata",)  # it would be taken for the digest of what is gone
    redaction = writer.create_warc_record(
        stated("warc-target-uri") if with_url else None,
        "metadata",
        payload=BytesIO(text.encode()),
        length=len(text.encode()),
        warc_content_type="text/plain",
        warc_headers_dict={name: value for name, value in fields.items() if value},
    )
    writer.write_record(redaction)
    # Between plain records warcio counts the blank lines to neither: those of the erased one stay.
    return buffer.getvalue() if record.is_gzip else buffer.getvalue().removesuffix(BLANK_LINES)


def _record_text(
    record: Any, span: tuple[int, int], is_gzip: bool, texts: tuple[str, ...], unread: str | None
) -> RecordText:
    fields = {name.lower(): value for name, value in record.rec_headers.headers}
    fields["warc-target-uri"] = fields.get("warc-target-uri", "").strip("<>")
    version = record.rec_headers.protocol or "WARC/1.1"
    kind = record.rec_type or "record"
    return RecordText(*span, is_gzip, kind, version, fields, texts, unread, is_redaction(record))


def _texts_of(record: Any) -> tuple[tuple[str, ...], str | None]:
    """Return the texts of a record, and why that is not all of it.

    warcio's content_stream() knows neither zstd nor a bound, and gives up where a header is wrong about the body."""
    heads = [record.rec_headers, *([record.http_headers] if record.http_headers else [])]
    lines = "\n".join(f"{name}: {value}" for head in heads for name, value in head.headers)
    lines += "\n" + "\n".join(head.statusline or "" for head in heads)
    unread = None
    body = record.raw_stream.read(MAX_DECODED_BYTES + 1)
    while record.raw_stream.read(BLOCK):
        unread = f"only the first {MAX_DECODED_BYTES >> 20} MB could be searched"
    headers = http_headers(record)
    if headers.get("content-type", "").lower().startswith(WITHOUT_WORDS):
        return (lines,), None
    try:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = dechunk(body)
        body = decode_body(body, headers.get("content-encoding", "").split(","))
        if body.startswith(GZIP):  # a sitemap, or what two servers compressed one after the other
            body = decode_body(body, ["gzip"])
    except BadEncoding as error:
        unread = f"could not be decoded: {error}"
    return (lines, decode_text(body, headers.get("content-type"))), unread


def _pieces(plain: bytes, whole: RecordText) -> list[RecordText]:
    """Return the records in some plain bytes, as far as they can be read; `whole` with all the bytes where none can."""
    pieces: list[RecordText] = []
    span = whole.offset, whole.length
    try:
        with redirect_stderr(StringIO()):
            records = ArchiveIterator(BytesIO(plain))
            records.known_format = "warc"
            for record in records:
                texts, unread = _texts_of(record)
                pieces.append(_record_text(record, span, whole.is_gzip, texts, unread))
    except (*UNREADABLE, StopIteration):
        pass
    return pieces or [replace(whole, texts=(plain.decode("utf-8", "replace"),))]
