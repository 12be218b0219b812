"""`btl probe`: at most three requests, what came of them, and what is not as known."""

import json

import pytest

from tests.crawling import Desk
from tests.servers.services import serving


@pytest.fixture
def services():
    with serving() as running:
        yield running


def probe(desk: Desk, services, name: str, *more: str, status: int = 0) -> str:
    services.asked.clear()
    address = services.url.removeprefix("http://")
    done = desk.btl("probe", services.article_url(name), "--allow-host", address, *more, status=status)
    assert list(desk.folder.iterdir()) == []
    assert [asked.path for asked in services.asked][:2] == [
        "/robots.txt",
        f"/{services.article_url(name).split('/', 3)[3]}",
    ]
    assert len(services.asked) <= 2 + 3
    return done.stdout


def test_a_live_thread_is_looked_at_with_three_requests(tmp_path, services):
    desk = Desk(tmp_path)
    text = probe(desk, services, "coral")
    assert len(services.asked) == 2 + 3
    assert "coral, thread 127.0.0.1" in text
    assert "29 comments read of 34 or fewer that the service states; a crawl would go on reading" in text
    assert "all keys are as known" in text

    def amend(value):
        if "comments" not in value:
            return value
        shown = [
            {k: v for k, v in item.items() if k != "nick"} | {"mood": 3, "vote_up": "1"} for item in value["comments"]
        ]
        return value | {"comments": shown}

    services.amend = amend
    result = json.loads(probe(desk, services, "artalk", "--json", status=1))
    (thread,) = result["threads"]
    assert (result["well"], thread["platform"], thread["comments"], thread["stated_count"]) == (False, "artalk", 30, 33)
    assert thread["keys"] == {
        "new": ["comments[].mood"],
        "missing": ["comments[].nick"],
        "other_type": [{"key": "comments[].vote_up", "known": "number", "seen": "text"}],
    }

    services.broken, services.patience = "remark42", 0
    text = probe(desk, services, "remark42", status=1)
    assert "0 comments read" in text
    assert "HTTP 403" in text
    assert len(services.asked) == 2 + 1


def test_who_asks_says_how_to_be_reached(tmp_path):
    desk = Desk(tmp_path)
    assert "--contact" in desk.btl("probe", "https://courier.example/ferry", status=2).stderr
    (tmp_path / "outlets.toml").write_text('[[outlets]]\nname = "Courier"\nhome = "https://courier.example/"')
    assert "is no web address" in desk.btl("probe", "outlets.toml", status=2).stderr
    assert "is neither a web address nor a file" in desk.btl("probe", "ferry", status=2).stderr
