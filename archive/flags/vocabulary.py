"""What each word of a language means to its rules, and how a sentence becomes a row of signs that patterns can read.

Each set of tags that some word has is one character, a sign; a tag in a pattern is the class of the signs that have it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial

from archive.flags.lexicon import Entry, Lexicon, typos, variants

FIRST_SIGN = 0x4E00
MADE = ("GROUP", "GPL", "GSG", "GADJ", "OTHERS", "NAME", "COMMA", "NUMBER")
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
MEANT = {
    "GROUP.ONE": ("GROUP", "GSG"),
    "GROUP.MANY": ("GROUP", "GPL"),
    "GROUP.ADJECTIVE": ("GADJ",),
    "UNPROTECTED.ONE": ("OTHERS",),
    "UNPROTECTED.MANY": ("OTHERS",),
    "UNPROTECTED.ADJECTIVE": (),
}
NO_GROUPS = frozenset(("politician", "journalist", "commenter", "age", "other", "unclear"))
MOST_HIDDEN = ("SLUR", "PROFANITY", "SLUR_MILD", "VILE", "KILL", "HATE", "GROUP")
MARKS = (",", ";", ":", "(", ")", "[", "]")
SHORTEST_TYPO = 4


@dataclass(slots=True)
class Word:
    """What a word, or several that stand together, may mean. `mask` has a bit for each tag, `sign` stands for
    them all."""

    mask: int = 0
    entries: tuple[Entry, ...] = ()
    sign: str = ""

    def take(self, mask: int, entry: Entry | None) -> None:
        self.mask |= mask
        if entry is not None and entry not in self.entries:
            self.entries = (*self.entries, entry)


NOTHING = Word()


Tree = dict[str, "Tree | Word"]


@dataclass(slots=True)
class Vocabulary:
    """`words` by their spelling, `phrases` as a tree of their words, in which "" leads to what a phrase means; `plain`
    are the words that are spelled as they should be, `ordinary`
    those that are no run of others. `function` has the tags of function words, `common` those
    and the words that have them, `people` those of groups."""

    bits: dict[str, int] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    phrases: "Tree" = field(default_factory=dict)
    signs: dict[int, str] = field(default_factory=dict)
    common: int = 0
    function: int = 0
    people: int = 0
    plain: frozenset[str] = frozenset()
    ordinary: frozenset[str] = frozenset()
    expanded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _having: dict[int, str] = field(default_factory=dict)

    def bit(self, tag: str) -> int:
        return self.bits.setdefault(tag, 1 << len(self.bits))

    def mask(self, tags: Iterable[str]) -> int:
        found = 0
        for tag in tags:
            found |= self.bit(tag)
        return found

    def sign(self, mask: int) -> str:
        """The character that stands for a set of tags."""
        return self.signs.get(mask) or self.signs.setdefault(mask, chr(FIRST_SIGN + len(self.signs)))

    def having(self, mask: int) -> str:
        """All signs with any of these tags, once all have been numbered."""
        if mask not in self._having:
            self._having[mask] = "".join(sign for known, sign in self.signs.items() if known & mask)
        return self._having[mask]


def vocabulary(
    lexicon: Lexicon, literals: Iterable[str], tags: Iterable[str], foreign: AbstractSet[str] = frozenset()
) -> Vocabulary:
    """The words of a lexicon that have a tag in use, and those that patterns name themselves. `foreign` are words of
    other languages, which are no slips of this one's."""
    known = Vocabulary(expanded=lexicon.expanded, ordinary=lexicon.common_words)
    for tag in MADE:
        known.bit(tag)
    used = {*tags, *(tag for tag in _all_tags(lexicon) if tag.startswith(("GROUP.", "UNPROTECTED.")))}
    phrases: dict[tuple[str, ...], Word] = defaultdict(Word)
    for entry, form, form_tags in _forms(lexicon, used):
        parts = tuple(part for word in form.split() for part in lexicon.expanded.get(word, (word,)))
        word = phrases[parts] if len(parts) > 1 else known.words.setdefault(form, Word())
        word.take(known.mask(form_tags), entry)
    for literal in literals:
        known.words.setdefault(literal, Word()).take(known.bit(f"'{literal}"), None)
    for parts, word in phrases.items():
        _plant(known.phrases, parts, word)
    known.function = known.common = known.mask((*MADE, *lexicon.function))
    for literal in literals:
        if known.words[literal].mask & known.common:
            known.common |= known.bit(f"'{literal}")
    known.people = known.mask(("GROUP", "GPL", "GSG", "OTHERS"))
    _add_disguises(known, lexicon, foreign)
    for mark in MARKS:
        known.words[mark] = Word(known.bits["COMMA"])
    _number_signs(known)
    return known


