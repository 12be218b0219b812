"""Build the index beside an archive, and keep it current: what changed since is read from the archive's own list.

Withheld comments are in no index. Each state of an index says what it knows, in the same commit as its documents.
"""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import tantivy

from archive.search.index import IndexState, IndexUnusable, SearchIndex
from archive.search.index_schema import (
    STATE_ID,
    FlagParts,
    IndexedComment,
    build_schema,
    register_analyzers,
    to_json,
)
from archive.search.query_sql import RECORDED
from archive.search.stemmers import DEFAULT_LANGUAGE, language_of
from archive.store.reading import connect_for_reading
from archive.store.views import STANDING

BATCH = 2_000
BUILD_MEMORY, UPDATE_MEMORY = 256_000_000, 15_000_000
_PLACES = """
select threads.id as thread_id, articles.outlet_id, articles.language, threads.dataset_id
from threads join articles on articles.id = threads.article_id
where threads.withheld is null and articles.withheld is null"""
_COMMENTS = """
select comments.id, places.outlet_id, places.language, places.dataset_id, comments.commenter_id, commenters.name,
  comments.posted_at, comments.state, comments.body
from comments join places on places.thread_id = comments.thread_id
left join commenters on commenters.id = comments.commenter_id where comments.withheld is null"""
# Comments of a day are spread over all articles, whose rows are long: to look those up for each comment takes twenty
# times as long as to look into a table of a few columns.
MAKE_PLACES = (
    """create temp table places (
  thread_id integer primary key, outlet_id integer, language text, dataset_id integer)""",
    f"insert into temp.places {_PLACES}",
)
NEXT_COMMENTS = f"{_COMMENTS} and comments.id > ? order by comments.id limit {BATCH}"
THESE_COMMENTS = f"with places as ({_PLACES}) {_COMMENTS} and comments.id in (select value from json_each(?))"  # noqa: S608
_OF_THESE = "comment_id in (select value from json_each(?))"
FLAGS = f"select distinct comment_id, code, severity, target, status from flags where {_OF_THESE} and {STANDING}"  # noqa: S608
RECORD_TEXTS = {
    table: f"select distinct comment_id, {text} from {table} where {_OF_THESE} and {counts}"  # noqa: S608
    for table, text, counts in RECORDED.values()
}
# What no visit and no takedown changes of a comment.
LAST_COMMENT = "select id, thread_id || ' ' || first_seen_at from comments order by id desc limit 1"
MARK_OF = "select thread_id || ' ' || first_seen_at from comments where id = ?"
HAS_CHANGED = "select 1 from search_changes where comment_id = ? and id > ?"
LANGUAGES = "select language, count(*) as n from articles where language is not null group by 1 order by n desc"
HAS_CHANGES = "select 1 from sqlite_master where name = 'search_changes'"
LAST_CHANGE = "select id, token from search_changes order by id desc limit 1"
TOKEN_OF = "select token from search_changes where id = ?"  # noqa: S105
FIRST_CHANGE = "select min(id) from search_changes"
CHANGED = """
select distinct comment_id from search_changes where id > :change
union select id from comments where id > :comment order by 1 limit :limit"""


class TooFarBehind(Exception):
    """So much has changed that the index is to be brought up to date by `btl index`, or built anew."""


def index_path(db_path: str | Path) -> Path:
    """Return where the index of an archive is: beside it, archive.search for archive.db."""
    path = Path(db_path)
    return path.with_name(f"{path.stem}.search") if path.suffix else path.with_name(f"{path.name}.search")


def build(db_path: str | Path) -> IndexState:
    """Build the index of an archive anew, of one snapshot; it takes the place of the old one when it is whole.

    Raises sqlite3.Error and OSError."""
    target = index_path(Path(db_path).resolve())
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        new = Path(folder) / "new"
        new.mkdir()
        with closing(connect_for_reading(Path(db_path))) as connection:
            connection.execute("begin")
            state = _write_all(connection, new)
        _replace(target, new, Path(folder) / "old")
    return state


def _replace(target: Path, new: Path, trash: Path) -> None:
    """Put the new index where the old one is. Who has the old one open goes on reading it."""
    if target.exists():
        target.rename(trash)
    new.rename(target)
    target.chmod(0o755)


def remove(db_path: str | Path) -> None:
    """Delete the index of an archive, if there is one."""
    shutil.rmtree(index_path(Path(db_path).resolve()), ignore_errors=True)


def _write_all(connection: sqlite3.Connection, folder: Path) -> IndexState:
    stated = [code for name, _ in connection.execute(LANGUAGES) if (code := language_of(name))]
    state = _current_state(connection, stated[0] if stated else DEFAULT_LANGUAGE)
    index = tantivy.Index(build_schema(), path=str(folder))
    register_analyzers(index)
    writer = index.writer(BUILD_MEMORY, 1)
    for statement in MAKE_PLACES:
        connection.execute(statement)
    last = 0
    while rows := connection.execute(NEXT_COMMENTS, (last,)).fetchall():
        for comment in _comments(connection, rows):
            writer.add_json(to_json(comment, state.default_language))
        last = rows[-1][0]
    _write_state(writer, state)
    writer.commit()
    writer.wait_merging_threads()
    return state


def _current_state(connection: sqlite3.Connection, language: str) -> IndexState:
    """Return what an index knows that has all of this snapshot."""
    number, mark = connection.execute(LAST_COMMENT).fetchone() or (0, "")
    change, token = (None if never_changes(connection) else connection.execute(LAST_CHANGE).fetchone()) or (0, 0)
    return IndexState(change, token, number, mark, language)


