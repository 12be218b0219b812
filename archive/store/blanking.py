"""Takes texts out of their rows, so that no reader of the tables meets them, and puts them back.

What is taken out goes to the table `withheld`, which nobody reads but this archive itself; the rows stay, with their
places and counts. All of it happens in the caller's transaction.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from archive.store.suppressions import author_of
from archive.store.thread_visit import digest
from archive.thread import Author

NOTHING_SHA256 = digest("")
NO_ARTICLE_SHA256 = digest("\n")
Restored = Callable[[str, int | None, Author], int | None]

_HIDE = """
insert into withheld (name, row_id, comment_id, held)
select '{name}', {name}.id, {comment}, json_object({columns}) from {source}
where {which}
  and not exists (select 1 from withheld as known where known.name = '{name}' and known.row_id = {name}.id)"""
_AUTHOR = """json(case when commenters.id is not null then json_object('name', commenters.name,
  'native_id', commenters.native_id, 'is_guest', commenters.is_guest, 'is_staff', commenters.is_staff) end)"""
_OF_THESE = "in (select value from json_each(:ids))"
_OF_FLAGS = f"in (select id from flags where comment_id {_OF_THESE})"


def _taken(
    name: str, columns: Sequence[str], which: str, comment: str = "null", source: str = "", more: str = ""
) -> str:
    pairs = ", ".join(f"'{column}', {name}.\"{column}\"" for column in columns)
    return _HIDE.format(
        name=name, comment=comment, columns=pairs + more, source=source or name, which=f"{name}.{which}"
    )


# Each step: what is put away, and what then stands in its place.
_COMMENTS = (
    (
        _taken(
            "comments",
            ("body", "body_sha256", "commenter_id", "url"),
            f"id {_OF_THESE}",
            "comments.id",
            "comments left join commenters on commenters.id = comments.commenter_id",
            f", 'author', {_AUTHOR}",
        ),
        f"update comments set body = '', body_sha256 = :sha256, commenter_id = null, url = null where id {_OF_THESE}",
    ),
    (
        _taken("comment_revisions", ("body", "body_sha256"), f"comment_id {_OF_THESE}", "comment_revisions.comment_id"),
        f"update comment_revisions set body = '', body_sha256 = :sha256 where comment_id {_OF_THESE}",
    ),
    (
        _taken(
            "events", ("before", "after"), f"comment_id {_OF_THESE} and kind in ('edited', 'renamed')", "comment_id"
        ),
        f"""update events set "before" = null, "after" = null
where comment_id {_OF_THESE} and kind in ('edited', 'renamed')""",
    ),
    (
        _taken("flags", ("evidence",), f"comment_id {_OF_THESE} and evidence is not null", "flags.comment_id"),
        f"update flags set evidence = null where comment_id {_OF_THESE}",
    ),
    (
        _taken(
            "flag_spans",
            ("exact",),
            f"flag_id {_OF_FLAGS}",
            "(select comment_id from flags where flags.id = flag_spans.flag_id)",
        ),
        f"update flag_spans set exact = '' where flag_id {_OF_FLAGS}",
    ),
    (
        _taken(
            "reviews",
            ("note",),
            f"flag_id {_OF_FLAGS} and note is not null",
            "(select comment_id from flags where flags.id = reviews.flag_id)",
        ),
        f"update reviews set note = null where flag_id {_OF_FLAGS}",
    ),
)  # fmt: skip
_THREADS_OF = "select id from threads where article_id = :article"
_CAPTURES_OF = f"""(select capture_id from visits where thread_id in ({_THREADS_OF})
  union select capture_id from articles where id = :article)"""
_ARTICLE = (
    (
        _taken("articles", ("title", "byline", "section", "body", "body_sha256", "url"), "id = :article"),
        """update articles set title = null, byline = null, section = null, body = '', body_sha256 = :sha256,
  url = :url where id = :article""",
    ),
    (
        _taken("article_revisions", ("title", "body", "body_sha256"), "article_id = :article"),
        "update article_revisions set title = null, body = '', body_sha256 = :sha256 where article_id = :article",
    ),
    (
        _taken("threads", ("url", "native_id"), "article_id = :article"),
        """update threads set url = null, native_id = case native_id when :was then :url else native_id end
