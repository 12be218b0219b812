"""What every importer offers, and the documents that it is given.

An importer is a module with these three functions, listed in `archive.importers.IMPORTERS`:

    matches(head: bytes) -> bool                            does a file that begins like this hold the format?
    documents(file: BinaryIO, name: str) -> Iterator[Document]   cut, cheaply; may raise BadDocument for one and go on
    parse(document: Document) -> Thread                     pure; raises BadDocument
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from archive.thread import Frozen, Thread

HEAD_LENGTH = 4096


class BadDocument(Exception):
    """A document that cannot be read: `location` is file and line."""

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(location, reason)
        self.location, self.reason = location, reason

    def __str__(self) -> str:
        return f"{self.location}: {self.reason}"


class EmptyDocument(BadDocument):
    """A document without a text: corpora have rows that are blank. It is counted, and no error."""


@dataclass(frozen=True, slots=True)
class Document(Frozen):
    """The bytes of one document, at `offset` (after decompression) in `file`; `line` where the file has one a line."""

    raw: bytes
    file: str
    offset: int = 0
    line: int | None = None

    @property
    def location(self) -> str:
        """File and line, as error messages name them."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Importer(Protocol):
    """What a module of this package offers."""

    __name__: str

    def matches(self, head: bytes) -> bool: ...
    def documents(self, file: BinaryIO, name: str) -> Iterator[Document | BadDocument]: ...
    def parse(self, document: Document) -> Thread: ...
