"""Responses: pages from templates, files that are made at once, errors, static files."""

import re
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from datasette.app import Datasette
from datasette.database import QueryInterrupted
from datasette.utils.asgi import Request, Response
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from archive.site import viewer
from archive.site.database import ArchiveDatabase, Connection, TookTooLong, find_archive, read, remember
from archive.site.formatting import count, number, short, single_line, web_address
from archive.site.viewer import Visitor
from archive.text.formatting import now

T = TypeVar("T")
View = Callable[[Datasette, Request], Awaitable[Any]]
Parse = Callable[[Request], Hashable]
LoadPage = Callable[[Connection, Any, Visitor], dict[str, Any] | None]
LoadFile = Callable[[Connection, Any, Visitor, str], T | None]
LoadMore = Callable[[Datasette, ArchiveDatabase], Awaitable[dict[str, Any]]]

PRIVATE = "private, no-store"
MAX_CARD_TITLE, MAX_CARD_TEXT = 110, 200
NOT_FOUND = (
    "This archive has no page at this address: the number or name may be mistyped, or belong to another archive."
)
TOO_LONG = (
    "This took too long, so the answer was stopped. Search for a rarer word, or ask for fewer rows (_size=10) or "
    "columns (_col=id), and try again in a moment."
)
TIMEOUTS = (TookTooLong, QueryInterrupted)


def no_params(_: Request) -> None:
    return None


def page(
    template: str,
    load: LoadPage,
    parse: Parse = no_params,
    more: LoadMore | None = None,
    limit: Callable[[Datasette], int | None] = lambda _: None,
) -> View:
    """Return the view of a page: what `load` reads in one transaction, and `more`, which takes its own time.

    `limit` is the time that it may take, in ms, where that is not the site's own. 404 where `load` returns None, 503
    and what to do where it takes too long."""

    async def view(datasette: Datasette, request: Request) -> Response:
        db = find_archive(datasette)
        if db is None:
            return await not_found(datasette, request)
        query, visitor = parse(request), viewer.visitor_of(datasette, request, db)

        def work(connection: Connection) -> tuple[dict[str, Any] | None, dict[str, Any]]:
            content = remember(connection, (template, query, visitor), lambda: load(connection, query, visitor))
            return content, viewer.site_facts(connection)

        try:
            content, facts = await read(datasette, db, work, limit(datasette))
            added = await more(datasette, db) if more is not None and content is not None else {}
        except TIMEOUTS:
            return await slow_page(datasette, request)
        if content is None:
            return await not_found(datasette, request)
        context = content | added | facts | _site_context(datasette, request, db, visitor, facts["release"])
        return await html_response(datasette, request, template, context, visitor.reviewer)

    return view


