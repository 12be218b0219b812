"""What a release shows and what it does not, and that it is whole and provable."""

import gzip
import json
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
import sqlite_utils
from click.testing import CliRunner

from archive.cli import main
from archive.importers.base import Options
from archive.importers.run import import_files
from archive.importers.tables.mapping import parse_mapping
from archive.publish import dumps, release
from archive.publish.columns import COPIED
from archive.publish.policy import BadPolicy, Policy, parse_policy, read_policy
from archive.publish.release import NotPublished
from archive.publish.verify import verify_release
from archive.search.build import index_path
from archive.search.current_index import current_view
from archive.store import reading
from archive.store.archive import Archive
from archive.store.private_tables import PRIVATE_TABLES
from archive.store.schema import TABLES
from archive.takedown import withhold
from archive.thread import Dataset, Flag, Label
from tests.archive_fixture import FOLDED, MAIL, NUMBER, PERSONAL, PHONE, fill_reviewed
from tests.btl import PATIENCE_S, StartedBtl
from tests.documents import numbered
from tests.made_once import made_once
from tests.trees import made, said
from tests.waiting import until

FRONTIER = "https://secret-plan.example/to-visit"
PLACE = "/home/somebody/corpus/private-folder/pages.jsonl"
NOTE = "seen by irene"
REST = ("release", "totals")


@made_once
def filled(path):
    """The archive to look at, with everything in it that is nobody's to see."""
    fill_reviewed(path)
    db = sqlite_utils.Database(path)
    db["frontier"].insert({"url": FRONTIER, "host": "h", "outlet": "o", "kind": "front", "added_at": "2026-03-14T12:00:00Z",
                           "interval_s": 1, "failures": 0})  # fmt: skip
    db.execute(
        "update captures set warc_file = ?, furniture = 'a line of furniture', metadata_json = '{\"m\": 1}'", (PLACE,)
    )
    db.execute("update runs set settings = ?", (json.dumps({"paths": [PLACE]}),))
    db.conn.commit()
    db.close()
    return path


@pytest.fixture
def source(path):
    filled(path)
    with Archive(path) as archive:
        yield archive


@pytest.fixture
def out(tmp_path):
    return tmp_path / "public" / "archive.db"


def released(archive, out, policy=None, **options):
    done = release.publish(archive, out, policy or Policy(), **options)
    assert verify_release(done.folder) == []
    return done


def rows(database, sql, *parameters):
    with closing(sqlite3.connect(f"{Path(database).resolve().as_uri()}?immutable=1", uri=True)) as connection:
        return connection.execute(sql, parameters).fetchall()


def tables(database):
    names = [
        name for (name,) in rows(database, "select name from sqlite_master where type in ('table', 'view') order by 1")
    ]
    return {name: sorted(map(repr, rows(database, f'select * from "{name}"'))) for name in names if "_fts" not in name
            and not name.startswith("sqlite_")}  # fmt: skip


def _quoted(columns):
    return ", ".join(f'"{one}"' for one in columns)


