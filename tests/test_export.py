import csv
import io
import json
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.export import export, formats
from archive.models import TABLES
from archive.store import Archive
from archive.thread import Flag
from tests.test_store import DAYS, save
from tests.trees import BODIES, made, said

LINE = {
    "article": {
        "url": "https://courier.example/ferry",
        "title": "Ferry timetable",
        "body": "The first ferry leaves at 05:40.",
        "outlet": "courier.example",
        "published_at": None,
    },
    "thread": {
        "id": 1,
        "platform": "resiliparse_text",
        "native_id": "https://courier.example/ferry",
        "stated_count": 4,
        "completeness": "unknown",
    },
    "comments": [
        {
            "id": 1, "native_id": None, "parent_id": None, "position": 0, "depth": 0, "author": "anna", "posted_at": None,
            "body": "off the pier with it", "revision": 0, "state": "visible", "likes": None, "dislikes": None,
            "flags": [{"code": "content.threat", "rule": "r1", "target": None, "start": 0, "end": 12, "exact": "off the pier"}],
        },
        {
            "id": 2, "native_id": "n2", "parent_id": 1, "position": 1, "depth": 1, "author": None, "posted_at": None,
            "body": 'a "quoted"\nline, and more', "revision": 0, "state": "visible", "likes": 2, "dislikes": 0,
            "flags": [{"code": "capture.author_missing", "rule": "r", "target": None, "start": None, "end": None, "exact": None}],
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


def exported(path, form):
    out = io.StringIO()
    return export(path, form, out), out.getvalue()


def test_formats():
    assert formats() == ["csv", "jsonl", "sql"]


def test_a_line_of_jsonl(filled):
    written, text = exported(filled, "jsonl")
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0] == LINE
    assert [len(line["comments"]) for line in lines] == [2, 0, 1]
    assert written == 3


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
    written, text = exported(filled, "csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert written == len(rows) == 3
    assert [(row["author"], row["body"], row["codes"], row["permalink"]) for row in rows] == [
        ("anna", "off the pier with it", '["content.threat"]', "/comment/1"),
        ("", 'a "quoted"\nline, and more', '["capture.author_missing"]', "/comment/2"),
        ("anna", "=1+1", "", "/comment/3"),
    ]


def rebuilt(text, path):
    with sqlite3.connect(path) as connection:
        connection.executescript(text)
    return connection


def same_rows(one, other):
    return all(
        one.execute(f"select * from {name}").fetchall() == other.execute(f"select * from {name}").fetchall()
        for name in [
            *TABLES,
            "_sqlite_migrations",
            "comment_list",
            "thread_list",
            "flag_list",
            "agreement_list",
            "removal_list",
        ]
    )


def test_an_sql_script_rebuilds_the_data_and_opens_as_an_archive(filled, tmp_path):
    written, text = exported(filled, "sql")
    copy = rebuilt(text, tmp_path / "copy.db")
    original = sqlite3.connect(filled)
    assert same_rows(original, copy)
    assert written == sum(
        original.execute(f"select count(*) from {name}").fetchone()[0] for name in [*TABLES, "_sqlite_migrations"]
    )
    copy.close()
    original.close()
    with Archive(tmp_path / "copy.db") as archive:
        found = archive.engine.connect().exec_driver_sql(
            "select rowid from comments_fts where comments_fts match 'pier'"
        )
        assert found.fetchall() == [(1,)]


@given(
    st.lists(
        BODIES | st.sampled_from(["\0", "a\0b", "'", "';drop table comments;--", ".quit\n", "--", "\n;\n"]), max_size=8
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_any_text_survives_every_format(tmp_path_factory, bodies):
    folder = tmp_path_factory.mktemp("any")
    with Archive(folder / "a.db") as archive:
        save(archive, made(*(said(body, body or None) for body in bodies)))
    _, text = exported(folder / "a.db", "sql")
    copy, original = rebuilt(text, folder / "copy.db"), sqlite3.connect(folder / "a.db")
    assert same_rows(original, copy)
    copy.close()
    original.close()
    _, text = exported(folder / "a.db", "jsonl")
    assert [comment["body"] for comment in json.loads(text)["comments"]] == bodies
    _, text = exported(folder / "a.db", "csv")
    assert [row["body"] for row in csv.DictReader(io.StringIO(text, newline=""))] == bodies


def test_an_export_to_a_pipe_that_closes_early(filled):
    command = f"{sys.executable} -m archive.cli export --db {filled} | head -c 10"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout == '{"article"'
    assert "Traceback" not in done.stderr
