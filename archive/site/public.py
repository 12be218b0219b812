"""A public copy for everybody: what is open, what is asked of its tables, and all that stands around Datasette."""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asgi_gzip
from datasette.app import Datasette
from datasette.database import QueryInterrupted
from datasette.filters import Filters
from datasette.utils import escape_sqlite
from datasette.utils.asgi import Request, Response

from archive.publish import manifest
from archive.publish.manifest import NAME, Release
from archive.site import dumps, safety, served
from archive.site.accounts import Site
from archive.site.caching import cached
from archive.site.guarded import Copy
from archive.site.limiting import RATE, Room, limited, roomy
from archive.site.responses import error_page, slow_page
from archive.site.safety import App, Message, Receive, Send
from archive.site.sound import sound

SETTINGS = {
    "default_allow_sql": False,
    "allow_download": False,
    "allow_facet": False,
    "suggest_facets": False,
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 500,
    "max_returned_rows": 1000,
    "default_page_size": 50,
    "truncate_cells_html": 400,
    "max_csv_mb": 0,
    "num_sql_threads": 6,
    "cache_size_kb": 32768,
}
MOST_PAGE_ROWS, MOST_FILE_ROWS = 1_000, 100_000
ENVIRONMENT = "BELOWTHELINE_PUBLIC"

_DATA = re.compile(r"/archive(?:\.(?P<whole>\w+))?\Z|/archive/(?P<table>\w+)(?:\.(?P<form>\w+))?\Z", re.ASCII)
_ROW = re.compile(r"/archive/(?P<table>\w+)/(?P<key>[\w~,+-]{1,200})(?:\.(?P<form>\w+))?\Z", re.ASCII)
_HIDDEN = re.compile(r"sqlite_|_sqlite_|.*_fts(_|\Z)")
_PARAMETER = re.compile(r":([a-z]\w*)")


class PublicSite(Site):
    """Datasette over one release. Its addresses are the release's, whatever name a reader asked by."""

    release: Release | None = None
    tables: Mapping[str, served.Table] = {}
    _knows_schemas = False

    async def refresh_schemas(self) -> None:
        """Once: the file does not change."""
        if not self._knows_schemas:
            await super().refresh_schemas()
            self._knows_schemas = True

    def absolute_url(self, request: Request, path: str) -> str:  # noqa: ARG002
        return (self.release.url if self.release else "") + str(path)


def public_site(path: str | Path, metadata: dict[str, Any]) -> PublicSite:
    """Datasette over a public copy. Raises FileNotFoundError, and release.NotPublic."""
    found = manifest.read(path)
    metadata["databases"][NAME]["allow_sql"] = False
    site = PublicSite(settings=SETTINGS, metadata=metadata, inspect_data=found.inspected)
    site.remove_database("_memory")
    copy = Copy(site, str(found.path))
    site.add_database(copy, name=NAME)
    site.release = found
    copy.is_open = lambda name: not _HIDDEN.match(name)
    return site


async def start(site: PublicSite) -> None:
    """Reads what the copy's tables are and what its indexes find; then Datasette may answer."""
    copy: Copy = site.databases[NAME]
    counts = await copy.table_counts()
    described = site._metadata_local["databases"][NAME]
    arrays = {
        name: {one["array"] for one in table.get("facets", []) if isinstance(one, dict) and "array" in one}
        for name, table in described.get("tables", {}).items()
    }
    tables = await copy.execute_fn(lambda connection: served.tables(connection, counts, arrays))
    site.tables = {table.name: table for table in tables}
    copy.is_served = lambda table, column: table in site.tables and column in site.tables[table].served
    copy.never_null = frozenset((table.name, column) for table in tables for column in table.never_null)
    copy.sorting = {(table.name, column): index for table in tables for column, index in table.sorting.items()}
    for table in tables:
        _describe(described.setdefault("tables", {}).setdefault(table.name, {}), table)


