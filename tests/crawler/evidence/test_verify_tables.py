"""Verify threads that were gathered from tables: the file and the stored mapping give the same bytes once more."""

import gzip

from archive.importers.base import Options
from archive.importers.pool import import_files
from crawler.evidence.verify import verify_archive

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
