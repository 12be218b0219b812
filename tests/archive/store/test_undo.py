"""An import that is undone leaves no trace but its own row; what others built on it is never thrown away."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.cli import main
from archive.importers.run import import_files
from archive.store.archive import Archive
from archive.store.flags import Subject
from archive.store.schema import TABLES
from archive.store.undo import CannotUndo, NothingToUndo, undo_import
from archive.takedown.erase_rows import destroy_rows
from archive.takedown.withhold import restore, withhold
from archive.thread import Author, Dataset, Flag, Label, Moment
from tests.both_engines import FileQuery
from tests.documents import HARBOUR, numbered
from tests.made_once import new_archive
from tests.trees import comments, made, said

DAYS = [f"2026-03-{day:02}T06:00:00Z" for day in range(14, 24)]
ACCOUNT = Author("anna", "h1")
CORPUS = Dataset("harbour corpus")


def save(archive, *threads, kind="import"):
    run = archive.begin_run(kind, {"paths": []})
    saved = archive.save(threads, run)
    assert not saved.failures
    archive.end_run(run, "done", dict(saved.counts))
    return run.id


def rows_of(query):
    assert query.is_intact()
    return {
        name: query(f'select * from "{name}" order by 1') for name in TABLES if name not in ("runs", "search_changes")
    }


FIRST = made(
    said("Good work by the masons.", native_id="1", likes=3, dislikes=0),
    said("In frost, too.", native_id="2", parent=0, parent_native_id="1", reactions=(("sad", 2),)),
    said("The quay is next.", native_id="3", flags=(Flag("platform.featured", "tag"),)),
    said("It leaks.", native_id="5"),
    at=DAYS[0],
)
FIRST = replace(FIRST, comments=(*FIRST.comments, replace(said("Seen it."), author=ACCOUNT, native_id="6")))
# Whatever a later look may find: another article, edited, gone, moved, renamed, voted on, labelled, and new.
SECOND = made(
    said("Good work by the masons. Edited: and by Ida.", native_id="1", likes=5, dislikes=1, labels=(Label("kind", "1"),)),
    said("The quay is next.", native_id="3", parent=0, parent_native_id="1", reactions=(("sad", 1),)),
    said("You are all idiots.", native_id="4", author="kim"),
    at=DAYS[1], completeness="full", closed=True, stated_count=9, dataset=CORPUS, flags=(Flag("platform.closed", "x"),),
    labels=(Label("civil", "1"),),
)  # fmt: skip
SECOND = replace(
    SECOND,
    article=replace(
        SECOND.article,
        body="The first ferry leaves at 06:10.",
        outlet_name="The Courier",
        byline="Ida",
        labels=(Label("mood", "sad"),),
    ),
    comments=(
        *SECOND.comments,
        replace(said("Seen it."), author=replace(ACCOUNT, name="anna b."), native_id="6"),
        said("In frost, too.", native_id="2", author="anna k.", reactions=(("sad", 4), ("wow", 1))),
    ),
)


@pytest.fixture
def two(archive, query):
    """An archive of two looks at one thread, and its rows after the first."""
    save(archive, FIRST, kind="crawl")
    before = rows_of(query)
    elsewhere = replace(SECOND.article, url="https://courier.example/2")
    run = save(archive, SECOND, replace(SECOND, article=elsewhere, capture=replace(SECOND.capture, sha256="c" * 64)))
    after = rows_of(query)
    changed = {name for name in after if after[name] != before[name]}
    assert changed >= {"articles", "article_revisions", "comments", "comment_revisions", "commenters", "events", "labels",
                       "flags", "reactions", "threads", "visits", "captures", "outlets", "datasets", "totals"}  # fmt: skip
    return before, run


def test_everything_is_as_before(archive, query, two):
    before, run = two
    undone = undo_import(archive, run)
    assert undone.counts["threads"] == 1
    assert undone.counts["restored"] > 3
    assert rows_of(query) == before
    assert query(f"select outcome from runs where id = {run}") == [("undone",)]
    with pytest.raises(NothingToUndo, match="undone before"):
        undo_import(archive, run)
    assert rows_of(query) == before
    again = save(archive, SECOND)  # by the same open archive, which knew ids that are gone
    undo_import(archive, again)
    assert rows_of(query) == before


@pytest.mark.slow
@given(st.booleans(), st.lists(st.booleans(), min_size=1, max_size=3), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
def test_whatever_is_imported(tmp_path_factory, is_native, places, data):
    path = new_archive(tmp_path_factory.mktemp("any") / "archive.db")
    query = FileQuery(path)
    looks = [data.draw(comments(native=is_native, most=8)) for _ in range(len(places) + 1)]
    with Archive(path) as archive:
        save(archive, made(*looks[0], at=DAYS[3]))
        before = rows_of(query)
        threads = [
            made(*look, at=data.draw(st.sampled_from(DAYS)), completeness="full",
                 url=f"https://courier.example/{'ferry' if is_same else number}")
            for number, (is_same, look) in enumerate(zip(places, looks[1:], strict=True))
        ]  # fmt: skip
        run = save(archive, *threads)
        undo_import(archive, run)
    assert rows_of(query) == before


def test_later_imports_that_share_nothing_but_names_stay(archive, query):
    first = save(archive, made(said("a", "kim")))
    save(archive, made(said("b", "kim"), url="https://courier.example/2"))
    undo_import(archive, first)
    assert query(
        "select body, commenters.name, domain from outlets, comments join commenters on commenters.id = commenter_id"
    ) == [("b", "kim", "courier.example")]
    assert query("select name, value from totals where name in ('comments', 'commenters', 'outlets') order by 1") == [
        ("commenters", 1),
        ("comments", 1),
        ("outlets", 1),
    ]
    rows_of(query)


def refused(archive, query, run, reason):
    before = rows_of(query)
    with pytest.raises(CannotUndo, match=reason):
        undo_import(archive, run)
    assert rows_of(query) == before
    save(archive, made(said("x"), url="https://courier.example/other"))  # and the archive works on


def test_a_later_visit_stands_in_the_way_until_it_is_undone(archive, query, two):
    before, run = two
    later = save(archive, replace(SECOND, capture=replace(SECOND.capture, sha256="f" * 64, fetched_at=DAYS[2])))
    refused(archive, query, run, rf"run {later} \(import\) has read 1 of its threads since")
    undo_import(archive, later + 1)
    undo_import(archive, later)
    undo_import(archive, run)
    assert rows_of(query) == before


def test_a_review_stands_in_the_way(archive, query, two):
    _, run = two
    ((flag,),) = query("select min(id) from flags where code = 'content.insult'")
    with archive.transaction() as connection:
        connection.exec_driver_sql(
            "insert into reviews (flag_id, reviewer, verdict, reviewed_at) values (?, 'ida', 'confirmed', ?)",
            (flag, DAYS[2]),
        )
    refused(archive, query, run, "1 of its flags was reviewed")


@pytest.mark.parametrize("is_restored", [False, True])
@pytest.mark.parametrize("native_id", ["4", "1"])
def test_what_was_withheld_since_stands_in_the_way(archive, query, two, native_id, is_restored):
    _, run = two
    ((comment,),) = query(f"select min(id) from comments where native_id = '{native_id}'")
    withhold(archive, "comment", comment, "request")
    if is_restored:
        restore(archive, "comment", comment)
    if is_restored and native_id == "1":
        undo_import(archive, run)  # of another run, and as it was
    else:
        refused(archive, query, run, "withheld")


def test_texts_that_were_flagged_anew_stand_in_the_way(archive, query, two):
    _, run = two
    ((comment, revision),) = query("select id, revision from comments where native_id = '1' order by id limit 1")
    later = archive.begin_run("flag", {})
    with archive.transaction() as connection:
        from archive.store.flags import FlagWriter
        from archive.store.writer import RowWriter

        writer = FlagWriter(RowWriter(connection), {}, later.id, DAYS[3])
        writer.raise_flags(
            Subject("comment_id", comment, revision), [Flag("content.link", "r", None, 0, 4)], text="Good"
        )
        writer.flush()
    refused(archive, query, run, "flagged since")


def test_suppressed_comments_that_arrived_go_and_the_suppression_holds(archive, query):
    save(archive, FIRST)
    ((comment,),) = query("select id from comments where native_id = '1'")
    withhold(archive, "comment", comment, "request")
    before = rows_of(query)
    elsewhere = replace(FIRST, platform="feed", capture=replace(FIRST.capture, sha256="e" * 64, fetched_at=DAYS[1]))
    run = save(archive, elsewhere)
    assert query("select withheld from comments where native_id = '1'") == [("request",), ("request",)]
    undo_import(archive, run)
    assert rows_of(query) == before


def test_what_is_erased_is_not_kept_for_an_undo(archive, query, two):
    _, run = two
    ((commenter,),) = query("select id from commenters where native_id = 'h1'")
    noted = query("select before from import_changes where name = 'commenters' and before is not null")
    assert {"name": "anna"} in [json.loads(before) for (before,) in noted]
    destroy_rows(archive, "commenter", commenter, "request")
    assert query("select before from import_changes where name = 'commenters' and before is not null") == []
    assert not any("masons" in (text or "") for (text,) in query("select before from import_changes"))
    undo_import(archive, run)
    assert query("select name from commenters where id = " + str(commenter)) == [(None,)]


def test_former_addresses_of_an_erased_article_are_not_kept_for_an_undo(archive, query, two):
    noted = "select name from import_changes where name in ('articles', 'threads') and before is not null order by name"
    assert query(noted) == [("articles",), ("threads",)]
    destroy_rows(archive, "article", 1, "request")
    assert query(noted) == []


def test_a_name_that_is_withheld_is_not_put_back(archive, query, two):
    _, run = two
    ((commenter,),) = query("select id from commenters where native_id = 'h1'")
    withhold(archive, "commenter", commenter, "request")
    refused(archive, query, run, "that it changed are withheld")


def test_an_article_that_is_withheld_is_not_put_back(archive, query, two):
    _, run = two
    withhold(archive, "article", 1, "request")
    refused(archive, query, run, "that it changed are withheld")


def test_kept_copies_go_with_the_last_capture_that_needs_them(archive, query, tmp_path):
    (tmp_path / "a.txt").write_text(HARBOUR)
    first = import_files(archive, [str(tmp_path / "a.txt")], keep=True)
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": numbered(3), "url": "https://courier.example/3"}))
    second = import_files(archive, [str(tmp_path / "b.jsonl")], keep=True)
    undone = undo_import(archive, second.run)
    assert undone.files == second.kept
    assert [file.exists() for file in (*first.kept, *second.kept)] == [True, False]


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(HARBOUR)
    btl = lambda *arguments: CliRunner().invoke(main, ["import", *arguments])  # noqa: E731
    done = btl("a.txt")
    assert "btl import --undo 1 takes it back." in done.stderr
    assert json.loads(btl("a.txt", "--json").stdout)["run"] == 2
    assert btl("--undo", "2").exit_code == 2  # brought nothing
    assert btl("--undo", "7").exit_code == 2
    assert btl("--undo", "1", "a.txt").exit_code == 2
    undone = btl("--undo", "1", "--json")
    assert undone.exit_code == 0
    counts = json.loads(undone.stdout)["counts"]
    assert (counts["threads"], counts["comments"], counts["restored"], counts["files"]) == (1, 5, 0, 0)
    assert btl("--undo", "1").exit_code == 2
    assert "1 new thread, 5 new comments" in btl("a.txt").stdout
    assert btl("--undo", "3").stdout == "run 3 undone: 1 article, 1 thread and 5 comments deleted.\n"


def test_an_import_that_noted_nothing_is_refused(archive, query):
    run = save(archive, FIRST)
    with archive.transaction() as connection:
        connection.exec_driver_sql("delete from import_changes")
    refused(archive, query, run, "did not note what an import changes")


def test_posted_dates_are_no_part_of_what_changes(archive, query):
    dated = made(said("a", native_id="1", posted=Moment(DAYS[0], "today", "day")), at=DAYS[0])
    save(archive, dated)
    before = rows_of(query)
    undo_import(
        archive, save(archive, replace(dated, capture=replace(dated.capture, sha256="d" * 64, fetched_at=DAYS[1])))
    )
    assert rows_of(query) == before
