"""Sessions of reviewers, which end when they sign out, and failed sign-ins, which make the next one wait."""

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from datasette.app import Datasette
from datasette.utils import baseconv

from archive.store.reading import connect_for_reading

logger = logging.getLogger(__name__)

COOKIE = "ds_actor"
HOURS = 12
# Rows of `settings`, which no output shows: the hash of a session that was ended, and when.
ENDED = "ended_session:"
FREE_ATTEMPTS, LONGEST_WAIT, FORGET_AFTER, MOST_REMEMBERED = 5, 900, 3600, 10_000


class Attempts:
    """Count failed sign-ins by name and by address. After five each makes the next wait, twice as long as the last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def seconds_to_wait(self, *keys: str) -> int:
        waits = [0.0]
        for key in keys:
            count, last = self._failed.get(key, (0, 0.0))
            if count >= FREE_ATTEMPTS:
                waits.append(last + min(2 ** (count - FREE_ATTEMPTS + 1), LONGEST_WAIT) - self.clock())
        return max(0, round(max(waits) + 0.5) if max(waits) > 0 else 0)

    def fail(self, *keys: str) -> int:
        """Count a failure, and return how many there were lately."""
        now, most = self.clock(), 0
        for key in keys:
            count, last = self._failed.pop(key, (0, now))
            count = min(count, 64) + 1 if now - last < FORGET_AFTER else 1
            self._failed[key] = (count, now)
            most = max(most, count)
        while len(self._failed) > MOST_REMEMBERED:
            self._failed.popitem(last=False)
        return most

    def forget(self, *keys: str) -> None:
        for key in keys:
            self._failed.pop(key, None)


def make_cookie(datasette: Datasette, actor: Mapping[str, Any]) -> str:
    """Return the signed value of the cookie of a new session."""
    expires = baseconv.base62.encode(int(time.time()) + HOURS * 3600)
    value: str = datasette.sign({"a": {**actor, "session": secrets.token_urlsafe(16)}, "e": expires}, "actor")
    return value


def setting_of(session: str) -> str:
    return ENDED + sha256(session.encode()).hexdigest()


def load_ended(path: Path) -> set[str]:
    """Return the sessions that were ended; cookies outlive the process where DATASETTE_SECRET is set.

    Raises sqlite3.Error where the archive cannot be read: an ended session would else be valid again."""
    with closing(connect_for_reading(path)) as db:
        if not db.execute("select 1 from sqlite_master where name = 'settings'").fetchone():  # a public copy
            return set()
        return {name for (name,) in db.execute("select name from settings where name like ?", (f"{ENDED}%",))}
