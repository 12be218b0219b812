"""FTS5 tables, their triggers, and the public SQL views. All of it is data."""

import re
from typing import TYPE_CHECKING

from archive.store import search_changes

if TYPE_CHECKING:
    from sqlite_utils import Database  # takes longer to load than all of `btl --help`

TOKENIZE = "unicode61 remove_diacritics 2"

# A row in `totals` for as long as a transaction inserts many rows and then indexes them all by `index_from`: FTS5
# writes its buffer at the end of each statement, so that one insert trigger a row takes ten times as long.
BEGIN_BULK = "insert into totals (name, value) values ('bulk', 1)"
END_BULK = "delete from totals where name = 'bulk'"
NOT_BULK = "not exists (select 1 from totals where name = 'bulk')"

FULL_TEXT: dict[str, tuple[str, ...]] = {"comments": ("body",), "articles": ("title", "body")}

# Flags that readers are shown: neither withdrawn, nor refused by reviewers, nor a circumstance (context.*) of another.
REFUSED = ("dismissed", "corrected")
NOT_REFUSED = f"status not in {REFUSED}"
STANDING = f"withdrawn_at is null and {NOT_REFUSED} and code not between 'context.' and 'context/'"

# What the views' own columns hold; the others are described with their tables.
COLUMN_DESCRIPTIONS = {
    "outlet": "Host name of the site.",
    "article": "Headline of the article.",
    "author": "Who wrote it, by the name that this copy shows.",
    "content_count": "Comments that a flag on their words (content.*) stands on.",
    "permalink": "Its page on the site.",
    "article_url": "Address of the article.",
    "outlet_id": "The outlet.",
    "platform": "Comment system, or the format that it was imported from.",
}
VIEWS = {
    "comment_list": """
select comments.id, comments.thread_id, outlets.domain as outlet, articles.title as article, commenters.name as author,
  comments.body, comments.posted_at, comments.posted_precision, comments.state, comments.depth, comments.position,
  comments.parent_id, comments.revision, comments.likes, comments.dislikes,
  comments.codes,
  '/comment/' || comments.id as permalink, articles.url as article_url, threads.platform, comments.parent_source,
  comments.commenter_id, articles.outlet_id, comments.first_seen_at, comments.last_seen_at
from comments
join threads on threads.id = comments.thread_id
join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id
left join commenters on commenters.id = comments.commenter_id""",
    "thread_list": """
select threads.id, outlets.domain as outlet, articles.title as article, threads.comment_count, threads.stated_count,
  threads.completeness, threads.flag_count, articles.published_at, threads.platform, threads.closed,
  '/thread/' || threads.id as permalink, articles.url as article_url, threads.first_seen_at, threads.last_seen_at,
  (select count(*) from comments where thread_id = threads.id and codes like '%"content.%') as content_count
from threads
join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id""",
    "flag_list": """
select flags.id, flags.code, flag_codes.title as meaning, flags.severity, flag_codes.namespace as source, flags.status,
  flags.target, flags.rule, flags.evidence, (select group_concat(exact, ' … ') from
    (select exact from flag_spans where flag_id = flags.id order by start)) as exact,
  (select min(start) from flag_spans where flag_id = flags.id) as start,
  (select max("end") from flag_spans where flag_id = flags.id) as "end",
  coalesce(flags.thread_id, comments.thread_id) as thread_id, flags.comment_id, flags.article_id, flags.revision,
  comments.revision is not null and flags.revision < comments.revision as of_earlier_text,
  detectors.name as detector, detectors.version, flags.created_at, flags.corrects,
  (select json_group_object(verdict, n) from (select verdict, count(*) as n from
    (select verdict, max(id) from reviews where flag_id = flags.id and retracted_at is null
      group by reviewer) group by verdict)) as verdicts,
  (select round(max(n) * 1.0 / sum(n), 2) from (select count(*) as n from
    (select verdict, coalesce(corrected_code, '') as other, max(id) from reviews
      where flag_id = flags.id and retracted_at is null group by reviewer) group by verdict, other)) as agreement,
  '/comment/' || flags.comment_id as permalink
from flags
join flag_codes on flag_codes.code = flags.code
join detectors on detectors.id = flags.detector_id
left join comments on comments.id = flags.comment_id
where flags.withdrawn_at is null""",
    "agreement_list": """
select flags.code, count(*) as flags, sum(pairs) as pairs, sum(agreeing) as agreeing,
  round(sum(agreeing) * 1.0 / sum(pairs), 3) as share
from (select flag_id, sum(n) * (sum(n) - 1) / 2 as pairs, sum(n * (n - 1)) / 2 as agreeing from
    (select flag_id, verdict, other, count(*) as n from
      (select flag_id, verdict, coalesce(corrected_code, '') as other, max(id) from reviews where retracted_at is null
        group by flag_id, reviewer)
    group by flag_id, verdict, other)
  group by flag_id having sum(n) > 1) as judged
join flags on flags.id = flag_id
group by flags.code""",
    "removal_list": """
select events.id, outlets.domain as outlet, articles.title as article, commenters.name as author, comments.body,
  comments.state, comments.last_seen_at as last_seen_at, events.seen_at as missed_at, events.confidence,
  '/comment/' || comments.id as permalink, events.thread_id, events.comment_id
from events
join comments on comments.id = events.comment_id
join threads on threads.id = events.thread_id
join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id
left join commenters on commenters.id = comments.commenter_id
where events.kind = 'removed'""",
}


