"""What the site says of an error: Datasette's own handler would print every local variable of each 404 to the log."""

import logging

from datasette.app import Datasette
from datasette.utils.asgi import Base400, Request, Response
from datasette.views.base import DatasetteError
from markupsafe import Markup

from archive.site.database import MAX_PATTERN
from archive.site.public import PublicSite
from archive.site.responses import NOT_FOUND, TIMEOUTS, error_page, slow_page
from archive.site.security import OWN_PATHS

logger = logging.getLogger(__name__)
# What Datasette says, in the words of the site.
DATASETTES_OWN = {
    "Database not found": NOT_FOUND,
    "Table not found": "This archive has no table, view or query of this name. The page “Data” lists them.",
    "Record not found": "This table has no record at this address: the number may be mistyped.",
}
REFUSED = "This query is not available here."
LONG_PATTERN = (
    f"This pattern is too long: {MAX_PATTERN} letters are the most. The search finds longer phrases in quotes."
)


async def handle_error(datasette: Datasette, request: Request, error: Exception) -> Response:
    """Return the page of an error. A public site says nothing of its insides."""
    if isinstance(error, TIMEOUTS) or isinstance(error.__context__, TIMEOUTS):
        return await slow_page(datasette, request)
    status, message, title = _describe(error)
    if isinstance(datasette, PublicSite):
        return await _public_error(datasette, request, status, LONG_PATTERN if _has_long_pattern(error) else REFUSED)
    if request.path.partition("?")[0].endswith(".json"):
        body = {"ok": False, "error": str(message), "status": status, "title": title}
        return Response.json({**getattr(error, "error_dict", {}), **body}, status=status)
    return await error_page(datasette, request, status, message, title=title)


def _has_long_pattern(error: Exception) -> bool:
    return "pattern too complex" in str(error.__context__ or error)


def _describe(error: Exception) -> tuple[int, str, str | None]:
    if _has_long_pattern(error):
        return 400, LONG_PATTERN, None
    if isinstance(error, DatasetteError):
        message = Markup(error.message) if error.message_is_html else str(error.message)  # noqa: S704  # Datasette's own
        return (400 if error.status == 500 else error.status), message, error.title
    if isinstance(error, Base400):
        text = str(error.args[0])
        return error.status, DATASETTES_OWN.get(text.partition(":")[0], text), None
    logger.error("An error of the site", exc_info=error)
    return 500, str(error), None


async def _public_error(datasette: PublicSite, request: Request, status: int, refusal: str) -> Response:
    if status == 404:
        return await error_page(datasette, request, 404, NOT_FOUND)
    # Datasette fails at parameters that are no numbers, or too large: that is who asks, and no fault of the site.
    if status < 500 or not OWN_PATHS.match(request.path):
        if request.path.endswith(".json"):
            return Response.json({"ok": False, "error": refusal, "status": 400, "title": None}, status=400)
        page = {"why": refusal, "dumps": bool(datasette.release.dumps)}
        return Response.html(await datasette.render_template("refused.html", page, request), status=400)
    return await error_page(datasette, request, 500, "Something went wrong here. It is not your fault.")
