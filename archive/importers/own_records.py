"""Read what btl's own exports say of a comment beside its text: the same keys in JSON Lines, ConvoKit, CSV and Parquet.

Lists are lists in some formats and JSON texts in others; times of Parquet are no ISO texts.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict, cast, get_args

from archive.importers.values import count_of, read_flags, text_of
from archive.text.dates import utc_text
from archive.thread import (
    Author,
    Comment,
    Completeness,
    Dataset,
    Decider,
    Decision,
    EarlierText,
    Flag,
    Label,
    Moment,
    ParentSource,
    Precision,
    State,
)

Row = Mapping[str, Any]
STATES, PARENT_SOURCES, DECIDERS = get_args(State), get_args(ParentSource), get_args(Decider)


class ExportedRecord(TypedDict):
    """Fields of a comment, by their names."""

    title: str | None
    edited: Moment | None
    earlier: tuple[EarlierText, ...]
    decisions: tuple[Decision, ...]
    reports: tuple[tuple[str, int], ...]
    reactions: tuple[tuple[str, int], ...]
    labels: tuple[Label, ...]


def read_record(row: Row) -> ExportedRecord:
    """Return what a row has on record of its comment; what is of another kind than expected is left out."""
    return ExportedRecord(
        title=text_of(row.get("title")),
        edited=read_moment(row, "edited_at", "edited_precision"),
        earlier=tuple(EarlierText(body, time_of(item.get("written_at"))) for item in _items(row, "earlier")
                      if isinstance(body := item.get("body"), str)),
        decisions=tuple(_decision(item, status) for item in _items(row, "decisions")
                        if (status := text_of(item.get("status")))),
        reports=tuple(_counts(row, "reports")),
        reactions=tuple(_counts(row, "reactions")),
        labels=read_labels(row, "labels"),
    )  # fmt: skip


def read_author(row: Row) -> Author | None:
    """Return who wrote a comment: a name, an account, or both."""
    name, account = text_of(row.get("author")), text_of(row.get("author_native_id"))
    if name is None and account is None:
        return None
    return Author(name, account, truth_of(row.get("is_guest")), truth_of(row.get("is_staff")))


def read_dataset(value: Any) -> Dataset | None:
    """Return the dataset of a thread; older exports to ConvoKit have its name alone."""
    value = _parsed(value)
    if not isinstance(value, dict):
        name = text_of(value)
        return Dataset(name) if name else None
    name = text_of(value.get("name"))
    about = {key: text_of(value.get(key)) for key in ("version", "licence", "citation", "url")}
    return Dataset(name, **about, is_shareable=value.get("is_shareable") is not False) if name else None


def read_moment(row: Row, name: str, precision: str) -> Moment | None:
    """Return a time with its words and precision, as the row has them."""
    at, text = time_of(row.get(name)), text_of(row.get(f"{name}_text"))
    return Moment(at, text, cast("Precision | None", row.get(precision))) if at or text else None


def read_state(value: Any) -> State:
    """Return the state of a comment; visible where none is named."""
    return cast("State", value) if value in STATES else "visible"


def read_parent_source(value: Any) -> ParentSource | None:
    """Return how the parent became known, as the archive has it that wrote the export."""
    return cast("ParentSource", value) if value in PARENT_SOURCES else None


def read_completeness(value: Any, count: Any, comments: int) -> Completeness:
    """Return how whole a thread is: a selection of its comments says nothing of those that are not in it."""
    total = count_of(count)
    if total is not None and comments < total:
        return "partial"
    return cast("Completeness", value) if value in ("full", "partial") else "unknown"


def with_native_ids(comment: Comment, native_ids: Mapping[str | None, str | None]) -> Comment:
    """Return a comment, which has the ids of an archive, with those of its platform, as far as it has any."""
    parent = comment.parent_native_id
    return replace(
        comment,
        native_id=native_ids.get(comment.native_id),
        parent_native_id=native_ids.get(parent) if parent else None,
    )


def time_of(value: Any) -> str | None:
    """Return a time of an export as the archive writes it."""
    text = text_of(value)
    if text is None or text.endswith("Z"):
        return text
    try:
        return utc_text(datetime.fromisoformat(text)) if text[10:11] in ("T", " ") else text
    except ValueError:
        return text


def truth_of(value: Any) -> bool | None:
    """Return yes or no, which databases write as 1 and 0."""
    return {"1": True, "0": False, "True": True, "False": False, "true": True, "false": False}.get(str(value))


def read_codes(row: Row) -> tuple[Flag, ...]:
    """Return the source's flags of a row that has their codes alone; those of rules are found anew."""
    codes = _parsed(row.get("codes"))
    return read_flags([{"code": code, "rule": "exported"} for code in codes if isinstance(code, str)]
                      if isinstance(codes, list) else ())  # fmt: skip


def _decision(item: dict[str, Any], status: str) -> Decision:
    state, decider = item.get("state"), item.get("decider")
    return Decision(
        status,
        cast("State", state) if state in STATES else None,
        time_of(item.get("decided_at")),
        cast("Decider", decider) if decider in DECIDERS else None,
        text_of(item.get("reason")),
        text_of(item.get("explanation")),
    )


def _counts(row: Row, name: str) -> Iterator[tuple[str, int]]:
    for item in _items(row, name):
        kind, count = text_of(item.get("kind")), count_of(item.get("count"))
        if kind is not None and count is not None:
            yield kind, count


def read_labels(row: Row, column: str) -> tuple[Label, ...]:
    """Return what datasets said of a comment, a thread or an article, as a column has it."""
    return tuple(_labels(row, column))


def _labels(row: Row, column: str) -> Iterator[Label]:
    for item in _items(row, column):
        name, value = text_of(item.get("name")), item.get("value")
        if name is None or not isinstance(value, str):
            continue
        number, dataset = item.get("number"), text_of(item.get("dataset"))
        if not isinstance(number, int | float) or isinstance(number, bool):
            number = None
        is_shareable = item.get("is_shareable") is not False
        by = Dataset(dataset, is_shareable=is_shareable) if dataset else None
        yield Label(name, value, number, count_of(item.get("raters")), by)


def _items(row: Row, name: str) -> Iterator[dict[str, Any]]:
    items = _parsed(row.get(name))
    yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()


def _parsed(value: Any) -> Any:
    """Return what a JSON text holds; a value that is no such text as it is."""
    if not isinstance(value, str) or not value.startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
