"""A Django site with django-comments-xtd, filled and changed by steps that its own models do."""

import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import INSTALLED, Missing, free_port, running, wait_for

SITE = Path(__file__).with_name("xtd_site.py")
TEXT = (
    "<p>" + "The ferry to the island leaves at twenty to six, says the timetable of the harbour office. " * 4 + "</p>"
)


class XtdSite:
    """A site at `address`, in the way of the docs: a list of comments below each page, and the form."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.url = f"http://{address}"

    def do(self, *steps: dict[str, Any]) -> list[int]:
        """Run steps; return the id that each made or changed."""
        request = urllib.request.Request(f"{self.url}/steps/", json.dumps(steps).encode())
        with urllib.request.urlopen(request, timeout=60) as response:
            made: list[int] = json.loads(response.read())["made"]
        return made

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return what the site's own database says."""
        connection = sqlite3.connect(self.folder / "site.db")
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()


@contextmanager
def xtd_site(folder: Path) -> Iterator[XtdSite]:
    """Start a site. Raise Missing."""
    python = INSTALLED / "xtd" / "bin" / "python"
    if not (INSTALLED / "xtd" / "installed").exists():
        raise Missing("django-comments-xtd is not installed: `make system` installs it")
    port = free_port()
    log = folder / "site.log"
    with running([str(python), str(SITE), str(folder), str(port)], log) as process:
        wait_for(f"http://127.0.0.1:{port}/steps/", process, log)
        yield XtdSite(folder, f"127.0.0.1:{port}")
