"""The checks of a copy before it is published."""

import sqlite3
from contextlib import closing

from archive.publish.dumps import CHECKS, check_database
from archive.store.archive import Archive
from tests.trees import made, said


def test_only_the_check_of_the_indexes_needs_the_lock_for_writing(path):
    Archive(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as writing:
        writing.execute("begin immediate")  # as that check does, for as long as it takes
        assert [check_database(str(path), check) for check in CHECKS if check != "indexes"] == [[], []]
        writing.execute("rollback")
    assert check_database(str(path), "indexes") == []


def test_an_index_that_is_not_of_its_texts_is_named(path):
    with Archive(path) as archive:
        archive.save([made(said("the harbour"))], archive.begin_run("import", {"paths": []}))
    with closing(sqlite3.connect(path)) as changing, changing:
        changing.execute("insert into comments_fts(comments_fts, rowid, body) values ('delete', 1, 'the harbour')")
    (problem,) = check_database(str(path), "indexes")
    assert problem.startswith("comments_fts: ")
