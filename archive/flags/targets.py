"""Whom a match is about: the group that it names, or that its pronoun stands for."""

from collections.abc import Sequence
from itertools import pairwise

from archive.flags.match import TextContext
from archive.flags.normalize import normalize
from archive.flags.sentences import Sentences, Token, Tokenizer
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
        """Return the target of a match from token `first` to token `last`: a group, "other", or "unclear"."""
        tokens = sentences[index].tokens
        pronoun = None
        for position in range(first, last + 1):
            if tokens[position].mask & self.group:
                return tokens[position].target or first_target(tokens[position].entries) or "unclear"
            if pronoun is None and tokens[position].mask & self.pronoun:
                pronoun = position
        if any(tokens[position].mask & self.others for position in range(first, last + 1)):
            return "other"
        if pronoun is None and any(token.mask & self.people for token in tokens[first : last + 1]):
            return "unclear"
        return self._antecedent(sentences, index, first if pronoun is None else pronoun, context)

    def _antecedent(self, sentences: Sentences, index: int, position: int, context: TextContext) -> str:
        """Who was named last before a token: here, in the sentences before, in the parent, in the title."""
        if target := self._last_named(sentences[index].tokens[:position]):
            return target
        for earlier in range(index - 1, max(-1, index - 1 - SENTENCES_BACK), -1):
            if target := self._last_named(sentences[earlier].tokens):
                return target
        around = [text[:LONGEST_CONTEXT] for text in (context.parent, context.title) if text]
        if around and not self._names_others(sentences, index, position):
            for text in around:
                normalized = normalize(text)
                surrounding = self.tokenizer.tokenize(normalized.text, normalized.original_case(text))
                for number in range(len(surrounding) - 1, -1, -1):
                    if target := self._last_named(surrounding[number].tokens):
                        return target
        return "unclear"

    def _names_others(self, sentences: Sentences, index: int, position: int) -> bool:
        """Whether an unknown thing or person is named before a token, whom its pronoun may stand for.

        It may also be named at the end, as in "they are crooks, that council".
        """
        back = range(max(0, index - SENTENCES_BACK), index)
        before = [token for earlier in back for token in sentences[earlier].tokens]
        tokens = sentences[index].tokens
        for token, following in pairwise((*before, *tokens[:position])):
            if following.mask == 0 and token.mask & self.determiner:
                return True
        return len(tokens) > 1 and tokens[-1].mask == 0 and tokens[-2].text == "that"

    def _last_named(self, tokens: Sequence[Token]) -> str | None:
        after: Token | None = None
        for token in reversed(tokens):
            if token.mask & self.group or (token.mask & self.adjective and self._stands_alone(token, after)):
                return token.target or first_target(token.entries) or "unclear"
            if token.mask & self.others:
                return "other"
            if token.mask & self.wildlife:
                return WILDLIFE
            after = token
        return None

    def _stands_alone(self, token: Token, after: Token | None) -> bool:
        """Whether an adjective means people by itself: "disabled?", not "foreign power"."""
        if after is not None and not after.mask & self.ends:
            return False
        return first_target(token.entries) not in UNPROTECTED_TARGETS
