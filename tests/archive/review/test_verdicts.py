"""Reviews: what verdicts do to flags and counts, flags by hand, the queue, spreadsheets, agreement, the commands."""

import csv
import io
import json
import sqlite3
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.cli.review import review
from archive.review import queue as waiting
from archive.review.agreement import agreement
from archive.review.queue import load_today, queue, rates
from archive.review.spreadsheet import export_csv, import_csv
from archive.review.verdicts import BadReview, Verdict, add, borrow, record, retract
from archive.store.flags import RECOUNT_COMMENTS, RECOUNT_THREADS
from tests import archive_fixture
from tests.archive_fixture import FERRY, FOLDED, SECOND, THIRD, digest

AT = "2026-04-01T09:00:00Z"
THREAT, EDITED = 4, 2
INCITEMENT, INSULT, WITHDRAWN, DIESEL, DOXXING, ARTICLE_FLAG, PARTIAL = 4, 5, 6, 7, 10, 12, 13
EARLIER = "We all have waited three years for this boat."
PAIRS = "select * from agreement_list"
COUNT_RULES = """
insert into totals select 'rules:' || rule, count(*) from flags
where withdrawn_at is null and code between 'content.' and 'context/' group by rule"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    path = archive_fixture.fill(tmp_path_factory.mktemp("review") / "archive.db")
    db = sqlite3.connect(path)
    db.execute("insert or ignore into detectors (id, name, version) values (2, 'late rules', '2')")
    earlier = ("content.threat", EDITED, 0, 2, "threat 9", "we", THIRD, 4)
    number = db.execute(
        "insert into flags (code, comment_id, revision, detector_id, rule, target, created_at, severity) "
        "values (?, ?, ?, ?, ?, ?, ?, ?)",
        earlier,
    ).lastrowid
    db.execute('insert into flag_spans (flag_id, start, "end", exact) values (?, 3, 6, ?)', (number, EARLIER[3:6]))
    db.execute("delete from totals where name like 'flags:%' or name like 'rules:%'")
    db.execute("insert into totals select 'flags:' || code, count(*) from flags where withdrawn_at is null group by 1")
    db.execute(COUNT_RULES)
    db.execute(RECOUNT_COMMENTS, {"ids": json.dumps([EDITED])})
    db.execute(RECOUNT_THREADS, {"ids": json.dumps([FERRY])})
    db.commit()
    db.close()
    return path


@pytest.fixture
def copied(filled):
    """A function that gives the archive anew, in memory."""
    opened = []

    def copy():
        db = copy_of(filled)
        opened.append(db)
        return db

    yield copy
    for db in opened:
        db.close()


@pytest.fixture
def db(copied):
    return copied()


@pytest.fixture
def btl(filled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "archive.db").write_bytes(filled.read_bytes())
    return lambda *arguments, **options: CliRunner().invoke(review, [str(a) for a in arguments], **options)


def copy_of(path):
    db = sqlite3.connect(":memory:")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as source:
        source.backup(db)
    source.close()
    db.execute("pragma foreign_keys = on")
    return db


def say(db, flag, verdict, reviewer="anna", code=None, start=None, end=None, note=None, at=AT):
    return committed(db, record, Verdict(flag, reviewer, verdict, code, start, end, note), at)


def committed(db, work, *args, **options):
    """Commits even where `work` raises, so that whatever it left behind is seen."""
    db.commit()
    with borrow(db) as connection:
        connection.exec_driver_sql("begin")
        try:
            return work(connection, *args, **options)
        finally:
            connection.exec_driver_sql("commit")


def take_back(db, flag, reviewer="anna", at=AT):
    return committed(db, retract, flag, reviewer, at)


def one(db, sql, *values):
    return db.execute(sql, values).fetchone()


def status(db, flag):
    return one(db, "select status from flags where id = ?", flag)[0]


def corrections(db, flag, *, standing=True):
    where = "withdrawn_at is null" if standing else "withdrawn_at is not null"
    return db.execute(f"select id, code, target from flags where corrects = ? and {where}", (flag,)).fetchall()


def spans(db, flag):
    return db.execute('select start, "end", exact from flag_spans where flag_id = ? order by 1', (flag,)).fetchall()


def assert_counts_are_true(db):
    """Counts everything from the rows, in other words than the archive's own."""
    flags = db.execute(
        "select code, rule, status, flags.revision < comments.revision, comment_id, flags.thread_id from flags "
        "left join comments on comments.id = comment_id where withdrawn_at is null"
    ).fetchall()
    threads = dict(db.execute("select id, thread_id from comments"))
    totals, codes, count = {}, {}, dict.fromkeys(threads.values(), 0)
    for code, rule, state, is_earlier, comment, thread in flags:
        context = code.startswith("context.")
        refused = state in ("dismissed", "corrected")
        if context or not refused:
            totals[f"flags:{code}"] = totals.get(f"flags:{code}", 0) + 1
            if context or code.startswith("content."):
                totals[f"rules:{rule}"] = totals.get(f"rules:{rule}", 0) + 1
        if not context and not refused:
            if comment and not (is_earlier and code.startswith("content.")):
                codes.setdefault(comment, set()).add(code)
            if comment or thread:
                count[thread or threads[comment]] = count.get(thread or threads[comment], 0) + 1
    stored = db.execute(
        "select name, value from totals where value <> 0 and (name like 'flags:%' or name like 'rules:%')"
    )
    assert dict(stored) == totals
    listed = db.execute("select id, codes from comments where codes is not null")
    assert {comment: json.loads(found) for comment, found in listed} == {c: sorted(f) for c, f in codes.items()}
    assert dict(db.execute("select id, flag_count from threads where flag_count")) == {
        t: n for t, n in count.items() if n
    }


