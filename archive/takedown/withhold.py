"""Takes comments, commenters, threads and articles out of what anybody reads, for good or until they are restored.

What is withheld stays withheld: the ledger knows it again in whatever is imported, crawled or replayed later. The rows
stay in their places, so that a thread keeps its shape and its count.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from archive.store import blanking, suppressions
from archive.store.archive import Archive, Run, now
from archive.store.entities import Entities, IdCache
from archive.store.flags import Subject
from archive.store.suppressions import CODE, SuppressionList
from archive.thread import Author, Flag

COMMENTS_OF = {
    "comment": "select id from comments where id = :number",
    "commenter": """select id from comments where commenter_id = :number
union select row_id from withheld where name = 'comments' and json_extract(held, '$.commenter_id') = :number""",
    "thread": "select id from comments where thread_id = :number",
    "article": "select comments.id from comments join threads on threads.id = thread_id where article_id = :number",
}
EXISTS = {name: f"select 1 from {name}s where id = :number" for name in suppressions.SUBJECTS}  # noqa: S608
# Everything that the ledger knows a comment by; texts, names and addresses as they are stored.
TELLING = """
select comments.id, comments.identity, comments.body, comments.url, comments.thread_id, threads.platform,
  coalesce(json_extract(held_thread.held, '$.native_id'), threads.native_id) as native_id,
  articles.id as article_id, coalesce(json_extract(held_article.held, '$.url'), articles.url) as article_url,
  coalesce(outlets.domain, '') as outlet, commenters.name, commenters.native_id as account, commenters.is_guest,
  commenters.is_staff, comments.commenter_id, held.held,
  (select held from withheld where name = 'commenters' and row_id = commenters.id) as held_commenter
from comments join threads on threads.id = comments.thread_id join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id left join commenters on commenters.id = comments.commenter_id
left join withheld as held on held.name = 'comments' and held.row_id = comments.id
left join withheld as held_thread on held_thread.name = 'threads' and held_thread.row_id = threads.id
left join withheld as held_article on held_article.name = 'articles' and held_article.row_id = articles.id
where comments.id in (select value from json_each(:ids))"""
ALIKE = """
select comments.id, coalesce(json_extract(held, '$.body'), body) from comments
left join withheld on name = 'comments' and row_id = comments.id
where thread_id in (select id from threads where article_id = :article)"""
EARLIER = """
select coalesce(json_extract(held_article.held, '$.url'), articles.url),
  coalesce(json_extract(withheld.held, '$.body'), comment_revisions.body)
from comment_revisions join comments on comments.id = comment_revisions.comment_id
join threads on threads.id = thread_id join articles on articles.id = article_id
left join withheld on withheld.name = 'comment_revisions' and withheld.row_id = comment_revisions.id
left join withheld as held_article on held_article.name = 'articles' and held_article.row_id = articles.id
where comment_revisions.comment_id in (select value from json_each(:ids))"""
ADD = """
insert into suppressions (subject, number, keys, reason, note, run_id, created_at) values (?, ?, ?, ?, ?, ?, ?)
returning id"""
HIDDEN = "select row_id from withheld where name = 'comments'"
LIFT = "update suppressions set lifted_at = ? where id in (select value from json_each(?))"
SAME = "select id from suppressions where subject = ? and number = ? and reason = ? and lifted_at is null"
HOLDING = """
select id, erased_at from suppressions where subject = ? and number = ? and lifted_at is null order by id"""
LISTED = """
select suppressions.id, subject, number, reason, note, created_at, lifted_at, erased_at from suppressions order by id"""


class NotThere(Exception):
    """The archive holds no such comment, commenter, thread or article, or withholds none."""


class Irreversible(Exception):
    """What is asked for was erased, and cannot be restored."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one call did: the comments that changed, and the suppression's number."""

    entry: int
    comments: int
    threads: int = 0


@dataclass(slots=True)
class _Comment:
    """A comment as the ledger knows it, withheld or not."""

    id: int
    thread_id: int
    article_id: int
    keys: list[tuple[str, ...]] = field(default_factory=list)
    is_hidden: bool = False


