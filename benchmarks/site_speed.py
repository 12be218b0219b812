"""How many pages a second one process serves to 100 readers at once, beside Datasette's own page of the same comments.

python -m benchmarks.site_speed [--documents 10000] [--db archive.db] [--requests 1000] [--json]
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from archive.importers.run import import_files
from archive.store.archive import Archive
from benchmarks.corpus import Corpus
from benchmarks.load import READERS, load, serving

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
    found = {}
    with serving("--db", str(database)) as port:
        for name, paths in _pages().items():
            asyncio.run(load(port, paths, READERS))
            found[name] = asyncio.run(load(port, paths, requests))
    return found


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
