"""Kill commands at random moments: the archive opens, passes its checks, and the command run again ends as ever.

python -m benchmarks.kills [--kills 20] [--seed 1] [COMMAND ...]

Each command is run whole once, for its time and its result; then it is started as often on a fresh copy of the same
archive, killed (SIGKILL) at a random moment of that time, and run again. Exit status 1 where an archive does not pass.
"""

import argparse
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from benchmarks.corpus import texts

COMMANDS: dict[str, Sequence[str]] = {
    "import": ("import", "more"),
    "flag": ("flag",),
    "withhold": ("withhold", "commenter", "1", "--reason", "privacy"),
    "erase": ("erase", "comment", "2", "--reason", "court-order", "--yes"),
    "publish": ("publish", "public/archive.db"),
    "backup": ("backup", "copy.db"),
}
# What an archive holds, without when and by which run it came there.
CONTENT = (
    "select thread_id, native_id, body, state, withheld, codes, position from comments order by id",
    "select code, comment_id, thread_id, rule, status, withdrawn_at is null from flags order by 1, 2, 3, 4, 5, 6",
    "select url, title, body from articles order by url",
    "select subject, number, reason, erased_at is null from suppressions order by 1, 2, 3, 4",
    "select name, value from totals order by name",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(COMMANDS))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    choose = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "base")
        base.mkdir()
        (base / "more").mkdir()
        for number, text in enumerate(texts(60)):
            (base / "more" / f"{number}.txt").write_text(text)
        _run(base, ("import", str(files("archive").joinpath("sample"))))
        figures = {name: _kill_often(base, Path(folder), COMMANDS[name], options.kills, choose)
                   for name in options.commands or COMMANDS}  # fmt: skip
    print(json.dumps(figures, indent=2))
    sys.exit(any(figure["failed"] for figure in figures.values()))


def _kill_often(base: Path, folder: Path, command: Sequence[str], kills: int, choose: random.Random) -> dict[str, Any]:
    whole = folder / "whole"
    shutil.copytree(base, whole)
    began = time.monotonic()
    _run(whole, command)
    seconds, wanted = time.monotonic() - began, _content(whole / "archive.db")
    shutil.rmtree(whole)
    killed, failed = 0, []
    for _ in range(kills):
        at = choose.uniform(0, seconds)
        victim = folder / "victim"
        shutil.copytree(base, victim)
        process = subprocess.Popen(_btl(command), cwd=victim, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(at)
        killed += process.poll() is None
        process.kill()
        process.wait()
        if reason := _check(victim, command, wanted):
            failed.append(f"{at:.3f} s: {reason}")
        shutil.rmtree(victim)
    return {"seconds": round(seconds, 2), "kills": killed, "failed": failed}


def _check(folder: Path, command: Sequence[str], wanted: str) -> str | None:
    """Return what is wrong with an archive whose command was killed; None where nothing is."""
    with closing(sqlite3.connect(folder / "archive.db")) as connection:
        if (problems := connection.execute("pragma integrity_check").fetchall()) != [("ok",)]:
            return f"it is damaged: {problems[:2]}"
        if connection.execute("pragma foreign_key_check").fetchall():
            return "a row names one that is not there"
    done = subprocess.run(_btl(command), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"run again it ends with {done.returncode}: {done.stderr[-200:]}"
    return None if _content(folder / "archive.db") == wanted else "run again it holds something else"


def _run(folder: Path, command: Sequence[str]) -> None:
    subprocess.run(_btl(command), cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _btl(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "archive.cli", *command]


def _content(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return sha256(repr([connection.execute(statement).fetchall() for statement in CONTENT]).encode()).hexdigest()


if __name__ == "__main__":
    main()
