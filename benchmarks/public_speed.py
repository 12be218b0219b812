"""How a public copy answers many readers at once, and what its search costs beside the bare full-text query.

python -m benchmarks.public_speed [--db PUBLIC.db] [--comments 200000] [--requests 1000] [--workers 2] [--gzip]
                                  [--only WORD ...] [--live] [--json]

Without --db a copy of a generated archive is published and measured. --live serves an archive itself, as a newsroom
does. Each kind of page is asked for by 100 readers at once, on a connection a page and on connections that are kept.
Exit status 1 where an answer was not a page.
"""

import argparse
import asyncio
import json
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

from benchmarks.large.fill import fill
from benchmarks.load import READERS, Reader, load, serving

SAMPLE = 20_000
SHORTEST_WORD = 4
RARE = (1, 200)
RAW = "select rowid from comments_fts where comments_fts match ? order by rowid desc limit 2001"
WORDS_ONE_AT_A_TIME = 100
WORD = re.compile(r"[a-z]{3,}")


@dataclass(frozen=True, slots=True)
class Held:
    """What can be asked of a copy. `rare`, `medium` and `common` are words; no `rare` one stands in more than 200
    comments."""

    comments: list[int]
    threads: list[int]
    longest: int
    outlets: list[str]
    codes: list[str]
    rare: list[str]
    medium: list[str]
    common: list[str]
    pairs: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Pages of one kind. Those that are measured at their `first` opening are not opened beforehand."""

    name: str
    paths: list[str]
    first: bool = False


def held(path: Path, most: int, seed: int = 1) -> Held:
    """Reads words and numbers out of a copy: bodies of comments from all over it."""
    chance = random.Random(seed)
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:

        def column(sql: str, *values: Any) -> list[Any]:
            return [row[0] for row in connection.execute(sql, values)]

        last, last_thread = column("select max(id) from comments")[0], column("select max(id) from threads")[0]
        ids = chance.sample(range(1, last + 1), min(SAMPLE, last))
        marks = json.dumps(ids)
        bodies = column("select body from comments where id in (select value from json_each(?))", marks)
        texts = [set(WORD.findall(body.lower())) for body in bodies]
        seen = Counter(word for words in texts for word in words)
        order = [word for word, _ in seen.most_common()]
        once = [word for word in order if seen[word] == 1 and len(word) >= SHORTEST_WORD]
        chance.shuffle(once)
        middle = [word for word in order if 0.001 < seen[word] / len(texts) < 0.01]
        pairs = [tuple(chance.sample(sorted(words), 2)) for words in texts if len(words) > 1]
        threads = json.dumps(chance.sample(range(1, last_thread + 1), min(last_thread, most + READERS)))
        return Held(
            column("select id from comments where id in (select value from json_each(?))", json.dumps(ids[:most])),
            column("select id from threads where id in (select value from json_each(?))", threads),
            column("select id from threads order by comment_count desc limit 1")[0],
            column("select domain from outlets order by id"),
            column("select substr(name, 7) from totals where name between 'flags:' and 'flags;' and value > 0"),
            list(_rare(connection, once, most + READERS)),
            middle[: most + READERS],
            order[:20],
            [(one, other) for one, other in pairs[: most + READERS]],
        )


def _rare(connection: sqlite3.Connection, words: list[str], most: int) -> Iterator[str]:
    found = 0
    for word in words:
        hits = len(connection.execute(RAW, (f'"{word}"',)).fetchall())
        if RARE[0] <= hits <= RARE[1]:
            found += 1
            yield word
        if found == most:
            return


def kinds(of: Held) -> list[Kind]:
    """Every kind of page that a reader opens."""
    search = "/search?q={}".format
    mixed = [word for three in zip(of.rare, of.medium * 9, of.common * 99, strict=False) for word in three]
    return [
        Kind("home", ["/"]),
        Kind("thread, the longest, its pages", [f"/thread/{of.longest}?page={page}" for page in range(1, 4)]),
        Kind("threads, each for the first time", [f"/thread/{one}" for one in of.threads], first=True),
        Kind("comment", [f"/comment/{one}" for one in of.comments]),
        Kind("search, a rare word, each another", [search(word) for word in of.rare], first=True),
        Kind("search, a rare word", [search(of.rare[0])]),
        Kind("search, words of medium frequency", [search(word) for word in of.medium], first=True),
        Kind("search, the most common words", [search(word) for word in of.common]),
        Kind("search, two words", [search(quote_plus(" ".join(pair))) for pair in of.pairs], first=True),
        Kind("search, a beginning of words", [search(f"{word[:4]}*") for word in of.medium], first=True),
        Kind("search, all of these mixed", [search(word) for word in reversed(mixed)], first=True),
        Kind("facets, comments", ["/archive/comments"]),
        Kind("facets, comments of an outlet", [f"/archive/comments?{urlencode({'outlet': o})}" for o in of.outlets]),
        Kind("facets, comments that are gone", ["/archive/comments?state=missing"]),
        Kind("facets, flags of a code", [f"/archive/flag_list?code={code}" for code in of.codes]),
        Kind("search, comments with a flag", [f"/search?flag={code}" for code in of.codes]),
        Kind("thread as CSV", [f"/thread/{one}.csv" for one in of.threads]),
        Kind("thread as CSV, the longest", [f"/thread/{of.longest}.csv"]),
    ]


def crowds(port: int, kind: Kind, requests: int, headers: str) -> dict[str, dict[str, float]]:
    """Figures with a connection a page, and with connections that are kept. What is opened for the first time is
    opened in halves, one for each."""
    half = len(kind.paths) // 2 if kind.first else 0
    parts = (kind.paths[half:], kind.paths[:half] or kind.paths)
    found = {}
    for name, paths, kept in zip(("new connections", "kept"), parts, (False, True), strict=True):
        asked = min(requests, len(paths)) if kind.first else requests
        if not kind.first:
            asyncio.run(load(port, paths, READERS, kept=kept, headers=headers))
        found[name] = asyncio.run(load(port, paths, asked, kept=kept, headers=headers))
    return found


def one_at_a_time(port: int, path: Path, words: list[str]) -> dict[str, float]:
    """Medians in ms over words that nobody asked for yet, all of whose index pages are in memory: the bare query on a
    new connection, the page of results, the same page once more, and the page without a question."""
    with closing(sqlite3.connect(path)) as warming:
        for word in words:
            _raw(warming, word)
    bare, pages, again, empty = [], [], [], []
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        _raw(connection, "a")
        for word in words:
            began = time.perf_counter()
            _raw(connection, word)
            bare.append(time.perf_counter() - began)

    async def ask() -> None:
        reader = Reader(port, kept=True)
        for _ in range(20):
            await reader.get("/search")
        for word in words:
            pages.append(await _good(reader, f"/search?q={word}"))
            again.append(await _good(reader, f"/search?q={word}"))
            empty.append(await _good(reader, "/search"))
        reader.close()

    asyncio.run(ask())
    raw, page, same, none = (statistics.median(times) * 1000 for times in (bare, pages, again, empty))
    return {
        "words": len(words),
        "raw_ms": round(raw, 3),
        "page_ms": round(page, 2),
        "page_p95_ms": round(sorted(pages)[int(len(pages) * 0.95)] * 1000, 2),
        "same_page_again_ms": round(same, 2),
        "empty_page_ms": round(none, 2),
        "page_less_empty_to_raw": round((page - none) / raw, 2),
        "page_less_again_to_raw": round((page - same) / raw, 2),
    }


async def _good(reader: Reader, path: str) -> float:
    answer = await reader.get(path)
    if answer.status != 200:
        raise RuntimeError(f"{path} gave {answer.status}")
    return answer.seconds


def _raw(connection: sqlite3.Connection, word: str) -> None:
    connection.execute(RAW, (f'"{word}"',)).fetchall()


def published(folder: Path, comments: int, *, live: bool) -> Path:
    """A generated archive, or the public copy of it."""
    fill(folder / "archive.db", comments)
    if live:
        return folder / "archive.db"
    out = folder / "public" / "archive.db"
    out.parent.mkdir()
    command = [sys.executable, "-m", "archive.cli", "publish", str(out), "--db", str(folder / "archive.db")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"btl publish failed: {done.stderr[-2000:]}")
    return out


def measure(path: Path, options: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """A row of figures a kind of page."""
    arguments = ["--db", str(path)] if options.live else [str(path), "--public", "--workers", str(options.workers)]
    headers = "Accept-Encoding: gzip\r\n" if options.gzip else ""
    of = held(path, 2 * options.requests)
    spare, of.rare[:] = of.rare[:WORDS_ONE_AT_A_TIME], of.rare[WORDS_ONE_AT_A_TIME:]
    found: dict[str, Any] = {"pages": {}}
    with serving(*arguments) as port:
        found["rare word, one at a time"] = one_at_a_time(port, path, spare)
        say(_line("rare word, one at a time", found["rare word, one at a time"]))
        for kind in kinds(of):
            if not options.only or any(word in kind.name for word in options.only):
                found["pages"][kind.name] = rows = crowds(port, kind, options.requests, headers)
                for name, row in rows.items():
                    say(_line(f"{kind.name} ({name})", row))
    return found


def _line(name: str, row: dict[str, float]) -> str:
    return f"{name:<56}" + "  ".join(f"{key} {value:>7,}" for key, value in row.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path, help="a public copy to measure instead of one that is made")
    parser.add_argument("--comments", type=int, default=200_000)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--gzip", action="store_true", help="ask for compressed pages, as browsers do")
    parser.add_argument("--only", nargs="*", metavar="WORD", help="only kinds of pages with one of these in their name")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    say: Callable[[str], None] = (lambda _: None) if options.json else (lambda line: print(line, flush=True))
    with tempfile.TemporaryDirectory() as folder:
        path = options.db or published(Path(folder), options.comments, live=options.live)
        found = measure(path, options, say)
    if options.json:
        print(json.dumps(found))
    return 1 if any(row["errors"] for rows in found["pages"].values() for row in rows.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
