"""SQL for what sources and datasets have on record of a comment, and datasets of its thread and article: JSON lists of
objects, the same in every format.

Those of a comment are over `comments`, the others over `threads` and `articles`; of what is withheld nothing is
written. `SOURCES` says what each reads, so that an archive without any is spared the looking.
"""

import sqlite3
from dataclasses import fields

from archive.thread import Decision

EMPTY = "json('[]')"


def _list(name: str, item: str, source: str, order: str, shown: str = "comments.withheld is null") -> str:
    """Return SQL for a JSON list of the rows of one comment, or of what `shown` speaks of."""
    return f"""(select json_group_array(json({name})) from (select {item} as {name}
  from {source} and {shown} order by {order}))"""  # noqa: S608


def _labels(of_subject: str, shown: str) -> str:
    item = """json_object('dataset', datasets.name,
  'name', labels.name, 'value', labels.value, 'number', number, 'raters', raters,
  'is_shareable', json(iif(datasets.is_shareable, 'true', 'false')))"""
    source = f"labels join datasets on datasets.id = labels.dataset_id where {of_subject}"
    return _list("label", item, source, "labels.id", shown)


LISTS = {
    "labels": _labels("labels.comment_id = comments.id", "comments.withheld is null"),
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
# Columns of a comment's row, and lists of their own where a format has a place for threads and articles.
THREAD_LISTS = {
    "thread_labels": _labels("labels.thread_id = threads.id", "threads.withheld is null and labels.value <> ''"),
    "article_labels": _labels("labels.article_id = articles.id", "articles.withheld is null and labels.value <> ''"),
}
SOURCES = {
    **{name: name for name in LISTS},
    "earlier": "comment_revisions where revision < 0",
    **{f"{subject}_labels": f"labels where {subject}_id is not null" for subject in ("thread", "article")},
}
_LABEL = {"dataset": "text", "name": "text", "value": "text", "number": "real", "raters": "integer",
          "is_shareable": "truth"}  # fmt: skip
# The fields of the objects, and their types as SQLite and Arrow have them.
FIELDS = {
    "labels": _LABEL,
    "reactions": {"kind": "text", "count": "integer"},
    "reports": {"kind": "text", "count": "integer"},
    "decisions": dict.fromkeys((field.name for field in fields(Decision)), "text"),
    "earlier": {"body": "text", "written_at": "text"},
    "dataset": dict.fromkeys(("name", "version", "licence", "citation", "url"), "text") | {"is_shareable": "truth"},
    **dict.fromkeys(THREAD_LISTS, _LABEL),
}
DATASET = """json(iif(datasets.id is null, null, json_object('name', datasets.name, 'version', datasets.version,
    'licence', licence, 'citation', citation, 'url', datasets.url, 'is_shareable', json(iif(is_shareable, 'true',
    'false')))))"""


def lists_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return SQL for each list; for one whose table is empty, that of an empty list."""
    return {
        name: sql
        if connection.execute(f"select 1 from {SOURCES[name]} limit 1").fetchone()  # noqa: S608  # names of our own
        else EMPTY
        for name, sql in (LISTS | THREAD_LISTS).items()
    }
