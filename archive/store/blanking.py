"""Move withheld texts into the private table `withheld`, and restore them.

The rows stay, with their positions and counts, so that a thread keeps its shape; their column `withheld` says why they
are blank. All of it happens in the caller's transaction.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from archive.thread import Author, Comment, digest

NOTHING_SHA256 = digest("")
NO_ARTICLE_SHA256 = digest("\n")
# Finds or adds a commenter, from platform, outlet's id and author, and returns the id.
FindCommenter = Callable[[str, int | None, Author], int | None]

_PUT_AWAY = """
insert into withheld (name, row_id, comment_id, held)
select '{name}', {name}.id, {comment}, json_object({columns}) from {source}
where {which}
  and not exists (select 1 from withheld as earlier where earlier.name = '{name}' and earlier.row_id = {name}.id)"""
_AUTHOR = """json(case when commenters.id is not null then json_object('name', commenters.name,
  'native_id', commenters.native_id, 'is_guest', commenters.is_guest, 'is_staff', commenters.is_staff) end)"""
_OF_THESE = "in (select cast(value as bigint) from json_each(:ids))"
_OF_FLAGS = f"in (select id from flags where comment_id {_OF_THESE})"


def _put_away(
    name: str, columns: Sequence[str], which: str, comment: str = "null", source: str = "", more: str = ""
) -> str:
    pairs = ", ".join(f"'{column}', {name}.\"{column}\"" for column in columns)
    return _PUT_AWAY.format(
        name=name, comment=comment, columns=pairs + more, source=source or name, which=f"{name}.{which}"
    )


# Each step: a statement that copies columns to `withheld`, and one that blanks them. All run for the same ids.
_COMMENTS = (
    (
        _put_away(
            "comments",
            ("body", "body_sha256", "commenter_id", "url", "title"),
            f"id {_OF_THESE}",
            "comments.id",
            "comments left join commenters on commenters.id = comments.commenter_id",
            f", 'author', {_AUTHOR}",
        ),
        f"""update comments set body = '', body_sha256 = :sha256, commenter_id = null, url = null, title = null,
  withheld = coalesce(withheld, :reason) where id {_OF_THESE}""",
    ),
    (
        _put_away(
            "comment_revisions", ("body", "body_sha256"), f"comment_id {_OF_THESE}", "comment_revisions.comment_id"
        ),
        f"update comment_revisions set body = '', body_sha256 = :sha256 where comment_id {_OF_THESE}",
    ),
    (
        _put_away(
            "events", ("before", "after"), f"comment_id {_OF_THESE} and kind in ('edited', 'renamed')", "comment_id"
        ),
        f"""update events set "before" = null, "after" = null
where comment_id {_OF_THESE} and kind in ('edited', 'renamed')""",
    ),
    (
        _put_away("labels", ("value", "number"), f"comment_id {_OF_THESE}", "labels.comment_id"),
        f"update labels set value = '', number = null where comment_id {_OF_THESE}",
    ),
    (
        _put_away(
            "decisions",
            ("explanation",),
            f"comment_id {_OF_THESE} and explanation is not null",
            "decisions.comment_id",
        ),
        f"update decisions set explanation = null where comment_id {_OF_THESE}",
    ),
    (
        _put_away("flags", ("evidence",), f"comment_id {_OF_THESE} and evidence is not null", "flags.comment_id"),
        f"update flags set evidence = null where comment_id {_OF_THESE}",
    ),
    (
        _put_away(
            "flag_spans",
            ("exact",),
            f"flag_id {_OF_FLAGS}",
            "(select comment_id from flags where flags.id = flag_spans.flag_id)",
        ),
        f"update flag_spans set exact = '' where flag_id {_OF_FLAGS}",
    ),
    (
        _put_away(
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
        _put_away("articles", ("title", "byline", "section", "body", "body_sha256", "url"), "id = :article"),
        """update articles set title = null, byline = null, section = null, body = '', body_sha256 = :sha256,
  url = :url, withheld = coalesce(withheld, :reason) where id = :article""",
    ),
    (
        _put_away("article_revisions", ("title", "body", "body_sha256"), "article_id = :article"),
        "update article_revisions set title = null, body = '', body_sha256 = :sha256 where article_id = :article",
    ),
    (
        _put_away("threads", ("url", "native_id"), "article_id = :article"),
        """update threads set url = null, native_id = case native_id when :was then :url else native_id end
