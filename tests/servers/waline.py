"""Waline with a database on PostgreSQL, filled and changed by requests to its own API, and pages that embed it."""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.postgres_server import Cluster
from tests.servers import INSTALLED, Missing, find_node, free_port, running, wait_for

TABLES = """
create table wl_comment (id serial primary key, user_id int, comment text, insertedat timestamp, ip text, link text,
  mail text, nick text, pid int, rid int, sticky boolean, status text not null, "like" int, ua text, url text,
  createdat timestamp default now(), updatedat timestamp default now());
create table wl_users (id serial primary key, display_name text, email text, password text, type text, label text,
  url text, avatar text, "2fa" text, createdat timestamp default now(), updatedat timestamp default now());
"""
ARTICLE = """<!doctype html><html lang="en"><head><title>{title}</title>
<meta property="og:type" content="article"></head><body><main><article><h1>{title}</h1><p>{text}</p></article>
<div id="waline"></div>
<script type="module">import {{ init }} from "/assets/waline.js";
init({{ el: "#waline", serverURL: "{server}", path: "{path}" }});</script>
</main></body></html>"""
TEXT = "The ferry to the island leaves at twenty to six, says the timetable of the harbour office. " * 4
EDITOR = {"email": "editor@courier.example", "password": "for tests alone"}


class Waline:
    """A server at `address`. Who registers first, which `editor` did, is its administrator."""

    def __init__(self, address: str, database: str) -> None:
        self.address, self.url, self.database = address, f"http://{address}", database
        self._request("POST", "/api/user", EDITOR | {"display_name": "Desk", "url": ""})
        self.editor: str = self._request("POST", "/api/token", EDITOR)["token"]

    def page(self, path: str) -> bytes:
        """Return an article with its thread."""
        return ARTICLE.format(title=f"Ferry timetable {path}", text=TEXT, server=self.url, path=path).encode()

    def post(self, path: str, text: str, nick: str = "Anna", parent: int | None = None, root: int | None = None) -> int:
        """Add a comment, as its client does: with the comment that it replies to, and the one at the top above that."""
        values = {"url": path, "comment": text, "nick": nick, "mail": f"{nick}@reader.example", "link": "", "ua": "x"}
        above = {} if parent is None else {"pid": parent, "rid": root or parent, "at": "x"}
        return int(self._request("POST", "/api/comment", values | above)["objectId"])

    def post_as_editor(self, path: str, text: str) -> int:
        values = {"url": path, "comment": text, "nick": "Desk", "mail": EDITOR["email"], "link": "", "ua": "x"}
        return int(self._request("POST", "/api/comment", values, self.editor)["objectId"])

    def like(self, comment: int) -> None:
        self._request("PUT", f"/api/comment/{comment}", {"like": True})

    def change(self, comment: int, /, **values: object) -> None:
        """Change a comment as its administrator: comment, status or sticky."""
        self._request("PUT", f"/api/comment/{comment}", values, self.editor)

    def delete(self, comment: int) -> None:
        """Delete a comment, and with it those below it."""
        self._request("DELETE", f"/api/comment/{comment}", None, self.editor)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return what the server's own database says."""
        import psycopg

        with psycopg.connect(self.database) as connection:
            return connection.execute(sql, parameters).fetchall()  # type: ignore[call-overload]

    def _request(self, method: str, path: str, values: Any, token: str | None = None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        body = None if values is None else json.dumps(values).encode()
        request = urllib.request.Request(f"{self.url}{path}", body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.loads(response.read())
        if answer["errno"]:
            raise RuntimeError(f"{method} {path}: {answer['errmsg']}")
        return answer["data"]


@contextmanager
def waline(folder: Path, cluster: Cluster) -> Iterator[Waline]:
    """Start a server with an empty database. Raise Missing."""
    import psycopg

    installed, node = INSTALLED / "waline", find_node()
    if not (installed / "installed").exists() or node is None:
        raise Missing("Waline is not installed: `make system` installs it")
    name = cluster.create()
    with psycopg.connect(cluster.address(name), autocommit=True) as connection:
        connection.execute(TABLES)
    port = free_port()
    settings = {
        "PG_HOST": str(cluster.folder), "PG_DB": name, "PG_USER": "tester", "PG_PASSWORD": "none",
        "JWT_TOKEN": "for tests alone", "DISABLE_REGION": "true", "MARKDOWN_TEX": "false", "IPQPS": "0", "TZ": "UTC",
        "TMPDIR": str(folder),  # where it writes its configuration
    }  # fmt: skip
    command = [str(node), str(Path(__file__).parent / "npm" / "waline" / "server.js"), str(port)]
    log = folder / "waline.log"
    with running(command, log, cwd=installed, env=os.environ | settings) as process:
        wait_for(f"http://127.0.0.1:{port}/api/comment?path=/", process, log)
        yield Waline(f"127.0.0.1:{port}", cluster.address(name))
    cluster.drop(name)