def every_byte(folder):
    """All files of a release, unpacked where they are packed."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            raw = file.read_bytes()
            found.append(gzip.decompress(raw) if file.suffix == ".gz" else raw)
            if file.suffix == ".parquet":
                import pyarrow.parquet as pq

                found.append(json.dumps(pq.read_table(file).to_pylist(), ensure_ascii=False, default=str).encode())
    return b"\n".join(found)


def test_a_release_holds_what_is_public(source, out):
    done = released(source, out)
    assert out.resolve() == done.folder / "archive.db"
    names = set(tables(out))
    assert names.isdisjoint(PRIVATE_TABLES | {"_sqlite_migrations"})
    assert {
        "comments",
        "threads",
        "thread_list",
        "flag_list",
        "removal_list",
        "agreement_list",
        "release",
        "facets",
    } <= names
    for name in ("comments", "threads", "articles", "outlets", "commenters", "events", "comment_revisions", "visits"):
        assert rows(out, f"select count(*) from {name}") == [tuple(source.read(f"select count(*) from {name}")[0])]
    assert done.manifest["counts"]["comments"] == rows(out, "select count(*) from comments")[0][0]
    assert dict(rows(out, "select name, value from release"))["number"] == "1"


def test_lists_are_what_the_archives_views_show(source, out):
    with source.transaction() as connection:
        connection.exec_driver_sql("update flag_codes set public = 1")
        connection.exec_driver_sql("update flags set withdrawn_at = created_at where code = 'archive.withheld'")
        connection.exec_driver_sql("update comments set codes = null, withheld = null where withheld is not null")
    released(source, out, Policy(mask=()))
    for name in ("thread_list", "removal_list", "agreement_list", "flag_list", "comment_list"):
        columns = [row[1] for row in source.read(f"select * from pragma_table_info('{name}')")]
        wanted = source.read(f"select * from {name} order by 1")
        shown = rows(out, f"select {_quoted(columns)} from {name} order by 1")
        assert [tuple(row) for row in wanted] == shown, name


@pytest.mark.parametrize("words", ["pier", "ferry", "quay", "timetable", "山田", "nothing-like-it"])
def test_search_finds_what_it_finds_in_the_archive(source, out, words):
    released(source, out, Policy(mask=()))
    for name in ("comments_fts", "articles_fts"):
        sql = f"select rowid from {name} where {name} match '\"{words}\"' order by rowid"
        assert rows(out, sql) == [tuple(row) for row in source.read(sql)]


def test_nothing_private_is_in_any_byte(source, out):
    hidden = source.read("select body from comments where id = 5")[0][0]
    withhold.withhold(source, "comment", 5, "privacy", note="as the mayor's brother asked")
    key = source.read("select value from settings where name = 'ledger_key'")[0][0]
    done = released(source, out)
    raw = every_byte(done.folder)
    for secret in (FRONTIER, "/home/somebody", "private-folder", "a line of furniture", NOTE, "irene", "oskar", key, MAIL,
                   PHONE, NUMBER, hidden, hidden[:24], "brother asked"):  # fmt: skip
        assert secret.encode() not in raw, secret
    assert b"thrown off the pier" in raw
    assert done.manifest["withheld"] == {"privacy": 1, "withheld 12": 1}
    assert rows(out, "select body, author, commenter_id, codes from comments where id = 5") == [
        ("", None, None, '["archive.withheld"]')
    ]
    assert rows(out, "select reviewer, note from reviews order by id")[0] == ("reviewer 1", None)
    assert rows(out, "select distinct warc_file from captures") == [("pages.jsonl",)]


def test_personal_data_is_masked_and_spans_still_fit(source, out):
    released(source, out)
    body = rows(out, "select body from comments where id = ?", PERSONAL)[0][0]
    assert body == "Write to ████\nor call ████, about the quay."
    for comment, text in rows(out, "select id, body from comments"):
        spans = 'select start, "end", exact from flag_spans join flags on flags.id = flag_id join comments on comments.id = comment_id where comment_id = ? and flags.revision = comments.revision'
        for start, end, exact in rows(out, spans, comment):
            assert text[start:end] == exact
    assert rows(out, "select rowid from comments_fts where comments_fts match 'anna'") == []
    before, _ = rows(out, 'select "before", "after" from events where comment_id = ? and kind = \'edited\'', PERSONAL)[
        0
    ]
    assert before == "Write to ████ about the quay."


def test_pseudonyms_are_the_same_in_each_release_and_stand_in_texts(source, out):
    with source.transaction() as connection:
        connection.exec_driver_sql("update comments set body = '@quayside_anna no, Tom Billes is right' where id = 2")
    done = released(source, out, Policy(commenters="pseudonyms"))
    names = dict(rows(out, "select id, name from commenters"))
    assert all(name.startswith("reader-") for name in names.values())
    assert rows(out, "select body from comments where id = 2") == [(f"@{names[1]} no, {names[2]} is right",)]
    raw = every_byte(done.folder)
    for name in ("quayside_anna", "harbourmaster77", "Tom Billes", "Mrs. P."):
        assert name.encode() not in raw
    released(source, out, Policy(commenters="pseudonyms"), force=True)
    assert dict(rows(out, "select id, name from commenters")) == names
    assert rows(out, "select count(*) from comments where url is not null or native_id is not null") == [(0,)]


def test_names_can_be_left_out(source, out):
    done = released(source, out, Policy(commenters="dropped"))
    assert rows(out, "select count(*) from commenters") == [(0,)]
    assert rows(out, "select count(*) from comments where commenter_id is not null or author is not null") == [(0,)]
    assert b"quayside_anna" not in every_byte(done.folder)


def test_only_some_codes_and_only_what_was_reviewed(source, out):
    released(source, out, Policy(flags=("content.*", "crawl.edited"), unreviewed=False))
    codes = {code for (code,) in rows(out, "select distinct code from flags")}
    assert codes <= {"content.threat", "content.insult", "content.incitement", "content.dehumanisation", "crawl.edited",
                     "archive.withheld"}  # fmt: skip
    assert "content.threat" in codes
    unreviewed = "select count(*) from flags where status = 'unreviewed' and code like 'content.%' and corrects is null"
    assert rows(out, unreviewed) == [(0,)]
    kept = "select count(*) from comments, json_each(codes) where value not in (select code from flags where comment_id = comments.id)"
    assert rows(out, kept) == [(0,)]
    standing = """select threads.id from threads where flag_count <> (select count(*) from flags left join comments
      on comments.id = comment_id where coalesce(flags.thread_id, comments.thread_id) = threads.id
      and status not in ('dismissed', 'corrected'))"""
    assert rows(out, standing) == []
    assert rows(out, "select count(*) from flag_spans where flag_id not in (select id from flags)") == [(0,)]


def test_texts_with_a_code_can_be_withheld(source, out):
    done = released(source, out, Policy(withhold=("content.incitement",)))
    assert FOLDED.encode() not in every_byte(done.folder)
    assert done.manifest["withheld"]["policy:content.incitement"] == 2
    assert rows(out, "select body, codes from comments where body = '' and codes is not null limit 1") == [
        ("", '["archive.withheld"]')
    ]
    assert rows(out, "select count(*) from flags where rule = 'policy:content.incitement'") == [(2,)]


def test_only_some_outlets_and_days(source, out):
    done = released(source, out, Policy(outlets=("harbour-courier.example",)))
    assert rows(out, "select distinct outlet from comments") == [("harbour-courier.example",)]
    assert b"Deeper still" not in every_byte(done.folder)
    assert rows(out, "pragma foreign_key_check") == []
    released(source, out, Policy(without_outlets=("harbour-courier.example",)))
    assert {row[0] for row in rows(out, "select distinct outlet from comments")} <= {"plain.example", None}
    released(source, out, Policy(until="2026-03-13"))
    assert rows(out, "select count(*) from comments where outlet is not null") == [(0,)]


def test_codes_can_be_folded(source, out):
    released(source, out, Policy(blur=("platform.*",)))
    assert rows(out, "select distinct blur from flag_codes where namespace = 'platform'") == [(1,)]


POLICIES = {
    "plain": Policy(),
    "pseudonyms": Policy(commenters="pseudonyms"),
    "few": Policy(flags=("content.*",), unreviewed=False, withhold=("content.insult",)),
    "some": Policy(outlets=("harbour-courier.example",)),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_later_release_is_what_a_first_one_would_be(source, tmp_path, out, name):
    """Changes of every kind, release after release: what came before leaves no trace in the copy."""
    released(source, out, POLICIES[name])
    for step in (_import, _edit, _withhold, _restore, _flag, _withhold_article):
        step(source, tmp_path)
        later = released(source, out, POLICIES[name])
        first = released(source, tmp_path / step.__name__ / "archive.db", POLICIES[name])
        assert (later.is_new, first.number) == (True, 1)
        copies = [tables(done.folder / "archive.db") for done in (later, first)]
        for table in copies[0].keys() | copies[1].keys():
            if table not in REST:
                assert copies[0][table] == copies[1][table], (step.__name__, table)
        words = "select rowid from comments_fts where comments_fts match 'the OR quay OR pier' order by rowid"
        assert rows(later.folder / "archive.db", words) == rows(first.folder / "archive.db", words)


def _import(archive, folder):
    (folder / "new.txt").write_text(numbered(7777, 5))
    import_files(archive, [str(folder / "new.txt")])


def _edit(archive, _):
    with archive.transaction() as connection:
        connection.exec_driver_sql("update comments set body = 'Nothing of the old text, Tom Billes', body_sha256 = ? where id = 7",
                                   (sha256(b"Nothing of the old text, Tom Billes").hexdigest(),))  # fmt: skip
        connection.exec_driver_sql("update articles set title = 'Another headline' where id = 1")
        connection.exec_driver_sql(
            "insert into events (run_id, thread_id, kind, seen_at, confidence) values (1, 1, 'votes', '2026-03-17T00:00:00Z', 'high')"
        )


def _withhold(archive, _):
    withhold.withhold(archive, "comment", 3, "law")
    withhold.withhold(archive, "commenter", 2, "privacy")


def _restore(archive, _):
    withhold.restore(archive, "comment", 3)


def _flag(archive, _):
    with archive.transaction() as connection:
        connection.exec_driver_sql("update flags set withdrawn_at = '2026-03-18T00:00:00Z' where id in (7, 11)")
        connection.exec_driver_sql("update comments set codes = null where id = 4")


def _withhold_article(archive, _):
    withhold.withhold(archive, "article", 2, "law")


def test_what_was_taken_down_is_in_no_byte_of_the_next_release(path, out, tmp_path):
    """Neither is a trace of the release before, which had it."""
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"text": numbered(n, 20)}) + "\n" for n in range(60)))
    with Archive(path) as archive:
        import_files(archive, [str(tmp_path / "texts.jsonl")], workers=0)
        with archive.transaction() as connection:
            for (number,) in connection.exec_driver_sql("select id from comments").fetchall():
                body = f"mark{number:06}begins {'words of the quay ' * (number % 37)}mark{number:06}ends"
                digest = sha256(body.encode()).hexdigest()
                change = "update comments set body = ?, body_sha256 = ? where id = ?"
                connection.exec_driver_sql(change, (body, digest, number))
        released(archive, out)
        for number in range(3, 1200, 97):
            withhold.withhold(archive, "comment", number, "privacy")
        withhold.withhold(archive, "thread", 20, "law")
        gone = [row[0] for row in archive.read("select row_id from withheld where name = 'comments'")]
        done = released(archive, out, keep=0)
    raw = every_byte(done.folder)
    assert len(gone) > 30
    assert [
        number for number in gone if f"{number:06}begins".encode() in raw or f"{number:06}ends".encode() in raw
    ] == []
    assert b"mark000001begins" in raw
    assert sorted(path.name for path in done.folder.parent.glob("[0-9]*")) == ["0002"]


def test_nothing_new_is_no_new_release(source, out):
    first = released(source, out)
    assert not release.publish(source, out, Policy()).is_new
    assert release.publish(source, out, Policy(title="Another")).number == 2
    assert first.number == 1


def test_a_large_release_has_its_dumps_in_parts(source, out, monkeypatch):
    monkeypatch.setattr(dumps, "PART_COMMENTS", 12)
    done = released(source, out)
    entries = {entry["path"]: entry for entry in done.manifest["files"]}
    for stem, suffix in (("comments", ".csv.gz"), ("comments", ".parquet"), ("threads", ".jsonl.gz")):
        parts = [
            entry for path, entry in entries.items() if path.startswith(f"dumps/{stem}-") and path.endswith(suffix)
        ]
        assert len(parts) > 2
        unit = "comments" if stem == "comments" else "threads"
        assert sum(entry["rows"] for entry in parts) == done.manifest["counts"][unit]
        bounds = [entry["threads"] for entry in parts]
        assert all(before[1] < after[0] for before, after in pairwise(bounds))
    assert [path for path in entries if "archive.sql" in path] == ["dumps/archive.sql.gz"]
    assert list(entries) == [
        "archive.db",
        "dumps/archive.sql.gz",
        *sorted(path for path in entries if path.endswith(".csv.gz")),
        *sorted(path for path in entries if path.endswith(".jsonl.gz")),
        *sorted(path for path in entries if path.endswith(".parquet")),
        *sorted(path for path in entries if path.startswith("archive.search/")),
        "codebook.md",
        "inspect.json",
    ]


def test_csv_without_parquet(source, out):
    done = released(source, out, Policy(dumps=("csv",)))
    assert [path.name for path in (done.folder / "dumps").iterdir()] == ["comments.csv.gz"]


def test_processes_make_the_same_release(source, out, tmp_path, monkeypatch):
    alone = released(source, tmp_path / "alone" / "archive.db")
    monkeypatch.setattr(dumps, "FEW_COMMENTS", 0)
    done = released(source, out)
    sizes = [{e["path"]: e["rows"] for e in made.manifest["files"]} for made in (alone, done)]
    assert sizes[0] == sizes[1]


def test_dumps_are_those_of_the_finished_copy(source, out, tmp_path):
    """They are written while other parts of the database are not there yet."""
    done = released(source, out, Policy(url="https://archive.example"))
    (tmp_path / "again" / "dumps").mkdir(parents=True)
    database = done.folder / "archive.db"
    jobs = dumps.plan_dumps(database, done.manifest["policy"]["dumps"])
    again = [entry for job in jobs for entry in dumps.write_dump(str(database), str(tmp_path / "again"), job)]
    assert len(again) > 3
    assert {entry["path"]: entry for entry in done.manifest["files"] if entry["path"].startswith("dumps/")} == {
        entry["path"]: entry for entry in again
    }
    assert b"https://archive.example/comment/1" in gzip.decompress((done.folder / "dumps/comments.csv.gz").read_bytes())


def test_every_table_is_copied_or_private():
    assert set(COPIED) == set(TABLES) - PRIVATE_TABLES - {"totals"}


def test_one_changed_byte_is_found_in_any_file(source, out):
    released(source, out)
    done = released(source, out, Policy(title="Two"))
    files = [path for path in done.folder.rglob("*") if path.is_file()]
    assert {"manifest.json", "SHA256SUMS", "0001.json", "codebook.md", "archive.db"} <= {path.name for path in files}
    for path in files:
        raw = path.read_bytes()
        for place in {0, len(raw) // 2, len(raw) - 1}:
            changed = bytearray(raw)
            changed[place] ^= 1
            path.write_bytes(changed)
            assert verify_release(done.folder), (path, place)
        path.write_bytes(raw)
    assert verify_release(done.folder) == []


def test_what_is_missing_or_added_is_found(source, out):
    done = released(source, out)
    (done.folder / "extra.txt").write_text("more")
    assert verify_release(done.folder) == [("extra.txt", "the manifest does not name it")]
    (done.folder / "extra.txt").unlink()
    (done.folder / "dumps" / "comments.parquet").unlink()
    assert verify_release(done.folder) == [("dumps/comments.parquet", "it is not there")]
    assert verify_release(done.folder.parent)[0][0] == "manifest.json"


def test_a_release_that_was_searched_is_as_whole_as_before(source, out):
    done = released(source, out)
    index = index_path(done.folder / "archive.db")
    before = sorted(index.iterdir())
    assert {path.stat().st_mode & 0o777 for path in before} == {(done.folder / "archive.db").stat().st_mode & 0o777}
    view = current_view(done.folder / "archive.db")
    readable = rows(done.folder / "archive.db", "select count(*) from comments where withheld is null")[0][0]
    assert view is not None
    assert view.find(None, 100, newest=True)[1] == readable
    assert sorted(index.iterdir()) == before
    assert verify_release(done.folder) == []


def test_a_manifest_that_names_other_files_is_no_way_out(source, out):
    done = released(source, out)
    manifest = json.loads((done.folder / "manifest.json").read_text())
    manifest["files"].append({"path": "../../archive.db", "bytes": 1, "sha256": "0" * 64})
    (done.folder / "manifest.json").write_text(json.dumps(manifest))
    assert ("../../archive.db", "it lies outside of the release") in verify_release(done.folder)


def test_the_chain_goes_back_to_the_first_release(source, out):
    for title in ("one", "two", "three", "four"):
        done = released(source, out, Policy(title=title), keep=1)
    assert sorted(path.name for path in out.parent.glob("archive.releases/[0-9]*")) == ["0003", "0004"]
    assert sorted(path.name for path in (done.folder / "chain").iterdir()) == ["0001.json", "0002.json", "0003.json"]
    moved = out.parent / "elsewhere"
    shutil.copytree(done.folder, moved)
    assert verify_release(moved) == []
    (moved / "chain" / "0001.json").write_text("{}")
    assert verify_release(moved)[0][0] == "chain/0001.json"


def test_sha256sum_says_the_same(source, out):
    done = released(source, out)
    checked = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=done.folder, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


def test_a_failed_publication_leaves_the_one_before(source, out, monkeypatch):
    first = released(source, out)
    monkeypatch.setattr(dumps, "plan_dumps", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space"):
        release.publish(source, out, Policy(title="Two"))
    assert out.resolve() == first.folder / "archive.db"
    assert sorted(path.name for path in first.folder.parent.iterdir()) == [".lock", "0001"]
    assert source.read("select outcome from runs where kind = 'publish' order by id")[-1][0] == "failed"


def test_words_are_indexed_anew(source, out):
    """The archive's own index of words may be wrong: that of a copy is made from its texts."""
    with source.transaction() as connection:
        connection.exec_driver_sql("drop trigger comments_fts_update")
        words = "other words than the index has"
        digest = sha256(words.encode()).hexdigest()
        connection.exec_driver_sql("update comments set body = ?, body_sha256 = ? where id = 1", (words, digest))
    released(source, out)
    assert rows(out, "select rowid from comments_fts where comments_fts match 'index'") == [(1,)]
    assert rows(out, "select k from comments_fts_config order by k") == [("version",)]


