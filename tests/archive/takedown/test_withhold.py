"""What is withheld is found in no table, comes back by no way in, and is put back exactly as it was."""

import json
import sqlite3
from dataclasses import replace

import pytest
from click.testing import CliRunner

from archive.cli import main
from archive.importers.run import import_files
from archive.store import private_tables
from archive.store.reflag import flag_all
from archive.store.schema import TABLES
from archive.takedown import erase_rows, withhold
from archive.takedown.withhold import Irreversible, NotThere
from archive.thread import Flag, Moment
from tests.documents import HARBOUR
from tests.trees import made, said

SECRET = "Write to anna.quay@example.org, said the heron that nobody else has seen here."
EDITED = "Write to the heron that nobody else has seen here, said anna.quay@example.org at noon."
NAME = "harbour_watcher_77"
DAYS = [f"2026-03-{day:02}T06:00:00Z" for day in range(14, 24)]


def save(archive, *threads):
    run = archive.begin_run("import", {"paths": []})
    saved = archive.save(threads, run)
    assert not saved.failures
    archive.end_run(run, "done", dict(saved.counts))
    return saved.counts


def secret(native_id="c2", body=SECRET, **more):
    flags = (Flag("platform.featured", "sticky", f"sticky: {body[:30]}"),)
    more = {"url": "https://courier.example/ferry#c2", "flags": flags, "likes": 4} | more
    return said(body, NAME, 0, native_id=native_id, **more)


def thread(at=DAYS[0], comment=None, *extra, **more):
    quoted = ("A line of the page", SECRET, "Share")
    first = said("The first ferry is early.", "anna", native_id="c1")
    reply = said("So it was at noon.", "tom", 1, native_id="c3")
    more = {"native_id": "t1", "completeness": "full", "furniture": quoted} | more
    return made(first, comment or secret(), reply, *extra, at=at, **more)


def readable(path):
    """Everything that a reader of the archive can meet: all tables that are not private, as text."""
    connection = sqlite3.connect(path)
    private_tables.forbid(connection)
    tables = [name for name in TABLES if name not in private_tables.PRIVATE_TABLES]
    found = {name: connection.execute(f'select * from "{name}"').fetchall() for name in tables}
    found["words"] = connection.execute("select rowid from comments_fts where comments_fts match 'heron'").fetchall()
    connection.close()
    return found


def holds(path, *texts):
    return [text for text in texts if text in json.dumps(readable(path), ensure_ascii=False)]


def without_runs(path):
    """What a restored archive must have in common with what it was."""
    found = readable(path)
    for name in ("runs", "detectors", "totals"):
        found.pop(name)
    found["flags"] = [row for row in found["flags"] if row[1] != "archive.withheld"]
    return found


def is_true_to_itself(query):
    assert query("pragma integrity_check") == [("ok",)]
    assert query("pragma foreign_key_check") == []
    query("insert into comments_fts(comments_fts) values ('integrity-check')")
    assert query("select count(*) from comments") == query("select value from totals where name = 'comments'")
    assert query("select sum(comment_count) from threads") == query("select count(*) from comments")
    standing = "select count(*) from flags where code = 'archive.withheld' and withdrawn_at is null"
    totals = query("select value from totals where name = 'flags:archive.withheld'")
    assert totals in ([], query(standing))


SUBJECTS = [("comment", 2, 1), ("commenter", 2, 1), ("thread", 1, 3), ("article", 1, 3)]


@pytest.fixture
def filled(archive):
    """A thread that was read twice: comment 2 was edited in between."""
    save(archive, thread())
    save(archive, thread(DAYS[1], secret(body=EDITED)))
    return archive


