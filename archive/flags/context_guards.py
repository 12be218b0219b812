"""What takes the edge off a match: it is negated, quoted, denounced, or the writer's word for their own group. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from archive.flags.sentences import Sentence, Sentences, Token
from archive.flags.terms import Term
from archive.flags.vocabulary import Vocabulary

QUOTES = re.compile(r'"[^"]{1,2000}"|(?<![\w"])\'[^\'\n]{2,400}(?:\'(?=\w)[^\'\n]{0,400}){0,5}\'(?!\w)')
ENDORSED = re.compile(
    r"\b(?:(?:was|is|are|were|so|absolutely|damn) right|couldn'?t (?:have put it|agree)|could not (?:have put|agree)|"
    r"(?:i|we) (?:fully |totally |completely )?agree|spot on|well said|spoke for|exactly|'?s the truth|is the truth|"
    r"amen|hear,? hear|true(?:r)? words|had a point|has a point|nailed it|tells? the truth|wasn'?t wrong|isn'?t wrong|"
    r"not wrong|got it right|and (?:he|she|they) mean)"
)
# A text that is nothing but a quotation is the writer's own opinion: so much must stand outside of it.
SHORTEST_OUTSIDE = 8
ENDORSED_WITHIN = 120
# How many tokens before a match a verb of saying or a negation may stand, ...
LONGEST_REACH = 14
# ... before such a verb an "I" that makes the words the writer's own, ...
SUBJECT_REACH = 4
# ... and in the next sentence the word that condemns what this one says.
CONDEMNATION_REACH = 9


@dataclass(frozen=True, slots=True)
class GuardMatch:
    """Why a match does not count: the code of a context flag, and the words that say so."""

    code: str
    rule: str
    start: int
    end: int


class ContextGuards:
    """Looks for negation, quotation and condemnation around matches, by the vocabulary of one language."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.negation, self.never_mind = vocabulary.bit("NOT"), vocabulary.bit("NEVERMIND")
        self.saying = vocabulary.mask(
            f"{verb}{form}" for verb in ("SAY", "BELIEVE") for form in ("", ".S", ".ING", ".ED", ".EN")
        )
        self.first_person = vocabulary.mask(("I", "WE", "THINK", "OWNWILL"))
        self.negating = vocabulary.mask(("NOT", "NO"))
        self.denouncing, self.counter = vocabulary.bit("DENOUNCE"), vocabulary.bit("COUNTER")
        self.bounds = vocabulary.mask(("COMMA", "BUT"))
        self.own_group = vocabulary.bit("AS")
        self.but, self.who = vocabulary.bit("BUT"), vocabulary.bit("WHO")
        self.imperative = vocabulary.mask(("SAY", "BELIEVE"))
        self.being, self.condemning = vocabulary.bit("BE"), vocabulary.bit("CONDEMN")
        self.pointing = vocabulary.mask(("IT", "WHY", "WHAT", "COUNTER", "DENOUNCE"))

    def check(
        self, text: str, sentences: Sentences, index: int, first: int, last: int, negation: str
    ) -> GuardMatch | None:
        """Return the guard of a match from token `first` to token `last` of sentence `index`, if there is one.

        `negation` is that of the rule: "guard", "part" where the rule itself reads a denial, "ignored" where a denial
        changes nothing.
        """
        sentence = sentences[index]
        return (
            self._quoted(text, sentence, first)
            or self._reported(text, sentences, index, first, last)
            or (None if negation == "ignored" else self._negated(sentence, first, last, denies=negation == "part"))
        )

    def check_reclaimed(self, sentence: Sentence, position: int) -> GuardMatch | None:
        """Return the guard of a group's word that a member of the group uses ("as a ...")."""
        near = sentence.tokens[max(0, position - 6) : position] + sentence.tokens[position + 1 : position + 4]
        token = next((token for token in near if token.mask & self.own_group), None)
        return None if token is None else GuardMatch("context.reclaimed", "guard.own-group", token.start, token.end)

    def _quoted(self, text: str, sentence: Sentence, first: int) -> GuardMatch | None:
        """Words in quotation marks, unless the writer says that they are right."""
        start = sentence.tokens[first].start
        quotes = _quote_spans(text)
        number = bisect_right(quotes, start, key=itemgetter(0)) - 1
        if number < 0:
            return None
        begin, end = quotes[number]
        if start >= end or len(text) - (end - begin) < SHORTEST_OUTSIDE:
            return None
        if ENDORSED.search(text, end, end + ENDORSED_WITHIN):
            return None
        return GuardMatch("context.quoted", "guard.quotation-marks", begin, end)

    def _reported(self, text: str, sentences: Sentences, index: int, first: int, last: int) -> GuardMatch | None:
        """Somebody else's words: behind a verb of saying whose subject is not the writer, or condemned."""
        sentence = sentences[index]
        cue = self._reporting_cue(sentence, first, last)
        end = sentence.tokens[last].end
        if cue is not None and not ENDORSED.search(text, end, end + ENDORSED_WITHIN):
            denounced = any(term.mask & self.denouncing for term in self._around(sentences, index, first, last))
            code = "context.counter_speech" if denounced or cue.mask & self.counter else "context.quoted"
            return GuardMatch(code, "guard.reported", cue.start, cue.end)
        condemnation = self._condemnation(sentences, index, last)
        if condemnation is not None:
            return GuardMatch("context.counter_speech", "guard.denounced", condemnation.start, condemnation.end)
        return None

    def _reporting_cue(self, sentence: Sentence, first: int, last: int) -> Token | None:
        """The token that announces words of somebody else, looked for backwards from the end of a match."""
        for position in range(last - 1, max(-1, first - LONGEST_REACH), -1):
            token = sentence.tokens[position]
            if token.mask & self.but and position < first:
                return None
            if token.mask & self.counter and position != first + 1 and not self._is_own(sentence, position):
                return token
            if position >= first:
                continue
            if token.mask & self.who:
                between = sentence.tokens[position + 1 : first]
                if not any(other.mask & self.bounds for other in between):
                    return token
            if token.mask & self.saying and not self._is_own(sentence, position):
                # "Tell the ...": what the reader is told to say is the writer's own.
                is_order = position == 0 and token.text and token.mask & self.imperative
                if not is_order:
                    return token
        return None

    def _is_own(self, sentence: Sentence, position: int) -> bool:
        before = sentence.terms[max(0, position - SUBJECT_REACH) : position + 1]
        return any(term.mask & self.first_person for term in before)

    def _condemnation(self, sentences: Sentences, index: int, last: int) -> Token | None:
        """The word that condemns what was written: in the same sentence, or in the next where it speaks of this one."""
        rest = sentences[index].tokens[last + 1 :]
        for position, token in enumerate(rest):
            if token.mask & self.condemning and any(other.mask & self.being for other in rest[:position]):
                return token
        if index + 1 < len(sentences):
            following = sentences[index + 1]
            if following.terms and following.terms[0].mask & self.pointing:
                near = following.tokens[:CONDEMNATION_REACH]
                return next((token for token in near if token.mask & self.denouncing), None)
        return None

    def _around(self, sentences: Sentences, index: int, first: int, last: int) -> Iterator[Term]:
        """Yield the terms of a match's sentence outside of it, and those of the next sentence."""
        yield from sentences[index].terms[:first]
        yield from sentences[index].terms[last + 1 :]
        if index + 1 < len(sentences):
            yield from sentences[index + 1].terms

    def _negated(self, sentence: Sentence, first: int, last: int, *, denies: bool) -> GuardMatch | None:
        """A negation before the match within its clause, or within the match where the rule reads none itself."""
        tokens = sentence.tokens
        if not denies:
            for token in tokens[first : last + 1]:
                if token.mask & self.negation:
                    return GuardMatch("context.negated", "guard.negation", token.start, token.end)
        if tokens[first].mask & self.bounds:
            return None
        for position in range(first - 1, max(-1, first - LONGEST_REACH), -1):
            token = tokens[position]
            if token.mask & self.bounds:
                break
            if token.mask & self.negating and not token.mask & self.never_mind:
                return GuardMatch("context.negated", "guard.negation", token.start, token.end)
        return None


@lru_cache(64)
def _quote_spans(text: str) -> list[tuple[int, int]]:
    """The spans in quotation marks; cached, since every match in a text asks for them anew."""
    return [quote.span() for quote in QUOTES.finditer(text)] if '"' in text or "'" in text else []
