"""Parse what a reader typed: words, "phrases", beginnings*, AND, OR, NOT, parentheses, and fields such as author:name.

Pure. Whatever is typed can be parsed: what has no meaning is left out and named in `notes`; a value that cannot be
meant is named in `errors`, and then nothing is searched for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive.search.query_nodes import (
    RECORDS,
    AndNode,
    FieldNode,
    Node,
    NotNode,
    OrNode,
    WordNode,
    is_date,
    join,
    positive_words,
)
from archive.search.tokenizer import SearchTerm, fold

MAX_QUERY, MAX_TERMS, MIN_PREFIX, MAX_DEPTH = 500, 16, 2, 20
FIELDS = {
    "author": 'author:name or author:"two words"',
    "outlet": "outlet:name or outlet:example.org",
    "flag": "flag:insult or flag:content.insult",
    "label": 'label:rude or label:"mood: cross"',
    "decision": "decision:rejected",
    "report": "report:spam",
    "after": "after:2026-03-14, after:2026-03 or after:2026",
    "before": "before:2026-03-14, before:2026-03 or before:2026",
}
_FIELD = "|".join(FIELDS)
_TOKEN = re.compile(
    rf'(?P<sign>-(?=["\w(]))?(?:(?P<field>{_FIELD}):)?(?:"(?P<phrase>[^"]*)"?|(?P<paren>[()])|(?P<word>[^\s"()]+))',
    re.IGNORECASE,
)
_UNKNOWN_FIELD = re.compile(r"([A-Za-z]{2,20}):[^/].*")
_BARE_FIELD = re.compile(rf"({_FIELD}):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """`node` is what to search for, None if nothing can be; `notes` say what was ignored, `errors` what is wrong."""

    node: Node | None
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[SearchTerm, ...]:
        """The words to mark in a match, each once."""
        return tuple(dict.fromkeys(word.term for word in positive_words(self.node)))

    @property
    def match(self) -> str:
        """The FTS5 expression; empty where nothing is searched for, or FTS5 alone cannot do it."""
        return full_text(self.node) or "" if self.node is not None else ""


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is "word", "phrase", "open", "close", "and", "or" or "not"."""

    kind: str
    text: str = ""
    field: str | None = None


def parse_query(typed: str) -> SearchQuery:
    """Parse a query. All of its parts must match where nothing stands between them."""
    parser = _Parser(list(_tokens(typed[:MAX_QUERY].replace("\0", " "))))
    node = parser.parse_all()
    if typed.count('"') % 2:
        parser.notes.setdefault("A quotation mark was never closed; all words after it were read as a phrase.")
    if len(typed) > MAX_QUERY or parser.terms > MAX_TERMS:
        used = min(parser.terms, MAX_TERMS)
        parser.notes.setdefault(f"The question is long: only its first {used} words were used.")
    return SearchQuery(node, tuple(parser.notes), tuple(parser.errors))


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        field, word, phrase = match["field"], match["word"], match["phrase"]
        if match["sign"]:
            yield _Token("not", "-")
        if match["paren"]:
            if field:  # author:(a b): the value is missing, and what stands in parentheses are words
                yield _Token("word", "", field.lower())
            yield _Token("open" if match["paren"] == "(" else "close")
        elif phrase is not None:
            yield _Token("phrase", phrase, field and field.lower())
        elif field is None and word in ("AND", "OR", "NOT"):
            yield _Token(word.lower(), word)
        elif field is None and (bare := _BARE_FIELD.fullmatch(word)):
            yield _Token("word", "", bare[1].lower())
        else:
            yield _Token("word", word, field and field.lower())


