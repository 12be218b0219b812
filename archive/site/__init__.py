"""The Datasette plugin: the pages on which an archive is searched and read.

Datasette finds templates beside the module that an entry point names, so the hooks are named here.
"""

from archive.site.plugin import (
    asgi_wrapper,
    handle_exception,
    permission_allowed,
    prepare_connection,
    prepare_jinja2_environment,
    register_routes,
    render_cell,
    startup,
)

__all__ = [
    "asgi_wrapper",
    "handle_exception",
    "permission_allowed",
    "prepare_connection",
    "prepare_jinja2_environment",
    "register_routes",
    "render_cell",
    "startup",
]
