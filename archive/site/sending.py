"""Answers as long as what was asked for: rows that are written as they are read, on one snapshot, to the last of them.

An answer that cannot be finished is broken off, which every client sees: none ends as if it were whole. Rows are read
by threads of their own, so that pages do not wait for them, on a connection that is closed with the answer.
"""

import asyncio
import csv
import io
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import Request, Response

from archive.site.database import Connection, TookTooLong
from archive.site.responses import error_page, slow_page

BATCH = 500
WORKERS = 2
MOST_AT_ONCE = 12
LONGEST_S = 1800
_PLAIN = frozenset({str, int, float, type(None)})
KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """What is to be written: `batches` of rows in order, `about` them for JSON. `limited` says that more match."""

    columns: Sequence[str]
    batches: Iterable[Sequence[Record]]
    about: Mapping[str, Any] = field(default_factory=dict)
    name: str = "rows"
    limited: bool = False


Open = Callable[[Connection], Rows | None]
Written = Callable[[Rows], Iterator[str]]


def as_csv(rows: Rows, *, header: bool = True) -> Iterator[str]:
    """RFC 4180, a batch at a time, texts exactly as they are; lists as JSON, bytes in hexadecimal."""
    if header:
        yield _lines([rows.columns])
    for batch in rows.batches:
        yield _lines(_cells([row[column] for column in rows.columns]) for row in batch)


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _cells(values: list[Any]) -> list[Any]:
    return values if _PLAIN.issuperset(map(type, values)) else [_cell(value) for value in values]


def _cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def as_json(rows: Rows) -> Iterator[str]:
    """One object: what is said about the rows, the rows, and after the last of them how many they were."""
    about = json.dumps({**rows.about, "limited": rows.limited}, ensure_ascii=False)
    yield f"{about[:-1]}, {json.dumps(rows.name)}: [\n"
    count = 0
    for batch in rows.batches:
        yield (",\n" if count and batch else "") + ",\n".join(map(_object, batch))
        count += len(batch)
    yield f'\n], "count": {count}}}\n'


def as_array(rows: Rows) -> Iterator[str]:
    """The rows alone, as one JSON list."""
    yield "["
    first = True
    for batch in rows.batches:
        yield ("" if first or not batch else ",\n") + ",\n".join(map(_object, batch))
        first = first and not batch
    yield "]\n"


def as_lines(rows: Rows) -> Iterator[str]:
    """The rows alone, an object a line."""
    for batch in rows.batches:
        yield "".join(_object(row) + "\n" for row in batch)


def _object(row: Record) -> str:
    return json.dumps(dict(row), ensure_ascii=False, default=bytes.hex)


def batches(cursor: sqlite3.Cursor, size: int = BATCH) -> Iterator[list[Any]]:
    """The rows of a cursor, some at a time."""
    while found := cursor.fetchmany(size):
        yield found


class _Reader:
    """Opens, reads and closes in a worker's thread; one step at a time, each within the limit."""

    at_work = 0  # how many are, in this process
    _workers = ThreadPoolExecutor(WORKERS, "below-the-line-rows")

    def __init__(self, datasette: Datasette, db: Database, limit_ms: int) -> None:
        self.datasette, self.db, self.limit_ms = datasette, db, limit_ms
        self.connection: Connection | None = None
        self.texts: Iterator[str] = iter(())
        self.lock = threading.Lock()  # a step may still run where its client has left
        _Reader.at_work += 1

    def start(self, make: Open, written: Written) -> tuple[Rows, str] | None:
        """The rows, and the beginning of their text; None where there is nothing of the kind."""
        connection: Connection = self.db.connect()
        self.connection = connection
        self.datasette._prepare_connection(connection, self.db.name)
        connection.execute("begin")
        with self.lock, sqlite_timelimit(connection, self.limit_ms):
            rows: Rows | None = _in_time(make, connection)
            if rows is None:
                return None
            self.texts = written(rows)
            return rows, _in_time(next, self.texts, "")

    def step(self) -> str | None:
        with self.lock, sqlite_timelimit(self.connection, self.limit_ms):
            text: str | None = _in_time(next, self.texts, None)
            return text

    def finish(self) -> None:
        with self.lock:
            if self.connection is not None:
                self.connection.close()
                kept = getattr(self.db, "_all_file_connections", [])
                if self.connection in kept:
                    kept.remove(self.connection)

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._workers, work, *arguments)

    async def close(self) -> None:
        _Reader.at_work -= 1
        if self.connection is not None:
            self.connection.interrupt()
        await self.run(self.finish)


def _in_time(work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except sqlite3.OperationalError as error:
        if error.args == ("interrupted",):
            raise TookTooLong from error
        raise


class Sent:
    """An answer as Datasette sends one, whose text comes from a reader."""

    def __init__(self, request: Request, reader: _Reader, first: str, headers: Mapping[str, str]) -> None:
        self.request, self.reader, self.first = request, reader, first
        self.headers, self.status, self.body = dict(headers), 200, b""

    async def asgi_send(self, send: Callable[..., Any]) -> None:
        """Sends everything; returns without an end where it cannot, upon which the server closes the connection."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(self.request))
        try:
            await asyncio.wait({sending, leaving}, timeout=LONGEST_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self.reader.close()

    async def _send(self, send: Callable[..., Any]) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        text: str | None = self.first
        while text is not None and not _is_head(self.request):
            if text:
                body = text.encode("utf-8", "replace")
                await send({"type": "http.response.body", "body": body, "more_body": True})
            text = await self.reader.run(self.reader.step)
        await send({"type": "http.response.body", "body": b""})


def _is_head(request: Request) -> bool:
    return request.method == "HEAD" or bool(request.scope.get("belowtheline.head"))


async def _left(request: Request) -> None:
    """Returns once the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def send_rows(
    datasette: Datasette,
    request: Request,
    db: Database,
    make: Open,
    *,
    file_name: str,
    kind: str,
    written: Written | None = None,
    limit_ms: int | None = None,
) -> Sent | Response:
    """The rows that `make` opens, as a file; a page that says why where that is not possible."""
    if _Reader.at_work >= MOST_AT_ONCE:
        busy = await error_page(datasette, request, 503, "Many files are being written. Try again in a minute.")
        busy.headers["retry-after"] = "60"
        return busy
    reader = _Reader(datasette, db, limit_ms or datasette.sql_time_limit_ms)
    started = None
    try:
        found = await reader.run(reader.start, make, written or (as_json if kind == "json" else as_csv))
        if found is None:
            return await error_page(datasette, request, 404, "This archive holds no such page.")
        started = Sent(request, reader, found[1], headers(file_name, kind, limited=found[0].limited))
        return started
    except TookTooLong:
        return await slow_page(datasette, request)
    finally:
        if started is None:
            await reader.close()


def headers(file_name: str, kind: str, *, limited: bool) -> dict[str, str]:
    """Of a file: its type, a name that is safe everywhere, and that it is not all, where it is not."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", file_name)[:100].strip("._") or "rows"
    said = {
        "content-type": KINDS.get(kind, "application/x-ndjson; charset=utf-8"),
        "content-disposition": f'attachment; filename="{safe}.{kind}"',
    }
    return said | ({"x-truncated": "true"} if limited else {})
