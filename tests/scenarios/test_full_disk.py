"""A disk that is full: each command stops at once, says what is whole and what to run again, and goes on from there."""

import json
import os
import random

import pytest

from archive.store.archive import Archive
from tests.btl import Limits
from tests.news_server import serving

FILE_BYTES = 1 << 20
SMALL = Limits(file_bytes=FILE_BYTES)


@pytest.fixture
def site():
    with serving() as running:
        yield running


def write_documents(desk, number):
    """Documents of 20 kB that no index makes small."""
    words, dice = [f"harbour{n}" for n in range(5_000)], random.Random(7)
    with (desk.folder / "town.jsonl").open("w") as file:
        for n in range(number):
            long = " ".join(dice.choices(words, k=1_800))
            text = f"Notes {n}\n\nThe kiosk opens.\n\n  • Anna\n\n    {long}\n\n    • Tom\n\n      It does."
            file.write(json.dumps({"url": f"https://town.example/{n}", "text": text}) + "\n")


def check_refusal(done, what):
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: there is no room (")
    assert what in line


def test_a_crawl_stops_asking_for_what_it_cannot_keep(site, desk):
    dice = random.Random(7)
    for number in range(12):
        site.post(f"the-harbour-office-news-{number}", comments=[(number + 1, 0, "Anna", "At nine.")])

    def heavy(asked):
        answer = site._answer(asked)
        answer.body += f"<!-- {dice.randbytes(400_000).hex()} -->".encode()  # 400 kB, compressed
        return answer

    site.hook("/2026/", heavy)
    done = desk.btl("crawl", *site.urls(), "--allow-host", site.address, limits=SMALL, status=1)
    check_refusal(done, "what was visited before is saved; run the same command again, or `btl crawl --due`")
    fetched = len(site.paths("/2026/"))
    assert fetched < 12
    assert desk.query("select outcome from runs") == [("failed",)]
    assert all(warc.stat().st_size <= FILE_BYTES for warc in desk.warcs())
    desk.crawl("--due", hosts=[site.address])
    assert desk.query("select count(*) from comments") == [(12,)]
    desk.check_warcs()
    assert "0 differences" in desk.btl("verify").stdout


def test_commands_that_write(desk):
    write_documents(desk, 120)
    done = desk.btl("import", "town.jsonl", "--workers", "0", limits=SMALL, status=1)
    check_refusal(done, "what was imported before is saved; run the same command again")
    assert desk.query("pragma integrity_check") == [("ok",)]
    desk.btl("import", "town.jsonl", "--workers", "0")
    assert desk.query("select count(*) from comments") == [(240,)]
    assert desk.query("select outcome from runs order by id desc limit 1") == [("done",)]

    small = Limits(file_bytes=100_000)
    (desk.folder / "all.jsonl").write_text("as it was")
    check_refusal(desk.btl("export", "-o", "all.jsonl", limits=small, status=1), "as it was before")
    assert (desk.folder / "all.jsonl").read_text() == "as it was"
    check_refusal(desk.btl("backup", "copy.db", limits=small, status=1), "there is no copy yet")
    check_refusal(desk.btl("publish", "public.db", limits=small, status=1), "no release was made")
    desk.change("update comments set body = body || ' You idiot, I will drown you.'")
    for words in (["flag"], ["withhold", "thread", "1", "--reason", "privacy"]):
        check_refusal(desk.btl(*words, limits=small, status=1), "run the same command again")
    left = {path.name for path in desk.folder.iterdir()} - {"archive.db-wal", "archive.db-shm"}
    assert left == {"town.jsonl", "archive.db", "all.jsonl", "public.releases"}
    assert [path.name for path in (desk.folder / "public.releases").iterdir()] == [".lock"]
    assert desk.query("select count(*) from comments where withheld is not null") == [(0,)]
    desk.btl("withhold", "thread", "1", "--reason", "privacy")
    erase = ["erase", "thread", "1", "--reason", "privacy", "--yes"]
    done = desk.btl(*erase, limits=small, status=1)
    check_refusal(done, "goes on from there")
    assert "still holds it: town.jsonl" in done.stdout.replace(f"{desk.folder}/", "")
    desk.btl(*erase, status=None)
    assert desk.query("select length(body) from comments where id = 1") == [(0,)]
    with Archive(desk.path) as archive:
        assert archive.read("pragma integrity_check")[0][0] == "ok"


@pytest.mark.parametrize("words", [["stats"], ["export"], ["outlets", "--json"], ["stats", "--json"]])
def test_an_output_that_is_full(desk, words):
    write_documents(desk, 2)
    desk.btl("import", "town.jsonl", "--workers", "0")
    full = os.open("/dev/full", os.O_WRONLY)
    process = desk.start(*words, stdout=full)
    os.close(full)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert errors.count("\n") == 1
