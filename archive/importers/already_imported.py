"""Tell which documents the archive has, by their bytes, before they are parsed: most of what an import costs.

The same bytes read by the same importer give the same thread, so that hash and platform are enough to know it by.
"""

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from typing import Any

from sqlalchemy import Select, select

from archive.importers.base import GROUPED
from archive.importers.documents import LEFT_OUT
from archive.importers.tables.rows import DEFAULT_PLATFORM
from archive.importers.worker import Item
from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.thread import Capture

ROW_COUNTS = ("rows", "rows_merged", "rows_empty")
CAPTURES, VISITS, THREADS = TABLES["captures"], TABLES["visits"], TABLES["threads"]


class ImportedDocuments:
    """The documents of an archive, asked chunk by chunk; what is known of them is counted as a save would count it."""

    def __init__(self, archive: Archive, counts: Counter[str]) -> None:
        self.archive, self.counts = archive, counts

    def leave_out(self, items: Sequence[Item]) -> list[Item]:
        """Return the documents that the archive does not have, and count the others."""
        hashes = [sha256(document.raw).hexdigest() for _, document in items]
        rows: dict[str, dict[str, tuple[str, str]]] = {}
        with self.archive.engine.connect() as connection:
            for digest, of_platform, media_type, metadata in connection.execute(_captured(hashes)):
                rows.setdefault(digest, {})[of_platform] = media_type or "", metadata or ""
        if not rows:
            return list(items)
        new = []
        for item, digest in zip(items, hashes, strict=True):
            by_platform = rows.get(digest, {})
            platform = platform_of(item)
            matches = [row for name, row in by_platform.items() if platform in (None, name)]
            if matches:
                self._count(*matches[0])
            else:
                new.append(item)
        return new

    def _count(self, media_type: str, metadata: str) -> None:
        self.counts["unchanged"] += 1
        if media_type.endswith(GROUPED) or LEFT_OUT in metadata:
            _count_metadata(self.counts, media_type, json.loads(metadata or "{}"))


def _captured(hashes: Sequence[str]) -> Select[str, str, str | None, str | None]:
    captured = select(CAPTURES.c.sha256, THREADS.c.platform, CAPTURES.c.media_type, CAPTURES.c.metadata_json)
    captured = captured.join(VISITS, VISITS.c.capture_id == CAPTURES.c.id).join(
        THREADS, THREADS.c.id == VISITS.c.thread_id
    )
    return captured.where(CAPTURES.c.sha256.in_(hashes), CAPTURES.c.page_of.is_(None))


def count_capture(counts: Counter[str], capture: Capture) -> None:
    """Count what a document's capture says of it: rows of a table, and personal values left out."""
    _count_metadata(counts, capture.media_type or "", capture.metadata or {})


def _count_metadata(counts: Counter[str], media_type: str, metadata: dict[str, Any]) -> None:
    if left_out := metadata.get(LEFT_OUT):
        counts["personal_left_out"] += len(left_out)
    for name in ROW_COUNTS if media_type.endswith(GROUPED) else ():
        if number := metadata.get(name):
            counts[name] += number


def platform_of(item: Item) -> str | None:
    """Return the platform that a document's thread will have; None where only its text says."""
    name, document = item
    if document.mapping is not None and document.mapping.is_own:
        return None
    if document.mapping is not None:
        return document.mapping.dataset.platform or DEFAULT_PLATFORM
    platform: str | None = getattr(import_module(name), "PLATFORM", None)
    return platform
