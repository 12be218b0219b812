"""A text as sentences of tokens: words, phrases, groups of people and marks, each with its tags. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from archive.flags.lexicon import LexiconEntry
from archive.flags.vocabulary import GRAVE, UNKNOWN_WORD, UNPROTECTED_TARGETS, Vocabulary, Word, first_target
from archive.flags.word_runs import LONG_ENOUGH, LONGEST_WORD, SHORTEST_RUN, split_words

TOKEN = re.compile(
    r"(?P<word>[^\W_](?:[\w'@$*]|!(?=[^\W_]))*|[@$](?=[^\W_])[\w'@$*]*|&)|(?P<mark>[,;:()\[\]]|-{2,}|\s-+\s)"
)
SENTENCE_END = re.compile(r"[.!?]+|\n")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[^\s@]{1,64}@[^\s@]{1,255}\.\w+")
LEET = str.maketrans("01345678@$!+", "oieasgtbasit")
SPACED_LETTERS = re.compile(r"(?:(?<![^\W_])[^\W_](?![^\W_])[\W_]{1,3}){3}[^\W_](?![^\W_])")
THRICE = re.compile(r"(\w)\1{2,}")

# Bounds on what is looked at, so that no text takes long.
LONGEST_TEXT = 100_000
LONGEST_SENTENCE = 800
MAX_CACHED_WORDS = 50_000

# What may follow "these" where it is a pronoun and not an article ("these are ...", "these should ...").
AFTER_PRONOUN = (
    "BE SHOULD ADV WILL CAN COMMA AND NOT ALL PREP DO HAVE WHO ANIMAL FILTH PRIMITIVE DISEASE PROFANITY VILE UP PERSON "  # noqa: SIM905
    "GROUP GADJ".split()
)
TYPICAL = ("average", "typical", "ordinary")
# What makes an adjective a person: "no gay should", "the next gay", but only before one of NOUN_ENDS.
SINGLING_TAGS = ("EVERY", "ANY", "NO", "SOME", "ONE", "ONLY", "AGE", "DECENT")
SINGLING_WORDS = ("next", "last", "single", "good")
NOUN_ENDS = ("BE SHOULD WILL CAN HAVE DO COMMA AND WHO OF PREP I YOU ONE GET DIE UP").split()  # noqa: SIM905
SHORTEST_ADVERB = 4
SHORTEST_SPACED_RUN = 4
NO_WORD = "\0"  # is in no phrase
UNKNOWN_SIGN = chr(0x4DFF)  # for a set of tags that no word has


@dataclass(slots=True)
class Token:
    """A word, phrase, group or mark from `start` to `end` of the normalized text. `mask` has its tags.

    `text` is empty for phrases and marks; `target` is the group that is named.
    """

    start: int
    end: int
    mask: int
    sign: str
    text: str = ""
    entries: Sequence[LexiconEntry] = ()
    target: str | None = None


@dataclass(slots=True)
class Sentence:
    """The tokens of a sentence, their `signs` (one character a token), and all their tags in one `mask`."""

    tokens: list[Token]
    signs: str
    mask: int


class Tokenizer:
    """Cuts texts into sentences of tokens by the vocabulary of one language."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        bits = vocabulary.bits
        self.group, self.many, self.single, self.adjective = (bits[tag] for tag in ("GROUP", "GPL", "GSG", "GADJ"))
        self.others, self.name, self.comma, self.number = (bits[t] for t in ("OTHERS", "NAME", "COMMA", "NUMBER"))
        self.comma_sign, self.name_sign, self.no_sign = self.sign(self.comma), self.sign(self.name), self.sign(0)
        self._examined: dict[str, tuple[str, Word, bool]] = {}
        self.adverb, self.person = vocabulary.bit("ADV"), vocabulary.bit("PERSON")
        grave = vocabulary.mask(tag for tag in GRAVE if tag in bits)
        correct, words = vocabulary.correct_words, vocabulary.words
        hidden = [word for word in correct if words[word].mask & grave and len(word) >= LONG_ENOUGH]
        self.hides: Callable[[str], object] = AhoCorasick(hidden).find_matches_as_indexes if hidden else bool
        self.absorbed = vocabulary.mask(("DET", "ALL", "AGE"))
        self.head = vocabulary.mask(("GADJ", "GROUP", "PERSON", "OTHERS"))
        self.marked = vocabulary.mask(("SLUR", "GENDERED"))
        self.grouping = self.head | vocabulary.bit("THEY")
        self.not_absorbed = vocabulary.mask(("NO", "SOME", "EVERY", "THEY"))
        self.they = vocabulary.bit("THEY")
        self.after_pronoun = vocabulary.mask(AFTER_PRONOUN)
        self.singling, self.noun_ends = vocabulary.mask(SINGLING_TAGS), vocabulary.mask(NOUN_ENDS)
        self.definite = vocabulary.mask(("THE", "MY", "YOUR", "THEIR", "HE"))

    def tokenize(self, text: str, cased: str) -> "Sentences":
        """Cut a normalized text into sentences; `cased` is the same text with its capitals."""
        if "://" in text or "www." in text or "@" in text:
            text = ADDRESS.sub(lambda address: " " * len(address[0]), text)
        return Sentences(self, text, cased)

    def parse(self, text: str, cased: str, start: int, end: int) -> Sentence:
        """Read the sentence from `start` to `end` of a text."""
        tokens: list[Token] = []
        words = self.vocabulary.words
        for match in TOKEN.finditer(text, start, end):
            written = match[0]
            word = words.get(written)
            if word is not None:
                begin, stop = match.span()
                tokens.append(Token(begin, stop, word.mask, word.sign, written, word.entries))
            elif match.lastgroup == "mark":
                tokens.append(Token(match.start(), match.end(), self.comma, self.comma_sign))
            else:
                tokens += self._unknown_tokens(match, cased, first=not tokens)
        if SPACED_LETTERS.search(text, start, end):
            tokens = self._join_letters(tokens)
        tokens = self._join_phrases(tokens)
        mask = 0
        for token in tokens:
            mask |= token.mask
        if mask & self.grouping:
            tokens = self._join_groups(tokens)
            # The tags of words that a group took in stay: a pattern that needs them is tried in vain, not missed.
            for token in tokens:
                mask |= token.mask
        return Sentence(tokens, "".join([token.sign for token in tokens]), mask)

    def sign(self, mask: int) -> str:
        """The character that stands for a set of tags; never a new one, since patterns are compiled by now."""
        return self.vocabulary.signs.get(mask, UNKNOWN_SIGN)

    def _unknown_tokens(self, match: re.Match[str], cased: str, *, first: bool) -> list[Token]:
        """The tokens of a word that is not in the vocabulary as it is written.

        It is an abbreviation of several words, a disguised word, a run of words, a name, or it means nothing.
        """
        start, text = match.start(), match[0]
        if (parts := self.vocabulary.expansions.get(text)) is not None:
            words = [(part, self.vocabulary.words.get(part, UNKNOWN_WORD)) for part in parts]
            return [Token(start, match.end(), word.mask, word.sign, part, word.entries) for part, word in words]
        examined = self._examined.get(text)
        if examined is None:
            if len(self._examined) >= MAX_CACHED_WORDS:
                self._examined.clear()
            examined = self._examined[text] = self.examine(text)
        bare, word, is_run = examined
        if word is not UNKNOWN_WORD:
            return [Token(start, start + len(bare), word.mask, word.sign, bare, word.entries)]
        if is_run:
            return self._split_run([Token(start, start + len(bare), 0, self.no_sign, bare)])
        if not first and cased[start].isupper():
            return [Token(start, start + len(bare), self.name, self.name_sign, bare)]
        return [Token(start, start + len(bare), 0, self.no_sign, bare)]

    def examine(self, text: str) -> tuple[str, Word, bool]:
        """Look closely at an unknown word: its text without marks at the end, its meaning, and `is_run` of it."""
        text = text.rstrip("'@$!")
        word = self._look_up(text)
        if word is not UNKNOWN_WORD and not word.sign:
            word = Word(word.mask, word.entries, self.sign(word.mask))
        return text, word, self.is_run(text)

    def is_run(self, text: str) -> bool:
        """Whether a word is several words written together, a grave one among them."""
        if not SHORTEST_RUN <= len(text) <= LONGEST_WORD or text in self.vocabulary.common_words:
            return False
        return bool(self.hides(text)) and split_words(text.translate(LEET), self.vocabulary.correct_words) is not None

    def _look_up(self, text: str) -> Word:
        """The meaning of a word that may be written with digits for letters, or with repeated letters."""
        words = self.vocabulary.words
        if text in words:
            return words[text]
        if text.isdigit():
            return Word(self.number)
        if "'" in text:
            return self._possessive(text)
        plain = text.translate(LEET)
        shorter = (THRICE.sub(r"\1\1", plain), THRICE.sub(r"\1", plain)) if THRICE.search(plain) else ()
        for spelling in (plain, text.replace("1", "l").translate(LEET), *shorter):
            if spelling in words:
                return words[spelling]
        return Word(self.adverb) if text.endswith("ly") and len(text) > SHORTEST_ADVERB else UNKNOWN_WORD

    def _possessive(self, text: str) -> Word:
        """The meaning of "Muslims'" or "women's": not the group itself but what is theirs."""
        stem = text.partition("'")[0]
        word = self.vocabulary.words.get(stem) or self.vocabulary.words.get(stem + "s")
        if word is None:
            return UNKNOWN_WORD
        people = self.group | self.many | self.single | self.others | self.person
        return Word(word.mask & ~people, word.entries)

    def _join_letters(self, tokens: list[Token]) -> list[Token]:
        """Read l e t t e r s that stand apart as the words that they make."""
        joined: list[Token] = []
        position = 0
        while position < len(tokens):
            end = position
            while end < len(tokens) and len(tokens[end].text) == 1 and tokens[end].text.isalnum():
                end += 1
            if end - position >= SHORTEST_SPACED_RUN:
                joined += self._split_run(tokens[position:end])
                position = end
            else:
                joined.append(tokens[position])
                position += 1
        return joined

    def _split_run(self, tokens: list[Token]) -> list[Token]:
        """Split one long token, or several single letters, into words; unchanged where it is no run of known words."""
        text = "".join(token.text for token in tokens).translate(LEET)
        ends = split_words(text, self.vocabulary.correct_words) if len(text) <= LONGEST_WORD else None
        if ends is None:
            return tokens
        split, start = list[Token](), 0
        for end in ends:
            word = self.vocabulary.words[text[start:end]]
            if len(tokens) > 1:
                first, last = tokens[start].start, tokens[end - 1].end
            else:
                first, last = tokens[0].start + start, tokens[0].start + end
            split.append(Token(first, last, word.mask, word.sign, text[start:end], word.entries))
            start = end
        return split

    def _join_phrases(self, tokens: list[Token]) -> list[Token]:
        """Join the words of phrases to one token, the longest phrase where several begin at a word."""
        joined: list[Token] = []
        position, count, phrases = 0, len(tokens), self.vocabulary.phrases
        while position < count:
            token = tokens[position]
            tree = phrases.get(token.text) if token.text else None
            position += 1
            if tree is not None:
                end, word = position, None
                while end < count and (tree := tree.get(tokens[end].text or NO_WORD)) is not None:  # type: ignore[union-attr]
                    end += 1
                    if "" in tree:  # type: ignore[operator]
                        position, word = end, tree[""]  # type: ignore[index]
                if word is not None:
                    token = Token(token.start, tokens[position - 1].end, word.mask, word.sign, "", word.entries)  # type: ignore[union-attr]
            joined.append(token)
        return joined

    def _join_groups(self, tokens: list[Token]) -> list[Token]:
        """Join "all these young black people" to one token that names the group."""
        joined: list[Token] = []
        position = 0
        while position < len(tokens):
            token, used = self._group_at(tokens, position)
            typical = False
            if token.text in ("these", "those") and self._is_article(tokens, position):
                token.mask &= ~self.they
                token.sign = self.sign(token.mask)
            if token.mask & (self.group | self.others | self.person) and not token.mask & self.not_absorbed:
                while joined and joined[-1].mask & self.absorbed and not joined[-1].mask & self.not_absorbed:
                    if token.mask & self.many and joined[-1].text == "that":  # as in "I know that ..."
                        break
                    typical = typical or joined[-1].text in TYPICAL
                    if token.mask & self.single and joined[-1].mask & self.definite and not typical:
                        token.mask = self.person | token.mask & self.marked  # a certain person, not the group
                        token.sign = self.sign(token.mask)
                    token.start = joined.pop().start
            joined.append(token)
            position += used
        return joined

    def _is_article(self, tokens: list[Token], position: int) -> bool:
        """Whether "these" or "those" stands before a noun, and is no pronoun."""
        return position + 1 < len(tokens) and not tokens[position + 1].mask & self.after_pronoun

    def _group_at(self, tokens: list[Token], position: int) -> tuple[Token, int]:
        """The token that begins at a position, and how many it is made of."""
        token = tokens[position]
        if not token.mask & (self.adjective | self.group):
            return token, 1
        end = position + 1
        while end < len(tokens) and tokens[end - 1].mask & self.adjective and tokens[end].mask & self.head:
            end += 1
        last = tokens[end - 1]
        if end == position + 1:
            return self._single_group(tokens, position), 1
        parts = tokens[position:end]
        target = next((target for part in parts if (target := first_target(part.entries))), None)
        if last.mask & self.others and not last.mask & self.group:
            return Token(token.start, last.end, self.others, self.sign(self.others), "", last.entries), end - position
        is_plural = last.mask & self.many or last.text.endswith(("s", "people", "folk", "men"))
        number = self.many if is_plural else self.single
        entries = tuple(entry for part in parts for entry in part.entries)
        mask = self.others if target in UNPROTECTED_TARGETS else self.group | number | last.mask & self.marked
        return Token(token.start, last.end, mask, self.sign(mask), "", entries, target), end - position

    def _single_group(self, tokens: list[Token], position: int) -> Token:
        """A group's noun, or its adjective without a noun behind it, as a token that says which of the two it is."""
        token = tokens[position]
        after = tokens[position + 1] if position + 1 < len(tokens) else None
        target = first_target(token.entries)
        mask = token.mask
        if mask & self.group and target in UNPROTECTED_TARGETS:
            mask, target = self.others, None
        elif mask & self.adjective and not mask & self.group and after is not None and after.text == "are":
            mask = self.group | self.many
        elif mask & self.adjective and not mask & self.group and self._is_singled_out(tokens, position, after):
            mask = self.group | self.single
        elif mask & self.adjective and not mask & self.many and self._is_unknown_noun(after):
            mask = self.adjective  # belongs to the noun: the group itself is not named
        sign = token.sign if mask == token.mask else self.sign(mask)
        return Token(token.start, token.end, mask, sign, token.text, token.entries, target)

    def _is_unknown_noun(self, token: Token | None) -> bool:
        return token is not None and token.mask == 0 and not token.text.endswith(("ed", "s"))

    def _is_singled_out(self, tokens: list[Token], position: int, after: Token | None) -> bool:
        """Whether an adjective is one person of the group, as in "no gay should ..."."""
        before = tokens[position - 1] if position else None
        if before is None or not (before.mask & self.singling or before.text in SINGLING_WORDS):
            return False
        return after is None or bool(after.mask & self.noun_ends)


