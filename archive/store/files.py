"""Find the files that captures name, wherever an archive or they were moved, and name files for captures.

`captures.warc_file` is relative to the archive's folder for what lies below it, unless its absolute path was typed, and
else absolute. Each run that reads files notes that folder, so that of every file both paths are known.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection

from archive.store.address import ServerAddress
from archive.store.archive import Archive
from archive.store.remote_files import is_remote_warc

FOLDERS = "select distinct json_extract(settings, '$.folder') from runs where json_extract(settings, '$.folder') <> ''"
NAMES = "select distinct warc_file from captures where warc_file is not null"
RENAME = """
with names as (select "key" as old, value as new from json_each(?))
update captures set warc_file = (select new from names where old = warc_file)
where warc_file in (select old from names)"""
MAPPINGS = "select id, settings from runs where json_extract(settings, '$.mappings') is not null order by id"
WRITE_SETTINGS = "update runs set settings = ? where id = ?"
MEMBER = "!"  # between the name of a WACZ file and that of its member


def stored_name(archive: Path, path: Path) -> str:
    """Return what captures call a file: relative to the archive's folder where it lies in it, else absolute.

    It lies in it by its path, as in a folder there that is a link to another disk, or in fact."""
    resolved = path.resolve(), archive.resolve().parent
    for whole, folder in ((path.absolute(), archive.absolute().parent), resolved):
        if whole.is_relative_to(folder) and ".." not in whole.parts:
            return whole.relative_to(folder).as_posix()
    return str(resolved[0])


class FileFinder:
    """Finds the files that the captures of one archive name."""

    def __init__(self, archive: Archive) -> None:
        self.folder = archive.path.parent
        self.is_on_server = isinstance(archive.address, ServerAddress)
        self.downloads = archive.downloads
        self.folders: list[str] = [row[0] for row in archive.read(FOLDERS)]

    def candidates(self, name: str) -> list[Path]:
        """Return where a file may be: where it is recorded, then where it was when it was read, or where it would be if
        it had been moved with the archive. Names as they were typed, in older archives, are tried as such too."""
        paths = [self.folder / name]
        for folder in self.folders:
            was = os.path.normpath(Path(folder, name))
            paths.append(self.folder / os.path.relpath(was, folder) if Path(name).is_absolute() else Path(was))
        return list(dict.fromkeys([*paths, Path(name)]))

    def is_recorded(self, name: str, path: Path) -> bool:
        """Return whether a path is where a file is recorded.

        An archive on a server lies in no folder: a name in it is relative to where the command ran that read the file.
        """
        if path == self.candidates(name)[0]:
            return True
        return self.is_on_server and str(path) in {os.path.normpath(Path(folder, name)) for folder in self.folders}

    def find(self, name: str) -> Path:
        """Return the first of the places where there is a file, or the recorded one where there is none.

        Of a WARC file at an address that is a copy. Raise RemoteError where it cannot be fetched."""
        if is_remote_warc(name):
            return self.downloads.fetch(name, keep=True)
        candidates = self.candidates(name)
        return next((path for path in candidates if _exists(path)), candidates[0])


def relink(archive: Archive, old: str, new: str) -> int:
    """Have the captures whose files lay in `old` name those in `new` instead; return how many files that are.

    Both are files or folders. `old` may be as it was typed for an older archive."""
    finder = FileFinder(archive)
    target = str(Path(new).resolve())
    names = {}
    for (name,) in archive.read(NAMES):
        rest = next(_rests(name, old, [*finder.folders, str(finder.folder.resolve())]), None)
        if rest is not None:
            names[name] = stored_name(archive.path, Path(target + rest))
    if names:
        with archive.transaction() as connection:
            connection.exec_driver_sql(RENAME, (json.dumps(names),))
            _rename_mappings(connection, names)
    return len(names)


def _rename_mappings(connection: Connection, names: Mapping[str, str]) -> None:
    """Have runs call the tables whose mappings they noted what captures call them now."""
    for run_id, text in connection.exec_driver_sql(MAPPINGS).fetchall():
        settings = json.loads(text)
        mappings = settings["mappings"]
        if not names.keys().isdisjoint(mappings):
            settings["mappings"] = {names.get(name, name): mapping for name, mapping in mappings.items()}
            connection.exec_driver_sql(WRITE_SETTINGS, (json.dumps(settings, ensure_ascii=False), run_id))


def _rests(name: str, old: str, folders: Sequence[str]) -> Iterator[str]:
    """Yield what of a file's name, as recorded or made absolute, comes after `old`."""
    begins = [(name, os.path.normpath(old))]
    whole_old = os.path.normpath(Path(old).absolute())
    begins += [(os.path.normpath(Path(folder, name)), whole_old) for folder in folders]
    for whole, begin in begins:
        if whole == begin or whole.startswith((begin + os.sep, begin + MEMBER)):
            yield whole[len(begin) :]


def _exists(path: Path) -> bool:
    return path.exists() or (MEMBER in str(path) and Path(str(path).partition(MEMBER)[0]).exists())
