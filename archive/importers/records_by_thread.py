"""Records in any order, gathered by thread, for formats whose comments and articles lie in several places.

A document is the records of one thread as JSON, in the order of the file: the same files give the same bytes each time,
so that what was read of them can be read back.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO

from archive.importers.base import GATHERED, HEAD_LENGTH, BadDocument, Document, Source
from archive.importers.documents import LEFT_OUT, TOO_LONG, is_json_object, lines
from archive.importers.files import LONGEST_DOCUMENT
from archive.importers.temporary_tables import TemporaryTables
from archive.text.personal_fields import is_personal_name
from archive.text.storable import load_json, replace_unstorable
from archive.thread import Capture, Comment, nest

ROWS_A_WRITE = 5_000
DEEPEST = 6
JSON_TYPE, JSON_LINES_TYPE = "application/json", "application/jsonl"
TABLES = """
create table records (thread text, own text, parent text, line integer, record text, root text);
create table beside (kind text, key text, value text, primary key (kind, key)) without rowid;"""
# The thread of a record is the one that it names, or that of what it answers; of rings each record is its own.
FIND_ROOTS = """
create index records_own on records (own);
create index records_parent on records (parent) where thread is null;
create table roots as
with recursive above (number, root) as (
  select rowid, coalesce(thread, parent, own) from records
  where thread is not null or parent is null or parent not in (select own from records where own is not null)
  union
  select records.rowid, above.root from above join records as over on over.rowid = above.number
  join records on records.parent = over.own and records.thread is null)
select number, min(root) as root from above group by number;
create index roots_number on roots (number);
update records set root = coalesce((select root from roots where number = records.rowid), own, '');
create table firsts as select root, min(rowid) as first from records group by root;
create index records_root on records (root);"""
THREADS = """
select records.root, line, record from firsts cross join records on records.root = firsts.root
order by first, records.rowid"""
Record = tuple[int, dict[str, Any]]


class Gatherer(TemporaryTables):
    """Holds records by what they answer, or by their thread, and what is known of articles and people beside them."""

    def __init__(self) -> None:
        super().__init__(TABLES)
        self._records: list[tuple[Any, ...]] = []
        self.too_deep: list[int] = []  # lines of records that cannot be written
        self._beside: list[tuple[str, str, str]] = []

    def add(
        self, line: int, record: dict[str, Any], own: str | None, parent: str | None = None, thread: str | None = None
    ) -> None:
        """Add a record, by its id and what it answers, or by its thread where it names that."""
        try:
            text = replace_unstorable(json.dumps(record, ensure_ascii=False))
        except RecursionError:
            self.too_deep.append(line)
            return
        names = (name and replace_unstorable(name) for name in (thread, own, parent))
        self._records.append((*names, line, text))
        if len(self._records) >= ROWS_A_WRITE:
            self._flush()

    def add_beside(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Add what is known of an article or a person; the first of a key counts."""
        self._beside.append((kind, replace_unstorable(key), replace_unstorable(json.dumps(value, ensure_ascii=False))))
        if len(self._beside) >= ROWS_A_WRITE:
            self._flush()

    def beside(self, kind: str, keys: Iterable[str]) -> dict[str, Any]:
        """Return what is known of the articles or persons with these keys."""
        self._flush()
        query = "select key, value from beside where kind = ? and key in (select value from json_each(?)) order by key"
        rows = self._connection.execute(query, (kind, json.dumps(sorted(set(keys)))))
        return {key: json.loads(value) for key, value in rows}

    def beside_of(self, kind: str, key: str) -> list[dict[str, Any]]:
        """Return all that was added of a kind under keys that are this one, a space and something."""
        if self._beside:
            self._flush()
        query = "select value from beside where kind = ? and key > ? and key < ? order by key"
        key = replace_unstorable(key)
        return [json.loads(row[0]) for row in self._connection.execute(query, (kind, f"{key} ", f"{key}!"))]

    def threads(self) -> Iterator[tuple[str, list[tuple[int, str]] | None]]:
        """Yield each thread's key with its records (JSON) in the order of the file; None for too many of them."""
        self._flush()
        self._connection.execute("commit")
        self._connection.executescript(FIND_ROOTS)
        with closing(self._connection.cursor()) as cursor:
            for key, rows in groupby(cursor.execute(THREADS), key=itemgetter(0)):
                size, records = 0, []
                for _, line, record in rows:
                    size += len(record)
                    if size <= LONGEST_DOCUMENT:
                        records.append((line, record))
                yield key, records if size <= LONGEST_DOCUMENT else None

    def _flush(self) -> None:
        statement = "insert into records (thread, own, parent, line, record) values (?, ?, ?, ?, ?)"
        self._connection.executemany(statement, self._records)
        self._connection.executemany("insert or ignore into beside values (?, ?, ?)", self._beside)
        self._records.clear()
        self._beside.clear()