def withhold(archive: Archive, subject: str, number: int, reason: str, note: str | None = None) -> Done:
    """Withholds a subject of ledger.SUBJECTS by its id, for a reason of ledger.REASONS, as one run and one transaction.

    Raises NotThere. What is withheld already is withheld for this reason too, and restored only when both are."""
    run = archive.begin_run("withhold", {"subject": subject, "number": number, "reason": reason})
    try:
        with archive.transaction() as connection:
            done = _Withholding(connection, run).add(subject, number, reason, note)
    except BaseException:
        archive.end_run(run, "failed", {})
        raise
    archive.end_run(run, "done", {"comments": done.comments, "threads": done.threads})
    return done


def restore(archive: Archive, subject: str, number: int) -> Done:
    """Puts back what was withheld by this subject, as far as nothing else withholds it.

    Raises NotThere, and Irreversible where it was erased."""
    run = archive.begin_run("restore", {"subject": subject, "number": number})
    try:
        with archive.transaction() as connection:
            done = _Withholding(connection, run).lift(subject, number)
    except BaseException:
        archive.end_run(run, "failed", {})
        raise
    archive.end_run(run, "done", {"comments": done.comments, "threads": done.threads})
    return done


def scope(archive: Archive, subject: str, number: int) -> list[int]:
    """The ids of the comments that a subject is or has. Raises NotThere."""
    with archive.transaction() as connection:
        work = _Withholding(connection, Run(0, now()))
        work.require(subject, number)
        return work.scope(subject, number)


def find(archive: Archive, subject: str, url: str) -> int:
    """The id of the comment, thread or article at an address. Raises NotThere."""
    if subject == "commenter":
        raise NotThere("a commenter has no address; name its id")
    rows = archive.read(f"select id from {subject}s where url = ? order by id limit 1", (url,))  # noqa: S608
    if not rows:
        raise NotThere(f"the archive holds no {subject} at {url}")
    return int(rows[0][0])


def list_suppressions(archive: Archive) -> list[dict[str, Any]]:
    """The ledger, with neither keys nor texts."""
    names = ("id", "subject", "number", "reason", "note", "created_at", "lifted_at", "erased_at")
    return [dict(zip(names, row, strict=True)) for row in archive.read(LISTED)]


