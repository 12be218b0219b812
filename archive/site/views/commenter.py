"""Load a commenter: all comments under one name or account, what flags stand on them, and where else the name is."""

# ruff: noqa: S608  # all parts of the statements stand here

from dataclasses import dataclass
from typing import Any

from datasette.utils.asgi import Request

from archive.site import flags, queries
from archive.site.database import Connection, fetch_all, fetch_row, fetch_value
from archive.site.params import parse_id, parse_number
from archive.site.questions.base import has_pseudonyms
from archive.site.row_streams import Rows
from archive.site.viewer import Visitor, release_facts
from archive.site.views import downloads
from archive.site.views.comments_elsewhere import render_with_threads

PAGE_SIZE = 50
COMMENTER = f"""
select commenters.*, outlets.domain, {queries.OUTLET} as outlet
from commenters left join outlets on outlets.id = commenters.outlet_id where commenters.id = :commenter"""
COUNTS = """
select count(*) as comments, count(distinct thread_id) as threads, sum(state <> 'visible') as gone,
  min(posted_at) as first, max(posted_at) as last
from comments where commenter_id = :commenter"""
FLAGS = """
select value as code, count(*) as comments from comments join json_each(comments.codes)
where commenter_id = :commenter and codes is not null group by 1 order by 2 desc, 1"""
IDS = "select id from comments where commenter_id = :commenter order by posted_at desc, id desc"
SAME_NAME = f"""
select commenters.id, commenters.platform, {queries.OUTLET} as outlet,
  (select count(*) from comments where commenter_id = commenters.id) as comments
from commenters left join outlets on outlets.id = commenters.outlet_id
where commenters.name = :name and commenters.id <> :commenter order by 4 desc, 1 limit 50"""


@dataclass(frozen=True, slots=True)
class CommenterParams:
    """A page of a commenter's comments."""

    commenter: int
    page: int = 1


def parse_commenter(request: Request) -> CommenterParams:
    page = min(max(parse_id(request.args.get("page")) or 1, 1), 1_000_000)
    return CommenterParams(parse_number(request), page)


def load(connection: Connection, params: CommenterParams, visitor: Visitor) -> dict[str, Any] | None:
    """Return what the template needs; None if there is no such commenter."""
    row = fetch_row(connection, COMMENTER, commenter=params.commenter)
    if row is None:
        return None
    counts = fetch_row(connection, COUNTS, commenter=params.commenter)
    assert counts is not None
    skip = (params.page - 1) * PAGE_SIZE
    sql = f"{IDS} limit :size offset :skip"
    ids = [
        comment["id"]
        for comment in fetch_all(connection, sql, commenter=params.commenter, size=PAGE_SIZE + 1, skip=skip)
    ]
    codes = flags.load_codes(connection)
    rows = fetch_all(connection, FLAGS, commenter=params.commenter)
    totals = [(codes[one["code"]], one["comments"]) for one in rows if one["code"] in codes]
    url = f"/commenter/{params.commenter}"
    pseudonyms = has_pseudonyms(connection)
    return {
        "row": row,
        "name": row["name"] or "unnamed account",
        "counts": counts,
        "made_up": pseudonyms and release_facts(connection).get("commenters") == "pseudonyms",
        "comments": render_with_threads(connection, ids[:PAGE_SIZE], visitor),
        "on_words": [(code, number) for code, number in totals if code["namespace"] == "content"],
        "others": [
            (code, number) for code, number in totals if code["namespace"] not in ("content", "capture", "context")
        ],
        "faults": [(code, number) for code, number in totals if code["namespace"] == "capture"],
        "same_name": fetch_all(connection, SAME_NAME, name=row["name"], commenter=row["id"])
        if row["name"] and not pseudonyms
        else [],
        "page": params.page,
        "pages": -(-counts["comments"] // PAGE_SIZE),
        "before": f"{url}?page={params.page - 1}" if params.page > 1 else None,
        "after": f"{url}?page={params.page + 1}" if len(ids) > PAGE_SIZE else None,
        "files": [("CSV", f"{url}.csv"), ("JSON", f"{url}.json")],
    }


def comment_rows(connection: Connection, params: CommenterParams, visitor: Visitor, base: str) -> Rows | None:
    """Return all comments of a commenter, the newest first; None if there is no such commenter."""
    if fetch_value(connection, "select 1 from commenters where id = :commenter", commenter=params.commenter) is None:
        return None
    ids = [row["id"] for row in fetch_all(connection, IDS, commenter=params.commenter)]
    return downloads.comment_rows(connection, ids, visitor, base, {"commenter": params.commenter, "limited": False})