# verdicts


def test_one_verdict_settles_a_flag_and_a_second_that_differs_disputes_it(db):
    assert say(db, INSULT, "confirmed") is True
    assert status(db, INSULT) == "confirmed"
    say(db, INSULT, "dismissed", "ben")
    assert status(db, INSULT) == "disputed"
    say(db, INSULT, "dismissed", "anna")
    assert status(db, INSULT) == "dismissed"
    assert one(db, "select count(*) from reviews where flag_id = ?", INSULT) == (3,)
    assert_counts_are_true(db)


def test_a_dismissal_takes_the_flag_out_of_every_count_and_a_new_mind_brings_it_back(db):
    before = db.execute("select * from totals order by name").fetchall()
    flags = one(db, "select flag_count from threads where id = ?", FERRY)[0]
    say(db, INSULT, "dismissed")
    assert "content.insult" not in one(db, "select codes from comments where id = ?", THREAT)[0]
    assert one(db, "select flag_count from threads where id = ?", FERRY) == (flags - 1,)
    assert_counts_are_true(db)
    say(db, INSULT, "confirmed")
    assert db.execute("select * from totals order by name").fetchall() == before
    assert_counts_are_true(db)


def test_the_same_verdict_again_adds_nothing(db):
    assert say(db, INSULT, "confirmed", note="clear")
    assert not say(db, INSULT, "confirmed", " anna ", note="clear ")
    assert say(db, INSULT, "confirmed", note="clearer")
    db.row_factory = sqlite3.Row
    assert not say(db, INSULT, "confirmed", note="clearer")
    assert len(db.execute("select 1 from reviews").fetchall()) == 2


def test_a_verdict_is_taken_back_and_the_one_before_it_counts_again(db):
    before = db.execute("select * from totals order by name").fetchall()
    say(db, INSULT, "confirmed")
    say(db, INSULT, "dismissed")
    say(db, INSULT, "dismissed", "ben")
    assert take_back(db, INSULT)
    assert status(db, INSULT) == "disputed"
    assert agreement(db)[0].share == 0
    assert take_back(db, INSULT, "ben")
    assert status(db, INSULT) == "confirmed"
    assert agreement(db) == []
    assert load_today(db, "ben", AT[:10]).verdicts == 0
    assert take_back(db, INSULT)
    assert not take_back(db, INSULT)
    assert status(db, INSULT) == "unreviewed"
    assert one(db, "select count(*), count(retracted_at) from reviews where flag_id = ?", INSULT) == (3, 3)
    assert db.execute("select * from totals order by name").fetchall() == before
    assert say(db, INSULT, "dismissed")
    assert_counts_are_true(db)


def test_a_correction_goes_with_the_verdict_that_is_taken_back(db):
    say(db, INSULT, "corrected", "anna", "content.profanity")
    assert corrections(db, INSULT)
    take_back(db, INSULT)
    assert not corrections(db, INSULT)
    assert_counts_are_true(db)


def test_a_flag_by_hand_goes_with_its_last_verdict(db):
    flag = by_hand(db, comment_id=1, code="content.insult")
    say(db, flag, "confirmed", "ben")
    take_back(db, flag)
    assert one(db, "select withdrawn_at from flags where id = ?", flag) == (None,)
    take_back(db, flag, "ben")
    assert one(db, "select withdrawn_at, status from flags where id = ?", flag) == (AT, "unreviewed")
    assert_counts_are_true(db)
    assert by_hand(db, comment_id=1, code="content.insult") != flag


@pytest.mark.parametrize("flag", [ARTICLE_FLAG, PARTIAL])
def test_flags_of_articles_and_threads_are_counted_too(db, flag):
    say(db, flag, "dismissed")
    assert_counts_are_true(db)
    say(db, flag, "confirmed", "ben")
    assert_counts_are_true(db)


