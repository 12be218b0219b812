"""Take erased texts out of the imported bytes that an archive keeps beside it.

Of a document that goes, as many other bytes stand in its place: all others stay where captures say, and a file of
several documents stays one of its format.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from shutil import copyfileobj, copymode
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from archive.importers import choose_importer
from archive.importers.base import HEAD_LENGTH, BadDocument, Document, Importer, Probe, Source
from archive.importers.files import open_file
from archive.store.archive import Archive, now
from archive.store.paths import kept_folder
from archive.store.suppressions import SuppressionList
from archive.takedown.erased_texts import erased_texts
from archive.takedown.text_search import decodings
from archive.takedown.warc_files import files_by_path, remove_leftover, rewrite_file, sync_file
from archive.takedown.warc_records import Problem
from archive.takedown.warc_search import Replacement, WarcSearch
from archive.text.charsets import decode_text

if TYPE_CHECKING:
    from io import BufferedReader

BLOCK = 1 << 20
ROWS_STAY = "a table that holds the text: its rows are not rewritten; delete this copy"
NO_TEXT = b'{"text":""}'
HEADER = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: %d\r\n\r\n"
LINE_END = re.compile(rb"[\r\n]*\Z")
# Decides from a document, its decodings and its offset whether it goes: returns the reason, or None.
Match = Callable[[int, Sequence[str]], str | None]


def is_kept(archive: Archive, path: Path) -> bool:
    """Return whether a file is a copy that the archive keeps of imported bytes."""
    return path.parent.resolve() == kept_folder(archive.path).resolve()


def search_kept(path: Path, match: Match, redacted: Sequence[int]) -> WarcSearch:
    """Read a kept file, and return the documents that `match` chooses; those at `redacted` are gone. Changes nothing.

    Every document is looked at, also one that the archive passed over because it had it already."""
    search = WarcSearch(path, redacted=list(redacted))
    gone = set(redacted)
    for _, document in _documents(path):
        if isinstance(document, BadDocument):
            search.unsearched.append(Problem(document.location, document.reason))
        elif document.offset not in gone:
            search.records += 1
            matched = match(document.offset, list(decodings(decode_text(document.raw, "")))) is not None
            if matched and document.mapping is not None:
                search.unsearched.append(Problem(str(path), ROWS_STAY))
            elif matched:
                replacement = Replacement(document.offset, len(document.raw), _blank(document))
                search.replacements.append(replacement)
    return search


def rewrite_kept(archive: Archive, search: WarcSearch, names: Sequence[str], at: str) -> None:
    """Replace a kept file by one without what a search chose, under a new name. Raises OSError."""
    rewrite_file(archive, search, names, at, _write)


def recheck_kept(archive: Archive, kept: Iterable[Path]) -> int:
    """Redact in files that an import kept what was erased earlier and came again; return how many documents that are.

    The text itself is gone from the archive: documents are parsed once more, and the suppression list recognises it."""
    with archive.engine.connect() as connection:
        suppressions = SuppressionList.load(connection)
    if not any(entry.erased for entry in suppressions.entries.values()):
        return 0
    remove_leftover(archive)
    count = 0
    wanted = {path.resolve() for path in kept}
    for path, names in files_by_path(archive).items():
        if path.resolve() in wanted:
            offsets = _offsets_of_erased(path, suppressions)
            search = search_kept(path, lambda offset, _: "erased" if offset in offsets else None, [])  # noqa: B023
            rewrite_kept(archive, search, names, now())
            count += len(search.replacements)
    return count


def _offsets_of_erased(path: Path, suppressions: SuppressionList) -> set[int]:
    return {
        document.offset
        for importer, document in _documents(path)
        if isinstance(document, Document) and _has_erased(importer, document, suppressions)
    }


def _has_erased(importer: Importer, document: Document, suppressions: SuppressionList) -> bool:
    try:
        return any(True for _ in erased_texts(suppressions, importer.parse(document)))
    except BadDocument:
        return False


def _documents(path: Path) -> Iterator[tuple[Importer, Document | BadDocument]]:
    with open_file(str(path)) as (file, _):
        head = cast("BufferedReader", file).peek(HEAD_LENGTH)[:HEAD_LENGTH]
        try:
            importer = choose_importer(Probe(head, str(path)))
        except BadDocument:
            return
        source = Source(file, str(path), path)
        yield from ((importer, document) for document in importer.documents(source))


def _blank(document: Document) -> bytes:
    """Return as many bytes as a document has, without its text."""
    raw = document.raw
    size = len(raw)
    if raw.startswith(b"WARC/") and size > len(HEADER) + 20:
        body = size - len(HEADER % size)
        header = HEADER % body
        return header + b" " * (size - len(header))
    if document.line is not None and size >= len(NO_TEXT):
        end = LINE_END.search(raw)
        tail = end[0] if end else b""
        return NO_TEXT + b" " * (size - len(NO_TEXT) - len(tail)) + tail
    return b" " * size


def _write(old: Path, new: Path, replacements: Sequence[Replacement]) -> None:
    """Copy a kept file with some of its content replaced, to the disk itself."""
    with open_file(str(old)) as (content, _), new.open("xb") as target:
        copymode(old, new)
        with zstandard.ZstdCompressor(write_checksum=True).stream_writer(target, closefd=False) as packed:
            position = 0
            for replacement in sorted(replacements, key=lambda replacement: replacement.offset):
                _copy(content, packed, replacement.offset - position)
                packed.write(replacement.record)
                position = replacement.offset + len(content.read(replacement.length))
            copyfileobj(content, packed)
        sync_file(target, new)


def _copy(source: BinaryIO, target: zstandard.ZstdCompressionWriter, length: int) -> None:
    while length > 0 and (block := source.read(min(length, BLOCK))):
        target.write(block)
        length -= len(block)
