"""The public site over a public copy: Datasette with everything closed that strangers need not reach.

Caches, rate limits, compression and the serving of large files are the proxy's (docs/nginx.conf). What stands here is
what must hold without one."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import AsgiFileDownload, Request, Response

from archive.publish import manifest
from archive.publish.manifest import Release
from archive.site.database import ArchiveDatabase
from archive.site.responses import not_found
from archive.site.security import App, Message, Receive, Send

SETTINGS = {
    "default_allow_sql": False,
    "allow_download": False,
    "allow_facet": False,
    "allow_csv_stream": False,
    "suggest_facets": False,
    # A table page runs two statements that may take long: its rows, then their count. Both end within two seconds.
    "sql_time_limit_ms": 800,
    "facet_time_limit_ms": 100,
    "max_returned_rows": 1000,
    "default_page_size": 50,
    "truncate_cells_html": 400,
    "num_sql_threads": 6,
    "cache_size_kb": 32768,
}
MOST_FACETED = 100_000

_PATH = re.compile(r"/[\w.~,/:@!$&'()*+;=-]*", re.ASCII)
_OPEN_BELOW = ("/-/static/", "/-/static-plugins/", "/-/below/")
_HIDDEN_TABLE = re.compile(r"sqlite_|_sqlite_|.*_fts(_|\Z)")
_PLAIN_DUMPS = {".gz": "application/gzip", ".parquet": "application/vnd.apache.parquet", ".zip": "application/zip"}


class PublicSite(Datasette):  # type: ignore[misc]  # Datasette has no types
    """Datasette over one release. Its addresses are the release's, whatever Host a request names."""

    def __init__(self, release: Release, metadata: dict[str, Any]) -> None:
        self.release = release  # before Datasette's own, which makes the application and so needs the headers
        super().__init__(settings=SETTINGS, metadata=metadata, inspect_data=release.inspected)
        self.remove_database("_memory")
        archive = ArchiveDatabase(self, str(release.path), is_mutable=False)
        archive.has_public_reviewers = True
        self.add_database(archive, name=manifest.NAME)

    def absolute_url(self, request: Request, path: str) -> str:  # noqa: ARG002
        return self.release.url + str(path)


def public_site(path: str | Path, metadata: dict[str, Any]) -> PublicSite:
    """Return the site of a public copy. Raises FileNotFoundError, and manifest.NotPublic."""
    release = manifest.read(path)
    described = metadata["databases"][manifest.NAME]
    described["allow_sql"] = False
    counts = (release.inspected or {}).get(manifest.NAME, {}).get("tables", {})
    for name, table in described.get("tables", {}).items():
        # A facet counts every row of a table at each page, which no index answers: only small tables have time for it.
        if counts.get(name, {}).get("count", MOST_FACETED + 1) > MOST_FACETED:
            table.pop("facets", None)
    return PublicSite(release, metadata)


def is_hidden(table: str) -> bool:
    """Whether a table is SQLite's own or full text's, which strangers need not read."""
    return _HIDDEN_TABLE.match(table.lower()) is not None


def extra_headers(release: Release) -> dict[str, str]:
    """Return the headers of every response of a public site beside those of the newsroom's."""
    headers = {"permissions-policy": "camera=(), geolocation=(), microphone=()"}
    if release.url.startswith("https://"):
        headers["strict-transport-security"] = "max-age=31536000"
    return headers if release.is_indexed else {**headers, "x-robots-tag": "noindex, nofollow"}


def read_only(app: App) -> App:
    """Wrap an application: only GET and HEAD, only sound addresses, none of Datasette's own pages, no credentials."""

    async def filtered(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        status, text = _refusal(scope) if scope["type"] == "http" else (0, "")
        if status:
            await Response.text(text, status=status).asgi_send(send)
            return
        if scope["type"] == "http":
            # Nobody signs in here; with a cookie Datasette would make of each page a private one, which no cache takes.
            headers = [pair for pair in scope["headers"] if pair[0].lower() not in (b"cookie", b"authorization")]
            scope = {**scope, "headers": headers}
        await app(scope, receive, send)

    return filtered


def _refusal(scope: Message) -> tuple[int, str]:
    """Return the status and the text with which a request is refused; 0 for one that is not."""
    raw = (scope.get("raw_path") or scope["path"].encode("utf-8", "replace")).partition(b"?")[0]
    query: bytes = scope["query_string"]
    if scope["method"] not in ("GET", "HEAD"):
        return 405, "Method not allowed.\n"
    if not raw.isascii() or not _PATH.fullmatch(raw.decode("ascii")) or b"//" in raw:
        return 400, "This address is not one of this site's.\n"
    if not query.isascii() or not query.decode("ascii").isprintable():
        return 400, "This address is not one of this site's.\n"
    path = raw.decode("ascii")
    if (path.startswith("/-/") and not path.startswith(_OPEN_BELOW)) or path.endswith(".db") or path.startswith("/_"):
        return 404, "There is no such page here.\n"
    return 0, ""


async def show_robots(datasette: Datasette, request: Request) -> Response:
    if not isinstance(datasette, PublicSite):
        return await not_found(datasette, request)
    if not datasette.release.is_indexed:
        return Response.text("User-agent: *\nDisallow: /\n")
    closed = ("/archive/*?*", "/*.csv", "/*.json", "/search", "/dossier", "/dumps/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    url = datasette.release.url
    return Response.text("\n".join(lines + ([f"Sitemap: {url}/sitemap.xml"] if url else [])) + "\n")


async def show_dumps(datasette: Datasette, request: Request) -> Response:
    if not isinstance(datasette, PublicSite) or not datasette.release.dumps:
        return await not_found(datasette, request)
    release = datasette.release
    files = list(release.dumps.values())
    page = {
        "release": release,
        "files": [dump for dump in files if not dump.name.startswith(manifest.CHAIN)],
        "earlier": [dump for dump in files if dump.name.startswith(manifest.CHAIN)],
        "day": _day(release.values.get("published_at", "")),
    }
    return Response.html(await datasette.render_template("dumps.html", page, request))


def _day(moment: str) -> str:
    try:
        return datetime.fromisoformat(moment.replace("Z", "+00:00")).date().isoformat()
    except ValueError:
        return moment


async def send_dump(datasette: Datasette, request: Request) -> Response | AsgiFileDownload:
    """Send a file that the manifest lists, whole. The proxy sends them itself, with ranges."""
    release = datasette.release if isinstance(datasette, PublicSite) else None
    dump = release.dumps.get(request.url_vars["name"]) if release else None
    if dump is None:
        return await not_found(datasette, request)
    name = re.sub(r"[^\w.-]", "_", dump.name, flags=re.ASCII)
    content_type = _PLAIN_DUMPS.get(dump.path.suffix, "text/plain; charset=utf-8")
    return AsgiFileDownload(dump.path, name, content_type)
