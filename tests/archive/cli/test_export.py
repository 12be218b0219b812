"""`btl export` as its users run it: counts, statuses, what stands at the output path, how much memory it takes."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner

from archive.cli import main
from tests.archive_fixture import fill_reviewed

ROWS, LETTERS = 30_000, 2000


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return fill_reviewed(tmp_path_factory.mktemp("filled") / "archive.db")


@pytest.fixture
def btl(filled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(filled, tmp_path / "archive.db")

    def run(*arguments):
        return CliRunner().invoke(main, ["export", *map(str, arguments)])

    return run


def names(folder):
    """What is in a folder, but for what SQLite keeps beside a file."""
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm")))


def test_matched_and_written_are_told(btl, tmp_path):
    done = btl("-o", "all.csv")
    with (tmp_path / "all.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"{len(rows)} comments matched, {len(rows)} written\n"
    assert btl("-f", "csv", "--where", "depth = 5").stderr == "1 comment matched, 1 written\n"
    assert btl("--where", "depth = 5").stderr == "1 comment matched, 1 written, and 5 that they answer\n"
    assert btl("-f", "csv", "--sql", "select 1 union select 2").stderr == "2 rows matched, 2 written\n"


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "corpus"])
def test_permanent_links_begin_with_the_address_that_is_given(btl, tmp_path, name):
    given = ["-f", "convokit"] if name == "corpus" else []
    assert btl("-o", name, *given, "--site", "https://desk.example/it's/").exit_code == 0
    files = (tmp_path / name).iterdir() if name == "corpus" else [tmp_path / name]
    text = "".join(file.read_text("utf-8") for file in files)
    assert "https://desk.example/it's/comment/" in text


@pytest.mark.parametrize("address", ["desk.example", "ftp://desk.example", "https://"])
def test_an_address_that_is_none_is_refused(btl, address):
    done = btl("--site", address)
    assert done.exit_code == 2
    assert "no address that begins with http:// or https://" in done.stderr


def test_summary_as_json(btl):
    done = btl("-o", "deep.jsonl.gz", "--where", "depth = 5", "--json")
    assert json.loads(done.stdout) == {
        "db": "archive.db", "output": "deep.jsonl.gz", "format": "jsonl", "unit": "comments", "matched": 1, "written": 1,
        "context": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "name, begins",
    [("x.csv", b"id,thread_id"), ("x.jsonl", b'{"article"'), ("x.sql", b"PRAGMA"), ("x.parquet", b"PAR1"), ("x", b'{"article"'),
     ("x.csv.gz", b"\x1f\x8b"), ("x.jsonl.zst", b"\x28\xb5\x2f\xfd"), ("x.sql.gz", b"\x1f\x8b")],
)  # fmt: skip
def test_the_name_says_the_format(btl, tmp_path, name, begins):
    assert btl("-o", name).exit_code == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--where", "missing = 1"], "error: where: no such column: missing\n"),
        (["--where", "exists (select 1 from settings)"], "is prohibited\n"),
        (["--sql", "select * from withheld"], "error: sql: access to withheld.id is prohibited\n"),
        (["--sql", "select json('{') from comments"], "error: sql: malformed JSON\n"),
        (["--sql", "select 1; select 2"], "error: sql: "),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_sql_that_fails_is_one_line_and_leaves_what_was_there(btl, tmp_path, form, arguments, told):
    (tmp_path / "out").write_text("as it was")
    done = btl("-f", form, "-o", "out", *arguments)
    assert done.exit_code == 1
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "out").read_text() == "as it was"
    assert not list(tmp_path.glob(".*"))


def test_a_failure_in_the_middle_leaves_no_file(btl, tmp_path):
    sql = "select iif(id < 30, 'x', json('{')) from comments order by id"
    assert btl("-o", "new.csv", "--sql", sql).exit_code == 1
    assert names(tmp_path) == ["archive.db"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sql", "select 1", "--flag", "content.*"], ["--sql", "select 1", "--where", "1"], ["--sql", "delete from flags"],
        ["--sql", "select 1", "-f", "sql"], ["--sql", "select 1", "-f", "convokit", "-o", "x"], ["--excel"],
        ["--excel", "-o", "x.parquet"], ["-f", "sql", "--flag", "content.*"], ["--flag", "content.nonsense"],
        ["--outlet", "nowhere.example"], ["--since", "last week"], ["--json"], ["-f", "convokit"],
        ["-f", "convokit", "-o", "x.gz"], ["-o", "x.parquet.gz"], ["-o", "archive.db"], ["-f", "csv", "-o", "."],
        ["--where"], ["-o", "b.xlsx"], ["-o", "b.xlsx.gz"],
    ],
)  # fmt: skip
def test_wrong_usage_ends_with_2_and_writes_nothing(btl, tmp_path, arguments):
    before = (tmp_path / "archive.db").read_bytes()
    done = btl(*arguments)
    assert done.exit_code == 2
    assert names(tmp_path) == ["archive.db"]
    if arguments == ["-o", "archive.db"]:
        assert (tmp_path / "archive.db").read_bytes() == before


def test_a_folder_of_convokit_appears_whole_or_not(btl, tmp_path):
    assert btl("-f", "convokit", "-o", "corpus").exit_code == 0
    assert len(list((tmp_path / "corpus").iterdir())) == 5
    again = btl("-f", "convokit", "-o", "corpus")
    assert (again.exit_code, again.stderr) == (1, "error: corpus is there already\n")
    assert btl("-f", "convokit", "-o", "other", "--where", "missing = 1").exit_code == 1
    assert names(tmp_path) == ["archive.db", "corpus"]


def test_a_link_a_device_and_a_missing_folder(btl, tmp_path):
    (tmp_path / "link.csv").symlink_to("there.csv")
    assert btl("-o", "link.csv").exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "there.csv").stat().st_size > 1000
    (tmp_path / "there.csv").chmod(0o600)
    assert btl("-o", "link.csv").exit_code == 0
    assert (tmp_path / "there.csv").stat().st_mode & 0o777 == 0o600
    assert btl("-o", os.devnull).exit_code == 0
    assert not os.path.isfile(os.devnull)  # noqa: PTH113
    done = btl("-o", "no/where.csv")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")


def test_a_public_copy_is_not_touched(btl, tmp_path):
    with closing(sqlite3.connect(tmp_path / "archive.db")) as archive, closing(sqlite3.connect("public.db")) as copy:
        archive.backup(copy)
        copy.executescript("create table release (name text primary key, value text); drop table settings")
        copy.execute("pragma journal_mode = delete").fetchall()
    before = (tmp_path / "public.db").read_bytes()
    assert btl("--db", "public.db", "-o", "x.csv").exit_code == 0
    assert (tmp_path / "public.db").read_bytes() == before


@pytest.fixture(scope="module")
def large(filled, tmp_path_factory):
    """An archive of 30,000 comments of 2 KB in one thread, as one long discussion is."""
    path = shutil.copy(filled, tmp_path_factory.mktemp("large") / "archive.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"""with recursive n(i) as (select 1 union all select i + 1 from n where i < {ROWS})
