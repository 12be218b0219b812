"""`--db postgresql://...`: what works on a server, what reads a copy of it, and what says that it works on files."""

import json
import sys

import pytest
from click.testing import CliRunner

from archive.cli import main
from archive.store.address import BadAddress, ServerAddress
from tests.both_engines import query_of
from tests.documents import HARBOUR


@pytest.fixture
def btl(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(HARBOUR)

    def run(*arguments):
        done = CliRunner().invoke(main, list(map(str, arguments)))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


def test_the_main_path_on_a_server(btl, server_address, tmp_path):
    imported = json.loads(btl("import", "a.txt", "--db", server_address, "--workers", 0, "--json").stdout)
    assert (imported["counts"]["threads_new"], imported["counts"]["comments_new"]) == (1, 5)
    assert "host=" not in imported["db"]
    assert btl("flag", "--db", server_address, "--workers", 0).exit_code == 0
    assert btl("withhold", "comment", 2, "--reason", "privacy", "--db", server_address).exit_code == 0
    exported = btl("export", "--db", server_address)
    (thread,) = map(json.loads, exported.stdout.splitlines())
    assert [comment["body"] == "" for comment in thread["comments"]] == [False, True, False, False, False]
    assert "from a copy" in exported.stderr
    assert btl("restore", "comment", 2, "--db", server_address).exit_code == 0
    assert btl("erase", "comment", 3, "--reason", "court-order", "--yes", "--db", server_address).exit_code == 1
    with query_of(server_address) as query:
        assert query("select id from comments where body = ''") == [(3,)]
        assert query("select count(*) from withheld") == [(0,)]
        assert {kind for (kind,) in query("select kind from runs")} == {
            "import",
            "flag",
            "withhold",
            "restore",
            "erase",
        }
    stated = json.loads(btl("stats", "--db", server_address, "--json").stdout)
    assert stated["counts"]["comments"] == 5
    assert btl("copy", server_address, "copy.db").exit_code == 0
    assert json.loads(btl("stats", "--db", "copy.db", "--json").stdout)["counts"] == stated["counts"]
    assert btl("copy", "copy.db", server_address).exit_code == 1  # which holds it already
    undone = btl("import", "--undo", 1, "--db", server_address)
    assert "withheld" in undone.stderr


@pytest.mark.parametrize("command", [("serve",), ("backup", "out.db"), ("flag", "train")])
def test_what_works_on_files_says_so(btl, command):
    server = "postgresql://anna:hidden-word@db.example/comments"
    refused = btl(*command, "--db", server) if command[0] != "flag" else btl("flag", "--db", server, "train")
    assert refused.exit_code == 2
    assert "btl copy postgresql://anna@db.example/comments FILE" in refused.stderr
    assert "hidden-word" not in refused.output


def test_a_password_is_in_no_message(btl, tmp_path):
    nobody = f"postgresql://anna:hidden-word@/none?host={tmp_path}&password=hidden-word"
    failed = btl("import", "a.txt", "--db", nobody)
    assert failed.exit_code == 1
    assert failed.stderr.startswith("error: postgresql://anna@/none: ")
    assert "hidden-word" not in failed.output + repr(ServerAddress(nobody))


@pytest.mark.parametrize(
    "bad", ["postgresql://db.example", "postgresql://a:hidden/word@db.example/x", "postgres://db.example:0/x"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(btl, bad):
    refused = btl("stats", "--db", bad)
    assert refused.exit_code == 2
    assert "postgresql://USER@HOST:PORT/DATABASE" in refused.stderr
    assert "hidden" not in refused.output
    with pytest.raises(BadAddress):
        ServerAddress(bad)


def test_without_the_driver_its_extra_is_named(btl, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "archive.store.dialects.postgresql", raising=False)
    failed = btl("import", "a.txt", "--db", "postgresql://db.example/comments")
    assert failed.exit_code == 1
    assert "pip install 'belowtheline[postgres]'" in failed.stderr
