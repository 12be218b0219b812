"""Proves an archive: every capture's bytes are what they were, and today's parsers read from them what is stored."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, func, select

from archive.importers import importer_for
from archive.importers.base import BadDocument, Document
from archive.store.archive import Archive
from archive.store.diff import identities
from archive.store.schema import TABLES
from archive.store.suppressions import CODE, SuppressionList
from archive.thread import Comment, Thread, article_url, digest
from crawler.evidence.captures import Evidence, ImportedFiles, fetch_from, is_imported, requested_url
from crawler.pages.page import Page
from crawler.platforms import driver
from crawler.warc.reader import Damaged, Redacted

CAPTURES, VISITS, THREADS = TABLES["captures"], TABLES["visits"], TABLES["threads"]
COMMENTS, REVISIONS, COMMENTERS, EVENTS = (
    TABLES[name] for name in ("comments", "comment_revisions", "commenters", "events")
)
WITHHELD = "select count(*) from comments where withheld is not null"
NOTHING_SHA256 = digest("")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is stored and cannot be shown from the bytes, or the other way round; `place` names it."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(slots=True)
class Verified:
    """How much was checked, and what differs. `counts` has captures and texts that were checked, captures whose bytes
    were taken out (redacted), texts that stood in such a capture (unchecked), and comments that are withheld."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def verify(archive: Archive, on_capture: Callable[[Verified], None] = lambda _: None) -> Verified:
    """Checks every capture and every comment and revision that was first read from it, but for what is withheld or was
    redacted: that is counted."""
    result = Verified()
    with archive.engine.connect() as connection, ImportedFiles() as imported:
        checker = _Checker(connection, Evidence(archive), imported, result)
        roots = select(CAPTURES.c.id).where(CAPTURES.c.page_of.is_(None)).order_by(CAPTURES.c.id)
        for capture_id in connection.execute(roots).scalars().all():
            checker.check(next(_rows(connection, select(CAPTURES).where(CAPTURES.c.id == capture_id))))
            on_capture(result)
        result.counts["withheld"] = connection.exec_driver_sql(WITHHELD).scalar_one()
    return result


class _Checker:
    def __init__(self, connection: Connection, evidence: Evidence, imported: ImportedFiles, result: Verified) -> None:
        self.connection, self.evidence, self.imported, self.result = connection, evidence, imported, result
        self.ledger = SuppressionList.load(connection)

    def check(self, row: Row) -> None:
        """One visit: the article's capture with its further pages, or one imported document."""
        try:
            threads, ids = self._document(row) if is_imported(row) else self._crawled(row)
        except (Damaged, BadDocument, OSError, EOFError, ValueError) as error:
            self._differs(f"capture {row['id']}", str(error))
            return
        for thread in threads:
            self._compare(row["id"], ids, thread)

    def _crawled(self, row: Row) -> tuple[Sequence[Thread], list[int]]:
        further = list(_rows(self.connection, select(CAPTURES).where(CAPTURES.c.page_of == row["id"])))
        ids = [row["id"], *(each["id"] for each in further)]
        pages = [page for each in (row, *further) if (page := self._page(each)) is not None]
        if len(pages) < len(ids):
            self._pass_over(ids)
            return (), ids
        answers = {requested_url(each): page for each, page in zip(further, pages[1:], strict=True)}
        return driver.run(driver.visit(pages[0]), fetch_from(answers)), ids

    def _page(self, row: Row) -> Page | None:
        """The page that a capture holds; None where it was redacted."""
        try:
            page = self.evidence.page(row["id"])
        except Redacted as redacted:
            self.result.counts["redacted"] += 1
            if redacted.payload_digest and row["payload_digest"] not in (None, redacted.payload_digest):
                self._differs(f"capture {row['id']}", "the note in its place is of other bytes")
            return None
        self.result.counts["captures"] += 1
        if sha256(page.body).hexdigest() != row["sha256"]:
            raise Damaged(f"the bytes of {row['warc_file']} at {row['warc_offset']} have another SHA-256")
        if row["redacted_at"] is not None:
            raise Damaged(f"it is said to be redacted, and {row['warc_file']} holds it at {row['warc_offset']}")
        return page

    def _pass_over(self, ids: list[int]) -> None:
        """Counts the texts that cannot be checked, since their visit was not captured whole any more."""
        for table in (COMMENTS, REVISIONS):
            read = select(func.count()).select_from(table).where(table.c.capture_id.in_(ids))
            self.result.counts["unchecked"] += self.connection.execute(read).scalar_one()

    def _document(self, row: Row) -> tuple[Sequence[Thread], list[int]]:
        raw, head = self.imported.read(row["warc_file"] or "", row["warc_offset"] or 0, row["warc_length"] or 0)
        self.result.counts["captures"] += 1
        if sha256(raw).hexdigest() != row["sha256"]:
            raise Damaged(f"the bytes of {row['warc_file']} at {row['warc_offset']} have another SHA-256")
        importer = importer_for(head)
        if importer is None:
            raise Damaged(f"no importer knows the format of {row['warc_file']}")
        return [importer.parse(Document(raw, row["warc_file"], row["warc_offset"] or 0, row["line"]))], [row["id"]]

    def _compare(self, root: int, ids: list[int], thread: Thread) -> None:
        stored = select(THREADS.c.id).join(VISITS, VISITS.c.thread_id == THREADS.c.id)
        stored = stored.where(VISITS.c.capture_id == root, THREADS.c.platform == thread.platform)
        thread_id = self.connection.execute(stored).scalar()
        if thread_id is None:
            self._differs(f"capture {root}", f"it holds a thread of {thread.platform} that is not stored")
            return
        read = _Read(thread.comments)
        shown = {id(comment): _shown_parent(thread.comments, comment) for comment in thread.comments}
        known: set[str | None] = set()
        for row in _rows(self.connection, _stored(thread_id)):
            known |= {row["native_id"], row["body_sha256"]}
            if row["capture_id"] in ids and not _is_withheld(row):
                self._compare_comment(row, read, shown)
        for row in _rows(self.connection, _revisions(thread_id)):
            known.add(row["body_sha256"])
            if row["capture_id"] in ids and not _is_withheld(row):
                self._compare_text(row, read, f"comment {row['id']}, text {row['revision']}")
        withheld = self._withheld(thread)
        for i, comment in enumerate(thread.comments):
            if i not in withheld and known.isdisjoint({comment.native_id or "", digest(comment.body)}):
                what = f"capture {root} holds comment {comment.native_id or comment.body[:80]!r}, which is not stored"
                self._differs(f"thread {thread_id}", what)

    def _withheld(self, thread: Thread) -> Mapping[int, Any]:
        """Which of its comments the ledger knows, by index."""
        if not self.ledger:
            return {}
        url = article_url(thread.article, thread.capture.sha256)
        found = identities(thread.comments, [digest(comment.body) for comment in thread.comments])
        return self.ledger.match_comments(thread, url, thread.native_id or url, found)

    def _compare_text(self, row: Row, read: "_Read", place: str) -> Comment | None:
        self.result.counts["texts"] += 1
        found = read.find(row)
        if found is None:
            self._differs(place, f"not in capture {row['capture_id']}")
        elif digest(found.body) != row["body_sha256"]:
            self._differs(place, f"capture {row['capture_id']} reads {found.body[:80]!r}")
            return None
        elif digest(row["body"]) != row["body_sha256"]:
            self._differs(place, "the stored text is not that of its own SHA-256")
        return found

    def _compare_comment(self, row: Row, read: "_Read", shown_parents: Mapping[int, str | None]) -> None:
        place = f"comment {row['id']}"
        found = self._compare_text(row, read, place)
        if found is None:
            return
        changed = set(self.connection.execute(select(EVENTS.c.kind).where(EVENTS.c.comment_id == row["id"])).scalars())
        pairs: list[tuple[str, Any, Any]] = [("time", row["posted_at"], found.posted and found.posted.at)]
        if "renamed" not in changed:
            pairs.append(("author", *_same_author(row, found)))
        if "moved" not in changed:
            pairs.append(("stated parent", row["parent_native_id"], found.parent_native_id))
            told = row["parent_key"] != NOTHING_SHA256  # else it is withheld, and has no id of its own
            if told and (found.parent is not None or found.parent_native_id is None):
                pairs.append(("parent", row["parent_key"], shown_parents[id(found)]))
        for name, stored, shown in pairs:
            if stored != shown:
                self._differs(place, f"its {name} is {stored!r}, capture {row['capture_id']} reads {shown!r}")

    def _differs(self, place: str, what: str) -> None:
        self.result.differences.append(Difference(place, what))


