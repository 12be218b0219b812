"""What axe finds wrong with a page by WCAG 2.1, levels A and AA."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe

WCAG_AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
# A page is the same in both schemes but for its colours.
RULES = {"light": WCAG_AA, "dark": CONTRAST}


def violations(page: Any, rules: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Return each rule that is broken, with the first elements that break it."""
    found = Axe().run(page, options=rules).response["violations"]
    return [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found]
