"""The schema on PostgreSQL: tables, the functions that SQLite has built in, and ids in one piece.

Statements that both engines read alike call SQLite's functions of JSON. Here they are SQL functions of the archive's
schema, under the same names and with texts for texts. Full text and the views of flags are SQLite's alone: whoever
searches and publishes reads a copy.
"""

from functools import cache

from sqlalchemy import CheckConstraint, Connection, MetaData, inspect
from sqlalchemy.schema import AddConstraint, CreateColumn
from sqlite_utils import Database

from archive.store.migrations import migrations
from archive.store.schema import TABLES
from archive.store.views import VIEWS
from archive.store.writer import INSERT_ORDER

VERSIONS = "create table if not exists schema_versions (name text primary key)"
APPLIED = "select name from schema_versions"
NOTE = "insert into schema_versions (name) values (?) on conflict do nothing"
# The views that both engines read alike.
COMMON_VIEWS = ("comment_list", "thread_list", "removal_list")
FUNCTIONS = (
    # json_each('[1, 2]'), json_each('{"a": 1}'): rows of key and value, both texts
    """
create or replace function json_each(doc text) returns table (key text, value text)
language sql immutable strict parallel safe rows 1000 as $$
select (number - 1)::text, item from json_array_elements_text(
  case when json_typeof(doc::json) = 'array' then doc::json else '[]'::json end) with ordinality as items (item, number)
union all
select pairs.key, pairs.value from json_each_text(
  case when json_typeof(doc::json) = 'object' then doc::json else '{}'::json end) as pairs (key, value)
$$""",
    # json_extract('{"a": [1, 2]}', '$.a[1]') and json_type of the same: null where there is none
    """
create or replace function json_steps(path text) returns text[]
language sql immutable strict parallel safe as $$
select string_to_array(translate(ltrim(substr(path, 2), '.['), '[]', '.'), '.')
$$""",
    """
create or replace function json_extract(doc text, path text) returns text
language sql immutable strict parallel safe as $$ select doc::json #>> json_steps(path) $$""",
    """
create or replace function json_type(doc text, path text) returns text
language sql immutable strict parallel safe as $$ select json_typeof(doc::json #> json_steps(path)) $$""",
    """
create or replace function json_list(items text[]) returns text
language sql immutable strict parallel safe as $$ select array_to_json(items)::text $$""",
    """
create or replace aggregate json_group_array(text)
  (sfunc = array_append, stype = text[], initcond = '{}', finalfunc = json_list)""",
    # Ids for rows that name each other before they are written. A sequence is outside of transactions, and so is this.
    """
create or replace function take_ids(name text, number bigint) returns bigint language plpgsql as $$
declare
  sequence text := pg_get_serial_sequence(quote_ident(name), 'id');
  first bigint;
begin
  perform pg_advisory_lock(hashtext('take_ids'), hashtext(sequence));
  first := nextval(sequence);
  if number > 1 then perform setval(sequence, first + number - 1); end if;
  perform pg_advisory_unlock(hashtext('take_ids'), hashtext(sequence));
  return first;
end $$""",
)


@cache
def metadata() -> MetaData:
    """Return the tables with what is PostgreSQL's alone.

    Indexes that SQLite has of some rows only are of these rows only here too, and references between rows can be
    checked at the end of a transaction.
    """
    copied = MetaData()
    for original in TABLES.values():
        table = original.to_metadata(copied)
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
        for constraint in table.foreign_key_constraints:
            constraint.deferrable = True
    return copied


def foreign_tables(connection: Connection) -> list[str]:
    """Return the tables of a schema that is no archive; none where it is one, or is empty."""
    names = set(inspect(connection).get_table_names())
    return [] if "schema_versions" in names else sorted(names)


def is_current(connection: Connection) -> bool:
    """Return whether an archive is of this version."""
    if not inspect(connection).has_table("schema_versions"):
        return False
    return set(_versions()) <= set(connection.exec_driver_sql(APPLIED).scalars())


def create(connection: Connection) -> None:
    """Create what is missing of tables, columns, indexes and functions, in the caller's transaction.

    That is all that later versions need as long as they add, and rename nothing. A migration that changes rows has to
    be written for both engines.
    """
    for statement in (VERSIONS, *FUNCTIONS):
        connection.exec_driver_sql(statement)
    _add_columns(connection)
    _let_labels_speak_of_threads(connection)
    metadata().create_all(connection)
    for table in metadata().tables.values():
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    for name in COMMON_VIEWS:
        connection.exec_driver_sql(f"drop view if exists {name}")
        connection.exec_driver_sql(f"create view {name} as {VIEWS[name]}")
    for name in INSERT_ORDER:
        connection.exec_driver_sql(f"alter table {name} alter column id set default take_ids('{name}', 1)")
    connection.exec_driver_sql(NOTE, [(name,) for name in _versions()])


def _add_columns(connection: Connection) -> None:
    inspector = inspect(connection)
    stored = set(inspector.get_table_names())
    for table in metadata().tables.values():
        if table.name in stored:
            present = {column["name"] for column in inspector.get_columns(table.name)}
            for column in table.columns:
                if column.name not in present:
                    added = CreateColumn(column).compile(dialect=connection.dialect)
                    targets = (key.column.table.name for key in column.foreign_keys)
                    refers = "".join(f" references {name} deferrable" for name in targets if name in stored)
                    connection.exec_driver_sql(f"alter table {table.name} add column {added}{refers}")


def _let_labels_speak_of_threads(connection: Connection) -> None:
    """Make of a table of labels of comments what m012_labels_of_threads makes of it; `_add_columns` has been here."""
    inspector = inspect(connection)
    if not inspector.has_table("labels") or inspector.get_check_constraints("labels"):
        return
    connection.exec_driver_sql("alter table labels alter column comment_id drop not null")
    for constraint in metadata().tables["labels"].constraints:
        if isinstance(constraint, CheckConstraint):
            connection.execute(AddConstraint(constraint))


@cache
def _versions() -> tuple[str, ...]:
    """Return the names of all migrations: what is made now is as if each of them had run."""
    in_memory = Database(memory=True)
    names = tuple(migration.name for migration in migrations.pending(in_memory))
    in_memory.close()
    return names
