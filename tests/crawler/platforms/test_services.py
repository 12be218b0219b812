"""Every comment service is read whole, with its traps, from what it answers; nothing private comes along."""

import pytest

from archive.thread import Thread
from crawler.platforms import OUTLETS, SERVICES, driver
from crawler.platforms.base import platform_name
from tests.servers import hosted
from tests.servers.services import Said, Services

NAMES = [platform_name(platform) for platform in (*SERVICES, *OUTLETS)]
WITHOUT_NAMES = ("viafoura",)
WITHOUT_IDS = ("vuukle",)
FLAT = ("vnexpress",)  # the API gives the root as parent of all that stands below it
LONG = ("viafoura", "coral", "openweb")
URL = "https://services.example"


def read(services: Services, name: str) -> Thread:
    threads = driver.run(driver.visit(services.page(name)), services.fetch)
    assert [thread.platform for thread in threads] == [name]
    return threads[0]


def truth(name: str, services: Services) -> set[tuple]:
    def row(each: Said) -> tuple:
        gone = each.state != "visible" and hosted.SERVICES[name].keeps_removed
        author = None if name in WITHOUT_NAMES or gone else each.author
        return each.id, each.parent, author, "" if gone else each.text

    return {row(each) for each in services.said}


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_is_read_whole(name):
    services = Services(URL)
    thread = read(services, name)
    comments = thread.comments
    reasons = [flag.evidence for flag in thread.flags if flag.code == "capture.partial_thread"]
    assert (thread.completeness, reasons) == ("full", [])
    texts = {comment.body: comment for comment in comments}
    ids = {each.text: each.id for each in services.said}
    found = set()
    for comment in comments:
        parent = None if comment.parent is None else comments[comment.parent]
        own = comment.native_id or ids[comment.body]
        above = None if parent is None else parent.native_id or ids[parent.body]
        author = comment.author.name if comment.author and comment.state == "visible" else None
        found.add((own, above, author, comment.body))
    assert found == truth(name, services)
    assert len(comments) == len(services.said)
    assert {comment.native_id is None for comment in comments} == {name in WITHOUT_IDS}
    assert all(comment.posted and comment.posted.at for comment in comments)
    assert texts["And 301?"].posted.at == "2026-03-14T06:20:00Z"
    assert not any("x.example" in repr(comment) for comment in comments)
    if hosted.SERVICES[name].keeps_removed:
        (gone,) = (comment for comment in comments if comment.state != "visible")
        assert gone.flags


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("remark42", "comentario")])
def test_a_failure_in_the_middle_leaves_a_partial_thread(name):
    services = Services(URL, broken=name, patience=3 if name in LONG else 1)
    thread = read(services, name)
    assert thread.completeness == "partial"
    assert len(thread.comments) < len(services.said)
