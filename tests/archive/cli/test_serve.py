"""`btl serve` before it serves: what it needs, and the address that it prints."""

import re
import socket
import time
import urllib.error
import urllib.request
from contextlib import suppress

from archive.store.archive import Archive


def wait_for(url, process):
    while process.poll() is None:
        with suppress(ConnectionRefusedError, urllib.error.URLError), urllib.request.urlopen(url) as answer:
            assert answer.status == 200
            return
        time.sleep(0.1)
    raise AssertionError(process.stderr.read())


def test_an_archive_that_is_not_there_is_not_made(desk):
    assert "typo.db is not there" in desk.btl("serve", "--db", "typo.db", status=1).stderr
    assert "typo.db is not there" in desk.btl("crawl", "--due", "--db", "typo.db", status=1).stderr
    assert list(desk.folder.iterdir()) == []


def test_a_port_that_is_taken_is_an_error_of_one_line(desk):
    Archive(desk.path).close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = desk.btl("serve", "--port", port, status=1)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [f"error: 127.0.0.1:{port}: Address already in use"]


def test_the_address_that_is_printed_is_the_real_one(desk):
    Archive(desk.path).close()
    process = desk.start("serve", "--port", 0)
    try:
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())[1])
        wait_for(f"http://127.0.0.1:{port}/", process)
    finally:
        process.terminate()
        process.communicate()