@pytest.mark.parametrize("subject, number, comments", SUBJECTS)
def test_a_withheld_text_is_in_no_table_that_is_read(filled, path, query, subject, number, comments):
    assert holds(path, SECRET, EDITED, NAME) == [SECRET, EDITED, NAME]
    assert withhold.withhold(filled, subject, number, "privacy").comments == comments
    assert holds(path, SECRET, EDITED, SECRET[:30]) == []
    assert readable(path)["words"] == []
    tombstone = "select body, commenter_id, url, position, depth, parent_id, codes from comments where id = 2"
    [(body, commenter, url, *place, codes)] = query(tombstone)
    assert (body, commenter, url, place) == ("", None, None, [1, 1, 1])
    assert "archive.withheld" in json.loads(codes)
    assert query("select comment_count from threads") == [(3,)]
    assert query("select rule from flags where code = 'archive.withheld' and comment_id = 2") == [("privacy",)]
    if subject in ("commenter", "thread", "article"):
        assert query("select count(*) from comments where commenter_id = 2") == [(0,)]
    if subject == "commenter":
        assert holds(path, NAME) == []
    if subject == "article":
        assert holds(path, "Ferry timetable", "https://courier.example/ferry#c2") == []
    is_true_to_itself(query)


@pytest.mark.parametrize("subject, number, comments", SUBJECTS)
def test_what_is_restored_is_exactly_what_it_was(filled, path, query, subject, number, comments):
    before = without_runs(path)
    withhold.withhold(filled, subject, number, "law")
    assert withhold.restore(filled, subject, number).comments == comments
    assert without_runs(path) == before
    assert query("select count(*) from withheld") == [(0,)]
    is_true_to_itself(query)


@pytest.mark.parametrize("subject, number, comments", SUBJECTS)
def test_it_does_not_come_back(filled, path, query, subject, number, comments):
    withhold.withhold(filled, subject, number, "court-order")
    before = query("select count(*) from comments")
    for at, one in ((DAYS[2], secret(body=EDITED)), (DAYS[3], secret()), (DAYS[4], secret(body=SECRET.upper()))):
        save(filled, thread(at, one))
        assert holds(path, SECRET, EDITED, SECRET.upper()) == []
    assert query("select count(*) from comments") == before
    assert query(
        "select count(*) from events where kind in ('edited', 'renamed', 'removed') and before is not null"
    ) == [(0,)]
    flag_all(filled, workers=0)
    assert holds(path, SECRET, EDITED) == []
    is_true_to_itself(query)


@pytest.mark.parametrize("subject, number", [("comment", 2), ("article", 1)])
def test_nor_in_another_format_nor_as_another_thread(filled, path, query, subject, number):
    """The same article's comments, as a text corpus holds them: without ids."""
    withhold.withhold(filled, subject, number, "privacy")
    other = [replace(c, native_id=None, url=None) for c in thread(DAYS[2], secret(body=EDITED)).comments]
    save(filled, replace(made(*other, at=DAYS[2], furniture=(EDITED,)), platform="wordpress"))
    assert query("select count(*) from comments") == [(6,)]
    assert holds(path, SECRET, EDITED) == []
    is_true_to_itself(query)


def test_a_commenter_is_known_again_in_new_threads(filled, path, query):
    withhold.withhold(filled, "commenter", 2, "author-request")
    more = said("Another thing that the heron did.", NAME, native_id="x1")
    save(
        filled,
        made(
            more, said("Fine.", "tom", 0, native_id="x2"), at=DAYS[2], native_id="t2", url="https://courier.example/2"
        ),
    )
    assert holds(path, NAME, "Another thing") == []
    assert query("select body, depth from comments where thread_id = 2 order by position") == [("", 0), ("Fine.", 1)]
    withhold.restore(filled, "commenter", 2)
    assert holds(path, NAME, "Another thing") == [NAME, "Another thing"]
    assert query("select count(distinct commenter_id) from comments join commenters on commenters.id = commenter_id "
                 "where name = ?", NAME) == [(1,)]  # fmt: skip
    is_true_to_itself(query)


def test_two_reasons_hold_until_both_are_lifted(filled, path):
    withhold.withhold(filled, "comment", 2, "privacy")
    withhold.withhold(filled, "thread", 1, "law")
    withhold.restore(filled, "thread", 1)
    assert holds(path, EDITED, "The first ferry is early.") == ["The first ferry is early."]
    withhold.restore(filled, "comment", 2)
    assert holds(path, EDITED) == [EDITED]


