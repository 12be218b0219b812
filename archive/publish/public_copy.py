"""Build the database of a release as one snapshot of the archive.

The archive is attached as `src`, read-only, in one transaction, so that a crawl may write meanwhile. What is not public
never enters the new file: texts that the copy shows otherwise are computed before (`rewrite`).
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from archive.flags.codes import WITHHELD
from archive.publish import columns
from archive.publish.columns import COPIED, FACET_VALUES, FACETS, LISTS, TableSource
from archive.publish.policy import Policy, matches
from archive.publish.redacted_labels import fill_labels
from archive.publish.redacted_texts import fill_altered, run_script
from archive.publish.redacted_titles import fill_titles
from archive.store import aggregates, statistics, views
from archive.store.reading import INDEX_IN_MEMORY, uri_for_reading
from archive.store.repeated_texts import fill_copies
from archive.store.views import FULL_TEXT, NOT_REFUSED, STANDING

Say = Callable[[str], None]

SORTER_THREADS = 2
PAGE_CACHE_KB = 400_000
# How much of a full-text index FTS5 gathers in memory before it writes a segment. With its default of 1 MB it writes
# thousands of segments of a large archive, and merges them again and again. At 16 segments it merges them by itself:
# they are merged once, at the end, and until then there may be as many as these.
FTS_MEMORY, FTS_SEGMENTS = 64 << 20, 1000
PUBLIC_THREADS = """
select threads.id from src.threads join src.articles on articles.id = article_id
left join src.outlets on outlets.id = outlet_id
where (:only is null or domain in (select value from json_each(:only)))
  and (domain is null or domain not in (select value from json_each(:without)))
  and (dataset_id is null
       or dataset_id not in (select id from src.datasets where name in (select value from json_each(:datasets))))
  and (:since is null or coalesce(published_at, articles.first_seen_at) >= :since)
  and (:until is null or coalesce(published_at, articles.first_seen_at) < :until || '~')"""
# What the public threads refer to.
REFERENCES = """
create temp table public_commenters as select distinct commenter_id from src.comments
  where thread_id in (select id from temp.public_threads) and commenter_id is not null;
create temp table public_outlets as select outlet_id from src.articles
  where id in (select article_id from src.threads where id in (select id from temp.public_threads))
  union select outlet_id from src.commenters where id in (select commenter_id from temp.public_commenters);
create temp table used_captures as
  select capture_id as id from src.visits where thread_id in (select id from temp.public_threads)
  union select capture_id from src.threads where id in (select id from temp.public_threads)
  union select capture_id from src.comments where thread_id in (select id from temp.public_threads)
  union select comment_revisions.capture_id from src.comment_revisions join src.comments on comments.id = comment_id
    where thread_id in (select id from temp.public_threads)
  union select capture_id from src.articles
    where id in (select article_id from src.threads where id in (select id from temp.public_threads))
  union select article_revisions.capture_id from src.article_revisions where article_id in
    (select article_id from src.threads where id in (select id from temp.public_threads));
create temp table public_captures (id integer primary key);
insert or ignore into temp.public_captures select id from temp.used_captures where id is not null;
insert or ignore into temp.public_captures select page_of from src.captures
  where page_of is not null and id in (select id from temp.used_captures);
"""
# The address of a withheld article is blank; that of the captures of its threads would give it away.
LOOKUPS = """
create temp table thread_names (id integer primary key, outlet text, article text);
insert into temp.thread_names select threads.id, domain, title from src.threads
  join src.articles on articles.id = article_id left join src.outlets on outlets.id = outlet_id;
create temp table withheld_comments (id integer primary key);
insert into temp.withheld_comments select id from src.comments where withheld is not null;
insert or ignore into temp.withheld_comments select id from temp.altered_comments where why is not null;
create temp table withheld_captures (id integer primary key);
insert or ignore into temp.withheld_captures
  select visits.capture_id from src.visits join src.threads on threads.id = visits.thread_id
  join src.articles on articles.id = threads.article_id
  where articles.withheld is not null and visits.capture_id is not null;
insert or ignore into temp.withheld_captures
  select id from src.captures where page_of in (select id from temp.withheld_captures);
create temp table reviewers (name text primary key, number integer);
insert into temp.reviewers select reviewer, row_number() over (order by min(id)) from src.reviews group by reviewer;
create temp table policy_detectors as select * from src.detectors where false;
create temp table policy_flags as select * from src.flags where false;
"""
# The flags that tell readers of comments which only the policy withholds.
POLICY_FLAGS = f"""
insert into temp.policy_flags (id, code, comment_id, revision, detector_id, rule, created_at, severity, status)
select (select coalesce(max(id), 0) from src.flags) + row_number() over (order by altered_comments.id),
  '{WITHHELD}', altered_comments.id, revision, (select id from temp.policy_detectors), 'policy:' || why,
  comments.last_seen_at, (select severity from src.flag_codes where code = '{WITHHELD}'), 'unreviewed'
