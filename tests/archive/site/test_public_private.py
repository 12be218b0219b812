"""Private tables of an archive are nobody's to read, in the newsroom's site too: by page, JSON, CSV, SQL or link."""

import re
import sqlite3
from contextlib import closing

import pytest
from datasette.app import Datasette

from archive.site.app import application, metadata
from archive.store.private_tables import PRIVATE_TABLES
from tests import public_fixture
from tests.archive_fixture import get
from tests.public_fixture import PLANTED

SECRET = [PLANTED[name] for name in ("frontier", "key", "withheld", "note")]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return public_fixture.live(tmp_path_factory.mktemp("live") / "archive.db")


@pytest.fixture(scope="module", params=["btl serve", "datasette"])
def site(path, request):
    if request.param == "btl serve":
        return application(path)
    plain = Datasette([str(path)], metadata=metadata())
    plain.remove_database("_memory") if "_memory" in plain.databases else None
    return plain


def none_of_it(reply):
    assert not [text for text in SECRET if text in reply.text], reply.text


@pytest.mark.parametrize("table", sorted(PRIVATE_TABLES))
@pytest.mark.parametrize(
    "form", ["", ".json", ".csv", ".json?_shape=array", ".csv?_stream=1", ".json?_stream=on", "/1"]
)
def test_pages_of_private_tables(site, table, form):
    for name in (table, table.upper()):
        reply = get(site, f"/archive/{name}{form}")
        assert reply.status_code in (403, 404)
        none_of_it(reply)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from withheld",
        "select held from WITHHELD",
        "select count(*) from settings",
        'select * from "settings"',
        "select * from main.frontier",
        "with a as (select * from suppressions) select * from a",
        "select (select value from settings limit 1)",
        "select 1 where exists (select 1 from settings where value like 'p%')",
        "select c.id from comments c join withheld w on w.row_id = c.id",
        "explain select value from settings",
        "select value from (select value from settings) union select body from comments",
        "select rowid from settings",
    ],
)
def test_sql_reads_none_of_it(site, sql):
    for form in ("", ".json", ".csv"):
        reply = get(site, f"/archive{form}", params={"sql": sql})
        assert reply.status_code in (400, 403), reply.text
        assert re.search("prohibited|not authorized|not to be read", reply.text)
        none_of_it(reply)
    for where in ("id in (select row_id from withheld)", "exists (select 1 from settings)"):
        assert get(site, "/archive/comments", params={"_where": where}).status_code in (400, 403)


@pytest.mark.parametrize("address", ["/archive", "/archive.json", "/.json", "/archive/runs/1", "/archive/captures/1"])
def test_lists_do_not_name_them(site, address):
    reply = get(site, address)
    assert reply.status_code == 200
    none_of_it(reply)
    for table in PRIVATE_TABLES - {"settings", "withheld"}:  # which are words, too
        assert f"/archive/{table}" not in reply.text
        assert f'"{table}"' not in reply.text


def test_everything_else_is_read_as_before(site, path):
    with closing(sqlite3.connect(path)) as db:
        names = [row[0] for row in db.execute("select name from sqlite_master where type in ('table', 'view')")]
    for name in names:
        if name not in PRIVATE_TABLES and name != "reviews" and not name.startswith("sqlite_"):
            reply = get(site, f"/archive/{name}.json?_size=5")
            assert reply.status_code == 200, (name, reply.text)
    assert get(site, "/archive", params={"sql": "select 1"}).status_code == 200
    assert get(site, "/thread/1").status_code == 200
