"""Load an article: its text, its earlier texts and what changed in them, and the threads under it."""

# ruff: noqa: S608  # all parts of the statements stand here

import json
from typing import Any

from archive.site import flags, queries
from archive.site.comments import MAX_TEXT, Body, split_body
from archive.site.database import Connection, Row, fetch_all, fetch_row
from archive.site.excerpts import ComparisonBudget, compare_texts
from archive.site.formatting import between, count, describe_time
from archive.site.responses import make_card
from archive.site.viewer import Visitor
from archive.site.views.thread import UNTITLED, WITHHELD_TITLE

MAX_ARTICLE, MAX_REVISIONS = 200_000, 50
ARTICLE = f"""
select articles.*, outlets.domain, {queries.OUTLET} as outlet
from articles left join outlets on outlets.id = articles.outlet_id where articles.id = :article"""
THREADS = "select id, withheld from threads where article_id = :article order by id limit 100"
REVISIONS = """
select revision, title, substr(body, 1, 20000) as body, seen_from, seen_until from article_revisions
where article_id = :article order by revision desc limit :limit"""


def load(connection: Connection, number: int, _: Visitor) -> dict[str, Any] | None:
    """Return what the template needs; None if there is no such article."""
    row = fetch_row(connection, ARTICLE, article=number)
    if row is None:
        return None
    threads = fetch_all(connection, THREADS, article=number)
    withheld = row["withheld"] or next((thread["withheld"] for thread in threads if thread["withheld"]), None)
    listed = fetch_all(connection, queries.THREADS_BY_ID, ids=json.dumps([thread["id"] for thread in threads]))
    title = WITHHELD_TITLE if withheld else row["title"] or UNTITLED
    comments = sum(thread["comment_count"] for thread in listed)
    return {
        "row": row,
        "title": title,
        "withheld": withheld,
        "card": make_card(str(title), [row["outlet"], count(comments, "comment")], f"/article/{number}"),
        "published": describe_time(row["published_at"], row["published_at_text"], row["published_precision"]),
        "text": None if withheld else _text(row["body"]),
        "cut": len(row["body"]) > MAX_ARTICLE,
        "threads": listed,
        "comments": comments,
        "labels": [] if withheld else flags.load_labels(connection, "article", number),
        "versions": [] if withheld else _versions(connection, row),
        "source": fetch_row(connection, queries.CAPTURE, capture=row["capture_id"]) if not withheld else None,
    }


def _text(body: str) -> list[Body]:
    """Return the paragraphs, each by itself: the limit of a text is that of a paragraph here."""
    return [split_body(part) for part in body[:MAX_ARTICLE].split("\n\n") if part.strip()]


def _versions(connection: Connection, row: Row) -> list[dict[str, Any]]:
    """Return every earlier text, the newest first, as what the next one changed of it."""
    earlier = fetch_all(connection, REVISIONS, article=row["id"], limit=MAX_REVISIONS)
    entries, budget = [], ComparisonBudget()
    title, body = row["title"] or "", row["body"][:MAX_TEXT]
    for revision in earlier:
        differences = []
        if (revision["title"] or "") != title:
            differences.append(("Title", compare_texts(revision["title"] or "", title, None, budget)))
        if revision["body"] != body:
            differences.append(("Text", compare_texts(revision["body"], body, None, budget)))
        entries.append(
            {"seen": f"seen {between(revision['seen_from'], revision['seen_until'])}", "differences": differences}
        )
        title, body = revision["title"] or "", revision["body"]
    return entries