from temp.altered_comments join src.comments on comments.id = altered_comments.id
where why is not null and comments.withheld is null"""
WITHHELD_BY_REASON = """
select withheld, count(*) from main.comments where id in (select id from temp.withheld_comments)
group by withheld order by withheld"""
PUBLIC_COUNTS = f"""
create temp table active_flags as select id, comment_id, thread_id, code, revision from src.flags
  where id in (select id from temp.public_flags) and {STANDING}
  union all select id, comment_id, thread_id, code, revision from temp.policy_flags;
create temp table shown_codes (id integer primary key, codes text);
insert into temp.shown_codes select id, json_group_array(code) from
  (select distinct comments.id, active_flags.code from temp.active_flags join src.comments on comments.id = comment_id
   where active_flags.revision = comments.revision or active_flags.code not between 'content.' and 'content/'
   order by comments.id, active_flags.code) group by id;
create temp table flag_counts (id integer primary key, flags integer);
insert into temp.flag_counts select threads.id, 0 from src.threads;
update temp.flag_counts set flags = counted.n from
  (select coalesce(active_flags.thread_id, comments.thread_id) as id, count(*) as n
   from temp.active_flags left join src.comments on comments.id = comment_id group by 1) as counted
  where counted.id = flag_counts.id;
"""
# All of a comment that is counted by, in a twelfth of the space: a dozen statements count, and each reads the table.
# They read this one by its name, since temporary tables come first. Of a body they ask only whether it is empty.
COUNTED_BY = """
create temp table comments (id integer primary key, thread_id integer, commenter_id integer, outlet text,
  posted_at text, posted_precision text, first_seen_at text, last_seen_at text, state text, withheld text,
  codes text, body text);
insert into temp.comments select id, thread_id, commenter_id, outlet, posted_at, posted_precision, first_seen_at,
  last_seen_at, state, withheld, codes, substr(body, 1, 1) from main.comments;
