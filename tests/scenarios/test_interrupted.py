"""Ctrl-C, which a terminal sends to all processes of a command: it says what is saved and how to go on."""

import json
import os
import signal
import threading

import pytest

from tests.btl import PATIENCE_S
from tests.news_server import Answer, serving
from tests.scenarios.test_full_disk import write_documents
from tests.waiting import until


def interrupt(process, then=lambda: None):
    os.killpg(process.pid, signal.SIGINT)
    then()
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "KeyboardInterrupt" not in errors
    return errors


@pytest.mark.slow
def test_an_import_is_ended_with_its_workers_and_goes_on(desk):
    write_documents(desk, 600)
    process = desk.start("import", "town.jsonl", "--workers", "2", fork_pools=False)
    until(lambda: desk.path.exists() and desk.query("select 1 from sqlite_master where name = 'runs'"), process)
    until(lambda: desk.query("select 1 from runs"), process)
    errors = interrupt(process)
    assert "interrupted: what was imported before is saved; run the same command again" in errors
    assert desk.query("select outcome from runs") == [("interrupted",)]
    assert desk.query("pragma integrity_check") == [("ok",)]
    assert json.loads(desk.btl("import", "town.jsonl", "--json").stdout)["errors"] == []
    assert desk.query("select count(*) from comments") == [(1_200,)]


@pytest.mark.slow
def test_a_crawl_says_how_to_go_on(desk):
    with serving() as site:
        for number in range(3):
            site.post(f"the-harbour-office-news-{number}", comments=[(number + 1, 0, "Anna", "At nine.")])
        interrupted = threading.Event()
        site.hook(site.posts[3].path, lambda asked: Answer(b"soon" if interrupted.wait(PATIENCE_S) else b"late"))
        process = desk.start("crawl", *site.urls(), "--allow-host", site.address)
        until(lambda: site.posts[3].path in site.paths(), process)
        assert "what was visited is saved" in interrupt(process, interrupted.set)
        assert desk.query("select outcome from runs") == [("interrupted",)]
        site.hooks.clear()
        desk.make_due()
        desk.crawl("--due", hosts=[site.address])
        assert desk.query("select count(*) from comments") == [(3,)]
        desk.check_warcs()
