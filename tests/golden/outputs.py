"""Every golden output by its name: a group is made whole, when the first of it is asked for."""

import csv
import gzip
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet

from tests.golden import canonical, commands, site
from tests.golden.site import Kept, digest, masked
from tests.golden.workshop import Workshop

HARBOUR = ("--outlet", "harbour-courier.example")
SELECTIONS = {
    "harbour": HARBOUR,
    "flagged": ("--flag", "content.*", "--where", "depth < 3 and thread_id < 6"),
    "since": ("--since", "2026-04-02", "--outlet", "pier-news.example"),
}
FACETS = "facets"
TABLES_OF_OTHERS = ("release", "totals", "commenters", "comments", "flags", "reviews", "captures", "threads")
AT_ONCE = 2
CONSTRAINTS = ("FOREIGN KEY", "CONSTRAINT", "PRIMARY KEY", "UNIQUE", "CHECK")


def export(shop: Workshop) -> Kept:
    """Each format: a selection in full, everything by hashes of its rows."""
    db = shop.copy("export.db")
    for form, name in (("jsonl", "harbour"), ("csv", "harbour"), ("csv", "flagged"), ("jsonl", "since")):
        yield f"{name}.{form}.txt", _readable(form, _exported(shop, db, form, f"{name}.{form}", *SELECTIONS[name]))
    yield "harbour.parquet.txt", _parquet(_exported(shop, db, "parquet", "harbour.parquet", *HARBOUR))
    folder = _exported(shop, db, "convokit", "corpus", *HARBOUR)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            text = path.read_text("utf-8")
            yield f"convokit/{path.name}.txt", canonical.as_json(text) + "\n"
    sql = "select outlet, count(*) as n from comment_list group by 1 order by 2 desc, 1"
    yield "sql_of_ones_own.csv.txt", _readable("csv", _exported(shop, db, "csv", "own.csv", "--sql", sql))
    yield "harbour.excel.csv.txt", _readable("csv", _exported(shop, db, "csv", "excel.csv", "--excel", *HARBOUR))
    for form, packed in (("jsonl", ".gz"), ("csv", ".zst"), ("parquet", ""), ("convokit", ""), ("sql", "")):
        yield f"all/{form}.txt", _all(form, _exported(shop, db, form, f"all.{form}{packed if form != 'csv' else ''}"))
    script = (shop.folder / "all.sql").read_text("utf-8")
    with closing(sqlite3.connect(":memory:")) as rebuilt:
        rebuilt.executescript(script)
        yield "all/rebuilt_schema.txt", _schema(rebuilt)
        yield from ((f"all/rebuilt/{name}", text) for name, text in _tables(rebuilt))


def _exported(shop: Workshop, db: str, form: str, output: str, *chosen: str) -> Path:
    shop.must("export", "--db", db, "-f", form, "-o", output, *chosen)
    return shop.folder / output


def _text(path: Path) -> str:
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")


def _readable(form: str, path: Path) -> str:
    text = _text(path)
    return (canonical.as_json(text) + "\n") if form == "jsonl" else canonical.visible(text)


def _parquet(path: Path) -> str:
    table = pyarrow.parquet.read_table(path)
    columns = [f"{one.name}: {one.type}" for one in table.schema]
    return "\n".join([*columns, "", *(canonical.dumped(row) for row in _plain_rows(table))]) + "\n"


def _plain_rows(table: pyarrow.Table) -> Iterator[dict[str, Any]]:
    """The rows with moments as the archive writes them."""
    for row in table.to_pylist():
        yield {name: f"{cell:%Y-%m-%dT%H:%M:%SZ}" if isinstance(cell, datetime) else cell for name, cell in row.items()}


def _all(form: str, path: Path) -> str:
    """A line a row: what it is, and a hash of all that it says."""
    if form == "convokit":
        files = [one for one in sorted(path.rglob("*")) if one.is_file()]
        return "".join(f"{one.name} {_lines(one)} {digest(one.read_text('utf-8'))}\n" for one in files)
    if form == "parquet":
        return _summed((row["id"], row) for row in _plain_rows(pyarrow.parquet.read_table(path)))
    if form == "jsonl":
        rows = [json.loads(line) for line in _text(path).splitlines()]
        return _summed((row["article"]["url"], row) for row in rows)
    if form == "csv":
        return _summed((row["id"], row) for row in csv.DictReader(_text(path).splitlines(keepends=True)))
    kinds = re.findall(r"(?m)^(?:CREATE [A-Z]+|INSERT INTO|PRAGMA|BEGIN|COMMIT)\b", _text(path))
    return "".join(f"{kind}: {kinds.count(kind)}\n" for kind in sorted(set(kinds)))


def _lines(path: Path) -> int:
    return path.read_text("utf-8").count("\n")


def _summed(rows: Iterable[tuple[Any, Any]]) -> str:
    return "".join(f"{key} {digest(json.dumps(row, ensure_ascii=False))}\n" for key, row in rows)


