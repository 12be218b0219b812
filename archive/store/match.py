"""Match the comments that a visit saw to the stored ones of their thread. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from operator import attrgetter, itemgetter

from archive.store.twins import EXACT, Context, Twin, contexts_of, pair_twins
from archive.thread import Author, Comment, Moment

# Shares of equal characters (difflib) from which two texts under one parent are one that was edited.
SIMILAR = 0.6
SIMILAR_WITHOUT_AUTHOR = 0.85
# A text of nobody known is looked for elsewhere in the thread from this length on: "yes" is written by many.
DISTINCTIVE_LENGTH = 40
# difflib takes quadratic time: a thread of thousands of edited comments must not hold a save for minutes.
COMPARED_LENGTH = 2_000
MOST_COMPARISONS = 2_000
UNDATED = Moment()


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
    posted_precision: str | None = None
    capture_position: int | None = None


def match_comments(stored: Sequence[Stored], seen: Sequence[Comment], hashes: Sequence[str]) -> list[Stored | None]:
    """Return the stored comment that each seen comment is, or None where it is new; `hashes` are of their texts."""
    return _unchanged(stored, seen, hashes) or _Matcher(stored, seen, hashes).matches


def _unchanged(stored: Sequence[Stored], seen: Sequence[Comment], hashes: Sequence[str]) -> list[Stored | None] | None:
    """Return the comments that were seen last where these are the same, one by one; None where anything differs."""
    rows = _seen_last(stored)
    if len(rows) != len(seen):
        return None
    for row, comment, sha256 in zip(rows, seen, hashes, strict=True):
        parent = None if comment.parent is None else rows[comment.parent].id
        time = comment.posted and comment.posted.at
        values = (comment.native_id, sha256, parent, *_names(comment.author), time)
        if values != (row.native_id, row.body_sha256, row.parent_id, *_names_of(row), row.posted_at):
            return None
    return list(rows)


class _Matcher:
    """Pair seen comments with stored ones: `matches[i]` is the stored comment that seen comment i is, or None.

    By native id, unless author, time and text are all others; by author, time and text where a site gave its comments
    new ids; else by author and text under the same parent, then anywhere in the thread, then by a similar text of the
    same author under the same parent. Of stored comments that are alike, see `twins`, those seen last come first, so
    that what was just saved matches itself.
    """

    def __init__(self, stored: Sequence[Stored], seen: Sequence[Comment], hashes: Sequence[str]) -> None:
        self.stored, self.seen, self.hashes = stored, seen, hashes
        self.matches: list[Stored | None] = [None] * len(seen)
        self.free = {row.id: row for row in _last_seen_first(stored)}
        self.new: set[int] = set()
        self._same_native_id()
        self._new_ids()
        if any(comment.native_id is None for comment in seen):
            self._same_parent()
            self._same_text()
            self._similar_text()

    def _pair(self, i: int, row: Stored) -> None:
        self.matches[i] = row
        del self.free[row.id]

    def _pair_alike(self, seen: Sequence[int], rows: Sequence[Stored]) -> None:
        """Pair as many as there are: see `twins`."""
        if len(seen) == len(rows) == 1 and not self._has_another_time(seen[0], rows[0]):
            self._pair(seen[0], rows[0])
        elif seen and rows:
            by_id = {row.id: row for row in rows}
            twins = [self._twin(i) for i in seen], [self._stored_twin(row) for row in rows]
            paired = pair_twins(*twins, times_hold=self._times_hold)
            for i, row_id in paired.pairs:
                self._pair(i, by_id[row_id])
            self.new.update(paired.new)
            for row_id in paired.gone:
                del self.free[row_id]

    def _has_another_time(self, i: int, row: Stored) -> bool:
        """Return whether a time says that a stored comment is another one."""
        posted = self.seen[i].posted
        if posted is None or posted.precision not in EXACT or row.posted_precision not in EXACT:
            return False
        return posted.at != row.posted_at and self._times_hold

    @cached_property
    def _times_hold(self) -> bool:
        """Whether this source states the same time of a comment at each visit, as comments with one text show.

        A page whose clock was put back, or that states the time of the visit, does not.
        """
        exact = [row for row in self.stored if row.posted_precision in EXACT]
        stored = Counter((*_names_of(row), row.body_sha256) for row in exact)
        times = {(*_names_of(row), row.body_sha256): row.posted_at for row in exact}
        seen = [(*_names(comment.author), sha256) for comment, sha256 in zip(self.seen, self.hashes, strict=True)]
        occurrences, results = Counter(seen), Counter[bool]()
        for key, comment in zip(seen, self.seen, strict=True):
            if stored[key] == occurrences[key] == 1 and comment.posted and comment.posted.precision in EXACT:
                results[comment.posted.at == times[key]] += 1
        return 0 < results[True] >= results[False]

    def _twin(self, i: int) -> Twin:
        posted = self.seen[i].posted or UNDATED
        return Twin(i, i, posted.at, posted.precision in EXACT, self._seen_contexts[i])

    def _stored_twin(self, row: Stored) -> Twin:
        is_exact = row.posted_precision in EXACT
        return Twin(row.id, row.position, row.posted_at, is_exact, self._stored_contexts.get(row.id))

    @cached_property
    def _seen_contexts(self) -> list[Context]:
        return contexts_of([comment.parent for comment in self.seen], range(len(self.seen)), self.hashes)

    @cached_property
    def _stored_contexts(self) -> dict[int, Context]:
        rows = _seen_last(self.stored)
        ids = [row.id for row in rows]
        hashes = [row.body_sha256 for row in rows]
        return dict(zip(ids, contexts_of([row.parent_id for row in rows], ids, hashes), strict=True))

    def _same_native_id(self) -> None:
        """Pair by native id: the same text first, since a page may show a comment twice, once as an excerpt."""
        rows: dict[str, list[Stored]] = defaultdict(list)
        by_text: dict[tuple[str, str], list[Stored]] = defaultdict(list)
        for row in self.free.values():
            if row.native_id is not None:
                rows[row.native_id].append(row)
                by_text[(row.native_id, row.body_sha256)].append(row)
        same: dict[tuple[str, str], list[int]] = defaultdict(list)
        for i, native_id in self._with_ids(rows):
            same[(native_id, self.hashes[i])].append(i)
        for key, seen in same.items():
            self._pair_alike(seen, by_text.get(key, ()))
        left: dict[str, list[int]] = defaultdict(list)
        for i, native_id in self._with_ids(rows):
            left[native_id].append(i)
        for native_id, seen in left.items():
            free = [row for row in rows[native_id] if row.id in self.free]
            for i, row in zip(seen, free, strict=False):
                if not _another(row, self.seen[i], self.hashes[i]):
                    self._pair(i, row)

    def _with_ids(self, ids: Collection[str]) -> Iterable[tuple[int, str]]:
        """Return the comments, by index, that are not matched yet and have one of these native ids."""
        for i, comment in enumerate(self.seen):
            if self.matches[i] is None and i not in self.new and comment.native_id in ids:
                yield i, str(comment.native_id)

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
        return (
            (i, comment)
            for i, comment in enumerate(self.seen)
            if self.matches[i] is None and comment.native_id is None and i not in self.new
        )

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
            group = siblings.get((self._parent_id(comment), *_names(comment.author)), [])
            comparisons += len(group)
            if comparisons > MOST_COMPARISONS:
                continue
            rows = [row for row in group if not self._has_another_time(i, row)]
            if not rows:
                continue
            time = comment.posted and comment.posted.at
            alike = (((_likeness(comment.body, row.body), row.posted_at == time), row) for row in rows)
            (likeness, _), nearest = max(alike, key=itemgetter(0))
            if likeness >= (SIMILAR if comment.author is not None else SIMILAR_WITHOUT_AUTHOR):
                self._pair(i, nearest)
                group.remove(nearest)


def _seen_last(stored: Sequence[Stored]) -> list[Stored]:
    """Return what the last capture showed, in document order."""
    latest = max((row.last_seen_at for row in stored), default="")
    rows = [row for row in stored if row.state != "missing" and row.last_seen_at == latest]
    return sorted(rows, key=attrgetter("position"))


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


def _names_of(row: Stored) -> tuple[str | None, str | None]:
    return row.author_name, row.author_native_id


def _likeness(text: str, other: str) -> float:
    matcher = SequenceMatcher(None, text[:COMPARED_LENGTH], other[:COMPARED_LENGTH], autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= SIMILAR else 0.0
