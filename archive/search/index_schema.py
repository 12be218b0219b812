"""The fields of the index beside an archive, and how a comment becomes a document of it. No text is stored there."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import tantivy

from archive.search.query_nodes import RECORDS, is_date
from archive.search.stemmers import STEMMERS, analyzer, language_of, stem_field
from archive.search.tokenizer import fold, fold_in_place

VERSION = 5
NUMBERS = ("outlet", "commenter", "dataset", "day", "month")
# Found by, and counted by. Outlet and month of a comment are one text, its state and flags another: one count then
# answers all of their facets.
FLAG_TEXTS = ("codes", "flags")
_RECORD_FIELDS = tuple(RECORDS.values())
COUNTED_TEXTS = ("state", "place", "mark", *_RECORD_FIELDS)
STATE_ID = 0  # the document that says how current the index is: no comment has this id
# A flag as one token, its parts apart by what none of them has; and a comment's state and flags.
_APART = "\x1f"
_MARKS_APART = "\x1e"
_LATEST = (1 << 34) - 1
_IDS = (1 << 30) - 1


@dataclass(frozen=True, slots=True)
class FlagParts:
    """A flag that stands, as filters compare it."""

    code: str
    severity: int
    target: str | None
    status: str

    @property
    def source(self) -> str:
        return self.code.partition(".")[0]

    def token(self) -> str:
        return _APART.join((self.code, str(self.severity), self.target or "", self.status))

    @classmethod
    def from_token(cls, token: str) -> "FlagParts":
        code, severity, target, status = token.split(_APART)
        return cls(code, int(severity), target or None, status)


@lru_cache(50_000)
def read_mark(text: str) -> tuple[str, tuple[FlagParts, ...]]:
    """Return the state of a comment, and its flags, each once."""
    state, *tokens = text.split(_MARKS_APART)
    return state, tuple(FlagParts.from_token(token) for token in tokens)


@lru_cache(50_000)
def read_place(text: str) -> tuple[int | None, int | None]:
    """Return outlet and month of a comment (202603); None for what is not known."""
    outlet, _, month = text.partition(" ")
    return int(outlet) if outlet else None, int(month) if month else None


@dataclass(slots=True)
class IndexedComment:
    """What the index is to find a comment by. Not frozen, which takes four times as long to make."""

    id: int
    outlet: int | None
    language: str | None
    dataset: int | None
    commenter: int | None
    author: str | None
    posted_at: str | None
    state: str
    body: str
    flags: Sequence[FlagParts] = ()
    labels: Sequence[str] = ()
    decisions: Sequence[str] = ()
    reports: Sequence[str] = ()


def build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("order", fast=True)
    builder.add_text_field("words", tokenizer_name="words")
    builder.add_text_field("author", tokenizer_name="words")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    for language in STEMMERS:
        builder.add_text_field(stem_field(language), tokenizer_name=stem_field(language), index_option="freq")
    for name in NUMBERS:
        builder.add_unsigned_field(name, indexed=name != "month", fast=True)
    for name in (*FLAG_TEXTS, *COUNTED_TEXTS):
        builder.add_text_field(name, tokenizer_name="raw", fast=name in COUNTED_TEXTS, index_option="basic")
    builder.add_text_field("about", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def register_analyzers(index: tantivy.Index) -> None:
    """Tell an index of the analyzers that its schema names: it stores but their names."""
    index.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    for language in STEMMERS:
        index.register_tokenizer(stem_field(language), analyzer(language))


def to_json(comment: IndexedComment, default_language: str) -> str:
    """Return the document of a comment as JSON, which Tantivy reads in half the time that it takes to read a dict.

    Folded words and names have nothing in them that JSON would escape."""
    day = _day((comment.posted_at or "")[:10])
    parts = [f'"id":{comment.id},"order":{sort_key(comment.posted_at, comment.id)},{_place_json(comment.outlet, day)}']
    if comment.commenter is not None:
        parts.append(f'"commenter":{comment.commenter}')
    if comment.dataset is not None:
        parts.append(f'"dataset":{comment.dataset}')
    words = fold_in_place(comment.body)
    if words and not words.isspace():
        language = language_of(comment.language) or default_language
        parts.append(f'"language":"{language}","words":"{words}","{stem_field(language)}":"{words}"')
    if comment.author:
        parts.append(f'"author":"{_fold_name(comment.author)}"')
    parts.append(_flags_json(comment.state, comment.flags) if comment.flags else _state_json(comment.state))
    parts += [
        f'"{name}":{json.dumps(list(dict.fromkeys(texts)))}'
        for name in _RECORD_FIELDS
        if (texts := getattr(comment, name))
    ]
    return f"{{{','.join(parts)}}}"


@lru_cache(1_000)
def _state_json(state: str) -> str:
    return f'"state":{json.dumps(state)},"mark":{json.dumps(state)}'


def _flags_json(state: str, flags: Sequence[FlagParts]) -> str:
    tokens = sorted({flag.token() for flag in flags})
    values = {"state": state, "codes": sorted({flag.code for flag in flags}), "flags": tokens}
    return json.dumps(values | {"mark": _MARKS_APART.join((state, *tokens))})[1:-1]


# Few names write most comments.
_fold_name = lru_cache(maxsize=50_000)(fold)


@lru_cache(50_000)
def _place_json(outlet: int | None, day: int | None) -> str:
    """Return when and where a comment was written: outlet, day and month, and the last with the first as one text."""
    month = None if day is None else day // 100
    values = {"outlet": outlet, "day": day, "month": month, "place": f"{outlet or ''} {month or ''}"}
    return json.dumps({name: value for name, value in values.items() if value is not None})[1:-1]


@lru_cache(10_000)
def _day(date: str) -> int | None:
    return int(date.replace("-", "")) if len(date) == 10 and _first_second(date) else None


def sort_key(posted_at: str | None, number: int) -> int:
    """Return what sorts comments by their time, those without one before all others, and of one time by id."""
    posted_at = posted_at or ""
    first = _first_second(posted_at[:10])
    seconds = first and first + _seconds_of(posted_at[10:19])
    return (min(seconds, _LATEST) << 30) | (number & _IDS)


@lru_cache(10_000)
def _first_second(date: str) -> int:
    """Return the first second of a date as a number that grows with the time, as if all months had 31 days.

    A month counts as its day 0, a year as its month 0. What is no date gives 0."""
    if not is_date(date):
        return 0
    digits = date.replace("-", "").ljust(8, "0")
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    return max(1, ((max(0, year - 1600) * 12 + month) * 31 + day) * 24 * 3600)


@lru_cache(100_000)  # more than there are seconds in a day
def _seconds_of(clock: str) -> int:
    digits = "".join(filter(str.isdecimal, clock))
    if not digits.isascii():
        return 0
    digits = digits.ljust(6, "0")
    return (int(digits[:2]) * 60 + int(digits[2:4])) * 60 + int(digits[4:6])


def day_bounds(text: str) -> tuple[int, int]:
    """Return the first and the last day, as numbers, of a day, a month or a year."""
    digits = text.replace("-", "")
    return int(digits.ljust(8, "0")), int(digits.ljust(8, "9"))
