"""The words that rules know, read from lexicons/LANGUAGE/*.toml. Pure data: what is done with them stands elsewhere."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product
from typing import Any

from archive.flags.normalize import fold

ENDINGS = ("ing", "ed", "er", "ers", "s", "in")


@dataclass(frozen=True, slots=True)
class Entry:
    """Words that mean the same to a rule. `tags` are the tags that each form has; a form of several words has spaces.

    `homonyms` are words that show, in the same sentence, that the harmless meaning is meant; `reclaimed` marks words
    that members of the group call themselves by.
    """

    id: str
    forms: dict[str, tuple[str, ...]]
    note: str
    target: str | None = None
    homonyms: tuple[str, ...] = ()
    reclaimed: bool = False


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All entries of a language. Tags of `function` are too common to be looked for by themselves, those of `frequent`
    are looked for where a rule has none that is rarer. `expanded` says what careless spellings are read as;
    `not_typos` are words that look like slips of others, `common_words` those that most texts have some of."""

    language: str
    entries: Sequence[Entry]
    function: frozenset[str]
    frequent: frozenset[str]
    expanded: Mapping[str, tuple[str, ...]]
    not_typos: frozenset[str]
    common_words: frozenset[str]


def languages() -> list[str]:
    """The languages that there are rules for."""
    return sorted(path.name.removesuffix(".toml") for path in files(__package__).joinpath("rules").iterdir())


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of a language. Raises ValueError with the place where an entry is not as it should be."""
    entries: list[Entry] = []
    function: set[str] = set()
    frequent: set[str] = set()
    expanded: dict[str, tuple[str, ...]] = {}
    common: set[str] = set()
    for path in _tables(language):
        listed = tomllib.loads(path.read_text("utf-8"))
        function |= {tag.upper() for tag in listed.pop("function", ())}
        frequent |= {tag.upper() for tag in listed.pop("frequent", ())}
        common |= set(listed.pop("common_words", "").split())
        expanded |= _expanded(listed.pop("expand", {}))
        for tag, named in listed.items():
            entries += (_entry(f"{language}.{tag}.{name}", tag, values) for name, values in named.items())
    return Lexicon(
        language, entries, frozenset(function), frozenset(frequent), expanded, _not_typos(language), frozenset(common)
    )


def _expanded(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    pairs = (pair.partition("/") for pair in split(table.get("words", "")))
    return {short: tuple(long.split()) for short, _, long in pairs}


def _not_typos(language: str) -> frozenset[str]:
    path = files(__package__).joinpath("lexicons", language, "not_typos.txt")
    return frozenset(path.read_text("utf-8").split()) if path.is_file() else frozenset()


def _tables(language: str) -> list[Traversable]:
    folder = files(__package__).joinpath("lexicons", language)
    return sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)


def _entry(entry_id: str, tag: str, values: dict[str, Any]) -> Entry:
    if not values.get("note"):
        raise ValueError(f"{entry_id}: no note says what it is for")
    forms: dict[str, tuple[str, ...]] = {}
    for form, given in _forms(tag, values):
        forms[form] = tuple(dict.fromkeys((*forms.get(form, ()), given)))
    homonyms = tuple(split(values.get("homonyms", "")))
    return Entry(entry_id, forms, values["note"], values.get("target"), homonyms, values.get("reclaimed", False))


def _forms(tag: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each form with the tag that it has: groups have one for each kind, verbs one for each form."""
    base = f"{tag}_mild" if values.get("strength") == "mild" or values.get("mild") else tag
    for form in split(values.get("forms", "")):
        yield form, base
    for pair in split(values.get("nouns", "")):
        one, _, many = pair.partition("/")
        yield one.strip(), f"{tag}.one"
        yield (many or one).strip(), f"{tag}.many"
    for form in split(values.get("adjectives", "")):
        yield form, f"{tag}.adjective"
    for form in split(values.get("phrases", "")):
        yield form, f"{tag}.many"
    for verb in split(values.get("verbs", "")):
        for kind, forms in zip(("", ".s", ".ing", ".ed", ".en"), inflected(verb), strict=True):
            yield from ((form, f"{tag}{kind}") for form in forms)


def split(listed: str) -> list[str]:
    """The forms of a list, folded as texts are; a hyphen is a space."""
    return [fold(" ".join(form.replace("-", " ").split())).text for form in listed.split(",") if form.strip()]


def inflected(verb: str) -> list[tuple[str, ...]]:
    """A verb as base, third person, -ing, past and participle; irregular ones give all five, apart by slashes."""
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
    """One syllable, or one of a few stressed at their end: consonant, vowel, consonant."""
    if len(verb) < 3 or verb[-1] in "aeiouwxyh" or verb[-2] not in "aeiou" or verb[-3] in "aeiou":
        return False
    return sum(letter in "aeiou" for letter in verb) == 1 or verb in ("expel", "repel", "abhor", "permit", "rebel")


def variants(form: str) -> Iterator[str]:
    """A word as it is written to slip past a filter with asterisks: f*ck, f**k, n****r."""
    if " " in form or len(form) < 4 or not form.isalpha():
        return
    vowels = [place for place, letter in enumerate(form) if letter in "aeiou" and place > 0]
    for place in vowels:
        yield form[:place] + "*" + form[place + 1 :]
    for first, last in product((1, 2), (1, 2)):
        if first + last < len(form):
            yield form[:first] + "*" * (len(form) - first - last) + form[-last:]
    if len(vowels) > 1:
        yield "".join("*" if place in vowels else letter for place, letter in enumerate(form))
    yield form[:1] + "*" * (len(form) - 1)
    for ending in ENDINGS:
        if form.endswith(ending) and len(form) > len(ending) + 2:
            yield form[:1] + "*" * (len(form) - 1 - len(ending)) + ending


def typos(form: str) -> Iterator[str]:
    """A word with two neighbours swapped, or a letter left out, or one typed twice."""
    if " " in form or not form.isalpha():
        return
    for place in range(len(form) - 1):
        if form[place] != form[place + 1]:
            yield form[:place] + form[place + 1] + form[place] + form[place + 2 :]
    for place in range(1, len(form)):
        yield form[:place] + form[place + 1 :]
