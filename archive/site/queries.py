"""The statements of the site's own pages. Each is bounded by an index and a limit, however large the archive is."""

from archive.store.suppressions import CODE as WITHHELD
from archive.store.views import STANDING

PERSONAL = "content.pii"

COMMENT_TOTAL = "select value from totals where name = 'comments'"
TOTALS = "select name, value from totals where name < 'flags:' or name >= 'flags;'"
FLAG_TOTALS = """
select code, title, namespace, value from totals join flag_codes on code = substr(name, 7)
where name >= 'flags:' and name < 'flags;' and value > 0 order by value desc, code"""
CODES = """
select code, title, definition, namespace, level, severity, blur, mappings, coalesce(value, 0) as total
from flag_codes left join totals on name = 'flags:' || code"""
RULES = """
select rule, code, language, pattern, note, coalesce(value, 0) as total
from flag_rules left join totals on name = 'rules:' || rule order by code, rule"""

HAS_TABLE = "select 1 from sqlite_master where type = 'table' and name = :name"
RELEASE = "select name, value from release"

FULL_TITLE = """case when articles.withheld is not null or threads.withheld is not null
  then 'Withheld by this archive' else articles.title end"""
FULL_OUTLET = "coalesce(outlets.name, outlets.domain)"
# As far as a line shows them, and one letter more: see formatting.short.
TITLE = f"substr({FULL_TITLE}, 1, 301) as title"
OUTLET = f"substr({FULL_OUTLET}, 1, 301)"
_THREADS = f"""
select threads.id, threads.comment_count, threads.flag_count, threads.stated_count, threads.completeness,
  threads.first_seen_at, threads.last_seen_at, {TITLE}, articles.published_at, articles.published_precision,
  articles.outlet_id, {OUTLET} as outlet
from threads join articles on articles.id = article_id left join outlets on outlets.id = outlet_id"""  # noqa: S608
# Of the articles that say when they were published, along the index on it; those that do not come last.
NEWEST_THREADS = (
    _THREADS.replace(
        "from threads join articles on articles.id = article_id",
        "from articles cross join threads on threads.article_id = articles.id",
    )
    + " order by articles.published_at desc, articles.id desc limit 8"
)
THREADS_BY_ID = f"""
select listed.*, (select content_count from thread_list where thread_list.id = listed.id) as content_count
from ({_THREADS} where threads.id in (select value from json_each(:ids))) as listed"""  # noqa: S608
# Live archives: along the index on codes, of each flag on the words the newest comments; public copies have a count.
# "cross" keeps SQLite from reading all comments first.
FLAGGED_THREADS_LATELY = f"""
select thread_id, count(distinct comments.id) as flagged from (
  select (select json_group_array(comment_id) from (select comment_id from flags
    where flags.code = flag_codes.code and comment_id is not null and {STANDING}
    order by comment_id desc limit :limit)) as ids
  from flag_codes where namespace = 'content') as latest
cross join json_each(latest.ids) cross join comments on comments.id = json_each.value
where comments.codes like '%"content.%' group by thread_id order by flagged desc, thread_id desc limit 5"""  # noqa: S608
FLAGGED_THREADS = """
select id as thread_id from thread_list where content_count > 0 order by content_count desc, id desc limit 5"""
LATEST_THREADS = f"{_THREADS} order by threads.id desc limit 50"
REMOVALS = f"""
select events.comment_id as id, events.id as event_id, events.seen_at, events.confidence, comments.last_seen_at,
  comments.commenter_id, commenters.name as author, {TITLE}, events.thread_id,
  (select {OUTLET} from outlets where outlets.id = articles.outlet_id) as outlet
from events join comments on comments.id = events.comment_id join threads on threads.id = events.thread_id
join articles on articles.id = article_id left join commenters on commenters.id = comments.commenter_id
where events.kind = 'removed' order by events.seen_at desc, events.id desc"""  # noqa: S608
LATEST_REMOVALS = f"{REMOVALS} limit 50"
REMOVALS += " limit 5"
_REMOVALS = """
with newest as materialized (select id, thread_id, comment_id, seen_at, confidence from events
  where kind = 'removed' and comment_id is not null and seen_at >= :first and seen_at < :last
  order by seen_at desc, id desc limit :limit)"""
