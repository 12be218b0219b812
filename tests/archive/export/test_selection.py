"""Selections beside plain SQL; what cannot be asked for; what is counted."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.export.formats import FORMATS
from archive.export.selection import ExportOptions, Selection, SqlError, WrongUsage
from archive.export.write import Miscounted, Written, export, write
from archive.store.archive import Archive
from archive.store.private_tables import PRIVATE_TABLES
from archive.store.views import STANDING
from archive.takedown import withhold
from tests.archive_fixture import FOLDED, SECOND, THIRD, fill_reviewed

SECRET = "a text that nobody may read"
THREAT = 4
TODAY = datetime.now(UTC).date().isoformat()
FOR_ALL = ("csv", "jsonl", "parquet")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The archive of the site's tests, with something in each private table."""
    path = fill_reviewed(tmp_path_factory.mktemp("export") / "archive.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in PRIVATE_TABLES:
            columns = connection.execute("select name, type, pk from pragma_table_info(?)", (table,)).fetchall()
            values = [SECRET if kind == "TEXT" else 1 for _, kind, _ in columns]
            connection.execute(f"insert or replace into {table} values ({', '.join('?' * len(values))})", values)
    return path


@pytest.fixture(scope="module")
def public(full, tmp_path_factory):
    """The same as a public copy has it: names beside numbers in one table, and a view over that."""
    path = tmp_path_factory.mktemp("public") / "archive.db"
    with closing(sqlite3.connect(full)) as archive, closing(sqlite3.connect(path)) as copy:
        archive.backup(copy)
        names = [row[1] for row in copy.execute("pragma table_info(comments)")]
        shown = [row[1] for row in copy.execute("pragma table_info(comment_list)")]
        copy.execute("create table listed as select * from comment_list")
        copy.execute(
            f"create table copied as select {', '.join('comments.' + name for name in names)}, "
            "outlet, article, author from comments join listed using (id)"
        )
        for (name,) in copy.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            copy.execute(f"drop trigger {name}")
        for name in ("comment_list", "thread_list", "flag_list", "removal_list", "agreement_list"):
            copy.execute(f"drop view {name}")
        copy.executescript("drop table comments; alter table copied rename to comments; drop table comments_fts;")
        told = {
            "permalink": "'/comment/' || id",
            "article_url": "(select article_url from listed where id = comments.id)",
            "platform": "(select platform from threads where id = comments.thread_id)",
            "outlet_id": "(select outlet_id from listed where id = comments.id)",
        }
        view = ", ".join(f"{told[name]} as {name}" if name in told else name for name in shown)
        copy.execute(f"create view comment_list as select {view} from comments")
        copy.executescript("".join(f"drop table {name};" for name in PRIVATE_TABLES))
        copy.execute("create table release (name text primary key, value text not null) without rowid")
        copy.execute("insert into release values ('url', 'https://comments.example'), ('number', '3')")
        copy.commit()
    return path


def ids(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute(sql)]


def exported(path, form, selection):
    out = io.BytesIO()
    return export(path, form, out, selection), out.getvalue()


def chosen(path, selection):
    """The ids of the comments that csv and parquet have, which are the same."""
    written, data = exported(path, "csv", selection)
    found = [int(row["id"]) for row in csv.DictReader(io.StringIO(data.decode(), newline=""))]
    assert pq.read_table(io.BytesIO(exported(path, "parquet", selection)[1]))["id"].to_pylist() == found
    assert written == Written(len(found), len(found), "comments")
    return sorted(found)


CHANGES = """id in (select comment_id from events where seen_at >= '{0}' and kind <> 'added')
  or id in (select comment_id from flags where code = 'archive.withheld' and created_at >= '{0}')"""


@pytest.mark.parametrize(
    "selection, condition",
    [
        (Selection(), "true"),
        (Selection(where="depth > 2 -- deep"), "depth > 2"),
        (Selection(where="author = 'Tom Billes' or likes > 3", threads=range(1, 2)),
         "(author = 'Tom Billes' or likes > 3) and thread_id = 1"),
        (Selection(where="1) or (1", threads=range(2, 3)), "thread_id = 2"),
        (Selection(outlet="plain.example"), "outlet = 'plain.example'"),
        (Selection(threads=range(2, 5)), "thread_id in (2, 3, 4)"),
        (Selection(threads=range(9, 9)), "false"),
        (Selection(since=THIRD), f"first_seen_at >= '{THIRD}' or {CHANGES.format(THIRD)}"),
        (Selection(since="2026-03-14"), "true"),
        (Selection(since="2026-03-16T07:00+01:00"), f"first_seen_at >= '{THIRD}' or {CHANGES.format(THIRD)}"),
        (Selection(since="2036-01-01"), "false"),
        (Selection(flag="content.insult"), "codes like '%\"content.insult\"%'"),
        (Selection(flag="content.*"), "codes like '%\"content.%'"),
        (Selection(flag="archive.*"), "codes like '%\"archive.%'"),
        (Selection(flag="content.*", where="likes is null", outlet="harbour-courier.example", since=SECOND),
         f"codes like '%\"content.%' and likes is null and outlet = 'harbour-courier.example' "
         f"and (first_seen_at >= '{SECOND}' or {CHANGES.format(SECOND)})"),
    ],
)  # fmt: skip
def test_a_selection_is_what_plain_sql_says(full, public, selection, condition):
    wanted = ids(full, f"select id from comment_list where {condition} order by id")
    assert chosen(full, selection) == chosen(public, selection) == wanted
    lines = [json.loads(line) for line in exported(full, "jsonl", selection)[1].decode().split("\n")[:-1]]
    found = {comment["id"]: comment for line in lines for comment in line["comments"]}
    assert set(wanted) <= set(found)
    above = {comment["parent_id"] for comment in found.values()} - {None}
    assert above <= set(found)
    assert set(found) - set(wanted) <= above
    if selection.by_comment:
        assert all(line["comments"] for line in lines)
    assert [[comment["position"] for comment in line["comments"]] for line in lines] == [
        sorted(comment["position"] for comment in line["comments"]) for line in lines
    ]


def test_a_flag_that_was_refused_or_withdrawn_is_none(full):
    refused = ids(full, f"select comment_id from flags where code = 'content.insult' and not ({STANDING})")
    assert refused
    assert not set(chosen(full, Selection(flag="content.insult"))) & set(refused)


def test_jsonl_counts_what_is_there_only_because_it_is_answered(full):
    written, data = exported(full, "jsonl", Selection(where="depth = 5"))
    (line,) = map(json.loads, data.splitlines())
    assert written == Written(1, 1, "comments", 5)
    assert [comment["depth"] for comment in line["comments"]] == list(range(6))


def test_an_archive_that_is_whole_is_the_same_from_its_public_copy(full, public):
    """But for its permanent links, which begin with the address of its site."""
    with closing(sqlite3.connect(public)) as db:
        ((base,),) = db.execute("select value from release where name = 'url'")
    for form in FOR_ALL:
        of_copy, of_archive = (as_bytes(form, exported(path, form, Selection())[1]) for path in (public, full))
        assert f'"{base}/comment/1"'.encode() in of_copy
        assert of_archive == of_copy.replace(f'"{base}/'.encode(), b'"/')


def as_bytes(form, data):
    """An export's bytes, Parquet's unpacked."""
    if form != "parquet":
        return data
    table = pq.read_table(io.BytesIO(data))
    return json.dumps([str(table.schema), table.to_pylist()], ensure_ascii=False, default=str).encode()


@given(st.text("()-*/;'\"\0 \n1or=dephtunisl_", max_size=12))
@settings(deadline=None, max_examples=300)
def test_no_condition_gets_out_of_its_brackets(full, where):
    selection = Selection(where=where, threads=range(2, 3))
    out, told = io.BytesIO(), ""
    try:
        export(full, "csv", out, selection)
    except SqlError as error:
        told = str(error)
    assert "\n" not in told
    rows = list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))
    assert {row["thread_id"] for row in rows} <= {"2"}


