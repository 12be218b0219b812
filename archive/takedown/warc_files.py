"""Write WARC files anew without what was erased, and move the archive's captures to them.

Each file is one step that a crash cannot tear: the new file is written under a new name and synced to disk; one
transaction moves its captures and marks the erased ones; then the old file is deleted. What a process that is killed
in between leaves behind, the new file or the old one, is named in the table `settings`, and deleted by the next run.
A file at an address is changed as a copy, which is put there under the new name.
Offsets that others noted of the old file, such as those of a CDX index, are no longer true.
"""

import json
import os
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from shutil import copyfileobj, copymode

from sqlalchemy import Connection

from archive.store.archive import Archive
from archive.store.disk import sync_file, sync_path
from archive.store.files import NAMES, FileFinder, stored_name
from archive.store.paths import kept_folder, warc_folder
from archive.store.remote_files import delete, exists, is_address, is_remote_warc, list_warcs, put
from archive.takedown.warc_records import FileRange
from archive.takedown.warc_search import Replacement, WarcSearch

WARC_SUFFIXES = (".warc", ".warc.gz")
NAME = re.compile(r"(?P<stem>.+?)(?:\.redacted-(?P<number>\d+))?(?P<suffix>(?:\.warc)?(?:\.gz|\.zst)?)", re.DOTALL)
LEFTOVER = "erase_leftover"
# How the addresses begin of the WARC files that crawls put elsewhere.
REMOTE_PREFIXES = """
select distinct json_extract(settings, '$.warc') from runs where json_extract(settings, '$.warc') <> ''"""
NOTE_LEFTOVER = """
insert into settings (name, value) values (?, ?) on conflict (name) do update set value = excluded.value"""
OF_FILES = """
select id, warc_offset, warc_length from captures where warc_file in (select value from json_each(?))"""
MOVE = "update captures set warc_file = ?, warc_offset = ?, warc_length = ? where id = ?"
MARK = """
update captures set redacted_at = ?
where redacted_at is null and id in (select cast(value as bigint) from json_each(?))"""
# A server that answers "not modified" would confirm a page of which no bytes are left.
FORGET_VALIDATORS = """
update frontier set etag = null, last_modified = null
where capture_id in (select cast(value as bigint) from json_each(?))"""


def warc_path(finder: FileFinder, name: str) -> Path:
    """Return the path of a file of `captures`, wherever it lies now."""
    return Path(os.path.normpath(finder.find(name)))


def files_by_path(archive: Archive) -> dict[Path, list[str]]:
    """Return the files that captures name, with the names that they have there, and the archive's other files."""
    files: dict[Path, list[str]] = {}
    finder = FileFinder(archive)
    for (name,) in archive.read(NAMES):
        files.setdefault(warc_path(finder, name), []).append(name)
    for address in _remote_warcs(archive):
        files.setdefault(warc_path(finder, address), []).append(address)
    for path in sorted(warc_folder(archive.path).glob("*")):
        if path.name.endswith(WARC_SUFFIXES):
            files.setdefault(Path(os.path.normpath(path)), [])
    for path in sorted(kept_folder(archive.path).glob("*.zst")):
        files.setdefault(Path(os.path.normpath(path)), [])
    return files


def _remote_warcs(archive: Archive) -> list[str]:
    """Return the addresses of WARC files that crawls put elsewhere and no capture names."""
    named = {name for (name,) in archive.read(NAMES)}
    prefixes = [prefix for (prefix,) in archive.read(REMOTE_PREFIXES)]
    return [address for prefix in prefixes for address in list_warcs(f"{prefix}-") if address not in named]


def rewrite_warc(archive: Archive, search: WarcSearch, names: Sequence[str], at: str) -> None:
    """Replace a WARC file by one without what a search chose: see `rewrite_file`."""
    rewrite_file(archive, search, names, at, _write)


def rewrite_file(
    archive: Archive,
    search: WarcSearch,
    names: Sequence[str],
    at: str,
    write: Callable[[Path, Path, Sequence[Replacement]], None],
) -> None:
    """Replace a file by one that `write` makes without what a search chose; `names` are what `captures` call it.

    It takes as much free disk as the file is large. Raises OSError, and leaves all as it was."""
    if not search.replacements:
        return
    if remote := next(filter(is_remote_warc, names), None):
        _rewrite_remote(archive, search, remote, at, write)
        return
    old = search.path.resolve() if search.path.is_symlink() else search.path
    new = _next_name(old, Path.exists)
    # By default the last commits may be lost when the power fails: then the captures would name the old file again,
    # which is gone.
    archive.maintain(archive.dialect.synchronous(always=True))
    with archive.transaction() as connection:
        _note_leftover(connection, stored_name(archive.path, new), needed=stored_name(archive.path, old))
    try:
        write(old, new, search.replacements)
        with archive.transaction() as connection:
            _move_captures(connection, names, stored_name(archive.path, new), search.replacements, at)
            _note_leftover(connection, stored_name(archive.path, old), needed=None)
    finally:
        remove_leftover(archive)
        archive.maintain(archive.dialect.synchronous())
    if search.path.is_symlink():
        search.path.unlink()


