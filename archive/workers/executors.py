"""Where work is done: by processes of this machine, or by the workers of a Dask cluster that `--cluster` names."""

import multiprocessing
import os
import socket
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

from archive.workers.processes import interrupts_blocked, set_up_worker

PACKAGE = "belowtheline"
MOST_BY_DEFAULT = 2
SCHEMES = ("tcp", "tls")
CONNECT_S = 10.0
FIRST_WORKER_S = 60.0


class NoCluster(Exception):
    """The cluster cannot be used, and why: in words for who named it."""


@dataclass(slots=True)
class Workers:
    """Processes of this machine, `count` of them; none: the work is done in this process.

    `deaths` are the errors by which an executor says that a task ended its worker.
    """

    count: int = field(default_factory=lambda: min(MOST_BY_DEFAULT, os.cpu_count() or 1))
    deaths: tuple[type[BaseException], ...] = (BrokenExecutor,)

    @staticmethod
    def of(workers: "Workers | int | None") -> "Workers":
        """Return what runs tasks: the workers themselves, or as many processes."""
        if isinstance(workers, Workers):
            return workers
        return Workers() if workers is None else Workers(workers)

    @contextmanager
    def executor(self, count: int | None = None, *, preload: str | None = None) -> Iterator[Executor]:
        """Yield an executor, which is of no more use once one of its workers has died: see `is_lasting`.

        Its processes are forked from one that has nothing but the module `preload`: what that loads is loaded once,
        and they share it in memory.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([preload] if preload else [])
        executor = ProcessPoolExecutor(count or self.count, mp_context=context, initializer=set_up_worker)
        try:
            yield executor
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

    @property
    def is_lasting(self) -> bool:
        """Whether an executor outlives a worker that died, and loses nothing but what that had in hand."""
        return False

    def can_start(self) -> bool:
        """Whether processes can be started at all: not from a script that stands on standard input."""
        with self.executor(1) as executor:
            try:
                with interrupts_blocked():
                    future = executor.submit(int)
                return future.result() == 0
            except BrokenExecutor:
                return False


@dataclass(slots=True)
class Cluster(Workers):
    """The workers of a Dask scheduler, and this process' connection to it."""

    client: Any = None

    @contextmanager
    def executor(self, count: int | None = None, *, preload: str | None = None) -> Iterator[Executor]:  # noqa: ARG002
        """Yield Dask's own executor. Raises NoCluster where the cluster is lost."""
        executor: Executor = self.client.get_executor(pure=False)
        try:
            yield executor
        except CancelledError as error:
            raise NoCluster("the cluster was lost, or cancelled this work; what was done before is saved") from error
        finally:
            executor.shutdown(wait=False)

    @property
    def is_lasting(self) -> bool:
        return True

    def can_start(self) -> bool:
        return True


@contextmanager
def open_workers(count: int | None = None, cluster: str | None = None) -> Iterator[Workers]:
    """Yield the workers of a cluster, or as many processes. Raises NoCluster where the cluster cannot be used."""
    if cluster is None:
        yield Workers() if count is None else Workers(count)
        return
    try:
        from distributed import Client
        from distributed.scheduler import KilledWorker
    except ImportError as error:
        raise NoCluster(f"--cluster needs the extra: pip install '{PACKAGE}[cluster]'") from error
    _require_scheduler(cluster)
    try:
        client: Any = Client(cluster, timeout=CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NoCluster(f"no scheduler answers at {cluster}: {error}") from error
    try:
        threads = _check_workers(client, cluster)
        yield Cluster(threads, deaths=(KilledWorker,), client=client)
    finally:
        client.close()


def _require_scheduler(cluster: str) -> None:
    """Raise NoCluster where nothing listens at an address: Dask's client would take half a minute over it."""
    try:
        address = urlsplit(cluster)
        if address.scheme not in SCHEMES or address.hostname is None or address.port is None:
            raise NoCluster(f"--cluster takes tcp://HOST:PORT or tls://HOST:PORT, not {cluster}")
        socket.create_connection((address.hostname, address.port), CONNECT_S).close()
    except (OSError, ValueError) as error:
        raise NoCluster(f"no scheduler answers at {cluster}: {error}") from error


def _check_workers(client: Any, cluster: str) -> int:
    """Return how many tasks the workers run at a time. Raises NoCluster where there are none, or of another version."""
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_S)
    except TimeoutError as error:
        raise NoCluster(f"the scheduler at {cluster} has no workers") from error
    own = version(PACKAGE)
    try:
        versions = client.run(version, PACKAGE)
    except (PackageNotFoundError, ImportError) as error:
        raise NoCluster(f"a worker of {cluster} lacks {PACKAGE}: install {PACKAGE} {own} there") from error
    if others := sorted({other for other in versions.values() if other != own}):
        raise NoCluster(f"workers of {cluster} have {PACKAGE} {', '.join(others)}; this is {own}")
    return sum(client.nthreads().values())
