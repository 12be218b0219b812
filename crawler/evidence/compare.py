"""Compare the stored comments of a thread with those that a parser reads from one of its captures."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, select

from archive.store.match import match_comments
from archive.store.schema import TABLES
from archive.store.stored_thread import stored_comments
from archive.store.suppressions import SuppressionList
from archive.text.html_text import fold_space
from archive.text.personal_fields import mask_account, mask_name
from archive.thread import Comment, Thread, article_url, digest, identities

COMMENTS, REVISIONS, COMMENTERS, EVENTS, VISITS = (
    TABLES[name] for name in ("comments", "comment_revisions", "commenters", "events", "visits")
)
# Of comments with the same text, in an archive that does not say which of its capture they are, so many are tried.
MOST_TRIED = 100
HELD = """
select comment_id, held from withheld where name in ('comments', 'comment_revisions')
and comment_id in (select id from comments where thread_id = ?)"""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that its capture does not confirm, or a comment of a capture that is not stored; `subject` names it."""

    subject: str
    what: str


@dataclass(slots=True)
class _Text:
    """A text that a comment has or had, and the capture that it was first read from."""

    comment: Row
    number: int
    body: str
    sha256: str
    capture_id: int | None
    position: int | None

    @property
    def subject(self) -> str:
        is_present = self.number == self.comment["revision"]
        return f"comment {self.comment['id']}" + ("" if is_present else f", text {self.number}")


@dataclass(slots=True)
class StoredThread:
    """The comments of a thread by id, all their texts, and what an archive says of their first parents and names.

    `texts` has every text, present and earlier; `hashes` their SHA-256 by comment, withheld ones too.
    """

    comments: dict[int, Row]
    texts: list[_Text]
    hashes: dict[int, set[str]]
    first_values: dict[tuple[int, str], str | None] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection, thread_id: int) -> "StoredThread":
        """Read a thread with everything that its captures are compared with."""
        author = (COMMENTERS.c.name, COMMENTERS.c.native_id.label("author_native_id"))
        joined = COMMENTS.outerjoin(COMMENTERS, COMMENTERS.c.id == COMMENTS.c.commenter_id)
        statement = select(COMMENTS, *author).select_from(joined).where(COMMENTS.c.thread_id == thread_id)
        rows = connection.execute(statement.order_by(COMMENTS.c.id)).mappings()
        comments = {row["id"]: dict(row) for row in rows}
        result = cls(comments, [], defaultdict(set))
        for row in comments.values():
            result.add_text(row, row, row["revision"])
        of_thread = REVISIONS.c.comment_id.in_(select(COMMENTS.c.id).where(COMMENTS.c.thread_id == thread_id))
        # Texts below 0 were beside the present one in the same capture: none of its comments has them.
        for revision in connection.execute(select(REVISIONS).where(of_thread, REVISIONS.c.revision >= 0)).mappings():
            result.add_text(comments[revision["comment_id"]], revision, revision["revision"])
        for comment_id, held in connection.exec_driver_sql(HELD, (thread_id,)):
            result.hashes[comment_id].add(json.loads(held)["body_sha256"])
        changes = (EVENTS.c.thread_id == thread_id) & EVENTS.c.kind.in_(("moved", "renamed"))
        columns = (EVENTS.c.comment_id, EVENTS.c.kind, EVENTS.c.before)
        for comment_id, kind, before in connection.execute(select(*columns).where(changes).order_by(EVENTS.c.id)):
            result.first_values.setdefault((comment_id, kind), before)
        return result

    def add_text(self, comment: Row, row: Any, number: int) -> None:
        """Add a text of a comment; `row` is of comments or comment_revisions."""
        values = (row["body"], row["body_sha256"], row["capture_id"], row["capture_position"])
        self.texts.append(_Text(comment, number, *values))
        self.hashes[comment["id"]].add(row["body_sha256"])

    def first_parent(self, row: Row) -> int | None:
        """Return the parent that a comment had when it was first read."""
        if (row["id"], "moved") in self.first_values:
            before = self.first_values[(row["id"], "moved")]
            return None if before is None else int(before)
        return None if row["parent_id"] is None else int(row["parent_id"])


