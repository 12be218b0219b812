"""One batch of a save: threads become rows; what the archive has of them is compared, never overwritten unseen."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select

from archive.flags.annotate import FOUND_IN_TEXT
from archive.flags.codes import severities
from archive.flags.versions import data_sha256, detector_of, listed
from archive.store import blanking, diff, update, views
from archive.store.schema import TABLES
from archive.store.screen import Screen, held_of
from archive.store.suppressions import CODE
from archive.store.thread_visit import (
    Visit,
    article_digest,
    article_url,
    digest,
    shortfall,
    thread_columns,
    thread_flags,
)
from archive.store.writer import Rows
from archive.thread import Article, Author, Capture, Flag, Moment, Thread, depths

MOST_NAMES = 200_000
NAMES_A_QUERY = 2_000
COMMENTERS = """
with wanted(platform, outlet_id, native_id, name) as (values {rows})
select commenters.id, wanted.platform, wanted.outlet_id, wanted.native_id, wanted.name
from wanted join commenters on commenters.platform = wanted.platform
  and coalesce(commenters.outlet_id, 0) = wanted.outlet_id and coalesce(commenters.native_id, '') = wanted.native_id
  and case when commenters.native_id is null then commenters.name else '' end = wanted.name"""
NOTHING = Moment()
CommenterKey = tuple[str, int, str, str]
CaptureKey = tuple[str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Visited:
    """What became of one thread: `outcome` as in `visits`, `counts` what it alone added to the counts."""

    thread_id: int
    capture_id: int
    outcome: str
    counts: Counter[str]


@dataclass(slots=True)
class Outlet:
    id: int
    name: str | None


class Known:
    """Ids that earlier batches found or made: rows of these tables are never deleted, so that they stay true."""

    def __init__(self) -> None:
        self.outlets: dict[str, Outlet] = {}
        self.commenters: dict[CommenterKey, int] = {}
        self.detectors: dict[str, int] = {}

    def forget(self) -> None:
        """To be called after a rollback, which may have undone rows whose ids are known."""
        self.outlets.clear()
        self.commenters.clear()
        self.detectors.clear()


class Batch:
    """`look_up` reads what the archive has of the threads, `add` takes them one by one, `flush` writes. What the ledger
    withholds is left out on the way."""

    def __init__(self, connection: Connection, known: Known, run_id: int, seen_at: str) -> None:
        self.connection, self.known, self.run_id, self.seen_at = connection, known, run_id, seen_at
        self.rows = Rows(connection)
        self.counts: Counter[str] = Counter()
        self._articles: dict[str, dict[str, Any]] = {}
        self._threads: dict[tuple[str, str], dict[str, Any]] = {}
        self.visits: list[Visited | None] = []
        self.recounted: set[int] = set()
        self._captures: dict[CaptureKey, int] = {}
        self._visited: dict[int, set[str]] = defaultdict(set)
        self.screen = Screen(connection)
        self.to_hide: list[int] = []

    def flush(self) -> None:
        self.rows.flush()
        if self.to_hide:
            blanking.hide_comments(self.connection, self.to_hide)
            self.to_hide.clear()
        if self.recounted:
            ids = json.dumps(sorted(self.recounted))
            self.connection.exec_driver_sql(views.RECOUNT_COMMENTS, {"ids": ids})
            self.recounted.clear()

    def look_up(self, threads: Sequence[Thread]) -> None:
        """Reads which outlets, captures, articles, threads and commenters of these the archive has."""
        urls = [article_url(self.screen.kept(t).article, t.capture.sha256) for t in threads]
        for row in self.rows.found("articles", "url", urls):
            self._articles[row["url"]] = row
        native = [t.native_id or url for t, url in zip(threads, urls, strict=True)]
        for row in self.rows.found("threads", "native_id", native):
            self._threads[(row["platform"], row["native_id"])] = row
        for row in self.rows.found("captures", "sha256", [c.sha256 for t in threads for c in (t.capture, *t.pages)]):
            self._captures[(row["sha256"], row["url"], row["fetched_at"])] = row["id"]
        self._look_up_visits()
        domains = {t.article.outlet for t in threads if t.article.outlet}
        for row in self.rows.found("outlets", "domain", domains - self.known.outlets.keys()):
            self.known.outlets[row["domain"]] = Outlet(row["id"], row["name"])
        self._look_up_commenters(threads)

    def _look_up_visits(self) -> None:
        """Which platforms' threads were read from the known captures."""
        visits, threads = TABLES["visits"], TABLES["threads"]
        known = visits.c.capture_id.in_(sorted(self._captures.values()))
        statement = select(visits.c.capture_id, threads.c.platform).join(threads, threads.c.id == visits.c.thread_id)
        for capture_id, platform in self.connection.execute(statement.where(known)):
            self._visited[capture_id].add(platform)

    def _look_up_commenters(self, threads: Sequence[Thread]) -> None:
        if len(self.known.commenters) > MOST_NAMES:
            self.known.commenters.clear()
        unknown: set[CommenterKey] = set()
        for thread in threads:
            outlet = thread.article.outlet
            if outlet and outlet not in self.known.outlets:
                continue
            outlet_id = self.known.outlets[outlet].id if outlet else None
            authors = (comment.author for comment in thread.comments if comment.author is not None)
            unknown.update(_commenter_key(thread.platform, outlet_id, author) for author in authors)
        self._find_commenters(unknown)

    def _find_commenters(self, wanted: set[CommenterKey]) -> None:
        keys = sorted(wanted - self.known.commenters.keys())
        for start in range(0, len(keys), NAMES_A_QUERY):
            some = keys[start : start + NAMES_A_QUERY]
            rows = ", ".join(["(?, ?, ?, ?)"] * len(some))
            values = tuple(value for key in some for value in key)
            for row in self.connection.exec_driver_sql(COMMENTERS.format(rows=rows), values):
                self.known.commenters[(row[1], row[2], row[3], row[4])] = row[0]

    def add(self, thread: Thread) -> None:
        """Adds one thread. One that was read from this capture before is passed over: it was saved, and saved whole."""
        known = self._captures.get(_capture_key(thread.capture))
        if known is not None and thread.platform in self._visited[known]:
            self.counts["unchanged"] += 1
            self.visits.append(None)
            return
        before = self.counts.copy()
        hashes = [digest(comment.body) for comment in thread.comments]
        withheld = self.screen.withheld(thread, hashes)
        thread = self.screen.kept(thread)
        url = article_url(thread.article, thread.capture.sha256)
        article_sha256 = article_digest(thread.article)
        capture_ids = self._capture_all(thread, withheld)
        outlet_id = self._outlet(thread.article)
        visit = Visit(thread, hashes, thread.capture.fetched_at or self.seen_at, capture_ids, outlet_id)
        visit.withheld = withheld
        self._visited[visit.capture_id].add(thread.platform)
        article_id = self._article(visit, url, article_sha256)
        row = self._threads.get((thread.platform, thread.native_id or url))
        if row is None:
            self._new_thread(visit, article_id, thread.native_id or url)
            outcome = "new"
        else:
            visit.thread_id = row["id"]
            outcome = update.save(self, visit, row)
        self._note(visit, outcome)
        self.visits.append(Visited(visit.thread_id, visit.capture_id, outcome, self.counts - before))

    def _note(self, visit: Visit, outcome: str) -> None:
        thread = visit.thread
        values: dict[str, Any] = {"thread_id": visit.thread_id, "run_id": self.run_id, "capture_id": visit.capture_id}
        values |= {"seen_at": visit.seen_at, "outcome": outcome, "completeness": thread.completeness}
        values |= {"stated_count": thread.stated_count, "comment_count": len(thread.comments)}
        self.rows.insert("visits", values | {"reason": shortfall(thread)})

    def _capture_all(self, thread: Thread, withheld: Iterable[int]) -> list[int]:
        """The ids of the thread's capture and of its further pages' captures."""
        furniture = self.screen.lines(thread, withheld)
        first = self._capture(thread.capture, "\n".join(furniture) or None, None)
        return [first, *(self._capture(page, None, first) for page in thread.pages)]

    def _capture(self, capture: Capture, furniture: str | None, page_of: int | None) -> int:
        key = _capture_key(capture)
        if key in self._captures:
            return self._captures[key]
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
            "redacted_at": None,
        }
        self._captures[key] = self.rows.insert("captures", values)
        return self._captures[key]

    def _outlet(self, article: Article) -> int | None:
        domain, name = article.outlet, article.outlet_name
        if not domain:
            return None
        if domain not in self.known.outlets:
            row: dict[str, Any] = {"domain": domain, "name": name}
            self.known.outlets[domain] = Outlet(self.rows.insert("outlets", row), name)
            self.rows.totals["outlets"] += 1
        outlet = self.known.outlets[domain]
        if name and name != outlet.name:
            outlet.name = name
            self.rows.update("outlets", outlet.id, {"name": name})
        return outlet.id

    def _detector(self, name: str, lexicon_sha256: str | None = None) -> int:
        """The row of a detector of this version, and of its rules where it is new."""
        if name not in self.known.detectors:
            table, current = TABLES["detectors"], version("belowtheline")
            same = and_(table.c.name == name, table.c.version == current)
            same &= func.coalesce(table.c.lexicon_sha256, "") == (lexicon_sha256 or "")
            found = self.connection.execute(select(table.c.id).where(same)).scalar()
            row = {"name": name, "version": current, "lexicon_sha256": lexicon_sha256}
            self.known.detectors[name] = found or self.rows.insert("detectors", row)
            if lexicon_sha256 and not found:
                list_rules(self.connection)
        return self.known.detectors[name]

    def commenter(self, platform: str, outlet_id: int | None, author: Author | None) -> int | None:
        if author is None:
            return None
        key = _commenter_key(platform, outlet_id, author)
        commenter_id = self.known.commenters.get(key)
        if commenter_id is None:
            values = {
                "platform": platform,
                "outlet_id": outlet_id,
                "native_id": author.native_id,
                "name": author.name,
                "is_guest": author.is_guest,
                "is_staff": author.is_staff,
            }
            commenter_id = self.known.commenters[key] = self.rows.insert("commenters", values)
            self.rows.totals["commenters"] += 1
        return commenter_id

    def commenter_again(self, platform: str, outlet_id: int | None, author: Author) -> int | None:
        """The id of a commenter whom no batch has looked up."""
        self._find_commenters({_commenter_key(platform, outlet_id, author)})
        return self.commenter(platform, outlet_id, author)

    def _article(self, visit: Visit, url: str, body_sha256: str) -> int:
        article, row = visit.thread.article, self._articles.get(url)
        current = _article_columns(article, body_sha256, visit)
        if row is None:
            row = current | {"url": url, "revision": 0, "first_seen_at": visit.seen_at}
            row["last_seen_at"] = visit.seen_at
            self.rows.insert("articles", row)
            self._articles[url] = row
            self.rows.totals["articles"] += 1
            self.raise_flags("article_id", row["id"], 0, article.flags, visit)
        elif visit.seen_at < row["last_seen_at"]:
            self._change_article(row, {"first_seen_at": min(visit.seen_at, row["first_seen_at"])})
        elif row["body_sha256"] == body_sha256:
            self._change_article(row, {"last_seen_at": visit.seen_at})
        else:
            self._revise_article(row, current, visit)
        return int(row["id"])

    def _change_article(self, row: dict[str, Any], values: dict[str, Any]) -> None:
        row.update(values)
        self.rows.update("articles", row["id"], values)

    def _revise_article(self, row: dict[str, Any], current: dict[str, Any], visit: Visit) -> None:
        old = {name: row[name] for name in ("revision", "title", "body", "body_sha256", "capture_id")}
        self.rows.flush()
        spell = {"seen_from": self.read_at(row["capture_id"]), "seen_until": row["last_seen_at"]}
        self.rows.insert("article_revisions", {"article_id": row["id"], **old, **spell})
        stated = {name: value for name, value in current.items() if value is not None}
        changed = stated | {"revision": row["revision"] + 1, "last_seen_at": visit.seen_at}
        self._change_article(row, changed)
        flags = (*visit.thread.article.flags, Flag("crawl.article_changed", "visit"))
        self.raise_flags("article_id", row["id"], row["revision"], flags, visit)
        self.counts["articles_changed"] += 1

    # threads

    def _new_thread(self, visit: Visit, article_id: int, native_id: str) -> None:
        thread = visit.thread
        row = thread_columns(visit) | {
            "article_id": article_id,
            "platform": thread.platform,
            "native_id": native_id,
            "comment_count": len(thread.comments),
            "flag_count": 0,
            "first_seen_at": visit.seen_at,
        }
        visit.thread_id = self.rows.insert("threads", row)
        self._threads[(thread.platform, native_id)] = row
        self.rows.totals["threads"] += 1
        self.counts["threads_new"] += 1
        first, identities = self.rows.next_id("comments"), diff.identities(thread.comments, visit.hashes)
        levels = depths([comment.parent for comment in thread.comments])
        for i, comment in enumerate(thread.comments):
            parent_id = None if comment.parent is None else first + comment.parent
            flags = visit.flags_of(i)
            self.new_comment(visit, i, identities[i], parent_id, (i, levels[i]), comment.state, flags)
            if flags:
                row["flag_count"] += self.raise_flags("comment_id", first + i, 0, flags, visit, comment.body)
        row["flag_count"] += self.raise_flags("thread_id", visit.thread_id, 0, thread_flags(thread), visit)

    def new_comment(
        self,
        visit: Visit,
        i: int,
        identity: str,
        parent_id: int | None,
        place: tuple[int, int],
        state: str,
        flags: Sequence[Flag],
    ) -> int:
        comment = visit.thread.comments[i]
        posted = comment.posted or NOTHING
        withheld = visit.withheld.get(i)
        self.rows.totals["comments"] += 1
        self.counts["comments_new"] += 1
        values = {
            "thread_id": visit.thread_id,
            "parent_id": parent_id,
            "native_id": comment.native_id,
            "parent_native_id": comment.parent_native_id,
            "identity": identity,
            "commenter_id": None
            if withheld
            else self.commenter(visit.thread.platform, visit.outlet_id, comment.author),
            "position": place[0],
            "depth": place[1],
            "posted_at": posted.at,
            "posted_at_text": posted.text,
            "posted_precision": posted.precision,
            "parent_source": comment.parent_source,
            "body": "" if withheld else comment.body,
            "body_sha256": blanking.NOTHING_SHA256 if withheld else visit.hashes[i],
            "revision": 0,
            "state": state,
            "codes": codes_of(flags),
            "likes": comment.likes,
            "dislikes": comment.dislikes,
            "url": None if withheld else comment.url,
            "capture_id": visit.read_from(i),
            "first_seen_at": visit.seen_at,
            "last_seen_at": visit.seen_at,
        }
        number = self.rows.insert("comments", values)
        if withheld and not withheld.erased:
            put_away = {"name": "comments", "row_id": number, "comment_id": number}
            self.rows.insert("withheld", put_away | {"held": held_of(visit, i)})
        return number

    def read_at(self, capture_id: int) -> str:
        """When a stored capture was made, or else when it was read."""
        captures, runs = TABLES["captures"], TABLES["runs"]
        read = func.coalesce(captures.c.fetched_at, runs.c.started_at)
        statement = select(read).join(runs, runs.c.id == captures.c.run_id).where(captures.c.id == capture_id)
        return str(self.connection.execute(statement).scalar_one())

    def raise_flags(
        self, subject: str, subject_id: int, revision: int, flags: Iterable[Flag], visit: Visit, text: str = ""
    ) -> int:
        """Adds flags to a subject (comment_id, thread_id or article_id) and gives the number of those that readers are
        told of. `text` is what the places of flags that were found in a text are places of."""
        return self._raise(subject, subject_id, revision, flags, visit.thread.platform, visit.seen_at, text)

    def _raise(
        self, subject: str, subject_id: int, revision: int, flags: Iterable[Flag], platform: str, at: str, text: str
    ) -> int:
        rows: dict[tuple[str, str, str | None, str | None], int] = {}
        standing = 0
        for flag in flags:
            found_in_text = flag.code.startswith(FOUND_IN_TEXT)
            key = (flag.code, flag.rule, flag.target, None if found_in_text else flag.evidence)
            if key not in rows:
                values: dict[str, Any] = {"comment_id": None, "thread_id": None, "article_id": None}
                values |= {subject: subject_id, "revision": revision, "created_at": at}
                rows[key] = self.rows.insert("flags", values | self._claim(flag, platform))
                self.rows.totals[f"flags:{flag.code}"] += 1
                standing += not flag.code.startswith("context.")
                if found_in_text:
                    self.rows.totals[f"rules:{flag.rule}"] += 1
            if flag.start is not None and flag.end is not None:
                exact = text[flag.start : flag.end] if found_in_text and text else flag.evidence or ""
                span = {"flag_id": rows[key], "start": flag.start, "end": flag.end, "exact": exact}
                self.rows.insert("flag_spans", span)
        if rows:
            self.counts["flags"] += len(rows)
        return standing

    def raise_by_hand(self, subject: str, subject_id: int, flag: Flag) -> None:
        """Adds a flag of this archive's own to a comment, thread or article."""
        self._raise(subject, subject_id, 0, [flag], "", self.seen_at, "")

    def raise_on_text(self, comment_id: int, revision: int, flags: Iterable[Flag], text: str) -> None:
        """Adds flags that rules found in a comment's text."""
        self._raise("comment_id", comment_id, revision, flags, "", self.seen_at, text)

    def withdraw(self, flag_id: int, code: str, rule: str, status: str, at: str | None = None) -> bool:
        """Withdraws a flag, and says whether readers were told of it."""
        self.rows.update("flags", flag_id, {"withdrawn_at": at or self.seen_at})
        of_context = code.startswith("context.")
        if status in views.REFUSED and not of_context:
            return False
        self.rows.totals[f"flags:{code}"] -= 1
        if code.startswith(FOUND_IN_TEXT):
            self.rows.totals[f"rules:{rule}"] -= 1
        return not of_context

    def _claim(self, flag: Flag, platform: str) -> dict[str, Any]:
        """The columns of a flag that do not depend on what it stands on."""
        if flag.code.startswith(FOUND_IN_TEXT):
            detector = self._detector(detector_of(flag.rule), data_sha256())
        elif flag.code == CODE:
            detector = self._detector("withhold")
        else:
            detector = self._detector("crawl" if flag.code.startswith("crawl.") else platform)
        return {
            "code": flag.code,
            "detector_id": detector,
            "rule": flag.rule,
            "evidence": flag.evidence,
            "target": flag.target,
            "score": None,
            "withdrawn_at": None,
            "run_id": self.run_id,
            "severity": severities().get(flag.code, 0),
            "status": "unreviewed",
            "priority": None,
            "corrects": None,
        }


def list_rules(connection: Connection) -> None:
    """Writes down the rules that are in force, in the place of those that were."""
    table = TABLES["flag_rules"]
    connection.execute(delete(table))
    connection.execute(insert(table), listed())


def codes_of(flags: Iterable[Flag]) -> str | None:
    """What `comments.codes` holds of a new comment with these flags."""
    found = sorted({flag.code for flag in flags if not flag.code.startswith("context.")})
    return json.dumps(found, separators=(",", ":")) if found else None


def _capture_key(capture: Capture) -> CaptureKey:
    return capture.sha256, capture.url, capture.fetched_at


def _commenter_key(platform: str, outlet_id: int | None, author: Author) -> CommenterKey:
    name = "" if author.native_id is not None else (author.name or "")
    return platform, outlet_id or 0, author.native_id or "", name


def _article_columns(article: Article, body_sha256: str, visit: Visit) -> dict[str, Any]:
    published = article.published or NOTHING
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
        "body_sha256": body_sha256,
        "capture_id": visit.capture_id,
    }