where article_id = :article""",
    ),
    (
        _taken("flags", ("evidence",), "article_id = :article and evidence is not null"),
        "update flags set evidence = null where article_id = :article",
    ),
    (
        _taken("flags", ("evidence",), f"thread_id in ({_THREADS_OF}) and evidence is not null"),
        f"update flags set evidence = null where thread_id in ({_THREADS_OF})",
    ),
    (
        _taken("captures", ("furniture", "metadata_json"), f"id in {_CAPTURES_OF} and furniture is not null"),
        f"update captures set furniture = null where id in {_CAPTURES_OF}",
    ),
)
_COMMENTER = (
    (
        _taken("commenters", ("name", "native_id"), "id = :commenter"),
        """update commenters set name = null, native_id = case when native_id is null then null
  else 'withheld:' || id end where id = :commenter""",
    ),
)
ROWS_OF_ARTICLE = {
    "articles": "select :article",
    "article_revisions": "select id from article_revisions where article_id = :article",
    "threads": _THREADS_OF,
    "flags": "select id from flags where article_id = :article",
}
LINES_OF = """
select withheld.name, row_id from withheld join visits on visits.capture_id = row_id
where name = 'captures' and visits.thread_id = :thread
union select withheld.name, row_id from withheld join flags on flags.id = row_id
where withheld.name = 'flags' and flags.thread_id = :thread"""
STILL_HIDDEN = """
select 1 from withheld join comments on comments.id = row_id where name = 'comments' and thread_id = :thread
union all select 1 from withheld join threads on article_id = row_id where name = 'articles' and threads.id = :thread
limit 1"""
STOP_VISITS = "update frontier set next_at = null where url = :was"
BODIES = f"""
select body from comments where id {_OF_THESE}
union all select body from comment_revisions where comment_id {_OF_THESE}"""
HELD_UNDER = """
select json_extract(held, '$.body') from withheld where name in ('comments', 'comment_revisions') and comment_id in
  (select comments.id from comments join threads on threads.id = thread_id join articles on articles.id = article_id
   where articles.url = ?)"""
FURNITURE = """
select id, furniture from captures where furniture is not null and id in
  (select capture_id from visits where thread_id in (select thread_id from comments where id in
    (select value from json_each(:ids))))"""
PUT_AWAY = "insert into withheld (name, row_id, held) values (?, ?, ?) on conflict (name, row_id) do nothing"
MOST_COMPARED = 200
EVIDENCE = """
select id, evidence from flags where evidence is not null and thread_id in
  (select thread_id from comments where id in (select value from json_each(:ids)))"""
HELD_OF = "select id, name, row_id, held from withheld where comment_id in (select value from json_each(:ids))"
HELD = "select id, name, row_id, held from withheld where name = ? and row_id in (select value from json_each(?))"
SHORTEST_LINE = 12


def hide_comments(connection: Connection, ids: Sequence[int]) -> None:
    """Takes out everything of these comments that somebody wrote, and who wrote it."""
    texts = [row[0] for row in connection.exec_driver_sql(BODIES, _ids(ids)) if len(row[0]) >= SHORTEST_LINE]
    _hide_lines(connection, ids, texts)
    for take, leave in _COMMENTS:
        connection.exec_driver_sql(take, _ids(ids))
        connection.exec_driver_sql(leave, _ids(ids) | {"sha256": NOTHING_SHA256})


def _hide_lines(connection: Connection, ids: Sequence[int], texts: Sequence[str]) -> None:
    """Lines that a document had beside its comments, and what was noted of its thread, where they hold these texts; all
    of them where there are too many texts to look for each."""
    few = len(texts) <= MOST_COMPARED
    for number, furniture in connection.exec_driver_sql(FURNITURE, _ids(ids)).fetchall():
        lines = furniture.split("\n")
        kept = without(lines, texts) if few else []
        if len(kept) < len(lines):
            connection.exec_driver_sql(PUT_AWAY, ("captures", number, json.dumps({"furniture": furniture})))
            change = "update captures set furniture = ? where id = ?"
            connection.exec_driver_sql(change, ("\n".join(kept) or None, number))
    for number, evidence in connection.exec_driver_sql(EVIDENCE, _ids(ids)).fetchall():
        if not few or not without([evidence], texts):
            connection.exec_driver_sql(PUT_AWAY, ("flags", number, json.dumps({"evidence": evidence})))
            connection.exec_driver_sql("update flags set evidence = null where id = ?", (number,))


def without(lines: Iterable[str], texts: Iterable[str]) -> list[str]:
    """The lines that neither hold one of the texts nor are a piece of one."""
    every = list(texts)
    return [
        line
        for line in lines
        if not any(text in line or (len(line) >= SHORTEST_LINE and line.strip() in text) for text in every)
    ]


def hide_article(connection: Connection, article: int, was: str, url: str) -> None:
    """Takes out an article's headline, text and address `was`, which `url` then stands for; it is not visited again."""
    values = {"article": article, "was": was, "url": url, "sha256": NO_ARTICLE_SHA256}
    for take, leave in _ARTICLE:
        connection.exec_driver_sql(take, values)
        connection.exec_driver_sql(leave, values)
    connection.exec_driver_sql(STOP_VISITS, values)


