"""What an archive withholds, told by keyed hashes: a list that knows each subject again, and gives away no text.

A comment is known by its place in its thread, and by its text under the same article where that is long enough to be
nobody else's; a commenter by their account, or by their name where there is none; threads and articles by their
addresses. Whoever has the ledger without its key learns nothing from it.
"""

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from archive.thread import Article, Author, Flag, Thread

if TYPE_CHECKING:
    from sqlalchemy import Connection

SUBJECTS = ("comment", "commenter", "thread", "article")
REASONS = {
    "court-order": "a court or an authority ordered it",
    "law": "the law forbids to show it",
    "privacy": "it tells of somebody's private life",
    "safety": "it puts somebody in danger",
    "author-request": "who wrote it asked for it",
    "copyright": "somebody else owns it",
    "mistake": "it should not have been collected",
}
KEY, CODE = "ledger_key", "archive.withheld"
TELLING = 20
FLAGGED = "comments.codes like '%\"archive.withheld\"%'"
ENTRIES = "select id, subject, number, keys, reason, erased_at from suppressions where lifted_at is null order by id"
READ_SETTING = "select value from settings where name = ?"
WRITE_SETTING = "insert into settings (name, value) values (?, ?)"


@dataclass(frozen=True, slots=True)
class Entry:
    """A suppression that holds; `number` is the subject's id, where it was in the archive."""

    id: int
    subject: str
    number: int | None
    reason: str
    erased: bool


def secret(connection: "Connection", name: str) -> bytes:
    """A key of this archive, made where there is none yet."""
    found = connection.exec_driver_sql(READ_SETTING, (name,)).scalar()
    if found is None:
        found = secrets.token_hex(32)
        connection.exec_driver_sql(WRITE_SETTING, (name, found))
    return bytes.fromhex(found)


class Ledger:
    """The suppressions that hold, by key. Falsy where there are none, so that nothing needs to be asked."""

    def __init__(self, key: bytes, entries: Mapping[str, Entry]) -> None:
        self.key, self.entries = key, entries
        self.subjects = {entry.subject for entry in entries.values()}

    @classmethod
    def load(cls, connection: "Connection") -> "Ledger":
        rows = connection.exec_driver_sql(ENTRIES).fetchall()
        if not rows:
            return cls(b"", {})
        entries: dict[str, Entry] = {}
        for number, subject, subject_id, keys, reason, erased_at in rows:
            entry = Entry(number, subject, subject_id, reason, erased_at is not None)
            entries |= dict.fromkeys(json.loads(keys), entry)
        return cls(secret(connection, KEY), entries)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def find(self, keys: Iterable[tuple[str, ...]]) -> Entry | None:
        """The entry that one of these keys is of."""
        return next((entry for key in keys if (entry := self.entries.get(hashed(self.key, key)))), None)

    def among(self, thread: Thread, url: str, native_id: str, identities: Sequence[str]) -> dict[int, Entry]:
        """Which comments of a thread are withheld, by their index; `url` is the article's, as the document has it."""
        if not self:
            return {}
        whole = self.find([of_article(url), of_thread(thread.platform, native_id)])
        if whole is not None:
            return dict.fromkeys(range(len(thread.comments)), whole)
        outlet = thread.article.outlet or ""
        found = {}
        for i, comment in enumerate(thread.comments):
            keys: list[tuple[str, ...]] = []
            if "comment" in self.subjects:
                keys += of_comment(thread.platform, native_id, identities[i], url, comment.body)
            if "commenter" in self.subjects and comment.author is not None:
                keys.append(of_commenter(thread.platform, outlet, comment.author))
            if entry := self.find(keys):
                found[i] = entry
        return found

    def is_text(self, url: str, text: str) -> bool:
        """Whether a text is withheld under an article, whoever wrote it."""
        return self.find([("text", url, folded(text))]) is not None

    def masked(self, thread: Thread, url: str, native_id: str) -> Thread:
        """A thread as it may be kept: without its article's text where that is withheld, and flagged as withheld where
        all of it is."""
        of_whole = self.find([of_article(url), of_thread(thread.platform, native_id)])
        if of_whole is None:
            return thread
        flag = Flag(CODE, of_whole.reason)
        thread = replace(thread, flags=(*thread.flags, flag))
        if self.find([of_article(url)]) is None:
            return thread
        outlet = thread.article.outlet
        article = Article(None, "", url=withheld_url(self.key, url), outlet=outlet, flags=(flag,))
        return replace(thread, article=article, url=None, furniture=())


def hashed(key: bytes, parts: Sequence[str]) -> str:
    return hmac.digest(key, "\x1f".join(parts).encode("utf-8", "surrogatepass"), "sha256").hex()


def withheld_url(key: bytes, url: str) -> str:
    """What stands in the place of a withheld article's address."""
    return "urn:withheld:" + hashed(key, of_article(url))[:32]


def of_article(url: str) -> tuple[str, ...]:
    return "article", url


def of_thread(platform: str, native_id: str) -> tuple[str, ...]:
    return "thread", platform, native_id


def of_commenter(platform: str, outlet: str, author: Author) -> tuple[str, ...]:
    if author.native_id is not None:
        return "account", platform, outlet, author.native_id
    return "name", platform, outlet, author.name or ""


def of_comment(platform: str, native_id: str, identity: str, url: str, body: str) -> list[tuple[str, ...]]:
    """The comment in its place, and its text under the same article whatever it was read by."""
    words = folded(body)
    place: list[tuple[str, ...]] = [("comment", platform, native_id, identity)]
    return [*place, ("text", url, words)] if len(words) >= TELLING else place


def folded(text: str) -> str:
    """A text without what another reading may change: capitals and white space."""
    return " ".join(text.split()).casefold()


def author_of(held: Mapping[str, Any]) -> Author | None:
    """The author that a withheld comment had, as `withheld.held` keeps it."""
    found = held.get("author")
    return Author(found["name"], found["native_id"], found["is_guest"], found["is_staff"]) if found else None
