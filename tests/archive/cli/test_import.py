"""`btl` as its users run it: results, exit statuses, what it says, and what it does not load."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version

import pytest
from click.testing import CliRunner

from archive.cli import COMMANDS, main
from archive.cli.progress import SECONDS_A_LINE
from tests.btl import StartedBtl
from tests.documents import HARBOUR, numbered


@pytest.fixture
def btl(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **options):
        return CliRunner().invoke(main, [str(argument) for argument in arguments], **options)

    return run


@pytest.fixture
def harbour(tmp_path):
    (tmp_path / "ferry.txt").write_text(HARBOUR)
    return tmp_path / "ferry.txt"


@pytest.mark.parametrize("command", ["import", "export", "stats", "serve", "demo"])
def test_every_command_has_help_with_an_example(btl, command):
    shown = btl(command, "--help")
    assert shown.exit_code == 0
    assert "Example:" in shown.output
    assert "--db FILE" in shown.output


def test_import_says_what_it_did(btl, harbour):
    done = btl("import", harbour)
    assert done.exit_code == 0
    assert done.stdout == "1 document read into archive.db, 1 new thread, 5 new comments.\n"
    assert btl("import", harbour).stdout.endswith("0 new comments, 1 already there.\n")


def test_many_articles_without_a_comment_are_remarked_on(btl, tmp_path):
    lines = [
        json.dumps({"text": f"A day at the quay, number {i}. " * 9, "url": f"https://courier.example/{i}"})
        for i in range(20)
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    done = btl("import", tmp_path / "x.jsonl")
    assert done.exit_code == 0
    assert "If they are comments: --as table" in done.stderr


def test_import_as_json(btl, harbour):
    done = btl("import", harbour, "--json")
    summary = json.loads(done.stdout)
    assert {name for name, number in summary["counts"].items() if number == 0} >= {
        "errors",
        "empty",
        "comments_removed",
    }
    summary["counts"] = {name: number for name, number in summary["counts"].items() if number}
    assert summary == {
        "db": "archive.db",
        "run": 1,
        "counts": {"documents": 1, "threads_new": 1, "comments_new": 5},
        "passed_over": [],
        "remarks": [],
        "errors": [],
        "left": [],
    }


def test_import_names_what_failed_saves_the_rest_and_ends_with_1(btl, harbour, tmp_path):
    (tmp_path / "corpus.jsonl").write_text('{"text": "Title\\n\\nBody of it."}\n{broken\n')
    done = btl("import", "corpus.jsonl", harbour)
    assert done.exit_code == 1
    assert "error: corpus.jsonl:2: not JSON: " in done.stderr
    assert "2 new threads" in done.stdout
    summary = json.loads(btl("import", "corpus.jsonl", "--json").stdout)
    assert [error["place"] for error in summary["errors"]] == ["corpus.jsonl:2"]


@pytest.mark.parametrize(
    "arguments",
    [["import"], ["import", "nowhere.txt"], ["export", "--format", "xlsx"], ["fly"], ["stats", "--bd", "x"]],
)
def test_wrong_usage_ends_with_2(btl, arguments):
    assert btl(*arguments).exit_code == 2


@pytest.mark.parametrize("command", ["export", "stats"])
def test_an_archive_that_is_not_there_is_an_error_and_is_not_made(btl, tmp_path, command):
    done = btl(command)
    assert done.exit_code == 1
    assert "there is no archive archive.db" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["import", "ferry.txt"], ["export"], ["stats"], ["serve"], ["demo", "--no-serve"]])
def test_a_file_that_is_no_archive_is_named(btl, harbour, tmp_path, command):
    (tmp_path / "letter.db").write_text("Dear editor, " * 99)
    done = btl(*command, "--db", "letter.db")
    assert done.exit_code == 1
    assert "error: letter.db: file is not a database" in done.stderr


def test_stats(btl, harbour):
    btl("import", harbour)
    shown = btl("stats")
    assert "           5  comments\n" in shown.stdout
    assert "import   done" in shown.stdout
    found = json.loads(btl("stats", "--json").stdout)
    assert found["counts"] == {"outlets": 0, "articles": 1, "threads": 1, "comments": 5, "commenters": 5}
    assert found["outlets"] == [{"outlet": "unknown", "threads": 1, "comments": 5, "flags": 0}]
    assert found["runs"][0]["counts"] == {"documents": 1, "threads_new": 1, "comments_new": 5}


def test_demo_leaves_an_archive_of_other_documents_alone(btl, harbour):
    btl("import", harbour)
    done = btl("demo", "--no-serve")
    assert done.exit_code == 2
    assert "holds other documents" in done.stderr


def test_lines_of_progress_where_there_is_no_terminal(btl, harbour, monkeypatch, capsys):
    from archive.cli.progress import progress_report
    from archive.importers.run import ImportProgress

    clock = iter((0.0, *(SECONDS_A_LINE + seconds for seconds in (1, 1, 2, 3))))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    progress = ImportProgress(size=200, done=50)
    progress.counts.update(documents=7, comments_new=1100)
    with progress_report() as report:
        report(progress)
        report(progress)
        progress.done = 200  # the last line says that it is all
        report(progress)
        report(progress)
    assert capsys.readouterr().err.splitlines() == [
        " 25% 7 documents, 1,100 comments, 100 comments/s, 33 s left",
        "100% 7 documents, 1,100 comments, 92 comments/s, 0 s left",
    ]


def test_a_bar_on_a_terminal(tmp_path, harbour):
    import pty

    parent, child = pty.openpty()
    process = StartedBtl(("import", harbour), tmp_path, stderr=child)
    os.close(child)
    shown = b""
    with suppress(OSError):  # what a terminal gives that nobody writes to any more
        while piece := os.read(parent, 100_000):
            shown += piece
    output, _ = process.communicate()
    os.close(parent)
    assert process.returncode == 0
    assert "comments/s" in shown.decode()
    assert output.endswith("5 new comments.\n")


LOADED = """
import sys
from click.testing import CliRunner
from archive.cli import main
assert CliRunner().invoke(main, ["--help"]).exit_code == 0
print(*(name for name in {heavy} if name in sys.modules))
"""


def test_help_loads_nothing_heavy():
    heavy = [
        "sqlmodel",
        "sqlalchemy",
        "pydantic",
        "datasette",
        "scrapy",
        "sqlite_utils",
        "rich",
        "ftfy",
        "lxml",
        "twisted",
    ]
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(heavy=heavy)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_thread_tree_importers_and_flags_load_the_standard_library_only():
    modules = "archive.thread, archive.flags.codes, archive.importers, archive.importers.plain_text.importer"
    script = (
        f"import sys; before = set(sys.modules); import {modules}; archive.importers.IMPORTERS;"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    # What zoneinfo reads has a name for each platform, which is none of `stdlib_module_names`.
    assert [name for name in done.stdout.split() if not name.startswith("_sysconfigdata")] == ["archive"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_loads(btl, name):
    done = btl(name, "--help")
    assert done.exit_code == 0, done.output
    assert f" {name} " in done.output.partition("\n")[0]


def test_the_version(btl):
    assert btl("--version").output.endswith(f"version {version('belowtheline')}\n")


def test_importing_into_the_folder_that_is_imported(btl, harbour, tmp_path):
    (tmp_path / "bakery.txt").write_text(numbered(1))
    assert btl("import", ".").exit_code == 0
    assert btl("import", ".").exit_code == 0
    with sqlite3.connect(tmp_path / "archive.db") as connection:
        assert connection.execute("select count(*) from articles").fetchone() == (2,)
    connection.close()


def test_what_a_table_holds_besides_comments_is_said_and_every_row_is_counted(btl, tmp_path):
    (tmp_path / "export.csv").write_text(
        "id,article,comment,user,email,extra\n"
        "1,a1,The ferry was late today.,tom,tom@mail.example,x\n"
        "2,a1,It was not late at all.,ann,ann@mail.example,y\n"
        "1,a1,The ferry was late today.,tom,tom@mail.example,x\n"
    )
    done = btl("import", tmp_path / "export.csv", "--json")
    summary = json.loads(done.stdout)
    left_out, unread = summary["remarks"]
    assert left_out.endswith("export.csv: left out as personal: email (--keep-column NAME keeps one)")
    assert unread.endswith("export.csv: columns that are not read: extra")
    counts = summary["counts"]
    assert (counts["rows"], counts["rows_merged"], counts["rows_empty"], counts["comments_new"]) == (3, 1, 0, 2)
    again = btl("import", tmp_path / "export.csv")
    assert "left out as personal: email" in again.stderr
    assert "3 rows of tables, 1 of them repeats a comment" in again.stdout
