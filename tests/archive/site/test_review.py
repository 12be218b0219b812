"""Reviewers sign in, judge flags and add them; nobody else does, or learns who they are."""

import re
import sqlite3
from asyncio import run
from contextlib import closing, contextmanager

import pytest
from datasette_auth_passwords.utils import hash_password
from itsdangerous import BadSignature

from archive.site import security
from archive.site.app import application, read_reviewers
from archive.site.responses import static_file
from archive.site.views import review
from tests import archive_fixture
from tests.archive.site.accessibility import violations
from tests.archive.site.test_site import parsed, text_of
from tests.archive_fixture import CALM, CLOWN, FERRY, GONE, MAIL, PERSONAL, PHONE, QUAY, THREAT, get, page
from tests.sites import served

HASHES = {name: hash_password(f"{name} has a long password", iterations=1000) for name in ("irene", "oskar")}
INCITEMENT = 4  # the first in the queue: flag 4 is the gravest that nobody has judged


@pytest.fixture
def path(tmp_path):
    return archive_fixture.fill_reviewed(tmp_path / "archive.db")


@pytest.fixture
def site(path):
    return application(path, reviewers=HASHES)


def rows(path, sql, *values):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql, values).fetchall()


class Browser:
    """One person's cookies, and the tokens of the forms that they were given."""

    def __init__(self, site):
        self.site, self.cookies, self.last = site, {}, None

    def get(self, address):
        return self._kept(get(self.site, address, cookies=self.cookies))

    def page(self, address):
        response = self.get(address)
        assert response.status_code == 200, response.text
        return response.text

    def post(self, address, **form):
        token = re.search(r'name="csrftoken" value="([^"]+)"', self.last or "")
        form = {"csrftoken": token[1] if token else ""} | form
        return self._kept(run(self.site.client.post(address, data=form, cookies=self.cookies)))

    def _kept(self, response):
        self.cookies |= dict(response.cookies)
        if "csrftoken" in response.text:
            self.last = response.text
        return response

    def sign_in(self, name, password=None):
        self.page("/-/login")
        return self.post("/-/login", username=name, password=password or f"{name} has a long password")

    def judge(self, verdict, address="/review", **form):
        flag = re.search(r'name="flag" value="(\d+)"', self.page(address))[1]
        return self.post("/review", **({"flag": flag, "verdict": verdict, "note": ""} | form))


@pytest.fixture
def irene(site):
    person = Browser(site)
    assert person.sign_in("irene").headers["location"] == "/review"
    return person


@pytest.fixture
def oskar(site):
    person = Browser(site)
    person.sign_in("oskar")
    return person


def test_signing_in(site, irene):
    cookies = irene.get("/review")
    assert cookies.status_code == 200
    assert cookies.headers["cache-control"] == "private, no-store"
    assert "Signed in as <bdi>irene</bdi>" in cookies.text
    signed = Browser(site).sign_in("irene").headers.get_list("set-cookie")
    assert any(re.match(r"ds_actor=.*; HttpOnly", cookie) for cookie in signed), signed


@pytest.mark.parametrize(("name", "password"), [("irene", "wrong"), ("nobody", "irene has a long password"), ("", "")])
def test_a_wrong_password(site, name, password):
    stranger = Browser(site)
    answer = stranger.sign_in(name, password or "x")
    assert answer.status_code == 200
    assert "Invalid username or password" in answer.text
    assert "ds_actor" not in stranger.cookies
    assert stranger.get("/review").headers["location"] == "/-/login"


def test_where_nobody_reviews_there_is_nothing_of_it(path):
    site = application(path)
    for address in ("/review", "/-/login", "/-/password-tool", "/review?flag=1"):
        assert get(site, address).status_code == 404, address
    for address in ("/", "/flags", f"/comment/{THREAT}", f"/thread/{QUAY}"):
        html = page(site, address)
        assert "/review" not in html
        assert "/-/login" not in html
    assert Browser(site).post("/review", flag="4", verdict="confirmed").status_code == 404