def _describe(said: dict[str, Any], table: served.Table) -> None:
    """Facets are those that are kept, and rows are sorted by what an index sorts."""
    facets = said.pop("facets", [])
    said["counted_facets"] = [one for one in facets if isinstance(one, dict) or one in table.served]
    said["sortable_columns"] = sorted(table.ordered)
    for way in ("sort", "sort_desc"):
        if said.get(way) not in table.ordered:
            said.pop(way, None)


def application(site: PublicSite, rate: int = RATE) -> App:
    """Everything that stands between the world and a public copy, the outermost last."""
    found = site.release
    assert found is not None
    rooms = {"any": Room(48, 1000, 30), "search": Room(2, 400, 30), "table": Room(4, 400, 30), "file": Room(6, 200, 30)}
    datasette = site.app()
    answer = gate(site, datasette)
    answer = roomy(answer, rooms, kind)
    answer = asgi_gzip.GZipMiddleware(answer, minimum_size=500, compresslevel=5)
    answer = cached(answer, found.tag)
    answer = dumps.offered(answer, found.dumps, found.tag)
    answer = limited(answer, rate)
    answer = sound(answer, found, datasette)
    return safety.guard(answer, more=headers(found))


def headers(found: Release) -> dict[str, str]:
    """What every answer says beside what the newsroom's site says."""
    more = {"permissions-policy": "camera=(), geolocation=(), microphone=()"}
    if found.url.startswith("https://"):
        more["strict-transport-security"] = "max-age=31536000"
    return more if found.is_indexed else {**more, "x-robots-tag": "noindex, nofollow"}


def kind(scope: Message) -> str | None:
    """Which room an answer needs: files are long, searches and tables keep SQLite busy."""
    path, query = scope["path"], scope["query_string"]
    is_file = path.endswith((".csv", ".json")) and not path.startswith("/archive")
    if is_file or path.endswith(".csv") or (b"_stream" in query and path.endswith(".json")):
        return "file"
    return "search" if path.startswith("/search") else "table" if path.startswith("/archive/") else None


def gate(site: PublicSite, app: App) -> App:
    """Lets through what a page of a table can be asked, and answers the rest itself."""
    starting = asyncio.Lock()

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if not site._startup_invoked:  # no server has said that it starts: a test asks
            async with starting:
                await site.invoke_startup()
        plain = {**scope, "headers": [one for one in scope["headers"] if one[0] == b"host"], "csrftoken": str}
        try:
            change = await _let_through(site, plain)
        except served.Elsewhere as other:
            await Response.redirect(other.address, other.status).asgi_send(send)
        except served.Refused as why:
            await (await _refused(site, Request(plain, receive), str(why))).asgi_send(send)
        except QueryInterrupted:
            await (await slow_page(site, Request(plain, receive))).asgi_send(send)
        except LookupError:
            page = await error_page(site, Request(plain, receive), 404, "This archive holds no such page.")
            await page.asgi_send(send)
        else:
            await app({**plain, **change}, receive, send)

    return answer


async def _let_through(site: PublicSite, scope: Message) -> dict[str, Any]:
    """What changes of a request that Datasette answers. Raises LookupError, and served's."""
    path, query = scope["path"], scope["query_string"].decode("ascii")
    if not (path + "/").startswith("/archive/") and not path.startswith("/archive."):
        if "~" in path:  # which Datasette reads as letters, such as those of "archive"
            raise LookupError(path)
        return {}
    row = _ROW.match(path)
    if row:
        return _row(site, row["table"], row["key"], row["form"], query)
    data = _DATA.match(path)
    if data is None or data["form"] not in (None, "json", "csv") or data["whole"] not in (None, "json"):
        raise LookupError(path)
    if data["table"] is None:
        return {"query_string": b""}
    return {"query_string": (await _table(site, data["table"], data["form"], query)).encode()}


