"""Parse captured visits again in worker processes. A module of its own, so that a worker loads nothing but parsers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from archive.importers import choose_importer
from archive.importers.base import BadDocument, Document, Probe
from archive.importers.parsing import parse_document
from archive.importers.tables import importer as table_importer
from archive.thread import Thread
from crawler.evidence.captures import fetch_from
from crawler.evidence.compare import Difference
from crawler.pages.page import Page
from crawler.platforms import driver


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """An imported document, the beginning of its file, and the format that its run stated."""

    document: Document
    head: bytes
    format: str | None

    @property
    def size(self) -> int:
        return len(self.document.raw)


@dataclass(frozen=True, slots=True)
class ReadPages:
    """The page of a visit, and the further pages with their rows of `captures`."""

    page: Page
    rows: tuple[dict[str, Any], ...]
    further: tuple[Page, ...]

    @property
    def size(self) -> int:
        return sum(len(page.body) for page in (self.page, *self.further))


@dataclass(slots=True)
class ReadVisit:
    """A visit whose captures were read: what they differ in, and what is to be parsed where they are all there."""

    root: int
    capture_ids: list[int]
    differences: list[Difference] = field(default_factory=list)
    content: ReadPages | ReadDocument | None = None


Parsed = Sequence[Thread] | str  # or why it cannot be parsed


def parse_visits(visits: Sequence[ReadVisit]) -> list[Parsed]:
    """Parse what was read of visits; nothing comes of one that is not all there."""
    results: list[Parsed] = []
    for visit in visits:
        try:
            results.append(_parse(visit.content))
        except (BadDocument, ValueError) as error:
            results.append(str(error))
    return results


def lost_visit(visit: ReadVisit, reason: str) -> Parsed:
    """Return why a visit could not be parsed whose parser ended its process."""
    del visit
    return reason


def _parse(content: ReadPages | ReadDocument | None) -> Sequence[Thread]:
    if isinstance(content, ReadPages):
        return driver.run(driver.visit(content.page), fetch_from(content.rows, content.further))
    if content is None:
        return ()
    if content.document.mapping:
        return [parse_document(table_importer, content.document)]
    importer = choose_importer(Probe(content.head, content.document.file), content.format)
    return [parse_document(importer, content.document)]
