"""Parse documents in a worker process. A module of its own, so that a worker loads nothing but parsers."""

import os
import pickle
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module

from archive.flags.annotate import annotate_thread
from archive.importers.base import BadDocument, Document, Importer
from archive.store.processes import end_on_interrupt
from archive.thread import Thread


@dataclass(frozen=True, slots=True)
class Chunk:
    """Documents of one format, parsed by one worker in one call."""

    importer: str
    documents: list[Document]


def lower_priority() -> None:
    """Let the run's one writer go first: the run is as fast as it is. Ctrl-C ends a worker at once."""
    end_on_interrupt()
    with suppress(AttributeError, OSError):
        os.nice(5)


def pickled_chunk(chunk: Chunk) -> bytes:
    """Return `parse_chunk`, pickled: the writer unpickles it when it has time, not a thread of the executor."""
    return pickle.dumps(parse_chunk(chunk), pickle.HIGHEST_PROTOCOL)


def parse_chunk(chunk: Chunk) -> list[Thread | BadDocument]:
    """Parse the documents of a chunk. An error of the parser itself is that document's error."""
    importer: Importer = import_module(chunk.importer)
    results: list[Thread | BadDocument] = []
    for document in chunk.documents:
        try:
            results.append(annotate_thread(importer.parse(document)))
        except BadDocument as error:
            results.append(error)
        except Exception as error:  # noqa: BLE001 one document must not stop the others
            results.append(BadDocument(document.location, f"{type(error).__name__}: {error}"))
    return results
