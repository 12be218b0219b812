"""A real browser to look at pages with."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.btl import PATIENCE_S
from tests.conftest import missing

PATIENCE_MS = 1000 * PATIENCE_S
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def patient(make):
    """Let what a browser opens wait as long as a loaded machine may take."""

    def opened(**options):
        made = make(**options)
        made.set_default_timeout(PATIENCE_MS)
        return made

    return opened


@pytest.fixture(scope="module")
def browser():
    """Chromium, for a module: as long as it runs, nothing else of the process can have an event loop."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        missing("no Chromium to look at pages with")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=QUIET, timeout=PATIENCE_MS)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("new_page", "new_context"):
                patch.setattr(started, name, patient(getattr(started, name)))
            yield started
        started.close()
