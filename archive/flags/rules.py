"""Rules as data: rules/LANGUAGE.toml becomes patterns over the signs of sentences.

A pattern is compiled to a regular expression over one character a word. All repetitions in it are bounded by small
numbers, so that the time a sentence takes grows with its length and no faster, whatever its words.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, reduce
from importlib.resources import files
from operator import or_
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
MAX_EXPANSIONS = 8
Symbol = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is written: `patterns` with their macros expanded, `raw` as the file has them.

    `who` says what a match must be about. `negation` is "part" where the rule itself reads a denial ("not human"),
    which is then no guard, and "ignored" where a denial changes nothing.
    """

    id: str
    code: str
    patterns: tuple[str, ...]
    who: str
    note: str
    language: str
    raw: tuple[str, ...]
    negation: str = "guard"


@dataclass(frozen=True)
class RulePattern:
    """One pattern of a rule, as a regular expression over signs.

    A sentence needs at least one tag of each mask in `needs`, or it cannot match. `anchors` is the mask of these that
    is rarest: the pattern is only looked at where a sentence has one of its tags.
    """

    rule: Rule
    raw: str
    source: str
    needs: tuple[int, ...]
    anchors: int

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The compiled pattern; compiled when a sentence first may match, since most never do."""
        return re.compile(self.source)


@cache
def load_rules(language: str) -> tuple[Rule, ...]:
    """Load the rules of a language. Raises ValueError, which names the rule, where one is malformed."""
    listed = tomllib.loads(files(__package__).joinpath("rules", f"{language}.toml").read_text("utf-8"))
    macros: dict[str, str] = listed.get("macros", {})
    return tuple(_parse_rule(language, name, values, macros) for name, values in listed["rule"].items())


def _parse_rule(language: str, name: str, values: dict[str, Any], macros: dict[str, str]) -> Rule:
    if values["who"] not in WHO:
        raise ValueError(f"{language}.{name}: who is {values['who']!r}, which is none of {', '.join(WHO)}")
    try:
        patterns = tuple(_expand_macros(pattern, macros) for pattern in values["patterns"])
    except ValueError as error:
        raise ValueError(f"{language}.{name}: {error}") from error
    negation = values.get("negation", "guard")
    return Rule(
        f"{language}.{name}",
        values["code"],
        patterns,
        values["who"],
        values["note"],
        language,
        tuple(values["patterns"]),
        negation,
    )


def _expand_macros(pattern: str, macros: dict[str, str]) -> str:
    for _ in range(MAX_EXPANSIONS):
        if "@" not in pattern:
            return pattern
        if missing := set(MACRO.findall(pattern)) - macros.keys():
            raise ValueError(f"{pattern!r}: no macro is called {', '.join(sorted(missing))}")
        pattern = MACRO.sub(lambda macro: macros[macro[1]], pattern)
    raise ValueError(f"{pattern}: macros that name each other")


def parse_symbols(pattern: str) -> Iterator[Symbol]:
    """Yield the kind and the text of each symbol. Raises ValueError where a pattern has anything else."""
    position = 0
    for match in SYMBOL.finditer(pattern):
        if match.start() != position:
            break
        position = match.end()
        if match.lastgroup:
            yield match.lastgroup, match[0].upper() if match.lastgroup == "tag" else match[0]
    if position != len(pattern):
        raise ValueError(f"{pattern!r}: not understood from {pattern[position : position + 20]!r}")


def collect_names(rules: Iterable[Rule]) -> tuple[set[str], set[str]]:
    """Collect the tags and the words that patterns name."""
    tags, words = set[str](), set[str]()
    for rule in rules:
        for pattern in rule.patterns:
            try:
                symbols = list(parse_symbols(pattern))
            except ValueError as error:
                raise ValueError(f"{rule.id}: {pattern!r}: {error}") from error
            tags |= {text for kind, text in symbols if kind == "tag"}
            words |= {word for kind, text in symbols if kind == "word" for word in text.strip("'").split()}
    return tags, words


def compile_rule(rule: Rule, vocabulary: Vocabulary, lexicon: Lexicon) -> Iterator[RulePattern]:
    """Compile the patterns of a rule.

    Raises ValueError where one names a tag that no word has, or has nothing in it to be looked for: a rare word, or a
    group.
    """
    words = (f"'{word}" for word in lexicon.common_words)
    frequent = vocabulary.mask((*lexicon.frequent, *(word for word in words if word in vocabulary.bits)))
    for pattern, raw in zip(rule.patterns, rule.raw, strict=True):
        try:
            expression = _expression(pattern, vocabulary)
            needs = tuple(_needs(list(parse_symbols(pattern)), vocabulary))
        except ValueError as error:
            raise ValueError(f"{rule.id}: {pattern!r}: {error}") from error
        anchor = _anchor(needs, vocabulary, frequent)
        if not anchor:
            common = [[tag for tag, bit in vocabulary.bits.items() if bit & need & vocabulary.common] for need in needs]
            raise ValueError(f"{rule.id}: {pattern!r}: nothing in it is rare; too common are {common}")
        yield RulePattern(rule, raw, expression, needs, anchor)


def _anchor(needs: Iterable[int], vocabulary: Vocabulary, frequent: int) -> int:
    """Choose the tags that a pattern is looked for by; 0 where it has none.

    They are those of its rarest position without common tags; else its group; else the rare tags of a position that
    has common ones too, which are then seen only beside other rare words.
    """
    whole = [need for need in needs if not need & vocabulary.common]
    partly = [rare for need in needs if (rare := need & ~vocabulary.common & ~frequent)]
    groups = [need for need in needs if need in (vocabulary.bits["GROUP"], vocabulary.bits["GPL"])]
    for choice in ([need for need in whole if not need & frequent], groups, whole, partly):
        if choice:
            return min(choice, key=lambda need: len(vocabulary.signs_with(need)))
    return 0


def _expression(pattern: str, vocabulary: Vocabulary) -> str:
    parts: list[str] = []
    for kind, text in parse_symbols(pattern):
        if text == "(" and parts and parts[-1] in AROUND.values():
            raise ValueError("not before and not behind are of one tag or word, not of a bracket")
        match kind:
            case "not":
                parts.append(AROUND[text])
                continue
            case "tag" | "word":
                piece = _class(kind, text, vocabulary)
            case "plain":
                piece = {"(": "(?:", "^": r"\A", "$": r"\Z"}.get(text, text)
            case _:
                piece = text
        if parts and parts[-1] in AROUND.values():
            piece += ")"
        parts.append(piece)
    return "".join(parts)


def _class(kind: str, text: str, vocabulary: Vocabulary) -> str:
    if kind == "tag":
        if text not in vocabulary.bits:
            raise ValueError(f"{text}: a tag that no word has")
        return f"[{vocabulary.signs_with(vocabulary.bits[text])}]"
    words = text.strip("'").split()
    if expanded := vocabulary.expansions.keys() & {*words}:
        raise ValueError(f"{', '.join(expanded)}: read as something else (expand)")
    return "".join(f"[{vocabulary.signs_with(vocabulary.bits[chr(39) + word])}]" for word in words)


def _needs(symbols: list[Symbol], vocabulary: Vocabulary) -> Iterator[int]:
    """Yield, for each position that a match cannot do without, the tags of which one must stand there."""
    position = 0
    while position < len(symbols):
        kind, text = symbols[position]
        if kind == "not":
            position += 2
            continue
        end = _closing(symbols, position) if text == "(" else position
        after = symbols[end + 1][1] if end + 1 < len(symbols) else ""
        if not after.startswith(("?", "{0")):
            yield from filter(None, _symbol_needs(symbols[position : end + 1], vocabulary))
        position = end + 1


def _closing(symbols: list[Symbol], opening: int) -> int:
    """The index of the bracket that closes the one at `opening`."""
    depth = 0
    for end in range(opening, len(symbols)):
        depth += {"(": 1, ")": -1}.get(symbols[end][1], 0)
        if depth == 0:
            return end
    raise ValueError("a bracket is not closed")


def _symbol_needs(symbols: list[Symbol], vocabulary: Vocabulary) -> Iterator[int]:
    """Yield the tags of which a symbol, or a group of alternatives in brackets, needs one."""
    kind, text = symbols[0]
    if kind == "tag":
        yield vocabulary.bits[text]
    elif kind == "word":
        yield from (vocabulary.bits[f"'{word}"] for word in text.strip("'").split())
    elif text == "(":
        needed = [list(_needs(alternative, vocabulary)) for alternative in _alternatives(symbols[1:-1])]
        if all(needed):
            # One need, of the rarest position of each alternative: a match has at least one of them.
            rarest = (min(masks, key=lambda mask: len(vocabulary.signs_with(mask))) for masks in needed)
            yield reduce(or_, rarest)


def _alternatives(symbols: list[Symbol]) -> Iterator[list[Symbol]]:
    depth, alternative = 0, list[Symbol]()
    for symbol in symbols:
        depth += {"(": 1, ")": -1}.get(symbol[1], 0)
        if symbol[1] == "|" and depth == 0:
            yield alternative
            alternative = []
        else:
            alternative.append(symbol)
    yield alternative
