"""`btl demo`: it shows what the product is for, is the same every time, and can be run again."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.cli import main

FLAGGED = "select distinct code from flags where withdrawn_at is null"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Return the folder of a demo that was built twice, with the summaries of both."""
    folder = tmp_path_factory.mktemp("town")
    summaries = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SQLITE_TMPDIR", str(folder))
        for _ in range(2):
            done = CliRunner().invoke(main, ["demo", "--no-serve", "--json"])
            assert done.exit_code == 0, done.output
            summaries.append(json.loads(done.stdout))
    return folder, *summaries


def rows(folder, sql, name="archive.db"):
    with closing(sqlite3.connect(folder / name)) as connection:
        return connection.execute(sql).fetchall()


def test_a_second_run_adds_nothing(town):
    _, first, second = town
    assert first["errors"] == []
    assert first["counts"]["comments_new"] > 300
    assert first["verdicts"] >= 12
    assert second["counts"]["unchanged"] == second["counts"]["documents"] == first["counts"]["documents"]
    assert second["verdicts"] == 0
    assert not any(visit["comments_new"] + visit["comments_removed"] for visit in second["visits"])


def test_flags_of_every_kind_are_in_it(town):
    codes = {code for (code,) in rows(town[0], FLAGGED)}
    assert {
        *("content.threat", "content.incitement", "content.insult", "content.spam", "content.pii", "content.link"),
        *("content.dehumanisation", "content.exclusion", "content.identity_attack"),
        *("crawl.edited", "crawl.removed", "crawl.restored", "crawl.author_renamed", "platform.removed"),
        *("platform.staff", "platform.featured", "capture.author_missing", "context.quoted", "archive.withheld"),
    } <= codes


def test_comments_are_removed_restored_and_dated_over_months(town):
    folder = town[0]
    assert rows(folder, "select count(*) from comments where state in ('removed', 'missing')")[0][0] > 10
    assert rows(folder, "select count(*) from comments where native_id is not null and posted_at is null") == [(0,)]
    months = rows(folder, "select distinct substr(posted_at, 1, 7) from comments where native_id is not null")
    assert len(months) >= 5


def test_some_flags_wait_for_review_and_reviewers_disagree_on_one(town):
    folder = town[0]
    unjudged = "select count(*) from flags where code like 'content.%' and id not in (select flag_id from reviews)"
    assert rows(folder, unjudged)[0][0] >= 10
    disputed = "select flag_id from reviews group by 1 having count(distinct verdict) > 1"
    assert len(rows(folder, disputed)) == 1


def test_the_public_copy_hides_what_is_withheld_and_who_wrote(town):
    folder = town[0]
    public = Path("archive-public") / "archive.db"
    assert rows(folder, "select count(*) from comments where body like '%4 Cable Hill%'", public) == [(0,)]
    assert rows(folder, "select count(*) from commenters where name = 'Old Mudlark'", public) == [(0,)]


def test_the_pictures_of_the_readme_are_current(town):
    from docs.pictures import PAGES, PICTURES, outdated

    assert all((PICTURES / f"{name}.png").stat().st_size > 10_000 for name in PAGES)
    assert outdated(town[0] / "archive.db") == [], "the demo's pages read otherwise now: run `make pictures`"


def test_what_it_holds_depends_on_no_clock(town):
    assert rows(town[0], "select count(*) from threads where last_seen_at > '2026-06'") == [(0,)]
