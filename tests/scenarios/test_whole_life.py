"""A healthy archive's whole life: after each step `btl verify` confirms all of it, from another folder than the one used."""

import json
import os
import shutil

import pytest
import zstandard
from click.testing import CliRunner

from archive.cli import main
from archive.store.archive import Archive
from tests.btl import run_btl
from tests.news_server import serving

TWINS = """The tide is late

The tide was late on Monday, says the harbour office, and nobody knows why it was.

  • Orla

    It was not late at all, I say.

    • Barnaby

      You clown, it was an hour late.

  • Orla

    It was not late at all, I say.
"""
PIPED = [
    {"url": "https://town.example/kiosk", "title": "The kiosk", "text": TWINS.replace("Monday", "Sunday")},
    {"url": "https://town.example/pier", "title": "The pier", "text": TWINS.replace("Orla", "Finn")},
]
SECRET = "The cashier of the kiosk is called Ottilie, says her neighbour."
KEPT = {
    "url": "https://town.example/fair",
    "title": "The fair",
    "text": TWINS.replace("You clown, it was an hour late.", SECRET),
}
TREE = [(1, 0, "Anna", "The new timetable is a relief."), (2, 1, "Tom", "Only for those who get up at five."),
        (3, 0, "Anna", "The new timetable is a relief.")]  # fmt: skip


class Life:
    """An archive that is used in one folder and verified from another."""

    def __init__(self, desk, elsewhere, monkeypatch):
        self.desk, self.elsewhere, self.chdir = desk, elsewhere, monkeypatch.chdir
        self.folder = desk.folder

    def btl(self, *arguments, status=0, there=False):
        self.chdir(self.elsewhere if there else self.folder)
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert done.exit_code == status, done.output
        return done.stdout

    def import_piped(self):
        lines = "".join(json.dumps(row) + "\n" for row in PIPED)
        done = run_btl(["import", "-", "--db", "archive.db"], self.folder, os.environ, stdin=lines)
        assert done.returncode == 0, done.stderr

    def verify(self, status=0, **counts):
        """Verify from elsewhere; what is wrong is named."""
        said = self.btl("verify", "--db", self.folder / "archive.db", "--json", there=True, status=status)
        result = json.loads(said[said.index("{") :])
        if not status:
            assert result["differences"] == []
            assert result["counts"]["present"] + result["counts"]["moved"] == result["counts"]["captures"] > 0
        assert {name: result["counts"][name] for name in counts} == counts
        return result

    def query(self, sql, *parameters):
        return self.desk.query(sql, *parameters)


@pytest.fixture
def life(desk, tmp_path_factory, monkeypatch):
    (desk.folder / "corpus").mkdir()
    (desk.folder / "corpus" / "tide.txt").write_text(TWINS)
    (desk.folder / "fair.jsonl").write_text(json.dumps(KEPT) + "\n")
    return Life(desk, tmp_path_factory.mktemp("elsewhere"), monkeypatch)


def held_by_kept(folder, text):
    """Whether a kept file holds a text."""
    files = (path.read_bytes() for path in (folder / "archive-kept").iterdir())
    return any(text.encode() in zstandard.ZstdDecompressor().stream_reader(raw).read() for raw in files)


