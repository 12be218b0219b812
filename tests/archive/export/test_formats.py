"""Each format read back and compared with the database, whatever the texts hold."""

import csv
import gzip
import io
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.export.columns import COLUMNS
from archive.export.formats import FORMATS
from archive.export.output import output
from archive.export.selection import ExportOptions, Selection
from archive.export.write import Written, export, write
from archive.store.archive import Archive
from archive.store.private_tables import PRIVATE_TABLES
from archive.store.schema import TABLES
from archive.thread import Dataset, Decision, EarlierText, Flag, Label, Moment
from tests.archive.store.test_save import DAYS, save
from tests.conftest import missing
from tests.made_once import new_archive
from tests.trees import BODIES, made, said

RECORD = {
    "title": None, "edited_at": None, "edited_at_text": None, "edited_precision": None, "author_native_id": None,
    "is_guest": None, "is_staff": None, "parent_source": "indent", "reactions": [], "reports": [], "decisions": [],
    "earlier": [],
}  # fmt: skip
LINE = {
    "article": {
        "url": "https://courier.example/ferry",
        "title": "Ferry timetable",
        "body": "The first ferry leaves at 05:40.",
        "outlet": "courier.example",
        "published_at": None,
        "outlet_name": "courier.example",
        "byline": None,
        "published_precision": None,
        "language": None,
        "section": None,
        "published_at_text": None,
        "labels": [],
    },
    "thread": {
        "id": 1,
        "platform": "resiliparse_text",
        "native_id": "https://courier.example/ferry",
        "stated_count": 4,
        "completeness": "partial",
        "url": None,
        "permalink": "/thread/1",
        "dataset": None,
        "stated_kind": "all",
        "closed": None,
        "comment_count": 2,
        "labels": [],
    },
    "comments": [
        {
            "id": 1, "native_id": None, "parent_id": None, "position": 0, "depth": 0, "author": "anna", "posted_at": None,
            "body": "off the pier with it", "revision": 0, "state": "visible", "likes": None, "dislikes": None,
            "flags": [{"code": "content.threat", "rule": "r1", "target": None, "start": 0, "end": 12, "exact": "off the pier"}],
            "posted_precision": None, "url": None, "permalink": "/comment/1", "posted_at_text": None, "labels": [],
            **RECORD,
        },
        {
            "id": 2, "native_id": "n2", "parent_id": 1, "position": 1, "depth": 1, "author": None, "posted_at": None,
            "body": 'a "quoted"\nline, and more', "revision": 0, "state": "visible", "likes": 2, "dislikes": 0,
            "flags": [{"code": "capture.author_missing", "rule": "r", "target": None, "start": None, "end": None, "exact": None}],
            "posted_precision": None, "url": None, "permalink": "/comment/2", "posted_at_text": None, "labels": [],
            **RECORD,
        },
    ],
    "flags": [
        {"code": "capture.partial_thread", "rule": "stated-count", "target": None, "start": None, "end": None, "exact": None}
    ],
}  # fmt: skip


@pytest.fixture
def filled(path):
    thread = made(
        said("off the pier with it", flags=(Flag("content.threat", "r1", "off the pier", 0, 12),)),
        said('a "quoted"\nline, and more', None, 0, native_id="n2", likes=2, dislikes=0,
             flags=(Flag("capture.author_missing", "r"),)),
        stated_count=4,
    )  # fmt: skip
    with Archive(path) as archive:
        save(archive, thread, made(url="https://courier.example/silent"), made(said("=1+1"), url="https://c.example/3"))
    return path


def exported(path, form, selection=Selection(), *, excel=False):  # noqa: B008
    out = io.BytesIO()
    written = export(path, form, out, selection, ExportOptions(excel=excel))
    return written, out.getvalue()


