"""Files -> Thread, a module a format: each cuts a file into documents, and reads one document to a thread."""

from archive.importers.base import Importer
from archive.importers.plain_text import importer as plain_text

# The order in which they are asked whether a file is theirs.
IMPORTERS: tuple[Importer, ...] = (plain_text,)


def importer_for(head: bytes) -> Importer | None:
    """Return the importer of a file that begins with these bytes."""
    return next((importer for importer in IMPORTERS if importer.matches(head)), None)