def test_whole_life(life, desk, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "pier.txt"
    outside.write_text(TWINS.replace("Monday", "Friday"))
    life.btl("import", "corpus", outside)
    life.verify(texts=6, present=2)
    life.import_piped()
    life.btl("import", "--keep", "fair.jsonl")
    (desk.folder / "fair.jsonl").unlink()
    life.verify(texts=15, present=5)
    with serving() as site:
        post = site.post(comments=TREE)
        desk.visit(site)
        post.comments = [(1, 0, "Anna", "The new timetable is a pain."), *TREE[2:], (4, 0, "Anna", TREE[0][3])]
        desk.visit(site)
    life.verify(gone=0, changed=0)
    life.btl("flag", "--workers", "0")
    sheet = life.btl("review", "export", "--code", "content.insult").replace(",,,,", ",oskar,dismissed,,seen", 1)
    (desk.folder / "sheet.csv").write_text(sheet, newline="")
    life.btl("review", "import", "sheet.csv")
    life.verify(withheld=0)

    twins = "select id from comments where body like 'It was not late%' and thread_id = 1 order by position"
    first, second = (row[0] for row in life.query(twins))
    said = life.btl("withhold", "comment", second, "--reason", "privacy")
    assert f"still readable: {first}." in said
    life.import_piped()
    life.verify(withheld=1)
    assert [row[0] for row in life.query(twins)] == [first]
    life.btl("restore", "comment", second)
    life.verify(withheld=0)
    assert [row[0] for row in life.query(twins)] == [first, second]

    (number,) = life.query("select id from comments where body = ?", SECRET)[0]
    assert held_by_kept(desk.folder, SECRET)
    life.btl("erase", "comment", number, "--reason", "court-order", "--yes")
    assert not held_by_kept(desk.folder, SECRET)
    life.verify(withheld=1, redacted=1)
    (desk.folder / "fair.jsonl").write_text(json.dumps(KEPT) + "\n" + json.dumps(KEPT | {"n": 1}) + "\n")
    life.btl("import", "--keep", "fair.jsonl")
    assert not held_by_kept(desk.folder, SECRET)
    life.verify(redacted=2)
    (number,) = life.query("select min(id) from comments where body like 'You clown%' and thread_id = 3")[0]
    life.btl("erase", "comment", number, "--reason", "law", "--yes", status=1)  # others have its words
    life.verify(redacted=4)  # both documents of what was piped hold them

    desk.btl("publish", "out/archive.db")
    life.verify()
    life.btl("verify", desk.folder / "out" / "archive.releases" / "0001", there=True)
    assert not list((desk.folder / "out").rglob("*kept*"))
    assert not any(
        b"fair.jsonl" in path.read_bytes() and b"archive-kept" in path.read_bytes()
        for path in (desk.folder / "out").rglob("*.db")
    )

    shutil.copytree(desk.folder, desk.folder.with_name("moved"))
    shutil.rmtree(desk.folder)
    life.folder = desk.folder.with_name("moved")
    life.verify(gone=0, moved=0)
    outside.rename(outside.with_name("renamed.txt"))
    result = life.verify(status=1, gone=1)
    assert [difference["place"] for difference in result["differences"]] == ["capture 2"]
    life.btl(
        "verify",
        "--db",
        life.folder / "archive.db",
        "--relink",
        f"{outside}={outside.with_name('renamed.txt')}",
        there=True,
    )
    life.verify(gone=0, moved=0)
    (life.folder / "corpus" / "tide.txt").write_text(TWINS.replace("Monday", "Mondays"))
    life.verify(status=1, changed=1)


def test_an_archive_that_moves_away_from_its_files_or_with_them(tmp_path, monkeypatch):
    """Files above and beside the archive's folder are found where they were, and where they would be by now."""
    home = tmp_path / "home"
    (home / "desk").mkdir(parents=True)
    (home / "corpus").mkdir()
    (home / "corpus" / "tide.txt").write_text(TWINS)
    monkeypatch.chdir(home / "desk")
    invoke = lambda *arguments: CliRunner().invoke(main, list(arguments))  # noqa: E731
    assert invoke("import", "../corpus", "--db", "archive.db").exit_code == 0
    monkeypatch.chdir(tmp_path)
    home.rename(tmp_path / "other")
    assert "0 present, 1 moved, 0 changed" in invoke("verify", "--db", "other/desk/archive.db").output
    (tmp_path / "other" / "desk").rename(tmp_path / "desk")
    (tmp_path / "other").rename(home)
    assert "1 present, 0 moved, 0 changed" in invoke("verify", "--db", "desk/archive.db").output
    with Archive(tmp_path / "desk" / "archive.db") as archive:
        name = archive.read("select warc_file from captures")
    assert name == [(str(home / "corpus" / "tide.txt"),)]
