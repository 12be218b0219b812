"""Which patterns a sentence may have a match of, by its tags. Pure."""

from collections.abc import Mapping, Sequence

from archive.flags.rules import RulePattern
from archive.flags.vocabulary import single_bits

# The tags of which a match of a pattern needs one each, without the need that its anchor meets.
Needs = tuple[int, ...]
# Of so many patterns of one anchor, as groups have, each is looked for by a second tag as well.
MANY = 6


class PatternIndex:
    """Patterns by the tags that they are looked for by: an anchor, and where many share that, one of their needs."""

    def __init__(self, by_anchor: Mapping[int, Sequence[tuple[Needs, RulePattern]]], common: int) -> None:
        """`common` has the tags that most sentences have, which make a poor second one."""
        self._patterns: list[RulePattern] = []
        self._anchors = 0
        self._shared: dict[Needs, Needs] = {}  # equal ones as one, for the sake of the processor's cache
        self._by_anchor: dict[int, list[tuple[Needs, int]]] = {}
        self._by_second: dict[int, tuple[int, dict[int, list[tuple[Needs, int]]]]] = {}
        for bit, anchored in by_anchor.items():
            if anchored:
                self._anchors |= bit
                self._add(bit, anchored, common)

    def _add(self, bit: int, anchored: Sequence[tuple[Needs, RulePattern]], common: int) -> None:
        alone: list[tuple[Needs, int]] = []
        by_second: dict[int, list[tuple[Needs, int]]] = {}
        seconds = 0
        for needs, pattern in anchored:
            number = len(self._patterns)
            self._patterns.append(pattern)
            if len(anchored) < MANY or not needs:
                alone.append((self._share(needs), number))
                continue
            second = min(needs, key=lambda need: (need & common != 0, need.bit_count()))
            seconds |= second
            rest = self._share(tuple(need for need in needs if need != second))
            for tag in single_bits(second):
                by_second.setdefault(tag, []).append((rest, number))
        self._by_anchor[bit] = alone
        if by_second:
            self._by_second[bit] = seconds, by_second

    def _share(self, needs: Needs) -> Needs:
        return self._shared.setdefault(needs, needs)

    def fitting(self, mask: int) -> list[RulePattern]:
        """The patterns whose needs the tags of a sentence meet, in the order of their anchors."""
        found: list[int] = []
        anchors = mask & self._anchors
        while anchors:
            bit = anchors & -anchors  # the lowest bit that is set
            anchors ^= bit
            candidates = self._by_anchor[bit]
            if bit in self._by_second:
                seconds, by_second = self._by_second[bit]
                candidates = candidates[:]
                for second in single_bits(mask & seconds):
                    candidates += by_second[second]
            for needs, number in candidates:
                for need in needs:
                    if not mask & need:
                        break
                else:
                    found.append(number)
        return self._in_order(found) if found else []

    def _in_order(self, numbers: Sequence[int]) -> list[RulePattern]:
        """Each pattern once, whatever tags it was found by."""
        patterns = {id(pattern): pattern for number in sorted(numbers) if (pattern := self._patterns[number])}
        return list(patterns.values())
