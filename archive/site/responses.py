"""How a page is answered: what was found put into a template, and headers that say who may keep it."""

from collections.abc import Mapping
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

PRIVATE = "private, no-store"


async def answer(
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
    datasette: Datasette, request: Request, status: int, why: str, back: str | None = None
) -> Response:
    page = {"status": status, "error": why, "back": back}
    html = await datasette.render_template("error.html", page, request)
    return Response.html(html, status=status, headers={"cache-control": PRIVATE} if request.actor else {})


async def slow_page(datasette: Datasette, request: Request) -> Response:
    html = await datasette.render_template("slow.html", {}, request)
    return Response.html(html, status=503, headers={"retry-after": "5"})