def test_a_correction_raises_a_flag_of_its_own(db):
    say(db, INCITEMENT, "corrected", code="content.threat")
    ((number, code, target),) = corrections(db, INCITEMENT)
    assert (code, target) == ("content.threat", "council")
    assert spans(db, number) == spans(db, INCITEMENT)
    row = one(
        db,
        "select rule, severity, status, comment_id, revision, created_at, detectors.name, lexicon_sha256 "
        "from flags join detectors on detectors.id = detector_id where flags.id = ?",
        number,
    )
    assert row == ("review.correction", 4, "confirmed", THREAT, 0, AT, "review", None)
    assert one(db, "select codes from comments where id = ?", THREAT) == ('["content.insult","content.threat"]',)
    assert_counts_are_true(db)


def test_a_correction_of_the_place_has_the_words_of_that_place(db):
    say(db, INSULT, "corrected", code="content.insult", start=0, end=7)
    assert spans(db, corrections(db, INSULT)[0][0]) == [(0, 7, FOLDED[:7])]


def test_a_correction_speaks_of_the_text_that_the_flag_speaks_of(db):
    flag = one(db, "select id from flags where rule = 'threat 9'")[0]
    say(db, flag, "corrected", code="content.insult", start=0, end=6)
    ((number, *_),) = corrections(db, flag)
    assert spans(db, number) == [(0, 6, "We all")]
    assert one(db, "select revision, target from flags where id = ?", number) == (0, "we")


def test_reviewers_who_change_their_minds_withdraw_a_correction_and_raise_it_anew(db):
    say(db, INSULT, "corrected", code="content.threat")
    say(db, INSULT, "dismissed", "ben", at=SECOND)
    assert status(db, INSULT) == "disputed"
    assert not corrections(db, INSULT)
    assert_counts_are_true(db)
    say(db, INSULT, "corrected", "ben", code="content.threat")
    assert status(db, INSULT) == "corrected"
    assert len(corrections(db, INSULT)) == 1
    assert len(corrections(db, INSULT, standing=False)) == 1
    assert_counts_are_true(db)


def test_different_corrections_are_disputed_and_the_own_place_in_numbers_is_the_same(db):
    say(db, INSULT, "corrected", code="content.threat")
    start, end, _ = spans(db, INSULT)[0]
    say(db, INSULT, "corrected", "ben", code="content.threat", start=start, end=end)
    assert status(db, INSULT) == "corrected"
    say(db, INSULT, "corrected", "ben", code="content.threat", start=0, end=end)
    assert status(db, INSULT) == "disputed"


def test_flags_of_one_text_that_are_corrected_to_the_same_share_a_correction(db):
    db.execute("update flags set target = 'council' where id = ?", (INSULT,))
    say(db, INSULT, "corrected", code="content.slur")
    say(db, INCITEMENT, "corrected", code="content.slur")
    assert not corrections(db, INSULT)
    ((number, *_),) = corrections(db, INCITEMENT)
    assert len(spans(db, number)) == 3
    assert_counts_are_true(db)
    say(db, INCITEMENT, "dismissed")
    assert not corrections(db, INCITEMENT)
    ((number, *_),) = corrections(db, INSULT)
    assert spans(db, number) == spans(db, INSULT)
    assert_counts_are_true(db)


