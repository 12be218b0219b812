"""Builds the database of a release: from nothing, or from the release before it, as one snapshot of the archive.

The archive is attached as `src`, read-only, in one transaction, so that a crawl may write on meanwhile. What is not to
be public never enters the new file: texts that are shown otherwise are worked out before (`texts`).
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from archive.publish import columns, counts, fulltext, rewrite
from archive.publish.columns import COPIED, LISTS, Source
from archive.publish.fulltext import PAGE_CACHE_KB
from archive.publish.policy import Policy, matches
from archive.publish.rewrite import script
from archive.store import statistics, views
from archive.store.views import FULL_TEXT, STANDING

Say = Callable[[str], None]

SORTERS = 2
THREADS = """
select threads.id from src.threads join src.articles on articles.id = article_id
left join src.outlets on outlets.id = outlet_id
where (:only is null or domain in (select value from json_each(:only)))
  and (domain is null or domain not in (select value from json_each(:without)))
  and (:since is null or coalesce(published_at, articles.first_seen_at) >= :since)
  and (:until is null or coalesce(published_at, articles.first_seen_at) < :until || '~')"""
KEPT = """
create temp table kept_commenters as select distinct commenter_id from src.comments
  where thread_id in (select id from temp.kept_threads) and commenter_id is not null;
create temp table kept_outlets as select outlet_id from src.articles
  where id in (select article_id from src.threads where id in (select id from temp.kept_threads))
  union select outlet_id from src.commenters where id in (select commenter_id from temp.kept_commenters);
create temp table used_captures as
  select capture_id as id from src.visits where thread_id in (select id from temp.kept_threads)
  union select capture_id from src.threads where id in (select id from temp.kept_threads)
  union select capture_id from src.comments where thread_id in (select id from temp.kept_threads)
  union select comment_revisions.capture_id from src.comment_revisions join src.comments on comments.id = comment_id
    where thread_id in (select id from temp.kept_threads)
  union select capture_id from src.articles
    where id in (select article_id from src.threads where id in (select id from temp.kept_threads))
  union select article_revisions.capture_id from src.article_revisions where article_id in
    (select article_id from src.threads where id in (select id from temp.kept_threads));
create temp table kept_captures (id integer primary key);
insert or ignore into temp.kept_captures select id from temp.used_captures where id is not null;
insert or ignore into temp.kept_captures select page_of from src.captures
  where page_of is not null and id in (select id from temp.used_captures);
"""
KNOWN = """
create temp table thread_names (id integer primary key, outlet text, article text);
insert into temp.thread_names select threads.id, domain, title from src.threads
  join src.articles on articles.id = article_id left join src.outlets on outlets.id = outlet_id;
create temp table withheld_comments (id integer primary key);
insert into temp.withheld_comments select id from src.comments where codes like '%"archive.withheld"%';
insert or ignore into temp.withheld_comments select id from temp.altered_comments where why is not null;
create temp table withheld_captures (id integer primary key);
insert or ignore into temp.withheld_captures
  select visits.capture_id from src.visits join src.threads on threads.id = visits.thread_id
  join src.flags on flags.article_id = threads.article_id and flags.code = 'archive.withheld' and withdrawn_at is null
  where visits.capture_id is not null;
insert or ignore into temp.withheld_captures
  select id from src.captures where page_of in (select id from temp.withheld_captures);
create temp table reviewers (name text primary key, number integer);
insert into temp.reviewers select reviewer, row_number() over (order by min(id)) from src.reviews group by reviewer;
create temp table policy_detectors as select * from src.detectors where false;
create temp table policy_flags as select * from src.flags where false;
"""
POLICY_FLAGS = """
insert into temp.policy_flags (id, code, comment_id, revision, detector_id, rule, created_at, severity, status)
select (select coalesce(max(id), 0) from src.flags) + row_number() over (order by altered_comments.id),
  'archive.withheld', altered_comments.id, revision, (select id from temp.policy_detectors), 'policy:' || why,
  comments.last_seen_at, (select severity from src.flag_codes where code = 'archive.withheld'), 'unreviewed'
