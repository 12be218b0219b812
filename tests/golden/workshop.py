"""A folder to work in, with `btl` as its users run it and servers as readers ask them."""

import gzip
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.btl import run_btl
from tests.golden import canonical
from tests.sites import served

HERE = Path(__file__).parent
KEPT = HERE / "archive-0.1.0.db.gz"
PATIENCE_S = 600
MOST_TRIES = 10
SETTINGS_OF_ITS_OWN = ("BTL_", "DATASETTE_", "BELOWTHELINE_", "PYTHONWARNINGS", "PYTHONDEVMODE", "PYTHONDONTWRITE")
SITE = """[site]
title = "Harbour comments"
url = "https://comments.example"
contact = "mailto:desk@comments.example"
"""
POLICIES = {
    "open.toml": f"""{SITE}[flags]\nblur = ["content.insult"]\n""",
    "strict.toml": f"""{SITE}robots = "none"
[commenters]
names = "pseudonyms"
[flags]
public = ["content.*", "crawl.*"]
unreviewed = false
[texts]
withhold = ["content.threat"]
[outlets]
without = ["plain.example"]
[dates]
from = "2026-03-01"
[dumps]
formats = ["csv"]
""",
    "nameless.toml": """[commenters]\nnames = "dropped"\n[dumps]\nformats = []\n""",
}


@dataclass
class Reply:
    """What came back, before anything is taken out of it."""

    status: int
    kind: str
    location: str | None
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Reader:
    """Somebody with a browser's cookies who asks one server."""

    address: str
    _jar: CookieJar = field(default_factory=CookieJar)

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        cookies = urllib.request.HTTPCookieProcessor(self._jar)
        return urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay, cookies)

    def ask(self, path: str, form: Mapping[str, str] | None = None, method: str | None = None) -> Reply:
        """The answer. A page that took too long, as on a machine with much else to do, is asked for again."""
        for _ in range(MOST_TRIES - 1):
            reply = self._ask(path, form, method)
            if reply.status != 503 or form is not None:
                return reply
            time.sleep(0.5)
        return self._ask(path, form, method)

    def _ask(self, path: str, form: Mapping[str, str] | None, method: str | None) -> Reply:
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(self.address + path, data, method=method)
        try:
            answer = self._opener.open(request, timeout=PATIENCE_S)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            told = answer.headers
            return Reply(answer.status, told.get("content-type", ""), told.get("location"), answer.read())

    def post(self, path: str, seen: Reply, **form: str) -> Reply:
        """Sends a form with the token of the page that it stood on."""
        token = re.search(r'name="csrftoken" value="([^"]+)"', seen.text)
        return self.ask(path, form | {"csrftoken": token[1] if token else ""})


class Workshop:
    """A temporary folder. Each kind of output takes its own copy of the archive that is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._publishing = threading.Lock()
        program = shutil.which("btl", path=str(Path(sys.executable).parent))
        if program is None:
            raise RuntimeError("btl is not installed beside this Python")
        self.program = program
        version = self.btl("--version").stdout.split()[-1]
        self.normal = canonical.Normaliser(str(self.folder), version)
        for name, text in POLICIES.items():
            (self.folder / name).write_text(text)

    def copy(self, name: str) -> str:
        """A copy of the archive that is kept, under this name in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.decompress(KEPT.read_bytes()))
        return name

    def btl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, in the folder, whatever status it ends with."""
        return run_btl(arguments, self.folder, _environment())

    def must(self, *arguments: str) -> str:
        """Runs a command that has to end well; gives what it printed."""
        done = self.btl(*arguments)
        if done.returncode:
            raise RuntimeError(f"btl {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @property
    def public(self) -> str:
        """The link to a public copy, by the open policy; made once."""
        link = "public/archive.db"
        with self._publishing:
            if not (self.folder / link).exists():
                self.must("publish", link, "--db", self.copy("to-publish.db"), "--policy", "open.toml")
        return link

    @property
    def release(self) -> Path:
        """The folder of that public copy."""
        return (self.folder / self.public).resolve().parent

    def help(self, command: str) -> str:
        return self.must(*command.split(), "--help")

    @contextmanager
    def served(self, *arguments: str) -> Iterator[str]:
        """`btl serve` on a free port of loopback; gives its address."""
        with served(*arguments, folder=self.folder, environment=_environment()) as site:
            yield site.address


def _environment() -> dict[str, str]:
    """Without what the machine or a tester has set, such as not to keep what was compiled; as wide as help was written."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS_OF_ITS_OWN)}
    fixed = {
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
    }
    return {name: value for name, value in kept.items() if name != "FORCE_COLOR"} | fixed


@contextmanager
def newspaper() -> Iterator[str]:
    """A site of one article with comments, as WordPress shows it, on a free port; gives its host and port."""
    page = (HERE / "page.html").read_bytes()
    files = {"/2026/ferry/": (page, "text/html; charset=utf-8"), "/robots.txt": (b"User-agent: *\n", "text/plain")}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, kind = files.get(self.path, (b"not here", "text/plain"))
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
