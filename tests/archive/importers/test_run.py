"""Files in, archive out: every container, encoding and kind of damage."""

import bz2
import gzip
import io
import json
import lzma
import multiprocessing
import os
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
import zstandard

from archive.importers import IMPORTERS, choose_importer
from archive.importers.base import BadDocument, Document, Options, Probe
from archive.importers.files import files, open_file
from archive.importers.plain_text import importer as seed_format
from archive.importers.plain_text.encoding import decode
from archive.importers.run import import_files
from archive.store.archive import Archive
from archive.workers.ordered import ENDED
from tests.btl import PATIENCE_S, StartedBtl, run_btl
from tests.documents import HARBOUR, HARBOUR_TREE, numbered
from tests.waiting import until

pytestmark = pytest.mark.slow

PACKED = {
    "plain": lambda raw: raw,
    "gzip": gzip.compress,
    "two gzip members": lambda raw: gzip.compress(raw[:100]) + gzip.compress(raw[100:]),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "two zstd frames": lambda raw: zstandard.compress(raw[:100]) + zstandard.compress(raw[100:]),
}
TREE = """
select commenters.name, parents.position from comments left join commenters on commenters.id = comments.commenter_id
left join comments as parents on parents.id = comments.parent_id order by comments.position"""


def jsonl(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("kind", ["text", "jsonl"])
def test_compression_is_told_by_content_and_not_by_name(archive, query, tmp_path, packing, kind):
    raw = HARBOUR.encode() if kind == "text" else jsonl({"text": HARBOUR})
    (tmp_path / "document.pdf").write_bytes(PACKED[packing](raw))
    assert not import_files(archive, [str(tmp_path / "document.pdf")]).errors
    assert query(TREE) == HARBOUR_TREE


@pytest.mark.parametrize(
    "raw",
    [
        HARBOUR.encode("utf-8-sig"),
        HARBOUR.encode("utf-16"),
        b"\xfe\xff" + HARBOUR.encode("utf-16-be"),
        HARBOUR.replace("\n", "\r\n").encode(),
        HARBOUR.replace("\n", "\r\n").encode("utf-16"),
        HARBOUR.replace("\n", "\r").encode(),
    ],
    ids=["utf-8 with BOM", "utf-16", "utf-16 big-endian", "CRLF", "utf-16 CRLF", "CR"],
)
def test_encodings(raw):
    thread = seed_format.parse(Document(raw, "ferry.txt"))
    assert [(c.author.name, c.parent) for c in thread.comments] == HARBOUR_TREE
    assert thread.article.title == "Ferry timetable to change in spring"
    assert not [flag for comment in thread.comments for flag in comment.flags]


def test_utf_16_without_a_mark():
    assert decode("Ferry • news\n".encode("utf-16-le")).text == "Ferry • news\n"
    assert decode("Ferry • news\n".encode("utf-16-be")).text == "Ferry • news\n"


def test_invalid_bytes_are_repaired_and_told():
    raw = HARBOUR.encode().replace(b"quieter", b"qui\xe9ter")
    thread = seed_format.parse(Document(raw, "ferry.txt"))
    assert thread.comments[3].body == "The engine is new and quiéter than the old one."
    (flag,) = thread.comments[3].flags
    assert flag.code == "capture.encoding_repaired"
    assert "qui\\xe9ter" in flag.evidence
    assert thread.comments[4].author.name == "山田"


def test_mojibake_is_undone_and_told():
    raw = HARBOUR.replace("quieter", "donâ€™t you think quieter").encode()
    thread = seed_format.parse(Document(raw, "ferry.txt"))
    assert "don’t you think" in thread.comments[3].body
    assert [flag.code for flag in thread.comments[3].flags] == ["capture.encoding_repaired"]
    assert "donâ€™t" in thread.comments[3].flags[0].evidence


def test_characters_that_no_text_can_hold_are_replaced():
    assert decode(b"a\x00b, and more text than zeros").text.startswith("a\ufffdb")
    raw = b'{"text": "Title\\n\\nBody \\ud800 of it"}\n'
    thread = seed_format.parse(Document(raw, "x.jsonl", 0, 1))
    assert thread.article.body == "Body \ufffd of it"


def test_metadata_of_json_lines(archive, query, tmp_path):
    record = {
        "text": HARBOUR,
        "url": "https://WWW.Courier.example/ferry?utm_source=x&id=7#comments",
        "title": "Ferry timetable to change in spring - The Courier",
        "warc_date": "2026-03-16T06:00:00Z",
        "outlet": "The Courier",
        "language": "en",
        "dump": {"segment": 7},
    }
    (tmp_path / "corpus.jsonl").write_bytes(jsonl({"text": numbered(1)}, record))
    assert not import_files(archive, [str(tmp_path)]).errors
    assert query("select url, title, language from articles where id = 2") == [
        ("https://www.courier.example/ferry?id=7", "Ferry timetable to change in spring", "en")
    ]
    assert query("select domain, name from outlets") == [("courier.example", "The Courier")]
    ((fetched_at, file, offset, length, line, kept),) = query(
        "select fetched_at, warc_file, warc_offset, warc_length, line, metadata_json from captures where id = 2"
    )
    assert (fetched_at, line) == ("2026-03-16T06:00:00Z", 2)
    with Path(file).open("rb") as source:
        source.seek(offset)
        assert json.loads(source.read(length)) == record
    assert json.loads(kept) == {name: value for name, value in record.items() if name != "text"}


def test_a_title_that_the_text_does_not_have_keeps_the_text():
    raw = jsonl({"text": HARBOUR, "title": "Something else entirely"})
    article = seed_format.parse(Document(raw, "x", 0, 1)).article
    assert article.title == "Something else entirely"
    assert article.body.startswith("Ferry timetable to change in spring\n\n")


def test_one_bad_document_is_named_and_the_others_are_saved(archive, query, tmp_path):
    lines = [jsonl({"text": numbered(1)}), b"{broken\n", b"[]\n", b'{"text": 7}\n', b"\n", jsonl({"text": numbered(2)})]
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines))
    (tmp_path / "b.txt").write_bytes(gzip.compress(numbered(3).encode())[:-20])
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
    (tmp_path / "d.txt").write_text(numbered(4))
    (tmp_path / ".hidden").write_text(numbered(5))
    progress = import_files(archive, [str(tmp_path)])
    assert [error.location.removeprefix(str(tmp_path)) for error in progress.errors if ":" in error.location] == [
        "/a.jsonl:2", "/a.jsonl:3", "/a.jsonl:4",
    ]  # fmt: skip
    assert {error.location.removeprefix(str(tmp_path)) for error in progress.errors} >= {"/b.txt", "/c.png"}
    assert query("select title from articles order by title") == [(f"Bakery news {i}",) for i in (1, 2, 4)]
    assert query("select outcome from runs") == [("done",)]
    assert import_files(archive, [str(tmp_path / "c.png")]).counts["errors"] == 1
    assert query("select outcome from runs where id = 2") == [("failed",)]  # nothing could be read


