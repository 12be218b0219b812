"""Settle which column says what thread the rows of a table are of: none that says something else of each comment."""

import re
from collections.abc import Mapping

from archive.importers.tables.cells import IDS, is_null, read_id
from archive.importers.tables.mapping import MappedColumn
from archive.importers.tables.profile import COMMENT_WORD, Profile
from archive.importers.tables.table import Table

OF_ARTICLES = re.compile(
    r"article|artikel|artic[uo]l|artigo|story|headline|news|noticia|notizia|video|thread|discussion|topic"
)
# Roles that only readers' comments have: works have authors, dates and addresses too.
OF_READERS = ("parent", "likes", "dislikes", "score", "state", "staff", "comment_url", "thread")
# What a column is instead whose values are of one comment each.
OF_COMMENTS = {"thread": "id", "url": "comment_url", "title": "heading"}
MOST_ASTRAY = 0.5  # share of replies that may stand under another key than what they answer


def is_of_articles(column: Profile) -> bool:
    """Whether a column is called after articles or what else is commented on, rather than after comments."""
    return OF_ARTICLES.search(column.key) is not None or ("post" in column.key and not column.is_of_each)


def settle_keys(columns: dict[str, MappedColumn], table: Table, profiles: Mapping[str, Profile]) -> set[str]:
    """Take from the roles of threads and articles the columns that are of comments; several comments share a thread.

    Return the names of those columns.
    """
    dropped: set[str] = set()
    for role, other in OF_COMMENTS.items():
        column = columns.get(role)
        if column is None or column.name not in profiles:
            continue
        values = profiles[column.name]
        is_of_comments = bool(COMMENT_WORD.search(values.key)) or not OF_ARTICLES.search(values.key)
        others = {name: column for name, column in columns.items() if name != role}
        is_none = values.is_of_each and is_of_comments and has_readers(others, profiles)
        if is_none or _parts_replies(columns, role, table):
            del columns[role]
            dropped.add(column.name)
            if other not in columns and (other != "id" or values.is_of_each):
                columns[other] = column
    if "thread" in columns and _is_whole_table(columns, profiles):
        dropped.add(columns.pop("thread").name)
    return dropped


def _is_whole_table(columns: Mapping[str, MappedColumn], profiles: Mapping[str, Profile]) -> bool:
    """Whether the key of threads is the same in all rows, and their articles are not: it is a page's or a channel's."""
    values = {role: profiles[columns[role].name] for role in OF_COMMENTS if role in columns}
    finer = [len(set(column.texts)) for role, column in values.items() if role != "thread" and not column.is_of_each]
    return len(set(values["thread"].texts)) == 1 and max(finer, default=1) > 1


def has_readers(columns: Mapping[str, MappedColumn], profiles: Mapping[str, Profile]) -> bool:
    """Whether the rows say that they are of readers' comments."""
    body = columns.get("body")
    named = body is not None and COMMENT_WORD.search(profiles[body.name].key) is not None
    return named or any(role in columns for role in OF_READERS)


def _parts_replies(columns: Mapping[str, MappedColumn], role: str, table: Table) -> bool:
    """Whether replies mostly have another value than the comments that they answer."""
    own, parent, key = columns.get("id"), columns.get("parent"), columns[role]
    if own is None or parent is None or parent.name == key.name:
        return False
    keys = {read_id(row.get(own.name)): row.get(key.name) for row in table.sample}
    read = IDS.get(parent.reading, read_id)
    pairs = [
        (row.get(key.name), keys[above])
        for row in table.sample
        if not is_null(row.get(key.name))
        and (above := read(row.get(parent.name))) is not None
        and not is_null(keys.get(above))
    ]
    return sum(bool(one != other) for one, other in pairs) > MOST_ASTRAY * len(pairs)
