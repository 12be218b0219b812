"""How `btl verify` counts what a dump holds."""

import csv
import gzip
import io
import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from archive.publish import verify
from archive.store.archive import Archive
from tests.trees import made, said

CELLS = st.text(st.sampled_from('a",\n'), max_size=6)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=5), st.integers(1, 9))
def test_rows_of_csv_are_counted_whatever_stands_in_quotes(tmp_path_factory, rows, block):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("first", "second"), *rows])
    file = tmp_path_factory.mktemp("csv") / "comments.csv.gz"
    file.write_bytes(gzip.compress(out.getvalue().encode()))
    before, verify.BLOCK = verify.BLOCK, block
    try:
        assert verify._count_rows(file, len(rows)) == len(rows)
    finally:
        verify.BLOCK = before


def test_rows_of_json_lines_are_threads_or_in_earlier_manifests_comments(tmp_path):
    file = tmp_path / "threads.jsonl.gz"
    file.write_bytes(
        gzip.compress(b'{"comments":[{"parent_id":null},{"parent_id":1}]}\n{"comments":[{"parent_id":null}]}\n')
    )
    assert [verify._count_rows(file, stated) for stated in (2, 3, 4)] == [2, 3, 2]


def test_a_text_that_is_not_that_of_its_hash_is_named(path):
    with Archive(path) as archive:
        archive.save([made(said("the harbour"), said("the quay"))], archive.begin_run("import", {"paths": []}))
    with closing(sqlite3.connect(path)) as changing, changing:
        changing.execute("update comments set body = 'the lake' where id = 2")
    assert verify.check_texts(path.parent, {}) == [("archive.db: comment 2", "its text is not that of its SHA-256")]
