"""Match the comments of a visit to the stored ones of its thread, and work out what changed. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from hashlib import blake2b
from operator import attrgetter, itemgetter

from archive.thread import Author, Comment

# Shares of equal characters (difflib) from which two texts under one parent are one that was edited.
SIMILAR = 0.6
SIMILAR_WITHOUT_AUTHOR = 0.85
# A text of nobody known is looked for elsewhere in the thread from this length on: "yes" is written by many.
DISTINCTIVE_LENGTH = 40
# difflib takes quadratic time: a thread of thousands of edited comments must not hold a save for minutes.
COMPARED_LENGTH = 2_000
MOST_COMPARISONS = 2_000
# Which source knows a comment's parent best: pages cut nesting short where APIs do not.
AUTHORITY = {"export": 3, "api": 3, "feed": 2, "dom": 1, "indent": 0, "unknown": -1}


@dataclass(slots=True)
class Stored:
    """A row of `comments` with its author's name and native id."""

    id: int
    parent_id: int | None
    position: int
    depth: int
    identity: str
    native_id: str | None
    author_name: str | None
    author_native_id: str | None
    body: str
    body_sha256: str
    revision: int
    state: str
    likes: int | None
    dislikes: int | None
    first_seen_at: str
    last_seen_at: str
    commenter_id: int | None = None
    capture_id: int | None = None
    parent_source: str | None = None
    posted_at: str | None = None


@dataclass(slots=True)
class Change:
    """A row of `events` to be: its kind, and the stored comment that it is about."""

    kind: str
    comment_id: int
    before: str | None
    after: str | None


@dataclass(slots=True)
class Plan:
    """What a visit does to a stored thread, by index of the comments seen or by id.

    `ids` are the seen comments' ids, from `next_id` up for new ones; `parents` their parents' ids; `new` the indexes of
    new comments and `identities` theirs; `gone` the ids of visible ones that were not seen; `positions` has (position,
    depth) of every id.
    """

    ids: list[int]
    parents: list[int | None] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    identities: dict[int, str] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    positions: dict[int, tuple[int, int]] = field(default_factory=dict)


def identities(comments: Sequence[Comment], hashes: Sequence[str]) -> list[str]:
    """Return an identity for each comment: its native id, else a fingerprint of parent, author, text, occurrence."""
    taken: set[str] = set()
    result: list[str] = []
    for comment, sha256 in zip(comments, hashes, strict=True):
        above = "" if comment.parent is None else result[comment.parent]
        result.append(_identity(comment, sha256, above, taken))
    return result


def _identity(comment: Comment, sha256: str, above: str, taken: set[str]) -> str:
    if comment.native_id is not None:
        stem = candidate = f"id:{comment.native_id}"
    else:
        seed = "\x1f".join((above, *_who(comment.author), sha256))
        stem = candidate = "fp:" + blake2b(seed.encode(), digest_size=12).hexdigest()
    occurrence = 1
    while candidate in taken:
        occurrence += 1
        candidate = f"{stem}.{occurrence}"
    taken.add(candidate)
    return candidate


def _who(author: Author | None) -> tuple[str, str]:
    if author is None:
        return "", ""
    return ("id", author.native_id) if author.native_id is not None else ("name", author.name or "")


def compare(
    stored: Sequence[Stored], seen: Sequence[Comment], hashes: Sequence[str], next_id: int, *, whole: bool
) -> Plan:
    """Match `seen` to `stored`, and return what changed.

    Only from a capture that is not partial (`whole`) does it follow that what is stored and was not seen is gone.
    """
    matches = _Matcher(stored, seen, hashes).matches
    plan = Plan(ids=[])
    taken = {row.identity for row in stored}
    identity: list[str] = []
    for i, comment in enumerate(seen):
        row = matches[i]
        plan.ids.append(next_id + len(plan.new) if row is None else row.id)
        if row is None:
            above = "" if comment.parent is None else identity[comment.parent]
            plan.new.append(i)
            plan.identities[i] = _identity(comment, hashes[i], above, taken)
        identity.append(plan.identities[i] if row is None else row.identity)
    matched = {row.id for row in matches if row is not None}
    unseen = [row for row in stored if row.id not in matched]
    if whole:
        plan.gone = [row.id for row in unseen if row.state == "visible"]
    page_parents = [None if c.parent is None else plan.ids[c.parent] for c in seen]
    plan.parents = [_best_parent(*pair) for pair in zip(matches, seen, page_parents, strict=True)]
    plan.positions = _positions(stored, plan.ids, plan.parents, unseen)
    if len(plan.positions) < len(plan.ids) + len(unseen):  # old and new parents make a ring
        plan.parents = page_parents
        plan.positions = _positions(stored, plan.ids, page_parents, unseen)
    for row, comment, sha256, parent in zip(matches, seen, hashes, plan.parents, strict=True):
        if row is not None:
            plan.changes += _changes(row, comment, sha256, parent)
    return plan


