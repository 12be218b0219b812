"""Suppression list: HMACs that recognise withheld comments, commenters, threads and articles when they arrive again.

A comment is recognised by its place in its thread, and in another reading of the same article by author, text, and
which of several such comments it is; others with the same text are withheld only where that was asked for. A commenter
is recognised by account, or by name where there is none; threads and articles by their addresses.
Whoever has the list without its key learns nothing from it.

What is suppressed in a parsed thread is decided here, once, before the thread is saved (`SuppressionList.screen`).
Everything after that reads the column `withheld` of comments, threads and articles.
"""

import hmac
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from archive.flags.codes import WITHHELD
from archive.store.blanking import SHORTEST_LINE, lines_without, texts_withheld_under
from archive.thread import Article, Author, Flag, Label, Thread, article_url, digest, identities

KEY_SETTING = "ledger_key"
CODE = WITHHELD
# Shorter texts, such as "I agree", are written by many people: without an author they recognise nobody's comment.
DISTINCTIVE_LENGTH = 20
ACTIVE = "select id, subject, number, keys, reason, erased_at from suppressions where lifted_at is null order by id"
READ_KEYS = "select keys from suppressions where id = ?"
WRITE_KEYS = "update suppressions set keys = ? where id = ?"
READ_SETTING = "select value from settings where name = ?"
WRITE_SETTING = "insert into settings (name, value) values (?, ?)"

# What a subject is recognised by, before it is hashed: its kind and the parts that identify it.
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suppression:
    """A row of `suppressions` that was not lifted; `number` is the subject's id, where it was in the archive.

    Of a comment that is withheld because it has the same text as the subject, `number` is None.
    """

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
        taken out of the lines beside the comments, and out of labels and flags of the thread that quote them.
        """
        if not self:
            return Screened(thread, {})
        url = article_url(thread.article, thread.capture.sha256)
        native_id = thread.native_id or url
        hashes = [digest(comment.body) for comment in thread.comments]
        comments = self.match_comments(thread, url, native_id, identities(thread.comments, hashes))
        texts = [thread.comments[i].body for i in comments] + texts_withheld_under(connection, url)
        quoted = [text for text in texts if text]
        lines = [line for line in thread.furniture if not self.matches_text(url, line)]
        thread = replace(
            thread,
            article=replace(thread.article, labels=self._without_quotes(thread.article.labels, url, quoted)),
            labels=self._without_quotes(thread.labels, url, quoted),
            flags=tuple(
                replace(flag, evidence=None) if flag.evidence and self._is_quote(flag.evidence, url, quoted) else flag
                for flag in thread.flags
            ),
            furniture=tuple(lines_without(lines, quoted)),
        )
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

    def erased_texts(self, thread: Thread) -> Iterator[tuple[str, str]]:
        """Yield the texts of a thread that were erased, each after the reason: the archive has them no more."""
        url = article_url(thread.article, thread.capture.sha256)
        hashes = [digest(comment.body) for comment in thread.comments]
        matches = self.match_comments(thread, url, thread.native_id or url, identities(thread.comments, hashes))
        for i, suppression in matches.items():
            if suppression.erased:
                yield suppression.reason, thread.comments[i].body
        whole = self.find([article_key(url)])
        if whole is not None and whole.erased:
            yield from ((whole.reason, text) for text in (thread.article.title, thread.article.body) if text)

    def _without_quotes(self, labels: Sequence[Label], url: str, texts: Sequence[str]) -> tuple[Label, ...]:
        return tuple(label for label in labels if not self._is_quote(label.value, url, texts))

    def _is_quote(self, text: str, url: str, texts: Sequence[str]) -> bool:
        """Whether what stands about a thread or article quotes one of the texts, but for very short ones."""
        quotable = [quoted for quoted in texts if len(quoted) >= SHORTEST_LINE]
        return not lines_without([text], quotable) or self.matches_text(url, text)

    def match_comments(
        self, thread: Thread, url: str, native_id: str, identity: Sequence[str]
    ) -> dict[int, Suppression]:
        """Return the withheld comments of a thread by index; `url` is the article's, as the document has it."""
        if not self:
            return {}
        whole = self.find([article_key(url), thread_key(thread.platform, native_id)])
        if whole is not None:
            return dict.fromkeys(range(len(thread.comments)), whole)
        texts = [(comment.author.name if comment.author else None, comment.body) for comment in thread.comments]
        text_keys = keys_of_texts(url, texts) if "comment" in self.subjects else []
        matches = {}
        for i, comment in enumerate(thread.comments):
            keys: list[Key] = []
            if "comment" in self.subjects:
                keys += [place_key(thread.platform, native_id, identity[i]), *text_keys[i].recognised_by]
            if "commenter" in self.subjects and comment.author is not None:
                keys.append(commenter_key(thread.platform, thread.article.outlet or "", comment.author))
            if suppression := self.find(keys):
                matches[i] = suppression
            elif suppression := self.find([text_key(url, comment.body)] if "comment" in self.subjects else ()):
                matches[i] = replace(suppression, number=None)
        return matches

    def matches_text(self, url: str, text: str) -> bool:
        """Return whether a line is a withheld text under an article, whoever wrote it."""
        return self.find([text_key(url, text), line_key(url, text)]) is not None


