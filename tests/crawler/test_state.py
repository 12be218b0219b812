"""How many pages of a host are in hand at once."""

from unittest.mock import Mock

import pytest

from crawler.frontier import Candidate, Frontier
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
