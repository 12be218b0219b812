"""The rows of one thread -> Thread, by a mapping. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from archive.importers.base import Document, EmptyDocument
from archive.importers.tables.cells import (
    IDS,
    NOBODY,
    ROOTS,
    TEXTS,
    TRUE,
    find_zone,
    is_null,
    read_count,
    read_html,
    read_id,
    read_number,
    read_text,
    time_reader,
)
from archive.importers.tables.label_subjects import unite
from archive.importers.tables.mapping import ColumnMapping, LabelSubject
from archive.importers.tables.states import STRICTNESS, read_state
from archive.importers.values import BY_LABEL
from archive.text import urls
from archive.text.removal_notices import as_removed
from archive.thread import Article, Author, Capture, Comment, Dataset, Flag, Label, Moment, State, Thread, nest

DEFAULT_PLATFORM = "table"
LABELS = "(labels)"  # the key of labels that another table has
DOMAIN = re.compile(r"(?:[\w-]+\.)+[A-Za-z]{2,}")
Cells = dict[str, Any]


class _RowReader:
    """Reads cells by their roles."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self.mapping = mapping
        self.dataset = _dataset(mapping)
        zone = find_zone(mapping.dataset.timezone) if mapping.dataset.timezone else None
        self.times: dict[str, Callable[[Any], Moment | None]] = {
            role: time_reader(mapping.reading(role), zone) for role in ("posted", "published", "edited")
        }

    def cell(self, cells: Cells, role: str) -> Any:
        name = self.mapping.column(role)
        return cells.get(name) if name is not None else None

    def text(self, cells: Cells, role: str) -> str | None:
        return read_text(self.cell(cells, role))

    def body(self, cells: Cells, role: str) -> str | None:
        return TEXTS.get(self.mapping.reading(role), TEXTS[""])(self.cell(cells, role))

    def id(self, cells: Cells, role: str) -> str | None:
        return IDS.get(self.mapping.reading(role), read_id)(self.cell(cells, role))

    def time(self, cells: Cells, role: str) -> Moment | None:
        return self.times[role](self.cell(cells, role))


def parse_rows(document: Document, mapping: ColumnMapping, record: dict[str, Any]) -> Thread:
    """Return the thread of gathered rows. Raises EmptyDocument where no row has a comment."""
    reader = _RowReader(mapping)
    key, part = str(record["key"]), int(record["part"])
    comments, merged, empty = _read_comments(record["rows"], reader)
    if not comments:
        raise EmptyDocument(document.location, "no row of this thread has a comment", len(record["rows"]))
    comments = list(_detach_from_thread(comments, mapping, key))
    is_loose = not key
    article = _article([cells for _, cells in record["rows"]], record["article"], reader, key, part)
    article = replace(article, labels=_labels_above(record["rows"], record["article"], reader, "article"))
    scope = "" if mapping.dataset.own_threads and key else mapping.dataset.name
    native_id = ":".join(filter(None, (scope, key or (str(part + 1) if part else ""))))
    capture = Capture(
        sha256=sha256(document.raw).hexdigest(),
        media_type=record["type"],
        file=document.file,
        offset=document.offset,
        length=len(document.raw),
        metadata={"rows": len(record["rows"]), "rows_merged": merged, "rows_empty": empty},
    )
    return Thread(
        article=article,
        comments=tuple(map(as_removed, nest(comments))),
        platform=mapping.dataset.platform or DEFAULT_PLATFORM,
        capture=capture,
        native_id=native_id,
        completeness="full" if mapping.dataset.complete else "partial",
        flags=(Flag("capture.context_missing", "rows-without-article"),) if is_loose else (),
        dataset=reader.dataset,
        labels=_labels_above(record["rows"], record["article"], reader, "thread"),
    )


def _dataset(mapping: ColumnMapping) -> Dataset:
    origin = mapping.dataset
    shareable = not origin.on_request
    return Dataset(origin.name, origin.version, origin.licence, origin.citation, origin.url, is_shareable=shareable)


