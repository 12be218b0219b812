"""What datasets say of comments, shown beside flags and to be searched by."""

import re
from dataclasses import replace

import pytest

from archive.search import index
from archive.search.build import build
from archive.site.app import application
from archive.store.archive import Archive
from archive.takedown import withhold
from archive.thread import Dataset, Decision, Label
from tests.archive.store.test_save import DAYS, save
from tests.archive_fixture import page
from tests.trees import made, said

CORPUS = Dataset("harbour <corpus>", "2", "CC-BY-4.0", "Quay & Orr (2024)", "https://corpus.example/harbour")
OTHER = Dataset("second corpus")
MANY = tuple(Label(f"question {number}", "0", 0.0) for number in range(20))
COMMENTS = (
    said("The ferry was early.", labels=(Label("rude", "0.2", 0.2, 10), Label("kind", "1", 1.0))),
    said("The ferry was late.", labels=(Label("rude", "0.8", 0.8), Label("mood", "<b>cross</b>"), *MANY)),
    said("No ferry came at all.", labels=(Label("kind", "1", 1.0, None, OTHER), Label("rude", "no"))),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "archive.db"
    with Archive(path) as archive:
        save(archive, made(*COMMENTS, at=DAYS[0], native_id="t1", dataset=CORPUS))
        save(archive, made(said("Another ferry."), at=DAYS[0], native_id="t2", url="https://courier.example/b"))
        withheld = made(said("A ferry of old.", labels=(Label("rude", "gone"),)), native_id="t3", dataset=OTHER)
        save(archive, withheld)
        withhold.withhold(archive, "comment", 5, "privacy")
    return application(path)


def test_a_thread_names_its_dataset_and_shows_labels_the_highest_first(site):
    html = page(site, "/thread/1")
    assert '<a href="https://corpus.example/harbour"' in html
    assert "<bdi>harbour &lt;corpus&gt;</bdi></a>, version <bdi>2</bdi> (<bdi>CC-BY-4.0</bdi>)" in html
    assert "Quay &amp; Orr (2024)" in html
    assert "2 labels of" in html
    assert html.index("<bdi>kind</bdi>: <bdi>1</bdi>") < html.index("<bdi>rude</bdi>: <bdi>0.2</bdi> (10 raters)")
    assert "<bdi>mood</bdi>: <bdi>&lt;b&gt;cross&lt;/b&gt;</bdi>" in html
    assert "22 labels of" in html
    assert html.count("question ") == 10
    assert "labels?comment_id=2" in html
    assert "2 labels of 2 datasets" in html
    assert "<bdi>rude</bdi>: <bdi>no</bdi>, <bdi>harbour &lt;corpus&gt;</bdi>" in html
    assert "labels of" in page(site, "/comment/1")


def test_a_thread_shows_what_moderators_decided_and_readers_reported(tmp_path):
    decision = Decision("REJECTED", "removed", DAYS[0], "moderator", "<i>SPAM</i>", "kim again")
    comment = said("Buy a ferry.", decisions=(decision,), reports=(("SPAM", 2),))
    with Archive(tmp_path / "archive.db") as archive:
        save(archive, made(comment, at=DAYS[0]))
    html = page(application(tmp_path / "archive.db"), "/thread/1")
    assert f"REJECTED by moderator, {DAYS[0]}, reason: &lt;i&gt;SPAM&lt;/i&gt;" in html
    assert "<bdi>reported</bdi>: <bdi>SPAM (2)</bdi>" in html
    assert "kim again" not in html


REJECTED = Decision("REJECTED", "removed", DAYS[0], "moderator")
SAID = (
    said(
        "The ferry was early.",
        decisions=(Decision("PREMOD", "withheld"), REJECTED),
        labels=(Label("mood", "Very cross"),),
    ),
    said("The ferry was late.", decisions=(REJECTED,), reports=(("SPAM", 2), ("off topic", 1))),
    said("No ferry came.", reports=(("SPAM", 1), ("OTHER", 0))),
    said("A ferry of old.", decisions=(REJECTED,), reports=(("SPAM", 1),)),
)


@pytest.mark.parametrize("is_indexed", [False, True])
def test_search_filters_by_what_moderators_decided_and_readers_reported(tmp_path, is_indexed):
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        save(archive, made(*(replace(c, decisions=(), reports=()) for c in SAID), at=DAYS[0], dataset=CORPUS))
        if is_indexed:
            build(path)
        save(archive, made(*SAID, at=DAYS[1], dataset=CORPUS))  # which changes stored comments
        withhold.withhold(archive, "comment", 4, "privacy")
    site = application(path)
    for query, found in (
        ("q=ferry&decision=REJECTED", 2),
        ("q=ferry&decision=rejected", 0),
        ("q=ferry&report=SPAM", 2),
        ("q=ferry&report=OTHER", 0),
        ("q=ferry&report=SPAM&decision=REJECTED", 1),
        ("q=ferry+decision:rejected", 2),
        ("q=decision:premod", 1),
        ("q=ferry+-decision:premod", 2),
        ("q=report:%22off+topic%22+OR+label:%22mood:+very+cross%22", 2),
        ("q=ferry+report:off*", 1),
    ):
        assert f"{found} comment" in page(site, f"/search?{query}"), query
    html = page(site, "/search?q=ferry")
    assert 'decision=REJECTED" rel="nofollow"><bdi>REJECTED</bdi></a> <span class="note">2</span>' in html
    assert 'report=SPAM" rel="nofollow"><bdi>SPAM</bdi></a> <span class="note">2</span>' in html
    assert "OTHER" not in html
    assert "decision: has no value" in page(site, "/search?q=decision:")


def test_where_the_index_has_too_many_labels_to_look_through_full_text_answers(tmp_path, monkeypatch):
    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        save(archive, made(*SAID, at=DAYS[0], dataset=CORPUS))
    build(path)
    monkeypatch.setattr(index, "MOST_VALUES", 2)
    assert "1 comment match" in page(application(path), "/search?q=decision:premod")


def test_a_thread_and_its_article_show_what_datasets_say_of_them(tmp_path):
    civil, many = Label("civil", "<i>0.8</i>", 0.8, 3), (*MANY, Label("of note", "1", 1.0, None, OTHER))
    shown = made(said("The ferry was early."), at=DAYS[0], native_id="t1", dataset=CORPUS, labels=(civil,))
    hidden = made(said("Late."), native_id="t2", url="https://courier.example/2", dataset=CORPUS, labels=(civil,))
    with Archive(tmp_path / "archive.db") as archive:
        save(archive, replace(shown, article=replace(shown.article, labels=many)))
        save(archive, replace(hidden, article=replace(hidden.article, labels=many)))
        withhold.withhold(archive, "thread", 2, "privacy")
    site = application(tmp_path / "archive.db")
    html, of_article = page(site, "/thread/1"), page(site, "/article/1")
    assert "1 label of <bdi>harbour &lt;corpus&gt;</bdi>" in html
    assert "<bdi>civil</bdi>: <bdi>&lt;i&gt;0.8&lt;/i&gt;</bdi> (3 raters)" in html
    for page_of_article in (html, of_article):
        assert "21 labels of 2 datasets" in page_of_article
        assert "<ul><li><bdi>of note</bdi>: <bdi>1</bdi>, <bdi>second corpus</bdi></li>" in page_of_article
        assert '/labels?article_id=1">all</a>' in page_of_article
    assert "civil" not in of_article
    assert "civil" not in page(site, "/thread/2")
    assert "of note" not in page(site, "/thread/2") + page(site, "/article/2")


def test_threads_are_listed_by_what_datasets_say_of_them(tmp_path, site):
    labels = {"a": (Label("civil", "0.8", 0.8),), "b": (Label("civil", "0.2", 0.2), Label("mood", "sad")), "c": ()}
    with Archive(tmp_path / "archive.db") as archive:
        for name, of_thread in labels.items():
            thread = made(
                said("Fog."),
                at=DAYS[0],
                native_id=name,
                url=f"https://courier.example/{name}",
                dataset=CORPUS,
                labels=of_thread,
            )
            of_article = (Label("of note", "1", 1.0),) if name == "c" else ()
            save(archive, replace(thread, article=replace(thread.article, labels=of_article)))
    labelled = application(tmp_path / "archive.db")
    for query, found in (
        ("label=civil", [1]), ("label=mood", [2]), ("label=mood:+sad", [2]), ("label=of+note", [3]), ("label=", [3, 2, 1]),
        ("label=<i>", []), ("label=mood&completeness=full", []),
    ):  # fmt: skip
        html = page(labelled, f"/threads?{query}")
        assert re.findall(r'<th scope="row"><a href="/thread/(\d+)"', html) == [str(number) for number in found], query
    assert "Label of a dataset" in html
    assert "is nothing to choose by “label”" in page(labelled, f"/threads?label={'x' * 201}")
    assert "Label of a dataset" not in page(site, "/threads")


def test_a_thread_of_no_dataset_names_none(site):
    html = page(site, "/thread/2")
    assert "Dataset" not in html
    assert "labels of" not in html


def test_of_a_withheld_comment_no_label_is_shown(site):
    assert "label" not in page(site, "/thread/3").partition('id="c5"')[2].partition("</article>")[0]


def test_search_filters_by_dataset_and_by_what_labels_found(site):
    html = page(site, "/search?q=ferry")
    assert "<bdi>harbour &lt;corpus&gt;</bdi></a>" in html
    for query, found in (
        ("dataset=1", 3),
        ("dataset=2", 0),
        ("dataset=x", 4),
        ("label=rude", 1),
        ("label=kind", 2),
        ("label=mood%3A+%3Cb%3Ecross%3C%2Fb%3E", 1),
        ("label=rude%3A+no", 0),
        ("label=question+1", 0),
        ("dataset=1&label=kind", 2),
    ):
        assert f"{found} comment" in page(site, f"/search?q=ferry&{query}"), query
