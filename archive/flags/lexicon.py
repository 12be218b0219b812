"""The words that rules use, read from lexicons/LANGUAGE/*.toml, with their inflections, disguises and typos."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product
from typing import Any

from archive.flags.normalize import normalize

ENDINGS = ("ing", "ed", "er", "ers", "s", "in")


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """Words that mean the same to a rule: `forms` has the tags of each; a form of several words has spaces.

    `homonyms` are words that show, in the same sentence, the harmless meaning; `reclaimed` marks words that members of
    the group call themselves by.
    """

    id: str
    forms: dict[str, tuple[str, ...]]
    note: str
    target: str | None = None
    homonyms: tuple[str, ...] = ()
    reclaimed: bool = False


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All entries of a language.

    Tags of `function` are too common to be looked for by themselves, those of `frequent` are looked for only where a
    rule has none that is rarer. `expansions` has what careless spellings stand for; `not_typos` are words that look
    like typos of others, `common_words` are in most texts.
    """

    language: str
    entries: Sequence[LexiconEntry]
    function: frozenset[str]
    frequent: frozenset[str]
    expansions: Mapping[str, tuple[str, ...]]
    not_typos: frozenset[str]
    common_words: frozenset[str]


def languages() -> list[str]:
    """List the languages that have rules, by their ISO 639-1 codes."""
    return sorted(path.name.removesuffix(".toml") for path in files(__package__).joinpath("rules").iterdir())


@cache
def load_lexicon(language: str) -> Lexicon:
    """Load the lexicon of a language. Raises ValueError, which names the entry, where one is malformed."""
    entries: list[LexiconEntry] = []
    function: set[str] = set()
    frequent: set[str] = set()
    expansions: dict[str, tuple[str, ...]] = {}
    common: set[str] = set()
    for path in _tables(language):
        listed = tomllib.loads(path.read_text("utf-8"))
        function |= {tag.upper() for tag in listed.pop("function", ())}
        frequent |= {tag.upper() for tag in listed.pop("frequent", ())}
        common |= set(listed.pop("common_words", "").split())
        expansions |= _expansions(listed.pop("expand", {}))
        for tag, named in listed.items():
            entries += (_entry(f"{language}.{tag}.{name}", tag, values) for name, values in named.items())
    return Lexicon(
        language, entries, frozenset(function), frozenset(frequent), expansions, _not_typos(language), frozenset(common)
    )


def _expansions(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    pairs = (pair.partition("/") for pair in split_forms(table.get("words", "")))
    return {short: tuple(long.split()) for short, _, long in pairs}


def _not_typos(language: str) -> frozenset[str]:
    path = files(__package__).joinpath("lexicons", language, "not_typos.txt")
    return frozenset(path.read_text("utf-8").split()) if path.is_file() else frozenset()


def _tables(language: str) -> list[Traversable]:
    folder = files(__package__).joinpath("lexicons", language)
    return sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)


def _entry(entry_id: str, tag: str, values: dict[str, Any]) -> LexiconEntry:
    if not values.get("note"):
        raise ValueError(f"{entry_id}: no note says what it is for")
    forms: dict[str, tuple[str, ...]] = {}
    for form, form_tag in _forms(tag, values):
        forms[form] = tuple(dict.fromkeys((*forms.get(form, ()), form_tag)))
    homonyms = tuple(split_forms(values.get("homonyms", "")))
    return LexiconEntry(entry_id, forms, values["note"], values.get("target"), homonyms, values.get("reclaimed", False))


