"""The benchmark of comment lists in pages: its measure sees faults, its floors hold."""

from dataclasses import replace

import pytest

from benchmarks.crawl_quality import FAMILIES, FLOORS, Tally, below, cases, measured, silent, thread_of

PAGES = 60
WORDPRESS = "wordpress, seen"


def test_no_score_is_below_its_floor():
    assert below(measured(PAGES, seed=11)) == []
    assert set(FLOORS) == {*FAMILIES, "no_comments"}


@pytest.mark.parametrize(
    ("score", "spoil"),
    [
        ("found", lambda c: None),
        ("author", lambda c: replace(c, author=None)),
        ("body", lambda c: replace(c, body=c.body[: len(c.body) // 2])),
        ("parent", lambda c: replace(c, parent_native_id="1" if c.parent_native_id != "1" else None)),
        ("posted", lambda c: replace(c, posted=None)),
    ],
    ids=["found", "author", "body", "parent", "posted"],
)
def test_the_measure_sees_a_fault(score, spoil):
    tally = Tally()
    for case in cases(WORDPRESS, 5, 3):
        thread = thread_of(case.html)
        spoilt = [spoil(c) if i % 2 else c for i, c in enumerate(thread.comments)]
        tally.add(case, replace(thread, comments=tuple(replace(c, parent=None) for c in spoilt if c is not None)))
    assert tally.scores()[score] < 90


def test_the_measure_sees_what_was_invented():
    tally, said = Tally(), thread_of(next(iter(cases(WORDPRESS, 1, 3))).html)
    for case in silent(3, 1):
        tally.add(case, said)
    assert tally.scores()["invented"] > 0
