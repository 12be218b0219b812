"""How far reviewers agree about the same flags: pairs that agree, Cohen's kappa, Krippendorff's alpha (nominal).

A label is the verdict, with the code where it is a correction. A coefficient is None where nothing could have differed:
where all labels are one, agreement by chance is certain and says nothing.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

# Each reviewer's last word on each flag that several have judged, withdrawn or not: it is the reviewers who agree.
LABELS = """
with latest as (
  select flag_id, reviewer, verdict || coalesce(':' || corrected_code, '') as label, max(id) from reviews
  where retracted_at is null group by flag_id, reviewer)
select flags.code, reviewer, flag_id, label from latest join flags on flags.id = flag_id
where flag_id in (select flag_id from latest group by flag_id having count(*) > 1)
order by flags.code, flag_id, reviewer"""

Labelled = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of one code, or of all where `code` is None: flags that two or more judged, by how many reviewers in all, the
    share of pairs of verdicts that agree, and two coefficients corrected for chance. Kappa is the mean over pairs of
    reviewers for whom it is defined."""

    code: str | None
    flags: int
    reviewers: int
    share: float
    kappa: float | None
    alpha: float | None


def agreement(connection: sqlite3.Connection) -> list[Agreement]:
    """By code, after the one of all codes; nothing where no flag was judged twice."""
    codes: dict[str, list[Labelled]] = defaultdict(list)
    for code, *labelled in connection.execute(LABELS):
        reviewer, flag_id, label = labelled
        codes[code].append((reviewer, flag_id, label))
    if not codes:
        return []
    every = [labelled for labels in codes.values() for labelled in labels]
    return [_agreement(None, every), *(_agreement(code, labels) for code, labels in codes.items())]


def _agreement(code: str | None, labels: Sequence[Labelled]) -> Agreement:
    by_flag: dict[int, dict[str, str]] = defaultdict(dict)
    for reviewer, flag_id, label in labels:
        by_flag[flag_id][reviewer] = label
    pairs = [a == b for by_reviewer in by_flag.values() for a, b in combinations(by_reviewer.values(), 2)]
    reviewers = len({reviewer for reviewer, _, _ in labels})
    return Agreement(code, len(by_flag), reviewers, sum(pairs) / len(pairs), _kappa(by_flag), _alpha(labels))


def _kappa(by_flag: dict[int, dict[str, str]]) -> float | None:
    shared: dict[tuple[str, str], list[Labelled]] = defaultdict(list)
    for flag_id, by_reviewer in by_flag.items():
        for pair in combinations(sorted(by_reviewer), 2):
            shared[pair] += [(reviewer, flag_id, by_reviewer[reviewer]) for reviewer in pair]
    kappas = [float(_task(labels).kappa()) for labels in shared.values() if _differ(labels)]
    return sum(kappas) / len(kappas) if kappas else None


def _alpha(labels: Sequence[Labelled]) -> float | None:
    return float(_task(labels).alpha()) if _differ(labels) else None


def _differ(labels: Iterable[Labelled]) -> bool:
    return len({label for _, _, label in labels}) > 1


def _task(labels: Sequence[Labelled]) -> Any:
    from nltk.metrics.agreement import AnnotationTask

    return AnnotationTask(data=list(labels))
