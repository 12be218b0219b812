"""How many pages of a host are in hand at once."""

from datetime import UTC, datetime
from unittest.mock import Mock

import pytest

from crawler.frontier.frontier import Candidate, Frontier
from crawler.state import LEASED_PER_HOST, CrawlState

HOME = "https://courier.example/"


@pytest.fixture
def state(archive):
    nothing = Mock()
    run = archive.begin_run("crawl", {})
    frontier = Frontier(archive)
    state = CrawlState(archive, run, nothing, nothing, nothing, frontier.hosts, nothing, frontier, nothing, nothing)
    state.follow(Candidate(f"{HOME}{number}", "article", HOME) for number in range(10))
    return state


def test_pages_that_wait_for_a_comment_service_leave_their_host_to_others(state):
    first = state.lease()
    assert len(first) == LEASED_PER_HOST
    assert state.lease() == []
    state.elsewhere.update(entry.id for entry in first)
    second = state.lease()
    assert len(second) == LEASED_PER_HOST
    assert not {entry.id for entry in first} & {entry.id for entry in second}


def test_a_page_in_hand_whose_lease_ends_is_not_taken_twice(state):
    first = state.lease()
    state.frontier.hosts.free_own()
    state.elsewhere.update(entry.id for entry in first)
    assert not {entry.id for entry in first} & {entry.id for entry in state.lease()}


def test_what_is_over_the_limit_is_not_waited_for(archive, state):
    other = Frontier(archive, "other")
    others, *_ = other.leases.lease(1).entries
    (own,) = other.add(
        [Candidate("https://harbour.example/", "article", "https://harbour.example/")], datetime.now(UTC)
    )
    state.ids, state.limit = {others.id, own}, 1
    assert [entry.id for entry in state.lease()] == [own]
    assert state.is_waiting
    state.leased.clear()
    assert state.lease() == []
    assert not state.is_waiting
