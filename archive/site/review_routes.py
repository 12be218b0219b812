"""The routes by which reviewers sign in, judge flags and add them. Who is not signed in gets nothing here."""

import secrets
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from datasette.app import Datasette
from datasette.database import Database
from datasette.utils.asgi import Request, Response

from archive.review import verdicts
from archive.site import accounts, queries
from archive.site.database import TookTooLong, fetch_row, fetch_value, find_archive, read
from archive.site.responses import PRIVATE, answer, error_page, slow_page
from archive.site.style import SCRIPT
from archive.site.viewer import Visitor
from archive.site.views import review
from archive.site.views.review import EMPTY_FORM, ReviewForm, ReviewParams

LONGEST_FORM = 100_000
READ_ONLY = "This copy of the archive is served as one that never changes, so nothing can be reviewed in it."


async def show_review(datasette: Datasette, request: Request) -> Response:
    """The next flag to judge, and what becomes of the form that says how."""
    if not accounts.reviews_here(datasette):
        return await error_page(datasette, request, 404, "Nobody reviews flags at this site.")
    is_form = request.method == "POST"
    reviewer = accounts.reviewer(datasette, request.actor)
    db = await find_archive(datasette)
    if reviewer is None:
        if is_form:
            return await error_page(datasette, request, 403, "Only reviewers who are signed in judge flags.")
        return Response.redirect(datasette.urls.path("/-/login"))
    if db is None or not db.is_mutable:
        return await error_page(datasette, request, 409, READ_ONLY)
    if not is_form:
        arguments = {name: request.args.get(name) or "" for name in request.args}
        return await _review_page(datasette, request, db, reviewer, review.parse_review(arguments))
    form = await _form(request)
    if form is None:
        return await error_page(datasette, request, 403, "This form does not come from this site, or is too old.")
    if "comment" in form:
        return await _add(datasette, request, db, reviewer, form)
    return await _judge(datasette, request, db, reviewer, form)


async def _review_page(
    datasette: Datasette,
    request: Request,
    db: Database,
    reviewer: str,
    wanted: ReviewParams,
    typed: ReviewForm = EMPTY_FORM,
) -> Response:
    visitor = Visitor(str(datasette.urls.table(db.name, "comment_list")), reviewer, writable=True)
    try:
        page = await read(
            datasette, db, lambda connection: review.load(connection, wanted, visitor, _now()[:10], typed)
        )
    except TookTooLong:
        return await slow_page(datasette, request)
    if page is None:
        return await error_page(datasette, request, 404, "There is no such flag to judge.")
    return await answer(datasette, request, "review.html", page, reviewer, 400 if typed.problem else 200)


async def _judge(
    datasette: Datasette, request: Request, db: Database, reviewer: str, form: Mapping[str, str]
) -> Response:
    """Records a verdict and leads to the next flag; or back to the same one, saying why it was not taken."""
    wanted = review.parse_review(form)
    if wanted.flag is None:
        return await error_page(datasette, request, 400, "The form names no flag.")
    problem = await _write(db, lambda connection: _record(connection, wanted.flag or 0, reviewer, form))
    if problem:
        typed = ReviewForm(problem, form.get("code", ""), form.get("words", ""), form.get("note", ""))
        return await _review_page(datasette, request, db, reviewer, wanted, typed)
    return _see(datasette, review.review_url(ReviewParams(None, wanted.code, wanted.after, wanted.second)))


def _record(connection: sqlite3.Connection, flag: int, reviewer: str, form: Mapping[str, str]) -> None:
    note = form.get("note") or None
    match form.get("verdict"):
        case "confirmed":
            said = verdicts.Verdict(flag, reviewer, "confirmed", note=note)
        case "dismissed":
            said = verdicts.Verdict(flag, reviewer, "dismissed", note=note)
        case "corrected":
            start, end = _corrected_place(connection, flag, form.get("words", ""))
            code = form.get("code") or fetch_value(connection, queries.FLAG_CODE, flag=flag)
            said = verdicts.Verdict(flag, reviewer, "corrected", code, start, end, note)
        case _:
            raise verdicts.BadReview("Say what you make of the flag: confirm, dismiss or correct it.")
    verdicts.record(connection, said, _now())


