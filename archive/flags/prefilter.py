"""The first stage: one Aho-Corasick pass finds which texts the rules need to look at at all, and of which languages.

It works on normalized text with digits as the letters that they stand for, and finds rare words of rules however they
are disguised. It may let too much through, never too little: what it lets through is read properly.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import ascii_lowercase

from ahocorasick_rs import AhoCorasick, Implementation

MARKS = "!\"#%&'()+,-./:;<=>?[\\]^_`{|}~\n\t\r\x0b\x0c\x00"
FLAT = str.maketrans("01345678@$" + MARKS, "oieasgtbas" + " " * len(MARKS))
FLAT_BYTES = "".join(map(chr, range(128))).translate(FLAT).encode().ljust(256)
THRICE = re.compile(r"([a-z])\1{2,}")
SHORTEST_HIDDEN = 5  # of a grave word inside a longer one
LONG_WORD = re.compile(" [^ ]{10,}")  # may be several that are written together
ANY_TAG = -1
BETWEEN = "\x01"  # two words; in none
NO_GROUP = frozenset[str]()
Hit = tuple[int, int, int]  # the number of its pattern, where it starts, and where it ends


def flatten(text: str) -> str:
    """Put single spaces between the words of a normalized text, and one before the first and behind the last.

    A pattern begins with the space before its word, so that its offset here is the word's offset in the text.
    """
    if text.isascii():
        return f" {text.encode().translate(FLAT_BYTES).decode()} "
    return f" {text.translate(FLAT)} "


def _flatten_all(words: Iterable[str]) -> list[str]:
    """Flatten each of many words, which are of ASCII but for a few, all at once."""
    text = f" {BETWEEN} ".join(words)
    flat = text.encode().translate(FLAT_BYTES).decode() if text.isascii() else text.translate(FLAT)
    return f" {flat} ".split(BETWEEN)


class Tags:
    """What a pattern is looked for by: tags by language.

    `starts` is whether rules of one of these start from a tag; `groups` are the languages in which it names a group.
    Few patterns differ in their tags, so they share them, and each is equal to itself alone.
    """

    __slots__ = ("groups", "masks", "starts")

    def __init__(self, masks: Mapping[str, int], starts: Mapping[str, int], groups: Mapping[str, int]) -> None:
        self.masks = masks
        self.starts = any(mask & starts.get(language, 0) for language, mask in masks.items())
        self.groups = frozenset(language for language, mask in masks.items() if mask & groups.get(language, 0))


REPEATED = Tags({}, {}, {})  # of a letter three times


class Prefilter:
    """Finds the words in a text that rules of each language look for."""

    def __init__(
        self,
        words: Mapping[str, Mapping[str, int]],
        grave: Mapping[str, Iterable[str]],
        starts: Mapping[str, int],
        groups: Mapping[str, int],
        is_run: Callable[[str, str], bool],
    ) -> None:
        """`words` are the words and phrases of each language with their masks.

        The rules of a language start from its tags in `starts`, and those in `groups` name a group. `grave` are the
        single words that are looked for inside longer ones as well; `is_run(language, word)` then decides whether
        that word is a run of words.
        """
        self._is_run, self._hidden = is_run, {name: Tags({name: ANY_TAG}, starts, groups) for name in grave}
        anywhere, inside = _Patterns(), _Patterns()
        for language, masks in words.items():
            spaced = [f" {' '.join(word)} " for word in grave.get(language, ())]
            anywhere.add(language, zip(_flatten_all(masks), masks.values(), strict=True))
            anywhere.add(language, zip(spaced, map(masks.__getitem__, grave.get(language, ())), strict=True))
            inside.add(language, ((word, ANY_TAG) for word in grave.get(language, ()) if len(word) >= SHORTEST_HIDDEN))
        repeated = {letter * 3: REPEATED for letter in ascii_lowercase}
        self._anywhere = _WordFinder(anywhere, starts, groups, repeated)
        self._inside = _WordFinder(inside, starts, groups, {})

    def search(self, normalized: str) -> "PrefilterHits":
        """Find the words of rules in a normalized text."""
        text = flatten(normalized)
        finder = self._anywhere
        hits = finder.search(text)
        tags = finder.distinct_tags(hits)
        everywhere: list[Tags] = []
        if REPEATED in tags:  # letters that are repeated may hide a word
            for shorter in (THRICE.sub(r"\1", text), THRICE.sub(r"\1\1", text)):
                everywhere += finder.distinct_tags(finder.search(shorter))
        if long := LONG_WORD.findall(text):
            everywhere += self._hidden_in(long)
        return PrefilterHits(finder, hits, tags, everywhere)

    def _hidden_in(self, words: Sequence[str]) -> Iterator[Tags]:
        finder = self._inside
        if not finder.search("".join(words)):  # so in most texts
            return
        for word in words:
            found = finder.distinct_tags(finder.search(word))
            languages = dict.fromkeys(language for tags in found for language in tags.masks)
            yield from (self._hidden[language] for language in languages if self._is_run(language, word[1:]))


class PrefilterHits:
    """What the first stage found in a text.

    `starts` is whether any rule may start from one of its words. `masks` has the tags of all its words by language,
    ANY_TAG where a word is hidden in a longer one.
    """

    __slots__ = ("_everywhere", "_finder", "_hits", "_tags", "starts")

    def __init__(self, finder: "_WordFinder", hits: list[Hit], tags: list[Tags], everywhere: list[Tags]) -> None:
        self._finder, self._hits, self._everywhere = finder, hits, everywhere
        self._tags = tags + everywhere if everywhere else tags
        self.starts = True in [word.starts for word in self._tags]

    @property
    def masks(self) -> dict[str, int]:
        """The tags of all words by language."""
        masks: dict[str, int] = {}
        for tags in self._tags:
            for language, mask in tags.masks.items():
                masks[language] = masks.get(language, 0) | mask
        return masks

    @property
    def groups(self) -> frozenset[str]:
        """The languages in which a word names a group."""
        return NO_GROUP.union(*[tags.groups for tags in self._tags if tags.groups])

    def is_of(self, language: str) -> bool:
        """Whether the text has a word of a language."""
        return True in [language in word.masks for word in self._tags]

    def masks_by_span(self, language: str, spans: Sequence[tuple[int, int]]) -> list[int]:
        """The tags of one language in each span of the text."""
        starts, masks = [start for start, _ in spans], [0] * len(spans)
        numbers, tags = self._finder.numbers, self._finder.tags
        for number, start, _ in self._hits if spans else ():  # a text may be one address, and have no sentence
            mask = tags[numbers[number]].masks.get(language)
            if mask is not None:
                masks[bisect_right(starts, start, 1) - 1] |= mask
        everywhere = 0
        for hidden in self._everywhere:
            everywhere |= hidden.masks.get(language, 0)
        return [mask | everywhere for mask in masks] if everywhere else masks


class _Patterns(dict[str, int]):
    """The number of each pattern's tags in `tags`, which has them by language.

    Of 180,000 patterns a few thousand differ in their tags: a dictionary each would take 40 MB that the process never
    gives back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[dict[str, int]] = [{}]
        self._numbers: dict[tuple[tuple[str, int], ...], int] = {(): 0}

    def add(self, language: str, patterns: Iterable[tuple[str, int]]) -> None:
        """Add tags of one language to those that patterns have."""
        numbers: dict[tuple[int, int], int] = {}  # by what a pattern has, and what comes to it
        for pattern, mask in patterns:
            change = self.get(pattern, 0), mask
            if change not in numbers:
                numbers[change] = self._number(language, *change)
            self[pattern] = numbers[change]

    def _number(self, language: str, before: int, mask: int) -> int:
        tags = dict(self.tags[before])
        tags[language] = tags.get(language, 0) | mask
        number = self._numbers.setdefault(tuple(tags.items()), len(self.tags))
        if number == len(self.tags):
            self.tags.append(tags)
        return number


class _WordFinder:
    """An Aho-Corasick automaton whose patterns have tags by language; few combinations, of many patterns.

    `others` are patterns with tags of their own.
    """

    def __init__(
        self, patterns: _Patterns, starts: Mapping[str, int], groups: Mapping[str, int], others: Mapping[str, Tags]
    ) -> None:
        self.tags = [*(Tags(tags, starts, groups) for tags in patterns.tags), *others.values()]
        # Which tags a pattern has, by its number: small, so that it stays in the processor's cache.
        self.numbers = array("H", [*patterns.values(), *range(len(patterns.tags), len(self.tags))])
        self._automaton = AhoCorasick([*patterns, *others], implementation=Implementation.ContiguousNFA)

    def search(self, text: str) -> list[Hit]:
        """Return the number of each pattern that is in a text, with where it starts and ends."""
        return self._automaton.find_matches_as_indexes(text, overlapping=True)

    def distinct_tags(self, hits: Sequence[Hit]) -> list[Tags]:
        """The tags of hits in their order, each combination once, however often its words occur."""
        numbers, tags = self.numbers, self.tags
        return [tags[number] for number in dict.fromkeys([numbers[pattern] for pattern, _, _ in hits])]
