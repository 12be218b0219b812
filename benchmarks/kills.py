"""Kill commands at random moments: the archive opens, passes its checks, and the command run again ends as ever.

python -m benchmarks.kills [--kills 20] [--seed 1] [COMMAND ...]

Each command is run whole once, for its time and its result; then it is started as often on a fresh copy of the same
archive, killed (SIGKILL) at a random moment of its work, and run again. Exit status 1 where an archive does not pass.
"""

import argparse
import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from benchmarks import crawl_site
from benchmarks.corpus import texts
from benchmarks.crawl_speed import serving

PAGES, COMMENTS = 8, 20
WORKERS_END_S = 20.0
# What an archive says, without ids and moments, which differ where a crawl was not the same one.
CONTENT = (
    """select articles.url, comments.native_id, position, comments.body, state, comments.withheld, codes
       from comments join threads on threads.id = thread_id join articles on articles.id = article_id order by 1, 3""",
    """select articles.url, position, code, rule, status, withdrawn_at is null from flags
       left join comments on comments.id = comment_id left join threads on threads.id = flags.thread_id
       or threads.id = comments.thread_id left join articles on articles.id = flags.article_id
       or articles.id = threads.article_id order by 1, 2, 3, 4, 5, 6""",
    "select url, title, body from articles order by url",
    "select subject, reason, erased_at is null from suppressions order by 1, 2, 3",
    "select name, value from totals order by name",
)
PUBLIC_CONTENT = ("select outlet, article, position, body, codes from comments order by 2, 3, 4",)
# An archive that version 0.1.0 made.
OLDER = Path(__file__).parents[1] / "tests" / "golden" / "archive-0.1.0.db.gz"


@dataclass(frozen=True)
class Case:
    """A command, and what its archive goes through before."""

    command: Sequence[str]
    before: Sequence[str] = ()
    older: bool = False
    copy: str | None = None  # the database that it makes
    copy_content: Sequence[str] = CONTENT
    # The message of a second run that found the work of the first one done.
    done_before: str | None = None