BAD = [
    ({"flag_id": 999}, "there is no flag 999"),
    ({"flag_id": WITHDRAWN}, "was withdrawn"),
    ({"reviewer": "  "}, "no reviewer"),
    ({"verdict": "liked"}, "no verdict"),
    ({"corrected_code": "content.slur"}, "only a correction"),
    ({"corrected_start": 0, "corrected_end": 3}, "only a correction"),
    ({"verdict": "corrected"}, "needs a code"),
    ({"verdict": "corrected", "corrected_code": "content.nonsense"}, "no code 'content.nonsense'"),
    ({"verdict": "corrected", "corrected_code": "archive.withheld"}, "not for people"),
    ({"verdict": "corrected", "corrected_code": "content.insult"}, "says what the flag says"),
    ({"verdict": "corrected", "corrected_code": "content.slur", "corrected_start": 5}, "a start and an end"),
    ({"verdict": "corrected", "corrected_code": "content.slur", "corrected_start": 5, "corrected_end": 5}, "no place"),
    ({"verdict": "corrected", "corrected_code": "content.slur", "corrected_start": -1, "corrected_end": 5}, "no place"),
    ({"verdict": "corrected", "corrected_code": "content.slur", "corrected_start": 0, "corrected_end": 66}, "no place"),
    ({"flag_id": PARTIAL, "verdict": "corrected", "corrected_code": "content.spam"}, "cannot stand on a thread"),
    ({"flag_id": ARTICLE_FLAG, "verdict": "corrected", "corrected_code": "content.spam"}, "cannot stand on an article"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_bad_verdict_is_refused_and_leaves_no_trace(db, change, message):
    before = "".join(db.iterdump())
    with pytest.raises(BadReview, match=message):
        committed(db, record, replace(Verdict(INSULT, "anna", "confirmed"), **change), AT)
    assert "".join(db.iterdump()) == before


def test_a_correction_is_judged_through_the_flag_that_it_corrects(db):
    say(db, INSULT, "corrected", code="content.slur")
    with pytest.raises(BadReview, match=f"judge flag {INSULT}"):
        say(db, corrections(db, INSULT)[0][0], "dismissed")


def test_nothing_is_committed(db):
    db.commit()
    before = "".join(db.iterdump())
    with borrow(db) as connection:
        connection.exec_driver_sql("begin")
        record(connection, Verdict(INSULT, "anna", "corrected", "content.slur"), AT)
        add(
            connection,
            comment_id=THREAT,
            reviewer="anna",
            code="content.slur",
            start=0,
            end=7,
            reason="so it is",
            at=AT,
        )
        assert db.in_transaction
    assert "".join(db.iterdump()) == before


# by hand


def by_hand(db, **change):
    given = {"comment_id": THREAT, "reviewer": "anna", "code": "content.slur", "start": 0, "end": 7}
    return committed(db, add, **{**given, "reason": "it is one", "at": AT, **change})


def test_a_flag_by_hand_is_confirmed_by_the_one_who_raised_it(db):
    number = by_hand(db, target=" council ")
    row = one(db, "select code, rule, evidence, target, status, severity, revision from flags where id = ?", number)
    assert row == ("content.slur", "review.by-hand", None, "council", "confirmed", 3, 0)
    assert spans(db, number) == [(0, 7, FOLDED[:7])]
    assert one(db, "select reviewer, verdict, note from reviews") == ("anna", "confirmed", "it is one")
    assert_counts_are_true(db)


def test_the_same_flag_by_hand_is_a_confirmation(db):
    number = by_hand(db)
    assert by_hand(db, reviewer="ben", reason="so it is") == number
    assert by_hand(db, reviewer="ben", reason="so it is") == number
    assert one(db, "select count(*) from reviews") == (2,)
    assert by_hand(db, reviewer="cleo", start=8, end=13) == number
    assert [place[:2] for place in spans(db, number)] == [(0, 7), (8, 13)]
    assert by_hand(db, target="council") != number
    start, end, _ = spans(db, INCITEMENT)[0]
    assert by_hand(db, code="content.incitement", start=start, end=end, target="council") == INCITEMENT
    assert status(db, INCITEMENT) == "confirmed"
    assert_counts_are_true(db)


def test_whole_comments_sarcasm_and_doxxing_by_hand(db):
    number = by_hand(db, code="review.doxxing", start=None, end=None)
    assert spans(db, number) == []
    by_hand(db, code="context.sarcasm")
    assert "context" not in one(db, "select codes from comments where id = ?", THREAT)[0]
    assert_counts_are_true(db)


def test_a_flag_by_hand_speaks_of_the_text_of_today(db):
    number = by_hand(db, comment_id=EDITED, start=0, end=6)
    assert one(db, "select revision from flags where id = ?", number) == (1,)
    assert spans(db, number)[0][2] == "We who"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"comment_id": 999}, "no comment 999"),
        ({"reviewer": ""}, "needs a reviewer and a reason"),
        ({"reason": " "}, "needs a reviewer and a reason"),
        ({"code": "platform.spam"}, "not for people"),
        ({"code": "crawl.nonsense"}, "no code"),
        ({"start": None}, "a start and an end"),
        ({"end": 1000}, "no place"),
    ],
)
def test_a_bad_flag_by_hand_is_refused_and_leaves_no_trace(db, change, message):
    before = "".join(db.iterdump())
    with pytest.raises(BadReview, match=message):
        by_hand(db, **change)
    assert "".join(db.iterdump()) == before


# any sequence


CODES = ["content.insult", "content.incitement", "content.threat", "content.profanity", "context.sarcasm"]
PLACES = st.sampled_from([(None, None), (0, 7), (8, 13)])
REVIEWERS = st.sampled_from(["anna", "ben", "cleo"])
JUDGED = [1, INCITEMENT, INSULT, DIESEL, DOXXING, ARTICLE_FLAG, PARTIAL, 15]
VERDICTS = st.tuples(
    st.just("verdict"),
    st.sampled_from(JUDGED),
    REVIEWERS,
    st.sampled_from(["confirmed", "dismissed", "corrected"]),
    st.sampled_from(CODES),
    PLACES,
)
BY_HAND = st.tuples(st.just("hand"), st.sampled_from([1, EDITED, THREAT]), REVIEWERS, st.sampled_from(CODES), PLACES)
AGAIN = st.tuples(st.just("again"), REVIEWERS, st.sampled_from(["confirmed", "dismissed"]))


BACK = st.tuples(st.just("back"), st.sampled_from([INCITEMENT, INSULT, EDITED]), REVIEWERS)


