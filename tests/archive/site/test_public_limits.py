"""One reader, and all of them at once, are given what the site can give; the rest wait, or are told when to come again."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerSecond
from limits.strategies import MovingWindowRateLimiter

from archive.site.caching import cached
from archive.site.limiting import Bounded, Full, Room, client, cost, limited, roomy
from tests.public_fixture import ask, asked


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})


def scope(host, *headers):
    return {"client": (host, 1), "headers": [(name, b"x") for name in headers]}


@pytest.mark.parametrize(
    ("host", "headers", "known"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("127.0.0.1", (), None),
        ("127.0.0.5", (), None),
        ("::1", (), None),
        ("::ffff:127.0.0.1", (), None),
        ("127.0.0.1", (b"x-forwarded-for",), "127.0.0.1"),
        ("::1", (b"x-forwarded-for",), "::/64"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", (), "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", (), "203.0.113.9"),
        ("testclient", (), "testclient"),
    ],
)
def test_who_asks(host, headers, known):
    assert client(scope(host, *headers)) == known


@given(st.text(max_size=300))
def test_any_name_of_a_client_is_one(host):
    found = client(scope(host))
    assert found is None or len(found) <= 64


def test_a_reader_who_asks_too_often_waits():
    site = limited(hello, rate=2)
    replies = [ask(site, "/thread/1") for _ in range(25)]
    assert [one.status for one in replies] == [200] * 20 + [429] * 5
    assert 1 <= int(replies[-1].headers["retry-after"]) <= 10
    assert replies[-1].headers["cache-control"] == "no-store"
    assert ask(site, "/thread/1", client="203.0.113.10").status == 200
    assert ask(site, "/thread/1", client="127.0.0.1").status == 200
    assert ask(site, "/-/below/style.css").status == 200


def test_heavy_pages_cost_more():
    assert cost("/-/below/x.css") < cost("/thread/1") < cost("/archive/comments") < cost("/search") < cost("/x.csv")
    site = limited(hello, rate=1)
    assert [ask(site, "/search").status for _ in range(4)] == [200, 200, 429, 429]
    assert ask(limited(hello, rate=0), "/search").status == 200


def test_a_moving_window_moves(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("archive.site.limiting.time.monotonic", lambda: now[0])
    limiter, limit = MovingWindowRateLimiter(Bounded()), RateLimitItemPerSecond(10, 10)
    assert all(limiter.hit(limit, "a") for _ in range(10))
    assert not limiter.hit(limit, "a")
    now[0] += 9.9
    assert not limiter.hit(limit, "a")
    now[0] += 0.2
    assert limiter.hit(limit, "a", cost=10)
    assert not limiter.hit(limit, "a")


def test_clients_are_forgotten():
    store = Bounded(most=100)
    limiter, limit = MovingWindowRateLimiter(store), RateLimitItemPerSecond(10, 10)
    for number in range(1000):
        limiter.hit(limit, str(number))
    assert len(store.seen) == 100
    assert not store.events


def test_a_room_holds_so_many():
    async def visit():
        room, inside, most = Room(3, 1000, 5), 0, 0

        async def stay():
            nonlocal inside, most
            async with room.place():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.001)
                inside -= 1

        await asyncio.gather(*(stay() for _ in range(100)))
        assert (most, inside) == (3, 0)

    asyncio.run(visit())


def test_a_full_room_says_so():
    async def visit():
        room = Room(1, 1, 0.05)
        async with room.place():
            waiting = asyncio.create_task(room._enter())
            await asyncio.sleep(0)
            with pytest.raises(Full):
                await room._enter()
            with pytest.raises(Full):
                await waiting
        async with room.place():
            pass

    asyncio.run(visit())


def test_many_at_once_all_get_answers_and_too_many_are_told_to_wait():
    async def slow(scope, receive, send):
        await asyncio.sleep(0.01)
        await hello(scope, receive, send)

    async def visit():
        site = roomy(slow, {"any": Room(4, 100, 5), "search": Room(1, 3, 5)}, lambda scope: scope["path"][1:] or None)
        pages = await asyncio.gather(*(asked(site, "/") for _ in range(100)))
        assert {one.status for one in pages} == {200}
        crowd = await asyncio.gather(*(asked(site, "/") for _ in range(1000)))
        statuses = [one.status for one in crowd]
        assert set(statuses) == {200, 503}
        assert statuses.count(200) == 104
        assert next(one for one in crowd if one.status == 503).headers["retry-after"] == "5"
        searches = asyncio.gather(*(asked(site, "/search") for _ in range(20)))
        await asyncio.sleep(0)
        started = time.monotonic()
        assert (await asked(site, "/")).status == 200
        assert time.monotonic() - started < 0.5
        assert sorted({one.status for one in await searches}) == [200, 503]

    asyncio.run(visit())


def test_several_who_ask_for_one_page_wait_for_the_first():
    made = []

    async def slow(scope, receive, send):
        made.append(scope["path"])
        await asyncio.sleep(0.02)
        await hello(scope, receive, send)

    async def visit():
        site = cached(slow, "tag")
        replies = await asyncio.gather(*(asked(site, "/") for _ in range(50)))
        assert {one.body for one in replies} == {b"hello"}
        assert made == ["/"]

    asyncio.run(visit())


@pytest.mark.parametrize("status", [404, 500])
def test_errors_are_not_kept(status):
    made = []

    async def failing(scope, receive, send):
        made.append(1)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    site = cached(failing, "tag")
    assert [ask(site, "/").status for _ in range(3)] == [status] * 3
    assert len(made) == 3


def test_who_waits_for_one_that_breaks_asks_again():
    async def breaking(scope, receive, send):
        await asyncio.sleep(0.01)
        raise OSError("gone")

    async def visit():
        site = cached(breaking, "tag")
        found = await asyncio.gather(*(asked(site, "/") for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in found] == [OSError] * 3

    asyncio.run(visit())


def test_large_answers_pass_through():
    async def large(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(30):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": number < 29})

    site = cached(large, "tag")
    assert len(ask(site, "/").body) == len(ask(site, "/").body) == 3_000_000
