"""Parquet as `btl import --to parquet` writes it: a comment a row, the rows of a thread one after the other.

A document is the rows of one thread, as the JSON lines that they are read as.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from archive.importers.base import CERTAIN, BadDocument, Document, FormatClaim, Probe, Source
from archive.importers.documents import TOO_LONG
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.own_records import read_labels, read_record
from archive.importers.values import read_flags
from archive.text.dates import utc_text
from archive.thread import (
    Article,
    Author,
    Capture,
    Comment,
    Completeness,
    Dataset,
    Moment,
    ParentSource,
    Precision,
    State,
    StatedKind,
    Thread,
)

NAME = "parquet"
Row = dict[str, Any]


def claim(probe: Probe) -> FormatClaim | None:
    """Claim rows that begin with the platform and the thread."""
    begin = probe.head[:400]
    is_own = begin.startswith(b'{"thread_platform": ') and b'"thread_native_id": ' in begin
    return FormatClaim(CERTAIN, "comments that btl wrote as Parquet") if is_own else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Gather the rows of each thread, which are one after the other."""
    offset = start = 0
    key: object = None
    lines: list[bytes] = []
    while raw := source.file.readline(LONGEST_DOCUMENT + 1):
        row_key = _key(raw)
        if lines and (row_key != key or offset - start > LONGEST_DOCUMENT):
            yield _document(lines, source.name, start)
            lines, start = [], offset
        lines.append(raw)
        key, offset = row_key, offset + len(raw)
    if lines:
        yield _document(lines, source.name, start)


def _key(raw: bytes) -> object:
    try:
        row = json.loads(raw)
    except (ValueError, RecursionError):
        return raw
    if not isinstance(row, dict):
        return raw
    return row.get("thread_platform"), row.get("thread_native_id"), row.get("fetched_at"), row.get("document_sha256")


def _document(lines: list[bytes], name: str, offset: int) -> Document | BadDocument:
    raw = b"".join(lines)
    too_long = BadDocument(f"{name}:{offset}", TOO_LONG)
    return too_long if len(raw) > LONGEST_DOCUMENT else Document(raw, name, offset)


def parse(document: Document) -> Thread:
    """Return the thread of its rows. What rules found is found anew: that of the file is of the rules of its time."""
    try:
        rows: list[Row] = [json.loads(line) for line in document.raw.splitlines()]
        return _thread(rows, document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        location = f"{document.file}:{document.offset}"
        raise BadDocument(location, f"not a thread as btl writes it: {error!r}") from error


def _thread(rows: list[Row], document: Document) -> Thread:
    first = rows[0]
    comments = [row for row in rows if row["position"] is not None]
    dataset = Dataset(**first["dataset"]) if first["dataset"] else None
    return Thread(
        article=Article(
            title=first["article_title"],
            body=first["article_body"] or "",
            url=first["article_url"],
            outlet=first["outlet_domain"],
            outlet_name=first["outlet_name"],
            byline=first["byline"],
            published=_moment(first, "published"),
            language=first["language"],
            section=first["section"],
            fills_in=True,
            labels=read_labels(first, "article_labels"),
        ),
        comments=tuple(_comment(row, comments, dataset) for row in comments),
        platform=first["thread_platform"],
        capture=Capture(
            sha256=sha256(document.raw).hexdigest(),
            fetched_at=_time(first["fetched_at"]),
            media_type="application/jsonl",
            file=document.file,
            offset=document.offset,
            length=len(document.raw),
        ),
        native_id=first["thread_native_id"],
        url=first["thread_url"],
        stated_count=first["stated_count"],
        completeness=cast("Completeness", first["completeness"] or "unknown"),
        dataset=dataset,
        stated_kind=cast("StatedKind", first.get("stated_kind") or "all"),
        closed=first.get("closed"),
        labels=read_labels(first, "thread_labels"),
    )


def _comment(row: Row, rows: list[Row], dataset: Dataset | None) -> Comment:
    parent = row["parent_position"]
    named = row["author"] is not None or row["author_native_id"] is not None
    return Comment(
        body=row["body"] or "",
        parent=parent,
        author=Author(row["author"], row["author_native_id"], row["is_guest"], row["is_staff"]) if named else None,
        posted=_moment(row, "posted"),
        native_id=row["native_id"],
        parent_native_id=row.get("parent_native_id") or (None if parent is None else rows[parent]["native_id"]),
        parent_source=cast("ParentSource | None", row["parent_source"]),
        state=cast("State", row["state"]),
        likes=row["likes"],
        dislikes=row["dislikes"],
        url=row["url"],
        flags=read_flags(row["flags"], dataset),
        **read_record(row),
    )


def _moment(row: Row, name: str) -> Moment | None:
    at, text = _time(row[f"{name}_at"]), row[f"{name}_text"]
    return Moment(at, text, cast("Precision | None", row[f"{name}_precision"])) if at or text else None


def _time(text: str | None) -> str | None:
    return utc_text(datetime.fromisoformat(text)) if text else None