where article_id = :article""",
    ),
    (
        _put_away("flags", ("evidence",), "article_id = :article and evidence is not null"),
        "update flags set evidence = null where article_id = :article",
    ),
    (
        _put_away("flags", ("evidence",), f"thread_id in ({_THREADS_OF}) and evidence is not null"),
        f"update flags set evidence = null where thread_id in ({_THREADS_OF})",
    ),
    (
        _put_away("labels", ("value", "number"), "article_id = :article"),
        "update labels set value = '', number = null where article_id = :article",
    ),
    (
        _put_away("captures", ("furniture", "metadata_json"), f"id in {_CAPTURES_OF} and furniture is not null"),
        f"update captures set furniture = null where id in {_CAPTURES_OF}",
    ),
)
_THREADS = (
    (
        _put_away("labels", ("value", "number"), f"thread_id {_OF_THESE}"),
        f"update labels set value = '', number = null where thread_id {_OF_THESE}",
    ),
)
_COMMENTER = (
    (
        _put_away("commenters", ("name", "native_id"), "id = :commenter"),
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
# What is put away of labels of an article and its threads, as far as these themselves are shown.
LABELS_UNDER = """
select labels.id, held from withheld join labels on labels.id = row_id
left join threads on threads.id = labels.thread_id
join articles on articles.id = coalesce(labels.article_id, threads.article_id)
where withheld.name = 'labels' and articles.id = :article and threads.withheld is null and articles.withheld is null"""
LINES_OF = """
select withheld.name, row_id from withheld join visits on visits.capture_id = row_id
where name = 'captures' and visits.thread_id = :thread
union select withheld.name, row_id from withheld join flags on flags.id = row_id
where withheld.name = 'flags' and flags.thread_id = :thread"""
STILL_WITHHELD = """
select 1 from withheld join comments on comments.id = row_id where name = 'comments' and thread_id = :thread
union all select 1 from withheld join threads on article_id = row_id where name = 'articles' and threads.id = :thread
limit 1"""
STOP_VISITS = "update frontier set next_at = null where url = :was"
BODIES = f"""
select body from comments where id {_OF_THESE}
union all select body from comment_revisions where comment_id {_OF_THESE}"""
WITHHELD_UNDER = """
select json_extract(held, '$.body') from withheld where name in ('comments', 'comment_revisions') and comment_id in
  (select comments.id from comments join threads on threads.id = thread_id join articles on articles.id = article_id
   where articles.{} = ?)"""
FURNITURE = """
select id, furniture from captures where furniture is not null and id in
  (select capture_id from visits where thread_id in (select thread_id from comments where id in
    (select cast(value as bigint) from json_each(:ids))))"""
PUT_AWAY = "insert into withheld (name, row_id, held) values (?, ?, ?) on conflict (name, row_id) do nothing"
_THREADS_WITH = "(select thread_id from comments where id in (select cast(value as bigint) from json_each(:ids)))"
_ARTICLES_WITH = f"(select article_id from threads where id in {_THREADS_WITH})"
# What was said of a thread, and may quote its comments: table, column and what stands there when it is put away.
QUOTING = f"""
select 'flags', 'evidence', null, id, evidence from flags where evidence is not null and thread_id in {_THREADS_WITH}
union all select 'labels', 'value', '', id, value from labels
where value <> '' and (thread_id in {_THREADS_WITH} or article_id in {_ARTICLES_WITH})"""
OF_COMMENTS = f"select id, name, row_id, held from withheld where comment_id {_OF_THESE}"
OF_ROWS = f"select id, name, row_id, held from withheld where name = :name and row_id {_OF_THESE}"
MARK_THREADS = f"update threads set withheld = coalesce(withheld, :reason) where id {_OF_THESE}"
UNMARK_THREADS = f"update threads set withheld = null where id {_OF_THESE}"
# To look for each of many texts in each line takes too long: beyond this, all lines beside the comments are withheld.
MOST_COMPARED = 200
# Shorter lines and texts, such as "Reply", stand in many threads and give nothing away.
SHORTEST_LINE = 12
NOT_COLUMNS = ("author", "platform", "outlet_id")


def blank_comments(connection: Connection, ids: Sequence[int], reason: str) -> None:
    """Move everything that somebody wrote in these comments or said of them, and who wrote it, to `withheld`."""
    texts = [row[0] for row in connection.exec_driver_sql(BODIES, _ids(ids)) if len(row[0]) >= SHORTEST_LINE]
    _blank_lines(connection, ids, texts)
    values = _ids(ids) | {"sha256": NOTHING_SHA256, "reason": reason}
    _run(connection, _COMMENTS, values)


def _blank_lines(connection: Connection, ids: Sequence[int], texts: Sequence[str]) -> None:
    """Blank the lines beside the comments of a document, and what was said of its thread, that hold a text."""
    few = len(texts) <= MOST_COMPARED
    for capture_id, furniture in connection.exec_driver_sql(FURNITURE, _ids(ids)).fetchall():
        lines = furniture.split("\n")
        left = lines_without(lines, texts) if few else []
        if len(left) < len(lines):
            connection.exec_driver_sql(PUT_AWAY, ("captures", capture_id, json.dumps({"furniture": furniture})))
            change = "update captures set furniture = ? where id = ?"
            connection.exec_driver_sql(change, ("\n".join(left) or None, capture_id))
    for table, column, empty, row_id, quoting in connection.exec_driver_sql(QUOTING, _ids(ids)).fetchall():
        if not few or not lines_without([quoting], texts):
            connection.exec_driver_sql(PUT_AWAY, (table, row_id, json.dumps({column: quoting})))
            connection.exec_driver_sql(f"update {table} set {column} = ? where id = ?", (empty, row_id))


def lines_without(lines: Iterable[str], texts: Sequence[str]) -> list[str]:
    """Return the lines that neither contain one of the texts nor are a piece of one."""
    return [
        line
        for line in lines
        if not any(text in line or (len(line) >= SHORTEST_LINE and line.strip() in text) for text in texts)
    ]


def blank_article(connection: Connection, article: int, was: str, url: str, reason: str) -> None:
    """Blank an article's headline, text and address `was`, for which `url` then stands; it is not visited again."""
    values = {"article": article, "was": was, "url": url, "sha256": NO_ARTICLE_SHA256, "reason": reason}
    _run(connection, _ARTICLE, values)
    connection.exec_driver_sql(STOP_VISITS, values)


