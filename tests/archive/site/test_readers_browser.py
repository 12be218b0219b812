"""Pages for readers in a real browser: contrast, phone, hostile texts, and citations that are copied without a script."""

import pytest

from tests import archive_fixture, readers
from tests.archive.site.accessibility import violations
from tests.sites import served

PAGES = ["/about", "/statistics", "/comment/2", "/thread/1", "/search?q=ferry", "/removals", "/"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    path = archive_fixture.fill_reviewed(tmp_path_factory.mktemp("site") / "archive.db")
    with served("--db", path) as running:
        yield running.address


def unfold(page):
    page.eval_on_selector_all("summary", "all => all.forEach(one => one.checkVisibility() && one.click())")


def test_pages_meet_wcag_aa_with_everything_open(browser, site):
    context = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    for path in PAGES:
        page.goto(site + path)
        unfold(page)
        assert violations(page) == [], path
    context.close()


def test_a_phone_needs_no_sideways_scrolling(browser, site):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    for path in PAGES:
        page.goto(site + path)
        unfold(page)
        for width in (360, 320):
            page.set_viewport_size({"width": width, "height": 740})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    page.close()


def test_parts_of_charts_differ_from_their_ground(browser, site):
    """3:1, as WCAG asks of what is drawn."""
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{site}/statistics")
        ground = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        for number in range(7):
            colour = page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--s{number}').trim()")
            part = luminance(tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5)))
            light, dark = max(part, ground), min(part, ground)
            assert (light + 0.05) / (dark + 0.05) >= 3, (scheme, number, colour)
        context.close()


def luminance(colour):
    if isinstance(colour, str):
        colour = tuple(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
    parts = [value / 255 for value in colour]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_click_marks_a_citation(browser, site):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/comment/2")
    page.locator("#cite summary").click()
    page.locator("#cite p.copy").first.click()
    assert page.evaluate("getSelection().toString()").startswith("Tom Billes. Comment 2 on")
    page.locator("#cite pre").click()
    assert page.evaluate("getSelection().toString().trim()").endswith("}")
    context.close()


def test_nothing_hostile_runs(browser, tmp_path):
    with served("--db", readers.poison(archive_fixture.fill(tmp_path / "archive.db"))) as running:
        site = running.address
        page = browser.new_page()
        told, asked = [], []
        page.on("console", lambda message: told.append(message.text))
        page.on("dialog", lambda dialog: (told.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        for path in PAGES:
            assert page.goto(site + path).status == 200
            unfold(page)
        assert page.evaluate("document.scripts.length") == 0
        page.close()
    assert told == []
    assert [url for url in asked if not url.startswith(site)] == []


def test_files_are_saved_and_not_shown(browser, site):
    page = browser.new_page()
    page.goto(f"{site}/thread/1")
    with page.expect_download() as started:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert started.value.suggested_filename == "thread-1.csv"
    page.close()