def _site_context(
    datasette: Datasette, request: Request, db: ArchiveDatabase, visitor: Visitor, release: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what every page's template needs of the site and its visitor."""
    base = viewer.base_address(datasette, request, release)
    return {
        "tables": str(datasette.urls.database(db.name)),
        "judges": visitor.judges,
        "notice": datasette.metadata("notice"),
        "reviews_here": viewer.has_reviewers(datasette),
        "base": base,
        # For prints. A copy does not change and says which it is: of the newsroom's archive only the time says it.
        "address": base + request.full_path,
        "loaded_at": None if release.get("number") else now(),
    }


def text_file(content_type: str, load: LoadFile[str | bytes], parse: Parse = no_params, name: str = "") -> View:
    """Return the view of a file that is made at once; a download where it has a name."""

    async def view(datasette: Datasette, request: Request) -> Response:
        db = find_archive(datasette)
        if db is None:
            return await not_found(datasette, request)
        query, visitor = parse(request), viewer.visitor_of(datasette, request, db)

        def work(connection: Connection) -> str | bytes | None:
            return load(connection, query, visitor, base_of(datasette, request, connection))

        try:
            text = await read(datasette, db, work)
        except TIMEOUTS:
            return await slow_page(datasette, request)
        if text is None:
            return await not_found(datasette, request)
        headers = file_headers(name.format(**request.url_vars), content_type) if name else {}
        return Response(text, headers=headers, content_type=f"{content_type}; charset=utf-8")

    return view


def base_of(datasette: Datasette, request: Request, connection: Connection) -> str:
    """Return what the permanent links in a file begin with."""
    return viewer.base_address(datasette, request, viewer.release_facts(connection))


@cache
def _macros(template: str) -> Any:
    env = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
    env.filters |= {"number": number, "counted": count, "short": short, "web_address": web_address}
    return env.get_template(template).module


def render_macro(template: str, macro: str, *arguments: Any) -> Markup:
    """Render a part of a page where it is loaded: in a thread, not in the event loop, and once while it is remembered.

    Datasette renders templates asynchronously, which makes every loop and macro take twice as long.
    """
    html: Markup = getattr(_macros(template), macro)(*arguments)
    return html


@dataclass(frozen=True, slots=True)
class Card:
    """What other sites show of a page that is shared: titles and numbers, never what readers wrote or are called."""

    title: str
    description: str
    path: str
    kind: str = "article"


def make_card(title: str, parts: list[str | None], path: str, kind: str = "article") -> Card:
    """`parts` of the description are joined by dots, without those that are empty."""
    text = " · ".join(line for part in parts if part and (line := single_line(part, MAX_CARD_TEXT)))
    return Card(single_line(title, MAX_CARD_TITLE), single_line(text, MAX_CARD_TEXT), path, kind)


async def html_response(
    datasette: Datasette,
    request: Request,
    template: str,
    page: Mapping[str, Any],
    reviewer: str | None = None,
    status: int = 200,
) -> Response:
    html = await datasette.render_template(template, {**page, "reviewer": reviewer}, request)
    return Response.html(html, status=status, headers={"cache-control": PRIVATE} if reviewer else {})


async def error_page(
    datasette: Datasette, request: Request, status: int, error: str, back: str | None = None, title: str | None = None
) -> Response:
    page = {"status": status, "error": error, "back": back, "title": title}
    html = await datasette.render_template("error.html", page, request)
    return Response.html(html, status=status, headers={"cache-control": PRIVATE} if request.actor else {})


async def not_found(datasette: Datasette, request: Request) -> Response:
    return await error_page(datasette, request, 404, NOT_FOUND)


async def slow_page(datasette: Datasette, request: Request) -> Response:
    """Say that reading was stopped, and what to ask for instead; to programs in the format that they asked for."""
    headers, path = {"retry-after": "5"}, request.path.partition("?")[0]
    if path.endswith(".json"):
        error = {"ok": False, "error": TOO_LONG, "status": 503, "title": "This took too long"}
        return Response.json(error, status=503, headers=headers)
    if path.endswith(".csv"):
        return Response.text(f"{TOO_LONG}\n", status=503, headers=headers)
    html = await datasette.render_template("slow.html", {}, request)
    return Response.html(html, status=503, headers=headers)


@cache
def static_file(name: str) -> tuple[str, str]:
    """Return a static file's text and its address, which changes with the text: browsers may keep it for ever."""
    text = (files(__package__) / "static" / name).read_text("utf-8")
    stem, _, suffix = name.partition(".")
    return text, f"/-/below/{stem}.{sha256(text.encode()).hexdigest()[:12]}.{suffix}"


def static(name: str, content_type: str) -> Callable[[], Awaitable[Response]]:
    """Return the view of a static file."""
    headers = {"cache-control": "public, max-age=31536000, immutable"}

    async def view() -> Response:
        return Response(static_file(name)[0], headers=headers, content_type=f"{content_type}; charset=utf-8")

    return view


def file_headers(name: str, content_type: str) -> dict[str, str]:
    """Return the headers of a download: its type, and a name that is safe in a header and in every file system."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-100:].strip("._") or "rows"
    return {"content-type": content_type, "content-disposition": f'attachment; filename="{safe}"'}
