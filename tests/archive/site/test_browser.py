"""The site in a real browser: hostile text in every column, contrast, keyboard, phone and print."""

import sqlite3
import urllib.request
from dataclasses import replace

import pytest

from archive.store.archive import Archive
from archive.store.private_tables import PRIVATE_TABLES
from archive.store.schema import TABLES
from archive.thread import Dataset, Decision, Flag, Label, Moment
from tests.archive.site.accessibility import violations
from tests.archive.store.test_save import DAYS, save
from tests.sites import served
from tests.trees import made, said

BIDI = "\u202e\u2066\u202bdesrever"
ADDRESS = "javascript:document.title='pwned'"
ATTACKS = [
    "<script>document.title='pwned'</script>",
    "<img src=x onerror=\"document.title='pwned'\">",
    "'\"><svg/onload=\"document.title='pwned'\">",
    "<style>*{display:none!important}</style><base href=//evil.example/>",
    ADDRESS,
    "https://evil.example/\" onmouseover=\"document.title='pwned'",
    "</title></textarea></details><iframe srcdoc='<script>parent.document.title=1</script>'>",
    "{{ 7*7 }} {% raw %} ${7*7}",
    f"quay {BIDI}",
]
KEPT = {
    "flags": {"code", "status"},
    "comments": {"identity", "state", "codes"},
    "threads": {"platform", "native_id", "completeness"},
    "totals": {"name"},
    "events": {"kind"},
    "flag_codes": {"code", "namespace", "mappings"},
    "flag_rules": {"rule"},
    "decisions": {"decider"},
}

DATASETTE_PAGES = (
    "/archive",
    "/archive/comment_list",
    "/archive/comments",
    "/archive/comments/1",
    "/archive/events",
    "/archive/flags",
    "/archive/flag_rules",
    "/archive/flag_list?_facet=code",
    "/archive/removed_comments",
    "/archive?sql=select+1",
)
MANY_ROWS = "with+recursive+n(i)+as+(select+1+union+all+select+i%2B1+from+n+where+i<900)+select+i+from+n"
# The editor has no name before the page has loaded.
NAMED = "!document.querySelector('.CodeMirror textarea:not([aria-label])')"


def fill(path):
    """An archive in which every table has a row."""
    spans = (Flag("content.threat", "rule 12", "off the pier", 6, 18), Flag("content.pii", "rule 9", "pier", 14, 18))
    comments = [
        said("throw off the pier, ballot first", native_id="4", flags=spans, likes=3),
        said("throw off the pier, said the mayor", flags=spans, native_id="1", url="https://courier.example/ferry#c1",
             posted=Moment("2026-03-14T09:02:00Z", "14 March 2026, 09:02", "minute"), likes=3, dislikes=1),
        said("The mayor's brother owns the fuel barge.", None, 1, native_id="2",
             flags=(Flag("capture.author_missing", "lost"),)),
        said("A quiet word about the quay.", f"wave {BIDI}", 1, native_id="3"),
    ]  # fmt: skip
    comments[1] = replace(comments[1], labels=(Label("rude", "0.5", 0.5),), reactions=(("laughs", 2),))
    decisions = (Decision("held", "removed", "2026-03-14T10:00:00Z", "moderator", "tone", "Too loud."),)
    comments[1] = replace(comments[1], decisions=decisions, reports=(("rude", 2),))
    later = [comments[0], said("thrown off the pier, said the mayor", native_id="1"), replace(comments[3], parent=1)]
    with Archive(path) as archive:
        first = made(*comments, at=DAYS[0], stated_count=9, furniture=("menu", "footer"))
        save(archive, replace(first, dataset=Dataset("harbour")))
        changed = made(*later, at=DAYS[1])
        article = replace(changed.article, title="Ferry timetable changed", byline="A. Writer", section="Local")
        article = replace(
            article, published=Moment("2026-03-14T08:10:00Z", "14 March", "minute"), outlet_name="Courier"
        )
        save(archive, replace(changed, article=article))
        save(archive, made(said("x", None), url="https://courier.example/2"), made(url="https://courier.example/3"))


@pytest.fixture(scope="module")
def site_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "archive.db"
    fill(path)
    return path


