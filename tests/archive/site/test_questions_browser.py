"""The ten questions and the lists in a real browser: clicked through, read by axe, on a phone, marked for a dossier."""

import pytest

from archive.store.archive import Archive
from archive.store.repeated_texts import find_in_archive
from tests.archive.site.accessibility import violations
from tests.archive.site.desk_archive import fill_desk
from tests.sites import served

PAGES = [
    "/questions",
    "/questions/words?q=ferry",
    "/questions/flagged-commenters?flag=content.insult",
    "/questions/names",
    "/questions/copies",
    "/questions/flag-rate?flag=content.insult",
    "/questions/removed",
    "/questions/waves?zone=Europe/Berlin",
    "/questions/articles",
    "/threads",
    "/outlet/gull.example",
    "/commenter/1",
    "/article/1",
    "/copies/4",
    "/dossier?list=1+note",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    path = fill_desk(tmp_path_factory.mktemp("desk") / "archive.db")
    with Archive(path) as archive:
        find_in_archive(archive)
    with served("--db", path) as site:
        yield site.address


def test_pages_meet_wcag_aa_and_fit(browser, site):
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
    wide += ".map(e => e.outerHTML.slice(0, 120)).slice(0, 5)"
    for path in PAGES:
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            if width == 390:
                page.goto(site + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, page.evaluate(wide))
        assert violations(page) == [], path
    context.close()


def test_every_question_is_two_clicks_away_without_scripts(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site)
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Questions").click()
    titles = page.locator("main ul.list > li > a").all_inner_texts()
    assert len(titles) >= 10
    for title in titles[1:-2]:
        page.goto(f"{site}/questions")
        page.get_by_role("link", name=title, exact=True).click()
        page.get_by_role("button", name="Show").click()
        assert page.locator("main [role=status], main table").count(), title
    page.goto(f"{site}/questions/words")
    page.get_by_label("Words").fill("harbour")
    page.get_by_label("Outlet").select_option(label="Kelp")
    page.get_by_label("Words").press("Enter")
    page.wait_for_url("**/questions/words?q=harbour&outlet=2*")
    assert set(page.locator("tbody td.told").all_inner_texts()) == {"Kelp"}
    page.goto(f"{site}/questions/copies")
    assert page.get_by_text("The harbour board meets").first.is_visible()
    context.close()


def test_marks_gather_in_the_browser_and_notes_stay(browser, site):
    context = browser.new_context()
    page = context.new_page()
    for number in (3, 8):
        page.goto(f"{site}/thread/1")
        page.locator(f"#c{number} a.mark").first.click()
        page.wait_for_url("**/dossier?list=*")
    assert page.locator("section.marked h2").all_inner_texts() == ["1. Comment #3", "2. Comment #8"]
    page.get_by_label("Comments, one a line").fill("8 the second\n3")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**the+second*")
    page.goto(f"{site}/dossier")
    page.wait_for_url("**/dossier?list=*")
    assert page.locator("section.marked h2").all_inner_texts() == ["1. Comment #8", "2. Comment #3"]
    assert "the second" in page.locator("section.marked").first.inner_text()
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Show").is_visible()
    context.close()
