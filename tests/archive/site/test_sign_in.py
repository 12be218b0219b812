"""Sign-ins: failed ones wait and are logged, sessions end; and what of reviewers nobody else reads, by whatever way."""

import logging
import re
import sqlite3
from asyncio import gather, run
from contextlib import closing

import pytest
from datasette.app import Datasette

from archive.site.app import application, metadata
from archive.site.sessions import FREE_ATTEMPTS, LONGEST_WAIT, MOST_REMEMBERED, Attempts
from archive.site.viewer import attempts_of
from tests import archive_fixture
from tests.archive.site.test_review import HASHES, Browser
from tests.archive_fixture import CALM, THREAT, get

NAMES = ("irene", "oskar", "seen by", "a reason by hand")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = archive_fixture.fill_reviewed(tmp_path_factory.mktemp("sign_in") / "archive.db")
    irene = Browser(application(path, reviewers=HASHES))
    irene.sign_in("irene")
    irene.page(f"/comment/{CALM}")
    irene.post("/review", comment=str(CALM), code="review.doxxing", words="fool", note="a reason by hand")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("select note from reviews order by id desc limit 1").fetchone() == ("a reason by hand",)
    return path


@pytest.fixture(scope="module")
def site(path):
    return application(path, reviewers=HASHES)


def tables(path):
    with closing(sqlite3.connect(path)) as db:
        return [name for (name,) in db.execute("select name from sqlite_master where type in ('table', 'view')")]


@pytest.mark.parametrize("kind", ["btl serve", "datasette"])
def test_no_table_of_strangers_names_a_reviewer(site, path, kind):
    if kind == "datasette":
        site = Datasette([str(path)], metadata=metadata())
    addresses = [f"/archive/{name}{end}" for name in tables(path) for end in (".json?_shape=array&_labels=on", ".csv")]
    addresses += [f"/archive/flag_list?_facet={column}" for column in ("status", "rule", "evidence", "verdicts")]
    addresses += ["/archive/flags/1", f"/comment/{THREAT}", f"/comment/{CALM}", f"/comment/{CALM}.json", "/agreement"]
    addresses += ["/archive/comments?_search=irene", "/archive/reviews?_search=irene", "/archive/runs", "/archive"]
    addresses += [
        f"/archive/{name}.csv?name=irene&phrase=irene" for name in metadata()["databases"]["archive"]["queries"]
    ]
    for address in addresses:
        reply = get(site, address)
        text = reply.text.replace("_search=irene", "").replace('value="irene"', "").replace("name=irene", "")
        text = text.replace("phrase=irene", "")
        assert not [name for name in NAMES if name in text], address


@pytest.mark.parametrize(
    "sql",
    [
        "select * from reviews",
        "select reviewer from reviews",
        "select NOTE from Reviews",
        "select count(*) from reviews where reviewer like 'i%'",
        "select r.note from flags join reviews r on r.flag_id = flags.id",
        "select (select max(reviewer) from reviews)",
        "select flag_id from reviews order by reviewer",
        "select group_concat(reviewer) over () from reviews",
        "with flag_list as (select reviewer from reviews) select * from flag_list",
        "with agreement_list(code) as materialized (select reviewer from reviews) select code from agreement_list",
        'WITH "flag_list" as (select max(reviewer) as code from reviews) select code from "flag_list"',
        "select * from (select reviewer from reviews) as flag_list",
        "explain select reviewer from reviews",
    ],
)
def test_no_sql_of_strangers_names_a_reviewer(site, sql):
    for form in ("", ".json", ".csv"):
        reply = get(site, f"/archive{form}", params={"sql": sql})
        assert reply.status_code in (400, 403), (sql, reply.text)
        text = reply.text.replace(sql, "")
        assert not [name for name in NAMES if name in text], sql
    where = get(site, "/archive/flags.json", params={"_where": f"id in ({sql})"})
    assert where.status_code in (400, 403)


