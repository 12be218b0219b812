"""Erase: find every record and row that contains the texts of a subject, and destroy them.

The rows go last, since without them nobody knows what to look for: a run that was killed is simply run again.
"""

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile

from archive.importers.files import open_file
from archive.importers.kept_copies import remove_parts
from archive.store.archive import Archive
from archive.store.files import MEMBER, FileFinder
from archive.store.paths import kept_folder
from archive.takedown.erase_rows import ErasedText, destroy_rows, texts_of
from archive.takedown.kept_files import is_kept, rewrite_kept, search_kept
from archive.takedown.text_search import SHORTEST, TextSearch, decodings
from archive.takedown.warc_files import WARC_SUFFIXES, files_by_path, remove_leftover, rewrite_warc, warc_path
from archive.takedown.warc_records import ZSTD_DICTIONARY_FRAME, Problem
from archive.takedown.warc_search import RecordText, WarcSearch, read_record_texts, search_warc
from archive.text.charsets import decode_text
from archive.text.fold import fold_letters
from archive.text.formatting import now
from archive.thread import digest

LARGEST_MEMBER = 64 << 20
ZIP, PLAIN, GZIP = b"PK\x03\x04", b"WARC/", b"\x1f\x8b"
PAYLOAD_KINDS = ("response", "resource", "record")
# Records that comments and articles were first read from: they go whole, whatever is found in them.
FIRST_CAPTURES = """
select capture_id from comments where id in (select cast(value as bigint) from json_each(:comments))
union select capture_id from comment_revisions
  where comment_id in (select cast(value as bigint) from json_each(:comments))
union select capture_id from articles where id = :article
union select capture_id from article_revisions where article_id = :article"""
# Where a text that is too short to be looked for everywhere may stand: every page that its thread was read from.
THREAD_CAPTURES = """
with seen as (select capture_id from visits where thread_id in (select id from threads where article_id = :article
  union select thread_id from comments where id in (select cast(value as bigint) from json_each(:comments))))
select capture_id from seen union select id from captures where page_of in (select capture_id from seen)"""
SPANS = "select warc_file, coalesce(warc_offset, 0) from captures where warc_file is not null and id in ({})"
DOCUMENTS = """
select coalesce(warc_offset, 0), max(coalesce(warc_length, 0)), max(media_type) from captures
where warc_file in (select value from json_each(?)) group by 1 order by 1"""
OTHERS = """
select count(*) from comments where capture_id in (select captures.id from captures
    join json_each(:spans) as span on json_extract(span.value, '$[0]') = warc_file
      and cast(json_extract(span.value, '$[1]') as bigint) = warc_offset)
  and id not in (select cast(value as bigint) from json_each(:comments))"""
SAME_TEXT = """
with bodies (id, sha256) as (select id, body_sha256 from comments
  union select comment_id, body_sha256 from comment_revisions
  union select comment_id, json_extract(held, '$.body_sha256') from withheld)
select distinct id from bodies where sha256 in (select value from json_each(:hashes))
  and id not in (select cast(value as bigint) from json_each(:comments)) order by id"""
REDACTED = """
select distinct coalesce(warc_offset, 0) from captures
where redacted_at is not null and warc_file in (select value from json_each(?))"""
Span = tuple[Path, int]


@dataclass(slots=True)
class ErasePlan:
    """What is to be destroyed: `files` are WARC files with the records that match, `left` places that hold a text and
    are not ours to change, `unsearched` those that could not be read, `others` the number of comments that were first
    read from the same records as these."""

    subject: str
    number: int
    reason: str
    at: str
    texts: list[ErasedText]
    files: list[WarcSearch] = field(default_factory=list)
    left: list[Problem] = field(default_factory=list)
    unsearched: list[Problem] = field(default_factory=list)
    others: int = 0
    same_text: bool = False

    @property
    def comments(self) -> list[int]:
        return sorted({text.comment_id for text in self.texts if text.comment_id is not None})

    @property
    def redactions(self) -> int:
        return sum(len(file.replacements) for file in self.files)

    @property
    def records(self) -> int:
        return sum(file.records for file in self.files)

    @property
    def unwritable(self) -> list[Path]:
        """The files that must be changed and cannot be."""
        paths = [file.path for file in self.files if file.replacements]
        return [path for path in paths if not all(os.access(p, os.W_OK) for p in (path, path.resolve().parent))]

    def remaining(self) -> Iterator[tuple[str, Problem]]:
        """Yield everything that cannot be erased, with the reason."""
        yield from (("still holds it", problem) for problem in self.left)
        yield from (("could not be searched", problem) for problem in self.unsearched)


