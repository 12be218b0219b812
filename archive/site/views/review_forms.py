"""Judge or add a flag by a form, and take a verdict back. Who is not signed in gets nothing here."""

import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast
from urllib.parse import parse_qsl

from datasette.app import Datasette
from datasette.database import Database
from datasette.utils.asgi import Request, Response
from sqlalchemy import Connection

from archive.review import verdicts
from archive.site import queries
from archive.site.database import TookTooLong, fetch_row, fetch_value, find_archive, read
from archive.site.params import parse_id
from archive.site.responses import PRIVATE, error_page, html_response, slow_page
from archive.site.viewer import (
    has_reviewers,
    signed_in_reviewer,
    visitor_of,
)
from archive.site.views import review
from archive.site.views.review import EMPTY_FORM, ReviewForm, ReviewParams
from archive.text.formatting import now

LONGEST_FORM = 100_000
READ_ONLY = "This copy of the archive is served as one that never changes, so nothing can be reviewed in it."


async def show_review(datasette: Datasette, request: Request) -> Response:
    """The next flag to judge, and what becomes of the form that says how."""
    if not has_reviewers(datasette):
        return await error_page(datasette, request, 404, "Review is off.")
    is_form = request.method == "POST"
    reviewer = signed_in_reviewer(datasette, request.actor)
    db = find_archive(datasette)
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
    if "undo" in form:
        return await _undo(datasette, request, db, reviewer, form)
    if form.get("many") == "1":
        return await _judge_many(datasette, request, db, reviewer, form)
    return await _judge(datasette, request, db, reviewer, form)


async def _review_page(
    datasette: Datasette,
    request: Request,
    db: Database,
    reviewer: str,
    params: ReviewParams,
    typed: ReviewForm = EMPTY_FORM,
) -> Response:
    visitor = visitor_of(datasette, request, db)
    try:
        load = review.load_many if params.many else review.load
        page = await read(datasette, db, lambda connection: load(connection, params, visitor, now()[:10], typed))
    except TookTooLong:
        return await slow_page(datasette, request)
    if page is None:
        return await error_page(datasette, request, 404, "There is no such flag to judge.")
    template = "review_many.html" if params.many else "review.html"
    return await html_response(datasette, request, template, page, reviewer, 400 if typed.problem else 200)


async def _judge(
    datasette: Datasette, request: Request, db: Database, reviewer: str, form: Mapping[str, str]
) -> Response:
    """Records a verdict and leads to the next flag; or back to the same one, saying why it was not taken."""
    params = review.parse_review(form)
    if params.flag is None:
        return await error_page(datasette, request, 400, "The form names no flag.")
    problem = await _write(
        db, lambda connection, borrowed: _record(connection, borrowed, params.flag or 0, reviewer, form)
    )
    if problem:
        typed = ReviewForm(problem, form.get("code", ""), form.get("words", ""), form.get("note", ""))
        return await _review_page(datasette, request, db, reviewer, params, typed)
    return _see(datasette, review.review_url(replace(params, flag=None)))


async def _undo(
    datasette: Datasette, request: Request, db: Database, reviewer: str, form: Mapping[str, str]
) -> Response:
    """Take back the reviewer's verdict on a flag, and show the flag."""
    flag = parse_id(form["undo"]) or 0

    def retract(_: sqlite3.Connection, borrowed: Connection) -> None:
        if not verdicts.retract(borrowed, flag, reviewer, now()):
            raise verdicts.BadReview("You have no verdict on this flag that could be undone.")

    problem = await _write(db, retract)
    if problem:
        return await error_page(datasette, request, 400, problem, "/review")
    return _see(datasette, review.review_url(replace(review.parse_review(form), flag=flag)))


