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
SHORTEST_BARE = 4
LONG = 6


def flat(text: str) -> str:
    """A folded text as this stage sees it: words apart by single spaces, one before the first, one behind the last."""
    return f" {text.translate(FLAT)} "


class Prefilter:
    """Which languages' rules may find something in a text. `words` are the rare words and phrases of their rules."""

    def __init__(self, words: Mapping[str, Iterable[str]]) -> None:
        self.all = tuple(words)
        found: dict[str, set[str]] = defaultdict(set)
        inside: dict[str, set[str]] = defaultdict(set)
        for language, some in words.items():
            for word in map(flat, some):
                found[word].add(language)
                bare = word.strip()
                if " " not in bare and len(bare) >= SHORTEST_BARE and "*" not in bare:
                    inside[bare].add(language)
                    if bare.isascii() and bare.isalpha():
                        found[f" {' '.join(bare)} "].add(language)
        for letter in ascii_lowercase:
            found[letter * 3] = set()
        self._any, self._inside = _Finder(found), _Finder(inside)

    def languages(self, folded: str) -> tuple[str, ...]:
        """The languages whose rules need to look at a folded text."""
        text = flat(folded)
        found = self._any.languages(text)
        if found is None:
            found = set()
        elif not found:  # letters that are repeated may hide a word
            once, twice = THRICE.sub(r"\1", text), THRICE.sub(r"\1\1", text)
            found = {*(self._any.languages(once) or ()), *(self._any.languages(twice) or ())}
        if long := [word for word in text.split(" ") if len(word) > LONG]:
            found = found | (self._inside.languages(" ".join(long)) or set()) if not found else found
        return tuple(language for language in self.all if language in found) if found else ()


class _Finder:
    """Finds the languages of the patterns that occur in a text; None where none occurs."""

    def __init__(self, patterns: Mapping[str, set[str]]) -> None:
        self._of = list(patterns.values())
        self._automaton = AhoCorasick(list(patterns), implementation=Implementation.ContiguousNFA)

    def languages(self, text: str) -> set[str] | None:
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        if not found:
            return None
        return set().union(*{number: self._of[number] for number, _, _ in found}.values())