ROWS = """
select comment_list.*, coalesce(outlets.name, outlets.domain), articles.published_at, articles.published_precision,
  articles.byline, comments.url, comments.posted_at_text, comments.native_id, commenters.native_id, is_guest, is_staff,
  comments.title, comments.edited_at, comments.edited_at_text, comments.edited_precision, threads.native_id, threads.url,
  comment_count, completeness, stated_count, language, section, null, '[]', '[]', '[]', '[]', '[]', '[]', '[]'
from comment_list join comments using (id) join threads on threads.id = comments.thread_id
join articles on articles.id = article_id left join outlets on outlets.id = articles.outlet_id
left join commenters on commenters.id = comments.commenter_id
order by comments.thread_id, comments.position"""


def queried(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def expected(path):
    """The rows of comments that an export has."""
    codes = 15
    rows = queried(path, ROWS)
    return [(*row[:codes], row[codes] or "[]", *row[codes + 1 :]) for row in rows]


def cells(text):
    """CSV with what stands in quotes told from what does not: None is an empty cell without quotes."""
    rows, row, at = [], [], 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while text[end] != '"' or text[end + 1 : end + 2] == '"':
                end += 2 if text[end] == '"' else 1
            value, at = text[at + 1 : end].replace('""', '"'), end + 1
        else:
            end = min(place for mark in (",", "\r\n") if (place := text.find(mark, at)) >= 0)
            value, at = text[at:end] or None, end
        row.append(value)
        if text.startswith("\r\n", at):
            rows.append(row)
            row, at = [], at + 2
        else:
            at += 1
    return rows


def numbered(names, rows):
    """Rows of CSV with their numbers as numbers."""
    return [
        tuple(
            int(cell) if COLUMNS[name].kind == "integer" and cell is not None else cell
            for name, cell in zip(names, row, strict=True)
        )
        for row in rows
    ]


def parquet_rows(data):
    return [tuple(map(as_text, row.values())) for row in pq.read_table(io.BytesIO(data)).to_pylist()]


def as_text(cell):
    """A cell of Parquet as CSV has it."""
    if isinstance(cell, datetime):
        assert cell.tzinfo is not None
        return cell.strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(cell, separators=(",", ":"), ensure_ascii=False) if isinstance(cell, list | dict) else cell


def test_formats():
    assert tuple(FORMATS) == ("convokit", "csv", "jsonl", "parquet", "sql")


def test_a_line_of_jsonl(filled):
    written, text = exported(filled, "jsonl")
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0] == LINE
    assert list(lines[0]) == list(LINE)
    assert list(lines[0]["comments"][0]) == list(LINE["comments"][0])
    assert [len(line["comments"]) for line in lines] == [2, 0, 1]
    assert written == Written(3, 3, "comments")


def test_a_flag_that_was_dismissed_or_is_of_an_earlier_text_is_not_in_jsonl(tmp_path):
    with Archive(tmp_path / "archive.db") as archive:
        save(
            archive,
            made(
                said("off the pier", native_id="c1", flags=(Flag("content.threat", "r1", "off the pier", 0, 12),)),
                at=DAYS[0],
            ),
        )
        save(
            archive,
            made(said("so be it", native_id="c1", flags=(Flag("content.insult", "r2", "so", 0, 2),)), at=DAYS[1]),
        )
    dismissed = sqlite3.connect(tmp_path / "archive.db", isolation_level=None)
    assert flags_in_jsonl(tmp_path / "archive.db") == ["content.insult", "crawl.edited"]
    dismissed.execute("update flags set status = 'dismissed' where code = 'content.insult'")
    dismissed.close()
    assert flags_in_jsonl(tmp_path / "archive.db") == ["crawl.edited"]


def flags_in_jsonl(path):
    _, text = exported(path, "jsonl")
    return [flag["code"] for comment in json.loads(text)["comments"] for flag in comment["flags"]]


def test_csv(filled):
    written, data = exported(filled, "csv")
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert written == Written(3, 3, "comments")
    assert [(row["author"], row["body"], row["codes"], row["permalink"]) for row in rows] == [
        ("anna", "off the pier with it", '["content.threat"]', "/comment/1"),
        ("", 'a "quoted"\nline, and more', '["capture.author_missing"]', "/comment/2"),
        ("anna", "=1+1", "[]", "/comment/3"),
    ]
    assert data.endswith(b"\r\n")


