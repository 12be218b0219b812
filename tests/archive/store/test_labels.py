"""What datasets say of comments: added once, put away with the comment, and never less strict than it was."""

from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy.exc import DBAPIError

from archive.store.archive import Archive
from archive.takedown import erase_rows, withhold
from archive.thread import Dataset, Flag, Label
from tests.both_engines import sqlite_only
from tests.trees import made, said

ABOVE = "select thread_id, article_id, name, value, number, raters from labels where comment_id is null order by id"
CIVIL, SAD = Label("civil", "0.5", 0.5, 3), Label("mood", "sad, mostly")
CIVIL_ROW, SAD_ROW, NONE_ROW = ("civil", "0.5", 0.5, 3), ("mood", SAD.value, None, None), ("civil", "", None, 3)
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


def rated(at=DAYS[0], *comments, civil=(CIVIL,), sad=(SAD,), **more):
    comments = comments or (said("The ferry is early.", native_id="c1"),)
    thread = made(*comments, at=at, dataset=OPEN, labels=civil, **{"native_id": "t1", **more})
    return replace(thread, article=replace(thread.article, labels=sad))


def test_threads_and_articles_have_labels_which_are_added_once(archive, query):
    assert save(archive, rated(), rated(native_id="t2"))["labels_new"] == 3
    stored = [(None, 1, *SAD_ROW), (1, None, *CIVIL_ROW), (2, None, *CIVIL_ROW)]
    assert query(ABOVE) == stored
    assert save(archive, rated(DAYS[1]))["labels_new"] == 0
    assert save(archive, rated(DAYS[2], civil=(CIVIL, CIVIL), sad=(SAD, Label("mood", "glad"))))["labels_new"] == 2
    assert query(ABOVE) == [*stored, (None, 1, "mood", "glad", None, None), (1, None, *CIVIL_ROW)]


def test_a_label_of_a_thread_needs_a_dataset(archive):
    saved = archive.save([replace(rated(), dataset=None)], archive.begin_run("import", {"paths": []}))
    assert "of no dataset" in saved.failures[0][1]


@pytest.mark.parametrize(
    ("subject", "left"),
    [
        ("thread", [(None, 1, *SAD_ROW), (1, None, *NONE_ROW)]),
        ("article", [(None, 1, "mood", "", None, None), (1, None, *NONE_ROW)]),
    ],
)
def test_labels_go_and_come_back_with_their_thread_or_article(archive, query, subject, left):
    save(archive, rated())
    before = query(ABOVE)
    withhold.withhold(archive, subject, 1, "privacy")
    assert query(ABOVE) == left
    save(archive, rated(DAYS[1], civil=(Label("civil", "1", 1.0),), sad=(SAD,)))
    assert query(ABOVE) == left
    withhold.restore(archive, subject, 1)
    assert query(ABOVE) == before


def test_what_is_withheld_twice_comes_back_with_the_last_restore(archive, query):
    save(archive, rated())
    before = query(ABOVE)
    withhold.withhold(archive, "thread", 1, "privacy")
    withhold.withhold(archive, "article", 1, "privacy")
    withhold.restore(archive, "thread", 1)
    assert [row[3] for row in query(ABOVE)] == ["", ""]
    withhold.restore(archive, "article", 1)
    assert query(ABOVE) == before


@sqlite_only
@pytest.mark.parametrize("order", list(permutations(["comment", "commenter", "thread", "article"], 2)))
@pytest.mark.parametrize("lifted", [0, 1])
def test_what_quotes_a_text_comes_back_when_nothing_withholds_that_any_more(archive, query, order, lifted):
    quoting = Label("topic", f"of one who {REASON.value}")
    said_so = said(REASON.value, "tom", native_id="c1")
    save(
        archive, rated(DAYS[0], said_so, said("The kiosk is open.", "ann"), civil=(quoting, CIVIL), sad=(SAD, quoting))
    )
    before = query(ABOVE)
    for subject in order:
        withhold.withhold(archive, subject, 1, "privacy")
    withhold.restore(archive, order[lifted], 1)
    assert {row[3] for row in query(ABOVE)} <= {"", CIVIL.value, SAD.value}
    withhold.restore(archive, order[1 - lifted], 1)
    assert query(ABOVE) == before
    assert query("select count(*) from withheld") == [(0,)]


def quoting_thread(at):
    quoting = Label("topic", f"of one who {REASON.value}")
    return rated(at, said(REASON.value, native_id="c1"), civil=(CIVIL, quoting), sad=(quoting, SAD))