@pytest.mark.parametrize(
    "where",
    ["", "1) union select * from comment_list where (1", "1)) or ((1", "1; drop table comments", "nothing = 1",
     "body = ?", "body = :export_outlet", "count(*) > 1", "1 limit 1", "/* ", "a\0b", "\ud800"],
)  # fmt: skip
def test_a_condition_that_is_none_is_an_error_of_one_line(full, where):
    with pytest.raises(SqlError) as error:
        exported(full, "csv", Selection(where=where, outlet="plain.example"))
    assert str(error.value).startswith("where: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "sql",
    ["", "delete from comments", "pragma user_version", "attach 'x.db' as x", "explain select 1", "comments",
     "-- select\nvacuum", "insert into totals values ('x', 1)"],
)  # fmt: skip
def test_what_is_no_select_is_wrong_usage(sql):
    with pytest.raises(WrongUsage, match="one SELECT"):
        Selection(sql=sql)


@pytest.mark.parametrize(
    "sql",
    ["select 1; select 2", "select 1) union select count(*) from (select 2", "with x as (select 1) delete from totals",
     "with x as (select 1) insert into totals values ('x', 1)", "select * from nowhere", "select ?", "select 1 from",
     "select load_extension('x')", "select json('{') from comments", "select a\0b"],
)  # fmt: skip
def test_a_statement_that_fails_is_an_error_of_one_line(full, sql):
    for form in FOR_ALL:
        with pytest.raises(SqlError) as error:
            exported(full, form, Selection(sql=sql))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "sql",
    ["select 1 as one;", "/* so */ select 1 as one ; ", "with x as (select 1 as one) select * from x", "values (1)"],
)
def test_statements_that_are_selects(full, sql):
    for form in FOR_ALL:
        assert exported(full, form, Selection(sql=sql))[0] == Written(1, 1, "rows")


