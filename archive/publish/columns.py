"""Define the tables of a public copy: their columns and indexes, and the SELECT over the archive (`src`) for each.

They are the archive's tables without the private ones, with names beside the ids in `comments`, and with the archive's
lists (`thread_list` and so on) as tables: counting and sorting a view takes as long as the archive is large.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Column, MetaData, Text, UniqueConstraint
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from archive.flags.codes import WITHHELD
from archive.publish.policy import Policy
from archive.store.schema import TABLES
from archive.store.views import VIEWS
from archive.text.personal_fields import MASKED

NAME_COLUMNS = ("outlet", "article", "author")
COPIED = (
    "outlets", "runs", "captures", "articles", "article_revisions", "datasets", "threads", "visits", "commenters",
    "comments", "reactions", "reports", "decisions", "comment_revisions", "labels", "events", "flag_codes",
    "flag_rules", "detectors", "flags", "flag_spans", "reviews", "text_copies",
)  # fmt: skip
LISTS = {
    "thread_list": (
        "outlet",
        "completeness",
        "platform",
        "comment_count",
        "flag_count",
        "content_count",
        "published_at",
        "last_seen_at",
    ),
    "flag_list": ("code", "status", "severity", "source", "target", "rule", "comment_id", "thread_id", "article_id"),
    "removal_list": ("outlet", "missed_at", "confidence", "state", "comment_id", "thread_id"),
    "agreement_list": (),
}
MORE_INDEXES = {"comments": (("outlet", "id"), ("state", "id")), "flags": (("status", "code"),)}
OWN_TABLES = """
create table release (name text primary key, value text not null) without rowid;
create table facets (list text not null, "column" text not null, value text, count integer not null);
create index facets_list on facets (list, "column");
"""
# The facets of each table, counted once at publication, so that opening a page counts nothing.
FACETS = {
    "comments": ("state", "outlet"),
    "threads": ("platform", "completeness"),
    "thread_list": ("outlet", "platform", "completeness"),
    "articles": ("outlet_id", "section", "language"),
    "flags": ("code", "status", "severity"),
    "flag_list": ("code", "status", "severity", "source", "target"),
    "removal_list": ("outlet", "state", "confidence"),
    "events": ("kind", "confidence"),
    "visits": ("outcome", "completeness"),
    "captures": ("media_type", "http_status"),
    "commenters": ("platform", "outlet_id", "is_staff"),
    "runs": ("kind", "outcome"),
    "flag_codes": ("namespace", "severity"),
}
FACET_VALUES = 30
ABOUT_TEXT = "flags.code between 'content.' and 'content/'"


@dataclass(frozen=True, slots=True)
class TableSource:
    """Define how a table of the copy is filled from the archive.

    expressions  SQL by column; a column that is not listed is copied as it is
    from_clause  the tables that the expressions read
    where        which rows are copied
    extra_rows   a temporary table of rows that the archive does not have
    """

    expressions: Mapping[str, str]
    from_clause: str
    where: str = "true"
    extra_rows: str = ""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Conditions to put after a column of ids that hold for public threads, comments and articles."""

    threads: str = "is not null"
    comments: str = "is not null"
    articles: str = "is not null"


EVERYTHING = _Scope()
SELECTED_THREADS = _Scope(
    "in (select id from temp.public_threads)",
    "in (select id from src.comments where thread_id in (select id from temp.public_threads))",
    "in (select article_id from src.threads where id in (select id from temp.public_threads))",
)


def table_sources(policy: Policy, *, filter_flags: bool) -> dict[str, TableSource]:
    """Return the sources of all tables, in the order of copying.

    `filter_flags` says that not all flags are public: then `temp.public_flags` lists them, and everything counted from
    flags is counted anew.
    """
    scope = SELECTED_THREADS if policy.selects_threads else EVERYTHING
    flags = "flags.id in (select id from temp.public_flags)" if filter_flags else public_flags(policy)
    return (
        _thread_sources(scope, filter_flags=filter_flags)
        | _text_sources(policy, scope, filter_flags=filter_flags)
        | _flag_sources(flags)
    )


