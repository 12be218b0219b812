"""What happens under articles by a byline, in a section, or with a word in the title."""

# ruff: noqa: S608  # all parts of the statements stand here

import json
from collections.abc import Sequence
from typing import Any

from archive.search.query import parse_query
from archive.site import queries
from archive.site.database import Connection, fetch_all
from archive.site.formatting import count, number
from archive.site.questions.base import Answer, QuestionParams, per_thousand, rows_of, source
from archive.site.viewer import Visitor
from archive.store.aggregates import MOST_SECTIONS

SUMS = ("articles", "comments", "content", "removed")
COUNTED = (
    ("articles", "Articles"),
    ("comments", "Comments"),
    ("per_article", "Comments per article"),
    ("content", "With a flag on the words"),
    ("per_1000", "Flagged per 1,000"),
    ("removed", "Removed"),
)
ARTICLE_COLUMNS = (
    ("article", "Article"),
    ("published_at", "Published"),
    ("outlet", "Outlet"),
    ("comments", "Comments"),
    ("content", "With a flag on the words"),
    ("per_1000", "Flagged per 1,000"),
    ("removed", "Removed"),
)
MOST_ARTICLES = 2000
KINDS = {"section": ("sections", "Section"), "byline": ("bylines", "Byline")}
NEWEST = """
select id from articles where withheld is null and (:section = '' or substr(section, 1, 200) = :section)
  and (:byline = '' or substr(byline, 1, 200) = :byline)
order by coalesce(published_at, first_seen_at) desc, id desc limit :limit"""
TITLED = """
select articles.id from articles_fts join articles on articles.id = articles_fts.rowid
where articles_fts match :match and withheld is null and (:section = '' or substr(section, 1, 200) = :section)
  and (:byline = '' or substr(byline, 1, 200) = :byline)
order by coalesce(published_at, first_seen_at) desc, articles.id desc limit :limit"""
# `{kind}` is section or byline; `{counts}` has the comments of each thread that are flagged or removed.
KINDS_OF_OUTLET = f"""
with counted as materialized (select cast(key2 as integer) as thread_id,
    sum(case key1 when 'content' then value else 0 end) as content,
    sum(case key1 when 'removed' then value else 0 end) as removed
  from {{counts}} where key1 in ('content', 'removed') group by 1)
select substr({{kind}}, 1, 200) as label, count(distinct articles.id) as articles,
  sum(threads.comment_count) as comments, sum(coalesce(content, 0)) as content, sum(coalesce(removed, 0)) as removed
from articles join threads on threads.article_id = articles.id left join counted on counted.thread_id = threads.id
where outlet_id = :outlet and {{kind}} <> '' and articles.withheld is null and threads.withheld is null
group by 1 order by comments desc, 1 limit {MOST_SECTIONS}"""
NOTES = (
    "A section and a byline are what the page of the article says; many pages say neither.",
    "Comments under an article answer each other as well as the article: these numbers say nothing of its author.",
)


def load(connection: Connection, params: QuestionParams, _: Visitor) -> Answer:
    """Return the articles that are asked for; all sections or bylines where none is named."""
    query = parse_query(params.q)
    if not (params.section or params.byline or query.match):
        return _load_kinds(connection, params)
    values: dict[str, Any] = {"section": params.section, "byline": params.byline, "limit": MOST_ARTICLES + 1}
    if query.match:
        rows = fetch_all(connection, TITLED, match=f"title : ({query.match})", **values)
    else:
        rows = fetch_all(connection, NEWEST, **values)
    ids = [row["id"] for row in rows]
    table = _articles(connection, ids[:MOST_ARTICLES], params)
    comments, content = sum(row["comments"] for row in table), sum(row["content"] for row in table)
    lead = (
        f"{count(len(table), 'article')} with {count(comments, 'comment')}: {number(content)} with a flag on the words "
        f"({per_thousand(content, comments)} per 1,000), {number(sum(row['removed'] for row in table))} removed."
    )
    return Answer(ARTICLE_COLUMNS, table, lead, notes=(*query.notes, *NOTES), limited=len(ids) > MOST_ARTICLES)


def _load_kinds(connection: Connection, params: QuestionParams) -> Answer:
    """Return the sections, or with `by=byline` the bylines, each with what is under its articles."""
    kind = "byline" if params.by == "byline" else "section"
    name, heading = KINDS[kind]
    sums: dict[str, dict[str, Any]] = {}
    if params.outlet is None:
        for label, part, value in rows_of(connection, name):
            sums.setdefault(label, dict.fromkeys(SUMS, 0))[part] = value
    else:
        sql = KINDS_OF_OUTLET.format(kind=kind, counts=source(connection, "threads_by_flag"))
        for row in fetch_all(connection, sql, outlet=params.outlet):
            sums[row["label"]] = {part: row[part] for part in SUMS}
    table = [
        {
            kind: label,
            **entry,
            "per_article": round(entry["comments"] / entry["articles"], 2) if entry["articles"] else 0.0,
            "per_1000": per_thousand(entry["content"], entry["comments"]),
            "links": {kind: {kind: label}},
        }
        for label, entry in sums.items()
    ]
    table.sort(key=lambda row: (-row["comments"], row[kind]))
    lead = f"{count(len(table), kind)}, those with most comments first."
    return Answer(((kind, heading), *COUNTED), table, lead, notes=NOTES)


def _articles(connection: Connection, ids: Sequence[int], params: QuestionParams) -> list[dict[str, Any]]:
    sql = f"""
select articles.id, {queries.TITLE}, articles.published_at, {queries.OUTLET} as outlet,
  sum(threads.comment_count) as comments,
  sum((select coalesce(sum(value), 0) from flagged where flagged.key2 = threads.id)) as content,
  sum((select coalesce(sum(value), 0) from gone where gone.key2 = threads.id)) as removed
from articles join threads on threads.article_id = articles.id left join outlets on outlets.id = articles.outlet_id
where articles.id in (select value from json_each(:ids)) and (:outlet is null or articles.outlet_id = :outlet)
group by articles.id"""
    of_these = "select id from threads where article_id in (select value from json_each(:ids))"
    counts = source(connection, "threads_by_flag")
    parts = [
        f"""{name} as materialized (select cast(key2 as integer) as key2, value from {counts}
  where key1 = '{key}' and cast(key2 as integer) in ({of_these}))"""
        for name, key in (("flagged", "content"), ("gone", "removed"))
    ]
    rows = {
        row["id"]: row
        for row in fetch_all(connection, f"with {', '.join(parts)} {sql}", ids=json.dumps(ids), outlet=params.outlet)
    }
    return [
        {
            "article": rows[number]["title"] or "Untitled article",
            "published_at": rows[number]["published_at"],
            "outlet": rows[number]["outlet"],
            "comments": rows[number]["comments"],
            "content": rows[number]["content"],
            "per_1000": per_thousand(rows[number]["content"], rows[number]["comments"]),
            "removed": rows[number]["removed"],
            "links": {"article": f"/article/{number}"},
            "id": number,
        }
        for number in ids
        if number in rows
    ]
