"""Ghost with a private MariaDB, whose editor and members write by its own APIs."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from tests.servers import INSTALLED, PATIENCE_S, Missing, find_node, free_port, running, wait_for
from tests.servers.wordpress import database

TEXT = "The ferry to the island leaves at twenty to six, says the timetable of the harbour office. " * 4
EDITOR = {"email": "desk@courier.example", "password": "For tests alone 77"}
FOLDERS = ("data", "files", "images", "logs", "media", "public", "settings")


class Reader:
    """Somebody with a session of their own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(self, method: str, path: str, values: Any = None) -> Any:
        body = None if values is None else json.dumps(values).encode()
        headers = {"Content-Type": "application/json", "Origin": self.url}
        request = urllib.request.Request(f"{self.url}{path}", body, headers, method=method)
        with self.opener.open(request, timeout=120) as response:
            content = response.read()
            return json.loads(content) if content and "json" in response.headers.get("Content-Type", "") else None


class Ghost:
    """A site at `address`; `members` are those who may comment."""

    def __init__(self, address: str, socket: Path) -> None:
        self.address, self.url, self.socket = address, f"http://{address}", socket
        self.members: dict[str, Reader] = {}
        self.editor = Reader(self.url)
        self._admin("POST", "authentication/setup", {"setup": [EDITOR | {"name": "Desk", "blogTitle": "Courier"}]})
        self.editor.ask("POST", "/ghost/api/admin/session/", {**EDITOR, "username": EDITOR["email"]})
        self._admin("PUT", "settings", {"settings": [{"key": "comments_enabled", "value": "all"}]})

    def post(self, slug: str) -> str:
        """Publish an article; return its id."""
        text = {"type": "extended-text", "version": 1, "format": 0, "mode": "normal", "style": "", "detail": 0}
        line = {"version": 1, "format": "", "indent": 0, "direction": "ltr"}
        paragraph = {"type": "paragraph", "children": [text | {"text": TEXT}]} | line
        content = json.dumps({"root": {"type": "root", "children": [paragraph]} | line})
        post = {"title": f"Ferry: {slug}", "slug": slug, "status": "published", "lexical": content}
        made: str = self._admin("POST", "posts", {"posts": [post]})["posts"][0]["id"]
        return made

    def join(self, name: str) -> None:
        """Make a member, who follows the link to sign in."""
        member = {"name": name, "email": f"{name.lower()}@reader.example"}
        made = self._admin("POST", "members", {"members": [member]})["members"][0]
        links = self._admin("GET", f"members/{made['id']}/signin_urls")["member_signin_urls"]
        self.members[name] = Reader(self.url)
        self.members[name].ask("GET", links[0]["url"].removeprefix(self.url))

    def comment(self, post: str, name: str, text: str, **more: str) -> str:
        """Add a comment; `parent_id` is the thread that it is in, and `in_reply_to_id` what it replies to there."""
        values = {"comments": [{"post_id": post, "html": text} | more]}
        made: str = self.members[name].ask("POST", "/members/api/comments/", values)["comments"][0]["id"]
        return made

    def like(self, name: str, comment: str) -> None:
        self.members[name].ask("POST", f"/members/api/comments/{comment}/like/", {})

    def change(self, name: str, comment: str, **values: str) -> None:
        """Change a comment as the member who wrote it: its html, or its status to deleted."""
        self.members[name].ask("PUT", f"/members/api/comments/{comment}/", {"comments": [values]})

    def moderate(self, comment: str, status: str) -> None:
        self._admin("PUT", f"comments/{comment}", {"comments": [{"id": comment, "status": status}]})

    def rows(self, expression: str, rest: str) -> list[tuple[Any, ...]]:
        """Return what the server's own database says."""
        command = ["mariadb", f"--socket={self.socket}", "-uroot", "--raw", "-NB", "--default-character-set=utf8mb4"]
        sql = f"select json_array({expression}) {rest}"
        done = subprocess.run([*command, "ghost", "-e", sql], check=True, capture_output=True, text=True)
        return [tuple(json.loads(line)) for line in done.stdout.splitlines()]

    def _admin(self, method: str, path: str, values: Any = None) -> Any:
        return self.editor.ask(method, f"/ghost/api/admin/{path}/", values)


@contextmanager
def ghost(folder: Path) -> Iterator[Ghost]:
    """Start a site. Raise Missing."""
    installed, node = INSTALLED / "ghost", find_node()
    if not (installed / "installed").exists() or node is None or not shutil.which("mariadbd"):
        raise Missing("Ghost is not installed: `make ghost` installs it")
    with database(folder) as socket:
        made = "create database ghost character set utf8mb4"
        subprocess.run(["mariadb", f"--socket={socket}", "-uroot", "-e", made], check=True, timeout=PATIENCE_S)
        content = folder / "content"
        shutil.copytree(installed / "content", content)
        for name in FOLDERS:
            (content / name).mkdir(exist_ok=True)
        port = free_port()
        log = folder / "ghost.log"
        environment = os.environ | _settings(port, socket, content)
        with running([str(node), "index.js"], log, cwd=installed, env=environment) as process:
            wait_for(f"http://127.0.0.1:{port}/", process, log)
            _wait_until_up(f"http://127.0.0.1:{port}/")
            yield Ghost(f"127.0.0.1:{port}", socket)


def _settings(port: int, socket: Path, content: Path) -> dict[str, str]:
    """Return what Ghost reads from its environment: nothing that it sends anywhere, and no mail."""
    return {
        "NODE_ENV": "production", "url": f"http://127.0.0.1:{port}", "server__host": "127.0.0.1",
        "server__port": str(port), "database__client": "mysql", "database__connection__socketPath": str(socket),
        "database__connection__user": "root", "database__connection__password": "",
        "database__connection__database": "ghost", "paths__contentPath": str(content),
        "privacy__useUpdateCheck": "false", "privacy__useRpcPing": "false", "privacy__useGravatar": "false",
        "mail__transport": "stub", "mail__from": EDITOR["email"], "security__staffDeviceVerification": "false",
        "logging__transports": '["stdout"]', "logging__level": "warn",
    }  # fmt: skip


def _wait_until_up(url: str) -> None:
    """Wait while it answers that it is not ready yet."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=60).close()
            return
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            time.sleep(0.2)
