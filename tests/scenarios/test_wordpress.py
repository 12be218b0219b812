"""Whole crawls of a real WordPress: what its database holds is what the archive holds, whichever way it is read."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from tests.conftest import missing
from tests.crawling import Desk
from tests.servers import Missing
from tests.servers.wordpress import WordPress, wordpress

PEOPLE = ["Anna", "Finn Whitlock", "Ruth says", "محمد", "Zoë & Søn", "李雷", "O'Neill", "harbour_office", "5th Pier"]
REMARKS = [
    "The kiosk opens at nine.",
    "Not on Sundays 🙂🚢, I'm afraid.",
    "العبّارة متأخرة اليوم",
    "First line\nsecond line\n\nNew paragraph, 3 < 5 & all that.",
    "<blockquote>It was late.</blockquote>\nIt was <em>not</em>.",
    "See <a href=\"http://courier.example/timetable\">the timetable</a>.",
    "On 5 March 2026 at 10:15 it was on time.",
    "汽船は今日も遅れています。",
]  # fmt: skip
ARCHIVED = """select cast(comments.native_id as integer), cast(parent_native_id as integer), commenters.name, body, posted_at
from comments left join commenters on commenters.id = commenter_id where state = 'visible' order by 1"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPress]:
    try:
        with wordpress(tmp_path_factory.mktemp("wordpress")) as started:
            started.do(
                {"do": "permalinks", "value": "/%year%/%postname%/"},
                option("show_avatars", 0),
                option("page_comments", 1),
                option("thread_comments_depth", 10),
                option("comment_max_links", 0),
            )
            yield started
    except Missing as reason:
        missing(str(reason))


def option(name: str, value: Any) -> dict[str, Any]:
    return {"do": "option", "name": name, "value": value}


class Post:
    """A post whose comments are numbered from 0 as they were made; `ids` are WordPress's."""

    def __init__(self, server: WordPress, slug: str) -> None:
        self.server = server
        text = "The ferry to the island leaves at twenty to six, says the timetable of the harbour office. " * 5
        (made,) = server.do({"do": "post", "title": f"Ferry: {slug}", "slug": slug, "text": text})
        self.id, self.url = made["id"], made["url"]
        self.ids: list[int] = []

    def comments(self, parents: list[int | None], **more: Any) -> None:
        """Adds comments, each with the number of the earlier one that it answers."""
        first = len(self.ids)
        self.ids += [0] * len(parents)
        waiting = list(enumerate(parents, first))
        while waiting:  # a parent is made before its replies
            ready = [(number, parent) for number, parent in waiting if parent is None or self.ids[parent]]
            made = self.server.do(*(self._step(number, parent) | more for number, parent in ready))
            for (number, _), made_id in zip(ready, made, strict=True):
                self.ids[number] = made_id
            waiting = [each for each in waiting if each not in ready]

    def _step(self, number: int, parent: int | None) -> dict[str, Any]:
        return {
            "do": "comment", "post": self.id, "author": PEOPLE[number % len(PEOPLE)],
            "text": f"{REMARKS[number % len(REMARKS)]} ({number})", "parent": 0 if parent is None else self.ids[parent],
            "at": f"2026-03-{2 + number // 1000:02} {number // 60 % 24:02}:{number % 60:02}:07",
        }  # fmt: skip

    def truth(self, *, times: bool = True) -> list[tuple[Any, ...]]:
        """The comments that readers see, as the archive should have them."""
        (rows,) = self.server.do({"do": "comments", "post": self.id})
        shown = {int(row["id"]) for row in rows if row["type"] == "comment"}
        return [
            (
                int(row["id"]), int(row["parent"]) if int(row["parent"]) in shown else None, row["author"].strip() or "Anonymous",
                folded(row["text"]), row["at"].replace(" ", "T") + "Z" if times else None,
            )
            for row in rows if row["type"] == "comment"
        ]  # fmt: skip


def folded(text: str) -> str:
    """What any way of showing a text keeps: its characters without markup, quotation marks and white space."""
    bare = unescape(re.sub(r"<[^>]*>", "", text)).replace("http://courier.example/timetable", "")
    return re.sub(r"[\s>()'\u2018\u2019\u201c\u201d\"\u2032]+", "", bare)


def archived(desk: Desk, *, times: bool = True) -> list[tuple[Any, ...]]:
    return [
        (number, parent, name.replace("\u2019", "'"), folded(body), at if times else None)
        for number, parent, name, body, at in desk.query(ARCHIVED)
    ]


def crawl(desk: Desk, post: Post, status: int = 0) -> dict[str, Any]:
    return desk.crawl(post.url, "--concurrency", "4", hosts=[post.server.place], status=status)


def threaded(number: int) -> list[int | None]:
    """A wide and deep forest: chains of ten, which is as deep as a page may show, with branches."""
    return [None if i % 10 == 0 else i - 1 if i % 4 or i % 10 < 2 else i - 2 for i in range(number)]


