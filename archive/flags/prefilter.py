"""The first stage: one Aho-Corasick pass finds which texts the rules need to look at at all, and of which languages.

It works on normalized text with digits as the letters that they stand for, and finds rare words of rules however they
are disguised. It may let too much through, never too little: what it lets through is read properly.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import ascii_lowercase

from ahocorasick_rs import AhoCorasick, Implementation

MARKS = "!\"#%&'()+,-./:;<=>?[\\]^_`{|}~\n\t\r\x0b\x0c\x00"
FLAT = str.maketrans("01345678@$" + MARKS, "oieasgtbas" + " " * len(MARKS))
THRICE = re.compile(r"([a-z])\1{2,}")
SHORTEST_HIDDEN = 5  # of a grave word inside a longer one
LONG = 9  # words longer than this may be several that are written together
ANY_TAG = -1
EVERYWHERE = -1  # the start of a hit that counts for all sentences
Tags = tuple[tuple[str, int], ...]  # by language
Hit = tuple[int, Tags]  # where it starts, and its tags


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
            anywhere.tags[letter * 3] = ()
        self._anywhere, self._inside = _WordFinder(anywhere), _WordFinder(inside)

    def search(self, normalized: str) -> "PrefilterHits":
        """Find the words of rules in a normalized text."""
        text = flatten(normalized)
        hits = self._anywhere.search(text)
        if any(not tags for _, tags in hits):  # letters that are repeated may hide a word
            for shorter in (THRICE.sub(r"\1", text), THRICE.sub(r"\1\1", text)):
                hits += [(EVERYWHERE, tags) for _, tags in self._anywhere.search(shorter)]
        for word in text.split(" "):
            if len(word) > LONG:
                hits += self._hidden_in(word)
        return PrefilterHits(hits)

    def _hidden_in(self, word: str) -> Iterator[Hit]:
        languages = {language for _, tags in self._inside.search(word) for language, _ in tags}
        yield from ((EVERYWHERE, ((language, ANY_TAG),)) for language in languages if self._is_run(language, word))


class PrefilterHits:
    """What the first stage found in a text.

    `masks` has the tags of all its words by language, ANY_TAG where a word is hidden in a longer one.
    """

    def __init__(self, hits: list[Hit]) -> None:
        self._hits = hits
        self.masks: dict[str, int] = {}
        # Hits of one word share their tuple of tags: each is looked at once, however often its word occurs.
        for tags in {id(tags): tags for _, tags in hits}.values():
            for language, mask in tags:
                self.masks[language] = self.masks.get(language, 0) | mask

    def masks_by_span(self, language: str, spans: Sequence[tuple[int, int]]) -> list[int]:
        """The tags of one language in each span of the text."""
        starts, everywhere = [start for start, _ in spans], 0
        masks = [0] * len(spans)
        for start, tags in self._hits if spans else ():  # a text may be one address, and have no sentence
            for hit_language, mask in tags:
                if hit_language == language:
                    if start == EVERYWHERE:
                        everywhere |= mask
                    else:
                        masks[max(0, bisect_right(starts, start) - 1)] |= mask
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
    """An Aho-Corasick automaton whose patterns have tags by language."""

    def __init__(self, patterns: _Patterns) -> None:
        self._tags = list(patterns.tags.values())
        self._automaton = AhoCorasick(list(patterns.tags), implementation=Implementation.ContiguousNFA)

    def search(self, text: str) -> list[Hit]:
        tags = self._tags
        return [
            (start, tags[number])
            for number, start, _ in self._automaton.find_matches_as_indexes(text, overlapping=True)
        ]
