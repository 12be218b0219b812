"""Take what is withheld out of the index beside the archive, in the command that withholds it."""

import sqlite3
import time

from archive.search import build
from archive.search.index import IndexUnusable, SearchIndex
from archive.store.archive import Archive

LONGEST_WAIT_S, STEP_S = 30.0, 0.05


def update_index(archive: Archive) -> None:
    """Bring the index up to date, where there is one. One that cannot be is deleted: it would still find the text."""
    if not _has_index(archive):
        return
    began = time.monotonic()
    while True:
        try:
            build.update(archive.path, SearchIndex(build.index_path(archive.path.resolve())))
            return
        except build.IndexLocked:
            if time.monotonic() - began < LONGEST_WAIT_S:
                time.sleep(STEP_S)
                continue
        except (IndexUnusable, OSError, sqlite3.Error):
            pass
        build.remove(archive.path)
        return


def rebuild_index(archive: Archive) -> None:
    """Build the index anew, where there is one: its files else keep words of documents that were deleted from it."""
    if not _has_index(archive):
        return
    build.remove(archive.path)
    build.build(archive.path)


def _has_index(archive: Archive) -> bool:
    """Return whether a file has an index beside it; a server's archive has none."""
    return archive.engine.dialect.name == "sqlite" and build.index_path(archive.path.resolve()).exists()