@dataclass(frozen=True, slots=True)
class Gathered:
    """The records of one thread, by their line or number in the file, and what is known of their article beside."""

    key: str
    records: list[Record]
    article: dict[str, Any]
    people: dict[str, Any]
    media_type: str
    about: dict[str, Any]


def gather_documents(
    gatherer: Gatherer,
    source: Source,
    media_type: str,
    *,
    articles: str | None = None,
    people: str | None = None,
    person_of: str = "",
    about: dict[str, Any] | None = None,
) -> Iterator[Document | BadDocument]:
    """Yield a document for each thread. `articles` and `people` are kinds of what lies beside the records.

    `person_of` is the key of a record that names its author; `about` is of the whole file.
    """
    offset = 0
    yield from (BadDocument(f"{source.name}:{line}", "nested too deeply") for line in gatherer.too_deep)
    for key, rows in gatherer.threads():
        if rows is None:
            yield BadDocument(f"{source.name}: thread {key}", TOO_LONG)
            continue
        head: dict[str, Any] = {"key": key, "type": media_type, "about": about or {}}
        if articles:
            head["article"] = gatherer.beside(articles, [key]).get(key, {})
        if people:
            names = (json.loads(record).get(person_of) for _, record in rows)
            head["people"] = gatherer.beside(people, (str(name) for name in names if name is not None))
        records = ", ".join(f"[{line}, {record}]" for line, record in rows)
        text = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "records": [{records}]}}'
        raw = text.encode("utf-8", "surrogatepass")
        options = source.options
        yield Document(raw, source.name, offset, None, None, options.keep, options.outlet, is_gathered=True)
        offset += len(raw)


def read_gathered(document: Document) -> Gathered:
    """Return what a document of gathered records holds."""
    value = load_json(document.raw.decode("utf-8", "surrogatepass"))
    records = [(line, record) for line, record in value["records"]]
    article, people = value.get("article") or {}, value.get("people") or {}
    return Gathered(value["key"], records, article, people, value["type"], value["about"])


def gathered_capture(document: Document, gathered: Gathered, **more: Any) -> Capture:
    """Return the capture of gathered records; its metadata count them and name personal keys that are not read."""
    return Capture(
        sha256=sha256(document.raw).hexdigest(),
        media_type=gathered.media_type + GATHERED,
        file=document.file,
        offset=document.offset,
        length=len(document.raw),
        metadata=metadata_of([record for _, record in gathered.records], **more),
    )


