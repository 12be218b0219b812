"""Outlets, captures, commenters and articles of a batch: looked up together, inserted where they are new."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select

from archive.store import blanking
from archive.store.flags import FlagWriter, Subject, codes_of
from archive.store.labels import LabelWriter
from archive.store.schema import TABLES
from archive.store.source_records import SourceRecordWriter
from archive.store.suppressions import Key, Screened, Suppression, add_keys, place_key
from archive.store.thread_visit import ThreadVisit, edit_columns
from archive.store.writer import RowWriter
from archive.thread import Article, Author, Capture, Flag, Moment, Thread, article_digest, article_url

# A run over millions of comments would otherwise store every name in memory; most names recur within a few threads.
MOST_NAMES = 200_000
# SQLite binds at most 32,766 parameters a statement; a name takes four.
NAMES_A_QUERY = 2_000
COMMENTERS = """
with candidates(platform, outlet_id, native_id, name) as (values {rows})
select commenters.id, candidates.platform, candidates.outlet_id, candidates.native_id, candidates.name
from candidates join commenters on commenters.platform = candidates.platform
  and coalesce(commenters.outlet_id, 0) = candidates.outlet_id
  and coalesce(commenters.native_id, '') = candidates.native_id
  and case when commenters.native_id is null then commenters.name else '' end = candidates.name"""
UNDATED = Moment()
CommenterKey = tuple[str, int, str, str]
CaptureKey = tuple[str, str | None, str | None, str | None, int | None]


@dataclass(slots=True)
class StoredOutlet:
    id: int
    name: str | None


class IdCache:
    """Ids of rows that this process looked up or inserted. Safe between batches: these tables are append-only."""

    def __init__(self) -> None:
        self.outlets: dict[str, StoredOutlet] = {}
        self.commenters: dict[CommenterKey, int] = {}
        self.detectors: dict[str, int] = {}

    def clear(self) -> None:
        """Forget everything: to be called after a rollback, which may have undone rows whose ids are cached."""
        self.outlets.clear()
        self.commenters.clear()
        self.detectors.clear()


class SaveBatch:
    """Look up what the archive has of a batch, and add what is new. Nothing is written before `flush`."""

    def __init__(self, writer: RowWriter, cache: IdCache, run_id: int, seen_at: str) -> None:
        self.writer, self.connection = writer, writer.connection
        self.cache, self.run_id, self.seen_at = cache, run_id, seen_at
        self.counts: Counter[str] = Counter()
        self.flags = FlagWriter(self.writer, cache.detectors, run_id, seen_at, self.counts)
        self.threads: dict[tuple[str, str], dict[str, Any]] = {}
        self.to_blank: dict[str, list[int]] = defaultdict(list)
        self._learned: dict[int, list[Key]] = defaultdict(list)
        self._articles: dict[str, dict[str, Any]] = {}
        self._captures: dict[CaptureKey, int] = {}
        self._platforms_read: dict[int, set[str]] = defaultdict(set)

    @cached_property
    def labels(self) -> LabelWriter:
        return LabelWriter(self.writer, self.counts)

    @cached_property
    def moderation(self) -> SourceRecordWriter:
        return SourceRecordWriter(self.writer, self.flags, self.counts)

    def flush(self) -> None:
        """Write all rows, blank stored comments that turned out to be suppressed, and count flags anew."""
        self.writer.flush()
        log = self.writer.log
        for reason, ids in self.to_blank.items():
            if log:
                log.note_blanked(ids)
            blanking.blank_comments(self.connection, ids, reason)
        self.to_blank.clear()
        if log and self._learned:
            log.note_before("suppressions", self._learned, ("keys",))
        add_keys(self.connection, self._learned)
        self._learned.clear()
        self.flags.flush()

    def look_up(self, batch: Sequence[Screened]) -> None:
        """Read the stored outlets, captures, articles, threads and commenters of these threads."""
        threads = [screened.thread for screened in batch]
        urls = [article_url(thread.article, thread.capture.sha256) for thread in threads]
        for row in self.writer.rows_where_in("articles", "url", urls):
            self._articles[row["url"]] = row
        native_ids = [thread.native_id or url for thread, url in zip(threads, urls, strict=True)]
        for row in self.writer.rows_where_in("threads", "native_id", native_ids):
            self.threads[(row["platform"], row["native_id"])] = row
        hashes = [capture.sha256 for thread in threads for capture in (thread.capture, *thread.pages)]
        for row in self.writer.rows_where_in("captures", "sha256", hashes):
            names = ("sha256", "url", "fetched_at", "request_sha256", "page_of")
            self._captures[itemgetter(*names)(row)] = row["id"]
        self._look_up_visits()
        domains = {thread.article.outlet for thread in threads if thread.article.outlet}
        for row in self.writer.rows_where_in("outlets", "domain", domains - self.cache.outlets.keys()):
            self.cache.outlets[row["domain"]] = StoredOutlet(row["id"], row["name"])
        self._look_up_commenters(threads)

    def _look_up_visits(self) -> None:
        """Read which platforms' threads were read from the stored captures."""
        visits, threads = TABLES["visits"], TABLES["threads"]
        stored = visits.c.capture_id.in_(sorted(self._captures.values()))
        statement = select(visits.c.capture_id, threads.c.platform).join(threads, threads.c.id == visits.c.thread_id)
        for capture_id, platform in self.connection.execute(statement.where(stored)):
            self._platforms_read[capture_id].add(platform)

    def _look_up_commenters(self, threads: Sequence[Thread]) -> None:
        if len(self.cache.commenters) > MOST_NAMES:
            self.cache.commenters.clear()
        keys: set[CommenterKey] = set()
        for thread in threads:
            outlet = thread.article.outlet
            if outlet and outlet not in self.cache.outlets:
                continue
            outlet_id = self.cache.outlets[outlet].id if outlet else None
            authors = (comment.author for comment in thread.comments if comment.author is not None)
            keys.update(_commenter_key(thread.platform, outlet_id, author) for author in authors)
        self._read_commenters(keys)

    def _read_commenters(self, keys: set[CommenterKey]) -> None:
        missing = sorted(keys - self.cache.commenters.keys())
        for start in range(0, len(missing), NAMES_A_QUERY):
            part = missing[start : start + NAMES_A_QUERY]
            rows = ", ".join(["(?, ?, ?, ?)"] * len(part))
            values = tuple(value for key in part for value in key)
            for row in self.connection.exec_driver_sql(COMMENTERS.format(rows=rows), values):
                self.cache.commenters[(row[1], row[2], row[3], row[4])] = row[0]

    # captures

    def is_saved(self, thread: Thread) -> bool:
        """Return whether this platform's thread was saved from this capture before."""
        capture_id = self._captures.get(_capture_key(thread.capture, None))
        return capture_id is not None and thread.platform in self._platforms_read[capture_id]

    def capture_ids(self, thread: Thread) -> list[int]:
        """Return the ids of the captures of a thread and of its further pages, added where they are new."""
        first = self._capture(thread.capture, "\n".join(thread.furniture) or None, None)
        self._platforms_read[first].add(thread.platform)
        return [first, *(self._capture(page, None, first) for page in thread.pages)]

    def _capture(self, capture: Capture, furniture: str | None, page_of: int | None) -> int:
        key = _capture_key(capture, page_of)
        if key not in self._captures:
            values = {
                "run_id": self.run_id,
                "url": capture.url,
                "fetched_at": capture.fetched_at,
                "http_status": capture.http_status,
                "media_type": capture.media_type,
                "sha256": capture.sha256,
                "warc_file": capture.file,
                "warc_offset": capture.offset,
                "warc_length": capture.length,
                "line": capture.line,
                "metadata_json": json.dumps(capture.metadata, ensure_ascii=False) if capture.metadata else None,
                "furniture": furniture,
                "page_of": page_of,
                "payload_digest": capture.payload_digest,
                "request_sha256": capture.request_sha256,
                "redacted_at": None,
            }
            self._captures[key] = self.writer.insert("captures", values)
        return self._captures[key]

    def read_at(self, capture_id: int) -> str:
        """Return when a stored capture was fetched, or else when it was read (UTC)."""
        captures, runs = TABLES["captures"], TABLES["runs"]
        read = func.coalesce(captures.c.fetched_at, runs.c.started_at)
        statement = select(read).join(runs, runs.c.id == captures.c.run_id).where(captures.c.id == capture_id)
        return str(self.connection.execute(statement).scalar_one())

    # outlets and commenters

    def outlet_id(self, article: Article) -> int | None:
        """Return the id of an article's outlet, added where it is new and renamed where it has another name now."""
        domain, name = article.outlet, article.outlet_name
        if not domain:
            return None
        if domain not in self.cache.outlets:
            row: dict[str, Any] = {"domain": domain, "name": name}
            self.cache.outlets[domain] = StoredOutlet(self.writer.insert("outlets", row), name)
            self.writer.totals["outlets"] += 1
        outlet = self.cache.outlets[domain]
        if name and name != outlet.name:
            outlet.name = name
            self.writer.update("outlets", outlet.id, {"name": name})
        return outlet.id

    def commenter_id(self, platform: str, outlet_id: int | None, author: Author | None) -> int | None:
        """Return the id of a commenter, added where `look_up` met none. An unknown author has none."""
        if author is None:
            return None
        key = _commenter_key(platform, outlet_id, author)
        commenter_id = self.cache.commenters.get(key)
        if commenter_id is None:
            values = {
                "platform": platform,
                "outlet_id": outlet_id,
                "native_id": author.native_id,
                "name": author.name,
                "is_guest": author.is_guest,
                "is_staff": author.is_staff,
            }
            commenter_id = self.cache.commenters[key] = self.writer.insert("commenters", values)
            self.writer.totals["commenters"] += 1
        return commenter_id

    def find_commenter(self, platform: str, outlet_id: int | None, author: Author) -> int | None:
        """Look up or insert one commenter outside a batch (used by restore)."""
        self._read_commenters({_commenter_key(platform, outlet_id, author)})
        return self.commenter_id(platform, outlet_id, author)

    # articles

    def article_id(self, visit: ThreadVisit) -> int:
        """Return the id of a visit's article: added where it is new, revised where its text is another."""
        thread = visit.thread
        url = article_url(thread.article, thread.capture.sha256)
        row, columns = self._articles.get(url), _article_columns(visit)
        if row is None:
            row = columns | {"url": url, "revision": 0, "first_seen_at": visit.seen_at, "last_seen_at": visit.seen_at}
            self.writer.insert("articles", row)
            self._articles[url] = row
            self.writer.totals["articles"] += 1
            self.flags.raise_flags(
                Subject("article_id", row["id"]), thread.article.flags, platform=thread.platform, at=visit.seen_at
            )
        elif thread.article.fills_in and _is_empty(row) and columns["body_sha256"] != row["body_sha256"]:
            stated = {name: value for name, value in columns.items() if value is not None}
            seen = {"first_seen_at": min, "last_seen_at": max}
            self._change_article(row, stated | {name: of(visit.seen_at, row[name]) for name, of in seen.items()})
        elif visit.seen_at < row["last_seen_at"]:
            self._change_article(row, {"first_seen_at": min(visit.seen_at, row["first_seen_at"])})
        elif thread.article.fills_in or row["body_sha256"] == columns["body_sha256"]:
            self._change_article(row, {"last_seen_at": visit.seen_at})
        else:
            self._revise_article(row, columns, visit)
        return int(row["id"])

    def _change_article(self, row: dict[str, Any], values: dict[str, Any]) -> None:
        row.update(values)
        self.writer.update("articles", row["id"], values)

    def _revise_article(self, row: dict[str, Any], columns: dict[str, Any], visit: ThreadVisit) -> None:
        old = {name: row[name] for name in ("revision", "title", "body", "body_sha256", "capture_id")}
        self.writer.flush()  # the old capture may be of this batch, and `read_at` reads it from its table
        seen = {"seen_from": self.read_at(row["capture_id"]), "seen_until": row["last_seen_at"]}
        self.writer.insert("article_revisions", {"article_id": row["id"], **old, **seen})
        # What a later page does not state, such as a byline, is not taken back.
        stated = {name: value for name, value in columns.items() if value is not None}
        self._change_article(row, stated | {"revision": row["revision"] + 1, "last_seen_at": visit.seen_at})
        flags = (*visit.thread.article.flags, Flag("crawl.article_changed", "visit"))
        subject = Subject("article_id", row["id"], row["revision"])
        self.flags.raise_flags(subject, flags, platform=visit.thread.platform, at=visit.seen_at)
        self.counts["articles_changed"] += 1

    # comments

    def add_comment(
        self,
        visit: ThreadVisit,
        i: int,
        identity: str,
        parent_id: int | None,
        position: tuple[int, int],
        state: str,
        flags: Sequence[Flag],
    ) -> int:
        """Insert comment i of a visit at `position` (and depth), and return its id. A withheld one is blank."""
        self.writer.totals["comments"] += 1
        self.counts["comments_new"] += 1
        values = self._comment_values(visit, i)
        values |= {"identity": identity, "parent_id": parent_id, "position": position[0], "depth": position[1]}
        values |= {"state": state, "codes": codes_of(flags)}
        comment_id = self.writer.insert("comments", values)
        comment, suppression = visit.thread.comments[i], visit.screened.comments.get(i)
        for kind, count in comment.reactions:
            row = {"comment_id": comment_id, "kind": kind, "count": count, "seen_at": visit.seen_at}
            self.writer.insert("reactions", row)
        if suppression:
            self.learn_position(visit, suppression, identity)
        if suppression and not suppression.erased:
            text = blanking.as_stored(comment, visit.hashes[i], visit.thread.platform, visit.outlet_id)
            self.writer.insert(
                "withheld", {"name": "comments", "row_id": comment_id, "comment_id": comment_id, "held": text}
            )
        if comment.labels and not suppression:
            self.labels.add(comment_id, comment.labels, visit.thread.dataset)
        return comment_id

    def add_record(self, visit: ThreadVisit, i: int, comment_id: int) -> int:
        """Add what the source has on record of comment i, which is new; return how many flags that readers are shown
        its earlier texts raised. Nothing is stored of a withheld one."""
        comment = visit.thread.comments[i]
        if i in visit.screened.comments or not (comment.reports or comment.decisions or comment.earlier):
            return 0
        return self.moderation.add(comment_id, comment, visit.seen_at, visit.capture_of(i), visit.text_context())

    def _comment_values(self, visit: ThreadVisit, i: int) -> dict[str, Any]:
        """Return what the page says of a comment, for its row. A withheld one is blank."""
        comment = visit.thread.comments[i]
        posted = comment.posted or UNDATED
        suppression = visit.screened.comments.get(i)
        commenter_id = None
        if not suppression:
            commenter_id = self.commenter_id(visit.thread.platform, visit.outlet_id, comment.author)
        return {
            "thread_id": visit.thread_id,
            "native_id": comment.native_id,
            "parent_native_id": comment.parent_native_id,
            "commenter_id": commenter_id,
            "posted_at": posted.at,
            "posted_at_text": posted.text,
            "posted_precision": posted.precision,
            "parent_source": comment.parent_source,
            "body": "" if suppression else comment.body,
            "body_sha256": blanking.NOTHING_SHA256 if suppression else visit.hashes[i],
            "revision": 0,
            "likes": comment.likes,
            "dislikes": comment.dislikes,
            "url": None if suppression else comment.url,
            "capture_id": visit.capture_of(i),
            "first_seen_at": visit.seen_at,
            "last_seen_at": visit.seen_at,
            "withheld": suppression and suppression.reason,
            "capture_position": i,
            "title": None if suppression else comment.title,
            **edit_columns(comment),
        }

    def learn_position(self, visit: ThreadVisit, suppression: Suppression, identity: str) -> None:
        """Add the place of a comment in this thread to what its suppression recognises it by.

        A later visit may bring it without the native id or the words by which it was withheld.
        """
        if suppression.subject == "comment":
            thread = visit.thread
            native_id = thread.native_id or article_url(thread.article, thread.capture.sha256)
            self._learned[suppression.id].append(place_key(thread.platform, native_id, identity))


