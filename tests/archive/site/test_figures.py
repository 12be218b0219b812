"""Every figure of every page is what the tables hold: one definition each, written here once more in SQL."""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from archive.publish.policy import Policy
from archive.publish.release import publish
from archive.site.app import application, public_application
from archive.site.views.thread import describe_stored
from archive.store.archive import Archive
from archive.store.statistics import archive_counts
from tests import archive_fixture
from tests.archive_fixture import get
from tests.public_fixture import URL, ask

STANDS = "withdrawn_at is null and status not in ('dismissed', 'corrected')"
OF_THREAD = {
    "stored": "select count(*) from comments where thread_id = :of",
    "stated": "select stated_count from threads where id = :of",
    "unknown": "select count(*) from comments where thread_id = :of and commenter_id is null",
    "gone": "select count(*) from comments where thread_id = :of and state <> 'visible'",
    "flags": f"select count(*) from flags where {STANDS} and code not like 'context.%' and "
    "(thread_id = :of or comment_id in (select id from comments where thread_id = :of))",
    "flagged": f"select count(*) from comments where thread_id = :of and id in (select comment_id from flags where {STANDS} "
    "and code not like 'context.%' and (code not like 'content.%' or flags.revision = comments.revision))",
    "content": f"select count(*) from comments where thread_id = :of and id in (select comment_id from flags where {STANDS} "
    "and code like 'content.%' and flags.revision = comments.revision)",
    "changed": "select count(distinct comment_id) from events where thread_id = :of and kind <> 'added'",
    "visits": "select count(*) from visits where thread_id = :of",
    "failed": "select count(*) from visits where thread_id = :of and outcome = 'failed'",
}
THREADS_OF = "select threads.id from threads join articles on articles.id = article_id where outlet_id = :of"
OF_ARCHIVE = {
    **{name: f"select count(*) from {name}" for name in ("comments", "threads", "articles", "outlets", "commenters")},
    "flags": f"select count(*) from flags where code = :of and withdrawn_at is null and ({STANDS} or code like 'context.%')",
    "rules": f"select count(*) from flags where rule = :of and withdrawn_at is null and ({STANDS} or code like 'context.%')",
    "completeness": "select count(*) from threads where completeness = :of",
    "platform": "select count(*) from threads where platform = :of",
    "withheld": "select count(*) from comments where withheld = :of",
    "articles_of_outlet": "select count(*) from articles where outlet_id = :of",
    "removals": "select count(*) from events join threads on threads.id = thread_id join articles on articles.id = article_id "
    "where kind = 'removed' and substr(seen_at, 1, 7) || ':' || coalesce(outlet_id, '') = :of",
    "comments_of_outlet": f"select count(*) from comments where thread_id in ({THREADS_OF})",
    "threads_of_outlet": f"select count(*) from ({THREADS_OF})",
    "comments_of_commenter": "select count(*) from comments where commenter_id = :of",
    "threads_of_commenter": "select count(distinct thread_id) from comments where commenter_id = :of",
    "gone_of_commenter": "select count(*) from comments where commenter_id = :of and state <> 'visible'",
    "commenter": "select count(*) from comments where commenter_id = :of and id in (select comment_id from flags "
    f"where {STANDS} and code = :key and (code not like 'content.%' or flags.revision = comments.revision))",
    "months_of_outlet": f"select count(*) from comments where thread_id in ({THREADS_OF.replace(':of', ':outlet')}) "
    "and substr(posted_at, 1, 7) = :month",
    "comments_of_article": "select count(*) from comments join threads on threads.id = thread_id where article_id = :of",
    "replies": "with recursive below(id) as (select id from comments where parent_id = :of union all "
    "select comments.id from comments join below on parent_id = below.id) select count(*) from below",
    "listed": "select count(*) from threads",
    "comments_stated": "select sum(stated_count) from threads",
    "comments_stored_of_stated": "select count(*) from comments join threads on threads.id = thread_id where stated_count >= 0",
}
OF_SUBJECT = {
    "commenter",
    "comments_of_commenter",
    "threads_of_commenter",
    "gone_of_commenter",
    "replies",
    "comments_of_article",
}
FIGURE = re.compile(r'<data value="(\d+)" data-count="([^"]+)"(?: data-of="([^"]*)")?>(.*?)</data>')
# Numbers beside what they count that stand outside of their marks, but for those of a text and of a filter.
UNMARKED = re.compile(r"\b\d[\d,]* (?:flagged )?(?:comments?|threads?|articles?|outlets?|flags?|visits?|commenters?)\b")
PAGES = ["/", "/about", "/flags", "/removals", "/outlets", "/threads"]
NOT_FIGURES = re.compile(r"<(svg|head|bdi)\b.*?</\1>|<p dir.*?</p>", re.DOTALL)
SUBJECTS = ("thread", "outlet", "commenter", "comment", "article")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = archive_fixture.fill_reviewed(tmp_path_factory.mktemp("figures") / "live.db")
    with closing(sqlite3.connect(path)) as db, db:
        # More stored than its source states, and visits of which one failed.
        db.execute("update threads set stated_count = comment_count - 2 where id = 1")
        visit = "insert into visits (thread_id, run_id, seen_at, outcome) values (1, 1, '2026-03-15T06:00:00Z', ?)"
        db.executemany(visit, [("unchanged",), ("failed",)])
    return path


