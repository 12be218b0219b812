"""Files by address: a folder of a bucket, a page of a web server, whatever fsspec opens."""

import gzip
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import pytest

from archive.importers.files import files
from archive.importers.run import import_files
from tests.archive.importers.test_run import jsonl
from tests.buckets import object_storage
from tests.documents import numbered

URLS = "select url from articles order by url"


@pytest.fixture
def memory():
    """Return the folder of a bucket in this process' memory."""
    system = fsspec.filesystem("memory")
    for number in range(2):
        record = {"text": numbered(number), "url": f"https://courier.example/{number}"}
        system.pipe(f"/corpus/{number}.jsonl.gz", gzip.compress(jsonl(record)))
    system.pipe("/corpus/README.md", b"About the corpus")
    yield "memory://corpus/"
    system.rm("/corpus", recursive=True)


def test_all_files_of_a_folder_are_read(archive, query, memory):
    passed_over = []
    assert list(files([memory], passed_over=passed_over)) == [f"memory:///corpus/{n}.jsonl.gz" for n in range(2)]
    assert passed_over == ["memory:///corpus/README.md"]
    progress = import_files(archive, [memory], workers=0)
    assert (progress.errors, progress.size) == ([], None)
    assert query(URLS) == [("https://courier.example/0",), ("https://courier.example/1",)]
    assert query("select warc_file from captures") == [(f"memory:///corpus/{n}.jsonl.gz",) for n in range(2)]
    assert import_files(archive, [memory], workers=0).counts["unchanged"] == 2


def test_what_is_not_there_is_an_error_and_the_others_are_read(archive, query, memory):
    progress = import_files(archive, ["memory://nowhere/x.jsonl", "nosuch://a/", memory], workers=0)
    assert [error.location for error in progress.errors] == ["memory://nowhere/x.jsonl", "nosuch://a/"]
    assert len(query(URLS)) == 2


@pytest.mark.slow
def test_a_bucket(archive, query, monkeypatch):
    with object_storage(monkeypatch) as system:
        system.mkdir("corpus")
        system.pipe("corpus/a.jsonl", jsonl({"text": numbered(1), "url": "https://courier.example/1"}))
        assert not import_files(archive, ["s3://corpus/"], workers=0).errors
    assert query(URLS) == [("https://courier.example/1",)]


@pytest.mark.slow
def test_a_web_server(archive, query, tmp_path):
    (tmp_path / "a.jsonl").write_bytes(jsonl({"text": numbered(1), "url": "https://courier.example/1"}))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/a.jsonl"
            assert not import_files(archive, [address], workers=0).errors
        finally:
            server.shutdown()
            thread.join()
    assert query(URLS) == [("https://courier.example/1",)]
