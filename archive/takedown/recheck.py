"""After a crawl, redact erased content that the source still serves, and that the crawl wrote into a new WARC file.

The text itself is gone from the archive, so it is recognised by the suppression list: the visits of the crawl are
parsed once more from their captures.
"""

import json
from collections.abc import Callable, Iterable, Sequence

from archive.store.archive import Archive, Run
from archive.store.files import FileFinder
from archive.store.lock import crawl_lock
from archive.store.paths import warc_folder
from archive.store.suppressions import SuppressionList
from archive.takedown.text_search import TextSearch
from archive.takedown.warc_files import remove_leftover, rewrite_warc, warc_path
from archive.takedown.warc_search import RecordText, search_warc
from archive.text.formatting import now
from archive.thread import Thread

# The visits of some crawls to threads of which something is withheld. A file that a crawl still writes is left to it.
VISITS = """
select distinct visits.capture_id from visits join captures on captures.id = visits.capture_id
where visits.run_id in (select cast(value as bigint) from json_each(:runs))
  and (substr(warc_file, 1, length(:folder)) = :folder or captures.run_id in (select id from runs
    where json_extract(settings, '$.warc') <> ''))
  and captures.run_id not in (select id from runs where finished_at is null and outcome is null and id <> :run)
  and thread_id in (select thread_id from comments where withheld is not null union
    select threads.id from threads join articles on articles.id = article_id
    where articles.url like 'urn:withheld:%')
order by 1"""
LONGEST_WAIT_S = 3600.0  # for another crawl that redacts
SPANS = """
select warc_file, warc_offset from captures where (id = :root or page_of = :root)
  and (substr(warc_file, 1, length(:folder)) = :folder or run_id in (select id from runs
    where json_extract(settings, '$.warc') <> ''))"""
# Crawls that were killed; each is looked at once, by the first crawl that ends after it.
KILLED = "select id, settings from runs where kind = 'crawl' and outcome = 'interrupted' and finished_at is null"
RECHECKED = "rechecked"
# Parses the captured page of a visit again, by the id of its capture.
Parse = Callable[[int], Iterable[Thread]]


def recheck_crawl(archive: Archive, run_id: int, parse: Parse) -> int:
    """Redact in the WARC files of a crawl, and of those that were killed, what was erased earlier; return how many
    records. To be called when the files are closed, under the lock that crawls share. Raises OSError."""
    with archive.engine.connect() as connection:
        if not any(entry.erased for entry in SuppressionList.load(connection).entries.values()):
            return 0
        rows = connection.exec_driver_sql(KILLED).all()
    killed = [row.id for row in rows if RECHECKED not in json.loads(row.settings)]
    with crawl_lock(archive.path, f"which redacts, begun {now()}", wait_s=LONGEST_WAIT_S, purpose="redact"):
        redactions = _recheck(archive, run_id, [run_id, *killed], parse)
    for killed_id in killed:
        archive.note_setting(Run(killed_id, ""), RECHECKED, run_id)
    return redactions


def _recheck(archive: Archive, run_id: int, runs: Sequence[int], parse: Parse) -> int:
    remove_leftover(archive)
    folder = warc_folder(archive.path).name + "/"
    texts: dict[str, list[str]] = {}
    spans: set[tuple[str, int]] = set()
    with archive.engine.connect() as connection:
        suppressions = SuppressionList.load(connection)
        parameters = {"runs": json.dumps(runs), "run": run_id, "folder": folder}
        roots = connection.exec_driver_sql(VISITS, parameters).scalars().all()
        for root in roots:
            erased = [pair for thread in parse(root) for pair in suppressions.erased_texts(thread)]
            for reason, text in erased:
                texts.setdefault(reason, []).append(text)
            if erased:
                rows = connection.exec_driver_sql(SPANS, {"root": root, "folder": folder})
                spans.update((row[0], row[1]) for row in rows)
    searches = {reason: TextSearch(bodies) for reason, bodies in texts.items()}
    redactions, finder = 0, FileFinder(archive)
    for name in sorted({name for name, _ in spans}):
        near, at = {offset for file, offset in spans if file == name}, now()
        result = search_warc(warc_path(finder, name), _matching(searches, near), at)
        rewrite_warc(archive, result, [name], at)
        redactions += len(result.replacements)
    return redactions


def _matching(searches: dict[str, TextSearch], near: set[int]) -> Callable[[RecordText, Sequence[str]], str | None]:
    def match(record: RecordText, variants: Sequence[str]) -> str | None:
        for reason, search in searches.items():
            if search.matches(variants) or (record.offset in near and search.matches_short(variants)):
                return reason
        return None

    return match
