"""The fields of the index beside an archive, and how a comment becomes a document of it. No text is stored there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import tantivy

from archive.search.nodes import is_date
from archive.search.words import fold

VERSION = 1
# ISO 639 codes of the languages that have a stemmer, and what Tantivy calls them.
STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
_ALIASES = {"nb": "no", "nn": "no"}
DEFAULT_LANGUAGE = "en"
NUMBERS = ("outlet", "commenter", "dataset", "day", "month", "year", "severity")
LISTS = ("state", "codes", "sources", "targets", "statuses", "flags", "labels")
STATE_ID = 0  # the document that says how current the index is: no comment has this id
# A flag as one token: its parts, apart by what none of them has.
_APART = "\x1f"
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


@dataclass(frozen=True, slots=True)
class IndexedComment:
    """What the index is to find a comment by."""

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


@cache
def analyzer(language: str) -> tantivy.TextAnalyzer:
    """Return what cuts folded words to their stems in a language."""
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return words.filter(tantivy.Filter.stemmer(STEMMERS[language])).build()


def stem(language: str, word: str) -> str:
    """Return the stem of a folded word."""
    stems = analyzer(language).analyze(word)
    return stems[0] if stems else word


def stem_field(language: str) -> str:
    return f"stems_{language}"


def language_of(stated: str | None) -> str | None:
    """Return the language whose stemmer fits what an article says of itself; None where none does."""
    code = (stated or "").strip().lower().replace("_", "-").partition("-")[0]
    code = _ALIASES.get(code, code)
    return code if code in STEMMERS else None


def build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("order", fast=True)
    builder.add_text_field("words", tokenizer_name="words")
    builder.add_text_field("author", tokenizer_name="words")
    for language in STEMMERS:
        builder.add_text_field(stem_field(language), tokenizer_name=stem_field(language), index_option="freq")
    for name in NUMBERS:
        builder.add_unsigned_field(name, indexed=True, fast=True)
    for name in LISTS:
        builder.add_text_field(name, tokenizer_name="raw", fast=True, index_option="basic")
    builder.add_text_field("about", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def register_analyzers(index: tantivy.Index) -> None:
    """Tell an index of the analyzers that its schema names: it stores but their names."""
    index.register_tokenizer("words", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    for language in STEMMERS:
        index.register_tokenizer(stem_field(language), analyzer(language))


def to_document(comment: IndexedComment, default_language: str) -> tantivy.Document:
    """Return the document of a comment."""
    values: dict[str, Any] = {"id": comment.id, "state": comment.state}
    values["order"] = sort_key(comment.posted_at, comment.id)
    if words := fold(comment.body):
        values["words"] = words
        values[stem_field(language_of(comment.language) or default_language)] = words
    for name in ("outlet", "commenter", "dataset"):
        number = getattr(comment, name)
        if number is not None:
            values[name] = number
    if comment.author:
        values["author"] = fold(comment.author)
    values |= {**_dates(comment.posted_at), **_flags(comment.flags)}
    if comment.labels:
        values["labels"] = list(dict.fromkeys(comment.labels))
    document = tantivy.Document()
    for name, value in values.items():
        add = document.add_text if isinstance(value, str | list) else document.add_unsigned
        for one in value if isinstance(value, list) else [value]:
            add(name, one)
    return document


def _dates(posted_at: str | None) -> Mapping[str, int]:
    day = (posted_at or "")[:10]
    if not is_date(day) or len(day) != 10:
        return {}
    number = int(day.replace("-", ""))
    return {"day": number, "month": number // 100, "year": number // 10_000}


def _flags(flags: Iterable[FlagParts]) -> Mapping[str, Any]:
    flags = list(flags)
    if not flags:
        return {}
    lists: dict[str, Any] = {
        "codes": [flag.code for flag in flags],
        "sources": [flag.source for flag in flags],
        "targets": [flag.target for flag in flags if flag.target],
        "statuses": [flag.status for flag in flags if flag.source == "content"],
        "flags": [flag.token() for flag in flags],
    }
    distinct = {name: list(dict.fromkeys(values)) for name, values in lists.items()}
    return {**distinct, "severity": max(flag.severity for flag in flags)}


def sort_key(posted_at: str | None, number: int) -> int:
    """Return what sorts comments by their time, those without one before all others, and of one time by id."""
    digits = "".join(filter(str.isdecimal, (posted_at or "")[:19]))
    is_time = is_date((posted_at or "")[:10]) and digits.isascii()
    seconds = _seconds(digits.ljust(14, "0")) if is_time else 0
    return (min(seconds, _LATEST) << 30) | (number & _IDS)


def _seconds(digits: str) -> int:
    """Return a number that grows with the time: seconds, as if all months had 31 days."""
    pairs = [digits[at : at + 2] for at in range(4, 14, 2)]
    year, month, day, hour, minute, second = map(int, (digits[:4], *pairs))
    days = (max(0, year - 1600) * 12 + month) * 31 + day
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def day_bounds(text: str) -> tuple[int, int]:
    """Return the first and the last day, as numbers, of a day, a month or a year."""
    digits = text.replace("-", "")
    return int(digits.ljust(8, "0")), int(digits.ljust(8, "9"))
