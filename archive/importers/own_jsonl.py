"""JSON Lines as `btl export --format jsonl` writes them: a thread a line, back into an archive."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, cast

from archive.importers import documents as text_documents
from archive.importers.base import CERTAIN, BadDocument, Claim, Document, Probe, Source
from archive.importers.values import read_flags
from archive.thread import (
    Article,
    Author,
    Capture,
    Comment,
    Completeness,
    Dataset,
    Label,
    Moment,
    Precision,
    State,
    Thread,
)

NAME = "jsonl"


def claim(probe: Probe) -> Claim | None:
    """Claim lines that begin with an article and its thread."""
    begin = probe.head.lstrip()
    is_own = begin.startswith(b'{"article":') and b'"thread":' in begin and b'"platform":' in begin
    return Claim(CERTAIN, "threads that btl exported") if is_own else None


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
    comments = [_comment(row, index.get(row["parent_id"]), rows) for row in rows]
    outlet, outlet_name = article.get("outlet"), article.get("outlet_name")
    return Thread(
        article=Article(
            title=article["title"],
            body=article["body"],
            url=article["url"],
            outlet=outlet,
            outlet_name=outlet_name if outlet_name != outlet else None,
            byline=article.get("byline"),
            published=_moment(article.get("published_at"), article.get("published_precision")),
            language=article.get("language"),
            section=article.get("section"),
            fills_in=True,
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
        completeness=cast("Completeness", thread.get("completeness") or "unknown"),
        dataset=_dataset(thread.get("dataset")),
    )


def _dataset(row: dict[str, Any] | None) -> Dataset | None:
    if row is None:
        return None
    about = {name: row.get(name) for name in ("version", "licence", "citation", "url")}
    return Dataset(row["name"], **about, is_shareable=row.get("is_shareable", True))


def _comment(row: dict[str, Any], parent: int | None, rows: list[dict[str, Any]]) -> Comment:
    return Comment(
        body=row["body"],
        parent=parent,
        author=Author(row["author"]) if row.get("author") else None,
        posted=_moment(row.get("posted_at"), row.get("posted_precision")),
        native_id=row.get("native_id"),
        parent_native_id=None if parent is None else rows[parent].get("native_id"),
        parent_source=None if parent is None else "export",
        state=cast("State", row.get("state") or "visible"),
        likes=row.get("likes"),
        dislikes=row.get("dislikes"),
        url=row.get("url"),
        flags=read_flags(row.get("flags")),
        labels=tuple(
            Label(label["name"], label["value"], label.get("number"), label.get("raters"), Dataset(label["dataset"]))
            for label in row.get("labels") or ()
        ),
    )


def _moment(at: str | None, precision: str | None) -> Moment | None:
    return Moment(at, at, cast("Precision", precision or "second")) if at else None
