"""An archive that cannot be written, also one with a -wal file beside it: what reads it reads all of it, and says so.
And one that is not there: what reads it does not make it."""

import json
import shutil
import sqlite3
import urllib.request

import pytest

from archive.store.archive import Archive
from tests.btl import Limits
from tests.trees import made, said

PLAIN = Limits(plain_user=True)
READING = (
    ["stats"], ["export", "-o", "all.jsonl"], ["export", "-f", "csv", "--sql", "select 1"], ["verify"],
    ["publish", "public/archive.db"], ["backup", "copy.db"], ["outlets"], ["withhold", "--list"],
    ["review", "export", "-o", "flags.csv"], ["watch", "list"], ["review", "agreement"], ["serve", "--port", "0"],
)  # fmt: skip
WRITING = (
    ["flag"], ["flag", "train"], ["withhold", "comment", "1", "--reason", "privacy"], ["restore", "comment", "1"],
    ["erase", "comment", "1", "--reason", "privacy", "--yes"], ["review", "import", "sheet.csv"],
    ["watch", "add", "pier", "pier"], ["watch", "remove", "pier"], ["watch", "run"],
    ["outlets", "pause", "a.example"], ["outlets", "stop", "a.example"], ["outlets", "resume", "a.example"],
    ["crawl", "--due"], ["crawl", "--due", "outlets.toml"],
)  # fmt: skip


@pytest.fixture
def sealed(desk, request):
    """An archive in a folder that cannot be written; with a -wal file that holds its only comment, or without."""
    folder = desk.folder / "sealed"
    folder.mkdir()
    with Archive(desk.folder / "first.db") as archive:
        archive.maintain("pragma wal_checkpoint(truncate)")
        archive.save([made(said("The kiosk opens at nine."), said("At ten."))], archive.begin_run("import", {}))
        if not request.param:
            archive.maintain("pragma wal_checkpoint(truncate)")
        for suffix in ("", "-wal") if request.param else ("",):
            shutil.copyfile(desk.folder / f"first.db{suffix}", folder / f"archive.db{suffix}")
    files = [*folder.iterdir(), folder]
    for file in files:
        file.chmod(0o555 if file == folder else 0o444)
    yield folder / "archive.db"
    folder.chmod(0o755)


@pytest.mark.parametrize("sealed", [False, True], indirect=True, ids=["alone", "with-wal"])
def test_what_cannot_be_written_is_read_whole(desk, sealed):
    (desk.folder / "public").mkdir()
    shown = {}
    for words in READING[:-1]:
        done = desk.btl(*words, "--db", sealed, limits=PLAIN, status=None)
        assert done.returncode == (words == ["verify"]), done  # the document of this capture is nowhere
        assert "is read-only, and is read as it stands" in done.stderr
        shown[words[0]] = done
    assert "2  comments" in shown["stats"].stdout
    (thread,) = [json.loads(line) for line in (desk.folder / "all.jsonl").read_text().splitlines()]
    assert len(thread["comments"]) == 2
    for copy in ("copy.db", "public/archive.db"):
        connection = sqlite3.connect(f"file:{desk.folder / copy}?mode=ro", uri=True)
        assert connection.execute("select count(*) from comments").fetchone() == (2,)
        connection.close()
    for words in WRITING[:9]:
        (desk.folder / "sheet.csv").touch()
        done = desk.btl(*words, "--db", sealed, limits=PLAIN, status=1)
        assert done.stderr.splitlines()[-1].startswith(f"error: {sealed} cannot be written"), done.stderr
    assert sorted(file.name for file in sealed.parent.iterdir()) in (["archive.db"], ["archive.db", "archive.db-wal"])


def test_an_archive_that_is_not_there_is_not_made(desk):
    (desk.folder / "sheet.csv").touch()
    (desk.folder / "outlets.toml").write_text('[[outlets]]\nname = "A"\nhome = "https://a.example/"\n')
    before = sorted(desk.folder.iterdir())
    for words in (*READING, *WRITING):
        contact = ["--contact", "desk@example.org"] if words[0] == "crawl" else []
        done = desk.btl(*words, *contact, "--db", "typo.db", status=1)
        assert done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("error: there is no archive typo.db"), done.stderr
    assert sorted(desk.folder.iterdir()) in (before, sorted([*before, desk.folder / "public"]))


@pytest.mark.parametrize("sealed", [True], indirect=True)
def test_the_site_shows_it(desk, sealed):
    process = desk.start("serve", "--db", sealed, "--port", "0", "--json", limits=PLAIN)
    try:
        address = json.loads(process.stdout.readline())["address"]
        with urllib.request.urlopen(f"{address}archive/comments.json?_shape=array", timeout=60) as response:
            assert sorted(row["body"] for row in json.load(response)) == ["At ten.", "The kiosk opens at nine."]
    finally:
        process.terminate()
        _, errors = process.communicate()
    assert "is read-only, and is read as it stands" in errors
