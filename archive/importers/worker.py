"""What a worker process does: kept apart so that it loads nothing but parsers."""

import os
import pickle
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module

from archive.flags.annotate import annotate_thread
from archive.importers.base import BadDocument, Document, Importer
from archive.thread import Thread


@dataclass(frozen=True, slots=True)
class Chunk:
    """Documents of one format, read by one worker in one go."""

    importer: str
    documents: list[Document]


def begin() -> None:
    """What a worker does first: it steps back, since the run is as fast as its one writer is."""
    with suppress(AttributeError, OSError):
        os.nice(5)


def packed(chunk: Chunk) -> bytes:
    """`parse_chunk`, pickled: so that the writer unpacks it when it has time, and not a thread beside it."""
    return pickle.dumps(parse_chunk(chunk), pickle.HIGHEST_PROTOCOL)


def parse_chunk(chunk: Chunk) -> list[Thread | BadDocument]:
    """The threads of a chunk. An error of the parser itself is that document's error."""
    importer: Importer = import_module(chunk.importer)
    results: list[Thread | BadDocument] = []
    for document in chunk.documents:
        try:
            results.append(annotate_thread(importer.parse(document)))
        except BadDocument as error:
            results.append(error)
        except Exception as error:  # noqa: BLE001 one document must not stop the others
            results.append(BadDocument(document.place, f"{type(error).__name__}: {error}"))
    return results