def test_who_signed_in_elsewhere_is_no_reviewer(site):
    for actor in (
        {"id": "irene"},
        {"id": "root"},
        {"id": "gone", "reviewer": True},
        {"id": "irene", "reviewer": "yes"},
    ):
        stranger = Browser(site)
        stranger.cookies["ds_actor"] = site.sign({"a": actor}, "actor")
        assert stranger.get("/review").headers["location"] == "/-/login"
        stranger.page("/-/login")
        assert stranger.post("/review", flag="4", verdict="confirmed").status_code == 403
        assert PHONE not in stranger.page(f"/comment/{PERSONAL}")


def test_an_archive_that_never_changes(path):
    site = application(path, immutable=True, reviewers=HASHES)
    irene = Browser(site)
    irene.sign_in("irene")
    answer = irene.get("/review")
    assert answer.status_code == 409
    assert "nothing can be reviewed in it" in answer.text
    assert "judge it" not in irene.page(f"/comment/{THREAT}")
    assert "irene" in text_of(irene.page(f"/comment/{THREAT}"))


def test_accounts_are_checked(path):
    with pytest.raises(ValueError, match="no password hash"):
        application(path, reviewers={"irene": "secret"})
    with pytest.raises(ValueError, match="no name for a reviewer"):
        application(path, reviewers={"": HASHES["irene"]})


def test_sign_ins_outlive_a_restart_where_the_secret_is_set(path, monkeypatch):
    monkeypatch.setenv("DATASETTE_SECRET", "a long sentence of the newsroom")
    one, another = application(path), application(path)
    assert another.unsign(one.sign({"a": {"id": "irene"}}, "actor"), "actor") == {"a": {"id": "irene"}}
    monkeypatch.delenv("DATASETTE_SECRET")
    with pytest.raises(BadSignature):
        application(path).unsign(one.sign({}, "actor"), "actor")


def test_accounts_stand_in_a_file(tmp_path):
    file = tmp_path / "reviewers.toml"
    file.write_text("".join(f'{name} = "{hashed}"\n' for name, hashed in HASHES.items()), "utf-8")
    assert read_reviewers(file) == HASHES
    for wrong in ('irene = "secret"', "irene = 1", "[irene]", "irene"):
        file.write_text(wrong, "utf-8")
        with pytest.raises(ValueError, match=r"."):
            read_reviewers(file)


def test_hashes_are_shown_to_nobody(site, irene):
    for address in ("/-/metadata.json", "/-/plugins.json?all=1", "/-/settings.json", "/-/actor.json"):
        for text in (page(site, address), irene.page(address)):
            assert "pbkdf2" not in text
    assert get(site, "/-/password-tool").status_code == 404