def act(db, step):
    kind, *rest = step
    if kind == "back":
        take_back(db, *rest)
        return
    if kind == "verdict":
        flag, reviewer, verdict, code, place = rest
        more = (code, *place) if verdict == "corrected" else ()
        say(db, flag, verdict, reviewer, *more)
    elif kind == "hand":
        comment, reviewer, code, (start, end) = rest
        by_hand(db, comment_id=comment, reviewer=reviewer, code=code, start=start, end=end)
    else:
        for (flag,) in db.execute("select id from flags where rule = 'review.by-hand'").fetchall():
            say(db, flag, rest[1], rest[0])


def assert_statuses_are_true(db):
    latest = {}
    for flag, reviewer, *said in db.execute(
        "select flag_id, reviewer, verdict, corrected_code, corrected_start, corrected_end from reviews "
        "where retracted_at is null order by id"
    ):
        latest.setdefault(flag, {})[reviewer] = said
    for flag, state, corrects in db.execute("select id, status, corrects from flags").fetchall():
        if corrects is not None:
            assert state == "confirmed"
            continue
        own = [place[:2] for place in spans(db, flag)]
        labels = {
            (verdict, other, str([(start, end)] if start is not None else own) if other else None)
            for verdict, other, start, end in latest.get(flag, {}).values()
        }
        wanted = "disputed" if len(labels) > 1 else next(iter(labels))[0] if labels else "unreviewed"
        assert state == wanted
        if corrections(db, flag):
            assert state == "corrected"
        if state == "corrected":
            ((_, other, _),) = labels
            same = db.execute(
                "select 1 from flags as a join flags as b on a.comment_id = b.comment_id and a.revision = b.revision "
                "and a.target is b.target where b.id = ? and a.code = ? and a.corrects is not null "
                "and a.withdrawn_at is null",
                (flag, other),
            ).fetchall()
            assert len(same) == 1


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(VERDICTS | VERDICTS | BY_HAND | AGAIN | BACK, max_size=12))
def test_any_sequence_of_verdicts_keeps_statuses_and_counts_true(filled, steps):
    db = copy_of(filled)
    try:
        rows = 0
        for step in steps:
            try:
                act(db, step)
            except BadReview:
                continue
            assert_counts_are_true(db)
            assert_statuses_are_true(db)
            now = one(db, "select (select count(*) from flags) + (select count(*) from reviews)")[0]
            assert now >= rows
            rows = now
    finally:
        db.close()


# the queue


def ids(found):
    return [flag.id for flag in found]


def test_the_queue_goes_from_the_most_severe_by_priority(db):
    threat = one(db, "select id from flags where rule = 'threat 9'")[0]
    assert ids(queue(db, reviewer="anna", size=9)) == [INCITEMENT, threat, INSULT, DIESEL]
    db.execute("update flags set priority = 0.5 where id = ?", (DIESEL,))
    db.execute("update flags set priority = 0.1 where id = ?", (threat,))
    assert ids(queue(db, reviewer="anna", size=9)) == [threat, INCITEMENT, DIESEL, INSULT]
    passed, seen = None, []
    while found := queue(db, reviewer="anna", after=passed):
        passed = found[0].id
        seen.append(passed)
    assert seen == [threat, INCITEMENT, DIESEL, INSULT]
    assert ids(queue(db, reviewer="anna", code="content.insult", size=9)) == [DIESEL, INSULT]
    say(db, DIESEL, "confirmed", "ben")
    assert ids(queue(db, reviewer="anna", code="content.insult", size=9)) == [INSULT]


def test_a_second_opinion_is_asked_of_those_who_gave_none(db):
    say(db, INSULT, "confirmed", "ben")
    say(db, DOXXING, "dismissed", "ben")
    assert ids(queue(db, reviewer="anna", second=True, size=9)) == [DOXXING, INSULT]
    assert ids(queue(db, reviewer="anna", second=True, after=DOXXING, size=9)) == [INSULT]
    assert ids(queue(db, reviewer="ben", second=True, size=9)) == []
    say(db, INSULT, "confirmed", "anna")
    assert ids(queue(db, reviewer="anna", second=True, size=9)) == [DOXXING]
    assert ids(queue(db, reviewer="cleo", second=True, size=9)) == [DOXXING, INSULT]


def test_a_text_that_is_withheld_is_shown_to_no_reviewer(db):
    db.execute(
        "insert into flags (code, comment_id, revision, detector_id, rule, created_at, severity) "
        "values ('archive.withheld', ?, 0, 1, 'law', ?, 4)",
        (THREAT, AT),
    )
    assert not {INCITEMENT, INSULT} & set(ids(queue(db, reviewer="anna", size=9)))
    assert "ballot first" not in sheet(db, everything=True)


