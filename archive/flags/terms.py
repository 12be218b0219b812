"""What a written word means to the rules of a language: its terms, which all texts share. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from ahocorasick_rs import AhoCorasick

from archive.flags.lexicon import LexiconEntry
from archive.flags.phrases import NO_CODE, Phrases
from archive.flags.vocabulary import GRAVE, UNKNOWN_WORD, Vocabulary, Word
from archive.flags.word_runs import LONG_ENOUGH, LONGEST_WORD, SHORTEST_RUN, split_words

# A word, or a mark that parts clauses.
TOKEN = re.compile(r"[^\W_][\w'@$*]*(?:!(?=[^\W_])[\w'@$*]*)*|[@$](?=[^\W_])[\w'@$*]*|&|[,;:()\[\]]|-{2,}|\s-+\s")
MARKS = frozenset(",;:()[]-")
# What becomes of the characters of a sentence of ASCII: some stay, some are left to TOKEN, all others part words.
PARTS = bytes(
    code if chr(code).isalnum() or chr(code) in ",;:()[]-'" else 0 if chr(code) in "\0_@$*&!" else 32
    for code in range(128)
).ljust(256)
CAPITALS = frozenset(f"^{ascii_uppercase}")
CAPITAL = "^"  # before a word that is written with a capital, where the word itself is not as it was written
LEET = str.maketrans("01345678@$!+", "oieasgtbasit")
THRICE = re.compile(r"(\w)\1{2,}")
MAX_CACHED_WORDS = 50_000
SHORTEST_ADVERB = 4


@dataclass(slots=True)
class Term:
    """A word, phrase, group or mark with its tags in one `mask`; shared by all texts, so never changed.

    `text` is empty for phrases and some marks; `width` is of how many terms it was joined; `target` is the group that
    it names. Of the written word that it was read in, it is what stands from `start` to `end`, None for the word's own
    end. `code` is what phrases are found by; `name` is what an unknown word is where it is written with a capital.
    """

    mask: int
    sign: str
    text: str
    entries: Sequence[LexiconEntry] = ()
    target: str | None = None
    width: int = 1
    start: int = 0
    end: int | None = None
    code: str = NO_CODE
    name: "Term | None" = None


def find_words(sentence: str) -> list[str]:
    """Find the words and marks in a sentence of ASCII: what TOKEN finds, four times as fast where no mark is rare."""
    plain = sentence.encode().translate(PARTS).decode()
    if "-" in plain:
        if " - " in plain or "--" in plain:
            return TOKEN.findall(sentence)
        plain = plain.replace("-", " ")
    for mark in ",:();[]":
        if mark in plain:
            plain = plain.replace(mark, f" {mark} ")
    if "\0" in plain or " '" in plain or plain.startswith("'"):
        return TOKEN.findall(sentence)
    return plain.split()


class Terms(dict[str, tuple[Term, ...]]):
    """The terms of each written word, found when first looked up: several for an abbreviation or a run of words.

    An unknown word with a capital is a name.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.vocabulary, bits = vocabulary, vocabulary.bits
        self.phrases = Phrases(vocabulary.phrases)
        self._name, self._comma, self._number = bits["NAME"], bits["COMMA"], bits["NUMBER"]
        self._adverb = vocabulary.bit("ADV")
        self._people = vocabulary.mask(("GROUP", "GPL", "GSG", "OTHERS", "PERSON"))
        grave = vocabulary.mask(tag for tag in GRAVE if tag in bits)
        correct, words = vocabulary.correct_words, vocabulary.words
        hidden = [word for word in correct if words[word].mask & grave and len(word) >= LONG_ENOUGH]
        self._hides: Callable[[str], object] = AhoCorasick(hidden).find_matches_as_indexes if hidden else bool

    def __missing__(self, written: str) -> tuple[Term, ...]:
        if len(self) >= MAX_CACHED_WORDS:
            self.clear()
        small = written.removeprefix(CAPITAL)
        lower = small.lower() if small.isascii() else small
        if lower == written:
            terms = tuple(self._read(written))
        elif (name := self[lower][0].name) is not None and written[0] in CAPITALS:
            terms = (name,)
        else:
            terms = self[lower]
        self[written] = terms
        return terms

    def spans(self, text: str, start: int, end: int) -> list[tuple[int, int]]:
        """Where each term of a sentence stands in its text."""
        return [
            (match.start() + term.start, match.end() if term.end is None else match.start() + term.end)
            for match in TOKEN.finditer(text, start, end)
            for term in self[match[0]]
        ]

    def is_run(self, text: str) -> bool:
        """Whether a word is several words written together, a grave one among them."""
        if not SHORTEST_RUN <= len(text) <= LONGEST_WORD or text in self.vocabulary.common_words:
            return False
        return bool(self._hides(text)) and split_words(text.translate(LEET), self.vocabulary.correct_words) is not None

    def split_run(self, text: str, *, are_letters: bool) -> list[Term] | None:
        """Split a long word, or single letters, into words; None where it is no run of known words."""
        text = text.translate(LEET)
        ends = split_words(text, self.vocabulary.correct_words) if len(text) <= LONGEST_WORD else None
        if ends is None:
            return None
        terms, start = list[Term](), 0
        for end in ends:
            word = self.vocabulary.words[text[start:end]]
            term = self._term(word, text[start:end], start, end)
            term.width = end - start if are_letters else 1
            terms.append(term)
            start = end
        return terms

    def _read(self, written: str) -> Sequence[Term]:
        """The terms of a word as it is written.

        Where it is not in the vocabulary, it is an abbreviation of several words, a disguised word, a run of words,
        perhaps a name, or it means nothing.
        """
        words = self.vocabulary.words
        if (known := words.get(written)) is not None:
            return [self._term(known, written)]
        if written[0] in MARKS or written[0].isspace():
            return [Term(self._comma, self.vocabulary.known_sign(self._comma), "")]
        if (parts := self.vocabulary.expansions.get(written)) is not None:
            return [self._term(words.get(part, UNKNOWN_WORD), part) for part in parts]
        text = written.rstrip("'@$!")
        word = self._look_up(text)
        if word is UNKNOWN_WORD and self.is_run(text) and (run := self.split_run(text, are_letters=False)):
            return run
        term = self._term(word, text, 0, len(text))
        if word is UNKNOWN_WORD:
            term.name = self._term(Word(self._name), text, 0, len(text))
        return [term]

    def _term(self, word: Word, text: str, start: int = 0, end: int | None = None) -> Term:
        sign = word.sign or self.vocabulary.known_sign(word.mask)
        return Term(word.mask, sign, text, word.entries, None, 1, start, end, self.phrases.code(text))

    def _look_up(self, text: str) -> Word:
        """The meaning of a word that may be written with digits for letters, or with repeated letters."""
        words = self.vocabulary.words
        if text in words:
            return words[text]
        if text.isdigit():
            return Word(self._number)
        if "'" in text:
            return self._possessive(text)
        plain = text.translate(LEET)
        shorter = (THRICE.sub(r"\1\1", plain), THRICE.sub(r"\1", plain)) if THRICE.search(plain) else ()
        for spelling in (plain, text.replace("1", "l").translate(LEET), *shorter):
            if spelling in words:
                return words[spelling]
        return Word(self._adverb) if text.endswith("ly") and len(text) > SHORTEST_ADVERB else UNKNOWN_WORD

    def _possessive(self, text: str) -> Word:
        """The meaning of "Muslims'" or "women's": not the group itself but what is theirs."""
        stem = text.partition("'")[0]
        word = self.vocabulary.words.get(stem) or self.vocabulary.words.get(stem + "s")
        return UNKNOWN_WORD if word is None else Word(word.mask & ~self._people, word.entries)
