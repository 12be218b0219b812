"""Work on a Dask cluster: two workers on loopback, one of which dies."""

import os
import signal
import socket
import sys
from functools import partial

import dask
import pytest
from distributed import Client, LocalCluster

from archive.store.archive import Archive
from archive.workers.executors import Cluster, NoCluster, Workers, open_workers
from archive.workers.ordered import ENDED, run_in_order
from crawler.evidence.verify import verify_archive
from crawler.replay import replay_captures
from tests.archive.importers.test_run import CONTENT, corpus, import_files
from tests.archive.workers.test_ordered import deadly
from tests.btl import run_btl
from tests.captured_cases import write_cases

pytestmark = [
    pytest.mark.slow,
    # Dask's remark on a disk that took a second; its servers are in this process, where warnings are errors.
    pytest.mark.filterwarnings("ignore:Creating scratch directories is taking:UserWarning"),
]


@pytest.fixture(scope="module")
def local_cluster(tmp_path_factory):
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": "127.0.0.1:0"}
    one_death = {"distributed.scheduler.allowed-failures": 0}  # a new worker takes seconds to start
    folder = {"temporary-directory": str(tmp_path_factory.mktemp("dask"))}
    with dask.config.set(one_death | folder), LocalCluster(**settings, host="127.0.0.1") as cluster:
        yield cluster


@pytest.fixture
def scheduler(local_cluster):
    """The address of a scheduler that has both workers: one that died in an earlier test is back."""
    local_cluster.wait_for_workers(2)
    return local_cluster.scheduler_address


def content(path):
    with Archive(path) as archive:
        return archive.read(CONTENT), archive.read("select name, value from totals order by name")


def kill_worker_once(chunks, address):
    """Yield chunks; kill a worker, by its process, once some of them are in work."""
    for number, chunk in enumerate(chunks):
        if number == 3:
            with Client(address, set_as_default=False) as client:
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        yield chunk


def test_an_import_by_a_cluster_that_loses_a_worker_equals_a_local_one(tmp_path, scheduler, monkeypatch):
    folder = corpus(tmp_path / "corpus", 180)
    monkeypatch.setattr("archive.importers.run.CHUNK_DOCUMENTS", 20)
    with Archive(tmp_path / "local.db") as archive:
        import_files(archive, [str(folder)], workers=0)
    monkeypatch.setattr(
        "archive.importers.run.run_in_order",
        lambda function, chunks, *rest, **more: run_in_order(
            function, kill_worker_once(chunks, scheduler), *rest, **more
        ),
    )
    with open_workers(cluster=scheduler) as workers, Archive(tmp_path / "cluster.db") as archive:
        assert isinstance(workers, Cluster)
        assert not import_files(archive, [str(folder)], workers=workers).errors
    assert content(tmp_path / "cluster.db") == content(tmp_path / "local.db")


def test_an_item_that_kills_its_workers_costs_itself(scheduler):
    with open_workers(cluster=scheduler) as workers:
        run = run_in_order(partial(deadly, at=7), [[i, i + 1] for i in range(0, 10, 2)], workers, lambda *lost: lost)
        found = [result for _, results in run for result in results]
    assert found == [*(2 * i for i in range(7)), (7, ENDED), 16, 18]


def test_flags_by_a_cluster_that_is_named(tmp_path, scheduler):
    with Archive(tmp_path / "archive.db") as archive:
        import_files(archive, [str(corpus(tmp_path / "corpus", 3))], workers=0)
    done = run_btl(("flag", "--cluster", scheduler), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("9 comments looked at")


def test_an_archive_is_verified_by_a_cluster_in_order(tmp_path, scheduler, monkeypatch):
    with Archive(tmp_path / "archive.db") as archive:
        import_files(archive, [str(corpus(tmp_path / "corpus", 12))], workers=0)
        with archive.transaction() as connection:
            connection.exec_driver_sql("update comments set body = 'Otherwise.' where id in (2, 5, 30)")
        here = verify_archive(archive, Workers(0))
        monkeypatch.setattr("crawler.evidence.verify.CHUNK_VISITS", 3)
        with open_workers(cluster=scheduler) as workers:
            assert verify_archive(archive, workers) == here
    assert len(here.differences) >= 3


def test_captures_are_replayed_by_a_cluster_in_order(tmp_path, scheduler, monkeypatch):
    monkeypatch.setattr("crawler.replay.CHUNK_PAGES", 3)
    write_cases(tmp_path / "cases.warc.gz")
    bodies = []
    for cluster in (None, scheduler):
        with open_workers(0, cluster) as workers, Archive(tmp_path / f"{len(bodies)}.db") as archive:
            result = replay_captures(archive, [tmp_path / "cases.warc.gz"], None, lambda _: None, (), workers)
            bodies.append((result.errors, archive.read("select id, thread_id, body from comments order by id")))
    assert bodies[0] == bodies[1]


def test_a_cluster_that_does_not_answer_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    for address, reason in ((closed, f"no scheduler answers at {closed}: "), ("scheduler", "--cluster takes tcp://")):
        done = run_btl(("import", ".", "--cluster", address), tmp_path)
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: {reason}")
    assert not (tmp_path / "archive.db").exists()


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NoCluster, match=r"pip install 'belowtheline\[cluster\]'"), open_workers(cluster="tcp://x"):
        pass
