"""What is due, who has it in hand, and when to come again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.takedown.withhold import withhold
from archive.text.formatting import format_time
from crawler.frontier.frontier import Candidate, Frontier, VisitResult
from crawler.frontier.host_leases import LEASE
from crawler.frontier.intervals import DAY, HOUR, LATE_VISIT, FrontierEntry, next_interval, next_visit
from crawler.frontier.page_leases import Scope
from tests.trees import made, said

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOME = "https://courier.example/"
ENTRY = FrontierEntry(
    1, HOME + "a", "courier.example", HOME, "article", format_time(NOW), None, HOUR, None, None, None, None, None, 0
)


def candidate(path="a", host="courier.example", **more):
    return Candidate(f"https://{host}/{path}", more.pop("kind", "article"), f"https://{host}/", **more)


class Workers:
    """Frontiers of several workers, whose clock is `now`."""

    def __init__(self, archive):
        self.archive, self.now = archive, NOW

    def start(self, name):
        return Frontier(self.archive, name, lambda _: self.now)


@pytest.fixture
def workers(archive):
    return Workers(archive)


@pytest.fixture
def frontier(workers):
    return workers.start("first")


def lease(frontier, limit=10, **more):
    return frontier.leases.lease(limit, **more).entries


def urls(entries):
    return [entry.url.rpartition("/")[2] for entry in entries]


def test_new_pages_are_due_and_leased_once(frontier):
    ids = frontier.add([candidate("a"), candidate("b"), candidate("a")], NOW)
    assert len(ids) == 2
    assert urls(lease(frontier, per_host=5)) == ["a", "b"]
    assert lease(frontier, per_host=5) == []


def test_a_lease_ends(workers, frontier):
    frontier.add([candidate()], NOW)
    lease(frontier, 1)
    other = workers.start("other")
    workers.now += LEASE - timedelta(seconds=1)
    assert lease(other, 1) == []
    workers.now += timedelta(seconds=2)
    other.hosts.refresh()
    assert urls(lease(other, 1)) == ["a"]


def test_a_worker_frees_what_it_had_and_nothing_else(workers, frontier):
    other = workers.start("other")
    frontier.add([candidate("a"), candidate("b", "b.example")], NOW)
    (mine,), (others,) = lease(frontier, 1), lease(other, 5)
    assert mine.host != others.host
    assert frontier.hosts.free_own() == 1
    assert lease(frontier, 5, in_hand={mine.host: 1}) == []
    assert lease(frontier, 5) == [mine]
    assert other.hosts.free_own() == 1


def test_hosts_take_turns(frontier):
    frontier.add([candidate(f"{i}") for i in range(5)] + [candidate("x", "b.example")], NOW)
    assert sorted(urls(lease(frontier, per_host=2))) == ["0", "1", "x"]
    assert urls(lease(frontier, per_host=2, in_hand={"courier.example": 2})) == []
    assert urls(lease(frontier, per_host=2, in_hand={"courier.example": 1})) == ["2"]
    assert urls(lease(frontier, per_host=1, most_in_hand={"courier.example": 2})) == ["3", "4"]


def test_only_what_is_meant(frontier):
    ids = frontier.add([candidate("a"), candidate("b"), candidate("c", "b.example")], NOW)
    assert urls(lease(frontier, per_host=5, scope=Scope(ids=ids[1:2]))) == ["b"]
    assert urls(lease(frontier, per_host=5, scope=Scope(outlets=["https://b.example/"]))) == ["c"]


def test_known_pages_are_due_at_their_time_or_when_asked_or_when_their_count_changes(frontier):
    frontier.add([candidate(comment_count=3)], NOW)
    (entry,) = lease(frontier, 1)
    frontier.record_visits([(entry, VisitResult(changed=False))], NOW)
    assert frontier.add([candidate(comment_count=3)], NOW) == []
    assert lease(frontier, 1) == []
    assert frontier.add([candidate(comment_count=4)], NOW) == [entry.id]
    assert urls(lease(frontier, 1)) == ["a"]
    frontier.record_visits([(entry, VisitResult(changed=False))], NOW)
    assert frontier.add([candidate(now=True)], NOW) == [entry.id]


def test_what_an_answer_brought_is_kept(frontier, query):
    frontier.add([candidate()], NOW)
    (entry,) = lease(frontier, 1)
    frontier.record_visits(
        [(entry, VisitResult(changed=True, etag='"x"', last_modified="then", content_sha256="ab"))], NOW
    )
    row = query("select etag, last_modified, content_sha256, lease_until, next_at, visited_at from frontier")
    assert row == [('"x"', "then", "ab", None, "2026-03-01T13:00:00Z", "2026-03-01T12:00:00Z")]


def test_failures_put_the_next_visit_off_and_end(frontier, query):
    frontier.add([candidate()], NOW)
    (entry,) = lease(frontier, 1)
    frontier.record_failure(entry, "HTTP 500", NOW)
    assert query("select next_at, failures, last_error from frontier") == [("2026-03-01T14:00:00Z", 1, "HTTP 500")]
    frontier.record_failure(replace(entry, failures=7), "HTTP 500", NOW)
    assert query("select next_at, failures from frontier") == [(None, 8)]


def test_a_host_that_asks_for_patience_gets_it(frontier, query):
    frontier.add([candidate("a"), candidate("b", "b.example")], NOW)
    frontier.postpone("courier.example", 7200, NOW)
    assert query("select next_at from frontier order by id") == [("2026-03-01T14:00:00Z",), ("2026-03-01T12:00:00Z",)]


def aged(days, interval=DAY, **more):
    return replace(ENTRY, added_at=format_time(NOW - timedelta(days=days)), interval_s=interval, **more)


@pytest.mark.parametrize(
    "entry, changed, seconds",
    [
        (aged(1), False, HOUR),
        (aged(3), False, 2 * DAY),
        (aged(3), True, DAY // 2),
        (aged(3, 30 * DAY), False, 30 * DAY),
        (aged(3, HOUR), True, HOUR),
        (aged(0, published_at="2020-01-01T00:00:00Z"), False, 2 * DAY),
        (aged(0, published_at="not a date"), False, HOUR),
        (aged(3, DAY, kind="feed"), False, DAY),
    ],
)
def test_intervals_follow_change(entry, changed, seconds):
    assert next_interval(entry, NOW, changed=changed) == seconds


def test_a_quiet_article_gets_one_late_visit_and_then_rest():
    assert next_visit(aged(59), NOW, changed=False) == NOW + timedelta(days=2)
    assert next_visit(aged(61), NOW, changed=False) == NOW - timedelta(days=61) + LATE_VISIT
    assert next_visit(aged(61), NOW, changed=True) == NOW + timedelta(hours=12)
    assert next_visit(aged(181), NOW, changed=False) is None
    assert next_visit(aged(181), NOW, changed=True) == NOW + timedelta(hours=12)
    assert next_visit(aged(3), NOW, changed=False, settled=True) == NOW - timedelta(days=3) + LATE_VISIT
    assert next_visit(aged(400, kind="feed"), NOW, changed=False) == NOW + timedelta(days=1)


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 400))
def test_intervals_keep_their_bounds(changes, days):
    entry = aged(days, HOUR)
    for changed in changes:
        entry = replace(entry, interval_s=next_interval(entry, NOW, changed=changed))
        assert HOUR <= entry.interval_s <= 30 * DAY


def test_a_page_that_moved_is_visited_where_it_went_and_is_not_new_again(workers, frontier):
    frontier.add([candidate("old")], NOW)
    (entry,) = lease(frontier, 1)
    frontier.record_visits([(entry, VisitResult(changed=True, kind="article", etag='"1"', moved_to=HOME + "new"))], NOW)
    assert frontier.add([candidate("old"), candidate("new")], NOW) == []
    workers.now += timedelta(hours=1)
    (moved,) = lease(frontier, per_host=5)
    assert (moved.url, moved.etag, moved.outlet) == (HOME + "new", '"1"', HOME)


def test_a_withheld_article_is_not_listed_again(archive, frontier, query):
    run = archive.begin_run("import", {"paths": []})
    archive.save([made(said("one"), url=HOME + "a")], run)
    frontier.add([candidate("a"), candidate("b")], NOW)
    withhold(archive, "article", 1, "law")
    assert urls(lease(frontier, per_host=5)) == ["b"]
    assert frontier.add([candidate("a", now=True, comment_count=5)], NOW) == []
    assert query("select count(*) from frontier where next_at is not null") == [(1,)]
