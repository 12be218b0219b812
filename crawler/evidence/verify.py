"""Verify an archive: captures have the bytes that they had, and today's parsers read from them what is stored."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, func, select

from archive.importers import importer_for
from archive.importers.base import BadDocument, Document
from archive.store.archive import Archive
from archive.store.diff import identities
from archive.store.schema import TABLES
from archive.store.suppressions import SuppressionList
from archive.thread import Comment, Thread, article_url, digest
from crawler.evidence.captures import Evidence, ImportedFiles, fetch_from, is_imported, requested_url
from crawler.pages.page import Page
from crawler.platforms import driver
from crawler.warc.reader import Damaged, Redacted

CAPTURES, VISITS, THREADS = TABLES["captures"], TABLES["visits"], TABLES["threads"]
COMMENTS, REVISIONS, COMMENTERS, EVENTS = (
    TABLES[name] for name in ("comments", "comment_revisions", "commenters", "events")
)
EMPTY_TEXT_SHA256 = digest("")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that its capture does not confirm, or a comment of a capture that is not stored; `subject` names it."""

    subject: str
    what: str


@dataclass(slots=True)
class VerifyResult:
    """Counts and differences.

    `counts` has `captures` and `texts` that were checked, captures that were `redacted`, texts that are `unchecked`
    since their capture was redacted, and comments that are `withheld`.
    """

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def verify_archive(archive: Archive) -> VerifyResult:
    """Check every capture, and every comment and revision against the capture that it was first read from."""
    result = VerifyResult()
    with archive.engine.connect() as connection, ImportedFiles() as imported:
        verifier = _Verifier(connection, Evidence(archive), imported, result)
        roots = select(CAPTURES.c.id).where(CAPTURES.c.page_of.is_(None)).order_by(CAPTURES.c.id)
        for capture_id in connection.execute(roots).scalars().all():
            verifier.verify_visit(next(_rows(connection, select(CAPTURES).where(CAPTURES.c.id == capture_id))))
        withheld = select(func.count()).select_from(COMMENTS).where(COMMENTS.c.withheld.is_not(None))
        result.counts["withheld"] = connection.execute(withheld).scalar_one()
    return result


