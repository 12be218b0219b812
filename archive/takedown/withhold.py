"""Withhold comments, commenters, threads and articles from all readers, and restore them.

What is withheld stays withheld: the suppression list recognises it in whatever is imported, crawled or replayed later.
The rows stay in their positions, so that a thread keeps its shape and its count.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from archive.store import blanking, suppressions
from archive.store.archive import Archive, Run
from archive.store.flags import Subject
from archive.store.save_batch import IdCache, SaveBatch
from archive.store.suppressions import CODE, Key, SuppressionList
from archive.store.writer import RowWriter
from archive.takedown.reasons import SUBJECTS
from archive.takedown.search_index import update_index
from archive.text.formatting import now
from archive.thread import Author, Flag

COMMENTS_OF = {
    "comment": "select id from comments where id = :number",
    "commenter": """select id from comments where commenter_id = :number
union select row_id from withheld where name = 'comments'
  and cast(json_extract(held, '$.commenter_id') as bigint) = :number""",
    "thread": "select id from comments where thread_id = :number",
    "article": "select comments.id from comments join threads on threads.id = thread_id where article_id = :number",
}
EXISTS = {name: f"select 1 from {name}s where id = :number" for name in SUBJECTS}  # noqa: S608
# Everything that the suppression list recognises a comment by. What is withheld already is read from where it was put.
COMMENTS = """
select comments.id, comments.thread_id, articles.id as article_id, threads.platform, comments.identity, comments.state,
  coalesce(json_extract(held.held, '$.body'), comments.body) as body, held.held is not null as is_withheld,
  coalesce(json_extract(held_thread.held, '$.native_id'), threads.native_id) as native_id,
  coalesce(json_extract(held_article.held, '$.url'), articles.url) as article_url,
  coalesce(outlets.domain, '') as outlet,
  case when held.held is not null then json_type(held.held, '$.author') = 'object'
    else comments.commenter_id is not null end as has_author,
  case when held.held is not null then json_extract(held.held, '$.author.name')
    else coalesce(json_extract(held_author.held, '$.name'), commenters.name) end as name,
  case when held.held is not null then json_extract(held.held, '$.author.native_id')
    when held_author.held is not null then json_extract(held_author.held, '$.native_id')
    else commenters.native_id end as account
from comments join threads on threads.id = comments.thread_id join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id left join commenters on commenters.id = comments.commenter_id
left join withheld as held on held.name = 'comments' and held.row_id = comments.id
left join withheld as held_thread on held_thread.name = 'threads' and held_thread.row_id = threads.id
left join withheld as held_article on held_article.name = 'articles' and held_article.row_id = articles.id
left join withheld as held_author on held_author.name = 'commenters' and held_author.row_id = commenters.id
where comments.id in (select cast(value as bigint) from json_each(:ids))
order by comments.thread_id, comments.position"""
OF_THREADS = """
select id from comments where thread_id in
  (select thread_id from comments where id in (select cast(value as bigint) from json_each(?)))"""
BODIES_UNDER = """
select comments.id, coalesce(json_extract(held, '$.body'), body), withheld is not null from comments
left join withheld on name = 'comments' and row_id = comments.id
where thread_id in (select id from threads where article_id = :article)"""
EARLIER_BODIES = """
select comment_revisions.comment_id, coalesce(json_extract(withheld.held, '$.body'), comment_revisions.body)
from comment_revisions
left join withheld on withheld.name = 'comment_revisions' and withheld.row_id = comment_revisions.id
where comment_revisions.comment_id in (select cast(value as bigint) from json_each(:ids))"""
COMMENTER = """
select platform, coalesce(domain, ''), coalesce(json_extract(held, '$.name'), commenters.name),
  case when held is null then commenters.native_id else json_extract(held, '$.native_id') end
