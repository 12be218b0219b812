"""`btl names`: a request a commenter, each once, and none for those whom the archive withholds."""

import gzip
import json

import pytest

from archive.store.archive import Archive
from crawler.pages.page import Fetch
from crawler.platforms import driver, viafoura
from tests.crawling import Desk
from tests.servers.services import serving


@pytest.fixture
def services():
    with serving() as running:
        yield running


def asked(services) -> list[str]:
    return [each.path.rpartition("/")[2] for each in services.asked if "/users/" in each.path]


def named(desk: Desk) -> dict[str, str | None]:
    return dict(desk.query("select native_id, name from commenters"))


def test_each_name_is_asked_for_once(tmp_path, services):
    desk, host = Desk(tmp_path), services.url.removeprefix("http://")

    def names(*more: object, status: int = 0) -> dict:
        services.asked.clear()
        return json.loads(desk.btl("names", "--allow-host", host, "--json", *more, status=status).stdout)["counts"]

    with Archive(desk.path) as archive:
        run = archive.begin_run("crawl", {})
        archive.save(driver.run(driver.visit(services.page("viafoura")), services.fetch), run)
    (withheld,) = desk.query("select id from commenters where native_id = 'u-Omar'")[0]
    desk.change("update commenters set native_id = ? where id = ?", f"withheld:{withheld}", withheld)
    order = [native_id for (native_id,) in desk.query("select native_id from commenters order by id")]
    order.remove(f"withheld:{withheld}")

    services.broken, services.patience = "viafoura", 0
    assert names(status=1) == {"asked": 0, "named": 0, "nameless": 0, "left": 4, "errors": 3}
    services.broken = None
    first = names("--limit", 2)
    assert (first["asked"], first["left"], asked(services)) == (2, 2, order[:2])
    rest = names()
    assert (rest["asked"], rest["left"], asked(services)) == (2, 0, order[2:])
    assert first["named"] + rest["named"] == 3
    people = named(desk)
    assert {own: name for own, name in people.items() if own != f"withheld:{withheld}"} == {
        "u-Anna": "Anna", "u-Finn": "Finn", "u-Ruth": "Ruth", "u-Lea": None,
    }  # fmt: skip
    assert people[f"withheld:{withheld}"] is None
    assert names()["asked"] == 0
    assert services.asked == []  # not even robots.txt
    assert names("--again")["nameless"] == 1
    assert asked(services) == ["u-Lea"]
    assert desk.query("select distinct completeness from threads") == [("full",)]
    assert all(b"Anna" not in gzip.decompress(warc.read_bytes()) for warc in desk.warcs())


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://livecomments.viafoura.co/v4/livecomments/s-1/c-1/comments?limit=9", "https://iam.viafoura.co/v3/sections/s-1/users/a%2Fb"),
        ("https://own.example/v/v4/livecomments/s-1?x=1", "https://own.example/v/v3/sections/s-1/users/a%2Fb"),
        ("https://own.example/v4/livecomments/", None),
        ("https://courier.example/ferry", None),
    ],
)  # fmt: skip
def test_where_a_name_is_follows_from_where_the_comments_were(address, expected):
    assert viafoura.name_request(address, "a/b") == (Fetch(expected, confidential=True) if expected else None)
