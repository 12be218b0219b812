"""Files -> Thread, a module a format: each cuts a file into documents, and reads one document to a thread."""

from archive.importers import wet
from archive.importers.base import Importer
from archive.importers.plain_text import importer as plain_text

# The order in which they are asked whether a file is theirs.
IMPORTERS: tuple[Importer, ...] = (plain_text, wet)


def importer_for(head: bytes) -> Importer | None:
    """Return the importer of a file that begins with these bytes."""
    return next((importer for importer in IMPORTERS if importer.matches(head)), None)


REFUSALS = (
    (b"WARC/", "a WARC file: btl replay reads it"),
    (b"%PDF", "a PDF file, no text"),
    (b"PK\x03\x04", "a zip file: unpack it, or give a WACZ file to btl replay"),
    (b"SQLite format 3", "an SQLite file, no text"),
    (b"<!doctype html", "a web page: btl replay reads it, with --url"),
    (b"<html", "a web page: btl replay reads it, with --url"),
    (b"<?xml", "XML, no text"),
    (b"[", "a JSON array: put one object on a line"),
    (b"{", "JSON without a text (text, raw_content, content, maintext, raw_text)"),
)


def describe_refusal(head: bytes) -> str:
    """Return why no importer reads a file that begins like this."""
    begin = head[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    seen = next((reason for start, reason in REFUSALS if begin.startswith(start.lower())), None)
    return f"no importer knows this format; it is {seen}" if seen else "no importer knows this format"
