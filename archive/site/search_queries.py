"""The statements of a search: its candidates, the values of its filters, and the hits of a page."""

from archive.search.query_sql import RECORDED
from archive.site.queries import OUTLET, TITLE
from archive.store.views import STANDING

# Thousands of rows come as one row of JSON: building a Python object for each would hold the interpreter's lock.
# `{}` is the statement of archive.search.query_sql that selects the newest matches.
MATCHES = """
with hits as materialized ({})
select json_group_array(json_array(
  hits.id, score, comments.thread_id, comments.commenter_id, substr(comments.posted_at, 1, 10), comments.state))
from hits cross join comments on comments.id = hits.id"""
NEWEST_MATCHES = """
with hits as materialized ({})
select json_group_array(json_array(
  hits.id, substr(comments.body, 1, 2000), comments.thread_id, comments.commenter_id,
  substr(comments.posted_at, 1, 10), comments.state))
from hits cross join comments on comments.id = hits.id"""
# Of the statement of archive.search.query_sql that selects the ids of matches.
MATCHES_BY_OUTLET_AND_MONTH = """
with hits as materialized ({}),
places as (select comments.thread_id, substr(comments.posted_at, 1, 7) as month, count(*) as found
  from hits cross join comments on comments.id = hits.id where comments.withheld is null group by 1, 2)
select articles.outlet_id, coalesce(month, ''), sum(found) from places
join threads on threads.id = places.thread_id join articles on articles.id = threads.article_id group by 1, 2"""
EVERY_OUTLET = "select id, coalesce(name, domain) as name, domain from outlets order by id"
OUTLETS_OF = """
select json_group_array(json_array(threads.id, articles.outlet_id, threads.dataset_id))
from threads join articles on articles.id = threads.article_id
where threads.id in (select value from json_each(:ids))"""
FLAG_FACTS = f"""
select json_group_array(json_array(comment_id, code, severity, target, status)) from flags
where comment_id in (select value from json_each(:ids)) and {STANDING}"""  # noqa: S608
# What was said of comments that are not withheld, by the table that says so.
RECORD_FACTS = {
    table: f"""
select json_group_array(json_array(comment_id, said)) from (select distinct comment_id, {text} as said from {table}
  where comment_id in (select id from comments where id in (select value from json_each(:ids)) and withheld is null)
    and {counts})"""  # noqa: S608
    for table, text, counts in RECORDED.values()
}
# The newest comments with a code, along the index (code, comment_id): few of its newest rows are not shown.
NEWEST_FLAGGED = f"""
with newest as (select comment_id, code, target, status, withdrawn_at from flags
  where code = :code and comment_id is not null order by comment_id desc limit :read),
hits as materialized (select distinct comment_id as id from newest
  where {STANDING} and (:target is null or target = :target) and (:status is null or status = :status)
  order by comment_id desc limit :limit)
select json_group_array(json_array(
  hits.id, 0, comments.thread_id, comments.commenter_id, substr(comments.posted_at, 1, 10), comments.state))
from hits cross join comments on comments.id = hits.id"""  # noqa: S608
TEXTS_BY_ID = """
select id, substr(body, 1, :length) as body, revision from comments
where id in (select value from json_each(:ids))"""
HITS = f"""
select comments.id, comments.thread_id, comments.parent_id, comments.commenter_id, commenters.name as author,
  comments.posted_at, comments.posted_at_text, comments.posted_precision, comments.state, comments.revision,
  comments.last_seen_at, comments.withheld, {TITLE}, articles.outlet_id,
  {OUTLET} as outlet
from comments join threads on threads.id = comments.thread_id join articles on articles.id = threads.article_id
left join outlets on outlets.id = articles.outlet_id left join commenters on commenters.id = comments.commenter_id
where comments.id in (select value from json_each(:ids))"""  # noqa: S608
ARTICLE_HITS = "select rowid as id from articles_fts where articles_fts match :match order by rowid desc limit 5"
ARTICLES_BY_ID = f"""
select articles.id, articles.title, articles.published_at, articles.published_precision,
  substr(articles.body, 1, :length) as body, {OUTLET} as outlet,
  (select id from threads where article_id = articles.id order by id limit 1) as thread_id
from articles left join outlets on outlets.id = articles.outlet_id
where articles.id in (select value from json_each(:ids))
  and not exists (select 1 from threads where article_id = articles.id and threads.withheld is not null)"""  # noqa: S608
OUTLET_NAMES = """
select id, substr(coalesce(name, domain), 1, 301) as name from outlets
where id in (select value from json_each(:ids))"""
DATASET_NAMES = "select id, name from datasets where id in (select value from json_each(:ids))"
COMMENTER_NAMES = "select id, name from commenters where id in (select value from json_each(:ids))"
