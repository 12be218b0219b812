"""Documents as text corpora ship them: one text a file, or JSON objects with a text, one a line or one a file."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, BinaryIO

from archive.importers.base import HEAD_LENGTH, BadDocument, Document, EmptyDocument, Source, without_mark
from archive.importers.corpus_keys import TEXT_KEYS, Row, is_comment, take_text
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.plain_text.encoding import Text, clean, decode
from archive.text import urls
from archive.text.personal_fields import MASKED, holds_personal, leaves_out
from archive.text.storable import load_json
from archive.thread import Article, Capture, Comment, Completeness, Flag, Thread

TOO_LONG = f"longer than {LONGEST_DOCUMENT >> 20} MB"
EVIDENCE_LENGTH = 200
LEFT_OUT = "(left out)"  # the key of a capture's metadata that names the keys which hold personal data
BLOCK = 1 << 20
LEAST_RECORD = 400  # bytes that an article's record has on average; arrays of shorter ones hold comments
NO_TEXT = f"not an object with a text ({', '.join(TEXT_KEYS)})"
_OBJECT = re.compile(rb'\s*\{\s*"')
_ARRAY = re.compile(rb'\s*\[\s*\{\s*"')
_BETWEEN = re.compile(r"[\s,]*")
_ARTICLE_KEY = re.compile(rb'"(?:url|link|title|headline)"\s*:')
_TEXT_KEY = re.compile(rb'"(?:%s)"\s*:' % "|".join(TEXT_KEYS).encode())


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text says. `furniture` are the lines that are neither article nor comment: nothing is lost."""

    title: str | None
    paragraphs: tuple[str, ...]
    comments: tuple[Comment, ...]
    furniture: tuple[str, ...]
    stated_count: int | None
    closed: bool | None
    flags: tuple[Flag, ...]
    completeness: Completeness = "unknown"


def is_json(head: bytes) -> bool:
    """Whether a file that begins like this holds objects with a text: one a line, one that is the whole file, or an
    array of them."""
    return is_json_object(head) or is_json_lines(head) or is_article_array(head)


def is_json_lines(head: bytes) -> bool:
    """Whether there is a JSON object a line, one of them with a text as far as the beginning shows them.

    The first rows of a corpus may be without one.
    """
    begin = without_mark(head).lstrip()
    if is_json_object(head):
        return False
    return begin.startswith(b"{") and (_TEXT_KEY.search(begin) is not None or _is_cut_object(begin, head))


def is_json_object(head: bytes) -> bool:
    """Whether a file that begins like this is one JSON object over several lines."""
    begin = without_mark(head)
    lines = begin.lstrip().split(b"\n", 2)
    return (
        len(lines) > 1
        and _OBJECT.match(begin) is not None
        and not lines[0].rstrip().endswith(b"}")
        and not lines[1].lstrip().startswith(b"{")
    )


def is_article_array(head: bytes) -> bool:
    """Whether a file begins as a JSON array of articles: objects with a text and an address or a title."""
    begin = without_mark(head)
    if _ARRAY.match(begin) is None or _ARTICLE_KEY.search(begin) is None:
        return False
    texts = len(_TEXT_KEY.findall(begin))
    return 0 < texts * LEAST_RECORD < len(begin)


def _is_cut_object(begin: bytes, head: bytes) -> bool:
    return begin.startswith(b'{"') and len(head) >= HEAD_LENGTH and b"\n" not in head.strip()


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """The documents of a file, each in memory alone; BadDocument for one that is too long."""
    file, name = source.file, source.name
    head = file.peek(HEAD_LENGTH)[:HEAD_LENGTH] if hasattr(file, "peek") else b""
    if is_json_lines(head):
        yield from lines(file, name, source.options.keep)
        return
    if is_article_array(head):
        yield from elements(file, name, source.options.keep)
        return
    raw = file.read(LONGEST_DOCUMENT + 1)
    yield BadDocument(name, TOO_LONG) if len(raw) > LONGEST_DOCUMENT else Document(raw, name, keep=source.options.keep)


def lines(file: BinaryIO, name: str, keep: frozenset[str] = frozenset()) -> Iterator[Document | BadDocument]:
    """Cut a file into its lines, each a document; blank ones are none."""
    offset = number = 0
    while raw := file.readline(LONGEST_DOCUMENT + 1):
        number += 1
        start, offset = offset, offset + len(raw)
        if len(raw) > LONGEST_DOCUMENT:
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(LONGEST_DOCUMENT)
                offset += len(raw)
            yield BadDocument(f"{name}:{number}", TOO_LONG)
        elif raw.strip():
            yield Document(raw, name, start, number, keep=keep)


def elements(file: BinaryIO, name: str, keep: frozenset[str] = frozenset()) -> Iterator[Document | BadDocument]:
    """Cut a JSON array into its objects, each a document; what stands behind one that is broken cannot be told apart.

    The bytes are read as Latin-1, in which JSON has the same marks and each byte is a character.
    """
    decoder = json.JSONDecoder(strict=False)
    text = file.read(BLOCK).decode("latin-1")
    start, position = 0, text.index("[") + 1
    while True:
        position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]
        if text.startswith("]", position):
            return
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            more = file.read(max(BLOCK, len(text) - position)).decode("latin-1")
            if not more or len(text) - position > LONGEST_DOCUMENT:
                yield BadDocument(name, f"the array breaks off at byte {start + position}: {error}")
                return
            text, start, position = text[position:] + more, start + position, 0
            continue
        if text[position] == "{":
            yield Document(text[position:end].encode("latin-1"), name, start + position, keep=keep)
        else:
            yield BadDocument(name, f"{NO_TEXT}, at byte {start + position}")
        position = end


