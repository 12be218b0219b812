"""The model that orders the queue: what it learns, what it refuses, and that it changes nothing but an order."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from archive.review import ranking_model
from archive.review.queue import queue
from archive.review.ranking_model import CannotRank, order, train
from archive.review.verdicts import Verdict, borrow, record
from tests import archive_fixture
from tests.archive_fixture import Filler
from tests.conftest import missing
from tests.made_once import made_once

pytestmark = pytest.mark.slow

AT = "2026-04-01T09:00:00Z"
KEPT, REFUSED = ("You absolute {} of a harbour rat, number {}", "The {} engine was serviced, says note {}")
WORDS = ("rotten", "diesel", "old", "salty", "broken", "wretched", "grey")


@pytest.fixture(scope="module", autouse=True)
def scikit_learn():
    try:
        import sklearn  # noqa: F401
    except ImportError:
        missing("scikit-learn is not installed")


@made_once
def fill(path):
    """Sixty reviewed flags, half of them kept, and two that wait."""
    built = archive_fixture.empty(path)
    filler = Filler(built)
    filler.insert("runs", kind="crawl", started_at=AT, software_version="0.1.0", settings="{}")
    filler.insert("captures", run_id=1, sha256="00")
    filler.insert("detectors", name="rules", version="1")
    thread = filler.thread(filler.article("Ferry", "The ferry.", None))
    flags = [flagged(filler, thread, (KEPT, REFUSED)[i % 2], i) for i in range(62)]
    built.close()
    connection = sqlite3.connect(path)
    with borrow(connection) as borrowed:
        borrowed.exec_driver_sql("begin")
        for i, flag in enumerate(flags[:60]):
            record(borrowed, Verdict(flag, "anna", "dismissed" if i % 2 else "confirmed"), AT)
        borrowed.exec_driver_sql("commit")
    connection.close()
    return path


@pytest.fixture
def db(tmp_path):
    with closing(sqlite3.connect(fill(tmp_path / "archive.db"))) as connection:
        yield connection


def flagged(fill, thread, form, i):
    word = WORDS[i % len(WORDS)]
    return fill.flag("content.insult", word, comment_id=fill.comment(thread, form.format(word, i)))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    with closing(sqlite3.connect(fill(folder / "archive.db"))) as connection:
        train(connection, folder / "queue.npz")
    return folder


@pytest.fixture
def model(trained, tmp_path):
    for name in ("queue.json", "queue.npz"):
        shutil.copy(trained / name, tmp_path)
    return tmp_path / "queue.npz"


def test_it_learns_what_reviewers_keep(db, tmp_path):
    report = train(db, tmp_path / "queue.npz")
    assert (report.kept, report.dismissed) == (30, 30)
    assert report.auc > 0.9
    assert report.accuracy > 0.9
    assert report.majority == 0.5
    manifest = json.loads((tmp_path / "queue.json").read_text())
    assert manifest["report"]["auc"] == report.auc
    assert manifest["names"] == ["code content.insult", "rule insult 12"]


def test_it_orders_the_queue_and_changes_nothing_else(db, model):
    def rest():
        return db.execute("select id, code, status, withdrawn_at, severity from flags").fetchall()

    before, first = rest(), queue(db, reviewer="ben", size=9)
    assert order(db, model) == 2
    assert rest() == before
    found = queue(db, reviewer="ben", size=9)
    assert {flag.id for flag in found} == {flag.id for flag in first} == {61, 62}
    assert [flag.id for flag in found] == [61, 62]
    assert 1 >= found[0].priority > 0.5 > found[1].priority >= 0
    assert db.execute("select count(*) from flags where priority is not null").fetchone() == (2,)


def test_flags_in_batches(db, model, monkeypatch):
    monkeypatch.setattr(ranking_model, "FLAGS_A_BATCH", 1)
    assert order(db, model) == 2


def test_a_rule_that_the_model_does_not_know(db, model):
    db.execute("update flags set rule = 'new 1' where status = 'unreviewed'")
    assert order(db, model) == 2


def test_too_few_reviews(db, tmp_path):
    db.execute("update flags set status = 'unreviewed' where id > 30")
    with pytest.raises(CannotRank, match="there are 15 of 15 texts and 15 of 15"):
        train(db, tmp_path / "queue.npz")
    assert not list(tmp_path.glob("queue*"))


def test_too_few_texts(db, tmp_path):
    db.execute("update comments set body_sha256 = 'one' where id % 2 = 0")
    with pytest.raises(CannotRank, match="30 of 1"):
        train(db, tmp_path / "queue.npz")


def test_what_people_raised_themselves_is_not_learnt_from(db, tmp_path):
    db.execute("update flags set rule = 'review.by-hand' where id <= 30")
    with pytest.raises(CannotRank, match="there are 15"):
        train(db, tmp_path / "queue.npz")


def test_a_model_that_is_not_what_its_manifest_says(db, model):
    manifest = model.with_suffix(".json")
    described = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(described | {"format": 99}))
    with pytest.raises(CannotRank, match="another version"):
        order(db, model)
    manifest.write_text(json.dumps(described))
    model.write_bytes(model.read_bytes() + b"x")
    with pytest.raises(CannotRank, match="is not the file"):
        order(db, model)
    manifest.unlink()
    with pytest.raises(CannotRank, match="cannot be read"):
        order(db, model)


def test_a_file_of_another_kind(db, tmp_path):
    with pytest.raises(CannotRank, match="npz file"):
        train(db, tmp_path / "queue.pkl")


def test_the_same_reviews_make_the_same_model(db, model, tmp_path):
    train(db, tmp_path / "again.npz")
    assert (
        json.loads((tmp_path / "again.json").read_text())["sha256"]
        == json.loads(model.with_suffix(".json").read_text())["sha256"]
    )
