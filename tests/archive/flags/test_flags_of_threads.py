"""Matches as flags of comments, and the versions of the data that they come from.

Warning: this file holds hostile words, for a detector of them.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import archive.flags
from archive.flags import versions
from archive.flags.codes import codes
from archive.flags.detect import annotate_thread, comment_flags, find_matches, matches_to_flags
from archive.flags.match import Match
from archive.flags.versions import data_sha256, detector_of, rule_rows
from archive.thread import Article, Capture, Comment, Flag, Thread

OWN = Flag("platform.reported", "isso.reported", "3 reports")
ARTICLE = Article("Muslims open a school in town", "The school opened.", language="en")
COMMENTS = (
    Comment("A fine school it is.", flags=(OWN,)),
    Comment("They are vermin.", flags=(OWN,)),
    Comment("The immigrants built it."),
    Comment("They are vermin.", parent=2),
    Comment("They are not vermin.", parent=3),
    Comment(""),
)
THREAD = Thread(ARTICLE, COMMENTS, "isso", Capture("00"))


def test_comments_keep_the_flags_of_their_source_and_get_those_of_rules_behind_them():
    comments = annotate_thread(THREAD).comments
    assert comments[0].flags == (OWN,)
    assert comments[1].flags[0] == OWN
    assert [flag.code for flag in comments[1].flags[1:]] == ["content.dehumanisation"]


def test_only_flags_and_rules_change():
    done = annotate_thread(THREAD)
    assert done.rules == data_sha256()
    bare = [replace(comment, flags=()) for comment in done.comments]
    assert bare == [replace(comment, flags=()) for comment in COMMENTS]
    assert replace(done, comments=(), rules=None) == replace(THREAD, comments=())


def test_pronouns_stand_for_whom_the_parent_names_else_the_title():
    targets = [[flag.target for flag in comment_flags(THREAD, place)] for place in range(len(COMMENTS))]
    assert targets == [[], ["muslims"], [], ["immigrants_refugees"], targets[4], []]


def test_flags_say_where_and_of_whom():
    (flag,) = comment_flags(THREAD, 1)
    assert (flag.start, flag.end, flag.target, flag.evidence) == (0, 15, "muslims", None)
    assert COMMENTS[1].body[flag.start : flag.end] == "They are vermin"


def test_the_flag_of_a_guard_names_the_rule_that_it_held_back():
    (flag,) = matches_to_flags(find_matches("Muslims are not vermin."))
    assert (flag.code, flag.rule, flag.evidence) == (
        "context.negated", "guard.negation", "instead of en.dehuman_is",
    )  # fmt: skip


def test_guards_of_one_target_name_all_rules_that_they_held_back():
    matches = [
        Match("context.quoted", "guard.quotation-marks", 0, 9, "jews", "en.b"),
        Match("context.quoted", "guard.quotation-marks", 20, 29, "jews", "en.a"),
        Match("context.quoted", "guard.quotation-marks", 40, 49, "women", "en.c"),
    ]
    assert [flag.evidence for flag in matches_to_flags(matches)] == ["instead of en.a, en.b"] * 2 + ["instead of en.c"]


def test_an_iterator_of_matches_is_as_good_as_a_list():
    matches = find_matches("Muslims are not vermin. Kill them all.")
    assert matches_to_flags(iter(matches)) == matches_to_flags(matches)
    assert len(matches_to_flags(matches)) == len(matches)


def test_marking_twice_finds_the_same():
    assert annotate_thread(THREAD) == annotate_thread(THREAD)


def test_every_flag_is_of_a_listed_rule_and_a_known_code():
    rules, known = {row["rule"] for row in rule_rows()}, {row["code"] for row in codes()}
    for comment in annotate_thread(THREAD).comments:
        for flag in comment.flags:
            assert flag.code in known
            assert flag == OWN or flag.rule in rules


def test_every_rule_is_listed_once_with_a_note_and_a_code():
    rows = rule_rows()
    assert len({row["rule"] for row in rows}) == len(rows) > 50
    known = {row["code"] for row in codes()}
    assert all(row["note"] and row["code"] in known for row in rows)
    assert {detector_of(row["rule"]) for row in rows} == {*versions.DETECTORS}


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the package's data, which the hash is then taken of."""
    copy = tmp_path / "flags"
    shutil.copytree(Path(archive.flags.__file__).parent, copy)
    monkeypatch.setattr(versions, "files", lambda package: copy)
    return copy


def hashed():
    return data_sha256.__wrapped__()


def test_the_same_data_has_the_same_hash(copied):
    assert hashed() == data_sha256()


@pytest.mark.parametrize("name", ["lexicons/en/abuse.toml", "lexicons/en/not_typos.txt", "rules/de.toml", "spam.toml"])
def test_any_changed_byte_of_the_data_changes_the_hash(copied, name):
    with (copied / name).open("ab") as file:
        file.write(b"\n")
    assert hashed() != data_sha256()


def test_a_file_that_moves_or_comes_changes_the_hash(copied):
    (copied / "rules" / "xx.toml").write_text("")
    more = hashed()
    (copied / "rules" / "xx.toml").rename(copied / "lexicons" / "xx.toml")
    assert len({data_sha256(), more, hashed()}) == 3


@pytest.mark.parametrize("name", ["codes.toml", "find.py"])
def test_codes_and_code_are_no_data_of_rules(copied, name):
    with (copied / name).open("ab") as file:
        file.write(b"\n")
    assert hashed() == data_sha256()
