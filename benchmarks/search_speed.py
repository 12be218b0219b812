"""What a search costs by FTS5 and by the index beside the archive, on the same texts, in one run.

python -m benchmarks.search_speed [--db ARCHIVE.db] [--comments 200000] [--words 30] [--json]

Without --db an archive is generated. Each kind of query is asked for the newest 20 hits with their number and all
facets, in this process, by the functions that the page calls. Figures are processor milliseconds a search. FTS5 counts
and ranks the newest 2,000 matches alone; the index counts all of them. Exit status 1 where the index finds other
comments than SQL.
"""

import argparse
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from archive.search import build, current_index
from archive.search.query import parse_query
from archive.search.query_sql import prepare, select_comments
from archive.site import flags, search_matches, search_results
from archive.site.params import SearchParams
from archive.store.reading import connect_for_reading
from benchmarks.large.fill import fill

# Kinds of words by the share of comments that have them.
SHARES = {"rare": (0.0, 0.0001), "medium": (0.0002, 0.004), "frequent": (0.01, 0.05), "common": (0.1, 1.0)}
VOCABULARY = "create virtual table temp.words using fts5vocab(main, comments_fts, row)"
CHECKED = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--db", type=Path)
    parser.add_argument("--comments", type=int, default=200_000)
    parser.add_argument("--words", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = options.db or Path(folder) / "archive.db"
        if options.db is None:
            fill(db, options.comments)
        result = measure(db.resolve(), options.words)
    print(json.dumps(result) if options.json else _table(result))
    return 1 if result["wrong"] else 0


def measure(db: Path, words: int) -> dict[str, Any]:
    began = time.process_time()
    build.build(db)
    result: dict[str, Any] = {"build_cpu_s": round(time.process_time() - began, 1)}
    result["index_mb"] = round(sum(file.stat().st_size for file in build.index_path(db).iterdir()) / 1e6)
    with closing(connect_for_reading(db)) as connection:
        connection.row_factory = sqlite3.Row
        prepare(connection)
        result["comments"] = connection.execute("select count(*) from comments").fetchone()[0]
        kinds = _queries(connection, result["comments"], words)
        result["kinds"] = {kind: _both(connection, queries) for kind, queries in kinds.items()}
        result["wrong"] = sum(_differs(connection, db, q) for queries in kinds.values() for q in queries[:CHECKED])
    return result


def _queries(connection: sqlite3.Connection, comments: int, words: int) -> dict[str, list[str]]:
    """Choose words by how many comments have them, in quotes: FTS5 knows no other forms of a word."""
    connection.execute(VOCABULARY)
    by_share = {
        kind: [
            term
            for (term,) in connection.execute(
                "select term from temp.words where doc between max(2, :low) and :high and length(term) > 3",
                {"low": int(low * comments), "high": int(high * comments)},
            )
        ]
        for kind, (low, high) in SHARES.items()
    }
    chance = random.Random(1)
    chosen = {kind: chance.sample(found, min(words, len(found))) for kind, found in by_share.items() if found}
    queries = {kind: [f'"{word}"' for word in found] for kind, found in chosen.items()}
    frequent = chosen.get("frequent") or chosen.get("medium") or []
    queries["either"] = [f'"{left}" OR "{right}"' for left, right in pairwise(frequent)]
    queries["beginning"] = [f"{word[:4]}*" for word in frequent]
    return {kind: found for kind, found in queries.items() if found}


def _both(connection: sqlite3.Connection, queries: list[str]) -> dict[str, float]:
    codes = flags.load_codes(connection)

    def search(q: str) -> int:
        params = SearchParams(q=q, sort="newest")
        return search_results.search_comments(connection, params, codes, 0, 20).total

    by_index = _time(search, queries)
    hits = statistics.median(map(search, queries))
    with patch.object(search_matches, "current_view", lambda _: None):
        by_fts5 = _time(search, queries)
    return {"hits": hits, "fts5_ms": by_fts5, "index_ms": by_index, "times": round(by_fts5 / by_index, 1)}


def _time(search: Callable[[str], int], queries: list[str]) -> float:
    for q in queries[:2]:
        search(q)
    times = []
    for q in queries:
        began = time.process_time()
        search(q)
        times.append(time.process_time() - began)
    return round(statistics.median(times) * 1000, 2)


def _differs(connection: sqlite3.Connection, db: Path, q: str) -> bool:
    """Whether the index finds other comments than SQL does, of all that match."""
    node = parse_query(q).node
    view = current_index.current_view(db)
    if node is None or view is None:
        return True
    selection = select_comments(node)
    expected = {row[0] for row in connection.execute(selection.sql(), selection.parameters)}
    ids, total = view.find(node, max(1, len(expected)), newest=True)
    return total != len(expected) or set(ids) != expected


def _table(result: dict[str, Any]) -> str:
    lines = [
        f"{result['comments']:,} comments; index {result['index_mb']} MB, built in {result['build_cpu_s']} s of cpu",
        f"{'':12}{'hits':>10}{'FTS5 ms':>10}{'index ms':>10}{'times':>8}",
    ]
    for kind, row in result["kinds"].items():
        lines.append(f"{kind:12}{row['hits']:>10,.0f}{row['fts5_ms']:>10}{row['index_ms']:>10}{row['times']:>8}")
    lines.append(f"{result['wrong']} queries for which the index finds other comments than SQL")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
