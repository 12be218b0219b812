"""The columns of a row of a comment in CSV and Parquet: what each holds, where it is from, and how it is written."""

from dataclasses import dataclass
from typing import Literal

from archive.export.records import DATASET, LISTS, THREAD_LISTS
from archive.store.schema import TABLES
from archive.store.views import COLUMN_DESCRIPTIONS

# Whose columns they are, the first that has one of the name.
_OF_TABLES = ("comments", "articles", "threads", "commenters")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a row of a comment.

    Times are in UTC; a list of texts and objects (a list of them, but for the dataset) are JSON. `sql` is over
    `rows.JOINED`, and None where the view `comment_list` has the column; `about` is empty where a table's column of the
    name, or the view's, says what it is. Texts that come from outside are `foreign`, and may hold a NUL. `recurs` is
    whether Parquet has a dictionary of its values, which would only take memory where they are all different.
    """

    name: str
    kind: Literal["text", "integer", "time", "texts", "objects"] = "text"
    sql: str | None = None
    about: str = ""
    foreign: bool = False
    nullable: bool = True
    recurs: bool = False

    @property
    def description(self) -> str:
        """Return what it holds, in words."""
        about = self.about or COLUMN_DESCRIPTIONS.get(self.name)
        tables = (TABLES[table].columns for table in _OF_TABLES)
        return about or str(next(columns[self.name].comment for columns in tables if self.name in columns))


def _objects(name: str, sql: str, about: str) -> Column:
    return Column(name, "objects", sql, about, nullable=False)


COMMENT_LIST = (
    Column("id", "integer"),
    Column("thread_id", "integer", recurs=True),
    Column("outlet", foreign=True, recurs=True),
    Column("article", foreign=True, recurs=True),
    Column("author", foreign=True, recurs=True),
    Column("body", foreign=True, nullable=False),
    Column("posted_at", "time"),
    Column("posted_precision", recurs=True),
    Column("state", nullable=False, recurs=True),
    Column("depth", "integer", recurs=True),
    Column("position", "integer"),
    Column("parent_id", "integer"),
    Column("revision", "integer", recurs=True),
    Column("likes", "integer"),
    Column("dislikes", "integer"),
    Column("codes", "texts", about="Codes of the flags that stand, as a list.", nullable=False, recurs=True),
    Column("permalink", about="Its page on the site: the whole address where the site has one.", nullable=False),
    Column("article_url", foreign=True, nullable=False, recurs=True),
    Column("platform", nullable=False, recurs=True),
    Column("parent_source", recurs=True),
    Column("commenter_id", "integer", recurs=True),
    Column("outlet_id", "integer", recurs=True),
    Column("first_seen_at", "time", nullable=False, recurs=True),
    Column("last_seen_at", "time", nullable=False, recurs=True),
)
# What rows of comments have beside the columns of `comment_list`, by the names that JSON Lines has for it.
MORE = (
    Column(
        "outlet_name",
        sql="coalesce(outlets.name, outlets.domain)",
        about="Name of the outlet, or its host name.",
        foreign=True,
        recurs=True,
    ),
    Column("published_at", "time", "articles.published_at", recurs=True),
    Column("published_precision", sql="articles.published_precision", recurs=True),
    Column("byline", sql="articles.byline", foreign=True, recurs=True),
    Column("url", sql="comments.url", about="Its own address at the source.", foreign=True),
    Column("posted_at_text", sql="comments.posted_at_text", foreign=True),
    Column("native_id", sql="comments.native_id", foreign=True),
    Column(
        "author_native_id",
        sql="commenters.native_id",
        about="The platform's id of the account, where stated.",
        foreign=True,
    ),
    Column("is_guest", "integer", "commenters.is_guest", recurs=True),
    Column("is_staff", "integer", "commenters.is_staff", recurs=True),
    Column("title", sql="comments.title", foreign=True),
    Column("edited_at", "time", "comments.edited_at"),
    Column("edited_at_text", sql="comments.edited_at_text", foreign=True),
    Column("edited_precision", sql="comments.edited_precision", recurs=True),
    Column(
        "thread_native_id",
        sql="threads.native_id",
        about="The platform's own id of the thread; the article's url where the source has none.",
        foreign=True,
        recurs=True,
    ),
    Column("thread_url", sql="threads.url", about="Address of the thread itself, where it has one.", foreign=True),
    Column("comment_count", "integer", "threads.comment_count"),
    Column("completeness", sql="threads.completeness", recurs=True),
    Column("stated_count", "integer", "threads.stated_count", recurs=True),
    Column("language", sql="articles.language", foreign=True, recurs=True),
    Column("section", sql="articles.section", foreign=True, recurs=True),
    Column("dataset", "objects", DATASET, "The corpus or export that its thread was taken from."),
    _objects("labels", LISTS["labels"], "What the people or programs of datasets said of it."),
    _objects("reactions", LISTS["reactions"], "How often readers reacted to it in a way that is no vote."),
    _objects("reports", LISTS["reports"], "How often readers or programs reported it to the moderators."),
    _objects("decisions", LISTS["decisions"], "What the moderation of its source decided about it."),
    _objects("earlier", LISTS["earlier"], "Former texts that the source itself has on record."),
    _objects(
        "thread_labels", THREAD_LISTS["thread_labels"], "What the people or programs of datasets said of its thread."
    ),
    _objects(
        "article_labels", THREAD_LISTS["article_labels"], "What the people or programs of datasets said of its article."
    ),
)
COLUMNS = {column.name: column for column in (*COMMENT_LIST, *MORE)}
