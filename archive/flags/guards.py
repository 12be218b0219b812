"""What takes the edge off a match: it is negated, quoted, denounced, or said by a member of the group of itself. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive.flags.sentences import Item, Sentence
from archive.flags.vocabulary import Vocabulary

QUOTES = re.compile(r'"[^"]{1,2000}"|(?<![\w"])\'[^\'\n]{2,400}(?:\'(?=\w)[^\'\n]{0,400}){0,5}\'(?!\w)')
SHORTEST_REST = 8
FAR = 14
FIRST_PERSON = 4


@dataclass(frozen=True, slots=True)
class Guard:
    """Why a match does not count: the code of a context flag, and the words that say so."""

    code: str
    rule: str
    start: int
    end: int


class Guards:
    """Looks around matches with one vocabulary."""

    def __init__(self, known: Vocabulary) -> None:
        names = ("NOT", "NO", "COMMA", "BUT", "SAY", "BELIEVE", "COUNTER", "DENOUNCE", "THINK", "AS", "NEVERMIND", "WE")
        self.bits = {name: known.bit(name) for name in names}
        self.saying = known.mask(f"{verb}{form}" for verb in ("SAY", "BELIEVE") for form in ("", ".S", ".ING", ".ED", ".EN"))
        self.first = known.mask(("I", "WE", "THINK", "OWNWILL"))
        self.negating = known.mask(("NOT", "NO"))
        self.denouncing, self.counter = known.bit("DENOUNCE"), known.bit("COUNTER")
        self.bounds = known.mask(("COMMA", "BUT"))
        self.own = known.bit("AS")
        self.we = known.mask(("WE", "I"))
        self.you = known.mask(("YOU", "THEY"))

    def of(self, text: str, sentences: Sequence[Sentence], place: int, first: int, last: int, *, denies: bool) -> Guard | None:
        """The guard of a match from item `first` to item `last` of a sentence, if there is one. `denies` is set where
        the rule itself reads a denial."""
        sentence = sentences[place]
        return (
            self._quoted(text, sentence, first, last)
            or self._reported(sentences, place, first, last)
            or self._negated(sentence, first, last, denies=denies)
        )

    def _quoted(self, text: str, sentence: Sentence, first: int, last: int) -> Guard | None:
        start, end = sentence.items[first].start, sentence.items[last].end
        if '"' not in text and "'" not in text:
            return None
        for found in QUOTES.finditer(text):
            if found.start() <= start and end <= found.end() and len(text) - len(found[0]) >= SHORTEST_REST:
                return Guard("context.quoted", "quotation-marks", found.start(), found.end())
        return None

    def _reported(self, sentences: Sequence[Sentence], place: int, first: int, last: int) -> Guard | None:
        """Somebody else's words: a verb of saying before them whose subject is not the writer, with or without a word
        that condemns them; or a sentence right behind that condemns them."""
        sentence = sentences[place]
        cue = self._cue(sentence, first)
        if cue is not None:
            denounced = self._denounced(sentences, place, first, last)
            code = "context.counter_speech" if denounced or cue.mask & self.counter else "context.quoted"
            return Guard(code, "reported", cue.start, cue.end)
        denounced = self._denounced_here(sentence, first, last)
        if denounced is not None:
            return Guard("context.counter_speech", "denounced", denounced.start, denounced.end)
        return None

    def _cue(self, sentence: Sentence, first: int) -> Item | None:
        """What announces words of somebody else before an item."""
        for at in range(first - 1, max(-1, first - FAR), -1):
            item = sentence.items[at]
            if item.mask & self.counter:
                return item
            if item.mask & self.saying and not self._is_own(sentence, at):
                return item
        return None

    def _is_own(self, sentence: Sentence, at: int) -> bool:
        before = sentence.items[max(0, at - FIRST_PERSON) : at + 1]
        return any(item.mask & self.first for item in before)

    def _denounced(self, sentences: Sequence[Sentence], place: int, first: int, last: int) -> bool:
        return any(item.mask & self.denouncing for item in self._around(sentences, place, first, last))

    def _denounced_here(self, sentence: Sentence, first: int, last: int) -> Item | None:
        return None

    def _around(self, sentences: Sequence[Sentence], place: int, first: int, last: int) -> Iterator[Item]:
        yield from sentences[place].items[:first]
        yield from sentences[place].items[last + 1 :]
        if place + 1 < len(sentences):
            yield from sentences[place + 1].items

    def _negated(self, sentence: Sentence, first: int, last: int, *, denies: bool) -> Guard | None:
        """A negation before the match within its clause, or within the match where the rule reads none itself."""
        items = sentence.items
        if not denies:
            for item in items[first : last + 1]:
                if item.mask & self.bits["NOT"]:
                    return Guard("context.negated", "negation", item.start, item.end)
        for at in range(first - 1, max(-1, first - FAR), -1):
            if items[at].mask & self.bounds:
                break
            if items[at].mask & self.negating and not items[at].mask & self.bits["NEVERMIND"]:
                return Guard("context.negated", "negation", items[at].start, items[at].end)
        return None

    def reclaimed(self, sentence: Sentence, at: int) -> Guard | None:
        """The writer, or somebody, uses a group's word of their own group."""
        near = sentence.items[max(0, at - 6) : at] + sentence.items[at + 1 : at + 4]
        found = next((item for item in near if item.mask & self.own), None)
        return None if found is None else Guard("context.reclaimed", "own-group", found.start, found.end)
