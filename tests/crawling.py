"""`btl` in a process of its own, as its users run it, for tests of the crawl."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.btl import NO_LIMITS, PATIENCE_S, Limits, StartedBtl, plain_environment, run_btl
from tests.news_server import NewsSite
from tests.waiting import until


class Desk:
    """A folder with an archive that crawls write to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "archive.db"

    def btl(
        self, *arguments: object, status: int | None = 0, limits: Limits = NO_LIMITS, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; `status` is what it must end with."""
        if arguments[0] == "crawl":
            self._part_visits()
        done = run_btl(arguments, self.folder, plain_environment() | environment, limits=limits)
        if status is not None:
            assert done.returncode == status, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(
        self,
        *arguments: object,
        stdout: int | None = None,
        limits: Limits = NO_LIMITS,
        fork_pools: bool = True,
        **environment: str,
    ) -> StartedBtl:
        """Starts a command, in a process group of its own, and leaves it running."""
        where = (self.folder, plain_environment() | environment)
        return StartedBtl(arguments, *where, limits, stdout=stdout, fork_pools=fork_pools)

    def _part_visits(self) -> None:
        """Waits for the second after the last visit: two answers that are the same within one are one capture."""
        if not self.path.exists():
            return
        with suppress(sqlite3.DatabaseError):  # what is no archive holds no visits
            (last,) = self.query("select max(fetched_at) from captures")[0]
            until(lambda: last is None or f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" > last)

    def crawl(self, *targets: object, hosts: Sequence[str] = (), status: int = 0) -> dict[str, Any]:
        """Crawls and gives what `--json` prints."""
        allowed = [part for host in hosts for part in ("--allow-host", host)]
        done = self.btl("crawl", *targets, *allowed, "--json", status=status)
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def visit(self, site: NewsSite, *more: object, status: int = 0) -> dict[str, Any]:
        """Crawls all articles of a site, each in its own right."""
        return self.crawl(*site.urls(), *more, hosts=[site.address], status=status)

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def change(self, sql: str, *parameters: object) -> None:
        """Changes rows behind the archive's back."""
        connection = sqlite3.connect(self.path)
        with connection:
            connection.execute(sql, parameters)
        connection.close()

    def make_due(self) -> None:
        """Lets all that waits be due."""
        self.change("update frontier set next_at = '2000-01-01T00:00:00Z' where next_at is not null")

    def warcs(self) -> list[Path]:
        return sorted((self.folder / "archive-warc").glob("*.warc.gz"))

    def replay(self) -> "Desk":
        """Replays all that was crawled into an archive of its own."""
        replayed = Desk(self.folder / "replayed")
        replayed.folder.mkdir()
        replayed.btl("replay", *self.warcs())
        return replayed

    def check_warcs(self) -> None:
        """By warcio's own command."""
        command = [sys.executable, "-m", "warcio.cli", "check", *map(str, self.warcs())]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