def test_strangers_count_reviewers_and_reviewers_read_their_names(site, path):
    sql = "select verdicts from flag_list where verdicts is not null and verdicts <> '{}' order by id"
    rows = get(site, "/archive.json", params={"sql": sql, "_shape": "arrays"}).json()["rows"]
    with closing(sqlite3.connect(path)) as db:
        assert [tuple(row) for row in rows] == db.execute(sql).fetchall()
    assert ('{"confirmed":2}',) in [tuple(row) for row in rows]
    for name in ("agreement_list", "flag_list"):
        rows = get(site, f"/archive/{name}.json?_shape=arrays&_size=max").json()["rows"]
        with closing(sqlite3.connect(path)) as db:
            assert [tuple(row) for row in rows] == db.execute(f"select * from {name}").fetchall()
    assert get(site, "/archive.json", params={"sql": "select verdict from reviews"}).status_code == 200
    irene = Browser(site)
    irene.sign_in("irene")
    names = "/archive.json?sql=select+distinct+reviewer+from+reviews&_shape=arrays"
    for _ in range(2):  # on the same connections, whoever asked before
        assert {row[0] for row in irene.get(names).json()["rows"]} == {"irene", "oskar"}
        assert get(site, names).status_code in (400, 403)
    assert "a reason by hand" in irene.page(f"/comment/{CALM}")


def test_failed_sign_ins_wait_and_are_logged(path, caplog):
    site, now = application(path, reviewers=HASHES), [0.0]
    attempts_of(site).clock = lambda: now[0]
    stranger = Browser(site)
    with caplog.at_level(logging.WARNING):
        for _ in range(FREE_ATTEMPTS):
            assert "Invalid username or password" in stranger.sign_in("irene", "wrong").text
        reply = stranger.sign_in("irene")
    assert reply.status_code == 429
    assert reply.headers["retry-after"] == "2"
    assert "Try again in 2 seconds" in reply.text
    assert caplog.text.count("Sign-in as 'irene' from") == FREE_ATTEMPTS + 1
    assert "wrong" not in caplog.text
    now[0] += 2.5
    assert stranger.sign_in("irene").status_code == 302
    assert "'irene' signed in" in caplog.text


def test_waits_grow_end_and_are_forgotten():
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    waits = []
    for _ in range(20):
        attempts.fail("a", "b")
        waits.append(attempts.seconds_to_wait("a"))
    assert waits[: FREE_ATTEMPTS + 3] == [0] * (FREE_ATTEMPTS - 1) + [2, 4, 8, 16]
    assert waits[-1] == LONGEST_WAIT
    now[0] += LONGEST_WAIT + 1
    assert attempts.seconds_to_wait("a", "b") == 0
    attempts.forget("a")
    assert attempts.fail("a") == 1
    for number in range(MOST_REMEMBERED + 5):
        attempts.fail(str(number))
    assert attempts.fail("b") == 1


def test_a_session_ends_for_every_copy_of_its_cookie(path, monkeypatch):
    monkeypatch.setenv("DATASETTE_SECRET", "one and the same")
    irene = Browser(application(path, reviewers=HASHES))
    irene.sign_in("irene")
    thief, elsewhere = Browser(irene.site), Browser(irene.site)
    thief.cookies = dict(irene.cookies)
    elsewhere.sign_in("irene")
    assert thief.get("/review").status_code == 200
    later = Browser(application(path, reviewers=HASHES))
    later.cookies = dict(irene.cookies)
    assert later.get("/review").status_code == 200  # a restart, with the same secret
    irene.page("/-/logout")
    assert run(irene.site.client.post("/-/logout", cookies=irene.cookies)).status_code == 403  # without its token
    assert irene.post("/-/logout").status_code == 302
    assert thief.get("/review").status_code == 302
    assert get(irene.site, "/archive/reviews.json", cookies=thief.cookies).status_code == 403
    assert elsewhere.get("/review").status_code == 200
    restarted = Browser(application(path, reviewers=HASHES))
    restarted.cookies = dict(thief.cookies)
    assert restarted.get("/review").status_code == 302
    monkeypatch.delenv("DATASETTE_SECRET")
    other = Browser(application(path, reviewers=HASHES))
    other.cookies = dict(elsewhere.cookies)
    assert other.get("/review").status_code == 302


def test_attempts_at_the_same_time_wait_as_well(path):
    site, count = application(path, reviewers=HASHES), FREE_ATTEMPTS + 3
    stranger = Browser(site)
    stranger.page("/-/login")
    token = re.search(r'name="csrftoken" value="([^"]+)"', stranger.last)[1]
    form = {"csrftoken": token, "username": "irene", "password": "wrong"}

    async def post_at_once():
        posts = (site.client.post("/-/login", data=form, cookies=stranger.cookies) for _ in range(count))
        return await gather(*posts)

    assert [reply.status_code for reply in run(post_at_once())].count(429) == count - FREE_ATTEMPTS
