"""The benchmark of the seed-text importer: its pages are true, its measure sees faults, its floors hold."""

import json
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from resiliparse.extract.html2text import extract_plain_text

from archive.thread import Author, Comment, Moment
from benchmarks import import_quality
from benchmarks.import_quality import FLOORS, Tally, below, failure, main, measure, pinned, tallies
from benchmarks.pages import FAMILIES, THEMES, Page, generate
from benchmarks.pages.plain import SHAPES
from benchmarks.pages.sites import LIST_SITES
from benchmarks.pages.talk import MARKS, folded
from benchmarks.verdict import judged, likeness, matched

PAGES = import_quality.QUICK
WITH_COMMENTS = [family for family in FAMILIES if family != "no_comments"]
TALKING = st.builds(
    lambda family, seed: next(page for page in generate(family, 40, seed) if len(page.comments) > 1),
    st.sampled_from(["disqus_static", "real_world", "no_lists"]),
    st.integers(0, 50),
)


@dataclass(frozen=True)
class Read:
    comments: tuple[Comment, ...] = ()
    title: str | None = None
    stated_count: int | None = None
    closed: bool | None = None


def truly(page: Page) -> Read:
    """A reading without a fault."""
    comments = tuple(
        Comment(
            truth.body,
            parent=truth.parent,
            author=Author(truth.author) if truth.author is not None else None,
            posted=Moment(text=truth.posted) if truth.posted is not None else None,
        )
        for truth in page.comments
    )
    return Read(comments, page.title, page.stated, page.closed)


def spoilt(page: Page, index: int, **changes: object) -> dict[str, list[int]]:
    """What the measure says where one comment of a faultless reading is changed."""
    read = truly(page)
    changed = replace(read.comments[index], **changes)
    comments = (*read.comments[:index], changed, *read.comments[index + 1 :])
    return {
        wrong: indices for wrong, indices in judged(page, replace(read, comments=comments)).wrongs.items() if indices
    }


@pytest.fixture(scope="module")
def results() -> list:
    return list(measure(import_quality.reader(), FAMILIES, PAGES, seed=1))


def test_scores_stay_at_their_floors(results) -> None:
    assert below(tallies(results, lambda page: page.family), FLOORS) == []


def test_every_family_has_floors() -> None:
    assert set(FLOORS) == set(FAMILIES) - set(import_quality.UNSCORED)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_gives_the_same_pages_again(family) -> None:
    def texts(seed: int) -> list[tuple[str, object]]:
        return [(page.text, page.comments) for page in generate(family, 12, seed)]

    assert texts(3) == texts(3)
    assert texts(3) != texts(4)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_mark_is_left(family) -> None:
    for page in generate(family, PAGES):
        assert not MARKS.search(page.text + page.html + repr(page.comments))


@pytest.mark.parametrize("family", [family for family in FAMILIES if family != "lossy"])
def test_texts_are_what_the_converter_makes_of_the_page(family) -> None:
    for page in generate(family, PAGES):
        assert page.text == extract_plain_text(page.html, main_content=page.main_content)


@pytest.mark.parametrize("family", WITH_COMMENTS)
def test_expected_comments_stand_in_the_text_in_order(family) -> None:
    for page in generate(family, PAGES):
        text, place = folded(page.text), 0
        for truth in page.comments:
            place = text.find(folded(truth.body), place)
            assert place >= 0, f"{page.variant}: {truth.body!r} is not in the text"


@pytest.mark.parametrize("family", WITH_COMMENTS)
def test_expected_names_and_dates_stand_in_the_text(family) -> None:
    for page in generate(family, PAGES):
        for truth in page.comments:
            assert truth.author is None or truth.author in page.text
            assert truth.posted is None or " ".join(truth.posted.split()) in " ".join(page.text.split())
            assert truth.author in (None, truth.name)


@pytest.mark.parametrize("family", WITH_COMMENTS)
def test_parents_stand_before_their_replies_and_at_most_eight_levels_deep(family) -> None:
    deepest = 0
    for page in generate(family, PAGES):
        depths: list[int] = []
        for index, truth in enumerate(page.comments):
            assert truth.parent is None or truth.parent < index
            depths.append(1 if truth.parent is None else depths[truth.parent] + 1)
        deepest = max(deepest, *depths, 0)
    assert 4 < deepest <= 8


def test_there_are_pages_of_many_shapes() -> None:
    assert len(LIST_SITES) >= 25
    assert len(SHAPES) >= 40
    for pool in (*THEMES.values(), SHAPES):
        names = [shape.name for shape in pool]
        assert len(names) == len(set(names))
        assert not any("," in name for name in names if pool is LIST_SITES)


def test_pages_without_comments_expect_none_and_say_something() -> None:
    for page in generate("no_comments", 2 * len(SHAPES)):
        assert page.comments == ()
        assert page.text


def test_every_site_shows_its_comments() -> None:
    shown = {site.name: [] for site in LIST_SITES}
    for page in generate("real_world", 2 * len(LIST_SITES)):
        shown[page.variant.split(", ")[0]].append(page)
    for name, pages in shown.items():
        assert any(page.comments for page in pages), name
        assert all("\n  • " in page.text or "\n  1. " in page.text for page in pages if page.comments), name


