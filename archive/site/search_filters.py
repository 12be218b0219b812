"""Filter the comments that a search matches, and count how many each value of a filter would leave. Pure.

All of it is done in memory, on at most MAX_HITS comments: facets in SQL would read their flags once for each filter.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from archive.search.facets import values_of
from archive.search.index_query import passes
from archive.search.index_schema import FlagParts
from archive.search.query_nodes import RECORDS, FlagFilter
from archive.site.formatting import number
from archive.site.params import FLAG_FILTERS, SEVERITY_LEVELS, SearchParams, filters_flags, search_url

LISTED_VALUES = 8
MOST_LISTED = 1_000


class CommentFacts(NamedTuple):
    """What filters compare of a comment."""

    id: int
    score: float
    outlet: int | None
    commenter: int | None
    day: str
    flags: Sequence[FlagParts] = ()
    dataset: int | None = None
    labels: Sequence[str] = ()
    state: str = ""
    decisions: Sequence[str] = ()
    reports: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FilterValue:
    """A value of a filter, how many comments it would leave, and the address that chooses it; None for the chosen."""

    label: str
    count: str
    href: str | None


@dataclass(frozen=True, slots=True)
class FilterList:
    """The most frequent values of a filter: `more` are left out, which `all` shows; `remove` chooses none of them.

    Without counts, which take long, `all` is the address that asks for them."""

    title: str
    is_counted: bool
    remove: str | None
    values: Sequence[FilterValue]
    more: int
    all: str


def filter_comments(comments: Iterable[CommentFacts], params: SearchParams) -> list[CommentFacts]:
    wanted = flag_filter(params) if filters_flags(params) else None
    return [comment for comment in comments if _passes(comment, params, wanted)]


def _passes(comment: CommentFacts, params: SearchParams, wanted: FlagFilter | None) -> bool:
    return (
        (params.outlet is None or comment.outlet == params.outlet)
        and (params.commenter is None or comment.commenter == params.commenter)
        and (params.dataset is None or comment.dataset == params.dataset)
        and (params.state is None or comment.state == params.state)
        and (params.label is None or params.label in comment.labels)
        and (params.decision is None or params.decision in comment.decisions)
        and (params.report is None or params.report in comment.reports)
        and (params.date is None or comment.day.startswith(params.date))
        and (params.since is None or comment.day >= params.since)
        and (params.until is None or "" < comment.day[: len(params.until)] <= params.until)
        and (wanted is None or any(passes(wanted, flag) for flag in comment.flags))
    )


def flag_filter(params: SearchParams) -> FlagFilter:
    """Return what the filters of a search ask of one and the same flag."""
    severity = SEVERITY_LEVELS[params.severity] if params.severity else None
    return FlagFilter((params.flag,) if params.flag else (), severity, params.target, params.source, params.status)


def count_values(
    candidates: Sequence[CommentFacts], passing: Sequence[CommentFacts], params: SearchParams, name: str
) -> Counter[Any]:
    """Count how many comments each value of a filter would leave, all other filters being as they are.

    Without words the candidates are those that the filters of flags chose: what these left out cannot be counted.
    """
    if name == "date":
        width = 7 if params.date else 4
        return Counter(comment.day[:width] for comment in passing if comment.day)
    without: dict[str, Any] = {} if name in FLAG_FILTERS and not params.q else {name: None}
    others = replace(params, **without)
    comments = passing if others == params else filter_comments(candidates, others)
    if name in RECORDS:
        return Counter(value for comment in comments for value in getattr(comment, RECORDS[name]))
    if name not in FLAG_FILTERS:
        return Counter(value for comment in comments if (value := getattr(comment, name)) is not None)
    counter: Counter[Any] = Counter()
    wanted = flag_filter(others)
    for comment in comments:
        if comment.flags:
            matching = [flag for flag in comment.flags if passes(wanted, flag)]
            counter.update({value for flag in matching for value in _values(flag, name, others)})
    return counter


def _values(flag: FlagParts, name: str, params: SearchParams) -> Iterable[Any]:
    """Return the values of a filter that a flag has: of `severity` the levels from the chosen one, else medium."""
    if name != "severity":
        return values_of(flag, name)
    least = SEVERITY_LEVELS[params.severity or "medium"]
    return (level for level, rank in SEVERITY_LEVELS.items() if flag.severity >= rank >= least)


def list_values(
    title: str, name: str, params: SearchParams, counter: Counter[Any] | None, labels: Mapping[Any, str]
) -> FilterList:
    """Return a filter as its template needs it."""
    chosen = getattr(params, name)
    is_counted = counter is not None
    counter = counter or Counter()
    top = _most_common(name, counter)[:LISTED_VALUES]
    return FilterList(
        title,
        is_counted,
        search_url(params, **{name: None}) if chosen is not None else None,
        [_value(name, value, count, params, labels, chosen) for value, count in top],
        len(counter) - len(top),
        search_url(params, values=name),
    )


def _most_common(name: str, counter: Counter[Any]) -> list[tuple[Any, int]]:
    """Return the values of a filter, the most frequent first; of flags those on the words, and faults of the capture
    last."""
    values = counter.most_common()
    if name == "flag":
        values.sort(key=lambda item: (item[0].startswith("capture."), not item[0].startswith(("content.", "review."))))
    return values


def _value(
    name: str, value: Any, count: int, params: SearchParams, labels: Mapping[Any, str], chosen: Any
) -> FilterValue:
    href = None if value == chosen else search_url(params, **{name: value})
    return FilterValue(labels.get(value, str(value)), number(count), href)


def list_every_value(
    title: str, name: str, params: SearchParams, counter: Counter[Any], labels: Mapping[Any, str]
) -> dict[str, Any]:
    """Return all values of a filter, the most frequent MOST_LISTED of them."""
    values = [
        _value(name, value, count, params, labels, None) for value, count in _most_common(name, counter)[:MOST_LISTED]
    ]
    return {"title": title, "values": values, "more": len(counter) - len(values), "close": search_url(params)}


def picker(
    title: str, name: str, params: SearchParams, counter: Counter[Any], labels: Mapping[Any, str], most: int
) -> tuple[str, str, list[tuple[str, str, str, bool]]]:
    """Return title and name of a filter, and its choices by their names, each with its count."""
    chosen = getattr(params, name)
    values = [value for value, _ in counter.most_common(most)]
    if chosen is not None and chosen not in values:
        values.append(chosen)
    options = [(str(value), labels.get(value, str(value)), number(counter[value]), value == chosen) for value in values]
    return title, name, sorted(options, key=lambda option: option[1].casefold())
