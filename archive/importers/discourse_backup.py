"""Discourse's backups: a forum's dump, with or without its uploads, read without PostgreSQL as far as readers saw it.

The dump in it copies a table after the other, a row a line. Each topic comes out as the forum itself gives it by
/t/ID.json, so that both ways lead to the same thread. Private messages, categories that are closed to readers and what
staff whispers are left out; addresses of e-mail and IP are not read at all.
"""

import gzip
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO, cast

from archive.importers.base import (
    CERTAIN,
    HEAD_LENGTH,
    BadDocument,
    Document,
    EmptyDocument,
    FormatClaim,
    Probe,
    Source,
)
from archive.importers.discourse import REPORTS, parse
from archive.importers.documents import TOO_LONG
from archive.importers.files import BUFFER_BYTES, GZIP, LONGEST_DOCUMENT
from archive.importers.temporary_tables import TemporaryTables
from archive.text.storable import replace_unstorable

__all__ = ("NAME", "claim", "documents", "parse")
NAME = "discourse-backup"
DUMP = re.compile(r"(?:\./)?dump\.sql(?:\.gz)?")  # as backups call it
TAR_MAGIC, TAR_MAGIC_AT, TAR_NAME = b"ustar", 257, 100
PG_DUMP = b"PostgreSQL database dump"
# Tables that stand near the beginning of a dump, since they are in alphabetical order.
FIRST_TABLES = re.compile(
    rb"CREATE TABLE (?:public\.)?"
    rb"(allowed_pm_users|api_key_scopes|associated_groups|badge_groupings|badge_types|category_custom_fields)\b"
)
COPY = re.compile(rb'COPY (?:"?\w+"?\.)?"?(\w+)"? \((.+)\) FROM stdin;\s*')
END_OF_TABLE = b"\\."
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
UNESCAPED = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
PRIVATE, WHISPER = "private_message", "4"
MILLISECONDS = 23  # characters of a time down to these, as /t/ID.json has them
LONGEST_REVISIONS = 1 << 20  # characters of what one edit changed
ROWS_A_WRITE = 5_000
TABLES = """
create table posts (id integer primary key, topic integer, number integer, user integer, record text);
create table topics (id integer primary key, category integer, record text);
create table users (id integer primary key, name text, is_staff integer);
create table categories (id integer primary key, name text, is_closed integer);
create table topic_embeds (topic integer primary key, url text);
create table post_revisions (post integer, number integer, modifications text, created_at text);"""
INDEXES = """
create index posts_topic on posts (topic, number);
create index post_revisions_post on post_revisions (post, number);"""
TOPICS = """
select topics.id, topics.record, categories.name, coalesce(categories.is_closed, 0), topic_embeds.url
from topics left join categories on categories.id = topics.category
left join topic_embeds on topic_embeds.topic = topics.id order by topics.id"""
POSTS = """
select posts.record, users.id, users.name, coalesce(users.is_staff, 0)
from posts left join users on users.id = posts.user where posts.topic = ? order by posts.number"""
REVISIONS = """
select post, modifications, created_at from post_revisions
where post in (select id from posts where topic = ?) order by post, number"""
Row = dict[str, str | None]


def claim(probe: Probe) -> FormatClaim | None:
    """Claim tar files that begin with such a dump, and dumps of PostgreSQL with tables that no one else has."""
    head = probe.head
    if head[TAR_MAGIC_AT:].startswith(TAR_MAGIC):
        name = head[:TAR_NAME].split(b"\0")[0].decode("utf-8", "replace")
        return FormatClaim(CERTAIN, "a backup of Discourse") if DUMP.fullmatch(name) else None
    is_dump = PG_DUMP in head[:1024] and len(set(FIRST_TABLES.findall(head))) > 1
    return FormatClaim(CERTAIN, "a dump of Discourse's database") if is_dump else None


def documents(source: Source) -> Iterator[Document | BadDocument]:
    """Yield each topic that readers could open, as JSON in the shape of /t/ID.json."""
    with _Dump() as dump:
        try:
            for table, row in _rows(_open_dump(source), source.name):
                if (problem := dump.add(table, row)) is not None:
                    yield BadDocument(f"{source.name}: {table} {row.get('id')}", problem)
        except BadDocument as error:
            yield error
        offset, options = 0, source.options
        for number, raw in dump.topics():
            location = f"{source.name}: topic {number}"
            if isinstance(raw, str):
                yield EmptyDocument(location, raw)
            elif len(raw) > LONGEST_DOCUMENT:
                yield BadDocument(location, TOO_LONG)
            else:
                yield Document(raw, source.name, offset, keep=options.keep, outlet=options.outlet, is_gathered=True)
                offset += len(raw)


