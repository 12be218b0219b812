"""Whatever an archive has been through, its captures confirm it; what was changed behind its back, they do not."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.store.archive import Archive
from archive.store.suppressions import SuppressionList
from archive.thread import Author, Comment, Moment
from crawler.evidence.compare import compare_thread
from tests.made_once import new_archive
from tests.trees import made

DAYS = [f"2026-03-{day:02}T06:00:00Z" for day in range(1, 29)]


def save(archive, *threads):
    run = archive.begin_run("import", {"paths": []})
    saved = archive.save(threads, run)
    assert not saved.failures


def differences(archive, threads):
    """Compare every capture of thread 1 with the rows, as `btl verify` does."""
    found = []
    with archive.engine.connect() as connection:
        suppressions = SuppressionList.load(connection)
        by_hash = {thread.capture.sha256: thread for thread in threads}
        for capture_id, sha256 in connection.exec_driver_sql("select id, sha256 from captures").fetchall():
            thread = by_hash[sha256]
            _, differing = compare_thread(connection, suppressions, 1, capture_id, [capture_id], thread)
            found += differing
    return found


@st.composite
def histories(draw, timed=False):
    """Visits to one thread: comments of few authors and texts are added, edited, removed, renamed, and hung elsewhere."""
    texts = st.sampled_from(["Yes.", "The ferry is late again, as ever.", "The ferry is late again, as it was ever."])
    page: list[dict] = []
    visits = []
    clock = 0
    for day in DAYS[: draw(st.integers(1, 5))]:
        for _ in range(draw(st.integers(0, 3))):
            clock += 1
            time = f"2026-02-01T{clock // 60:02}:{clock % 60:02}:00Z" if timed else None
            parent = draw(st.none() | st.sampled_from(page)) if page else None
            who = "anna" if timed else draw(st.sampled_from(["anna", "tom", None]))
            page.insert(
                draw(st.integers(0, len(page))),
                {"id": clock, "who": who, "body": draw(texts), "time": time, "above": parent},
            )
        if page and draw(st.booleans()):
            draw(st.sampled_from(page))["body"] = draw(texts)
        if page and draw(st.booleans()):
            gone = draw(st.sampled_from(page))
            page.remove(gone)
            for row in page:
                if row["above"] is gone:
                    row["above"] = gone["above"]
        if page and not timed and draw(st.booleans()):
            draw(st.sampled_from(page))["who"] = draw(st.sampled_from(["anna", "tom"]))
        visits.append((day, _in_document_order(page)))
    return visits


def _in_document_order(page):
    result: list[Comment] = []

    def add(above, index):
        for row in page:
            if row["above"] is above:
                time = Moment(row["time"], row["time"], "minute") if row["time"] else None
                author = Author(row["who"]) if row["who"] else None
                result.append(Comment(row["body"], index, author, time, parent_source="dom"))
                add(row, len(result) - 1)

    add(None, None)
    at = "2026-01-31T12:00:00Z"
    others = (
        Comment("Is the kiosk open?", None, Author(name), Moment(at, at, "minute")) for name in ("lea", "ada", "finn")
    )
    return (*result, *others)


@pytest.mark.slow
@given(st.booleans().flatmap(lambda timed: histories(timed=timed)), st.booleans(), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
def test_any_history_is_confirmed_by_its_captures(tmp_path_factory, visits, late, older):
    path = new_archive(tmp_path_factory.mktemp("any") / "archive.db")
    threads = [made(*comments, at=day) for day, comments in visits]
    if late:
        threads.reverse()
    with Archive(path) as archive:
        for thread in threads:
            save(archive, thread)
        before = archive.read("select count(*) from events")
        save(archive, replace(threads[-1], capture=replace(threads[-1].capture, sha256="f" * 64, fetched_at=DAYS[-1])))
        if not late:
            assert archive.read("select count(*) from events") == before, "the same page once more changed something"
        threads.append(replace(threads[-1], capture=replace(threads[-1].capture, sha256="f" * 64)))
        if older:  # an archive of 0.1.0 does not say which comment of a capture a text is
            with archive.transaction() as connection:
                connection.exec_driver_sql("update comments set capture_position = null")
                connection.exec_driver_sql("update comment_revisions set capture_position = null")
        assert differences(archive, threads) == []


@pytest.mark.slow
@given(histories(timed=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
def test_of_twins_with_times_the_right_one_is_gone(tmp_path_factory, visits):
    path = new_archive(tmp_path_factory.mktemp("any") / "archive.db")
    with Archive(path) as archive:
        for day, comments in visits:
            save(archive, made(*comments, at=day, completeness="full"))
        times = archive.read("select posted_at from comments where state = 'visible' order by position")
        assert [row[0] for row in times] == [comment.posted.at for comment in visits[-1][1]]


@pytest.mark.parametrize(
    "change", ["body = 'It leaves at six.'", "posted_at = '2026-02-01T00:09:00Z'", "parent_id = 1"]
)
def test_what_was_changed_behind_its_back_differs(archive, change):
    times = [Moment(f"2026-02-01T00:0{n}:00Z", precision="minute") for n in range(3)]
    thread = made(*(Comment("Yes.", None, Author("anna"), time) for time in times), at=DAYS[0])
    save(archive, thread)
    assert differences(archive, [thread]) == []
    with archive.transaction() as connection:
        connection.exec_driver_sql(f"update comments set {change} where id = 3")
    assert [difference.subject for difference in differences(archive, [thread])] == ["comment 3"]


def test_each_twin_needs_a_row_of_its_own(archive):
    thread = made(*(Comment("Yes.", None, Author("anna")) for _ in range(3)), at=DAYS[0])
    save(archive, thread)
    with archive.transaction() as connection:
        connection.exec_driver_sql("delete from comments where id = 2")
    assert [difference.subject for difference in differences(archive, [thread])] == ["thread 1"]