def metadata_of(records: Iterable[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return what a capture says of its records: how many they are, and which personal keys of theirs were left out."""
    left_out: set[str] = set()
    number = 0
    for record in records:
        number += 1
        _add_personal_keys(record, left_out, 0)
    counts: dict[str, Any] = {"records": number, **{name: value for name, value in more.items() if value}}
    return counts | ({LEFT_OUT: sorted(left_out)} if left_out else {})


def _add_personal_keys(value: Any, names: set[str], depth: int) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if is_personal_name(str(key)) and inner not in (None, "", [], {}):
                names.add(str(key))
            elif depth < DEEPEST:
                _add_personal_keys(inner, names, depth + 1)
    elif isinstance(value, list) and depth < DEEPEST:
        for inner in value:
            _add_personal_keys(inner, names, depth + 1)


def read_records(file: BinaryIO, name: str, path: str = "item") -> Iterator[Record | BadDocument]:
    """Yield the objects of a JSON array (the one at `path` of an object), or of JSON Lines, by number or line."""
    import ijson

    first = file.read(1)
    while first in (b" ", b"\n", b"\r", b"\t", b"\xef", b"\xbb", b"\xbf"):
        first = file.read(1)
    rest = _Prefixed(first, file)
    if first == b"[" or path != "item":
        number = 0
        try:
            for record in ijson.items(rest, path, use_float=True):
                number += 1
                if isinstance(record, dict):
                    yield number, record
                else:
                    yield BadDocument(f"{name}:{number}", "not a JSON object")
        except (ijson.JSONError, ValueError, RecursionError) as error:
            yield BadDocument(f"{name}:{number + 1}", f"not JSON from here on: {error}")
        return
    number = 0
    while raw := rest.readline(LONGEST_DOCUMENT + 1):
        number += 1
        if not raw.strip():
            continue
        try:
            record = json.loads(raw)
        except (ValueError, RecursionError) as error:
            yield BadDocument(f"{name}:{number}", f"not JSON: {error}")
            continue
        if isinstance(record, dict):
            yield number, record
        else:
            yield BadDocument(f"{name}:{number}", "not a JSON object")


class _Prefixed:
    """A file of which the first byte was read."""

    def __init__(self, first: bytes, file: BinaryIO) -> None:
        self._first, self._file = first, file

    def read(self, size: int = -1) -> bytes:
        if size == 0:  # as ijson asks to learn what kind of file it is
            return b""
        first, self._first = self._first, b""
        return first + self._file.read(size - len(first) if size > 0 else size)

    def readline(self, size: int) -> bytes:
        first, self._first = self._first, b""
        return first if first == b"\n" else first + self._file.readline(size)


def below_article(comments: Iterable[Comment], *articles: str | None) -> tuple[Comment, ...]:
    """Return comments in document order; those that answer the article itself, by one of its ids, stand at the top."""
    top = set(filter(None, articles))
    return nest(
        replace(comment, parent_native_id=None, parent_source=None) if comment.parent_native_id in top else comment
        for comment in comments
    )


def cut_objects(source: Source) -> Iterator[Document | BadDocument]:
    """Yield a document for each JSON object: one a line, or one that is the whole file."""
    options, head = source.options, source.file.peek(HEAD_LENGTH)[:HEAD_LENGTH]  # type: ignore[attr-defined]
    if is_json_object(head) or b"\n" not in head.strip():
        raw = source.file.read(LONGEST_DOCUMENT + 1)
        too_long = len(raw) > LONGEST_DOCUMENT
        whole = Document(raw, source.name, keep=options.keep, outlet=options.outlet)
        yield BadDocument(source.name, TOO_LONG) if too_long else whole
        return
    for document in lines(source.file, source.name, options.keep):
        yield document if isinstance(document, BadDocument) else replace(document, outlet=options.outlet)


def load_object(document: Document) -> dict[str, Any]:
    """Return the JSON object that a document is. Raises BadDocument where it is none."""
    try:
        value = load_json(document.raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadDocument(document.location, f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadDocument(document.location, "not a JSON object")
    return value


def object_capture(document: Document, records: Iterable[dict[str, Any]], **more: Any) -> Capture:
    """Return the capture of a document that is one JSON object; its metadata are as those of gathered records."""
    return Capture(
        sha256=sha256(document.raw).hexdigest(),
        media_type=(JSON_LINES_TYPE if document.line else JSON_TYPE) + (GATHERED if document.is_gathered else ""),
        file=document.file,
        offset=document.offset,
        length=len(document.raw),
        line=document.line,
        metadata=metadata_of(records, **more),
    )