def test_a_label_that_quotes_a_comment_goes_and_comes_back_with_it(archive, query):
    save(archive, quoting_thread(DAYS[0]))
    before = query(ABOVE)
    withhold.withhold(archive, "comment", 1, "privacy")
    assert [row[3] for row in query(ABOVE)] == ["", SAD.value, CIVIL.value, ""]
    assert save(archive, quoting_thread(DAYS[1]))["labels_new"] == 0
    withhold.restore(archive, "comment", 1)
    assert query(ABOVE) == before


@sqlite_only
@pytest.mark.parametrize("subject", ["comment", "thread", "article"])
def test_what_was_said_of_an_erased_thread_is_nowhere_in_the_file(archive, path, query, subject):
    save(archive, quoting_thread(DAYS[0]))
    erase_rows.destroy_rows(archive, subject, 1, "privacy")
    save(archive, quoting_thread(DAYS[1]))
    archive.maintain("pragma wal_checkpoint(truncate)")
    assert [row[3] for row in query(ABOVE) if row[2] == "topic"] == ["", ""]
    assert REASON.value.encode() not in path.read_bytes()


OLD_LABELS = """
create table labels (
  id {id} primary key, comment_id {integer} not null references comments (id),
  dataset_id {integer} not null references datasets (id), name text not null, value text not null, number {real},
  raters {integer}) {strict}"""


def make_as_before(archive):
    """Give an archive the table of labels, and the versions, that it had before threads had any."""
    sqlite = archive.dialect.__class__.__name__ != "PostgresDialect"
    kinds = {"id": "integer", "integer": "integer", "real": "real", "strict": "strict"}
    if not sqlite:
        kinds = {"id": "bigserial", "integer": "bigint", "real": "double precision", "strict": ""}
    with archive.unchecked_transaction() as connection:
        kept = "create table kept_labels as select id, comment_id, dataset_id, name, value, number, raters from labels"
        for statement in (
            kept,
            "drop table labels",
            OLD_LABELS.format(**kinds),
            "create index labels_comment_id on labels (comment_id)",
            "create index labels_name on labels (dataset_id, name, number)",
            "insert into labels select * from kept_labels",
            "drop table kept_labels",
            f"delete from {'_sqlite_migrations' if sqlite else 'schema_versions'} where name = 'm012_labels_of_threads'",
        ):
            connection.exec_driver_sql(statement)


def test_an_archive_of_before_is_brought_up_to_date(archive, place, query):
    save(archive, labelled())
    before = query("select * from labels order by id")
    make_as_before(archive)
    assert query(LABELS) == [(2, "rude", "0.2", 0.2), (2, "reason", REASON.value, None)]
    with Archive(place) as again:
        columns = "id, comment_id, thread_id, article_id, dataset_id, name, value, number, raters"
        assert query(f"select {columns} from labels order by id") == before
        assert save(again, rated(DAYS[1], native_id="t2"), labelled(DAYS[2]))["labels_new"] == 2
        (second,) = query("select id from threads where native_id = 't2'")
        assert query(ABOVE) == [(None, 1, *SAD_ROW), (*second, None, *CIVIL_ROW)]
        with pytest.raises(DBAPIError), again.transaction() as connection:
            connection.exec_driver_sql(
                "insert into labels (comment_id, thread_id, dataset_id, name, value) values (1, 1, 1, 'a', 'b')"
            )
    assert query.is_intact()


ADDED = (
    "alter table labels add column checked_by text",
    "create table notes (label_id integer references labels (id), note text)",
    "insert into notes values (1, 'ask the harbour')",
    "create index labels_checked on labels (checked_by)",
    "create trigger labels_noted after insert on labels begin insert into notes values (new.id, new.name); end",
    "create view rude_labels as select value from labels where name = 'rude'",
    "update labels set checked_by = 'ann' where id = 2",
    "drop index labels_name",
)


@sqlite_only
def test_what_somebody_added_to_labels_of_before_stays(archive, place, query):
    save(archive, labelled())
    make_as_before(archive)
    with archive.transaction() as connection:
        for statement in ADDED:
            connection.exec_driver_sql(statement)
    with Archive(place) as again:
        save(again, rated(DAYS[1], native_id="t2"))
    assert query("select id, checked_by from labels where checked_by is not null") == [(2, "ann")]
    assert query("select note from notes where label_id > 0") == [("ask the harbour",), (SAD.name,), (CIVIL.name,)]
    assert query("select * from rude_labels") == [("0.2",)]
    assert {("labels_checked",), ("labels_name",)} <= set(query("select name from sqlite_master where type = 'index'"))
    assert query.is_intact()