def test_the_page_shows_the_flag_and_what_is_around_it(irene):
    html = irene.page("/review")
    text = text_of(html)
    assert "Is this a case of “call to violence”?" in text
    assert "Folded: matched a rule for “call to violence”, not reviewed." in text
    assert (
        re.findall(r"<mark[^>]*>(.*?)</mark>", html) == ["should be thrown off the pier"[:20], " the pier"]
        or "<mark" in html
    )
    assert "Half past five!" in text
    assert "Ferry timetable" in text
    assert "You have judged none today." in text
    parsed(html)
    _, script_path = static_file("review.js")
    assert f'<script src="{script_path}" defer></script>' in html
    headers = irene.get("/review").headers
    assert headers["content-security-policy"].endswith("script-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]


def test_the_queue_goes_from_grave_to_mild(irene, path):
    seen = []
    while True:
        html = irene.page("/review")
        assert len(seen) < 100
        flag = re.search(r'name="flag" value="(\d+)"', html)
        if flag is None:
            break
        seen.append(int(flag[1]))
        assert irene.post("/review", flag=flag[1], verdict="confirmed").status_code == 303
    severities = [rows(path, "select severity from flags where id = ?", flag)[0][0] for flag in seen]
    assert severities == sorted(severities, reverse=True)
    assert seen[0] == INCITEMENT
    assert "Nothing waits for you here" in html
    assert f"You have judged {len(seen)} flags today, 3 of them severe." in html


def test_a_confirmed_flag(site, irene, path):
    before = page(site, f"/thread/{FERRY}")
    assert "confirmed" not in before
    answer = irene.judge("confirmed", note="read twice")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/review"
    assert answer.headers["cache-control"] == "private, no-store"
    assert rows(path, "select reviewer, verdict, note from reviews where flag_id = ?", INCITEMENT) == [
        ("irene", "confirmed", "read twice")
    ]
    html = page(site, f"/thread/{FERRY}")
    assert "confirmed by a reviewer: call to violence" in html
    assert "confirmed by a reviewer as “call to violence”" in html
    assert "read twice" not in page(site, "/comment/4")
    assert "irene: confirmed, “read twice”" in text_of(irene.page("/comment/4"))


def test_a_dismissed_flag_disappears_everywhere(site, irene):
    assert "Only flagged (9)" in text_of(page(site, f"/thread/{FERRY}"))
    assert "1 comment matches" in page(site, "/search?flag=content.incitement&target=council")
    irene.judge("dismissed", f"/review?flag={flag_of(site, CALM)}")
    assert "chip" not in page(site, f"/thread/{QUAY}").partition(f'id="c{CALM}"')[2].partition("</article>")[0]
    assert f'id="c{CALM}"' not in page(site, "/search?flag=content.insult")
    assert "dismissed by a reviewer: insult" in page(site, f"/comment/{CALM}")
    irene.judge("dismissed")
    assert "0 comments match" in page(site, "/search?flag=content.incitement&target=council")
    html = page(site, f"/thread/{FERRY}").partition('id="c4"')[2].partition("</article>")[0]
    assert "Folded" not in html
    assert "call to violence" not in html


def flag_of(site, comment):
    path = site.get_database("archive").path
    return rows(path, "select min(id) from flags where comment_id = ? and code like 'content.%'", comment)[0][0]


def test_a_correction(site, irene, path):
    flag = flag_of(site, CALM)
    irene.judge("corrected", f"/review?flag={flag}", code="content.profanity", words="fool  of\r\na tide")
    assert rows(path, "select corrected_code, corrected_start, corrected_end from reviews where flag_id = ?", flag) == [
        ("content.profanity", 4, 18)
    ]
    html = page(site, f"/thread/{QUAY}").partition(f'id="c{CALM}"')[2].partition("</article>")[0]
    assert "confirmed by a reviewer: swearing" in html
    assert ">fool of a tide</mark>" in html
    assert "insult" not in html
    new = rows(path, "select id from flags where corrects = ?", flag)[0][0]
    assert f'name="flag" value="{flag}"' in irene.page(f"/review?flag={new}")


def test_what_cannot_be_taken_is_said_and_kept(irene, path, site):
    flag = flag_of(site, CALM)
    for form, why in (
        ({"verdict": "corrected", "code": "content.profanity", "words": "not there"}, "do not stand in the text"),
        ({"verdict": "corrected"}, "The correction says what the flag says."),
        ({"verdict": "corrected", "code": "crawl.edited"}, "is not for people to say"),
        ({"verdict": ""}, "Say what you make of the flag"),
        ({"verdict": "' or 1"}, "Say what you make of the flag"),
    ):
        irene.page(f"/review?flag={flag}")
        answer = irene.post("/review", **({"flag": str(flag), "note": "my <note>"} | form))
        assert answer.status_code == 400
        assert why in answer.text
        assert "my &lt;note&gt;</textarea>" in answer.text
    assert rows(path, "select * from reviews where flag_id = ?", flag) == []
    for number in ("0", "99999", "9" * 30, "x", "12"):
        assert irene.get(f"/review?flag={number}").status_code in (200, 404)
    assert irene.get("/review?flag=99999").status_code == 404
    assert irene.get("/review?flag=1").status_code == 404  # a change between visits is not for people to judge
    assert irene.post("/review", verdict="confirmed").status_code == 400


def test_a_flag_by_hand(site, irene, path):
    irene.page(f"/comment/{CLOWN}")
    answer = irene.post("/review", comment=str(CLOWN), code="content.profanity", words="clown", note="my reason")
    assert answer.headers["location"] == f"/comment/{CLOWN}#flags"
    html = page(site, f"/thread/{QUAY}").partition(f'id="c{CLOWN}"')[2].partition("</article>")[0]
    assert "confirmed by a reviewer: swearing" in html
    assert ">clown</mark>" in html
    assert "my reason" not in page(site, f"/comment/{CLOWN}")
    assert "my reason" in irene.page(f"/comment/{CLOWN}")
    assert irene.post("/review", comment=str(CLOWN), code="content.slur", words="", note="").status_code == 400
    assert irene.post("/review", comment="99999", code="content.slur", words="", note="x").status_code == 400
    assert irene.post("/review", comment="x", code="content.slur", words="", note="x").status_code == 400


def test_two_reviewers(site, irene, oskar):
    irene.judge("confirmed")
    assert f'name="flag" value="{INCITEMENT}"' not in oskar.page("/review")
    assert f'name="flag" value="{INCITEMENT}"' not in irene.page("/review?second=1")
    oskar.page("/review?second=1")
    oskar.judge("dismissed", f"/review?flag={INCITEMENT}&second=1")
    html = page(site, f"/thread/{FERRY}")
    assert "matched rule: call to violence, reviewers disagree" in html
    assert "2 reviewers: 1 confirmed, 1 dismissed" in page(site, "/comment/4")
    assert "You judged this flag" in irene.page(f"/review?flag={INCITEMENT}")
    irene.judge("dismissed", f"/review?flag={INCITEMENT}")
    assert "call to violence" not in page(site, f"/thread/{FERRY}").partition('id="c4"')[2].partition("</article>")[0]


def test_skipping(irene):
    html = irene.page("/review?only=content.insult")
    first = re.search(r'name="flag" value="(\d+)"', html)[1]
    skip = re.search(r'href="([^"]+)" accesskey="s"', html)[1].replace("&amp;", "&")
    second = re.search(r'name="flag" value="(\d+)"', irene.page(skip))[1]
    assert first != second
    assert irene.post("/review", flag=second, verdict="confirmed", after=first, only="content.insult").headers[
        "location"
    ] == (f"/review?only=content.insult&after={first}")
    last = irene.page("/review?only=content.insult&after=99999")
    assert "Start again from the first" in last or first in last


def test_what_is_left_and_the_way_back(irene, path):
    left = int(re.search(r"(\d+) left", text_of(irene.page("/review")))[1])
    assert "Your last verdict" not in irene.page("/review")
    irene.judge("confirmed")
    html = irene.page("/review")
    assert f"{left - 1} left" in text_of(html)
    assert f'href="/review?flag={INCITEMENT}" data-key="b"' in html
    assert "You judged this flag" in irene.page(f"/review?flag={INCITEMENT}")
    irene.page("/review")
    answer = irene.post("/review", undo=str(INCITEMENT))
    assert answer.headers["location"] == f"/review?flag={INCITEMENT}"
    assert "You judged this flag" not in irene.page(f"/review?flag={INCITEMENT}")
    assert f"{left} left" in text_of(irene.page("/review"))
    assert rows(path, "select status from flags where id = ?", INCITEMENT) == [("unreviewed",)]
    answer = irene.post("/review", undo=str(INCITEMENT))
    assert answer.status_code == 400
    assert "no verdict on this flag" in answer.text


def test_flags_of_one_rule_are_judged_together(irene, path):
    rule, count = rows(
        path,
        "select rule, count(*) from flags where code = 'content.insult' and status = 'unreviewed' "
        "and withdrawn_at is null group by rule order by 2 desc limit 1",
    )[0]
    address = f"/review?only=content.insult&rule={rule.replace(' ', '+')}"
    single = irene.page(address)
    assert f"{count} left" in text_of(single)
    html = irene.page(f"{address}&many=1")
    ticked = re.findall(r'name="(flag-\d+)"', html)
    assert len(ticked) == count
    assert "<mark" in html
    parsed(html)
    selection = {"many": "1", "only": "content.insult", "rule": rule, "note": "all the same"}
    assert irene.post("/review", verdict="dismissed", many="1").status_code == 400
    nothing = irene.post("/review", verdict="dismissed", **selection)
    assert nothing.status_code == 400
    assert "Tick the flags" in nothing.text
    assert "all the same</textarea>" in nothing.text
    assert irene.post("/review", verdict="corrected", **selection, **{ticked[0]: "1"}).status_code == 400
    one = {"flag-999999": "1"} | dict.fromkeys(ticked, "1")
    assert irene.post("/review", verdict="dismissed", **selection, **one).status_code == 400
    assert rows(path, "select 1 from reviews where note = 'all the same'") == []
    assert irene.post("/review", verdict="dismissed", **selection, **dict.fromkeys(ticked, "1")).status_code == 303
    assert len(rows(path, "select 1 from reviews where note = 'all the same'")) == count
    assert "Nothing of this kind waits" in irene.page(f"{address}&many=1")


def test_rest_is_recommended(irene, path, monkeypatch):
    monkeypatch.setattr(review, "REST_AFTER", 1)
    assert "Take a break" not in irene.page("/review")
    irene.judge("confirmed")
    html = text_of(irene.page("/review"))
    assert "You have judged 1 flag today, 1 of them severe.Take a break." in html


def test_forms_from_elsewhere_are_refused(site, irene, path):
    irene.page("/review")
    good = {"flag": str(INCITEMENT), "verdict": "confirmed"}
    assert irene.post("/review", csrftoken="", **good).status_code == 403
    assert irene.post("/review", csrftoken="wrong", **good).status_code == 403
    token = re.search(r'name="csrftoken" value="([^"]+)"', irene.last)[1]
    for headers, form in (
        ({"sec-fetch-site": "cross-site"}, good | {"csrftoken": token}),
        ({"sec-fetch-site": "same-site"}, good | {"csrftoken": token}),
        ({"x-csrftoken": token}, good),
    ):
        answer = run(site.client.post("/review", data=form, cookies=irene.cookies, headers=headers))
        assert answer.status_code == 403, headers
    basic = {"authorization": "Basic aXJlbmU6aXJlbmUgaGFzIGEgbG9uZyBwYXNzd29yZA=="}
    assert run(site.client.post("/review", data=good, headers=basic)).status_code == 403
    assert rows(path, "select * from reviews where flag_id = ?", INCITEMENT) == []
    stranger = Browser(site)
    assert stranger.post("/review", **good).status_code == 403


def test_passwords_in_headers_are_not_read(site):
    for header in ("Basic !!!", "basic =", "Basic /w==", "Basic aXJlbmU6aXJlbmUgaGFzIGEgbG9uZyBwYXNzd29yZA=="):
        answer = get(site, f"/thread/{QUAY}", headers={"authorization": header})
        assert answer.status_code == 200
        assert PHONE not in answer.text


@pytest.mark.parametrize("address", ["/agreement", "/removals", "/flags", f"/comment/{PERSONAL}"])
def test_only_the_review_has_a_script(irene, address):
    answer = irene.get(address)
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"] == security.OWN_POLICY


def test_the_table_of_reviews_is_for_reviewers(site, irene):
    for address in ("/archive/reviews", "/archive/reviews.json", "/archive/reviews/1"):
        assert get(site, address).status_code == 403, address
    assert get(site, "/archive/REVIEWS.csv").status_code in (403, 404)
    through = '/archive/flags.json?_through={"table":"reviews","column":"reviewer","value":"irene"}'
    assert get(site, through).status_code in (400, 403)
    assert "seen by oskar" in irene.page("/archive/reviews")
    assert page(site, "/archive/flags")


def test_reviewers_see_what_is_masked_and_who_judged(site, irene):
    assert PHONE in irene.page(f"/thread/{QUAY}")
    assert MAIL in irene.page(f"/comment/{PERSONAL}")
    assert "irene: confirmed" in text_of(irene.page(f"/comment/{THREAT}"))
    html = page(site, f"/thread/{QUAY}")  # from what was not worked out for the reviewer
    assert PHONE not in html
    assert irene.get(f"/thread/{QUAY}").headers["cache-control"] == "private, no-store"
    assert "cache-control" not in get(site, f"/thread/{QUAY}").headers
    assert "Sign in to review" in html
    assert f'href="/review?flag={flag_of(site, GONE)}"' in irene.page(f"/comment/{GONE}")


def test_another_writer_is_waited_for_and_then_named(site, irene, path, monkeypatch):
    irene.page("/review")
    with closing(sqlite3.connect(path)) as db:
        db.execute("begin immediate")
        run(
            site.get_database("archive").execute_write_fn(
                lambda connection: connection.execute("pragma busy_timeout=10").fetchall()
            )
        )
        answer = irene.post("/review", flag=str(INCITEMENT), verdict="confirmed")
        db.rollback()
    assert answer.status_code == 400
    assert "Another process is writing to the archive" in answer.text


@pytest.mark.parametrize(
    ("text", "words", "near", "place"),
    [
        ("one two one", "one", 0, (0, 3)),
        ("one two one", "one", 9, (8, 11)),
        ("one\n\ntwo", "one two", 0, (0, 8)),
        ("a.b axb", "a.b", 9, (0, 3)),
        ("one", "two", 0, None),
        ("one", " ", 0, None),
    ],
)
def test_places_of_words(text, words, near, place):
    assert review.find_pasted(text, words, near) == place


def test_the_script_is_one_and_short():
    script = static_file("review.js")[0]
    assert len(script) < 2000
    for word in ("innerHTML", "eval", "fetch", "http"):
        assert word not in script


@contextmanager
def served_to_reviewers(path):
    accounts = path.with_name("reviewers.toml")
    accounts.write_text("".join(f'{name} = "{hashed}"\n' for name, hashed in HASHES.items()))
    with served("--db", path, "--reviewers", accounts) as site:
        yield site.address


@pytest.fixture(scope="module")
def served_site(tmp_path_factory):
    with served_to_reviewers(archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")) as address:
        yield address


def sign_in(page, site):
    page.goto(f"{site}/review")
    page.fill("[name=username]", "irene")
    page.fill("[name=password]", "irene has a long password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")


def test_pages_of_review_meet_wcag_aa(browser, served_site):
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{served_site}/agreement")
    assert violations(page) == []
    sign_in(page, served_site)
    # A reviewer's pages have all that others see, and more.
    addresses = ["/flags", "/agreement", f"/thread/{QUAY}", f"/comment/{PERSONAL}", "/search?severity=high"]
    for address in (*addresses, "/review", "/review?flag=4", "/review?after=99999"):
        page.goto(served_site + address)
        page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
        assert violations(page) == [], address
    context.close()


def test_the_queue_by_keys_alone(browser, path):
    told = []
    with served_to_reviewers(path) as site:
        page = browser.new_page()
        sign_in(page, site)
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        text = page.locator(".judged p[dir]")
        assert not text.is_visible()
        page.keyboard.press("o")
        assert text.is_visible()
        page.keyboard.press("n")
        page.keyboard.type("code of d and c")  # which judges nothing
        page.keyboard.press("Escape")
        assert page.locator("textarea[name=note]").input_value() == "code of d and c"
        with page.expect_navigation():
            page.keyboard.press("c")
        with page.expect_navigation():
            page.keyboard.press("d")
        third = page.locator("input[name=flag]").input_value()
        with page.expect_navigation():
            page.keyboard.press("s")
        page.keyboard.press("x")
        page.locator("select[name=code]").select_option("content.profanity")
        page.keyboard.press("Control+d")
        assert page.locator("input[name=flag]").input_value() != third
        page.close()
    assert told == []
    reviews = rows(path, "select verdict, note from reviews where reviewer = 'irene' order by id desc limit 2")
    assert reviews == [("dismissed", None), ("confirmed", "code of d and c")]
    assert rows(path, "select count(*) from reviews where flag_id = ?", int(third)) == [(0,)]


def test_the_queue_without_scripts(browser, path):
    with served_to_reviewers(path) as site:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        sign_in(page, site)
        page.locator(".judged summary").focus()
        page.keyboard.press("Enter")
        assert page.locator(".judged p[dir]").is_visible()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.value") == "confirmed"
        page.keyboard.press("Tab")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "You have judged 1 flag today" in page.content()
        context.close()
    assert rows(path, "select verdict from reviews where flag_id = ?", INCITEMENT) == [("dismissed",)]


def test_a_phone_needs_no_sideways_scrolling(browser, served_site):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    sign_in(page, served_site)
    for address in ("/review", "/flags", "/agreement", f"/comment/{PERSONAL}", "/search?severity=high"):
        page.goto(served_site + address)
        page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address
    page.close()