class _Verifier:
    """Verifies captures of one archive, visit by visit."""

    def __init__(
        self, connection: Connection, evidence: Evidence, imported: ImportedFiles, result: VerifyResult
    ) -> None:
        self.connection, self.evidence, self.imported, self.result = connection, evidence, imported, result
        self.suppressions = SuppressionList.load(connection)

    def verify_visit(self, row: Row) -> None:
        """Verify an article's capture with its further pages, or one imported document."""
        try:
            threads, ids = self._parse_document(row) if is_imported(row) else self._parse_pages(row)
        except (Damaged, BadDocument, OSError, EOFError, ValueError) as error:
            self._differs(f"capture {row['id']}", str(error))
            return
        for thread in threads:
            self._compare_thread(row["id"], ids, thread)

    def _parse_pages(self, row: Row) -> tuple[Sequence[Thread], list[int]]:
        """Parse the pages of a visit once more; return their threads and the ids of the captures."""
        further = list(_rows(self.connection, select(CAPTURES).where(CAPTURES.c.page_of == row["id"])))
        rows = [row, *further]
        ids = [capture["id"] for capture in rows]
        pages = [page for capture in rows if (page := self._read_page(capture)) is not None]
        if len(pages) < len(ids):  # without all of its pages, a visit reads as another thread
            self._count_unchecked(ids)
            return (), ids
        by_request = {requested_url(capture): page for capture, page in zip(further, pages[1:], strict=True)}
        return driver.run(driver.visit(pages[0]), fetch_from(by_request)), ids

    def _read_page(self, row: Row) -> Page | None:
        """Read and check a captured page; return None where it was redacted."""
        try:
            page = self.evidence.page(row["id"])
        except Redacted as redacted:
            self.result.counts["redacted"] += 1
            if redacted.payload_digest and row["payload_digest"] not in (None, redacted.payload_digest):
                self._differs(f"capture {row['id']}", "the note in its place is of other bytes")
            return None
        self._check_bytes(page.body, row)
        if row["redacted_at"] is not None:
            raise Damaged(f"it is said to be redacted, and {row['warc_file']} holds it at {row['warc_offset']}")
        return page

    def _check_bytes(self, body: bytes, row: Row) -> None:
        self.result.counts["captures"] += 1
        if sha256(body).hexdigest() != row["sha256"]:
            raise Damaged(f"the bytes of {row['warc_file']} at {row['warc_offset']} have another SHA-256")

    def _count_unchecked(self, ids: list[int]) -> None:
        for table in (COMMENTS, REVISIONS):
            texts = select(func.count()).select_from(table).where(table.c.capture_id.in_(ids))
            self.result.counts["unchecked"] += self.connection.execute(texts).scalar_one()

    def _parse_document(self, row: Row) -> tuple[Sequence[Thread], list[int]]:
        raw, head = self.imported.read(row["warc_file"] or "", row["warc_offset"] or 0, row["warc_length"] or 0)
        self._check_bytes(raw, row)
        importer = importer_for(head)
        if importer is None:
            raise Damaged(f"no importer knows the format of {row['warc_file']}")
        return [importer.parse(Document(raw, row["warc_file"], row["warc_offset"] or 0, row["line"]))], [row["id"]]

    def _compare_thread(self, root: int, ids: list[int], thread: Thread) -> None:
        """Compare stored comments with those of their captures, in both directions."""
        statement = select(THREADS.c.id).join(VISITS, VISITS.c.thread_id == THREADS.c.id)
        statement = statement.where(VISITS.c.capture_id == root, THREADS.c.platform == thread.platform)
        thread_id = self.connection.execute(statement).scalar()
        if thread_id is None:
            self._differs(f"capture {root}", f"it holds a thread of {thread.platform} that is not stored")
            return
        captured = _CapturedComments(thread.comments)
        stored_keys: set[str | None] = set()
        for row in _rows(self.connection, _select_comments(thread_id)):
            stored_keys |= {row["native_id"], row["body_sha256"]}
            if row["capture_id"] in ids and row["withheld"] is None:
                self._compare_comment(row, captured)
        for row in _rows(self.connection, _select_revisions(thread_id)):
            stored_keys.add(row["body_sha256"])
            if row["capture_id"] in ids and row["withheld"] is None:
                self._compare_text(row, captured, f"comment {row['id']}, text {row['revision']}")
        withheld = self._withheld_comments(thread)
        for i, comment in enumerate(thread.comments):
            if i not in withheld and stored_keys.isdisjoint({comment.native_id or "", digest(comment.body)}):
                what = f"capture {root} holds comment {comment.native_id or comment.body[:80]!r}, which is not stored"
                self._differs(f"thread {thread_id}", what)

    def _withheld_comments(self, thread: Thread) -> Mapping[int, Any]:
        """Return the comments that are on the suppression list, by index."""
        if not self.suppressions:
            return {}
        url = article_url(thread.article, thread.capture.sha256)
        keys = identities(thread.comments, [digest(comment.body) for comment in thread.comments])
        return self.suppressions.match_comments(thread, url, thread.native_id or url, keys)

    def _compare_text(self, row: Row, captured: "_CapturedComments", subject: str) -> Comment | None:
        """Return the captured comment, unless its text is another one."""
        self.result.counts["texts"] += 1
        comment = captured.find(row)
        if comment is None:
            self._differs(subject, f"not in capture {row['capture_id']}")
        elif digest(comment.body) != row["body_sha256"]:
            self._differs(subject, f"capture {row['capture_id']} reads {comment.body[:80]!r}")
            return None
        elif digest(row["body"]) != row["body_sha256"]:
            self._differs(subject, "the stored text is not that of its own SHA-256")
        return comment

    def _compare_comment(self, row: Row, captured: "_CapturedComments") -> None:
        subject = f"comment {row['id']}"
        comment = self._compare_text(row, captured, subject)
        if comment is None:
            return
        # What a later visit changed is not what this capture says.
        changed = set(self.connection.execute(select(EVENTS.c.kind).where(EVENTS.c.comment_id == row["id"])).scalars())
        pairs: list[tuple[str, Any, Any]] = [("time", row["posted_at"], comment.posted and comment.posted.at)]
        if "renamed" not in changed:
            pairs.append(("author", *_authors(row, comment)))
        if "moved" not in changed:
            pairs.append(("stated parent", row["parent_native_id"], comment.parent_native_id))
            withheld_parent = row["parent_key"] == EMPTY_TEXT_SHA256  # its text is blank, and it has no native id
            if not withheld_parent and (comment.parent is not None or comment.parent_native_id is None):
                pairs.append(("parent", row["parent_key"], captured.parent_key(comment)))
        for name, stored, read in pairs:
            if stored != read:
                self._differs(subject, f"its {name} is {stored!r}, capture {row['capture_id']} reads {read!r}")

    def _differs(self, subject: str, what: str) -> None:
        self.result.differences.append(Difference(subject, what))


