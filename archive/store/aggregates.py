"""Counts behind the questions that the site answers: what would take too long to count while a reader waits.

They have the shape of `statistics`: two keys and a value. A public copy has them worked out in its table `statistics`;
of a live archive they are counted when somebody asks. Outlets are known by their ids, "0" where the outlet is unknown;
`OUTLET:GROUP` is an outlet and a kind of comments: a flag code, `content` (any flag on the words), `none` (no such
flag). Only ids and texts of articles are kept here, never what readers wrote or are called.
"""

# ruff: noqa: S608  # all parts of the statements stand here

from archive.store.statistics import DATED

# Hours within which a comment was removed, surely or possibly.
DELAYS = (1, 6, 24, 72, 168, 720)
MOST_HOURS = 168
MOST_COMMENTERS, MOST_COMMENTERS_OF_OUTLET, MOST_NAMES, MOST_COPIES, MOST_SECTIONS = 1000, 100, 2000, 2000, 2000
EXACT_HOURS = "('second', 'minute', 'hour')"

_MONTH = "substr(posted_at, 1, 7)"
_IN_A_MONTH = f"{DATED} and coalesce(posted_precision, '') <> 'year'"
_PLACES = """
places as materialized (select threads.id as thread_id, coalesce(articles.outlet_id, 0) as outlet,
  case when articles.published_precision in ('second', 'minute', 'hour') then articles.published_at end as published_at,
  threads.last_seen_at > threads.first_seen_at as again
  from threads join articles on articles.id = threads.article_id)"""
# A comment once for each of its codes, and once as `content` where any of these is about its words.
_CODED = """
select comments.id, thread_id, commenter_id, posted_at, posted_precision, json_each.value as code
from comments join json_each(comments.codes) where comments.codes is not null
union all
select id, thread_id, commenter_id, posted_at, posted_precision, 'content' from comments
where codes like '%"content.%'"""
_HOURLY = f"{DATED} and posted_precision in {EXACT_HOURS}"
_GONE = """
gone as materialized (select comment_id, min(seen_at) as seen_at from events
  where kind = 'removed' and comment_id is not null group by comment_id)"""


def _grouped(gone: str, *times: str) -> str:
    """Return comments by outlet and kind, with some of their times, of `gone` joined to `comments`.

    They are those whose words were read, in threads that were looked at again: only these can be seen to go."""
    columns = ", ".join(("places.outlet", "comments.codes", "gone.seen_at", *times))
    return f"""
judged as materialized (
  select {columns} from {gone} join places on places.thread_id = comments.thread_id
  where places.again and comments.body <> '' and comments.withheld is null),
grouped as (
  select judged.*, json_each.value as part from judged join json_each(judged.codes)
  where codes is not null and json_each.value like 'content.%'
  union all select judged.*, case when codes like '%"content.%' then 'content' else 'none' end from judged)"""


_ALL_OR_GONE = _grouped("comments left join gone on gone.comment_id = comments.id")
_GONE_ONLY = _grouped(
    "gone join comments on comments.id = gone.comment_id",
    "posted_at", "posted_precision", "comments.first_seen_at", "comments.last_seen_at",
)  # fmt: skip
_LIMITS = "(" + " union all ".join(f"select {hours} as hours" for hours in DELAYS) + ")"
# A comment was there at its last visit and gone at the next: the truth lies between. One that came back later is known
# to have been there when it was first seen.
_SHORTEST = """(julianday(case when last_seen_at < seen_at then last_seen_at else first_seen_at end)
  - julianday(posted_at)) * 24"""
_LONGEST = "(julianday(seen_at) - julianday(posted_at)) * 24"