"""
ROW_COUNTED = """
select name from sqlite_master
where type = 'table' and name not like 'sqlite_%' and name not like '%\\_fts%' escape '\\' order by name"""


class NotShareable(Exception):
    """The archive has texts that may not be published again."""


@dataclass(frozen=True, slots=True)
class CopyCounts:
    """The rows of a copy by table, and its withheld comments by reason."""

    rows: dict[str, int]
    withheld: dict[str, int]


def recipe(policy: Policy) -> str:
    """Return a digest of everything that decides how a copy is built: while it stays, so do the files of an archive."""
    parts = [policy.digest, version("belowtheline"), columns.comment_list(), *views.VIEWS.values()]
    for filter_flags in (False, True):
        for name, source in columns.table_sources(policy, filter_flags=filter_flags).items():
            # The order of the constraints in a statement, which varies, means nothing.
            lines = sorted(line.strip().rstrip(",") for line in columns.create_table(name).splitlines())
            parts += [*lines, *columns.create_indexes(name), columns.insert_select(name, source)]
    parts += [columns.OWN_TABLES, statistics.TABLE, *aggregates.AGGREGATES.values()]
    parts += [line for name in LISTS for line in columns.create_list_indexes(name)]
    return sha256("\0".join(parts).encode()).hexdigest()


@contextmanager
def open_copy(target: Path, source: Path) -> Iterator[sqlite3.Connection]:
    """Open the new file with the archive attached. No journal: a build that fails is thrown away whole."""
    uri = f"{target.resolve().as_uri()}?mode=rwc"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        for pragma in (
            "journal_mode = off",
            "synchronous = off",
            f"cache_size = -{PAGE_CACHE_KB}",
            "temp_store = file",
            f"threads = {SORTER_THREADS}",
        ):
            connection.execute(f"pragma {pragma}").fetchall()
        connection.create_function("base_name", 1, _base_name, deterministic=True)
        attached, index_in_memory = uri_for_reading(source)
        if index_in_memory:
            connection.execute(INDEX_IN_MEMORY).fetchall()
        connection.execute("attach ? as src", (attached,))
        connection.execute("pragma main.locking_mode = normal").fetchall()
        yield connection


def copy_rows(
    connection: sqlite3.Connection, policy: Policy, key: bytes, release: dict[str, str], *, say: Say
) -> CopyCounts:
    """Fill a new database with the public rows of the archive, its lists and the values of the table `release`.

    `key` makes pseudonyms. Others can read all of these while `derive` works. Raise NotShareable and sqlite3.Error.
    """
    connection.execute("begin")
    say("reading what is public")
    sources = _prepare(connection, policy, key)
    for name in COPIED:
        say(f"copying {name}")
        connection.execute(columns.create_table(name))
        connection.execute(columns.insert_select(name, sources[name]))
    withheld = dict(connection.execute(WITHHELD_BY_REASON))
    list_columns = {
        name: [(row[1], row[2]) for row in connection.execute(f"pragma src.table_info({name})")] for name in LISTS
    }
    connection.execute("commit")
    # The snapshot of the archive ends here: everything below is derived from the copy itself.
    connection.execute("detach src")
    connection.execute("begin")
    for name in COPIED:
        say(f"indexing {name}")
        for statement in columns.create_indexes(name):
            connection.execute(statement)
    _create_lists(connection, list_columns, say)
    release = release | {"withheld": json.dumps(withheld, sort_keys=True)}
    connection.executemany("insert into release values (?, ?)", release.items())
    connection.execute("commit")
    _analyze(connection)
    # What is written from here on lies in a file beside the copy, until `finish`: others read the copy meanwhile.
    connection.execute("pragma journal_mode = wal").fetchall()
    connection.execute("pragma wal_autocheckpoint = 0").fetchall()
    return CopyCounts(_count_rows(connection), withheld)


def derive(connection: sqlite3.Connection, *, say: Say) -> None:
    """Fill the tables that are worked out from what the copy shows."""
    connection.execute("begin")
    say("comparing texts")
    fill_copies(connection)
    say("counting")
    _count(connection)
    for name in FULL_TEXT:
        say(f"indexing the words of {name}")
        build_full_text(connection, name)
    connection.execute("commit")


def finish(connection: sqlite3.Connection, counts: CopyCounts) -> CopyCounts:
    """Make one file of the copy, which nobody may be reading, and count all of its rows."""
    connection.execute("pragma journal_mode = delete").fetchall()
    _analyze(connection)
    return replace(counts, rows=_count_rows(connection))


def _analyze(connection: sqlite3.Connection) -> None:
    connection.execute("pragma analysis_limit = 2000").fetchall()
    connection.execute("analyze")


def _count_rows(connection: sqlite3.Connection) -> dict[str, int]:
    names = [row[0] for row in connection.execute(ROW_COUNTED)]
    return {name: connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names}


def _base_name(path: str | None) -> str | None:
    """Return a file's name without its folders, which tell of the machine that it was on."""
    return None if path is None else path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _prepare(connection: sqlite3.Connection, policy: Policy, key: bytes) -> dict[str, TableSource]:
    """Fill the temporary tables that the sources read, and return the sources."""
    codes = dict(connection.execute("select code, public from src.flag_codes order by code"))
    public = [code for code, is_public in codes.items() if is_public and policy.shows(code)]
    _list_codes(connection, "public_codes", public)
    blurred = [code for code in codes if any(matches(pattern, code) for pattern in policy.blur)]
    _list_codes(connection, "blurred_codes", blurred)
    _select_threads(connection, policy)
    _refuse_unshareable(connection, policy)
    fill_altered(connection, policy, key, codes)
    fill_titles(connection, policy, codes)
    fill_labels(connection, policy, codes)
    run_script(connection, LOOKUPS)
    _flag_withheld(connection, policy)
    withheld = connection.execute("select 1 from temp.withheld_comments limit 1").fetchone()
    filter_flags = len(public) < len(codes) or not policy.unreviewed or withheld is not None
    if filter_flags:
        connection.execute("create temp table public_flags (id integer primary key)")
        where = columns.public_flags(policy)
        connection.execute(f"insert into temp.public_flags select id from src.flags where {where}")
        run_script(connection, PUBLIC_COUNTS)
    return columns.table_sources(policy, filter_flags=filter_flags)


def _select_threads(connection: sqlite3.Connection, policy: Policy) -> None:
    """List the threads that the policy selects, and what they refer to."""
    connection.execute("create temp table public_threads (id integer primary key)")
    connection.execute("create temp table public_datasets (id integer primary key)")
    connection.execute(
        "insert into temp.public_datasets select id from src.datasets "
        "where is_shareable and name not in (select value from json_each(?))",
        (json.dumps(policy.without_datasets),),
    )
    if policy.selects_threads:
        values = {"only": json.dumps(policy.outlets) if policy.outlets else None, "since": policy.since}
        values |= {"without": json.dumps(policy.without_outlets), "until": policy.until}
        values |= {"datasets": json.dumps(policy.without_datasets)}
        connection.execute(f"insert into temp.public_threads {PUBLIC_THREADS}", values)
        run_script(connection, REFERENCES)
    else:
        connection.execute("create temp table public_outlets as select id as outlet_id from src.outlets")


