"""Parse documents in a worker process. A module of its own, so that a worker loads nothing but parsers."""

from collections.abc import Sequence
from importlib import import_module

from archive.flags.annotate import annotate_thread
from archive.importers.base import BadDocument, Document, Importer
from archive.importers.parsing import parse_document
from archive.thread import Thread

Item = tuple[str, Document]  # a document, and the module that reads it
Result = Thread | BadDocument


def parse_documents(items: Sequence[Item]) -> list[Result]:
    """Parse documents, and find the flags of their comments. An error of the parser itself is that document's error."""
    results: list[Result] = []
    for name, document in items:
        importer: Importer = import_module(name)
        try:
            results.append(annotate_thread(parse_document(importer, document)))
        except BadDocument as error:
            results.append(error)
        except Exception as error:  # noqa: BLE001 one document must not stop the others
            results.append(BadDocument(document.location, f"{type(error).__name__}: {error}"))
    return results


def lost_document(item: Item, reason: str) -> Result:
    """Return the error of a document whose parser ended the process that it ran in."""
    return BadDocument(item[1].location, reason)
