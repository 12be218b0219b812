"""How `btl verify` counts what a dump holds."""

import csv
import gzip
import io

from hypothesis import given
from hypothesis import strategies as st

from archive.publish import verify

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
