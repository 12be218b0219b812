"""Write threads as a folder of Parquet files, a comment a row, by outlet and month: no database is between.

The folders are called `outlet=courier.example/month=2026-03`, as DuckDB, Spark and pandas read them. A thread is in one
file, by the month of its article, else of its first comment: so it can be read back whole.
"""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import dataset as datasets

from archive.importers.already_imported import count_capture
from archive.importers.base import BadDocument, Options
from archive.importers.files import files
from archive.importers.run import Cutter, ImportProgress, Report, parse_chunks
from archive.importers.sources import Sources
from archive.importers.worker import Item
from archive.thread import Comment, Decision, Label, Moment, Thread, article_url
from archive.workers.executors import Workers

ROWS_A_BATCH = 20_000
FILES_OPEN = 200
MOST_PARTITIONS = 1 << 20
PART = ".part"
TIME = pa.timestamp("s", "UTC")
FLAG = pa.struct(
    [(name, pa.string()) for name in ("code", "rule", "target", "exact")] + [("start", pa.int32()), ("end", pa.int32())]
)
LABEL = pa.struct(
    [
        ("name", pa.string()),
        ("value", pa.string()),
        ("number", pa.float64()),
        ("raters", pa.int32()),
        ("dataset", pa.string()),
        ("is_shareable", pa.bool_()),
    ]
)
COUNTS = pa.list_(pa.struct([("kind", pa.string()), ("count", pa.int64())]))
EARLIER = pa.struct([("body", pa.string()), ("written_at", pa.string())])
DECISION = pa.struct([(field.name, pa.string()) for field in fields(Decision)])
DATASET = pa.struct(
    [*((name, pa.string()) for name in ("name", "version", "licence", "citation", "url")), ("is_shareable", pa.bool_())]
)
OF_THREAD: dict[str, pa.DataType] = {
    "thread_platform": pa.string(), "thread_native_id": pa.string(), "thread_url": pa.string(),
    "stated_count": pa.int64(), "completeness": pa.string(), "fetched_at": TIME, "document_sha256": pa.string(),
    "source_file": pa.string(), "dataset": DATASET, "article_url": pa.string(), "article_title": pa.string(),
    "outlet_domain": pa.string(), "outlet_name": pa.string(), "byline": pa.string(), "published_at": TIME,
    "published_text": pa.string(), "published_precision": pa.string(), "language": pa.string(), "section": pa.string(),
    "stated_kind": pa.string(), "closed": pa.bool_(), "thread_labels": pa.list_(LABEL),
    "article_labels": pa.list_(LABEL),
}  # fmt: skip
OF_COMMENT: dict[str, pa.DataType] = {
    "article_body": pa.string(), "position": pa.int32(), "parent_position": pa.int32(), "native_id": pa.string(),
    "parent_source": pa.string(), "author": pa.string(), "author_native_id": pa.string(), "is_guest": pa.bool_(),
    "is_staff": pa.bool_(), "posted_at": TIME, "posted_text": pa.string(), "posted_precision": pa.string(),
    "body": pa.string(), "state": pa.string(), "likes": pa.int64(), "dislikes": pa.int64(), "url": pa.string(),
    "flags": pa.list_(FLAG), "reactions": COUNTS, "labels": pa.list_(LABEL), "title": pa.string(), "edited_at": TIME,
    "edited_at_text": pa.string(), "edited_precision": pa.string(), "reports": COUNTS, "decisions": pa.list_(DECISION),
    "earlier": pa.list_(EARLIER), "parent_native_id": pa.string(),
}  # fmt: skip
PARTITIONS = pa.schema([("outlet", pa.string()), ("month", pa.string())])
SCHEMA = pa.schema([*OF_THREAD.items(), *OF_COMMENT.items(), *PARTITIONS])
Row = dict[str, Any]


class FolderInUse(Exception):
    """The folder that is to be written has something in it."""