@pytest.fixture(scope="module")
def long_post(server: WordPress) -> Post:
    post = Post(server, "long")
    post.comments(threaded(240))
    post.comments([None, 5], type="pingback", link="http://gazette.example/ferry")
    post.comments([None], approved="0")
    post.comments([None], approved="trash")
    post.comments([3, 8], user=1, author="desk")
    server.do({"do": "count", "post": post.id})
    return post


def test_by_the_api(desk, server, long_post):
    server.do({"do": "theme", "name": "twentytwentyone"}, option("tests_no_rest", 0), option("comments_per_page", 20))
    crawl(desk, long_post)
    assert archived(desk) == long_post.truth()
    (thread,) = desk.query("select platform, completeness, stated_count, comment_count from threads")
    assert thread == ("wordpress", "full", 242, 242)
    assert desk.query("select distinct parent_source from comments") == [("api",)]
    assert desk.query(
        "select count(*) from comments join commenters on commenters.id = commenter_id where is_staff"
    ) == [(2,)]
    assert b"reader@courier" not in desk.path.read_bytes()


@pytest.mark.parametrize("first", ["newest", "oldest"])
@pytest.mark.parametrize("theme", ["twentytwentyone", "twentytwentytwo", "twentytwentythree", "plain"])
def test_by_the_pages_of_a_theme(desk, server, long_post, theme, first):
    server.do(
        {"do": "theme", "name": theme}, option("tests_no_rest", 1), option("comments_per_page", 24),
        option("default_comments_page", first), option("comment_order", "asc" if first == "oldest" else "desc"),
    )  # fmt: skip
    crawl(desk, long_post)
    times = theme != "plain"  # which shows minutes, and nothing for machines
    assert archived(desk, times=times) == long_post.truth(times=times)
    if not times:
        shown = {at[:16] for *_, at in archived(desk)}
        assert shown == {at[:16] for *_, at in long_post.truth()}
    found = desk.query(
        "select platform, completeness, (select group_concat(evidence) from flags where thread_id = 1) from threads"
    )
    assert found == [("wordpress", "full", None)]
    assert desk.query("select distinct parent_source from comments") == [("dom",)]


def test_by_the_feed(desk, server):
    post = Post(server, "silent")
    post.comments(threaded(14))
    server.do({"do": "theme", "name": "silent"}, option("tests_no_rest", 1))
    crawl(desk, post)
    newest = sorted(post.ids[-10:])
    assert [row[0] for row in archived(desk)] == newest
    assert {(row[0], row[2], row[3]) for row in archived(desk)} == {
        (row[0], row[2], row[3]) for row in post.truth() if row[0] in newest
    }
    assert desk.query("select completeness from threads") == [("partial",)]


@pytest.mark.parametrize("rest", [True, False], ids=["api", "pages"])
def test_what_changed_between_two_visits(desk, server, rest):
    post = Post(server, f"changing-{rest}")
    #              0     1  2  3  4     5  6     7     8
    post.comments([None, 0, 1, 1, None, 4, None, None, None])
    ids = post.ids
    server.do({"do": "theme", "name": "twentytwentyone"}, option("tests_no_rest", 0 if rest else 1))
    server.do(option("comments_per_page", 50), {"do": "trash", "id": ids[8]})
    crawl(desk, post)
    server.do(
        {"do": "edit", "id": ids[0], "text": "The kiosk opens at ten."},
        {"do": "delete", "id": ids[1]},  # its replies move up to what it answered
        {"do": "trash", "id": ids[6]},
        {"do": "rename", "id": ids[7], "author": "Harbour Office"},
        {"do": "untrash", "id": ids[8]},
    )
    post.comments([5])
    crawl(desk, post)
    kinds = "select kind, cast(comments.native_id as integer) from events join comments on comments.id = comment_id"
    found = set(desk.query(kinds))
    assert found == {
        ("edited", ids[0]), ("removed", ids[1]), ("moved", ids[2]), ("moved", ids[3]), ("removed", ids[6]),
        ("renamed", ids[7]), ("added", ids[8]), ("added", ids[9]),
    }  # fmt: skip
    assert archived(desk) == post.truth()
    gone = desk.query("select cast(native_id as integer), state from comments where state <> 'visible' order by 1")
    assert gone == sorted([(ids[1], "missing"), (ids[6], "missing")])
    server.do({"do": "untrash", "id": ids[6]})
    crawl(desk, post)
    assert set(desk.query(kinds)) - found == {("restored", ids[6])}
    assert archived(desk) == post.truth()
    before = desk.query("select count(*) from events")
    crawl(desk, post)
    assert desk.query("select count(*) from events") == before
    assert desk.btl("verify").returncode == 0
    desk.check_warcs()
