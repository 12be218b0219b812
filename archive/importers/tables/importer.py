"""Reads tables of comments: a row is a comment, rows with the same key are a thread.

A document is the rows of one thread as JSON, in the order of the file: the same file and mapping give the same bytes
each time, so that what was read of them can be read back.
"""

import json
import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any, cast

from archive.importers.base import (
    BY_LOOKS,
    CERTAIN,
    GROUPED,
    HEAD_LENGTH,
    LIKELY,
    NEAR,
    BadDocument,
    Document,
    FormatClaim,
    Probe,
    Source,
    Undecided,
)
from archive.importers.documents import is_article_array
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.tables import own_rows, records
from archive.importers.tables.cells import is_null, read_id
from archive.importers.tables.columns import Conclusion, conclude, find_preset
from archive.importers.tables.delimited import find_dialect
from archive.importers.tables.lookalikes import is_laid_out_text
from archive.importers.tables.mapping import ColumnMapping
from archive.importers.tables.name_parts import role_names
from archive.importers.tables.nested import REPLIES, find_array, holds_comments
from archive.importers.tables.other_tables import speakers
from archive.importers.tables.profile import COMMENT_WORD
from archive.importers.tables.rows import LABELS, parse_rows
from archive.importers.tables.spool import Spool
from archive.importers.tables.table import Table, is_one_object, is_table_name, looks_like_lines, open_table
from archive.importers.tables.xml_exports import find_export
from archive.text.fold import fold_name
from archive.thread import Thread

NAME = "table"
ROWS_WITHOUT_THREAD = 10_000  # make one thread where nothing says what they stand under
FEWEST_ROWS = 3  # by which a file of no telling name is taken for a table
OBJECT = re.compile(rb'"((?:[^"\\]|\\.){1,80})"\s*:')
COLUMNS_NAMED = 12
KEYS_TRIED = 400
LONG_RECORD = 2_500  # bytes
# Keys that rows of comments have and those of articles do not; and such as both have.
OF_READERS = frozenset(
    ("user", "username", "userid", "nickname", "nick", "screenname", "speaker", "likes", "upvotes", "votes")
)
OF_ARTICLES = frozenset(("url", "link", "sourceurl", "webpageurl", "title", "headline", "host", "domain", "site"))
NO_COMMENT = frozenset(("comments", "parent"))


def claim(probe: Probe) -> FormatClaim | None:
    """Claim databases, workbooks, delimited text, and JSON whose records have the keys of comments."""
    head = probe.head
    if head.startswith(records.SQLITE_MAGIC):
        return FormatClaim(LIKELY, "an SQLite database")
    if records.is_workbook(head, probe.name):
        return FormatClaim(CERTAIN, "a workbook")
    if export := find_export(head):
        return FormatClaim(CERTAIN, f"a {export.kind}")
    begin = probe.begin
    if begin.startswith(records.LEANCLOUD):
        return FormatClaim(CERTAIN, "JSON Lines of LeanCloud")
    if begin.startswith((b"{", b"[")):
        return _claim_json(head)
    if begin.startswith((b"<", b"%PDF", b"WARC/")):
        return None
    is_named = is_table_name(probe.name)
    dialect = find_dialect(head, is_named=is_named)
    if dialect is None:
        return FormatClaim(LIKELY, "its name is a table's") if is_named and head.strip() else None
    if not is_named and (not dialect.has_header or head.count(b"\n") < FEWEST_ROWS):
        return None
    if not is_named and is_laid_out_text(head, probe.name, dialect):
        return None
    return FormatClaim(LIKELY, f"a table ({dialect.describe()}, {dialect.width} columns: {_names(dialect.header)})")


