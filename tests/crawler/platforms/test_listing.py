"""The guards against services that go round in circles, and the ids of Coral's queries."""

import json

import pytest

from archive.thread import Comment
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms import driver
from crawler.platforms.coral import queries_to_try
from crawler.platforms.json_comments import Shape, identifier, moment, number, token
from crawler.platforms.listing import Batch, Listing
from tests.servers.services import KEY, Services

URL = "https://service.example/comments"


def read(batches, *, is_doubtful=False):
    """Reads pages whose ids and next cursors are given."""
    listing, parts = Listing(), iter(batches)

    def parse(page):
        ids, following = next(parts)
        return Batch([Comment(f"Remark {own}.", native_id=own) for own in ids], following)

    reader = listing.read_pages(lambda cursor: Fetch(f"{URL}?c={cursor}"), parse, is_doubtful=is_doubtful)
    requests = [next(reader)]
    outcome = None
    while outcome is None:
        try:
            requests.append(reader.send(Page(requests[-1].url, b"{}")))
        except StopIteration as stop:
            outcome = stop.value
    return listing, len(requests), outcome


@pytest.mark.parametrize(
    ("batches", "requests", "is_whole"),
    [
        ([("ab", 2), ("cd", None)], 2, True),
        ([("ab", 2), ("ab", 3), ("cd", None)], 2, False),  # an ignored cursor
        ([("ab", 2), ("cd", 2), ("ef", None)], 2, False),  # a cursor that does not change
        ([("ab", 2), ("cd", 3), ("ef", 2)], 3, False),
        ([("", 2), ("cd", None)], 1, False),
    ],
)
def test_pages_that_repeat_end_the_reading(batches, requests, is_whole):
    listing, count, outcome = read(batches)
    assert (count, outcome, listing.reasons == []) == (requests, is_whole, is_whole)
    assert read(batches, is_doubtful=True)[0].reasons == []


def test_a_page_whose_comments_are_known_from_elsewhere_is_no_repetition():
    listing = Listing()
    listing.add([Comment("Remark a.", native_id="a")])
    reader = listing.read_pages(lambda cursor: Fetch(f"{URL}?c={cursor}"), lambda _: parts.pop(0))
    parts = [Batch([Comment("Remark a.", native_id="a")], 2), Batch([Comment("Remark b.", native_id="b")])]
    next(reader)
    reader.send(Page(URL, b"{}"))
    with pytest.raises(StopIteration):
        reader.send(Page(URL, b"{}"))
    assert (list(listing.comments), listing.reasons) == (["a", "b"], [])


@pytest.mark.parametrize(
    ("version", "query"),
    [
        ("8.6.3", "e95a91fa68b24d37de980d0c6b4b7ba4"),
        ("9.0.0", "c60b50d20568d713883c81ad08103c2c"),
        ("9.9.1", "04fc88592a596af137b9de11c8c229bf"),
        ("9.9.7", "f3824f13c30bddc17811a1d3da2aabfd"),
        ("9.11.2", "fe6db435838489b39afeb993214af799"),
        ("9.11.8", "fe810f606e292cc9fe27e8975d5dcd9f"),
        ("10.0.0", "fe810f606e292cc9fe27e8975d5dcd9f"),
        (None, "fe810f606e292cc9fe27e8975d5dcd9f"),
    ],
)
def test_the_ids_of_corals_queries_follow_its_release(version, query):
    assert queries_to_try(version)[0].comments == query


def test_disqus_without_a_key_is_read_in_part():
    services = Services("https://services.example")

    def fetch(request):
        if request.keys:
            raise FetchFailed(request.url, "needs a key of your own, in BTL_DISQUS_API_KEY")
        return services.fetch(request)

    (thread,) = driver.run(driver.visit(services.page("disqus")), fetch)
    assert (thread.completeness, len(thread.comments), thread.stated_count) == ("partial", 10, len(services.said))
    assert any("BTL_DISQUS_API_KEY" in (flag.evidence or "") for flag in thread.flags)
    assert KEY not in repr(thread)


def test_no_request_changes_anything_at_a_service():
    """Comentario makes a page that it does not know: of one without comments the list is not asked for."""
    services = Services("https://services.example", said=[])
    (thread,) = driver.run(driver.visit(services.page("comentario")), services.fetch)
    assert [asked.path for asked in services.asked] == ["/comentario/api/embed/comments/counts"]
    assert (thread.comments, thread.completeness) == ((), "unknown")