class Sentences:
    """The sentences of a text, each parsed when first asked for; `spans` are their places in the normalized text."""

    def __init__(self, tokenizer: Tokenizer, text: str, cased: str) -> None:
        self.text = text
        self.spans = list(_sentence_spans(text, cased))
        self._tokenizer, self._cased = tokenizer, cased
        self._parsed: dict[int, Sentence] = {}

    def __len__(self) -> int:
        return len(self.spans)

    def sentence_text(self, index: int) -> str:
        """The normalized text of one sentence."""
        start, end = self.spans[index]
        return self.text[start:end]

    def __getitem__(self, index: int) -> Sentence:
        if index not in self._parsed:
            self._parsed[index] = self._tokenizer.parse(self.text, self._cased, *self.spans[index])
        return self._parsed[index]


def _sentence_spans(text: str, cased: str) -> Iterator[tuple[int, int]]:
    start = 0
    for mark in SENTENCE_END.finditer(text, 0, LONGEST_TEXT):
        if _ends_sentence(text, mark, cased):
            yield from _cut_long(text, start, mark.start())
            start = mark.end()
    yield from _cut_long(text, start, min(len(text), LONGEST_TEXT))


def _cut_long(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a sentence that goes on without an end at spaces, so that none takes long."""
    while end - start > LONGEST_SENTENCE:
        cut = text.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE)
        cut = start + LONGEST_SENTENCE if cut < 0 else cut
        yield start, cut
        start = cut
    if text[start:end].strip():
        yield start, end


def _ends_sentence(text: str, mark: re.Match[str], cased: str) -> bool:
    """Whether a mark ends a sentence: not within a number or an abbreviation, nor where a line is only wrapped."""
    before, after = text[max(0, mark.start() - 2) : mark.start()], text[mark.end() : mark.end() + 1]
    if mark[0] == "\n":
        ahead = cased[mark.end() : mark.end() + 2]
        following = ahead.strip()[:1]
        return following == "" or "\n" in ahead or following.isupper() or not following.isalpha()
    if mark[0] != ".":
        return True
    if before[-1:].isdigit() and after.isdigit():
        return False
    return not (before[-1:].isalpha() and len(before) == 2 and not before[0].isalpha())
