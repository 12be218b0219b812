"""What datasets say of comments: added once, put away with the comment, and never less strict than it was."""

import pytest

from archive.takedown import erase_rows, withhold
from archive.thread import Dataset, Flag, Label
from tests.both_engines import sqlite_only
from tests.trees import made, said

DAYS = [f"2026-03-{day:02}T06:00:00Z" for day in range(14, 24)]
OPEN = Dataset("harbour-corpus", licence="CC-BY-4.0")
REASON = Label("reason", "says that the heron was seen")
LABELS = "select comment_id, name, value, number from labels order by id"


def save(archive, *threads):
    run = archive.begin_run("import", {"paths": []})
    saved = archive.save(threads, run)
    assert not saved.failures
    archive.end_run(run, "done", dict(saved.counts))
    return saved.counts


def labelled(at=DAYS[0], dataset=OPEN, *labels, **more):
    labels = labels or (Label("rude", "0.2", 0.2), REASON) if dataset else ()
    rude = said("A heron was seen here.", "tom", native_id="c2", labels=labels)
    return made(said("The ferry is early.", native_id="c1"), rude, at=at, native_id="t1", dataset=dataset, **more)


def test_labels_are_counted_and_added_once(archive, query):
    assert save(archive, labelled())["labels_new"] == 2
    assert save(archive, labelled(DAYS[1]))["labels_new"] == 0
    assert query(LABELS) == [(2, "rude", "0.2", 0.2), (2, "reason", REASON.value, None)]


def test_each_dataset_raises_the_flag_of_its_own_label(archive, query):
    other = Dataset("quay-corpus")
    for day, dataset in enumerate((OPEN, other, OPEN, other)):
        flag = Flag("content.insult", "label:rude>=0.5", "rude = 0.9", dataset=dataset)
        save(
            archive, made(said("Heron!", native_id="c1", flags=(flag,)), at=DAYS[day], native_id="t1", dataset=dataset)
        )
    raised = "select detectors.name from flags join detectors on detectors.id = detector_id where rule like 'label:%'"
    assert sorted(query(raised)) == [("dataset:harbour-corpus",), ("dataset:quay-corpus",)]


def test_labels_go_and_come_back_with_their_comment(archive, query):
    save(archive, labelled())
    before = query(LABELS)
    withhold.withhold(archive, "comment", 2, "privacy")
    assert query(LABELS) == [(2, "rude", "", None), (2, "reason", "", None)]
    assert save(archive, labelled(DAYS[1]))["labels_new"] == 0
    withhold.restore(archive, "comment", 2)
    assert query(LABELS) == before


def test_a_comment_that_arrives_withheld_has_no_labels(archive, query):
    save(archive, labelled())
    withhold.withhold(archive, "thread", 1, "privacy")
    comment = said("The kiosk is open.", native_id="c3", labels=(Label("rude", "0.1", 0.1),))
    save(archive, made(comment, at=DAYS[1], native_id="t1", dataset=OPEN))
    assert query("select count(*) from labels where value <> ''") == [(0,)]


@sqlite_only
def test_what_was_said_of_an_erased_comment_is_nowhere_in_the_file(archive, path, query):
    save(archive, labelled())
    erase_rows.destroy_rows(archive, "comment", 2, "privacy")
    save(archive, labelled(DAYS[1]))
    archive.maintain("pragma wal_checkpoint(truncate)")
    assert query(LABELS) == [(2, "rude", "", None), (2, "reason", "", None)]
    assert REASON.value.encode() not in path.read_bytes()


def test_a_dataset_learns_what_it_did_not_state_and_stays_closed(archive, query):
    columns = "select name, version, licence, is_shareable from datasets"
    save(archive, labelled())
    save(archive, labelled(DAYS[1], Dataset("harbour-corpus", version="2", licence="other", is_shareable=False)))
    assert query(columns) == [("harbour-corpus", "2", "CC-BY-4.0", 0)]
    save(archive, labelled(DAYS[2]))
    assert query(columns) == [("harbour-corpus", "2", "CC-BY-4.0", 0)]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (None, Dataset("closed", is_shareable=False), "closed"),
        (OPEN, Dataset("closed", is_shareable=False), "closed"),
        (Dataset("closed", is_shareable=False), OPEN, "closed"),
        (Dataset("closed", is_shareable=False), Dataset("closed too", is_shareable=False), "closed"),
        (None, OPEN, None),
        (OPEN, Dataset("open, too"), OPEN.name),
    ],
)
@pytest.mark.parametrize("at", DAYS[:3:2])
def test_a_thread_belongs_to_the_strictest_of_its_datasets(archive, query, first, second, kept, at):
    save(archive, labelled(DAYS[1], first), labelled(at, second))
    assert query("select name from threads left join datasets on datasets.id = dataset_id") == [(kept,)]