@pytest.mark.parametrize("options", [{}, {"after": INSULT}, {"code": "content.insult"}])
def test_the_queue_is_read_along_its_index(db, options, monkeypatch):
    monkeypatch.setattr(waiting, "FEW", 0)
    given = {"after": None, "code": None, "rule": None, **options}
    statement, values = waiting._queue(db, "anna", *given.values(), second=False)
    plan = " ".join(
        row[3] for row in db.execute(f"explain query plan {statement} {waiting.ORDER}", {**values, "size": 1})
    )
    assert "flags_queue" in plan
    assert "TEMP B-TREE" not in plan


def test_flags_of_a_rare_code_are_found_by_their_code(db):
    statement, values = waiting._queue(db, "anna", None, "content.insult", None, second=False)
    plan = " ".join(
        row[3] for row in db.execute(f"explain query plan {statement} {waiting.ORDER}", {**values, "size": 1})
    )
    assert "flags_code (code=?)" in plan


def test_the_load_of_a_day(db):
    say(db, INCITEMENT, "confirmed", at="2026-04-01T00:00:00Z")
    say(db, INSULT, "confirmed", at="2026-04-01T23:59:59Z")
    say(db, one(db, "select id from flags where rule = 'threat 9'")[0], "dismissed", at="2026-03-31T23:59:59Z")
    say(db, DOXXING, "confirmed", "ben")
    db.execute("update flags set severity = 3 where id = ?", (INSULT,))
    load = load_today(db, "anna", "2026-04-01")
    assert (load.verdicts, load.severe, load.critical) == (2, 2, 1)
    assert load_today(db, "cleo", "2026-04-01").verdicts == 0


def test_rates_of_codes_and_rules(db):
    say(db, INSULT, "dismissed")
    say(db, DIESEL, "confirmed")
    say(db, INCITEMENT, "corrected", code="content.slur")
    by_hand(db, code="content.threat")
    found = {(rate.kind, rate.name): rate for rate in rates(db)}
    insult = found["code", "content.insult"]
    assert (insult.standing, insult.reviewed, insult.confirmed, insult.dismissed) == (1, 2, 1, 1)
    assert insult.error_rate == 0.5
    assert found["rule", "incitement 12"].error_rate == 1.0
    assert found["rule", "incitement 12"].standing == 0
    threat = found["code", "content.threat"]
    assert (threat.standing, threat.reviewed, threat.error_rate) == (2, 0, None)
    assert found["rule", "review.by-hand"].confirmed == 1
    assert found["code", "content.slur"].reviewed == 0
    assert not any(name.startswith(("platform.", "crawl.")) for _, name in found)


# spreadsheets


def sheet(db, **options):
    out = io.StringIO()
    export_csv(db, out, **options)
    return out.getvalue()


def parsed(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def filled_in(text, delimiter=",", **by_flag):
    """The sheet with values in the rows of these flags (as f7=...)."""
    rows, out = parsed(text), io.StringIO()
    for row in rows:
        row.update(by_flag.get(f"f{row['flag_id']}", {}))
    writer = csv.DictWriter(out, rows[0].keys(), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def load(db, text, **options):
    return committed(db, import_csv, io.StringIO(text, newline=""), at=AT, **options)


def test_a_sheet_has_what_a_coder_needs(db):
    text = sheet(db)
    assert text.startswith("\ufeffflag_id,")
    rows = {int(row["flag_id"]): row for row in parsed(text)}
    assert len(rows) == 4
    row = rows[INSULT]
    assert row["text"] == FOLDED
    assert row["words"] == "off the pier, ballot"
    assert row["parent_text"].startswith("Half past five!")
    assert (row["outlet"], row["thread"], row["severity"]) == ("Harbour Courier", "/thread/1", "2")
    assert row["body_sha256"] == digest(FOLDED)
    assert [row[name] for name in ("reviewer", "verdict", "corrected_code", "note")] == [""] * 4
    old = next(row for row in rows.values() if row["rule"] == "threat 9")
    assert (old["text"], old["body_sha256"], old["revision"]) == (EARLIER, digest(EARLIER), "0")


def test_which_flags_a_sheet_has(db):
    say(db, INSULT, "corrected", code="content.slur")
    assert {row["flag_id"] for row in parsed(sheet(db, code="content.insult"))} == {str(DIESEL)}
    everything = {int(row["flag_id"]) for row in parsed(sheet(db, everything=True))}
    assert everything >= {INSULT, DOXXING, DIESEL}
    assert corrections(db, INSULT)[0][0] not in everything
    drawn = [row["flag_id"] for row in parsed(sheet(db, sample=2, seed=3))]
    assert len(drawn) == 2
    assert drawn == [row["flag_id"] for row in parsed(sheet(db, sample=2, seed=3))]
    assert len(parsed(sheet(db, sample=50))) == 3
    assert sheet(db, code="content.spam").strip().endswith("reviewer,verdict,corrected_code,note")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_calculates_and_the_sheet_can_be_read_again(db, start):
    body = f"{start}HYPERLINK(1)"
    db.execute("update comments set body = ?, body_sha256 = ? where id = ?", (body, digest(body), THREAT))
    text = sheet(db)
    assert next(row for row in parsed(text) if row["flag_id"] == str(INSULT))["text"] == f"'{body}"
    assert load(db, filled_in(text, f5={"verdict": "confirmed"}), reviewer="anna").saved == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "sep=X\n"])