class _CapturedComments:
    """The comments of a capture, by native id or else by text."""

    def __init__(self, comments: Sequence[Comment]) -> None:
        self.comments = comments
        self.by_key: dict[str, list[Comment]] = defaultdict(list)
        for comment in comments:
            self.by_key[comment.native_id or digest(comment.body)].append(comment)

    def find(self, row: Row) -> Comment | None:
        """Return the comment of a row; of several with the same text, one of the same author."""
        candidates = self.by_key.get(row["native_id"] or row["body_sha256"], [])
        same_author = [c for c in candidates if (c.author and c.author.name) == row["name"]]
        return next(iter(same_author or candidates), None)

    def parent_key(self, comment: Comment) -> str | None:
        """Return the parent's native id, or the SHA-256 of its text where it has none."""
        if comment.parent is None:
            return None
        parent = self.comments[comment.parent]
        return parent.native_id or digest(parent.body)


def _authors(row: Row, comment: Comment) -> tuple[str | None, str | None]:
    """Return what must be equal: native ids where both have one, since accounts change their names, else names."""
    if comment.author is None:
        return row["name"], None
    if row["author_native_id"] and comment.author.native_id:
        return row["author_native_id"], comment.author.native_id
    return row["name"], comment.author.name


def _select_comments(thread_id: int) -> Select[Any]:
    parents = COMMENTS.alias()
    joined = COMMENTS.outerjoin(COMMENTERS, COMMENTERS.c.id == COMMENTS.c.commenter_id)
    joined = joined.outerjoin(parents, parents.c.id == COMMENTS.c.parent_id)
    more = (
        COMMENTERS.c.name,
        COMMENTERS.c.native_id.label("author_native_id"),
        func.coalesce(parents.c.native_id, parents.c.body_sha256).label("parent_key"),
    )
    return select(COMMENTS, *more).select_from(joined).where(COMMENTS.c.thread_id == thread_id)


def _select_revisions(thread_id: int) -> Select[Any]:
    joined = REVISIONS.join(COMMENTS, COMMENTS.c.id == REVISIONS.c.comment_id)
    joined = joined.outerjoin(COMMENTERS, COMMENTERS.c.id == COMMENTS.c.commenter_id)
    columns = (REVISIONS.c.comment_id.label("id"), REVISIONS.c.revision, REVISIONS.c.body, REVISIONS.c.body_sha256)
    more = (REVISIONS.c.capture_id, COMMENTS.c.native_id, COMMENTS.c.withheld, COMMENTERS.c.name)
    return select(*columns, *more).select_from(joined).where(COMMENTS.c.thread_id == thread_id)


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Row]:
    return (dict(row) for row in connection.execute(statement).mappings().all())