def _detach_from_thread(comments: Sequence[Comment], mapping: ColumnMapping, key: str) -> Iterator[Comment]:
    """Yield as top comments those that answer the thread itself, which is no comment.

    The beginning of a path is the thread as well where it is no comment's id.
    """
    reading = mapping.reading("parent")
    ids = {comment.native_id for comment in comments}
    roots = {IDS.get(reading, read_id)(key), *ROOTS, *mapping.roots}
    for comment in comments:
        parent, own = comment.parent_native_id, comment.native_id
        is_root = (
            parent is not None
            and parent not in ids
            and (reading in ("path", "before_dot") or parent in roots or parent.casefold() in roots)
        )
        if is_root or (parent is not None and parent == own):
            comment = replace(comment, parent_native_id=None, parent_source=None)
        yield comment


def _read_comments(rows: Sequence[tuple[int, Cells]], reader: _RowReader) -> tuple[list[Comment], int, int]:
    """Read the rows; return comments with the number of rows that repeat one, and of rows without any."""
    comments: list[Comment] = []
    labels: list[list[Label]] = []
    numbers: dict[str, int] = {}
    empty = 0
    for _, cells in rows:
        comment = _comment(cells, reader)
        own = comment.native_id
        if not comment.body and own is None and comment.state == "visible":
            empty += 1
            continue
        earlier = numbers.get(own) if own is not None else None
        if earlier is not None and comments[earlier].body == comment.body:
            labels[earlier] += comment.labels  # a row a rater: its labels are all that is new
            continue
        if earlier is not None:
            flag = Flag("capture.duplicate", "id-used-twice", own)
            comment = replace(comment, native_id=None, flags=(*comment.flags, flag))
        elif own is not None:
            numbers[own] = len(comments)
        comments.append(comment)
        labels.append(list(comment.labels))
    merged = len(rows) - empty - len(comments)
    return (
        [
            comment if len(given) == len(comment.labels) else replace(comment, labels=tuple(given))
            for comment, given in zip(comments, labels, strict=True)
        ],
        merged,
        empty,
    )


def _comment(cells: Cells, reader: _RowReader) -> Comment:
    body = reader.body(cells, "body") or ""
    own, parent = reader.id(cells, "id"), reader.id(cells, "parent")
    state = _state(cells, reader)
    flags = _flags_by_labels(cells, reader)
    if not body and state == "visible":
        flags = (*flags, Flag("capture.body_missing", "empty-cell"))
    name, author_id = reader.text(cells, "author"), reader.id(cells, "author_id")
    if author_id is not None and author_id.casefold() in NOBODY:
        author_id = None
    author = Author(name, author_id, is_staff=_is_staff(cells, reader)) if name or author_id else None
    url = reader.text(cells, "comment_url")
    return Comment(
        body=body,
        author=author,
        posted=reader.time(cells, "posted"),
        native_id=own,
        parent_native_id=parent,
        parent_source="export" if parent is not None else None,
        state=state,
        likes=read_count(reader.cell(cells, "likes")),
        dislikes=read_count(reader.cell(cells, "dislikes")),
        url=url if url and urls.is_web_address(url) else None,
        flags=flags,
        labels=_labels(cells, reader.mapping),
        title=_heading(cells, reader, body),
        edited=reader.time(cells, "edited"),
        reports=(("reports", reports),) if (reports := read_count(reader.cell(cells, "reports"))) else (),
    )


def _heading(cells: Cells, reader: _RowReader, body: str) -> str | None:
    """Return the heading of a comment. Tables fill its column with line breaks of HTML, or with the text, for none."""
    heading = read_html(reader.cell(cells, "heading"))
    return heading if heading and heading != body else None


def _state(cells: Cells, reader: _RowReader) -> State:
    """Return the strictest of what the columns say that speak of it."""
    mapping = reader.mapping
    stated = reader.text(cells, "state")
    states = [read_state(mapping.column("state") or "", stated, mapping.states)] if stated is not None else []
    states += [read_state(name, value, {}) for name in mapping.state_columns if (value := read_text(cells.get(name)))]
    return max(states, key=STRICTNESS.index, default="visible")


def _is_staff(cells: Cells, reader: _RowReader) -> bool | None:
    value = reader.text(cells, "staff")
    if value is None:
        return None
    wanted = reader.mapping.staff_value
    return value == wanted if wanted else value.casefold() in TRUE


def _labels(cells: Cells, mapping: ColumnMapping) -> tuple[Label, ...]:
    labels = list(_labels_of("comment", cells, mapping))
    labels += [Label(name, value, read_number(value)) for name, value in cells.get(LABELS, ())]
    if (score := read_number(cells.get(mapping.column("score") or ""))) is not None:
        labels.append(Label("score", f"{score:g}", score))
    return tuple(labels)