REMOVAL_SUMS = (
    _REMOVALS
    + f""", sums as (
select substr(newest.seen_at, 1, 7) as month, articles.outlet_id, count(*) as removals,
  sum(confidence = 'high') as high, sum(confidence = 'medium') as medium, sum(confidence = 'low') as low
from newest join threads on threads.id = thread_id join articles on articles.id = article_id
group by 1, 2 order by 1 desc, 3 desc limit 200)
select sums.*, {OUTLET} as outlet from sums left join outlets on outlets.id = outlet_id
order by month desc, removals desc"""  # noqa: S608
)
# The rows of comments are long: those of the page alone are read.
REMOVED = (
    _REMOVALS
    + f""", shown as materialized (
select newest.*, {TITLE}, {OUTLET} as outlet
from newest cross join threads on threads.id = newest.thread_id cross join articles on articles.id = article_id
left join outlets on outlets.id = outlet_id
where :outlet is null or outlet_id = :outlet
order by newest.seen_at desc, newest.id desc limit :size)
select shown.*, comments.last_seen_at from shown cross join comments on comments.id = comment_id
order by seen_at desc, shown.id desc"""  # noqa: S608
)
EVERY_REMOVAL = f"""
select events.id, events.comment_id, events.thread_id, events.seen_at, events.confidence, {TITLE},
  {OUTLET} as outlet
from events cross join threads on threads.id = thread_id cross join articles on articles.id = article_id
left join outlets on outlets.id = outlet_id
where events.kind = 'removed' and events.seen_at >= :first and events.seen_at < :last
  and events.comment_id is not null and (:outlet is null or outlet_id = :outlet)
order by events.seen_at desc, events.id desc"""  # noqa: S608
OUTLETS = """
select id, domain, coalesce(name, domain) as name,
  (select count(*) from (select 1 from articles where outlet_id = outlets.id limit 1001)) as articles
from outlets order by id limit 12"""
OUTLETS_PAGE = """
select id, domain, coalesce(name, domain) as name,
  (select count(*) from (select 1 from articles where outlet_id = outlets.id limit 1001)) as articles
from outlets order by lower(coalesce(name, domain)), id limit :limit offset :skip"""

THREAD = """
select threads.*, articles.url as article_url, articles.title, articles.byline, articles.published_at,
  articles.published_at_text, articles.published_precision, articles.language, articles.section,
  articles.body as article_body, articles.revision as article_revision, articles.withheld as article_withheld,
  articles.outlet_id, outlets.domain, coalesce(outlets.name, outlets.domain) as outlet,
  datasets.name as dataset, datasets.version as dataset_version, datasets.licence, datasets.citation,
  datasets.url as dataset_url
from threads join articles on articles.id = threads.article_id left join outlets on outlets.id = articles.outlet_id
left join datasets on datasets.id = threads.dataset_id
where threads.id = :thread"""
CAPTURE = "select * from captures where id = :capture"

_COMMENT = """
select comments.id, comments.thread_id, comments.parent_id, comments.commenter_id, commenters.name as author,
  comments.position, comments.depth, comments.posted_at, comments.posted_at_text, comments.posted_precision,
  comments.body, comments.revision, comments.state, comments.likes, comments.dislikes, comments.first_seen_at,
  comments.last_seen_at, comments.withheld
from comments left join commenters on commenters.id = comments.commenter_id"""


def _comments(where: str) -> str:
    return f"{_COMMENT} where {where}"


