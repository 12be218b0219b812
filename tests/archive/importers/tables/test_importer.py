"""Tables of comments into the archive: grouping, parents, labels, refusals; and `btl import` on them."""

import csv
import gzip
import json
import re
import sqlite3
from contextlib import closing
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.cli import main
from archive.importers import choose_importer
from archive.importers.base import BadDocument, Options, Probe, Undecided
from archive.importers.run import import_files
from archive.importers.tables import importer as tables
from archive.importers.tables.records import workbook_rows
from archive.importers.tables.states import STATES
from archive.store.archive import Archive

TEXT = "The ferry, number {}, was late again."
TREE = "select c.native_id, p.native_id, c.body from comments c left join comments p on p.id = c.parent_id order by c.thread_id, c.position"


def rows(count=12, threads=3):
    """Comments of several threads, in no order of theirs; each third answers the one before it in its thread."""
    return [
        {"comment_id": str(i), "parent_id": str(i - threads) if i // threads % 3 else "", "article_id": f"a{i % threads}",
         "user": f"reader {i % 4}", "created_at": f"2024-03-01T10:{i:02d}:00Z", "comment": TEXT.format(i), "likes": str(i)}
        for i in range(1, count + 1)
    ]  # fmt: skip


def write_csv(path, records):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    return path


@pytest.fixture
def btl(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **options):
        return CliRunner().invoke(main, [str(argument) for argument in arguments], **options)

    return run


def sqlite_file(path, records, table="comments"):
    connection = sqlite3.connect(path)
    names = ", ".join(records[0])
    connection.execute(f"create table {table} ({names})")
    marks = ", ".join("?" * len(records[0]))
    connection.executemany(f"insert into {table} values ({marks})", [list(record.values()) for record in records])
    connection.commit()
    connection.close()
    return path


