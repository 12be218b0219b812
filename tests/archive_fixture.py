"""An archive to look at: few threads, invented and mild, with every case that the site has to show."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlite_utils

from archive.flags.codes import codes, severities
from archive.review import verdicts
from archive.store import views
from archive.store.flags import RECOUNT_COMMENTS, RECOUNT_THREADS
from archive.store.migrations import migrations
from tests.made_once import made_once

FIRST, SECOND, THIRD = "2026-03-14T12:00:00Z", "2026-03-15T06:00:00Z", "2026-03-16T06:00:00Z"
FERRY, DEEP, SILENT, MARKET, QUAY = 1, 2, 3, 4, 5
THREAT, CLOWN, PERSONAL, ANSWER, DISPUTED, VERMIN, GONE, CALM = range(25, 33)
MAIL, PHONE, NUMBER = "anna.quay@example.org", "07700 900123", "07700 900456"
FOLDED = "Whoever voted for it should be thrown off the pier, ballot first."
HOSTILE = (
    '<script>alert(1)</script> <img src=x onerror=alert(2)> "quoted" & \u202ereversed\u202c\n\nnext \u2067paragraph'
)
ARTICLE = (
    "The first ferry of the day will leave at 05:40 from April, the town council decided on Tuesday.\n\n"
    "Shift workers had asked for an earlier crossing for three years; residents of the quay fear the noise.\n\n"
    "The harbour office expects forty passengers on the first boat."
)


def get(site: Any, address: str, **options: Any) -> Any:
    """An answer of Datasette's, in process."""
    return asyncio.run(site.client.get(address, **options))


def page(site: Any, address: str) -> str:
    response = get(site, address)
    assert response.status_code == 200, response.text
    return str(response.text)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def empty(path: Path) -> sqlite_utils.Database:
    """An archive that nothing was saved in."""
    db = sqlite_utils.Database(path)
    migrations.apply(db)
    views.prepare(db)
    db["flag_codes"].insert_all(codes(), alter=False)
    return db


class Filler:
    """Inserts rows with what they need; whatever a case does not say has a plain value."""

    def __init__(self, db: sqlite_utils.Database) -> None:
        self.db = db
        self.positions: dict[int, int] = {}

    def insert(self, table: str, **row: Any) -> int:
        return int(self.db[table].insert(row).last_pk)

    def article(self, title: str | None, body: str, outlet: int | None, **more: Any) -> int:
        number = self.db["articles"].count + 1
        row = {"url": f"https://example.org/{number}", "published_at": "2026-03-14T08:10:00Z", "language": "en"}
        row |= {"published_precision": "minute", "section": "Local news", "capture_id": 1, "revision": 0}
        row |= {"first_seen_at": FIRST, "last_seen_at": THIRD, "outlet_id": outlet, "body_sha256": digest(body)}
        return self.insert("articles", **(row | {"title": title, "body": body} | more))

    def thread(self, article: int, **more: Any) -> int:
        row = {"article_id": article, "platform": "wordpress", "native_id": f"t{article}", "comment_count": 0}
        row |= {"completeness": "full", "flag_count": 0, "capture_id": 1, "closed": 0}
        return self.insert("threads", **(row | {"first_seen_at": FIRST, "last_seen_at": THIRD} | more))

    def comment(self, thread: int, body: str, author: int | None = None, parent: int | None = None, **more: Any) -> int:
        position = self.positions[thread] = self.positions.get(thread, -1) + 1
        depth = self.db["comments"].get(parent)["depth"] + 1 if parent else 0
        row = {"thread_id": thread, "body": body, "commenter_id": author, "parent_id": parent, "depth": depth}
        row |= {"position": position, "identity": f"id:{thread}-{position}", "body_sha256": digest(body), "revision": 0}
        row |= {"posted_at": f"2026-03-14T{9 + position % 12:02}:02:00Z", "posted_precision": "minute"}
        row |= {"state": "visible", "capture_id": 1, "first_seen_at": FIRST, "last_seen_at": THIRD}
        return self.insert("comments", **(row | {"native_id": str(position), "parent_source": "api"} | more))

    def flag(self, code: str, *words: str, **more: Any) -> int:
        """A flag; `words` are where it matched, in the text of its comment."""
        row = {"code": code, "revision": 0, "detector_id": 1, "rule": f"{code.partition('.')[2]} 12"}
        row["severity"] = severities()[code]
        number = self.insert("flags", **(row | {"created_at": THIRD} | more))
        for exact in words:
            start = self.db["comments"].get(more["comment_id"])["body"].index(exact)
            self.insert("flag_spans", flag_id=number, start=start, end=start + len(exact), exact=exact)
        return number

    def event(self, kind: str, thread: int, comment: int, seen_at: str, **more: Any) -> int:
        row = {"run_id": 1, "thread_id": thread, "comment_id": comment, "kind": kind, "seen_at": seen_at}
        return self.insert("events", **(row | {"confidence": "high"} | more))


