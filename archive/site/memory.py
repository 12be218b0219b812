"""What was worked out before, for as long as the archive stays as it was.

SQLite's `data_version` differs, for one connection, as soon as another one has changed the file; the site's own
connections never write, and each belongs to one thread. So what is kept with its connection and this number is what
would be worked out again.
"""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

MOST_KEPT = 32
MOST_CONNECTIONS = 8


class _Memory:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.version: int | None = None
        self.kept: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, work: Callable[[], T]) -> T:
        version = self.connection.execute("pragma data_version").fetchone()[0]
        if version != self.version:
            self.kept.clear()
            self.version = version
        if key not in self.kept:
            self.kept[key] = work()
            if len(self.kept) > MOST_KEPT:
                self.kept.popitem(last=False)
        self.kept.move_to_end(key)
        found: T = self.kept[key]
        return found


_local = threading.local()


def remembered(connection: sqlite3.Connection, key: Hashable, work: Callable[[], T]) -> T:
    """The result of `work`, which must only read from `connection`, within a transaction; `key` says what it is of."""
    memories: dict[int, _Memory] = _local.__dict__.setdefault("memories", {})
    if id(connection) not in memories:
        if len(memories) >= MOST_CONNECTIONS:
            memories.clear()
        memories[id(connection)] = _Memory(connection)
    return memories[id(connection)].get(key, work)
