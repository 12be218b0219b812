"""A page whose comments a script loads, on scrolling and on clicks: all by Scrapy, and read again without a browser."""

import json
import re
import shutil

import pytest

from crawler.browser.chromium import NAMES
from crawler.browser.request_policy import RequestPolicy
from crawler.browser.responses import SeenResponses
from crawler.pages.page import CommentHints, Fetch, FetchFailed, Page
from tests.conftest import missing
from tests.crawling import Desk
from tests.servers.hosted import SECTION
from tests.servers.services import ARTICLE, PARAGRAPH, Answer, serving

STORY = "/story/2026/03/14/ferry-timetable/"
APP = """
const base = location.origin + "/viafoura/v4/livecomments/%s";
const box = document.createElement("vf-conversations");
box.setAttribute("vf-container-id", "c-1");
box.style.marginTop = "3000px";
box.style.display = "block";
document.body.append(box);
async function load(list, after) {
  const response = await fetch(list + (after ? "&starting_from=" + after : ""), {headers: {"X-Reader": "page"}});
  const data = await response.json();
  const roots = data.contents.filter(c => c.parent_uuid === c.content_container_uuid);
  box.append(...data.contents.map(c => Object.assign(document.createElement("p"), {innerHTML: c.content || ""})));
  if (!data.more_available) return;
  const button = Object.assign(document.createElement("button"), {textContent: "Load more comments"});
  button.onclick = () => { button.remove(); load(list, roots[roots.length - 1].content_uuid); };
  box.append(button);
}
async function start() {
  const head = await (await fetch(base + "?container_id=c-1&limit=0&client=web")).json();
  load(base + "/" + head.container.content_container_uuid + "/comments?limit=10&sorted_by=oldest&reply_limit=3");
}
new IntersectionObserver((seen, self) => { if (seen[0].isIntersecting) { self.disconnect(); start(); } }).observe(box);
fetch("/private/profile").catch(() => 0);
for (const url of ["http://OTHER/inside", "http://2130706433:PORT/number", "http://169.254.1.1/meta"])
  fetch(url, {mode: "no-cors"}).catch(() => 0);
fetch("http://ALLOWED/post", {method: "POST", mode: "no-cors", body: "seen"}).catch(() => 0);
fetch("http://ALLOWED/private/list", {mode: "no-cors"}).catch(() => 0);
fetch("http://ALLOWED/read", {mode: "no-cors"});
box.append(Object.assign(document.createElement("iframe"), {src: "http://OTHER/framed"}));
new Worker(URL.createObjectURL(new Blob(['fetch("http://OTHER/work")'])));
new WebSocket(location.origin.replace("http", "ws") + "/live");
navigator.sendBeacon("/beacon", "seen");
Object.assign(document.createElement("img"), {src: "/logo.png"});
window.open("/popup/");
setTimeout(() => { location.href = "/elsewhere/"; }, 100);
"""


@pytest.fixture
def inside():
    """A server that the crawl may not visit."""
    with serving() as running:
        yield running


@pytest.fixture
def elsewhere():
    """A server of another site than the page's, that the crawl may visit."""
    with serving() as running:
        running.extra["/robots.txt"] = Answer("User-agent: *\nDisallow: /private/\n", media_type="text/plain")
        yield running


@pytest.fixture
def services(inside, elsewhere):
    if not any(map(shutil.which, NAMES)):
        missing("no Chromium to load a page's comments with")
    hosts = {"OTHER": address(inside), "PORT": address(inside).partition(":")[2], "ALLOWED": address(elsewhere)}
    app = re.sub("|".join(hosts), lambda name: hosts[name[0]], APP % SECTION)
    with serving() as running:
        url = f"{running.url}{STORY}"
        head = '<link rel="stylesheet" href="/style.css">'
        body = '<img src="/photo.png"><script src="/app.js"></script>'
        page = ARTICLE.format(title="The new timetable", url=url, text=PARAGRAPH * 4, head=head, body=body)
        link = f'<h2><a href="{url}">The new timetable of the ferry to the island</a></h2>'
        running.extra = {
            "/robots.txt": Answer("User-agent: *\nDisallow: /private/\n", media_type="text/plain"),
            "/story/": Answer(f"<html><body><main>{link}</main></body></html>", media_type="text/html"),
            STORY: Answer(page, media_type="text/html; charset=utf-8"),
            "/app.js": Answer(app, media_type="text/javascript"),
        }
        yield running


def address(server) -> str:
    return server.url.removeprefix("http://")


def outlets(desk: Desk, url: str) -> str:
    hints = f'comments = {{platform = "viafoura", host = "{url}/viafoura"}}'
    text = f'[[outlets]]\nname = "Courier"\nhome = "{url}/story/"\nbrowser = true\n{hints}\n'
    (desk.folder / "outlets.toml").write_text(text)
    return "outlets.toml"


def read(desk: Desk) -> set[tuple]:
    sql = """select comments.native_id, parents.native_id, comments.body from comments
        left join comments as parents on parents.id = comments.parent_id"""
    return set(desk.query(sql))