def in_any_format(folder, records):
    """Yield the same records in every format that is read."""
    yield write_csv(folder / "x.csv", records)
    (folder / "y.csv.gz").write_bytes(gzip.compress((folder / "x.csv").read_bytes()))
    yield folder / "y.csv.gz"
    (folder / "x.tsv").write_text(
        "\n".join("\t".join(row) for row in [list(records[0]), *(list(r.values()) for r in records)])
    )
    yield folder / "x.tsv"
    (folder / "x.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    yield folder / "x.jsonl"
    (folder / "x.json").write_text(json.dumps(records))
    yield folder / "x.json"
    (folder / "in.json").write_text(json.dumps({"meta": {"total": len(records)}, "data": {"comments": records}}))
    yield folder / "in.json"
    pq.write_table(pa.Table.from_pylist(records), folder / "x.parquet")
    yield folder / "x.parquet"
    yield sqlite_file(folder / "x.sqlite3", records)


def test_the_same_rows_in_every_format_are_the_same_threads(tmp_path, btl):
    seen = []
    for file in in_any_format(tmp_path, rows()):
        done = btl("import", file, "--db", f"{file.name}.db")
        assert done.exit_code == 0, done.output
        assert "3 new threads, 12 new comments" in done.stdout
        connection = sqlite3.connect(tmp_path / f"{file.name}.db")
        seen.append(connection.execute(TREE.replace("c.body", "c.body, c.likes, c.posted_at")).fetchall())
        connection.close()
    assert all(tree == seen[0] for tree in seen)
    assert [row[:2] for row in seen[0]][:4] == [("1", None), ("4", "1"), ("7", "4"), ("10", None)]


def test_a_sheet_of_a_workbook(tmp_path, btl):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Notes"
    sheet.append(["just a note"])
    comments = book.create_sheet("Comments")
    comments.append(list(rows()[0]))
    for row in rows():
        comments.append(list(row.values()))
    book.save(tmp_path / "x.xlsx")
    assert "3 new threads, 12 new comments" in btl("import", "x.xlsx").stdout
    assert "it has no sheet 'Nothing'" in btl("import", "x.xlsx", "--table", "Nothing").stderr


def test_a_second_import_adds_nothing(archive, query, tmp_path):
    file = str(write_csv(tmp_path / "x.csv", rows()))
    assert import_files(archive, [file]).counts["comments_new"] == 12
    second = import_files(archive, [file]).counts
    assert (second["comments_new"], second["unchanged"]) == (0, 3)
    assert query("select count(*), sum(completeness = 'partial') from threads") == [(3, 3)]


def test_rows_that_are_missing_in_a_sample_are_not_gone(archive, query, tmp_path):
    import_files(archive, [str(write_csv(tmp_path / "x.csv", rows()))])
    import_files(archive, [str(write_csv(tmp_path / "x.csv", rows()[:4]))])
    assert query("select count(*) from comments where state <> 'visible'") == [(0,)]


def test_labels_of_several_raters_are_all_kept_and_added_once(archive, query, tmp_path):
    records = [row | {"hateful": str(rater % 2)} for row in rows(6) for rater in range(3)]
    file = str(write_csv(tmp_path / "x.csv", records))
    for _ in range(2):
        import_files(archive, [file])
    assert query("select count(*) from comments") == [(6,)]
    assert query("select name, value, count(*) from labels group by 1, 2") == [
        ("hateful", "0", 12),
        ("hateful", "1", 6),
    ]
    more = [row | {"hateful": "1"} for row in rows(6) for _ in range(3)]
    import_files(archive, [str(write_csv(tmp_path / "x.csv", more))])
    assert query("select value, count(*) from labels group by 1") == [("0", 12), ("1", 18)]


def test_a_label_raises_a_flag_where_the_mapping_says_so(archive, query, tmp_path, btl):
    (tmp_path / "m.toml").write_text(
        '[dataset]\nname = "harbour"\nlicence = "CC0-1.0"\n[columns]\nbody = "comment"\nid = "comment_id"\n'
        '[[label]]\ncolumn = "rude"\nkind = "share"\nflag = { code = "content.insult", at = 0.5 }\n'
    )
    write_csv(tmp_path / "x.csv", [row | {"rude": str(int(row["comment_id"]) / 12)} for row in rows()])
    assert btl("import", "x.csv", "--mapping", "m.toml").exit_code == 0
    raised = "select detectors.name, rule, count(*) from flags join detectors on detectors.id = detector_id where code = 'content.insult' and withdrawn_at is null group by 1, 2"
    assert query(raised) == [("dataset:harbour", "label:rude>=0.5", 7)]
    assert btl("flag").exit_code == 0  # our own rules do not take back what others found
    write_csv(tmp_path / "x.csv", [row | {"rude": "0.75"} for row in rows()])  # which flags stored comments, too
    for _ in range(2):
        assert btl("import", "x.csv", "--mapping", "m.toml").exit_code == 0
        assert query(raised) == [("dataset:harbour", "label:rude>=0.5", 12)]
    assert query("select name, licence, is_shareable from datasets") == [("harbour", "CC0-1.0", 1)]
    assert query("select distinct dataset_id from threads") == [(1,)]


def test_a_table_in_doubt_is_refused_and_nothing_is_written(tmp_path, btl):
    write_csv(tmp_path / "x.csv", [{"foo": str(i), "bar": TEXT.format(i), "baz": TEXT.format(-i)} for i in range(9)])
    done = btl("import", "x.csv")
    assert done.exit_code == 2
    assert "--map body='bar'" in done.stderr
    assert not (tmp_path / "archive.db").exists()
    assert "9 new comments" in btl("import", "x.csv", "--map", "body=bar,id=foo").stdout


@pytest.mark.parametrize(
    ("raw", "why", "status"),
    [
        ("", "the file is empty", 1),
        ("id,comment\n", "without a row below it", 2),
        ("a b\tc d\ne, f\ng\th\ti\n", "--no-header", 2),
    ],
)
def test_what_is_no_table_but_called_one_is_refused_with_what_to_do(tmp_path, btl, raw, why, status):
    (tmp_path / "x.csv").write_text(raw)
    done = btl("import", "x.csv")
    assert (done.exit_code, why in done.stderr) == (status, True), done.stderr


@pytest.mark.parametrize("line", ["The ferry left the quay; nobody knew {}", "anna sat on quay {} | tom stood there"])
def test_verses_and_dialogues_are_no_table(line):
    raw = "\n".join(line.format(i) for i in range(30)).encode()
    assert choose_importer(Probe(raw, "x.txt")).NAME == "text"


def test_a_table_in_a_folder_that_is_in_doubt_stops_no_other(tmp_path, btl):
    (tmp_path / "in").mkdir()
    write_csv(
        tmp_path / "in" / "a.csv", [{"foo": str(i), "bar": TEXT.format(i), "baz": TEXT.format(-i)} for i in range(9)]
    )
    write_csv(tmp_path / "in" / "b.csv", rows())
    done = btl("import", "in")
    assert done.exit_code == 1
    assert "12 new comments" in done.stdout
    assert "a.csv" in done.stderr


def test_a_dry_run_shows_the_reading_and_writes_nothing(tmp_path, btl):
    write_csv(tmp_path / "x.csv", [row | {"email": "a@example.org"} for row in rows()])
    done = btl("import", "x.csv", "--dry-run")
    assert done.exit_code == 0
    for words in (
        "body           comment",
        "parent         parent_id",
        "left out       email",
        "12 comments in 3 threads",
    ):
        assert words in done.stdout
    assert "example.org" not in done.stdout
    assert not (tmp_path / "archive.db").exists()
    shown = json.loads(btl("import", "x.csv", "--dry-run", "--json").stdout)["files"][0]
    assert shown["counts"]["comments"] == 12
    assert shown["personal"] == ["email"]


def test_a_mapping_is_saved_and_used_again(tmp_path, btl):
    write_csv(tmp_path / "x.csv", rows())
    btl("import", "x.csv", "--save-mapping", "ours.toml", "--dry-run")
    first = btl("import", "x.csv", "--mapping", "ours.toml").stdout
    assert "3 new threads, 12 new comments" in first


def test_personal_columns_reach_no_byte_of_the_archive(tmp_path, btl):
    records = [row | {"mail": f"who{row['comment_id']}@example.org", "ip": "192.0.2.77"} for row in rows()]
    btl("import", write_csv(tmp_path / "x.csv", records))
    raw = b"".join(file.read_bytes() for file in tmp_path.glob("archive.db*"))
    assert b"example.org" not in raw
    assert b"192.0.2.77" not in raw


def test_rows_without_a_thread_are_flat_lists_of_bounded_length(archive, query, tmp_path, monkeypatch):
    monkeypatch.setattr("archive.importers.tables.importer.ROWS_WITHOUT_THREAD", 5)
    file = write_csv(tmp_path / "loose.csv", [{"comment": TEXT.format(i), "toxic": str(i % 2)} for i in range(12)])
    import_files(archive, [str(file)])
    assert query("select native_id, comment_count from threads order by id") == [
        ("loose", 5), ("loose:2", 5), ("loose:3", 2)
    ]  # fmt: skip
    assert query("select count(*) from flags where code = 'capture.context_missing'") == [(3,)]


def test_a_row_that_cannot_be_read_is_named_by_its_line(archive, tmp_path):
    file = write_csv(tmp_path / "x.csv", rows())
    file.write_text(file.read_text() + "too,few\n")
    progress = import_files(archive, [str(file)])
    assert [str(error).removeprefix(str(tmp_path)) for error in progress.errors] == [
        "/x.csv:14: 2 cells where the header has 7: the row is left out"
    ]
    assert progress.counts["comments_new"] == 12


def test_removed_rows_keep_their_state(archive, query, tmp_path):
    records = [row | {"status": ("approved", "rejected")[i % 2]} for i, row in enumerate(rows())]
    import_files(archive, [str(write_csv(tmp_path / "x.csv", records))])
    assert query("select state, count(*) from comments group by 1") == [("removed", 6), ("visible", 6)]
    assert set(STATES.values()) == {"visible", "removed", "author_deleted", "withheld"}


def test_ids_that_are_used_twice_lose_no_row(archive, query, tmp_path):
    records = [row | {"comment_id": "1", "parent_id": ""} for row in rows(4, threads=1)]
    import_files(archive, [str(write_csv(tmp_path / "x.csv", records))], options=Options(roles={"id": "comment_id"}))
    assert query("select count(*) from comments") == [(4,)]
    assert query("select count(*) from flags where code = 'capture.duplicate'") == [(3,)]


@pytest.mark.parametrize(
    ("name", "head", "format_"),
    [
        (
            "x.jsonl",
            b'{"text": "' + b"A long article. " * 400 + b'", "url": "https://a.example/1", "score": 2.5}\n',
            "text",
        ),
        ("x.json", b'{"text": "An article.", "comments": "one two", "source": "https://a.example"}', "text"),
        ("x.jsonl", b'{"text": "I agree.", "parent_id": "7", "id": "8"}\n', "table"),
        ("x.jsonl", b'{"id": "u1", "speaker": "a", "reply_to": null, "text": "Good day."}\n', "table"),
        ("x.csv", b"name;place\nferry;quay\n", "table"),
        ("x.txt", b"name, place\nferry, quay\n", "text"),
        ("x.db", b"SQLite format 3\x00", "table"),
        ("x.xlsx", b"PK\x03\x04....[Content_Types].xml", "table"),
    ],
)
def test_a_file_is_read_by_the_surest_importer(name, head, format_):
    assert format_ == choose_importer(Probe(head, name)).NAME


def test_two_that_are_as_sure_are_not_chosen_between(monkeypatch):
    claim = tables.claim(Probe(b"a,b\n1,2\n", "x.csv"))
    monkeypatch.setattr("archive.importers.wet.claim", lambda probe: claim)
    with pytest.raises(Undecided, match="--as wet or --as table"):
        choose_importer(Probe(b"a,b\n1,2\n", "x.csv"))
    with pytest.raises(BadDocument, match="no format is called"):
        choose_importer(Probe(b"", "x"), "csv")


def test_wrong_use_is_told(tmp_path, btl):
    write_csv(tmp_path / "x.csv", rows())
    for arguments, words in (
        (("--map", "bodi=comment"), "no role is called 'bodi'"),
        (("--map", "body"), "ROLE=COLUMN"),
        (("--map", "body=Nothing"), "it has no column Nothing"),
        (("--as", "csv"), "no format is called 'csv'"),
        (("--mapping", "nyt"), "no mapping is called 'nyt'"),
        (("--timezone", "Mars"), "no time zone"),
    ):
        done = btl("import", "x.csv", *arguments)
        assert done.exit_code == 2, arguments
        assert words in done.stderr
    assert "nyt-2017" in btl("import", "--formats").stdout


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parents=st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_any_parents_make_a_tree_in_which_no_row_is_lost(parents, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree")
    file = write_csv(
        folder / "x.csv",
        [{"id": str(i), "parent": str(parent), "comment": TEXT.format(i)} for i, parent in enumerate(parents, 1)],
    )
    with file.open("rb") as opened:
        from archive.importers.base import Source

        source = Source(
            opened, str(file), file, Options(format="table", roles={"body": "comment", "id": "id", "parent": "parent"})
        )
        (document,) = tables.documents(source)
    thread = tables.parse(document)
    assert {comment.native_id for comment in thread.comments} == {str(i) for i in range(1, len(parents) + 1)}
    for comment in thread.comments:
        if comment.parent is not None:
            assert thread.comments[comment.parent].native_id == comment.parent_native_id


ROWS = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["a", "b", ""]), st.sampled_from(["", "1", "99"]), st.booleans(),
              st.sampled_from(["", "0", "1"])),
    max_size=30,
)  # fmt: skip


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=ROWS)
def test_every_row_is_a_comment_or_counted_and_labels_add_up(drawn, tmp_path_factory):
    drawn = [*((number, "c", "", False, "1") for number in range(101, 104)), *drawn]  # without texts there is no table
    folder = tmp_path_factory.mktemp("rows")
    records = [
        {"comment_id": str(number), "article_id": thread, "parent_id": parent, "user": f"reader {number}",
         "comment": "" if is_empty else TEXT.format(number), "hateful": label}
        for number, thread, parent, is_empty, label in drawn
    ]  # fmt: skip
    file = write_csv(folder / "x.csv", records)
    roles = {"body": "comment", "id": "comment_id", "parent": "parent_id", "thread": "article_id"}
    with Archive(folder / "archive.db") as archive:
        counts = import_files(archive, [str(file)], options=Options(format="table", roles=roles)).counts
        with closing(sqlite3.connect(folder / "archive.db")) as db:
            comments = db.execute("select count(*) from comments").fetchone()[0]
            labels, hateful = db.execute("select count(*), coalesce(sum(number), 0) from labels").fetchone()
    assert counts["rows"] == len(records) == comments + counts["rows_merged"] + counts["rows_empty"]
    stated = [int(record["hateful"]) for record in records if record["hateful"]]
    assert (labels, hateful) == (len(stated), sum(stated))