def _all_tags(lexicon: Lexicon) -> set[str]:
    return {tag.upper() for entry in lexicon.entries for tags in entry.forms.values() for tag in tags}


def _forms(lexicon: Lexicon, used: set[str]) -> Iterator[tuple[Entry, str, list[str]]]:
    """Every form of every entry with those of its tags that anything asks for."""
    for entry in lexicon.entries:
        for form, tags in entry.forms.items():
            wanted = [tag.upper() for tag in tags if tag.upper() in used]
            if wanted:
                yield entry, form, [*wanted, *(made for tag in wanted for made in _made(tag, form, entry))]


def _made(tag: str, form: str, entry: Entry) -> tuple[str, ...]:
    """What a tag of a lexicon means besides itself."""
    if tag in ("SLUR", "SLUR_MILD") and entry.target:
        return "GROUP", "GPL" if form.endswith("s") else "GSG"
    if entry.target in NO_GROUPS and tag.startswith("GROUP."):
        return () if tag == "GROUP.ADJECTIVE" else ("OTHERS",)
    return MEANT.get(tag, ())


def _add_disguises(known: Vocabulary, lexicon: Lexicon, foreign: AbstractSet[str]) -> None:
    """Words with asterisks, and mistyped ones where nothing else is written so: those are read, but never cut out of
    longer runs of letters."""
    for short in known.expanded:
        known.words.pop(short, None)
    known.plain = frozenset(known.words)
    common = {typo for form, word in known.words.items() if not word.mask & ~known.common
              for typo in typos(form)}  # fmt: skip
    hidden = known.people | known.mask(tag for tag in DISGUISED if tag in known.bits)
    telling = known.mask(tag for tag in ("KILL", "HATE") if tag in known.bits)
    taken = common | lexicon.not_typos | foreign | set(known.expanded)
    for form in sorted(known.words, key=partial(_by_how_often_hidden, known)):
        word = known.words[form]
        if word.mask & hidden:
            for disguise in variants(form):
                if disguise not in known.expanded:
                    known.words.setdefault(disguise, word)
            if lexicon.not_typos and len(form) >= SHORTEST_TYPO:
                for typo in sorted(typos(form)):
                    enough = len(typo) >= SHORTEST_TYPO or (len(typo) == SHORTEST_TYPO - 1 and word.mask & telling)
                    if enough and typo not in taken:
                        known.words.setdefault(typo, word)


def _by_how_often_hidden(known: Vocabulary, form: str) -> tuple[int, str]:
    """The order in which words may be meant where several are disguised alike: nobody hides a harmless one."""
    mask = known.words[form].mask
    order = (number for number, tag in enumerate(MOST_HIDDEN) if tag in known.bits and mask & known.bits[tag])
    return next(order, len(MOST_HIDDEN)), form


def _number_signs(known: Vocabulary) -> None:
    group = known.bits["GROUP"]
    kept = [0, *(known.bits[tag] for tag in ("SLUR", "GENDERED") if tag in known.bits)]
    for mask in (0, *(known.bits[tag] for tag in MADE)):
        known.sign(mask)
    person = known.bit("PERSON")
    for mask in kept:
        known.sign(person | mask)
        for number in ("GPL", "GSG"):
            known.sign(group | known.bits[number] | mask)
    for word in list(known.words.values()):  # "these" and "those" before a noun are no pronouns
        if "THEY" in known.bits and word.mask & known.bits["THEY"]:
            known.sign(word.mask & ~known.bits["THEY"])
    for word in (*known.words.values(), *(word for _, word in spelled(known.phrases))):
        word.sign = known.sign(word.mask)


def _plant(tree: Tree, parts: Sequence[str], word: Word) -> None:
    for part in parts:
        tree = tree.setdefault(part, {})  # type: ignore[assignment]
    tree[""] = word


def spelled(tree: Tree, before: str = "") -> Iterator[tuple[str, Word]]:
    """All phrases, written out."""
    for part, below in tree.items():
        if isinstance(below, Word):
            yield before.rstrip(), below
        else:
            yield from spelled(below, f"{before}{part} ")


def targets(entries: Sequence[Entry]) -> str | None:
    """The group that an entry means, where one does."""
    return next((entry.target for entry in entries if entry.target), None)
