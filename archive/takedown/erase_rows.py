"""Destroy the rows' texts of what is withheld: they leave the archive file for good, and the suppressions stay."""

import json
from dataclasses import dataclass

from archive.store.archive import Archive
from archive.takedown.search_index import rebuild_index
from archive.takedown.withhold import comments_of, withhold
from archive.text.formatting import now

BODIES = """
select comments.id, article_id, coalesce(json_extract(held, '$.body'), body) from comments
join threads on threads.id = thread_id left join withheld on name = 'comments' and row_id = comments.id
where comments.id in (select cast(value as bigint) from json_each(?))
union all
select comment_revisions.comment_id, article_id, coalesce(json_extract(held, '$.body'), comment_revisions.body)
from comment_revisions join comments on comments.id = comment_revisions.comment_id
join threads on threads.id = thread_id
left join withheld on name = 'comment_revisions' and row_id = comment_revisions.id
where comment_revisions.comment_id in (select cast(value as bigint) from json_each(?))"""
OF_ARTICLE = """
select coalesce(json_extract(held, '$.title'), title), coalesce(json_extract(held, '$.body'), body) from articles
left join withheld on name = 'articles' and row_id = articles.id where articles.id = ?
union all
select coalesce(json_extract(held, '$.title'), title), coalesce(json_extract(held, '$.body'), body)
from article_revisions left join withheld on name = 'article_revisions' and row_id = article_revisions.id
where article_id = ?"""
_THREADS = "(select thread_id from comments where id in (select cast(value as bigint) from json_each(:comments)))"
FORGET_COMMENTS = f"""
delete from withheld where comment_id in (select cast(value as bigint) from json_each(:comments))
  or (name = 'captures' and row_id in (select capture_id from visits where thread_id in {_THREADS}))
  or (name = 'flags' and row_id in (select id from flags where thread_id in {_THREADS}))
  or (name = 'labels' and row_id in (select id from labels where thread_id in {_THREADS}
    or article_id in (select article_id from threads where id in {_THREADS})))"""  # noqa: S608  # a constant
FORGET_THREAD = """
delete from withheld where name = 'labels' and row_id in (select id from labels where thread_id = :number)"""
FORGET_CHANGES = "delete from import_changes where name = :name and row_id = :number"
FORGET_THREAD_CHANGES = """
delete from import_changes where name = 'threads' and row_id in (select id from threads where article_id = :number)"""
FORGET_COMMENTER = "delete from withheld where name = 'commenters' and row_id = :number"
FORGET_ARTICLE = """
delete from withheld where (name = 'articles' and row_id = :number)
  or (name = 'article_revisions' and row_id in (select id from article_revisions where article_id = :number))
  or (name = 'threads' and row_id in (select id from threads where article_id = :number))
  or (name = 'flags' and row_id in (select id from flags where article_id = :number))
  or (name = 'labels' and row_id in (select id from labels where article_id = :number
    or thread_id in (select id from threads where article_id = :number)))"""
MARK = """
update suppressions set erased_at = :at where subject = :subject and number = :number and lifted_at is null"""
ACTIVE = "select id from suppressions where subject = ? and number = ? and lifted_at is null"


@dataclass(frozen=True, slots=True)
class ErasedText:
    """A text that is to be destroyed, present or earlier, of a comment or of an article."""

    comment_id: int | None
    article_id: int | None
    body: str


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """What was destroyed: the number of comments, and the suppression that keeps them out."""

    entry: int
    comments: int


def texts_of(archive: Archive, subject: str, number: int, *, same_text: bool = False) -> list[ErasedText]:
    """Return every text of a subject, present and earlier ones, withheld or not. Raises withhold.NotThere."""
    ids = json.dumps(comments_of(archive, subject, number, same_text=same_text))
    texts = [ErasedText(*row) for row in archive.read(BODIES, (ids, ids))]
    if subject == "article":
        for title, body in archive.read(OF_ARTICLE, (number, number)):
            texts += [ErasedText(None, number, text) for text in (title, body)]
    return [text for text in texts if text.body]


def destroy_rows(
    archive: Archive, subject: str, number: int, reason: str, note: str | None = None, *, same_text: bool = False
) -> ErasedRows:
    """Withhold a subject, and destroy what that put away: in rows, full text and free pages. Cannot be undone.

    The file, or the server's tables, are written anew, which takes as much free disk as they are large. Raises
    withhold.NotThere."""
    ids = json.dumps(comments_of(archive, subject, number, same_text=same_text))
    active = archive.read(ACTIVE, (subject, number))
    if active and not same_text:
        entry = active[0][0]
    else:
        entry = withhold(archive, subject, number, reason, note, same_text=same_text).entry
    run = archive.begin_run("erase", {"subject": subject, "number": number, "reason": reason})
    archive.maintain(*archive.dialect.before_erasure)
    with archive.transaction() as connection:
        connection.exec_driver_sql(FORGET_COMMENTS, {"comments": ids})
        for_undo = {"name": f"{subject}s", "number": number}  # former names and bylines
        connection.exec_driver_sql(FORGET_CHANGES, for_undo)
        if subject == "commenter":
            connection.exec_driver_sql(FORGET_COMMENTER, {"number": number})
        if subject == "thread":
            connection.exec_driver_sql(FORGET_THREAD, {"number": number})
        if subject == "article":
            connection.exec_driver_sql(FORGET_ARTICLE, {"number": number})
            connection.exec_driver_sql(FORGET_THREAD_CHANGES, {"number": number})  # former addresses
        connection.exec_driver_sql(MARK, {"at": now(), "subject": subject, "number": number})
    archive.maintain(*archive.dialect.after_erasure)
    rebuild_index(archive)
    comments = len(json.loads(ids))
    archive.end_run(run, "done", {"comments": comments})
    return ErasedRows(entry, comments)