def test_comments_that_a_script_loads_are_read_and_read_again_without_a_browser(tmp_path, services, inside, elsewhere):
    desk = Desk(tmp_path / "desk")
    desk.folder.mkdir()
    counts = desk.crawl(outlets(desk, services.url), hosts=[address(services), address(elsewhere)])["counts"]
    assert (counts["errors"], counts["partial"], counts["comments"]) == (0, 0, len(services.said))
    truth = {(each.id, each.parent, each.text if each.state == "visible" else "") for each in services.said}
    assert read(desk) == truth

    paths = [asked.path for asked in services.asked]
    assert {
        "/photo.png",
        "/logo.png",
        "/style.css",
        "/private/profile",
        "/live",
        "/beacon",
        "/popup/",
        "/elsewhere/",
    }.isdisjoint(paths)
    assert all(asked.headers["user-agent"].startswith("belowtheline/") for asked in services.asked)
    assert not any("cookie" in asked.headers or "referer" in asked.headers for asked in services.asked)
    lists = [asked for asked in services.asked if asked.path.endswith("/comments")]
    assert [asked.query.get("starting_from") for asked in lists] == [None, "110"]  # by the page, and not once more
    assert all(asked.query["limit"] == "10" and asked.headers["x-reader"] == "page" for asked in lists)
    assert paths.count(STORY) == 1
    assert inside.asked == []  # neither by a script, a frame, a worker nor by number
    assert {asked.path for asked in elsewhere.asked} == {"/robots.txt", "/read"}
    assert "0 differences" in desk.btl("verify").stdout

    again = Desk(tmp_path / "again")
    again.folder.mkdir()
    services.asked.clear()
    again.btl("replay", *desk.warcs(), "--outlets", desk.folder / outlets(desk, services.url))
    assert (read(again), services.asked) == (truth, [])


def test_a_page_requests_what_can_bring_comments():
    page = Page("https://www.example.org/story/", b"", hints=CommentHints("coral", "talk.example.net"))
    policy = RequestPolicy(page)
    assert policy.allows("https://api.example.org/comments", "POST", "fetch")
    assert policy.allows("https://talk.example.net/api/graphql", "POST", "fetch")
    assert policy.allows("https://cdn.scripts.example/app.js", "GET", "script")
    assert not policy.allows("https://api-2-0.spot.im/v1.0.0/conversation/read", "POST", "fetch")
    assert policy.allows("https://launcher.spot.im/spot/sp_1", "GET", "script")  # from here on the page has this system
    assert policy.allows("https://api-2-0.spot.im/v1.0.0/conversation/read", "POST", "fetch")
    for url, method, kind in (
        ("https://www.google-analytics.com/collect", "GET", "fetch"),
        ("https://mc.yandex.ru/metrika/tag.js", "GET", "script"),
        ("https://counter.example/collect", "POST", "xhr"),
        ("https://api.example.org/comments/5", "DELETE", "fetch"),
        ("https://www.example.org/photo.png", "GET", "image"),
        ("https://reader:secret@www.example.org/list", "GET", "fetch"),
        ("file:///etc/hostname", "GET", "document"),
    ):
        assert not policy.allows(url, method, kind), url


def test_what_is_lacking_is_said_before_anything_is_fetched(tmp_path):
    desk = Desk(tmp_path)
    file = outlets(desk, "https://courier.example")
    done = desk.btl("crawl", file, "--contact", "desk@example.org", status=1, PATH=str(tmp_path))
    assert "browser = true needs Chromium: apt-get install chromium" in done.stderr
    assert not desk.warcs()
    (tmp_path / file).write_text('[[outlets]]\nname = "x"\nhome = "https://courier.example/"\nbrowser = "yes"\n')
    assert "browser: 'yes' is neither true nor false" in desk.btl("crawl", file, status=2).stderr


def test_a_platforms_request_is_answered_by_what_the_page_asked_for():
    seen = SeenResponses()
    url = "https://comments.example/list"
    page = Page(f"{url}?thread=5&limit=10", b'{"page": 1}')
    seen.add(Fetch(page.url), page)
    seen.add(Fetch(f"{url}?thread=6"), FetchFailed(url, "HTTP 500", 500))
    ours = Fetch(f"{url}?thread=5&limit=100&sort=old")
    assert not seen.is_begun(ours)
    answer = seen.find(ours)
    assert answer is not None
    assert json.loads(answer.body) == {"page": 1}
    assert answer.capture.metadata == {"requested": ours.url}
    assert seen.is_begun(Fetch(f"{url}?thread=5&page=2"))
    assert seen.find(Fetch(f"{url}?thread=5&page=2")) is None
    assert seen.find(Fetch(f"{url}?thread=5", body=b"{}")) is None
    with pytest.raises(FetchFailed, match="HTTP 500"):
        seen.find(Fetch(f"{url}?thread=6"))