def test_a_database_that_is_not_whole_is_not_published(source, out):
    with closing(sqlite3.connect(source.path)) as connection, connection:
        connection.execute("update comments set capture_id = 987654 where id = 1")
    with pytest.raises(NotPublished, match="row 1 of comments refers to a row of captures that is not there"):
        release.publish(source, out, Policy())
    assert not out.exists()


def test_a_relative_place(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = release.publish(source, Path("here/copy"), Policy())
    assert done.folder == tmp_path / "here" / "copy.releases" / "0001"
    assert verify_release(Path("here/copy")) == []


def test_a_file_that_is_no_link_is_left_alone(source, tmp_path):
    (tmp_path / "mine.db").write_text("something else")
    with pytest.raises(NotPublished, match="file of its own"):
        release.publish(source, tmp_path / "mine.db", Policy())
    assert (tmp_path / "mine.db").read_text() == "something else"


def test_a_publication_that_is_killed_leaves_both_whole(path, out, tmp_path):
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"text": numbered(n, 30)}) + "\n" for n in range(100)))
    with Archive(path) as archive:
        import_files(archive, [str(tmp_path / "texts.jsonl")], workers=0)
        first = released(archive, out)
        _import(archive, tmp_path)
    for delay in (0.05, 0.15, 0.3, 0.6):
        process = StartedBtl(("publish", out, "--db", path), tmp_path)
        time.sleep(delay)
        process.kill_group()
        process.communicate()
        assert verify_release(out) == []
    assert rows(path, "pragma integrity_check") == [("ok",)]
    with Archive(path) as archive:
        done = released(archive, out)
    assert done.number >= first.number
    assert rows(out, "select count(*) from comments") == [(100 * 30 + 5,)]
    assert not list(done.folder.parent.glob(".building*"))


