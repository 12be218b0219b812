"""Datasets that threads were taken from, and what they say of comments."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from archive.store.schema import TABLES
from archive.store.writer import RowWriter
from archive.thread import Dataset, Label

DATASETS, LABELS, COMMENTS = TABLES["datasets"], TABLES["labels"], TABLES["comments"]


class LabelWriter:
    """Adds datasets and labels to a batch; nothing is written before the batch's rows are."""

    def __init__(self, writer: RowWriter, counts: Counter[str]) -> None:
        self.writer, self.counts = writer, counts
        self._ids: dict[str, int] = {}

    def dataset_id(self, dataset: Dataset | None) -> int | None:
        """Return the id of a dataset, added where it is new; None for none."""
        if dataset is None:
            return None
        if dataset.name not in self._ids:
            for row in self.writer.rows_where_in("datasets", "name", [dataset.name]):
                self._ids[row["name"]] = row["id"]
        if dataset.name not in self._ids:
            values = {
                "name": dataset.name,
                "version": dataset.version,
                "licence": dataset.licence,
                "citation": dataset.citation,
                "url": dataset.url,
                "is_shareable": dataset.is_shareable,
            }
            self._ids[dataset.name] = self.writer.insert("datasets", values)
        return self._ids[dataset.name]

    def add(self, comment_id: int, labels: Sequence[Label], dataset_id: int) -> None:
        """Add the labels of a comment that has none of this dataset."""
        for label in labels:
            values = {
                "comment_id": comment_id,
                "dataset_id": dataset_id,
                "name": label.name,
                "value": label.value,
                "number": label.number,
                "raters": label.raters,
            }
            self.writer.insert("labels", values)
            self.counts["labels_new"] += 1

    def add_missing(self, thread_id: int, labels: Mapping[int, Sequence[Label]], dataset_id: int) -> None:
        """Add those labels of stored comments (by id) that are not stored: one that was given twice counts twice."""
        joined = LABELS.join(COMMENTS, COMMENTS.c.id == LABELS.c.comment_id)
        statement = select(LABELS.c.comment_id, LABELS.c.name, LABELS.c.value).select_from(joined)
        statement = statement.where(COMMENTS.c.thread_id == thread_id, LABELS.c.dataset_id == dataset_id)
        stored = Counter(tuple(row) for row in self.writer.connection.execute(statement))
        for comment_id, given in labels.items():
            for label in given:
                key = (comment_id, label.name, label.value)
                if stored[key]:
                    stored[key] -= 1
                else:
                    self.add(comment_id, [label], dataset_id)
