"""JSON Lines as `btl export --format jsonl` writes them: a thread a line, back into an archive."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, cast

from archive.importers import documents as text_documents
from archive.importers.base import CERTAIN, BadDocument, Document, FormatClaim, Probe, Source
from archive.importers.own_records import (
    read_author,
    read_completeness,
    read_dataset,
    read_labels,
    read_moment,
    read_parent_source,
    read_record,
    read_state,
    truth_of,
)
from archive.importers.values import read_flags
from archive.thread import Article, Capture, Comment, Dataset, StatedKind, Thread

NAME = "jsonl"


def claim(probe: Probe) -> FormatClaim | None:
    """Claim lines that begin with an article and its thread."""
    begin = probe.head.lstrip()
    is_own = begin.startswith(b'{"article":') and b'"thread":' in begin and b'"platform":' in begin
    return FormatClaim(CERTAIN, "threads that btl exported") if is_own else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Cut the file into its lines."""
    return text_documents.lines(source.file, source.name)


def parse(document: Document) -> Thread:
    """Return the thread of a line. What rules found is found anew: that of the export is of the rules of its time."""
    try:
        record = json.loads(document.raw.decode("utf-8"))
        return _thread(record, document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadDocument(document.location, f"not a thread as btl exports it: {error!r}") from error


def _thread(record: dict[str, Any], document: Document) -> Thread:
    article, thread, rows = record["article"], record["thread"], record["comments"]
    index = {row["id"]: number for number, row in enumerate(rows)}  # comments come in document order
    dataset = read_dataset(thread.get("dataset"))
    comments = [_comment(row, index.get(row["parent_id"]), rows, dataset) for row in rows]
    outlet, outlet_name = article.get("outlet"), article.get("outlet_name")
    return Thread(
        article=Article(
            title=article["title"],
            body=article["body"],
            url=article["url"],
            outlet=outlet,
            outlet_name=outlet_name if outlet_name != outlet else None,
            byline=article.get("byline"),
            published=read_moment(article, "published_at", "published_precision"),
            language=article.get("language"),
            section=article.get("section"),
            fills_in=True,
            labels=read_labels(article, "labels"),
        ),
        comments=tuple(comments),
        platform=thread["platform"],
        capture=Capture(
            sha256=sha256(document.raw).hexdigest(),
            media_type="application/jsonl",
            file=document.file,
            offset=document.offset,
            length=len(document.raw),
            line=document.line,
        ),
        native_id=thread["native_id"],
        url=thread.get("url"),
        stated_count=thread.get("stated_count"),
        completeness=read_completeness(thread.get("completeness"), thread.get("comment_count"), len(comments)),
        dataset=dataset,
        stated_kind=cast("StatedKind", thread.get("stated_kind") or "all"),
        closed=truth_of(thread.get("closed")),
        labels=read_labels(thread, "labels"),
    )


def _comment(row: dict[str, Any], parent: int | None, rows: list[dict[str, Any]], dataset: Dataset | None) -> Comment:
    parent_source = read_parent_source(row.get("parent_source"))
    return Comment(
        body=row["body"],
        parent=parent,
        author=read_author(row),
        posted=read_moment(row, "posted_at", "posted_precision"),
        native_id=row.get("native_id"),
        parent_native_id=None if parent is None else rows[parent].get("native_id"),
        parent_source=parent_source or (None if parent is None else "export"),
        state=read_state(row.get("state")),
        likes=row.get("likes"),
        dislikes=row.get("dislikes"),
        url=row.get("url"),
        flags=read_flags(row.get("flags"), dataset),
        **read_record(row),
    )