def _capture_key(capture: Capture, page_of: int | None) -> CaptureKey:
    """Tell captures apart. One response may serve several visits, and has a row for each: verify reads them alone."""
    return capture.sha256, capture.url, capture.fetched_at, capture.request_sha256, page_of


def _commenter_key(platform: str, outlet_id: int | None, author: Author) -> CommenterKey:
    """An account is known by its id, whatever it is called; a name without one counts within its outlet."""
    name = "" if author.native_id is not None else (author.name or "")
    return platform, outlet_id or 0, author.native_id or "", name


def _is_empty(row: dict[str, Any]) -> bool:
    """Return whether an article is known by its address alone: what names it then is no other text of it."""
    return bool(row["body_sha256"] == blanking.NO_ARTICLE_SHA256 and row["withheld"] is None)


def _article_columns(visit: ThreadVisit) -> dict[str, Any]:
    article = visit.thread.article
    published = article.published or UNDATED
    return {
        "outlet_id": visit.outlet_id,
        "title": article.title,
        "byline": article.byline,
        "published_at": published.at,
        "published_at_text": published.text,
        "published_precision": published.precision,
        "language": article.language,
        "section": article.section,
        "body": article.body,
        "body_sha256": article_digest(article),
        "capture_id": visit.capture_id,
        "withheld": visit.screened.article_reason,
    }
