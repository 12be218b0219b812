"""Every figure of the questions is what the rows of the archive say, counted here by hand; in a public copy too."""

import csv
import io
import json
import re
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from archive.publish.policy import Policy
from archive.publish.release import publish
from archive.site.app import application, public_application
from archive.site.questions import waves
from archive.site.views.questions import QUESTIONS
from archive.store.archive import Archive
from archive.store.repeated_texts import find_in_archive
from tests.archive.site.desk_archive import COPIED, fill_desk
from tests.archive.site.test_security import assert_harmless
from tests.archive.site.test_site import parsed, text_of
from tests.archive_fixture import get
from tests.public_fixture import URL, ask

ROWS = """
select comments.id, comments.thread_id, articles.id as article, articles.outlet_id as outlet, outlets.name,
  commenter_id as commenter, comments.body, posted_at, posted_precision as precision, comments.codes,
  comments.first_seen_at, comments.last_seen_at, threads.first_seen_at as begun, threads.last_seen_at as latest,
  articles.published_at, articles.section, articles.byline, articles.title, commenters.name as author,
  (select min(seen_at) from events where kind = 'removed' and comment_id = comments.id) as gone
from comments join threads on threads.id = thread_id join articles on articles.id = article_id
join outlets on outlets.id = articles.outlet_id join commenters on commenters.id = commenter_id"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = fill_desk(tmp_path_factory.mktemp("desk") / "live.db")
    with Archive(path) as archive:
        find_in_archive(archive)
    return path


@pytest.fixture(scope="module")
def comments(path):
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        rows = [dict(row) for row in db.execute(ROWS)]
    for row in rows:
        row["codes"] = json.loads(row["codes"] or "[]")
        row["content"] = any(code.startswith("content.") for code in row["codes"])
        row["month"] = row["posted_at"] and row["posted_at"][:7]
    return rows


@pytest.fixture(scope="module")
def newsroom(path):
    site = application(path)
    return lambda address: get(site, address)


@pytest.fixture(scope="module")
def public(path):
    with Archive(path) as archive:
        publish(archive, path.parent / "archive.db", Policy(url=URL, dumps=()))
    site = public_application(path.parent / "archive.db")
    return lambda address: ask(site, address)


@pytest.fixture(scope="module", params=["newsroom", "public"])
def read(request):
    return request.getfixturevalue(request.param)


def table(read, address):
    """The rows of an answer, from its file; its page shows the same."""
    name, _, query = address.partition("?")
    rows = list(csv.DictReader(io.StringIO(read(f"{name}.csv?{query}").text)))
    page = read(address).text
    shown = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2].partition("</tbody>")[0])
    assert len(shown) == len(rows)
    for row, cells in zip(rows, shown, strict=True):
        for name, value in row.items():
            if name.startswith("surely"):
                possibly = row[name.replace("surely", "possibly")]
                assert (f">{value}<" if value == possibly else f"{value} to {possibly}") in cells
            elif value.isdecimal() and not name.startswith("possibly"):
                assert f">{int(value):,}<" in cells or f">#{value}<" in cells, (name, value, cells)
    return rows


def per_thousand(part, whole):
    return f"{round(1000 * part / whole, 2)}" if whole else "0.0"


def test_words_by_month_and_outlet(read, comments):
    rows = table(read, "/questions/words?q=ferry")
    whole = Counter((one["name"], one["month"]) for one in comments if one["month"])
    found = Counter(
        (one["name"], one["month"])
        for one in comments
        if one["month"] and "ferry" in re.findall(r"\w+", one["body"].casefold())
    )
    assert {(row["outlet"], row["month"]): int(row["comments"]) for row in rows} == whole
    assert {(row["outlet"], row["month"]): int(row["matching"]) for row in rows if row["matching"] != "0"} == found
    for row in rows:
        key = row["outlet"], row["month"]
        assert row["per_1000"] == per_thousand(found[key], whole[key])
    two = table(read, "/questions/words?q=ferry&outlet=2&from=2026-02&to=2026-03")
    assert {row["outlet"] for row in two} == {"Kelp"}
    assert {row["month"] for row in two} <= {"2026-02", "2026-03"}


@pytest.mark.parametrize("flag", ["content", "content.insult", "capture.author_missing"])
def test_flags_by_month_and_outlet(read, comments, flag):
    rows = table(read, f"/questions/flag-rate?flag={flag}")
    has = (lambda one: one["content"]) if flag == "content" else (lambda one: flag in one["codes"])
    found = Counter((one["name"], one["month"]) for one in comments if one["month"] and has(one))
    assert {(row["outlet"], row["month"]): int(row["matching"]) for row in rows if row["matching"] != "0"} == found


def test_commenters_with_most_flagged_comments(read, comments):
    for outlet in (None, 3):
        rows = table(
            read, "/questions/flagged-commenters?flag=content.insult" + (f"&outlet={outlet}" if outlet else "")
        )
        flagged = Counter(
            one["commenter"] for one in comments if "content.insult" in one["codes"] and outlet in (None, one["outlet"])
        )
        everything = Counter(one["commenter"] for one in comments)
        expected = sorted(flagged, key=lambda commenter: (-flagged[commenter], commenter))
        names = {one["commenter"]: one["author"] for one in comments}
        assert [(row["commenter"], int(row["flagged"]), int(row["comments"])) for row in rows] == [
            (names[number], flagged[number], everything[number]) for number in expected
        ]


def test_names_with_most_flagged_comments_at_all_outlets_together(read, comments):
    rows = table(read, "/questions/flagged-commenters?flag=content.insult&by=name")
    flagged = Counter(one["author"] for one in comments if "content.insult" in one["codes"])
    everything = Counter(one["author"] for one in comments)
    assert {row["name"]: (int(row["flagged"]), int(row["comments"])) for row in rows} == {
        name: (flagged[name], everything[name]) for name in flagged
    }
    assert [int(row["flagged"]) for row in rows] == sorted(flagged.values(), reverse=True)
    assert {row["outlets"] for row in rows if row["name"] == "anna"} == {"3"}
    there = table(read, "/questions/flagged-commenters?flag=content.insult&by=name&outlet=2")
    assert {row["name"] for row in there} == {
        name for name in flagged if any(one["author"] == name and one["outlet"] == 2 for one in comments)
    }


def test_numbers_lead_to_the_comments_that_they_count(read):
    for address in ("flag-rate?flag=content.insult", "flag-rate", "words?q=ferry", 'words?q="ferry"'):
        page = read(f"/questions/{address}").text
        links = re.findall(r'<td data-label="[^"]*"><a href="([^"]*)">([\d,]+)</a>', page)
        assert len(links) > 3, address
        for href, number in links[:6]:
            assert f"{number} comment" in text_of(read(href.replace("&amp;", "&")).text), href


def test_names_under_several_outlets(read, comments):
    rows = table(read, "/questions/names")
    outlets, counts = defaultdict(set), Counter(one["author"] for one in comments)
    for one in comments:
        outlets[one["author"]].add(one["outlet"])
    assert {row["name"]: (int(row["outlets"]), int(row["comments"])) for row in rows} == {
        name: (len(where), counts[name]) for name, where in outlets.items() if len(where) > 1
    }


def test_texts_under_several_articles(read, comments):
    rows = table(read, "/questions/copies")
    same = [one for one in comments if "old rope works" in one["body"].casefold()]
    assert len(rows) == 1
    assert int(rows[0]["comments"]) == len(same) == 18
    assert int(rows[0]["articles"]) == len({one["article"] for one in same})
    assert int(rows[0]["outlets"]) == 3
    assert int(rows[0]["names"]) == len({one["commenter"] for one in same})
    assert int(rows[0]["first_comment"]) == min(one["id"] for one in same)
    assert rows[0]["text"].startswith("The harbour board meets on")
    page = read("/questions/copies").text
    assert "<summary>" not in page.partition("<tbody>")[2], "it has no flag, and is on its site: nothing to fold"


def test_texts_that_are_the_same_are_listed_before_anything_was_compared(tmp_path):
    site = application(fill_desk(tmp_path / "new.db"))
    rows = json.loads(get(site, "/questions/copies.json").text)["rows"]
    assert {row["comments"] for row in rows} == {9}
    assert COPIED in {row["text"] for row in rows}
    assert "btl copies" in get(site, "/questions/copies").text
    with closing(sqlite3.connect(tmp_path / "new.db")) as db, db:
        db.execute("update articles set outlet_id = 1")
    there = json.loads(get(site, "/questions/copies.json?outlet=1").text)["rows"]
    assert [row["first_comment"] for row in there] == [row["first_comment"] for row in rows]
    assert json.loads(get(site, "/questions/copies.json?outlet=2").text)["rows"] == []


def test_copies_of_a_removed_text_are_listed_and_those_of_a_withheld_one_are_not(tmp_path):
    path = fill_desk(tmp_path / "gone.db")
    with closing(sqlite3.connect(path)) as db, db:
        rows = db.execute("select id from comments where body = ? order by id limit 2", (COPIED,))
        (first,), (other,) = rows
        db.execute(
            "insert into events (comment_id, thread_id, run_id, kind, seen_at, confidence) "
            "select id, thread_id, (select min(id) from runs), 'removed', last_seen_at, 'high' from comments where id = ?",
            (first,),
        )
        db.execute(
            "insert into flags (code, comment_id, detector_id, revision, rule, created_at, status, severity) "
            "select 'crawl.removed', id, (select min(id) from detectors), revision, 'visit', last_seen_at, 'unreviewed', 2 "
            "from comments where id = ?",
            (first,),
        )
    site = application(path)
    assert COPIED in get(site, "/questions/copies.csv").text
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update comments set state = 'missing' where id = ?", (first,))
    folded = get(site, "/questions/copies").text
    assert "folded; a click shows one" in folded
    assert re.search(r"<summary>Removed from the site, no notice</summary><p[^>]*>The harbour board", folded)
    assert get(site, f"/copies/{other}").status_code == 200
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update comments set withheld = 'legal' where id = ?", (other,))
    assert get(site, f"/copies/{other}").status_code == 404


@pytest.mark.parametrize("text", ["Thanks!", "Merci — à vous", "Quay. " * 20, ":-)", "☀☀"])
def test_copies_of_a_text_that_was_not_compared_are_those_of_the_same_bytes(tmp_path, text):
    path = fill_desk(tmp_path / "same.db")
    with closing(sqlite3.connect(path)) as db, db:
        ids = [row[0] for row in db.execute("select id from comments where withheld is null order by id limit 4")]
        for comment, body in zip(ids, [text, f"{text} ", text, text], strict=True):
            values = (body, sha256(body.encode()).hexdigest(), comment)
            db.execute("update comments set body = ?, body_sha256 = ? where id = ?", values)
        db.execute("update comments set withheld = 'legal' where id = ?", (ids[3],))
    found = json.loads(get(application(path), f"/copies/{ids[0]}.json").text)["comments"]
    assert {comment["id"] for comment in found} == {ids[0], ids[2]}


def test_hours_at_the_edges_of_the_calendar_are_left_out():
    hours = [("0001-01-01T00", 1), ("9999-12-31T23", 2), ("2026-07-01T22", 3)]
    assert waves._in_zone(hours, ZoneInfo("Asia/Tokyo")) == {9: 1, 7: 3}
    assert waves._in_zone(hours, ZoneInfo("America/New_York")) == {18: 5}


def test_removals_by_flag_and_how_fast(read, comments):
    rows = {row["group"]: row for row in table(read, "/questions/removed")}
    seen = [one for one in comments if one["latest"] > one["begun"]]
    groups = {
        "Any flag on the words": lambda one: one["content"],
        "No flag on the words": lambda one: not one["content"],
        "insult": lambda one: "content.insult" in one["codes"],
    }
    for name, has in groups.items():
        row = next(row for group, row in rows.items() if group.casefold() == name.casefold())
        members = [one for one in seen if has(one)]
        gone = [one for one in members if one["gone"]]
        assert (int(row["seen"]), int(row["removed"])) == (len(members), len(gone)), name
        timed = [one for one in gone if one["precision"] == "minute" and one["posted_at"] < one["gone"]]
        assert int(row["timed"]) == len(timed) > 0
        for hours in (1, 24, 168, 720):
            surely = sum(_hours(one["posted_at"], one["gone"]) <= hours for one in timed)
            possibly = sum(_hours(one["posted_at"], one["last_seen_at"]) < hours for one in timed)
            assert (int(row[f"surely_{hours}"]), int(row[f"possibly_{hours}"])) == (surely, possibly), (name, hours)


def _hours(first, last):
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() / 3600


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Tokyo"])
def test_hours_of_the_day_in_a_zone(read, comments, zone):
    rows = table(read, f"/questions/waves?zone={zone}")
    timed = [one for one in comments if one["precision"] == "minute"]
    hours = Counter(datetime.fromisoformat(one["posted_at"]).astimezone(ZoneInfo(zone)).hour for one in timed)
    flagged = Counter(
        datetime.fromisoformat(one["posted_at"]).astimezone(ZoneInfo(zone)).hour for one in timed if one["content"]
    )
    assert [int(row["comments"]) for row in rows] == [hours[hour] for hour in range(24)]
    assert [int(row["flagged"]) for row in rows] == [flagged[hour] for hour in range(24)]
    assert zone in text_of(read(f"/questions/waves?zone={zone}").text)


def test_hours_after_publication(read, comments):
    rows = table(read, "/questions/waves?by=age&outlet=1")
    timed = [one for one in comments if one["precision"] == "minute" and one["outlet"] == 1]
    later = [hours for one in timed if (hours := _hours(one["published_at"], one["posted_at"])) >= 0]
    assert int(rows[5]["comments"]) == sum(5 <= hours < 6 for hours in later)
    assert int(rows[-1]["comments"]) == sum(hours >= 168 for hours in later)
    assert sum(int(row["comments"]) for row in rows) == len(later)
    months = table(read, "/questions/waves?by=age&from=2026-02&to=2026-03")
    timed = [one for one in comments if one["precision"] == "minute" and "2026-02" <= one["month"] <= "2026-03"]
    later = [one for one in timed if one["published_at"] <= one["posted_at"]]
    assert sum(int(row["comments"]) for row in months) == len(later) > 0
    assert sum(int(row["flagged"]) for row in months) == sum(one["content"] for one in later)


def test_what_happens_under_articles(read, comments):
    for kind, outlet in product(("section", "byline"), (None, 2)):
        address = f"/questions/articles?by={kind}" + (f"&outlet={outlet}" if outlet else "")
        rows = {row[kind]: row for row in table(read, address)}
        there = [one for one in comments if one[kind] and outlet in (None, one["outlet"])]
        assert rows.keys() == {one[kind] for one in there}
        for label in rows:
            members = [one for one in there if one[kind] == label]
            assert int(rows[label]["articles"]) == len({one["article"] for one in members})
            assert int(rows[label]["comments"]) == len(members)
            assert rows[label]["per_article"] == str(round(len(members) / int(rows[label]["articles"]), 2))
            assert int(rows[label]["content"]) == sum(one["content"] for one in members)
            assert int(rows[label]["removed"]) == sum(one["gone"] is not None for one in members)
    titled = [one for one in comments if "ferry" in one["title"].casefold().split()]
    rows = table(read, "/questions/articles?q=ferry")
    assert {row["article"] for row in rows} == {one["title"] for one in titled}
    assert sum(int(row["comments"]) for row in rows) == len(titled)
    assert sum(int(row["content"]) for row in rows) == sum(one["content"] for one in titled)
    assert sum(int(row["removed"]) for row in rows) == sum(one["gone"] is not None for one in titled)
    harbour = table(read, "/questions/articles?section=Harbour&byline=Ida+Reef")
    assert len(harbour) == len(
        {o["article"] for o in comments if o["section"] == "Harbour" and o["byline"] == "Ida Reef"}
    )


def test_pages_are_whole_and_harmless(read):
    addresses = ["/questions", *(f"/questions/{question.slug}" for question in QUESTIONS)]
    for address in [*addresses, "/questions/words?q=%3Cb%3Eferry%22", "/questions/articles?section=%3Cscript%3E"]:
        answer = read(address)
        html = answer.text
        assert html.count("<h1") == 1
        assert_harmless(html)
        found = parsed(html)
        assert len(found.ids) == len(set(found.ids))
    assert read("/questions/nothing").text.count("<h1") == 1


def test_wrong_values_are_named(read):
    text = text_of(read("/questions/waves?zone=Nowhere&outlet=x&from=2026-99").text)
    for words in ("“Nowhere” is no time zone", "“x” is no number of an outlet", "“2026-99” is no month"):
        assert words in text
    text = text_of(read("/questions/flag-rate?outlet=77&flag=content.nonsense&from=2026-04&to=2026-01").text)
    for words in ("no outlet number 77", "“content.nonsense” is no flag", "Nothing lies between 2026-04 and 2026-01"):
        assert words in text
    assert "No comments with a date match" in text
    text = text_of(read("/questions/removed?flag=capture.author_missing").text)
    assert "“capture.author_missing” is no flag that this page counts" in text
    assert "Of comments with the flag “slur” nobody can say" in text_of(
        read("/questions/removed?flag=content.slur").text
    )


def test_links_lead_somewhere(newsroom):
    for question in QUESTIONS:
        page = newsroom(f"/questions/{question.slug}?q=ferry").text
        inside = set(parsed(page).hrefs) - set(parsed(newsroom("/questions").text).hrefs)
        for href in sorted(inside)[:12]:
            if href.startswith("/"):
                assert newsroom(href.replace("&amp;", "&")).status_code == 200, href


def test_a_copy_with_made_up_names_does_not_answer_by_names(path, tmp_path):
    with Archive(path) as archive:
        publish(archive, tmp_path / "archive.db", Policy(url=URL, dumps=(), commenters="pseudonyms"))
    site = public_application(tmp_path / "archive.db")
    assert "this question has no answer here" in ask(site, "/questions/names").text
    assert "pseudonym" in ask(site, "/commenter/1").text
    assert "anna" not in ask(site, "/questions/flagged-commenters").text


def test_a_search_draws_its_matches_by_month(newsroom, comments):
    matching = [row for row in comments if re.search(r"\bferry\b", row["body"], re.IGNORECASE)]
    months = Counter(row["month"] for row in matching if row["month"] and row["precision"] != "year")
    html = newsroom("/search?q=ferry&sort=newest").text
    title = re.search(r'aria-label="Matches by month: (\d+) columns [^"]* is (\w+ \d+) with ([\d,]+)\."', html)
    assert title is not None
    assert int(title[3].replace(",", "")) == max(months.values())
    undated = len(matching) - sum(months.values())
    assert (f"{undated} comment" in html.partition("By the date of the comment")[2]) == bool(undated)
    (month, _), *_ = months.most_common(1)
    assert "Matches by month" not in newsroom(f"/search?q=ferry&date={month}").text