def test_publishing_while_an_import_writes(path, out, tmp_path):
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps({"text": numbered(n, 30)}) + "\n" for n in range(250)))
    command = ("import", tmp_path / "texts.jsonl", "--db", path, "--workers", 0)
    importing = StartedBtl(command, tmp_path, constants={"archive.importers.run.BATCH_COMMENTS": 300})
    try:
        until(lambda: path.exists() and _threads(path), importing)
        until(lambda: _stopped_between_batches(importing, path), importing)
        counts = []
        with Archive(path) as archive:
            for number in range(2):
                done = released(archive, out, Policy(title=str(number)))
                importing.send_signal(signal.SIGCONT)  # stopped during the first, so that there is more to come
                counts.append(done.manifest["counts"]["comments"])
                stored = rows(out, "select sum(comment_count) from threads")
                assert stored == rows(out, "select count(*) from comments")
    finally:
        importing.send_signal(signal.SIGCONT)
        importing.communicate()
    assert importing.returncode == 0
    assert rows(path, "select count(*) from comments") == [(7_500,)]
    with Archive(path) as archive:
        assert released(archive, out).manifest["counts"]["comments"] == 7_500
    assert counts == sorted(counts)
    assert counts[0] < 7_500


def _stopped_between_batches(process, path):
    """Stop a process, unless it is writing just then, which others would wait for."""
    process.send_signal(signal.SIGSTOP)
    until(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] in "TZ")
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        try:
            connection.execute("begin immediate")
        except sqlite3.OperationalError:
            process.send_signal(signal.SIGCONT)
            return False
    return True


