"""Verify threads that were gathered from tables: the file and the stored mapping give the same bytes once more."""

import gzip
import json

from archive.importers.base import Options
from archive.importers.run import import_files
from archive.store.archive import Archive
from archive.store.files import relink
from crawler.evidence.verify import verify_archive
from tests.documents import HARBOUR

HEADER = "id,thread,comment,user\n"
ROWS = "".join(f"{i},{i % 3},The ferry was late {i} times.,reader {i % 4}\n" for i in range(1, 31))


def test_tables_are_read_again_as_they_were_read(archive, tmp_path):
    (tmp_path / "x.csv").write_text(HEADER + ROWS)
    (tmp_path / "y.csv.gz").write_bytes(gzip.compress((HEADER + ROWS.replace("late", "early")).encode()))
    (tmp_path / "z.csv").write_text((HEADER + ROWS).replace("comment", "words").replace("late", "on time"))
    import_files(archive, [str(tmp_path / "x.csv"), str(tmp_path / "y.csv.gz")])
    import_files(archive, [str(tmp_path / "z.csv")], options=Options(roles={"body": "words", "author": ""}))
    result = verify_archive(archive)
    assert result.differences == []
    assert (result.counts["present"], result.counts["texts"]) == (9, 90)
    (tmp_path / "x.csv").write_text(HEADER + ROWS.replace("late 3 times", "late 4 times"))
    (tmp_path / "y.csv.gz").unlink()
    result = verify_archive(archive)
    assert (result.counts["changed"], result.counts["gone"], result.counts["present"]) == (1, 3, 5)


def test_addresses_that_were_cut_are_cut_when_a_table_is_read_again(archive, query, tmp_path):
    names = ("kim@courier.example", "192.0.2.44", "Anna", "bo@curl.example")
    rows = "".join(f"{i},{i % 3},The ferry was late {i} times.,{names[i % 4]}\n" for i in range(1, 31))
    (tmp_path / "x.csv").write_text(HEADER + rows)
    import_files(archive, [str(tmp_path / "x.csv")])
    assert query("select count(*) from commenters where name like '%@%.%'") == [(0,)]
    assert verify_archive(archive).differences == []
    with archive.transaction() as connection:  # as imports of earlier versions stored them
        connection.exec_driver_sql("update commenters set name = 'kim@courier.example' where name = 'kim@…'")
    assert verify_archive(archive).differences == []


def test_tables_are_read_again_after_a_relink(archive, query, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "z.csv").write_text((HEADER + ROWS).replace("comment", "words"))
    import_files(archive, [str(tmp_path / "old" / "z.csv")], options=Options(roles={"body": "words"}))
    (tmp_path / "old").rename(tmp_path / "new")
    assert verify_archive(archive).counts["gone"] == 3
    assert relink(archive, str(tmp_path / "old"), str(tmp_path / "new")) == 1
    result = verify_archive(archive)
    assert (result.differences, result.counts["present"]) == ([], 3)
    assert list(json.loads(query("select settings from runs")[0][0])["mappings"]) == ["new/z.csv"]


def test_a_broken_copy_hides_no_good_one_and_every_capture_is_counted_once(archive, path, tmp_path):
    (tmp_path / "corpus").mkdir()
    for name in ("a", "b"):
        text = HARBOUR if name == "a" else HARBOUR.replace("ferry", "boat")
        (tmp_path / "corpus" / f"{name}.txt.gz").write_bytes(gzip.compress(text.encode()))
    import_files(archive, [str(tmp_path / "corpus" / f"{name}.txt.gz") for name in ("a", "b")], workers=0)
    archive.close()
    (tmp_path / "moved" / "corpus").mkdir(parents=True)
    moved = path.rename(tmp_path / "moved" / "archive.db")
    broken = tmp_path / "moved" / "corpus" / "a.txt.gz"
    broken.write_bytes((tmp_path / "corpus" / "a.txt.gz").read_bytes()[:40])
    (tmp_path / "corpus" / "b.txt.gz").unlink()
    with Archive(moved) as opened:
        counts = verify_archive(opened).counts
        assert (counts["captures"], counts["present"] + counts["moved"], counts["gone"]) == (2, 1, 1)
        (tmp_path / "corpus" / "a.txt.gz").unlink()
        counts = verify_archive(opened).counts
        assert (counts["captures"], counts["changed"], counts["gone"], counts["unchecked"]) == (2, 1, 1, 10)