def _open_dump(source: Source) -> BinaryIO:
    """Return the SQL of a backup: a member of a tar file, or the file itself. Raises BadDocument."""
    head = source.file.peek(HEAD_LENGTH)  # type: ignore[attr-defined]
    if not head[TAR_MAGIC_AT:].startswith(TAR_MAGIC):
        return source.file
    try:
        archive = tarfile.open(fileobj=source.file, mode="r|")  # noqa: SIM115 it is read on, and has no file of its own
        member = next((member for member in archive if DUMP.fullmatch(member.name) and member.isfile()), None)
        if member is None:
            raise BadDocument(source.name, "a tar file without dump.sql or dump.sql.gz")
        content = io.BufferedReader(cast("io.RawIOBase", archive.extractfile(member)), BUFFER_BYTES)
        is_packed = content.peek(len(GZIP))[: len(GZIP)] == GZIP
    except tarfile.TarError as error:
        raise BadDocument(source.name, f"a damaged tar file: {error}") from error
    return io.BufferedReader(cast("io.RawIOBase", gzip.open(content)), BUFFER_BYTES) if is_packed else content


def _rows(file: BinaryIO, name: str) -> Iterator[tuple[str, Row]]:
    """Yield the rows of the tables that are read, by their columns. Raises BadDocument where the dump is cut off."""
    table, columns, number = None, [""], 0
    try:
        while line := file.readline(LONGEST_DOCUMENT + 1):
            number += 1
            if len(line) > LONGEST_DOCUMENT:
                raise BadDocument(f"{name}:{number}", TOO_LONG)
            if table is None:
                if (match := COPY.fullmatch(line)) is not None:
                    table, columns = match[1].decode(), [c.strip().strip('"') for c in match[2].decode().split(",")]
            elif line.rstrip(b"\r\n") == END_OF_TABLE:
                table = None
            elif table in READ and len(fields := line.rstrip(b"\r\n").split(b"\t")) == len(columns):
                yield table, dict(zip(columns, map(_field, fields), strict=True))
            elif table in READ:
                raise BadDocument(f"{name}:{number}", f"a row of {table} with {len(fields)} of {len(columns)} columns")
    except (EOFError, OSError, tarfile.TarError) as error:
        raise BadDocument(f"{name}:{number}", f"the dump is cut off: {error}") from error
    if table is not None:
        raise BadDocument(f"{name}:{number}", f"the dump is cut off in the table {table}")


def _field(raw: bytes) -> str | None:
    if raw == b"\\N":
        return None
    if b"\\" in raw:
        raw = ESCAPED.sub(lambda match: UNESCAPED.get(match[1], match[1]), raw)
    return raw.decode("utf-8", "replace")


class _Dump(TemporaryTables):
    """The rows of a dump, in a file for the time of reading them, for they come in any order."""

    def __init__(self) -> None:
        super().__init__(TABLES)
        self._waiting: list[tuple[Any, ...]] = []
        self._table = ""

    def add(self, table: str, row: Row) -> str | None:
        """Add a row. Return what is wrong with it, if something is."""
        try:
            values = READ[table](row)
        except (KeyError, TypeError, ValueError) as error:
            return f"not a row of Discourse: {error!r}"
        if values is not None:
            if table != self._table or len(self._waiting) >= ROWS_A_WRITE:
                self._flush()
            self._table = table
            self._waiting.append(tuple(replace_unstorable(v) if isinstance(v, str) else v for v in values))
        return None

    def topics(self) -> Iterator[tuple[int, bytes | str]]:
        """Yield each topic as JSON, or why it is left out."""
        self._flush()
        self._connection.execute("commit")
        self._connection.executescript(INDEXES)
        with closing(self._connection.cursor()) as cursor:
            for number, record, category, is_closed, url in cursor.execute(TOPICS):
                topic = json.loads(record)
                if topic.pop("archetype") == PRIVATE:
                    yield number, "a private message"
                elif is_closed:
                    yield number, "in a category that is closed to readers"
                else:
                    posts = self._posts(number)
                    stream = {"posts": posts, "stream": [post["id"] for post in posts]}
                    topic |= {"category_name": category, "embed_url": url, "post_stream": stream}
                    yield number, json.dumps(topic, ensure_ascii=False).encode()

    def _posts(self, topic: int) -> list[dict[str, Any]]:
        revisions = {
            post: [{"cooked": _text_before(changes), "created_at": at} for _, changes, at in rows]
            for post, rows in groupby(self._connection.execute(REVISIONS, (topic,)), key=itemgetter(0))
        }
        posts = []
        for record, user, name, is_staff in self._connection.execute(POSTS, (topic,)):
            post = json.loads(record)
            more = {"earlier": revisions[post["id"]]} if post["id"] in revisions else {}
            posts.append(post | {"user_id": user, "username": name, "staff": bool(is_staff)} | more)
        return posts

    def _flush(self) -> None:
        if self._waiting:
            holes = ", ".join("?" * len(self._waiting[0]))
            statement = f"insert or replace into {self._table} values ({holes})"  # noqa: S608 the name of a table above
            self._connection.executemany(statement, self._waiting)
            self._waiting.clear()