async def _table(site: PublicSite, name: str, form: str | None, query: str) -> str:
    """What is asked of a table, or of a query of the metadata, as page, JSON or CSV."""
    if name == "comment_list":
        address = "/archive/comments" + (f".{form}" if form else "") + (f"?{query}" if query else "")
        raise served.Elsewhere(address, 301)
    if await site.get_canned_query(NAME, name, None):
        return await _canned(site, name, query)
    asked = served.asked(site.tables[name], query, form, MOST_PAGE_ROWS)
    if form == "csv" or (form == "json" and any(field == "_stream" for field, _ in asked.pairs)):
        await _fits(site, site.tables[name], asked)
    return asked.query


async def _fits(site: PublicSite, table: served.Table, asked: served.Asked) -> None:
    """Raises Refused where all rows that are asked for are more than the site gives at once."""
    where, values = Filters(sorted(asked.filters)).build_where_clauses(table.name)
    rows = f"{escape_sqlite(table.name)}{' where ' * bool(where)}{' and '.join(where)}"
    counting = f"select count(*) from (select 1 from {rows} limit {MOST_FILE_ROWS + 1})"  # noqa: S608
    found = table.rows if not where else (await site.databases[NAME].execute(counting, values)).single_value()
    if found > MOST_FILE_ROWS:
        raise served.Refused(f"This is more than {MOST_FILE_ROWS:,} rows. The dumps hold every row of every table.")


def _row(site: PublicSite, name: str, key: str, form: str | None, query: str) -> dict[str, Any]:
    """A row's page, as page or JSON."""
    table = site.tables[name]
    shapes = [(field, value) for field, value in served.parse(query) if field == "_shape" and value in served.SHAPES]
    if form not in (None, "json") or len(key.split(",")) != (len(table.key) or 1):
        raise LookupError(name)
    return {"query_string": served.Asked(shapes).query.encode()}


async def _canned(site: PublicSite, name: str, query: str) -> str:
    """A query of the metadata: it takes its own parameters and no others."""
    canned = await site.get_canned_query(NAME, name, None)
    known = set(_PARAMETER.findall(canned["sql"])) | {"_shape", "_nl", "_dl", "_header", "_show_sql", "_stream"}
    pairs = served.without(served.parse(query), ("_size", "_labels"))  # of links that Datasette makes
    if any(field not in known for field, _ in pairs):
        raise served.Refused("This query is asked by its own fields only.")
    return served.Asked(pairs).query


async def _refused(site: PublicSite, request: Request, why: str) -> Response:
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "error": why, "status": 400, "title": None}, status=400)
    page = {"why": why, "dumps": bool(site.release and site.release.dumps)}
    return Response.html(await site.render_template("refused.html", page, request), status=400)


async def excuse(datasette: Datasette, request: Request, exception: Exception) -> Response | None:
    """What a public site says of an error: nothing of its insides. None where it is none of ours to say."""
    if not isinstance(datasette, PublicSite):
        return None
    status = getattr(exception, "status", 500)
    cause = exception.__context__
    if isinstance(exception, QueryInterrupted) or isinstance(cause, QueryInterrupted):
        return await slow_page(datasette, request)
    if status == 404:
        return await error_page(datasette, request, 404, "This archive holds no such page.")
    if status < 500:
        return await _refused(datasette, request, "That cannot be asked here.")
    return await error_page(datasette, request, 500, "Something went wrong here, and it is not what you did.")


async def show_dumps(datasette: Datasette, request: Request) -> Response:
    found = datasette.release if isinstance(datasette, PublicSite) else None
    if found is None or not found.dumps:
        return await error_page(datasette, request, 404, "This archive holds no such page.")
    page = {
        "release": found,
        "files": [dump for dump in found.dumps.values() if not dump.name.startswith(manifest.CHAIN)],
        "earlier": [dump for dump in found.dumps.values() if dump.name.startswith(manifest.CHAIN)],
        "day": dumps.day(found.values.get("published_at", "")),
    }
    return Response.html(await datasette.render_template("dumps.html", page, request))


def options() -> dict[str, Any]:
    """What `btl serve --public` told the process that it started."""
    found: dict[str, Any] = json.loads(os.environ[ENVIRONMENT])
    return found
