"""`btl serve`: Datasette over one archive, for a newsroom in this process or for everybody in several."""

import gc
import json
import os
import socket
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import click
import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm
from uvicorn.supervisors import Multiprocess

from archive.publish import manifest
from archive.site.database import ArchiveDatabase
from archive.site.public import public_site
from archive.site.security import App
from archive.site.sessions import load_ended
from archive.site.viewer import NewsroomSite, configure_accounts, ended_sessions
from archive.workers.garbage import collect_less_often

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
BACKLOG = 2048  # uvicorn's own
_DEFAULT_ERRORS = "datasette.handle_exception"


def application(
    db_path: str | Path,
    *,
    immutable: bool = False,
    reviewers: Mapping[str, str] | None = None,
    notice: str | None = None,
) -> Datasette:
    """Return Datasette over the archive, named `archive` whatever its file is called.

    Reviewers (names, and hashes of their passwords) sign in and judge flags. `notice` begins the first page.
    Raises FileNotFoundError, and ValueError where an account is wrong."""
    path = Path(db_path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no archive at {path}")
    _replace_error_handler()
    datasette = NewsroomSite(
        settings=SETTINGS, metadata=metadata() | {"notice": notice}, secret=os.environ.get("DATASETTE_SECRET")
    )
    datasette.reviewers = configure_accounts(reviewers) if reviewers else {}
    ended_sessions(datasette).update(load_ended(path))
    datasette.remove_database("_memory")
    datasette.add_database(ArchiveDatabase(datasette, str(path), is_mutable=not immutable), name=manifest.NAME)
    return datasette


def public_application(db_path: str | Path) -> App:
    """Return the ASGI application of the public site over a public copy, which a link may lead to.

    Raises FileNotFoundError, and manifest.NotPublic."""
    _replace_error_handler()
    app: App = public_site(db_path, metadata()).app()
    return app


def _replace_error_handler() -> None:
    """Take out Datasette's own handler: it runs beside ours, and prints all local variables of each 404."""
    if pm.has_plugin(_DEFAULT_ERRORS):
        pm.unregister(name=_DEFAULT_ERRORS)


def public_worker(db_path: str) -> App:
    """Return what each process of a public site runs."""
    app = public_application(db_path)
    _freeze_what_is_loaded()
    return app


def read_reviewers(path: str | Path) -> dict[str, str]:
    """Read names and password hashes from a TOML file of lines `name = "pbkdf2_sha256$..."`. Raises ValueError."""
    reviewers = tomllib.loads(Path(path).read_text("utf-8"))
    configure_accounts(reviewers)
    return reviewers


def metadata() -> dict[str, Any]:
    """Return what Datasette says of tables: beside the package in a checkout, within it once it is installed."""
    here = Path(__file__).parent
    for folder in (here, here.parent.parent):
        if (folder / METADATA).is_file():
            content: dict[str, Any] = json.loads((folder / METADATA).read_text("utf-8"))
            return content
    raise FileNotFoundError(f"{METADATA} was not installed")


def run(
    db_path: str | Path,
    host: str = "127.0.0.1",
    port: int = 8001,
    *,
    reviewers: Mapping[str, str] | None = None,
    immutable: bool = False,
    as_json: bool = False,
    notice: str | None = None,
) -> None:
    """Serve an archive until interrupted. Raise OSError where the port cannot be had."""
    datasette = application(db_path, reviewers=reviewers, immutable=immutable, notice=notice)
    config = uvicorn.Config(datasette.app(), host=host, port=port, log_level="warning", lifespan="on")
    listener = _listen(host, port)
    address = _address(host, listener.getsockname()[1])
    text = json.dumps({"db": str(db_path), "address": address, "release": None})
    click.echo(text if as_json else f"The archive is at {address} (Ctrl-C stops)")
    _freeze_what_is_loaded()
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
        uvicorn.Server(config).run(sockets=[listener])


def run_public(
    db_path: str | Path, host: str = "127.0.0.1", port: int = 8001, *, workers: int = 1, as_json: bool = False
) -> None:
    """Serve a public copy by so many processes until interrupted: the file that the path leads to now, for all time.

    Raises OSError, also where the port cannot be had, and manifest.NotPublic."""
    release = manifest.read(db_path)
    if release.missing:
        click.echo(f"not offered, for they are not as manifest.json says: {', '.join(release.missing)}", err=True)
    listener = _listen(host, port)
    address = _address(host, listener.getsockname()[1])
    text = json.dumps({"db": str(db_path), "address": address, "release": release.number})
    click.echo(text if as_json else f"Release {release.number} is at {address} for everybody (Ctrl-C stops)")
    config = uvicorn.Config(
        partial(public_worker, str(release.path)),
        factory=True,
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
        timeout_keep_alive=75,  # longer than proxies keep theirs
        timeout_graceful_shutdown=10,
        timeout_worker_healthcheck=60,  # a busy machine takes long to start one, and would end it unfinished
    )
    if workers > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
            uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Bind before the address is printed, so that it is the real one, and free. Raise OSError."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"{host}:{port}: {error.strerror or error}") from error
    listener.listen(BACKLOG)  # who follows the printed address at once waits, and is not refused
    listener.set_inheritable(True)  # workers are spawned
    # Connections inherit it: a small response on a connection that is kept would otherwise wait 40 ms for more to send.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _freeze_what_is_loaded() -> None:
    """Look for garbage less often, and never among what is loaded: it is a tenth of the time that pages take."""
    gc.freeze()
    collect_less_often()
