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
THRICE = re.compile(r"([a-z])\1{2,}")
SHORTEST_HIDDEN = 5  # of a grave word inside a longer one
LONG_WORD = re.compile("[^ ]{10,}")  # may be several that are written together
ANY_TAG = -1
Tags = tuple[tuple[str, int], ...]  # by language
REPEATED: Tags = ()  # of a letter three times
Hit = tuple[int, int, int]  # the number of its pattern, where it starts, and where it ends


def flatten(text: str) -> str:
    """Put single spaces between the words of a normalized text, and one before the first and behind the last.

    A pattern begins with the space before its word, so that its offset here is the word's offset in the text.
    """
    return f" {text.translate(FLAT)} "


class Prefilter:
    """Finds the words in a text that rules of each language look for."""

    def __init__(
        self,
        words: Mapping[str, Mapping[str, int]],
        grave: Mapping[str, Iterable[str]],
        is_run: Callable[[str, str], bool],
    ) -> None:
        """`words` are the words and phrases of each language with their masks.

        `grave` are the single words that are looked for inside longer ones as well; `is_run(language, word)` then
        decides whether that word is a run of words.
        """
        self._is_run = is_run
        anywhere, inside = _Patterns(), _Patterns()
        for language, masks in words.items():
            for word, mask in masks.items():
                anywhere.add(flatten(word), language, mask)
            for word in grave.get(language, ()):
                if len(word) >= SHORTEST_HIDDEN:
                    inside.add(word, language, ANY_TAG)
                anywhere.add(f" {' '.join(word)} ", language, masks[word])
        for letter in ascii_lowercase:
            anywhere.tags[letter * 3] = REPEATED
        self._anywhere, self._inside = _WordFinder(anywhere), _WordFinder(inside)

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
        if not finder.search(" ".join(words)):  # so in most texts
            return
        for word in words:
            languages = {language for tags in finder.distinct_tags(finder.search(word)) for language, _ in tags}
            yield from (((language, ANY_TAG),) for language in languages if self._is_run(language, word))


class PrefilterHits:
    """What the first stage found in a text.

    `masks` has the tags of all its words by language, ANY_TAG where a word is hidden in a longer one.
    """

    def __init__(self, finder: "_WordFinder", hits: list[Hit], tags: list[Tags], everywhere: list[Tags]) -> None:
        self._finder, self._hits, self._everywhere = finder, hits, everywhere
        self.masks: dict[str, int] = {}
        masks = self.masks
        for by_language in tags + everywhere:
            for language, mask in by_language:
                masks[language] = masks.get(language, 0) | mask

    def masks_by_span(self, language: str, spans: Sequence[tuple[int, int]]) -> list[int]:
        """The tags of one language in each span of the text."""
        starts, masks, finder = [start for start, _ in spans], [0] * len(spans), self._finder
        for number, start, _ in self._hits if spans else ():  # a text may be one address, and have no sentence
            for hit_language, mask in finder.tags_of(number):
                if hit_language == language:
                    masks[max(0, bisect_right(starts, start) - 1)] |= mask
        everywhere = 0
        for tags in self._everywhere:
            everywhere |= dict(tags).get(language, 0)
        return [mask | everywhere for mask in masks] if everywhere else masks


class _Patterns:
    """Patterns with their tags by language. Of 180,000 a few thousand differ in their tags, which they share at once:
    a dictionary each would take 40 MB that the process never gives back."""

    def __init__(self) -> None:
        self.tags: dict[str, Tags] = {}
        self._shared: dict[Tags, Tags] = {}

    def add(self, pattern: str, language: str, mask: int) -> None:
        """Add tags of one language to those that a pattern has."""
        by_language = dict(self.tags.get(pattern, ()))
        by_language[language] = by_language.get(language, 0) | mask
        tags = tuple(by_language.items())
        self.tags[pattern] = self._shared.setdefault(tags, tags)


class _WordFinder:
    """An Aho-Corasick automaton whose patterns have tags by language; few combinations, of many patterns."""

    def __init__(self, patterns: _Patterns) -> None:
        numbers: dict[Tags, int] = {}
        self._number_by_pattern = array(
            "l", [numbers.setdefault(tags, len(numbers)) for tags in patterns.tags.values()]
        )
        self._tags: list[Tags] = list(numbers)
        self._automaton = AhoCorasick(list(patterns.tags), implementation=Implementation.ContiguousNFA)

    def search(self, text: str) -> list[Hit]:
        """Return the number of each pattern that is in a text, with where it starts and ends."""
        return self._automaton.find_matches_as_indexes(text, overlapping=True)

    def tags_of(self, pattern: int) -> Tags:
        """The tags of a pattern."""
        return self._tags[self._number_by_pattern[pattern]]

    def distinct_tags(self, hits: Sequence[Hit]) -> list[Tags]:
        """The tags of hits in their order, each combination once, however often its words occur."""
        numbers, tags = self._number_by_pattern, self._tags
        return [tags[number] for number in dict.fromkeys([numbers[pattern] for pattern, _, _ in hits])]
