"""What tests share: a place for archives, the seed document where it is, and the rule about what CI must not skip."""

import gc
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from archive.store.archive import Archive
from tests.btl import preload_pools
from tests.crawling import Desk
from tests.made_once import new_archive
from tests.postgres_server import Cluster, find_programs, running_cluster
from tests.servers import INSTALLED

ROOT = Path(__file__).parent.parent
SEED = ROOT.parent / "shared" / "seed"
# Too large for every machine: not a part that is missing, but a test more where `make ghost` installed it.
collect_ignore = [] if (INSTALLED / "ghost" / "installed").exists() else ["scenarios/test_ghost.py"]


# No test depends on how fast the machine is at the moment.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")
preload_pools()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a test as soon as it fails: with several processes the summary comes at the end only."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        print(f"\nFAILED {report.nodeid} ({report.when})", file=sys.__stderr__, flush=True)


def pytest_collection_finish() -> None:
    """Pass over what is loaded by now whenever garbage is collected: it stays to the end."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run three processes on two cores: a crawl, a browser and a server wait half of their time."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return cores + (cores + 1) // 2 if config.option.numprocesses == "auto" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left alone with them at the end."""
    items.sort(key=lambda item: "scenarios" not in item.path.parts and item.path.parent != ROOT / "tests")


def missing(reason: str) -> NoReturn:
    """Skips the test for a part that this machine lacks; under CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI lacks a part: {reason}")
    pytest.skip(reason)


@pytest.fixture
def seed() -> Path:
    documents = sorted(path for path in SEED.glob("*.txt")) if SEED.is_dir() else []
    if not documents:
        missing("the seed document is not beside the project")
    return documents[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """PostgreSQL, for the session."""
    programs = find_programs()
    if programs is None:
        missing("Debian's postgresql is not installed")
    with running_cluster(programs) as running:
        yield running


@pytest.fixture(scope="session")
def empty_archive(cluster: Cluster) -> str:
    """The name of a database that is an empty archive, to make others from."""
    name = cluster.create()
    Archive(cluster.address(name)).close()
    return name


@pytest.fixture
def server_address(cluster: Cluster, empty_archive: str) -> Iterator[str]:
    """The address of an empty archive on PostgreSQL."""
    name = cluster.create(empty_archive)
    yield cluster.address(name)
    cluster.drop(name)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    with Archive(new_archive(path)) as opened:
        yield opened


@pytest.fixture
def query(path: Path) -> Iterator[Callable[..., list[tuple[object, ...]]]]:
    connections = []

    def run(sql: str, *parameters: object) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(path)
        connections.append(connection)
        return connection.execute(sql, parameters).fetchall()

    yield run
    for connection in connections:
        connection.close()
