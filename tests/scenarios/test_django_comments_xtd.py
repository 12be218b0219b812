"""Whole crawls of a real site with django-comments-xtd: what its database holds is what the archive holds."""

from collections.abc import Iterator

import pytest

from tests.conftest import missing
from tests.crawling import Desk
from tests.servers import Missing
from tests.servers.xtd import TEXT, XtdSite, xtd_site

TEXTS = [
    "The kiosk opens at nine.",
    "Not on Sundays 🙂, I'm afraid.",
    "العبّارة متأخرة اليوم",
    "First line\n\nSecond, 3 < 5 & <b>all</b> that.",
]
TRUTH = """select comments.id, nullif(parent_id, comments.id), nullif(user_name, ''), iif(is_removed, '', comment), is_removed,
strftime('%Y-%m-%dT%H:%M:%SZ', submit_date),
(select count(*) from django_comment_flags where comment_id = comments.id and flag = 'I liked it'),
(select count(*) from django_comment_flags where comment_id = comments.id and flag = 'I disliked it'),
(select count(*) from django_comment_flags where comment_id = comments.id and flag = 'removal suggestion')
from django_comments comments join django_comments_xtd_xtdcomment on comment_ptr_id = comments.id
join django_flatpage pages on pages.id = object_pk where is_public and pages.url = ? order by 1"""
ARCHIVED = """select cast(comments.native_id as integer), cast(parent_native_id as integer), commenters.name,
iif(state = 'removed', '', comments.body), state = 'removed', posted_at, likes, dislikes,
(select count(*) from flags where flags.comment_id = comments.id and code = 'platform.reported' and status <> 'withdrawn')
from comments left join commenters on commenters.id = commenter_id
join threads on threads.id = thread_id join articles on articles.id = article_id
where articles.url = ? and state <> 'missing' order by 1"""

EVENTS = """select kind, cast(native_id as integer), count(*) from events join comments on comments.id = comment_id
group by 1, 2 order by 1, 2"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[XtdSite]:
    try:
        with xtd_site(tmp_path_factory.mktemp("xtd")) as started:
            yield started
    except Missing as reason:
        missing(str(reason))


class Discussion:
    """A page with 40 comments, every fourth a thread of its own and the others below the one before."""

    def __init__(self, site: XtdSite, path: str) -> None:
        self.site, self.path, self.url = site, path, site.url + path
        site.do({"do": "page", "url": path, "title": f"Ferry timetable {path}", "content": TEXT})
        self.ids: list[int] = []
        for number in range(40):
            self.comment(TEXTS[number % 4], parent=self.ids[-1] if number % 4 else None)

    def comment(self, text: str, parent: int | None = None, name: str = "Anna") -> int:
        number = len(self.ids)
        (made,) = self.site.do({
            "do": "comment", "url": self.path, "name": name, "text": f"{text} ({number})", "parent": parent,
            "at": f"2026-03-{4 + number // 24:02}T{number % 24:02}:{number:02}:00+00:00",
        })  # fmt: skip
        self.ids.append(made)
        return made

    def agree(self, desk: Desk) -> None:
        assert desk.query(ARCHIVED, self.url) == self.site.rows(TRUTH, self.path)


def test_a_thread_is_archived_whole_and_a_second_visit_tells_what_was_done(desk, site):
    ferry, widget = Discussion(site, "/ferry/"), Discussion(site, "/widget/")
    first, reported, removed, held = (ferry.ids[number] for number in (0, 3, 5, 39))
    (by_editor,) = site.do(
        {"do": "comment", "url": "/ferry/", "user": "editor", "name": "Desk", "text": "Corrected.", "parent": first,
         "at": "2026-03-09T10:00:00+00:00"},
        )  # fmt: skip
    site.do(
        {"do": "like", "id": first, "user": "finn"},
        {"do": "like", "id": first, "user": "ruth"},
        {"do": "dislike", "id": reported, "user": "finn"},
        {"do": "report", "id": reported, "user": "anna"},
        {"do": "hold", "id": held},
    )

    def crawl() -> None:
        desk.crawl(ferry.url, widget.url, hosts=[site.address])
        ferry.agree(desk)
        widget.agree(desk)

    crawl()
    assert desk.query("select platform, completeness, comment_count from threads order by 3") == [
        ("django_comments_xtd", "full", 40),
        ("django_comments_xtd", "full", 40),
    ]
    assert desk.query("select name from commenters where is_staff") == [("Desk",)]
    site.do(
        {"do": "edit", "id": first, "text": "The kiosk opens at ten."},
        {"do": "remove", "id": removed, "user": "editor"},  # which hides the two comments below it
        {"do": "approve", "id": held, "user": "editor"},
    )
    late = ferry.comment("Late to the party.", parent=by_editor, name="Ruth")
    crawl()
    site.do({"do": "approve", "id": removed, "user": "editor"})
    crawl()
    crawl()
    below = ferry.ids[6:8]
    assert desk.query(EVENTS) == sorted(
        [("added", held, 1), ("added", late, 1), ("edited", first, 1)]
        + [(kind, number, 1) for kind in ("removed", "restored") for number in (removed, *below)]
    )
    assert "0 differences" in desk.btl("verify").stdout
    replayed = desk.replay()
    ferry.agree(replayed)
    assert replayed.query(EVENTS) == desk.query(EVENTS)