def _claim_json(head: bytes) -> FormatClaim | None:
    """Claim JSON by its keys: those of comments, and not only those of articles."""
    is_array = records.is_json_array(head)
    if not is_array and not looks_like_lines(head) and find_array(head) is None:
        return None
    keys = [key.decode("utf-8", "replace") for key, _ in zip(_keys(head), range(KEYS_TRIED), strict=False)]
    names = {fold_name(key) for key in keys}
    roles = role_names()
    of_comments = {name for listed in roles.values() for name in listed if COMMENT_WORD.search(name)} - NO_COMMENT
    shown = _names(dict.fromkeys(keys))
    path = find_array(head) if is_one_object(head) or not looks_like_lines(head) else None
    if path and fold_name(path.removesuffix(".item").rpartition(".")[2]) in REPLIES:
        return FormatClaim(LIKELY, f"JSON with a list of comments: {path.removesuffix('.item')}")
    if holds_comments(head):
        return FormatClaim(LIKELY, f"JSON of articles with their comments: {shown}")
    if names.isdisjoint(roles["body"]):
        return FormatClaim(BY_LOOKS, f"a JSON array with the keys {shown}") if is_array else None
    if find_preset(keys)[0] or not names.isdisjoint({*roles["parent"], *of_comments}):
        return FormatClaim(LIKELY, f"JSON with the keys of comments: {shown}")
    has_readers = not names.isdisjoint(OF_READERS) or (
        not names.isdisjoint(speakers()) and names.isdisjoint(OF_ARTICLES)
    )
    if has_readers and not _are_long(head):
        return FormatClaim(BY_LOOKS + 2 * NEAR, f"JSON with the keys of comments: {shown}")
    score = BY_LOOKS - 2 * NEAR if is_article_array(head) else BY_LOOKS
    return FormatClaim(score, f"a JSON array with the keys {shown}") if is_array else None


def _are_long(head: bytes) -> bool:
    """Whether the texts of records are as long as articles are."""
    lines = [line for line in head.splitlines()[:-1] if line.strip()] or [head]
    return sum(map(len, lines)) / len(lines) > LONG_RECORD


def _keys(head: bytes) -> Iterator[bytes]:
    return (match[1] for match in OBJECT.finditer(head))