def blank_commenter(connection: Connection, commenter: int) -> None:
    """Blank a commenter's name and account."""
    _run(connection, _COMMENTER, {"commenter": commenter})


def mark_threads(connection: Connection, ids: Sequence[int], reason: str) -> None:
    """Mark threads of which every comment, present or to come, is withheld, and put away what was said of them."""
    connection.exec_driver_sql(MARK_THREADS, _ids(ids) | {"reason": reason})
    _run(connection, _THREADS, _ids(ids))


def unmark_threads(connection: Connection, ids: Sequence[int]) -> None:
    """Undo `mark_threads`."""
    connection.exec_driver_sql(UNMARK_THREADS, _ids(ids))


def restore_comments(connection: Connection, ids: Sequence[int], find_commenter: FindCommenter) -> None:
    """Put back what was taken out of these comments.

    `find_commenter` is asked for authors of comments that arrived while they were withheld: those have no commenter.
    """
    for row_id, table, table_row, text in connection.exec_driver_sql(OF_COMMENTS, _ids(ids)).fetchall():
        values = json.loads(text)
        if table == "comments" and values.get("commenter_id") is None and (author := author_of(values)):
            values["commenter_id"] = find_commenter(values["platform"], values["outlet_id"], author)
        _restore(connection, row_id, table, table_row, values)


