"""The benchmarks' readers: they read whole answers, keep their connections, and count what is no page."""

import asyncio

import pytest

from benchmarks.load import Answer, Reader, figures, load

ANSWERS = {
    "/length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "/chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=1\r\n yo\r\n0\r\n\r\n",
    "/none": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "/closing": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
    "/broken": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
}
CLOSING = ("/closing", "/broken")


def asked(work):
    """What `work(port)` gives, and how many connections were made."""
    connections = 0

    async def answer(reader, writer):
        nonlocal connections
        connections += 1
        while request := await reader.readline():
            path = request.split()[1].decode()
            while (line := await reader.readline()) not in (b"\r\n", b""):
                closing = line.lower() == b"connection: close\r\n" or path in CLOSING
            writer.write(ANSWERS[path])
            await writer.drain()
            if closing:
                break
        writer.close()
        await writer.wait_closed()

    async def run():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            found = await work(server.sockets[0].getsockname()[1])
            await asyncio.sleep(0.05)
        return found

    return asyncio.run(run()), connections


@pytest.mark.parametrize(("kept", "connections"), [(True, 1), (False, 4)])
def test_answers_are_read_whole_one_after_the_other(kept, connections):
    async def work(port):
        reader = Reader(port, kept=kept)
        answers = [await reader.get(path) for path in ("/length", "/chunks", "/none", "/length")]
        reader.close()
        return answers

    answers, made = asked(work)
    assert [answer.status for answer in answers] == [200, 200, 404, 200]
    assert answers[1].size - answers[0].size == 3 + len("Transfer-Encoding: chunked") - len("Content-Length: 5")
    assert made == connections


def test_a_connection_that_the_server_ends_is_made_anew_and_half_an_answer_is_none():
    async def work(port):
        reader = Reader(port, kept=True)
        answers = [await reader.get(path) for path in ("/closing", "/broken", "/length")]
        reader.close()
        return answers

    answers, made = asked(work)
    assert [answer.status for answer in answers] == [200, 0, 200]
    assert made == 3


def test_a_crowd_asks_as_often_as_it_should_and_counts_what_is_no_page():
    row, made = asked(lambda port: load(port, ["/length", "/none"], 40, kept=True, readers=4))
    assert row["errors"] == row["status_404"] == 20
    assert made == 4


def test_figures_are_of_all_answers():
    row = figures([Answer(200, n / 1000, 2000) for n in range(1, 101)], 2.0)
    assert (row["requests_per_s"], row["p50_ms"], row["p95_ms"], row["kb"], row["errors"]) == (50, 51, 96, 2, 0)


def test_a_site_that_is_not_there_gives_no_answer():
    assert asyncio.run(Reader(1).get("/")).status == 0
