"""The files of a run: opened, cut into documents by the importer that reads each, kept where that was asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from archive.importers import choose_importer
from archive.importers.base import HEAD_LENGTH, BadDocument, Importer, Options, Probe, Source
from archive.importers.files import STANDARD_INPUT, files, open_file
from archive.importers.kept_copies import keep_content
from archive.store.files import stored_name
from archive.store.paths import kept_folder
from archive.store.remote_files import is_address

if TYPE_CHECKING:
    from io import BufferedReader

    from archive.store.archive import Archive

NAMED = "select 1 from captures where warc_file = ? limit 1"
Position = Callable[[], int]  # how many of a file's bytes on disk are read so far


class Sources:
    """The files that are read: copies of those that are kept beside the archive, and what captures call each.

    Without an archive nothing is kept.
    """

    def __init__(self, archive: Path | None, options: Options, *, keep: bool) -> None:
        self.archive, self.options, self.keep = archive, options, keep
        self.kept: dict[str, Path] = {}
        self.stored_name = lru_cache(1024)(self._stored_name)

    @contextmanager
    def opened(self, path: str) -> Iterator[tuple[Importer, Source, Position]]:
        """Open a file, or the copy that is kept of it, with its importer. Raises BadDocument where none reads it."""
        with opened(path, self.options) as (importer, source, position):
            if self.archive is None or not self.is_kept(path):
                yield importer, source, position
                return
            copy = keep_content(kept_folder(self.archive), source.file, Path(source.name).name)
            self.kept[source.name] = copy
            with open_file(str(copy)) as (content, _):
                yield importer, replace(source, file=content, is_kept=True), position

    def is_kept(self, path: str) -> bool:
        """Whether a copy of a file is kept."""
        return self.keep or path == STANDARD_INPUT

    def remove_needless(self, archive: "Archive") -> list[Path]:
        """Delete the copies that no capture names, since the archive had their documents; return the others."""
        for label, path in list(self.kept.items()):
            if not archive.read(NAMED, (self.stored_name(label),)):
                path.unlink()
                del self.kept[label]
        return list(self.kept.values())

    def _stored_name(self, label: str) -> str:
        if label not in self.kept and (self.archive is None or is_address(label) or Path(label).is_absolute()):
            return label  # as it was typed
        assert self.archive is not None
        return stored_name(self.archive, self.kept.get(label) or Path(label))


def size_of(paths: list[str]) -> int | None:
    """Return how many bytes on disk these files have; None where that is not known."""
    if any(path == STANDARD_INPUT or is_address(path) for path in paths):
        return None
    return sum(Path(path).stat().st_size for path in paths if Path(path).is_file())


@contextmanager
def opened(path: str, options: Options) -> Iterator[tuple[Importer, Source, Position]]:
    """Open a file, with the importer that reads it. Raises BadDocument where none does."""
    with open_file(path) as (file, position):
        head = cast("BufferedReader", file).peek(HEAD_LENGTH)[:HEAD_LENGTH]
        is_pipe = path == STANDARD_INPUT or is_address(path)  # it has no path that an importer could open
        name = "standard input" if path == STANDARD_INPUT else path
        importer = choose_importer(Probe(head, name), options.format)
        yield importer, Source(file, name, None if is_pipe else Path(path), options), position


def open_sources(paths: list[str], options: Options) -> Iterator[tuple[Importer, Source] | BadDocument]:
    """Yield each file, open while it is looked at, with its importer; BadDocument where none reads it."""
    for path in files(paths):
        try:
            with opened(path, options) as (importer, source, _):
                yield importer, source
        except BadDocument as error:
            yield error
        except Exception as error:  # noqa: BLE001 a decompressor's errors have no common base
            yield unreadable(path, error)


def unreadable(path: str, error: Exception) -> BadDocument:
    """Return what to say of a file that could not be read to its end."""
    return BadDocument(path, f"{getattr(error, 'strerror', None) or error}")