def test_csv_tells_null_from_an_empty_text_and_numbers_from_texts(filled):
    with closing(sqlite3.connect(filled)) as connection, connection:
        connection.execute("update comments set body = '' where id = 1")
    names, *rows = cells(exported(filled, "csv")[1].decode())
    assert numbered(names, rows) == expected(filled)
    assert (rows[0][names.index("body")], rows[1][names.index("author")]) == ("", None)


def test_parquet(filled):
    written, data = exported(filled, "parquet")
    table = pq.ParquetFile(io.BytesIO(data))
    assert written == Written(3, 3, "comments")
    assert parquet_rows(data) == expected(filled)
    kinds = dict(zip(table.schema_arrow.names, map(str, table.schema_arrow.types), strict=True))
    names = {
        kind: {name for name, column in COLUMNS.items() if column.kind == kind}
        for kind in ("text", "integer", "time", "texts", "objects")
    }
    assert {name for name, kind in kinds.items() if kind == "int64"} == names["integer"]
    assert {name for name, kind in kinds.items() if kind == "timestamp[us, tz=UTC]"} == names["time"]
    nested = {name for name, kind in kinds.items() if kind.startswith(("list<", "struct<"))}
    assert nested == names["texts"] | names["objects"]
    assert {kinds[name] for name in names["text"]} == {"string"}
    assert all(field.metadata[b"description"] for field in table.schema_arrow)
    assert table.metadata.row_group(0).column(0).compression == "ZSTD"


def test_times_in_parquet(filled):
    """A moment is one, whatever its precision; what is none is null, and what the source wrote stands beside it."""
    cases = [
        ("2026-03-14T09:02:11Z", "minute", "9:02"),
        ("0999-01-01T00:00:00Z", "year", "long ago"),
        ("2026-03", "month", "in March"),
    ]
    with closing(sqlite3.connect(filled)) as connection, connection:
        for number, case in enumerate(cases, 1):
            connection.execute(
                "update comments set posted_at = ?, posted_precision = ?, posted_at_text = ? where id = ?",
                (*case, number),
            )
    rows = pq.read_table(io.BytesIO(exported(filled, "parquet")[1])).to_pylist()
    moments = [datetime(2026, 3, 14, 9, 2, 11, tzinfo=UTC), datetime(999, 1, 1, tzinfo=UTC), None]
    assert [row["posted_at"] for row in rows] == moments
    assert [(row["posted_precision"], row["posted_at_text"]) for row in rows] == [case[1:] for case in cases]
    assert [row["codes"] for row in rows] == [["content.threat"], ["capture.author_missing"], []]