def convert_files(
    paths: list[str],
    folder: Path,
    *,
    workers: Workers,
    options: Options,
    report: Report,
    progress: ImportProgress,
) -> None:
    """Read files as an import does, and write what they hold to a new folder. Raises FolderInUse.

    The folder has its name once all of it is written: one whose writing was killed is not taken for the whole.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FolderInUse(f"{folder} is not empty")
    names = list(files(paths, passed_over=progress.passed_over))
    progress.begin(names)
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}{PART}")
    cutter = Cutter(Sources(None, options, keep=False), progress, report)
    parsed = parse_chunks(cutter.chunks(names), workers)
    try:
        with closing(parsed) as results:
            _write(part, _batches(results, progress))
        if folder.exists():
            folder.rmdir()
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    progress.done = progress.size or progress.done
    report(progress)


def _write(folder: Path, batches: Iterator[pa.RecordBatch]) -> None:
    folder.mkdir(parents=True)
    datasets.write_dataset(
        pa.RecordBatchReader.from_batches(SCHEMA, batches),
        folder,
        format="parquet",
        partitioning=datasets.partitioning(PARTITIONS, flavor="hive"),
        file_options=datasets.ParquetFileFormat().make_write_options(compression="zstd"),
        existing_data_behavior="overwrite_or_ignore",
        use_threads=False,  # which keeps the rows in order
        max_open_files=FILES_OPEN,
        max_partitions=MOST_PARTITIONS,
    )


def _batches(
    results: Iterator[tuple[Sequence[Item], list[Thread | BadDocument]]], progress: ImportProgress
) -> Iterator[pa.RecordBatch]:
    rows: list[Row] = []
    for _, parsed in results:
        for result in parsed:
            if isinstance(result, BadDocument):
                progress.add_error(result)
                continue
            rows += _rows(result)
            count_capture(progress.counts, result.capture)
            progress.counts["threads_new"] += 1
            progress.counts["comments_new"] += len(result.comments)
            progress.counts["flags"] += sum(len(comment.flags) for comment in result.comments)
        if len(rows) >= ROWS_A_BATCH:
            yield pa.RecordBatch.from_pylist(rows, SCHEMA)
            rows = []
    if rows:
        yield pa.RecordBatch.from_pylist(rows, SCHEMA)


def _rows(thread: Thread) -> Iterator[Row]:
    """Yield the rows of a thread; one without a comment has one row, whose `position` is null."""
    common = _of_thread(thread)
    body = thread.article.body or None
    if not thread.comments:
        yield common | {"article_body": body}
    for position, comment in enumerate(thread.comments):
        yield common | {"article_body": None if position else body, "position": position} | _of_comment(comment)


def _of_thread(thread: Thread) -> Row:
    article, capture = thread.article, thread.capture
    return {
        "thread_platform": thread.platform,
        "thread_native_id": thread.native_id or article_url(article, capture.sha256),
        "thread_url": thread.url,
        "stated_count": thread.stated_count,
        "completeness": thread.completeness,
        "fetched_at": _time(capture.fetched_at),
        "document_sha256": capture.sha256,
        "source_file": capture.file,
        "dataset": asdict(thread.dataset) if thread.dataset else None,
        "article_url": article.url,
        "article_title": article.title,
        "outlet_domain": article.outlet,
        "outlet_name": article.outlet_name,
        "byline": article.byline,
        **_moment("published", article.published),
        "language": article.language,
        "section": article.section,
        "stated_kind": thread.stated_kind,
        "closed": thread.closed,
        "thread_labels": _labels(thread.labels),
        "article_labels": _labels(article.labels),
        "outlet": article.outlet,
        "month": _month(thread),
    }


def _of_comment(comment: Comment) -> Row:
    author = comment.author
    return {
        "parent_position": comment.parent,
        "parent_native_id": comment.parent_native_id,
        "native_id": comment.native_id,
        "parent_source": comment.parent_source,
        "author": author and author.name,
        "author_native_id": author and author.native_id,
        "is_guest": author and author.is_guest,
        "is_staff": author and author.is_staff,
        **_moment("posted", comment.posted),
        "body": comment.body,
        "state": comment.state,
        "likes": comment.likes,
        "dislikes": comment.dislikes,
        "url": comment.url,
        "flags": [
            {
                "code": flag.code,
                "rule": flag.rule,
                "target": flag.target,
                "exact": flag.evidence if flag.start is None else comment.body[flag.start : flag.end],
                "start": flag.start,
                "end": flag.end,
            }
            for flag in comment.flags
        ],
        "labels": _labels(comment.labels),
        **_record(comment),
    }


def _labels(labels: Sequence[Label]) -> list[Row]:
    return [
        {
            "name": label.name,
            "value": label.value,
            "number": label.number,
            "raters": label.raters,
            "dataset": label.dataset and label.dataset.name,
            "is_shareable": label.dataset and label.dataset.is_shareable,
        }
        for label in labels
    ]


def _record(comment: Comment) -> Row:
    edited = comment.edited or Moment()
    return {
        "title": comment.title,
        "edited_at": _time(edited.at),
        "edited_at_text": edited.text,
        "edited_precision": edited.precision,
        "reactions": [{"kind": kind, "count": count} for kind, count in comment.reactions],
        "reports": [{"kind": kind, "count": count} for kind, count in comment.reports],
        "decisions": [asdict(decision) for decision in comment.decisions],
        "earlier": [asdict(text) for text in comment.earlier],
    }


def _moment(name: str, moment: Moment | None) -> Row:
    moment = moment or Moment()
    return {f"{name}_at": _time(moment.at), f"{name}_text": moment.text, f"{name}_precision": moment.precision}


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _month(thread: Thread) -> str | None:
    """Return the month of a thread's article, else of its first comment, else of its capture."""
    moments = (thread.article.published, *(comment.posted for comment in thread.comments))
    first = next((moment.at for moment in moments if moment and moment.at), thread.capture.fetched_at)
    return first[:7] if first else None
