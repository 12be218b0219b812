"""Whom a match is about: the group that it names, or that its pronoun stands for."""

from collections.abc import Sequence
from itertools import pairwise

from archive.flags.match import TextContext
from archive.flags.normalize import normalize
from archive.flags.sentences import Sentences, Tokenizer
from archive.flags.terms import Term
from archive.flags.vocabulary import UNPROTECTED_TARGETS, first_target

LONGEST_CONTEXT = 2_000
SENTENCES_BACK = 3
WILDLIFE = "wildlife"


class TargetResolver:
    """Resolves the target group of a match, by the vocabulary of one language."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        vocabulary = tokenizer.vocabulary
        self.group, self.others = vocabulary.bit("GROUP"), vocabulary.bit("OTHERS")
        self.adjective = vocabulary.bit("GADJ")
        self.pronoun = vocabulary.mask(("THEY", "HE"))
        self.people = vocabulary.mask(("GROUP", "OTHERS", "PERSON", "NAME"))
        self.wildlife, self.ends = vocabulary.bit("WILDLIFE"), vocabulary.mask(("COMMA", "BE", "AND", "BUT"))
        self.determiner = vocabulary.mask(("THE", "MY", "YOUR", "THEIR", "DET"))

    def resolve(self, sentences: Sentences, index: int, first: int, last: int, context: TextContext) -> str:
        """Return the target of a match from term `first` to term `last`: a group, "other", or "unclear"."""
        terms = sentences[index].terms
        pronoun = None
        for position in range(first, last + 1):
            if terms[position].mask & self.group:
                return terms[position].target or first_target(terms[position].entries) or "unclear"
            if pronoun is None and terms[position].mask & self.pronoun:
                pronoun = position
        if any(terms[position].mask & self.others for position in range(first, last + 1)):
            return "other"
        if pronoun is None and any(term.mask & self.people for term in terms[first : last + 1]):
            return "unclear"
        return self._antecedent(sentences, index, first if pronoun is None else pronoun, context)

    def _antecedent(self, sentences: Sentences, index: int, position: int, context: TextContext) -> str:
        """Who was named last before a term: here, in the sentences before, in the parent, in the title."""
        if target := self._last_named(sentences[index].terms[:position]):
            return target
        for earlier in range(index - 1, max(-1, index - 1 - SENTENCES_BACK), -1):
            if target := self._last_named(sentences[earlier].terms):
                return target
        around = [text[:LONGEST_CONTEXT] for text in (context.parent, context.title) if text]
        if around and not self._names_others(sentences, index, position):
            for text in around:
                normalized = normalize(text)
                surrounding = self.tokenizer.tokenize(normalized.text, normalized.original_case(text))
                for number in range(len(surrounding) - 1, -1, -1):
                    if target := self._last_named(surrounding[number].terms):
                        return target
        return "unclear"

    def _names_others(self, sentences: Sentences, index: int, position: int) -> bool:
        """Whether an unknown thing or person is named before a term, whom its pronoun may stand for.

        It may also be named at the end, as in "they are crooks, that council".
        """
        back = range(max(0, index - SENTENCES_BACK), index)
        before = [term for earlier in back for term in sentences[earlier].terms]
        terms = sentences[index].terms
        for term, following in pairwise((*before, *terms[:position])):
            if following.mask == 0 and term.mask & self.determiner:
                return True
        return len(terms) > 1 and terms[-1].mask == 0 and terms[-2].text == "that"

    def _last_named(self, terms: Sequence[Term]) -> str | None:
        after: Term | None = None
        for term in reversed(terms):
            if term.mask & self.group or (term.mask & self.adjective and self._stands_alone(term, after)):
                return term.target or first_target(term.entries) or "unclear"
            if term.mask & self.others:
                return "other"
            if term.mask & self.wildlife:
                return WILDLIFE
            after = term
        return None

    def _stands_alone(self, term: Term, after: Term | None) -> bool:
        """Whether an adjective means people by itself: "disabled?", not "foreign power"."""
        if after is not None and not after.mask & self.ends:
            return False
        return first_target(term.entries) not in UNPROTECTED_TARGETS