def test_the_same_request_twice_is_one_entry(filled):
    first = withhold.withhold(filled, "comment", 2, "privacy")
    assert withhold.withhold(filled, "comment", 2, "privacy") == withhold.TakedownResult(first.entry, 0)


def test_edits_while_it_was_withheld_are_there_when_it_is_restored(filled, path):
    withhold.withhold(filled, "comment", 2, "privacy")
    save(filled, thread(DAYS[2], secret(body="Nothing was seen here by anybody, heron or not.")))
    withhold.restore(filled, "comment", 2)
    assert holds(path, "Nothing was seen here by anybody") == ["Nothing was seen here by anybody"]


def test_others_with_the_same_words_are_listed_and_taken_only_when_asked_for(archive, path, query):
    copy = SECRET.replace(" ", "  ")
    save(archive, made(said(SECRET, "one"), said("no", "two"), said(copy, "three"), at=DAYS[0]))
    done = withhold.withhold(archive, "comment", 1, "privacy")
    assert (done.comments, done.same_text) == (1, (3,))
    save(archive, made(said(SECRET, "one"), said("no", "two"), said(copy, "three"), said(SECRET, "four"), at=DAYS[1]))
    assert query("select body from comments order by position") == [("",), ("no",), (copy,), (SECRET,)]
    assert withhold.withhold(archive, "comment", 1, "privacy", same_text=True).comments == 2
    save(archive, made(said(SECRET, "one"), said(SECRET, "five"), said(copy, "three"), at=DAYS[2], native_id="t2"))
    assert holds(path, SECRET, copy) == []
    withhold.restore(archive, "comment", 1)
    assert query("select count(*) from comments where body in (?, ?)", SECRET, copy) == [(6,)]
    is_true_to_itself(query)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("text", ["Yes.", SECRET])
def test_of_twins_one_is_withheld(archive, path, query, number, text):
    """Whatever becomes of the other: edited, removed, back again; and the withheld one stays withheld."""
    shown = "select id, withheld from comments where body = ? order by id"

    def seen(at, *bodies):
        times = ("2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z")
        said_at = [
            said(body, "one", posted=Moment(time, time, "minute"))
            for body, time in zip(bodies, times, strict=True)
            if body
        ]
        return made(said("Another.", "two", posted=Moment(times[0], times[0], "minute")), *said_at, at=at)

    other = 3 if number == 1 else 2
    save(archive, seen(DAYS[0], text, text, None))
    assert withhold.withhold(archive, "comment", number + 1, "privacy").same_text == (other,)
    before = without_runs(path)["comments"]
    for day, bodies in (
        (1, (text, text, None)),
        (2, (text, None, None)),
        (3, (None, text, None)),
        (4, (text, text, None)),
    ):
        save(archive, seen(DAYS[day], *bodies))
        assert query(shown, text) == [(other, None)]
        assert query("select id from comments where withheld is not null") == [(number + 1,)]
    save(archive, seen(DAYS[5], text, text, text))
    assert query(shown, text) == [(other, None), (4, None)]
    withhold.restore(archive, "comment", number + 1)
    assert len(query(shown, text)) == 3
    assert len(before) == 3
    is_true_to_itself(query)


@pytest.mark.parametrize("author", [NAME, None])
def test_it_is_known_in_another_reading_that_may_not_name_its_author(filled, path, query, author):
    withhold.withhold(filled, "comment", 2, "privacy")
    others = [said("The first ferry is early.", "anna"), said(EDITED, author), said("Fine.", "tom")]
    for day in (2, 3):
        save(filled, replace(made(*others, at=DAYS[day]), platform="wordpress"))
        others.insert(1, said("One more.", "eva"))
    others = [said(f"{EDITED} Or so.", author) if comment.body == EDITED else comment for comment in others]
    save(filled, replace(made(*others, at=DAYS[4]), platform="wordpress"))
    assert holds(path, EDITED) == []
    withhold.restore(filled, "comment", 2)
    assert query("select count(*) from withheld") == [(0,)]
    assert holds(path, EDITED, f"{EDITED} Or so.") == [EDITED, f"{EDITED} Or so."]
    is_true_to_itself(query)


