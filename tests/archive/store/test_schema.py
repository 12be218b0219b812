"""A migrated file and the models agree; every column says what it is."""

import gzip
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlite_utils import Database
from sqlmodel import SQLModel

from archive.flags.codes import codes
from archive.store import views
from archive.store.archive import Archive
from archive.store.migrations import migrations
from archive.store.schema import TABLES


@pytest.fixture
def migrated():
    db = Database(memory=True)
    migrations.apply(db)
    yield db
    db.close()


@pytest.fixture
def modelled(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'models.db'}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    db = Database(tmp_path / "models.db")
    yield db
    db.close()


TITLE_AND_EDIT = ["title", "edited_at", "edited_at_text", "edited_precision"]


def _essence(sql):
    """An index as it is written; of a table the checks and strictness: a column added later stands elsewhere in it."""
    folded = "".join(sql.split()).rstrip(";")
    return re.findall(r"CONSTRAINT.*?CHECK.*?=1\)|\)STRICT", folded) if folded.startswith("CREATETABLE") else folded


def described(db, table):
    """Columns with types and nullability, foreign keys, indexes and checks, as SQLite itself sees them."""
    indexes = sorted(
        (row[2], row[3], row[4], [tuple(c) for c in db.execute(f"pragma index_xinfo('{row[1]}')").fetchall()])
        for row in db.execute(f"pragma index_list('{table}')").fetchall()
    )
    written = db.execute("select name, sql from sqlite_master where tbl_name = ? order by name", [table]).fetchall()
    return {
        "columns": db.execute(f"pragma table_xinfo('{table}')").fetchall(),
        "foreign keys": sorted(row[2:] for row in db.execute(f"pragma foreign_key_list('{table}')").fetchall()),
        "indexes": indexes,
        "sql": [(name, _essence(sql or "")) for name, sql in written],
    }


@pytest.mark.parametrize("table", sorted(TABLES))
def test_migrated_file_and_models_agree(migrated, modelled, table):
    assert described(migrated, table) == described(modelled, table)


def test_migrations_make_no_table_that_the_models_lack(migrated):
    assert set(migrated.table_names()) == set(TABLES) | {"_sqlite_migrations"}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_and_column_says_what_it_is(table):
    assert TABLES[table].comment
    assert [column.name for column in TABLES[table].columns if not column.comment] == []


def test_a_second_prepare_leaves_everything_as_it_is(migrated):
    views.prepare(migrated)
    version = migrated.execute("pragma schema_version").fetchone()
    views.prepare(migrated)
    assert migrated.execute("pragma schema_version").fetchone() == version


def test_an_outdated_view_is_made_anew(migrated):
    views.prepare(migrated)
    migrated.execute("drop view thread_list")
    migrated.execute("create view thread_list as select 1 as old")
    views.prepare(migrated)
    assert "comment_count" in migrated["thread_list"].columns_dict


def test_codes_have_a_namespace_a_level_and_a_severity():
    listed = {code["code"]: code for code in codes()}
    assert len(listed) == len(codes())
    assert {code["severity"] for code in listed.values()} <= {0, 1, 2, 3, 4}
    assert all(set(code["level"].split()) <= set("ctau") for code in listed.values())
    assert listed["content.threat"]["blur"] == 1
    assert listed["capture.author_missing"]["title"] == "author missing"


GOLDEN = Path(__file__).parents[2] / "golden" / "archive-0.1.0.db.gz"


def test_an_archive_of_the_first_version_opens_and_is_brought_up_to_date(tmp_path):
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(GOLDEN.read_bytes()))
    before = Database(path)
    assert "withheld" not in before["comments"].columns_dict
    rows = {name: before[name].count for name in before.table_names() if not name.endswith(("_fts", "_data", "_idx"))}
    before.close()
    with Archive(path) as archive:
        flagged = {
            table: archive.read(
                f"select count(*) from flags where {table[:-1]}_id is not null and code = 'archive.withheld' "
                "and withdrawn_at is null"
            )
            for table in ("comments", "threads", "articles")
        }
        marked = {table: archive.read(f"select count(*) from {table} where withheld is not null") for table in flagged}
        assert marked == flagged
        assert archive.read("select count(*) from comments where withheld is not null")[0][0] > 0
    after = Database(path)
    own = ("_sqlite_migrations", "flag_codes")  # what every version brings along
    assert after["flag_codes"].count >= rows["flag_codes"]
    assert {name: after[name].count for name in rows if name not in own} == {
        name: count for name, count in rows.items() if name not in own
    }
    columns = [column[1] for column in described(after, "comments")["columns"]]
    assert columns[-6:] == ["withheld", "capture_position", *TITLE_AND_EDIT]
    after.close()


def test_transactions_wait_for_the_disk_where_the_user_says_so(path, monkeypatch):
    with Archive(path) as archive:
        assert archive.read("pragma synchronous")[0][0] == 1
    monkeypatch.setenv("BTL_DURABLE", "1")
    with Archive(path) as archive:
        assert archive.read("pragma synchronous")[0][0] == 2
