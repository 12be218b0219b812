"""Take erased texts out of the imported bytes that an archive keeps beside it.

Of a document that goes, as many other bytes stand in its place: all others stay where captures say, and a file of
several documents stays one of its format.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from shutil import copyfileobj, copymode
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from archive.importers import choose_importer
from archive.importers.base import HEAD_LENGTH, BadDocument, Document, EmptyDocument, Importer, Options, Probe, Source
from archive.importers.files import open_file
from archive.importers.parsing import parse_document
from archive.importers.run_options import RunOptions
from archive.store.archive import Archive
from archive.store.disk import sync_file
from archive.store.paths import kept_folder
from archive.store.suppressions import SuppressionList
from archive.takedown.text_search import decodings
from archive.takedown.warc_files import files_by_path, remove_leftover, rewrite_file
from archive.takedown.warc_records import Problem
from archive.takedown.warc_search import Replacement, WarcSearch
from archive.text.charsets import decode_text
from archive.text.formatting import now

if TYPE_CHECKING:
    from io import BufferedReader

BLOCK = 1 << 20
ROWS_STAY = "a table that holds the text: its rows are not rewritten; delete this copy"
NO_TEXT = b'{"text":""}'
HEADER = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: %d\r\n\r\n"
OTHER_FORMAT = "read as another format it holds the text, between what is blanked: delete this copy"
FILE_RUNS = """
select distinct run_id, warc_file from captures where warc_file in (select value from json_each(?)) order by run_id"""
LINE_END = re.compile(rb"[\r\n]*\Z")
# Decides from a document, its decodings and its offset whether it goes: returns the reason, or None.
Match = Callable[[int, Sequence[str]], str | None]


def is_kept(archive: Archive, path: Path) -> bool:
    """Return whether a file is a copy that the archive keeps of imported bytes."""
    return path.parent.resolve() == kept_folder(archive.path).resolve()


def search_kept(
    archive: Archive, path: Path, names: Sequence[str], match: Match, redacted: Sequence[int]
) -> WarcSearch:
    """Read a kept file, and return the documents that `match` chooses; those at `redacted` are gone. Changes nothing.

    `names` are what captures call it. Every document is looked at, also one that the archive passed over because it had
    it already."""
    search = WarcSearch(path, redacted=list(redacted))
    problems: dict[Problem, None] = {}
    for options in _options_of(archive, names):
        _search_documents(search, problems, options, match)
    search.unsearched += problems
    return search


def _search_documents(search: WarcSearch, problems: dict[Problem, None], options: Options, match: Match) -> None:
    """Search the documents of a file, read in one of the ways in which it was imported."""
    gone = set(search.redacted)
    before = _Spans(search.replacements)
    for _, document in _documents(search.path, options):
        if isinstance(document, EmptyDocument):
            continue
        if isinstance(document, BadDocument):
            problems[Problem(document.location, document.reason)] = None
        elif document.offset not in gone and not before.contain(document):
            search.records += 1
            if match(document.offset, list(decodings(decode_text(document.raw, "")))) is None:
                continue
            if document.mapping is not None or document.is_gathered:
                problems[Problem(str(search.path), ROWS_STAY)] = None
            elif before.overlap(document):
                problems[Problem(str(search.path), OTHER_FORMAT)] = None
            else:
                replacement = Replacement(document.offset, len(document.raw), _blank(document))
                search.replacements.append(replacement)


class _Spans:
    """The bytes of a file that are to be blanked."""

    def __init__(self, replacements: Sequence[Replacement]) -> None:
        self.spans = sorted((r.offset, r.offset + r.length) for r in replacements)

    def contain(self, document: Document) -> bool:
        start, end = self._last_before_the_end(document)
        return start <= document.offset and document.offset + len(document.raw) <= end

    def overlap(self, document: Document) -> bool:
        _, end = self._last_before_the_end(document)
        return document.offset < end

    def _last_before_the_end(self, document: Document) -> tuple[int, int]:
        i = bisect_left(self.spans, (document.offset + len(document.raw), 0)) - 1
        return self.spans[i] if i >= 0 else (0, 0)


def rewrite_kept(archive: Archive, search: WarcSearch, names: Sequence[str], at: str) -> None:
    """Replace a kept file by one without what a search chose, under a new name. Raises OSError."""
    rewrite_file(archive, search, names, at, _write)


def recheck_kept(archive: Archive, kept: Iterable[Path]) -> list[Problem]:
    """Redact in files that an import kept what was erased earlier and came again; return what cannot be redacted.

    The text itself is gone from the archive: documents are parsed once more, and the suppression list recognises it."""
    wanted = {path.resolve() for path in kept}
    if not wanted:
        return []
    with archive.engine.connect() as connection:
        suppressions = SuppressionList.load(connection)
    if not any(entry.erased for entry in suppressions.entries.values()):
        return []
    remove_leftover(archive)
    problems: list[Problem] = []
    for path, names in files_by_path(archive).items():
        if path.resolve() in wanted:
            offsets = _offsets_of_erased(archive, path, names, suppressions)
            search = search_kept(archive, path, names, lambda offset, _: "erased" if offset in offsets else None, [])  # noqa: B023
            rewrite_kept(archive, search, names, now())
            problems += search.unsearched
    return problems


def _offsets_of_erased(archive: Archive, path: Path, names: Sequence[str], suppressions: SuppressionList) -> set[int]:
    return {
        document.offset
        for options in _options_of(archive, names)
        for importer, document in _documents(path, options)
        if isinstance(document, Document) and _has_erased(importer, document, suppressions)
    }


def _options_of(archive: Archive, names: Sequence[str]) -> list[Options]:
    """Return how a file was read, which may be in several formats; as it would be now where no capture is of it."""
    all_options: list[Options] = []
    with archive.engine.connect() as connection:
        options = RunOptions(connection)
        for run_id, name in connection.exec_driver_sql(FILE_RUNS, (json.dumps(names),)).fetchall():
            if (of_run := options.of_file(run_id, name)) not in all_options:
                all_options.append(of_run)
    return all_options or [Options()]


def _has_erased(importer: Importer | None, document: Document, suppressions: SuppressionList) -> bool:
    try:
        return importer is not None and any(suppressions.erased_texts(parse_document(importer, document)))
    except BadDocument:
        return False


def _documents(path: Path, options: Options) -> Iterator[tuple[Importer | None, Document | BadDocument]]:
    """Yield a file's documents, each with its importer; a BadDocument where none reads the file."""
    with open_file(str(path)) as (file, _):
        head = cast("BufferedReader", file).peek(HEAD_LENGTH)[:HEAD_LENGTH]
        try:
            importer = choose_importer(Probe(head, str(path)), options.format)
        except BadDocument as error:
            yield None, error
            return
        source = Source(file, str(path), path, options)
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
