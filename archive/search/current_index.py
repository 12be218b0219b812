"""The index that answers now: opened once a process, caught up with the archive before it is asked, else none.

Who gets none asks FTS5. Why there is none is logged for the operator, once; no reader sees an error."""

import logging
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from archive.search import build
from archive.search.index import IndexUnusable, IndexView, SearchIndex
from archive.store.reading import connect_for_reading, is_writable

# So many changes are caught up before a search is answered: a tenth of a second. More are, in the background.
MOST_AT_ONCE = 2_000
_log = logging.getLogger("belowtheline.search")


class _OpenIndex:
    """The index of one archive in this process."""

    def __init__(self, db_path: Path) -> None:
        self.db_path, self.path = db_path, build.index_path(db_path)
        self.lock = threading.Lock()
        self.index: SearchIndex | None = None
        self.signature: tuple[int, int] | None = None
        self.watcher: sqlite3.Connection | None = None
        self.version: int | None = None  # of the archive, when the index was current
        self.reason = ""
        self.thread: threading.Thread | None = None

    def view(self) -> IndexView | None:
        with self.lock:
            try:
                self._open()
                self._catch_up()
            except IndexUnusable as error:
                self._note(f"{error}; `btl index` makes it anew, and full text answers until then")
                return None
            except (build.TooFarBehind, build.IndexLocked, OSError, sqlite3.Error) as error:
                self._note(f"{error}; full text answers until it is current")
                return None
            self.reason = ""
            return self.index.view if self.index else None

    def _open(self) -> None:
        """Open the index, or again where another process has built it anew; reload it where one has changed it."""
        try:
            signature = self.path.stat().st_ino, (self.path / "meta.json").stat().st_mtime_ns
        except OSError:
            self.index = self.signature = None
            return
        if self.index is None or self.signature is None or signature[0] != self.signature[0]:
            self.index, self.version = SearchIndex(self.path, read_only=self._is_read_only()), None
        elif signature != self.signature:
            self.index.reload()
        self.signature = signature

    def _is_read_only(self) -> bool:
        return not is_writable(self.db_path) or build.never_changes(self._connect())

    def _connect(self) -> sqlite3.Connection:
        if self.watcher is None:
            self.watcher = connect_for_reading(self.db_path, check_same_thread=False)
        return self.watcher

    def _catch_up(self) -> None:
        if self.index is None:
            return
        version = self._connect().execute("pragma data_version").fetchone()[0]
        if version == self.version:
            return
        if self.thread is not None and self.thread.is_alive():
            raise build.TooFarBehind(f"{self.path} is being brought up to date")
        try:
            build.update(self.db_path, self.index, MOST_AT_ONCE)
        except build.TooFarBehind:
            self.thread = threading.Thread(target=self._catch_up_later, daemon=True)
            self.thread.start()
            raise
        self.version = version
        self.signature = self.path.stat().st_ino, (self.path / "meta.json").stat().st_mtime_ns

    def _catch_up_later(self) -> None:
        with suppress(IndexUnusable, build.IndexLocked, OSError, sqlite3.Error):
            build.update(self.db_path, SearchIndex(self.path))

    def _note(self, reason: str) -> None:
        if reason != self.reason:
            self.reason = reason
            _log.warning("search: %s", reason)


_open: dict[Path, _OpenIndex] = {}
_lock = threading.Lock()


def current_view(db_path: str | Path) -> IndexView | None:
    """Return the index of an archive as it is now; None where there is none that is current."""
    path = Path(db_path).resolve()
    with _lock:
        opened = _open.setdefault(path, _OpenIndex(path))
    return opened.view()


def keep_current(db_path: str | Path) -> str:
    """Bring the index of an archive up to date, or build it, and say which: "current", "updated" or "built".

    Raises sqlite3.Error and OSError, and IndexLocked where another process is at it."""
    path = Path(db_path).resolve()
    with suppress(IndexUnusable):
        return "updated" if build.update(path, SearchIndex(build.index_path(path))) else "current"
    build.build(path)
    return "built"