def test_the_same_names_in_every_format(tmp_path):
    """What is said of a comment and its article has one name and one value in CSV, Parquet, JSON Lines, ConvoKit, SQL."""
    path = tmp_path / "a.db"
    comment = said("At nine.", "anna", native_id="1", url="https://courier.example/ferry#c1", likes=3,
                   posted=Moment("2026-03-14T09:02:00Z", "14 March 2026, 09:02", "minute"),
                   labels=(Label("rude", "0.25", 0.25, 4), Label("mood", 'cross, "very"; calm')), title="Times",
                   reactions=(("sad", 2),), reports=(("SPAM", 3),), earlier=(EarlierText("At eight.", DAYS[0]),),
                   decisions=(Decision("APPROVED", "visible", DAYS[0], "moderator", None, "it is, on Sundays"),),
                   edited=Moment("2026-03-14T09:05:00Z", "09:05", "minute"))  # fmt: skip
    thread = made(comment, said("So late?", "tom", 0), dataset=Dataset("harbour corpus", licence="CC-BY-4.0"),
                  labels=(Label("civil", "1", 1.0),))  # fmt: skip
    article = replace(
        thread.article,
        labels=(Label("mood", "sad"),),
        byline="A. Writer",
        outlet_name="Courier",
        published=Moment("2026-03-14T08:00:00Z", "14 March", "minute"),
    )
    with Archive(path) as archive:
        save(archive, replace(thread, article=article))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table release (name text primary key, value text)")
        connection.execute("insert into release values ('url', 'https://comments.example')")
    rows = list(csv.DictReader(io.StringIO(exported(path, "csv")[1].decode(), newline="")))
    typed = pq.read_table(io.BytesIO(exported(path, "parquet")[1])).to_pylist()
    line = json.loads(exported(path, "jsonl")[1])
    export(path, "convokit", tmp_path / "corpus")
    utterances = [json.loads(text) for text in (tmp_path / "corpus" / "utterances.jsonl").read_text().splitlines()]
    (conversation,) = json.loads((tmp_path / "corpus" / "conversations.json").read_text()).values()
    rebuilt(exported(path, "sql")[1], tmp_path / "copy.db")
    assert same_rows(path, tmp_path / "copy.db")
    assert list(rows[0]) == list(typed[0])
    for row, cells_, in_json, utterance in zip(rows, typed, line["comments"], utterances[1:], strict=True):
        shown = {name: as_text(cell) for name, cell in cells_.items()}
        assert row == {name: "" if cell is None else str(cell) for name, cell in shown.items()}
        for name in in_json.keys() & shown.keys():
            assert shown[name] == as_text(in_json[name]), name
        for name in utterance["meta"].keys() & shown.keys() - {"url"}:
            assert shown[name] == as_text(utterance["meta"][name]), name
        assert (utterance["meta"]["source_url"], utterance["meta"]["url"]) == (shown["url"], shown["permalink"])
        for name in ("outlet", "outlet_name", "published_at", "published_precision", "byline"):
            assert shown[name] == line["article"][name] == conversation["meta"][name], name
        assert shown["article_url"] == line["article"]["url"] == conversation["meta"]["article_url"]
        assert shown["permalink"] == f"https://comments.example/comment/{row['id']}"
    first = line["comments"][0]
    assert {"url", "permalink", "posted_at", "posted_at_text", "posted_precision"} <= first.keys() & rows[0].keys()
    assert (first["url"], rows[0]["outlet"], rows[0]["outlet_name"]) == (
        "https://courier.example/ferry#c1", "courier.example", "Courier",
    )  # fmt: skip
    assert json.loads(rows[0]["labels"])[0] == typed[0]["labels"][0] == {
        "dataset": "harbour corpus", "name": "rude", "value": "0.25", "number": 0.25, "raters": 4, "is_shareable": True,
    }  # fmt: skip
    civil, mood = ({"dataset": "harbour corpus", "name": name, "value": value, "number": number, "raters": None, "is_shareable": True}
                   for name, value, number in (("civil", "1", 1.0), ("mood", "sad", None)))  # fmt: skip
    assert [[civil], [mood]] == [typed[1]["thread_labels"], typed[1]["article_labels"]]
    assert [[civil], [mood]] == [line["thread"]["labels"], line["article"]["labels"]]
    assert [[civil], [mood]] == [conversation["meta"]["labels"], utterances[0]["meta"]["labels"]]
    about = json.loads((tmp_path / "corpus" / "corpus.json").read_text())
    assert (about["licence"], about["datasets"][0]["name"]) == ("CC-BY-4.0", "harbour corpus")
    assert (typed[0]["earlier"], typed[0]["reports"]) == (
        [{"body": "At eight.", "written_at": DAYS[0]}],
        [{"kind": "SPAM", "count": 3}],
    )
    assert (typed[0]["decisions"][0]["status"], typed[0]["dataset"]["licence"]) == ("APPROVED", "CC-BY-4.0")
    empty = (rows[1]["codes"], typed[1]["codes"], line["comments"][1]["flags"], utterances[2]["meta"]["flags"])
    assert empty == ("[]", [], [], [])


def test_parquet_of_many_comments_has_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr("archive.export.arrow_tables.ROWS_A_GROUP", 256)
    with Archive(tmp_path / "a.db") as archive:
        save(archive, made(*(said(f"number {number}") for number in range(1000))))
    statement = "select * from comment_list order by thread_id, position"
    rows = {Selection(): expected(tmp_path / "a.db"), Selection(sql=statement): queried(tmp_path / "a.db", statement)}
    for selection, wanted in rows.items():
        written, data = exported(tmp_path / "a.db", "parquet", selection)
        assert pq.ParquetFile(io.BytesIO(data)).metadata.num_row_groups == 4
        assert written.rows == 1000
        assert parquet_rows(data) == wanted