insert into comments (thread_id, identity, position, depth, body, body_sha256, revision, state, first_seen_at, last_seen_at)
select 1, 'x:' || i, 1000 + i, 0, i || hex(zeroblob({LETTERS // 2})), '', 0, 'visible', '2026', '2026' from n"""
        )
    return path


MEASURED = """
import json, resource, sys
from archive.cli import main
import archive.export.arrow_tables
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
for words in json.loads(sys.argv[1]):
    main(words, standalone_mode=False)
    print((peak() - before) // 1024)
"""
# The peak of a process never falls: from what may take least to what may take most.
TEXT_MIB = {
    ("x.csv",): 16,
    ("x.csv.gz", "--excel"): 16,
    ("x.jsonl",): 16,
    ("x.sql",): 16,
    ("own.csv", "--sql", "select * from comments"): 16,
    ("own.jsonl", "--sql", "select * from comments"): 16,
    ("corpus", "-f", "convokit"): 16,
    ("x.jsonl.zst", "--where", "length(body) > 5"): 24,
}
PARQUET_MIB = {("x.parquet",): 90, ("own.parquet", "--sql", "select * from comments"): 110}


@pytest.mark.parametrize("allowed", [TEXT_MIB, PARQUET_MIB], ids=["texts", "parquet"])
def test_memory_does_not_grow_with_the_archive(large, tmp_path, allowed):
    commands = [["export", "--db", str(large), "-o", *words] for words in allowed]
    command = [sys.executable, "-c", MEASURED, json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(" matched, ") == len(allowed)
    grown = dict(zip(allowed, map(int, done.stdout.split()), strict=True))
    assert {words: most for words, most in grown.items() if most > allowed[words]} == {}