def release(shop: Workshop) -> Kept:
    """What `btl publish` makes: files, manifest, codebook, and rows of the copy by three policies."""
    names = ["open", "strict", "nameless"]
    for name in names:
        if name == "open":
            shop.public  # noqa: B018
            folder = shop.release
        else:
            db = shop.copy(f"{name}/live.db")
            shop.must("publish", f"{name}/archive.db", "--db", db, "--policy", f"{name}.toml")
            folder = (shop.folder / name / "archive.db").resolve().parent
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        yield f"{name}/files.txt", "\n".join(files) + "\n"
        yield f"{name}/manifest.txt", shop.normal(_manifest(folder / "manifest.json"))
        with closing(sqlite3.connect(f"{(folder / 'archive.db').as_uri()}?immutable=1", uri=True)) as copy:
            for table, text in _tables(copy, whole=("release", "totals", "outlets", "statistics", FACETS)):
                if name == "open" or table.removesuffix(".txt") in TABLES_OF_OTHERS:
                    place = f"{name}/facets.txt" if table.startswith(FACETS) else f"{name}/tables/{table}"
                    yield place, shop.normal(text)
            if name != "open":
                rows = copy.execute(COPIED).fetchall()
                yield (
                    f"{name}/comments.txt",
                    shop.normal("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)),
                )
        if name == "open":
            yield f"{name}/codebook.txt", shop.normal((folder / "codebook.md").read_text("utf-8"))
            yield f"{name}/SHA256SUMS.txt", masked((folder / "SHA256SUMS").read_text())
            yield from _dumps(shop, folder / "dumps")


COPIED = """select comments.id, author, commenter_id, state, comments.codes, substr(body, 1, 60)
from comments where thread_id in (1, 2, 4, 5, 14, 22, 24) order by id"""


def _manifest(path: Path) -> str:
    """A manifest without what depends on the time, or on how the software is written."""
    told = json.loads(path.read_text("utf-8"))
    told |= {"state": "STATE", "recipe": "RECIPE"}
    for one in told["files"]:
        one |= {"bytes": "BYTES", "sha256": "SHA256"}
    return canonical.dumped(told) + "\n"


def _dumps(shop: Workshop, folder: Path) -> Kept:
    """The dumps of a release, by hashes of their rows."""
    for path in sorted(folder.iterdir()):
        form = path.name.removesuffix(".gz").rpartition(".")[2]
        if form == "sql":
            with closing(sqlite3.connect(":memory:")) as rebuilt:
                rebuilt.executescript(_text(path))
                told = [f"{name} {text.count(chr(10))}\n" for name, text in _tables(rebuilt)]
            yield f"open/dumps/{path.name}.txt", "".join(told)
        else:
            yield f"open/dumps/{path.name}.txt", shop.normal(_all(form, path))


def schema(shop: Workshop) -> Kept:
    """The tables of a new archive, of one that version 0.1.0 made, and of a public copy."""
    (shop.folder / "nothing.txt").write_text("Tides\n\nHigh water is at noon.\n")
    shop.must("import", "nothing.txt", "--db", "new.db")
    shop.must("stats", "--db", shop.copy("kept.db"))
    paths = {"new": shop.folder / "new.db", "kept": shop.folder / "kept.db", "public": shop.release / "archive.db"}
    for name, path in paths.items():
        with closing(sqlite3.connect(path)) as db:
            yield f"{name}.txt", _schema(db)


def _schema(db: sqlite3.Connection) -> str:
    rows = db.execute("select type, name, sql from sqlite_master order by type, name").fetchall()
    return "\n".join(f"-- {kind} {name}\n{_in_order(sql or '')}\n" for kind, name, sql in rows)


def _in_order(sql: str) -> str:
    """A statement with its constraints sorted: their order means nothing, and is not always the same."""
    lines = [line.rstrip(", ") for line in sql.split("\n")]
    last = [at for at, line in enumerate(lines) if line.lstrip().startswith(CONSTRAINTS)]
    for at, line in zip(last, sorted(lines[at] for at in last), strict=True):
        lines[at] = line
    return "\n".join(lines)


def _tables(db: sqlite3.Connection, whole: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Each table with a line a row, in full or as its first column and a hash."""
    names = db.execute(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '%\\_fts%' "
        "escape '\\' and name not like '\\_sqlite%' escape '\\' order by name"
    ).fetchall()
    for (name,) in names:
        rows = sorted(
            db.execute(f'select * from "{name}"').fetchall(), key=lambda row: [str(one).zfill(8) for one in row]
        )
        if name in whole:
            text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        else:
            text = _summed((row[0], row) for row in rows)
        yield f"{name}.txt", text


GROUPS: dict[str, Callable[[Workshop], Kept]] = {
    "newsroom": site.newsroom,
    "public": site.public,
    "export": export,
    "release": release,
    "cli": commands.cli,
    "schema": schema,
}


class Outputs:
    """All of them, as `group/name`. What went wrong the first time is raised again: it is not tried twice."""

    def __init__(self, folder: Path) -> None:
        self._shop = Workshop(folder)
        self._made: dict[str, Future[dict[str, str]]] = {}

    def make(self, groups: Iterable[str]) -> None:
        """Makes groups beside each other: most of the time goes by in `btl`."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self._made |= {name: pool.submit(lambda name=name: _once(GROUPS[name](self._shop))) for name in groups}

    def clean(self) -> None:
        """Removes what was worked with."""
        shutil.rmtree(self._shop.folder, ignore_errors=True)

    def group(self, name: str) -> dict[str, str]:
        """The outputs of a group."""
        if name not in self._made:
            self.make([name])
        return self._made[name].result()


def _once(kept: Kept) -> dict[str, str]:
    made: dict[str, str] = {}
    for name, text in kept:
        if name in made:
            raise ValueError(f"two outputs are called {name}")
        made[name] = text
    return made
