"""Labels of threads and articles in tables: told from those of comments, and once, however often the rows repeat them."""

import csv
import sqlite3
import tomllib
from collections import Counter
from contextlib import closing

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.cli import main
from archive.importers.base import Options
from archive.importers.run import import_files
from archive.importers.tables.mapping import BadMapping, ColumnMapping, parse_mapping, write_mapping
from archive.store.archive import Archive

OF = "select name, value, number from labels where {}_id is not null order by id"
ABOVE = """
select coalesce(threads.native_id, articles.url), labels.name, labels.value from labels
left join threads on threads.id = labels.thread_id left join articles on articles.id = labels.article_id
where comment_id is null"""
WORDS = ("The ferry left early again.", "The bus is a better way to town.", "Why does the board not answer?")


def write(path, records):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for record in records for name in record)))
        writer.writeheader()
        writer.writerows(records)
    return path


def row(number, thread, **more):
    return {"comment_id": f"c{number}", "thread_id": thread, "author": f"reader {number % 3}",
            "comment": f"{WORDS[number % 3]} So says {number}.", **more}  # fmt: skip


def read(archive, path, **options):
    progress = import_files(archive, [str(path)], workers=0, options=Options(**options))
    assert progress.errors == []
    return progress


def test_a_label_that_all_rows_of_a_thread_share_is_the_thread_s_where_its_name_says_so(archive, query, tmp_path):
    records = [
        row(n, f"t{n % 4}", thread_tone=("calm", "harsh")[n % 4 % 2], articleIsOpinion=n % 4 // 2, sd_mood=("a", "b")[n % 2],
            conversation_left=n % 3 % 2, convincing=n % 4 % 2, rude=n % 2)
        for n in range(20)
    ]  # fmt: skip
    read(archive, write(tmp_path / "corpus.csv", records))
    assert Counter(query(OF.format("thread"))) == Counter({
        ("thread_tone", "calm", None): 2, ("thread_tone", "harsh", None): 2, ("sd_mood", "a", None): 2, ("sd_mood", "b", None): 2,
    })  # fmt: skip
    assert Counter(query(OF.format("article"))) == {
        ("articleIsOpinion", "0", 0.0): 2,
        ("articleIsOpinion", "1", 1.0): 2,
    }
    assert Counter(name for name, *_ in query(OF.format("comment"))) == dict.fromkeys(
        ("conversation_left", "convincing", "rude"), 20
    )


def test_the_user_says_what_a_label_is_of(archive, query, tmp_path):
    path = write(tmp_path / "corpus.csv", [row(n, f"t{n % 2}", verdict=n % 2, mood="sad" * (n % 2)) for n in range(6)])
    read(archive, path, roles={"thread_label.civil": "verdict", "article_label.mood": "mood", "label.rude": "author"})
    assert query(OF.format("thread")) == [("civil", "0", 0.0), ("civil", "1", 1.0)]
    assert query(OF.format("article")) == [("mood", "sad", None)]
    assert [value for _, value, _ in query(OF.format("comment"))] == [f"reader {n % 3}" for n in (0, 2, 4, 1, 3, 5)]
    assert query("select count(*) from commenters") == [(0,)]


