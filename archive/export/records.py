"""SQL for what sources and datasets have on record of a comment: JSON lists of objects, the same in every format.

Each is over `comments`; of a withheld one nothing is written. `TABLES` says which table each reads, so that an archive
without any is spared the looking.
"""

import sqlite3
from dataclasses import fields

from archive.thread import Decision

EMPTY = "json('[]')"


def _list(name: str, item: str, source: str, order: str) -> str:
    """Return SQL for a JSON list of the rows of one comment."""
    return f"""(select json_group_array(json({name})) from (select {item} as {name}
  from {source} and comments.withheld is null order by {order}))"""  # noqa: S608


LISTS = {
    "labels": _list(
        "label",
        """json_object('dataset', datasets.name,
  'name', labels.name, 'value', labels.value, 'number', number, 'raters', raters)""",
        "labels join datasets on datasets.id = labels.dataset_id where labels.comment_id = comments.id",
        "labels.id",
    ),
    "reactions": _list(
        "reaction",
        "json_object('kind', kind, 'count', \"count\")",
        "reactions where reactions.comment_id = comments.id",
        "reactions.id",
    ),
    "reports": _list(
        "report",
        "json_object('kind', kind, 'count', \"count\")",
        "reports where reports.comment_id = comments.id",
        "reports.id",
    ),
    "decisions": _list(
        "decision",
        """json_object('status', status, 'state', decisions.state, 'decided_at', decided_at, 'decider', decider,
  'reason', reason, 'explanation', explanation)""",
        "decisions where decisions.comment_id = comments.id",
        "decisions.id",
    ),
    "earlier": _list(
        "earlier",
        "json_object('body', earlier.body, 'written_at', written_at)",
        """comment_revisions as earlier
  where earlier.comment_id = comments.id and earlier.revision < 0""",
        "earlier.revision",
    ),
}
TABLES = {name: name for name in LISTS} | {"earlier": "comment_revisions"}
# The fields of the objects, and their types as SQLite and Arrow have them.
FIELDS = {
    "labels": {"dataset": "text", "name": "text", "value": "text", "number": "real", "raters": "integer"},
    "reactions": {"kind": "text", "count": "integer"},
    "reports": {"kind": "text", "count": "integer"},
    "decisions": dict.fromkeys((field.name for field in fields(Decision)), "text"),
    "earlier": {"body": "text", "written_at": "text"},
    "dataset": dict.fromkeys(("name", "version", "licence", "citation", "url"), "text") | {"is_shareable": "truth"},
}
DATASET = """json(iif(datasets.id is null, null, json_object('name', datasets.name, 'version', datasets.version,
    'licence', licence, 'citation', citation, 'url', datasets.url, 'is_shareable', json(iif(is_shareable, 'true',
    'false')))))"""
DESCRIPTIONS = {
    "labels": "What the people or programs of datasets said of it.",
    "reactions": "How often readers reacted to it in a way that is no vote.",
    "reports": "How often readers or programs reported it to the moderators.",
    "decisions": "What the moderation of its source decided about it.",
    "earlier": "Former texts that the source itself has on record.",
    "dataset": "The corpus or export that its thread was taken from.",
}


def lists_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return SQL for each list; for one whose table is empty, that of an empty list."""
    return {
        name: sql
        if connection.execute(f'select 1 from "{TABLES[name]}" limit 1').fetchone()  # noqa: S608  # names of our own
        else EMPTY
        for name, sql in LISTS.items()
    }
