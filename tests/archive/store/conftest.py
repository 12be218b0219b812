"""Both engines: a test that asks for `archive` and `query` runs on an SQLite file, and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.store.archive import Archive
from tests.both_engines import FileQuery, ServerQuery, query_of
from tests.made_once import new_archive


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, path: Path) -> Path | str:
    """The file or the address of an archive that holds nothing."""
    if request.param == "sqlite":
        return path
    address: str = request.getfixturevalue("server_address")
    return address


@pytest.fixture
def archive(place: Path | str, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.chdir(path.parent)  # where files beside an archive on a server lie
    with Archive(new_archive(place) if isinstance(place, Path) else place) as opened:
        yield opened


@pytest.fixture
def query(place: Path | str) -> Iterator[FileQuery | ServerQuery]:
    with query_of(place) as run:
        yield run
