"""Load the page on which a reviewer judges one flag: the text with its span marked, and the thread around it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from archive.review import queue
from archive.review.verdicts import REVIEW_NAMESPACES, TEXT
from archive.site import flags, queries
from archive.site.comments import CommentView, MarkedSpan, list_comments, nest_comments, render_comments
from archive.site.database import Connection, Row, fetch_all, fetch_row, fetch_value
from archive.site.formatting import count
from archive.site.params import parse_id
from archive.site.viewer import Visitor
from archive.site.views import comment
from archive.text.span_masking import Span, find_occurrences

MAX_ANCESTORS, MAX_REPLIES = 6, 6
# Severe flags in a day after which a reviewer is asked to rest.
REST_AFTER = 50
# Flags on a page that are judged together, and what is shown of each one's text.
MANY = 25
LONGEST_RULE = 500


@dataclass(frozen=True, slots=True)
class ReviewParams:
    """A flag to judge; or the next of a queue after another (of one code, one rule; of those that others have judged).

    `many`: the queue as a list, to be judged together."""

    flag: int | None = None
    code: str | None = None
    after: int | None = None
    second: bool = False
    rule: str | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """A form that was refused: the problem, and what the reviewer had typed."""

    problem: str = ""
    code: str = ""
    words: str = ""
    note: str = ""


EMPTY_FORM = ReviewForm()


def parse_review(args: Mapping[str, str]) -> ReviewParams:
    code = args.get("only") or ""
    return ReviewParams(
        parse_id(args.get("flag")),
        code if re.fullmatch(r"[a-z_]+\.[a-z_]+", code) else None,
        parse_id(args.get("after")),
        args.get("second") == "1",
        (args.get("rule") or "")[:LONGEST_RULE] or None,
        args.get("many") == "1",
    )


def review_url(params: ReviewParams) -> str:
    values = {"flag": params.flag, "only": params.code, "rule": params.rule, "after": params.after}
    values |= {"second": 1 if params.second else None, "many": 1 if params.many else None}
    query = urlencode({name: value for name, value in values.items() if value is not None})
    return f"/review?{query}" if query else "/review"


def load(
    connection: Connection, params: ReviewParams, visitor: Visitor, today: str, form: ReviewForm = EMPTY_FORM
) -> dict[str, Any] | None:
    """Return what the template needs; None if the flag of the address cannot be judged."""
    assert visitor.reviewer is not None
    codes = flags.load_codes(connection)
    flag = _load_flag(connection, params, visitor.reviewer)
    if flag is None and params.flag is not None:
        return None
    page = {
        "params": params,
        "form": form,
        "load": _load_today(connection, visitor.reviewer, today),
        "tools": _queues(params, codes),
        "again": review_url(replace(params, flag=None, after=None)) if params.after else None,
        "left": _describe_left(connection, params, visitor.reviewer),
        "last": _load_last(connection, params, visitor.reviewer, today),
        "flag": None,
    }
    return page if flag is None else page | _flag_page(connection, flag, codes, params, visitor)


def _describe_left(connection: Connection, params: ReviewParams, reviewer: str) -> str | None:
    """Say how many flags wait in the queue, the one that is shown among them; None where one flag was asked for."""
    if params.flag is not None:
        return None
    left = queue.count_waiting(connection, reviewer=reviewer, **_selection(params))
    return f"More than {queue.MOST_COUNTED:,} left" if left > queue.MOST_COUNTED else f"{left:,} left"


def _selection(params: ReviewParams) -> dict[str, Any]:
    return {"after": params.after, "code": params.code, "rule": params.rule, "second": params.second}


def _load_last(connection: Connection, params: ReviewParams, reviewer: str, today: str) -> dict[str, Any] | None:
    """Return the flag that the reviewer judged before this one, so that they can go back to it or undo the verdict."""
    last = queue.last_judged(connection, reviewer, today)
    if last is None or last == params.flag:
        return None
    return {"flag": last, "url": review_url(replace(params, flag=last))}


def load_many(
    connection: Connection, params: ReviewParams, visitor: Visitor, today: str, form: ReviewForm = EMPTY_FORM
) -> dict[str, Any]:
    """Return what the template needs to show the next flags of a queue together."""
    assert visitor.reviewer is not None
    codes = flags.load_codes(connection)
    waiting = queue.queue(connection, reviewer=visitor.reviewer, size=MANY, **_selection(params))
    rows = [row for row in (fetch_row(connection, queries.FLAG, flag=entry.id) for entry in waiting) if row is not None]
    comments = {row["comment_id"]: comment.load_row(connection, row["comment_id"]) for row in rows if row["comment_id"]}
    context = flags.load_flags(connection, list(comments), visitor)
    last = waiting[-1].id if waiting else None
    return {
        "params": params,
        "form": form,
        "load": _load_today(connection, visitor.reviewer, today),
        "left": _describe_left(connection, params, visitor.reviewer),
        "rule": fetch_row(connection, queries.RULE, rule=params.rule) if params.rule else None,
        "title": codes[params.code]["title"] if params.code and params.code in codes else None,
        "entries": [
            {
                "flag": flag,
                "chip": flags.describe_flag(flag, codes),
                "comment": render_comments(
                    list_comments([_judged_view(connection, flag, row, context)], {}), visitor.tables
                ),
            }
            for flag in rows
            if (row := comments.get(flag["comment_id"])) is not None
        ],
        "single": review_url(replace(params, many=False, after=None)),
        "more": review_url(replace(params, after=last)) if len(waiting) == MANY else None,
    }


def _load_flag(connection: Connection, params: ReviewParams, reviewer: str) -> Row | None:
    number = params.flag
    if number is None:
        waiting = queue.queue(connection, reviewer=reviewer, **_selection(params))
        number = waiting[0].id if waiting else None
    flag = None if number is None else fetch_row(connection, queries.FLAG, flag=number)
    if flag is None or flag["comment_id"] is None:
        return None
    if flag["code"].partition(".")[0] not in REVIEW_NAMESPACES:
        return None
    # A flag that corrects another is judged through that one.
    return flag if flag["corrects"] is None else fetch_row(connection, queries.FLAG, flag=flag["corrects"])


def _flag_page(
    connection: Connection, flag: Row, codes: flags.Codes, params: ReviewParams, visitor: Visitor
) -> dict[str, Any]:
    row = comment.load_row(connection, flag["comment_id"])
    assert row is not None
    verdicts = flags.load_verdicts(connection, [flag])
    own = next((row for row in verdicts.get(flag["id"], ()) if row["reviewer"] == visitor.reviewer), None)
    reviewers = flags.FlagContext(codes, verdicts=verdicts).count_reviewers(flag)
    above = comment.load_ancestors(connection, row["id"], MAX_ANCESTORS)
    below = comment.load_replies(connection, row, MAX_REPLIES)[:MAX_REPLIES]
    context = flags.load_flags(connection, [other["id"] for other in (*above, row, *below)], visitor)
    return {
        "flag": flag,
        "code": codes[flag["code"]],
        "chip": flags.describe_flag(flag, codes, reviewers),
        "rule": fetch_row(connection, queries.RULE, rule=flag["rule"]),
        "own": own and flags.describe_verdict(own, codes),
        "row": row,
        "thread": fetch_row(connection, queries.THREAD, thread=row["thread_id"]),
        "choices": flags.list_choices(codes),
        "skip": review_url(replace(params, flag=None, after=flag["id"])),
        "many": None if params.second else review_url(ReviewParams(code=flag["code"], rule=flag["rule"], many=True)),
        "above": render_comments(list_comments([context.view(other) for other in above], {}), visitor.tables),
        "comment": render_comments(list_comments([_judged_view(connection, flag, row, context)], {}), visitor.tables),
        "below": render_comments(
            nest_comments([context.view(other) for other in below], {row["id"]: row}), visitor.tables
        ),
        "is_earlier": flag["revision"] < row["revision"],
    }


def _judged_view(connection: Connection, flag: Row, row: Row, context: flags.FlagContext) -> CommentView:
    """Return the text of the revision that the flag is about, with its own spans marked and no others."""
    text = fetch_value(connection, TEXT, comment=row["id"], revision=flag["revision"])
    spans = fetch_all(connection, queries.SPANS, ids=f"[{flag['id']}]")
    chip, chips = flags.describe_flag(flag, context.codes), context.chips(row)
    return CommentView(
        flags.as_dict(row) | {"body": row["body"] if text is None else text, "parent_id": None},
        chips if any(other.code == chip.code for other in chips) else (chip, *chips),
        [MarkedSpan(span["start"], span["end"], chip.text) for span in spans],
    )


def _load_today(connection: Connection, reviewer: str, today: str) -> dict[str, Any]:
    """Say how much the reviewer has judged today, and whether to rest: severe texts tire."""
    load = queue.load_today(connection, reviewer, today)
    text = f"You have judged {count(load.verdicts, 'flag')} today" if load.verdicts else "You have judged none today"
    if load.severe:
        text += f", {load.severe:,} of them severe"
    return {"text": f"{text}.", "rest": load.severe >= REST_AFTER}


def _queues(params: ReviewParams, codes: flags.Codes) -> list[tuple[str, str | None]]:
    """Return label and address of the queues; the open one has no address."""
    current = (params.code, params.second) if params.flag is None and params.rule is None else ("", False)
    queues: list[tuple[str, str | None, bool]] = [("Next", None, False), ("Second opinions", None, True)]
    if params.code and params.code in codes:
        title = codes[params.code]["title"]
        queues += [(f"Only “{title}”", params.code, False), (f"Second opinions on “{title}”", params.code, True)]
    return [
        (label, None if (code, second) == current else review_url(ReviewParams(code=code, second=second)))
        for label, code, second in queues
    ]


def find_pasted(text: str, pasted: str, near: int = 0) -> Span | None:
    """Return the span of words that a reviewer pasted, however their lines were broken; the nearest to a position."""
    words = pasted.split()
    if not words:
        return None
    exact = list(find_occurrences(text, pasted))
    loose = [match.span() for match in re.finditer(r"\s+".join(map(re.escape, words)), text)]
    return min(exact or loose, key=lambda span: abs(span[0] - near), default=None)
