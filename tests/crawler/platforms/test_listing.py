"""The guards against services that go round in circles, and the ids of Coral's queries."""

import pytest

from archive.thread import Comment
from crawler.pages.page import Fetch, FetchFailed, Page
from crawler.platforms import driver
from crawler.platforms.coral import queries_to_try
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