def test_a_document_that_is_too_long_is_refused_and_the_next_is_read(archive, query, tmp_path, monkeypatch):
    monkeypatch.setattr("archive.importers.documents.LONGEST_DOCUMENT", 3000)
    (tmp_path / "a.jsonl").write_bytes(jsonl({"text": numbered(1)}, {"text": "x" * 9000}, {"text": numbered(2)}))
    (tmp_path / "b.txt").write_text("Title\n\n" + "x " * 9000)
    progress = import_files(archive, [str(tmp_path)])
    assert [error.location.removeprefix(str(tmp_path)) for error in progress.errors] == ["/a.jsonl:2", "/b.txt"]
    assert query("select count(*) from articles") == [(2,)]


def test_folders_are_read_in_order_of_name(tmp_path):
    for name in ("b/2.txt", "b/1.txt", "a/9.txt", ".git/x", "a/.y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [name.removeprefix(f"{tmp_path}/") for name in files([str(tmp_path)])] == ["a/9.txt", "b/1.txt", "b/2.txt"]


def test_standard_input(path, query):
    run = ("import", "-", "--db", path)
    done = run_btl(run, path.parent, stdin=gzip.compress(HARBOUR.encode()))
    assert done.returncode == 0, done.stderr
    assert query(TREE) == HARBOUR_TREE
    name = f"archive-kept/{sha256(HARBOUR.encode()).hexdigest()}-standard-input.zst"
    assert query("select warc_file from captures") == [(name,)]
    with open_file(str(path.with_name("archive-kept") / Path(name).name)) as (kept, _):
        assert kept.read() == HARBOUR.encode()
    again = run_btl(run, path.parent, stdin=HARBOUR)
    assert "1 already there" in again.stdout
    assert [file.name for file in path.with_name("archive-kept").iterdir()] == [Path(name).name]


def corpus(folder, documents, comments=3):
    folder.mkdir()
    for part in range(3):
        lines = [jsonl({"text": numbered(n, comments), "url": f"https://o{n % 7}.example/{n}"})
                 for n in range(part, documents, 3)]  # fmt: skip
        (folder / f"{part}.jsonl.gz").write_bytes(gzip.compress(b"".join(lines)))
    return folder


CONTENT = """
select articles.url, articles.title, comments.position, comments.depth, comments.body, commenters.name, comments.id,
  comments.commenter_id, captures.line
from comments join threads on threads.id = thread_id join articles on articles.id = article_id
left join commenters on commenters.id = commenter_id join captures on captures.id = comments.capture_id
order by articles.url, position"""


def test_workers_give_the_same_archive_as_one_process(tmp_path, monkeypatch):
    monkeypatch.setattr("archive.importers.run.CHUNK_DOCUMENTS", 20)
    folder, found = corpus(tmp_path / "corpus", 180), []
    for workers in (0, 2):
        with Archive(tmp_path / f"{workers}.db") as archive:
            progress = import_files(archive, [str(folder)], workers=workers)
            assert progress.counts == {"documents": 180, "threads_new": 180, "comments_new": 540}, progress
            assert progress.done == progress.size
        with sqlite3.connect(tmp_path / f"{workers}.db") as connection:
            found.append(connection.execute(CONTENT).fetchall())
        connection.close()
    assert found[0] == found[1]


def test_a_second_import_parses_and_writes_nothing(tmp_path, query, path, monkeypatch):
    folder = corpus(tmp_path / "corpus", 300)
    with Archive(path) as archive:
        import_files(archive, [str(folder)])
        before = query(CONTENT)
        monkeypatch.setattr("archive.importers.run.parse_documents", pytest.fail)
        assert import_files(archive, [str(folder)]).counts == {"documents": 300, "unchanged": 300}
    assert query(CONTENT) == before
    assert query("select count(*) from captures") == [(300,)]


def test_what_is_known_is_known_as_the_format_that_read_it(archive, query, tmp_path):
    """A row that both the table importer and that of texts can read is two threads, and each is read once."""
    (tmp_path / "a.jsonl").write_bytes(jsonl({"text": HARBOUR, "url": "https://courier.example/ferry"}))
    for _ in range(2):
        for name in ("text", "table"):
            import_files(archive, [str(tmp_path / "a.jsonl")], options=Options(format=name))
    assert query("select platform from threads order by id") == [("resiliparse_text",), ("table",)]
    assert query("select count(*) from captures") == [(2,)]


def test_a_second_import_of_a_table_counts_its_rows_again(archive, tmp_path):
    rows = "id,thread,author,comment,ip\n1,9,Ann,The ferry was late again.,10.0.0.1\n2,9,Bo,,\n3,9,Cy,Not today.,\n"
    (tmp_path / "comments.csv").write_text(rows)
    first, again = (import_files(archive, [str(tmp_path / "comments.csv")]).counts for _ in range(2))
    counted = ("documents", "rows", "rows_merged", "rows_empty", "personal_left_out")
    assert (first["rows"], first["unchanged"], again["unchanged"]) == (3, 0, 1)
    assert [first[name] for name in counted] == [again[name] for name in counted]


RECORDS = ("labels", "decisions", "reports", "reactions", "comment_revisions")


def exported(number):
    """A thread as btl exports it, whose comment has all that may be on record of one."""
    url = f"https://courier.example/exported/{number}"
    comment = {
        "id": number, "native_id": "1", "parent_id": None, "author": "kim", "posted_at": None, "state": "visible",
        "body": f"The bakery opens at {number}.", "likes": 1, "dislikes": None, "reactions": [{"kind": "sad", "count": 2}],
        "labels": [{"dataset": "harbour", "name": "rude", "value": "0.9", "number": 0.9, "raters": 3}] * 2,
        "decisions": [{"status": "REJECTED", "state": "removed", "decider": "moderator", "reason": "SPAM"}],
        "reports": [{"kind": "SPAM", "count": 4}], "earlier": [{"body": f"It opens at {number + 1}.", "written_at": None}],
    }  # fmt: skip
    article = {"title": "Bread", "body": "The bakery.", "url": url, "outlet": "courier.example"}
    thread = {"platform": "coral", "native_id": f"c{number}", "completeness": "full"}
    return {"article": article, "thread": thread, "comments": [comment], "flags": []}


def test_killed_at_any_moment_a_second_import_completes_it(tmp_path):
    folder = corpus(tmp_path / "corpus", 500, 6)
    (folder / "0-threads.jsonl").write_bytes(jsonl(*map(exported, range(1, 101))))
    with Archive(tmp_path / "whole.db") as archive:
        import_files(archive, [str(folder)])
    killed = tmp_path / "killed.db"
    command = ("import", folder, "--db", killed)
    sizes = {"archive.importers.run.BATCH_THREADS": 30, "archive.importers.run.CHUNK_DOCUMENTS": 30}
    for least in (0, 1, 130, 260):
        process = StartedBtl(command, tmp_path, constants=sizes)
        until(lambda process=process, least=least: process.poll() is not None or _threads(killed) >= least)
        process.kill_group()
        process.communicate()
        if killed.exists() and killed.stat().st_size:
            with sqlite3.connect(killed) as connection:
                assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
                assert connection.execute("pragma foreign_key_check").fetchall() == []
            connection.close()
    assert run_btl(command, tmp_path).returncode == 0
    contents = []
    for file in ("whole.db", "killed.db"):
        with sqlite3.connect(tmp_path / file) as connection:
            contents.append(connection.execute(CONTENT).fetchall())
            contents.append(connection.execute("select * from totals order by name").fetchall())
            contents.append([connection.execute(f"select count(*) from {name}").fetchone() for name in RECORDS])
        connection.close()
    assert contents[:3] == contents[3:]
    assert contents[2] == [(200,), (100,), (100,), (100,), (100,)]


def _threads(path):
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=PATIENCE_S)) as connection:
        try:
            return connection.execute("select count(*) from threads").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


