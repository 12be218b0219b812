"""Destroys what is withheld: the text leaves the archive for good, and the ledger keeps it out."""

import json
from dataclasses import dataclass
from typing import Any

from archive.store import views
from archive.store.archive import Archive, now
from archive.store.blanking import author_of
from archive.takedown.withhold import scope, withhold

BODIES = """
select comments.id, articles.id, comments.body, commenters.name, comments.native_id,
  (select held from withheld where name = 'comments' and row_id = comments.id)
from comments join threads on threads.id = thread_id join articles on articles.id = article_id
left join commenters on commenters.id = commenter_id where comments.id in (select value from json_each(?))"""
EARLIER = """
select comment_revisions.comment_id, coalesce(json_extract(held, '$.body'), body) from comment_revisions
left join withheld on name = 'comment_revisions' and row_id = comment_revisions.id
where comment_revisions.comment_id in (select value from json_each(?))"""
OF_ARTICLE = """
select coalesce(json_extract(held, '$.title'), title), coalesce(json_extract(held, '$.body'), body) from articles
left join withheld on name = 'articles' and row_id = articles.id where articles.id = ?
union all
select coalesce(json_extract(held, '$.title'), title), coalesce(json_extract(held, '$.body'), body)
from article_revisions left join withheld on name = 'article_revisions' and row_id = article_revisions.id
where article_id = ?"""
FORGET = """
delete from withheld where comment_id in (select value from json_each(:comments))
  or (name = 'captures' and row_id in (select capture_id from visits where thread_id in
    (select thread_id from comments where id in (select value from json_each(:comments)))))
  or (name = 'flags' and row_id in (select id from flags where thread_id in
    (select thread_id from comments where id in (select value from json_each(:comments)))))"""
FORGET_COMMENTER = "delete from withheld where name = 'commenters' and row_id = :number"
FORGET_ARTICLE = """
delete from withheld where (name = 'articles' and row_id = :number)
  or (name = 'article_revisions' and row_id in (select id from article_revisions where article_id = :number))
  or (name = 'threads' and row_id in (select id from threads where article_id = :number))
  or (name = 'flags' and row_id in (select id from flags where article_id = :number))"""
ERASED = """
update suppressions set erased_at = :at where subject = :subject and number = :number and lifted_at is null"""
HOLDS = "select id from suppressions where subject = ? and number = ? and lifted_at is null"


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is to be destroyed, as it stands or stood; of a comment, or of an article."""

    comment_id: int | None
    article_id: int | None
    body: str
    author: str | None
    native_id: str | None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was destroyed."""

    entry: int
    comments: int


def texts_of(archive: Archive, subject: str, number: int) -> list[Text]:
    """Every text of a subject, present and earlier ones, withheld or not. Raises withhold.NotThere."""
    ids = scope(archive, subject, number)
    listed = json.dumps(ids)
    found = [_text(*row) for row in archive.read(BODIES, (listed,))]
    by_id = {text.comment_id: text for text in found}
    for comment_id, body in archive.read(EARLIER, (listed,)):
        now_there = by_id[comment_id]
        found.append(Text(comment_id, now_there.article_id, body, now_there.author, now_there.native_id))
    if subject == "article":
        for title, body in archive.read(OF_ARTICLE, (number, number)):
            found += [Text(None, number, text, None, None) for text in (title, body) if text]
    return [text for text in found if text.body]


def _text(comment: int, article: int, body: str, name: str | None, native_id: str | None, held: str | None) -> Text:
    was: dict[str, Any] = json.loads(held) if held else {}
    author = author_of(was)
    return Text(comment, article, was.get("body", body), author.name if author else name, native_id)


def erase(archive: Archive, subject: str, number: int, reason: str, note: str | None = None) -> Erased:
    """Withholds a subject, and destroys what that put away: in rows, full text and free pages. Cannot be undone.

    The file is written anew, which takes as much free disk as it is large. Raises withhold.NotThere."""
    ids = scope(archive, subject, number)
    holds = archive.read(HOLDS, (subject, number))
    entry = holds[0][0] if holds else withhold(archive, subject, number, reason, note).entry
    run = archive.begin_run("erase", {"subject": subject, "number": number, "reason": reason})
    with archive.transaction() as connection:
        connection.exec_driver_sql("pragma secure_delete = on")
        connection.exec_driver_sql(FORGET, {"comments": json.dumps(ids)})
        if subject == "commenter":
            connection.exec_driver_sql(FORGET_COMMENTER, {"number": number})
        if subject == "article":
            connection.exec_driver_sql(FORGET_ARTICLE, {"number": number})
        connection.exec_driver_sql(ERASED, {"at": now(), "subject": subject, "number": number})
    _rewrite(archive)
    archive.end_run(run, "done", {"comments": len(ids)})
    return Erased(entry, len(ids))


def _rewrite(archive: Archive) -> None:
    """Merges each index into one, without the words that went; then the file anew, and an empty log beside it."""
    with archive.transaction() as connection:
        for table in views.FULL_TEXT:
            connection.exec_driver_sql(f"insert into {table}_fts({table}_fts) values ('optimize')")  # noqa: S608
    archive.maintain("pragma temp_store = file", "vacuum", "pragma wal_checkpoint(truncate)")
