"""Chunks in order, by whichever workers there are, and what ends, stops or fills a worker."""

import os
import subprocess
import sys
import time
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import pytest

from archive.workers.executors import Workers
from archive.workers.ordered import CHUNKS_A_WORKER, ENDED, gather, run_in_order
from archive.workers.processes import ended_after

CHUNKS = [[3 * i, 3 * i + 1, 3 * i + 2] for i in range(8)]


def doubled(items):
    return [2 * item for item in items]


def deadly(items, *, at):
    if at in items:
        os._exit(9)
    return doubled(items)


def hung(items, *, at):
    if at in items:
        time.sleep(1000)
    return doubled(items)


def own_process(items):
    return [os.getpid() for _ in items]


def as_failure(item, reason):
    return item, reason


def results(function, chunks=CHUNKS, workers=1, **options):
    return list(run_in_order(function, chunks, Workers(workers), as_failure, **options))


@pytest.mark.parametrize("workers", [0, 2])
def test_each_chunk_has_its_results_in_order(workers):
    assert results(doubled, workers=workers) == [(chunk, doubled(chunk)) for chunk in CHUNKS]
    assert active_children() == []


def test_a_few_chunks_start_no_worker():
    pid = os.getpid()
    assert results(own_process, CHUNKS[:2]) == [(chunk, [pid] * 3) for chunk in CHUNKS[:2]]
    assert pid not in [number for _, numbers in results(own_process, CHUNKS[:3]) for number in numbers]
    assert {number for _, numbers in results(own_process, without_workers=8) for number in numbers} == {pid}


def test_chunks_are_read_ahead_as_far_as_workers_need_it():
    read = []
    chunks = (read.append(i) or [i] for i in range(100))
    run = run_in_order(doubled, chunks, Workers(1), as_failure)
    assert next(run) == ([0], [0])
    assert len(read) == CHUNKS_A_WORKER
    run.close()
    assert active_children() == []


def test_large_chunks_are_read_ahead_only_until_they_are_too_many_bytes(monkeypatch):
    monkeypatch.setattr("archive.workers.ordered.MOST_BYTES", 50)
    read = []
    chunks = (read.append(i) or [i] for i in range(20))
    for taken, (chunk, _) in enumerate(run_in_order(doubled, chunks, Workers(2), as_failure, size=lambda _: 20)):
        assert chunk == [taken]
        assert len(read) <= taken + 3  # 60 bytes, of which the first was taken as soon as they were too many
    assert taken == 19


@pytest.mark.parametrize("at", [0, 13, 23])
def test_an_item_that_ends_its_worker_costs_itself(at):
    found = [result for _, done in results(partial(deadly, at=at)) for result in done]
    assert found == [2 * item if item != at else (at, ENDED) for item in range(24)]


def test_an_item_that_hangs_costs_itself(monkeypatch):
    monkeypatch.setattr("archive.workers.ordered.TIMEOUT_S", 0.5)
    found = [result for _, done in results(partial(hung, at=4), CHUNKS[:3]) for result in done]
    assert found[4] == (4, ENDED)


def test_a_block_that_takes_too_long_ends_its_process():
    code = f"from {ended_after.__module__} import ended_after\nwith ended_after(0.1):\n  import time; time.sleep(1000)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


SCRIPT = """
from archive.workers.executors import Workers
from archive.workers.ordered import run_in_order
print([done for _, done in run_in_order(len, [], Workers(1), None)])
def doubled(items):
    return [2 * item for item in items]
print([done for _, done in run_in_order(doubled, [[1], [2], [3], [4]], Workers(1), None)])
"""


def test_where_no_process_can_be_started_this_one_does_the_work():
    """A script that stands on standard input cannot be read again by the process that is to run it."""
    run = [sys.executable, "-"]
    done = subprocess.run(run, input=SCRIPT, text=True, capture_output=True, check=False, timeout=100, cwd=Path.cwd())
    assert done.stdout.splitlines() == ["[]", "[[2], [4], [6], [8]]"]


PARENT = """
import os, time
from archive.workers.executors import Workers
if __name__ == "__main__":
    with Workers(2).executor() as executor:
        print(*{executor.submit(os.getpid).result() for _ in range(2)}, flush=True)
        time.sleep(1000)
"""


def test_workers_end_with_a_command_that_was_killed(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    with subprocess.Popen([sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, text=True) as parent:
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
        parent.communicate()
    assert pids
    for pid in pids:
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            time.sleep(0.01)


def test_items_are_gathered_by_number_and_by_size():
    assert list(gather([1, 1, 1, 9, 1, 1], int, most=5, number=2)) == [[1, 1], [1, 9], [1, 1]]
    assert list(gather([9, 9, 1], int, most=5, number=2)) == [[9], [9], [1]]
    assert list(gather([], int, most=5, number=2)) == []
