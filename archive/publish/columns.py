"""The tables of a public copy as data: which there are, and the SELECT over the archive (`src`) that each holds.

They are the archive's own tables without the private ones, with names beside the numbers in `comments`, and with the
archive's lists (`thread_list` and so on) as tables, since counting and sorting a view takes as long as the archive is
large.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from archive.publish.policy import Policy
from archive.store.private_tables import PRIVATE_TABLES
from archive.store.schema import TABLES
from archive.store.views import VIEWS

NAMES_OF_COMMENTS = ("outlet", "article", "author")
COPIED = (
    "outlets", "runs", "captures", "articles", "article_revisions", "threads", "visits", "commenters", "comments",
    "comment_revisions", "events", "flag_codes", "flag_rules", "detectors", "flags", "flag_spans", "reviews",
)  # fmt: skip
LISTS = {
    "thread_list": (
        "outlet",
        "completeness",
        "platform",
        "comment_count",
        "flag_count",
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
# What each list is counted by: shown beside it, without counting anything when a page is opened.
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
OF_TEXT = "flags.code between 'content.' and 'content/'"


@dataclass(frozen=True, slots=True)
class Source:
    """What a table of the copy holds: for each column an expression (the column itself where none is named), FROM, a
    condition; and a table of rows that the archive does not have."""

    changed: Mapping[str, str]
    tables: str
    where: str = "true"
    more: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Conditions, to be put after a column, that hold for the threads, comments and articles that are shown."""

    threads: str = "is not null"
    comments: str = "is not null"
    articles: str = "is not null"


SOME = _Kept(
    "in (select id from temp.kept_threads)",
    "in (select id from src.comments where thread_id in (select id from temp.kept_threads))",
    "in (select article_id from src.threads where id in (select id from temp.kept_threads))",
)


def sources(policy: Policy, *, some_threads: bool, some_flags: bool) -> dict[str, Source]:
    """The sources of all tables. `some_threads` says that `temp.kept_threads` has those that are shown; `some_flags`
    that not all flags are, so that what is counted of them must be counted anew."""
    kept = SOME if some_threads else _Kept()
    flags = "flags.id in (select id from temp.public_flags)"
    if not some_flags:
        flags = public_flags(policy, some_threads=some_threads)
    return _sections(kept, some_flags=some_flags) | _texts(policy, kept, some_flags=some_flags) | _claims(flags)


def _sections(kept: _Kept, *, some_flags: bool) -> dict[str, Source]:
    """Outlets, articles and their comment sections, and where they were read."""
    counted = {"flag_count": "(select flags from temp.flag_counts where flag_counts.id = threads.id)"}
    return {
        "outlets": Source({}, "src.outlets", "outlets.id in (select outlet_id from temp.kept_outlets)"),
        "runs": Source(
            {
                "settings": "'{}'",
                "counts": "case when runs.kind in ('import', 'crawl', 'replay', 'flag') then runs.counts end",
            },
            "src.runs",
            "runs.kind <> 'publish'",
        ),
        "captures": Source(
            {
                "warc_file": "base_name(captures.warc_file)",
                "metadata_json": "null",
                "furniture": "null",
                "url": "case when captures.id not in (select id from temp.withheld_captures) then captures.url end",
            },
            "src.captures",
            "captures.id in (select id from temp.kept_captures)" if kept is SOME else "true",
        ),
        "articles": Source({}, "src.articles", f"articles.id {kept.articles}"),
        "article_revisions": Source({}, "src.article_revisions", f"article_revisions.article_id {kept.articles}"),
        "threads": Source(
            counted if some_flags else {},
            "src.threads",
            f"threads.id {kept.threads}",
        ),
        "visits": Source({}, "src.visits", f"visits.thread_id {kept.threads}"),
    }


