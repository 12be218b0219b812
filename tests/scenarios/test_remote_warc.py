"""WARC files in object storage: crawled into a bucket of moto's, verified, replayed and erased there."""

import signal
import time

import pytest

from archive.store.archive import Archive
from archive.takedown.erase import erase_planned, plan_erasure
from archive.takedown.warc_search import read_record_texts
from crawler.evidence.redact_erased import redact_erased
from crawler.evidence.verify import verify_archive
from crawler.replay import replay_captures
from tests.buckets import object_storage
from tests.news_server import serving
from tests.scenarios.test_crawl import STORED, TREE, visible

pytestmark = pytest.mark.slow
SECRET = "Only for those who get up at five."


@pytest.fixture
def bucket(monkeypatch):
    with object_storage(monkeypatch) as system:
        system.mkdir("evidence")
        yield system


@pytest.fixture
def site():
    with serving() as running:
        yield running


def texts_in(bucket, folder):
    texts = []
    for number, name in enumerate(bucket.find("evidence/warc", refresh=True)):
        copy = folder / f"{number}.warc.gz"
        bucket.get_file(name, str(copy))
        texts += [text for record in read_record_texts(copy, 0, None, "", is_gzip=True) for text in record.texts]
        copy.unlink()
    return texts


def test_warc_files_in_a_bucket(site, desk, bucket, tmp_path):
    site.validators = True
    site.post(comments=TREE)
    for _ in range(2):  # the second time, the server says that the page stands, and it is read from the bucket
        assert desk.visit(site, "--warc", "s3://evidence/warc/")["counts"]["errors"] == 0
    assert desk.query(STORED) == visible(TREE)
    assert desk.query("select outcome from visits order by id") == [("new",), ("unchanged",)]
    assert desk.warcs() == []
    names = {name for (name,) in desk.query("select distinct warc_file from captures")}
    assert names == {f"s3://{name}" for name in bucket.find("evidence/warc", refresh=True)}
    assert all(name.startswith("s3://evidence/warc/20") for name in names)
    with Archive(desk.path) as archive, Archive(tmp_path / "again.db") as again:
        assert verify_archive(archive).differences == []
        assert replay_captures(again, ["s3://evidence/warc/"], None, lambda _: None).errors == []
        assert again.read(STORED) == visible(TREE)
        assert verify_archive(again).differences == []
        plan = plan_erasure(archive, "comment", 2, "court-order")
        assert plan.redactions > 0
        erase_planned(archive, plan, None)
        assert list(plan.remaining()) == []
        verified = verify_archive(archive)
        assert verified.differences == []
        assert verified.counts["redacted"] > 0
        assert archive.read("select * from settings where name = 'erase_leftover'") == []
    texts = texts_in(bucket, tmp_path)
    assert any("ferry-timetable-for-spring" in text for text in texts)
    assert not any(SECRET in text for text in texts)
    site.validators = False
    desk.visit(site, "--warc", "s3://evidence/warc/")  # what was erased is served still, and taken out again
    assert not any(SECRET in text for text in texts_in(bucket, tmp_path))
    with Archive(desk.path) as archive:
        assert redact_erased(archive, 3) == 0
        assert verify_archive(archive).differences == []
    bucket.rm(next(iter(bucket.find("evidence/warc", refresh=True))))
    with Archive(desk.path) as archive:
        assert "gone: No such file or directory: s3://evidence/warc/" in verify_archive(archive).differences[0].what


def test_a_bucket_that_is_not_there_ends_the_crawl_and_is_named(site, desk, bucket):
    site.post(comments=TREE)
    allowed = ("--allow-host", site.address)
    done = desk.btl("crawl", *site.urls(), *allowed, "--warc", "s3://nowhere/warc", status=1)
    assert done.stderr.startswith("error: s3://nowhere/warc/")
    assert "Traceback" not in done.stderr
    assert desk.query("select count(*) from captures") == [(0,)]
    assert desk.query("select outcome from runs") == [("failed",)]
    assert desk.visit(site)["counts"]["comments_new"] == 4


def test_a_killed_crawl_leaves_no_row_without_its_record(site, desk, tmp_path):
    for number in range(30):
        site.post(f"the-harbour-office-news-{number}", comments=TREE[:2])
    options = ("--allow-host", site.address, "--delay", "0.05", "--warc", f"file://{tmp_path}/warc")
    running = desk.start("crawl", *site.urls(), *options, TMPDIR=str(tmp_path))
    while running.poll() is None and not (tmp_path / "warc").exists():
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    with Archive(desk.path) as archive:
        assert verify_archive(archive).differences == []
    desk.btl("crawl", *site.urls(), *options)
    with Archive(desk.path) as archive:
        assert verify_archive(archive).differences == []
        assert archive.read("select count(*) from comments") == [(60,)]
        names = {name for (name,) in archive.read("select distinct warc_file from captures")}
    assert names <= {f"file://{file}" for file in (tmp_path / "warc").iterdir()}