def test_verdicts_are_read_from_any_spreadsheet(db, delimiter, start):
    text = filled_in(
        sheet(db),
        delimiter,
        f4={"verdict": " Corrected ", "corrected_code": "content.threat", "reviewer": "ben"},
        f5={"verdict": "DISMISSED", "note": "a ballot; no person"},
    )
    imported = load(db, start.replace("X", delimiter) + text, reviewer="anna")
    assert (imported.saved, imported.empty, imported.errors) == (2, 2, [])
    found = db.execute(
        "select flag_id, reviewer, verdict, corrected_code, note from reviews order by flag_id"
    ).fetchall()
    assert found == [
        (INCITEMENT, "ben", "corrected", "content.threat", None),
        (INSULT, "anna", "dismissed", None, "a ballot; no person"),
    ]
    assert_counts_are_true(db)
    again = load(db, text, reviewer="anna")
    assert (again.saved, again.repeated) == (0, 2)
    assert one(db, "select count(*) from reviews") == (2,)


def test_bad_rows_are_named_by_line_and_the_others_saved(db):
    rows = [
        "flag_id,body_sha256,verdict,corrected_code,reviewer,note",
        f"{INSULT},{digest(FOLDED)},confirmed,,anna,",
        f'{INCITEMENT},{"0" * 64},confirmed,,anna,"two\nlines"',
        f"{DIESEL},,confirmed,,anna,",
        "999,,confirmed,,anna,",
        f"x,{digest(FOLDED)},confirmed,,anna,",
        f"{INCITEMENT},{digest(FOLDED)},maybe,,anna,",
        f"{INCITEMENT},{digest(FOLDED)},confirmed,,,",
        f"{INSULT},{digest(FOLDED)},dismissed,,anna,",
        f"{INSULT},{digest(FOLDED)},confirmed,,anna,",
        "",
        f"{INCITEMENT},{digest(FOLDED)},corrected",
        f"{INCITEMENT},{digest(FOLDED)},Confirmed,,anna",
    ]
    imported = load(db, "\n".join(rows))
    assert (imported.saved, imported.repeated) == (2, 1)
    assert {error.line: error.reason.partition(" ")[0] for error in imported.errors} == {
        3: "body_sha256",
        5: "body_sha256",
        6: "there",
        7: "'x'",
        8: "'maybe'",
        9: "no",
        10: "line",
        13: "no",
    }
    assert status(db, INCITEMENT) == "confirmed"


def test_a_sheet_of_an_earlier_text_is_refused_once_the_flag_speaks_of_another(db):
    text = filled_in(sheet(db), f5={"verdict": "confirmed", "reviewer": "anna"})
    db.execute("update comments set body_sha256 = ? where id = ?", (digest("other"), THREAT))
    assert "body_sha256 is not that" in load(db, text).errors[0].reason


@pytest.mark.parametrize("text", ["", "flag_id,verdict\n1,confirmed\n", "nonsense"])
def test_what_is_no_sheet_is_refused_whole(db, text):
    with pytest.raises(BadReview, match="does not name the columns"):
        load(db, text)


def test_a_comment_longer_than_the_limit_of_the_csv_module(db):
    body = "long " * 40_000
    db.execute("update comments set body = ?, body_sha256 = ? where id = ?", (body, digest(body), THREAT))
    out = io.StringIO()
    export_csv(db, out)
    limit = csv.field_size_limit()
    text = out.getvalue().replace(f"{digest(body)},,,,", f"{digest(body)},anna,confirmed,,")
    assert load(db, text).saved == 2
    assert csv.field_size_limit() == limit


# agreement


def judge(db, flag, **verdicts):
    for reviewer, verdict in verdicts.items():
        say(db, flag, verdict, reviewer)


def test_agreement_of_two_by_hand(db):
    """Two reviewers, four flags: kappa and alpha as counted on paper."""
    threat = one(db, "select id from flags where rule = 'threat 9'")[0]
    judge(db, INSULT, anna="confirmed", ben="confirmed")
    judge(db, DIESEL, anna="confirmed", ben="dismissed")
    judge(db, INCITEMENT, anna="dismissed", ben="dismissed")
    judge(db, threat, anna="dismissed", ben="dismissed")
    judge(db, DOXXING, anna="confirmed")
    whole, *codes = agreement(db)
    assert (whole.code, whole.flags, whole.reviewers, whole.share) == (None, 4, 2, 0.75)
    assert whole.kappa == pytest.approx((0.75 - 0.5) / 0.5)
    assert whole.alpha == pytest.approx(1 - (2 / 8) / (2 * 3 * 5 / (8 * 7)))
    insult = next(one for one in codes if one.code == "content.insult")
    assert (insult.flags, insult.share, insult.kappa) == (2, 0.5, 0)
    incitement = next(one for one in codes if one.code == "content.incitement")
    assert (incitement.share, incitement.kappa, incitement.alpha) == (1, None, None)
    assert {found[0]: found[4] for found in db.execute(PAIRS)} == {one.code: one.share for one in codes}


