"""The same text under several articles, or nearly the same."""

# ruff: noqa: S608  # all parts of the statements stand here

import json
from typing import Any

from archive.site import flags
from archive.site.comments import GONE, fold_reason
from archive.site.database import Connection, fetch_all, fetch_value
from archive.site.excerpts import cut_excerpt
from archive.site.formatting import count, number
from archive.site.questions.base import MAX_COUNTED, Answer, NotCounted, QuestionParams, rows_of
from archive.site.viewer import Visitor, comment_total
from archive.store.aggregates import MOST_COPIES
from archive.store.repeated_texts import MAX_COMPARED
from archive.text.span_masking import MASK

COLUMNS = (
    ("comments", "Comments"),
    ("articles", "Articles"),
    ("outlets", "Outlets"),
    ("names", "Commenters"),
    ("first_comment", "First comment"),
    ("text", "Text of the first"),
)
SHORT = 60
HAS_COPIES = "select 1 from text_copies limit 1"
COMPARED_AT = "select finished_at from runs where kind = 'copies' and outcome = 'done' order by id desc limit 1"
# Until somebody has compared the texts: those of the same bytes.
SAME_BYTES = f"""
select min(comments.id) as first, count(*) as comments, count(distinct threads.article_id) as articles,
  count(distinct articles.outlet_id) as outlets, count(distinct comments.commenter_id) as names
from comments join threads on threads.id = comments.thread_id join articles on articles.id = threads.article_id
where comments.withheld is null and length(comments.body) >= {SHORT}
group by comments.body_sha256 having count(distinct threads.article_id) > 1
  and (:outlet is null or sum(articles.outlet_id = :outlet) > 0)
order by articles desc, comments desc, first limit {MOST_COPIES}"""
BODIES = """
select id, body, revision, state, withheld, last_seen_at from comments
where id in (select value from json_each(:ids))"""
OF_OUTLET = """
select distinct group_id from text_copies join comments on comments.id = comment_id
join threads on threads.id = thread_id join articles on articles.id = article_id where outlet_id = :outlet"""


def load(connection: Connection, params: QuestionParams, visitor: Visitor) -> Answer:
    """Return the texts that stand under more than one article, those under most first."""
    notes = [
        "A text is a copy where it shares at least 70 of 100 sequences of three words with the first one of its kind."
    ]
    is_compared = fetch_value(connection, HAS_COPIES) is not None or fetch_value(connection, COMPARED_AT) is not None
    is_compared |= fetch_value(connection, "select 1 from sqlite_master where name = 'release'") is not None
    groups = _compared(connection) if is_compared else _same_bytes(connection, params.outlet)
    if not is_compared:
        notes = [
            f"Only texts of {SHORT} letters or more that are the same to the letter are listed. “btl copies” finds "
            "those that are nearly the same, too."
        ]
    elif at := fetch_value(connection, COMPARED_AT):
        notes.append(f"The texts were last compared on {at[:10]}; comments that came since are not here.")
    if comment_total(connection) > MAX_COMPARED:
        notes.append(
            f"Of this archive the newest {number(MAX_COMPARED)} comments were compared for texts that are nearly the "
            "same; of older ones those of the same letters are listed."
        )
    if params.outlet is not None and is_compared:
        there = {row[0] for row in fetch_all(connection, OF_OUTLET, outlet=params.outlet)}
        groups = [group for group in groups if group["first_comment"] in there]
    _add_texts(connection, groups, visitor)
    lead = f"{count(len(groups), 'text')} under more than one article, those under most articles first."
    return Answer(COLUMNS, groups, lead, notes=notes, limited=len(groups) >= MOST_COPIES)


def _compared(connection: Connection) -> list[dict[str, Any]]:
    groups: dict[int, dict[str, Any]] = {}
    for first, part, value in rows_of(connection, "copied_texts"):
        groups.setdefault(int(first), {"first_comment": int(first)})[part] = value
    return sorted(groups.values(), key=lambda row: (-row["articles"], -row["comments"], row["first_comment"]))


def _same_bytes(connection: Connection, outlet: int | None) -> list[dict[str, Any]]:
    if comment_total(connection) > MAX_COUNTED:
        raise NotCounted
    names = ("comments", "articles", "outlets", "names")
    return [
        {"first_comment": row["first"], **{name: row[name] for name in names}}
        for row in fetch_all(connection, SAME_BYTES, outlet=outlet)
    ]


def _add_texts(connection: Connection, groups: list[dict[str, Any]], visitor: Visitor) -> None:
    """Add the first text of each, masked as everywhere, and the line behind which it is folded, if it is."""
    ids = [group["first_comment"] for group in groups]
    rows = {row["id"]: row for row in fetch_all(connection, BODIES, ids=json.dumps(ids))}
    context = flags.load_flags(connection, list(rows), visitor)
    for group in groups:
        row = rows.get(group["first_comment"])
        group["links"] = {
            "first_comment": f"/comment/{group['first_comment']}",
            "comments": f"/copies/{group['first_comment']}",
        }
        group["text"] = ""
        if row is not None and not row["withheld"]:
            masked = context.mask(row["id"], row["body"], row["revision"])
            pieces = cut_excerpt(masked, ())
            group["text"] = "".join(MASK.join((piece.text, *piece.rest)) for piece in pieces)
            group["pieces"] = pieces
            group["fold"] = fold_reason(context.chips(row)) or GONE.get(row["state"])
