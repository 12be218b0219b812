"""One crawl of a site whose articles have their comments by thirteen services, twice, verified and replayed."""

import gzip
import json
import os

import pytest

from tests.crawling import Desk
from tests.servers.hosted import HOSTED, SERVICES
from tests.servers.services import KEY, Said, Services, serving

FLAT = """select threads.platform, comments.body, parents.body, comments.state from comments
join threads on threads.id = comments.thread_id left join comments parents on parents.id = comments.parent_id"""
NAMED = "select name from commenters where platform = 'viafoura' and name is not null"
WRONG_KEY = "k3y-that-is-wrong"
EDITED, GONE, NEW = "103", "104", Said("113", None, "Omar", "Late to the party.", 60)


@pytest.fixture
def services():
    with serving() as running:
        yield running


def write_outlets(desk: Desk, services: Services) -> str:
    lines = []
    for service in HOSTED:
        lines += ["[[outlets]]", f'name = "{service.name}"', f'home = "{services.url}/news/{service.name}/"']
        if (hints := services.hints(service.name)) is not None:
            lines.append(f'comments = {{platform = "{hints.platform}", host = "{hints.host}"}}')
    (desk.folder / "outlets.toml").write_text("\n".join(lines))
    return "outlets.toml"


def crawl(desk: Desk, services: Services, key: str) -> dict:
    address = services.url.removeprefix("http://")
    arguments = ("crawl", write_outlets(desk, services), "--allow-host", address, "--concurrency", "8", "--json")
    return json.loads(desk.btl(*arguments, BTL_DISQUS_API_KEY=key).stdout)


def truth(services: Services) -> set[tuple]:
    texts = {each.id: each.text for each in services.said}
    rows = set()
    for service, each in ((service, each) for service in HOSTED for each in services.said):
        is_gone = each.state != "visible" and service.keeps_removed
        text = None if is_gone else each.text
        rows.add((service.name, text, texts.get(each.parent or ""), not is_gone))
    return rows


def archived(desk: Desk) -> set[tuple]:
    rows = desk.query(FLAT)
    return {(name, text or None, above, state == "visible") for name, text, above, state in rows if state != "missing"}


def test_thirteen_services(desk, services):
    result = crawl(desk, services, KEY)
    assert result["counts"].get("errors", 0) == 0
    assert archived(desk) == truth(services)
    assert desk.query("select platform, count(*) from threads group by 1 having count(*) > 1") == []
    assert desk.query("select platform from threads where completeness <> 'full'") == []
    assert desk.query("select count(*) from comments") == [(len(HOSTED) * len(services.said),)]
    assert dict(desk.query("select kind, sum(count) from reactions group by 1"))["score"] > 0
    names = ("names", "--allow-host", services.url.removeprefix("http://"), "--limit", "4", "--json")
    assert json.loads(desk.btl(*names).stdout)["counts"]["asked"] == 4
    assert "0 differences" in desk.btl("verify").stdout
    posts = desk.query("select count(*), count(distinct url) from captures where request_sha256 is not null")[0]
    assert posts[0] > posts[1] > 1  # several responses of one address

    by_id = {each.id: each for each in services.said}
    by_id[EDITED].text, by_id[EDITED].edited = "Remark 3, put better.", True
    services.said = [each for each in services.said if each.id != GONE] + [NEW]
    services.broken = "coral"
    desk.make_due()
    services.asked.clear()
    crawl(desk, services, WRONG_KEY)
    events = desk.query("""select threads.platform, events.kind from events
        join threads on threads.id = events.thread_id where events.kind <> 'votes'""")
    changed = {(name, kind) for name in SERVICES for kind in ("added", "edited", "removed") if name in _names()}
    unread = {("coral", kind) for kind in ("added", "edited", "removed")}
    partial = {("disqus", kind) for kind in ("added", "removed")}  # its first page has the edited comment
    no_ids = {("vuukle", "edited")}
    assert set(events) - no_ids == changed - unread - partial - no_ids
    assert set(desk.query(NAMED)) <= {("Anna",), ("Finn",), ("Ruth",), ("Omar",)}  # and no visit takes them away
    assert len(desk.query(NAMED)) >= 3
    assert set(desk.query("select platform from threads where completeness = 'partial'")) == {("coral",), ("disqus",)}
    assert "0 differences" in desk.btl("verify").stdout

    replayed = Desk(desk.folder / "replayed")
    replayed.folder.mkdir()
    outlets = str(desk.folder / "outlets.toml")
    replayed.btl("replay", *desk.warcs()[:1], "--outlets", outlets)
    assert archived(replayed) == truth(Services(services.url))
    assert "0 differences" in replayed.btl("verify").stdout
    _check_secrets(desk)


def _names() -> set[str]:
    return {service.name for service in HOSTED}


def _check_secrets(desk: Desk) -> None:
    files = [path for path in desk.folder.rglob("*") if path.is_file()]
    for path in files:
        content = path.read_bytes()
        if path.name.endswith(".gz"):
            content = gzip.decompress(content)
        for secret in (KEY, WRONG_KEY, "guest-token"):
            assert secret.encode() not in content, path
    assert os.environ.get("BTL_DISQUS_API_KEY") is None
