"""What every importer offers, and the documents that it is given.

An importer is a module with these three functions, listed in `archive.importers.IMPORTERS`:

    claim(probe: Probe) -> FormatClaim | None     does a file that begins like this hold the format?
    documents(source: Source) -> Iterator[Document | BadDocument]
                                                  cut, cheaply; BadDocument for what cannot be read
    parse(document: Document) -> Thread           pure; raises BadDocument
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from archive.thread import Frozen, Thread

if TYPE_CHECKING:
    from archive.importers.tables.mapping import ColumnMapping

HEAD_LENGTH = 1 << 16
# Scores of claims: by what no other format begins with, by what its records hold, by looks, for want of a better.
CERTAIN, LIKELY, BY_LOOKS, LAST_RESORT = 1.0, 0.8, 0.6, 0.1
GROUPED = "; grouped=thread"  # behind the media type of a capture whose bytes are rows of a table
GATHERED = "; gathered=thread"  # behind the media type of a capture whose bytes lie in several places
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# How dumps of databases begin, of MySQL, PostgreSQL and SQLite: comments, then statements.
SQL_DUMP = re.compile(
    rb"(?:/\*[^*\n]*\*/)?\s*(?:--\s+)?-- *(?:MySQL|MariaDB|phpMyAdmin|Adminer|PostgreSQL)\b[^\n]*[Dd]ump|"
    rb"(?:\s|--[^\n]*\n|#[^\n]*\n|/\*[^*]*\*/;?)*+(?:CREATE (?:TABLE|DATABASE|SCHEMA)|INSERT INTO|"
    rb"DROP (?:TABLE|DATABASE)|PRAGMA \w+ ?=|BEGIN TRANSACTION;|SET [@\w.]+ ?=|LOCK TABLES)"
)
NEAR = 0.05  # claims that lie no further apart are equal


def without_mark(raw: bytes) -> bytes:
    """Return bytes without the mark of UTF-8 before them."""
    return raw.removeprefix(BYTE_ORDER_MARK)


class BadDocument(Exception):
    """A document that cannot be read: `location` is file and line."""

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(location, reason)
        self.location, self.reason = location, reason

    def __str__(self) -> str:
        return f"{self.location}: {self.reason}"


class EmptyDocument(BadDocument):
    """A document without a text: corpora have rows that are blank. It is counted, and no error.

    `rows` is how many rows of a table it was gathered from.
    """

    def __init__(self, location: str, reason: str, rows: int = 0) -> None:
        super().__init__(location, reason)
        self.rows = rows

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.location, self.reason, self.rows)


class Undecided(BadDocument):
    """A file that is read only once its user has said how: nothing of it is stored. The reason names the options."""


@dataclass(frozen=True, slots=True)
class Document(Frozen):
    """The bytes of one document, at `offset` (after decompression) in `file`; `line` where the file has one a line.

    `mapping` says what its columns are, where it is rows of a table; `keep` names keys that are kept though personal.
    `is_gathered` says that its bytes lie in several places: `offset` then counts in what was gathered before it.
    """

    raw: bytes
    file: str
    offset: int = 0
    line: int | None = None
    mapping: "ColumnMapping | None" = None
    keep: frozenset[str] = frozenset()
    outlet: str | None = None
    is_gathered: bool = False

    @property
    def location(self) -> str:
        """File and line, as error messages name them."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Probe:
    """What an importer may know of a file before it claims it: the decompressed beginning, and the name."""

    head: bytes
    name: str = ""

    @property
    def begin(self) -> bytes:
        """The beginning without a byte order mark and white space before it."""
        return without_mark(self.head).lstrip()


@dataclass(frozen=True, slots=True)
class FormatClaim:
    """How sure an importer is that a file is its own, from 0 to 1, and why, in words for people."""

    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Options:
    """What the user said about a file: `format` is an importer's name; the rest is for tables."""

    format: str | None = None
    mapping: "ColumnMapping | None" = None
    roles: dict[str, str] = field(default_factory=dict)
    outlet: str | None = None
    timezone: str | None = None
    table: str | None = None
    records: str | None = None
    keep: frozenset[str] = frozenset()
    has_header: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """A file to cut into documents: its decompressed content, its name in messages, where it lies (None: a pipe).

    `is_kept` says that the archive keeps a copy of it, without the files beside it. An importer adds to `remarks` what
    its user should know of how the file is read, a sentence each, such as which columns are left out.
    """

    file: BinaryIO
    name: str
    path: Path | None = None
    options: Options = Options()
    is_kept: bool = False
    remarks: list[str] = field(default_factory=list)


class Importer(Protocol):
    """What a module of this package offers; its NAME is what `--as` calls it."""

    __name__: str
    NAME: str

    def claim(self, probe: Probe) -> FormatClaim | None: ...
    def documents(self, source: Source) -> Iterator[Document | BadDocument]: ...
    def parse(self, document: Document) -> Thread: ...
