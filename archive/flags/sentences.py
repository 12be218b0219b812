"""A text as sentences of tokens: words, phrases, groups of people and marks, each with its tags. Pure.

Most sentences are only asked for their signs, so those are made of terms that all texts share; tokens, which know their
places, are made where a pattern fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from archive.flags.groups import GroupJoiner
from archive.flags.lexicon import LexiconEntry
from archive.flags.sentence_spans import SPACED_LETTERS, blank_addresses, sentence_spans
from archive.flags.terms import TOKEN, Term, Terms
from archive.flags.vocabulary import Vocabulary

SHORTEST_SPACED_RUN = 4
NO_WORD = "\0"  # is in no phrase


@dataclass(slots=True)
class Token:
    """A word, phrase, group or mark from `start` to `end` of the normalized text. `mask` has its tags.

    `text` is empty for phrases and some marks; `target` is the group that is named.
    """

    start: int
    end: int
    mask: int
    sign: str
    text: str
    entries: Sequence[LexiconEntry]
    target: str | None


class Sentence:
    """A sentence as `signs`, one character a token, with all their tags in one `mask`."""

    __slots__ = ("_end", "_parts", "_start", "_terms", "_text", "_tokens", "mask", "signs")

    def __init__(self, parts: Sequence[Term], mask: int, terms: Terms, text: str, start: int, end: int) -> None:
        self.signs, self.mask = "".join([part.sign for part in parts]), mask
        self._parts, self._terms, self._text, self._start, self._end = parts, terms, text, start, end
        self._tokens: list[Token] | None = None

    @property
    def tokens(self) -> list[Token]:
        """The tokens with their places, made when first asked for."""
        if self._tokens is None:
            spans = self._terms.spans(self._text, self._start, self._end)
            self._tokens, first = [], 0
            for part in self._parts:
                start, end = spans[first][0], spans[first + part.width - 1][1]
                first += part.width
                self._tokens.append(Token(start, end, part.mask, part.sign, part.text, part.entries, part.target))
        return self._tokens


class Tokenizer:
    """Cuts texts into sentences of tokens by the vocabulary of one language."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.terms, self.groups = Terms(vocabulary), GroupJoiner(vocabulary)

    def tokenize(self, text: str, cased: str) -> "Sentences":
        """Cut a normalized text into sentences; `cased` is the same text with its capitals."""
        return Sentences(self, blank_addresses(text), cased)

    def parse(self, text: str, cased: str, start: int, end: int) -> Sentence:
        """Read the sentence from `start` to `end` of a text."""
        if cased[start:end].lstrip()[1:].islower():  # no name in it
            parts = list(chain.from_iterable(map(self.terms.__getitem__, TOKEN.findall(text, start, end))))
        else:
            parts = self._parts_with_names(text, cased, start, end)
        letters = sum([len(part.text) == 1 for part in parts])
        if letters >= SHORTEST_SPACED_RUN and SPACED_LETTERS.search(text, start, end):
            parts = self._join_letters(parts)
        parts = self._join_phrases(parts)
        mask = 0
        for part in parts:
            mask |= part.mask
        if self.groups.may_join(parts, mask):
            parts = self.groups.join(parts)
            # The tags of words that a group took in stay: a pattern that needs them is tried in vain, not missed.
            for part in parts:
                mask |= part.mask
        return Sentence(parts, mask, self.terms, text, start, end)

    def is_run(self, text: str) -> bool:
        """Whether a word is several words written together, a grave one among them."""
        return self.terms.is_run(text)

    def _parts_with_names(self, text: str, cased: str, start: int, end: int) -> list[Term]:
        """The terms of a sentence; unknown words with a capital are names, but for its first."""
        parts: list[Term] = []
        for match in TOKEN.finditer(text, start, end):
            terms = self.terms[match[0]]
            name = terms[0].name
            if name is not None and parts and cased[match.start()].isupper():
                parts.append(name)
            else:
                parts += terms
        return parts

    def _join_letters(self, parts: list[Term]) -> list[Term]:
        """Read l e t t e r s that stand apart as the words that they make."""
        joined: list[Term] = []
        position = 0
        while position < len(parts):
            end = position
            while end < len(parts) and len(parts[end].text) == 1 and parts[end].text.isalnum():
                end += 1
            if end - position >= SHORTEST_SPACED_RUN:
                run = parts[position:end]
                joined += self.terms.split_run("".join([part.text for part in run]), are_letters=True) or run
                position = end
            else:
                joined.append(parts[position])
                position += 1
        return joined

    def _join_phrases(self, parts: list[Term]) -> list[Term]:
        """Join the words of phrases to one term, the longest phrase where several begin at a word."""
        joined: list[Term] = []
        position, count, done = 0, len(parts), 0
        for position, part in enumerate(parts):
            tree = part.phrases
            if tree is None or position < done:
                continue
            end, last, word = position + 1, position, None
            while end < count and (tree := tree.get(parts[end].text or NO_WORD)) is not None:  # type: ignore[assignment]
                end += 1
                if "" in tree:
                    last, word = end, tree[""]
            if word is not None:
                width = sum([part.width for part in parts[position:last]])
                joined += parts[done:position]
                joined.append(Term(word.mask, word.sign, "", word.entries, width=width))  # type: ignore[union-attr]
                done = last
        return joined + parts[done:] if done else parts


class Sentences:
    """The sentences of a text, each parsed when first asked for; `spans` are their places in the normalized text."""

    def __init__(self, tokenizer: Tokenizer, text: str, cased: str) -> None:
        self.text = text
        self.spans = list(sentence_spans(text, cased))
        self._tokenizer, self._cased = tokenizer, cased
        self._parsed: dict[int, Sentence] = {}

    def __len__(self) -> int:
        return len(self.spans)

    def __getitem__(self, index: int) -> Sentence:
        return self._parsed.get(index) or self.parse(index)

    def parse(self, index: int) -> Sentence:
        """Parse a sentence, which then stays parsed."""
        sentence = self._parsed[index] = self._tokenizer.parse(self.text, self._cased, *self.spans[index])
        return sentence