def compare_thread(
    connection: Connection,
    suppressions: SuppressionList,
    thread_id: int,
    root: int,
    captures: Sequence[int],
    thread: Thread,
) -> tuple[int, list[Difference]]:
    """Compare a stored thread with what was read from the captures of one visit, of which `root` is the first.

    Return how many texts were compared, and the differences, in both directions: texts that the captures do not
    confirm, and comments of the captures that are not stored.
    """
    comparison = _Comparison(StoredThread.read(connection, thread_id), thread, captures)
    comparison.compare_texts()
    in_late_visit: set[int] | None = None  # computed for the first comment that needs it
    for i in comparison.not_stored(_withheld(suppressions, thread)):
        if in_late_visit is None:
            in_late_visit = _stored_of_late_visit(connection, thread_id, root, thread)
        if i not in in_late_visit:
            comment = thread.comments[i]
            what = f"capture {root} holds comment {comment.native_id or comment.body[:80]!r}, which is not stored"
            comparison.differences.append(Difference(f"thread {thread_id}", what))
    return comparison.compared, comparison.differences


def _withheld(suppressions: SuppressionList, thread: Thread) -> Iterable[int]:
    """Return the comments that are on the suppression list, by index."""
    if not suppressions:
        return ()
    url = article_url(thread.article, thread.capture.sha256)
    keys = identities(thread.comments, [digest(comment.body) for comment in thread.comments])
    return suppressions.match_comments(thread, url, thread.native_id or url, keys)


def _stored_of_late_visit(connection: Connection, thread_id: int, root: int, thread: Thread) -> set[int]:
    """Return the comments, by index, that are stored ones of which this capture, older than another, has a text that
    was not added."""
    of_visit = (VISITS.c.thread_id == thread_id) & (VISITS.c.capture_id == root) & (VISITS.c.outcome == "late")
    if not connection.execute(select(func.count()).select_from(VISITS).where(of_visit)).scalar_one():
        return set()
    hashes = [digest(comment.body) for comment in thread.comments]
    matches = match_comments(stored_comments(connection, thread_id), thread.comments, hashes)
    return {i for i, row in enumerate(matches) if row is not None}