@made_once
def fill(path: Path) -> Path:
    """The whole set: FERRY has all kinds of flags, DEEP nests beyond the indent, SILENT is without comments."""
    db = empty(path)
    fill = Filler(db)
    _sources(fill)
    _ferry(fill)
    _deep(fill)
    fill.thread(fill.article(None, "A short notice.", None, url="urn:sha256:00ff", published_at=None), closed=1)
    _market(fill)
    _count(db)
    db.close()
    return path


def _sources(fill: Filler) -> None:
    fill.insert("runs", kind="crawl", started_at=FIRST, software_version="0.1.0", settings="{}", outcome="done")
    fill.insert(
        "captures",
        run_id=1,
        url="https://harbour-courier.example/ferry",
        fetched_at=THIRD,
        http_status=200,
        media_type="text/html",
        sha256=digest("page"),
        warc_file="2026-03-16.warc.gz",
        warc_offset=88102,
        warc_length=4096,
        line=7,
    )
    fill.insert("outlets", domain="harbour-courier.example", name="Harbour Courier")
    fill.insert("outlets", domain="plain.example", name=None)
    names = [
        "quayside_anna",
        "Tom Billes",
        "harbourmaster77",
        "Mrs. P.",
        "Courier moderation",
        "山田",
        "שלום 123",
        None,
    ]
    for number, name in enumerate(names):
        fill.insert(
            "commenters", platform="wordpress", outlet_id=1, native_id=str(number), name=name, is_staff=number == 4
        )
    fill.insert("commenters", platform="wordpress", outlet_id=1, name="<b>bold</b> \u202eevil", native_id="x")
    fill.insert("detectors", name="rules", version="1")


def _ferry(fill: Filler) -> None:
    article = fill.article("Ferry timetable to change in spring as council backs earlier sailings", ARTICLE, 1)
    thread = fill.thread(article, stated_count=9)
    first = fill.comment(thread, "Half past five! Have any of them ever slept next to a diesel engine?", 1, likes=12)
    edited = fill.comment(thread, "We who work nights have waited three years for this boat.", 2, first, revision=1)
    fill.comment(
        thread, "Move inland then, both of you.", None, edited, posted_at=None, posted_precision=None, dislikes=1
    )
    threat = fill.comment(thread, FOLDED, 3, first)
    gone = fill.comment(
        thread, "The mayor's brother owns the fuel barge. Ask him.", 4, state="missing", last_seen_at=SECOND
    )
    staff = fill.comment(thread, "Please keep claims about named people out of this thread.", 5, gone)
    day = {"posted_at": "2026-03-14T00:00:00Z", "posted_precision": "day", "posted_at_text": "14. März"}
    pick = fill.comment(thread, "A later ferry on Sundays would help visitors too.", 6, **day)
    fill.comment(thread, "שלום, המעבורת מאחרת. The ferry is late.", 7)
    hostile = fill.comment(
        thread, HOSTILE, 9, posted_at=None, posted_at_text="<i>yesterday</i>", url="javascript:alert(1)"
    )
    removed = fill.comment(thread, "", 8, state="removed", posted_at=None)
    earlier = "We all have waited three years for this boat."
    seen = {"seen_from": FIRST, "seen_until": FIRST}
    fill.insert("comment_revisions", comment_id=edited, revision=0, body=earlier, body_sha256=digest(earlier), **seen)
    fill.event("edited", thread, edited, SECOND, before=earlier, after="We who work nights ...")
    fill.event("removed", thread, gone, THIRD, before="visible", after="missing", confidence="medium")
    fill.event("added", thread, hostile, SECOND)
    fill.flag("crawl.edited", comment_id=edited, revision=1)
    fill.flag("crawl.removed", comment_id=gone)
    fill.flag("capture.author_missing", comment_id=3)
    fill.flag("content.incitement", "should be thrown off", "thrown off the pier", comment_id=threat, target="council")
    fill.flag("content.insult", "off the pier, ballot", comment_id=threat)
    fill.flag("content.profanity", comment_id=threat, withdrawn_at=THIRD)
    fill.flag("content.insult", "diesel", comment_id=first)
    fill.flag("platform.staff", comment_id=staff)
    fill.flag("platform.featured", comment_id=pick)
    fill.flag("review.doxxing", comment_id=hostile, evidence="<u>seen</u>")
    fill.flag("platform.removed", comment_id=removed)
    fill.flag("crawl.article_changed", article_id=article)


def _deep(fill: Filler) -> None:
    thread = fill.thread(
        fill.article("How deep is the harbour?", "Twelve metres.", 2), stated_count=40, completeness="partial"
    )
    parent = None
    for depth in range(12):
        parent = fill.comment(thread, f"Deeper still, says number {depth} of the ferry queue.", 1 + depth % 4, parent)
    fill.flag("capture.partial_thread", thread_id=thread)