class _Withholding:
    """The work of one transaction."""

    def __init__(self, connection: Connection, run: Run) -> None:
        self.connection, self.run = connection, run
        self.entities = Entities(connection, IdCache(), run.id, run.started_at)

    def add(self, subject: str, number: int, reason: str, note: str | None) -> Done:
        self.require(subject, number)
        known = self.connection.exec_driver_sql(SAME, (subject, number, reason)).scalar()
        if known is not None:
            return Done(known, 0)
        key = suppressions.secret_key(self.connection, suppressions.KEY_SETTING)
        comments = self._told(self.scope(subject, number))
        keys = sorted({suppressions.hashed(key, one) for one in self._keys(subject, number, comments)})
        values = (subject, number, json.dumps(keys), reason, note, self.run.id, now())
        entry = self.connection.exec_driver_sql(ADD, values).scalar_one()
        fresh = [one.id for one in comments if not one.is_hidden]
        threads = sorted({one.thread_id for one in comments})
        blanking.blank_comments(self.connection, [one.id for one in comments], reason)
        if subject == "commenter":
            blanking.blank_commenter(self.connection, number)
        if subject == "article":
            self._hide_article(number, key, reason)
        whole = {"thread": [number], "article": self._threads_of(number)}.get(subject, [])
        blanking.mark_threads(self.connection, whole, reason)
        self._raise({"comment_id": fresh, "thread_id": whole}, reason)
        self._recount([one.id for one in comments], {*threads, *whole})
        return Done(entry, len(fresh), len(whole))

    def lift(self, subject: str, number: int) -> Done:
        entries = self.connection.exec_driver_sql(HOLDING, (subject, number)).fetchall()
        if not entries:
            raise NotThere(f"{subject} {number} is not withheld")
        if any(erased_at for _, erased_at in entries):
            raise Irreversible(f"{subject} {number} was erased: there is nothing left to restore")
        hidden = self._told(row[0] for row in self.connection.exec_driver_sql(HIDDEN).fetchall())
        self.connection.exec_driver_sql(LIFT, (now(), json.dumps([row[0] for row in entries])))
        left = SuppressionList.load(self.connection)
        free = [one for one in hidden if left.find(one.keys) is None]
        if subject == "commenter":
            blanking.restore_rows(self.connection, "commenters", [number])
        blanking.restore_comments(self.connection, [one.id for one in free], self._commenter)
        self._withdraw("comment_id", [one.id for one in free])
        whole = {"thread": [number], "article": self._threads_of(number)}.get(subject, [])
        if subject == "article":
            self._show_article(left, number)
        free_threads = [thread for thread in whole if not self._is_withheld(left, thread)]
        blanking.unmark_threads(self.connection, free_threads)
        self._withdraw("thread_id", free_threads)
        threads = {*whole, *(one.thread_id for one in free)}
        blanking.restore_lines(self.connection, threads)
        self._recount([one.id for one in free], threads)
        return Done(entries[0][0], len(free), len(whole))

    def require(self, subject: str, number: int) -> None:
        if self.connection.exec_driver_sql(EXISTS[subject], {"number": number}).scalar() is None:
            raise NotThere(f"the archive holds no {subject} {number}")

    def scope(self, subject: str, number: int) -> list[int]:
        rows = self.connection.exec_driver_sql(COMMENTS_OF[subject], {"number": number}).fetchall()
        ids = [row[0] for row in rows]
        return self._with_copies(ids) if subject == "comment" else ids

    def _with_copies(self, ids: list[int]) -> list[int]:
        """The comment, and those under its article with the same telling text, as the ledger will know them."""
        found = self._rows(ids)[0]
        words = suppressions.folded(_body(found))
        if len(words) < suppressions.DISTINCTIVE_LENGTH:
            return ids
        rows = self.connection.exec_driver_sql(ALIKE, {"article": found["article_id"]})
        return sorted({*ids, *(row[0] for row in rows if suppressions.folded(row[1]) == words)})

    def _rows(self, ids: Iterable[int]) -> list[Mapping[str, Any]]:
        values = {"ids": json.dumps(list(ids))}
        return [dict(row) for row in self.connection.exec_driver_sql(TELLING, values).mappings()]

    def _told(self, ids: Iterable[int]) -> list[_Comment]:
        return [_known_by(row) for row in self._rows(ids)]

    def _keys(self, subject: str, number: int, comments: Sequence[_Comment]) -> set[tuple[str, ...]]:
        """What the ledger is to know the subject by."""
        match subject:
            case "comment":
                own = {key for one in comments for key in one.keys if key[0] in ("comment", "text")}
                return own | self._earlier_keys([one.id for one in comments])
            case "commenter":
                return self._commenter_keys(number)
            case "thread":
                row = self.connection.exec_driver_sql(
                    "select platform, native_id from threads where id = ?", (number,)
                ).one()
                return {suppressions.thread_key(*row)}
            case _:
                return {suppressions.article_key(self._article_url(number))}

    def _earlier_keys(self, comments: Sequence[int]) -> set[tuple[str, ...]]:
        """The texts that comments used to have."""
        rows = self.connection.exec_driver_sql(EARLIER, {"ids": json.dumps(comments)})
        found = [(url, suppressions.folded(body)) for url, body in rows]
        return {("text", url, words) for url, words in found if len(words) >= suppressions.DISTINCTIVE_LENGTH}

    def _commenter_keys(self, number: int) -> set[tuple[str, ...]]:
        statement = """
select platform, coalesce(domain, ''), coalesce(json_extract(held, '$.name'), commenters.name),
  case when held is null then commenters.native_id else json_extract(held, '$.native_id') end
from commenters left join outlets on outlets.id = outlet_id
left join withheld on withheld.name = 'commenters' and row_id = commenters.id where commenters.id = ?"""
        platform, outlet, name, account = self.connection.exec_driver_sql(statement, (number,)).one()
        return {suppressions.commenter_key(platform, outlet, Author(name, account))}

    def _article_url(self, number: int) -> str:
        statement = """
select coalesce(json_extract(held, '$.url'), url) from articles
left join withheld on name = 'articles' and row_id = articles.id where articles.id = ?"""
        return str(self.connection.exec_driver_sql(statement, (number,)).scalar_one())

    def _threads_of(self, article: int) -> list[int]:
        return [
            row[0] for row in self.connection.exec_driver_sql("select id from threads where article_id = ?", (article,))
        ]

    def _hide_article(self, number: int, key: bytes, reason: str) -> None:
        url = self._article_url(number)
        blanking.blank_article(self.connection, number, url, suppressions.withheld_url(key, url), reason)
        self._raise({"article_id": [number]}, reason)

    def _show_article(self, left: SuppressionList, number: int) -> None:
        """Puts back an article's own text, where nothing withholds it any more."""
        if left.find([suppressions.article_key(self._article_url(number))]) is None:
            for name, sql in blanking.ROWS_OF_ARTICLE.items():
                rows = self.connection.exec_driver_sql(sql, {"article": number}).fetchall()
                blanking.restore_rows(self.connection, name, [row[0] for row in rows])
            self._withdraw("article_id", [number])

    def _is_withheld(self, left: SuppressionList, thread: int) -> bool:
        statement = "select platform, native_id, article_id from threads where id = ?"
        platform, native_id, article = self.connection.exec_driver_sql(statement, (thread,)).one()
        keys = [suppressions.thread_key(platform, native_id), suppressions.article_key(self._article_url(article))]
        return left.find(keys) is not None

    def _commenter(self, platform: str, outlet_id: int | None, author: Author) -> int | None:
        number = self.entities.find_commenter(platform, outlet_id, author)
        self.entities.writer.flush()
        return number

    def _raise(self, subjects: Mapping[str, Iterable[int]], reason: str) -> None:
        """Flags them as withheld, but for those that are flagged so already."""
        for column, ids in subjects.items():
            listed = list(ids)
            up = self.connection.exec_driver_sql(_flag_up(column), (json.dumps(listed),)).fetchall()
            flagged = {row[0] for row in up}
            for number in listed:
                if number not in flagged:
                    self.entities.flags.raise_flags(Subject(column, number), [Flag(CODE, reason)])
        self.entities.flush()

    def _withdraw(self, column: str, ids: Iterable[int]) -> None:
        for _, flag_id, code, rule, status in self.connection.exec_driver_sql(
            _flag_up(column), (json.dumps(list(ids)),)
        ):
            self.entities.flags.withdraw(flag_id, code, rule, status)
        self.entities.flush()

    def _recount(self, comments: Iterable[int], threads: Iterable[int]) -> None:
        self.entities.flags.recount(comments=comments, threads=threads)
        self.entities.flush()


def _flag_up(column: str) -> str:
    return f"""
select {column}, id, code, rule, status from flags
where code = '{CODE}' and withdrawn_at is null and {column} in (select value from json_each(?))"""  # noqa: S608


def _body(row: Mapping[str, Any]) -> str:
    return str(json.loads(row["held"])["body"] if row["held"] else row["body"])


def _known_by(row: Mapping[str, Any]) -> _Comment:
    """Every key that a comment answers to."""
    keys = [
        suppressions.article_key(row["article_url"]),
        suppressions.thread_key(row["platform"], row["native_id"]),
        *suppressions.comment_keys(row["platform"], row["native_id"], row["identity"], row["article_url"], _body(row)),
    ]
    if author := _author(row):
        keys.append(suppressions.commenter_key(row["platform"], row["outlet"], author))
    return _Comment(row["id"], row["thread_id"], row["article_id"], keys, row["held"] is not None)


def _author(row: Mapping[str, Any]) -> Author | None:
    if row["held"]:
        return blanking.author_of(json.loads(row["held"]))
    if row["commenter_id"] is None:
        return None
    if row["held_commenter"]:
        was = json.loads(row["held_commenter"])
        return Author(was["name"], was["native_id"])
    return Author(row["name"], row["account"])