def _corrected_place(connection: sqlite3.Connection, flag: int, words: str) -> tuple[int | None, int | None]:
    row = fetch_row(connection, queries.FLAG_TEXT, flag=flag)
    return _place(row["body"] if row else "", words, row["start"] or 0 if row else 0)


def _place(text: str, words: str, near: int = 0) -> tuple[int | None, int | None]:
    if not words.strip():
        return None, None
    found = review.find_pasted(text, words.strip(), near)
    if found is None:
        raise verdicts.BadReview("The words do not stand in the text. Copy them from it, exactly.")
    return found


async def _add(
    datasette: Datasette, request: Request, db: Database, reviewer: str, form: Mapping[str, str]
) -> Response:
    """A flag by hand, on a comment as its text is now."""
    number = form["comment"]
    comment = int(number) if number.isascii() and number.isdecimal() and len(number) <= 18 else 0

    def add(connection: sqlite3.Connection) -> None:
        body = fetch_value(connection, queries.BODY, comment=comment)
        start, end = _place(body or "", form.get("words", ""))
        said = {"reviewer": reviewer, "code": form.get("code", ""), "reason": form.get("note", "")}
        verdicts.add(connection, comment_id=comment, start=start, end=end, at=_now(), **said)

    problem = await _write(db, add)
    if problem:
        return await error_page(datasette, request, 400, problem, f"/comment/{comment}")
    return _see(datasette, f"/comment/{comment}#flags")


async def _write(db: Database, work: Callable[[sqlite3.Connection], object]) -> str | None:
    """Runs `work` in one transaction. Gives the reason where it was refused, or where another process keeps writing."""

    def once(connection: sqlite3.Connection) -> str | None:
        try:
            connection.execute("begin immediate")
            work(connection)
            connection.commit()
        except verdicts.BadReview as error:
            return _sentence(str(error))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return "Another process is writing to the archive. Nothing was saved; try again in a moment."
        finally:
            if connection.in_transaction:
                connection.rollback()
        return None

    problem: str | None = await db.execute_write_fn(once)
    return problem


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form of this site. None where it came from elsewhere: asgi-csrf lets those through that have no
    cookies, so its token is asked for again."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return None
    body = bytearray()
    while len(body) <= LONGEST_FORM:
        message = await request.receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    form = dict(parse_qsl(body[:LONGEST_FORM].decode("utf-8", "replace"), keep_blank_values=True))
    given, expected = form.get("csrftoken", ""), request.scope["csrftoken"]()
    if not secrets.compare_digest(given.encode(), expected.encode()):
        return None
    return {name: value.replace("\r\n", "\n").replace("\0", "") for name, value in form.items()}


def _see(datasette: Datasette, address: str) -> Response:
    headers = {"location": datasette.urls.path(address), "cache-control": PRIVATE}
    return Response("", status=303, headers=headers)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def sign_in(datasette: Datasette, request: Request) -> Response:
    """datasette-auth-passwords' own page; who has signed in there comes to the review."""
    if not accounts.configured(datasette):
        return await error_page(datasette, request, 404, "Nobody signs in at this site.")
    from datasette_auth_passwords import password_login

    response: Response = await password_login(request, datasette)
    if response.status == 302 and accounts.reviews_here(datasette):
        response.headers["Location"] = datasette.urls.path("/review")
    return response


async def no_password_tool(datasette: Datasette, request: Request) -> Response:
    """The plugin's other page would hash, at some cost, what anybody sends."""
    return await error_page(datasette, request, 404, "This archive holds no such page.")


async def show_script() -> Response:
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(SCRIPT, headers=headers, content_type="text/javascript; charset=utf-8")


ROUTES: list[tuple[str, Callable[..., Any]]] = [
    (r"/review$", show_review),
    (r"/-/login$", sign_in),
    (r"/-/password-tool$", no_password_tool),
    (r"/-/below/review\.[0-9a-f]+\.js$", show_script),
]