from temp.altered_comments join src.comments on comments.id = altered_comments.id
where why is not null and altered_comments.id not in (select comment_id from src.flags
  where code = 'archive.withheld' and comment_id is not null and withdrawn_at is null)"""
# The threads that rows belong to which are no longer what they were.
_OF_FLAGS = """
select coalesce({of}.thread_id, comments.thread_id, threads.id) from {of}
left join main.comments on comments.id = {of}.comment_id
left join main.threads on threads.article_id = {of}.article_id"""
CHANGED_THREADS = {
    "comments": (
        "select thread_id from temp.differing",
        "select thread_id from main.comments where id in temp.gone or id in (select id from temp.differing)",
    ),
    "threads": ("select id from temp.differing",),
    "articles": ("select id from main.threads where article_id in (select id from temp.differing)",),
    "flags": (
        _OF_FLAGS.format(of="differing"),
        _OF_FLAGS.format(of="flags") + " where flags.id in temp.gone or flags.id in (select id from temp.differing)",
    ),
    "flag_spans": (
        _OF_FLAGS.format(of="flags") + " where flags.id in (select flag_id from temp.differing)",
        _OF_FLAGS.format(of="flags") + " where flags.id in (select flag_id from main.flag_spans where id in temp.gone)",
    ),
}
WITHHELD_BY_REASON = """
select rule, count(*) from main.flags where code = 'archive.withheld' and comment_id is not null group by rule"""
SHOWN = f"""
create temp table shown_flags as select id, comment_id, thread_id, code, revision from src.flags
  where id in (select id from temp.public_flags) and {STANDING}
  union all select id, comment_id, thread_id, code, revision from temp.policy_flags;
create temp table shown_codes (id integer primary key, codes text);
insert into temp.shown_codes select id, json_group_array(code) from
  (select distinct comments.id, shown_flags.code from temp.shown_flags join src.comments on comments.id = comment_id
   where shown_flags.revision = comments.revision or shown_flags.code not between 'content.' and 'content/'
   order by comments.id, shown_flags.code) group by id;
create temp table flag_counts (id integer primary key, flags integer);
insert into temp.flag_counts select threads.id, 0 from src.threads;
update temp.flag_counts set flags = found.n from
  (select coalesce(shown_flags.thread_id, comments.thread_id) as id, count(*) as n
   from temp.shown_flags left join src.comments on comments.id = comment_id group by 1) as found
  where found.id = flag_counts.id;