def _post(row: Row) -> tuple[Any, ...] | None:
    if row["post_type"] == WHISPER:
        return None
    actions = {2: "like_count"} | {number: f"{name}_count" for number, name in REPORTS.items()}
    post: dict[str, Any] = {
        **{key: _number(row.get(key)) for key in ("id", "post_number", "reply_to_post_number", "post_type", "version")},
        **{key: _time(row.get(key)) for key in ("created_at", "deleted_at", "hidden_at", "last_version_at")},
        **{key: row.get(key) == "t" for key in ("hidden", "user_deleted")},
        "cooked": row["cooked"],
        "actions_summary": [{"id": n, "count": _number(row[key])} for n, key in actions.items() if row.get(key)],
    }
    topic, user = _number(row["topic_id"]), _number(row["user_id"])
    return post["id"], topic, post["post_number"], user, json.dumps(post, ensure_ascii=False)


def _topic(row: Row) -> tuple[Any, ...]:
    topic = {
        "id": _number(row["id"]),
        **{key: row.get(key) for key in ("title", "slug", "archetype")},
        **{key: _time(row.get(key)) for key in ("created_at", "deleted_at")},
        "closed": row.get("closed") == "t",
    }
    return topic["id"], _number(row.get("category_id")), json.dumps(topic, ensure_ascii=False)


def _revision(row: Row) -> tuple[Any, ...] | None:
    if row.get("hidden") == "t" or not row["modifications"] or len(row["modifications"]) > LONGEST_REVISIONS:
        return None
    return _number(row["post_id"]), _number(row["number"]), row["modifications"], _time(row["created_at"])


READ: dict[str, Callable[[Row], tuple[Any, ...] | None]] = {
    "posts": _post,
    "topics": _topic,
    "users": lambda row: (_number(row["id"]), row["username"], row.get("admin") == "t" or row.get("moderator") == "t"),
    "categories": lambda row: (_number(row["id"]), row["name"], row.get("read_restricted") == "t"),
    "topic_embeds": lambda row: None if row.get("deleted_at") else (_number(row["topic_id"]), row["embed_url"]),
    "post_revisions": _revision,
}


@cache
def _loader() -> Any:
    """Return what reads the YAML of Ruby's hashes: what it calls a class of its own is a plain mapping here."""
    import yaml  # takes long to load, and only a backup needs it

    class RubyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # libyaml is not everywhere
        pass

    def plain(loader: Any, _: str, node: Any) -> Any:
        return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None

    RubyLoader.add_multi_constructor("!ruby/", plain)
    return RubyLoader


def _text_before(modifications: str) -> str | None:
    """Return what a post said, in HTML, before an edit; None where that changed something else."""
    import yaml

    try:
        changes = yaml.load(modifications, _loader())  # noqa: S506 it makes nothing but plain values
        before = changes["cooked"][0]
    except (yaml.YAMLError, LookupError, TypeError, ValueError, RecursionError):
        return None
    return before if isinstance(before, str) else None


def _number(value: str | None) -> int | None:
    return None if value is None else int(value)


def _time(value: str | None) -> str | None:
    """Return a time of a dump, which is in UTC, as /t/ID.json has it."""
    if value is None:
        return None
    return f"{datetime.fromisoformat(value).isoformat('T', 'microseconds')[:MILLISECONDS]}Z"