def _best_parent(row: Stored | None, comment: Comment, parent: int | None) -> int | None:
    """Return the parent seen now, unless the stored one was read from a better source."""
    if row is None:
        return parent
    before, now = (AUTHORITY.get(source or "", 0) for source in (row.parent_source, comment.parent_source))
    return parent if now >= before else row.parent_id


def _changes(row: Stored, comment: Comment, sha256: str, parent: int | None) -> Iterable[Change]:
    if row.state != comment.state:
        kind = "restored" if comment.state == "visible" else "removed"
        yield Change(kind, row.id, row.state, comment.state)
    if row.body_sha256 != sha256 and (comment.body or comment.state == "visible") and not _same_words(row, comment):
        yield Change("edited", row.id, row.body, comment.body)
    if row.parent_id != parent:
        yield Change("moved", row.id, _text(row.parent_id), _text(parent))
    if comment.author is not None and row.author_name and comment.author.name not in (None, row.author_name):
        yield Change("renamed", row.id, row.author_name, comment.author.name)
    votes, now = (row.likes, row.dislikes), (comment.likes, comment.dislikes)
    if now != votes and now != (None, None):
        yield Change("votes", row.id, _votes(*votes), _votes(*now))


def _same_words(row: Stored, comment: Comment) -> bool:
    """Return whether a text differs in white space only, and was read from another source: a page after an API."""
    return row.parent_source != comment.parent_source and row.body.split() == comment.body.split()


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _votes(likes: int | None, dislikes: int | None) -> str:
    return f"{'?' if likes is None else likes} for, {'?' if dislikes is None else dislikes} against"


class _Matcher:
    """Pair seen comments with stored ones: `matches[i]` is the stored comment that seen comment i is, or None.

    By native id, unless author, time and text are all others; by author, time and text where a site gave its comments
    new ids; else by author and text under the same parent, then anywhere in the thread, then by a similar text of the
    same author under the same parent. Of stored comments that are alike, those seen last come first, so that what was
    just saved matches itself.
    """

    def __init__(self, stored: Sequence[Stored], seen: Sequence[Comment], hashes: Sequence[str]) -> None:
        self.seen, self.hashes = seen, hashes
        self.matches: list[Stored | None] = [None] * len(seen)
        self.free = {row.id: row for row in _last_seen_first(stored)}
        self._by_native_id({row.native_id: row for row in stored if row.native_id is not None})
        self._new_ids()
        if any(comment.native_id is None for comment in seen):
            self._same_parent()
            self._same_text()
            self._similar_text()

    def _pair(self, i: int, row: Stored) -> None:
        self.matches[i] = row
        del self.free[row.id]

    def _pair_alike(self, seen: Sequence[int], rows: Sequence[Stored]) -> None:
        """Pair as many as there are, in document order."""
        for i, row in zip(seen, sorted(rows[: len(seen)], key=attrgetter("position")), strict=False):
            self._pair(i, row)

    def _by_native_id(self, rows: dict[str, Stored]) -> None:
        for i, comment in enumerate(self.seen):
            row = rows.get(comment.native_id) if comment.native_id is not None else None
            if row is not None and row.id in self.free and not _another(row, comment, self.hashes[i]):
                self._pair(i, row)

    def _new_ids(self) -> None:
        rows: dict[tuple[object, ...], list[Stored]] = defaultdict(list)
        for row in self.free.values():
            if row.native_id is not None and row.posted_at is not None:
                rows[(row.author_name, row.posted_at, row.body_sha256)].append(row)
        alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for i, comment in enumerate(self.seen):
            if self.matches[i] is None and comment.native_id is not None and comment.posted is not None:
                alike[(_names(comment.author)[0], comment.posted.at, self.hashes[i])].append(i)
        for key, seen in alike.items():
            self._pair_alike(seen, rows.get(key, ()))

    def _open(self) -> Iterable[tuple[int, Comment]]:
        return ((i, c) for i, c in enumerate(self.seen) if self.matches[i] is None and c.native_id is None)

    def _candidates(self) -> Iterable[Stored]:
        return (row for row in self.free.values() if row.native_id is None)

    def _parent_id(self, comment: Comment) -> int | None:
        """Return the stored parent's id, None at top level, -1 under a comment that is new."""
        if comment.parent is None:
            return None
        row = self.matches[comment.parent]
        return -1 if row is None else row.id

    def _same_parent(self) -> None:
        rows: dict[tuple[object, ...], list[Stored]] = defaultdict(list)
        for row in self._candidates():
            rows[(row.parent_id, row.author_name, row.author_native_id, row.body_sha256)].append(row)
        alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for i, comment in self._open():
            alike[(comment.parent, *_names(comment.author), self.hashes[i])].append(i)
        for (_, *same), seen in alike.items():  # parents come before their replies
            self._pair_alike(seen, rows.get((self._parent_id(self.seen[seen[0]]), *same), ()))

    def _same_text(self) -> None:
        rows: dict[tuple[object, ...], list[Stored]] = defaultdict(list)
        for row in self._candidates():
            rows[(row.author_name, row.author_native_id, row.body_sha256)].append(row)
        alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for i, comment in self._open():
            if comment.author is not None or len(comment.body) >= DISTINCTIVE_LENGTH:
                alike[(*_names(comment.author), self.hashes[i])].append(i)
        for key, seen in alike.items():
            self._pair_alike(seen, rows.get(key, ()))

    def _similar_text(self) -> None:
        siblings: dict[tuple[object, ...], list[Stored]] = defaultdict(list)
        for row in self._candidates():
            siblings[(row.parent_id, row.author_name, row.author_native_id)].append(row)
        comparisons = 0
        for i, comment in self._open():
            rows = siblings.get((self._parent_id(comment), *_names(comment.author)), [])
            comparisons += len(rows)
            if not rows or comparisons > MOST_COMPARISONS:
                continue
            likeness, nearest = max(((_likeness(comment.body, row.body), row) for row in rows), key=itemgetter(0))
            if likeness >= (SIMILAR if comment.author is not None else SIMILAR_WITHOUT_AUTHOR):
                self._pair(i, nearest)
                rows.remove(nearest)