def prepare(db: "Database") -> None:
    """Create what is missing of full text and views, or differs, in one transaction."""
    stale = find_stale(db)
    if not stale:
        return
    with db.atomic():
        for name, (sql, is_stored) in stale.items():
            if is_stored:
                db.execute(f"drop {sql.split()[1].replace('VIRTUAL', 'TABLE')} {name}")
            db.execute(sql)
            if name.endswith("_fts"):
                db.execute(f"insert into {name}({name}) values('rebuild')")


def find_stale(db: "Database") -> dict[str, tuple[str, bool]]:
    """Return what is missing or differs, by name: the statement that creates it, and whether there is another one."""
    current = _full_text() | {name: f"CREATE VIEW {name} AS{select}" for name, select in VIEWS.items()}
    stored = dict(db.execute("select name, sql from sqlite_master where sql is not null").fetchall())
    return {
        name: (sql, name in stored) for name, sql in current.items() if _folded(stored.get(name, "")) != _folded(sql)
    }


def full_text_table(table: str) -> str:
    """Return the statement that creates the full text of a table, still empty."""
    names = ", ".join(FULL_TEXT[table])
    return (
        f"CREATE VIRTUAL TABLE {table}_fts USING fts5({names}, content='{table}', content_rowid='id', "
        f"tokenize='{TOKENIZE}')"
    )


def index_from(table: str) -> str:
    """Return the statement that indexes new rows, from the id on that it is given, in a bulk transaction."""
    names = ", ".join(FULL_TEXT[table])
    return f"insert into {table}_fts(rowid, {names}) select id, {names} from {table} where id >= ?"  # noqa: S608


def _folded(sql: str) -> str:
    return re.sub(r"\s+", " ", sql).strip()


def _full_text() -> dict[str, str]:
    """Return the statements of an external-content FTS5 table for each table, kept current by triggers whoever writes.

    The insert trigger rests while a transaction is bulk. The update trigger fires only where the text differs, so that
    a visit that changes nothing costs nothing here.
    """
    statements: dict[str, str] = {}
    for table, columns in FULL_TEXT.items():
        fts, names = f"{table}_fts", ", ".join(columns)
        new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("new", "old"))
        changed = " or ".join(f"old.{column} is not new.{column}" for column in columns)
        add = f"insert into {fts}(rowid, {names}) values (new.id, {new});"  # noqa: S608
        drop = f"insert into {fts}({fts}, rowid, {names}) values ('delete', old.id, {old});"  # noqa: S608
        statements[fts] = full_text_table(table)
        statements[f"{fts}_insert"] = (
            f"CREATE TRIGGER {fts}_insert after insert on {table} when {NOT_BULK} begin {add} end"
        )
        statements[f"{fts}_delete"] = f"CREATE TRIGGER {fts}_delete after delete on {table} begin {drop} end"
        statements[f"{fts}_update"] = (
            f"CREATE TRIGGER {fts}_update after update of {names} on {table} when {changed} begin {drop} {add} end"
        )
    return statements | search_changes.triggers(NOT_BULK)
