"""`btl serve` before it serves: what it needs, and the address that it prints."""

import socket
import urllib.request

from archive.store.archive import Archive
from tests.sites import served


def test_an_archive_that_is_not_there_is_not_made(desk):
    assert "there is no archive typo.db" in desk.btl("serve", "--db", "typo.db", status=1).stderr
    assert "there is no archive typo.db" in desk.btl("crawl", "--due", "--db", "typo.db", status=1).stderr
    assert list(desk.folder.iterdir()) == []


def test_a_reviewers_file_that_cannot_be_read_is_named(desk):
    Archive(desk.path).close()
    (desk.folder / "judges.toml").write_text("anna = [")
    assert "judges.toml: " in desk.btl("serve", "--reviewers", "judges.toml", status=1).stderr


def test_a_port_that_is_taken_is_an_error_of_one_line(desk):
    Archive(desk.path).close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = desk.btl("serve", "--port", port, status=1)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [f"error: 127.0.0.1:{port}: Address already in use"]


def test_the_address_that_is_printed_is_the_real_one(desk):
    Archive(desk.path).close()
    with served(folder=desk.folder) as site:
        assert site.first_line == f"The archive is at {site.address}/ (Ctrl-C stops)\n"
        with urllib.request.urlopen(site.address) as response:
            assert response.status == 200