def _market(fill: Filler) -> None:
    thread = fill.thread(
        fill.article("Market moves to Saturday", "The market moves.", 1, language="x'y"), platform="disqus"
    )
    withheld = fill.comment(thread, "A text that this archive does not show, unmistakably.", 1)
    fill.comment(thread, "Saturday suits me.", 2, withheld, state="author_deleted")
    fill.flag("archive.withheld", comment_id=withheld)
    fill.db["comments"].update(withheld, {"withheld": "withheld 12"})


@made_once
def fill_reviewed(path: Path) -> Path:
    """The whole set, and QUAY: flags that people confirmed, dismissed, corrected or dispute, and personal data."""
    fill(path)
    db = sqlite_utils.Database(path)
    filler = Filler(db)
    _quay(filler)
    _count(db)
    _review(db)
    db.close()
    return path


def _quay(fill: Filler) -> None:
    thread = fill.thread(fill.article("Quay wall to be rebuilt", "The wall is to be rebuilt.", 1))
    threat = fill.comment(thread, "I will drown whoever signed this.", 1)
    clown = fill.comment(thread, "You clown, get a map of the quay.", 2, threat)
    personal = fill.comment(thread, f"Write to {MAIL}\nor call {PHONE}, about the quay.", 3, revision=1)
    fill.comment(thread, "Nobody will call about the quay wall.", 4, personal)
    disputed = fill.comment(thread, "Somebody ought to burn it down, he said, and I said no.", 5)
    vermin = fill.comment(thread, "Vermin on the quay, all of them.", 6)
    gone = fill.comment(thread, f"My number is {NUMBER}, call at the quay.", 7, state="missing", last_seen_at=SECOND)
    calm = fill.comment(thread, "You fool of a tide.", 1)
    earlier = f"Write to {MAIL} about the quay."
    seen = {"seen_from": FIRST, "seen_until": FIRST}
    fill.insert("comment_revisions", comment_id=personal, revision=0, body=earlier, body_sha256=digest(earlier), **seen)
    after = f"Write to {MAIL}\nor call {PHONE}, about the quay."
    fill.event("edited", thread, personal, SECOND, before=earlier, after=after)
    fill.event("removed", thread, gone, THIRD, before="visible", after="missing")
    for rule, code in (("threat.plain", "content.threat"), ("insult.name", "content.insult")):
        pattern, note = "will <harm> (you | whoever)", "An intention, said by the writer."
        fill.insert("flag_rules", rule=rule, code=code, language="en", pattern=pattern, note=note)
    fill.flag("content.threat", "will drown", comment_id=threat, rule="threat.plain", target="politician")
    fill.flag("content.insult", "clown", comment_id=clown, rule="insult.name", target="commenter")
    fill.flag("content.pii", MAIL, PHONE, comment_id=personal, revision=1, evidence=PHONE)
    fill.flag("content.link", f"to {MAIL}", comment_id=personal, revision=1)
    fill.flag("content.incitement", "burn it down", comment_id=disputed)
    fill.flag("context.quoted", "he said", comment_id=disputed)
    fill.flag("content.insult", "Vermin", comment_id=vermin, rule="insult.name", target="other")
    fill.flag("content.pii", NUMBER, comment_id=gone)
    fill.flag("content.insult", "fool", comment_id=calm, rule="insult.name")


def _review(db: sqlite_utils.Database) -> None:
    """What two reviewers said."""

    def judge(comment: int, code: str, *words: str, **correction: Any) -> None:
        flag = next(db.query("select id from flags where comment_id = ? and code = ?", (comment, code)))["id"]
        for reviewer, verdict in zip(("irene", "oskar"), words, strict=False):
            one = verdicts.Verdict(flag, reviewer, verdict, note=f"seen by {reviewer}", **correction)  # type: ignore[arg-type]
            verdicts.record(connection, one, THIRD)

    db.conn.commit()
    with verdicts.borrow(db.conn) as connection:
        connection.exec_driver_sql("begin")
        judge(THREAT, "content.threat", "confirmed", "confirmed")
        judge(CLOWN, "content.insult", "dismissed")
        judge(DISPUTED, "content.incitement", "confirmed", "dismissed")
        judge(VERMIN, "content.insult", "corrected", corrected_code="content.dehumanisation")
        connection.exec_driver_sql("commit")


def _count(db: sqlite_utils.Database) -> None:
    db.execute("update threads set comment_count = (select count(*) from comments where thread_id = threads.id)")
    for statement, table in ((RECOUNT_THREADS, "threads"), (RECOUNT_COMMENTS, "comments")):
        db.execute(statement, {"ids": json.dumps([row["id"] for row in db[table].rows])})
    for table in ("comments", "threads", "articles", "outlets", "commenters"):
        db["totals"].insert({"name": table, "value": db[table].count}, replace=True)
    for kind, column in (("flags", "code"), ("rules", "rule")):
        db.execute(
            f"insert or replace into totals select '{kind}:' || {column}, count(*) from flags "
            f"where withdrawn_at is null group by {column}"
        )
    db.conn.commit()