def plan_erasure(
    archive: Archive,
    subject: str,
    number: int,
    reason: str,
    on_file: Callable[[Path], None] = lambda _: None,
    *,
    same_text: bool = False,
) -> ErasePlan:
    """Search every file that the archive was read from. Changes nothing, but for ending what a killed run had begun.

    Raises withhold.NotThere."""
    remove_leftover(archive)
    remove_parts(kept_folder(archive.path))
    texts = texts_of(archive, subject, number, same_text=same_text)
    plan = ErasePlan(subject, number, reason, now(), texts, same_text=same_text)
    if plan.texts:
        _FileSearch(archive, plan).run(on_file)
    for file in plan.files:
        plan.left += file.left
        plan.unsearched += file.unsearched
    _count_others(archive, plan)
    plan.left += _other_comments_alike(archive, plan)
    return plan


def erase_planned(archive: Archive, plan: ErasePlan, note: str | None) -> None:
    """Erase what a plan lists: in the WARC files, one after another, then in the archive itself.

    Raises OSError where a file cannot be written; run again, it goes on from there."""
    names = files_by_path(archive)
    for file in plan.files:
        rewrite = rewrite_kept if is_kept(archive, file.path) else rewrite_warc
        rewrite(archive, file, names.get(file.path, ()), plan.at)
    destroy_rows(archive, plan.subject, plan.number, plan.reason, note, same_text=plan.same_text)


def _count_others(archive: Archive, plan: ErasePlan) -> None:
    names = files_by_path(archive)
    offsets = {
        file.path: [*file.redacted, *(replacement.offset for replacement in file.replacements)] for file in plan.files
    }
    spans = [(name, offset) for path in offsets for name in names.get(path, ()) for offset in offsets[path]]
    values = {"spans": json.dumps(spans), "comments": json.dumps(plan.comments)}
    with archive.engine.connect() as connection:
        plan.others = connection.exec_driver_sql(OTHERS, values).scalar_one()


def _other_comments_alike(archive: Archive, plan: ErasePlan) -> list[Problem]:
    """Return other comments with the same text, such as under another article: who asked may mean them, or not."""
    hashes = {digest(text.body) for text in plan.texts if len(fold_letters(text.body)) >= SHORTEST}
    if not hashes:
        return []
    values = {"hashes": json.dumps(sorted(hashes)), "comments": json.dumps(plan.comments)}
    with archive.engine.connect() as connection:
        rows = connection.exec_driver_sql(SAME_TEXT, values).fetchall()
    return [Problem(f"comment {row[0]}", "is another comment with the same text") for row in rows]


