"""What an import of a table would do, for `btl import --dry-run`: all of it is read, and nothing is written."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from archive.importers.base import BadDocument, EmptyDocument, Source
from archive.importers.parsing import parse_document
from archive.importers.tables import importer
from archive.importers.tables.columns import Conclusion
from archive.importers.tables.importer import examine, gather, unread_columns
from archive.importers.tables.mapping import as_table
from archive.thread import Thread

COMMENTS_SHOWN = 5
BODY_SHOWN = 100
NAMES_SHOWN = 12


@dataclass(slots=True)
class Preview:
    """How a table is read: its kind, what its columns mean, what is left out, the first thread, and all counts."""

    file: str
    kind: str
    conclusion: Conclusion
    left_out: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[BadDocument] = field(default_factory=list)
    first: Thread | None = None


def preview(source: Source) -> Preview:
    """Read a table and write nothing. Raises BadDocument where it is none."""
    table, conclusion = examine(source)
    result = Preview(source.name, table.kind, conclusion, unread_columns(table, conclusion))
    if conclusion.doubt:
        return result
    for document in gather(source, table, conclusion.mapping):
        if isinstance(document, BadDocument):
            result.errors.append(document)
            continue
        try:
            thread = parse_document(importer, document)
        except EmptyDocument as empty:
            result.counts["empty"] += 1
            result.counts["rows"] += empty.rows
            result.counts["rows_empty"] += empty.rows
            continue
        except BadDocument as error:
            result.errors.append(error)
            continue
        result.first = result.first or thread
        _count(thread, result.counts)
    result.counts["errors"] = len(result.errors)
    return result


def _count(thread: Thread, counts: Counter[str]) -> None:
    counts["threads"] += 1
    counts["comments"] += len(thread.comments)
    counts["labels"] += len(thread.labels) + len(thread.article.labels)
    for comment in thread.comments:
        counts["replies"] += comment.parent is not None
        counts["orphans"] += comment.parent is None and comment.parent_native_id is not None
        counts["labels"] += len(comment.labels)
        counts["removed"] += comment.state != "visible"
    for name, value in (thread.capture.metadata or {}).items():
        counts[name] += value


def describe_as_json(preview: Preview) -> dict[str, Any]:
    """Return a preview as a JSON object."""
    conclusion = preview.conclusion
    return {
        "file": preview.file,
        "format": "table",
        "kind": preview.kind,
        "preset": conclusion.preset,
        "mapping": as_table(conclusion.mapping),
        "personal": list(conclusion.personal),
        "left_out": preview.left_out,
        "notes": conclusion.notes,
        "doubt": conclusion.doubt,
        "counts": dict(preview.counts),
        "errors": [{"place": error.location, "reason": error.reason} for error in preview.errors],
    }


def describe(preview: Preview) -> Iterator[str]:
    """Yield a preview in words, a line each."""
    conclusion, mapping = preview.conclusion, preview.conclusion.mapping
    yield f"{preview.file}: {preview.kind}" + (f" (mapping {conclusion.preset})" if conclusion.preset else "")
    for role, column in mapping.columns.items():
        yield f"  {role:<14} {column.name}" + (f"  ({column.reading})" if column.reading else "")
    for label in mapping.labels:
        raises = f", raises {label.flag} from {label.at:g}" if label.flag and label.at is not None else ""
        of = "" if label.subject == "comment" else f" of the {label.subject}"
        yield f"  {'label':<14} {label.column}  ({label.kind}{of}{raises})"
    if conclusion.personal:
        yield f"  {'left out':<14} {_listed(conclusion.personal)}  (personal; --keep-column NAME keeps one)"
    if preview.left_out:
        yield f"  {'not read':<14} {_listed(preview.left_out)}"
    yield from (f"note: {note}" for note in conclusion.notes)
    if conclusion.doubt:
        yield f"not read: {conclusion.doubt}"
        return
    yield from _first_thread(preview.first)
    counts = preview.counts
    yield (
        f"{counts['rows']:,} rows: {counts['comments']:,} comments in {counts['threads']:,} threads,"
        f" {counts['replies']:,} replies, {counts['orphans']:,} whose parent is not here,"
        f" {counts['removed']:,} removed,"
        f" {counts['labels']:,} labels; {counts['rows_merged']:,} rows repeat a comment,"
        f" {counts['rows_empty']:,} are without one, {counts['errors']:,} could not be read."
    )
    yield "Nothing was written."


def _first_thread(thread: Thread | None) -> Iterator[str]:
    if thread is None:
        return
    yield f"first thread: {thread.article.title or thread.article.url}, {len(thread.comments):,} comments"
    for comment in thread.comments[:COMMENTS_SHOWN]:
        posted = comment.posted.at if comment.posted else None
        name = f"{comment.author.name}: " if comment.author and comment.author.name else ""
        text = " ".join(f"{name}{comment.body}".split())
        yield f"  {'↳' if comment.parent is not None else '·'} {posted or '':<20} {text[:BODY_SHOWN]}"


def _listed(names: Any) -> str:
    shown = list(names)
    more = f" and {len(shown) - NAMES_SHOWN} more" if len(shown) > NAMES_SHOWN else ""
    return ", ".join(shown[:NAMES_SHOWN]) + more