def _thread_sources(scope: _Scope, *, filter_flags: bool) -> dict[str, TableSource]:
    """Return the sources of outlets, articles, threads and where they were read."""
    counted = {"flag_count": "(select flags from temp.flag_counts where flag_counts.id = threads.id)"}
    return {
        "outlets": TableSource({}, "src.outlets", "outlets.id in (select outlet_id from temp.public_outlets)"),
        "runs": TableSource(
            {
                "settings": "'{}'",
                "counts": "case when runs.kind in ('import', 'crawl', 'replay', 'flag') then runs.counts end",
            },
            "src.runs",
            "runs.kind <> 'publish'",
        ),
        "captures": TableSource(
            {
                "warc_file": "base_name(captures.warc_file)",
                "metadata_json": "null",
                "furniture": "null",
                "url": "case when captures.id not in (select id from temp.withheld_captures) then captures.url end",
            },
            "src.captures",
            "captures.id in (select id from temp.public_captures)" if scope is SELECTED_THREADS else "true",
        ),
        "articles": TableSource({}, "src.articles", f"articles.id {scope.articles}"),
        "article_revisions": TableSource({}, "src.article_revisions", f"article_revisions.article_id {scope.articles}"),
        "datasets": TableSource(
            {},
            "src.datasets",
            f"datasets.id in (select dataset_id from src.threads where threads.id {scope.threads} "
            f"union select dataset_id from src.labels where {_public_labels(scope)})",
        ),
        "threads": TableSource(
            counted if filter_flags else {},
            "src.threads",
            f"threads.id {scope.threads}",
        ),
        "visits": TableSource({}, "src.visits", f"visits.thread_id {scope.threads}"),
    }


def _text_sources(policy: Policy, scope: _Scope, *, filter_flags: bool) -> dict[str, TableSource]:
    """Return the sources of comments, their authors, earlier texts and events."""
    public = f"comment_id {scope.comments} and {{}}.comment_id not in (select id from temp.withheld_comments)"
    return {
        "commenters": _commenter_source(policy, scope),
        "comments": _comment_source(policy, scope, filter_flags=filter_flags),
        "reactions": TableSource({}, "src.reactions", f"reactions.comment_id {scope.comments}"),
        "reports": TableSource({}, "src.reports", "reports." + public.format("reports")),
        # What moderators wrote is about a reader, and for no reader's eyes.
        "decisions": TableSource({"explanation": "null"}, "src.decisions", "decisions." + public.format("decisions")),
        "comment_revisions": TableSource(
            {
                "body": "coalesce(altered.body, comment_revisions.body)",
                "body_sha256": "coalesce(altered.body_sha256, comment_revisions.body_sha256)",
            },
            """src.comment_revisions
left join temp.altered_revisions as altered on altered.id = comment_revisions.id""",
            f"comment_revisions.comment_id {scope.comments}",
        ),
        "labels": TableSource(
            {"value": "coalesce(altered.value, labels.value)"},
            "src.labels left join temp.altered_labels as altered on altered.id = labels.id",
            _public_labels(scope),
        ),
        # Worked out anew of the texts that the copy shows: see copy.build_copy.
        "text_copies": TableSource({}, "src.text_copies", "false"),
        "events": TableSource(
            {
                name: f'case when altered.id is null then events."{name}" else altered."{name}" end'
                for name in ("before", "after")
            },
            "src.events left join temp.altered_events as altered on altered.id = events.id",
            f"events.thread_id {scope.threads}",
        ),
    }


def _public_labels(scope: _Scope) -> str:
    """Return the condition on labels. Of a thread some may not be public, or quote what is not."""
    of_comments = (
        f"labels.comment_id {scope.comments} and labels.comment_id not in (select id from temp.withheld_comments)"
    )
    return f"""(({of_comments})
    or (labels.thread_id {scope.threads} and labels.thread_id in (select threads.id from src.threads
      join src.articles on articles.id = article_id where threads.withheld is null and articles.withheld is null))
    or (labels.article_id {scope.articles} and labels.article_id in
      (select id from src.articles where withheld is null)))
  and labels.dataset_id in (select id from temp.public_datasets)
  and labels.id not in (select id from temp.altered_labels where value is null)"""