class _FileSearch:
    """Search the files that an archive was read from, each as what it is."""

    def __init__(self, archive: Archive, plan: ErasePlan) -> None:
        self.archive, self.plan = archive, plan
        self.texts = TextSearch(text.body for text in plan.texts)
        self.files = files_by_path(archive)
        self.finder = FileFinder(archive)
        self.first, self.near = self._spans(FIRST_CAPTURES), self._spans(THREAD_CAPTURES)

    def _spans(self, captures: str) -> set[Span]:
        article = self.plan.number if self.plan.subject == "article" else None
        values = {"comments": json.dumps(self.plan.comments), "article": article}
        with self.archive.engine.connect() as connection:
            rows = connection.exec_driver_sql(SPANS.format(captures), values).fetchall()
        paths = {name: warc_path(self.finder, name) for name in {name for name, _ in rows}}
        return {(paths[name], offset) for name, offset in rows}

    def run(self, on_file: Callable[[Path], None]) -> None:
        for path, names in self.files.items():
            on_file(path)
            try:
                with path.open("rb") as file:
                    head = file.read(len(PLAIN))
                if is_kept(self.archive, path):
                    self._search_kept(path, names)
                    continue
                reason = _sealed(path, head)
                if reason is not None:
                    self._unsearched(path, reason)
                elif head.startswith(PLAIN) or (head.startswith(GZIP) and _is_warc(path)):
                    self.plan.files.append(search_warc(path, self._match_in(path), self.plan.at))
                elif head.startswith(ZIP):
                    self._search_wacz(path)
                else:
                    self._search_documents(path, names)
            except FileNotFoundError:
                if MEMBER in path.name or MEMBER in str(path.parent):
                    self._unsearched(path, "lies compressed in a WACZ file: make that anew without this")
                    continue
                # A file that is gone matters where it was one of those that the texts were read from.
                if path in {file for file, _ in self.first | self.near}:
                    self._unsearched(path, "No such file or directory")
            except (OSError, EOFError, zlib.error, ValueError, BadZipFile) as error:
                self._unsearched(path, getattr(error, "strerror", None) or str(error) or type(error).__name__)

    def _match_in(self, path: Path) -> Callable[[RecordText, Sequence[str]], str | None]:
        def match(record: RecordText, variants: Sequence[str]) -> str | None:
            span = path, record.offset
            is_first = span in self.first and record.kind in PAYLOAD_KINDS
            return self.plan.reason if is_first or self._matches(span, variants) else None

        return match

    def _matches(self, span: Span, variants: Sequence[str]) -> bool:
        return self.texts.matches(variants) or (span in self.near and self.texts.matches_short(variants))

    def _search_wacz(self, path: Path) -> None:
        """Search a WACZ file, which states digests of its members, and may hold its pages' texts once more: it is to
        be made anew, not mended."""
        reason = "is a WACZ file, which seals what it holds: make it anew without this"
        match = self._match_in(path)
        with ZipFile(path) as wacz:
            for info in [info for info in wacz.infolist() if not info.is_dir()]:
                location = f"{path}!{info.filename}"
                if info.compress_type == ZIP_STORED and info.filename.endswith(WARC_SUFFIXES):
                    start = _member_start(path, info.header_offset)
                    is_gzip = info.filename.endswith(".gz")
                    for record in read_record_texts(path, start, start + info.file_size, location, is_gzip=is_gzip):
                        if isinstance(record, Problem):
                            self.plan.unsearched.append(record)
                        elif match(record, record.decodings()):
                            self._left(f"{location}:{record.offset}", reason)
                elif info.file_size > LARGEST_MEMBER:
                    self._unsearched(location, f"holds {info.file_size >> 20} MB")
                elif self.texts.matches(_variants(wacz.read(info))):
                    self._left(location, reason)

    def _search_kept(self, path: Path, names: Sequence[str]) -> None:
        """Search imported bytes that the archive keeps: its own, as WARC files are."""

        def match(offset: int, variants: Sequence[str]) -> str | None:
            span = path, offset
            return self.plan.reason if span in self.first or self._matches(span, variants) else None

        redacted = [row[0] for row in self.archive.read(REDACTED, (json.dumps(names),))]
        self.plan.files.append(search_kept(self.archive, path, names, match, redacted))

    def _search_documents(self, path: Path, names: Sequence[str]) -> None:
        """Search documents that were imported and pages that a browser saved: their owner's, who may change them."""
        position = 0
        rows = self.archive.read(DOCUMENTS, (json.dumps(names),))
        with open_file(str(path)) as (file, _):
            for offset, length, media_type in rows:
                while position < offset and (skipped := file.read(min(offset - position, 1 << 20))):
                    position += len(skipped)
                raw = file.read(length)
                position += len(raw)
                if (path, offset) in self.first or self._matches((path, offset), _variants(raw, media_type)):
                    self._left(f"{path}:{offset}", "is not this archive's to change")

    def _left(self, location: str, reason: str) -> None:
        self.plan.left.append(Problem(location, reason))

    def _unsearched(self, location: object, reason: str) -> None:
        self.plan.unsearched.append(Problem(str(location), reason))


def _sealed(path: Path, head: bytes) -> str | None:
    """Return why a file of captures cannot be searched or rewritten here; None where it can."""
    if path.name.endswith(".warc.zst") or head.startswith(ZSTD_DICTIONARY_FRAME):
        return "is a .warc.zst file, which is not searched: decompress it, or make it anew without this"
    if path.name.endswith(".arc.gz"):
        return "is a compressed ARC file, which is not searched: make it anew without this"
    return None


def _is_warc(path: Path) -> bool:
    """Return whether a compressed file is a WARC file, and no document; of a broken one its name says so."""
    try:
        with gzip.open(path) as file:
            return file.read(len(PLAIN)) == PLAIN
    except (OSError, EOFError, zlib.error):
        return path.name.endswith(WARC_SUFFIXES)


def _member_start(path: Path, header_offset: int) -> int:
    """Return where a stored member's bytes begin: after the zip's local header, its name and extra field."""
    with path.open("rb") as file:
        file.seek(header_offset + 26)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return header_offset + 30 + name + extra


def _variants(raw: bytes, media_type: str | None = None) -> list[str]:
    return list(decodings(decode_text(raw, media_type or "")))
