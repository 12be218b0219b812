"""A text as sentences of tokens: words, phrases, groups of people and marks, each with its tags. Pure.

Most sentences are only asked for their signs, so those are made of terms that all texts share; tokens, which know their
places, are made where a pattern fits.
"""

from collections.abc import Iterable, Sequence
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

    __slots__ = ("_end", "_spans", "_start", "_text", "_tokens", "_written", "mask", "signs", "terms")

    def __init__(self, terms: Sequence[Term], mask: int, written: Terms, text: str, start: int, end: int) -> None:
        self.terms, self.signs, self.mask = terms, "".join([term.sign for term in terms]), mask
        self._written, self._text, self._start, self._end = written, text, start, end
        self._spans: list[tuple[int, int]] = []
        self._tokens: list[Token] | None = None

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where the terms from `first` to `last` stand in the text."""
        if not self._spans:
            self._spans = self._written.spans(self._text, self._start, self._end)
        begin = sum([term.width for term in self.terms[:first]])
        end = begin + sum([term.width for term in self.terms[first : last + 1]])
        return self._spans[begin][0], self._spans[end - 1][1]

    @property
    def tokens(self) -> list[Token]:
        """The terms with their places, made when first asked for."""
        if self._tokens is None:
            spans = self._spans or self._written.spans(self._text, self._start, self._end)
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
        self._phrases, self._terms_of = self.terms.phrases, self.terms.__getitem__

    def tokenize(self, text: str, cased: str) -> "Sentences":
        """Cut a normalized text into sentences; `cased` is the same text with its capitals."""
        return Sentences(self, text, cased)

    def read(self, words: Sequence[str], text: str, start: int, end: int) -> tuple[list[Term], int]:
        """Read a sentence from `start` to `end` of a text but for its groups, and the tags of its terms.

        It is given with its words as they are written.
        """
        terms = list(chain.from_iterable(map(self._terms_of, words)))
        codes = "".join([term.code for term in terms])
        if self._phrases.spaced_letters.search(codes) and SPACED_LETTERS.search(text, start, end):
            terms = self._join_letters(terms, codes)
            codes = "".join([term.code for term in terms])
        if phrases := self._phrases.find(codes):
            terms = self._join_phrases(terms, phrases)
        mask = 0
        for term in terms:
            mask |= term.mask
        return terms, mask

    def parse(self, terms: list[Term], mask: int, text: str, start: int, end: int) -> Sentence:
        """Join the groups of a sentence that was read."""
        if self.groups.may_join(terms, mask):
            terms = self.groups.join(terms)
            # The tags of words that a group took in stay: a pattern that needs them is tried in vain, not missed.
            for term in terms:
                mask |= term.mask
        return Sentence(terms, mask, self.terms, text, start, end)

    def is_run(self, text: str) -> bool:
        """Whether a word is several words written together, a grave one among them."""
        return self.terms.is_run(text)

    def _join_letters(self, terms: list[Term], codes: str) -> list[Term]:
        """Read l e t t e r s that stand apart as the words that they make."""
        joined, done = list[Term](), 0
        for run in self._phrases.spaced_letters.finditer(codes):
            letters = terms[run.start() : run.end()]
            joined += terms[done : run.start()]
            joined += self.terms.split_run("".join([letter.text for letter in letters]), are_letters=True) or letters
            done = run.end()
        return joined + terms[done:]

    def _join_phrases(self, terms: list[Term], phrases: Iterable[tuple[int, int, int]]) -> list[Term]:
        """Join the words of each phrase to one term."""
        joined, done = list[Term](), 0
        for number, first, end in phrases:
            word = self._phrases.meanings[number]
            width = sum([term.width for term in terms[first:end]])
            joined += terms[done:first]
            joined.append(Term(word.mask, word.sign, "", word.entries, width=width))
            done = end
        return joined + terms[done:]


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
        self._read: dict[int, tuple[list[Term], int]] = {}
        self._parsed: dict[int, Sentence] = {}

    def __len__(self) -> int:
        return len(self.spans)

    def __getitem__(self, index: int) -> Sentence:
        return self._parsed.get(index) or self.parse(index)

    def tags(self, index: int) -> int:
        """All tags that a sentence may have once it is parsed."""
        return self._tokenizer.groups.tags_with(self._words(index)[1])

    def parse(self, index: int) -> Sentence:
        """Parse a sentence, which then stays parsed."""
        sentence = self._parsed[index] = self._tokenizer.parse(*self._words(index), self.text, *self.spans[index])
        return sentence

    def _words(self, index: int) -> tuple[list[Term], int]:
        """The terms of a sentence as they are before groups are joined, and their tags."""
        read = self._read.get(index)
        if read is None:
            read = self._tokenizer.read(self._find_words(index), self.text, *self.spans[index])
            self._read[index] = read
        return read

    def _find_words(self, index: int) -> list[str]:
        """The words of a sentence with their capitals, which show names; the first word is written with one anyway."""
        start, end = self.spans[index]
        if self._is_plain:
            words = find_words(self._cased[start:end])
            if words:
                words[0] = words[0].lower()
            return words
        if self._cased[start:end].lstrip()[1:].islower():  # no name in it
            return TOKEN.findall(self.text, start, end)
        words = []
        for match in TOKEN.finditer(self.text, start, end):
            words.append(f"{CAPITAL}{match[0]}" if words and self._cased[match.start()].isupper() else match[0])
        return words
