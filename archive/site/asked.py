"""What an address asks for, as far as it can be understood."""

from datasette.utils.asgi import Request

from archive.site import thread_history
from archive.site.views.thread import VIEWS, Asked


def number_of(request: Request) -> int:
    """The number in the address; 0, which nothing has, where it is none that SQLite can hold."""
    text = request.url_vars["number"]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0


def page_of(text: str | None) -> int:
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 8 else 1


def thread_of(request: Request) -> Asked:
    """Which part of which thread."""
    view = request.args.get("view") or "order"
    at = request.args.get("at") or ""
    return Asked(
        number_of(request),
        view if view in VIEWS else "order",
        page_of(request.args.get("page")),
        at if thread_history.ASKED.fullmatch(at) else None,
    )