def _page(ids: str, order: str = "position") -> str:
    """Select a page of a thread's comments: their ids along an index first, then whole rows, of which few are read."""
    columns = order.replace("position", "comments.position").replace("posted_at", "comments.posted_at")
    return _comments(f"comments.id in ({ids} order by {order} limit :size offset :skip) order by {columns}")


_IN_THREAD = "select id from comments where thread_id = :thread"
_FLAGGED = "and codes is not null"
_SEEN_BY = "and first_seen_at <= :at"
_CHANGED = "and id in (select comment_id from events where thread_id = :thread and kind <> 'added')"
COMMENTS = {
    "order": _page(_IN_THREAD),
    "newest": _page(_IN_THREAD, "posted_at desc, position desc"),
    "flagged": _page(f"{_IN_THREAD} {_FLAGGED}"),
    "changed": _page(f"{_IN_THREAD} {_CHANGED}"),
    "at": _page(f"{_IN_THREAD} {_SEEN_BY}"),
}
THREAD_IDS = {
    "order": f"{_IN_THREAD} order by position",
    "newest": f"{_IN_THREAD} order by posted_at desc, position desc",
    "flagged": f"{_IN_THREAD} {_FLAGGED} order by position",
    "changed": f"{_IN_THREAD} {_CHANGED} order by position",
    "at": f"{_IN_THREAD} {_SEEN_BY} order by position",
}
COMMENTS_BY_ID = _comments("comments.id in (select value from json_each(:ids))")
NAMES_BY_ID = """
select comments.id, commenter_id, commenters.name as author, substr(body, 1, 2000) as body, revision, thread_id, state
from comments left join commenters on commenters.id = commenter_id
where comments.id in (select value from json_each(:ids))"""
VISITS = """
select seen_at, kind, count(*) as events from events where thread_id = :thread
group by seen_at, kind order by seen_at"""

VISIT_AT = """
select max(seen_at) from (select seen_at from visits where thread_id = :thread and outcome <> 'failed'
  union all select seen_at from events where thread_id = :thread
  union all select first_seen_at from threads where id = :thread)
where seen_at <= :at"""

_FLAGS = """
select id, code, comment_id, thread_id, article_id, revision, rule, evidence, target, created_at, status, corrects
from flags"""
FLAGS = f"{_FLAGS} where comment_id in (select value from json_each(:ids)) and {STANDING} order by comment_id, id"  # noqa: S608
COMMENT_FLAGS = f"{_FLAGS} where comment_id = :comment and withdrawn_at is null order by id"
FLAG = f"{_FLAGS} where id = :flag and withdrawn_at is null"
THREAD_FLAGS = (
    f"{_FLAGS} where thread_id = :thread and {STANDING} union all {_FLAGS} where article_id = :article and {STANDING}"
)
RULE = "select rule, language, pattern, note from flag_rules where rule = :rule"
BODY = "select body from comments where id = :comment"
FLAG_CODE = "select code from flags where id = :flag"
FLAG_TEXT = """
select coalesce(earlier.body, comments.body) as body,
  (select min(start) from flag_spans where flag_id = flags.id) as start
from flags join comments on comments.id = flags.comment_id
left join comment_revisions as earlier on earlier.comment_id = comments.id and earlier.revision = flags.revision
where flags.id = :flag"""
VERDICTS = """
select flag_id, reviewer, verdict, corrected_code, note, reviewed_at from reviews
where id in (select max(id) from reviews where flag_id in (select value from json_each(:ids))
  and retracted_at is null group by flag_id, reviewer) order by id"""
