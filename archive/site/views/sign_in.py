"""Sign in and out: the pages of Datasette and its plugin in the site's style, slowed down after failed attempts."""

import asyncio
import logging
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from datasette.views.special import LogoutView
from datasette_auth_passwords.utils import verify_password

from archive.site import sessions
from archive.site.database import find_archive
from archive.site.formatting import count
from archive.site.responses import PRIVATE, error_page
from archive.site.viewer import account_config, attempts_of, ended_sessions, has_reviewers
from archive.text.formatting import now

logger = logging.getLogger(__name__)


async def sign_in(datasette: Datasette, request: Request) -> Response:
    """The page of datasette-auth-passwords in the site's style; who has signed in there comes to the review.

    Failed attempts are logged, and after a few of them the next one has to wait: each also costs this process the time
    of a hash."""
    accounts = account_config(datasette)
    if not accounts:
        return await error_page(datasette, request, 404, "Nobody signs in at this site.")
    if request.method != "POST":
        return await _sign_in_page(datasette, request)
    form = await request.post_vars()
    name, password = form.get("username") or "", form.get("password") or ""
    client = (request.scope.get("client") or ("unknown",))[0]
    attempts = attempts_of(datasette)
    keys = (f"name {name[:64]}", f"address {client}")
    if wait := attempts.seconds_to_wait(*keys):
        logger.warning("Sign-in as %r from %s refused: %d seconds to wait", name[:64], client, wait)
        text = f"Too many attempts. Try again in {count(wait, 'second')}."
        return await _sign_in_page(datasette, request, text, 429, {"retry-after": str(wait)})
    stored = accounts.get(f"{name}_password_hash") if name else None
    failures = attempts.fail(*keys)  # counted before the hash is computed, so that attempts at the same time wait too
    if not stored or not await asyncio.to_thread(verify_password, password, stored.strip()):
        logger.warning("Sign-in as %r from %s failed, %d lately", name[:64], client, failures)
        return await _sign_in_page(datasette, request, "Invalid username or password")
    attempts.forget(*keys)
    logger.warning("%r signed in from %s", name, client)
    actor = (accounts.get("actors") or {}).get(name) or {"id": name}
    response = Response.redirect(datasette.urls.path("/review" if has_reviewers(datasette) else "/"))
    response.set_cookie(
        sessions.COOKIE,
        sessions.make_cookie(datasette, actor),
        max_age=sessions.HOURS * 3600,
        httponly=True,
        secure=request.scheme == "https",
    )
    return response


async def _sign_in_page(
    datasette: Datasette, request: Request, error: str | None = None, status: int = 200, headers: Any = None
) -> Response:
    html = await datasette.render_template("sign_in.html", {"error": error}, request=request)
    return Response.html(html, status=status, headers={"cache-control": PRIVATE, **(headers or {})})


async def sign_out(datasette: Datasette, request: Request) -> Response:
    """Datasette's own page, and the end of the session: whoever has a copy of its cookie is signed out too."""
    view = LogoutView(datasette)
    if request.method != "POST":
        response: Response = await view.get(request)
        return response
    session = (request.actor or {}).get("session")
    if session:
        setting = sessions.setting_of(session)
        ended_sessions(datasette).add(setting)
        db = find_archive(datasette)
        if db is not None and db.is_mutable:
            insert = "insert or ignore into settings (name, value) values (?, ?)"
            await db.execute_write(insert, [setting, now()])
    response = await view.post(request)
    response.headers["cache-control"] = PRIVATE
    return response
