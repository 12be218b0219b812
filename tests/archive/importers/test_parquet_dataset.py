"""`btl import --to parquet`: folders by outlet and month, and back into an archive."""

import json

import pyarrow.dataset as datasets
import pytest

from archive.importers.base import Options
from archive.importers.parquet_dataset import convert_files
from archive.importers.run import ImportProgress, import_files
from archive.store.archive import Archive
from archive.workers.executors import Workers
from tests.archive.importers.test_own_records import DATASETS, everything, exported, fill
from tests.both_engines import query_of
from tests.btl import run_btl

ROWS = (
    ("1", "", "9", "courier.example", "2026-02-27T10:00:00Z", "Ann", "You are an idiot, and the ferry is late.", 3),
    ("2", "1", "9", "courier.example", "2026-03-02T10:05:00Z", "Bo", "Write to me: bo@mail.example", 0),
    ("3", "2", "9", "courier.example", "", "", "Not today.", ""),
    ("4", "", "10", "gazette.example", "2026-03-05T10:00:00Z", "Cy", "The bakery is open.", 1),
)
COLUMNS = ["comment_id", "parent_id", "article_id", "outlet", "date", "author", "comment", "likes"]
CONTENT = """
select articles.url, articles.title, domain, threads.platform, threads.native_id, comments.native_id, position, depth, comments.body,
  commenters.name, posted_at, posted_at_text, likes, comments.state, parent_source, parent_native_id
from comments join threads on threads.id = thread_id join articles on articles.id = article_id
left join outlets on outlets.id = articles.outlet_id left join commenters on commenters.id = commenter_id
order by threads.native_id, position"""


@pytest.fixture
def table(tmp_path):
    lines = (json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in ROWS)
    (tmp_path / "comments.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return tmp_path / "comments.jsonl"


def content(path, source):
    with Archive(path) as archive:
        assert not import_files(archive, [str(source)], workers=0).errors
        return archive.read(CONTENT)


@pytest.mark.slow
def test_comments_are_written_by_outlet_and_month_and_read_back(tmp_path, table):
    done = run_btl(("import", table, "--to", "parquet", "out", "--json"), tmp_path)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert (counts["threads_new"], counts["comments_new"], counts["rows"]) == (2, 4, 4)
    assert counts["flags"] >= 2
    assert {str(file.parent.relative_to(tmp_path)) for file in tmp_path.rglob("*.parquet")} == {
        "out/outlet=courier.example/month=2026-02",
        "out/outlet=gazette.example/month=2026-03",
    }
    rows = datasets.dataset(tmp_path / "out", partitioning="hive").to_table().to_pylist()
    assert {(row["native_id"], row["outlet"], row["parent_position"]) for row in rows} == {
        ("1", "courier.example", None),
        ("2", "courier.example", 0),
        ("3", "courier.example", 1),
        ("4", "gazette.example", None),
    }
    assert not (tmp_path / "archive.db").exists()
    assert content(tmp_path / "back.db", tmp_path / "out") == content(tmp_path / "direct.db", table)


def test_all_that_is_on_record_of_comments_is_written_and_read_back(archive, query, tmp_path):
    fill(archive)
    lines, out = exported(archive, "jsonl", tmp_path), tmp_path / "out"
    convert_files([lines], out, workers=Workers(0), options=Options(), report=lambda _: None, progress=ImportProgress())
    with Archive(tmp_path / "copy.db") as copy:
        assert import_files(copy, [str(out)], workers=0).errors == []
        with query_of(tmp_path / "copy.db") as query_copy:
            assert everything(query_copy) == everything(query)
            assert query_copy(DATASETS) == query(DATASETS)
            assert query_copy("select stated_kind, closed from threads") == query(
                "select stated_kind, closed from threads"
            )


@pytest.mark.slow
def test_a_folder_in_use_is_left_alone(tmp_path, table):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    done = run_btl(("import", table, "--to", "parquet", "out"), tmp_path)
    assert (done.returncode, done.stderr) == (1, "error: out is not empty\n")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine"]


@pytest.mark.slow
def test_a_folder_of_a_like_name_is_left_alone(tmp_path, table):
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part" / "mine").touch()
    assert run_btl(("import", table, "--to", "parquet", "out"), tmp_path).returncode == 0
    assert [file.name for file in (tmp_path / "out.part").iterdir()] == ["mine"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["out", "out.part"]
