"""Tell twins apart: comments of one author with the same text, of which only times and surroundings differ. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass, field

EXACT = ("second", "minute")
# Hashes of a comment's first reply, and of its siblings before and after it.
Context = tuple[str | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Twin:
    """A comment among others with its text: `key` is what the caller knows it by, `is_exact` that its time is.

    `context` has the hashes of its first reply and of its siblings before and after it; it is None where they are not
    known.
    """

    key: int
    position: int
    time: str | None
    is_exact: bool
    context: Context | None


@dataclass(slots=True)
class Pairs:
    """`pairs` of keys, seen and stored, and the keys of both sides that are known to be no twin of the other side."""

    pairs: list[tuple[int, int]] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


# What two twins must have in common, the surest first. None says nothing.
TRAITS: tuple[Callable[[Twin], Hashable | None], ...] = (
    lambda twin: twin.context,
    lambda twin: twin.context and twin.context[0],
    lambda twin: twin.context and ("between", *twin.context[1:]),
    lambda twin: twin.context and ("before", twin.context[2]),
    lambda twin: twin.context and ("after", twin.context[1]),
)


def pair_twins(seen: Sequence[Twin], stored: Sequence[Twin], *, times_hold: bool) -> Pairs:
    """Pair twins that a visit saw with stored ones, as many as there are: by the time that both state, by their
    replies and siblings, then in document order, the first ones in `stored` first.

    Where times hold from visit to visit, a twin with another exact time is another comment: one is gone, one is new.
    """
    result = Pairs()
    seen, stored = _pair_by(seen, stored, lambda twin: twin.time, result, unambiguous=True)
    if (times_hold or result.pairs) and all(twin.is_exact for twin in (*seen, *stored)):
        result.new, seen = _part(seen, {twin.time for twin in stored})
        result.gone, stored = _part(stored, {twin.time for twin in seen})
    for trait in TRAITS:
        seen, stored = _pair_by(seen, stored, trait, result)
    _pair_by(seen, stored, lambda _: True, result)
    return result


def _part(twins: Sequence[Twin], times: Collection[str | None]) -> tuple[list[int], list[Twin]]:
    """Return the keys of the twins whose time is none of these, and the other twins."""
    return [twin.key for twin in twins if twin.time not in times], [twin for twin in twins if twin.time in times]


def contexts_of(parents: Sequence[int | None], keys: Sequence[int], hashes: Sequence[str]) -> list[Context]:
    """Return the context of each comment of a thread in document order: see Twin."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for number, parent in enumerate(parents):
        children[parent].append(number)
    first_reply = {key: hashes[children[key][0]] for key in keys if key in children}
    around: dict[int, tuple[str | None, str | None]] = {}
    for siblings in children.values():
        for before, number, after in zip([None, *siblings], siblings, [*siblings[1:], None], strict=False):
            around[number] = (
                None if before is None else hashes[before],
                None if after is None else hashes[after],
            )
    return [(first_reply.get(key), *around[number]) for number, key in enumerate(keys)]


def _pair_by(
    seen: Sequence[Twin],
    stored: Sequence[Twin],
    trait: Callable[[Twin], Hashable | None],
    result: Pairs,
    *,
    unambiguous: bool = False,
) -> tuple[list[Twin], list[Twin]]:
    """Pair the twins that have a trait in common, in document order; return those that are left on both sides."""
    groups: dict[Hashable, tuple[list[Twin], list[Twin]]] = defaultdict(lambda: ([], []))
    for side, twins in enumerate((seen, stored)):
        for twin in twins:
            if (value := trait(twin)) is not None:
                groups[value][side].append(twin)
    paired: tuple[set[int], set[int]] = (set(), set())
    for here, there in groups.values():
        if unambiguous and (len(here), len(there)) != (1, 1):
            continue
        chosen = sorted(there[: len(here)], key=lambda twin: twin.position)
        for twin, row in zip(here, chosen, strict=False):
            result.pairs.append((twin.key, row.key))
            paired[0].add(twin.key)
            paired[1].add(row.key)
    return [t for t in seen if t.key not in paired[0]], [t for t in stored if t.key not in paired[1]]