def test_the_order_of_a_statement_is_kept(full):
    _, data = exported(full, "csv", Selection(sql="select id from comment_list order by body desc, id desc"))
    assert list(map(int, data.split()[1:])) == ids(full, "select id from comment_list order by body desc, id desc")


@pytest.mark.parametrize("table", sorted(PRIVATE_TABLES))
def test_no_option_reads_a_private_table(full, table):
    statements = [
        f"select * from {table}", f"select count(*) from {table}", f'select rowid from main."{table.upper()}"',
        f"with x as (select * from {table}) select * from x", f"select exists (select 1 from {table})",
        f"select id from comments where id in (select rowid from {table})",
    ]  # fmt: skip
    for form in FOR_ALL:
        for sql in statements:
            with pytest.raises(SqlError, match="prohibited"):
                exported(full, form, Selection(sql=sql))
        with pytest.raises(SqlError, match="prohibited"):
            exported(full, form, Selection(where=f"exists (select 1 from {table})"))


def test_private_tables_are_in_no_format(full, tmp_path):
    for form in FORMATS:
        out = tmp_path / form if form == "convokit" else io.BytesIO()
        export(full, form, out)
        data = b"".join(file.read_bytes() for file in out.iterdir()) if form == "convokit" else out.getvalue()
        assert data
        assert SECRET.encode() not in data
        if form == "sql":
            told = data.decode()
            assert not [table for table in PRIVATE_TABLES if f'"{table}"' in told or f"TABLE {table} " in told or f" ON {table} " in told]  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [{"sql": "select 1", "flag": "content.*"}, {"sql": "select 1", "threads": range(3)}, {"sql": "select 1", "where": "1"},
     {"since": "yesterday"}, {"since": ""}, {"threads": range(0, 9, 2)}],
)  # fmt: skip
def test_a_selection_that_cannot_be_meant(options):
    with pytest.raises(WrongUsage):
        Selection(**options)


@pytest.mark.parametrize(
    "form, selection, excel",
    [("xlsx", Selection(), False), ("_rows", Selection(), False), ("sql", Selection(outlet="plain.example"), False),
     ("convokit", Selection(sql="select 1"), False), ("jsonl", Selection(), True), ("csv", Selection(flag="content.no"), False),
     ("csv", Selection(flag="content"), False), ("csv", Selection(flag="no.*"), False),
     ("csv", Selection(outlet="nowhere.example"), False)],
)  # fmt: skip
def test_what_does_not_go_together_or_is_not_there(full, form, selection, excel):
    with pytest.raises(WrongUsage):
        export(full, form, io.BytesIO(), selection, ExportOptions(excel=excel))