def test_rows_of_raters_keep_each_of_their_answers(archive, query, tmp_path):
    answers = [("no", "yes"), ("no", "no"), ("yes", "yes")]
    records = [row(n, f"t{n // 2}", sd_agreed=answer) for n in range(6) for answer in answers[n // 2]]
    mapping = parse_mapping({"label": [{"column": "sd_agreed", "subject": "thread"}], "dataset": {"name": "corpus"},
                             "columns": {"body": "comment", "id": "comment_id", "thread": "thread_id"}}, "here")  # fmt: skip
    for _ in range(2):
        read(archive, write(tmp_path / "corpus.csv", records), mapping=mapping)
        assert [value for _, value, _ in query(OF.format("thread"))] == [value for pair in answers for value in pair]
    assert query(OF.format("comment")) == []


def test_articles_of_another_table_bring_their_labels(archive, query, tmp_path):
    path = tmp_path / "corpus.sqlite3"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table Articles (article_id, headline, tone)")
        db.executemany("insert into Articles values (?, ?, ?)", [("t0", "The quay", "calm"), ("t1", "The wall", None)])
        db.execute("create table Posts (comment_id, thread_id, author, comment)")
        db.executemany("insert into Posts values (?, ?, ?, ?)", [tuple(row(n, f"t{n % 2}").values()) for n in range(6)])
    columns = {"body": "comment", "id": "comment_id", "thread": "thread_id", "title": "headline"}
    mapping = parse_mapping({"columns": columns, "label": [{"column": "tone", "subject": "article"}], "source": {"table": "Posts"},
                             "article": {"join": {"table": "Articles", "on": "article_id"}}}, "here")  # fmt: skip
    read(archive, path, mapping=mapping)
    assert query(OF.format("article")) == [("tone", "calm", None)]


@pytest.mark.parametrize("crlf", ["\n", "\r\n"])
def test_ynacc(archive, query, tmp_path, crlf):
    about = [
        "sdid",
        "commentindex",
        "headline",
        "url",
        "guid",
        "commentid",
        "timestamp",
        "thumbs-up",
        "thumbs-down",
        "text",
    ]
    asked = ["sentiment", "tone", "commentagreement", "topic", "intendedaudience", "persuasiveness"]
    names = [*about, "parentid", "constructiveclass", "sd_agreement", "sd_type", *asked]
    lines = ["\t".join(names)]
    for n in range(8):
        sd, agreed = n // 4, ("Agreement", "Disagreement")[n % 2]
        lines.append("\t".join(
            [f"{sd}", f"{n // 2 % 2}", f"Story {sd}", f"https://news.example/{sd}", f"g{n // 2}", f"{sd}0{n // 2 % 2}",
             "2016-03-01 10:00:00", "3", "0", f"{WORDS[n // 2 % 3]} So {n // 2}.", f"{sd}00", "Constructive", agreed,
             "Argumentative", "mixed", "Informative", "Agreement with commenter", "Off-topic", "Reply to a person", "Persuasive"]
        ))  # fmt: skip
    (tmp_path / "ydata.tsv").write_text(crlf.join(lines), newline="")
    progress = read(archive, tmp_path / "ydata.tsv")
    assert (progress.counts["threads_new"], progress.counts["comments_new"]) == (2, 4)
    assert Counter(query(OF.format("thread"))) == {
        ("constructiveclass", "Constructive", None): 4, ("sd_agreement", "Agreement", None): 2,
        ("sd_agreement", "Disagreement", None): 2, ("sd_type", "Argumentative", None): 4,
    }  # fmt: skip
    assert Counter(name for name, *_ in query(OF.format("comment"))) == dict.fromkeys(asked, 8)


THREADS = st.lists(
    st.tuples(st.integers(1, 4), st.lists(st.sampled_from(["yes", "no", "0.25", "", "1"]), min_size=1, max_size=3)),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(THREADS, st.randoms(use_true_random=False))
def test_labels_of_threads_add_up_whatever_the_order_of_rows(tmp_path_factory, drawn, random):
    folder = tmp_path_factory.mktemp("labels")
    records = [{"id": f"{t}-{n}", "thread": f"t{t}", "comment": f"{WORDS[n % 3]} {t} {n}", "rated": value, "of article": value}
               for t, (comments, values) in enumerate(drawn) for n in range(comments) for value in values]  # fmt: skip
    random.shuffle(records)
    roles = {
        "body": "comment",
        "thread": "thread",
        "id": "id",
        "thread_label.rated": "rated",
        "article_label.of": "of article",
    }
    with Archive(folder / "archive.db") as archive:
        read(archive, write(folder / "corpus.csv", records), roles=roles)
        stored = Counter(tuple(row) for row in archive.read(ABOVE))
    expected = Counter(
        named for t, (_, values) in enumerate(drawn) for value in values if value
        for named in ((f"corpus:t{t}", "rated", value), (f"urn:dataset:corpus:t{t}", "of", value))
    )  # fmt: skip
    assert stored == expected


def test_a_label_of_threads_needs_threads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    records = [{"id": n, "comment": f"{WORDS[n % 3]} {n}", "rated": n % 2} for n in range(9)]
    write(tmp_path / "corpus.csv", records)
    done = CliRunner().invoke(main, ["import", "corpus.csv", "--map", "thread_label.civil=rated"])
    assert done.exit_code == 2
    assert "'rated' is a label of threads or articles, and no column says whose: --map thread=COLUMN" in done.output
    assert not (tmp_path / "archive.db").exists()


def test_the_dry_run_says_what_a_label_is_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "corpus.csv", [row(n, f"t{n % 3}", thread_tone=n % 3) for n in range(9)])
    done = CliRunner().invoke(main, ["import", "corpus.csv", "--dry-run"])
    assert "label          thread_tone  (count of the thread)" in done.output
    assert " 3 labels;" in done.output


def test_what_a_label_is_of_is_written_and_read_back():
    label = {"column": "a", "name": "b", "kind": "share", "subject": "article"}
    mapping = parse_mapping({"columns": {"body": "x"}, "label": [label, {"column": "c"}]}, "here")
    assert parse_mapping(tomllib.loads(write_mapping(mapping)), "there") == mapping
    assert "subject" not in write_mapping(ColumnMapping(labels=mapping.labels[1:]))
    for wrong, why in (({"subject": "outlet"}, "one of comment, thread, article"),
                       ({"subject": "thread", "flag": {"code": "content.insult", "at": 1}}, "raises no flag")):  # fmt: skip
        with pytest.raises(BadMapping, match=why):
            parse_mapping({"label": [label | wrong]}, "here")


def test_a_label_that_is_named_anew_takes_the_place_of_the_old_one():
    mapping = ColumnMapping().with_roles({"label.a": "x", "thread_label.a": "y"})
    again = mapping.with_roles({"label.a": "z", "thread_label.a": "", "body": "w"})
    assert [(label.column, label.name, label.subject) for label in again.labels] == [("z", "a", "comment")]
    assert again.with_roles({"body": "z"}).labels == ()
