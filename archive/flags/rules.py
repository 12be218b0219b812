"""Rules as data: rules/LANGUAGE.toml becomes patterns over the signs of sentences.

A pattern is compiled to a regular expression over one character a word. All repetitions in it are bounded by small
numbers, so that the time a sentence takes grows with its length and no faster, whatever it says.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from archive.flags.lexicon import Lexicon
from archive.flags.vocabulary import Vocabulary

SYMBOL = re.compile(
    r"""(?P<macro>@\w+)|(?P<not>!|<!|<=)|(?P<tag>[A-Z][A-Z_]*(?:\.[A-Za-z]+)?)|(?P<word>'[^']+'|[a-z0-9][\w'$*]*)"""
    r"""|(?P<repeat>\{\d,\d{1,2}\}|\?)|(?P<plain>[().|^$])|\s+"""
)
WHO = ("group", "person", "none")
MACRO = re.compile(r"@(\w+)")
AROUND = {"!": "(?!", "<!": "(?<!", "<=": "(?<="}
MOST_EXPANSIONS = 8
Symbol = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Source:
    """A rule as it is written. `who` says what a match must be about; `negation` is "part" where the rule reads a
    denial ("not human"), so that the denial is no guard, and "ignored" where a denial changes nothing. `patterns` have
    their macros written out, `raw` is as the file has them."""

    id: str
    code: str
    patterns: tuple[str, ...]
    who: str
    note: str
    language: str
    raw: tuple[str, ...]
    negation: str = "guard"


@dataclass(frozen=True)
class Pattern:
    """One pattern of a rule over signs. A sentence that lacks all tags of any mask in `needs` cannot match; `anchors`
    are tags of which it needs one and which are rare."""

    rule: Source
    raw: str
    written: str
    needs: tuple[int, ...]
    anchors: int

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """Compiled when a sentence first may match."""
        return re.compile(self.written)


@cache
def sources(language: str) -> tuple[Source, ...]:
    """The rules of a language, with macros written out."""
    listed = tomllib.loads(files(__package__).joinpath("rules", f"{language}.toml").read_text("utf-8"))
    macros: dict[str, str] = listed.get("macros", {})
    return tuple(_source(language, name, values, macros) for name, values in listed["rule"].items())


def _source(language: str, name: str, values: dict[str, Any], macros: dict[str, str]) -> Source:
    if values["who"] not in WHO:
        raise ValueError(f"{language}.{name}: who is {values['who']!r}, which is none of {', '.join(WHO)}")
    try:
        patterns = tuple(_expanded(pattern, macros) for pattern in values["patterns"])
    except ValueError as error:
        raise ValueError(f"{language}.{name}: {error}") from error
    negation = values.get("negation", "guard")
    return Source(
        f"{language}.{name}",
        values["code"],
        patterns,
        values["who"],
        values["note"],
        language,
        tuple(values["patterns"]),
        negation,
    )


def _expanded(pattern: str, macros: dict[str, str]) -> str:
    for _ in range(MOST_EXPANSIONS):
        if "@" not in pattern:
            return pattern
        if missing := set(MACRO.findall(pattern)) - macros.keys():
            raise ValueError(f"{pattern!r}: no macro is called {', '.join(sorted(missing))}")
        pattern = MACRO.sub(lambda found: macros[found[1]], pattern)
    raise ValueError(f"{pattern}: macros that name each other")


def symbols(pattern: str) -> Iterator[Symbol]:
    """The kind and the text of each symbol. Raises ValueError where a pattern has anything else."""
    place = 0
    for found in SYMBOL.finditer(pattern):
        if found.start() != place:
            break
        place = found.end()
        if found.lastgroup:
            yield found.lastgroup, found[0].upper() if found.lastgroup == "tag" else found[0]
    if place != len(pattern):
        raise ValueError(f"{pattern!r}: not understood from {pattern[place : place + 20]!r}")


def named(rules: Iterable[Source]) -> tuple[set[str], set[str]]:
    """The tags and the words that patterns name."""
    tags, words = set[str](), set[str]()
    for rule in rules:
        for pattern in rule.patterns:
            try:
                found = list(symbols(pattern))
            except ValueError as error:
                raise ValueError(f"{rule.id}: {pattern!r}: {error}") from error
            tags |= {text for kind, text in found if kind == "tag"}
            words |= {word for kind, text in found if kind == "word" for word in text.strip("'").split()}
    return tags, words


def compiled(rule: Source, known: Vocabulary, lexicon: Lexicon) -> Iterator[Pattern]:
    """The patterns of a rule. Raises ValueError where one names a tag that no word has, or has nothing in it to be
    looked for: a rare word, or a group."""
    words = (f"'{word}" for word in lexicon.common_words)
    frequent = known.mask((*lexicon.frequent, *(word for word in words if word in known.bits)))
    for pattern, raw in zip(rule.patterns, rule.raw, strict=True):
        try:
            expression = _expression(pattern, known)
            needs = tuple(_needs(list(symbols(pattern)), known))
        except ValueError as error:
            raise ValueError(f"{rule.id}: {pattern!r}: {error}") from error
        anchor = _anchor(needs, known, frequent)
        if not anchor:
            common = [[tag for tag, bit in known.bits.items() if bit & need & known.common] for need in needs]
            raise ValueError(f"{rule.id}: {pattern!r}: nothing in it is rare; too common are {common}")
        yield Pattern(rule, raw, expression, needs, anchor)


def _anchor(needs: Iterable[int], known: Vocabulary, frequent: int) -> int:
    """The tags that a pattern is looked for by: of the rarest place that has none that is common; else of its group;
    else the rare ones of a place that has both, whose common ones then count only beside other rare words."""
    whole = [need for need in needs if not need & known.common]
    partly = [rare for need in needs if (rare := need & ~known.common & ~frequent)]
    named = [need for need in needs if need in (known.bits["GROUP"], known.bits["GPL"])]
    for choice in ([need for need in whole if not need & frequent], named, whole, partly):
        if choice:
            return min(choice, key=lambda need: len(known.having(need)))
    return 0


def _expression(pattern: str, known: Vocabulary) -> str:
    parts: list[str] = []
    for kind, text in symbols(pattern):
        if text == "(" and parts and parts[-1] in AROUND.values():
            raise ValueError("not before and not behind are of one tag or word, not of a bracket")
        match kind:
            case "not":
                parts.append(AROUND[text])
                continue
            case "tag" | "word":
                piece = _class(kind, text, known)
            case "plain":
                piece = {"(": "(?:", "^": r"\A", "$": r"\Z"}.get(text, text)
            case _:
                piece = text
        if parts and parts[-1] in AROUND.values():
            piece += ")"
        parts.append(piece)
    return "".join(parts)


def _class(kind: str, text: str, known: Vocabulary) -> str:
    if kind == "tag":
        if text not in known.bits:
            raise ValueError(f"{text}: a tag that no word has")
        return f"[{known.having(known.bits[text])}]"
    words = text.strip("'").split()
    if read_otherwise := known.expanded.keys() & {*words}:
        raise ValueError(f"{', '.join(read_otherwise)}: read as something else (expand)")
    return "".join(f"[{known.having(known.bits[chr(39) + word])}]" for word in words)


def _needs(listed: list[Symbol], known: Vocabulary) -> Iterator[int]:
    """For each place that a match cannot do without: the tags of which one must stand there."""
    place = 0
    while place < len(listed):
        kind, text = listed[place]
        if kind == "not":
            place += 2
            continue
        end = _closing(listed, place) if text == "(" else place
        after = listed[end + 1][1] if end + 1 < len(listed) else ""
        if not after.startswith(("?", "{0")):
            yield from filter(None, _at(listed[place : end + 1], known))
        place = end + 1


def _closing(listed: list[Symbol], place: int) -> int:
    depth = 0
    for end in range(place, len(listed)):
        depth += {"(": 1, ")": -1}.get(listed[end][1], 0)
        if depth == 0:
            return end
    raise ValueError("a bracket is not closed")


def _at(some: list[Symbol], known: Vocabulary) -> Iterator[int]:
    """The tags of which one symbol, or one group of alternatives, needs one."""
    kind, text = some[0]
    if kind == "tag":
        yield known.bits[text]
    elif kind == "word":
        yield from (known.bits[f"'{word}"] for word in text.strip("'").split())
    elif text == "(":
        needed = [list(_needs(alternative, known)) for alternative in _alternatives(some[1:-1])]
        if all(needed):
            yield _any(min(masks, key=lambda mask: len(known.having(mask))) for masks in needed)


def _any(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _alternatives(listed: list[Symbol]) -> Iterator[list[Symbol]]:
    depth, one = 0, list[Symbol]()
    for symbol in listed:
        depth += {"(": 1, ")": -1}.get(symbol[1], 0)
        if symbol[1] == "|" and depth == 0:
            yield one
            one = []
        else:
            one.append(symbol)
    yield one
