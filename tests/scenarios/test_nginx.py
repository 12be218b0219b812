"""Debian's nginx with docs/nginx.conf before a real public site: what the site leaves to the proxy, the proxy does."""

import contextlib
import getpass
import http.client
import os
import shutil
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import public_fixture
from tests.btl import PATIENCE_S
from tests.conftest import ROOT, missing
from tests.servers import free_port
from tests.sites import Site, served
from tests.waiting import until

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
HOST = "comments.example"


@dataclass
class Proxy:
    """nginx before a site, on loopback."""

    port: int
    site: Site = field(repr=False)
    release: Path = field(repr=False)

    def get(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            names = {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=names)
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as plain:
            plain.sendall(request)
            found = b""
            with contextlib.suppress(OSError):  # nginx hangs up on some
                while part := plain.recv(65536):
                    found += part
            return found


def adapt(text: str, folder: Path, port: int, site_port: int, release: Path) -> str:
    """The configuration as it is shipped, with ports, paths and the user of this machine, and a cache that is old soon."""
    temporary = "".join(
        f"    {name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    changes = {
        "user www-data;": f"user {getpass.getuser()};" if os.geteuid() == 0 else "",
        "worker_processes auto;": "worker_processes 1; daemon off;",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx/error.log": f"{folder}/error.log",
        "/var/cache/nginx/btl": f"{folder}/cache",
        "/srv/btl/public/current": str(release),
        "http {\n": "http {\n" + temporary,
        "listen [::]:80 default_server;": "",
        "listen [::]:80;": "",
        "listen 80 default_server;": f"listen 127.0.0.1:{port} default_server;",
        "        listen 80;\n": f"        listen 127.0.0.1:{port};\n",
        "127.0.0.1:8001": f"127.0.0.1:{site_port}",
        "proxy_cache_valid 200 301 302 5m;": "proxy_cache_valid 200 301 302 1s;",
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture
def proxy(tmp_path):
    if NGINX is None:
        missing("no nginx (Debian: nginx-light)")
    link = public_fixture.publish(tmp_path / "public", extras=False)
    release = link.resolve().parent
    folder = tmp_path / "nginx"
    folder.mkdir()
    port = free_port()
    with served(link, "--public") as site:
        site_port = int(site.address.rpartition(":")[2])
        text = adapt((ROOT / "docs" / "nginx.conf").read_text(), folder, port, site_port, release)
        (folder / "nginx.conf").write_text(text)
        command = [NGINX, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
        nginx = subprocess.Popen(command, stderr=subprocess.PIPE)
        try:
            wait_for(port, nginx)
            yield Proxy(port, site, release)
        finally:
            nginx.send_signal(signal.SIGTERM)
            nginx.communicate(timeout=PATIENCE_S)


def wait_for(port, process):
    def listening():
        assert process.poll() is None, process.communicate()[1].decode()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S):
            return True

    until(listening)


def test_nginx_does_what_the_site_leaves_to_it(proxy):
    """One start for all: nginx and the site take seconds."""
    pages_are_cached_and_compressed(proxy)
    requests_are_bounded(proxy)
    dumps_have_ranges(proxy)
    readers_are_limited(proxy)
    a_dead_site_is_stale_or_says_so(proxy)


def pages_are_cached_and_compressed(proxy):
    status, headers, body = proxy.get("/about", cookie="ds_actor=x", authorization="Basic eDp5", range="bytes=0-9")
    assert (status, headers["x-cache-status"]) == (200, "MISS")
    assert b"Harbour" in body or b"archive" in body
    assert headers["cache-control"] == "public, max-age=300"
    assert headers["content-security-policy"]
    assert "set-cookie" not in headers
    again = proxy.get("/about")
    assert again[1]["x-cache-status"] in ("HIT", "STALE", "UPDATING", "EXPIRED")
    assert again[2] == body
    assert proxy.get("/about", accept_encoding="gzip")[1]["content-encoding"] == "gzip"
    assert "server" not in headers or "/" not in headers["server"]
    assert proxy.get("/archive/comments.json?_size=1")[2].count(b"https://comments.example/archive/") >= 1
    assert proxy.get("/thread/1.csv")[0] == 200


def requests_are_bounded(proxy):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, body = proxy.get("/about", method)
        assert (status, headers["allow"], body) == (405, "GET, HEAD", b"Method not allowed.\n")
    assert proxy.get("/about", "HEAD")[::2] == (200, b"")
    assert proxy.get("/", x_long="a" * 9000)[0] in (400, 431)
    assert proxy.get("/search?q=" + "a" * 9000)[0] in (400, 414)
    assert proxy.raw(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n") == b""
    for path in (b"/../../etc/passwd", b"/dumps/../archive.db", b"/dumps/archive.db", b"/dumps/inspect.json"):
        reply = proxy.raw(b"GET " + path + b" HTTP/1.1\r\nHost: comments.example\r\nConnection: close\r\n\r\n")
        assert reply.startswith(b"HTTP/1.1 4"), (path, reply[:100])


def dumps_have_ranges(proxy):
    whole = (proxy.release / "dumps" / "comments.csv.gz").read_bytes()
    status, headers, body = proxy.get("/dumps/comments.csv.gz")
    assert (status, body) == (200, whole)
    assert headers["content-disposition"] == "attachment"
    part = proxy.get("/dumps/comments.csv.gz", range="bytes=10-19")
    assert (part[0], part[2]) == (206, whole[10:20])
    assert part[1]["content-range"] == f"bytes 10-19/{len(whole)}"
    assert proxy.get("/dumps/comments.csv.gz", if_none_match=headers["etag"])[0] == 304
    assert proxy.get("/dumps/manifest.json")[2] == (proxy.release / "manifest.json").read_bytes()
    assert b"comments.csv.gz" in proxy.get("/dumps")[2]


def readers_are_limited(proxy):
    """25 searches at once, and 150 a minute: a slow machine has to ask for longer before it is one too many."""
    replies = []
    with ThreadPoolExecutor(8) as readers:
        while not any(status == 429 for status, _, _ in replies):
            replies += readers.map(lambda _: proxy.get("/search?q=ferry"), range(40))
            assert len(replies) < 2_000
    assert {status for status, _, _ in replies} == {200, 429}
    assert sum(status == 200 for status, _, _ in replies) >= 25
    _, headers, body = next(reply for reply in replies if reply[0] == 429)
    assert (headers["retry-after"], body) == ("5", b"Too many requests. Wait a moment.\n")
    assert proxy.get("/about")[0] == 200, "searches are no pages"


def a_dead_site_is_stale_or_says_so(proxy):
    page = served_page(proxy, "/about")[2]
    proxy.site.end(signal.SIGTERM)

    def stale():
        _, headers, body = served_page(proxy, "/about")
        assert body == page
        return headers["x-cache-status"] in ("STALE", "UPDATING")

    until(stale)
    status, headers, body = served_page(proxy, "/thread/3")
    assert (status, headers["retry-after"]) == (503, "60")
    assert body == b"This site is not available at the moment. Try again in a minute.\n"
    assert proxy.get("/dumps/manifest.json")[0] == 200


def served_page(proxy, path):
    """Return the response for a page, asked for again while it is one too many: who waits for something asks often."""

    def allowed():
        response = proxy.get(path)
        return response if response[0] != 429 else None

    return until(allowed)
