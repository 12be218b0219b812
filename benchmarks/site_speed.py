"""How many pages a second one process serves to 100 readers at once, beside Datasette's own page of the same comments.

python -m benchmarks.site_speed [--documents 10000] [--db archive.db] [--requests 1000] [--json]
"""

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archive.importing import import_files
from archive.store import Archive
from benchmarks.corpus import Corpus

READERS = 100
LONG_THREAD = 200


def filled(folder: Path, documents: int) -> Path:
    """An archive of so many documents of 20 comments, and one of 200 that comes first."""
    corpus, source = Corpus(), folder / "texts.jsonl"
    corpus.write_lines(source, range(1, documents))
    long = json.dumps({"url": "https://outlet.example/long", "text": corpus.document(0, LONG_THREAD)}) + "\n"
    (folder / "long.jsonl").write_text(long, "utf-8")
    with Archive(folder / "archive.db") as archive:
        import_files(archive, [str(folder / "long.jsonl"), str(source)])
    return folder / "archive.db"


async def _get(port: int, path: str) -> tuple[int, float]:
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read(-1)
    writer.close()
    return int(answer.split(b" ", 2)[1]), time.perf_counter() - began


async def load(port: int, paths: list[str], requests: int) -> dict[str, float]:
    """Asks for the paths in turn, READERS at a time; rate, times in ms, and answers other than 200."""
    todo = iter(range(requests))
    times: list[float] = []
    bad = 0

    async def reader() -> None:
        nonlocal bad
        for number in todo:
            status, seconds = await _get(port, paths[number % len(paths)])
            times.append(seconds)
            bad += status != 200

    began = time.perf_counter()
    await asyncio.gather(*(reader() for _ in range(READERS)))
    rate = requests / (time.perf_counter() - began)
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95)]
    return {"requests_per_s": round(rate, 1), "p50_ms": round(statistics.median(ordered) * 1000),
            "p95_ms": round(p95 * 1000), "errors": bad}  # fmt: skip


def _serve(database: Path) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "archive.cli", "serve", "--db", str(database), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, port
        time.sleep(0.1)
    raise TimeoutError("the site did not start")


def _pages() -> dict[str, list[str]]:
    words = Corpus().words
    return {
        f"thread of {LONG_THREAD} comments": ["/thread/1"],
        "datasette's table of them": ["/archive/comments?thread_id=1&_size=200"],
        "home": ["/"],
        "search, one rare word": [f"/search?q={word}" for word in words[4000:4200]],
        "search, two common words": [f"/search?q={one}+{other}" for one in words[10:30] for other in words[30:40]],
        "search, the most common words": [f"/search?q={word}" for word in words[:20]],
        "search, all of these": [
            f"/search?q={query}" for i in range(100) for query in (words[4000 + i], words[500 + i], words[i])
        ],
        "comment": [f"/comment/{number}" for number in range(1, 400)],
    }


def measure(database: Path, requests: int) -> dict[str, dict[str, float]]:
    """A row of figures a kind of page."""
    process, port = _serve(database)
    try:
        found = {}
        for name, paths in _pages().items():
            asyncio.run(load(port, paths, READERS))
            found[name] = asyncio.run(load(port, paths, requests))
        return found
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--db", type=Path, help="an archive to measure instead of a generated one")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.db or filled(Path(folder), options.documents), options.requests)
    if options.json:
        print(json.dumps(found))
    else:
        for name, row in found.items():
            print(f"{name:<32}" + "  ".join(f"{key} {value:>8,}" for key, value in row.items()))
    return 1 if any(row["errors"] for row in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