def test_a_difference_between_matched_and_written_is_an_error(full):
    with closing(sqlite3.connect(full)) as connection:
        for form in FOR_ALL:
            calls = iter([1, 1, 1, 1, 1])
            connection.create_function("some", 1, lambda _, calls=calls: next(calls, 0))
            with pytest.raises(Miscounted, match="5 matched, but 0 were written"):
                write(connection, form, io.BytesIO(), Selection(sql="select id from comments where some(id)"))


def test_a_connection_keeps_its_ways_and_its_transaction(full):
    with closing(sqlite3.connect(f"file:{full}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("begin")
        for form in FOR_ALL:
            for selection in (Selection(), Selection(flag="content.*"), Selection(sql="select 1 as one")):
                write(connection, form, io.BytesIO(), selection)
        assert connection.in_transaction
        assert connection.row_factory is sqlite3.Row
        assert connection.execute("select name from outlets").fetchone()["name"] == "Harbour Courier"
        assert connection.execute("select count(*) from sqlite_temp_master").fetchone()[0] == 0


def test_the_order_is_that_of_an_index(full):
    with closing(sqlite3.connect(full)) as connection:
        statements = []
        connection.set_trace_callback(statements.append)
        for form in ("csv", "jsonl", "parquet"):
            write(connection, form, io.BytesIO())
        connection.set_trace_callback(None)
        plans = [
            row[3]
            for statement in statements
            if "order by" in statement and statement.startswith("select")
            for row in connection.execute(f"explain query plan {statement}")
            if "CORRELATED" not in row[3]
        ]
    assert any("comments_thread_id_position" in plan for plan in plans)
    assert not any("B-TREE FOR ORDER BY" in plan for plan in plans if "LAST TERM" not in plan and "flag" not in plan)


@pytest.mark.parametrize("subject, number", [("comment", 4), ("commenter", 3), ("thread", 1), ("article", 1)])
def test_what_is_withheld_is_in_no_export_and_its_place_is(full, tmp_path, subject, number):
    path = tmp_path / "archive.db"
    with closing(sqlite3.connect(full)) as archive, closing(sqlite3.connect(path)) as copy:
        archive.backup(copy)
        copy.executescript("".join(f"delete from {table};" for table in PRIVATE_TABLES))
    counts = {form: exported_whole(path, form, tmp_path / f"{form}-before")[0] for form in FORMATS}
    with Archive(path) as opened:
        withhold.withhold(opened, subject, number, "privacy")
    for form in FORMATS:
        written, data = exported_whole(path, form, tmp_path / form)
        assert FOLDED.encode() not in data
        assert b"thrown off" not in data
        assert form == "sql" or written == counts[form]
    gone = Selection(flag="archive.withheld", where=f"id = {THREAT}")
    (line,) = map(json.loads, exported(path, "jsonl", gone)[1].splitlines())
    (tombstone,) = (comment for comment in line["comments"] if comment["id"] == THREAT)
    assert (tombstone["body"], tombstone["author"]) == ("", None)
    assert "archive.withheld" in {flag["code"] for flag in tombstone["flags"]}
    assert THREAT in chosen(path, Selection(since=TODAY))
    with Archive(path) as opened:
        withhold.restore(opened, subject, number)
    assert THREAT in chosen(path, Selection(since=TODAY))
    assert FOLDED in exported(path, "jsonl", Selection(since=TODAY))[1].decode()


def exported_whole(path, form, place):
    """What an export gives and all its bytes, of whatever files they are; Parquet's unpacked."""
    if form == "convokit":
        return export(path, form, place), b"".join(file.read_bytes() for file in place.iterdir())
    written, data = exported(path, form, Selection())
    return written, repr(pq.read_table(io.BytesIO(data)).to_pylist()).encode() if form == "parquet" else data