def test_short_texts_of_others_are_left_alone(archive, query):
    save(archive, made(said("Yes.", "one"), said("Yes.", "two"), at=DAYS[0]))
    assert withhold.withhold(archive, "comment", 1, "privacy").comments == 1
    save(archive, made(said("Yes.", "one"), said("Yes.", "two"), at=DAYS[1]))
    assert query("select body from comments order by position") == [("",), ("Yes.",)]


@pytest.mark.parametrize("subject, number, comments", SUBJECTS)
def test_what_is_erased_is_in_no_byte_of_the_file(filled, path, query, subject, number, comments):
    texts = erase_rows.texts_of(filled, subject, number)
    assert {SECRET, EDITED} <= {text.body for text in texts}
    withhold.withhold(filled, subject, number, "law")
    assert {text.body for text in erase_rows.texts_of(filled, subject, number)} == {text.body for text in texts}
    assert erase_rows.destroy_rows(filled, subject, number, "court-order").comments == comments
    raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for text in (SECRET, EDITED, "heron", "anna.quay"):
        assert text.encode() not in raw
    for at in DAYS[2:6]:
        save(filled, thread(at, secret()))
        save(filled, thread(at.replace("06:", "07:"), secret(native_id=None, url=None)))
    assert holds(path, SECRET, EDITED) == []
    assert query("select count(*) from withheld") == [(0,)]
    assert query("select count(*) from comments")[0][0] <= 4
    with pytest.raises(Irreversible):
        withhold.restore(filled, subject, number)
    is_true_to_itself(query)


def test_an_erased_comment_without_an_id_does_not_multiply(archive, path, query):
    def seen(at):
        return made(said("first", "anna"), said(SECRET, NAME, 0), said("last words here", "tom", 1), at=at)

    save(archive, seen(DAYS[0]))
    erase_rows.destroy_rows(archive, "comment", 2, "law")
    for at in DAYS[1:5]:
        save(archive, seen(at))
    assert query("select state, body from comments order by position") == [
        ("visible", "first"), ("visible", ""), ("visible", "last words here")
    ]  # fmt: skip


def test_imports_of_documents(archive, path, query, tmp_path):
    (tmp_path / "one.txt").write_text(HARBOUR)
    (tmp_path / "two.txt").write_text(HARBOUR.replace("A later ferry", "A much later ferry"))
    import_files(archive, [str(tmp_path / "one.txt")])
    number = query("select id from comments where body like 'Move inland%'")[0][0]
    withhold.withhold(archive, "comment", number, "privacy")
    import_files(archive, [str(tmp_path / "one.txt"), str(tmp_path / "two.txt")])
    assert holds(path, "Move inland then") == []
    assert query("select count(*) from comments")[0][0] >= 5


def test_what_is_not_there(filled):
    with pytest.raises(NotThere, match="no comment 99"):
        withhold.withhold(filled, "comment", 99, "law")
    with pytest.raises(NotThere, match="not withheld"):
        withhold.restore(filled, "comment", 2)
    with pytest.raises(NotThere, match="no article at"):
        withhold.find_by_url(filled, "article", "https://nowhere.example/")


def test_the_ledger_gives_nothing_away(filled, query):
    withhold.withhold(filled, "commenter", 2, "privacy")
    rows = json.dumps(query("select * from suppressions"))
    assert NAME not in rows
    assert SECRET not in rows
    [keys] = query("select keys from suppressions")[0]
    assert all(len(key) == 64 for key in json.loads(keys))
    assert len(withhold.list_suppressions(filled)) == 1


