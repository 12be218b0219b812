"""Read facets from what Tantivy counted: two facets in one count take half the time that each takes by itself."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from archive.search.index_query import passes
from archive.search.index_schema import FlagParts, read_mark, read_place
from archive.search.query_nodes import FlagFilter

FLAG_FACETS = ("flag", "source", "target", "status", "severity")
PLACE_FACETS = ("outlet", "month")


def count_places(places: Mapping[str, int], name: str) -> Counter[int]:
    """Count the comments of each outlet or month, leaving out those that have none."""
    part = PLACE_FACETS.index(name)
    counts: dict[int, int] = {}
    for text, comments in places.items():
        value = read_place(text)[part]
        if value is not None:
            counts[value] = counts.get(value, 0) + comments
    return Counter(dict(sorted(counts.items())))


def count_states(marks: Mapping[str, int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text, comments in marks.items():
        counts[read_mark(text)[0]] += comments
    return counts


def count_flags(marks: Mapping[str, int], name: str, rest: FlagFilter) -> Counter[Any]:
    """Count the comments that have a flag with each value of a facet, which is what is filtered beside that, too."""
    counts: dict[Any, int] = {}
    for text, comments in marks.items():
        for value in _values_of_mark(text, name, rest):
            counts[value] = counts.get(value, 0) + comments
    return Counter(counts)


@lru_cache(50_000)
def _values_of_mark(text: str, name: str, rest: FlagFilter) -> frozenset[Any]:
    """Return the values of a facet that the flags of a comment have: few sets of flags are those of most comments."""
    flags = (flag for flag in read_mark(text)[1] if passes(rest, flag))
    return frozenset(value for flag in flags for value in values_of(flag, name))


def values_of(flag: FlagParts, name: str) -> Iterator[Any]:
    """Yield the values of a facet that a flag has."""
    match name:
        case "flag":
            yield flag.code
        case "source":
            yield flag.source
        case "target" if flag.target:
            yield flag.target
        case "status" if flag.source == "content":
            yield flag.status
        case "severity":
            yield from range(flag.severity + 1)