def restore_rows(connection: Connection, table: str, ids: Sequence[int]) -> None:
    """Put back what was taken out of rows of one table."""
    for row_id, name, table_row, text in connection.exec_driver_sql(OF_ROWS, {"name": table} | _ids(ids)).fetchall():
        _restore(connection, row_id, name, table_row, json.loads(text))


def restore_lines(connection: Connection, threads: Iterable[int]) -> None:
    """Put back the lines beside the comments of these threads, where nothing in a thread is withheld any more."""
    for thread in threads:
        if connection.exec_driver_sql(STILL_WITHHELD, {"thread": thread}).scalar() is None:
            for table, row_id in connection.exec_driver_sql(LINES_OF, {"thread": thread}).fetchall():
                restore_rows(connection, table, [row_id])


def restore_labels(connection: Connection, articles: Iterable[int]) -> None:
    """Put back what was said of these articles and their threads, but for what quotes a text that is withheld still."""
    for article in articles:
        withheld = connection.exec_driver_sql(WITHHELD_UNDER.format("id"), (article,)).scalars()
        texts = [text for text in withheld if len(text) >= SHORTEST_LINE]
        for label, held in connection.exec_driver_sql(LABELS_UNDER, {"article": article}).fetchall():
            if len(texts) <= MOST_COMPARED and lines_without([json.loads(held)["value"]], texts):
                restore_rows(connection, "labels", [label])


def texts_withheld_under(connection: Connection, url: str) -> list[str]:
    """Return the texts of comments that are withheld under an article, present and earlier ones."""
    return [row[0] for row in connection.exec_driver_sql(WITHHELD_UNDER.format("url"), (url,))]


def values_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the columns that were taken out of the rows of these comments, by comment."""
    rows = connection.exec_driver_sql(OF_ROWS, {"name": "comments"} | _ids(ids))
    return {row[2]: json.loads(row[3]) for row in rows}


def author_of(values: Mapping[str, Any]) -> Author | None:
    """Return the author that a withheld comment had, as `withheld.held` stores it."""
    author = values.get("author")
    return Author(author["name"], author["native_id"], author["is_guest"], author["is_staff"]) if author else None


def as_stored(comment: Comment, sha256: str, platform: str, outlet_id: int | None) -> str:
    """Return what `withheld.held` stores of a comment that arrives suppressed, so that it can be restored."""
    values: dict[str, Any] = {"body": comment.body, "body_sha256": sha256, "commenter_id": None, "url": comment.url}
    values |= {"title": comment.title}
    values |= {"author": comment.author and asdict(comment.author), "outlet_id": outlet_id, "platform": platform}
    return json.dumps(values)


def _run(connection: Connection, steps: Iterable[tuple[str, str]], values: dict[str, Any]) -> None:
    for put_away, blank in steps:
        connection.exec_driver_sql(put_away, values)
        connection.exec_driver_sql(blank, values)


def _restore(connection: Connection, row_id: int, table: str, table_row: int, values: Mapping[str, Any]) -> None:
    columns = {column: value for column, value in values.items() if column not in NOT_COLUMNS}
    if table in ("comments", "articles"):
        columns["withheld"] = None
    settings = ", ".join(f'"{column}" = ?' for column in columns)
    connection.exec_driver_sql(f"update {table} set {settings} where id = ?", (*columns.values(), table_row))
    connection.exec_driver_sql("delete from withheld where id = ?", (row_id,))


def _ids(ids: Iterable[int]) -> dict[str, Any]:
    return {"ids": json.dumps(list(ids))}
