"""The address of an archive on a database server, which has a password that nobody reads, and files beside it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sqlalchemy import URL

SCHEMES = ("postgresql", "postgres")
EXTRA = "an archive on PostgreSQL needs the extra \"postgres\": pip install 'belowtheline[postgres]'"


class NoDriver(Exception):
    """The library that speaks to the server is not installed; says how to install it."""


class BadAddress(ValueError):
    """The address cannot be read; says why, and not what it is: it may have a password."""


def is_address(name: str) -> bool:
    """Return whether a name is the address of a server, and no file."""
    return name.partition("://")[0].lower() in SCHEMES and "://" in name


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """As text it has neither the password nor other parameters: these may hold secrets too."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError as error:
            raise BadAddress(f"an address is postgresql://USER@HOST:PORT/DATABASE: {_reason(error)}") from None
        if not parts.path.strip("/") or "@" in parts.path or port == 0:
            raise BadAddress("an address is postgresql://USER@HOST:PORT/DATABASE, and names a database")

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        user = f"{parts.username}@" if parts.username else ""
        port = f":{parts.port}" if parts.port else ""
        return f"postgresql://{user}{parts.hostname or ''}{port}{parts.path}"

    @property
    def path(self) -> Path:
        """The name by which files beside the archive are called: WARC files, and copies of what was imported."""
        return Path(f"{urlsplit(self.url).path.strip('/').replace('/', '-')}.db").absolute()

    def require_driver(self) -> None:
        """Raise NoDriver where the library that speaks to the server is not installed."""
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise NoDriver(EXTRA) from error

    def engine_url(self) -> "URL":
        """Return the address as SQLAlchemy reads it."""
        from sqlalchemy import make_url

        return make_url(self.url).set(drivername="postgresql+psycopg")


def _reason(error: ValueError) -> str:
    return "its port is no number" if "port" in str(error).lower() else "it cannot be read"