def _names(names: Any) -> str:
    shown = list(names)[:6]
    return ", ".join(shown) + (" ..." if len(names) > len(shown) else "")


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Gather the rows of each thread. Yields Undecided alone where what the columns mean is in doubt."""
    try:
        table, conclusion = examine(source)
    except BadDocument as error:
        yield error
        return
    if conclusion.doubt:
        yield Undecided(source.name, f"a table ({table.kind}), and {conclusion.doubt}; --dry-run shows how it is read")
        return
    if conclusion.personal:
        source.remarks.append(f"left out as personal: {', '.join(conclusion.personal)} (--keep-column NAME keeps one)")
    if unread := unread_columns(table, conclusion):
        more = f" and {len(unread) - COLUMNS_NAMED:,} more" if len(unread) > COLUMNS_NAMED else ""
        source.remarks.append(f"columns that are not read: {', '.join(unread[:COLUMNS_NAMED])}{more}")
    source.remarks.extend(conclusion.notes)
    yield from gather(source, table, conclusion.mapping)


def unread_columns(table: Table, conclusion: Conclusion) -> list[str]:
    """Return the columns that are neither read nor left out as personal."""
    used = set(_used_columns(table, conclusion.mapping))
    return [name for name in table.columns if name not in used and name not in conclusion.personal]


def examine(source: Source) -> tuple[Table, Conclusion]:
    """Open a table and conclude what its columns mean. Raises BadDocument or Undecided."""
    head = source.file.peek(HEAD_LENGTH)[:HEAD_LENGTH] if hasattr(source.file, "peek") else b""
    table = open_table(source, head)
    options = source.options
    given = options.mapping
    if options.roles:
        base = given or conclude(table, None, options.keep).mapping
        given = base.with_roles(options.roles)
    conclusion = conclude(table, given, options.keep)
    conclusion.mapping = _with_options(conclusion.mapping, source)
    return table, conclusion


def _with_options(mapping: ColumnMapping, source: Source) -> ColumnMapping:
    options, dataset = source.options, mapping.dataset
    dataset = replace(
        dataset,
        name=dataset.name or _stem(source.name),
        outlet=options.outlet or dataset.outlet,
        timezone=options.timezone or dataset.timezone,
    )
    return replace(
        mapping,
        dataset=dataset,
        table=options.table or mapping.table,
        records=options.records or mapping.records,
        has_header=options.has_header and mapping.has_header,
    )


def _stem(name: str) -> str:
    return re.sub(
        r"(?:\.(?:csv|tsv|tab|txt|jsonl?|ndjson|parquet|sqlite3?|db|xlsx|xlsm|ods|gz|bz2|xz|zst))+$",
        "",
        name.rpartition("/")[2],
        flags=re.IGNORECASE,
    )


def gather(source: Source, table: Table, mapping: ColumnMapping) -> Generator[Document | BadDocument, None, None]:
    """Yield one document for each thread of a table, and a BadDocument for each row that is none."""
    used = _used_columns(table, mapping)
    media_type = table.media_type + GROUPED
    with Spool() as spool:
        _add_neighbours(spool, table, mapping)
        for row in table.rows:
            if isinstance(row, BadDocument):
                yield row
                continue
            line, cells = row
            values = {name: value for name in used if (value := cells.get(name)) is not None and value != ""}
            if mapping.label_rows and (key := read_id(cells.get(mapping.column("id") or ""))):
                values[LABELS] = spool.labels(key)
            spool.add(_thread_key(cells, mapping), line, json.dumps(values, ensure_ascii=False, default=str))
        offset = 0
        for key, rows in spool.threads():
            article_key = read_id(key) if mapping.join else None
            article = spool.article(article_key) if article_key else None
            for part, piece in enumerate(_pieces(rows, is_loose=not key and mapping.column("parent") is None)):
                head = {
                    "dataset": mapping.dataset.name,
                    "key": key,
                    "part": part,
                    "type": media_type,
                    "article": json.loads(article) if article else {},
                }
                raw = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "rows": [{", ".join(piece)}]}}'.encode(
                    "utf-8", "surrogatepass"
                )
                yield Document(raw, source.name, offset, None, mapping)
                offset += len(raw)


def _used_columns(table: Table, mapping: ColumnMapping) -> tuple[str, ...]:
    if mapping.is_own:
        return tuple(table.columns)
    in_template = re.findall(r"\{([^{}]+)\}", mapping.article_url or "")
    return tuple(name for name in dict.fromkeys((*mapping.used_columns(), *in_template)) if name in table.columns)


def _thread_key(cells: dict[str, Any], mapping: ColumnMapping) -> str:
    """Return what the rows of a thread share: the key that the mapping names, else the article's address or title."""
    for role in ("thread", "url", "title"):
        name = mapping.column(role)
        if name is not None and not is_null(cells.get(name)):
            return read_id(cells[name]) or ""
    return ""


def _pieces(rows: Iterator[tuple[int, str]], *, is_loose: bool) -> Iterator[list[str]]:
    piece: list[str] = []
    size = 0
    for line, row in rows:
        if piece and (size > LONGEST_DOCUMENT // 2 or (is_loose and len(piece) >= ROWS_WITHOUT_THREAD)):
            yield piece
            piece, size = [], 0
        piece.append(f"[{line}, {row}]")
        size += len(row)
    if piece:
        yield piece


def _add_neighbours(spool: Spool, table: Table, mapping: ColumnMapping) -> None:
    """Read the tables of articles and of labels that the mapping joins, where they are in the same file."""
    join, label_rows = mapping.join, mapping.label_rows
    for name, rows in table.neighbours.items():
        if join and name.casefold() == join.table.casefold():
            for _, cells in rows():
                if key := read_id(cells.get(join.on)):
                    spool.add_article(key, json.dumps(cells, ensure_ascii=False, default=str))
        elif label_rows and name.casefold() == label_rows.table.casefold():
            for _, cells in rows():
                if key := read_id(cells.get(label_rows.on)):
                    spool.add_label(key, str(cells.get(label_rows.name)), str(cells.get(label_rows.value)))


def parse(document: Document) -> Thread:
    """Return the thread of one document. Raises BadDocument where it holds no comment."""
    mapping, record = cast("ColumnMapping", document.mapping), json.loads(document.raw.decode("utf-8", "surrogatepass"))
    if mapping.is_own and own_rows.is_own(record["rows"]):
        return own_rows.parse_rows(document, record)
    return parse_rows(document, mapping, record)