CASES = {
    "import": Case(("import", "more")),
    "crawl": Case(("crawl", "{urls}", "--allow-host", "{host}", "--delay", "0")),
    "flag": Case(("flag",)),
    "withhold": Case(("withhold", "commenter", "{commenter}", "--reason", "privacy")),
    "restore": Case(
        ("restore", "commenter", "{commenter}"),
        before=("withhold", "commenter", "{commenter}", "--reason", "privacy"),
        done_before="is not withheld",
    ),
    "erase": Case(("erase", "comment", "{comment}", "--reason", "court-order", "--yes")),
    "publish": Case(("publish", "public/archive.db"), copy="public/archive.db", copy_content=PUBLIC_CONTENT),
    "backup": Case(("backup", "copy.db"), copy="copy.db", done_before="is there already"),
    "migrate": Case(("stats",), older=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=", ".join(CASES))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    choose = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder, serving(PAGES, COMMENTS) as host:
        base = Path(folder, "base")
        words = _make_base(base, host)
        idle = _time(base, ("stats",))
        figures = {}
        for name in options.commands or CASES:
            figures[name] = _kill_often(base, Path(folder), CASES[name], words, idle, options.kills, choose)
            print(name, json.dumps(figures[name]), flush=True)
    sys.exit(any(figure["failed"] for figure in figures.values()))


def _make_base(base: Path, host: str) -> dict[str, Sequence[str]]:
    """Make an archive with a crawl and imports; return what stands for the words in braces."""
    (base / "more").mkdir(parents=True)
    for number, text in enumerate(texts(60)):
        (base / "more" / f"{number}.txt").write_text(text)
    urls = [f"http://{host}{crawl_site.path(number)}" for number in range(PAGES)]
    _run(base, ("crawl", *urls[: PAGES // 2], "--allow-host", host, "--delay", "0"))
    _run(base, ("import", str(files("archive").joinpath("sample", "texts"))))
    with closing(sqlite3.connect(base / "archive.db")) as connection:
        crawled = "select comments.id, commenter_id from comments join captures on captures.id = capture_id where warc_file like '%.warc.gz' and commenter_id is not null limit 1"  # fmt: skip  # noqa: E501
        comment, commenter = connection.execute(crawled).fetchone()
    return {"urls": urls, "host": (host,), "comment": (str(comment),), "commenter": (str(commenter),)}


def _kill_often(
    base: Path,
    folder: Path,
    case: Case,
    words: dict[str, Sequence[str]],
    idle: float,
    kills: int,
    choose: random.Random,
) -> dict[str, Any]:
    command, start = _fill(case.command, words), folder / "start"
    shutil.copytree(base, start)
    if case.before:
        _run(start, _fill(case.before, words))
    if case.older:
        (start / "archive.db").write_bytes(gzip.decompress(OLDER.read_bytes()))
    whole = folder / "whole"
    shutil.copytree(start, whole)
    seconds, wanted = _time(whole, command), _contents(whole, case)
    shutil.rmtree(whole)
    killed, failed = 0, []
    for _ in range(kills):
        at = choose.uniform(min(idle, seconds) / 2, seconds)
        victim = folder / "victim"
        shutil.copytree(start, victim)
        killed += _kill(victim, command, at)
        if reason := _workers_left(victim) or _check(victim, command, case, wanted):
            failed.append(f"{at:.3f} s: {reason}")
        shutil.rmtree(victim)
    shutil.rmtree(start)
    return {"seconds": round(seconds, 2), "kills": killed, "failed": failed}


def _fill(command: Sequence[str], words: dict[str, Sequence[str]]) -> list[str]:
    return [text for word in command for text in (words[word[1:-1]] if word.startswith("{") else (word,))]


def _kill(folder: Path, command: Sequence[str], at: float) -> bool:
    """Kill the command, and not its workers; return whether it was still running."""
    process = subprocess.Popen(_btl(command), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(at)
    running = process.poll() is None
    process.kill()
    process.wait()
    return running


def _workers_left(folder: Path) -> str | None:
    """Wait for the end of processes that work in a folder; end those that do not, and say so."""
    deadline = time.monotonic() + WORKERS_END_S
    while left := [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _works_in(entry, folder)]:
        if time.monotonic() > deadline:
            for number in left:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            return f"{len(left)} of its processes go on"
        time.sleep(0.1)
    return None


def _works_in(entry: Path, folder: Path) -> bool:
    with suppress(OSError):
        return (entry / "cwd").resolve() == folder.resolve()
    return False


def _check(folder: Path, command: Sequence[str], case: Case, wanted: list[str]) -> str | None:
    """Return what is wrong with an archive whose command was killed; None where nothing is."""
    if case.copy and (folder / case.copy).exists() and (reason := _damage(folder / case.copy)):
        return f"what it made is there before it is whole: {reason}"
    if reason := _damage(folder / "archive.db"):
        return reason
    done = subprocess.run(_btl(command), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and not (case.done_before and case.done_before in done.stderr):
        return f"run again it ends with {done.returncode}: {done.stderr[-300:]}"
    for path in filter(None, ("archive.db", case.copy)):
        if reason := _damage(folder / path):
            return f"run again, {path}: {reason}"
    return None if _contents(folder, case) == wanted else "run again it holds something else"


def _damage(path: Path) -> str | None:
    with closing(sqlite3.connect(path)) as connection:
        if (problems := connection.execute("pragma integrity_check").fetchall()) != [("ok",)]:
            return f"it is damaged: {problems[:2]}"
        if rows := connection.execute("pragma foreign_key_check").fetchall():
            return f"a row names one that is not there: {rows[:2]}"
    return None


def _contents(folder: Path, case: Case) -> list[str]:
    made = [_content(folder / case.copy, case.copy_content)] if case.copy else []
    return [*_content(folder / "archive.db", CONTENT), *(digest for row in made for digest in row)]


def _content(path: Path, statements: Sequence[str]) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [sha256(repr(connection.execute(statement).fetchall()).encode()).hexdigest() for statement in statements]


def _time(folder: Path, command: Sequence[str]) -> float:
    began = time.monotonic()
    _run(folder, command)
    return time.monotonic() - began


def _run(folder: Path, command: Sequence[str]) -> None:
    done = subprocess.run(_btl(command), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"btl {' '.join(command)} ends with {done.returncode}: {done.stderr[-500:]}")


def _btl(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "archive.cli", *command]


if __name__ == "__main__":
    main()
