"""Find phrases among the words of a sentence, each of which has a code of one character. Pure."""

import re
from collections.abc import Mapping

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from archive.flags.vocabulary import Word

NO_CODE = "\x01"  # of a word that is in no phrase
LETTER = "\x02"  # of such a letter or digit
FIRST_CODE = 0x100
SHORTEST_SPACED_RUN = 4


class Phrases:
    """The phrases of a language with their meanings, found in the codes of words.

    `find` returns the number of each, the positions of its first word and of the first behind it: the longest phrase
    where several begin at a word.
    """

    def __init__(self, phrases: Mapping[str, Word]) -> None:
        words = dict.fromkeys(word for phrase in phrases for word in phrase.split())
        self._codes = {word: chr(FIRST_CODE + number) for number, word in enumerate(words)}
        coded = ["".join([self._codes[word] for word in phrase.split()]) for phrase in phrases]
        self.meanings, kind = list(phrases.values()), MatchKind.LeftmostLongest
        automaton = AhoCorasick(coded, matchkind=kind, implementation=Implementation.ContiguousNFA)
        self.find = automaton.find_matches_as_indexes
        letters = "".join([self._codes[word] for word in words if len(word) == 1 and word.isalnum()])
        self.spaced_letters = re.compile(f"[{LETTER}{letters}]{{{SHORTEST_SPACED_RUN},}}")

    def code(self, word: str) -> str:
        """The code of a word as it is spelled."""
        return self._codes.get(word) or (LETTER if len(word) == 1 and word.isalnum() else NO_CODE)
