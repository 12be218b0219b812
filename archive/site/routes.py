"""The routes: what is asked for, read in one go, put into a template."""

from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any

from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted
from datasette.utils.asgi import Request, Response
from datasette.views.index import IndexView

from archive.site import accounts, citations, file_routes, formatting, html, published, review_routes
from archive.site.database import Connection, TookTooLong, find_archive, known_archive, read
from archive.site.memory import remembered
from archive.site.params import parse_number, parse_removals, parse_search, parse_thread
from archive.site.responses import answer, error_page, slow_page
from archive.site.style import STYLE
from archive.site.viewer import Visitor
from archive.site.views import about, comment, flags, home, removals, search, statistics, thread

Load = Callable[[Connection, Visitor], dict[str, Any] | None]
More = Callable[[Database], Awaitable[dict[str, Any]]]


async def show_home(datasette: Datasette, request: Request) -> Response:
    if await find_archive(datasette) is None:
        return await IndexView(datasette).get(request)
    return await _page(datasette, request, "home.html", None, lambda connection, _: home.load(connection))


async def show_thread(datasette: Datasette, request: Request) -> Response:
    asked = parse_thread(request)
    return await _page(
        datasette, request, "thread.html", asked, lambda connection, visitor: thread.load(connection, asked, visitor)
    )


async def show_removals(datasette: Datasette, request: Request) -> Response:
    asked = parse_removals(request)
    return await _page(
        datasette,
        request,
        "removals.html",
        asked,
        lambda connection, visitor: removals.load(connection, asked, visitor),
    )


async def show_comment(datasette: Datasette, request: Request) -> Response:
    number = parse_number(request)
    return await _page(
        datasette,
        request,
        "comment.html",
        number,
        lambda connection, visitor: comment.load(connection, number, visitor),
    )


async def show_flags(datasette: Datasette, request: Request) -> Response:
    return await _page(datasette, request, "flags.html", None, flags.load)


async def show_agreement(datasette: Datasette, request: Request) -> Response:
    return await _page(
        datasette, request, "agreement.html", None, lambda connection, _: flags.load_agreement(connection)
    )


async def show_search(datasette: Datasette, request: Request) -> Response:
    asked = parse_search({name: request.args.get(name) for name in request.args})
    return await _page(
        datasette, request, "search.html", asked, lambda connection, visitor: search.load(connection, asked, visitor)
    )


async def show_about(datasette: Datasette, request: Request) -> Response:
    async def more(db: Database) -> dict[str, Any]:
        names = ("threads_by_completeness", "comments_stated")
        return about.describe_completeness(*[await statistics.load_values(datasette, db, name) for name in names])

    return await _page(datasette, request, "about.html", None, lambda connection, _: about.load(connection), more)


async def show_statistics(datasette: Datasette, request: Request) -> Response:
    return await _page(datasette, request, "statistics.html", None, lambda *_: {}, partial(statistics.load, datasette))


async def show_style() -> Response:
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(STYLE, headers=headers, content_type="text/css; charset=utf-8")


async def _page(
    datasette: Datasette, request: Request, template: str, asked: Hashable, load: Load, more: More | None = None
) -> Response:
    """A page of what `load` finds, and `more`, which takes its own time: 404 where that is nothing, 503 and what to do
    where it takes too long."""
    reviewer = accounts.reviewer(datasette, request.actor)
    try:
        found = await _found(datasette, (template, asked), load, reviewer)
        if found is not None and more is not None:
            found |= await more(await find_archive(datasette))
    except (TookTooLong, QueryInterrupted):
        return await slow_page(datasette, request)
    if found is None:
        return await error_page(datasette, request, 404, "This archive holds no such page.")
    found["base"] = published.base(datasette, request, found["release"])
    return await answer(datasette, request, template, found, reviewer)


async def _found(datasette: Datasette, key: Hashable, load: Load, reviewer: str | None) -> dict[str, Any] | None:
    db = await find_archive(datasette)
    if db is None:
        return None
    visitor = Visitor(str(datasette.urls.table(db.name, "comment_list")), reviewer, db.is_mutable)

    def work(connection: Connection) -> tuple[dict[str, Any] | None, int, dict[str, Any]]:
        page = remembered(connection, (key, visitor), lambda: load(connection, visitor))
        return (
            page,
            search.count_comments(connection),
            remembered(connection, "release", lambda: published.facts(connection)),
        )

    found, total, release = await read(datasette, db, work)
    if found is None:
        return None
    site = {"tables": str(datasette.urls.database(db.name)), "total": total, "judges": visitor.judges}
    return {**found, **site, "release": release, "reviews_here": accounts.reviews_here(datasette)}


ROUTES = [
    (r"/(?P<format>)$", show_home),
    *file_routes.ROUTES,
    (r"/thread/(?P<number>[^/]+)$", show_thread),
    (r"/comment/(?P<number>[^/]+)$", show_comment),
    (r"/flags$", show_flags),
    (r"/agreement$", show_agreement),
    (r"/removals$", show_removals),
    (r"/about$", show_about),
    (r"/statistics$", show_statistics),
    (r"/search$", show_search),
    (r"/-/below/style\.[0-9a-f]+\.css$", show_style),
    *review_routes.ROUTES,
]
FILTERS = {
    "number": formatting.number,
    "counted": formatting.count,
    "web_address": html.web_address,
    "moment": formatting.moment,
    "day": formatting.day,
    "citations": citations.format_styles,
}


def data_path(datasette: Datasette) -> str:
    """Where the archive's tables are; any other database's where no archive has been found."""
    others = [name for name in datasette.databases if name != "_internal"]
    return str(datasette.urls.database(known_archive(datasette) or (others[0] if others else "archive")))
