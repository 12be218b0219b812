"""Ctrl-C, which a terminal sends to all processes of a command: it says what is saved and how to go on."""

import json
import os
import signal
import time

import pytest

from tests.news_server import Answer, serving
from tests.scenarios.test_full_disk import write_documents


def interrupt(process):
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "KeyboardInterrupt" not in errors
    return errors


@pytest.mark.slow
def test_an_import_is_ended_with_its_workers_and_goes_on(desk):
    write_documents(desk, 2_000)
    process = desk.start("import", "town.jsonl", "--workers", "2")
    until = time.monotonic() + 100
    while not desk.path.exists() or not desk.query("select 1 from sqlite_master where name = 'runs'"):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    while not desk.query("select 1 from runs"):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    errors = interrupt(process)
    assert "interrupted: what was imported before is saved; run the same command again" in errors
    assert desk.query("select outcome from runs") == [("interrupted",)]
    assert desk.query("pragma integrity_check") == [("ok",)]
    assert json.loads(desk.btl("import", "town.jsonl", "--json").stdout)["errors"] == []
    assert desk.query("select count(*) from comments") == [(4_000,)]


@pytest.mark.slow
def test_a_crawl_says_how_to_go_on(desk):
    with serving() as site:
        for number in range(3):
            site.post(f"the-harbour-office-news-{number}", comments=[(number + 1, 0, "Anna", "At nine.")])
        site.hook(site.posts[3].path, Answer(b"soon", stall_s=3))
        process = desk.start("crawl", *site.urls(), "--allow-host", site.address)
        while site.posts[3].path not in site.paths():
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        assert "what was visited is saved" in interrupt(process)
        assert desk.query("select outcome from runs") == [("interrupted",)]
        site.hooks.clear()
        desk.make_due()
        desk.crawl("--due", hosts=[site.address])
        assert desk.query("select count(*) from comments") == [(3,)]
        desk.check_warcs()