@dataclass(frozen=True, slots=True)
class TextKeys:
    """What a comment is known by in whatever reading of its article: keys to withhold it by, and to recognise it by.

    One of an author is also known where a reading does not name the author, and the other way round.
    """

    withheld_by: list[Key]
    recognised_by: list[Key]


def keys_of_texts(url: str, comments: Sequence[tuple[str | None, str]]) -> list[TextKeys]:
    """Return the keys of a thread's comments, given by author and text in document order: which of its kind each is."""
    occurrences: Counter[tuple[str, ...]] = Counter()
    result: list[TextKeys] = []
    for name, body in comments:
        author, words = folded(name or ""), folded(body)
        occurrences.update([(author, words), (words,)])
        signed: Key = ("said", url, author, words, str(occurrences[(author, words)]))
        number = str(occurrences[(words,)])
        is_distinctive = len(words) >= DISTINCTIVE_LENGTH
        unsigned: list[Key] = [("unsigned", url, words, number)] if is_distinctive else []
        anybody: list[Key] = [("anybody", url, words, number)] if is_distinctive else []
        if not words:
            result.append(TextKeys([], []))
        elif author:
            result.append(TextKeys([signed, *unsigned], [signed, *anybody]))
        else:
            result.append(TextKeys([*unsigned, *anybody], unsigned))
    return result


def add_keys(connection: Connection, learned: Mapping[int, Sequence[Key]]) -> None:
    """Add keys to suppressions, by id: where a comment was recognised, it is known by its place there from then on."""
    for number, keys in learned.items():
        secret = secret_key(connection, KEY_SETTING)
        stored = set(json.loads(connection.exec_driver_sql(READ_KEYS, (number,)).scalar_one()))
        stored |= {hashed(secret, key) for key in keys}
        connection.exec_driver_sql(WRITE_KEYS, (json.dumps(sorted(stored)), number))


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


def place_key(platform: str, native_id: str, identity: str) -> Key:
    """Return the key of a comment's place in its thread; `native_id` is the thread's, `identity` the comment's."""
    return "comment", platform, native_id, identity


def text_key(url: str, body: str) -> Key:
    """Return the key of every comment under an article that has a text, whoever wrote it."""
    return "text", url, folded(body)


def line_key(url: str, body: str) -> Key:
    """Return the key of lines beside the comments of an article that are a withheld text."""
    return "line", url, folded(body)


def folded(text: str) -> str:
    """Return a text without what another reading may change: capitals and white space."""
    return " ".join(text.split()).casefold()