NAME = "a reader that ends its process"


def parse(document):
    if b"deadly" in document.raw:
        os._exit(9)
    return seed_format.parse(document)


def test_a_document_that_kills_its_worker_is_named_and_the_others_are_read(archive, query, tmp_path, monkeypatch):
    monkeypatch.setattr("archive.importers.run.CHUNK_DOCUMENTS", 2)
    monkeypatch.setattr("archive.workers.ordered.CHUNKS_WITHOUT_WORKERS", 0)
    monkeypatch.setattr(seed_format, "__name__", "tests.archive.importers.test_run")
    texts = [numbered(1), numbered(2), "deadly\n", numbered(3), numbered(4), numbered(5)]
    (tmp_path / "a.jsonl").write_bytes(jsonl(*({"text": text} for text in texts)))
    progress = import_files(archive, [str(tmp_path / "a.jsonl")], workers=1)
    assert [str(error).removeprefix(str(tmp_path)) for error in progress.errors] == [f"/a.jsonl:3: {ENDED}"]
    assert query("select count(*) from articles") == [(5,)]
    assert multiprocessing.active_children() == []


def test_the_surest_importer_reads_a_file():
    assert [importer.__name__ for importer in IMPORTERS] == [
        "archive.importers.wet",
        "archive.importers.wxr",
        "archive.importers.own_archive",
        "archive.importers.own_jsonl",
        "archive.importers.own_parquet",
        "archive.importers.coral",
        "archive.importers.discourse",
        "archive.importers.discourse_backup",
        "archive.importers.telegram",
        "archive.importers.mastodon",
        "archive.importers.hacker_news",
        "archive.importers.reddit",
        "archive.importers.convokit",
        "archive.importers.tables.importer",
        "archive.importers.plain_text.importer",
    ]
    assert choose_importer(Probe(HARBOUR.encode())) is seed_format
    assert choose_importer(Probe(jsonl({"url": "x", "text": HARBOUR})[:4096])) is seed_format
    for other in (b"\x89PNG\r\n\x1a\n\0\0", b"<!doctype html><title>x", b"<?xml version='1.0'?>", b"PK\x03\x04"):
        with pytest.raises(BadDocument):
            choose_importer(Probe(other))


def test_where_a_document_stands():
    assert Document(b"", "a.txt").location == "a.txt"
    assert str(BadDocument(Document(b"", "a.jsonl", 0, 7).location, "not JSON")) == "a.jsonl:7: not JSON"


def test_open_file_counts_bytes_on_disk(tmp_path):
    packed = gzip.compress(os.urandom(300_000))
    (tmp_path / "x").write_bytes(packed)
    with open_file(str(tmp_path / "x")) as (file, position):
        assert len(file.read()) == 300_000
        assert position() == len(packed)
    assert isinstance(file, io.BufferedReader)
