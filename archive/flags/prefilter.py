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
FLAT_BYTES = "".join(map(chr, range(128))).translate(FLAT).encode() + bytes(range(128, 256))  # of UTF-8
THRICE = re.compile(r"([a-z])\1{2,}")
SHORTEST_HIDDEN = 5  # of a grave word inside a longer one
LONG_WORD = 10  # letters from which on a word may be several that are written together
ANY_TAG = -1
BETWEEN = "\x01"  # two words; in none
NO_GROUP = frozenset[str]()


def _flatten(text: str) -> str:
    """Put single spaces between the words of a normalized text, and one before the first and behind the last.

    A pattern begins with the space before its word, so that its offset here is the word's offset in the text.
    """
    return f" {text.encode().translate(FLAT_BYTES).decode()} "


class Tags:
    """What a pattern is looked for by: tags by language.

    `starts` is whether rules of one of these start from a tag; `groups` are the languages in which it names a group,
    `hidden` those of a word that may be part of a longer one. Few patterns differ in their tags, so they share them,
    and each is equal to itself alone.
    """

    __slots__ = ("groups", "hidden", "masks", "starts")

    def __init__(
        self, masks: Mapping[str, int], starts: Mapping[str, int], groups: Mapping[str, int], hidden: Iterable[str] = ()
    ) -> None:
        self.masks, self.hidden = masks, tuple(hidden)
        self.starts = any(mask & starts.get(language, 0) for language, mask in masks.items())
        self.groups = frozenset(language for language, mask in masks.items() if mask & groups.get(language, 0))


REPEATED = Tags({}, {}, {})  # of a letter three times
Hit = tuple[int, int, int]  # the number of its pattern, where it starts, and where it ends


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
        self._is_run, self._in_run = is_run, {name: Tags({name: ANY_TAG}, starts, groups) for name in grave}
        anywhere, inside = _Patterns(), _Patterns()
        for language, masks in words.items():
            spaced = [f" {' '.join(word)} " for word in grave.get(language, ())]
            flat = _flatten(f" {BETWEEN} ".join(masks)).split(BETWEEN)
            anywhere.add(language, zip(flat, masks.values(), strict=True))
            anywhere.add(language, zip(spaced, map(masks.__getitem__, grave.get(language, ())), strict=True))
            inside.add(language, ((word, ANY_TAG) for word in grave.get(language, ()) if len(word) >= SHORTEST_HIDDEN))
        tags = [Tags(tags, starts, groups) for tags in anywhere.tags]
        self._first_hidden = len(tags)
        self._starting = frozenset(number for number, each in enumerate(tags) if each.starts)
        self.tags = [*tags, *(Tags({}, {}, {}, hidden=tags) for tags in inside.tags), REPEATED]
        hidden = (self._first_hidden + number for number in inside.values())
        repeated = {letter * 3: len(self.tags) - 1 for letter in ascii_lowercase}
        # Which tags a pattern has, by its number: small, so that it stays in the processor's cache.
        self.numbers = array("H", [*anywhere.values(), *hidden, *repeated.values()])
        patterns = [*anywhere, *inside, *repeated]
        self._nothing = PrefilterHits(self, [], [], [], starts=False)
        self._automaton = AhoCorasick(patterns, implementation=Implementation.ContiguousNFA)

    def search(self, text: str) -> "PrefilterHits":
        """Find the words of rules in a normalized text."""
        return self.search_all([text])[0]

    def search_all(self, texts: Iterable[str]) -> list["PrefilterHits"]:
        """Find the words of rules in each of several normalized texts."""
        flat, find = [*map(_flatten, texts)], self._automaton.find_matches_as_indexes
        hits = [find(text, overlapping=True) for text in flat]
        return [
            self._hits(text, of_text) if of_text else self._nothing for text, of_text in zip(flat, hits, strict=True)
        ]

    def _hits(self, flat: str, hits: Sequence[Hit]) -> "PrefilterHits":
        found = dict.fromkeys([self.numbers[hit[0]] for hit in hits])
        tags = [self.tags[number] for number in found]
        disguised = list(self._disguised(flat, hits, tags)) if max(found) >= self._first_hidden else []
        starts = not self._starting.isdisjoint(found) or any(word.starts for word in disguised)
        return PrefilterHits(self, hits, tags, disguised, starts=starts)

    def _disguised(self, flat: str, hits: Sequence[Hit], tags: Sequence[Tags]) -> Iterator[Tags]:
        """Yield the tags of words that letters which are repeated may hide, and of those within a run of words."""
        if REPEATED in tags:
            for shorter in (THRICE.sub(r"\1", flat), THRICE.sub(r"\1\1", flat)):
                found = self._automaton.find_matches_as_indexes(shorter, overlapping=True)
                yield from dict.fromkeys([self.tags[self.numbers[pattern]] for pattern, _, _ in found])
        languages: dict[str, dict[str, None]] = {}  # by long word
        first_hidden, end = self._first_hidden, 0
        for pattern, start, _ in hits:
            if (number := self.numbers[pattern]) >= first_hidden:
                if start >= end:
                    begin, end = flat.rindex(" ", 0, start) + 1, flat.index(" ", start)
                if end - begin >= LONG_WORD:
                    languages.setdefault(flat[begin:end], {}).update(dict.fromkeys(self.tags[number].hidden))
        for word, of_word in languages.items():
            yield from (self._in_run[language] for language in of_word if self._is_run(language, word))


class PrefilterHits:
    """What the first stage found in a text.

    `starts` is whether any rule may start from one of its words. `masks` has the tags of all its words by language,
    ANY_TAG where a word is hidden in a longer one.
    """

    __slots__ = ("_disguised", "_hits", "_prefilter", "_tags", "starts")

    def __init__(
        self, prefilter: Prefilter, hits: Sequence[Hit], tags: list[Tags], disguised: list[Tags], *, starts: bool
    ) -> None:
        """`tags` are those of `hits` in their order, each once; those of `disguised` words may be anywhere."""
        self._prefilter, self._hits, self._disguised, self.starts = prefilter, hits, disguised, starts
        self._tags = tags + disguised if disguised else tags

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
        numbers, tags = self._prefilter.numbers, self._prefilter.tags
        for pattern, start, _ in self._hits if spans else ():  # a text may be one address, and have no sentence
            mask = tags[numbers[pattern]].masks.get(language)
            if mask is not None:
                masks[bisect_right(starts, start, 1) - 1] |= mask
        everywhere = 0
        for word in self._disguised:
            everywhere |= word.masks.get(language, 0)
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
