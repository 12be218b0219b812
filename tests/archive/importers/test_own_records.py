"""What btl exports comes back equal, whatever the format: comments with all that is on record of them."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from archive.export.formats import FORMATS
from archive.export.selection import Selection, WrongUsage
from archive.export.write import export
from archive.importers.own_records import read_author, read_completeness, read_dataset, read_record, time_of
from archive.importers.run import import_files
from archive.store.archive import Archive
from archive.takedown import withhold
from archive.thread import Author, Dataset, Decision, EarlierText, Flag, Label, Moment
from tests.archive.store.test_save import DAYS, save
from tests.both_engines import query_of
from tests.trees import made, said

CORPUS = Dataset("harbour corpus", "2", "CC-BY-4.0", "Quay & Orr (2024)", "https://corpus.example/", is_shareable=True)
WROTE = "2026-03-13T08:00:00Z"
FULL = replace(
    said('The ferry, "as ever",\nwas late; =1+1', native_id="c1", url="https://courier.example/ferry#c1", likes=3,
         dislikes=0, parent_source="api", posted=Moment(WROTE, "8 o'clock", "minute"),
         flags=(Flag("platform.featured", "tag", "FEATURED"),)),
    author=Author("anna", "u1", is_guest=False, is_staff=True),
    labels=(Label("rude", "0.2", 0.2, 10), Label("rude", "0.2", 0.2, 10), Label("mood", "cross; very=so, \"yes\"", None, None, Dataset("second corpus"))),
    title="Late again", edited=Moment(WROTE, "a moment later", "minute"), reactions=(("sad", 2), ("score", -3)),
    earlier=(EarlierText("The ferry was late.", WROTE), EarlierText("Late.")), reports=(("SPAM", 2),),
    decisions=(Decision("PREMOD", "withheld", WROTE, "system"), Decision("APPROVED", "visible", None, "moderator", "OK", "as ever; on Sundays")),
)  # fmt: skip
COMMENTS = """
select threads.platform, threads.native_id, threads.url, stated_count, completeness, comment_count, articles.url,
  articles.title, articles.byline, articles.published_at, domain, outlets.name, section, articles.language,
  comments.native_id, parent_id, parent_native_id, position, depth, comments.body, posted_at, posted_at_text, posted_precision,
  parent_source, comments.state, likes, dislikes, comments.url, codes, commenters.name, commenters.native_id, is_guest,
  is_staff, comments.title, edited_at, edited_at_text, edited_precision, datasets.name, version, licence, citation,
  datasets.url, is_shareable
