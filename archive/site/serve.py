"""`btl serve`: Datasette in this process over one archive, with the settings that were measured."""

import gc
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import uvicorn
from datasette import app, handle_exception  # in this order: handle_exception is half a plugin before app is there
from datasette.database import Database

from archive.site.accounts import Site, accounts

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
    datasette.add_database(Database(datasette, str(path), is_mutable=not immutable), name=NAME)
    return datasette


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
) -> None:
    """Serves until it is interrupted."""
    datasette = application(db_path, reviewers=reviewers)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"The archive is at http://{shown}:{port}/ (Ctrl-C stops)")
    gc.freeze()
    gc.set_threshold(
        50_000, 20, 50
    )  # pages make many short-lived strings; collecting less often is a tenth of the time
    uvicorn.run(datasette.app(), host=host, port=port, log_level="warning", lifespan="on")