def test_lossy_texts_lost_authors_that_the_others_show() -> None:
    lost = [truth for page in generate("lossy", PAGES) for truth in page.comments if truth.author is None]
    assert lost


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(FAMILIES), st.integers(0, 1000))
def test_a_faultless_reading_has_no_faults(family, seed) -> None:
    tally = Tally()
    for page in generate(family, 8, seed):
        verdict = judged(page, truly(page))
        assert not any(verdict.wrongs.values())
        tally.add(verdict, 0.0)
    for score, value in tally.scores().items():
        assert value in (None, 0.0 if score in import_quality.LOWER_IS_BETTER else 100.0)


@settings(max_examples=10, deadline=None)
@given(TALKING)
def test_faults_are_seen(page) -> None:
    last = len(page.comments) - 1
    truth = page.comments[last]
    other = None if truth.parent is not None else last - 1
    assert spoilt(page, last, parent=other) == {"parent": [last]}
    assert spoilt(page, last, author=Author("Somebody Else"))["wrong_name"] == [last]
    assert spoilt(page, last, body=truth.body + " Reply").get("body", [last]) == [last]
    assert spoilt(page, last, body="Unheard of words, at some length, about zinc and quartz")["missing"] == [last]


def test_a_missing_and_an_invented_comment_are_seen() -> None:
    page = next(page for page in generate("disqus_static", 20) if len(page.comments) > 2)
    read = truly(page)
    verdict = judged(page, replace(read, comments=read.comments[:-1]))
    assert verdict.wrongs["missing"] == [len(page.comments) - 1]
    more = (*read.comments, Comment("Our partners: zinc, quartz and xylophones of all sizes"))
    assert judged(page, replace(read, comments=more)).wrongs["invented"] == [len(page.comments)]


def test_a_name_that_the_text_lost_may_stay_away() -> None:
    page = next(page for page in generate("lossy", 60) if any(truth.author is None for truth in page.comments))
    index = next(index for index, truth in enumerate(page.comments) if truth.author is None)
    assert spoilt(page, index, author=None) == {}
    assert spoilt(page, index, author=Author("Nobody in particular"))["author"] == [index]


def test_bodies_match_in_order_and_nearly() -> None:
    assert matched(["a", "b", "a"], ["a", "b", "a"]) == {0: 0, 1: 1, 2: 2}
    assert matched(["The ferry is late today.", "Nice!"], ["Nice!"]) == {1: 0}
    assert matched(["The ferry is late today."], ["zinc", "The ferry is late today. Reply"]) == {0: 1}
    assert matched(
        ["First words stand here", "then others follow"], ["First words stand her", "then others folow"]
    ) == {
        0: 0,
        1: 1,
    }
    assert matched([], ["a"]) == {}


def test_likeness() -> None:
    assert likeness("same", "same") == 1.0
    assert likeness("", "x") == 0.0
    assert 0.6 < likeness("The ferry is late", "The ferry is late. Reply") < 1
    assert likeness("No.", "We said so. No. That is all there is to it.") == 0.0
    assert likeness("abcdef", "uvwxyz") == 0.0


def test_floors_and_ceilings() -> None:
    page = next(page for page in generate("real_world", 20) if page.comments)
    tally = Tally()
    tally.add(judged(page, Read((Comment("Our partners: zinc and quartz"),))), 0.0)
    said = below({"real_world": tally}, {"real_world": {"found": 90, "invented": 5, "parent": 99}})
    assert said == ["real_world: found is 0.00 %, pinned at 90 %", "real_world: invented is 100.00 %, pinned at 5 %"]


def test_pinned_floors_hold_for_every_run() -> None:
    runs = [
        tallies(
            [(judged(page, truly(page)), 0.0) for page in generate("real_world", 9, seed)], lambda page: page.family
        )
        for seed in (1, 2)
    ]
    floors = pinned(runs)
    assert floors["real_world"]["found"] == 100
    assert floors["real_world"]["wrong_names"] == 0
    assert [below(run, floors) for run in runs] == [[], []]


def test_a_failure_shows_text_and_both_trees() -> None:
    page = next(page for page in generate("disqus_static", 20) if len(page.comments) > 2)
    shown = "\n".join(failure(judged(page, Read(truly(page).comments[:1]))))
    assert page.title in shown
    assert "<<< WRONG: missing" in shown
    assert "---- read" in shown


def test_command(monkeypatch, capsys) -> None:
    monkeypatch.setattr(import_quality, "reader", lambda: lambda text: Read())
    monkeypatch.setattr(import_quality, "FLOORS", {"no_comments": {"clean": 100}})
    assert main(["--pages", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["no_comments"]["clean"] == 100
    monkeypatch.setattr(import_quality, "FLOORS", {"disqus_static": {"found": 99}})
    assert main(["--pages", "3", "--by-theme", "--show-failures", "1", "--because", "missing"]) == 1
    said = capsys.readouterr()
    assert "disqus_static: found is 0.00 %" in said.err
    assert "of CPU per comment" in said.out


def test_command_without_an_importer(monkeypatch, capsys) -> None:
    def none() -> None:
        raise ModuleNotFoundError("no such importer")

    monkeypatch.setattr(import_quality, "reader", none)
    assert main(["--pages", "1"]) == 2
    assert "no such importer" in capsys.readouterr().err