@pytest.fixture(scope="module", params=["newsroom", "public"])
def site(path, request):
    """What returns the text of a page, and the database that it is of."""
    if request.param == "newsroom":
        newsroom = application(path)
        return lambda address: get(newsroom, address).text, path
    with Archive(path) as archive:
        publish(archive, path.parent / "archive.db", Policy(url=URL, dumps=()))
    public = public_application(path.parent / "archive.db")
    return lambda address: ask(public, address).text, path.parent / "archive.db"


def addresses_of_subjects(db):
    return [f"/{kind}/{row[0]}" for kind in SUBJECTS for row in db.execute(f"select id from {kind}s")]


def test_every_figure_is_what_the_tables_hold(site):
    read, path = site
    seen = set()
    with closing(sqlite3.connect(path)) as db:
        for address in [*PAGES, *addresses_of_subjects(db)]:
            for value, name, of, text in FIGURE.findall(read(address)):
                kind, _, key = name.partition(":")
                subject = of or address.rpartition("/")[2]
                statement = OF_THREAD.get(kind) if not key and subject.isdecimal() else None
                by_subject = statement or kind in OF_SUBJECT
                outlet, _, month = of.partition(":")
                parameters = {"of": subject if by_subject else key or of, "key": key, "outlet": outlet, "month": month}
                expected = db.execute(statement or OF_ARCHIVE[kind], parameters).fetchone()[0]
                assert int(value) == expected, (address, name, of, text)
                assert f"{int(value):,}" in text, (address, name, text)
                seen.add(kind)
    missing = set(OF_THREAD) | OF_SUBJECT | set(OF_ARCHIVE) - {"rules"}
    if path.name == "archive.db":
        missing -= {"visits", "failed"} - seen
    assert seen >= missing - {"rules"}


def test_no_figure_of_a_page_is_without_its_mark(site):
    read, path = site
    found = {}
    with closing(sqlite3.connect(path)) as db:
        for address in [*PAGES, *addresses_of_subjects(db)]:
            page = NOT_FIGURES.sub("", FIGURE.sub("", read(address)))
            if unmarked := UNMARKED.findall(re.sub(r"<[^>]+>", " ", page)):
                found[address] = unmarked
    assert found == {}


def test_figures_of_files_and_commands_are_those_of_the_pages(site):
    read, path = site
    stats = archive_counts(path)
    with closing(sqlite3.connect(path)) as db:
        for name, value in stats["counts"].items():
            assert value == db.execute(OF_ARCHIVE[name]).fetchone()[0], name
        for code, value in stats["flags"].items():
            assert value == db.execute(OF_ARCHIVE["flags"], {"of": code}).fetchone()[0], code
        for row in stats["completeness"]:
            assert row["threads"] == db.execute(OF_ARCHIVE["completeness"], {"of": row["completeness"]}).fetchone()[0]
        listed = {row["code"]: row["flags"] for row in json.loads(read("/flags.json"))["codes"] if row["flags"]}
        assert listed == {code: flags for code, flags in stats["flags"].items() if flags}
        assert sum(row["comments"] for row in stats["outlets"]) == stats["counts"]["comments"]
        for number, stored, flags in db.execute("select id, comment_count, flag_count from threads").fetchall():
            assert stored == db.execute(OF_THREAD["stored"], {"of": number}).fetchone()[0]
            assert flags == db.execute(OF_THREAD["flags"], {"of": number}).fetchone()[0]
            assert json.loads(read(f"/thread/{number}.json"))["count"] == stored
    manifest = path.parent / "manifest.json"
    if (path.resolve().parent / "manifest.json").is_file():
        manifest = path.resolve().parent / "manifest.json"
        told = json.loads(manifest.read_text("utf-8"))
        assert told["completeness"] == stats["completeness"]
        assert {name: told["counts"][name] for name in stats["counts"]} == stats["counts"]


def test_lists_that_a_page_links_to_hold_as_many_flags(site):
    read, _ = site
    links = re.findall(r'<a href="(/archive/flag_list\?[^"]+)"><data value="(\d+)"', read("/") + read("/flags"))
    assert links
    for address, value in links:
        address = address.replace("&amp;", "&").replace(
            "/flag_list?", "/flag_list.json?_shape=array&_size=max&_col=code&"
        )
        assert len(json.loads(read(address))) == int(value), address


def test_more_may_be_stored_than_a_source_states():
    assert describe_stored(110, 108) == "110 comments, where the source states 108"
    assert describe_stored(110, 108, gone=2) == "110 comments: 108 of the 108 on the site, and 2 no longer there"
    assert describe_stored(110, 108, gone=1) == "110 comments, where the source states 108"
    assert describe_stored(1, None) == "1 comment"
    assert describe_stored(9, 1_200) == "9 of 1,200 comments"
    assert describe_stored(0, 1) == "0 of 1 comment"
