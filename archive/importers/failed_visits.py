"""Visits of another archive that failed: no capture shows them, so they come after its threads."""

from collections import Counter

from archive.store.archive import Archive, Run
from archive.store.writer import ChangeLog, RowWriter

BATCH = 5_000
FAILED = """
select visits.id, platform, native_id, seen_at, outcome, visits.completeness, visits.stated_count, visits.comment_count,
  reason
from visits join threads on threads.id = thread_id join articles on articles.id = article_id
where visits.capture_id is null and threads.withheld is null and articles.withheld is null and visits.id > ?
order by visits.id limit ?"""
THREAD = "select id from threads where platform = ? and native_id = ?"
STORED = "select 1 from visits where thread_id = ? and seen_at = ? and outcome = ? and capture_id is null"
COLUMNS = ("seen_at", "outcome", "completeness", "stated_count", "comment_count", "reason")


def add_failed_visits(archive: Archive, run: Run, other: Archive) -> Counter[str]:
    """Add the failed visits of another archive's threads that are not stored yet; return their number."""
    counts: Counter[str] = Counter()
    last = 0
    while rows := other.read(FAILED, (last, BATCH)):
        last = rows[-1].id
        with archive.transaction() as connection:
            writer = RowWriter(connection, ChangeLog(connection, run.id))
            for row in rows:
                thread = connection.exec_driver_sql(THREAD, (row.platform, row.native_id)).fetchone()
                stored = (thread[0], row.seen_at, row.outcome) if thread else None
                if stored is None or connection.exec_driver_sql(STORED, stored).fetchone():
                    continue
                values = {name: getattr(row, name) for name in COLUMNS}
                writer.insert("visits", values | {"thread_id": stored[0], "run_id": run.id, "capture_id": None})
                counts["visits_failed"] += 1
            writer.flush()
    return counts