def _threads(path):
    with closing(sqlite3.connect(path, timeout=PATIENCE_S)) as connection:
        try:
            return connection.execute("select count(*) from threads").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def test_two_publications_at_once(source, out):
    out.parent.mkdir(parents=True)
    releases = out.parent / "archive.releases"
    releases.mkdir()
    with release._locked(releases), pytest.raises(NotPublished, match="under way"):
        release.publish(source, out, Policy())


def test_the_policy_file(tmp_path):
    text = """
[site]
url = "https://archive.example/"
contact = "desk@archive.example"
robots = "none"
[commenters]
names = "pseudonyms"
[flags]
public = ["content.*"]
unreviewed = false
[texts]
mask = ["content.pii"]
[outlets]
only = ["a.example"]
[dates]
from = "2026-01"
"""
    (tmp_path / "publish.toml").write_text(text)
    policy = read_policy(tmp_path / "publish.toml")
    assert (policy.url, policy.robots, policy.commenters) == ("https://archive.example", "none", "pseudonyms")
    assert (policy.flags, policy.unreviewed, policy.since) == (("content.*",), False, "2026-01")
    assert policy.shows("archive.withheld")
    assert not policy.shows("crawl.edited")


@pytest.mark.parametrize(
    "found, said",
    [
        ({"site": {"urll": "x"}}, "no key 'urll'"),
        ({"sight": {"url": "x"}}, "no key"),
        ({"site": 3}, "no table"),
        ({"site": {"url": "javascript:alert(1)"}}, "no web address"),
        ({"site": {"robots": "all"}}, "not one of index, none"),
        ({"flags": {"public": "content.*"}}, "list of texts"),
        ({"flags": {"public": ["Content"]}}, "not one of"),
        ({"flags": {"unreviewed": 1}}, "true or false"),
        ({"dates": {"from": "14.3.2026"}}, "no day"),
        ({"dumps": {"formats": ["xlsx"]}}, "not one of csv"),
    ],
)
def test_a_policy_that_is_not_understood(found, said):
    with pytest.raises(BadPolicy, match=said):
        parse_policy(found)