def _forms(tag: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each form with its tag: nouns and adjectives of groups have their own tags, and so have forms of verbs."""
    base = f"{tag}_mild" if values.get("strength") == "mild" or values.get("mild") else tag
    for form in split_forms(values.get("forms", "")):
        yield form, base
    for pair in split_forms(values.get("nouns", "")):
        singular, _, plural = pair.partition("/")
        yield singular.strip(), f"{tag}.one"
        yield (plural or singular).strip(), f"{tag}.many"
    for form in split_forms(values.get("adjectives", "")):
        yield form, f"{tag}.adjective"
    for form in split_forms(values.get("phrases", "")):
        yield form, f"{tag}.many"
    for verb in split_forms(values.get("verbs", "")):
        for kind, forms in zip(("", ".s", ".ing", ".ed", ".en"), inflect(verb), strict=True):
            yield from ((form, f"{tag}{kind}") for form in forms)


def split_forms(listed: str) -> list[str]:
    """Split a list at its commas and normalize each form as texts are; a hyphen becomes a space."""
    return [normalize(" ".join(form.replace("-", " ").split())).text for form in listed.split(",") if form.strip()]


def inflect(verb: str) -> list[tuple[str, ...]]:
    """Inflect a verb as base, third person, -ing, past, participle; irregular ones list all five, parted by slashes."""
    parts = tuple(part.strip() for part in verb.split("/"))
    if len(parts) == 5:
        return [(part,) for part in parts]
    if len(parts) != 1:
        raise ValueError(f"{verb!r}: a verb has one form, or five apart by slashes")
    first, _, rest = verb.partition(" ")
    tail = f" {rest}" if rest else ""
    past = tuple(form + tail for form in _past(first))
    return [(verb,), (_third(first) + tail,), tuple(form + tail for form in _ing(first)), past, past]


def _third(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z")):
        return verb + "es"
    return verb[:-1] + "ies" if _consonant_y(verb) else verb + "s"


def _ing(verb: str) -> tuple[str, ...]:
    if verb.endswith("ie"):
        return (verb[:-2] + "ying",)
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return (verb[:-1] + "ing",)
    return (verb + verb[-1] + "ing",) if _doubles(verb) else (verb + "ing",)


def _past(verb: str) -> tuple[str, ...]:
    if verb.endswith("e"):
        return (verb + "d",)
    if _consonant_y(verb):
        return (verb[:-1] + "ied",)
    return (verb + verb[-1] + "ed",) if _doubles(verb) else (verb + "ed",)


def _consonant_y(verb: str) -> bool:
    return verb.endswith("y") and verb[-2:-1] not in "aeiou"


def _doubles(verb: str) -> bool:
    """Whether a verb doubles its last consonant: one syllable, or stressed at its end (consonant, vowel, consonant)."""
    if len(verb) < 3 or verb[-1] in "aeiouwxyh" or verb[-2] not in "aeiou" or verb[-3] in "aeiou":
        return False
    return sum(letter in "aeiou" for letter in verb) == 1 or verb in ("expel", "repel", "abhor", "permit", "rebel")


def variants(form: str) -> Iterator[str]:
    """Yield a word as it is written with asterisks to slip past a filter: f*ck, f**k, n****r."""
    if " " in form or len(form) < 4 or not form.isalpha():
        return
    vowels = [position for position, letter in enumerate(form) if letter in "aeiou" and position > 0]
    for position in vowels:
        yield form[:position] + "*" + form[position + 1 :]
    for first, last in product((1, 2), (1, 2)):
        if first + last < len(form):
            yield form[:first] + "*" * (len(form) - first - last) + form[-last:]
    if len(vowels) > 1:
        yield "".join("*" if position in vowels else letter for position, letter in enumerate(form))
    yield form[:1] + "*" * (len(form) - 1)
    for ending in ENDINGS:
        if form.endswith(ending) and len(form) > len(ending) + 2:
            yield form[:1] + "*" * (len(form) - 1 - len(ending)) + ending


def typos(form: str) -> Iterator[str]:
    """Yield a word with two neighbouring letters swapped, or one letter left out."""
    if " " in form or not form.isalpha():
        return
    for position in range(len(form) - 1):
        if form[position] != form[position + 1]:
            yield form[:position] + form[position + 1] + form[position] + form[position + 2 :]
    for position in range(1, len(form)):
        yield form[:position] + form[position + 1 :]
