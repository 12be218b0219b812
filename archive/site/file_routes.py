"""The routes of files: pages as CSV, JSON and BibTeX, feeds and the sitemap."""

from collections.abc import Callable, Mapping
from typing import Any

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted
from datasette.utils.asgi import Request, Response

from archive.site import accounts, citations, feeds, published
from archive.site.database import Connection, TookTooLong, find_archive, read
from archive.site.params import parse_number, parse_removals, parse_search, parse_thread
from archive.site.responses import error_page, slow_page
from archive.site.sending import Rows, send_rows
from archive.site.viewer import Visitor
from archive.site.views import comment, downloads, search, statistics, thread
from archive.store.statistics import COLUMNS

Load = Callable[[Connection, Visitor, str], Rows | None]
NOWHERE = "This archive holds no such page."


async def thread_file(datasette: Datasette, request: Request) -> Response:
    asked = parse_thread(request)
    return await _rows(
        datasette,
        request,
        f"thread-{asked.thread}",
        lambda connection, visitor, base: downloads.thread_rows(connection, asked, visitor, base),
    )


async def comment_file(datasette: Datasette, request: Request) -> Response:
    number = parse_number(request)
    page = await _read(
        datasette,
        request,
        lambda connection, visitor, base: downloads.comment_page(connection, number, visitor, base),
    )
    if not isinstance(page, Mapping):
        return page
    headers = {"content-disposition": f'attachment; filename="comment-{number}.json"'}
    return Response.json(dict(page), headers=headers)


async def citation_file(datasette: Datasette, request: Request) -> Response:
    """A citation for BibTeX."""
    number, kind = parse_number(request), request.url_vars["kind"]

    def cite(connection: Connection, visitor: Visitor, base: str) -> str | None:
        is_thread = kind == "thread"
        found = (
            thread.load_citation(connection, number)
            if is_thread
            else comment.load_citation(connection, number, visitor)
        )
        return citations.bibtex(found, base) if found else None

    text = await _read(datasette, request, cite)
    if not isinstance(text, str):
        return text
    headers = {"content-disposition": f'attachment; filename="{kind}-{number}.bib"'}
    return Response(text, headers=headers, content_type="text/x-bibtex; charset=utf-8")


async def search_file(datasette: Datasette, request: Request) -> Response:
    asked = parse_search({name: request.args.get(name) for name in request.args})
    found = await _read(datasette, request, lambda connection, *_: search.load_ids(connection, asked))
    if not isinstance(found, tuple):
        return found
    ids, about = found
    return await _rows(
        datasette,
        request,
        "search",
        lambda connection, visitor, base: downloads.search_rows(connection, ids, visitor, base, about),
    )


async def removals_file(datasette: Datasette, request: Request) -> Response:
    asked = parse_removals(request)
    return await _rows(
        datasette,
        request,
        "removals",
        lambda connection, visitor, base: downloads.removal_rows(connection, asked, visitor, base),
    )


async def flags_file(datasette: Datasette, request: Request) -> Response:
    return await _rows(datasette, request, "flags", lambda connection, *_: downloads.code_rows(connection))


async def statistic_file(datasette: Datasette, request: Request) -> Response:
    name, db = request.url_vars["name"], await find_archive(datasette)
    columns = COLUMNS.get(name)
    if db is None or columns is None:
        return await error_page(datasette, request, 404, NOWHERE)
    found = await statistics.load_values(datasette, db, name)
    if found is None:
        return await slow_page(datasette, request)
    return await _rows(datasette, request, name, lambda *_: downloads.statistic_rows(found, columns, name))


async def _rows(datasette: Datasette, request: Request, name: str, load: Load) -> Response:
    db = await find_archive(datasette)
    if db is None:
        return await error_page(datasette, request, 404, NOWHERE)
    visitor = _visitor(datasette, request, db)

    def make(connection: Connection) -> Rows | None:
        return load(connection, visitor, _base(datasette, request, connection))

    return await send_rows(datasette, request, db, make, file_name=name, kind=request.url_vars["format"])


async def _read(datasette: Datasette, request: Request, load: Callable[[Connection, Visitor, str], Any]) -> Any:
    """What `load` finds, or a page that says why there is nothing."""
    db = await find_archive(datasette)
    if db is None:
        return await error_page(datasette, request, 404, NOWHERE)
    visitor = _visitor(datasette, request, db)
    try:
        found = await read(datasette, db, lambda one: load(one, visitor, _base(datasette, request, one)))
    except (TookTooLong, QueryInterrupted):
        return await slow_page(datasette, request)
    return await error_page(datasette, request, 404, NOWHERE) if found is None else found


def _visitor(datasette: Datasette, request: Request, db: Database) -> Visitor:
    reviewer = accounts.reviewer(datasette, request.actor)
    return Visitor(str(datasette.urls.table(db.name, "comment_list")), reviewer, db.is_mutable)


def _base(datasette: Datasette, request: Request, connection: Connection) -> str:
    return published.base(datasette, request, published.facts(connection))


async def feed(datasette: Datasette, request: Request) -> Response:
    make = feeds.FEEDS[request.url_vars["name"]]
    return await _xml(datasette, request, "application/atom+xml", make)


async def sitemap(datasette: Datasette, request: Request) -> Response:
    return await _xml(datasette, request, "application/xml", feeds.sitemap)


async def sitemap_part(datasette: Datasette, request: Request) -> Response:
    number = parse_number(request)
    return await _xml(datasette, request, "application/xml", lambda one, base: feeds.part(one, base, number))


async def _xml(
    datasette: Datasette, request: Request, kind: str, make: Callable[[Connection, str], bytes | None]
) -> Response:
    found = await _read(datasette, request, lambda connection, _, base: make(connection, base))
    if not isinstance(found, bytes):
        return found
    return Response(found, content_type=f"{kind}; charset=utf-8")


_FORMAT = r"\.(?P<format>csv|json)$"
ROUTES: list[tuple[str, Callable[..., Any]]] = [
    (rf"/thread/(?P<number>[0-9]+){_FORMAT}", thread_file),
    (r"/comment/(?P<number>[0-9]+)\.json$", comment_file),
    (r"/(?P<kind>comment|thread)/(?P<number>[0-9]+)\.bib$", citation_file),
    (rf"/search{_FORMAT}", search_file),
    (rf"/removals{_FORMAT}", removals_file),
    (rf"/flags{_FORMAT}", flags_file),
    (rf"/statistics/(?P<name>[a-z_]+){_FORMAT}", statistic_file),
    (r"/feeds/(?P<name>threads|removals)\.atom$", feed),
    (r"/sitemap\.xml$", sitemap),
    (r"/sitemap-(?P<number>[0-9]+)\.xml$", sitemap_part),
]
