"""A text as sentences of tokens: words, phrases, groups of people and marks, each with its tags. Pure.

Most sentences are only asked for their signs, so those are made of terms that all texts share; tokens, which know their
places, are made where a pattern fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from archive.flags.groups import GroupJoiner
from archive.flags.lexicon import LexiconEntry
from archive.flags.normalize import plain_marks
from archive.flags.sentence_spans import (
    LONGEST_TEXT,
    SPACED_LETTERS,
    blank_addresses,
    plain_sentence_spans,
    sentence_spans,
)
from archive.flags.terms import CAPITAL, TOKEN, Term, Terms, find_words
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
    """A sentence as `terms`, and as `signs`, one character a term, with all their tags in one `mask`."""

    __slots__ = ("_end", "_start", "_text", "_tokens", "_written", "mask", "signs", "terms")

    def __init__(self, terms: Sequence[Term], mask: int, written: Terms, text: str, start: int, end: int) -> None:
        self.terms, self.signs, self.mask = terms, "".join([term.sign for term in terms]), mask
        self._written, self._text, self._start, self._end = written, text, start, end
        self._tokens: list[Token] | None = None

    @property
    def tokens(self) -> list[Token]:
        """The terms with their places, made when first asked for."""
        if self._tokens is None:
            spans = self._written.spans(self._text, self._start, self._end)
            self._tokens, first = [], 0
            for term in self.terms:
                start, end = spans[first][0], spans[first + term.width - 1][1]
                first += term.width
                self._tokens.append(Token(start, end, term.mask, term.sign, term.text, term.entries, term.target))
        return self._tokens


class Tokenizer:
    """Cuts texts into sentences of tokens by the vocabulary of one language."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.terms, self.groups = Terms(vocabulary), GroupJoiner(vocabulary)

    def tokenize(self, text: str, cased: str) -> "Sentences":
        """Cut a normalized text into sentences; `cased` is the same text with its capitals."""
        return Sentences(self, text, cased)

    def parse(self, words: Sequence[str], text: str, start: int, end: int) -> Sentence:
        """Read the sentence from `start` to `end` of a text, with its words as they are written."""
        parts = list(chain.from_iterable(map(self.terms.__getitem__, words)))
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
    """The sentences of a text, each parsed when first asked for; `spans` are their places in the normalized text.

    Most texts are of ASCII, without an address: what is read of those is the text with its capitals, and nothing else.
    """

    def __init__(self, tokenizer: Tokenizer, text: str, cased: str) -> None:
        self.text, self._cased = blank_addresses(text), plain_marks(cased)
        self._is_plain = self.text is text and self._cased.isascii() and len(text) <= LONGEST_TEXT
        self.spans = list(
            plain_sentence_spans(self._cased) if self._is_plain else sentence_spans(self.text, self._cased)
        )
        self._tokenizer = tokenizer
        self._parsed: dict[int, Sentence] = {}

    def __len__(self) -> int:
        return len(self.spans)

    def __getitem__(self, index: int) -> Sentence:
        return self._parsed.get(index) or self.parse(index)

    def parse(self, index: int) -> Sentence:
        """Parse a sentence, which then stays parsed."""
        words = self._find_words(index)
        sentence = self._parsed[index] = self._tokenizer.parse(words, self.text, *self.spans[index])
        return sentence

    def _find_words(self, index: int) -> list[str]:
        """The words of a sentence with their capitals, which show names; the first word is written with one anyway."""
        start, end = self.spans[index]
        if self._is_plain:
            words = find_words(self._cased[start:end])
            words[:1] = [word.lower() for word in words[:1]]
            return words
        if self._cased[start:end].lstrip()[1:].islower():  # no name in it
            return TOKEN.findall(self.text, start, end)
        words = []
        for match in TOKEN.finditer(self.text, start, end):
            words.append(f"{CAPITAL}{match[0]}" if words and self._cased[match.start()].isupper() else match[0])
        return words