def hide_commenter(connection: Connection, commenter: int) -> None:
    """Takes out a commenter's name and account."""
    for take, leave in _COMMENTER:
        connection.exec_driver_sql(take, {"commenter": commenter})
        connection.exec_driver_sql(leave, {"commenter": commenter})


def show_comments(connection: Connection, ids: Sequence[int], commenter: Restored) -> None:
    """Puts back what was taken out of these comments. `commenter` gives the id of one that came while it was withheld,
    from platform, outlet's id and author."""
    rows = connection.exec_driver_sql(HELD_OF, _ids(ids)).fetchall()
    for number, name, row_id, text in rows:
        held = json.loads(text)
        if name == "comments" and held.get("commenter_id") is None and (author := author_of(held)):
            held["commenter_id"] = commenter(held["platform"], held["outlet_id"], author)
        _put_back(connection, number, name, row_id, held)


def show(connection: Connection, name: str, ids: Sequence[int]) -> None:
    """Puts back what was taken out of rows of one table."""
    for number, table, row_id, text in connection.exec_driver_sql(HELD, (name, json.dumps(list(ids)))).fetchall():
        _put_back(connection, number, table, row_id, json.loads(text))


def show_lines(connection: Connection, threads: Iterable[int]) -> None:
    """Puts back the lines of these threads' documents and what was noted of the threads, where nothing in a thread is
    withheld any more."""
    for thread in threads:
        if connection.exec_driver_sql(STILL_HIDDEN, {"thread": thread}).scalar() is None:
            for name, row_id in connection.exec_driver_sql(LINES_OF, {"thread": thread}).fetchall():
                show(connection, name, [row_id])


def _put_back(connection: Connection, number: int, name: str, row_id: int, held: Mapping[str, Any]) -> None:
    columns = {column: value for column, value in held.items() if column not in ("author", "platform", "outlet_id")}
    settings = ", ".join(f'"{column}" = ?' for column in columns)
    connection.exec_driver_sql(f"update {name} set {settings} where id = ?", (*columns.values(), row_id))
    connection.exec_driver_sql("delete from withheld where id = ?", (number,))


def held_under(connection: Connection, url: str) -> list[str]:
    """The texts of comments that are withheld under an article, present and earlier ones."""
    return [row[0] for row in connection.exec_driver_sql(HELD_UNDER, (url,))]


def held_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What `withheld` holds of the rows of these comments themselves, by the comment's id."""
    rows = connection.exec_driver_sql(HELD, ("comments", json.dumps(list(ids))))
    return {row[2]: json.loads(row[3]) for row in rows}


def _ids(ids: Iterable[int]) -> dict[str, Any]:
    return {"ids": json.dumps(list(ids))}
