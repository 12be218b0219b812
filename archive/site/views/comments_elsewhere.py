"""Render comments of several threads, each with a line that says where it stands."""

# ruff: noqa: S608  # all parts of the statements stand here

import json
from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from archive.site import flags, queries
from archive.site.comments import ThreadNote, list_comments, render_comments
from archive.site.database import Connection, fetch_all
from archive.site.viewer import Visitor
from archive.site.views.thread import UNTITLED

PLACES = f"""
select threads.id, {queries.TITLE}, {queries.OUTLET} as outlet
from threads join articles on articles.id = article_id left join outlets on outlets.id = outlet_id
where threads.id in (select value from json_each(:ids))"""


def render_with_threads(connection: Connection, ids: Sequence[int], visitor: Visitor) -> Markup | None:
    """Return comments in the order of their ids; None where there are none."""
    rows = {row["id"]: row for row in fetch_all(connection, queries.COMMENTS_BY_ID, ids=json.dumps(ids))}
    context = flags.load_flags(connection, list(rows), visitor)
    threads = json.dumps(sorted({row["thread_id"] for row in rows.values()}))
    places = {row["id"]: row for row in fetch_all(connection, PLACES, ids=threads)}
    views = []
    for number in ids:
        if number not in rows:
            continue
        thread = places[rows[number]["thread_id"]]
        url = f"/thread/{thread['id']}#c{number}"
        note = ThreadNote("", url, thread["title"] or UNTITLED, thread["outlet"])
        views.append(replace(context.view(rows[number]), thread_note=note))
    return render_comments(list_comments(views, {}), visitor.tables)