@pytest.fixture(scope="module")
def site(site_path):
    with served("--db", site_path) as running:
        yield running.address


def poison(path, attacks):
    """Puts attacks into every text column that is not a key, by turns: columns and rows that follow each other differ."""
    with sqlite3.connect(path) as connection:
        for name, table in TABLES.items():
            columns = [
                column.name
                for column in table.columns
                if str(column.type) == "TEXT" and column.name not in KEPT.get(name, ()) and not column.foreign_keys
            ]
            number = "rowid" if name != "outlets" else "id"
            for turn, column in enumerate(columns):
                attack = f"case ({number} + {turn}) % 2 when 0 then ? else ? end"
                connection.execute(f'update {name} set "{column}" = {attack} || {number}', attacks)
        connection.execute("insert into comments_fts(comments_fts) values('rebuild')")
    connection.close()


ROWS_OF_BOTH = "select count(distinct rowid % 2) = 2 from {}"
SHOWN = [name for name in TABLES if name not in {*PRIVATE_TABLES, "reviews"}]  # which are nobody else's business
OWN_PAGES = [
    "/", "/thread/1", "/thread/2", "/thread/3", "/thread/1?order=newest", "/comment/1", "/comment/2", "/comment/3", "/comment/4",
    "/flags", "/removals", "/search?q=quay", "/search?q=pwned", "/search?q=evil", "/archive",
    *(f"/archive/{name}" for name in ("comment_list", "thread_list", "flag_list", "agreement_list", "removal_list")),
]  # fmt: skip
# By turns an attack is that of the even rows or of the odd: where a table shows both, the first turn has them all.
OF_ONE_ROW = {
    "datasets",
    "outlets",
    "article_revisions",
    "comment_revisions",
    "decisions",
    "labels",
    "reactions",
    "reports",
}
TABLES_SHOWN = [f"/archive/{name}" for name in SHOWN]
ROWS = [f"/archive/{name}/1" for name in SHOWN if name not in ("totals", "flag_codes", "flag_rules", "text_copies")]


@pytest.mark.parametrize(
    ("pages", "attacks"),
    [
        ([*OWN_PAGES, *TABLES_SHOWN, *ROWS], (" ".join(ATTACKS), ADDRESS)),
        ([*OWN_PAGES, *(f"/archive/{name}" for name in sorted(OF_ONE_ROW))], (ADDRESS, " ".join(reversed(ATTACKS)))),
    ],
    ids=["all and an address", "an address and all reversed"],
)
def test_nothing_in_the_archive_runs_or_calls_out(browser, tmp_path, pages, attacks):
    fill(tmp_path / "archive.db")
    poison(tmp_path / "archive.db", attacks)
    with served("--db", tmp_path / "archive.db") as running:
        site = running.address
        page = browser.new_page()
        told, asked = [], []
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: (told.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        for path in [*pages, *(f"/search?q={urllib.request.quote(attack)}" for attack in attacks)]:
            answer = page.goto(site + path)
            assert answer.status in (200, 404), (path, answer.status)
            assert page.title() != "pwned", path
            assert page.locator("main").first.is_visible(), path
            links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.protocol)")
            assert set(links) <= {"http:", "https:", "mailto:"}, path
            events = "nodes => nodes.filter(n => [...n.attributes].some(a => a.name.startsWith('on'))).length"
            assert page.eval_on_selector_all("body *", events) == 0, path
            page.eval_on_selector_all("summary", "nodes => nodes.forEach(node => node.click())")
        page.close()
    assert told == []
    assert [url for url in asked if not url.startswith(site)] == []


def test_each_attack_is_in_each_column(site_path):
    with sqlite3.connect(site_path) as connection:
        few = {name for name in SHOWN if connection.execute(ROWS_OF_BOTH.format(name)).fetchone() == (0,)}
    connection.close()
    assert few - {"text_copies"} == OF_ONE_ROW