def _rewrite_remote(
    archive: Archive,
    search: WarcSearch,
    old: str,
    at: str,
    write: Callable[[Path, Path, Sequence[Replacement]], None],
) -> None:
    """Put what `write` makes of the copy of a remote file beside that, move its captures, and delete it."""
    copy = search.path
    new_copy = _next_name(copy, lambda path: exists(_beside(old, path.name)))
    new = _beside(old, new_copy.name)
    archive.maintain(archive.dialect.synchronous(always=True))
    with archive.transaction() as connection:
        _note_leftover(connection, new, needed=old)
    try:
        write(copy, new_copy, search.replacements)
        put(new_copy, new)
        with archive.transaction() as connection:
            _move_captures(connection, [old], new, search.replacements, at)
            _note_leftover(connection, old, needed=None)
    finally:
        remove_leftover(archive)
        archive.downloads.forget(copy)
        new_copy.unlink(missing_ok=True)
        archive.maintain(archive.dialect.synchronous())


def _beside(address: str, name: str) -> str:
    return f"{address.rpartition('/')[0]}/{name}"


def remove_leftover(archive: Archive) -> None:
    """Delete the file that a rewriting left behind: the new one until its captures are moved, the old one after."""
    for (value,) in archive.read("select value from settings where name = ?", (LEFTOVER,)):
        name, needed = json.loads(value)
        if is_address(name):
            if needed is None or exists(needed):
                delete(name)
            _forget_leftover(archive)
            continue
        path = archive.path.parent / name
        # An archive that was restored from a backup may name a new file that has long taken the place of the old one.
        if path.exists() and (needed is None or (archive.path.parent / needed).exists()):
            path.unlink()
            sync_path(path.parent)
        _forget_leftover(archive)


def _forget_leftover(archive: Archive) -> None:
    with archive.transaction() as connection:
        connection.exec_driver_sql("delete from settings where name = ?", (LEFTOVER,))


def _note_leftover(connection: Connection, name: str, *, needed: str | None) -> None:
    value = json.dumps([name, needed])
    connection.exec_driver_sql(NOTE_LEFTOVER, (LEFTOVER, value))


def _next_name(path: Path, is_taken: Callable[[Path], bool]) -> Path:
    """Return the next of crawl.warc.gz, crawl.redacted-1.warc.gz, crawl.redacted-2.warc.gz ... that no file has."""
    match = NAME.fullmatch(path.name)
    assert match is not None
    number = int(match["number"] or 0) + 1
    while is_taken(new := path.with_name(f"{match['stem']}.redacted-{number}{match['suffix']}")):
        number += 1
    return new


def _write(old: Path, new: Path, replacements: Sequence[Replacement]) -> None:
    """Copy a file, byte by byte but for what is replaced, to the disk itself."""
    with old.open("rb") as source, new.open("xb") as target:
        copymode(old, new)
        for replacement in sorted(replacements, key=lambda replacement: replacement.offset):
            copyfileobj(FileRange(source, replacement.offset), target)
            target.write(replacement.record)
            source.seek(replacement.length, os.SEEK_CUR)
        copyfileobj(source, target)
        sync_file(target, new)


def _move_captures(
    connection: Connection, names: Sequence[str], new_name: str, replacements: Sequence[Replacement], at: str
) -> None:
    ordered = sorted(replacements, key=lambda replacement: replacement.offset)
    offsets = [replacement.offset for replacement in ordered]
    lengths = {replacement.offset: len(replacement.record) for replacement in ordered}
    shifts = [0, *accumulate(len(new.record) - new.length for new in ordered)]
    rows = connection.exec_driver_sql(OF_FILES, (json.dumps(names),)).fetchall()
    moved = [
        (new_name, offset and offset + shifts[bisect_left(offsets, offset)], lengths.get(offset, length), capture_id)
        for capture_id, offset, length in rows
    ]
    if moved:
        connection.exec_driver_sql(MOVE, moved)
    redacted = json.dumps([capture_id for capture_id, offset, _ in rows if offset in lengths])
    connection.exec_driver_sql(MARK, (at, redacted))
    connection.exec_driver_sql(FORGET_VALIDATORS, (redacted,))
