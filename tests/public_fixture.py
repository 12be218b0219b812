"""A small public copy, and a browser's view of its site: in process by bare ASGI, or over a socket."""

import asyncio
import contextlib
import json
import sqlite3
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive.publish.policy import Policy
from archive.publish.release import publish as make
from archive.store.archive import Archive
from tests import archive_fixture
from tests.made_once import made_once

URL = "https://comments.example"
PLANTED = {
    "frontier": "https://harbour-courier.example/planted-frontier",
    "key": "planted0key0of0the0ledger",
    "withheld": "Planted and withheld: the harbour master sleeps at noon.",
    "note": "planted note of a lawyer",
    "reviewer": "irene",
    "review note": "seen by irene",
}


@made_once
def live(path: Path) -> Path:
    """An archive with something in each private table."""
    archive_fixture.fill_reviewed(path)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        plant = [
            (
                "insert into frontier (url, host, outlet, kind, added_at, interval_s, failures) values (?, 'h', 'o', 'article', 't', 1, 0)",
                "frontier",
            ),
            ("insert into settings (name, value) values ('ledger_key', ?)", "key"),
            (
                "insert into withheld (name, row_id, held) values ('comments', 1, json_object('body', ?))",
                "withheld",
            ),
            (
                "insert into suppressions (subject, keys, reason, note, run_id, created_at) values ('comment', '[]', 'legal', ?, 1, 't')",
                "note",
            ),
        ]
        for sql, name in plant:
            db.execute(sql, (PLANTED[name],))
    return path


def publish(folder: Path, *, more: int = 0, extras: bool = True, **policy: Any) -> Path:
    """A release by `btl publish`, and the link to it; `more` comments under its last thread. With `extras`, files lie
    beside it that are nobody's, and its manifest lists some of those."""
    folder.mkdir(exist_ok=True)
    source = live(folder / "live.db")
    if more:
        _more(source, more)
    with Archive(source) as archive:
        told = {"url": URL, "dumps": ("csv",), "title": "Harbour comments"} | policy
        done = make(archive, folder / "archive.db", Policy(**told))
    if extras:
        _beside(done.folder)
    return folder / "archive.db"


def _more(path: Path, number: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        thread = db.execute("select max(id) from threads").fetchone()[0]
        row = "insert into comments (thread_id, identity, position, depth, body, body_sha256, revision, state, "
        row += "capture_id, first_seen_at, last_seen_at, posted_at, parent_source) values "
        row += f"({thread}, ?, ?, 0, ?, 'x', 0, 'visible', 1, 't', 't', ?, 'api')"
        stamps = (f"2026-04-{1 + n % 28:02}T{n % 24:02}:{n // 24 % 60:02}:00Z" for n in range(number))
        db.executemany(row, ((f"m{n}", 1000 + n, f"Remark {n} on the tide.", at) for n, at in enumerate(stamps)))


def _beside(folder: Path) -> None:
    (folder / "dumps" / "unlisted.txt").write_text("not listed")
    (folder / "secret.txt").write_text("unlisted secret")
    (folder / "dumps" / "empty.csv").write_text("")
    told = json.loads((folder / "manifest.json").read_text())
    for name, size in (
        ("dumps/../secret.txt", 15),
        ("/etc/hostname", 5),
        ("dumps/gone.csv", 7),
        ("dumps/empty.csv", 0),
    ):
        told["files"].append({"path": name, "bytes": size, "sha256": "", "rows": None, "what": "<b>odd</b>"})
    (folder / "manifest.json").write_text(json.dumps(told))


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@dataclass
class Reply:
    """An answer as it went over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    chunks: int = 0
    pairs: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def ask(app: Any, address: str | bytes, method: str = "GET", client: str = "203.0.113.9", **headers: str) -> Reply:
    return asyncio.run(asked(app, address, method, client, **headers))


async def asked(
    app: Any, address: str | bytes, method: str = "GET", client: str = "203.0.113.9", **headers: str
) -> Reply:
    """The answer to exactly this address: clients tidy theirs."""
    raw = address if isinstance(address, bytes) else address.encode()
    path, _, query = raw.partition(b"?")
    named = {"host": "x.example"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path.decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "client": (client, 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Any] = []

    heard = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        return next(heard, None) or await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, bodies = sent[0], sent[1:]
    assert bodies, "an answer ends"
    assert not bodies[-1].get("more_body")
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]]
    return Reply(start["status"], dict(pairs), b"".join(one.get("body", b"") for one in bodies), len(bodies), pairs)
