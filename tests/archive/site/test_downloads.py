"""CSV and JSON of pages: exactly the rows that the page shows, all of them, masked as there."""

import csv
import io
import json
import re
import sqlite3

import pytest

from archive.site import search_results
from archive.site.app import application
from tests import archive_fixture, readers
from tests.archive.site.test_site import visited
from tests.archive_fixture import DEEP, FERRY, MAIL, MARKET, NUMBER, PERSONAL, PHONE, QUAY, SILENT, get, page

THREADS = [
    f"/thread/{number}{query}"
    for number in (FERRY, DEEP, SILENT, MARKET, QUAY)
    for query in ("", "?view=newest", "?view=flagged", "?view=changed", "?at=2026-12-31", "?at=2026-03-14T12:00")
]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")


@pytest.fixture(scope="module")
def site(path):
    return application(path)


def csv_of(site, address):
    answer = get(site, address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def json_of(site, address):
    answer = get(site, address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return json.loads(answer.text)


def as_file(address, kind):
    path, _, query = address.partition("?")
    return f"{path}.{kind}" + (f"?{query}" if query else "")


def on_page(html):
    return [int(number) for number in re.findall(r'<li class="c[^"]*" id="c(\d+)"', html)]


def linked(html, kind):
    return [one.replace("&amp;", "&") for one in re.findall(rf'href="([^"]*\.{kind}[^"]*)"', html)]


@pytest.mark.parametrize("address", THREADS)
def test_a_thread_as_files_has_the_rows_of_its_page(site, address):
    if get(site, address).status_code == 404:
        assert get(site, as_file(address, "csv")).status_code == 404
        return
    expected = on_page(page(site, address))
    rows = csv_of(site, as_file(address, "csv"))
    found = json_of(site, as_file(address, "json"))
    assert [int(row["id"]) for row in rows] == expected
    assert [row["id"] for row in found["comments"]] == expected
    assert found["count"] == len(expected)
    assert found["limited"] is False
    assert found["thread"]["permalink"] == f"http://localhost{address.partition('?')[0]}"
    for row, other in zip(rows, found["comments"], strict=True):
        assert row["body"] == other["body"]
        assert json.loads(row["codes"]) == other["codes"]


def test_pages_link_to_their_files(site):
    for address in (f"/thread/{FERRY}", f"/thread/{FERRY}?view=flagged", "/search?q=ferry", "/removals", "/flags"):
        html = page(site, address)
        for kind in ("csv", "json"):
            own = [one for one in linked(html, kind) if one.startswith(address.partition("?")[0] + ".")]
            assert own, (address, kind)
            assert get(site, own[0]).status_code == 200
    assert "/comment/1.json" in linked(page(site, "/comment/1"), "json")


def test_what_a_row_holds(site):
    row = json_of(site, f"/thread/{FERRY}.json")["comments"][1]
    assert row["author"] == "Tom Billes"
    assert row["outlet"] == "Harbour Courier"
    assert row["article"].startswith("Ferry timetable")
    assert row["body"] == "We who work nights have waited three years for this boat."
    assert row["parent_id"] == 1
    assert row["codes"] == ["crawl.edited"]
    assert (row["masked"], row["withheld"]) == (0, 0)
    assert row["permalink"] == "http://localhost/comment/2"
    assert csv_of(site, f"/thread/{FERRY}.csv")[2]["author"] == ""


def test_hostile_texts_come_back_whole(site):
    row = csv_of(site, f"/thread/{FERRY}.csv")[8]
    assert row["body"] == archive_fixture.HOSTILE
    assert row["author"] == "<b>bold</b> \u202eevil"


@pytest.mark.parametrize(
    "address",
    [
        f"/thread/{QUAY}.csv",
        f"/thread/{QUAY}.json",
        f"/thread/{QUAY}.json?view=changed",
        f"/thread/{QUAY}.csv?at=2026-03-14",
        f"/comment/{PERSONAL}.json",
        f"/comment/{PERSONAL + 1}.json",
        "/search.csv?q=quay",
        "/search.json?q=quay",
        "/removals.csv",
        "/removals.json",
        f"/thread/{MARKET}.csv",
        f"/thread/{MARKET}.json",
        "/search.csv?q=unmistakably",
        "/search.json?flag=archive.withheld",
        "/comment/23.json",
        "/comment/24.json",
    ],
)
def test_files_hide_what_pages_hide(site, address):
    text = page(site, address)
    for hidden in (MAIL, PHONE, NUMBER, "unmistakably."):
        assert hidden not in text
        assert json.dumps(hidden)[1:-1] not in text


def test_masked_rows_say_so(site):
    rows = {row["id"]: row for row in json_of(site, f"/thread/{QUAY}.json")["comments"]}
    assert rows[PERSONAL]["masked"] == 1
    assert rows[PERSONAL]["body"] == "Write to ████\nor call ████, about the quay."
    assert rows[PERSONAL + 1]["masked"] == 0
    row = json_of(site, f"/thread/{MARKET}.json")["comments"][0]
    assert (row["withheld"], row["body"], row["author"]) == (1, "", None)


def test_a_long_thread_is_whole_from_any_of_its_pages(tmp_path):
    path = archive_fixture.fill(tmp_path / "long.db")
    db = sqlite3.connect(path)
    db.execute(
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1201) insert into comments (thread_id"
        ", identity, position, depth, posted_at, body, body_sha256, revision, state, first_seen_at, last_seen_at) "
        "select 3, i, i - 1, 0, printf('2026-01-%02dT00:00:00Z', 1 + i * 7 % 28), 'number ' || i, '', 0, 'visible', "
        "'2026', '2026' from n"
    )
    db.execute("update threads set comment_count = 1201 where id = 3")
    db.commit()
    db.close()
    site = application(path)
    for view in ("", "view=newest"):
        shown = [one for number in (1, 2, 3) for one in on_page(page(site, f"/thread/3?{view}&page={number}"))]
        assert len(shown) == 1201
        for number in (1, 2):
            assert [int(row["id"]) for row in csv_of(site, f"/thread/3.csv?{view}&page={number}")] == shown
            assert [row["id"] for row in json_of(site, f"/thread/3.json?{view}")["comments"]] == shown
    assert "page=" not in "".join(linked(page(site, "/thread/3?page=2"), "csv"))


@pytest.mark.parametrize(
    "query",
    [
        "q=ferry",
        "q=ferry&sort=newest",
        "q=ferry&outlet=1",
        "q=ferry&commenter=7",
        "q=quay&flag=content.pii",
        "q=ferry&from=2026-03-15",
        "flag=content.insult",
        "severity=high",
        "q=nothingatall",
        "q=%22",
        "",
    ],
)
def test_a_search_as_files_has_all_that_it_counts(site, query):
    shown, number = [], 1
    while True:
        html = page(site, f"/search?{query}&page={number}")
        shown += on_page(html)
        number += 1
        if 'rel="next"' not in html:
            break
    assert [int(row["id"]) for row in csv_of(site, f"/search.csv?{query}&page=2")] == shown
    found = json_of(site, f"/search.json?{query}")
    assert [row["id"] for row in found["comments"]] == shown
    assert (found["matched"], found["limited"]) == (len(shown), False)
    assert "x-truncated" not in get(site, f"/search.csv?{query}").headers


def test_a_search_that_is_cut_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(search_results, "MAX_HITS", 5)
    site = application(archive_fixture.fill(tmp_path / "many.db"))
    html = page(site, "/search?q=ferry")
    assert ">CSV of the newest 5</a>" in html
    answer = get(site, "/search.csv?q=ferry")
    assert answer.headers["x-truncated"] == "true"
    assert len(csv_of(site, "/search.csv?q=ferry")) == 5
    found = json_of(site, "/search.json?q=ferry")
    assert (found["matched"], found["limited"], found["looked_at"]) == (5, True, 5)


def test_removals_are_all_there_along_their_filters(tmp_path):
    path = archive_fixture.fill(tmp_path / "archive.db")
    with sqlite3.connect(path) as db:
        db.executemany(
            "insert into events (run_id, thread_id, comment_id, kind, seen_at, confidence) values (1, ?, ?, 'removed', ?, 'low')",
            [(1 + (n % 2), 1 + n % 2 * 10, f"2026-{4 + n % 2:02}-{1 + n % 28:02}T00:00:00Z") for n in range(120)],
        )
    db.close()
    site = application(path)
    rows = csv_of(site, "/removals.csv")
    assert len(rows) == 121
    assert [row["removed_before"] for row in rows] == sorted((row["removed_before"] for row in rows), reverse=True)
    assert [int(row["id"]) for row in rows][:50] == on_page(page(site, "/removals"))
    for query in ("month=2026-04", "outlet=2", "month=2026-05&outlet=2", "outlet=77", "month=2026-99"):
        shown = on_page(page(site, f"/removals?{query}"))
        found = json_of(site, f"/removals.json?{query}")
        assert [row["id"] for row in found["removals"]][:50] == shown
    assert len(csv_of(site, "/removals.csv?month=2026-04&outlet=1")) == 60


def test_a_comment_as_json(site):
    found = json_of(site, "/comment/2.json")
    assert found["comment"]["id"] == 2
    assert [row["id"] for row in found["answers"]] == [1]
    assert [row["id"] for row in found["replies"]] == [3]
    assert [flag["code"] for flag in found["flags"]] == ["crawl.edited"]
    assert found["earlier_texts"][0]["body"] == "We all have waited three years for this boat."
    assert found["text_sha256"] == archive_fixture.digest(found["comment"]["body"])
    assert found["events"][0]["kind"] == "edited"
    assert set(found["citation"]) == {"Chicago", "APA", "BibTeX"}
    assert get(site, "/comment/999.json").status_code == 404


def test_codes_as_files(site):
    rows = {row["code"]: row for row in csv_of(site, "/flags.csv")}
    assert set(rows) == set(re.findall(r'<div id="([a-z_.-]+)"', page(site, "/flags")))
    assert int(rows["content.threat"]["confirmed"]) == 1
    assert len(json_of(site, "/flags.json")["codes"]) == len(rows)


def test_names_of_files_are_safe_whatever_is_asked(tmp_path):
    site = application(readers.poison(archive_fixture.fill(tmp_path / "archive.db")))
    for address in ("/thread/1.csv", "/comment/1.json", "/search.csv?q=ferry%0D%0AX:+1", "/removals.csv", "/flags.csv"):
        headers = get(site, address).headers
        assert re.fullmatch(r'attachment; filename="[a-z0-9.-]+"', headers["content-disposition"])
        assert "set-cookie" not in headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    "address", ["/thread/no.csv", "/thread/999.csv", "/thread/1.xml", "/thread/1.csv.csv", "/thread/0.json"]
)
def test_what_is_not_there_is_no_file(site, address):
    assert get(site, address).status_code == 404


def test_a_thread_as_it_stood(tmp_path):
    from archive.store.archive import Archive

    path = tmp_path / "archive.db"
    with Archive(path) as archive:
        run = archive.begin_run("crawl", {})
        archive.save(
            [visited("2026-03-02T08:00:00Z", [(1, "Anna", "The kiosk opens at nine."), (2, "Finn", "Eh.")])], run
        )
        archive.save(
            [visited("2026-03-20T08:00:00Z", [(1, "Anna", "The kiosk opens at ten."), (4, "Ruth", "Late.")])], run
        )
    site = application(path)
    before = csv_of(site, "/thread/1.csv?at=2026-03-19")
    assert [row["body"] for row in before] == ["The kiosk opens at nine.", "Eh."]
    assert [row["state"] for row in before] == ["visible", "visible"]
    assert [row["body"] for row in csv_of(site, "/thread/1.csv")] == ["The kiosk opens at ten.", "Eh.", "Late."]