def _by_text(column: str) -> str:
    """Return what is under the articles that have a text in a column, such as a section."""
    return f"""
with {_PLACES},
flagged as materialized (select thread_id, count(*) as n from comments where codes like '%"content.%' group by 1),
gone as materialized (select thread_id, count(distinct comment_id) as n from events
  where kind = 'removed' and comment_id is not null group by 1),
sums as materialized (select substr({column}, 1, 200) as label, count(distinct articles.id) as articles,
  sum(threads.comment_count) as comments, sum(coalesce(flagged.n, 0)) as content, sum(coalesce(gone.n, 0)) as removed
  from articles join threads on threads.article_id = articles.id
  left join flagged on flagged.thread_id = threads.id left join gone on gone.thread_id = threads.id
  where {column} is not null and {column} <> '' and articles.withheld is null and threads.withheld is null
  group by 1 order by comments desc, 1 limit {MOST_SECTIONS})
select label as key1, 'articles' as key2, articles as value from sums
union all select label, 'comments', comments from sums
union all select label, 'content', content from sums
union all select label, 'removed', removed from sums"""


AGGREGATES: dict[str, str] = {
    # key1: outlet; key2: month in which they were posted
    "comments_by_month": f"""
with {_PLACES}, sums as materialized (
  select thread_id, {_MONTH} as month, count(*) as n from comments where {_IN_A_MONTH} group by 1, 2)
select cast(outlet as text) as key1, month as key2, sum(n) as value from sums join places using (thread_id)
group by 1, 2""",
    # key1: outlet:code or outlet:content; key2: month
    "flagged_by_month": f"""
with {_PLACES}, coded as ({_CODED}), sums as materialized (
  select thread_id, code, {_MONTH} as month, count(*) as n from coded where {_IN_A_MONTH} group by 1, 2, 3)
select outlet || ':' || code as key1, month as key2, sum(n) as value from sums join places using (thread_id)
group by 1, 2""",
    # key1: code or content; key2: commenter; value: their comments with it. The first of each outlet and of all.
    "commenters_by_flag": f"""
with coded as ({_CODED}), sums as materialized (
  select code, commenter_id, count(*) as n from coded where commenter_id is not null group by 1, 2),
ranked as (select code, commenter_id, n,
    row_number() over (partition by code order by n desc, commenter_id) as place,
    row_number() over (partition by code, coalesce(commenters.outlet_id, 0) order by n desc, commenter_id)
      as place_there
  from sums join commenters on commenters.id = commenter_id)
select code as key1, commenter_id as key2, n as value from ranked
where place <= {MOST_COMMENTERS} or place_there <= {MOST_COMMENTERS_OF_OUTLET}""",
    # key1: code or content; key2: the first commenter of a name whose comments have it, of any outlet; value: comments
    "names_by_flag": f"""
with coded as ({_CODED}), sums as materialized (
  select code, commenter_id, count(*) as n from coded where commenter_id is not null group by 1, 2),
named as (select code, min(commenter_id) as first, sum(n) as n
  from sums join commenters on commenters.id = commenter_id
  where outlet_id is not null and name <> '' group by code, name),
ranked as (select code, first, n, row_number() over (partition by code order by n desc, first) as place from named)
select code as key1, first as key2, n as value from ranked where place <= {MOST_COMMENTERS}""",
    # key1: the first commenter with a name that several outlets have; key2: empty; value: how many outlets have it
    "names_by_outlets": f"""
select min(id) as key1, '' as key2, count(distinct outlet_id) as value from commenters
where name is not null and name <> '' group by name having count(distinct outlet_id) > 1
order by value desc, 1 limit {MOST_NAMES}""",
    # key1: outlet:GROUP; key2: seen or removed
    "removed_by_flag": f"""
with {_PLACES}, {_GONE}, {_ALL_OR_GONE},
sums as materialized (select outlet, part, count(*) as seen, count(seen_at) as removed from grouped group by 1, 2)
select outlet || ':' || part as key1, 'seen' as key2, seen as value from sums
union all
select outlet || ':' || part, 'removed', removed from sums where removed > 0""",
    # key1: outlet:GROUP; key2: hours, and surely or possibly removed within them; `timed` is how many have a time
    "removal_delays": f"""
with {_PLACES}, {_GONE}, {_GONE_ONLY},
timed as materialized (select outlet, part, {_SHORTEST} as shortest, {_LONGEST} as longest from grouped
  where seen_at is not null and posted_at < seen_at and {_HOURLY})
select outlet || ':' || part as key1, 'timed' as key2, count(*) as value from timed group by 1
union all
select outlet || ':' || part, printf('%04d:surely', hours), sum(longest <= hours) from timed join {_LIMITS}
group by 1, 2
union all
select outlet || ':' || part, printf('%04d:possibly', hours), sum(shortest < hours) from timed join {_LIMITS}
group by 1, 2""",
    # key1: outlet:all or outlet:content; key2: hour (UTC), as 2026-03-14T09
    "comments_by_hour": f"""
with {_PLACES}, sums as materialized (
  select thread_id, substr(posted_at, 1, 13) as hour, count(*) as n, sum(codes like '%"content.%') as flagged
  from comments where {_HOURLY} group by 1, 2)
select outlet || ':all' as key1, hour as key2, sum(n) as value from sums join places using (thread_id) group by 1, 2
union all
select outlet || ':content', hour, sum(flagged) from sums join places using (thread_id) group by 1, 2
having sum(flagged) > 0""",
    # key1: outlet:all or outlet:content; key2: month in which they were posted, and whole hours after the article was
    # published, 168 for all later ones
    "comments_by_age": f"""
with {_PLACES}, aged as materialized (
  select places.outlet, {_MONTH} as month, count(*) as n, sum(codes like '%"content.%') as flagged,
    min({MOST_HOURS}, cast((julianday(posted_at) - julianday(published_at)) * 24 + 0.0001 as integer)) as hours
  from comments join places using (thread_id)
  where {_HOURLY} and published_at is not null and posted_at >= published_at group by 1, 2, 5)
select outlet || ':all' as key1, printf('%s:%03d', month, hours) as key2, n as value from aged
union all
select outlet || ':content', printf('%s:%03d', month, hours), flagged from aged where flagged > 0""",
    # key1: code, content, or removed; key2: thread; value: its comments with that
    "threads_by_flag": f"""
select code as key1, thread_id as key2, count(*) as value from ({_CODED}) group by 1, 2
union all
select 'removed', thread_id, count(distinct comment_id) from events
where kind = 'removed' and comment_id is not null group by thread_id""",
    # key1: section; key2: articles, comments, content or removed
    "sections": _by_text("articles.section"),
    # key1: byline; key2: articles, comments, content or removed
    "bylines": _by_text("articles.byline"),
    # key1: the first comment of those with the same text, nearly; key2: comments, articles, outlets or names
    "copied_texts": f"""
with sums as materialized (
  select group_id, count(*) as comments, count(distinct threads.article_id) as articles,
    count(distinct articles.outlet_id) as outlets, count(distinct comments.commenter_id) as names
  from text_copies join comments on comments.id = comment_id join threads on threads.id = comments.thread_id
  join articles on articles.id = threads.article_id
  where comments.withheld is null group by group_id having count(distinct threads.article_id) > 1
  order by articles desc, comments desc, group_id limit {MOST_COPIES})
select group_id as key1, 'comments' as key2, comments as value from sums
union all select group_id, 'articles', articles from sums
union all select group_id, 'outlets', outlets from sums
union all select group_id, 'names', names from sums""",
}
COLUMNS: dict[str, tuple[str, str, str]] = {
    "comments_by_month": ("outlet_id", "month", "comments"),
    "flagged_by_month": ("outlet_id_and_flag", "month", "comments"),
    "commenters_by_flag": ("flag", "commenter_id", "comments"),
    "names_by_flag": ("flag", "first_commenter_id", "comments"),
    "names_by_outlets": ("first_commenter_id", "of", "outlets"),
    "removed_by_flag": ("outlet_id_and_flag", "kind", "comments"),
    "removal_delays": ("outlet_id_and_flag", "hours", "comments"),
    "comments_by_hour": ("outlet_id_and_kind", "hour", "comments"),
    "comments_by_age": ("outlet_id_and_kind", "month_and_hours_after_publication", "comments"),
    "threads_by_flag": ("flag", "thread_id", "comments"),
    "sections": ("section", "of", "count"),
    "bylines": ("byline", "of", "count"),
    "copied_texts": ("first_comment_id", "of", "count"),
}