def _commenter_source(policy: Policy, scope: _Scope) -> TableSource:
    has_names = policy.commenters == "shown"
    name = "commenters.name" if has_names else "(select name from temp.public_names where id = commenters.id)"
    is_public = "true"
    if policy.commenters == "dropped":
        is_public = "false"
    elif scope is SELECTED_THREADS:
        is_public = "commenters.id in (select commenter_id from temp.public_commenters)"
    # The hash of an e-mail address tells who somebody is to those who know the address.
    native_id = f"iif(commenters.native_id like '{MASKED}:%', null, commenters.native_id)" if has_names else "null"
    return TableSource({"name": name, "native_id": native_id}, "src.commenters", is_public)


def _comment_source(policy: Policy, scope: _Scope, *, filter_flags: bool) -> TableSource:
    # Native ids and addresses lead to the account on the outlet's site, so they go where names do.
    has_names = policy.commenters == "shown"
    withheld = "comments.id in (select id from temp.withheld_comments)"
    codes = "comments.codes"
    if filter_flags:
        codes = "(select codes from temp.shown_codes where shown_codes.id = comments.id)"
    return TableSource(
        {
            "native_id": f"case when {withheld} then null else comments.native_id end" if has_names else "null",
            "parent_native_id": "null",
            "identity": "'comment:' || comments.id",
            "commenter_id": "null"
            if policy.commenters == "dropped"
            else "case when altered.why is null then comments.commenter_id end",
            "body": "coalesce(altered.body, comments.body)",
            "body_sha256": "coalesce(altered.body_sha256, comments.body_sha256)",
            "url": f"case when {withheld} then null else comments.url end" if has_names else "null",
            "codes": f"case when altered.why is null then {codes} else '[\"{WITHHELD}\"]' end",
            "withheld": "coalesce(comments.withheld, 'policy:' || altered.why)",
            "title": "(select title from temp.public_titles where id = comments.id)",
            "outlet": "thread_names.outlet",
            "article": "thread_names.article",
            "author": _author(policy),
        },
        """src.comments left join temp.altered_comments as altered on altered.id = comments.id
join temp.thread_names on thread_names.id = comments.thread_id
left join src.commenters on commenters.id = comments.commenter_id"""
        + ("" if has_names else "\nleft join temp.public_names on public_names.id = comments.commenter_id"),
        f"comments.thread_id {scope.threads}",
    )


def _flag_sources(flags: str) -> dict[str, TableSource]:
    """Return the sources of flags that meet the condition `flags`, with their rules, spans and reviews."""
    return {
        "flag_codes": TableSource(
            {"blur": "max(flag_codes.blur, flag_codes.code in (select code from temp.blurred_codes))"},
            "src.flag_codes",
        ),
        "flag_rules": TableSource({}, "src.flag_rules", "flag_rules.code in (select code from temp.public_codes)"),
        "detectors": TableSource({}, "src.detectors", extra_rows="temp.policy_detectors"),
        "flags": TableSource(
            {
                "evidence": "case when altered.id is null then flags.evidence else altered.evidence end",
                "priority": "null",
                "corrects": """case when flags.corrects in (select id from src.flags where withdrawn_at is null
    and code in (select code from temp.public_codes)) then flags.corrects end""",
            },
            "src.flags left join temp.altered_flags as altered on altered.id = flags.id",
            flags,
            "temp.policy_flags",
        ),
        "flag_spans": TableSource(
            {
                name: f'case when altered.id is null then flag_spans."{name}" else altered."{name}" end'
                for name in ("start", "end", "exact")
            },
            "src.flag_spans left join temp.altered_spans as altered on altered.id = flag_spans.id",
            "flag_spans.flag_id in (select id from main.flags)",
        ),
        "reviews": TableSource(
            {
                "reviewer": "(select 'reviewer ' || number from temp.reviewers where name = reviews.reviewer)",
                "note": "null",
            },
            "src.reviews",
            "reviews.flag_id in (select id from main.flags)",
        ),
    }


def public_flags(policy: Policy) -> str:
    """Return the condition on `src.flags` for those that are public."""
    scope = SELECTED_THREADS if policy.selects_threads else EVERYTHING
    reviewed = "true" if policy.unreviewed else f"(flags.status <> 'unreviewed' or not {ABOUT_TEXT})"
    return f"""flags.withdrawn_at is null and flags.code in (select code from temp.public_codes)
  and (flags.comment_id is null or flags.comment_id {scope.comments})
  and (flags.thread_id is null or flags.thread_id {scope.threads})
  and (flags.article_id is null or flags.article_id {scope.articles})
  and {reviewed}
  and (flags.code = '{WITHHELD}' or flags.comment_id is null
    or flags.comment_id not in (select id from temp.withheld_comments))"""


