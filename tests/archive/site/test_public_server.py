"""`btl serve` as it is run: real processes and sockets, signals, a proxy's headers."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from archive.cli import main
from tests import public_fixture
from tests.btl import PATIENCE_S
from tests.servers import free_port
from tests.sites import served
from tests.waiting import until


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    return public_fixture.publish(tmp_path_factory.mktemp("public"), more=12_000)


def get(address, path="/", method="GET", **headers):
    connection = HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def raw(address, sent):
    """What comes back for exactly these bytes."""
    host, _, port = urlsplit(address).netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as plain:
        plain.sendall(sent)
        plain.shutdown(socket.SHUT_WR)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while part := plain.recv(65536):
                found += part
        return found


def children(process):
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(one) for one in found.read_text().split()] if found.exists() else []


def serving(site, number):
    """The processes that answer, once there are so many: the address is listened on before they are started."""

    def workers():
        found = [pid for pid in children(site.process) if "spawn_main" in command_line(pid)]
        return found if len(found) >= number else None

    return until(workers, site.process)


def command_line(pid):
    """Of a process that may end meanwhile."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def wait_for_end(pid):
    until(lambda: not Path(f"/proc/{pid}").exists())


def test_a_public_site_by_one_process(link):
    with served(link, "--public") as site:
        address = site.address
        status, headers, body = get(address)
        assert status == 200
        assert "server" not in headers
        assert "set-cookie" not in headers
        last = json.loads(get(address, "/archive/threads.json?_shape=array&_sort_desc=id&_size=1")[2])[0]["id"]
        status, headers, body = get(address, f"/thread/{last}.csv")
        assert (status, headers.get("transfer-encoding")) == (200, "chunked")
        assert body.count(b"Remark") == 12_000
        for method, path in (
            ("HEAD", f"/thread/{last}.csv"),
            ("HEAD", "/thread/1"),
            ("HEAD", "/dumps/manifest.json"),
        ):
            assert get(address, path, method)[::2] == (200, b"")
        assert get(address, "/", "POST")[0] == 405
        _attack(address)
        site.end(signal.SIGINT)
    assert site.errors.startswith("not offered")
    assert len(site.errors.splitlines()) == 1
    assert site.first_line == f"Release 1 is at {address}/ for everybody (Ctrl-C stops)\n"
    assert site.output == ""
    assert site.process.returncode == 0


def _attack(address):
    for sent in (
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET //evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\\evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /dumps/../archive.db HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 700_000 + b"\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00" + bytes(60),
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ):
        found = raw(address, sent)
        assert found.startswith((b"HTTP/1.1 4", b"")), found[:200]
        assert b" 200 " not in found.partition(b"\r\n")[0] or b"Content-Length: 5" in sent
        assert b"root:" not in found
        assert b"SQLite format" not in found
        assert b"Traceback" not in found
    assert get(address)[0] == 200


def test_several_processes(link):
    """One that dies is replaced, and all end together: one start for both, since each worker loads all anew."""
    with served(link, "--public", "--workers", "2", port=free_port()) as site:
        first = serving(site, 2)
        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda n: get(site.address, f"/comment/{1 + n % 30}"), range(200)))
        assert {status for status, _, _ in found} == {200}
        os.kill(first[0], signal.SIGKILL)
        wait_for_end(first[0])
        workers = serving(site, 2)
        assert set(workers) - set(first)
        assert get(site.address)[0] == 200
        site.end(signal.SIGTERM)
    for worker in workers:
        wait_for_end(worker)
    assert site.first_line.startswith("Release 1 is at")
    assert site.output == ""
    assert "Traceback" not in site.errors


def test_a_copy_without_public_is_only_read(link, tmp_path):
    before = public_fixture.digest(link.resolve())
    with served(link) as site:
        address = site.address
        assert get(address, "/archive?sql=select+40%2B2")[2].count(b"42") > 0
        assert get(address, "/archive/comments")[0] == 200
    assert public_fixture.digest(link.resolve()) == before
    assert not list(link.resolve().parent.glob("archive.db-*"))


def test_the_newsroom_stays_as_it_was(tmp_path):
    path = public_fixture.live(tmp_path / "archive.db")
    with served("--db", path) as site:
        address = site.address
        assert b"42" in get(address, "/archive?sql=select+40%2B2")[2]
        assert get(address, "/dumps")[0] == 404
        assert get(address, "/-/versions")[0] == 200
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            db.execute("update articles set title = 'Another title' where id = 1")
        assert b"Another title" in get(address, "/thread/1")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--public"], "live archive; btl publish makes a public copy"),
        (["--public", "--workers", "2", "--port", "0"], "need a port"),
        (["--workers", "2"], "--public"),
        (["--public", "--reviewers", "REVIEWERS"], "nobody signs in"),
        (["--public", "--db", "nothing.db"], "no public copy"),
        (["--rate", "10"], "No such option"),
    ],
)
def test_what_does_not_go_together(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    public_fixture.live(tmp_path / "archive.db")
    (tmp_path / "REVIEWERS").write_text("")
    done = CliRunner().invoke(main, ["serve", *arguments])
    assert done.exit_code in (1, 2)
    assert said in done.output


def test_a_new_release_is_served_after_a_restart(tmp_path):
    link = public_fixture.publish(tmp_path, extras=False)
    with served(link, "--public") as site:
        address = site.address
        with contextlib.closing(sqlite3.connect(tmp_path / "live.db")) as db, db:
            db.execute("update outlets set name = 'Renamed Courier' where id = 1")
            db.execute("insert into visits (thread_id, run_id, seen_at, outcome) values (1, 1, 't', 'changed')")
        done = CliRunner().invoke(main, ["publish", str(link), "--db", str(tmp_path / "live.db"), "--json"])
        assert json.loads(done.stdout)["release"] == 2, done.output
        assert b"Renamed" not in get(address, "/thread/1")[2]
        assert get(address, "/archive/comments")[0] == 200
    with served(link, "--public") as site:
        assert b"Renamed Courier" in get(site.address, "/thread/1")[2]
        assert get(site.address, "/about")[0] == 200