class _Comparison:
    """The comparison of one stored thread with one visit. `places` has the stored comment of each captured one."""

    def __init__(self, stored: StoredThread, thread: Thread, captures: Sequence[int]) -> None:
        self.stored, self.comments = stored, thread.comments
        self.keys = [(comment.native_id, digest(comment.body)) for comment in thread.comments]
        self.texts = [text for text in stored.texts if text.capture_id in set(captures)]
        self.places: dict[int, int] = {}
        self.compared = 0
        self.differences: list[Difference] = []

    def compare_texts(self) -> None:
        """Compare every text that was first read from these captures with the comment that has it there."""
        positions: dict[int, int] = {}
        for number, text in enumerate(self.texts):
            if text.position is not None and text.position < len(self.keys) and self._has_key(text, text.position):
                positions[number] = text.position
                self.places[text.position] = text.comment["id"]
        free = _Candidates(self.keys, self.places)
        for number, text in enumerate(self.texts):
            if text.comment["withheld"] is None:
                self.compared += 1
                i = positions[number] if number in positions else self._choose(text, free)
                self._compare_text(text, i)

    def _has_key(self, text: _Text, i: int) -> bool:
        """Whether captured comment i has the native id of a text's comment, or the text where there are no ids."""
        native_id, sha256 = self.keys[i]
        if native_id is not None or text.comment["native_id"] is not None:
            return bool(native_id == text.comment["native_id"])
        return text.comment["withheld"] is not None or sha256 == text.sha256

    def _choose(self, text: _Text, free: "_Candidates") -> int | None:
        """Return the captured comment with this text that has the most in common with it: see `_Candidates`."""
        tried = list(islice(free.of(text), MOST_TRIED))
        i = next((i for i in tried if text.number or not self._disagreements(text.comment, i)), None)
        i = tried[0] if i is None and tried else i
        if i is not None:
            free.take(i)
            self.places[i] = text.comment["id"]
        return i

    def _compare_text(self, text: _Text, i: int | None) -> None:
        if i is None:
            self._differs(text.subject, f"not in capture {text.capture_id}")
        elif self.keys[i][1] != text.sha256:
            self._differs(text.subject, f"capture {text.capture_id} reads {self.comments[i].body[:80]!r}")
        elif digest(text.body) != text.sha256:
            self._differs(text.subject, "the stored text is not that of its own SHA-256")
        elif text.number == 0:  # time, author and parent are those of the capture that the comment was first read from
            for name, stored, read in self._disagreements(text.comment, i):
                what = f"its {name} is {stored!r}, capture {text.capture_id} reads {read!r}"
                self._differs(f"comment {text.comment['id']}", what)

    def _disagreements(self, row: Row, i: int) -> list[tuple[str, Any, Any]]:
        """Return what a stored comment had when it was first read, and captured comment i has not."""
        comment = self.comments[i]
        pairs: list[tuple[str, Any, Any]] = [("time", row["posted_at"], comment.posted and comment.posted.at)]
        pairs.append(("author", *self._authors(row, comment)))
        if (row["id"], "moved") not in self.stored.first_values:
            pairs.append(("stated parent", row["parent_native_id"], comment.parent_native_id))
        if not self._has_parent(row, comment):
            parent = self.stored.first_parent(row)
            read = None if comment.parent is None else self.comments[comment.parent].native_id or "another"
            pairs.append(("parent", parent and f"comment {parent}", read))
        return [(name, stored, read) for name, stored, read in pairs if stored != read]

    def _authors(self, row: Row, comment: Comment) -> tuple[str | None, str | None]:
        """Return what must be equal: native ids where both have one, since accounts change their names, else names.

        Addresses in them are cut: imports of earlier versions stored them.
        """
        name, native_id = (comment.author.name, comment.author.native_id) if comment.author else (None, None)
        is_renamed = (row["id"], "renamed") in self.stored.first_values
        if row["author_native_id"] and native_id:
            return (native_id if is_renamed else mask_account(row["author_native_id"])), mask_account(native_id)
        stored = self.stored.first_values[(row["id"], "renamed")] if is_renamed else row["name"]
        return stored and mask_name(stored), name and mask_name(name)

    def _has_parent(self, row: Row, comment: Comment) -> bool:
        """Whether the first parent of a stored comment is the parent of the captured one."""
        first = self.stored.first_parent(row)
        if comment.parent is None:
            return first is None or comment.parent_native_id is not None
        if comment.parent in self.places:
            return self.places[comment.parent] == first
        parent = self.stored.comments.get(first or 0)
        return parent is not None and (bool(parent["withheld"]) or self._may_be(parent, comment.parent))

    def _may_be(self, row: Row, i: int) -> bool:
        """Whether captured comment i is a stored one of which the capture has no new text."""
        native_id, sha256 = self.keys[i]
        return (
            (native_id is not None and native_id == row["native_id"])
            or sha256 in self.stored.hashes[row["id"]]
            or not self.comments[i].body
            or (row["id"], fold_space(self.comments[i].body)) in self._words
        )

    @cached_property
    def _words(self) -> set[tuple[int, str]]:
        return {(text.comment["id"], fold_space(text.body)) for text in self.stored.texts}

    def not_stored(self, withheld: Iterable[int]) -> Iterator[int]:
        """Yield the captured comments, by index, that are neither stored nor withheld. Each needs a row of its own."""
        placed = set(self.places.values())
        stored, words = Counter[str](), Counter[str]()
        for row in self.stored.comments.values():
            if row["id"] not in placed:
                stored.update({key for key in (row["native_id"], *self.stored.hashes[row["id"]]) if key is not None})
        words.update(text for comment_id, text in self._words if comment_id not in placed)
        for i in sorted(set(range(len(self.keys))) - self.places.keys() - set(withheld)):
            native_id, sha256 = self.keys[i]
            key = native_id if native_id is not None and native_id in stored else sha256
            text = fold_space(self.comments[i].body)
            if stored[key] > 0:
                stored[key] -= 1
            elif key not in stored and words[text] > 0:  # read from another source, which spaces it otherwise
                words[text] -= 1
            else:
                yield i

    def _differs(self, subject: str, what: str) -> None:
        self.differences.append(Difference(subject, what))


class _Candidates:
    """The captured comments that no text is known to stand for, by native id or else by text."""

    def __init__(self, keys: Sequence[tuple[str | None, str]], taken: Collection[int]) -> None:
        self.by_key: dict[str, dict[int, None]] = defaultdict(dict)
        self.keys = keys
        for i, (native_id, sha256) in enumerate(keys):
            if i not in taken:
                self.by_key[native_id or sha256][i] = None

    def of(self, text: _Text) -> Iterator[int]:
        """Yield those that may be the comment of a text, in document order."""
        yield from self.by_key.get(text.comment["native_id"] or text.sha256, ())

    def take(self, i: int) -> None:
        """Leave out a candidate from now on."""
        native_id, sha256 = self.keys[i]
        del self.by_key[native_id or sha256][i]