def _last_seen_first(stored: Sequence[Stored]) -> list[Stored]:
    """Sort what the last capture showed before what earlier ones did, and what is missing last."""
    latest = max((row.last_seen_at for row in stored), default="")
    return sorted(stored, key=lambda row: (row.state == "missing", row.last_seen_at < latest, row.position))


def _another(row: Stored, comment: Comment, sha256: str) -> bool:
    """Return whether an id was given to another comment: author, time and text are stated, and all are others."""
    if comment.author is None or comment.posted is None or comment.state != "visible":
        return False
    pairs = ((row.author_name, comment.author.name), (row.posted_at, comment.posted.at), (row.body_sha256, sha256))
    return all(None not in pair and pair[0] != pair[1] for pair in pairs)


def _names(author: Author | None) -> tuple[str | None, str | None]:
    return (None, None) if author is None else (author.name, author.native_id)


def _likeness(text: str, other: str) -> float:
    matcher = SequenceMatcher(None, text[:COMPARED_LENGTH], other[:COMPARED_LENGTH], autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0


def _positions(
    stored: Sequence[Stored], ids: Sequence[int], parents: Sequence[int | None], unseen: Sequence[Stored]
) -> dict[int, tuple[int, int]]:
    """Return (position, depth) of all: seen comments as seen, each unseen one after the sibling that it followed."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for comment_id, parent in zip(ids, parents, strict=True):
        children[parent].append(comment_id)
    seen_under = dict(zip(ids, parents, strict=True))
    left = {row.id for row in unseen}
    followers: dict[tuple[int | None, int | None], list[int]] = defaultdict(list)
    last_seen: dict[int | None, int | None] = {}
    for row in sorted(stored, key=lambda row: row.position):
        if row.id in left:
            followers[(row.parent_id, last_seen.get(row.parent_id))].append(row.id)
        elif seen_under[row.id] == row.parent_id:
            last_seen[row.parent_id] = row.id
    positions: dict[int, tuple[int, int]] = {}
    stack: list[tuple[int, int]] = [(i, 0) for i in reversed(_siblings(None, children, followers))]
    while stack:
        comment_id, depth = stack.pop()
        positions[comment_id] = (len(positions), depth)
        stack.extend((i, depth + 1) for i in reversed(_siblings(comment_id, children, followers)))
    return positions


def _siblings(
    parent: int | None,
    children: dict[int | None, list[int]],
    followers: dict[tuple[int | None, int | None], list[int]],
) -> list[int]:
    result = list(followers.get((parent, None), ()))
    for child in children.get(parent, ()):
        result.append(child)
        result.extend(followers.get((parent, child), ()))
    return result
