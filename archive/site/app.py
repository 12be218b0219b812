"""`btl serve`: Datasette over one archive, for a newsroom in this process or for everybody in several."""

import asyncio
import gc
import json
import os
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import uvicorn
from datasette import app, handle_exception  # in this order: handle_exception is half a plugin before app is there

from archive.publish import manifest
from archive.site import public
from archive.site.accounts import Site, accounts
from archive.site.guarded import Guarded
from archive.site.limiting import RATE
from archive.site.safety import App

NAME = "archive"
METADATA = "datasette-metadata.json"
SETTINGS = {
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 500,
    "suggest_facets": False,
    "allow_download": False,
    "max_returned_rows": 1000,
    "default_page_size": 50,
    "truncate_cells_html": 400,
    "max_csv_mb": 0,
    "num_sql_threads": 3,
    "cache_size_kb": 32768,
}


def application(
    db_path: str | Path, *, immutable: bool = False, reviewers: Mapping[str, str] | None = None
) -> app.Datasette:
    """Datasette over the archive, named `archive` whatever its file is called. Reviewers (names, and hashes of their
    passwords) sign in and judge flags. Raises FileNotFoundError, and ValueError where an account is wrong."""
    path = Path(db_path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no archive at {path}")
    handle_exception.rich = None  # where rich is installed, Datasette prints every 404 with all local variables
    datasette = Site(settings=SETTINGS, metadata=metadata(), secret=os.environ.get("DATASETTE_SECRET"))
    datasette.reviewers = accounts(reviewers) if reviewers else {}
    datasette.remove_database("_memory")
    datasette.add_database(Guarded(datasette, str(path), is_mutable=not immutable), name=NAME)
    return datasette


def public_application(db_path: str | Path, rate: int = RATE) -> App:
    """The public site over a public copy, which a link may lead to. Raises FileNotFoundError, and release.NotPublic."""
    handle_exception.rich = None
    return public.application(public.public_site(db_path, metadata()), rate)


def worker() -> App:
    """What each process of a public site runs: `run_public` says by the environment what to serve."""
    told = public.options()
    found = public_application(told["path"], told["rate"])
    _collect_less_often()
    return found


def read_reviewers(path: str | Path) -> dict[str, str]:
    """Names and password hashes from a TOML file of lines `name = "pbkdf2_sha256$..."`. Raises ValueError."""
    found = tomllib.loads(Path(path).read_text("utf-8"))
    accounts(found)
    return found


def metadata() -> dict[str, Any]:
    """What Datasette says of tables: beside the package in a source checkout, within it once it is installed."""
    here = Path(__file__).parent
    for folder in (here, here.parent.parent):
        if (folder / METADATA).is_file():
            found: dict[str, Any] = json.loads((folder / METADATA).read_text("utf-8"))
            return found
    raise FileNotFoundError(f"{METADATA} was not installed")


def run(
    db_path: str | Path,
    host: str = "127.0.0.1",
    port: int = 8001,
    *,
    reviewers: Mapping[str, str] | None = None,
    immutable: bool = False,
) -> None:
    """Serves until it is interrupted."""
    datasette = application(db_path, reviewers=reviewers, immutable=immutable)
    click.echo(f"The archive is at {_address(host, port)} (Ctrl-C stops)")
    _collect_less_often()
    uvicorn.run(datasette.app(), host=host, port=port, log_level="warning", lifespan="on")


class OneByOne(asyncio.SelectorEventLoop):
    """Takes one connection at a time: by default a process takes all that wait, and the others have nothing to do.

    Answers go out at once: a small one on a connection that is kept would otherwise wait 40 ms for more to send."""

    def _accept_connection(
        self,
        protocol_factory: Any,
        sock: Any,
        sslcontext: Any = None,
        server: Any = None,
        backlog: int = 1,  # noqa: ARG002
        *rest: Any,
    ) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # which the accepted ones inherit
        super()._accept_connection(protocol_factory, sock, sslcontext, server, 1, *rest)  # type: ignore[misc]


def run_public(
    db_path: str | Path, host: str = "127.0.0.1", port: int = 8001, *, workers: int = 1, rate: int = RATE
) -> None:
    """Serves a public copy by so many processes until it is interrupted: the file that the path leads to now, however
    long. Raises FileNotFoundError, and release.NotPublic."""
    found = manifest.read(db_path)
    os.environ[public.ENVIRONMENT] = json.dumps({"path": str(found.path), "rate": rate})
    if found.missing:
        click.echo(f"not offered, for they are not as manifest.json says: {', '.join(found.missing)}", err=True)
    click.echo(f"Release {found.number} is at {_address(host, port)} for everybody (Ctrl-C stops)")
    uvicorn.run(
        "archive.site.serve:worker",
        factory=True,
        loop="archive.site.serve:OneByOne",
        host=host,
        port=port,
        workers=workers,
        log_level="error",  # it warns of each request that is none
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1,::1",
        backlog=2048,
        limit_concurrency=_most_connections(),
        timeout_keep_alive=75,  # longer than proxies keep theirs
        timeout_graceful_shutdown=10,
    )


def _most_connections() -> int:
    """As many as there may be open files, less those that a process needs itself."""
    try:
        import resource
    except ImportError:
        return 400
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(64, min(max(soft, wanted), 8192) - 128)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _collect_less_often() -> None:
    """Pages make many short-lived strings: collecting less often is a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