def test_a_comment_that_an_edit_makes_a_withheld_one(archive, path, query):
    """The same text again under another id is withheld, though that comment was stored with another text."""
    save(archive, thread())
    withhold.withhold(archive, "comment", 2, "privacy", same_text=True)
    save(archive, thread(DAYS[1], None, said("Innocent so far, and long enough.", "tom", native_id="c9")))
    save(archive, thread(DAYS[2], None, said(SECRET, "tom", native_id="c9")))
    assert holds(path, SECRET) == []
    assert query("select body from comments where native_id = 'c9'") == [("",)]
    is_true_to_itself(query)


def test_comments_of_the_same_words_that_were_erased_do_not_come_twice(archive, query):
    twins = [said(SECRET, name) for name in ("anna", "tom", "eve")]
    save(archive, made(said("The first ferry is early."), *twins, at=DAYS[0]))
    before = query("select id, identity, position from comments order by id")
    erase_rows.destroy_rows(archive, "comment", 2, "privacy", same_text=True)
    save(archive, made(said("The first ferry is early."), *twins, at=DAYS[1]))
    assert query("select id, identity, position from comments order by id") == before
    assert query("select body from comments where id > 1") == [("",)] * 3
    is_true_to_itself(query)


def btl(path, *arguments):
    return CliRunner().invoke(main, [*arguments, "--db", str(path)])


def test_the_commands(filled, path, tmp_path):
    filled.close()
    assert (
        "comment 2 is withheld (privacy): 1 comment,"
        in btl(path, "withhold", "comment", "2", "--reason", "privacy").output
    )
    assert "privacy" in btl(path, "withhold", "--list").output
    assert "1 comment can be read again" in btl(path, "restore", "comment", "2").output
    requests = "subject,id,url,reason,note\ncomment,3,,law,\narticle,,https://courier.example/ferry,law,as asked\nthread,77,,law,\ncomment,x,,law,\n"
    (tmp_path / "requests.csv").write_text("\ufeff" + requests)
    found = btl(path, "withhold", "--from", str(tmp_path / "requests.csv"))
    assert found.exit_code == 1
    assert "2 entries added to the ledger, 3 comments withheld." in found.output
    assert "requests.csv:4: the archive holds no thread 77" in found.output
    assert "requests.csv:5: either an id or a url is needed" in found.output
    (tmp_path / "requests.jsonl").write_text('{"subject": "commenter", "id": 1, "reason": "safety"}\nnot json\n')
    found = btl(path, "withhold", "--from", str(tmp_path / "requests.jsonl"), "--json")
    assert json.loads(found.stdout)["entries"] == 1
    (tmp_path / "requests.csv").write_bytes(requests.encode() + b"comment,4,,law,caf\xe9\n")
    found = btl(path, "withhold", "--from", str(tmp_path / "requests.csv"))
    assert (found.exit_code, "no CSV or JSON Lines in UTF-8, and nothing is withheld" in found.output) == (1, True)
    assert btl(path, "withhold", "comment", "9" * 20, "--reason", "law").exit_code == 2
    assert btl(path, "restore", "comment", "99").exit_code == 1
    assert btl(path, "withhold", "comment").exit_code == 2
    assert btl(path, "withhold", "thread", "1", "--reason", "law", "--same-text").exit_code == 2


def test_the_evidence_of_a_threads_flag_that_quotes_a_withheld_comment_stays_away(archive, path, query):
    def repaired(at):
        flags = (Flag("capture.encoding_repaired", "mojibake", f"one line: {SECRET}"), Flag("platform.closed", "page"))
        return thread(at, flags=flags, furniture=())

    save(archive, repaired(DAYS[0]))
    before = query("select code, thread_id, evidence from flags where thread_id is not null order by id")
    withhold.withhold(archive, "comment", 2, "privacy")
    save(archive, repaired(DAYS[1]))
    assert holds(path, SECRET) == []
    withhold.restore(archive, "comment", 2)
    assert query("select code, thread_id, evidence from flags where thread_id is not null order by id") == before
