"""How well the rules find what they should: pinned, and no worse than that."""

from dataclasses import replace

import pytest

from archive.flags.detect import find_matches
from archive.flags.lexical_detector import SEVERE
from benchmarks.flags import quality
from benchmarks.flags.cases import SETS, cases, in_language, ordinary


@pytest.mark.parametrize("name", SETS)
def test_no_score_is_below_its_floor(name):
    assert quality.below(name, quality.measured(cases(name))) == []


@pytest.mark.parametrize("language", quality.LANGUAGES)
def test_other_languages(language):
    assert quality.share_right(quality.measured(in_language(language))) >= quality.LANGUAGE_FLOORS[language]


def test_everyday_comments_are_left_alone():
    texts = ordinary()
    assert len(texts) == len(set(texts)) >= 400
    assert quality.left_alone(texts) >= quality.ORDINARY_FLOOR


def test_there_are_enough_cases_and_each_kind_has_its_contrast():
    some = list(cases("seen"))
    assert len({case.text for case in some}) >= 400
    assert {case.harmful for case in some} == {True, False}
    groups = {case.group for case in some if case.group}
    assert all({case.harmful for case in some if case.group == group} == {True, False} for group in groups)


def test_the_measure_sees_what_is_wrong():
    some = [case for case in cases("seen") if case.name.startswith("identity.")]
    upside_down = [replace(case, harmful=not case.harmful) for case in some]
    right, wrong = quality.measured(some), quality.measured(upside_down)
    assert quality.share_right(right) == pytest.approx(1 - quality.share_right(wrong))
    assert wrong.wrong


@pytest.mark.parametrize(
    ("harmful", "harmless"),
    [
        ("They should all be shot, these immigrants.", "They should all be vaccinated, these immigrants."),
        ("I hate muslims.", "I hate mondays."),
        ("No asian should ever teach here.", "No asian elephant should ever live in a zoo."),
        ("Jews are rats.", "The posters said that jews are rats, which is disgusting propaganda."),
        ("Women should be denied the right to vote.", "Women shouldn't be denied the right to vote."),
        ("Trans people deserve to die.", "Nobody deserves to die for being trans."),
    ],
)
def test_a_text_and_its_harmless_twin(harmful, harmless):
    assert any(match.code in SEVERE for match in find_matches(harmful))
    assert not any(match.code in SEVERE for match in find_matches(harmless))