def _texts(policy: Policy, kept: _Kept, *, some_flags: bool) -> dict[str, Source]:
    """Comments, who wrote them and what they used to say."""
    shown = policy.commenters == "shown"
    gone = "comments.id in (select id from temp.withheld_comments)"
    name = "commenters.name" if shown else "(select name from temp.public_names where id = commenters.id)"
    codes = "comments.codes"
    if some_flags:
        codes = "(select codes from temp.shown_codes where shown_codes.id = comments.id)"
    return {
        "commenters": Source(
            {"name": name} | ({} if shown else {"native_id": "null"}),
            "src.commenters",
            "false"
            if policy.commenters == "dropped"
            else "commenters.id in (select commenter_id from temp.kept_commenters)"
            if kept is SOME
            else "true",
        ),
        "comments": Source(
            {
                "native_id": f"case when {gone} then null else comments.native_id end" if shown else "null",
                "parent_native_id": "null",
                "identity": "'comment:' || comments.id",
                "commenter_id": "null"
                if policy.commenters == "dropped"
                else "case when altered.why is null then comments.commenter_id end",
                "body": "coalesce(altered.body, comments.body)",
                "body_sha256": "coalesce(altered.body_sha256, comments.body_sha256)",
                "url": f"case when {gone} then null else comments.url end" if shown else "null",
                "codes": f"case when altered.why is null then {codes} else '[\"archive.withheld\"]' end",
                "outlet": "thread_names.outlet",
                "article": "thread_names.article",
                "author": _author(policy),
            },
            """src.comments left join temp.altered_comments as altered on altered.id = comments.id
join temp.thread_names on thread_names.id = comments.thread_id
left join src.commenters on commenters.id = comments.commenter_id"""
            + ("" if shown else "\nleft join temp.public_names on public_names.id = comments.commenter_id"),
            f"comments.thread_id {kept.threads}",
        ),
        "comment_revisions": Source(
            {
                "body": "coalesce(altered.body, comment_revisions.body)",
                "body_sha256": "coalesce(altered.body_sha256, comment_revisions.body_sha256)",
            },
            """src.comment_revisions
left join temp.altered_revisions as altered on altered.id = comment_revisions.id""",
            f"comment_revisions.comment_id {kept.comments}",
        ),
        "events": Source(
            {
                name: f'case when altered.id is null then events."{name}" else altered."{name}" end'
                for name in ("before", "after")
            },
            "src.events left join temp.altered_events as altered on altered.id = events.id",
            f"events.thread_id {kept.threads}",
        ),
    }