SPANS = 'select flag_id, start, "end", exact from flag_spans where flag_id in (select value from json_each(:ids))'
# The highest first: a dataset may ask dozens of questions of each comment, and most answers are 0. More of a value is
# read than a page shows, so that personal data is masked before it is cut.
_OF_THESE = "where comment_id in (select value from json_each(:ids))"
_MODERATION = "null as raters, 0 as size, 'its source' as dataset"
LABELS = f"""
select comment_id, dataset, name, value, raters from (
  select comment_id, substr(labels.name, 1, 301) as name, substr(labels.value, 1, 5000) as value, raters,
    coalesce(number, 0) as size, datasets.name as dataset, 0 as part, labels.id
  from labels join datasets on datasets.id = dataset_id {_OF_THESE}
  union all
  select comment_id, 'moderation', status || coalesce(' by ' || decider, '') || coalesce(', ' || decided_at, '')
    || coalesce(', reason: ' || substr(reason, 1, 301), ''), {_MODERATION}, 1, id from decisions {_OF_THESE}
  union all
  select comment_id, 'reported', substr(kind, 1, 301) || ' (' || "count" || ')', {_MODERATION}, 2, id
  from reports {_OF_THESE})
order by comment_id, part, size desc, id"""  # noqa: S608
_LABELS_ABOVE = """
select substr(labels.name, 1, 301) as name, substr(labels.value, 1, 5000) as value, datasets.name as dataset, raters
from labels join datasets on datasets.id = dataset_id where {}_id = :number and labels.value <> ''
order by coalesce(number, 0) desc, labels.id"""
LABELS_ABOVE = {subject: _LABELS_ABOVE.format(subject) for subject in ("thread", "article")}
_EVENTS = """
from events where comment_id in (select value from json_each(:ids)) and kind <> 'added' order by seen_at, id"""
# Texts are long, and most pages say no more of an edit than that there was one.
EVENTS = f"""
select comment_id, kind, case when kind <> 'edited' then substr("before", 1, 300) end as "before",
  case when kind <> 'edited' then substr("after", 1, 300) end as "after", seen_at, confidence {_EVENTS}"""
EVENTS_WITH_TEXTS = f'select comment_id, kind, "before", "after", seen_at, confidence {_EVENTS}'
REVISIONS = """
select comment_id, revision, body, seen_from, seen_until, capture_id from comment_revisions
where comment_id in (select value from json_each(:ids)) order by comment_id, revision"""

ANCESTORS = """
with recursive above(id, parent_id, steps) as (
  select id, parent_id, 0 from comments where id = :comment
  union all
  select comments.id, comments.parent_id, steps + 1 from comments join above on comments.id = above.parent_id
  where steps < :limit
) select id from above where steps > 0 order by steps desc"""
FOLLOWING = _comments(
    "comments.thread_id = :thread and comments.position > :position order by comments.position limit :limit"
)
COMMENTS_BEFORE = "select count(*) from comments where thread_id = :thread and position < :position"
COMMENT_SOURCE = (
    "select capture_id, url, parent_source, native_id, body_sha256, first_seen_at from comments where id = :comment"
)
WITHHELD_BY_REASON = f"""
select rule, count(*) as comments from flags
where code = '{WITHHELD}' and comment_id is not null and withdrawn_at is null
group by rule order by rule"""  # noqa: S608
PERIOD = """
select (select min(posted_at) from comments) as first, (select max(posted_at) from comments) as last,
  (select min(first_seen_at) from threads) as begun, (select max(last_seen_at) from threads) as latest"""
OUTLETS_BY_NAME = "select coalesce(name, domain) as name, domain from outlets order by id limit 200"
STATISTIC = "select key1, key2, value from statistics where name = :name order by key1, key2"
FILE = "select file from pragma_database_list where name = 'main'"
LAST_THREAD = "select max(id) from threads"
SITEMAP = """
select id, last_seen_at from threads where id > :after and id <= :last
  and withheld is null order by id"""
THREAD_TITLES = f"""
select threads.id, {FULL_TITLE} as title, {FULL_OUTLET} as outlet
from threads join articles on articles.id = article_id left join outlets on outlets.id = outlet_id
where threads.id in (select value from json_each(:ids))"""  # noqa: S608