def rebuilt(script, path):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script.decode())


NAMES = [*(name for name in TABLES if name not in PRIVATE_TABLES), "_sqlite_migrations"]
VIEWS = ["comment_list", "thread_list", "flag_list", "agreement_list", "removal_list"]


def same_rows(one, other):
    return all(
        queried(one, f"select * from {name}") == queried(other, f"select * from {name}") for name in NAMES + VIEWS
    )


def test_an_sql_script_rebuilds_the_data_and_opens_as_an_archive(filled, tmp_path):
    written, script = exported(filled, "sql")
    rebuilt(script, tmp_path / "copy.db")
    assert same_rows(filled, tmp_path / "copy.db")
    rows = sum(queried(filled, f"select count(*) from {name}")[0][0] for name in NAMES)
    assert written == Written(rows, rows, "rows")
    with Archive(tmp_path / "copy.db") as archive:
        found = archive.engine.connect().exec_driver_sql(
            "select rowid from comments_fts where comments_fts match 'pier'"
        )
        assert found.fetchall() == [(1,)]


def test_an_sql_script_is_read_by_the_shell_of_sqlite(tmp_path):
    text = "a\r\nb\rc\0d\\e'f\n.quit\n"
    with Archive(tmp_path / "a.db") as archive:
        save(archive, made(said(text)))
    _, script = exported(tmp_path / "a.db", "sql")
    try:
        subprocess.run(["sqlite3", "copy.db"], input=script, cwd=tmp_path, check=True, timeout=60)
    except FileNotFoundError:
        missing("the shell of SQLite")
    assert queried(tmp_path / "copy.db", "select body from comments") == [(text,)]


def test_numbers_in_an_sql_script_are_exact(tmp_path):
    values = [0.1, 1e300 / 3, -5e-324, float("inf"), -float("inf"), 2.0, None]
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        connection.execute("create table numbers (value real, kind any, bytes blob) strict")
        connection.executemany("insert into numbers values (?, ?, ?)", [(value, 2**62, b"\0'") for value in values])
        connection.execute("create table loose (value integer, 'an \"odd\" 100%' text)")
        connection.execute(
            "insert into loose values ('no number', 7), (x'00ff', x'00'), (3, 'a' || char(0) || 'b'), (null, null)"
        )
    _, script = exported(tmp_path / "a.db", "sql")
    rebuilt(script, tmp_path / "copy.db")
    for name in ("numbers", "loose"):
        assert queried(tmp_path / "a.db", f"select * from {name}") == queried(
            tmp_path / "copy.db", f"select * from {name}"
        )


HOSTILE = [
    "\0", "a\0b", "\0=1", "'", '"', '""', '",', '"\r\n"', "\r", "\r\n", "a\rb", "=1+1", "@x", "+1", "-1", "\t=1", "＝1",
    "';drop table comments;--", ".quit\n", "--", "\n;\n", "%s%w%Q%%", "\\", "\\u0000", "\u2028", "\ufeff", "😀\u200d", "null", "NULL",
    "\x1a", "\x7f", "a,b",
]  # fmt: skip
TEXTS = BODIES | st.sampled_from(HOSTILE)