def _claims(flags: str) -> dict[str, Source]:
    """Flags, as far as the condition `flags` leaves them, and what they are made of."""
    return {
        "flag_codes": Source(
            {"blur": "max(flag_codes.blur, flag_codes.code in (select code from temp.blurred_codes))"},
            "src.flag_codes",
        ),
        "flag_rules": Source({}, "src.flag_rules", "flag_rules.code in (select code from temp.public_codes)"),
        "detectors": Source({}, "src.detectors", more="temp.policy_detectors"),
        "flags": Source(
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
        "flag_spans": Source(
            {
                name: f'case when altered.id is null then flag_spans."{name}" else altered."{name}" end'
                for name in ("start", "end", "exact")
            },
            "src.flag_spans left join temp.altered_spans as altered on altered.id = flag_spans.id",
            "flag_spans.flag_id in (select id from main.flags)",
        ),
        "reviews": Source(
            {
                "reviewer": "(select 'reviewer ' || number from temp.reviewers where name = reviews.reviewer)",
                "note": "null",
            },
            "src.reviews",
            "reviews.flag_id in (select id from main.flags)",
        ),
    }


def public_flags(policy: Policy, *, some_threads: bool) -> str:
    """The condition on `src.flags` that leaves those that are shown."""
    kept = SOME if some_threads else _Kept()
    reviewed = "true" if policy.unreviewed else f"(flags.status <> 'unreviewed' or not {OF_TEXT})"
    return f"""flags.withdrawn_at is null and flags.code in (select code from temp.public_codes)
  and (flags.comment_id is null or flags.comment_id {kept.comments})
  and (flags.thread_id is null or flags.thread_id {kept.threads})
  and (flags.article_id is null or flags.article_id {kept.articles})
  and {reviewed}
  and (flags.code = 'archive.withheld' or flags.comment_id is null
    or flags.comment_id not in (select id from temp.withheld_comments))"""


def _author(policy: Policy) -> str:
    match policy.commenters:
        case "shown":
            return "case when altered.why is null then commenters.name end"
        case "pseudonyms":
            return "case when altered.why is null then public_names.name end"
        case _:
            return "null"


def columns(table: str) -> list[str]:
    own = [column.name for column in TABLES[table].columns]
    return [*own, *NAMES_OF_COMMENTS] if table == "comments" else own


def select(table: str, source: Source) -> str:
    """The rows of a table of the copy."""
    shown = ", ".join(
        f"{source.changed.get(name, f'{table}.{_quoted(name)}')} as {_quoted(name)}" for name in columns(table)
    )
    more = f"\nunion all select * from {source.more}" if source.more else ""
    return f"select {shown} from {source.tables} where {source.where}{more}"


def _quoted(name: str) -> str:
    return f'"{name}"'


def key(table: str) -> str:
    """The column that tells its rows apart."""
    return {"flag_codes": "code", "flag_rules": "rule"}.get(table, "id")


def creating(table: str) -> str:
    """CREATE TABLE of a copied table. Nothing is looked up by what the archive tells comments apart by."""
    copy = TABLES[table].to_metadata(MetaData())
    if table == "comments":
        for name in NAMES_OF_COMMENTS:
            copy.append_column(Column(name, Text))
        copy.constraints -= {one for one in copy.constraints if isinstance(one, UniqueConstraint)}
    _with_neighbours(copy)
    return str(CreateTable(copy).compile(dialect=sqlite.dialect()))


def _with_neighbours(table: Table) -> None:
    """Foreign keys name tables that must be known for their names alone."""
    for constraint in table.foreign_key_constraints:
        name = constraint.elements[0].target_fullname.partition(".")[0]
        if name != table.name and name not in table.metadata.tables:
            TABLES[name].to_metadata(table.metadata)


def indexing(table: str) -> list[str]:
    """CREATE INDEX for everything that the copied table is looked up by."""
    found = [
        str(CreateIndex(index).compile(dialect=sqlite.dialect()))
        for index in sorted(TABLES[table].indexes, key=lambda index: str(index.name))
        if index.name not in ("flags_queue", "flags_found", "commenters_identity", "detectors_identity")
    ]
    for names in MORE_INDEXES.get(table, ()):
        named = ", ".join(map(_quoted, names))
        found.append(f"create index {table}_by_{names[0]} on {table} ({named})")
    return found


def creating_list(name: str, described: Iterable[tuple[str, str]]) -> str:
    """CREATE TABLE of a list, from the names and types of the columns that its view has."""
    primary = "code" if name == "agreement_list" else "id"
    told = [f'"{column}" {kind or "any"}{" primary key" if column == primary else ""}' for column, kind in described]
    return f"create table {name} ({', '.join(told)})"


def indexing_list(name: str) -> list[str]:
    return [f'create index {name}_by_{column} on {name} ("{column}", id)' for column in LISTS[name]]


def comment_list() -> str:
    """The view over `comments` alone: what stands in other tables is looked up only where it is asked for."""
    article = "(select {} from articles where id = (select article_id from threads where id = comments.thread_id))"
    told = {
        "permalink": "'/comment/' || id",
        "article_url": article.format("url"),
        "outlet_id": article.format("outlet_id"),
        "platform": "(select platform from threads where id = comments.thread_id)",
    }
    names = re.findall(r"(?:\w+\.|as )(\w+)(?=,|\nfrom)", VIEWS["comment_list"])
    shown = ", ".join(f"{told[name]} as {name}" if name in told else name for name in names)
    return f"create view comment_list as select {shown} from comments"


assert set(COPIED) == set(TABLES) - PRIVATE_TABLES - {"totals"}
