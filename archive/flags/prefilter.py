"""The first stage: one Aho-Corasick pass says which texts the rules need to look at at all.

It works on a text without capitals, accents and marks, with digits as the letters that they stand for, so that it finds
rare words of rules however they are dressed up; what it lets through is looked at properly.
"""

import re
from collections.abc import Callable, Iterable
from string import ascii_lowercase

from ahocorasick_rs import AhoCorasick, Implementation

MARKS = "!\"#%&'()+,-./:;<=>?[\\]^_`{|}~\n\t\r\x0b\x0c\x00"
FLAT = str.maketrans("01345678@$" + MARKS, "oieasgtbas" + " " * len(MARKS))
THRICE = re.compile(r"([a-z])\1{2,}")
NUMBER = re.compile(r"\d(?:[ ().+/-]{0,2}\d){6}")
SHORTEST_BARE = 4
LONG = 6


def flat(text: str) -> str:
    """A folded text as this stage sees it: words apart by single characters, one before the first, one behind the last."""
    return f" {text.translate(FLAT)} "


class Prefilter:
    """Whether a text may hold anything of interest. `words` are the rare words and phrases of all rules."""

    def __init__(self, words: Iterable[str]) -> None:
        spelled = {flat(word) for word in words}
        bare = sorted(word.strip() for word in spelled if " " not in word.strip() and len(word) >= SHORTEST_BARE + 2)
        apart = [f" {' '.join(word)} " for word in bare if word.isascii() and word.isalpha()]
        thrice = [letter * 3 for letter in ascii_lowercase]
        self._any = _finder([*sorted(spelled), *apart, *thrice])
        self._inside = _finder([word for word in bare if "*" not in word])

    def lets_through(self, folded: str) -> bool:
        """Whether the rules need to look at a folded text."""
        text = flat(folded)
        if found := self._any(text):
            if any(end - start > 3 or text[start : start + 1] == " " for _, start, end in found):
                return True
            text = THRICE.sub(r"\1", text)
            if self._any(text) or self._any(THRICE.sub(r"\1\1", flat(folded))):
                return True
        long = [word for word in text.split(" ") if len(word) > LONG]
        return bool(long) and bool(self._inside(" ".join(long)))


def _finder(patterns: list[str]) -> Callable[[str], list[tuple[int, int, int]]]:
    automaton = AhoCorasick(patterns, implementation=Implementation.ContiguousNFA)
    return automaton.find_matches_as_indexes
