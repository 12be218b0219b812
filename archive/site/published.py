"""What a public copy says of itself; a live archive, which has no such table, says nothing."""

from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request

from archive.site import queries
from archive.site.database import Connection, fetch_all, fetch_value

NAME = "Below the Line"


def facts(connection: Connection) -> dict[str, Any]:
    """The table `release` by name; empty where there is none."""
    if not has_table(connection, "release"):
        return {}
    return dict(map(tuple, fetch_all(connection, queries.RELEASE)))


def cited_as(connection: Connection) -> str:
    """The name of the archive in citations: with the number of its release, where it is one."""
    release = facts(connection)
    name = str(release.get("title") or NAME)
    return f"{name}, release {release['number']}" if release.get("number") else name


def has_table(connection: Connection, name: str) -> bool:
    return fetch_value(connection, queries.HAS_TABLE, name=name) is not None


def base(datasette: Datasette, request: Request, release: dict[str, Any]) -> str:
    """The address that every permanent link begins with, without a slash at its end."""
    stated = str(release.get("url") or "").rstrip("/")
    here: str = datasette.absolute_url(request, datasette.urls.path("/"))
    return stated or here.rstrip("/")
