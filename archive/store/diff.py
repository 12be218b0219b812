"""Match the comments of a visit to the stored ones of its thread, and work out what changed. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from archive.store.match import Stored, match_comments
from archive.thread import Comment, identity_under

# Which source knows a comment's parent best: pages cut nesting short where APIs do not.
AUTHORITY = {"export": 3, "api": 3, "feed": 2, "dom": 1, "indent": 0, "unknown": -1}


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


def compare(
    stored: Sequence[Stored], seen: Sequence[Comment], hashes: Sequence[str], next_id: int, *, whole: bool
) -> Plan:
    """Match `seen` to `stored`, and return what changed.

    Only from a capture that is not partial (`whole`) does it follow that what is stored and was not seen is gone.
    """
    matches = match_comments(stored, seen, hashes)
    plan = Plan(ids=[])
    taken = {row.identity for row in stored}
    identity: list[str] = []
    for i, comment in enumerate(seen):
        row = matches[i]
        plan.ids.append(next_id + len(plan.new) if row is None else row.id)
        if row is None:
            above = "" if comment.parent is None else identity[comment.parent]
            plan.new.append(i)
            plan.identities[i] = identity_under(comment, hashes[i], above, taken)
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