def _is_withheld(row: Row) -> bool:
    return f'"{CODE}"' in (row["codes"] or "")


class _Read:
    """The comments that a capture holds, by native id or else by text."""

    def __init__(self, comments: Sequence[Comment]) -> None:
        self.by_key: dict[str, list[Comment]] = defaultdict(list)
        for comment in comments:
            self.by_key[comment.native_id or digest(comment.body)].append(comment)

    def find(self, row: Row) -> Comment | None:
        found = self.by_key.get(row["native_id"] or row["body_sha256"], [])
        alike = [c for c in found if (c.author and c.author.name) == row["name"]]
        return next(iter(alike or found), None)


def _shown_parent(comments: Sequence[Comment], comment: Comment) -> str | None:
    """The parent's native id, or the SHA-256 of its text where it has none."""
    if comment.parent is None:
        return None
    parent = comments[comment.parent]
    return parent.native_id or digest(parent.body)


def _same_author(row: Row, found: Comment) -> tuple[str | None, str | None]:
    """What must be equal: the author's native id where both have one, since accounts change their names."""
    if found.author is None:
        return row["name"], None
    if row["author_native_id"] and found.author.native_id:
        return row["author_native_id"], found.author.native_id
    return row["name"], found.author.name


def _stored(thread_id: int) -> Select[Any]:
    parents = COMMENTS.alias()
    joined = COMMENTS.outerjoin(COMMENTERS, COMMENTERS.c.id == COMMENTS.c.commenter_id)
    joined = joined.outerjoin(parents, parents.c.id == COMMENTS.c.parent_id)
    more = (
        COMMENTERS.c.name,
        COMMENTERS.c.native_id.label("author_native_id"),
        func.coalesce(parents.c.native_id, parents.c.body_sha256).label("parent_key"),
    )
    return select(COMMENTS, *more).select_from(joined).where(COMMENTS.c.thread_id == thread_id)


def _revisions(thread_id: int) -> Select[Any]:
    joined = REVISIONS.join(COMMENTS, COMMENTS.c.id == REVISIONS.c.comment_id)
    joined = joined.outerjoin(COMMENTERS, COMMENTERS.c.id == COMMENTS.c.commenter_id)
    columns = (REVISIONS.c.comment_id.label("id"), REVISIONS.c.revision, REVISIONS.c.body, REVISIONS.c.body_sha256)
    more = (REVISIONS.c.capture_id, COMMENTS.c.native_id, COMMENTS.c.codes, COMMENTERS.c.name)
    return select(*columns, *more).select_from(joined).where(COMMENTS.c.thread_id == thread_id)


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Row]:
    return (dict(row) for row in connection.execute(statement).mappings().all())
