"""What axe finds wrong with a page by WCAG 2.1, levels A and AA."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe

WCAG_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
RUN = "rules => axe.run({runOnly: rules, resultTypes: ['violations']}).then(told => told.violations)"


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """Return each rule that is broken, with the first elements that break it.

    The page is light and turns dark, once: it is the same in both schemes but for its colours.
    """
    page.evaluate(Axe().axe_script)
    found = page.evaluate(RUN, WCAG_AA)
    page.emulate_media(color_scheme="dark")
    found += page.evaluate(RUN, CONTRAST)
    page.emulate_media(color_scheme="light")
    return [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found]
