import pytest

from archive.store.archive import Archive
from archive.store.schema import TABLES
from archive.store.transfer import CannotCopy, copy_archive, copy_to_file, digest_table
from archive.takedown.withhold import withhold
from archive.thread import Dataset, Label
from tests.both_engines import query_of
from tests.trees import made, said

DATASET = Dataset("harbour corpus")
THREAD = made(
    said("They are all idiots.", native_id="1", likes=3, labels=(Label("kind", "0.25", 0.25),)),
    said("Never!", native_id="2", parent=0, parent_native_id="1", reactions=(("sad", 2),)),
    said("Anna lives at the quay.", native_id="3"),
    dataset=DATASET,
    labels=(Label("civil", "1", 1.0),),
)


@pytest.fixture
def full(path):
    """A file with something in most tables."""
    with Archive(path) as archive:
        run = archive.begin_run("import", {"paths": []})
        archive.save([THREAD, made(said("Fog."), url="https://courier.example/2")], run)
        archive.end_run(run, "done", {})
        withhold(archive, "comment", 3, "request")
    return path


def digests(archive):
    with archive.snapshot() as connection:
        return {name: digest_table(connection, table) for name, table in TABLES.items()}


def test_there_and_back_each_table_is_the_same(full, server_address, tmp_path):
    back = tmp_path / "back.db"
    with Archive(full) as source, Archive(server_address) as server:
        before = digests(source)
        copied = copy_archive(source, server)
        assert copied.rows["comments"] == 4
        assert digests(server) == before
        copy_to_file(server, back)
    with Archive(back) as again:
        assert digests(again) == before
    with query_of(back) as query:
        assert query.is_intact()
        assert query("select rowid from comments_fts where comments_fts match 'idiots'") == [(1,)]
    assert [file.name for file in tmp_path.glob(".back*")] == []


def test_a_copy_goes_on_where_its_source_was(full, server_address):
    with Archive(full) as source, Archive(server_address) as server:
        copy_archive(source, server)
        run = server.begin_run("import", {"paths": []})
        saved = server.save([THREAD, made(said("New."), url="https://courier.example/3")], run)
        assert (saved.counts["unchanged"], saved.counts["comments_new"]) == (1, 1)
        with query_of(server_address) as query:
            assert query("select id from comments where body = 'New.'") == [(5,)]


def test_nothing_is_copied_over_something(full, server_address):
    with Archive(full) as source, Archive(server_address) as server:
        copy_archive(source, server)
        before = digests(server)
        with pytest.raises(CannotCopy, match="holds an archive already"):
            copy_archive(source, server)
        assert digests(server) == before


def test_what_the_server_cannot_hold_is_replaced_and_named(path, server_address):
    with Archive(path) as source, Archive(server_address) as server:
        run = source.begin_run("import", {"paths": []})
        source.save([made(said("a\0b"))], run)
        assert copy_archive(source, server).replaced == ["comments 1"]
        with query_of(server_address) as query:
            assert query("select body from comments") == [("a\N{REPLACEMENT CHARACTER}b",)]
