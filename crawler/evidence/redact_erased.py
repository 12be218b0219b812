"""Parse the visits of a crawl again, to redact erased content that the source still serves."""

from collections.abc import Iterator
from functools import partial

from sqlalchemy import select

from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.takedown.recheck import recheck_crawl
from archive.thread import Thread
from crawler.evidence.captures import CaptureReader, fetch_from
from crawler.platforms import driver
from crawler.warc.reader import Damaged

CAPTURES = TABLES["captures"]


def redact_erased(archive: Archive, run_id: int) -> int:
    """Redact in a crawl's WARC files what was erased earlier; return how many records. See takedown.recheck."""
    return recheck_crawl(archive, run_id, partial(_parse_visit, archive))


def _parse_visit(archive: Archive, root: int) -> Iterator[Thread]:
    """Yield the threads of a visit, as its captures have them; none where the bytes are gone or redacted."""
    of_visit = select(CAPTURES).where((CAPTURES.c.id == root) | (CAPTURES.c.page_of == root)).order_by(CAPTURES.c.id)
    with archive.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(of_visit).mappings()]
    evidence, pages = CaptureReader(archive), {}
    for row in rows:
        try:
            pages[row["id"]] = evidence.page(row["id"])
        except (Damaged, OSError):
            continue
    if root in pages:
        further = [row for row in rows if row["id"] in pages and row["id"] != root]
        fetch = fetch_from(further, [pages[row["id"]] for row in further])
        yield from driver.run(driver.visit(pages[root]), fetch)