def _author(policy: Policy) -> str:
    match policy.commenters:
        case "shown":
            return "case when altered.why is null then commenters.name end"
        case "pseudonyms":
            return "case when altered.why is null then public_names.name end"
        case _:
            return "null"


def copied_columns(table: str) -> list[str]:
    """Return the columns of a table of the copy."""
    own = [column.name for column in TABLES[table].columns]
    return [*own, *NAME_COLUMNS] if table == "comments" else own


def insert_select(table: str, source: TableSource) -> str:
    """Return the INSERT that fills a table of the copy."""
    names = copied_columns(table)
    values = ", ".join(f"{source.expressions.get(name, f'{table}.{_quote(name)}')} as {_quote(name)}" for name in names)
    extra = f"\nunion all select * from {source.extra_rows}" if source.extra_rows else ""
    into = f"insert into main.{table} ({', '.join(map(_quote, names))})"
    return f"{into} select {values} from {source.from_clause} where {source.where}{extra}"


def _quote(name: str) -> str:
    return f'"{name}"'


@cache
def create_table(table: str) -> str:
    """Return CREATE TABLE of a copied table, from the schema of the archive."""
    copy = TABLES[table].to_metadata(MetaData())
    if table == "comments":
        for name in NAME_COLUMNS:
            copy.append_column(Column(name, Text))
        # Nothing is saved into a copy, so it does without the index that tells comments apart on saving.
        copy.constraints -= {item for item in copy.constraints if isinstance(item, UniqueConstraint)}
    # SQLAlchemy compiles a foreign key only if its metadata has the table that the key refers to.
    for constraint in copy.foreign_key_constraints:
        name = constraint.elements[0].target_fullname.partition(".")[0]
        if name != copy.name and name not in copy.metadata.tables:
            TABLES[name].to_metadata(copy.metadata)
    # sqlite_master keeps the text as it is, and the SQL dump looks for STRICT at its end.
    return str(CreateTable(copy).compile(dialect=sqlite.dialect())).strip()


@cache
def create_indexes(table: str) -> tuple[str, ...]:
    """Return CREATE INDEX statements of a copied table: the archive's, without those that only saving needs."""
    statements = [
        str(CreateIndex(index).compile(dialect=sqlite.dialect()))
        for index in sorted(TABLES[table].indexes, key=lambda index: str(index.name))
        if index.name not in ("flags_queue", "flags_found", "commenters_identity", "detectors_identity")
    ]
    more = (
        f"create index {table}_by_{names[0]} on {table} ({', '.join(map(_quote, names))})"
        for names in MORE_INDEXES.get(table, ())
    )
    return (*statements, *more)


def create_list(name: str, columns: Iterable[tuple[str, str]]) -> str:
    """Return CREATE TABLE of a list, from the names and types of the columns of its view."""
    primary = "code" if name == "agreement_list" else "id"
    parts = [f'"{column}" {kind or "any"}{" primary key" if column == primary else ""}' for column, kind in columns]
    return f"create table {name} ({', '.join(parts)})"


def create_list_indexes(name: str) -> list[str]:
    """Return CREATE INDEX statements of a list, a column each."""
    return [f'create index {name}_by_{column} on {name} ("{column}", id)' for column in LISTS[name]]


def comment_list() -> str:
    """Return CREATE VIEW of `comment_list` over `comments` alone.

    The joins of the archive's view become subqueries, which SQLite runs only for the columns that a query reads.
    """
    article = "(select {} from articles where id = (select article_id from threads where id = comments.thread_id))"
    looked_up = {
        "permalink": "'/comment/' || id",
        "article_url": article.format("url"),
        "outlet_id": article.format("outlet_id"),
        "platform": "(select platform from threads where id = comments.thread_id)",
    }
    names = re.findall(r"(?:\w+\.|as )(\w+)(?=,|\nfrom)", VIEWS["comment_list"])
    expressions = ", ".join(f"{looked_up[name]} as {name}" if name in looked_up else name for name in names)
    return f"create view comment_list as select {expressions} from comments"