def read(document: Document) -> tuple[Text, dict[str, Any]]:
    """The document's text and metadata. Raises BadDocument where it is JSON without a text."""
    if document.line is None and not _OBJECT.match(without_mark(document.raw[:HEAD_LENGTH])):
        return decode(document.raw), {}
    try:
        record = json.loads(document.raw.decode("utf-8-sig", "windows-1252"))
    except (ValueError, RecursionError) as error:
        raise BadDocument(document.location, f"not JSON: {error}") from error
    text = take_text(record) if isinstance(record, dict) else None
    if text is None:
        raise BadDocument(document.location, NO_TEXT)
    if not text.strip():
        raise EmptyDocument(document.location, "its text is empty")
    if is_comment(text, record):
        raise BadDocument(document.location, "a comment by itself, not an article's text")
    return clean(text), record


def thread(document: Document, text: Text, metadata: dict[str, Any], reading: Reading, platform: str) -> Thread:
    """Put together what the text and its metadata say."""
    row = Row.of(metadata)
    url = row.url()
    repairs = _Repairs(text.repaired)
    return Thread(
        article=_article(row, url, reading, repairs),
        comments=tuple(repairs.mark(comment) for comment in reading.comments),
        platform=platform,
        capture=_capture(document, row, url),
        stated_count=reading.stated_count,
        completeness=reading.completeness,
        closed=reading.closed,
        flags=reading.flags,
        furniture=reading.furniture,
    )


def _article(row: Row, url: str | None, reading: Reading, repairs: "_Repairs") -> Article:
    title, paragraphs = _title(row, reading)
    return Article(
        title=title,
        body="\n\n".join(paragraphs),
        url=url,
        outlet=urls.domain(url) if url else None,
        outlet_name=row.text("outlet", "site_name", "sitename"),
        byline=row.byline(),
        published=row.published(),
        language=row.language(),
        flags=repairs.flags(title or "", *paragraphs),
    )


def _capture(document: Document, row: Row, url: str | None) -> Capture:
    """Return the capture, which keeps the metadata but for what is personal."""
    left_out: set[str] = set()
    metadata = leave_out_personal(row.metadata, document.keep, left_out)
    if left_out:
        metadata[LEFT_OUT] = sorted(left_out)
    return Capture(
        sha256=sha256(document.raw).hexdigest(),
        url=url,
        fetched_at=row.fetched_at(),
        media_type="application/jsonl" if document.line else "application/json" if row.metadata else "text/plain",
        file=document.file,
        offset=document.offset,
        length=len(document.raw),
        line=document.line,
        metadata=_storable(metadata) or None,
    )


def _title(row: Row, reading: Reading) -> tuple[str | None, tuple[str, ...]]:
    """The title that the metadata states; what the text has in its place stays in the article where it differs."""
    stated = row.text("title")
    title = reading.title
    if stated is None or title is None:
        return stated or title, reading.paragraphs
    if stated.startswith(title) or title.startswith(stated):
        return title, reading.paragraphs
    return stated, (title, *reading.paragraphs)


def leave_out_personal(record: dict[str, Any], keep: frozenset[str], left_out: set[str]) -> dict[str, Any]:
    """Return a record without the keys that hold personal data, whose names are added to `left_out`."""
    result = {}
    for key, value in record.items():
        if key not in keep and leaves_out(key, value):
            left_out.add(MASKED if holds_personal(key) else key)
        else:
            result[key] = _without_personal(value, keep, left_out)
    return result


def _without_personal(value: Any, keep: frozenset[str], left_out: set[str]) -> Any:
    if isinstance(value, dict):
        return leave_out_personal(value, keep, left_out)
    return [_without_personal(item, keep, left_out) for item in value] if isinstance(value, list) else value


def _storable(value: Any) -> Any:
    """The value as the archive can store it, and repaired as the texts are."""
    return load_json(clean(json.dumps(value, ensure_ascii=False)).text) if value else value


class _Repairs:
    """Tells which texts hold a line that was repaired."""

    def __init__(self, repaired: dict[str, str]) -> None:
        self.repaired = repaired

    def flags(self, *texts: str) -> tuple[Flag, ...]:
        if not self.repaired:
            return ()
        lines = (line.strip() for text in texts for line in text.split("\n"))
        hits = [(before, line) for line in lines if (before := self._before(line)) is not None]
        return tuple(Flag("capture.encoding_repaired", "encoding", _evidence(*hits[0])) for _ in hits[:1])

    def _before(self, line: str) -> str | None:
        if line in self.repaired:
            return self.repaired[line]
        return next((old for new, old in self.repaired.items() if line and new.endswith(line)), None)

    def mark(self, comment: Comment) -> Comment:
        texts = (comment.body, comment.author.name or "") if comment.author else (comment.body,)
        flags = self.flags(*texts)
        return replace(comment, flags=(*comment.flags, *flags)) if flags else comment


def _evidence(before: str, after: str) -> str:
    return f"{before[:EVIDENCE_LENGTH]} -> {after[:EVIDENCE_LENGTH]}"