def test_a_name_that_turns_text_around_turns_nothing_but_itself(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/comment/4")
    header = page.locator("#c4 > article > header")
    name, number = header.locator("bdi").first.bounding_box(), header.locator("a.id:not(.mark)").bounding_box()
    assert name["x"] < number["x"]
    page.close()


def test_pages_meet_wcag_aa(browser, site):
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    for path in ("/", "/thread/1", "/comment/1", "/search?q=quay", "/flags", "/outlets", *DATASETTE_PAGES):
        page.goto(site + path)
        page.wait_for_function(NAMED)
        assert violations(page) == [], path
    context.close()


def test_a_print_has_what_a_page_folds_and_where_it_was(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/thread/1")
    folded, address = page.get_by_text("ballot first").first, page.get_by_text(f"{site}/thread/1, loaded")
    assert not folded.is_visible()
    assert not address.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
    assert address.is_visible()
    assert not page.get_by_role("searchbox").first.is_visible()
    for path in DATASETTE_PAGES:
        page.goto(site + path)
        assert page.get_by_text(f"{site}{path}, loaded").is_visible(), path
    page.close()


def test_filters_are_folded_on_a_phone_only(browser, site):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(f"{site}/search?q=quay")
    outlets = page.get_by_role("heading", name="Outlet")
    assert not outlets.is_visible()
    page.get_by_text("Filters", exact=True).click()
    assert outlets.is_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload()
    assert outlets.is_visible()
    assert not page.get_by_text("Filters", exact=True).is_visible()
    page.close()


def test_a_phone_needs_no_sideways_scrolling(browser, site):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    for path in (
        "/",
        "/thread/1",
        "/thread/1?at=2030-01-01",
        "/comment/1",
        "/search?q=quay",
        "/flags",
        "/removals",
    ):
        page.goto(site + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.close()


def test_tables_on_a_phone_are_rows_that_scroll_inside_the_page(browser, site):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    for path in DATASETTE_PAGES:
        page.goto(site + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.goto(f"{site}/archive/comments")
    for row in page.locator("table.rows-and-columns tbody tr").all():
        assert row.bounding_box()["height"] < 400
    meanings = page.get_by_text("Number of the comment")
    assert not meanings.is_visible()
    page.get_by_text("What the columns mean").click()
    assert meanings.is_visible()
    page.close()


def test_long_answers_and_statements_fit_a_phone(browser, site):
    context = browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{site}/archive?sql={MANY_ROWS}&_hide_sql=1")
    assert page.locator("tbody tr").count() == 900
    assert page.evaluate("document.documentElement.scrollHeight") < 3000
    page.goto(f"{site}/archive/removed_comments?_show_sql=1")
    statement = page.locator("#sql-query")
    assert statement.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert violations(page) == []
    context.close()


def test_whatever_has_the_focus_is_outlined(browser, site):
    page = browser.new_page()
    outline = "e => parseFloat(getComputedStyle(e).outlineWidth) * (getComputedStyle(e).outlineStyle !== 'none')"
    for path in ("/", "/threads", "/search?q=quay", "/archive/comments", "/archive/removed_comments"):
        page.goto(site + path)
        for _ in range(20):
            page.keyboard.press("Tab")
            focused = page.evaluate_handle("document.activeElement")  # a field of a date holds the focus within
            if focused.evaluate("e => e !== document.body"):
                assert focused.evaluate(outline) >= 2, (path, focused.evaluate("e => e.outerHTML"))
    page.goto(f"{site}/archive?sql=select+1")
    page.wait_for_function(NAMED)
    page.locator(".CodeMirror").click()
    assert page.locator(".CodeMirror-focused").evaluate(outline) >= 2
    page.close()


def test_fields_of_filters_stay_in_their_column(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/search?q=quay")
    page.get_by_text("Choose outlet, flag and dates").click()
    column = page.get_by_role("complementary", name="Filters").bounding_box()
    fields = page.locator("form.pick select, form.pick input:not([type=hidden])").all()
    assert len(fields) == 4
    for field in fields:
        box = field.bounding_box()
        assert box["x"] + box["width"] <= column["x"] + column["width"] + 1
    page.close()


def test_without_scripts_and_by_keyboard(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.goto(f"{site}/thread/1")
    folded = page.get_by_text("ballot first").first
    assert not folded.is_visible()
    page.locator("details.fold summary").first.focus()
    page.keyboard.press("Enter")
    assert folded.is_visible()
    page.fill("input[type=search]", "quiet word")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=quiet+word")
    assert page.locator("mark").all_inner_texts() == ["quiet", "word"]
    context.close()
