"""The rows of one thread as btl exports comments to CSV and Parquet -> Thread, with the ids that it had. Pure.

Texts of articles are not in these files: what is known of an article is its address, headline and time.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, cast

from archive.importers.base import Document
from archive.importers.own_records import (
    read_author,
    read_codes,
    read_completeness,
    read_dataset,
    read_labels,
    read_moment,
    read_parent_source,
    read_record,
    read_state,
    truth_of,
    with_native_ids,
)
from archive.importers.values import text_of
from archive.thread import Article, Capture, Comment, StatedKind, Thread, nest

Cells = Mapping[str, Any]
OF_THREAD = "thread_native_id"  # that older exports and the site's own tables do not have


def is_own(rows: Sequence[tuple[int, Cells]]) -> bool:
    """Whether rows say of their thread all that is needed to have it as it was."""
    return bool(rows) and OF_THREAD in rows[0][1]


def parse_rows(document: Document, record: Mapping[str, Any]) -> Thread:
    """Return the thread of gathered rows, which may be but some of its comments."""
    rows: list[Cells] = [cells for _, cells in record["rows"]]
    rows.sort(key=lambda cells: _count(cells.get("position")) or 0)
    first = rows[0]
    native_ids: dict[str | None, str | None] = {str(cells["id"]): text_of(cells.get("native_id")) for cells in rows}
    comments = nest(_comment(cells, native_ids) for cells in rows)
    return Thread(
        article=_article(first),
        comments=tuple(with_native_ids(comment, native_ids) for comment in comments),
        platform=text_of(first.get("platform")) or "btl",
        capture=Capture(
            sha256=sha256(document.raw).hexdigest(),
            media_type=record["type"],
            file=document.file,
            offset=document.offset,
            length=len(document.raw),
            metadata={"rows": len(rows), "rows_merged": len(rows) - len(comments), "rows_empty": 0},
        ),
        native_id=text_of(first.get(OF_THREAD)),
        url=text_of(first.get("thread_url")),
        stated_count=_count(first.get("stated_count")),
        stated_kind=cast("StatedKind", first.get("stated_kind") or "all"),
        completeness=read_completeness(first.get("completeness"), first.get("comment_count"), len(comments)),
        closed=truth_of(first.get("closed")),
        dataset=read_dataset(first.get("dataset") or _fields_of(first, "dataset")),
        labels=read_labels(first, "thread_labels"),
    )


def _article(cells: Cells) -> Article:
    outlet, outlet_name = text_of(cells.get("outlet")), text_of(cells.get("outlet_name"))
    return Article(
        title=text_of(cells.get("article")),
        body="",
        url=text_of(cells.get("article_url")),
        outlet=outlet,
        outlet_name=outlet_name if outlet_name != outlet else None,
        byline=text_of(cells.get("byline")),
        published=read_moment(cells, "published_at", "published_precision"),
        language=text_of(cells.get("language")),
        section=text_of(cells.get("section")),
        fills_in=True,
        labels=read_labels(cells, "article_labels"),
    )


def _comment(cells: Cells, ids: Mapping[str | None, Any]) -> Comment:
    parent, source = _text(cells.get("parent_id")), read_parent_source(cells.get("parent_source"))
    if parent is not None and parent not in ids:  # a selection without it: what is known of it elsewhere stays
        parent, source = None, "unknown"
    return Comment(
        body=str(cells.get("body") or ""),
        author=read_author(cells),
        posted=read_moment(cells, "posted_at", "posted_precision"),
        native_id=_text(cells["id"]),
        parent_native_id=parent,
        parent_source=source,
        state=read_state(cells.get("state")),
        likes=_count(cells.get("likes")),
        dislikes=_count(cells.get("dislikes")),
        url=text_of(cells.get("url")),
        flags=read_codes(cells),
        **read_record(cells),
    )


def _fields_of(cells: Cells, name: str) -> dict[str, Any]:
    """Return an object of Parquet, whose fields are columns: `dataset.name`."""
    return {key.removeprefix(f"{name}."): value for key, value in cells.items() if key.startswith(f"{name}.")}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _count(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (ValueError, OverflowError):
        return None
