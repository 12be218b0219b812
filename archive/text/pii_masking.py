"""Personal data taken out of a text: places are replaced by a mask whose length says nothing. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

Place = tuple[int, int]

MASK = "████"
SHORTEST_WORDS = 3


def masked(text: str, places: Iterable[Place], mask: str = MASK) -> str:
    """The text with each place replaced by the mask; places that overlap or touch become one."""
    parts, done = [], 0
    for start, end in merged(places, len(text)):
        parts += [text[done:start], mask]
        done = end
    return "".join(parts) + text[done:]


def moved(place: Place, places: Iterable[Place], length: int, mask: str = MASK) -> Place:
    """Where a place of a text (of `length`) stands once the text is masked; it grows to the mask that it cuts."""
    gaps = merged(places, length)
    return _moved(place[0], gaps, len(mask), is_end=False), _moved(place[1], gaps, len(mask), is_end=True)


def _moved(point: int, gaps: Sequence[Place], width: int, *, is_end: bool) -> int:
    shift = 0
    for start, end in gaps:
        if end <= point:
            shift += width - (end - start)
        elif start < point:
            return start + shift + (width if is_end else 0)
    return point + shift


def merged(places: Iterable[Place], length: int) -> list[Place]:
    """The places in order, within the text, none touching another."""
    found: list[Place] = []
    for start, end in sorted((max(0, start), min(length, end)) for start, end in places):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def occurrences(text: str, words: str) -> Iterable[Place]:
    """Everywhere that exactly these words stand."""
    start = text.find(words) if words else -1
    while start >= 0:
        yield start, start + len(words)
        start = text.find(words, start + 1)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is masked of one comment: places in its texts by revision, and their words wherever else they stand."""

    spans: Mapping[int, Sequence[Place]] = field(default_factory=dict)
    words: AbstractSet[str] = frozenset()

    def places(self, text: str, revision: int | None = None) -> list[Place]:
        found = list(self.spans.get(revision, ())) if revision is not None else []
        for words in self.words:
            if len(words) >= SHORTEST_WORDS:
                found += occurrences(text, words)
        return merged(found, len(text))

    def within(self, start: int, end: int, revision: int, exact: str) -> list[Place]:
        """The places of some words of a text that stand from `start` to `end` in it."""
        cut = [(left - start, right - start) for left, right in self.spans.get(revision, ())]
        return merged([*cut, *self.places(exact)], end - start)
