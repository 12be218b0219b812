"""The first stage: one Aho-Corasick pass says which texts the rules need to look at at all, and of which languages.

It works on a text without capitals, accents and marks, with digits as the letters that they stand for, so that it finds
rare words of rules however they are dressed up; what it lets through is looked at properly.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import ascii_lowercase

from ahocorasick_rs import AhoCorasick, Implementation

MARKS = "!\"#%&'()+,-./:;<=>?[\\]^_`{|}~\n\t\r\x0b\x0c\x00"
FLAT = str.maketrans("01345678@$" + MARKS, "oieasgtbas" + " " * len(MARKS))
THRICE = re.compile(r"([a-z])\1{2,}")
SHORTEST_BARE = 5
LONG = 9
ANY = -1
EVERYWHERE = -1
Hit = tuple[int, tuple[tuple[str, int], ...]]


def flat(text: str) -> str:
    """A folded text as this stage sees it: words apart by single spaces, one before the first, one behind the last."""
    return f" {text.translate(FLAT)} "


class Prefilter:
    """Finds what a text may hold for the rules of each language: its words that rules ask for."""

    def __init__(
        self,
        words: Mapping[str, Mapping[str, int]],
        grave: Mapping[str, Iterable[str]],
        is_run: Callable[[str, str], bool],
    ) -> None:
        """`words` are the words and phrases of each language with their masks, `grave` those single words that are
        looked for inside longer ones as well, where `is_run` says of a language and a word that it is such a run."""
        self._is_run = is_run
        found: dict[str, dict[str, int]] = defaultdict(dict)
        inside: dict[str, dict[str, int]] = defaultdict(dict)
        for language, some in words.items():
            for word, mask in some.items():
                spelled = flat(word)
                found[spelled][language] = found[spelled].get(language, 0) | mask
            for word in grave.get(language, ()):
                if len(word) >= SHORTEST_BARE:
                    inside[word][language] = ANY
                found[f" {' '.join(word)} "][language] = some[word]
        for letter in ascii_lowercase:
            found[letter * 3] = {}
        self._any, self._inside = _Finder(found), _Finder(inside)

    def hits(self, folded: str) -> "Hits":
        """What stands where in a folded text."""
        text = flat(folded)
        found = self._any.hits(text)
        if any(not means for _, means in found):  # letters that are repeated may hide a word
            shorter = (THRICE.sub(r"\1", text), THRICE.sub(r"\1\1", text))
            found += [(EVERYWHERE, means) for one in shorter for _, means in self._any.hits(one)]
        for word in text.split(" "):
            if len(word) > LONG:
                found += self._hidden(word)
        return Hits(found)

    def _hidden(self, word: str) -> Iterator[Hit]:
        """What a long word hides in each language."""
        languages = {language for _, means in self._inside.hits(word) for language, _ in means}
        yield from ((EVERYWHERE, ((language, ANY),)) for language in languages if self._is_run(language, word))


class Hits:
    """What the first stage found. `masks` has the tags of all its words by language, ANY where a word hides in
    a longer one."""

    def __init__(self, found: list[Hit]) -> None:
        self._found = found
        self.masks: dict[str, int] = {}
        for means in {id(means): means for _, means in found}.values():
            for language, mask in means:
                self.masks[language] = self.masks.get(language, 0) | mask

    def by_span(self, language: str, spans: Sequence[tuple[int, int]]) -> list[int]:
        """The mask of each span of the text."""
        starts, everywhere = [start for start, _ in spans], 0
        masks = [0] * len(spans)
        for start, means in self._found if spans else ():  # a text may be one address
            for of, mask in means:
                if of == language:
                    if start == EVERYWHERE:
                        everywhere |= mask
                    else:
                        masks[max(0, bisect_right(starts, start) - 1)] |= mask
        return [mask | everywhere for mask in masks] if everywhere else masks


class _Finder:
    """Finds patterns in a text."""

    def __init__(self, patterns: Mapping[str, dict[str, int]]) -> None:
        self._means = [tuple(means.items()) for means in patterns.values()]
        self._automaton = AhoCorasick(list(patterns), implementation=Implementation.ContiguousNFA)

    def hits(self, text: str) -> list[Hit]:
        """Where patterns begin, and what they mean."""
        means = self._means
        return [
            (start, means[number])
            for number, start, _ in self._automaton.find_matches_as_indexes(text, overlapping=True)
        ]
