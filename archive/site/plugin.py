"""The public site as a Datasette plugin: pages for threads, comments, flags and search beside Datasette's own tables.

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

    from archive.site.safety import App

hookimpl = HookimplMarker("datasette")

_OWN_PAGE = re.compile(r"/(thread|comment)/[0-9]+\Z")


@hookimpl(tryfirst=True)
def register_routes() -> list[tuple[str, Any]]:
    from archive.site.public import show_dumps
    from archive.site.routes import ROUTES

    return [*ROUTES, (r"/dumps$", show_dumps)]


@hookimpl(specname="register_routes", trylast=True)
def register_table_routes() -> list[tuple[str, Any]]:
    """After everybody's routes: these take what looks like a database."""
    from archive.site.tables import ROUTES

    return ROUTES


@hookimpl(trylast=True)
def asgi_wrapper(datasette: "Datasette") -> "Callable[[App], App]":
    from archive.site.accounts import configured
    from archive.site.safety import guard

    return partial(guard, signs_in_by_header=bool(configured(datasette).get("http_basic_auth")))


@hookimpl
def prepare_connection(conn: "Connection", database: str) -> None:
    """Private tables are nobody's to read, whatever asks."""
    from archive.site.guarded import is_archive
    from archive.store.private_tables import forbid

    if database != "_internal" and is_archive(conn):
        forbid(conn)


@hookimpl
def startup(datasette: "Datasette") -> "Coroutine[Any, Any, None]":
    from archive.site.guarded import guard_all
    from archive.site.public import PublicSite, start

    return start(datasette) if isinstance(datasette, PublicSite) else guard_all(datasette)


@hookimpl
def register_facet_classes() -> list[type]:
    from archive.site.counted import Counted

    return [Counted]


@hookimpl(tryfirst=True)
def handle_exception(
    datasette: "Datasette", request: "Request", exception: Exception
) -> "Coroutine[Any, Any, Response | None]":
    from archive.site.public import excuse

    return excuse(datasette, request, exception)


@hookimpl
def prepare_jinja2_environment(env: "Environment", datasette: "Datasette") -> None:
    from archive.site.routes import FILTERS, data_path
    from archive.site.style import SCRIPT_PATH, STYLE_PATH

    env.filters.update(FILTERS)
    env.globals.update(style_path=STYLE_PATH, script_path=SCRIPT_PATH, data_path=lambda: data_path(datasette))


@hookimpl
def permission_allowed(
    datasette: "Datasette", actor: dict[str, Any] | None, action: str, resource: tuple[str, str] | str | None
) -> bool | None:
    """Private tables are closed to all. Reviewers' names and notes are for reviewers: their table is closed to others.

    SQL reads reviews all the same wherever SQL is on, as it is in `btl serve`, which is for a newsroom. A public copy
    has no names in them."""
    from archive.site.accounts import reviewer
    from archive.site.public import PublicSite
    from archive.store.private_tables import PRIVATE_TABLES

    if action != "view-table" or not isinstance(resource, tuple):
        return None
    if resource[1].lower() in PRIVATE_TABLES:
        return False
    if resource[1] != "reviews" or isinstance(datasette, PublicSite):
        return None
    return None if reviewer(datasette, actor) else False


@hookimpl
def render_cell(value: Any, column: str) -> Markup | None:
    """Permanent links of the views lead to the site's own pages."""
    if column != "permalink" or not isinstance(value, str) or not _OWN_PAGE.match(value):
        return None
    return Markup('<a href="{}">{}</a>').format(value, value)
