"""Keeps erased what was erased: where a source still shows it, a later crawl writes it into a new WARC file.

The text itself is gone, so it is told by the ledger: the pages are read once more as they were captured, and what the
ledger knows as erased is redacted as `btl erase` does it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from archive.store.archive import Archive, now
from archive.store.diff import identities
from archive.store.paths import warc_folder
from archive.store.schema import TABLES
from archive.store.suppressions import Suppression, SuppressionList, article_key
from archive.takedown.text_search import Texts
from archive.thread import Thread, article_url, digest
from crawler.evidence.captures import Evidence, fetch_from, requested_url
from crawler.platforms import driver
from crawler.warc.reader import Damaged
from crawler.warc.redact import Record, redact, resume, search

CAPTURES = TABLES["captures"]
VISITS = """
select distinct visits.capture_id from visits join captures on captures.id = visits.capture_id
where visits.run_id <= :run and substr(warc_file, 1, length(:folder)) = :folder and visits.run_id >
  coalesce((select max(id) from runs where kind = 'crawl' and finished_at is not null and id < :run), 0)
  and thread_id in (select thread_id from comments where withheld is not null union
    select threads.id from threads join articles on articles.id = article_id
    where articles.url like 'urn:withheld:%')
order by 1"""
MARK = """
update captures set redacted_at = ? where redacted_at is null and warc_file = ?
  and warc_offset in (select value from json_each(?))"""


def forget_again(archive: Archive, run_id: int) -> int:
    """Redacts in the WARC files of a crawl, and of those before it that were killed, what was erased earlier; says how
    many records. To be called when the files are closed, by whoever holds the crawl lock. Raises OSError."""
    folder = warc_folder(archive.path).name + "/"
    texts: dict[str, list[str]] = {}
    places: set[tuple[str, int]] = set()
    with archive.engine.connect() as connection:
        ledger = SuppressionList.load(connection)
        if not any(entry.erased for entry in ledger.entries.values()):
            return 0
        roots = connection.exec_driver_sql(VISITS, {"run": run_id, "folder": folder}).scalars().all()
        for root in roots:
            for thread, rows in _threads(archive, connection, root):
                for reason, body in _erased(ledger, thread):
                    texts.setdefault(reason, []).append(body)
                    places |= {(row["warc_file"], row["warc_offset"]) for row in rows}
    done = 0
    for file in sorted({file for file, _ in places if file.startswith(folder)}):
        near = {offset for name, offset in places if name == file}
        done += sum(_redact(archive, file, reason, Texts(bodies), near) for reason, bodies in texts.items())
    return done


def _threads(archive: Archive, connection: Connection, root: int) -> Iterator[tuple[Thread, list[dict[str, Any]]]]:
    """What a visit saw, read once more; nothing where its bytes are gone or redacted."""
    of_visit = select(CAPTURES).where((CAPTURES.c.id == root) | (CAPTURES.c.page_of == root)).order_by(CAPTURES.c.id)
    rows = sorted(map(dict, connection.execute(of_visit).mappings().all()), key=lambda row: row["id"] != root)
    evidence, pages = Evidence(archive), {}
    for row in rows:
        try:
            pages[row["id"]] = evidence.page(row["id"])
        except (Damaged, OSError):
            continue
    if root in pages:
        answers = {requested_url(row): pages[row["id"]] for row in rows[1:] if row["id"] in pages}
        for thread in driver.run(driver.visit(pages[root]), fetch_from(answers)):
            yield thread, rows


def _erased(ledger: SuppressionList, thread: Thread) -> Iterator[tuple[str, str]]:
    """The texts of a thread that were erased, with the reason."""
    url = article_url(thread.article, thread.capture.sha256)
    hashes = [digest(comment.body) for comment in thread.comments]
    found = ledger.match_comments(thread, url, thread.native_id or url, identities(thread.comments, hashes))
    for i, entry in found.items():
        if entry.erased:
            yield entry.reason, thread.comments[i].body
    article: Suppression | None = ledger.find([article_key(url)])
    if article is not None and article.erased:
        yield from ((article.reason, text) for text in (thread.article.title, thread.article.body) if text)


def _redact(archive: Archive, file: str, reason: str, wanted: Texts, near: set[int]) -> int:
    path = Evidence(archive).file(file)
    resume(path)
    found = search(path, _holding(wanted, near), now(), reason)
    redact(path, found.redactions)
    offsets = json.dumps([redaction.offset for redaction in found.redactions])
    with archive.transaction() as connection:
        connection.exec_driver_sql(MARK, (now(), file, offsets))
    return len(found.redactions)


def _holding(wanted: Texts, near: set[int]) -> Callable[[Record, Sequence[str]], bool]:
    return lambda record, read: wanted.find(read) or (record.offset in near and wanted.find_short(read))
