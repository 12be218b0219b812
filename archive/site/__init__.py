"""The public site as a Datasette plugin: pages for threads, comments, flags and search beside Datasette's own tables.

Datasette imports this package while it is itself half imported: so nothing of Datasette is imported up here.
"""

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from pluggy import HookimplMarker

if TYPE_CHECKING:
    from collections.abc import Callable

    from datasette.app import Datasette
    from jinja2 import Environment

    from archive.site.safety import App

hookimpl = HookimplMarker("datasette")

_OWN_PAGE = re.compile(r"/(thread|comment)/[0-9]+\Z")


@hookimpl(tryfirst=True)
def register_routes() -> list[tuple[str, Any]]:
    from archive.site.pages import ROUTES

    return ROUTES


@hookimpl(trylast=True)
def asgi_wrapper(datasette: "Datasette") -> "Callable[[App], App]":
    from archive.site.accounts import configured
    from archive.site.safety import guard

    return partial(guard, signs_in_by_header=bool(configured(datasette).get("http_basic_auth")))


@hookimpl
def prepare_jinja2_environment(env: "Environment", datasette: "Datasette") -> None:
    from archive.site.pages import FILTERS, data_path
    from archive.site.style import SCRIPT_PATH, STYLE_PATH

    env.filters.update(FILTERS)
    env.globals.update(style_path=STYLE_PATH, script_path=SCRIPT_PATH, data_path=lambda: data_path(datasette))


@hookimpl
def permission_allowed(
    datasette: "Datasette", actor: dict[str, Any] | None, action: str, resource: tuple[str, str] | str | None
) -> bool | None:
    """Reviewers' names and notes are for reviewers: this closes their table to others.

    SQL reads it all the same wherever SQL is on, as it is in `btl serve`, which is for a newsroom. What strangers may
    ask with SQL should be a published copy, which has no reviews."""
    from archive.site.accounts import reviewer

    if action != "view-table" or not isinstance(resource, tuple) or resource[1] != "reviews":
        return None
    return None if reviewer(datasette, actor) else False


@hookimpl
def render_cell(value: Any, column: str) -> Markup | None:
    """Permanent links of the views lead to the site's own pages."""
    if column != "permalink" or not isinstance(value, str) or not _OWN_PAGE.match(value):
        return None
    return Markup('<a href="{}">{}</a>').format(value, value)
