"""The hooks of the Datasette plugin: routes, headers, closed tables, errors, links in cells.

Datasette imports this package while it is itself half imported: so nothing of Datasette is imported up here.
"""

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from pluggy import HookimplMarker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from sqlite3 import Connection

    from datasette.app import Datasette
    from datasette.utils.asgi import Request, Response
    from jinja2 import Environment

    from archive.site.security import App

hookimpl = HookimplMarker("datasette")

_NAMED_ROWS = {"commenter_id": "commenters", "thread_id": "threads", "article_id": "articles"}
_OWN_PAGE = re.compile(r"/(thread|comment)/[0-9]+\Z")


@hookimpl(tryfirst=True)
def register_routes() -> list[tuple[str, Any]]:
    from archive.site.routes import ROUTES

    return ROUTES


@hookimpl(trylast=True)
def asgi_wrapper(datasette: "Datasette") -> "Callable[[App], App]":
    from archive.site import public, security, viewer

    if isinstance(datasette, public.PublicSite):
        headers = public.extra_headers(datasette.release)
        return lambda app: security.guard(public.read_only(app), more=headers)
    guard = partial(security.guard, signs_in_by_header=bool(viewer.account_config(datasette).get("http_basic_auth")))
    return lambda app: guard(viewer.note_reviewer(app, datasette))


@hookimpl
def prepare_connection(conn: "Connection", database: str) -> None:
    """Close private tables to whatever statement reads them."""
    from archive.site.database import is_archive
    from archive.store.private_tables import forbid

    if database != "_internal" and is_archive(conn):
        forbid(conn)


@hookimpl
def startup(datasette: "Datasette") -> "Coroutine[Any, Any, None]":
    from archive.site.database import open_archives

    return open_archives(datasette)


@hookimpl(tryfirst=True)
def handle_exception(
    datasette: "Datasette", request: "Request", exception: Exception
) -> "Coroutine[Any, Any, Response]":
    from archive.site.errors import handle_error

    return handle_error(datasette, request, exception)


@hookimpl
def prepare_jinja2_environment(env: "Environment", datasette: "Datasette") -> None:
    from archive.site.database import data_path
    from archive.site.formatting import figure
    from archive.site.responses import static_file
    from archive.site.routes import FILTERS
    from archive.site.viewer import print_note

    env.filters.update(FILTERS)
    addresses = {"style_path": static_file("style.css")[1], "script_path": static_file("review.js")[1]}
    addresses |= {f"{name}_path": static_file(f"{name}.js")[1] for name in ("dossier", "tables")}
    of_site = {"data_path": partial(data_path, datasette), "print_note": partial(print_note, datasette)}
    env.globals.update(addresses, figure=figure, **of_site)


@hookimpl
def permission_allowed(
    datasette: "Datasette", actor: dict[str, Any] | None, action: str, resource: tuple[str, str] | str | None
) -> bool | None:
    """Close private tables to all, and the table of reviews to everybody but reviewers.

    Of SQL, and of views, ArchiveDatabase keeps their names and notes. A public copy has none in them."""
    from archive.site.public import PublicSite, is_hidden
    from archive.site.viewer import signed_in_reviewer
    from archive.store.private_tables import PRIVATE_TABLES

    if action != "view-table" or not isinstance(resource, tuple):
        return None
    table = resource[1].lower()
    if table in PRIVATE_TABLES:
        return False
    if isinstance(datasette, PublicSite):
        return False if is_hidden(table) else None
    if table != "reviews":
        return None
    return None if signed_in_reviewer(datasette, actor) else False


@hookimpl
def render_cell(value: Any, column: str, database: str, datasette: "Datasette") -> Markup | None:
    """Link permanent links of the views to the site's own pages; show the number of a row that has no name.

    Datasette would call it None."""
    if isinstance(value, dict) and value.get("label") is None and column in _NAMED_ROWS:
        address = datasette.urls.row(database, _NAMED_ROWS[column], str(value["value"]))
        return Markup('<a href="{}">{}</a>').format(address, value["value"])
    if column != "permalink" or not isinstance(value, str) or not _OWN_PAGE.match(value):
        return None
    return Markup('<a href="{}">{}</a>').format(value, value)
