"""Files as corpora ship them: Parquet, WET, JSON over several lines, blank rows, and what is about the corpus."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from archive.importers import choose_importer
from archive.importers.base import SQL_DUMP, BadDocument, Options, Probe
from archive.importers.files import files, open_file
from archive.importers.run import import_files
from tests.btl import run_btl
from tests.documents import HARBOUR, HARBOUR_TREE, numbered

TREE = """
select commenters.name, parents.position from comments left join commenters on commenters.id = comments.commenter_id
left join comments as parents on parents.id = comments.parent_id
order by comments.thread_id, comments.position"""
URL = "https://courier.example/ferry"


def wet(*texts):
    records = [
        b"WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Filename: x.warc.wet.gz\r\nContent-Length: 4\r\n\r\nnone\r\n\r\n"
    ]
    for number, text in enumerate(texts):
        body = text.encode()
        header = f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {URL}/{number}\r\n"
        header += f"WARC-Date: 2026-03-05T10:00:00Z\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        records.append(header.encode() + body + b"\r\n\r\n")
    return b"".join(gzip.compress(record) for record in records)


def test_parquet(archive, query, tmp_path):
    rows = {"text": [HARBOUR, None, numbered(1)], "url": [URL, None, None], "date": ["2026-03-05T10:00:00Z"] * 3}
    pq.write_table(pa.table(rows), tmp_path / "part-0.parquet", row_group_size=1)
    progress = import_files(archive, [str(tmp_path)])
    assert (progress.errors, progress.counts["empty"], progress.counts["threads_new"]) == ([], 1, 2)
    assert query(TREE)[: len(HARBOUR_TREE)] == HARBOUR_TREE
    assert query("select url from articles where id = 1") == [(URL,)]
    file, offset, length, line = query("select warc_file, warc_offset, warc_length, line from captures where id = 2")[0]
    assert line == 3
    with open_file(file) as (opened, _):
        assert json.loads(opened.read()[offset : offset + length])["text"] == numbered(1)
    assert import_files(archive, [str(tmp_path)]).counts["unchanged"] == 2


def test_parquet_of_something_else(archive, tmp_path):
    pq.write_table(pa.table({"name": ["a"], "count": [1]}), tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"PAR1 and then nothing")
    first, second = import_files(archive, [str(tmp_path)]).errors
    assert "JSON without a text" in str(first)
    assert "its keys are name, count" in str(first)
    assert "y.parquet" in str(second)


def test_parquet_on_standard_input_names_what_it_needs(path):
    done = run_btl(("import", "-", "--db", path), path.parent, stdin=b"PAR1" + bytes(9000))
    assert done.returncode == 1
    assert "give the file's name" in done.stderr


def test_wet(archive, query, tmp_path):
    (tmp_path / "x.wet.gz").write_bytes(wet(HARBOUR, "", numbered(1)))
    progress = import_files(archive, [str(tmp_path / "x.wet.gz")])
    assert (progress.errors, progress.counts["empty"]) == ([], 1)
    assert query("select url from articles order by id") == [(f"{URL}/0",), (f"{URL}/2",)]
    assert query(TREE)[: len(HARBOUR_TREE)] == HARBOUR_TREE
    file, offset, length, at = query(
        "select warc_file, warc_offset, warc_length, fetched_at from captures where id = 2"
    )[0]
    assert at == "2026-03-05T10:00:00Z"
    with open_file(file) as (opened, _):
        assert opened.read()[offset : offset + length].endswith(numbered(1).encode())


@pytest.mark.parametrize("cut", [30, 300, 900])
def test_a_wet_file_that_was_cut(archive, query, tmp_path, cut):
    raw = gzip.decompress(wet(numbered(1), numbered(2)))
    (tmp_path / "x.wet").write_bytes(raw[: len(raw) - cut])
    progress = import_files(archive, [str(tmp_path / "x.wet")])
    assert len(progress.errors) == 1
    assert query("select title from articles order by id")[:1] in ([("Bakery news 1",)], [])


def test_a_wet_file_with_something_else_between(archive, tmp_path):
    (tmp_path / "x.wet").write_bytes(gzip.decompress(wet(numbered(1))) + b"junk\nmore junk\n\nand more")
    (error,) = import_files(archive, [str(tmp_path / "x.wet")]).errors
    assert "not a WARC record" in str(error)


def test_json_over_several_lines(archive, query, tmp_path):
    row = {"title": "Ferry timetable to change in spring", "url": URL, "date": "2026-03-02", "maintext": HARBOUR}
    (tmp_path / "x.json").write_text(json.dumps(row, indent=2))
    assert not import_files(archive, [str(tmp_path / "x.json")]).errors
    assert query(TREE) == HARBOUR_TREE
    assert query("select published_at from articles") == [("2026-03-02T00:00:00Z",)]
    assert query("select fetched_at from captures") == [(None,)]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_articles(archive, query, tmp_path, indent):
    rows = [{"title": "Ferry timetable", "url": URL, "text": HARBOUR + "\u2028"}, {"text": "", "url": URL}, 7]
    (tmp_path / "x.json").write_text(json.dumps([*rows, {"text": HARBOUR, "url": f"{URL}/2"}], indent=indent))
    progress = import_files(archive, [str(tmp_path / "x.json")])
    (error,) = progress.errors
    assert "not an object with a text" in str(error)
    assert (progress.counts["threads_new"], progress.counts["empty"]) == (2, 1)
    assert query(TREE)[: len(HARBOUR_TREE)] == HARBOUR_TREE
    raw = (tmp_path / "x.json").read_bytes()
    for offset, length in query("select warc_offset, warc_length from captures"):
        assert "text" in json.loads(raw[offset : offset + length])


def test_an_array_of_articles_that_breaks_off(archive, tmp_path, monkeypatch):
    monkeypatch.setattr("archive.importers.documents.BLOCK", 500)
    whole = json.dumps([{"text": HARBOUR, "url": f"{URL}/{number}"} for number in range(3)])
    (tmp_path / "x.json").write_text(whole[:-40])
    progress = import_files(archive, [str(tmp_path / "x.json")])
    (error,) = progress.errors
    assert "breaks off at byte" in str(error)
    assert progress.counts["threads_new"] == 2


def test_an_array_of_short_texts_is_a_table_of_comments(archive, query, tmp_path):
    rows = [{"text": "I agree with all of this.", "url": URL, "title": "Ferry timetable"} for _ in range(3)]
    (tmp_path / "x.json").write_text(json.dumps(rows))
    import_files(archive, [str(tmp_path / "x.json")])
    assert query("select count(*) from articles") == [(1,)]


def test_rows_without_a_text_are_counted(archive, tmp_path):
    rows = [{"text": None}, {"text": "", "url": URL}, {"text": HARBOUR}]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    progress = import_files(archive, [str(tmp_path / "x.jsonl")])
    assert (progress.errors, progress.counts["empty"], progress.counts["threads_new"]) == ([], 2, 1)


def test_a_row_that_is_a_comment_is_no_article(archive, query, tmp_path):
    rows = ["A long day at the quay. " * 20, "I agree with all of this."]
    lines = [{"text": rows[0], "url": "https://courier.example/1"}, {"text": rows[1], "in_reply": "7", "reply_to": "7"}]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (error,) = import_files(archive, [str(tmp_path / "x.jsonl")], options=Options(format="text")).errors
    assert "a comment by itself" in str(error)
    assert query("select count(*) from articles") == [(1,)]


def test_zstd_with_a_large_window(archive, query, tmp_path):
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    stream = io.BytesIO()
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(stream, closefd=False) as writer:
        writer.write(HARBOUR.encode())
    (tmp_path / "x.zst").write_bytes(stream.getvalue())
    assert not import_files(archive, [str(tmp_path / "x.zst")]).errors
    assert query(TREE) == HARBOUR_TREE


ABOUT = ["README", "README.md", "readme.de.txt", "LICENSE", "LICENCE.txt", "LICENSE-MIT", "SHA256SUMS", "md5sums.txt",
         "part-0.jsonl.sha256", "CITATION.cff", "dataset_info.json", "index.json", "NOTICE", "checksums.txt"]  # fmt: skip
TEXTS = ["notice.txt", "readme-is-a-novel-of-the-year.txt", "licensed-to-fish.txt", "index.txt", "changes.txt", "0.txt"]


def test_files_about_a_corpus_are_passed_over_by_name(tmp_path):
    for name in (*ABOUT, *TEXTS):
        (tmp_path / name).write_text(numbered(1))
    passed_over = []
    assert {name.rsplit("/", 1)[1] for name in files([str(tmp_path)], passed_over=passed_over)} == set(TEXTS)
    assert {name.rsplit("/", 1)[1] for name in passed_over} == set(ABOUT)
    assert list(files([str(tmp_path / "README.md")])) == [str(tmp_path / "README.md")]


def test_what_was_passed_over_is_named(path, tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "README.md").write_text("A corpus")
    (tmp_path / "corpus" / "0.txt").write_text(numbered(1))
    run = ("import", tmp_path / "corpus", "--db", path)
    done = run_btl(run, tmp_path)
    assert done.returncode == 0
    assert "passed over, about the corpus:" in done.stderr
    assert "README.md" in done.stderr
    done = run_btl((*run, "--json"), tmp_path)
    assert json.loads(done.stdout)["passed_over"] == [str(tmp_path / "corpus" / "README.md")]


@pytest.mark.parametrize(
    ("head", "words"),
    [(b"WARC/1.1\r\nWARC-Type: response\r\n", "btl replay"), (b"<!DOCTYPE html><p>", "btl replay"), (b"%PDF-1.7", "PDF"),
     (b"-- MySQL dump 10.13\n--\n-- Host: x\n", "export its comments"), (b"--\n-- PostgreSQL database dump\n--\n", "SQL"),
     (b"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19", "SQL"),
     (b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;", "SQL"), (b"-- Ours\n\nCREATE TABLE comments (\n", "SQL"),
     (b'["a", "b"]', "JSON array"), (b"\x89PNG\r\n\x1a\n\0\0", "no importer knows")],
)  # fmt: skip
def test_refusals_name_what_was_seen(head, words):
    with pytest.raises(BadDocument, match=words):
        choose_importer(Probe(head, "x"))


@pytest.mark.parametrize(
    "head", [b"-- Mira\n\nThe wall is too high.\n", b"# Wall\n\nCREATE a wall, they said.\n", b" " * 60_000]
)
def test_texts_that_begin_like_comments_of_sql_are_texts(head):
    assert SQL_DUMP.match(head) is None


def test_personal_keys_of_a_row_are_left_out_and_counted(archive, query, tmp_path):
    row = {"text": HARBOUR, "url": "https://courier.example/1", "author": "Ida", "contact": "ida@example.org", "topic": "sea",
           "meta": {"user_ip": "192.0.2.7", "phone": "+43 660 1234567", "pages": 3}}  # fmt: skip
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    assert import_files(archive, [str(tmp_path / "x.jsonl")]).counts["personal_left_out"] == 3
    ((stored,),) = query("select metadata_json from captures")
    assert json.loads(stored) == {
        "url": row["url"], "author": "Ida", "topic": "sea", "meta": {"pages": 3}, "(left out)": ["contact", "phone", "user_ip"]
    }  # fmt: skip
    assert not any(
        words in file.read_bytes() for file in tmp_path.glob("archive.db*") for words in (b"example.org", b"192.0.2")
    )


def test_personal_data_is_left_out_wherever_it_stands_in_a_row(archive, query, tmp_path):
    personal = {
        "emails": ["ida@mail.example", "finn@mail.example"], "contact": "Ida <ida@mail.example>",
        "authorEmail": "ida at mail", "phone_number": "0660 1234567", "contact_phone": "0660/1234567",
        "x_forwarded_for": "192.0.2.10, 192.0.2.11", "ips": ["192.0.2.12"], "peer": "192.0.2.13:8080",
        "mapped": "::ffff:192.0.2.15", "v6": "[2001:db8::7]:443", "link": "tel:+43660123456", "mailto": "mailto:ida@mail.example",
        "raw": '{"email": "ida@mail.example"}', "pairs": [["Ida", ["ida@mail.example"]]], "phone2": "0660 1234567", "date_of_birth": "1990-01-02", "home_address": "Quay 1",
    }  # fmt: skip
    kept = {
        "version": "resiliparse 0.14.5", "warc_ip_address": "198.51.100.7", "WARC-Date": "2026-03-05T10:20:30Z", "is_mobile": True,
        "digest": "sha1:ABCD:EF01", "time": "10:20:30", "has_phone": False, "score": 1.5, "shipping": "by sea",
    }  # fmt: skip
    row = {"text": HARBOUR, "url": "https://courier.example/1", **personal, **kept, "ida@mail.example": 1,
           "people": [{"name": "Ida", "mail": "ida@mail.example"}, {"name": "Finn", "inner": [{"ip": "192.0.2.1"}]}]}  # fmt: skip
    (tmp_path / "x.jsonl").write_text(json.dumps(row) + "\n")
    counts = import_files(archive, [str(tmp_path / "x.jsonl")]).counts
    stored = json.loads(query("select metadata_json from captures")[0][0])
    assert sorted(stored.pop("(left out)")) == sorted([*personal, "masked", "mail", "ip"])
    assert stored == {"url": row["url"], **kept, "people": [{"name": "Ida"}, {"name": "Finn", "inner": [{}]}]}
    assert counts["personal_left_out"] == len(personal) + 3


def test_personal_keys_are_kept_where_the_user_says_so(archive, query, tmp_path):
    (tmp_path / "x.jsonl").write_text(json.dumps({"text": HARBOUR, "email": "desk@courier.example"}) + "\n")
    import_files(archive, [str(tmp_path / "x.jsonl")], options=Options(keep=frozenset({"email"})))
    assert json.loads(query("select metadata_json from captures")[0][0]) == {"email": "desk@courier.example"}
