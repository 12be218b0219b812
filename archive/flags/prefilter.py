"""The first stage: one Aho-Corasick pass says which texts the rules need to look at at all, and of which languages.

It works on a text without capitals, accents and marks, with digits as the letters that they stand for, so that it finds
rare words of rules however they are dressed up; what it lets through is looked at properly.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from string import ascii_lowercase

from ahocorasick_rs import AhoCorasick, Implementation

MARKS = "!\"#%&'()+,-./:;<=>?[\\]^_`{|}~\n\t\r\x0b\x0c\x00"
FLAT = str.maketrans("01345678@$" + MARKS, "oieasgtbas" + " " * len(MARKS))
THRICE = re.compile(r"([a-z])\1{2,}")
SHORTEST_BARE = 5
LONG = 9
ANY = -1


def flat(text: str) -> str:
    """A folded text as this stage sees it: words apart by single spaces, one before the first, one behind the last."""
    return f" {text.translate(FLAT)} "


class Prefilter:
    """What a text may hold for the rules of each language: the tags of its words that rules ask for, as masks."""

    def __init__(self, words: Mapping[str, Mapping[str, int]], grave: Mapping[str, Iterable[str]]) -> None:
        """`words` are the words and phrases of each language with their masks, `grave` those single words that are
        looked for inside longer ones as well."""
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

    def masks(self, folded: str) -> dict[str, int]:
        """The tags of the words of a folded text, by language; ANY where a word hides in a longer one."""
        text = flat(folded)
        found, thrice = self._any.masks(text)
        if thrice:  # letters that are repeated may hide a word
            for shorter in (THRICE.sub(r"\1", text), THRICE.sub(r"\1\1", text)):
                for language, mask in self._any.masks(shorter)[0].items():
                    found[language] = found.get(language, 0) | mask
        if long := [word for word in text.split(" ") if len(word) > LONG]:
            found |= self._inside.masks(" ".join(long))[0]
        return found


class _Finder:
    """Finds patterns in a text, and adds up what they mean."""

    def __init__(self, patterns: Mapping[str, dict[str, int]]) -> None:
        self._of = [tuple(means.items()) for means in patterns.values()]
        self._automaton = AhoCorasick(list(patterns), implementation=Implementation.ContiguousNFA)

    def masks(self, text: str) -> tuple[dict[str, int], bool]:
        """The masks by language, and whether a pattern without any was found."""
        found: dict[str, int] = {}
        empty = False
        for number in {number for number, _, _ in self._automaton.find_matches_as_indexes(text, overlapping=True)}:
            means = self._of[number]
            empty |= not means
            for language, mask in means:
                found[language] = found.get(language, 0) | mask
        return found, empty
