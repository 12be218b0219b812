"""Make a new archive, and bring an older one up to date.

Append only: once a version is released, what stands here is history and stays as it is.
"""

from functools import cache

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable
from sqlite_utils import Database, Migrations
from sqlite_utils.db import quote_identifier

from archive.store.schema import TABLES

migrations = Migrations("belowtheline")

# Since the last archive that was made before the first release: its four migrations are part of this one.
ADDED_COLUMNS = (("comments", "withheld"), ("threads", "withheld"), ("articles", "withheld"))
# Made later than the first release.
LATER_TABLES = (
    "reactions",
    "paused_outlets",
    "datasets",
    "labels",
    "import_changes",
    "hosts",
    "text_copies",
    "watches",
    "search_changes",
    "reports",
    "decisions",
)
FILL_WITHHELD = """
update {table} set withheld = (select rule from flags where {column} = {table}.id and code = 'archive.withheld'
  and withdrawn_at is null order by id limit 1)
where id in (select {column} from flags where code = 'archive.withheld' and withdrawn_at is null)"""

MORE_OF_LABELS = """
select sql from sqlite_master where tbl_name = 'labels' and type in ('index', 'trigger') and sql is not null
  and name not in ('labels_comment_id', 'labels_name')"""


class TooOld(Exception):
    """The archive was made by a version before the first release that this one cannot bring up to date."""


@migrations()
def m001_first_release(db: Database) -> None:
    """Create every table as archive.store.schema describes it, or add what an archive of 0.1.0 lacks."""
    if "comments" not in db.table_names():
        for statement in schema_statements():
            db.execute(statement)
        return
    missing = set(TABLES) - set(db.table_names())
    if missing - {"frontier", "settings", "suppressions", "withheld", *LATER_TABLES}:
        raise TooOld(f"it lacks the tables {', '.join(sorted(missing))}: open it once with version 0.1.0")
    for table, column in ADDED_COLUMNS:
        if column not in db[table].columns_dict:
            _add_column(db, table, column)
            db.execute(FILL_WITHHELD.format(table=table, column=f"{table.removesuffix('s')}_id"))


@migrations()
def m002_capture_position(db: Database) -> None:
    """Add which comment of its capture a text is: of two with the same words nothing else may tell."""
    for table in ("comments", "comment_revisions"):
        if "capture_position" not in db[table].columns_dict:
            _add_column(db, table, "capture_position")


@migrations()
def m003_partial_threads(db: Database) -> None:
    """Call partial what is flagged as such: a thread used to be of unknown completeness and yet flagged as partial."""
    db.execute("""
        update threads set completeness = 'partial' where completeness <> 'partial' and id in
        (select thread_id from flags where code = 'capture.partial_thread' and withdrawn_at is null)""")
    db.execute(
        "update visits set completeness = 'partial' where completeness <> 'partial' and stated_count > comment_count"
    )


@migrations()
def m004_reasons_of_reviewers(db: Database) -> None:
    """Take reviewers' reasons out of the flags that they raised by hand: they are notes of their reviews too."""
    db.execute("""
        update flags set evidence = null where rule = 'review.by-hand' and evidence in
        (select trim(note) from reviews where flag_id = flags.id)""")


@migrations()
def m005_comment_services(db: Database) -> None:
    """Add what reading comment services needs: the hash of what was posted, kinds of stated counts, reactions."""
    for table, column in (("captures", "request_sha256"), ("threads", "stated_kind")):
        if column not in db[table].columns_dict:
            _add_column(db, table, column)
    if "reactions" not in db.table_names():
        db.execute(str(CreateTable(TABLES["reactions"]).compile(dialect=sqlite.dialect())).strip())


@migrations()
def m006_failing_since(db: Database) -> None:
    """Note since when the visits of a page have failed. The table `paused_outlets` is made with the private ones."""
    if "frontier" in db.table_names() and "failing_since" not in db["frontier"].columns_dict:
        _add_column(db, "frontier", "failing_since")


@migrations()
def m007_datasets(db: Database) -> None:
    """Add datasets and their labels, and the dataset of a thread."""
    for name in ("datasets", "labels"):
        if name not in db.table_names():
            for statement in _table_statements(name):
                db.execute(statement)
    if "dataset_id" not in db["threads"].columns_dict:
        _add_column(db, "threads", "dataset_id", " references datasets (id)")


@migrations()
def m008_hosts(db: Database) -> None:
    """Note which worker has a page in hand, and list the due pages of a host. `hosts` is made with the private tables;
    a crawl fills it from the frontier."""
    if "frontier" not in db.table_names():
        return
    if "owner" not in db["frontier"].columns_dict:
        _add_column(db, "frontier", "owner")
        db.execute("drop index if exists frontier_host")
        for index in TABLES["frontier"].indexes:
            db.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=sqlite.dialect())))


@migrations()
def m009_text_copies(db: Database) -> None:
    """Add which comments have the same text, and the searches that somebody follows."""
    for name in ("text_copies", "watches"):
        if name not in db.table_names():
            for statement in _table_statements(name):
                db.execute(statement)


@migrations()
def m010_retracted_reviews(db: Database) -> None:
    """Let reviewers take a verdict back."""
    if "retracted_at" not in db["reviews"].columns_dict:
        _add_column(db, "reviews", "retracted_at")


@migrations()
def m011_moderation(db: Database) -> None:
    """Add what exports know beside texts: headings, times of edits, earlier wordings, decisions and reports."""
    added = {"comments": ("title", "edited_at", "edited_at_text", "edited_precision")}
    for table, columns in (added | {"comment_revisions": ("written_at",)}).items():
        for column in columns:
            if column not in db[table].columns_dict:
                _add_column(db, table, column)
    for name in ("reports", "decisions"):
        if name not in db.table_names():
            for statement in _table_statements(name):
                db.execute(statement)


@migrations()
def m012_labels_of_threads(db: Database) -> None:
    """Let labels speak of threads and articles, too: SQLite lets a column be empty in a new table alone.

    What somebody added stays: columns, indexes and triggers are made again. Views, triggers and references of other tables
    name the table all the same, as its former self did: they are left as they are, as `prepare` checks no references.
    """
    if "thread_id" in db["labels"].columns_dict:
        return
    types = {row["name"]: row["type"] for row in db.query("pragma table_info(labels)")}
    names = ", ".join(map(quote_identifier, types))
    more = [row["sql"] for row in db.query(MORE_OF_LABELS)]
    create, *indexes = _table_statements("labels")
    for statement in (
        "pragma legacy_alter_table = on",
        "alter table labels rename to labels_of_comments",
        "pragma legacy_alter_table = off",
        create,
        *(
            f"alter table labels add column {quote_identifier(name)} {kind}"
            for name, kind in types.items()
            if name not in TABLES["labels"].c
        ),
        f"insert into labels ({names}) select {names} from labels_of_comments",  # noqa: S608  # names of columns
        "drop table labels_of_comments",
        *indexes,
        *more,
    ):
        db.execute(statement)


def _add_column(db: Database, table: str, column: str, more: str = "") -> None:
    added = CreateColumn(TABLES[table].c[column]).compile(dialect=sqlite.dialect())
    db.execute(f"alter table {table} add column {added}{more}")


def schema_statements() -> list[str]:
    """Return the statements that create the tables and indexes, in order."""
    return [statement for name in TABLES for statement in _table_statements(name)]


@cache
def _table_statements(name: str) -> list[str]:
    dialect, table = sqlite.dialect(), TABLES[name]
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    created = str(CreateTable(table).compile(dialect=dialect)).strip()
    return [created, *(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes)]