async def _judge_many(
    datasette: Datasette, request: Request, db: Database, reviewer: str, form: Mapping[str, str]
) -> Response:
    """Record one verdict on each flag that was ticked: all of them or, where one is refused, none."""
    params = replace(review.parse_review(form), flag=None)
    names = [name.removeprefix("flag-") for name in form if name.startswith("flag-")]
    ticked = [flag for flag in map(parse_id, names) if flag is not None]

    def record(_: sqlite3.Connection, borrowed: Connection) -> None:
        if form.get("verdict") not in ("confirmed", "dismissed"):
            raise verdicts.BadReview("Say what you make of these flags: confirm or dismiss them.")
        if not ticked:
            raise verdicts.BadReview("Tick the flags that you judge.")
        verdict = cast("verdicts.VerdictValue", form["verdict"])
        for flag in ticked[: review.MANY]:
            verdicts.record(borrowed, verdicts.Verdict(flag, reviewer, verdict, note=form.get("note") or None), now())

    problem = await _write(db, record)
    if problem:
        return await _review_page(
            datasette, request, db, reviewer, params, ReviewForm(problem, note=form.get("note", ""))
        )
    return _see(datasette, review.review_url(params))


def _record(
    connection: sqlite3.Connection, borrowed: Connection, flag: int, reviewer: str, form: Mapping[str, str]
) -> None:
    note = form.get("note") or None
    match form.get("verdict"):
        case "confirmed":
            decision = verdicts.Verdict(flag, reviewer, "confirmed", note=note)
        case "dismissed":
            decision = verdicts.Verdict(flag, reviewer, "dismissed", note=note)
        case "corrected":
            start, end = _corrected_span(connection, flag, form.get("words", ""))
            code = form.get("code") or fetch_value(connection, queries.FLAG_CODE, flag=flag)
            decision = verdicts.Verdict(flag, reviewer, "corrected", code, start, end, note)
        case _:
            raise verdicts.BadReview("Say what you make of the flag: confirm, dismiss or correct it.")
    verdicts.record(borrowed, decision, now())


def _corrected_span(connection: sqlite3.Connection, flag: int, words: str) -> tuple[int | None, int | None]:
    row = fetch_row(connection, queries.FLAG_TEXT, flag=flag)
    return _span(row["body"] if row else "", words, row["start"] or 0 if row else 0)


def _span(text: str, words: str, near: int = 0) -> tuple[int | None, int | None]:
    if not words.strip():
        return None, None
    span = review.find_pasted(text, words.strip(), near)
    if span is None:
        raise verdicts.BadReview("The words do not stand in the text. Copy them from it, exactly.")
    return span


async def _add(
    datasette: Datasette, request: Request, db: Database, reviewer: str, form: Mapping[str, str]
) -> Response:
    """A flag by hand, on a comment as its text is now."""
    number = form["comment"]
    comment = int(number) if number.isascii() and number.isdecimal() and len(number) <= 18 else 0

    def add(connection: sqlite3.Connection, borrowed: Connection) -> None:
        body = fetch_value(connection, queries.BODY, comment=comment)
        start, end = _span(body or "", form.get("words", ""))
        decision = {"reviewer": reviewer, "code": form.get("code", ""), "reason": form.get("note", "")}
        verdicts.add(borrowed, comment_id=comment, start=start, end=end, at=now(), **decision)

    problem = await _write(db, add)
    if problem:
        return await error_page(datasette, request, 400, problem, f"/comment/{comment}")
    return _see(datasette, f"/comment/{comment}#flags")


async def _write(db: Database, work: Callable[[sqlite3.Connection, Connection], object]) -> str | None:
    """Run `work` in one transaction; return why it was refused, or that another process keeps writing.

    It gets Datasette's connection to read from, and the same one as SQLAlchemy's to write with.
    """

    def once(connection: sqlite3.Connection) -> str | None:
        try:
            with verdicts.borrow(connection) as borrowed:
                connection.execute("begin immediate")
                work(connection, borrowed)
                connection.execute("commit")
        except verdicts.BadReview as error:
            return _sentence(str(error))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return "Another process is writing to the archive. Nothing was saved; try again in a moment."
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