LONG = "c-" * 400


def waline(*counts):
    """A Waline thread of 101 comments at the top, in two pages that state these counts."""
    html = '<div id=waline></div><script>Waline.init({serverURL: "https://w.example"})</script>'
    requests = []

    def fetch(request):
        requests.append(request)
        first = (len(requests) - 1) * 100
        items = [
            {"objectId": n, "comment": f"<p>{n}</p>", "children": []} for n in range(first + 1, min(first + 101, 102))
        ]
        data = {"page": len(requests), "totalPages": 2, "count": counts[len(requests) - 1], "data": items}
        return Page(request.url, json.dumps({"errno": 0, "data": data}).encode())

    (thread,) = driver.run(driver.visit(Page("https://courier.example/ferry", html.encode())), fetch)
    assert [dict(request.headers) for request in requests] == [{"Referer": "https://courier.example/ferry"}] * 2
    return thread


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((101, 101), ("full", "all", [])),
        ((104, 104), ("full", "approximate", ["platform.removed"])),  # three replies below a comment that is held
        ((105, 104), ("partial", "all", ["capture.partial_thread"])),  # a thread that changed while it was read
    ],
)
def test_waline_counts_replies_that_nobody_can_read(counts, expected):
    thread = waline(*counts)
    assert len(thread.comments) == 101
    assert (thread.completeness, thread.stated_kind, [flag.code for flag in thread.flags]) == expected


def test_long_ids_stay_different_and_what_a_service_wants_back_stays_whole():
    assert identifier(LONG + "a") != identifier(LONG + "b")
    assert len(identifier(LONG)) == len(identifier(LONG + "a")) == 500
    assert (token(LONG), token(f" {LONG} "), token(7), token("0"), token("")) == (
        LONG,
        LONG,
        "7",
        "0",
        None,
    )

    def fetch(request):
        sent.append(dict(request.headers).get("x-access-token"))
        if request.confidential:
            return Page(request.url, f'{{"accessToken":"{LONG}"}}'.encode())
        raise FetchFailed(request.url, "HTTP 401", 401)

    sent: list[str | None] = []
    driver.run(driver.visit(Services("https://services.example").page("openweb")), fetch)
    assert LONG in sent


@pytest.mark.parametrize(
    "value", [10**400, -(10**400), 1e308, float("nan"), float("inf"), 10**17, "1" * 13 + "x", [], True]
)
def test_a_time_that_is_none_is_no_error(value):
    seen = moment(value)
    assert seen is None or seen.at is None
    assert number(value) in (None, 10**17)
    (comment,) = Shape(id=("id",), body=("text",), posted=("at",)).comments(
        Page("https://c.example", b""), [{"id": 5, "text": "Remark.", "at": value}]
    )
    assert comment.body == "Remark."


def test_a_response_of_another_shape_leaves_what_came_before_and_a_reason(monkeypatch):
    """Whatever reading it raises; a fault that comes without any response is ours, and is not hidden."""
    html = (
        '<script data-isso="https://isso.example/" src="x"></script><section id="isso-thread"></section><h1>Ferry</h1>'
    )
    page = Page("https://courier.example/ferry", html.encode(), {"content-type": "text/html; charset=utf-8"})

    def fetch(request):
        return Page(
            request.url, b'{"id": null, "replies": [{"id": 5, "text": "Remark.", "parent": null, "mode": [1]}]}'
        )

    (thread,) = driver.run(driver.visit(page), fetch)
    assert [comment.body for comment in thread.comments] == ["Remark."]

    def fail(*_):
        raise OverflowError("too large")

    monkeypatch.setattr("crawler.platforms.isso.html_text", fail)
    (thread,) = driver.run(driver.visit(page), fetch)
    assert (thread.platform, thread.completeness) == ("isso", "partial")
    assert "another shape than known: OverflowError" in thread.flags[0].evidence
    monkeypatch.setattr("crawler.platforms.json_comments.html_text", fail)
    services = Services("https://services.example")
    (thread,) = driver.run(driver.visit(services.page("waline")), services.fetch)
    assert thread.completeness == "partial"
    assert "another shape than known: OverflowError" in thread.flags[-1].evidence
    monkeypatch.setattr("crawler.platforms.isso.IssoClaim.read", fail)
    with pytest.raises(OverflowError):
        driver.run(driver.visit(page), fetch)