@pytest.mark.slow
@given(st.lists(TEXTS, max_size=8), TEXTS, TEXTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
def test_any_text_survives_every_format(tmp_path_factory, bodies, title, name):
    path = new_archive(tmp_path_factory.mktemp("any") / "a.db")
    with Archive(path) as archive:
        save(archive, made(*(said(body, body or None) for body in bodies)))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update articles set title = ?, url = ?", (title, name))
        connection.execute("update outlets set domain = ?", (name,))
    rebuilt(exported(path, "sql")[1], path.with_name("copy.db"))
    assert same_rows(path, path.with_name("copy.db"))
    line = json.loads(exported(path, "jsonl")[1])
    assert [comment["body"] for comment in line["comments"]] == bodies
    assert (line["article"]["title"], line["article"]["outlet"]) == (title, name)
    written, data = exported(path, "csv")
    names, *rows = cells(data.decode())
    assert numbered(names, rows) == parquet_rows(exported(path, "parquet")[1]) == expected(path)
    assert written.rows == len(bodies) == len(list(csv.reader(io.StringIO(data.decode(), newline="")))) - 1


@given(st.lists(TEXTS, min_size=1, max_size=8))
@settings(deadline=None, max_examples=40)
def test_a_statement_gives_its_rows_as_they_are(texts):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("create table comment_list (id); create table rows (at integer, text text)")
        connection.executemany("insert into rows values (?, ?)", enumerate(texts))
        selection = Selection(sql="select at, text, at + 0.5, x'00ff', null, at from rows order by at desc -- so")
        found = {}
        for form in ("csv", "jsonl", "parquet"):
            out = io.BytesIO()
            assert write(connection, form, out, selection) == Written(len(texts), len(texts), "rows")
            found[form] = out.getvalue()
    names = ["at", "text", "at + 0.5", "x'00ff'", "null", "at_2"]
    wanted = [(at, text, at + 0.5, b"\0\xff", None, at) for at, text in enumerate(texts)][::-1]
    hexed = [(*row[:3], "00ff", *row[4:]) for row in wanted]
    assert [json.loads(line) for line in found["jsonl"].decode().split("\n")[:-1]] == [
        dict(zip(names, row, strict=True)) for row in hexed
    ]
    assert parquet_rows(found["parquet"]) == wanted
    as_text = [[None if cell is None else str(cell) for cell in row] for row in hexed]
    assert cells(found["csv"].decode()) == [names, *as_text]


def test_csv_for_excel(tmp_path):
    with Archive(tmp_path / "a.db") as archive:
        save(archive, made(*(said(text, text) for text in HOSTILE), said("plain"), said("-0", likes=-5)))
    statement = "select * from comment_list order by thread_id, position"
    exports = {
        Selection(): expected(tmp_path / "a.db"),
        Selection(sql=statement): queried(tmp_path / "a.db", statement),
    }
    for selection, shown in exports.items():
        _, data = exported(tmp_path / "a.db", "csv", selection, excel=True)
        assert data.startswith(b"\xef\xbb\xbf")
        names, *rows = cells(data.decode("utf-8-sig"))
        wanted = [
            tuple(
                f"'{cell}" if isinstance(cell, str) and cell[:1] in tuple("=+-@\t\r\n＝＋－＠") else cell
                for cell in row
            )
            for row in shown
        ]
        assert numbered(names, rows) == wanted
        assert rows[-1][names.index("likes")] == "-5"


@pytest.mark.parametrize("name, unpack", [("x.csv.gz", gzip.decompress), ("x.csv.zst", None), ("x.csv", bytes)])
def test_files_are_packed_by_their_names(filled, tmp_path, name, unpack):
    for _ in range(2):
        with output(tmp_path / name) as out:
            export(filled, "csv", out)
    data = (tmp_path / name).read_bytes()
    unpacked = unpack(data) if unpack else zstandard.ZstdDecompressor().decompressobj().decompress(data)
    assert unpacked == exported(filled, "csv")[1]
    with output(tmp_path / name) as out:
        export(filled, "csv", out)
    assert (tmp_path / name).read_bytes() == data


def test_an_export_to_a_pipe_that_closes_early(filled):
    command = f"{sys.executable} -m archive.cli export --db {filled} | head -c 10"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout == '{"article"'
    assert "Traceback" not in done.stderr


def test_a_script_makes_an_archive_that_can_be_saved_into(archive, path, tmp_path):
    """It has no private tables; opening it adds them, empty."""
    with output(tmp_path / "archive.sql") as out:
        export(path, "sql", out)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        copy.executescript((tmp_path / "archive.sql").read_text("utf-8"))
    with Archive(tmp_path / "copy.db") as opened:
        saved = opened.save([made(said("a new one"))], opened.begin_run("import", {"paths": []}))
        assert saved.counts["comments_new"] == 1