def never_changes(connection: sqlite3.Connection) -> bool:
    """Return whether this is a public copy, which has no list of changes."""
    return connection.execute(HAS_CHANGES).fetchone() is None


def _write_state(writer: tantivy.IndexWriter, state: IndexState) -> None:
    document = tantivy.Document()
    document.add_unsigned("id", STATE_ID)
    document.add_text("about", json.dumps(asdict(state)))
    writer.add_document(document)


def _comments(connection: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> Iterator[IndexedComment]:
    ids = json.dumps([row[0] for row in rows])
    flags: dict[int, list[FlagParts]] = {}
    for number, *values in connection.execute(FLAGS, (ids,)):
        flags.setdefault(number, []).append(FlagParts(*values))
    records: dict[str, dict[int, list[str]]] = {table: {} for table in RECORD_TEXTS}
    for table, statement in RECORD_TEXTS.items():
        for number, text in connection.execute(statement, (ids,)):
            records[table].setdefault(number, []).append(text)
    facts: dict[str, Mapping[int, Sequence[Any]]] = {"flags": flags, **records}
    stated = [(name, by_comment) for name, by_comment in facts.items() if by_comment]
    for row in rows:
        comment = IndexedComment(*row)
        for name, by_comment in stated:
            if comment.id in by_comment:
                setattr(comment, name, by_comment[comment.id])
        yield comment


def is_of(connection: sqlite3.Connection, state: IndexState) -> bool:
    """Return whether an index was made of this very archive, however long ago, and not before it was put back."""
    mark = connection.execute(MARK_OF, (state.last_comment,)).fetchone()
    is_same = state.last_comment == 0 or mark is None or mark[0] == state.last_mark
    if never_changes(connection):
        return is_same and state.change == 0
    # The id of a comment that was deleted may be given again.
    is_same = is_same or bool(connection.execute(HAS_CHANGED, (state.last_comment, state.change)).fetchone())
    token = connection.execute(TOKEN_OF, (state.change,)).fetchone()
    if token is not None:
        return is_same and token[0] == state.change_token
    first = connection.execute(FIRST_CHANGE).fetchone()[0]
    return is_same and state.change == 0 and first in (None, 1)


def pending(connection: sqlite3.Connection, state: IndexState, limit: int) -> list[int]:
    """Return the comments that an index does not have as they are, the first `limit` of them."""
    values = {"change": state.change, "comment": state.last_comment, "limit": limit}
    if never_changes(connection):
        return []
    return [number for (number,) in connection.execute(CHANGED, values)]


def update(db_path: str | Path, index: SearchIndex, most: int | None = None) -> int:
    """Bring an index up to date, and return how many comments it has written anew.

    Raises IndexUnusable where it is not of this archive, TooFarBehind where more than `most` comments changed, and
    Locked where another process is at it."""
    with closing(connect_for_reading(Path(db_path))) as connection:
        connection.execute("begin")
        state = index.view.state
        if not is_of(connection, state):
            raise IndexUnusable(f"{index.path} was made of another archive, or before this one was put back")
        ids = pending(connection, state, -1 if most is None else most + 1)
        if most is not None and len(ids) > most:
            raise TooFarBehind(f"{index.path} lacks more than {most:,} changes")
        fresh = _current_state(connection, state.default_language)
        if not ids and fresh == state:
            return 0
        _write_changes(connection, index, ids, fresh)
    index.reload()
    return len(ids)


def _write_changes(connection: sqlite3.Connection, index: SearchIndex, ids: Sequence[int], state: IndexState) -> None:
    writer = open_writer(index)
    try:
        for start in range(0, len(ids), BATCH):
            part = list(ids[start : start + BATCH])
            # By a query: `delete_documents_by_term` deletes nothing by a number, and says nothing.
            writer.delete_documents_by_query(tantivy.Query.term_set_query(index.schema, "id", part))
            rows = connection.execute(THESE_COMMENTS, (json.dumps(part),)).fetchall()
            for comment in _comments(connection, rows):
                writer.add_json(to_json(comment, state.default_language))
        writer.delete_documents_by_query(tantivy.Query.term_query(index.schema, "id", STATE_ID))
        _write_state(writer, state)
        writer.commit()
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()


def open_writer(index: SearchIndex) -> tantivy.IndexWriter:
    try:
        return index.index.writer(UPDATE_MEMORY, 1)
    except ValueError as error:
        raise IndexLocked(str(error)) from error


class IndexLocked(Exception):
    """Another process writes to the index."""


def rename_segments(folder: Path) -> None:
    """Name the segments of an index, which nobody has open, by numbers: Tantivy names them by chance."""
    meta, managed = folder / "meta.json", folder / ".managed.json"
    segments = sorted(segment["segment_id"] for segment in json.loads(meta.read_text("utf-8"))["segments"])
    names = {UUID(old): UUID(int=number) for number, old in enumerate(segments, 1)}
    for file in (meta, managed):
        text = file.read_text("utf-8")
        for old, new in names.items():
            text = text.replace(str(old), str(new)).replace(old.hex, new.hex)
        file.write_text(text, "utf-8")
    for file in list(folder.iterdir()):
        stem, dot, rest = file.name.partition(".")
        segment = UUID(stem) if len(stem) == 32 else None
        if segment in names:
            file.rename(folder / f"{names[segment].hex}{dot}{rest}")
        elif segment is not None:
            file.unlink()  # of a segment that was merged into another
