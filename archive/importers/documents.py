"""Documents as text corpora ship them: one text a file, or JSON Lines with `text` and metadata."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, BinaryIO

from archive.importers.base import HEAD_LENGTH, BadDocument, Document
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.plain_text.encoding import Text, clean, decode
from archive.text import urls
from archive.thread import Article, Capture, Comment, Flag, Thread

URL_KEYS = ("url", "warc_target_uri", "warc-target-uri", "target_uri", "source_url", "uri")
DATE_KEYS = ("warc_date", "warc-date", "fetched_at", "fetch_date", "crawl_date", "date")
LANGUAGE_KEYS = ("language", "lang")
TOO_LONG = f"longer than {LONGEST_DOCUMENT >> 20} MB"
EVIDENCE_LENGTH = 200


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


def is_json_lines(head: bytes) -> bool:
    """Whether a file that begins like this has a JSON object a line, with a `text` in the first, as far as it shows."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0]
    whole = first.startswith(b"{") and re.search(rb'"text"\s*:\s*"', first) is not None
    return whole or _cut_object(first, head)


def _cut_object(first: bytes, head: bytes) -> bool:
    return first.startswith(b'{"') and len(head) >= HEAD_LENGTH and b"\n" not in head.strip()


def documents(file: BinaryIO, name: str) -> Iterator[Document | BadDocument]:
    """The documents of a file, each in memory alone; BadDocument for one that is too long."""
    head = file.peek(HEAD_LENGTH)[:HEAD_LENGTH] if hasattr(file, "peek") else b""
    if is_json_lines(head):
        yield from _lines(file, name)
        return
    raw = file.read(LONGEST_DOCUMENT + 1)
    yield BadDocument(name, TOO_LONG) if len(raw) > LONGEST_DOCUMENT else Document(raw, name)


def _lines(file: BinaryIO, name: str) -> Iterator[Document | BadDocument]:
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
            yield Document(raw, name, start, number)


def read(document: Document) -> tuple[Text, dict[str, Any]]:
    """The document's text and metadata. Raises BadDocument where a line is not an object with a text."""
    if document.line is None:
        return decode(document.raw), {}
    try:
        record = json.loads(document.raw.decode("utf-8-sig", "windows-1252"))
    except (ValueError, RecursionError) as error:
        raise BadDocument(document.location, f"not JSON: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise BadDocument(document.location, 'not an object with a string "text"')
    text = record.pop("text")
    return clean(text), record


def thread(document: Document, text: Text, metadata: dict[str, Any], reading: Reading, platform: str) -> Thread:
    """Puts together what the text and its metadata say. Metadata is kept whole in the capture."""
    url = urls.canonical(_first(metadata, URL_KEYS))
    title, paragraphs = _title(metadata, reading)
    repairs = _Repairs(text.repaired)
    article = Article(
        title=title,
        body="\n\n".join(paragraphs),
        url=url,
        outlet=urls.domain(url) if url else None,
        outlet_name=_text_of(metadata, ("outlet", "site_name")),
        language=_text_of(metadata, LANGUAGE_KEYS),
        flags=repairs.flags(title or "", *paragraphs),
    )
    capture = Capture(
        sha256=sha256(document.raw).hexdigest(),
        url=url,
        fetched_at=_time(_first(metadata, DATE_KEYS)),
        media_type="text/plain" if document.line is None else "application/jsonl",
        file=document.file,
        offset=document.offset,
        length=len(document.raw),
        line=document.line,
        metadata=_storable(metadata) or None,
    )
    return Thread(
        article=article,
        comments=tuple(repairs.mark(comment) for comment in reading.comments),
        platform=platform,
        capture=capture,
        stated_count=reading.stated_count,
        closed=reading.closed,
        flags=reading.flags,
        furniture=reading.furniture,
    )


def _title(metadata: Mapping[str, Any], reading: Reading) -> tuple[str | None, tuple[str, ...]]:
    """The title that the metadata states; what the text has in its place stays in the article where it differs."""
    stated = _text_of(metadata, ("title",))
    title = reading.title
    if stated is None or title is None:
        return stated or title, reading.paragraphs
    if stated.startswith(title) or title.startswith(stated):
        return title, reading.paragraphs
    return stated, (title, *reading.paragraphs)


def _first(metadata: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """The first of the keys that the metadata has, or an object called `metadata` in it; case does not matter."""
    folded = {key.lower(): value for key, value in metadata.items()}
    inner = folded.get("metadata")
    if isinstance(inner, dict):
        folded = {str(key).lower(): value for key, value in inner.items()} | folded
    return next((folded[key] for key in keys if folded.get(key)), None)


def _text_of(metadata: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    value = _first(metadata, keys)
    return clean(value).text.strip() or None if isinstance(value, str) else None


def _time(value: Any) -> str | None:
    """An ISO-8601 time as the archive writes it; without a zone it counts as UTC."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time.year >= 1970 else None


def _storable(value: Any) -> Any:
    """The value with lone surrogates replaced, which JSON can carry and the archive cannot."""
    return json.loads(clean(json.dumps(value, ensure_ascii=False)).text) if value else value


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
