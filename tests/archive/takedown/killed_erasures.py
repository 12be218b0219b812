"""Kill an erasure before each of its steps, and look at what it leaves: `python -m ... FOLDER COMMENT TEXT`.

Prints the steps and what was wrong after each as JSON. Each erasure is a process of its own that ends by SIGKILL, in a
copy of the folder; forks, since to start Python anew for each would take minutes.
"""

import gzip
import json
import os
import shutil
import signal
import sys
import traceback
from itertools import count
from pathlib import Path

from sqlalchemy import event

from archive.store.archive import Archive
from archive.takedown import warc_files
from archive.takedown.erase import erase_planned, plan_erasure
from crawler.evidence.verify import verify_archive

# Statements in a transaction are one step: to be killed at any of them leaves what its commit finds.
SQL_STEPS = ("commit", "pragma wal", "vacuum")


class Steps:
    """Counts steps, and kills the process before one of them."""

    def __init__(self, last, log):
        self.left, self.log = last, log

    def __call__(self, name):
        self.log.write(name + "\n")
        self.log.flush()
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def before(self, owner, name):
        original = getattr(owner, name)

        def stepped(*arguments, **named):
            self(name)
            return original(*arguments, **named)

        setattr(owner, name, stepped)


def run_erase(folder, number):
    with Archive(folder / "archive.db") as archive:
        erase_planned(archive, plan_erasure(archive, "comment", number, "court-order"), None)


def run_killed(folder, number, last):
    with (folder.parent / "log").open("w") as log:
        step = Steps(last, log)
        step.before(os, "fsync")
        step.before(Path, "unlink")
        step.before(warc_files, "copyfileobj")
        with Archive(folder / "archive.db") as archive:

            @event.listens_for(archive.engine, "before_cursor_execute")
            def _(connection, cursor, statement, *_):
                if statement.strip().startswith(SQL_STEPS):
                    step(statement.strip().partition("\n")[0])

            erase_planned(archive, plan_erasure(archive, "comment", number, "court-order"), None)


def check_open(folder):
    with Archive(folder / "archive.db") as archive:
        assert verify_archive(archive).differences == [], "verify differs"
        assert archive.read("pragma integrity_check") == [("ok",)]


def check_erased(folder, number, text, files):
    run_erase(folder, number)
    check_open(folder)
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            plain = gzip.decompress(raw) if path.suffix == ".gz" else raw
            assert text.encode() not in plain, f"{path.name} holds the text"
    names = sorted(path.name for path in (folder / "archive-warc").iterdir())
    assert len(names) == files, names
    with Archive(folder / "archive.db") as archive:
        assert archive.read("select * from settings where name = 'erase_leftover'") == []
        assert {Path(row[0]).name for row in archive.read("select warc_file from captures")} <= set(names)


def in_child(function, *arguments):
    """The status of a child that does this: as waitpid gives it."""
    child = os.fork()
    if child == 0:
        try:
            function(*arguments)
        except BaseException:  # noqa: BLE001 whatever it is, the child ends here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main():
    base, number, text = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    files = len(list((base / "archive-warc").iterdir()))
    work = base.with_name("killed")
    steps, wrong = [], []
    for last in count():
        folder = work / "desk"
        shutil.copytree(base, folder)
        status = in_child(run_killed, folder, number, last)
        steps = (work / "log").read_text().splitlines()
        if status == 0:
            break
        step = f"{last}: {steps[-1]}"
        if status != signal.SIGKILL:
            wrong.append(f"{step}: it failed instead of being killed")
        if in_child(check_open, folder):
            wrong.append(f"{step}: what is left cannot be verified")
        if in_child(check_erased, folder, number, text, files):
            wrong.append(f"{step}: the next run did not erase it")
        shutil.rmtree(folder)
    print(json.dumps({"steps": steps, "wrong": wrong}))  # noqa: T201


if __name__ == "__main__":
    main()
