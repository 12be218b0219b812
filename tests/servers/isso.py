"""Isso, with the pages that embed it."""

import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from tests.servers import INSTALLED, Missing, free_port, running, wait_for

CONFIG = """[general]
dbpath = {folder}/comments.db
host = {site}
max-age = 1h
[server]
listen = http://127.0.0.1:{port}
[guard]
enabled = false
[moderation]
enabled = {moderation}
[rss]
base = {site}
"""
ARTICLE = """<!doctype html><html lang="en"><head><title>{title}</title>
<meta property="og:type" content="article"></head><body><main><article><h1>{title}</h1>{text}</article>
<script data-isso="http://{address}/" src="http://{address}/js/embed.min.js"></script>
<section id="isso-thread" data-isso-id="{uri}"><noscript>Comments need JavaScript.</noscript></section>
</main></body></html>"""
TEXT = (
    "<p>" + "The ferry to the island leaves at twenty to six, says the timetable of the harbour office. " * 4 + "</p>"
)


class Isso:
    """A server at `address`; `made` holds the cookies by which an author changes a comment."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.cookies: dict[int, str] = {}

    def page(self, uri: str, title: str) -> bytes:
        """An article with its thread."""
        return ARTICLE.format(title=title, text=TEXT, address=self.address, uri=uri).encode()

    def post(self, uri: str, text: str, author: str | None = None, parent: int | None = None) -> int:
        values = {"text": text, "author": author, "parent": parent, "title": "Ferry"}
        answer, headers = self._ask("POST", f"/new?uri={uri}", values)
        jar = SimpleCookie(headers.get("Set-Cookie", ""))
        number = int(answer["id"])
        self.cookies[number] = f"{number}={jar[str(number)].value}"
        return number

    def edit(self, number: int, text: str) -> None:
        self._ask("PUT", f"/id/{number}", {"text": text}, self.cookies[number])

    def delete(self, number: int) -> None:
        self._ask("DELETE", f"/id/{number}", None, self.cookies[number])

    def _ask(self, method: str, path: str, values: Any, cookie: str = "") -> tuple[Any, Any]:
        body = None if values is None else json.dumps(values).encode()
        headers = {"Content-Type": "application/json", "Cookie": cookie, "Origin": f"http://{self.address}"}
        request = urllib.request.Request(f"http://{self.address}{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read()), answer.headers

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the server's own database says."""
        connection = sqlite3.connect(self.folder / "comments.db")
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


@contextmanager
def isso(folder: Path, *, moderation: bool = False) -> Iterator[Isso]:
    """Raises Missing."""
    python = INSTALLED / "isso" / "bin" / "python"  # `isso` beside it names the folder where it was installed
    if not (INSTALLED / "isso" / "installed").exists():
        raise Missing("Isso is not installed: `make system` installs it")
    port = free_port()
    site = f"http://127.0.0.1:{port}/"
    config = folder / "isso.cfg"
    config.write_text(CONFIG.format(folder=folder, site=site, port=port, moderation=str(moderation).lower()))
    log = folder / "isso.log"
    with running([str(python), "-c", "import isso; isso.main()", "-c", str(config), "run"], log) as process:
        wait_for(f"http://127.0.0.1:{port}/?uri=%2F", process, log)
        yield Isso(folder, f"127.0.0.1:{port}")