def test_the_commands(source, path, out, tmp_path):
    source.close()
    done = CliRunner().invoke(main, ["publish", str(out), "--db", str(path), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["release"] == 1
    assert "Nothing has changed" in CliRunner().invoke(main, ["publish", str(out), "--db", str(path)]).output
    assert CliRunner().invoke(main, ["verify", str(out)]).exit_code == 0
    (tmp_path / "bad.toml").write_text("[site]\nurl = 3\n")
    bad = CliRunner().invoke(main, ["publish", str(out), "--db", str(path), "--policy", str(tmp_path / "bad.toml")])
    assert bad.exit_code == 1
    assert "[site] url must be a text" in bad.output
    copied = CliRunner().invoke(main, ["backup", str(tmp_path / "copy.db"), "--db", str(path)])
    assert copied.exit_code == 0, copied.output
    assert rows(tmp_path / "copy.db", "select url from frontier") == [(FRONTIER,)]
    assert CliRunner().invoke(main, ["backup", str(tmp_path / "copy.db"), "--db", str(path)]).exit_code == 1


def test_a_backup_ends_though_each_of_its_steps_is_followed_by_a_change(source, path, tmp_path, monkeypatch):
    source.close()
    changes = []

    class Crawled(sqlite3.Connection):
        """What another process changes while it is copied."""

        def backup(self, target, *, pages, sleep):
            def change(_status, remaining, total):
                assert len(changes) <= total, "it begins anew at each change"
                changes.append(remaining)
                with closing(sqlite3.connect(path)) as other, other:
                    other.execute("insert into settings (name, value) values (?, 'x')", (f"change {len(changes)}",))

            super().backup(target, pages=10, progress=change, sleep=0)

    connect = partial(reading.connect_for_reading, factory=Crawled)
    monkeypatch.setattr(reading, "connect_for_reading", connect)
    done = CliRunner().invoke(main, ["backup", str(tmp_path / "copy.db"), "--db", str(path)])
    assert done.exit_code == 0, done.output
    assert len(changes) > 3
    assert rows(tmp_path / "copy.db", "select count(*) from settings where name like 'change %'") == [(0,)]


def test_the_example_says_the_defaults():
    assert read_policy(Path(__file__).parents[3] / "archive" / "publish" / "publish.example.toml") == Policy()


def test_datasets_that_are_given_on_request_are_not_published(tmp_path, source, out):
    mapping = {"columns": {"body": "comment", "id": "id"}, "label": [{"column": "rude"}]}
    rows = "id,comment,rude\n1,The quay was closed.,0\n2,It was not.,1\n"
    for name, on_request in (("open-corpus", False), ("closed-corpus", True)):
        (tmp_path / f"{name}.csv").write_text(rows)
        options = Options(
            format="table",
            mapping=parse_mapping({**mapping, "dataset": {"name": name, "on_request": on_request}}, name),
        )
        assert not import_files(source, [str(tmp_path / f"{name}.csv")], options=options).errors
    with pytest.raises(NotPublished, match="closed-corpus on request only"):
        released(source, out)
    released(source, out, Policy(without_datasets=("closed-corpus",)))
    with closing(sqlite3.connect(out)) as public:
        assert public.execute("select name from datasets").fetchall() == [("open-corpus",)]
        assert public.execute("select name, value from labels").fetchall() == [("rude", "0"), ("rude", "1")]


def test_accounts_that_stand_for_an_e_mail_address_are_not_published(source, out):
    with source.transaction() as connection:
        connection.exec_driver_sql("update commenters set native_id = 'masked:0123abcd' where id = 1")
        connection.exec_driver_sql("update commenters set native_id = 'u-17' where id = 2")
    released(source, out, Policy(commenters="shown"))
    assert rows(out, "select id, native_id from commenters where id < 3 order by id") == [(1, None), (2, "u-17")]


def test_the_datasets_of_labels_are_published_with_them(source, out):
    story = {"native_id": "t9", "completeness": "full"}
    labels = (Label("rude", "0.1", 0.1),)
    run = source.begin_run("import", {})
    source.save([made(said("The quay was closed.", native_id="c1"), **story)], run)
    of_corpus = made(
        said("The quay was closed.", native_id="c1", labels=labels), dataset=Dataset("open-corpus"), **story
    )
    source.save([of_corpus], run)
    released(source, out)
    with closing(sqlite3.connect(out)) as public:
        assert public.execute("pragma foreign_key_check").fetchall() == []
        joined = "select datasets.name, value from labels join datasets on datasets.id = dataset_id"
        assert public.execute(joined).fetchall() == [("open-corpus", "0.1")]


def test_labels_of_threads_and_articles_are_published_but_for_closed_datasets_and_what_is_withheld(source, out):
    run = source.begin_run("import", {})
    closed = Label("of note", "no", dataset=Dataset("closed", is_shareable=False))
    comment, civil = said("The quay was closed.", labels=(closed,)), Label("civil", "1", 1.0)
    shown = made(comment, native_id="t9", dataset=Dataset("open"), labels=(civil, closed))
    mood = (Label("mood", "sad"), closed)
    withheld = made(said("It was not."), native_id="t10", dataset=Dataset("open"), labels=(Label("civil", "0", 0.0),))
    source.save([replace(shown, article=replace(shown.article, labels=mood)), withheld], run)
    source.end_run(run, "done", {})
    (hidden,) = source.read("select id from threads where native_id = 't10'")[0]
    withhold.withhold(source, "thread", hidden, "privacy")
    released(source, out)
    assert rows(out, "select name, value, thread_id is null from labels order by name") == [
        ("civil", "1", 0),
        ("mood", "sad", 1),
    ]
    assert rows(out, "select name from datasets") == [("open",)]
    assert rows(out, "pragma foreign_key_check") == []


def test_labels_of_a_dataset_that_is_left_out_are_in_no_thread_of_the_copy(source, out):
    other = Label("mood", "sad", dataset=Dataset("left out"))
    thread = made(said("It was not.", labels=(other,)), native_id="t9", dataset=Dataset("open"), labels=(other,))
    run = source.begin_run("import", {})
    source.save([replace(thread, article=replace(thread.article, labels=(other, Label("of note", "no"))))], run)
    source.end_run(run, "done", {})
    released(source, out, Policy(without_datasets=("left out",)))
    assert rows(out, "select name from labels") == [("of note",)]
    assert rows(out, "select name from datasets") == [("open",)]


QUOTED = "Call the keeper on the quay about the heron."
NAMED, ANSWER = Label("winner", "@tom_bilby77, for once"), Label("answer", "to kim@mail.example")


def labelled_in_words(source):
    run = source.begin_run("import", {})
    flagged = said(QUOTED, "tom_bilby77", flags=(Flag("content.threat", "test", start=9, end=15),), labels=(NAMED,))
    thread = made(flagged, said("It is true."), native_id="t9", dataset=Dataset("open"), labels=(NAMED, ANSWER))
    quoting = (Label("topic", f"one who said: {QUOTED}"), Label("topic", "the keeper"))
    assert not source.save([replace(thread, article=replace(thread.article, labels=quoting))], run).failures
    source.end_run(run, "done", {})


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        (Policy(), {NAMED.value, "to ████", f"one who said: {QUOTED}", "the keeper"}),
        (Policy(mask=()), {NAMED.value, ANSWER.value, f"one who said: {QUOTED}", "the keeper"}),
        (Policy(withhold=("content.threat",)), {NAMED.value, "to ████", "the keeper"}),
        (Policy(withhold=("content.pii",)), {NAMED.value, f"one who said: {QUOTED}", "the keeper"}),
        (Policy(mask=("content.threat",)), {NAMED.value, ANSWER.value, f"one who said: {QUOTED.replace('keeper', '████')}", "the ████"}),
        (Policy(commenters="dropped"), {"@[name], for once", "to ████", f"one who said: {QUOTED}", "the keeper"}),
    ],
)  # fmt: skip
def test_what_datasets_say_in_words_is_shown_as_the_texts_are(source, out, policy, shown):
    labelled_in_words(source)
    released(source, out, policy)
    assert {value for (value,) in rows(out, "select value from labels")} == shown
