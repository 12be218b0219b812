"""Suppression list: HMACs that recognise withheld comments, commenters, threads and articles when they arrive again.

A comment is recognised by its place in its thread, and by its text under the same article where that is long enough to
be nobody else's; a commenter by account, or by name where there is none; threads and articles by their addresses.
Whoever has the list without its key learns nothing from it.

What is suppressed in a parsed thread is decided here, once, before the thread is saved (`SuppressionList.screen`).
Everything after that reads the column `withheld` of comments, threads and articles.
"""

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from archive.flags.codes import WITHHELD
from archive.store.blanking import lines_without, texts_withheld_under
from archive.store.diff import identities
from archive.thread import Article, Author, Flag, Thread, article_url, digest

KEY_SETTING = "ledger_key"
CODE = WITHHELD
# Shorter texts, such as "I agree", are written by many people: they recognise nobody's comment.
DISTINCTIVE_LENGTH = 20
ACTIVE = "select id, subject, number, keys, reason, erased_at from suppressions where lifted_at is null order by id"
READ_SETTING = "select value from settings where name = ?"
WRITE_SETTING = "insert into settings (name, value) values (?, ?)"

# What a subject is recognised by, before it is hashed: its kind and the parts that identify it.
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suppression:
    """A row of `suppressions` that was not lifted; `number` is the subject's id, where it was in the archive."""

    id: int
    subject: str
    number: int | None
    reason: str
    erased: bool


@dataclass(frozen=True, slots=True)
class Screened:
    """A thread as it may be saved. `comments` are its withheld comments by index; `article` and `thread` the reasons
    for which all of it is withheld, None where it is not. Of a withheld article the thread has no text left."""

    thread: Thread
    comments: Mapping[int, Suppression]
    thread_reason: str | None = None
    article_reason: str | None = None


def secret_key(connection: Connection, name: str) -> bytes:
    """Return a secret key of this archive, made where there is none yet."""
    value = connection.exec_driver_sql(READ_SETTING, (name,)).scalar()
    if value is None:
        value = secrets.token_hex(32)
        connection.exec_driver_sql(WRITE_SETTING, (name, value))
    return bytes.fromhex(value)


class SuppressionList:
    """The suppressions in force, by HMAC. Falsy where there are none: then nothing needs to be hashed."""

    def __init__(self, key: bytes, entries: Mapping[str, Suppression]) -> None:
        self.key, self.entries = key, entries
        self.subjects = {suppression.subject for suppression in entries.values()}

    @classmethod
    def load(cls, connection: Connection) -> "SuppressionList":
        """Read the list of an archive."""
        rows = connection.exec_driver_sql(ACTIVE).fetchall()
        if not rows:
            return cls(b"", {})
        entries: dict[str, Suppression] = {}
        for row_id, subject, number, keys, reason, erased_at in rows:
            suppression = Suppression(row_id, subject, number, reason, erased_at is not None)
            entries |= dict.fromkeys(json.loads(keys), suppression)
        return cls(secret_key(connection, KEY_SETTING), entries)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def find(self, keys: Iterable[Key]) -> Suppression | None:
        """Return the suppression that one of these keys belongs to."""
        return next((match for key in keys if (match := self.entries.get(hashed(self.key, key)))), None)

    def screen(self, connection: Connection, thread: Thread) -> Screened:
        """Decide what of a parsed thread is withheld, and return what may be saved of it.

        The texts of withheld comments stay in the thread: they are stored apart, so that they can be restored. They are
        taken out of the lines beside the comments.
        """
        if not self:
            return Screened(thread, {})
        url = article_url(thread.article, thread.capture.sha256)
        native_id = thread.native_id or url
        hashes = [digest(comment.body) for comment in thread.comments]
        comments = self.match_comments(thread, url, native_id, identities(thread.comments, hashes))
        texts = [thread.comments[i].body for i in comments] + texts_withheld_under(connection, url)
        lines = [line for line in thread.furniture if not self.matches_text(url, line)]
        thread = replace(thread, furniture=tuple(lines_without(lines, [text for text in texts if text])))
        of_article = self.find([article_key(url)])
        whole = of_article or self.find([thread_key(thread.platform, native_id)])
        if whole is not None:
            thread = replace(thread, flags=(*thread.flags, Flag(CODE, whole.reason)))
        if of_article is not None:
            withheld = Article(
                None, "", withheld_url(self.key, url), thread.article.outlet, flags=(Flag(CODE, of_article.reason),)
            )
            thread = replace(thread, article=withheld, url=None, furniture=())
        return Screened(thread, comments, whole.reason if whole else None, of_article.reason if of_article else None)

    def match_comments(
        self, thread: Thread, url: str, native_id: str, identity: Sequence[str]
    ) -> dict[int, Suppression]:
        """Return the withheld comments of a thread by index; `url` is the article's, as the document has it."""
        if not self:
            return {}
        whole = self.find([article_key(url), thread_key(thread.platform, native_id)])
        if whole is not None:
            return dict.fromkeys(range(len(thread.comments)), whole)
        outlet = thread.article.outlet or ""
        matches = {}
        for i, comment in enumerate(thread.comments):
            keys: list[Key] = []
            if "comment" in self.subjects:
                keys += comment_keys(thread.platform, native_id, identity[i], url, comment.body)
            if "commenter" in self.subjects and comment.author is not None:
                keys.append(commenter_key(thread.platform, outlet, comment.author))
            if suppression := self.find(keys):
                matches[i] = suppression
        return matches

    def matches_text(self, url: str, text: str) -> bool:
        """Return whether a text is withheld under an article, whoever wrote it."""
        return self.find([("text", url, folded(text))]) is not None


def hashed(key: bytes, parts: Sequence[str]) -> str:
    """Return the HMAC-SHA256, in hexadecimal, under which the list stores a key."""
    return hmac.digest(key, "\x1f".join(parts).encode("utf-8", "surrogatepass"), "sha256").hex()


def withheld_url(key: bytes, url: str) -> str:
    """Return what stands in the place of a withheld article's address."""
    return "urn:withheld:" + hashed(key, article_key(url))[:32]


def article_key(url: str) -> Key:
    return "article", url


def thread_key(platform: str, native_id: str) -> Key:
    return "thread", platform, native_id


def commenter_key(platform: str, outlet: str, author: Author) -> Key:
    if author.native_id is not None:
        return "account", platform, outlet, author.native_id
    return "name", platform, outlet, author.name or ""


def comment_keys(platform: str, native_id: str, identity: str, url: str, body: str) -> list[Key]:
    """Return the keys of a comment: its place, and its text under the same article whatever it was read by."""
    words = folded(body)
    place: list[Key] = [("comment", platform, native_id, identity)]
    return [*place, ("text", url, words)] if len(words) >= DISTINCTIVE_LENGTH else place


def folded(text: str) -> str:
    """Return a text without what another reading may change: capitals and white space."""
    return " ".join(text.split()).casefold()
