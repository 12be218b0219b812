"""What every parser returns: an article, its comment thread, and where the bytes came from.

Everything here is frozen and knows no file, network or database. Times are ISO-8601 text in UTC that ends in `Z`;
what a source did not state is None, never a guess.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b, sha256
from operator import attrgetter
from typing import Any, Literal, TypeVar, dataclass_transform

Key = TypeVar("Key", bound=Hashable)
Record = TypeVar("Record")
Precision = Literal["second", "minute", "hour", "day", "month", "year"]
State = Literal["visible", "removed", "author_deleted", "withheld", "missing"]
Completeness = Literal["full", "partial", "unknown"]
StatedKind = Literal["all", "roots", "approximate"]
Decider = Literal["moderator", "system", "author"]
ParentSource = Literal["api", "dom", "indent", "feed", "export", "unknown"]


class Frozen:
    """Pickles by position: threads cross process borders by the hundred thousand, and this is five times faster."""

    __slots__ = ()

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), _getter(type(self))(self)

    def replaced(self: Record, **changes: Any) -> Record:
        """Return one with other values of some fields, in a third of the time that `dataclasses.replace` takes."""
        cls: Any = type(self)
        values = list(_getter(cls)(self))
        for name, value in changes.items():
            values[cls.__match_args__.index(name)] = value
        return cls(*values)  # type: ignore[no-any-return]


@dataclass_transform(frozen_default=True)
def _frozen(cls: type[Record]) -> type[Record]:
    """Make a frozen dataclass whose instances take a fifth of the time to make.

    Python's own sets each field by a call, 4 microseconds for a comment, and each comment is made in two processes.
    Here its twin sets them, which is not frozen, and then becomes one that is.
    """
    twin: Any = dataclass(slots=True)(type(cls.__name__, cls.__bases__, dict(cls.__dict__)))
    frozen: Any = dataclass(frozen=True, slots=True, init=False)(cls)
    set_class = object.__setattr__

    def new(_: type[Record], *values: Any, **named: Any) -> Record:
        made: Record = twin(*values, **named)
        set_class(made, "__class__", frozen)
        return made

    frozen.__new__ = new
    made: type[Record] = frozen
    return made


_getters: dict[type, Callable[[Any], tuple[Any, ...]]] = {}


def _getter(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    if cls not in _getters:
        _getters[cls] = attrgetter(*(f.name for f in fields(cls)))
    return _getters[cls]


@dataclass(frozen=True, slots=True)
class Moment(Frozen):
    """A time as the source gave it: `at` in UTC as far as known, `text` as it stood there, `precision` of `at`."""

    at: str | None = None
    text: str | None = None
    precision: Precision | None = None


@_frozen
class Flag(Frozen):
    """A claim about an article, a thread or a comment by whoever read it; `code` is one of flags/codes.toml.

    `rule` names how it was concluded, `evidence` is what was seen. `start` and `end` count code points of the body;
    `target` is the group that is meant. Flags that differ in their place alone are one flag with several places.
    `dataset` is the one whose label raised it, from a threshold on that a mapping states: then that makes the claim.
    """

    code: str
    rule: str
    evidence: str | None = None
    start: int | None = None
    end: int | None = None
    target: str | None = None
    dataset: "Dataset | None" = None


@dataclass(frozen=True, slots=True)
class Author(Frozen):
    """Who wrote a comment, as the source names them. An author that the source does not name is no Author but None."""

    name: str | None
    native_id: str | None = None
    is_guest: bool | None = None
    is_staff: bool | None = None


@dataclass(frozen=True, slots=True)
class Dataset(Frozen):
    """A corpus that threads were taken from, as its makers want it named. `is_shareable` says that its texts may be
    published again."""

    name: str
    version: str | None = None
    licence: str | None = None
    citation: str | None = None
    url: str | None = None
    is_shareable: bool = True


@dataclass(frozen=True, slots=True)
class Label(Frozen):
    """What a dataset's people or programs said of a comment, a thread or an article: `value` as it stands there,
    `number` where it is one.

    A share lies between 0 and 1; `raters` is how many said it, where known. `dataset` is None for that of the thread.
    A label is a finding of theirs, no flag.
    """

    name: str
    value: str
    number: float | None = None
    raters: int | None = None
    dataset: Dataset | None = None


@dataclass(frozen=True, slots=True)
class Decision(Frozen):
    """What the moderation of a source decided about a comment: `status` is the source's own name for it, `state` what
    that made of the comment, `reason` a name, `explanation` words. `decided_at` is in UTC."""

    status: str
    state: State | None = None
    decided_at: str | None = None
    decider: Decider | None = None
    reason: str | None = None
    explanation: str | None = None


@dataclass(frozen=True, slots=True)
class EarlierText(Frozen):
    """What a comment said before, as the source itself has it on record, and when that was written (UTC)."""

    body: str
    written_at: str | None = None


@_frozen
class Comment(Frozen):
    """One comment. `parent` is the parent's index in `Thread.comments`, which holds parents before their replies.

    `page` says what it was read from: 0 is the thread's own capture, n is `Thread.pages[n - 1]`. `reactions` are counts
    of what is neither a vote for nor one against, by the source's own name for it; `reports` are counts of what readers
    or programs told the moderators. `earlier` has the former texts that the source states, the oldest first.
    """

    body: str
    parent: int | None = None
    author: Author | None = None
    posted: Moment | None = None
    native_id: str | None = None
    parent_native_id: str | None = None
    parent_source: ParentSource | None = None
    state: State = "visible"
    likes: int | None = None
    dislikes: int | None = None
    url: str | None = None
    flags: tuple[Flag, ...] = ()
    page: int = 0
    reactions: tuple[tuple[str, int], ...] = ()
    labels: tuple[Label, ...] = ()
    title: str | None = None
    edited: Moment | None = None
    earlier: tuple[EarlierText, ...] = ()
    decisions: tuple[Decision, ...] = ()
    reports: tuple[tuple[str, int], ...] = ()


@_frozen
class Article(Frozen):
    """The newsroom's text. `url` is canonical, or None where the document does not name one; `outlet` is a
    domain, `outlet_name` what the outlet calls itself. `fills_in` says that the text is not as readers saw it, but from
    an export or a dataset: it is stored for an article that is new, and revises none."""

    title: str | None
    body: str
    url: str | None = None
    outlet: str | None = None
    outlet_name: str | None = None
    byline: str | None = None
    published: Moment | None = None
    language: str | None = None
    section: str | None = None
    flags: tuple[Flag, ...] = ()
    fills_in: bool = False
    labels: tuple[Label, ...] = ()


@_frozen
class Capture(Frozen):
    """Where the bytes of a thread came from. `sha256` (hex) is of exactly the bytes that lie at `offset` (bytes) for
    `length` bytes, after decompression, in `file`; `line` counts from 1 where the file has a document a line.

    In a WARC file `offset` and `length` are of the record as it lies there, `sha256` is of the body after content
    decoding, `payload_digest` is what the record states. `request_sha256` is of what was posted, None for GET: several
    responses can come from one address.
    """

    sha256: str
    url: str | None = None
    fetched_at: str | None = None
    http_status: int | None = None
    media_type: str | None = None
    file: str | None = None
    offset: int | None = None
    length: int | None = None
    line: int | None = None
    metadata: dict[str, Any] | None = None
    payload_digest: str | None = None
    request_sha256: str | None = None


@_frozen
class Thread(Frozen):
    """An article with its comments in document order (a parent, then its replies), and what the source said of itself.

    `capture` is what the article was read from, `pages` what else the comments were read from, in the order asked for.
    `stated_kind` says what `stated_count` counts: all comments, those at the top alone, or more or less all.
    `rules` is the SHA-256 of the rules that the comments' flags hold the findings of, None where none were asked.
    `seen_at` dates what no capture dates: when another archive saw the thread.
    `furniture` holds the lines of a text that were recognised as neither article nor comment, so that nothing is lost.
    Raises ValueError where the comments are not in document order, or name a page that is not there.
    """

    article: Article
    comments: tuple[Comment, ...]
    platform: str
    capture: Capture
    native_id: str | None = None
    url: str | None = None
    stated_count: int | None = None
    completeness: Completeness = "unknown"
    closed: bool | None = None
    flags: tuple[Flag, ...] = ()
    furniture: tuple[str, ...] = ()
    pages: tuple[Capture, ...] = ()
    rules: str | None = None
    stated_kind: StatedKind = "all"
    dataset: Dataset | None = None
    seen_at: str | None = None
    labels: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        ancestors: list[int] = []
        for position, comment in enumerate(self.comments):
            if not 0 <= comment.page <= len(self.pages):
                raise ValueError(f"comment {position} was read from page {comment.page} of {len(self.pages)}")
            while ancestors and ancestors[-1] != comment.parent:
                ancestors.pop()
            if comment.parent is not None and not ancestors:
                raise ValueError(f"comment {position} does not stand below its parent {comment.parent}")
            ancestors.append(position)


def depths(parents: Sequence[int | None]) -> list[int]:
    """Return the depth (0 = top level) of each comment; every parent's index must come before its child's."""
    result: list[int] = []
    for parent in parents:
        result.append(0 if parent is None else result[parent] + 1)
    return result


def document_order(keys: Sequence[Key], parents: Sequence[Key | None]) -> tuple[list[int], list[int]]:
    """Return the indexes of `keys` in document order (parents first, siblings as given), and those of the orphans.

    An orphan names a parent that is not there, itself, or a descendant of its own; it comes out as top level.
    """
    index = {key: i for i, key in enumerate(keys)}
    above = [None if parent is None else index.get(parent) for parent in parents]
    orphans = [i for i, parent in enumerate(parents) if parent is not None and above[i] is None]
    orphans += _ring_starts(above)
    for i in orphans:
        above[i] = None
    children: dict[int | None, list[int]] = {}
    for i, parent_index in enumerate(above):
        children.setdefault(parent_index, []).append(i)
    order: list[int] = []
    stack = children.get(None, [])[::-1]
    while stack:
        i = stack.pop()
        order.append(i)
        stack.extend(reversed(children.get(i, [])))
    return order, orphans


def nest(comments: Iterable[Comment]) -> tuple[Comment, ...]:
    """Return the comments in document order, each below the one whose `native_id` is its `parent_native_id`.

    Of two with one native id the first stays; those without one all do. One whose parent is missing becomes top level,
    keeps the id of its parent, and is flagged.
    """
    by_key: dict[Hashable, Comment] = {}
    for number, comment in enumerate(comments):
        by_key.setdefault(number if comment.native_id is None else comment.native_id, comment)
    unique = list(by_key.values())
    order, orphans = document_order(list(by_key), [c.parent_native_id for c in unique])
    position = {unique[i].native_id: new for new, i in enumerate(order)}
    orphaned = set(orphans)
    result: list[Comment] = []
    for i in order:
        comment = unique[i]
        if i in orphaned:
            evidence = f"answers {comment.parent_native_id}"
            flag = Flag("capture.parent_inferred", "parent-not-in-thread", evidence)
            comment = comment.replaced(parent=None, flags=(*comment.flags, flag))
        else:
            parent = position[comment.parent_native_id] if comment.parent_native_id else None
            if comment.parent != parent:
                comment = comment.replaced(parent=parent)
        result.append(comment)
    return tuple(result)


def _ring_starts(above: Sequence[int | None]) -> list[int]:
    """Return the first index of every ring that `above` (an index's parent index) closes."""
    rings: list[int] = []
    visited_from: dict[int, int] = {}
    for start in range(len(above)):
        i: int | None = start
        while i is not None and i not in visited_from:
            visited_from[i] = start
            i = above[i]
        if i is not None and visited_from[i] == start:
            rings.append(min(_ring(above, i)))
    return rings


def _ring(above: Sequence[int | None], start: int) -> list[int]:
    ring = [start]
    while (after := above[ring[-1]]) is not None and after != start:
        ring.append(after)
    return ring


def digest(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal.

    Raises ValueError where the text is not Unicode (lone surrogates).
    """
    return sha256(text.encode()).hexdigest()


def article_digest(article: Article) -> str:
    """Return the SHA-256 of an article's title and text: what tells one version of it from the next."""
    return digest(f"{article.title or ''}\n{article.body}")


def article_url(article: Article, capture_sha256: str) -> str:
    """Return the article's identity: its address, else a hash of its text, else of the document where it has none."""
    return article.url or "urn:sha256:" + (article_digest(article) if article.body else capture_sha256)


def identities(comments: Sequence[Comment], hashes: Sequence[str]) -> list[str]:
    """Return an identity for each comment: its native id, else a fingerprint of parent, author, text, occurrence."""
    taken: set[str] = set()
    result: list[str] = []
    for comment, body_sha256 in zip(comments, hashes, strict=True):
        above = "" if comment.parent is None else result[comment.parent]
        result.append(identity_under(comment, body_sha256, above, taken))
    return result


def identity_under(comment: Comment, body_sha256: str, above: str, taken: set[str]) -> str:
    """Return the identity of a comment below the one whose identity is `above`, and add it to `taken`."""
    if comment.native_id is not None:
        stem = candidate = f"id:{comment.native_id}"
    else:
        seed = "\x1f".join((above, *_who(comment.author), body_sha256))
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
