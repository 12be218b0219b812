"""What takes the edge off a match: it is negated, quoted, denounced, or said of the writer's own group. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from archive.flags.sentences import Item, Sentence, Sentences
from archive.flags.vocabulary import Vocabulary

QUOTES = re.compile(r'"[^"]{1,2000}"|(?<![\w"])\'[^\'\n]{2,400}(?:\'(?=\w)[^\'\n]{0,400}){0,5}\'(?!\w)')
SHORTEST_REST = 8
FAR = 14
FIRST_PERSON = 4
POINTS = 9
ENDORSED = re.compile(
    r"\b(?:(?:was|is|are|were|so|absolutely|damn) right|couldn'?t (?:have put it|agree)|could not (?:have put|agree)|"
    r"(?:i|we) (?:fully |totally |completely )?agree|spot on|well said|spoke for|exactly|'?s the truth|is the truth|"
    r"amen|hear,? hear|true(?:r)? words|had a point|has a point|nailed it|tells? the truth|wasn'?t wrong|isn'?t wrong|"
    r"not wrong|got it right|and (?:he|she|they) mean)"
)


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
        self.saying = known.mask(
            f"{verb}{form}" for verb in ("SAY", "BELIEVE") for form in ("", ".S", ".ING", ".ED", ".EN")
        )
        self.first = known.mask(("I", "WE", "THINK", "OWNWILL"))
        self.negating = known.mask(("NOT", "NO"))
        self.denouncing, self.counter = known.bit("DENOUNCE"), known.bit("COUNTER")
        self.bounds = known.mask(("COMMA", "BUT"))
        self.own = known.bit("AS")
        self.but, self.who = known.bit("BUT"), known.bit("WHO")
        self.base = known.mask(("SAY", "BELIEVE"))
        self.being, self.strong = known.bit("BE"), known.bit("CONDEMN")
        self.pointing = known.mask(("IT", "WHY", "WHAT", "COUNTER", "DENOUNCE"))
        self.we = known.mask(("WE", "I"))
        self.you = known.mask(("YOU", "THEY"))

    def of(self, text: str, sentences: Sentences, place: int, first: int, last: int, negation: str) -> Guard | None:
        """The guard of a match from item `first` to item `last` of a sentence, if there is one. `negation` is as in the
        rule: "guard", "part" where the rule itself reads a denial, "ignored" where a denial changes nothing."""
        sentence = sentences[place]
        return (
            self._quoted(text, sentence, first)
            or self._reported(text, sentences, place, first, last)
            or (None if negation == "ignored" else self._negated(sentence, first, last, denies=negation == "part"))
        )

    def _quoted(self, text: str, sentence: Sentence, first: int) -> Guard | None:
        """Words in quotation marks, unless the writer says that they are right."""
        start = sentence.items[first].start
        quotes = _quotes(text)
        number = bisect_right(quotes, start, key=itemgetter(0)) - 1
        if number < 0:
            return None
        begin, end = quotes[number]
        if start >= end or len(text) - (end - begin) < SHORTEST_REST or ENDORSED.search(text, end, end + 120):
            return None
        return Guard("context.quoted", "guard.quotation-marks", begin, end)

    def _reported(self, text: str, sentences: Sentences, place: int, first: int, last: int) -> Guard | None:
        """Somebody else's words: a verb of saying before them whose subject is not the writer; or a sentence that
        condemns what it says, or the next one does."""
        sentence = sentences[place]
        cue = self._cue(sentence, first, last)
        end = sentence.items[last].end
        if cue is not None and not ENDORSED.search(text, end, end + 120):
            denounced = any(item.mask & self.denouncing for item in self._around(sentences, place, first, last))
            code = "context.counter_speech" if denounced or cue.mask & self.counter else "context.quoted"
            return Guard(code, "guard.reported", cue.start, cue.end)
        denounced_by = self._condemned(sentences, place, last)
        if denounced_by is not None:
            return Guard("context.counter_speech", "guard.denounced", denounced_by.start, denounced_by.end)
        return None

    def _cue(self, sentence: Sentence, first: int, last: int) -> Item | None:
        """What announces words of somebody else before the end of a match."""
        for at in range(last - 1, max(-1, first - FAR), -1):
            item = sentence.items[at]
            if item.mask & self.but and at < first:
                return None
            if item.mask & self.counter and at != first + 1 and not self._is_own(sentence, at):
                return item
            if at >= first:
                continue
            if item.mask & self.who and not any(one.mask & self.bounds for one in sentence.items[at + 1 : first]):
                return item
            if item.mask & self.saying and not self._is_own(sentence, at) and not self._is_order(sentence, at):
                return item
        return None

    def _is_order(self, sentence: Sentence, at: int) -> bool:
        """Tell the ...: what the reader is to say is the writer's own."""
        return at == 0 and bool(sentence.items[0].text) and bool(sentence.items[0].mask & self.base)

    def _is_own(self, sentence: Sentence, at: int) -> bool:
        before = sentence.items[max(0, at - FIRST_PERSON) : at + 1]
        return any(item.mask & self.first for item in before)

    def _condemned(self, sentences: Sentences, place: int, last: int) -> Item | None:
        """The word of the same sentence, or of the next one that speaks of this one, which condemns what was said."""
        rest = sentences[place].items[last + 1 :]
        for at, item in enumerate(rest):
            if item.mask & self.strong and any(one.mask & self.being for one in rest[:at]):
                return item
        if place + 1 < len(sentences):
            following = sentences[place + 1].items
            if following and following[0].mask & self.pointing:
                return next((item for item in following[:POINTS] if item.mask & self.denouncing), None)
        return None

    def _around(self, sentences: Sentences, place: int, first: int, last: int) -> Iterator[Item]:
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
                    return Guard("context.negated", "guard.negation", item.start, item.end)
        if items[first].mask & self.bounds:
            return None
        for at in range(first - 1, max(-1, first - FAR), -1):
            if items[at].mask & self.bounds:
                break
            if items[at].mask & self.negating and not items[at].mask & self.bits["NEVERMIND"]:
                return Guard("context.negated", "guard.negation", items[at].start, items[at].end)
        return None

    def reclaimed(self, sentence: Sentence, at: int) -> Guard | None:
        """The writer, or somebody, uses a group's word of their own group."""
        near = sentence.items[max(0, at - 6) : at] + sentence.items[at + 1 : at + 4]
        found = next((item for item in near if item.mask & self.own), None)
        return None if found is None else Guard("context.reclaimed", "guard.own-group", found.start, found.end)


@lru_cache(64)
def _quotes(text: str) -> list[tuple[int, int]]:
    """Where words in quotation marks stand: asked for anew by each match in a text."""
    return [found.span() for found in QUOTES.finditer(text)] if '"' in text or "'" in text else []