NAMES = ["kim@courier.example", "Anna <anna@mail.example>", "tom", "192.0.2.44", "2001:db8::7:1", "50:50 @home"]


def test_a_note_beside_a_text_is_no_header_of_a_sheet(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for cells in (["comment"], ["First."], ["Second."], ["Third.", "checked"], ["Fourth."]):
        book.active.append(cells)
    book.save(tmp_path / "x.xlsx")
    read = list(workbook_rows(tmp_path / "x.xlsx", book.active.title))
    assert [row["comment"] for _, row in read] == ["First.", "Second.", "Third.", "Fourth."]


def test_no_e_mail_or_ip_address_comes_with_names_and_links(archive, path, query, tmp_path):
    addresses = {"e": "bo@curl.example", "ip": "198.51.100.7"}
    link = f"https://courier.example/c?{urlencode(addresses)}&p=2"
    given = [row | {"user": NAMES[i % 6], "comment_url": f"{link}#c{i}", "url": link, "author_email": f"k{i}@secret.example"}
             for i, row in enumerate(rows())]  # fmt: skip
    progress = import_files(archive, [str(write_csv(tmp_path / "x.csv", given))], workers=0)
    assert {row[0] for row in query("select name from commenters")} == {
        "kim@…", "Anna <anna@…>", "tom", "192.0.2.…", "2001:db8::7:…", "50:50 @home"
    }  # fmt: skip
    masked = r"https://courier\.example/c\?e=masked-[0-9a-f]{8}&ip=masked&p=2"
    assert re.fullmatch(f"{masked}#c0", query("select url from comments where id = 1")[0][0])
    assert re.fullmatch(masked, query("select distinct articles.url from articles")[0][0])
    archive.maintain("pragma wal_checkpoint(truncate)")
    for secret in (
        "courier.example>",
        "mail.example",
        "192.0.2.44",
        "curl.example",
        "curl%2Eexample",
        "198.51",
        "secret.example",
    ):
        assert secret.encode() not in path.read_bytes(), secret
    assert progress.counts["comments_new"] == 12