def _flag_withheld(connection: sqlite3.Connection, policy: Policy) -> None:
    """Make the flags of comments that only the policy withholds."""
    if connection.execute("select 1 from temp.altered_comments where why is not null limit 1").fetchone():
        connection.execute(
            "insert into temp.policy_detectors (id, name, version) "
            "select coalesce(max(id), 0) + 1, 'publish', ? from src.detectors",
            (version("belowtheline"),),
        )
        connection.execute(POLICY_FLAGS)
        if policy.selects_threads:
            connection.execute(
                "delete from temp.policy_flags where comment_id not in (select id from src.comments where thread_id in "
                "(select id from temp.public_threads))"
            )


def _refuse_unshareable(connection: sqlite3.Connection, policy: Policy) -> None:
    """Raise NotShareable where the copy would hold threads of datasets that are given on request only."""
    selected = "id in (select id from temp.public_threads)" if policy.selects_threads else "true"
    names = [name for (name,) in connection.execute(
        f"select name from src.datasets where not is_shareable and id in "
        f"(select dataset_id from src.threads where {selected}) order by name"
    )]  # fmt: skip
    if names:
        raise NotShareable(
            f"its makers give {', '.join(names)} on request only, and it is not to be published; "
            f"[datasets] without = {json.dumps(names)} in the policy leaves its threads out"
        )


def _list_codes(connection: sqlite3.Connection, table: str, codes: list[str]) -> None:
    connection.execute(f"create temp table {table} (code text primary key)")
    connection.executemany(f"insert into temp.{table} values (?)", [(code,) for code in codes])


def _create_lists(connection: sqlite3.Connection, list_columns: dict[str, list[tuple[str, str]]], say: Say) -> None:
    """Create the lists, and the tables that only a copy has."""
    connection.execute(columns.comment_list())
    run_script(connection, columns.OWN_TABLES)
    connection.execute(statistics.TABLE)
    connection.execute("create table totals (name text primary key, value integer not null)")
    for name in LISTS:
        say(f"making {name}")
        connection.execute(columns.create_list(name, list_columns[name]))
        connection.execute(f"insert into {name} {views.VIEWS[name]}")
        for statement in columns.create_list_indexes(name):
            connection.execute(statement)


def _count(connection: sqlite3.Connection) -> None:
    """Fill facets, statistics and totals."""
    run_script(connection, COUNTED_BY)
    for table, facets in FACETS.items():
        for column in facets:
            connection.execute(
                f'insert into facets select ?, ?, "{column}", count(*) as n from {table} where "{column}" is not null '
                f"group by 3 order by n desc, 3 limit {FACET_VALUES}",
                (table, column),
            )
    connection.execute(
        f"insert into facets select 'comments', 'codes', value, n from (select value, count(*) as n "
        f"from comments join json_each(comments.codes) where codes is not null group by value) "
        f"order by n desc, value limit {FACET_VALUES}"
    )
    for name, statement in (statistics.STATISTICS | aggregates.AGGREGATES).items():
        connection.execute(f"insert into statistics select ?, key1, key2, value from ({statement})", (name,))
    for table in ("comments", "threads", "articles", "outlets", "commenters"):
        connection.execute(f"insert into totals select '{table}', count(*) from {table}")
    for kind, column, where in (("flags", "code", "true"), ("rules", "rule", "code between 'content.' and 'context/'")):
        connection.execute(
            f"insert into totals select '{kind}:' || {column}, count(*) from flags "
            f"where {NOT_REFUSED} and {where} group by {column}"
        )
    connection.execute("drop table temp.comments")


def build_full_text(connection: sqlite3.Connection, table: str) -> None:
    """Build the full-text index of a table in one go, and merge its segments into one, which searches fastest."""
    fts = f"{table}_fts"
    connection.execute(views.full_text_table(table))
    for option, value in (("hashsize", FTS_MEMORY), ("automerge", 0), ("crisismerge", FTS_SEGMENTS)):
        connection.execute(f"insert into {fts}({fts}, rank) values (?, ?)", (option, value))
    connection.execute(f"insert into {fts}({fts}) values ('rebuild')")
    connection.execute(f"insert into {fts}({fts}) values ('optimize')")
    # The options are stored with the index: nobody who opens the copy should inherit them.
    connection.execute(f"delete from {fts}_config where k in ('hashsize', 'automerge', 'crisismerge')")