"""


@dataclass(slots=True)
class Built:
    """What a build made: rows by table, how many comments each reason withholds, whether all was made anew, and where
    not, the threads of which something is no longer what it was."""

    counts: dict[str, int] = field(default_factory=dict)
    withheld: dict[str, int] = field(default_factory=dict)
    whole: bool = True
    changed_threads: set[int] = field(default_factory=set)


def recipe(policy: Policy) -> str:
    """SHA-256 of how a copy is built: two releases with the same one may share what has not changed."""
    told = [policy.digest, version("belowtheline"), columns.comment_list(), *views.VIEWS.values()]
    for some_threads, some_flags in ((False, False), (True, True)):
        found = columns.sources(policy, some_threads=some_threads, some_flags=some_flags)
        for name, source in found.items():  # the order of constraints in a statement means nothing
            lines = sorted(line.strip().rstrip(",") for line in columns.creating(name).splitlines())
            told += [*lines, *columns.indexing(name), columns.select(name, source)]
    told += [columns.OWN_TABLES, statistics.TABLE, *(line for name in LISTS for line in columns.indexing_list(name))]
    return sha256("\0".join(told).encode()).hexdigest()


@contextmanager
def opened(target: Path, source: Path) -> Iterator[sqlite3.Connection]:
    """The new file, with the archive attached; where SQLite keeps what it sorts is beside the new file."""
    before = os.environ.get("SQLITE_TMPDIR")
    os.environ["SQLITE_TMPDIR"] = str(target.parent)
    uri = f"{target.resolve().as_uri()}?mode=rwc"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            for pragma in ("journal_mode = off", "synchronous = off", f"cache_size = -{PAGE_CACHE_KB}",
                           "secure_delete = on", "temp_store = file", f"threads = {SORTERS}"):  # fmt: skip
                connection.execute(f"pragma {pragma}").fetchall()
            connection.create_function("base_name", 1, _base_name, deterministic=True)
            connection.execute("attach ? as src", (f"{source.resolve().as_uri()}?mode=ro",))
            connection.execute("attach ? as work", (str(fulltext.work(target)),))
            connection.execute("pragma work.journal_mode = off").fetchall()
            yield connection
    finally:
        if before is None:
            del os.environ["SQLITE_TMPDIR"]
        else:
            os.environ["SQLITE_TMPDIR"] = before


def _base_name(path: str | None) -> str | None:
    """A file's name without the folders of the machine that it lay on."""
    return None if path is None else path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def build(
    target: Path,
    source: Path,
    policy: Policy,
    key: bytes,
    release: dict[str, str],
    *,
    whole: bool,
    new_words: bool = False,
    say: Say,
) -> Built:
    """Makes the file at `target` from the archive at `source`; unless `whole`, it holds the release before, which is
    brought up to date. `new_words` says that full text is not to be the archive's own. Raises sqlite3.Error."""
    built = Built(whole=whole)
    with opened(target, source) as connection:
        connection.execute("begin")
        say("reading what is public")
        found = _prepare(connection, policy, key)
        for name in COPIED:
            say(f"copying {name}")
            if whole:
                connection.execute(columns.creating(name))
                rows = columns.select(name, found[name])
                connection.execute(f"insert into main.{name} ({_listed(name)}) {rows}")
            else:
                _renew(connection, name, found[name], built)
        say("copying full text")
        rebuild = [name for name in FULL_TEXT if whole and not fulltext.copy(connection, name, use=not new_words)]
        built.withheld = dict(connection.execute(WITHHELD_BY_REASON))
        described = {name: [(row[1], row[2]) for row in connection.execute(f"pragma src.table_info({name})")]
                     for name in LISTS}  # fmt: skip
        connection.execute("commit")
        connection.execute("detach src")
        connection.execute("begin")
        _finish(connection, described, release | {"withheld": json.dumps(built.withheld, sort_keys=True)}, whole, say)
        connection.execute("commit")
    say("merging full text")
    fulltext.merge(target, rebuild, whole=whole)
    fulltext.work(target).unlink(missing_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("pragma analysis_limit = 2000")
        connection.execute("analyze")
        built.counts = counts.count(connection)
    return built


def _prepare(connection: sqlite3.Connection, policy: Policy, key: bytes) -> dict[str, Source]:
    """The temporary tables that the sources speak of, and the sources."""
    some_threads = bool(policy.outlets or policy.without_outlets or policy.since or policy.until)
    codes = [row[0] for row in connection.execute("select code from src.flag_codes order by code")]
    private = {row[0] for row in connection.execute("select code from src.flag_codes where public = 0")}
    public = [code for code in codes if policy.shows(code) and code not in private]
    _codes(connection, "public_codes", public)
    _codes(connection, "blurred_codes", [code for code in codes if any(matches(one, code) for one in policy.blur)])
    connection.execute("create temp table kept_threads (id integer primary key)")
    if some_threads:
        values = {"only": json.dumps(policy.outlets) if policy.outlets else None, "since": policy.since}
        values |= {"without": json.dumps(policy.without_outlets), "until": policy.until}
        connection.execute(f"insert into temp.kept_threads {THREADS}", values)
        script(connection, KEPT)
    else:
        connection.execute("create temp table kept_outlets as select id as outlet_id from src.outlets")
    rewrite.prepare(connection, policy, key, codes)
    script(connection, KNOWN)
    if connection.execute("select 1 from temp.altered_comments where why is not null limit 1").fetchone():
        connection.execute(
            "insert into temp.policy_detectors (id, name, version) "
            "select coalesce(max(id), 0) + 1, 'publish', ? from src.detectors", (version("belowtheline"),)
        )  # fmt: skip
        connection.execute(POLICY_FLAGS)
        if some_threads:
            connection.execute(
                "delete from temp.policy_flags where comment_id not in (select id from src.comments where thread_id in "
                "(select id from temp.kept_threads))"
            )
    withheld = connection.execute("select 1 from temp.withheld_comments limit 1").fetchone()
    some_flags = len(public) < len(codes) or not policy.unreviewed or withheld is not None
    if some_flags:
        connection.execute("create temp table public_flags (id integer primary key)")
        where = columns.public_flags(policy, some_threads=some_threads)
        connection.execute(f"insert into temp.public_flags select id from src.flags where {where}")
        script(connection, SHOWN)
    return columns.sources(policy, some_threads=some_threads, some_flags=some_flags)


def _codes(connection: sqlite3.Connection, name: str, codes: list[str]) -> None:
    connection.execute(f"create temp table {name} (code text primary key)")
    connection.executemany(f"insert into temp.{name} values (?)", [(code,) for code in codes])


def _listed(name: str) -> str:
    return ", ".join(f'"{column}"' for column in columns.columns(name))


def _renew(connection: sqlite3.Connection, name: str, source: Source, built: Built) -> None:
    """Makes a table of the release before what it is to be now, touching only the rows that differ."""
    key, names = columns.key(name), columns.columns(name)
    connection.execute(f"create temp view new_rows as {columns.select(name, source)}")
    rows = ", ".join(f'new_rows."{column}"' for column in names)
    old = ", ".join(f'old."{column}"' for column in names)
    connection.execute(
        f"create temp table differing as select {rows} from temp.new_rows left join main.{name} as old "
        f'on old."{key}" = new_rows."{key}" where old."{key}" is null or ({rows}) is not ({old})'
    )
    connection.execute(
        f'create temp table gone as select "{key}" as id from main.{name} where "{key}" not in '
        f'(select "{key}" from temp.new_rows)'
    )
    if name in FULL_TEXT:
        fulltext.take_out(connection, name)
    for rows_of in CHANGED_THREADS.get(name, ()):
        built.changed_threads |= {row[0] for row in connection.execute(rows_of)}
    connection.execute(f'delete from main.{name} where "{key}" in temp.gone')
    connection.execute(f"insert or replace into main.{name} ({_listed(name)}) select * from temp.differing")
    if name in FULL_TEXT:
        words = ", ".join(FULL_TEXT[name])
        connection.execute(f"insert into main.{name}_fts(rowid, {words}) select id, {words} from temp.differing")
    for made in ("view temp.new_rows", "table temp.differing", "table temp.gone"):
        connection.execute(f"drop {made}")


def _finish(
    connection: sqlite3.Connection,
    described: dict[str, list[tuple[str, str]]],
    release: dict[str, str],
    whole: bool,
    say: Say,
) -> None:
    """Indexes, lists, numbers and the release itself."""
    if whole:
        for name in COPIED:
            say(f"indexing {name}")
            for statement in columns.indexing(name):
                connection.execute(statement)
        connection.execute(columns.comment_list())
        script(connection, columns.OWN_TABLES)
        connection.execute(statistics.TABLE)
        connection.execute("create table totals (name text primary key, value integer not null)")
    for name in LISTS:
        say(f"making {name}")
        if not whole:
            connection.execute(f"drop table main.{name}")
        connection.execute(columns.creating_list(name, described[name]))
        connection.execute(f"insert into {name} {views.VIEWS[name]}")
        for statement in columns.indexing_list(name):
            connection.execute(statement)
    say("counting")
    for name in ("release", "facets", "statistics", "totals"):
        connection.execute(f"delete from {name}")
    connection.executemany("insert into release values (?, ?)", release.items())
    counts.count_facets(connection)
    for name, statement in statistics.STATISTICS.items():
        connection.execute(f"insert into statistics select ?, key1, key2, value from ({statement})", (name,))
    counts.count_totals(connection)