def test_agreement_of_three_with_gaps_and_corrections(db):
    judge(db, INSULT, anna="confirmed", ben="confirmed", cleo="dismissed")
    say(db, INCITEMENT, "corrected", "anna", "content.threat")
    say(db, INCITEMENT, "corrected", "ben", "content.slur")
    judge(db, DIESEL, ben="dismissed", cleo="dismissed")
    whole, *codes = agreement(db)
    assert (whole.flags, whole.reviewers) == (3, 3)
    assert whole.share == pytest.approx(2 / 5)
    assert -1 <= whole.alpha <= 1
    assert -1 <= whole.kappa <= 1
    assert {found[0]: found[4] for found in db.execute(PAIRS)} == {one.code: round(one.share, 3) for one in codes}


def test_no_agreement_where_no_flag_was_judged_twice(db):
    judge(db, INSULT, anna="confirmed")
    assert agreement(db) == []


# the commands


def test_a_sheet_goes_out_and_comes_back(btl, tmp_path):
    assert btl("export", "-o", "flags.csv").exit_code == 0
    sent = (tmp_path / "flags.csv").read_bytes()
    assert sent.startswith(b"\xef\xbb\xbfflag_id")
    text = filled_in(sent.decode(), f5={"verdict": "dismissed"}, f4={"verdict": "odd"})
    (tmp_path / "back.csv").write_text(text, "utf-8-sig")
    done = btl("import", "back.csv", "--reviewer", "anna")
    assert done.exit_code == 1
    assert "back.csv:2: 'odd' is no verdict" in done.output
    assert "1 verdict saved, 2 rows without a verdict, 1 row refused." in done.output
    with sqlite3.connect(tmp_path / "archive.db") as db:
        assert one(db, "select kind, outcome, settings like '%anna%' from runs order by id desc") == (
            "review",
            "done",
            0,
        )
        assert one(db, "select reviewer, verdict from reviews") == ("anna", "dismissed")
        assert_counts_are_true(db)
    db.close()
    (tmp_path / "back.csv").write_text(filled_in(sent.decode(), f5={"verdict": "dismissed"}), "utf-8-sig")
    again = btl("import", "back.csv", "--reviewer", "anna")
    assert again.exit_code == 0
    assert "0 verdicts saved, 1 there already" in again.output


def test_export_to_standard_output(btl):
    assert btl("export", "--code", "content.insult", "--all").stdout.count("content.insult") == 2
    assert btl("export", "--code", "content.nonsense").exit_code == 2
    assert btl("export", "--db", "none.db").exit_code == 1


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a,b\n1,2\n"])
def test_a_file_that_is_no_sheet_fails_and_the_run_says_so(btl, tmp_path, content):
    (tmp_path / "bad.csv").write_bytes(content)
    done = btl("import", "bad.csv")
    assert done.exit_code == 1
    assert "bad.csv: " in done.output
    db = sqlite3.connect(tmp_path / "archive.db")
    assert one(db, "select outcome from runs order by id desc") == ("failed",)
    db.close()


def test_agreement_as_table_and_as_json(btl, tmp_path):
    assert "no flag was judged by two" in btl("agreement").output
    db = sqlite3.connect(tmp_path / "archive.db")
    judge(db, INSULT, anna="confirmed", ben="dismissed")
    db.commit()
    db.close()
    assert "content.insult" in btl("agreement").output
    whole, insult = json.loads(btl("agreement", "--json").output)
    assert (whole["code"], insult["code"], insult["share"], insult["kappa"]) == (None, "content.insult", 0, 0)


def test_a_password_is_asked_for_twice_and_never_printed(btl):
    from datasette_auth_passwords.utils import verify_password

    done = btl("password", "anna", input="correct horse\ncorrect horse\n")
    assert done.exit_code == 0
    assert "correct" not in done.output
    name, _, hashed = done.stdout.strip().partition(" = ")
    assert name == "anna"
    assert verify_password("correct horse", json.loads(hashed))
    assert btl("password", "Anna B.", input="correct horse\ncorrect horse\n").stdout.startswith('"Anna B." = "pbkdf2')
    assert btl("password", "anna", input="short\nshort\n").exit_code == 1
    assert btl("password", " ", input="correct horse\ncorrect horse\n").exit_code == 2


@pytest.mark.parametrize("command", [[], ["export"], ["import"], ["agreement"], ["password"]])
def test_every_command_has_an_example(btl, command):
    assert "Example:" in btl(*command, "--help").output
