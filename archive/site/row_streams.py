"""Rows as CSV or JSON, written while they are read."""

import asyncio
import csv
import io
import json
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from archive.site import viewer
from archive.site.database import ArchiveDatabase, Connection, TookTooLong, find_archive, in_time
from archive.site.responses import LoadFile, Parse, View, base_of, file_headers, no_params, not_found, slow_page

BATCH = 500
_PLAIN_TYPES = frozenset({str, int, float, type(None)})

NamedRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be written: `batches` of them in order, `about` them for JSON. `limited`: more rows match than these."""

    columns: Sequence[str]
    batches: Iterable[Sequence[NamedRow]]
    about: Mapping[str, Any] = field(default_factory=dict)
    name: str = "rows"
    limited: bool = False


def write_csv(rows: Rows) -> Generator[str, None, None]:
    """Write RFC 4180, a batch at a time, texts exactly as they are; lists as JSON, bytes in hexadecimal."""
    yield _csv_lines([rows.columns])
    for batch in rows.batches:
        yield _csv_lines([row[column] for column in rows.columns] for row in batch)


def _csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(
        values if _PLAIN_TYPES.issuperset(map(type, values)) else map(_csv_cell, values) for values in rows
    )
    return out.getvalue()


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def write_json(rows: Rows) -> Generator[str, None, None]:
    """Write one object: what is said about the rows, the rows, and after the last of them how many they are."""
    about = json.dumps({**rows.about, "limited": rows.limited}, ensure_ascii=False)
    yield f"{about[:-1]}, {json.dumps(rows.name)}: [\n"
    count = 0
    for batch in rows.batches:
        lines = (json.dumps(dict(row), ensure_ascii=False, default=bytes.hex) for row in batch)
        yield (",\n" if count and batch else "") + ",\n".join(lines)
        count += len(batch)
    yield f'\n], "count": {count}}}\n'


FORMATS: dict[str, tuple[Callable[[Rows], Generator[str, None, None]], str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "json": (write_json, "application/json; charset=utf-8"),
}


class RowStream(Response):  # type: ignore[misc]  # Datasette has no types
    """A response whose text is read while it is sent, each step within the time limit of a page.

    Where a step takes too long it ends without the last chunk, which every client takes for a broken file: none ends
    as if it were whole."""

    def __init__(
        self, datasette: Datasette, request: Request, connection: Connection, texts: Generator[str, None, None]
    ) -> None:
        super().__init__()
        self.datasette, self.request, self.connection, self.texts = datasette, request, connection, texts
        self.lock = threading.Lock()  # a step may still run in its thread where the request was cancelled
        self.first = ""

    def step(self) -> str | None:
        with self.lock:
            return in_time(self.datasette, self.connection, lambda: next(self.texts, None))

    def close(self) -> None:
        """Close the rows before their connection: an open cursor would keep the snapshot, and so a lock on the file."""
        with self.lock:
            self.texts.close()
            self.connection.close()

    async def asgi_send(self, send: Callable[..., Any]) -> None:
        client_left = asyncio.ensure_future(_disconnect(self.request))
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        text: str | None = self.first
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while text is not None and self.request.method != "HEAD":
                body = text.encode("utf-8", "replace")
                await send({"type": "http.response.body", "body": body, "more_body": True})
                if client_left.done():
                    return
                text = await asyncio.to_thread(self.step)
            await send({"type": "http.response.body", "body": b""})
        except TookTooLong:
            return
        finally:
            client_left.cancel()
            self.connection.interrupt()
            await asyncio.to_thread(self.close)


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def stream_rows(
    datasette: Datasette,
    request: Request,
    db: ArchiveDatabase,
    load: Callable[[Connection], Rows | None],
    *,
    file_name: str,
    limit_ms: int | None = None,
) -> Response:
    """Send the rows that `load` finds as a file in the format of the request's address, all from one snapshot.

    `limit_ms` is how long `load` may take, where that is not the site's own limit.

    Pages do not wait for them: the connection is the response's own, and its threads are not Datasette's."""
    suffix = request.url_vars["format"]
    write, content_type = FORMATS[suffix]
    connection = db.open_snapshot()

    def start() -> RowStream | None:
        rows = load(connection)
        if rows is None:
            return None
        texts = write(rows)
        stream = RowStream(datasette, request, connection, texts)
        stream.first = next(texts)
        stream.headers = file_headers(f"{file_name}.{suffix}", content_type)
        if rows.limited:
            stream.headers["x-truncated"] = "true"
        return stream

    stream = None
    try:
        stream = await asyncio.to_thread(in_time, datasette, connection, start, limit_ms)
        return stream or await not_found(datasette, request)
    except TookTooLong:
        return await slow_page(datasette, request)
    finally:
        if stream is None:
            connection.close()


def rows_file(
    name: str,
    load: LoadFile[Rows],
    parse: Parse = no_params,
    limit: Callable[[Datasette], int | None] = lambda _: None,
) -> View:
    """Return the view of a file of rows, as CSV or JSON by the format in its address."""

    async def view(datasette: Datasette, request: Request) -> Response:
        db = find_archive(datasette)
        if db is None:
            return await not_found(datasette, request)
        query, visitor = parse(request), viewer.visitor_of(datasette, request, db)

        def rows(connection: Connection) -> Rows | None:
            return load(connection, query, visitor, base_of(datasette, request, connection))

        file_name = name.format(**request.url_vars)
        limit_ms = limit(datasette)
        return await stream_rows(datasette, request, db, rows, file_name=file_name, limit_ms=limit_ms)

    return view
