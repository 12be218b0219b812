"""How fast exports and tables are imported, beside the plain parser of each format and beside bare sqlite3.

python -m benchmarks.export_import_speed [--comments 60000] [FORMAT...]

The same comments are written as CSV, JSON Lines, Parquet and WordPress's XML. Each is read by the parser that everybody
has (csv, json, pyarrow, lxml's iterparse) and imported by `btl import`; what that stored is then written by
`executemany` into an empty archive. Exit status 1 where a comment is missing, or a second import adds one.
"""

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from lxml import etree

from benchmarks.import_speed import bare, counted, imported

THREAD = 40  # comments under each article
WORDS = (
    "the", "ferry", "was", "late", "again", "and", "nobody", "at", "harbour", "office", "knows", "why", "it", "could",
    "not", "wait", "for", "noon", "train",
)  # fmt: skip
WXR = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>The Saltmere Courier</title>
<link>https://courier.example</link><wp:wxr_version>1.2</wp:wxr_version>
<wp:base_site_url>https://courier.example</wp:base_site_url><wp:base_blog_url>https://courier.example</wp:base_blog_url>
"""
Row = dict[str, str]


def rows(comments: int) -> Iterator[Row]:
    """Yield comments in threads; every third answers the one before."""
    for number in range(comments):
        article, place = divmod(number, THREAD)
        text = " ".join(WORDS[(number * 7 + i * i) % len(WORDS)] for i in range(12 + number % 30))
        yield {
            "comment_id": str(number + 1),
            "parent_id": str(number) if place % 3 == 2 else "",
            "article_url": f"https://courier.example/2026/03/article-{article + 1}/",
            "article_title": f"Article {article + 1}",
            "author": f"reader {number * 31 % 997}",
            "date": f"2026-03-{article % 28 + 1:02}T{place // 2:02}:{number % 60:02}:00Z",
            "comment": f"{text.capitalize()}, number {number}.",
        }


def write_csv(path: Path, comments: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(next(rows(1))))
        writer.writeheader()
        writer.writerows(rows(comments))


def write_jsonl(path: Path, comments: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows(comments))


def write_parquet(path: Path, comments: int) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows(comments))), path)


def write_wxr(path: Path, comments: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(WXR)
        for number, row in enumerate(rows(comments)):
            if number % THREAD == 0:
                file.write("</item>\n" if number else "")
                file.write(
                    f"<item><title>{row['article_title']}</title><link>{row['article_url']}</link>"
                    f"<content:encoded><![CDATA[<p>What the harbour office said.</p>]]></content:encoded>"
                    f"<wp:post_id>{number // THREAD + 1}</wp:post_id><wp:post_date_gmt>2026-03-01 06:00:00"
                    "</wp:post_date_gmt><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>\n"
                )
            file.write(
                f"<wp:comment><wp:comment_id>{row['comment_id']}</wp:comment_id>"
                f"<wp:comment_author>{escape(row['author'])}</wp:comment_author>"
                f"<wp:comment_date_gmt>{row['date'][:10]} {row['date'][11:19]}</wp:comment_date_gmt>"
                f"<wp:comment_content><![CDATA[{row['comment']}]]></wp:comment_content>"
                f"<wp:comment_approved>1</wp:comment_approved><wp:comment_type>comment</wp:comment_type>"
                f"<wp:comment_parent>{row['parent_id'] or 0}</wp:comment_parent></wp:comment>\n"
            )
        file.write("</item></channel></rss>\n")


def parse_csv(path: Path) -> int:
    with path.open(newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.DictReader(file))


def parse_jsonl(path: Path) -> int:
    with path.open("rb") as file:
        return sum(bool(json.loads(line)) for line in file)


def parse_parquet(path: Path) -> int:
    batches = pq.ParquetFile(path).iter_batches()
    return sum(len(batch.to_pylist()) for batch in batches)


def parse_wxr(path: Path) -> int:
    count = 0
    for _, element in etree.iterparse(path, tag="{http://wordpress.org/export/1.2/}comment"):
        count += 1
        element.clear()
    return count


FORMATS: dict[str, tuple[str, Callable[[Path, int], None], Callable[[Path], int]]] = {
    "csv": ("comments.csv", write_csv, parse_csv),
    "jsonl": ("comments.jsonl", write_jsonl, parse_jsonl),
    "parquet": ("comments.parquet", write_parquet, parse_parquet),
    "wxr": ("courier.xml", write_wxr, parse_wxr),
}


def measure(name: str, comments: int, folder: Path) -> bool:
    """Print the figures of one format; return whether every comment came, and came once."""
    file, write, parse = FORMATS[name]
    source = folder / file
    write(source, comments)
    began = time.perf_counter()
    parsed = parse(source)
    plain = time.perf_counter() - began
    took, peak = imported(folder / "archive.db", source)
    stored = counted(folder / "archive.db")
    again, _ = imported(folder / "archive.db", source)
    added = sum(counted(folder / "archive.db").values()) - sum(stored.values())
    _, store, _ = bare(folder / "archive.db", folder / "bare.db")
    print(
        f"{name:8} {comments / took:8,.0f} comments a second ({took:.1f} s, {peak} MB in three processes); "
        f"plain parser {comments / plain:10,.0f}, bare executemany {comments / store:8,.0f}; "
        f"second import {again:.1f} s, {added} new rows",
        flush=True,
    )
    return parsed == comments == stored["comments"] and added == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", type=int, default=60_000)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=", ".join(FORMATS))
    options = parser.parse_args()
    whole = True
    for name in options.formats or FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            whole = measure(name, options.comments // THREAD * THREAD, Path(folder)) and whole
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
