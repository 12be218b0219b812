"""Tell what the labels of a table speak of: of each comment, or of the thread or article that several rows share.

A name proposes that a label is the thread's; that no row of a thread says otherwise decides.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from archive.importers.tables.cells import is_null, read_id
from archive.importers.tables.mapping import ColumnMapping, LabelColumn, LabelSubject
from archive.importers.tables.table import Table
from archive.thread import Label

# Followed by a sign or a capital: "conv_quality", "threadTone", and not "convincing".
_PROPOSED: dict[LabelSubject, str] = {
    "thread": "thread|conversation|conv|discussion|dialog|dialogue|subdialogue|sd|diskussion|gespräch|hilo|discusión|"
    "conversación|fil|discussione|conversa|tråd|draad|gesprek|wątek|keskustelu|обсуждение|тред",
    "article": "article|story|news|artikel|beitrag|artículo|articolo|artigo|artykuł|článek|статья|новость",
}
PROPOSED = {subject: re.compile(rf"(?i:{names})(?:[\W_]+|(?=[A-Z]))\w+") for subject, names in _PROPOSED.items()}
OF_KEYS = ("thread", "url", "title")


def with_subjects(labels: Sequence[LabelColumn], mapping: ColumnMapping, table: Table) -> tuple[LabelColumn, ...]:
    """Return labels with the subjects that their columns' names propose and the sample bears out."""
    keys = [name for role in OF_KEYS if (name := mapping.column(role))]
    if not keys:
        return tuple(labels)
    rows_of: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.sample:
        if key := next((read_id(row.get(name)) for name in keys if not is_null(row.get(name))), None):
            rows_of[key].append(row)
    shared = [rows for rows in rows_of.values() if len(rows) > 1]
    return tuple(replace(label, subject=_subject(label, shared)) for label in labels)


def _subject(label: LabelColumn, shared: Sequence[Sequence[dict[str, Any]]]) -> LabelSubject:
    name = label.column.rpartition(".")[2] or label.column
    proposed = next((subject for subject, pattern in PROPOSED.items() if pattern.fullmatch(name)), None)
    is_constant = len(shared) > 1 and all(len({str(row.get(label.column)) for row in rows}) == 1 for rows in shared)
    return proposed if proposed and is_constant else "comment"


def unite(labels_of_rows: Iterable[tuple[object, Sequence[Label]]]) -> tuple[Label, ...]:
    """Return the labels that the rows of a thread have of it, each as often as one comment's rows say it: most tables
    repeat them with each comment, and some have a row for each rater. Rows come with the comment that they are of."""
    counts: defaultdict[object, Counter[Label]] = defaultdict(Counter)
    united: dict[Label, int] = {}
    for comment, labels in labels_of_rows:
        counts[comment].update(labels)
        for label in labels:
            united[label] = max(united.get(label, 0), counts[comment][label])
    return tuple(label for label, number in united.items() for _ in range(number))