from comments join threads on threads.id = thread_id join articles on articles.id = article_id
left join outlets on outlets.id = articles.outlet_id left join commenters on commenters.id = commenter_id
left join datasets on datasets.id = dataset_id order by comments.id"""
OF_COMMENTS = (
    "select comment_id, datasets.name, labels.name, value, number, raters from labels join datasets on datasets.id = dataset_id where comment_id is not null order by labels.id",
    "select thread_id, article_id, datasets.name, labels.name, value, number, raters from labels join datasets on datasets.id = dataset_id where comment_id is null order by labels.id",
    "select comment_id, status, state, decided_at, decider, reason, explanation from decisions order by id",
    "select comment_id, kind, count from reports order by id",
    "select comment_id, kind, count from reactions order by id",
    "select comment_id, revision, body, written_at from comment_revisions order by id",
)  # fmt: skip
DATASETS = "select name, version, licence, citation, url, is_shareable from datasets order by name"
READ_BACK = {"jsonl": "threads.jsonl", "csv": "comments.csv", "parquet": "comments.parquet", "convokit": "corpus"}


def fill(archive):
    thread = made(
        FULL,
        said("No.", "tom", 0, native_id="c2", parent_native_id="c1"),
        said("A ferry of old.", "kim", native_id="c3"),
        said("Gone.", None, 2, native_id="c4", parent_native_id="c3", state="removed"),
        at=DAYS[0], native_id="n7", completeness="full", dataset=CORPUS, url="https://courier.example/ferry",
        labels=(Label("civil", "0.5", 0.5, 3), Label("civil", "0.5", 0.5, 3), Label("tone", "harsh, \"so\"", None, None, Dataset("third corpus", is_shareable=False))),
    )  # fmt: skip
    article = replace(thread.article, byline="Ida", section="Port", language="en", outlet_name="The Courier", labels=(Label("opinion", "no"), Label("length", "2", 2.0)),
                      published=Moment(WROTE, WROTE, "second"))  # fmt: skip
    save(archive, replace(thread, article=article))
    save(archive, made(said("b", None, parent_source="unknown"), url="https://courier.example/2", at=DAYS[1]))


def everything(query, *, without=()):
    rows = query(COMMENTS)
    return [tuple(value for number, value in enumerate(row) if number not in without) for row in rows], [
        query(statement) for statement in OF_COMMENTS
    ]


def exported(archive, form, folder, selection=Selection()):  # noqa: B008
    target = folder / READ_BACK[form]
    if FORMATS[form].FOLDER:
        export(archive.path, form, target, selection)
    else:
        with target.open("wb") as file:
            export(archive.path, form, file, selection)
    return str(target)


# A corpus of ConvoKit may be a selection, and says not where a top comment's parent was read.
LOST = {"jsonl": (), "csv": (), "parquet": (), "convokit": (4, 23)}


@pytest.mark.parametrize("form", READ_BACK)
def test_all_of_it_comes_back_equal_and_once(archive, query, tmp_path, form):
    fill(archive)
    file = exported(archive, form, tmp_path)
    with Archive(tmp_path / "copy.db") as copy:
        assert import_files(copy, [file], workers=0).errors == []
        with query_of(tmp_path / "copy.db") as query_copy:
            assert everything(query_copy, without=LOST[form]) == everything(query, without=LOST[form])
            assert query_copy(DATASETS) == query(DATASETS)
        before = copy.read("select count(*) from comments"), copy.read("select count(*) from labels")
        assert import_files(copy, [file], workers=0).counts["comments_new"] == 0
        assert (copy.read("select count(*) from comments"), copy.read("select count(*) from labels")) == before
    progress = import_files(archive, [file], workers=0)  # where it came from, it adds nothing
    assert (progress.errors, progress.counts["comments_new"], query("select count(*) from events")) == ([], 0, [(0,)])


@pytest.mark.parametrize("form", READ_BACK)
def test_a_selection_concludes_nothing_of_what_is_not_in_it(archive, query, tmp_path, form):
    fill(archive)
    file = exported(archive, form, tmp_path, Selection(where="author = 'tom'"))
    import_files(archive, [file], workers=0)
    assert query("select count(*) from comments where state = 'missing'") == [(0,)]
    assert query("select count(*) from events") == [(0,)]


@pytest.mark.parametrize(
    ("selection", "bodies"),
    [
        ({"label": "mood: cross; very=so, \"yes\""}, 1), ({"label": "mood"}, 1), ({"decision": "APPROVED"}, 1),
        ({"report": "SPAM", "decision": "PREMOD"}, 1), ({"report": "SPAM", "where": "author = 'tom'"}, 0),
        ({"label": "rude"}, WrongUsage), ({"decision": "approved"}, WrongUsage), ({"report": "x"}, WrongUsage),
    ],
)  # fmt: skip
def test_a_selection_by_what_was_said_of_comments(archive, tmp_path, selection, bodies):
    fill(archive)
    if bodies is WrongUsage:  # of a share below a half, and of names that nobody gave
        with pytest.raises(WrongUsage, match="no comment with the"):
            exported(archive, "csv", tmp_path, Selection(**selection))
    else:
        file = exported(archive, "csv", tmp_path, Selection(**selection))
        assert len(list(csv.DictReader(io.StringIO(Path(file).read_text("utf-8"))))) == bodies


@pytest.mark.parametrize("form", READ_BACK)
def test_nothing_of_a_withheld_comment_is_in_any_of_them(archive, tmp_path, form):
    fill(archive)
    withhold.withhold(archive, "comment", 1, "privacy")
    file = exported(archive, form, tmp_path)
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.suffix in (".jsonl", ".csv", ".json"))
    if form == "parquet":
        import pyarrow.parquet as pq

        content = json.dumps(pq.read_table(file).to_pylist(), default=str).encode()
    for text in ("Late again", "was late", "as ever; on Sundays", "cross; very"):
        assert text.encode() not in content


def test_what_is_of_another_kind_is_left_out():
    row = {"labels": '[{"name": "x", "value": 3}, 7, {"value": "y"}]', "decisions": "[[", "reports": {"kind": "x"},
           "earlier": [{"body": None}], "reactions": [{"kind": "a", "count": "many"}], "title": 9}  # fmt: skip
    assert not any(read_record(row).values())
    assert read_author({"author": "", "author_native_id": None}) is None
    assert read_dataset("harbour") == Dataset("harbour")
    assert read_dataset({"version": "2"}) is None
    assert time_of("2026-03-14 09:02:11+00:00") == "2026-03-14T09:02:11Z"
    assert [read_completeness(*values) for values in (("full", 3, 2), ("full", "2", 2), (None, None, 0))] == [
        "partial",
        "full",
        "unknown",
    ]
