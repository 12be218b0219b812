"""Parse documents in a worker process. A module of its own, so that a worker loads nothing but parsers."""

from collections.abc import Callable, Sequence
from importlib import import_module

from archive.flags.detect import annotate_thread, annotate_threads
from archive.importers.base import BadDocument, Document, Importer
from archive.importers.parsing import parse_document
from archive.thread import Thread

Item = tuple[str, Document]  # a document, and the module that reads it
Result = Thread | BadDocument


def parse_documents(items: Sequence[Item]) -> list[Result]:
    """Parse documents, and find the flags of their comments. An error of the parser itself is that document's error.

    Rules read all of them at once, which takes less time than one after another: their tables, and those of the
    parser, are larger than a processor's cache.
    """
    results = [_attempt(_parse, item, item) for item in items]
    try:
        annotated = iter(annotate_threads([result for result in results if isinstance(result, Thread)]))
        return [next(annotated) if isinstance(result, Thread) else result for result in results]
    except Exception:  # noqa: BLE001 of one of them, which the others must not share
        pairs = zip(items, results, strict=True)
        return [_attempt(annotate_thread, r, item) if isinstance(r, Thread) else r for item, r in pairs]


def _parse(item: Item) -> Thread:
    name, document = item
    importer: Importer = import_module(name)
    return parse_document(importer, document)


def _attempt(work: Callable[..., Thread], of: object, item: Item) -> Result:
    try:
        return work(of)
    except BadDocument as error:
        return error
    except Exception as error:  # noqa: BLE001 one document must not stop the others
        return BadDocument(item[1].location, f"{type(error).__name__}: {error}")


def lost_document(item: Item, reason: str) -> Result:
    """Return the error of a document whose parser ended the process that it ran in."""
    return BadDocument(item[1].location, reason)
