"""The files of a release, as they lie beside it: each by its name in the manifest, and no other file."""

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import formatdate
from typing import BinaryIO

from archive.publish.manifest import Dump
from archive.site.limiting import refuse
from archive.site.safety import App, Message, Receive, Send

CHUNK = 256 * 1024
SLOW_S = 60
TYPES = {
    ".gz": "application/gzip",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".jsonl": "application/jsonl; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".sql": "application/sql",
    ".zip": "application/zip",
}
_PLAIN = "text/plain; charset=utf-8"
_RANGE = re.compile(rb"bytes=([0-9]{0,15})-([0-9]{0,15})")


def offered(app: App, dumps: Mapping[str, Dump], tag: str) -> App:
    """Answers /dumps/NAME with the file of that name, whole or a range of it; anything else is the application's."""

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        dump = dumps.get(scope["path"].removeprefix("/dumps/")) if scope["path"].startswith("/dumps/") else None
        if dump is None:
            await app(scope, receive, send)
        else:
            await _send(dump, tag, scope, send)

    return answer


async def _send(dump: Dump, tag: str, scope: Message, send: Send) -> None:
    mark = f'"{dump.sha256 or tag}"'.encode()
    asked = dict(scope["headers"])
    headers = [
        (b"content-type", TYPES.get(dump.path.suffix, _PLAIN).encode()),
        (b"content-disposition", f'attachment; filename="{_plain(dump.name)}"'.encode()),
        (b"accept-ranges", b"bytes"),
        (b"etag", mark),
        (b"last-modified", formatdate(dump.path.stat().st_mtime, usegmt=True).encode()),
        (b"cache-control", b"public, max-age=86400"),
    ]
    if mark in [one.strip() for one in asked.get(b"if-none-match", b"").split(b",")]:
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    wanted = asked.get(b"range") if asked.get(b"if-range", mark) == mark else None
    part = _part(wanted, dump.size)
    if part is None:
        await refuse(send, 416, "The file has no such part.\n")
        return
    first, last = part
    headers.append((b"content-length", str(last - first + 1).encode()))
    status = 200
    if (first, last) != (0, dump.size - 1):
        status = 206
        headers.append((b"content-range", f"bytes {first}-{last}/{dump.size}".encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if scope.get("belowtheline.head"):
        await send({"type": "http.response.body", "body": b""})
        return
    with await asyncio.to_thread(dump.path.open, "rb") as file:
        await _stream(file, first, last - first + 1, send)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)


def _part(asked: bytes | None, size: int) -> tuple[int, int] | None:
    """First and last byte of what is asked for; the whole where nothing is that is understood; None beyond the end."""
    found = _RANGE.fullmatch(asked or b"")
    if found is None or not (found[1] or found[2]) or not size:
        return 0, size - 1
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, size - 1) if length else None
    first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    return (first, last) if first <= last else None


async def _stream(file: BinaryIO, first: int, length: int, send: Send) -> None:
    """Ends, unfinished, where a reader takes nothing for a minute."""
    await asyncio.to_thread(file.seek, first)
    while length > 0:
        chunk = await asyncio.to_thread(file.read, min(CHUNK, length))
        if not chunk:
            raise OSError("a file of the release was cut while it was sent")
        length -= len(chunk)
        async with asyncio.timeout(SLOW_S):
            await send({"type": "http.response.body", "body": chunk, "more_body": length > 0})
    if not length and first == 0 and file.tell() == 0:
        await send({"type": "http.response.body", "body": b""})


def day(moment: str) -> str:
    """A day of a release, for people."""
    try:
        return datetime.fromisoformat(moment.replace("Z", "+00:00")).date().isoformat()
    except ValueError:
        return moment
