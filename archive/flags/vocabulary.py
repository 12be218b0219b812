"""What each word of a language means to its rules, and how a sentence becomes a string that patterns can search.

A tag (KILL, GROUP, SAY.ED) is one bit, so the tags of a word are one integer. Every set of tags that some word has
gets one character, its sign; a tag in a pattern is the character class of all signs that contain it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial

from archive.flags.lexicon import Lexicon, LexiconEntry, typos, variants

# Signs are CJK ideographs: letters to the regular expressions, and in no word that is looked up.
FIRST_SIGN = 0x4E00
UNKNOWN_SIGN = chr(FIRST_SIGN - 1)  # for a set of tags that no word has
BUILT_IN_TAGS = ("GROUP", "GPL", "GSG", "GADJ", "OTHERS", "NAME", "COMMA", "NUMBER")
GRAVE = (
    "KILL KILL.S KILL.ED KILL.EN HATE VILE FILTH ANIMAL PRIMITIVE SLUR SLUR_MILD INSULT GENDERED PROFANITY EXPEL "  # noqa: SIM905
    "EXPEL.EN".split()
)
DISGUISED = (
    *GRAVE,
    "DEROG",
    "CRIME",
    "DISEASE",
    "SEXUAL",
    "HURT",
    "HURT.EN",
    "DIE",
    "MAKESICK",
    "INSULT_ADJECTIVE",
    "EXPEL.S",
)
IMPLIED_TAGS = {
    "GROUP.ONE": ("GROUP", "GSG"),
    "GROUP.MANY": ("GROUP", "GPL"),
    "GROUP.ADJECTIVE": ("GADJ",),
    "UNPROTECTED.ONE": ("OTHERS",),
    "UNPROTECTED.MANY": ("OTHERS",),
    "UNPROTECTED.ADJECTIVE": (),
}
# Targets that are no protected group: rules about groups do not apply to them.
UNPROTECTED_TARGETS = frozenset(("politician", "journalist", "commenter", "age", "other", "unclear"))
# Whose disguises win where two words are disguised alike: nobody hides a harmless word.
DISGUISE_ORDER = ("SLUR", "PROFANITY", "SLUR_MILD", "VILE", "KILL", "HATE", "GROUP")
MARKS = (",", ";", ":", "(", ")", "[", "]")
SHORTEST_TYPO = 4


@dataclass(slots=True)
class Word:
    """The meaning of a word or a phrase: `mask` has one bit for each of its tags, `sign` stands for all of them."""

    mask: int = 0
    entries: tuple[LexiconEntry, ...] = ()
    sign: str = ""

    def add(self, mask: int, entry: LexiconEntry | None) -> None:
        self.mask |= mask
        if entry is not None and entry not in self.entries:
            self.entries = (*self.entries, entry)


UNKNOWN_WORD = Word()


def single_bits(mask: int) -> Iterator[int]:
    """Yield the bits of a mask, the lowest first."""
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


@dataclass(slots=True)
class Vocabulary:
    """The words and phrases of a language with their tags.

    `correct_words` are spelled as they should be (`words` has typos and disguises too), `common_words` are never a run
    of others. `common` has the tags of function words, and the words in patterns that have such a tag: nothing is
    looked for by those.
    """

    bits: dict[str, int] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    phrases: dict[str, Word] = field(default_factory=dict)
    signs: dict[int, str] = field(default_factory=dict)
    common: int = 0
    correct_words: frozenset[str] = frozenset()
    common_words: frozenset[str] = frozenset()
    expansions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _signs_by_bit: dict[int, list[str]] = field(default_factory=dict)

    def bit(self, tag: str) -> int:
        """The bit of a tag, which gets the next free one if it has none."""
        return self.bits.setdefault(tag, 1 << len(self.bits))

    def mask(self, tags: Iterable[str]) -> int:
        """The bits of several tags."""
        mask = 0
        for tag in tags:
            mask |= self.bit(tag)
        return mask

    def sign(self, mask: int) -> str:
        """The character that stands for a set of tags, numbered when first asked for."""
        return self.signs.get(mask) or self.signs.setdefault(mask, chr(FIRST_SIGN + len(self.signs)))

    def known_sign(self, mask: int) -> str:
        """The character that stands for a set of tags; never a new one, for use once patterns are compiled."""
        return self.signs.get(mask, UNKNOWN_SIGN)

    def signs_with(self, mask: int) -> str:
        """All signs with any of these tags, in their order; only for use once every sign is numbered."""
        if not self._signs_by_bit:
            for tags, sign in self.signs.items():
                for bit in single_bits(tags):
                    self._signs_by_bit.setdefault(bit, []).append(sign)
        if mask in self._signs_by_bit:
            return "".join(self._signs_by_bit[mask])
        return "".join(sorted({sign for bit in single_bits(mask) for sign in self._signs_by_bit.get(bit, ())}))


def build_vocabulary(
    lexicon: Lexicon, literals: Iterable[str], tags: Iterable[str], foreign: AbstractSet[str] = frozenset()
) -> Vocabulary:
    """Collect the words of a lexicon that have one of `tags`, and `literals`, the words that patterns name themselves.

    `foreign` are words of other languages, which are not taken for typos of this one's.
    """
    literals = sorted(literals)  # of a set, whose order is another in each process; that of matches follows it
    vocabulary = Vocabulary(expansions=lexicon.expansions, common_words=lexicon.common_words)
    for tag in BUILT_IN_TAGS:
        vocabulary.bit(tag)
    used = {*tags, *(tag for tag in _all_tags(lexicon) if tag.startswith(("GROUP.", "UNPROTECTED.")))}
    for entry, form, form_tags in _forms(lexicon, used):
        parts = tuple(part for word in form.split() for part in lexicon.expansions.get(word, (word,)))
        known, key = (vocabulary.phrases, " ".join(parts)) if len(parts) > 1 else (vocabulary.words, form)
        word = known.setdefault(key, Word())
        word.add(vocabulary.mask(form_tags), entry)
    for literal in literals:
        vocabulary.words.setdefault(literal, Word()).add(vocabulary.bit(f"'{literal}"), None)
    vocabulary.common = vocabulary.mask((*BUILT_IN_TAGS, *sorted(lexicon.function)))
    for literal in literals:
        if vocabulary.words[literal].mask & vocabulary.common:
            vocabulary.common |= vocabulary.bit(f"'{literal}")
    _add_disguises(vocabulary, lexicon, foreign)
    for mark in MARKS:
        vocabulary.words[mark] = Word(vocabulary.bits["COMMA"])
    _number_signs(vocabulary)
    return vocabulary


def _all_tags(lexicon: Lexicon) -> set[str]:
    return {tag.upper() for entry in lexicon.entries for tags in entry.forms.values() for tag in tags}


def _forms(lexicon: Lexicon, used: set[str]) -> Iterator[tuple[LexiconEntry, str, list[str]]]:
    """Yield every form of every entry with its tags that are in use, and those that they imply."""
    for entry in lexicon.entries:
        for form, tags in entry.forms.items():
            used_tags = [tag.upper() for tag in tags if tag.upper() in used]
            if used_tags:
                yield entry, form, [*used_tags, *(more for tag in used_tags for more in _implied(tag, form, entry))]


def _implied(tag: str, form: str, entry: LexiconEntry) -> tuple[str, ...]:
    if tag in ("SLUR", "SLUR_MILD") and entry.target:
        return "GROUP", "GPL" if form.endswith("s") else "GSG"
    if entry.target in UNPROTECTED_TARGETS and tag.startswith("GROUP."):
        return () if tag == "GROUP.ADJECTIVE" else ("OTHERS",)
    return IMPLIED_TAGS.get(tag, ())


def _add_disguises(vocabulary: Vocabulary, lexicon: Lexicon, foreign: AbstractSet[str]) -> None:
    """Add words with asterisks, and typos that are no other word.

    They come after `correct_words` is fixed: a disguise is understood as a word of its own, but a longer run of
    letters is never cut into disguises.
    """
    for short in vocabulary.expansions:
        vocabulary.words.pop(short, None)
    vocabulary.correct_words = frozenset(vocabulary.words)
    common = {typo for form, word in vocabulary.words.items() if not word.mask & ~vocabulary.common
              for typo in typos(form)}  # fmt: skip
    hidden = vocabulary.mask(("GROUP", "GPL", "GSG", "OTHERS"))
    hidden |= vocabulary.mask(tag for tag in DISGUISED if tag in vocabulary.bits)
    telling = vocabulary.mask(tag for tag in ("KILL", "HATE") if tag in vocabulary.bits)
    taken = common | lexicon.not_typos | foreign | set(vocabulary.expansions)
    for form in sorted(vocabulary.words, key=partial(_disguise_rank, vocabulary)):
        word = vocabulary.words[form]
        if word.mask & hidden:
            for disguise in variants(form):
                if disguise not in vocabulary.expansions:
                    vocabulary.words.setdefault(disguise, word)
            if lexicon.not_typos and len(form) >= SHORTEST_TYPO:
                for typo in typos(form):
                    enough = len(typo) >= SHORTEST_TYPO or (len(typo) == SHORTEST_TYPO - 1 and word.mask & telling)
                    if enough and typo not in taken:
                        vocabulary.words.setdefault(typo, word)


def _disguise_rank(vocabulary: Vocabulary, form: str) -> tuple[int, str]:
    mask, bits = vocabulary.words[form].mask, vocabulary.bits
    ranks = (rank for rank, tag in enumerate(DISGUISE_ORDER) if tag in bits and mask & bits[tag])
    return next(ranks, len(DISGUISE_ORDER)), form


def _number_signs(vocabulary: Vocabulary) -> None:
    """Give every set of tags a sign that a word has, or that the tokenizer makes when it joins words to groups."""
    bits = vocabulary.bits
    group = bits["GROUP"]
    marked = [0, *(bits[tag] for tag in ("SLUR", "GENDERED") if tag in bits)]
    for mask in (0, *(bits[tag] for tag in BUILT_IN_TAGS)):
        vocabulary.sign(mask)
    person = vocabulary.bit("PERSON")
    for mask in marked:
        vocabulary.sign(person | mask)
        for number in ("GPL", "GSG"):
            vocabulary.sign(group | bits[number] | mask)
    for word in list(vocabulary.words.values()):  # "these" and "those" before a noun are no pronouns
        if "THEY" in bits and word.mask & bits["THEY"]:
            vocabulary.sign(word.mask & ~bits["THEY"])
    shared: dict[int, int] = {}  # few masks, of many words: one each stays in the processor's cache
    for word in (*vocabulary.words.values(), *vocabulary.phrases.values()):
        word.sign, word.mask = vocabulary.sign(word.mask), shared.setdefault(word.mask, word.mask)


def first_target(entries: Sequence[LexiconEntry]) -> str | None:
    """The group that the first of these entries names which names any."""
    return next((entry.target for entry in entries if entry.target), None)