from commenters left join outlets on outlets.id = outlet_id
left join withheld on withheld.name = 'commenters' and row_id = commenters.id where commenters.id = ?"""
ARTICLE_URL = """
select coalesce(json_extract(held, '$.url'), url) from articles
left join withheld on name = 'articles' and row_id = articles.id where articles.id = ?"""
ARTICLES_OF = """
select distinct article_id from threads where id in (select cast(value as bigint) from json_each(?))
order by article_id"""
ADD = """
insert into suppressions (subject, number, keys, reason, note, run_id, created_at) values (?, ?, ?, ?, ?, ?, ?)
returning id"""
WITHHELD_COMMENTS = "select row_id from withheld where name = 'comments'"
LIFT = "update suppressions set lifted_at = ? where id in (select cast(value as bigint) from json_each(?))"
KEYS_OF = "select keys from suppressions where subject = 'comment' and number = ? and lifted_at is null"
SAME = "select id from suppressions where subject = ? and number = ? and reason = ? and lifted_at is null"
ACTIVE = """
select id, erased_at from suppressions where subject = ? and number = ? and lifted_at is null order by id"""
LISTED = "select id, subject, number, reason, note, created_at, lifted_at, erased_at from suppressions order by id"


class NotThere(Exception):
    """The archive has no such comment, commenter, thread or article, or withholds none."""


class Irreversible(Exception):
    """What is to be restored was erased."""


@dataclass(frozen=True, slots=True)
class TakedownResult:
    """What one call did: the number of the suppression, and how many comments and whole threads changed.

    `same_text` has the ids of other comments under the same article with the words of a withheld one, which can still
    be read.
    """

    entry: int
    comments: int
    threads: int = 0
    same_text: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _StoredComment:
    """A comment with all keys that the suppression list may have it by, withheld or not."""

    id: int
    thread_id: int
    article_id: int
    article_url: str
    state: str
    author: str | None
    body: str
    keys: list[Key]
    is_withheld: bool


def withhold(
    archive: Archive, subject: str, number: int, reason: str, note: str | None = None, *, same_text: bool = False
) -> TakedownResult:
    """Withhold a subject (of reasons.SUBJECTS) by its id, in one run and one transaction. Raise NotThere.

    What is withheld already is withheld for this reason too (of reasons.REASONS), and restored only with both. With
    `same_text`, others under the same article with the words of a comment go with it, now and whenever they arrive."""
    settings = {"subject": subject, "number": number, "reason": reason}
    if same_text:
        settings["same_text"] = True
    return _run(
        archive,
        "withhold",
        settings,
        lambda takedown: takedown.withhold(subject, number, reason, note, same_text=same_text),
    )


def restore(archive: Archive, subject: str, number: int) -> TakedownResult:
    """Restore what was withheld by this subject, as far as nothing else withholds it.

    Raise NotThere, and Irreversible where it was erased."""
    settings = {"subject": subject, "number": number}
    return _run(archive, "restore", settings, lambda takedown: takedown.restore(subject, number))


def _run(
    archive: Archive, kind: str, settings: dict[str, Any], work: "Callable[[_Takedown], TakedownResult]"
) -> TakedownResult:
    run = archive.begin_run(kind, settings)
    try:
        with archive.transaction() as connection:
            result = work(_Takedown(connection, run))
    except BaseException:
        archive.end_run(run, "failed", {})
        raise
    archive.end_run(run, "done", {"comments": result.comments, "threads": result.threads})
    update_index(archive)
    return result


def comments_of(archive: Archive, subject: str, number: int, *, same_text: bool = False) -> list[int]:
    """Return the ids of the comments that a subject is or has, or that are withheld with it. Raise NotThere."""
    with archive.transaction() as connection:
        return _Takedown(connection, Run(0, now())).comments_of(subject, number, same_text=same_text)


def find_by_url(archive: Archive, subject: str, url: str) -> int:
    """Return the id of the comment, thread or article at an address. Raise NotThere."""
    if subject == "commenter":
        raise NotThere("a commenter has no address; name its id")
    rows = archive.read(f"select id from {subject}s where url = ? order by id limit 1", (url,))  # noqa: S608
    if not rows:
        raise NotThere(f"the archive holds no {subject} at {url}")
    return int(rows[0][0])


def list_suppressions(archive: Archive) -> list[dict[str, Any]]:
    """Return all suppressions, lifted ones too, with neither keys nor texts."""
    names = ("id", "subject", "number", "reason", "note", "created_at", "lifted_at", "erased_at")
    return [dict(zip(names, row, strict=True)) for row in archive.read(LISTED)]


class _Takedown:
    """The work of one transaction."""

    def __init__(self, connection: Connection, run: Run) -> None:
        self.connection, self.run = connection, run
        self.batch = SaveBatch(RowWriter(connection), IdCache(), run.id, run.started_at)

    def withhold(
        self, subject: str, number: int, reason: str, note: str | None, *, same_text: bool = False
    ) -> TakedownResult:
        ids = self.comments_of(subject, number, same_text=same_text)
        others = self._others_alike(number, ids) if subject == "comment" else ()
        entry = self.connection.exec_driver_sql(SAME, (subject, number, reason)).scalar()
        if entry is not None and not same_text:
            return TakedownResult(entry, 0, same_text=others)
        secret = suppressions.secret_key(self.connection, suppressions.KEY_SETTING)
        comments = self._read_comments(ids)
        keys = self._keys(subject, number, comments, same_text=same_text)
        if entry is None:
            hashes = sorted({suppressions.hashed(secret, key) for key in keys})
            values = (subject, number, json.dumps(hashes), reason, note, self.run.id, now())
            entry = self.connection.exec_driver_sql(ADD, values).scalar_one()
        else:
            suppressions.add_keys(self.connection, {entry: list(keys)})
        blanking.blank_comments(self.connection, [comment.id for comment in comments], reason)
        if subject == "commenter":
            blanking.blank_commenter(self.connection, number)
        if subject == "article":
            url = self._article_url(number)
            blanking.blank_article(self.connection, number, url, suppressions.withheld_url(secret, url), reason)
            self._raise_flags("article_id", [number], reason)
        whole = self._whole_threads(subject, number)
        blanking.mark_threads(self.connection, whole, reason)
        fresh = [comment.id for comment in comments if not comment.is_withheld]
        self._raise_flags("comment_id", fresh, reason)
        self._raise_flags("thread_id", whole, reason)
        self._recount(comments, whole)
        return TakedownResult(entry, len(fresh), len(whole), others)

    def restore(self, subject: str, number: int) -> TakedownResult:
        entries = self.connection.exec_driver_sql(ACTIVE, (subject, number)).fetchall()
        if not entries:
            raise NotThere(f"{subject} {number} is not withheld")
        if any(erased_at for _, erased_at in entries):
            raise Irreversible(f"{subject} {number} was erased: there is nothing left to restore")
        withheld = self._read_comments(self.connection.exec_driver_sql(WITHHELD_COMMENTS).scalars())
        self.connection.exec_driver_sql(LIFT, (now(), json.dumps([row[0] for row in entries])))
        still = SuppressionList.load(self.connection)
        comments = [comment for comment in withheld if still.find(comment.keys) is None]
        ids = [comment.id for comment in comments]
        if subject == "commenter":
            blanking.restore_rows(self.connection, "commenters", [number])
        blanking.restore_comments(self.connection, ids, self._find_commenter)
        self._withdraw_flags("comment_id", ids)
        if subject == "article" and still.find([suppressions.article_key(self._article_url(number))]) is None:
            for table, sql in blanking.ROWS_OF_ARTICLE.items():
                rows = self.connection.exec_driver_sql(sql, {"article": number}).scalars().all()
                blanking.restore_rows(self.connection, table, rows)
            self._withdraw_flags("article_id", [number])
        whole = self._whole_threads(subject, number)
        free = [thread for thread in whole if not self._is_withheld(still, thread)]
        blanking.unmark_threads(self.connection, free)
        self._withdraw_flags("thread_id", free)
        threads = {*whole, *(comment.thread_id for comment in comments)}
        blanking.restore_lines(self.connection, threads)
        blanking.restore_labels(self.connection, self._articles_of(threads))
        self._recount(comments, whole)
        return TakedownResult(entries[0][0], len(comments), len(whole))

    def comments_of(self, subject: str, number: int, *, same_text: bool = False) -> list[int]:
        """Return the ids of the comments of a subject; of a comment, with `same_text` or where it was withheld so,
        those under the same article with its words too."""
        if self.connection.exec_driver_sql(EXISTS[subject], {"number": number}).scalar() is None:
            raise NotThere(f"the archive holds no {subject} {number}")
        ids = list(self.connection.exec_driver_sql(COMMENTS_OF[subject], {"number": number}).scalars())
        if subject != "comment" or not (same_text or self._is_withheld_with_same_text(number)):
            return ids
        return sorted({*ids, *(other for other, _ in self._same_text(number))})

    def _texts(self, number: int) -> list[str]:
        """Return the texts of a comment, the present one first."""
        earlier = self.connection.exec_driver_sql(EARLIER_BODIES, {"ids": json.dumps([number])})
        return [self._read_comments([number])[0].body, *(body for _, body in earlier)]

    def _same_text(self, number: int) -> list[tuple[int, bool]]:
        """Return the comments under the same article with a text of this one, and whether they are withheld."""
        words = {suppressions.folded(text) for text in self._texts(number)} - {""}
        article = self._read_comments([number])[0].article_id
        rows = self.connection.exec_driver_sql(BODIES_UNDER, {"article": article})
        return [(row[0], bool(row[2])) for row in rows if suppressions.folded(row[1]) in words]

    def _others_alike(self, number: int, taken: Sequence[int]) -> tuple[int, ...]:
        rows = self._same_text(number)
        return tuple(other for other, is_withheld in rows if not is_withheld and other not in taken)

    def _is_withheld_with_same_text(self, number: int) -> bool:
        entries = self.connection.exec_driver_sql(KEYS_OF, (number,)).scalars().all()
        if not entries:
            return False
        secret = suppressions.secret_key(self.connection, suppressions.KEY_SETTING)
        url = self._read_comments([number])[0].article_url
        keys = {suppressions.hashed(secret, suppressions.text_key(url, text)) for text in self._texts(number)}
        return any(keys & set(json.loads(entry)) for entry in entries)

    def _read_comments(self, ids: Iterable[int]) -> list[_StoredComment]:
        comments = []
        for row in self.connection.exec_driver_sql(COMMENTS, {"ids": json.dumps(list(ids))}):
            keys = [
                suppressions.article_key(row.article_url),
                suppressions.thread_key(row.platform, row.native_id),
                suppressions.place_key(row.platform, row.native_id, row.identity),
                suppressions.text_key(row.article_url, row.body),
            ]
            if row.has_author:
                author = Author(row.name, row.account)
                keys.append(suppressions.commenter_key(row.platform, row.outlet, author))
            columns = row.id, row.thread_id, row.article_id, row.article_url, row.state
            comments.append(_StoredComment(*columns, row.name, row.body, keys, bool(row.is_withheld)))
        return comments

    def _keys(
        self, subject: str, number: int, comments: Sequence[_StoredComment], *, same_text: bool = False
    ) -> set[Key]:
        """Return what the suppression list is to recognise the subject by."""
        match subject:
            case "comment":
                return self._keys_of_comments(comments, same_text=same_text)
            case "commenter":
                platform, outlet, name, account = self.connection.exec_driver_sql(COMMENTER, (number,)).one()
                return {suppressions.commenter_key(platform, outlet, Author(name, account))}
            case "thread":
                statement = "select platform, native_id from threads where id = ?"
                return {suppressions.thread_key(*self.connection.exec_driver_sql(statement, (number,)).one())}
            case _:
                return {suppressions.article_key(self._article_url(number))}

    def _keys_of_comments(self, comments: Sequence[_StoredComment], *, same_text: bool) -> set[Key]:
        """Return the keys of comments: their places, and author, text and occurrence, of earlier texts as well."""
        ids = json.dumps([comment.id for comment in comments])
        by_id = {comment.id: comment for comment in comments}
        keys = {key for comment in comments for key in comment.keys if key[0] == "comment"}
        texts = [(comment, comment.body) for comment in comments]
        for number, body in self.connection.exec_driver_sql(EARLIER_BODIES, {"ids": ids}).fetchall():
            texts.append((by_id[number], body))
            (text_keys,) = suppressions.keys_of_texts(by_id[number].article_url, [(by_id[number].author, body)])
            keys.update(text_keys.withheld_by)
        others = self._read_comments(self.connection.exec_driver_sql(OF_THREADS, (ids,)).scalars())
        for thread in {comment.thread_id for comment in comments}:
            # Whoever reads the page again does not see what is gone from it.
            seen = [c for c in others if c.thread_id == thread and (c.state != "missing" or c.id in by_id)]
            keys_of = suppressions.keys_of_texts(seen[0].article_url, [(c.author, c.body) for c in seen])
            keys.update(
                key for c, of_text in zip(seen, keys_of, strict=True) if c.id in by_id for key in of_text.withheld_by
            )
        for comment, body in texts:
            words = suppressions.folded(body)
            if len(words) >= suppressions.DISTINCTIVE_LENGTH:
                keys.add(suppressions.line_key(comment.article_url, body))
            if same_text and words:
                keys.add(suppressions.text_key(comment.article_url, body))
        return keys

    def _article_url(self, number: int) -> str:
        return str(self.connection.exec_driver_sql(ARTICLE_URL, (number,)).scalar_one())

    def _whole_threads(self, subject: str, number: int) -> list[int]:
        """Return the threads of which everything is withheld with the subject."""
        if subject == "article":
            statement = "select id from threads where article_id = ?"
            return list(self.connection.exec_driver_sql(statement, (number,)).scalars())
        return [number] if subject == "thread" else []

    def _articles_of(self, threads: Iterable[int]) -> list[int]:
        rows = self.connection.exec_driver_sql(ARTICLES_OF, (json.dumps(list(threads)),))
        return list(rows.scalars())

    def _is_withheld(self, still: SuppressionList, thread: int) -> bool:
        statement = "select platform, native_id, article_id from threads where id = ?"
        platform, native_id, article = self.connection.exec_driver_sql(statement, (thread,)).one()
        keys = [suppressions.thread_key(platform, native_id), suppressions.article_key(self._article_url(article))]
        return still.find(keys) is not None

    def _find_commenter(self, platform: str, outlet_id: int | None, author: Author) -> int | None:
        number = self.batch.find_commenter(platform, outlet_id, author)
        self.batch.writer.flush()
        return number

    def _active_flags(self, column: str, ids: Iterable[int]) -> list[Any]:
        statement = f"""
select {column}, id, code, rule, status from flags
where code = '{CODE}' and withdrawn_at is null and {column} in (select cast(value as bigint) from json_each(?))"""  # noqa: S608
        return list(self.connection.exec_driver_sql(statement, (json.dumps(list(ids)),)).fetchall())

    def _raise_flags(self, column: str, ids: Sequence[int], reason: str) -> None:
        """Flag rows as withheld, but for those that are flagged so already."""
        flagged = {row[0] for row in self._active_flags(column, ids)}
        for number in ids:
            if number not in flagged:
                self.batch.flags.raise_flags(Subject(column, number), [Flag(CODE, reason)])
        self.batch.flush()

    def _withdraw_flags(self, column: str, ids: Sequence[int]) -> None:
        for _, flag_id, code, rule, status in self._active_flags(column, ids):
            self.batch.flags.withdraw(flag_id, code, rule, status)
        self.batch.flush()

    def _recount(self, comments: Sequence[_StoredComment], threads: Iterable[int]) -> None:
        of_comments = {comment.thread_id for comment in comments}
        self.batch.flags.recount(comments=[comment.id for comment in comments], threads={*threads, *of_comments})
        self.batch.flush()