class _Parser:
    """Read tokens from left to right: NOT binds most, then AND, which need not be written, then OR.

    A field before all words that OR joins, or behind them, counts for all of them: `quay OR ferry after:2026-11`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.position, self.terms = tokens, 0, 0
        self.notes: dict[str, None] = {}
        self.errors: dict[str, None] = {}

    def parse_all(self) -> Node | None:
        parts: list[Node | None] = []
        while self.position < len(self.tokens):
            parts.append(self._either(0))
            if self._take("close"):
                self._note("A closing parenthesis without an opening one was ignored.")
        return join(*parts)

    def _peek(self) -> str:
        return self.tokens[self.position].kind if self.position < len(self.tokens) else ""

    def _take(self, kind: str) -> bool:
        is_next = self._peek() == kind
        self.position += is_next
        return is_next

    def _note(self, text: str) -> None:
        self.notes.setdefault(text)

    def _either(self, depth: int) -> Node | None:
        alternatives: list[list[Node]] = []
        is_pending = False  # an OR whose right side has not come
        while True:
            parts = self._every(depth)
            if not parts and (is_pending or self._peek() == "or"):
                self._note("OR needs a word on both of its sides; it was ignored.")
            if parts:
                alternatives.append(parts)
            is_pending = self._take("or")
            if not is_pending:
                return _any_of(alternatives)

    def _every(self, depth: int) -> list[Node]:
        parts: list[Node] = []
        while self._peek() not in ("", "or", "close"):
            if self._take("and"):
                if not parts or self._peek() in ("", "or", "close", "and"):
                    self._note("AND needs a word on both of its sides; it was ignored.")
            elif (part := self._one(depth)) is not None:
                parts.append(part)
        return parts

    def _one(self, depth: int) -> Node | None:
        if self._take("not"):
            is_negative = True
            while self._take("not"):
                is_negative = not is_negative
            has_operand = self._peek() in ("word", "phrase", "open")
            part = self._one(depth) if has_operand else None
            if part is None:
                self._note("NOT needs a word after it; it was ignored.")
                return None
            return NotNode(part) if is_negative else part
        if self._take("open"):
            return self._group(depth)
        token = self.tokens[self.position]
        self.position += 1
        return self._field(token) if token.field else self._word(token)

    def _group(self, depth: int) -> Node | None:
        if depth >= MAX_DEPTH:
            self._note(f"Parentheses within {MAX_DEPTH} others were ignored.")
            return None
        part = self._either(depth + 1)
        if not self._take("close"):
            self._note("A parenthesis was never closed; it was read as if it ended with the query.")
        return part

    def _word(self, token: _Token) -> Node | None:
        is_phrase = token.kind == "phrase"
        words = tuple(fold(token.text).split())
        if not words or not self._counts():
            return None
        if not is_phrase and (unknown := _UNKNOWN_FIELD.fullmatch(token.text)):
            self._note(f"{unknown[1]}: is not a field, so its words were searched for. Fields are {', '.join(FIELDS)}.")
        begins = not is_phrase and token.text.endswith("*")
        is_short = begins and sum(map(len, words)) < MIN_PREFIX
        if is_short:
            self._note(f"A * needs at least {MIN_PREFIX} letters before it; it was read without it.")
        return WordNode(SearchTerm(words, begins and not is_short), is_phrase or begins)

    def _field(self, token: _Token) -> Node | None:
        name, text = token.field or "", token.text.strip()
        if not text:
            self.errors.setdefault(f"{name}: has no value. Write {FIELDS[name]}, without a space after the colon.")
            return None
        if not self._counts():
            return None
        if name in ("after", "before"):
            if is_date(text):
                return FieldNode(name, (text,))
            self.errors.setdefault(f"{name}:{text[:40]} is no date. Write {FIELDS[name]}.")
            return None
        words = tuple(fold(text).split())
        if not words:
            self.errors.setdefault(f"{name}:{text[:40]} has no letter or digit. Write {FIELDS[name]}.")
            return None
        if name in ("author", *RECORDS):
            is_prefix = token.kind == "word" and text.endswith("*")
            return FieldNode(name, (SearchTerm(words, is_prefix and sum(map(len, words)) >= MIN_PREFIX),))
        return FieldNode(name, (text,))  # a name, which `resolve` looks up

    def _counts(self) -> bool:
        """Count a term, and return whether it may still be used."""
        self.terms += 1
        return self.terms <= MAX_TERMS


def _any_of(alternatives: list[list[Node]]) -> Node | None:
    """Return what finds any of these, each of which has parts that must all match."""
    common: list[Node] = []
    with_fields = [parts for parts in alternatives if any(map(_is_field, parts))]
    if len(alternatives) > 1 and len(with_fields) == 1:
        parts = with_fields[0]
        words = [part for part in parts if not _is_field(part)]
        fields = [part for part in parts if _is_field(part)]
        leads, trails = parts is alternatives[0] and parts == fields + words, parts == words + fields
        if words and (leads or (parts is alternatives[-1] and trails)):
            common = fields
            alternatives = [words if one is parts else one for one in alternatives]
    found: dict[Node, None] = {}
    for parts in alternatives:
        part = join(*parts)
        found |= dict.fromkeys(part.parts if isinstance(part, OrNode) else [part] if part else [])
    return join(OrNode(tuple(found)) if len(found) > 1 else next(iter(found), None), *common)


def _is_field(node: Node) -> bool:
    return isinstance(node.part if isinstance(node, NotNode) else node, FieldNode)


def full_text(node: Node) -> str | None:
    """Return the FTS5 expression of a query; None where it has more than words, or nothing but NOT."""
    match node:
        case WordNode(term):
            return f'"{" ".join(term.words)}"' + ("*" if term.is_prefix else "")
        case OrNode(parts):
            texts = [full_text(part) for part in parts]
            return None if None in texts else " OR ".join(_grouped(text, part) for text, part in _pairs(texts, parts))
        case AndNode(parts):
            return _conjunction(parts)
        case _:
            return None


def _conjunction(parts: tuple[Node, ...]) -> str | None:
    wanted = [part for part in parts if not isinstance(part, NotNode)]
    unwanted = [part.part for part in parts if isinstance(part, NotNode)]
    texts, refused = [full_text(part) for part in wanted], [full_text(part) for part in unwanted]
    if not texts or None in texts or None in refused:
        return None
    expression = " AND ".join(_grouped(text, part) for text, part in _pairs(texts, wanted))
    if not refused:
        return expression
    left = f"({expression})" if len(wanted) > 1 else expression
    return f"{left} NOT ({' OR '.join(_grouped(text, part) for text, part in _pairs(refused, unwanted))})"


def _pairs(texts: list[str | None], parts: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    return ((text or "", part) for text, part in zip(texts, parts, strict=True))


def _grouped(text: str, node: Node) -> str:
    return text if isinstance(node, WordNode) else f"({text})"


__all__ = ["FIELDS", "SearchQuery", "full_text", "parse_query"]