def _labels_of(subject: LabelSubject, cells: Cells, mapping: ColumnMapping) -> Iterator[Label]:
    for column in mapping.labels:
        value = cells.get(column.column)
        if column.subject != subject or is_null(value):
            continue
        number = read_number(value) if column.kind != "choice" else None
        raters = read_count(cells.get(column.raters)) if column.raters else column.of
        yield Label(column.name, read_text(value) or "", number, raters)


def _labels_above(
    rows: Sequence[tuple[int, Cells]], joined: Cells, reader: _RowReader, subject: LabelSubject
) -> tuple[Label, ...]:
    """Return what the rows, or the table of articles, say of their thread or of its article."""
    if all(column.subject != subject for column in reader.mapping.labels):
        return ()
    of_rows = (
        (reader.id(cells, "id") or line, list(_labels_of(subject, cells, reader.mapping))) for line, cells in rows
    )
    return unite([*of_rows, ("", list(_labels_of(subject, joined, reader.mapping)))])


def _flags_by_labels(cells: Cells, reader: _RowReader) -> tuple[Flag, ...]:
    """Raise the flags that the mapping raises from a label of at least so much; the label is their evidence."""
    flags = []
    for column in reader.mapping.labels:
        number = read_number(cells.get(column.column)) if column.flag and column.at is not None else None
        if column.flag and number is not None and column.at is not None and number >= column.at:
            rule = f"{BY_LABEL}{column.name}>={column.at:g}"
            flags.append(Flag(column.flag, rule, f"{column.name} = {number:g}", dataset=reader.dataset))
    return tuple(flags)


def _article(rows: Sequence[Cells], joined: Cells, reader: _RowReader, key: str, part: int) -> Article:
    """Return what the rows say of their article: the first that says anything."""

    def first(role: str, read: Callable[[Cells, str], Any] = reader.text) -> Any:
        return next((value for cells in sources if (value := read(cells, role)) is not None), None)

    sources = [joined] if joined else rows
    mapping, dataset = reader.mapping, reader.mapping.dataset
    stated = first("url") or _page_of_comments(rows, reader)
    if mapping.article_url:
        stated = _from_template(mapping.article_url, [joined, *rows]) or stated
    outlet_text = first("outlet")
    outlet = dataset.outlet or (outlet_text if outlet_text and DOMAIN.fullmatch(outlet_text) else None)
    url = _address(stated, outlet)
    name = quote(dataset.name, safe="")
    urn = f"urn:dataset:{name}" + (f":{quote(key, safe='')}" if key else f":part{part + 1}" if part else "")
    title = first("title")
    if title is None and not key:
        title = dataset.name + (f" ({part + 1})" if part else "")
    return Article(
        title=title,
        body=first("article_body", reader.body) or "",
        url=url or urn,
        outlet=outlet or (urls.domain(url) if url else None),
        outlet_name=outlet_text if outlet_text and not DOMAIN.fullmatch(outlet_text) else None,
        byline=first("byline"),
        published=first("published", reader.time),
        language=first("language") or dataset.language,
        section=first("section"),
        fills_in=True,
    )


def _page_of_comments(rows: Sequence[Cells], reader: _RowReader) -> str | None:
    """Return the page that the addresses of all comments are places in."""
    pages = {
        address.partition("#")[0] for cells in rows if (address := reader.text(cells, "comment_url")) and "#" in address
    }
    return pages.pop() if len(pages) == 1 else None


def _from_template(template: str, rows: Sequence[Cells]) -> str | None:
    """Return an address in which `{column}` stands for that column's id; None where no row has it."""
    names = re.findall(r"\{([^{}]+)\}", template)
    values = {name: next((value for cells in rows if (value := read_id(cells.get(name)))), None) for name in names}
    if not all(values.values()):
        return None
    return re.sub(r"\{([^{}]+)\}", lambda match: quote(values[match[1]] or "", safe=""), template)


def _address(stated: str | None, outlet: str | None) -> str | None:
    if stated is None:
        return None
    if stated.startswith("//"):
        stated = f"https:{stated}"
    elif stated.startswith("/") and outlet:
        stated = f"https://{outlet}{stated}"
    elif stated.startswith("www."):
        stated = f"https://{stated}"
    return urls.canonical(stated)
