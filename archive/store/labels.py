"""Datasets that threads were taken from, and what they say of comments, threads and articles."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import select

from archive.store.schema import TABLES
from archive.store.writer import RowWriter
from archive.thread import Dataset, Label

DATASETS, LABELS, COMMENTS = TABLES["datasets"], TABLES["labels"], TABLES["comments"]
SUBJECTS = ("comment_id", "thread_id", "article_id")
DATASET_COLUMNS = tuple(field.name for field in fields(Dataset))
# What datasets found: a text, or a share or mark that is not low; an answer of 0 or "no" is nothing found.
LABEL_TEXT = "case when number is null then labels.name || ': ' || substr(value, 1, 40) else labels.name end"
LABEL_FOUND = "(number >= 0.5 or (number is null and lower(value) not in ('', 'false', 'no', 'none')))"


class LabelWriter:
    """Adds datasets and labels to a batch; nothing is written before the batch's rows are."""

    def __init__(self, writer: RowWriter, counts: Counter[str]) -> None:
        self.writer, self.counts = writer, counts
        self._rows: dict[str, dict[str, Any]] = {}
        self._stored: dict[tuple[str, int], Counter[tuple[int, str, str]]] = {}

    def dataset_id(self, dataset: Dataset | None) -> int | None:
        """Return the id of a dataset; None for none. A new one is added, a stored one learns what it did not state.

        Once it is not shareable, it stays so: that people who hold it may not publish it is no matter of one import.
        """
        if dataset is None:
            return None
        given = {name: getattr(dataset, name) for name in DATASET_COLUMNS}
        row = self._row(dataset.name)
        if row is None:
            row = self._rows[dataset.name] = given
            self.writer.insert("datasets", row)
        else:
            changed = {name: given[name] for name in given if row[name] is None and given[name] is not None}
            if row["is_shareable"] and not dataset.is_shareable:
                changed["is_shareable"] = False
            if changed:
                row |= changed
                self.writer.update("datasets", row["id"], changed)
        return int(row["id"])

    def strictest_id(self, stored_id: int | None, dataset: Dataset | None) -> int | None:
        """Return the dataset of a stored thread of which `dataset` has comments, too: one that may not be shared."""
        if dataset is None or dataset.is_shareable:
            return stored_id
        is_shareable = select(DATASETS.c.is_shareable).where(DATASETS.c.id == stored_id)
        if stored_id is not None and not self.writer.connection.execute(is_shareable).scalar():
            return stored_id
        return self.dataset_id(dataset)

    def _row(self, name: str) -> dict[str, Any] | None:
        if name not in self._rows:
            self._rows |= {row["name"]: row for row in self.writer.rows_where_in("datasets", "name", [name])}
        return self._rows.get(name)

    def add(self, comment_id: int, labels: Sequence[Label], dataset: Dataset | None) -> None:
        """Add the labels of a comment that is new. `dataset` is the thread's. Raise ValueError where there is none."""
        for label in labels:
            self._insert("comment_id", comment_id, label, self._dataset_of(label, dataset))

    def add_of_thread(self, subject: str, number: int, labels: Sequence[Label], dataset: Dataset | None) -> None:
        """Add those labels of a thread or an article (`subject` is its column) that are not stored, as `add_missing`
        does of comments: several threads of one batch may bring those of their article."""
        if (subject, number) not in self._stored:
            columns = (LABELS.c.dataset_id, LABELS.c.name, LABELS.c.value)
            rows = self.writer.connection.execute(select(*columns).where(LABELS.c[subject] == number))
            self._stored[subject, number] = Counter(tuple(row) for row in rows)
        stored, given = self._stored[subject, number], Counter[tuple[int, str, str]]()
        for label in labels:
            key = (self._dataset_of(label, dataset), label.name, label.value)
            given[key] += 1
            if given[key] > stored[key]:
                stored[key] += 1
                self._insert(subject, number, label, key[0])

    def _insert(self, subject: str, number: int, label: Label, dataset_id: int) -> None:
        values = {
            **dict.fromkeys(SUBJECTS),
            subject: number,
            "dataset_id": dataset_id,
            "name": label.name,
            "value": label.value,
            "number": label.number,
            "raters": label.raters,
        }
        self.writer.insert("labels", values)
        self.counts["labels_new"] += 1

    def add_missing(self, thread_id: int, labels: Mapping[int, Sequence[Label]], dataset: Dataset | None) -> None:
        """Add those labels of stored comments (by id) that are not stored: one that was given twice counts twice."""
        joined = LABELS.join(COMMENTS, COMMENTS.c.id == LABELS.c.comment_id)
        columns = (LABELS.c.comment_id, LABELS.c.dataset_id, LABELS.c.name, LABELS.c.value)
        statement = select(*columns).select_from(joined).where(COMMENTS.c.thread_id == thread_id)
        stored = Counter(tuple(row) for row in self.writer.connection.execute(statement))
        for comment_id, given in labels.items():
            for label in given:
                key = (comment_id, self._dataset_of(label, dataset), label.name, label.value)
                if stored[key]:
                    stored[key] -= 1
                else:
                    self.add(comment_id, [label], dataset)

    def _dataset_of(self, label: Label, dataset: Dataset | None) -> int:
        dataset_id = self.dataset_id(label.dataset or dataset)
        if dataset_id is None:
            raise ValueError(f"label {label.name!r} is of no dataset")
        return dataset_id
